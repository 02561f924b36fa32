/* Hosts built from the file tables of the shared bulletins: each file as the update brings it, and one below. No verdict may be the wrong way round. */
#include <stdlib.h>
#include <strings.h>

#include "assess/catalog_int.h"
#include "assess/judge_int.h"
#include "test/hosts.h"
#include "test/tap.h"

struct tally {
	unsigned rows, verdicts[2][VERDICTS + 1]; /* at the update's version, one below it; VERDICTS: none */
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

static int last_pack(uint32_t packs)
{
	int last = -1;

	for (int i = 0; i < 32; i++)
		if (packs >> i & 1)
			last = i;
	return last;
}

/* The host that the row is for: the first product of its name, with the service pack that the build belongs to. */
static void build(struct host *host, const struct file *row, const struct table_version *version, const struct name *name, unsigned arch)
{
	const struct target *t = &name->targets[0];
	int                  of_build = version_pack(version->version), said = last_pack(t->packs);
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

static void put_file(struct host *host, const struct file *row, const struct table_version *version, bool below)
{
	char              path[256];
	struct host_file *file;

	snprintf(path, sizeof(path), "%%systemroot%%\\system32\\%s", row->name);
	for (char *c = path; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	file = host_add_file(host, path, (struct origin){EVIDENCE_INVENTORY, "table", 2});
	file->versioned = true;
	memcpy(file->version, version->version, sizeof(file->version));
	file->version[3] = (uint16_t)(file->version[3] - below);
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
	catalog_close(&catalog);
	return tap_done();
}
