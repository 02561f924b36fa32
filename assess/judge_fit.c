/* Finds the rows of a bulletin's product lists that a host is: its system, its programs, and how service packs stand. */
#include <string.h>

#include "assess/judge_int.h"

/* Windows 10 is told apart by its build: 14393 is version 1607. */
static uint16_t build_version(uint16_t build)
{
	static const struct {
		uint16_t build, version;
	} builds[] = {{10240, 1507}, {10586, 1511}, {14393, 1607}, {15063, 1703}, {16299, 1709}, {17134, 1803}, {17763, 1809}, {18362, 1903}, {18363, 1909}};

	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++)
		if (builds[i].build == build)
			return builds[i].version;
	return 0;
}

struct target host_target(const struct host *host)
{
	const struct host_system *system = &host->system;
	struct target             t = {.kind = TARGET_SYSTEM, .family = system->family, .arch = system->arch, .editions = system->edition};

	if (system->pack >= 0 && system->pack < 32)
		t.packs = 1u << system->pack;
	if (system->role != ROLE_UNKNOWN)
		t.role = 1u << system->role;
	if (system->family == FAMILY_10 || system->family == FAMILY_2016)
		t.build = build_version(system->version[2]);
	return t;
}

/* How the row's service packs stand to the host's. */
static enum fit_kind packs_fit(uint32_t row, uint32_t host, bool *unsure)
{
	if (!row)
		return FIT_AFFECTED;
	if (!host) {
		*unsure = true;
		return FIT_AFFECTED;
	}
	if (row & host)
		return FIT_AFFECTED;
	return packs_last(host) > packs_last(row) ? FIT_PACK_NEWER : FIT_PACK_OLDER;
}

static uint8_t said_of(const struct target *t)
{
	return (uint8_t)((t->packs != 0) * 4 + (t->arch != 0) * 2 + (t->editions != 0) + (t->build != 0) * 4);
}

/* Versions of Windows 10 stand in one line, as service packs did; "Windows 10" alone is the first. */
static enum fit_kind builds_fit(const struct target *row, uint16_t host, bool *unsure, uint16_t *out_build)
{
	uint16_t mine = row->build ? row->build : 1507;

	*out_build = mine;
	if (!host) {
		*unsure = true;
		return FIT_AFFECTED;
	}
	return mine == host ? FIT_AFFECTED : host > mine ? FIT_PACK_NEWER : FIT_PACK_OLDER;
}

/* Bulletins of a product of its own whose lists name only the systems that it runs on, from their titles and texts. */
static const char *product_of(const char *bulletin)
{
	static const struct {
		const char *bulletin, *program;
	} own[] = {{"MS02-057", "services-unix"}, {"MS03-019", "wms"}, {"MS10-025", "wms"}};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i].bulletin, bulletin) == 0)
			return own[i].program;
	return NULL;
}

static struct target row_target(const struct target *row, const char *program)
{
	struct target t = *row;

	if (program && row->kind == TARGET_SYSTEM) {
		t.kind = TARGET_SOFTWARE;
		t.software = program;
		t.version[0] = t.version[1] = 0xffff;
	}
	return t;
}

/* One target of a row against the host; false when it is about something else. */
static bool target_fit(const struct judging *j, const struct target *row, bool affected, uint32_t published, struct fit *out)
{
	struct target system = *row;
	bool          unsure = false;

	system.packs = 0;
	system.build = 0;
	system.kind = TARGET_SYSTEM;
	if (row->kind == TARGET_UNKNOWN || (row->kind == TARGET_SYSTEM && !row->family) || !target_system_covers(&system, &j->system, &unsure))
		return false;
	*out = (struct fit){.installed = SEEN_PRESENT, .on = j->system, .said = said_of(row), .most_pack = packs_last(row->packs)};
	out->kind = row->family == FAMILY_10 ? builds_fit(row, j->system.build, &unsure, &out->most_build) : packs_fit(row->packs, j->system.packs, &unsure);
	out->unsure = unsure;
	if (row->family && (row->kind == TARGET_SYSTEM || program_in_pack(row, row->family)) && (!row->packs || out->kind == FIT_PACK_NEWER))
		out->pack_age = pack_age(row->family, row->family == FAMILY_2003 && j->system.arch == ARCH_X64 && j->host->system.pack == 1 ? 0 : j->host->system.pack, published);
	if (out->kind == FIT_PACK_NEWER || out->kind == FIT_PACK_OLDER)
		out->on.packs = out->on.build = 0; /* what the bulletin says of the service packs it names is all there is */
	if (!affected)
		out->kind = out->kind == FIT_AFFECTED && !unsure ? FIT_UNAFFECTED : FIT_NONE;
	if (row->kind == TARGET_SOFTWARE && !program_fit(j, row, affected, out))
		return false;
	return out->kind != FIT_NONE;
}

/* Two versions of a program that are both known to be there, as of XML Core Services, are two subjects: each has its own files. */
static bool same_subject(const struct fit *a, const struct fit *b)
{
	const uint16_t *v = a->on.version, *w = b->on.version;

	if (a->on.kind != b->on.kind)
		return false;
	if (a->on.kind == TARGET_SYSTEM)
		return true;
	if (strcmp(a->on.software, b->on.software) != 0)
		return false;
	return a->installed != SEEN_PRESENT || b->installed != SEEN_PRESENT || a->other || b->other || a->any_version || b->any_version || v[0] == 0xffff || w[0] == 0xffff ||
		(v[0] == w[0] && (v[1] == w[1] || v[1] == 0xffff || w[1] == 0xffff));
}

bool fits_alike(const struct fit *a, const struct fit *b)
{
	return same_subject(a, b);
}

/* Rows of one list that name the very same product, each with an update of its own: both are to be installed. */
static bool other_update(const struct fit *a, const struct fit *b)
{
	return a->reading == b->reading && a->kind == FIT_AFFECTED && b->kind == FIT_AFFECTED && a->installed == SEEN_PRESENT && !a->unsure && !a->any_version && a->row->kb &&
		b->row->kb && a->row->kb[0] && b->row->kb[0] && strcmp(a->row->kb, b->row->kb) != 0 && memcmp(a->on.version, b->on.version, sizeof(a->on.version)) == 0;
}

/* What is there, what may be there, what is not. */
static unsigned presence(enum seen installed)
{
	return installed == SEEN_PRESENT ? 2 : installed == SEEN_UNKNOWN;
}

/* Is a the better row for its subject? What is installed, then what is affected for sure, then what says more. */
static bool better(const struct fit *a, const struct fit *b)
{
	if (a->installed != b->installed)
		return presence(a->installed) > presence(b->installed);
	if (!a->other != !b->other)
		return !a->other;
	if (a->kind == FIT_UNAFFECTED || b->kind == FIT_UNAFFECTED) {
		const struct fit *un = a->kind == FIT_UNAFFECTED ? a : b, *af = un == a ? b : a;
		bool              wins = un != af && af->kind != FIT_UNAFFECTED && (af->kind != FIT_AFFECTED || un->said > af->said);

		return wins ? un == a : af == a && un != af;
	}
	if (a->kind != b->kind)
		return a->kind > b->kind;
	if (a->kind != FIT_AFFECTED)
		return a->most_build != b->most_build ? a->most_build > b->most_build : a->most_pack > b->most_pack;
	if (a->unsure != b->unsure)
		return !a->unsure;
	return a->said > b->said;
}

static void fit_keep(struct fit *fits, size_t *n, const struct fit *fit)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		bool same = same_subject(&fits[i], fit);

		if (same && !better(fit, &fits[i]) && (better(&fits[i], fit) || !other_update(&fits[i], fit)))
			return;
	}
	for (size_t i = 0; i < *n; i++)
		if (!same_subject(&fits[i], fit) || !better(fit, &fits[i]))
			fits[kept++] = fits[i];
	*n = kept;
	if (*n < FITS_MAX)
		fits[(*n)++] = *fit;
}

/*
 * The bulletin verifies the row's update on another edition of the system alone: a row "Windows XP Service Pack 3" of which a footnote says
 * that it is for Tablet PC Edition (MS12-034).
 */
static bool of_other_edition(const struct judging *j, const struct entry *entry, const struct fit *fit)
{
	const struct bulletin *b = fit->reading->bulletin;
	struct target          bare = fit->on;
	uint32_t               kb = entry_article(&entry->entry, fit->row);
	bool                   other = false, unsure;

	bare.editions = 0;
	for (uint32_t i = 0; i < b->key_n && fit->on.editions; i++) {
		const struct name *name = &j->catalog->names[fit->reading->keys[i]];

		if (!b->keys[i].verify || !b->keys[i].path || key_article(b->keys[i].path) != kb)
			continue;
		for (uint32_t t = 0; t < name->target_n; t++) {
			if (target_covers(&name->targets[t], &fit->on, &unsure))
				return false;
			other = other || (name->targets[t].kind == TARGET_SYSTEM && name->targets[t].editions && target_covers(&name->targets[t], &bare, &unsure));
		}
	}
	return other;
}

static size_t drop_other_editions(const struct judging *j, const struct entry *entry, struct fit *fits, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!fits[i].one_of || !of_other_edition(j, entry, &fits[i]))
			fits[kept++] = fits[i];
	return kept;
}

static void note_others(const struct entry *entry, struct fit *fits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (i != k && fits[i].row && fits[k].row && same_subject(&fits[i], &fits[k]) && other_update(&fits[i], &fits[k])) {
				fits[i].one_of = true;
				fits[i].any_of = entry_any_article(&entry->entry, &fits[i].on, fits[i].row) && entry_any_article(&entry->entry, &fits[k].on, fits[k].row);
			}
}

/* A rating that calls the host's system affected, for bulletins whose lists forgot it (MS05-018 in Japanese). */
static bool rated_fit(const struct judging *j, const struct reading *r, struct fit *out)
{
	for (uint32_t i = 0; i < r->bulletin->rating_n; i++) {
		const struct name *name = &j->catalog->names[r->ratings[i]];

		if (r->bulletin->ratings[i].severity <= SEVERITY_NONE || !(name->families & 1u << j->system.family))
			continue;
		for (uint32_t t = 0; t < name->target_n; t++) {
			bool unsure = false;

			if (name->targets[t].kind != TARGET_SYSTEM || !name->targets[t].family || !target_system_covers(&name->targets[t], &j->system, &unsure) || unsure)
				continue;
			*out = (struct fit){.kind = FIT_AFFECTED, .reading = r, .on = j->system, .installed = SEEN_PRESENT, .rated = r->bulletin->ratings[i].from.line};
			return true;
		}
	}
	return false;
}

size_t fits_find(const struct judging *j, const struct entry *entry, struct fit out[FITS_MAX])
{
	const char *program = product_of(entry->entry.id);
	size_t      n = 0;

	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct reading *r = &entry->readings[i];

		for (uint32_t p = 0; p < r->bulletin->product_n; p++) {
			const struct product *row = &r->bulletin->products[p];

			if (!(j->catalog->names[r->products[p]].families & (1u << j->system.family)))
				continue;
			for (uint32_t t = r->row_first[p]; t < r->row_first[p + 1]; t++) {
				struct target target = row_target(&r->rows[t], program);
				struct fit    fit;

				if (!target_fit(j, &target, row->affected, r->bulletin->published, &fit))
					continue;
				fit.reading = r;
				fit.row = row;
				fit_keep(out, &n, &fit);
			}
		}
	}
	for (uint32_t i = 0; !n && i < entry->reading_n; i++)
		n = rated_fit(j, &entry->readings[i], &out[0]);
	note_others(entry, out, n);
	return drop_other_editions(j, entry, out, n);
}

/* It speaks of this flaw and this update: one that only has the title of a flaw, or another update's article, does not. */
static bool rates(const struct rating *rating, const struct product *row)
{
	if (rating->severity == SEVERITY_UNKNOWN || (!rating->cve[0] && rating->flaw[0]))
		return false;
	return !row || !row->kb[0] || !rating->kb[0] || strcmp(row->kb, rating->kb) == 0;
}

/* The best rating of one reading for the host: by its own words for products, otherwise by those of the row. */
static const struct rating *reading_rating(const struct judging *j, const struct reading *r, const struct fit *fit, const char *cve, uint64_t flaw)
{
	const struct rating *best = NULL;
	unsigned             best_said = 0;
	bool                 unread = false; /* a rating whose product is in words that nobody knows */

	for (uint32_t i = 0; i < r->bulletin->rating_n; i++) {
		const struct rating *rating = &r->bulletin->ratings[i];
		const struct name   *name = &j->catalog->names[r->ratings[i]];

		if (r->rating_flaws[i] != flaw || !rates(rating, fit->row) || (name->target_n && !(name->families & 1u << fit->on.family)))
			continue;
		unread = unread || !name->target_n;
		for (uint32_t t = 0; t < name->target_n; t++) {
			bool     unsure = false;
			unsigned said = said_of(&name->targets[t]) + 1u + (name->targets[t].kind == TARGET_SOFTWARE) * 8u;

			if (name->targets[t].kind == TARGET_SYSTEM && fit->anywhere)
				continue;
			if (name->targets[t].kind == TARGET_SYSTEM ? !target_system_covers(&name->targets[t], &fit->on, &unsure) :
			                                             !target_covers(&name->targets[t], &fit->on, &unsure))
				continue;
			/* Of rows that say as much, as for two updates of one product, the worse counts. */
			if (!unsure && (said > best_said || (said == best_said && rating->severity > best->severity))) {
				best = rating;
				best_said = said;
			}
		}
	}
	return best ? best : unread && fit->row && r == fit->reading ? bulletin_rating(r->bulletin, fit->row, cve) : NULL;
}

const struct rating *fit_rating(const struct judging *j, const struct entry *entry, const struct fit *fit, const char *cve)
{
	const struct rating *worst = NULL;
	uint64_t             flaw = catalog_hash(j->catalog, cve);

	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct rating *rating = reading_rating(j, &entry->readings[i], fit, cve, flaw);

		/* Where languages contradict each other the worse rating counts. */
		if (rating && (!worst || rating->severity > worst->severity))
			worst = rating;
	}
	return worst;
}
