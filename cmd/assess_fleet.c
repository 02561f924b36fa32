/* `sallyport assess --results`: a fleet into its database, by workers, with what did not change passed over. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "assess/evidence.h"
#include "assess/fleet.h"
#include "cmd/assess.h"

enum { WHY = 512 };

static volatile sig_atomic_t stopped;

struct fleet_job {
	struct assess_job *job;
	bool               terminal, shown, found;
	uint64_t           shown_ms;
};

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* In a worker, of bytes that are no hive. */
static bool read_bytes(struct host *host, const char *path, const char *bytes, size_t n, const char **why)
{
	size_t at = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (at < n && strchr(" \t\r\n", bytes[at]) && bytes[at])
		at++;
	if (at < n && bytes[at] == '{')
		return inventory_read(host, path, bytes + at, n - at, why);
	if (listing_is((const uint8_t *)bytes, n))
		return listing_read(host, path, (const uint8_t *)bytes, n, why);
	*why = "it is no hive, no inventory and no listing of systeminfo or wmic qfe";
	return false;
}

/* Trees and hives are read from descriptors, by a child of their own, and come as inventories. */
static bool is_host(const char *path)
{
	int  fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char magic[4];
	bool is = fd >= 0 && ((pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, "regf", sizeof(magic)) == 0) || tree_is(fd));

	if (fd >= 0)
		close(fd);
	return is;
}

/* The bulletins that decide which files are kept; fleet_bytes has no argument for it. */
static const struct catalog *wanting;

static bool file_want(void *data, const char *name)
{
	(void)data;
	return catalog_wants_file(wanting, name);
}

static char *host_bytes(const char *path, size_t *out_n, char *why, size_t size)
{
	struct host host;
	const char *said = "there is no memory for it";
	char       *text = NULL;
	json_t     *document;

	if (host_open(&host, path)) {
		if (evidence_read(&host, path, file_want, NULL, &said)) {
			host_seal(&host);
			document = inventory_json(&host);
			text = document ? json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
			json_decref(document);
		}
	}
	snprintf(why, size, "%s", said ? said : "");
	host_close(&host);
	*out_n = text ? strlen(text) : 0;
	return text;
}

static bool got(void *data, const struct host_result *host)
{
	struct fleet_job *fleet = data;
	char              path[WHY], fault[WHY];

	for (int v = 0; v < VERDICTS; v++)
		fleet->found = fleet->found || ((fleet->job->fails >> v & 1) && host->counts[v]);
	if (host->fault) {
		if (fleet->shown)
			fputs("\r\033[K", stderr);
		fleet->shown = false;
		complain("%s: %s", assess_harmless(host->source, path, sizeof(path)), assess_harmless(host->fault, fault, sizeof(fault)));
	}
	return true;
}

static void progress(void *data, size_t done, size_t total)
{
	struct fleet_job *fleet = data;

	assess_progress(&fleet->shown_ms, &fleet->shown, done, total, "hosts");
}

/* Hosts that were passed over may miss something too: what is kept says so. */
static bool kept_missing(struct results *results, unsigned fails)
{
	json_t *hosts = results_hosts(results), *host;
	bool    found = false;
	size_t  i;

	json_array_foreach(hosts, i, host)
		for (int v = 0; v < VERDICTS; v++)
			found = found || ((fails >> v & 1) && json_integer_value(json_object_get(host, verdict_name(v))) > 0);
	json_decref(hosts);
	return found;
}

int assess_fleet(struct assess_job *job)
{
	struct fleet_job  fleet = {.job = job};
	struct fleet_wish wish = {.catalog = job->catalog, .read = read_bytes, .is_host = is_host, .bytes = host_bytes, .workers = job->workers, .program = SALLYPORT_VERSION,
		.now = time(NULL), .got = got, .progress = progress, .stop = &stopped, .data = &fleet};
	struct fleet_done done;
	struct sigaction  act = {.sa_handler = stop};
	char              why[WHY];
	bool              good;

	wanting = job->catalog;
	wish.results = results_open(job->results, true, why, sizeof(why));
	if (!wish.results) {
		complain("the results cannot be kept: %s", why);
		return EXIT_USAGE;
	}
	listing_prepare();
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	good = fleet_assess(job->hosts, job->host_n, &wish, &done, why, sizeof(why));
	if (fleet.shown)
		fputs("\r\033[K", stderr);
	if (!good)
		complain("%s", why);
	fleet.found = fleet.found || (good && kept_missing(wish.results, job->fails));
	printf("%zu hosts: %u assessed, %u unchanged, %u cannot be read, %u gone; %u verdicts changed\n", done.total, done.done.assessed, done.done.unchanged, done.done.unreadable,
		done.done.gone, done.done.changes);
	if (done.left)
		printf("%zu hosts were not looked at: the same command does the rest\n", done.left);
	results_close(&wish.results);
	if (done.stopped)
		return EXIT_INTERRUPTED;
	if (!good || !output_ok() || job->bad || done.done.unreadable)
		return EXIT_USAGE;
	return fleet.found ? EXIT_FOUND : EXIT_CLEAN;
}
