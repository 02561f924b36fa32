/* Many hosts by workers: what they find, what is passed over, bad hosts of every kind, an interruption, answers that are none. */
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assess/fleet_int.h"
#include "test/hosts.h"
#include "test/tap.h"

enum { PATH_SIZE = 512, MANY = 400 };

static char                  folder[] = "/tmp/sallyport-fleet-XXXXXX", database[PATH_SIZE];
static volatile sig_atomic_t stop;

/* Evidence of these tests: the lines of test/hosts/README; a few words do what hostile evidence does. */
static bool read_lines(struct host *host, const char *path, const char *bytes, size_t n, const char **why)
{
	static struct host_case one;
	const char             *bad = "";

	(void)path;
	if (n == 5 && memcmp(bytes, "crash", 5) == 0)
		abort();
	if (!n || (n == 7 && memcmp(bytes, "damaged", 7) == 0)) {
		*why = n ? "it is damaged" : "it is empty";
		return false;
	}
	memset(&one, 0, sizeof(one));
	for (const char *at = bytes; at < bytes + n && one.line_n < HOST_LINES_MAX; at += strcspn(at, "\n") + 1)
		snprintf(one.lines[one.line_n++], HOST_LINE, "%.*s", (int)strcspn(at, "\n"), at);
	host_close(host);
	*why = "a line is not understood";
	snprintf(one.name, sizeof(one.name), "%s", strrchr(path, '/') + 1);
	return host_build(&one, host, &bad);
}

struct heard {
	size_t   hosts, faults, findings, progress, total, stop_at;
	uint32_t counts[VERDICTS];
	char     sentence[SENTENCE_MAX], fault[SENTENCE_MAX], faulty[64];
};

static bool got(void *data, const struct host_result *host)
{
	struct heard *heard = data;

	heard->hosts += !host->fault;
	heard->faults += host->fault != NULL;
	heard->findings += host->finding_n;
	for (int i = 0; i < VERDICTS; i++)
		heard->counts[i] += host->counts[i];
	for (size_t i = 0; i < host->finding_n; i++)
		if (strcmp(host->findings[i].cve, "CVE-2007-9001") == 0)
			snprintf(heard->sentence, sizeof(heard->sentence), "%s", host->findings[i].sentence);
	if (host->fault) {
		snprintf(heard->fault, sizeof(heard->fault), "%s", host->fault);
		snprintf(heard->faulty, sizeof(heard->faulty), "%s", host->name);
	}
	return true;
}

static void progress(void *data, size_t done, size_t total)
{
	struct heard *heard = data;

	heard->progress = done;
	heard->total = total;
	if (heard->stop_at && done == heard->stop_at)
		stop = 1;
}

static void put(const char *name, const char *text)
{
	char  path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/hosts/%s", folder, name);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

#define OLDER "system xp sp2 x86 professional en\nfile %systemroot%\\system32\\wave.dll 5.1.2600.3099\n"
#define FIXED "system xp sp2 x86 professional en\nfile %systemroot%\\system32\\wave.dll 5.1.2600.3150\n"

static bool assess(const struct catalog *catalog, unsigned workers, const char *where, int64_t now, struct heard *heard, struct fleet_done *done, char why[PATH_SIZE])
{
	char              hosts[PATH_SIZE];
	const char       *paths[] = {hosts};
	struct results   *results = where ? results_open(where, true, why, PATH_SIZE) : NULL;
	struct fleet_wish wish = {.catalog = catalog, .read = read_lines, .workers = workers, .results = results, .program = "0.1.0", .now = now,
		.got = got, .progress = progress, .stop = &stop, .data = heard};
	bool              good;

	snprintf(hosts, sizeof(hosts), "%s/hosts", folder);
	memset(done, 0, sizeof(*done));
	*heard = (struct heard){.stop_at = heard->stop_at};
	good = (!where || results) && fleet_assess(paths, 1, &wish, done, why, PATH_SIZE);
	results_close(&results);
	return good;
}

static void one_by_one(const struct catalog *catalog)
{
	struct heard      heard = {0};
	struct fleet_done done;
	char              why[PATH_SIZE];

	put("a.host", OLDER);
	put("b.host", FIXED);
	put("sub-c.host", OLDER);
	put(".hidden", "crash");
	tap_ok(assess(catalog, 1, NULL, 0, &heard, &done, why) && heard.hosts == 3 && !heard.faults && done.total == 3 && !done.left, "three hosts of a folder are assessed");
	tap_ok(heard.counts[VERDICT_MISSING] >= 2 && heard.counts[VERDICT_FIXED] >= 1, "with their verdicts: %u missing, %u fixed", heard.counts[VERDICT_MISSING], heard.counts[VERDICT_FIXED]);
	tap_ok(strstr(heard.sentence, "wave.dll is 5.1.2600.") != NULL, "and their sentences: %s", heard.sentence);
	tap_ok(heard.progress == 3 && heard.total == 3, "progress is told");
}

/* Bad hosts: each is a row with its sentence, and the others are not harmed. */
static void bad_hosts(const struct catalog *catalog)
{
	struct heard      heard = {0};
	struct fleet_done done;
	char              why[PATH_SIZE];

	put("d.host", "crash");
	tap_ok(assess(catalog, 2, NULL, 0, &heard, &done, why) && heard.hosts == 3 && heard.faults == 1, "a host that kills its worker");
	tap_ok(strcmp(heard.fault, "its reader was ended by signal 6 (Aborted)") == 0 && strcmp(heard.faulty, "d.host") == 0, "is a row with its sentence: %s: %s", heard.faulty, heard.fault);
	put("d.host", "damaged");
	tap_ok(assess(catalog, 2, NULL, 0, &heard, &done, why) && heard.faults == 1 && strcmp(heard.fault, "it is damaged") == 0, "one that is damaged");
	put("d.host", "");
	tap_ok(assess(catalog, 2, NULL, 0, &heard, &done, why) && heard.faults == 1 && strcmp(heard.fault, "it is empty") == 0, "an empty one");
	put("d.host", "gibberish of some length\n");
	tap_ok(assess(catalog, 2, NULL, 0, &heard, &done, why) && heard.faults == 1 && strcmp(heard.fault, "a line is not understood") == 0, "one of something else");

	char path[PATH_SIZE], deep[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/hosts/d.host", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/hosts/loop", folder);
	snprintf(deep, sizeof(deep), "%s/hosts", folder);
	tap_ok(symlink(deep, path) == 0 && assess(catalog, 2, NULL, 0, &heard, &done, why) && heard.hosts == 3 && done.total == 3, "links are not followed");
	unlink(path);
}

static void kept(const struct catalog *catalog)
{
	struct heard      heard = {0};
	struct fleet_done done;
	char              why[PATH_SIZE], path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/hosts/b.host", folder);
	tap_ok(assess(catalog, 2, database, 1000, &heard, &done, why) && done.done.assessed == 3, "three hosts are kept");
	tap_ok(assess(catalog, 2, database, 2000, &heard, &done, why) && !done.done.assessed && done.done.unchanged == 3 && !heard.hosts && heard.progress == 3, "the next run assesses none");
	put("a.host", FIXED);
	put("e.host", "crash");
	unlink(path);
	tap_ok(assess(catalog, 2, database, 3000, &heard, &done, why) && done.done.assessed == 1 && done.done.unchanged == 1 && done.done.unreadable == 1 && done.done.gone == 1 && done.done.changes >= 1,
		"one changed, one came and is bad, one is gone");
	put("e.host", OLDER);
	put("b.host", FIXED);
	tap_ok(assess(catalog, 2, database, 4000, &heard, &done, why) && done.done.assessed == 2 && !done.done.unreadable && !done.done.gone, "both are good again");
}

/* An interruption leaves what was done, and the next run does the rest. */
static void interrupted(const struct catalog *catalog)
{
	struct heard      heard = {.stop_at = 100};
	struct fleet_done done;
	char              why[PATH_SIZE], name[32];
	uint32_t          first;

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "m%03d.host", i);
		put(name, i % 2 ? OLDER : FIXED);
	}
	bool good = assess(catalog, 2, database, 5000, &heard, &done, why);

	tap_ok(good && done.stopped && done.left > 0 && done.done.gone == 0, "a run is interrupted: %zu of %zu are left", done.left, done.total);
	first = done.done.assessed;
	stop = 0;
	heard.stop_at = 0;
	tap_ok(first >= 90 && assess(catalog, 2, database, 6000, &heard, &done, why) && !done.left && done.done.assessed == MANY - first, "the next run does the %zu that were left", (size_t)MANY - first);
}

/* Bytes that a taken over worker could send. */
static void answers(const struct catalog *catalog)
{
	struct fleet_wish  wish = {.catalog = catalog, .read = read_lines};
	struct host_result host = {0};
	size_t             n, refused = 0;
	char              *good = fleet_work(&wish, "/x/y", OLDER, strlen(OLDER), &n), *bad = malloc(n + 1);

	if (!tap_ok(good && bad && fleet_answer(catalog, good, n, &host) && host.finding_n > 0, "an answer is understood"))
		return;
	free((void *)(uintptr_t)host.findings);
	for (size_t i = 0; i < n; i++) {
		char *exact = malloc(i ? i : 1);

		memcpy(exact, good, i);
		refused += !fleet_answer(catalog, exact, i, &host);
		free(exact);
	}
	tap_number(refused, n, "one that is cut anywhere is none");
	memcpy(bad, good, n);
	bad[n] = 0;
	tap_ok(!fleet_answer(catalog, bad, n + 1, &host), "one with something behind it is none");
	srand(7);
	for (int i = 0; i < 20000; i++) {
		memcpy(bad, good, n);
		for (int k = rand() % 4; k >= 0; k--)
			bad[(size_t)rand() % n] = (char)rand();
		if (fleet_answer(catalog, bad, n, &host))
			free((void *)(uintptr_t)host.findings);
	}
	tap_ok(true, "20000 that are damaged end nothing");
	free(good);
	free(bad);
}

static bool name_seen(void *data, const struct host_result *host)
{
	struct heard *heard = data;

	if (host->fault)
		tap_note("%s: %s", host->source, host->fault);
	else if (!host->system[0])
		tap_note("%s: no system", host->name);
	else
		heard->findings++;
	heard->hosts += !host->fault;
	heard->faults += host->fault != NULL;
	return true;
}

/* A fleet reads a host's text as `inventory` does: a mark of Windows' editors is passed over, and a listing's product names its edition. */
static void as_alone(void)
{
	static const char marked[] = "\xef\xbb\xbf{\"format\":\"sallyport-inventory-1\",\"name\":\"A\"}";
	static const char listing[] = "Host Name:                 HOST1\nOS Name:                   Microsoft Windows XP Professional\nOS Version:                5.1.2600 Service Pack 2 Build 2600\n"
				      "OS Manufacturer:           Microsoft Corporation\nOS Configuration:          Standalone Server\n";
	struct host       host;
	const char       *why = "";

	tap_ok(host_open(&host, "a.json") && evidence_of_bytes(&host, "a.json", marked, sizeof(marked) - 1, &why) && strcmp(host.name, "A") == 0, "an inventory with a mark: %s", why);
	host_close(&host);
	tap_ok(host_open(&host, "b.txt") && evidence_of_bytes(&host, "b.txt", listing, sizeof(listing) - 1, &why) && host.system.edition == EDITION_PROFESSIONAL,
	       "a listing's edition, of a workstation that is configured as a server: %u, %s", host.system.edition, why);
	host_close(&host);
}

/* Real listings, in many encodings, an inventory made of one, and a real hive, which a child of its own reads. */
static void real_evidence(const struct catalog *catalog)
{
	const char       *shared = getenv("SHARED") ? getenv("SHARED") : "../shared";
	char              path[PATH_SIZE], command[PATH_SIZE * 6], why[PATH_SIZE];
	const char       *paths[] = {path};
	struct heard      heard = {0};
	struct fleet_done done;
	struct fleet_wish wish = {.catalog = catalog, .read = evidence_of_bytes, .is_host = evidence_is_host, .bytes = evidence_bytes, .got = name_seen, .data = &heard};

	snprintf(path, sizeof(path), "%s/hosts/systeminfo", shared);
	if (access(path, R_OK) < 0) {
		tap_skip("the given hosts are absent: set SHARED, or put them at ../shared");
		return;
	}
	snprintf(path, sizeof(path), "%s/real", folder);
	snprintf(command, sizeof(command), "mkdir %s && cp %s/hosts/systeminfo/*systeminfo*.txt %s && xz -dc %s/hosts/hives/SYSTEM.xz >%s/SYSTEM", path, shared, path, shared, path);
	if (!tap_ok(system(command) == 0, "real evidence"))
		return;
	tap_ok(fleet_assess(paths, 1, &wish, &done, why, sizeof(why)) && done.total == 11 && heard.hosts == 11 && !heard.faults, "ten listings and a hive are hosts (%zu, %zu)", heard.hosts, heard.faults);
	tap_ok(heard.findings >= 10, "of %zu the system is known", heard.findings);
}

int main(void)
{
	struct catalog *catalog = catalog_open();
	char            command[PATH_SIZE];

	if (!mkdtemp(folder))
		abort();
	snprintf(database, sizeof(database), "%s/results.db", folder);
	snprintf(command, sizeof(command), "%s/hosts", folder);
	if (mkdir(command, 0755) < 0)
		abort();
	tap_ok(bulletins_make(catalog, "test/hosts/engine.bulletins") && catalog_ready(catalog, NULL, NULL), "there is a catalogue");
	one_by_one(catalog);
	bad_hosts(catalog);
	kept(catalog);
	interrupted(catalog);
	answers(catalog);
	as_alone();
	real_evidence(catalog);
	catalog_close(&catalog);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		tap_note("%s is left behind", folder);
	return tap_done();
}
