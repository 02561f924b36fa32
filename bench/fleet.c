/* For bench/assess: makes hosts from the file tables of bulletins, and assesses them; prints what each step took as JSON. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "assess/fleet.h"
#include "assess/load.h"

enum { FILES_MAX = 4096, LINE = 1024, SEED = 4711 };

/*
 * Evidence is lines here, so that judging and keeping are measured and not one format: S family pack arch role language,
 * U article, F version path.
 */

struct kind {
	const char *name;
	enum family family;
	uint16_t    major, minor, build; /* of its files */
	int         packs, share; /* of a hundred hosts */
	enum role   role;
};

static const struct kind kinds[] = {
	{"nt4", FAMILY_NT4, 4, 0, 1381, 6, 5, ROLE_SERVER},
	{"2000", FAMILY_2000, 5, 0, 2195, 4, 25, ROLE_SERVER},
	{"xp", FAMILY_XP, 5, 1, 2600, 3, 35, ROLE_WORKSTATION},
	{"2003", FAMILY_2003, 5, 2, 3790, 2, 20, ROLE_DOMAIN_CONTROLLER},
	{"vista", FAMILY_VISTA, 6, 0, 0, 2, 5, ROLE_WORKSTATION},
	{"7", FAMILY_7, 6, 1, 0, 1, 10, ROLE_WORKSTATION},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % limit;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool keep(void *data, struct bulletin *b)
{
	return catalog_add(data, b);
}

static void tell(void *data, const char *path, const char *sentence)
{
	(void)data;
	fprintf(stderr, "%s: %s\n", path, sentence);
}

static struct catalog *catalog_of(const char *folder, json_t *report)
{
	const char      *paths[] = {folder};
	struct catalog  *catalog = catalog_open();
	struct load_wish wish = {.got = keep, .said = tell, .data = catalog};
	struct load_done done;
	double           began = seconds(), loaded;

	if (!catalog || !load_bulletins(paths, 1, &wish, &done))
		exit(2);
	loaded = seconds();
	if (!catalog_ready(catalog, NULL, NULL))
		exit(2);
	json_object_set_new(report, "bulletins", json_integer((json_int_t)catalog_count(catalog)));
	json_object_set_new(report, "load", json_real(loaded - began));
	json_object_set_new(report, "index", json_real(seconds() - loaded));
	return catalog;
}

/* A file of the host being made: the newest that any of its updates brought. */
struct made {
	const char *name;
	uint16_t    version[4];
};

static struct made made[FILES_MAX];
static size_t      made_n;

static void file_seen(const char *name, const uint16_t version[4], bool installed)
{
	size_t i = 0;

	while (i < made_n && strcasecmp(made[i].name, name) != 0)
		i++;
	if (i == FILES_MAX)
		return;
	if (i == made_n) {
		made[made_n++] = (struct made){.name = name};
		memcpy(made[i].version, version, sizeof(made[i].version));
		made[i].version[3] = installed ? version[3] : 0;
	} else if (installed && version_compare(version, made[i].version) > 0) {
		memcpy(made[i].version, version, sizeof(made[i].version));
	}
}

static bool of_kind(const struct kind *kind, const uint16_t version[4])
{
	return version[0] == kind->major && version[1] == kind->minor && (!kind->build || version[2] == kind->build);
}

/* Each update is there or not, as well patched as the host is. */
static void one_host(const struct catalog *catalog, FILE *out, const struct kind *kind)
{
	static const char *const languages[] = {"ja", "en", "de"};
	uint32_t                 patched = random_below(101), pack = random_below((uint32_t)kind->packs + 1);

	made_n = 0;
	fprintf(out, "S %s %u x86 %d %s\n", kind->name, pack, (int)kind->role, languages[random_below(3)]);
	for (size_t i = 0; i < catalog_count(catalog); i++) {
		const struct bulletin *b = catalog_at(catalog, i)->readings[0];
		bool                   installed = random_below(100) < patched, any = false;

		for (uint32_t f = 0; f < b->file_n; f++) {
			uint16_t version[4];

			if (!version_parse(b->files[f].version, version) || !of_kind(kind, version) || strpbrk(b->files[f].name, "\\ \n"))
				continue;
			file_seen(b->files[f].name, version, installed);
			any = true;
		}
		if (installed && any && b->kb[0])
			fprintf(out, "U KB%s\n", b->kb);
	}
	for (size_t i = 0; i < made_n; i++)
		fprintf(out, "F %u.%u.%u.%u %s\n", made[i].version[0], made[i].version[1], made[i].version[2], made[i].version[3], made[i].name);
}

static int make(const char *bulletins, const char *folder, uint32_t count)
{
	json_t         *report = json_object();
	struct catalog *catalog = catalog_of(bulletins, report);

	random_state = SEED;
	for (uint32_t i = 0; i < count; i++) {
		char     path[LINE];
		uint32_t share = random_below(100), k = 0;
		FILE    *out;

		while (k + 1 < KINDS && share >= (uint32_t)kinds[k].share)
			share -= (uint32_t)kinds[k++].share;
		snprintf(path, sizeof(path), "%s/%s-%05u.host", folder, kinds[k].name, i);
		out = fopen(path, "w");
		if (!out) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return 2;
		}
		one_host(catalog, out, &kinds[k]);
		if (fclose(out) != 0)
			return 2;
	}
	catalog_close(&catalog);
	json_decref(report);
	return 0;
}

static bool one_line(struct host *host, const char *line, struct origin from)
{
	char              word[64], language[8];
	unsigned          pack, role;
	int               at = 0;
	struct host_file *file;
	char              path[LINE];

	if (sscanf(line, "S %15s %u x86 %u %7s", word, &pack, &role, language) == 4) {
		for (size_t k = 0; k < KINDS; k++)
			if (strcmp(kinds[k].name, word) == 0)
				host->system.family = kinds[k].family;
		host->system.pack = (int)pack;
		host->system.arch = ARCH_X86;
		host->system.role = (enum role)role;
		snprintf(host->system.language, sizeof(host->system.language), "%s", language);
		host->system.from = from;
		return host->system.family != FAMILY_UNKNOWN;
	}
	if (sscanf(line, "U %31s", word) == 1)
		return host_add_update(host, word, from) != NULL;
	if (sscanf(line, "F %47s %n", word, &at) < 1 || !at)
		return false;
	snprintf(path, sizeof(path), "%%systemroot%%\\system32\\%s", line + at);
	file = host_add_file(host, path, from);
	if (file) {
		file->seen = SEEN_PRESENT;
		file->versioned = version_parse(word, file->version);
	}
	return file != NULL;
}

static bool read_lines(struct host *host, const char *path, const char *bytes, size_t n, const char **why)
{
	struct origin from = {EVIDENCE_INVENTORY, path, 0};

	host->name = host_text(host, strrchr(path, '/') + 1);
	*why = "a line is not understood";
	for (const char *at = bytes; at < bytes + n;) {
		char   line[LINE];
		size_t length = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, at);
		from.line++;
		if (!one_line(host, line, from))
			return false;
		at += length + 1;
	}
	/* What the collecting script lists in full. */
	return host_add_scope(host, SCOPE_UPDATES, "", from) && host_add_scope(host, SCOPE_FILES, "%systemroot%", from) && host_add_scope(host, SCOPE_SERVICES, "", from) &&
	       host_add_scope(host, SCOPE_SOFTWARE, "", from) && host_add_scope(host, SCOPE_KEYS, "HKLM\\SOFTWARE\\Microsoft", from);
}

/* Assesses twice: the second time nothing has changed. */
static int assess(const char *bulletins, const char *folder, const char *where)
{
	json_t           *report = json_object();
	struct catalog   *catalog = catalog_of(bulletins, report);
	const char       *paths[] = {folder};
	static const char *const names[] = {"assess", "again"};
	char              why[512] = "";

	for (int i = 0; i < 2; i++) {
		double            began = seconds();
		struct results   *results = results_open(where, true, why, sizeof(why));
		struct fleet_wish wish = {.catalog = catalog, .read = read_lines, .results = results, .program = "bench", .now = 1000 + i};
		struct fleet_done done;

		if (!results || !fleet_assess(paths, 1, &wish, &done, why, sizeof(why))) {
			fprintf(stderr, "%s: %s\n", where, why);
			return 2;
		}
		results_close(&results);
		json_object_set_new(report, names[i], json_real(seconds() - began));
		if (i == 0)
			json_object_set_new(report, "hosts", json_integer(done.done.assessed));
		if (done.done.unreadable || (i == 1 && done.done.assessed))
			fprintf(stderr, "%u hosts were unreadable, %u assessed again\n", done.done.unreadable, done.done.assessed);
	}
	json_dumpf(report, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(report);
	catalog_close(&catalog);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "make") == 0)
		return make(argv[2], argv[3], (uint32_t)strtoul(argv[4], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "assess") == 0)
		return assess(argv[2], argv[3], argv[4]);
	fprintf(stderr, "usage: bench_fleet make BULLETINS FOLDER COUNT | assess BULLETINS FOLDER RESULTS\n");
	return 2;
}
