/* Judges the flaws of every bulletin on a host: each rule in its order, and the worst of what the host is. */
#include <string.h>

#include "assess/judge_int.h"

/* One flaw on one fit of the host. */
struct question {
	struct judging         *judging;
	const struct entry     *entry;
	const struct fit       *fit;
	const char             *cve;
	const struct flaw_rule *flaw;
	struct update_state     update;
	struct files_state      files;
};

/* What an update that replaces it shows; looked for once for all flaws of a fit. */
struct replaced_state {
	bool                looked, unknown; /* unknown: of one of them nothing is known */
	const struct entry *by;
	struct fit          fit;
	struct update_state update;
	struct files_state  files;
};

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

static struct str sentence(struct finding *f, enum verdict verdict, enum rule rule)
{
	f->verdict = verdict;
	f->rule = rule;
	return str_over(f->sentence, sizeof(f->sentence));
}

/* The row's product in few words: "Windows 2000 SP4". */
static void say_subject(struct str *s, const struct question *q)
{
	say_target(s, &q->fit->on);
}

/* Whether the flaw can be there at all. True: it cannot, and f says why. */
static bool out_of_scope(const struct question *q, const struct rating *rating, struct finding *f)
{
	const struct host *host = q->judging->host;
	struct str         s;

	if (q->fit->kind == FIT_UNAFFECTED) {
		s = sentence(f, VERDICT_NOT_AFFECTED, RULE_SAID_UNAFFECTED);
		str_fmt(&s, "%s names ", q->entry->entry.id);
		say_subject(&s, q);
		str_fmt(&s, " as not affected (line %u).", q->fit->row->from.line);
		piece_add(f, &host->system.from, q->fit->row->from.line, "%.150s", host->system.product);
		return true;
	}
	if (q->flaw && q->flaw->families && host->system.family && !(q->flaw->families >> host->system.family & 1)) {
		s = sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_RATED);
		str_fmt(&s, "%s has no %s.", family_name(host->system.family), q->cve);
	} else if (rating && rating->severity == SEVERITY_NONE) {
		s = sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_RATED);
		str_fmt(&s, "%s rates %s \"none\" for ", q->entry->entry.id, q->cve);
		say_subject(&s, q);
		str_fmt(&s, " (line %u).", rating->from.line);
		piece_add(f, &host->system.from, rating->from.line, "%.150s", host->system.product);
	} else if (q->flaw && q->flaw->roles && host->system.role && !(q->flaw->roles >> host->system.role & 1)) {
		s = sentence(f, VERDICT_NOT_AFFECTED, RULE_ROLE);
		str_fmt(&s, "%s concerns domain controllers alone, and the host is a %s.", q->cve, host->system.role == ROLE_SERVER ? "server that is none" : "workstation");
		piece_add(f, &host->system.from, 0, "%.150s", host->system.product);
	} else if (q->fit->installed == SEEN_ABSENT) {
		s = sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_INSTALLED);
		str_fmt(&s, "%s is not installed.", program_name(q->fit->on.software));
	} else {
		return false;
	}
	return true;
}

/* The host has a service pack that has the fix. */
static bool pack_has_it(const struct question *q, int *out_pack, uint32_t *out_line)
{
	int  host = q->judging->host->system.pack, reviewed = 0;
	bool named = q->fit->kind == FIT_AFFECTED && (q->fit->said & 4) && !q->fit->unsure && q->fit->on.kind == TARGET_SYSTEM; /* affected with that very pack */

	if (host < 0 || named)
		return false;
	if (q->flaw && q->judging->host->system.family < FAMILIES)
		reviewed = (int)q->flaw->fixed_pack[q->judging->host->system.family];
	*out_pack = q->update.fixed_pack ? q->update.fixed_pack : reviewed;
	*out_line = q->update.fixed_pack ? q->update.fixed_line : 0;
	return (q->update.fixed_pack && host >= q->update.fixed_pack) || (reviewed && host >= reviewed);
}

static void say_key(struct finding *f, struct str *s, const struct update_state *u)
{
	str_fmt(s, "the key %.160s is there", u->key_found->path);
	piece_add(f, &u->key_found->from, u->key_row ? u->key_row->from.line : 0, "%.180s", u->key_found->path);
}

static void say_listed(struct finding *f, struct str *s, const struct update_state *u)
{
	str_fmt(s, "%s is in the list of updates", u->update->id);
	piece_add(f, &u->update->from, 0, "%s", u->update->id);
}

static bool key_good(const struct update_state *u)
{
	return u->key == SEEN_PRESENT && !u->of_older_pack;
}

static void end(struct str *s)
{
	if (s->len && s->text[0] >= 'a' && s->text[0] <= 'z' && strncmp(s->text, "the ", 4) == 0)
		s->text[0] = 'T';
	str_char(s, '.');
}

/* A file older than the update's: whatever else claims that it is there, the file is what runs. */
static bool older_file(const struct question *q, struct finding *f)
{
	struct str s;
	int        pack;
	uint32_t   line;

	if (q->files.state != FILES_OLDER)
		return false;
	s = sentence(f, VERDICT_MISSING, RULE_FILE_OLDER);
	say_files(f, &s, q->judging, q->fit, &q->files);
	if (key_good(&q->update)) {
		str_add(&s, ", although ");
		say_key(f, &s, &q->update);
		str_add(&s, ": an older file was put back");
	} else if (q->update.listed == SEEN_PRESENT) {
		str_add(&s, ", although ");
		say_listed(f, &s, &q->update);
		str_add(&s, ": an older file was put back");
	} else if (pack_has_it(q, &pack, &line)) {
		str_fmt(&s, ", although SP%d has the fix: an older file was put back", pack);
		piece_add(f, &q->judging->host->system.from, line, "service pack %d", q->judging->host->system.pack);
	} else if (q->fit->kind == FIT_PACK_OLDER) {
		str_add(&s, "; the bulletin does not speak of so old a service pack");
	}
	end(&s);
	return true;
}

static bool by_pack(const struct question *q, struct finding *f)
{
	struct str s;
	int        pack;
	uint32_t   line;

	if (q->fit->kind == FIT_PACK_NEWER) {
		struct target plain = q->judging->system;

		plain.packs = 0;
		s = sentence(f, VERDICT_FIXED, RULE_SERVICE_PACK);
		say_target(&s, &plain);
		str_fmt(&s, " SP%d is later than every service pack that %s names as affected (", q->judging->host->system.pack, q->entry->entry.id);
		if (q->fit->most_pack)
			str_fmt(&s, "the last is SP%d, line %u)", q->fit->most_pack, q->fit->row->from.line);
		else
			str_fmt(&s, "the system without any, line %u)", q->fit->row->from.line);
	} else if (pack_has_it(q, &pack, &line)) {
		s = sentence(f, VERDICT_FIXED, RULE_SERVICE_PACK);
		str_fmt(&s, "%s SP%d has the fix", family_name(q->judging->host->system.family), pack);
		if (line)
			str_fmt(&s, " (line %u)", line);
		str_fmt(&s, ", and the host has SP%d", q->judging->host->system.pack);
	} else {
		return false;
	}
	piece_add(f, &q->judging->host->system.from, q->fit->row ? q->fit->row->from.line : 0, "service pack %d", q->judging->host->system.pack);
	end(&s);
	return true;
}

/* Key, list, files: the update itself is there. */
static bool by_update(const struct question *q, struct finding *f)
{
	struct str s;

	if (key_good(&q->update)) {
		s = sentence(f, VERDICT_FIXED, RULE_KEY);
		say_key(f, &s, &q->update);
		if (q->files.state == FILES_FIXED) {
			str_add(&s, ", and ");
			say_files(f, &s, q->judging, q->fit, &q->files);
		}
	} else if (q->update.listed == SEEN_PRESENT) {
		s = sentence(f, VERDICT_FIXED, RULE_LISTED);
		say_listed(f, &s, &q->update);
		if (q->files.state == FILES_FIXED) {
			str_add(&s, ", and ");
			say_files(f, &s, q->judging, q->fit, &q->files);
		}
	} else if (q->files.state == FILES_FIXED) {
		s = sentence(f, VERDICT_FIXED, RULE_FILE);
		say_files(f, &s, q->judging, q->fit, &q->files);
	} else {
		return false;
	}
	end(&s);
	return true;
}

/* The fit of another entry for the same subject; made up from ours where its lists call the product otherwise. */
static void fit_of(const struct judging *j, const struct entry *entry, const struct fit *ours, struct fit *out)
{
	struct fit fits[FITS_MAX];
	size_t     n = fits_find(j, entry, fits);

	for (size_t i = 0; i < n; i++)
		if (fits[i].on.kind == ours->on.kind && (ours->on.kind == TARGET_SYSTEM || strcmp(fits[i].on.software, ours->on.software) == 0)) {
			*out = fits[i];
			return;
		}
	*out = (struct fit){.kind = FIT_AFFECTED, .reading = &entry->readings[0], .on = ours->on, .installed = ours->installed};
}

static bool shows(const struct judging *j, const struct replaced_state *r)
{
	if (r->files.state == FILES_OLDER)
		return false;
	return key_good(&r->update) || r->update.listed == SEEN_PRESENT || r->files.state == FILES_FIXED ||
		(r->update.fixed_pack && r->fit.on.kind == TARGET_SYSTEM && j->host->system.pack >= r->update.fixed_pack);
}

static void replaced_look(const struct question *q, struct replaced_state *r)
{
	const struct entry *found[REPLACING_MAX];
	size_t              n;

	if (r->looked)
		return;
	r->looked = true;
	n = replaced_by(q->judging->catalog, q->entry, &q->fit->on, found);
	for (size_t i = 0; i < n; i++) {
		fit_of(q->judging, found[i], q->fit, &r->fit);
		update_look(q->judging, found[i], &r->fit, &r->update);
		files_look(q->judging, found[i], &r->fit, NULL, &r->files);
		if (shows(q->judging, r)) {
			r->by = found[i];
			return;
		}
		r->unknown = r->unknown || (r->update.key == SEEN_UNKNOWN && r->update.listed == SEEN_UNKNOWN && r->files.state != FILES_OLDER);
	}
}

static bool by_replacing(const struct question *q, struct replaced_state *r, struct finding *f)
{
	struct target plain = q->fit->on;
	struct str    s;

	replaced_look(q, r);
	if (!r->by)
		return false;
	s = sentence(f, VERDICT_FIXED, RULE_SUPERSEDED);
	f->by = &r->by->entry;
	plain.packs = 0;
	str_fmt(&s, "%s", r->by->entry.id);
	if (r->update.kb)
		str_fmt(&s, " (KB%u)", r->update.kb);
	str_add(&s, " replaces it for ");
	say_target(&s, &plain);
	str_add(&s, ", and is there: ");
	if (key_good(&r->update))
		say_key(f, &s, &r->update);
	else if (r->update.listed == SEEN_PRESENT)
		say_listed(f, &s, &r->update);
	else if (r->files.state == FILES_FIXED)
		say_files(f, &s, q->judging, &r->fit, &r->files);
	else
		str_fmt(&s, "SP%d has it", r->update.fixed_pack);
	end(&s);
	return true;
}

/* What would decide. */
static void want(const struct question *q, const char *what, const char *of)
{
	struct str w = str_over(q->judging->wanted, sizeof(q->judging->wanted));

	str_fmt(&w, "%s%s", what, of);
}

/* Names of files whose versions would decide, or keys, or the list. */
static void want_evidence(const struct question *q)
{
	struct str w = str_over(q->judging->wanted, sizeof(q->judging->wanted));

	if (q->files.missing[0])
		str_fmt(&w, "the version of %s", q->files.missing);
	else if (q->flaw && q->flaw->files[0])
		str_fmt(&w, "the version of %s", q->flaw->files[0]);
	if (q->update.key_row && q->update.key == SEEN_UNKNOWN)
		str_fmt(&w, "%sthe key %.120s", w.len ? ", or " : "", q->update.key_row->path);
	else if (!w.len && q->update.kb)
		str_fmt(&w, "a complete list of updates with KB%u", q->update.kb);
	if (!w.len)
		str_add(&w, "the update's own files or keys");
}

static bool by_doubt(const struct question *q, struct finding *f)
{
	struct str s;

	switch (q->files.state) {
	case FILES_BETWEEN:
	case FILES_OTHER:
	case FILES_LANGUAGE:
		s = sentence(f, VERDICT_CANNOT_TELL, RULE_OTHER_BRANCH);
		say_files(f, &s, q->judging, q->fit, &q->files);
		end(&s);
		if (q->files.state == FILES_LANGUAGE)
			want(q, "a bulletin in the language of the system", "");
		else
			want_evidence(q);
		f->wanted = q->judging->wanted;
		return true;
	case FILES_ABSENT:
		if (!q->flaw || q->files.missing[0] || q->files.met)
			return false;
		s = sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_INSTALLED);
		str_fmt(&s, "%s is not there.", q->flaw->files[0]);
		return true;
	default:
		break;
	}
	if (q->update.key != SEEN_PRESENT)
		return false;
	s = sentence(f, VERDICT_CANNOT_TELL, RULE_CONFLICT);
	say_key(f, &s, &q->update);
	str_fmt(&s, ", but it is for a system before the service pack that the host has (SP%d), which may have put older files back", q->judging->host->system.pack);
	end(&s);
	want_evidence(q);
	f->wanted = q->judging->wanted;
	return true;
}

/* Nothing speaks for the update: missing where it was looked for, cannot-tell elsewhere. */
static void by_absence(const struct question *q, const struct replaced_state *r, struct finding *f)
{
	bool       nowhere = q->update.key == SEEN_ABSENT || q->update.listed == SEEN_ABSENT;
	struct str s;

	if (nowhere && !r->unknown && q->fit->installed == SEEN_PRESENT && q->fit->kind != FIT_PACK_OLDER) {
		s = sentence(f, VERDICT_MISSING, RULE_NOT_LISTED);
		str_fmt(&s, "KB%u is not there, nor an update that replaces it: ", q->update.kb);
		if (q->update.key == SEEN_ABSENT && q->update.key_row) {
			str_fmt(&s, "the key %.160s is missing", q->update.key_row->path);
			piece_add(f, NULL, q->update.key_row->from.line, "%.180s is not there", q->update.key_row->path);
		} else {
			str_add(&s, "the list of updates is complete and has neither");
			piece_add(f, &q->judging->host->system.from, 0, "%u updates are listed", q->judging->host->update_n);
		}
		end(&s);
		return;
	}
	s = sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
	if (q->fit->installed == SEEN_UNKNOWN) {
		str_fmt(&s, "Whether %s is installed is not known.", program_name(q->fit->on.software));
		want(q, "whether the host has ", program_name(q->fit->on.software));
	} else if (q->fit->kind == FIT_PACK_OLDER) {
		str_fmt(&s, "%s does not speak of a service pack as old as the host's (SP%d).", q->entry->entry.id, q->judging->host->system.pack);
		want_evidence(q);
	} else {
		str_add(&s, "Nothing of the host shows or rules out ");
		if (q->update.kb)
			str_fmt(&s, "KB%u", q->update.kb);
		else
			str_add(&s, "the update");
		str_fmt(&s, "%s.", nowhere ? ", for updates that replace it may be there" : "");
		want_evidence(q);
	}
	f->wanted = q->judging->wanted;
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
	s = sentence(f, VERDICT_MITIGATED, RULE_WORKAROUND);
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
		s = sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
		str_add(&s, "The update is missing, but the flaw concerns domain controllers alone, and whether the host is one is not known.");
		want(q, "the role of the host", "");
		f->wanted = q->judging->wanted;
	} else if (q->fit->unsure) {
		s = sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
		str_fmt(&s, "The update is missing if the host is what line %u of the bulletin names, but its edition, service pack or architecture is not known.", q->fit->row->from.line);
		want(q, "edition, service pack and architecture of the system", "");
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
	if (out_of_scope(q, rating, f))
		return;
	files_look(q->judging, q->entry, q->fit, q->flaw && q->flaw->files[0] ? q->flaw->files : NULL, &q->files);
	if (!older_file(q, f) && !by_pack(q, f) && !by_update(q, f) && !by_replacing(q, r, f) && !by_doubt(q, f))
		by_absence(q, r, f);
	weigh_doubt(q, f);
	by_workaround(q, f);
}

/* One flaw on everything that the host is: the worst counts. */
static bool judge_flaw(struct judging *j, const struct entry *entry, const char *cve, const struct fit *fits, size_t fit_n, struct update_state *updates,
	struct replaced_state *replaced, assess_found *found, void *data)
{
	struct finding worst, one;
	struct question q = {.judging = j, .entry = entry, .cve = cve, .flaw = flaw_rule_find(cve)};
	char            wanted[sizeof(j->wanted)];
	bool            have = false;

	for (size_t i = 0; i < fit_n; i++) {
		q.fit = &fits[i];
		q.update = updates[i];
		answer(&q, fit_rating(j, entry, &fits[i], cve), &replaced[i], &one);
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
	struct str     s = sentence(&f, VERDICT_NOT_AFFECTED, RULE_OTHER_PRODUCT);

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
			if (!(n ? judge_flaw(j, entry, b->cves[k].id, fits, n, updates, replaced, found, data) : not_ours(j, entry, b->cves[k].id, found, data)))
				return false;
		}
	}
	if (any)
		return true;
	return n ? judge_flaw(j, entry, entry->entry.id, fits, n, updates, replaced, found, data) : not_ours(j, entry, entry->entry.id, found, data);
}

bool assess_host(const struct catalog *catalog, const struct host *host, bool all, assess_found *found, void *data)
{
	struct judging j = {.catalog = catalog, .host = host, .system = host_target(host)};

	for (uint32_t i = 0; i < catalog->entry_n; i++)
		if (!judge_entry(&j, &catalog->entries[i], all, found, data))
			return false;
	return true;
}
