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
		str_fmt(&s, "The update %s, but a workaround of the bulletin is in place: \"%.200s\" (line %u).", missing ? "is missing" : "cannot be told", title, line);
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
	} else if (q->fit->any_version && f->rule == RULE_NOT_LISTED) {
		s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
		str_fmt(&s, "The update is missing if the host has the version that line %u of the bulletin names, but which version of %s it has is not known.",
			q->fit->row->from.line, program_name(q->fit->on.software));
		rule_want(q, "the version of ", program_name(q->fit->on.software));
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

static void answer(struct question *q, const struct rating *rating, struct replaced_state *r, struct finding *f)
{
	*f = (struct finding){.entry = &q->entry->entry, .cve = q->cve, .product = q->fit->row, .flaw = q->flaw, .severity = severity_of(q, rating)};
	if (rule_scope(q, rating, f))
		return;
	files_look(q->judging, q->entry, q->fit, q->flaw && q->flaw->files[0] ? q->flaw->files : NULL, &q->files);
	if (!rule_older(q, f) && !rule_pack(q, f) && !rule_update(q, f) && !rule_replacing(q, r, f) && !rule_doubt(q, f))
		rule_absence(q, r, f);
	weigh_doubt(q, f);
	by_workaround(q, f);
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

/* One flaw on everything that the host is: the worst counts. */
static bool judge_flaw(struct judging *j, const struct entry *entry, const char *cve, const struct flaw_rule *flaw, const struct fit *fits, size_t fit_n, struct update_state *updates,
	struct replaced_state *replaced, assess_found *found, void *data)
{
	struct finding worst, one;
	struct question q = {.judging = j, .entry = entry, .cve = cve, .flaw = flaw};
	char            wanted[sizeof(j->wanted)];
	bool            have = false;

	for (size_t i = 0; i < fit_n; i++) {
		const struct rating *rating = fit_rating(j, entry, &fits[i], cve);

		q.fit = &fits[i];
		q.update = updates[i];
		q.apart = fits[i].on.kind == TARGET_SOFTWARE && has_system(fits, fit_n);
		if (!concerns(&q, rating) || (fits[i].installed == SEEN_UNKNOWN && has_program(fits, fit_n)))
			continue;
		answer(&q, rating, &replaced[i], &one);
		if (have && one.verdict <= worst.verdict)
			continue;
		have = true;
		worst = one;
		if (one.wanted) {
			memcpy(wanted, j->wanted, sizeof(wanted));
			worst.wanted = wanted;
		}
	}
	return !have || found(data, &worst);
}

/* No row of the bulletin is the host. */
static bool not_ours(const struct judging *j, const struct entry *entry, const char *cve, assess_found *found, void *data)
{
	struct finding f = {.entry = &entry->entry, .cve = cve, .flaw = flaw_rule_find(cve)};
	struct str     s = rule_sentence(&f, VERDICT_NOT_AFFECTED, RULE_OTHER_PRODUCT);

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
	struct fit            fits[FITS_MAX];
	struct update_state   updates[FITS_MAX];
	struct replaced_state replaced[FITS_MAX] = {0};
	bool                  ours = j->system.family && (entry->families >> j->system.family & 1), any = false;
	size_t                n = ours ? fits_find(j, entry, fits) : 0;

	if (!n && !all)
		return true;
	for (size_t i = 0; i < n; i++)
		update_look(j, entry, &fits[i], &updates[i]);
	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct bulletin *b = entry->readings[i].bulletin;

		for (uint32_t k = 0; k < b->cve_n; k++) {
			if (known_before(entry, i, b->cves[k].id))
				continue;
			any = true;
			if (!(n ? judge_flaw(j, entry, b->cves[k].id, entry->readings[i].reviewed[k], fits, n, updates, replaced, found, data) : not_ours(j, entry, b->cves[k].id, found, data)))
				return false;
		}
	}
	if (any)
		return true;
	return n ? judge_flaw(j, entry, entry->entry.id, flaw_rule_find(entry->entry.id), fits, n, updates, replaced, found, data) : not_ours(j, entry, entry->entry.id, found, data);
}

bool assess_host(const struct catalog *catalog, const struct host *host, bool all, assess_found *found, void *data)
{
	struct judging j = {.catalog = catalog, .host = host, .system = host_target(host)};

	for (uint32_t i = 0; i < catalog->entry_n; i++)
		if (!judge_entry(&j, &catalog->entries[i], all, found, data))
			return false;
	return true;
}
