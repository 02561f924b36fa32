/* Hosts built from the file tables of the shared bulletins: each file as the update brings it, and one below. No verdict may be the wrong way round. */
#include <stdlib.h>
#include <strings.h>

#include "assess/catalog_int.h"
#include "assess/judge_int.h"
#include "test/hosts.h"
#include "test/tap.h"

struct tally {
	unsigned rows, verdicts[2][VERDICTS + 1]; /* at the update's version, one below it; VERDICTS: none */
	unsigned hosts, whole[2][VERDICTS + 1]; /* all files of the table for a host as its branch of the update brings them, as its service pack did */
};

struct seen_verdict {
	bool         any;
	enum verdict worst;
	char         sentence[SENTENCE_MAX];
};

/* The worst of the flaws that the bulletin rates here; reviewed ones look at files of their own. */
static bool see(void *data, const struct finding *f)
{
	struct seen_verdict *s = data;

	if (f->flaw || f->rule == RULE_NOT_RATED || (s->any && f->verdict <= s->worst))
		return true;
	s->any = true;
	s->worst = f->verdict;
	memcpy(s->sentence, f->sentence, sizeof(s->sentence));
	return true;
}

static bool is_code(const char *name)
{
	static const char *const ends[] = {".dll", ".exe", ".sys", ".ocx"};
	const char              *end = strrchr(name, '.');

	for (size_t i = 0; end && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcasecmp(end, ends[i]) == 0)
			return true;
	return false;
}

/* The architecture of the row's host, or 0 for 32-bit files of 64-bit systems, which stand elsewhere. */
static unsigned arch_of(const struct file *row, const struct target *t)
{
	const char *said = row->arch ? row->arch : "";

	if (row->folder && strcasestr(row->folder, "WOW"))
		return 0;
	if (t->arch & (ARCH_X64 | ARCH_IA64))
		return strcasecmp(said, "x86") == 0 ? 0 : t->arch;
	if (strcasestr(said, "64"))
		return strcasestr(said, "ia") ? ARCH_IA64 : ARCH_X64;
	return ARCH_X86;
}

/* The host that the row is for: the first product of its name, with the service pack that the build belongs to. */
static void build(struct host *host, const struct file *row, const struct table_version *version, const struct name *name, unsigned arch)
{
	const struct target *t = &name->targets[0];
	int                  of_build = version_pack(version->version), said = packs_last(t->packs);
	bool                 by_build = of_build >= 0 && (!t->packs || (t->packs >> of_build & 1) || name->target_n > 1);
	unsigned             usual = t->family == FAMILY_2000 || t->family == FAMILY_2003 || t->family == FAMILY_2008 ? EDITION_SERVER : EDITION_PROFESSIONAL;

	host_open(host, "table");
	host->system.family = t->family;
	host->system.arch = arch;
	host->system.product = "a host of a table";
	host->system.pack = by_build ? of_build : said >= 0 ? said : t->family == FAMILY_2000 ? 4 : 0;
	host->system.edition = t->editions ? t->editions : usual;
	host->system.role = ROLE_SERVER;
	snprintf(host->system.language, sizeof(host->system.language), "%s", row->language ? row->language : "ja");
	if (t->software) {
		struct host_software *software = host_add_software(host, t->software, (struct origin){EVIDENCE_INVENTORY, "table", 1});

		software->target = (struct target){.kind = TARGET_SOFTWARE, .software = t->software, .version = {t->version[0], t->version[1]}, .software_packs = t->software_packs};
	}
}

static void put_version(struct host *host, const struct file *row, const uint16_t version[4])
{
	char              path[256];
	struct host_file *file;

	snprintf(path, sizeof(path), "%%systemroot%%\\system32\\%s", row->name);
	for (char *c = path; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	file = host_add_file(host, path, (struct origin){EVIDENCE_INVENTORY, "table", 2});
	file->versioned = true;
	memcpy(file->version, version, sizeof(file->version));
}

static void put_file(struct host *host, const struct file *row, const struct table_version *version, bool below)
{
	const uint16_t *v = version->version;

	put_version(host, row, (const uint16_t[4]){v[0], v[1], v[2], (uint16_t)(v[3] - below)});
	host_seal(host);
}

static void judge_row(const struct catalog *catalog, const struct entry *entry, const struct reading *r, uint32_t i, unsigned arch, struct tally *tally)
{
	const struct file *row = &r->bulletin->files[i];

	for (unsigned below = 0; below < 2; below++) {
		struct seen_verdict seen = {.any = false};
		struct host         host;

		build(&host, row, &r->versions[i], &catalog->names[r->files[i]], arch);
		put_file(&host, row, &r->versions[i], below);
		assess_host(catalog, &host, false, see, &seen);
		tally->verdicts[below][seen.any ? seen.worst : VERDICTS]++;
		if (seen.any && seen.worst == (below ? VERDICT_FIXED : VERDICT_MISSING))
			tap_note("%s line %u: %s %s%s: %s", entry->entry.id, row->from.line, row->name, row->version, below ? " less one" : "", seen.sentence);
		host_close(&host);
	}
}

/* The last number of the version that the file had when the system, or the service pack that the version belongs to, was released; 0xffff: not known. */
static uint16_t shipped_build(const uint16_t v[4])
{
	static const uint16_t xp[] = {0, 1106, 2180, 5512}, server[] = {0, 1830, 3959};
	static const uint16_t later[][2] = {{6000, 16386}, {6001, 18000}, {6002, 18005}, {7600, 16385}, {7601, 17514}, {9200, 16384}};

	if (v[0] > 8)
		return 0xffff; /* Media Player counts its own */
	if (v[2] == 2600)
		return xp[version_pack(v)];
	if (v[2] == 3790)
		return server[version_pack(v)];
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (later[i][0] == v[2])
			return later[i][1];
	return 0xffff;
}

/* 1: GDR, 2: QFE or LDR, 0: both. */
static unsigned branch_of(const struct file *row, const uint16_t version[4])
{
	const char *said = row->branch ? row->branch : "";

	return strcasestr(said, "GDR") ? 1 : strcasestr(said, "QFE") ? 2 : version_kind(version);
}

/* Row k is of the table, architecture and line that row i is of. */
static bool of_host(const struct catalog *catalog, const struct reading *r, uint32_t i, uint32_t k)
{
	const uint16_t      *v = r->versions[i].version, *w = r->versions[k].version;
	const struct target *t = &catalog->names[r->files[i]].targets[0];

	return r->files[i] == r->files[k] && r->versions[i].versioned && r->versions[k].versioned && is_code(r->bulletin->files[k].name) && v[2] == w[2] &&
		version_pack(v) == version_pack(w) && arch_of(&r->bulletin->files[k], t) == arch_of(&r->bulletin->files[i], t);
}

/* The newest row of the name that the host's branch of the update brings; NULL: that branch leaves the file as it was. */
static const uint16_t *of_branch(const struct catalog *catalog, const struct reading *r, uint32_t i, uint32_t k, unsigned branch)
{
	const uint16_t *best = NULL;

	for (uint32_t n = 0; n < r->bulletin->file_n; n++) {
		const uint16_t *v = r->versions[n].version;
		unsigned        of = branch_of(&r->bulletin->files[n], v);
		bool            ours = !of || of == branch || (of == 1 && version_shipped(v)) || strcasecmp(r->bulletin->files[n].name, "ieapfltr.dll") == 0; /* of both branches */

		if (ours && of_host(catalog, r, i, n) && strcasecmp(r->bulletin->files[n].name, r->bulletin->files[k].name) == 0 &&
		    memcmp(v, r->versions[k].version, 2 * sizeof(v[0])) == 0 && (!best || version_compare(v, best) > 0))
			best = v;
	}
	return best;
}

/* All files of the table on one host; false when its branch brings none, or where what it had before is not known. */
static bool put_all(struct host *host, const struct catalog *catalog, const struct reading *r, uint32_t i, unsigned branch, bool patched)
{
	unsigned brought = 0;

	for (uint32_t k = 0; k < r->bulletin->file_n; k++) {
		const uint16_t *v = r->versions[k].version, *to;
		uint16_t        before;

		if (!of_host(catalog, r, i, k))
			continue;
		to = of_branch(catalog, r, i, k, branch);
		before = shipped_build(v);
		brought += to != NULL && to[3] != before;
		if (before == 0xffff)
			return false;
		if (to && patched)
			put_version(host, &r->bulletin->files[k], to);
		else
			put_version(host, &r->bulletin->files[k], (const uint16_t[4]){v[0], v[1], v[2], before});
	}
	host_seal(host);
	return brought;
}

/* A host of the row's line, patched by the branch's files and not patched at all. */
static void judge_whole(const struct catalog *catalog, const struct entry *entry, const struct reading *r, uint32_t i, unsigned arch, struct tally *tally)
{
	for (uint32_t k = 0; k < i; k++)
		if (of_host(catalog, r, i, k))
			return;
	for (unsigned at = 0; at < 4; at++) {
		unsigned            branch = 1 + at / 2;
		bool                patched = at % 2 == 0;
		struct seen_verdict seen = {.any = false};
		struct host         host;

		build(&host, &r->bulletin->files[i], &r->versions[i], &catalog->names[r->files[i]], arch);
		if (put_all(&host, catalog, r, i, branch, patched)) {
			assess_host(catalog, &host, false, see, &seen);
			tally->hosts += patched;
			tally->whole[!patched][seen.any ? seen.worst : VERDICTS]++;
			if (seen.any && seen.worst == (patched ? VERDICT_MISSING : VERDICT_FIXED))
				tap_note("%s line %u: branch %u, %s: %s", entry->entry.id, r->bulletin->files[i].from.line, branch, patched ? "patched" : "as released", seen.sentence);
		}
		host_close(&host);
	}
}

/* One bulletin alone, without what replaces it: the rows must tell by themselves. */
static void judge_entry_rows(const struct catalog *catalog, const struct entry *entry, struct tally *tally)
{
	struct entry   alone = *entry;
	struct catalog view = *catalog;

	alone.edge_n = 0;
	view.entries = &alone;
	view.entry_n = 1;
	for (uint32_t k = 0; k < entry->reading_n; k++) {
		const struct reading *r = &entry->readings[k];

		if (r->bulletin->cve_n && r->reviewed[0]) /* its flaws are judged by single files: test/hosts has them */
			continue;
		for (uint32_t i = 0; i < r->bulletin->file_n; i++) {
			const struct name *name = &catalog->names[r->files[i]];
			unsigned           arch;

			if (!r->versions[i].versioned || !r->versions[i].version[3] || !is_code(r->bulletin->files[i].name) || !name->target_n || !name->targets[0].family)
				continue;
			arch = arch_of(&r->bulletin->files[i], &name->targets[0]);
			if (!arch)
				continue;
			judge_whole(&view, &alone, r, i, arch, tally);
			if (version_shipped(r->versions[i].version)) /* no update is shown by it */
				continue;
			tally->rows++;
			judge_row(&view, &alone, r, i, arch, tally);
		}
	}
}

int main(void)
{
	struct catalog *catalog = catalog_open();
	struct tally    tally = {0};

	if (!bulletins_there()) {
		tap_ok(getenv("SHARED_REQUIRED") == NULL, "hosts of tables # SKIP the shared bulletins are absent: set SHARED, or put them at ../shared");
		catalog_close(&catalog);
		return tap_done();
	}
	bulletins_load_all(catalog, "ja");
	bulletins_load_all(catalog, "de");
	tap_ok(catalog_ready(catalog, NULL, NULL), "the shared bulletins make a catalogue of %zu", catalog_count(catalog));
	for (uint32_t i = 0; i < catalog->entry_n; i++)
		judge_entry_rows(catalog, &catalog->entries[i], &tally);
	tap_ok(tally.rows > 6500, "%u rows of files have a host", tally.rows);
	tap_ok(tally.verdicts[0][VERDICT_MISSING] == 0, "no host with the update's file is called unpatched");
	tap_ok(tally.verdicts[1][VERDICT_FIXED] == 0, "no host with a file one below is called patched");
	tap_ok(tally.verdicts[0][VERDICT_FIXED] * 100 > tally.rows * 93, "at the update's version: fixed %u, cannot-tell %u, not-affected %u, none %u", tally.verdicts[0][VERDICT_FIXED],
		tally.verdicts[0][VERDICT_CANNOT_TELL], tally.verdicts[0][VERDICT_NOT_AFFECTED], tally.verdicts[0][VERDICTS]);
	tap_ok(tally.verdicts[1][VERDICT_MISSING] * 100 > tally.rows * 90, "one below: missing %u, cannot-tell %u, not-affected %u, none %u", tally.verdicts[1][VERDICT_MISSING],
		tally.verdicts[1][VERDICT_CANNOT_TELL], tally.verdicts[1][VERDICT_NOT_AFFECTED], tally.verdicts[1][VERDICTS]);
	tap_ok(tally.hosts > 100 && tally.whole[0][VERDICT_MISSING] == 0, "of %u whole hosts with their branch's files none is called unpatched: fixed %u, cannot-tell %u", tally.hosts,
		tally.whole[0][VERDICT_FIXED], tally.whole[0][VERDICT_CANNOT_TELL]);
	tap_ok(tally.whole[1][VERDICT_FIXED] == 0, "none with the files as released is called patched: missing %u, cannot-tell %u", tally.whole[1][VERDICT_MISSING],
		tally.whole[1][VERDICT_CANNOT_TELL]);
	catalog_close(&catalog);
	return tap_done();
}
