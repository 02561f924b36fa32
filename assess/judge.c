/* Judges the flaws of every bulletin on a host: each rule in its order, and the worst of what the host is. */
#include <string.h>

#include "assess/judge_int.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = {"not-affected", "fixed", "mitigated", "cannot-tell", "missing"};

	return (unsigned)verdict < VERDICTS ? names[verdict] : "?";
}

const char *rule_name(enum rule rule)
{
	static const char *const names[RULES] = {"other-product", "said-unaffected", "not-rated", "role", "not-installed", "key", "listed", "file", "superseded",
		"service-pack", "workaround", "file-older", "not-listed", "no-evidence", "other-branch", "conflict"};

	return (unsigned)rule < RULES ? names[rule] : "?";
}

/* A workaround makes missing and unknown fixes bearable. */
static void by_workaround(const struct question *q, struct finding *f)
{
	const char *title;
	uint32_t    line;
	char        before[SENTENCE_MAX];
	bool        missing = f->verdict == VERDICT_MISSING;
	struct str  s;

	if (f->verdict != VERDICT_MISSING && f->verdict != VERDICT_CANNOT_TELL)
		return;
	if (!work_look(q->judging, q->entry, q->flaw, q->cve, f, &title, &line))
		return;
	memcpy(before, f->sentence, sizeof(before));
	s = rule_sentence(f, VERDICT_MITIGATED, RULE_WORKAROUND);
	f->wanted = NULL;
	if (q->flaw)
		str_fmt(&s, "The update %s, but a workaround is in place: %s.", missing ? "is missing" : "cannot be told", title);
	else
		str_fmt(&s, "The update %s, but a workaround of the bulletin is in place: \"%.*s\" (line %u).", missing ? "is missing" : "cannot be told",
			utf8_cut(title, 200), title, line);
	if (missing) {
		str_char(&s, ' ');
		str_add(&s, before);
	}
}

/* What is missing only if the host is that product, or has that role. */
static void weigh_doubt(const struct question *q, struct finding *f)
{
	struct str s;

	if (f->verdict != VERDICT_MISSING)
		return;
	if (q->flaw && q->flaw->roles && !q->judging->host->system.role) {
		s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
		str_add(&s, "The update is missing, but the flaw concerns domain controllers alone, and whether the host is one is not known.");
		rule_want(q, "the role of the host", "");
		f->wanted = q->judging->wanted;
	} else if (q->fit->unsure) {
		s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
		str_fmt(&s, "The update is missing if the host is what line %u of the bulletin names, but its edition, service pack or architecture is not known.", q->fit->row->from.line);
		rule_want(q, "edition, service pack and architecture of the system", "");
		f->wanted = q->judging->wanted;
	} else if ((q->fit->any_version || q->fit->any_pack) && f->rule == RULE_NOT_LISTED) {
		const char *what = q->fit->any_version ? "version" : "service pack";

		s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
		str_fmt(&s, "The update is missing if the host has the %s that line %u of the bulletin names, but which %s of %s it has is not known.", what, q->fit->row->from.line,
			what, program_name(q->fit->on.software));
		rule_want(q, q->fit->any_version ? "the version of " : "the service pack of ", program_name(q->fit->on.software));
		f->wanted = q->judging->wanted;
	}
}

static enum severity severity_of(const struct question *q, const struct rating *rating)
{
	const struct bulletin *b = q->entry->readings[0].bulletin;

	if (rating && rating->severity)
		return rating->severity;
	if (q->fit && q->fit->row && q->fit->row->severity)
		return q->fit->row->severity;
	return b->maximum ? b->maximum : b->computed ? b->computed : b->title_severity;
}

/* The files that hold the flaw, or all of the update's. */
static void look_at_files(struct question *q, struct fit_state *state)
{
	if (q->flaw && q->flaw->files[0]) {
		files_look(q->judging, q->entry, q->fit, q->flaw->files, &q->files);
		return;
	}
	if (!state->files_looked)
		files_look(q->judging, q->entry, q->fit, NULL, &state->files);
	state->files_looked = true;
	q->files = state->files;
}

static void answer(struct question *q, const struct rating *rating, struct fit_state *state, struct finding *f)
{
	*f = (struct finding){.entry = &q->entry->entry, .cve = q->cve, .product = q->fit->row, .flaw = q->flaw, .severity = severity_of(q, rating)};
	if (rule_scope(q, rating, f))
		return;
	look_at_files(q, state);
	if (!rule_older(q, f) && !rule_pack(q, f) && !rule_update(q, f) && !rule_replacing(q, &state->replaced, f) && !rule_doubt(q, f))
		rule_absence(q, &state->replaced, f);
	weigh_doubt(q, f);
	by_workaround(q, f);
	if (q->fit->rated)
		piece_add(f, NULL, q->fit->rated, "%s lists do not name the system, but its ratings do", q->entry->entry.id);
}

/*
 * A bulletin of systems may name a program that has one of its flaws. The flaw concerns the program where a reviewed row or a rating
 * says so, or where nothing speaks against it.
 */
static bool concerns(const struct question *q, const struct rating *rating)
{
	if (!q->apart)
		return true;
	if (q->flaw)
		return q->flaw->software && strcmp(q->flaw->software, q->fit->on.software) == 0 && q->fit->installed != SEEN_UNKNOWN;
	return rating || q->fit->installed != SEEN_UNKNOWN;
}

/* Where one program of the bulletin is known to be there, others of which nothing is known are left out. */
static bool has_program(const struct fit *fits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fits[i].on.kind == TARGET_SOFTWARE && fits[i].installed == SEEN_PRESENT)
			return true;
	return false;
}

static bool has_system(const struct fit *fits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fits[i].on.kind == TARGET_SYSTEM)
			return true;
	return false;
}

/* What a verdict weighs among those of one flaw. Rows of a whole system of which nothing is known give way to one of its parts that decides. */
static unsigned weight(const struct finding *f, const struct fit *fit, bool parts)
{
	if (parts && fit->on.kind == TARGET_SYSTEM && f->verdict == VERDICT_CANNOT_TELL && f->rule == RULE_NO_EVIDENCE && !fit->unsure)
		return VERDICT_FIXED * 2 - 1;
	return (unsigned)f->verdict * 2;
}

/* What one flaw is weighed with: all that the host is. */
struct weighing {
	const struct fit *fits;
	struct fit_state *states;
	size_t            fit_n;
	bool              parts; /* programs of the bulletin are known to be there */
};

/* The rating is of this update's own: it says whether the update has to do with the flaw. */
static bool of_update(const struct rating *rating)
{
	return rating && rating->kb[0] && rating->cve[0];
}

/* Some update of this subject is rated for the flaw by its article. */
static bool rated_by_update(const struct question *q, const struct weighing *w, const struct fit *fit)
{
	for (size_t i = 0; i < w->fit_n; i++) {
		const struct rating *rating = w->fits[i].one_of && fits_alike(&w->fits[i], fit) ? fit_rating(q->judging, q->entry, &w->fits[i], q->cve) : NULL;

		if (of_update(rating) && rating->severity > SEVERITY_NONE)
			return true;
	}
	return false;
}

/* Some are there and some are not, and nothing says which of them has the flaw. */
static void weigh_some(const struct question *q, const struct finding *there, uint32_t kb, struct finding *f)
{
	struct str s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_CONFLICT);
	struct str w = str_over(q->judging->wanted, sizeof(q->judging->wanted));

	str_fmt(&s, "%s has several updates for the host: KB%u is there, KB%u is not, and which of them has the flaw is not said.", q->entry->entry.id,
		entry_article(&q->entry->entry, there->product), kb);
	str_fmt(&w, "the versions of the files of KB%u", kb);
	f->wanted = q->judging->wanted;
}

/* All updates that the bulletin has for one subject, the first of them fits[at]: every one is needed, or any one is enough. */
static void answer_all(struct question *q, const struct weighing *w, size_t at, struct finding *f)
{
	bool           by_update = rated_by_update(q, w, &w->fits[at]), have = false, fixed = false;
	char           wanted[sizeof(q->judging->wanted)] = "";
	uint32_t       kb = 0;
	struct finding one, there;

	for (size_t i = at; i < w->fit_n; i++) {
		const struct rating *rating = fit_rating(q->judging, q->entry, &w->fits[i], q->cve);

		if ((i != at && !w->fits[i].one_of) || !fits_alike(&w->fits[at], &w->fits[i]) || (by_update && !(of_update(rating) && rating->severity > SEVERITY_NONE)))
			continue;
		q->fit = &w->fits[i];
		q->update = w->states[i].update;
		answer(q, rating, &w->states[i], &one);
		if (one.verdict == VERDICT_FIXED) {
			fixed = true;
			there = one;
		}
		if (have && (one.verdict <= f->verdict || (fixed && q->fit->any_of)))
			continue;
		have = true;
		*f = one;
		kb = q->update.kb;
		memcpy(wanted, q->judging->wanted, sizeof(wanted));
	}
	if (fixed && q->fit->any_of)
		*f = there;
	if (f->wanted)
		memcpy(q->judging->wanted, wanted, sizeof(wanted));
	if (fixed && !by_update && f->verdict == VERDICT_MISSING && f->rule == RULE_NOT_LISTED)
		weigh_some(q, &there, kb, f);
}

/* It was answered with an earlier one of its subject. */
static bool answered(const struct weighing *w, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (w->fits[at].one_of && w->fits[i].one_of && fits_alike(&w->fits[i], &w->fits[at]))
			return true;
	return false;
}

/* One flaw on everything that the host is: the worst counts. */
static bool judge_flaw(struct judging *j, const struct entry *entry, const char *cve, const struct flaw_rule *flaw, const struct weighing *w, assess_found *found, void *data)
{
	struct finding worst, one;
	struct question q = {.judging = j, .entry = entry, .cve = cve, .flaw = flaw};
	char            wanted[sizeof(j->wanted)];
	bool            have = false;
	unsigned        most = 0;

	for (size_t i = 0; i < w->fit_n; i++) {
		const struct fit    *fit = &w->fits[i];
		const struct rating *rating = fit_rating(j, entry, fit, cve);

		q.fit = fit;
		q.update = w->states[i].update;
		q.apart = fit->on.kind == TARGET_SOFTWARE && has_system(w->fits, w->fit_n);
		if (!concerns(&q, rating) || (fit->installed == SEEN_UNKNOWN && w->parts) || answered(w, i))
			continue;
		if (fit->one_of)
			answer_all(&q, w, i, &one);
		else
			answer(&q, rating, &w->states[i], &one);
		if (have && weight(&one, fit, w->parts) <= most)
			continue;
		have = true;
		most = weight(&one, fit, w->parts);
		worst = one;
		if (one.wanted) {
			memcpy(wanted, j->wanted, sizeof(wanted));
			worst.wanted = wanted;
		}
	}
	return !have || found(data, &worst);
}

/* What is affected has names that are not known here, or none: only a reader of the bulletin can say whether the host is one of them. */
static void unread(struct judging *j, const struct entry *entry, struct finding *f)
{
	const struct bulletin *b = entry->readings[0].bulletin;
	struct str             s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE), w = str_over(j->wanted, sizeof(j->wanted));
	uint32_t               p = 0;

	while (p < b->product_n && !b->products[p].affected)
		p++;
	if (p < b->product_n)
		str_fmt(&s, "What %s affects, \"%.*s\" (line %u), is not known here.", entry->entry.id, utf8_cut(b->products[p].name, 100), b->products[p].name,
			b->products[p].from.line);
	else
		str_fmt(&s, "%s has no list of what it affects that could be read.", entry->entry.id);
	str_add(&w, "somebody who reads the bulletin and knows the host");
	f->wanted = j->wanted;
}

/* No row of the bulletin is the host. */
static bool not_ours(struct judging *j, const struct entry *entry, const char *cve, assess_found *found, void *data)
{
	struct finding f = {.entry = &entry->entry, .cve = cve, .flaw = flaw_rule_find(cve), .severity = severity_of(&(struct question){.entry = entry}, NULL)};
	struct str     s;

	if (entry->unread) {
		unread(j, entry, &f);
		return found(data, &f);
	}
	f.severity = SEVERITY_UNKNOWN;
	s = rule_sentence(&f, VERDICT_NOT_AFFECTED, RULE_OTHER_PRODUCT);
	str_fmt(&s, "%s is not about %s.", entry->entry.id, family_name(j->system.family));
	return found(data, &f);
}

/* Flaws that an earlier reading names are not told again. */
static bool known_before(const struct entry *entry, uint32_t reading, const char *cve)
{
	for (uint32_t i = 0; i < reading; i++)
		for (uint32_t k = 0; k < entry->readings[i].bulletin->cve_n; k++)
			if (strcmp(entry->readings[i].bulletin->cves[k].id, cve) == 0)
				return true;
	return false;
}

static bool judge_entry(struct judging *j, const struct entry *entry, bool all, assess_found *found, void *data)
{
	struct fit       fits[FITS_MAX];
	struct fit_state states[FITS_MAX];
	struct weighing  w = {.fits = fits, .states = states};
	bool             ours = j->system.family && (entry->families >> j->system.family & 1), any = false;
	size_t           n = ours ? fits_find(j, entry, fits) : 0;

	if (!n && !all && !entry->unread)
		return true;
	w.fit_n = n;
	w.parts = has_program(fits, n);
	for (size_t i = 0; i < n; i++) {
		states[i].replaced.looked = states[i].files_looked = false;
		update_look(j, entry, &fits[i], &states[i].update);
	}
	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct bulletin *b = entry->readings[i].bulletin;

		for (uint32_t k = 0; k < b->cve_n; k++) {
			if (known_before(entry, i, b->cves[k].id))
				continue;
			any = true;
			if (!(n ? judge_flaw(j, entry, b->cves[k].id, entry->readings[i].reviewed[k], &w, found, data) : not_ours(j, entry, b->cves[k].id, found, data)))
				return false;
		}
	}
	if (any)
		return true;
	return n ? judge_flaw(j, entry, entry->entry.id, flaw_rule_find(entry->entry.id), &w, found, data) : not_ours(j, entry, entry->entry.id, found, data);
}

bool assess_host(const struct catalog *catalog, const struct host *host, bool all, assess_found *found, void *data)
{
	struct judging j = {.catalog = catalog, .host = host, .system = host_target(host)};

	for (uint32_t i = 0; i < catalog->entry_n; i++)
		if (!judge_entry(&j, &catalog->entries[i], all, found, data))
			return false;
	return true;
}
