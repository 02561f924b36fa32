/* The rules of verdicts, each alone: whether it decides on a host, and the sentence that says so. */
#include <string.h>

#include "assess/judge_int.h"

struct str rule_sentence(struct finding *f, enum verdict verdict, enum rule rule)
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
bool rule_scope(const struct question *q, const struct rating *rating, struct finding *f)
{
	const struct host *host = q->judging->host;
	struct str         s;

	if (q->fit->kind == FIT_UNAFFECTED) {
		s = rule_sentence(f, VERDICT_NOT_AFFECTED, RULE_SAID_UNAFFECTED);
		str_fmt(&s, "%s names ", q->entry->entry.id);
		say_subject(&s, q);
		str_fmt(&s, " as not affected (line %u).", q->fit->row->from.line);
		piece_add(f, &host->system.from, q->fit->row->from.line, "%.150s", host->system.product);
		return true;
	}
	if (q->flaw && q->flaw->families && !q->apart && !(q->flaw->families >> host->system.family & 1)) {
		s = rule_sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_RATED);
		str_fmt(&s, "%s has no %s.", family_name(host->system.family), q->cve);
	} else if (rating && rating->severity == SEVERITY_NONE) {
		s = rule_sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_RATED);
		str_fmt(&s, "%s rates %s \"none\" for ", q->entry->entry.id, q->cve);
		say_subject(&s, q);
		str_fmt(&s, " (line %u).", rating->from.line);
		piece_add(f, &host->system.from, rating->from.line, "%.150s", host->system.product);
	} else if (q->flaw && q->flaw->roles && host->system.role && !(q->flaw->roles >> host->system.role & 1)) {
		s = rule_sentence(f, VERDICT_NOT_AFFECTED, RULE_ROLE);
		str_fmt(&s, "%s concerns domain controllers alone, and the host is a %s.", q->cve, host->system.role == ROLE_SERVER ? "server that is none" : "workstation");
		piece_add(f, &host->system.from, 0, "%.150s", host->system.product);
	} else if (q->fit->installed == SEEN_ABSENT) {
		s = rule_sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_INSTALLED);
		if (q->fit->other) {
			str_fmt(&s, "%s does not name ", q->entry->entry.id);
			say_target(&s, &q->fit->other->target);
			str_add(&s, ", which the host has.");
			piece_add(f, &q->fit->other->from, q->fit->row->from.line, "%.150s", q->fit->other->name);
		} else {
			str_fmt(&s, "%s is not installed.", program_name(q->fit->on.software));
		}
	} else {
		return false;
	}
	return true;
}

/* The service pack of the system, or of the program where the fit is one; -1: not known. */
static int pack_of(const struct question *q)
{
	if (q->fit->on.kind == TARGET_SYSTEM || !q->update.fixed_pack)
		return q->judging->host->system.pack;
	for (int pack = 31; q->fit->software && pack >= 0; pack--)
		if (q->fit->software->target.software_packs >> pack & 1)
			return pack;
	return -1;
}

/* The row names no service pack, and that of the host came later. What keys and statements say of service packs knows better. */
static bool pack_is_later(const struct question *q)
{
	return q->fit->kind == FIT_AFFECTED && q->fit->pack_age == PACK_LATER && !q->fit->unsure && !q->update.fixed_pack &&
		!(q->flaw && q->flaw->fixed_pack[q->judging->host->system.family]);
}

/* Whether the host's service pack has the fix is not known: it was being made when the bulletin came. */
static bool pack_is_open(const struct question *q)
{
	bool none = q->fit->kind == FIT_AFFECTED && !q->update.fixed_pack, other = q->fit->kind == FIT_PACK_NEWER && q->update.fixed_pack > q->judging->host->system.pack;

	return q->fit->pack_age == PACK_OPEN && !q->fit->by_program && (none || other);
}

/* The host has a service pack that has the fix. */
static bool pack_has_it(const struct question *q, int *out_pack, uint32_t *out_line)
{
	int  host = pack_of(q), reviewed = 0;
	bool named = q->fit->kind == FIT_AFFECTED && (q->fit->said & 4) && !q->fit->unsure && q->fit->on.kind == TARGET_SYSTEM; /* affected with that very pack */

	if (host < 0 || named || q->fit->pack_named)
		return false;
	if (q->flaw && q->judging->host->system.family < FAMILIES && (q->fit->on.kind == TARGET_SYSTEM || !q->update.fixed_pack))
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
bool rule_older(const struct question *q, struct finding *f)
{
	struct str s;
	int        pack;
	uint32_t   line;

	if (q->files.state != FILES_OLDER)
		return false;
	s = rule_sentence(f, VERDICT_MISSING, RULE_FILE_OLDER);
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
	} else if (q->fit->kind == FIT_PACK_OLDER && !q->fit->beside) {
		str_add(&s, "; the bulletin does not speak of so old a ");
		str_add(&s, q->fit->other ? "version" : "service pack");
	}
	end(&s);
	return true;
}

bool rule_pack(const struct question *q, struct finding *f)
{
	struct str s;
	int        pack;
	uint32_t   line;

	if (q->fit->kind == FIT_PACK_NEWER && q->fit->by_program) {
		s = rule_sentence(f, VERDICT_FIXED, RULE_SERVICE_PACK);
		say_target(&s, &q->fit->software->target);
		str_fmt(&s, " is of a later service pack than every one that %s names as affected (the last is SP%d, line %u)", q->entry->entry.id, q->fit->most_pack, q->fit->row->from.line);
		piece_add(f, &q->fit->software->from, q->fit->row->from.line, "%.150s", q->fit->software->name);
		end(&s);
		return true;
	}
	if (pack_is_open(q) && !pack_has_it(q, &pack, &line))
		return false;
	if (q->fit->kind == FIT_PACK_NEWER || pack_is_later(q)) {
		struct target plain = q->judging->system;

		plain.packs = 0;
		s = rule_sentence(f, VERDICT_FIXED, RULE_SERVICE_PACK);
		say_target(&s, &plain);
		if (q->fit->most_build) {
			str_fmt(&s, " version %u is later than every version that %s names as affected (the last is %u, line %u).", plain.build, q->entry->entry.id, q->fit->most_build,
				q->fit->row->from.line);
			piece_add(f, &q->judging->host->system.from, q->fit->row->from.line, "version %u", plain.build);
			return true;
		}
		str_fmt(&s, " SP%d is later than every service pack that %s names as affected (", q->judging->host->system.pack, q->entry->entry.id);
		if (q->fit->most_pack > 0)
			str_fmt(&s, "the last is SP%d, line %u)", q->fit->most_pack, q->fit->row->from.line);
		else
			str_fmt(&s, "the system without any, line %u)", q->fit->row->from.line);
	} else if (pack_has_it(q, &pack, &line)) {
		struct target plain = q->fit->on.kind == TARGET_SOFTWARE && q->update.fixed_pack ? q->fit->software->target : q->judging->system;

		plain.packs = plain.software_packs = 0;
		s = rule_sentence(f, VERDICT_FIXED, RULE_SERVICE_PACK);
		say_target(&s, &plain);
		str_fmt(&s, " SP%d has the fix", pack);
		if (line)
			str_fmt(&s, " (line %u)", line);
		str_fmt(&s, ", and the host has SP%d", pack_of(q));
	} else {
		return false;
	}
	piece_add(f, q->fit->software ? &q->fit->software->from : &q->judging->host->system.from, q->fit->row ? q->fit->row->from.line : 0, "service pack %d", pack_of(q));
	end(&s);
	return true;
}

/* Key, list, files: the update itself is there. */
bool rule_update(const struct question *q, struct finding *f)
{
	struct str s;

	if (key_good(&q->update)) {
		s = rule_sentence(f, VERDICT_FIXED, RULE_KEY);
		say_key(f, &s, &q->update);
		if (q->files.state == FILES_FIXED) {
			str_add(&s, ", and ");
			say_files(f, &s, q->judging, q->fit, &q->files);
		}
	} else if (q->update.listed == SEEN_PRESENT) {
		s = rule_sentence(f, VERDICT_FIXED, RULE_LISTED);
		say_listed(f, &s, &q->update);
		if (q->files.state == FILES_FIXED) {
			str_add(&s, ", and ");
			say_files(f, &s, q->judging, q->fit, &q->files);
		}
	} else if (q->files.state == FILES_FIXED) {
		s = rule_sentence(f, VERDICT_FIXED, RULE_FILE);
		say_files(f, &s, q->judging, q->fit, &q->files);
	} else {
		return false;
	}
	end(&s);
	return true;
}

static bool shows(const struct judging *j, const struct replaced_state *r)
{
	if (r->files.state == FILES_OLDER)
		return false;
	return key_good(&r->update) || r->update.listed == SEEN_PRESENT || r->files.state == FILES_FIXED ||
		(r->update.fixed_pack && r->fit.on.kind == TARGET_SYSTEM && j->host->system.pack >= r->update.fixed_pack);
}

static bool same_subject(const struct fit *a, const struct fit *b)
{
	return a->on.kind == b->on.kind && (a->on.kind == TARGET_SYSTEM || strcmp(a->on.software, b->on.software) == 0) && fits_alike(a, b);
}

/* What one update of the other entry shows. */
static bool replacing_shows(const struct question *q, const struct entry *entry, const struct fit *fit, struct replaced_state *r)
{
	r->fit = *fit;
	update_look(q->judging, entry, &r->fit, &r->update);
	files_look(q->judging, entry, &r->fit, NULL, &r->files);
	if (shows(q->judging, r)) {
		r->by = entry;
		return true;
	}
	r->unknown = r->unknown || (r->update.key == SEEN_UNKNOWN && r->update.listed == SEEN_UNKNOWN && r->files.state != FILES_OLDER);
	return false;
}

/* The fits of the other entry for the same subject, those of the article `by` where it is said; made up from ours where its lists call the product otherwise. */
static size_t replacing_fits(const struct question *q, const struct replacing *by, struct fit out[FITS_MAX])
{
	const struct fit *ours = q->fit;
	size_t            n = fits_find(q->judging, by->entry, out), kept = 0, exact = 0;

	for (size_t i = 0; i < n; i++)
		if (same_subject(&out[i], ours))
			out[kept++] = out[i];
	for (size_t i = 0; i < kept && by->by; i++)
		if (entry_article(&by->entry->entry, out[i].row) == by->by)
			out[exact++] = out[i];
	if (!kept)
		out[0] = (struct fit){.kind = FIT_AFFECTED, .reading = &by->entry->readings[0], .on = ours->on, .installed = ours->installed};
	return exact ? exact : kept ? kept : 1;
}

/* Of several updates that the other entry has for the subject, and of which nothing says which one replaces ours, all have to be there. */
static bool replacing_look(const struct question *q, const struct replacing *by, struct replaced_state *r)
{
	struct fit fits[FITS_MAX];
	size_t     n = replacing_fits(q, by, fits);

	for (size_t i = 0; i < n; i++) {
		bool there = replacing_shows(q, by->entry, &fits[i], r), all = fits[i].one_of && !fits[i].any_of;

		if (there && (!all || i + 1 == n))
			return true;
		if (!there && all)
			break;
	}
	r->by = NULL;
	return false;
}

static void replaced_look(const struct question *q, struct replaced_state *r)
{
	struct replacing found[REPLACING_MAX];
	size_t           n;

	if (r->looked)
		return;
	r->looked = true;
	r->unknown = false;
	r->by = NULL;
	n = replaced_by(q->judging->catalog, q->entry, q->fit->one_of && !q->fit->any_of ? q->update.kb : 0, &q->fit->on, found);
	for (size_t i = 0; i < n; i++)
		if (replacing_look(q, &found[i], r))
			return;
}

bool rule_replacing(const struct question *q, struct replaced_state *r, struct finding *f)
{
	struct target plain = q->fit->on;
	struct str    s;

	replaced_look(q, r);
	if (!r->by)
		return false;
	s = rule_sentence(f, VERDICT_FIXED, RULE_SUPERSEDED);
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
void rule_want(const struct question *q, const char *what, const char *of)
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

bool rule_doubt(const struct question *q, struct finding *f)
{
	struct str s;

	switch (q->files.state) {
	case FILES_BETWEEN:
	case FILES_OTHER:
	case FILES_LANGUAGE:
		s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_OTHER_BRANCH);
		say_files(f, &s, q->judging, q->fit, &q->files);
		end(&s);
		if (q->files.state == FILES_LANGUAGE)
			rule_want(q, "a bulletin in the language of the system", "");
		else
			want_evidence(q);
		f->wanted = q->judging->wanted;
		return true;
	case FILES_ABSENT:
		if (!q->flaw || q->files.missing[0] || q->files.met)
			return false;
		s = rule_sentence(f, VERDICT_NOT_AFFECTED, RULE_NOT_INSTALLED);
		str_fmt(&s, "%s is not there.", q->flaw->files[0]);
		return true;
	default:
		break;
	}
	if (q->update.key != SEEN_PRESENT && !q->update.behind)
		return false;
	s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_CONFLICT);
	if (q->update.key == SEEN_PRESENT) {
		say_key(f, &s, &q->update);
	} else {
		str_fmt(&s, "%s is in the list of updates, below %s", q->update.behind->id, q->update.behind->under);
		piece_add(f, &q->update.behind->from, 0, "%s below %s", q->update.behind->id, q->update.behind->under);
	}
	str_fmt(&s, ", but it is for a system before the service pack that the host has (SP%d), which may have put older files back", q->judging->host->system.pack);
	end(&s);
	want_evidence(q);
	f->wanted = q->judging->wanted;
	return true;
}

/* Why the bulletin does not tell of what the host has. */
static void say_older(const struct question *q, struct str *s)
{
	const struct fit *fit = q->fit;

	if (fit->beside) {
		str_fmt(s, "%s names ", q->entry->entry.id);
		say_target(s, &fit->on);
		str_fmt(s, " on service packs before the host's (SP%d) alone, and those of the system do not bring updates of it.", q->judging->host->system.pack);
		return;
	}
	str_fmt(s, "%s does not speak of a %s as old as the host's", q->entry->entry.id, fit->most_build || fit->other ? "version" : "service pack");
	if (fit->by_program) {
		str_add(s, ", ");
		say_target(s, fit->other ? &fit->other->target : &fit->software->target);
		str_char(s, '.');
	} else {
		str_fmt(s, fit->most_build ? " (%d)." : " (SP%d).", fit->most_build ? q->judging->system.build : q->judging->host->system.pack);
	}
}

/* Nothing speaks for the update: missing where it was looked for, cannot-tell elsewhere. */
void rule_absence(const struct question *q, const struct replaced_state *r, struct finding *f)
{
	bool       nowhere = q->update.key == SEEN_ABSENT || q->update.listed == SEEN_ABSENT;
	struct str s;

	if (nowhere && !r->unknown && q->fit->installed == SEEN_PRESENT && q->fit->kind != FIT_PACK_OLDER && !pack_is_open(q)) {
		s = rule_sentence(f, VERDICT_MISSING, RULE_NOT_LISTED);
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
	s = rule_sentence(f, VERDICT_CANNOT_TELL, RULE_NO_EVIDENCE);
	if (q->fit->installed == SEEN_UNKNOWN) {
		str_fmt(&s, "Whether %s is installed is not known.", program_name(q->fit->on.software));
		rule_want(q, "whether the host has ", program_name(q->fit->on.software));
	} else if (nowhere && pack_is_open(q)) {
		str_fmt(&s, "SP%d of %s was being made when %s came: whether it has the fix is not known.", q->judging->host->system.pack, family_name(q->judging->system.family),
			q->entry->entry.id);
		want_evidence(q);
	} else if (q->fit->kind == FIT_PACK_OLDER) {
		say_older(q, &s);
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
