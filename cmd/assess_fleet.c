/* `sallyport assess --results`: a fleet into its database, by workers, with what did not change passed over. */
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assess/evidence.h"
#include "assess/fleet.h"
#include "cmd/assess.h"

enum { WHY = 512 };

static volatile sig_atomic_t stopped;

struct fleet_job {
	struct assess_job *job;
	bool               shown, found;
	uint64_t           shown_ms;
};

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
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

/* Evidence of one machine in two files is two hosts here, each of which knows half: whoever looks at their counts must be told. */
static void tell_twins(struct results *results)
{
	json_t     *hosts = results_hosts(results), *seen = json_object(), *host;
	size_t      i, twins = 0;
	const char *first = NULL;
	char        shown[WHY];

	json_array_foreach(hosts, i, host) {
		const char *name = json_string_value(json_object_get(host, "host")), *state = json_string_value(json_object_get(host, "state"));

		if (!name || !state || strcmp(state, "assessed") != 0)
			continue;
		if (json_object_get(seen, name)) {
			first = first ? first : name;
			twins++;
		} else {
			json_object_set_new(seen, name, json_true());
		}
	}
	if (twins)
		complain("%zu of the hosts kept have the name of another (%s): where two files are of one machine, sallyport inventory --out FOLDER brings them together first", twins,
			 assess_harmless(first, shown, sizeof(shown)));
	json_decref(seen);
	json_decref(hosts);
}

int assess_fleet(struct assess_job *job)
{
	struct fleet_job  fleet = {.job = job};
	struct fleet_wish wish = {.catalog = job->catalog, .read = evidence_of_bytes, .is_host = evidence_is_host, .bytes = evidence_bytes, .workers = job->workers, .program = SALLYPORT_VERSION,
		.now = time(NULL), .got = got, .progress = progress, .stop = &stopped, .data = &fleet};
	struct fleet_done done;
	struct sigaction  act = {.sa_handler = stop};
	char              why[WHY];
	bool              good;

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
		complain("%s%s", done.stopped ? "" : "the results cannot be kept: ", why);
	fleet.found = fleet.found || (good && kept_missing(wish.results, job->fails));
	printf("%zu host%s: %u assessed, %u unchanged, %u cannot be read, %u gone; %u verdict%s changed\n", done.total, done.total == 1 ? "" : "s", done.done.assessed, done.done.unchanged, done.done.unreadable,
		done.done.gone, done.done.changes, done.done.changes == 1 ? "" : "s");
	if (done.left)
		printf("%zu hosts were not looked at: the same command does the rest\n", done.left);
	if (good && done.done.assessed)
		tell_twins(wish.results);
	results_close(&wish.results);
	if (done.stopped)
		return EXIT_INTERRUPTED;
	if (!good || !output_ok() || job->bad || done.done.unreadable)
		return EXIT_USAGE;
	return fleet.found ? EXIT_FOUND : EXIT_CLEAN;
}
