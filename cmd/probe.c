/* The verb `probe`: the project's harmless vectors through the running gate's real policy: which are stopped? */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/probe.h"
#include "cmd/run_dir.h"
#include "cmd/workers.h"
#include "event/event.h"
#include "event/text.h"
#include "policy/policy.h"
#include "proto/protocols.h"
#include "proto/reasons.h"

enum { PATH_SHOWN = 64 };

enum { OPT_JSON = 0, OPT_RUN, OPT_ONLY, OPT_FROM, OPT_AT, OPT_UDP, OPT_VERBOSE };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "one JSON object with every vector's outcome"},
	[OPT_RUN] = OPTION_RUN,
	[OPT_ONLY] = {"only", 0, "TEXT", "the vectors whose name, or whose reason, contains this"},
	[OPT_FROM] = {"from", 0, "ADDRESS", "judged as if the client were there"},
	[OPT_AT] = {"at", 0, "ADDRESS:PORT", "connect there instead of to the service's own listener, as clients on another path do"},
	[OPT_UDP] = {"udp", 0, NULL, "over UDP instead of TCP"},
	[OPT_VERBOSE] = {"verbose", 'v', NULL, "a line for each vector, not only for those that came through"},
	{0},
};

static const char *const outcomes[PROBE_OUTCOMES] = {"stopped", "stopped otherwise", "CAME THROUGH", "passed", "stopped by policy", "REFUSED",
						     "left out"};

struct job {
	struct probe_way way;
	const char      *only;
	bool             json, verbose, progress;
	json_t          *results;
	unsigned         count[PROBE_OUTCOMES], watched; /* watched: of PROBE_LEAKED */
	bool             found; /* a worker has the service */
};

/* ---- Words of the command line ---- */

static bool address(const char *text, struct address *out)
{
	*out = (struct address){.family = 4};
	if (inet_pton(AF_INET, text, out->ip) == 1)
		return true;
	out->family = 6;
	if (inet_pton(AF_INET6, text, out->ip) == 1)
		return true;
	complain("\"%.100s\" is not an address", text);
	return false;
}

/* 192.0.2.1:389 or [2001:db8::1]:389 */
static bool address_port(const char *text, struct address *out)
{
	const char   *colon = strrchr(text, ':');
	char          ip[64], *end;
	size_t        n = colon ? (size_t)(colon - text) : 0;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (!colon || !n || n >= sizeof(ip) || *end || !port || port > UINT16_MAX) {
		complain("--at wants ADDRESS:PORT, as 192.0.2.1:389 or [2001:db8::1]:389");
		return false;
	}
	memcpy(ip, text, n);
	ip[n] = '\0';
	if (!address(ip, out))
		return false;
	out->port = (uint16_t)port;
	return true;
}

/* A listener on every address is met on loopback. */
static struct address reachable(struct address at)
{
	static const uint8_t none[16];

	if (memcmp(at.ip, none, sizeof(none)) != 0)
		return at;
	if (at.family == 4) {
		at.ip[0] = 127;
		at.ip[3] = 1;
	} else {
		at.ip[15] = 1;
	}
	return at;
}

/* ---- Outcomes ---- */

static const char *reason_id(uint16_t why)
{
	return why ? reason_of(why)->id : "-";
}

static bool is_bad(enum probe_outcome outcome)
{
	return outcome == PROBE_LEAKED || outcome == PROBE_REFUSED;
}

/* It came through, as the policy's watch says it shall. */
static bool only_watched(const struct probe_result *result)
{
	return result->outcome == PROBE_LEAKED && result->report.why && result->report.report == REPORT_WATCHED;
}

static void tell(struct job *job, const struct vector *v, const struct probe_result *result)
{
	if (job->progress)
		fputs("\r\033[K", stderr);
	if (job->json) {
		json_array_append_new(job->results, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "vector", v->name, "about", v->about, "shows",
							      reason_of(v->reason)->id, "expected", v->refuse ? "refused" : "passed", "outcome",
							      outcomes[result->outcome], "reason", reason_id(result->report.why), "field",
							      eve_text((const uint8_t *)result->report.text, strlen(result->report.text), 512), "offset",
							      (json_int_t)result->report.offset));
		return;
	}
	if (!job->verbose && !is_bad(result->outcome))
		return;
	printf("%-17s %-34s", outcomes[result->outcome], v->name);
	if (result->report.why) {
		char       buffer[2048];
		struct str path = str_over(buffer, sizeof(buffer));

		text_path(&path, result->report.text, PATH_SHOWN);
		printf(" %s%s%s", reason_id(result->report.why), path.len ? " at " : "", path.text);
	}
	if (only_watched(result))
		printf(" (it is only watched)");
	else if (is_bad(result->outcome))
		printf(" (wanted %s)", v->refuse ? reason_id(v->refuse) : "to pass");
	putchar('\n');
}

static const char *trouble_text(enum probe_trouble trouble)
{
	switch (trouble) {
	case PROBE_NOT_TAKEN:
		return "what answers there is not this gate's service: not one byte of a vector was sent";
	case PROBE_BUSY:
		return "the gate has as many probes as it takes at once: try again";
	case PROBE_NO_GATE:
		return "the gate stopped answering: nothing more is sent";
	default:
		return "no connection could be made";
	}
}

static bool wanted(const struct job *job, const struct vector *v, const char *protocol)
{
	if (strcmp(v->protocol, protocol) != 0 || v->datagram != (job->way.transport == POLICY_UDP))
		return false;
	return !job->only || strstr(v->name, job->only) || strstr(reason_of(v->reason)->id, job->only);
}

static const char *protocol_of(uint16_t proto)
{
	for (size_t i = 0; protocols[i]; i++)
		if (protocols[i]->id == proto)
			return protocols[i]->name;
	return "";
}

static int run_all(struct job *job, const char *protocol)
{
	size_t               count, done = 0;
	const struct vector *all = vectors_all(&count);
	enum probe_trouble   trouble = PROBE_FINE;

	for (size_t i = 0; i < count && trouble == PROBE_FINE; i++) {
		struct probe_result result;

		if (!wanted(job, &all[i], protocol))
			continue;
		trouble = probe_vector(&job->way, &all[i], &result);
		if (trouble != PROBE_FINE)
			break;
		job->count[result.outcome]++;
		job->watched += only_watched(&result);
		tell(job, &all[i], &result);
		if (job->progress && ++done % 16 == 0)
			fprintf(stderr, "\r%zu vectors", done);
	}
	if (job->progress)
		fputs("\r\033[K", stderr);
	if (trouble == PROBE_FINE)
		return EXIT_CLEAN;
	complain("%s", trouble_text(trouble));
	return trouble == PROBE_SYSTEM ? EXIT_USAGE : EXIT_UNREACHABLE;
}

static void summary(const struct job *job, const char *protocol)
{
	const unsigned *n = job->count;
	char            buffer[64];
	struct str      at = str_over(buffer, sizeof(buffer));

	text_address(&at, &job->way.at);
	if (job->json) {
		print_json(json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:O}", "service", job->way.service, "protocol", protocol, "at",
				     at.text, "transport", job->way.transport == POLICY_UDP ? "udp" : "tcp", "stopped",
				     (int)(n[PROBE_STOPPED] + n[PROBE_STOPPED_OTHERWISE]), "came_through", (int)n[PROBE_LEAKED], "only_watched", (int)job->watched, "passed",
				     (int)n[PROBE_PASSED], "stopped_by_policy", (int)n[PROBE_BY_POLICY], "refused", (int)n[PROBE_REFUSED], "left_out",
				     (int)n[PROBE_LEFT_OUT], "results", job->results));
		return;
	}
	printf("%s (%s, %s %s): of %u unlawful messages %u were stopped and %u came through; of %u lawful ones %u passed, policy stopped %u and %u "
	       "were refused\n",
	       job->way.service, protocol, at.text, job->way.transport == POLICY_UDP ? "udp" : "tcp",
	       n[PROBE_STOPPED] + n[PROBE_STOPPED_OTHERWISE] + n[PROBE_LEAKED], n[PROBE_STOPPED] + n[PROBE_STOPPED_OTHERWISE], n[PROBE_LEAKED],
	       n[PROBE_PASSED] + n[PROBE_BY_POLICY] + n[PROBE_REFUSED], n[PROBE_PASSED], n[PROBE_BY_POLICY], n[PROBE_REFUSED]);
	if (job->watched)
		printf("%u of those that came through are only watched by the policy, until the day it names\n", job->watched);
	if (n[PROBE_LEFT_OUT])
		printf("%u vectors need limits or tolerances of their own, or a server that speaks first, and were left out\n", n[PROBE_LEFT_OUT]);
}

/* One worker: has it the service? Then all of it. */
static int probe_worker(struct channel *worker, void *arg)
{
	struct job        *job = arg;
	struct probe_said  where;
	enum probe_trouble trouble;
	const char        *protocol;
	bool               any = false;
	int                code;

	job->way.worker = worker;
	trouble = job->found ? PROBE_NO_SERVICE : probe_ask_where(&job->way, &where);
	if (trouble == PROBE_NO_SERVICE)
		return EXIT_CLEAN;
	if (trouble != PROBE_FINE) {
		complain("%s", trouble_text(trouble));
		return EXIT_UNREACHABLE;
	}
	job->found = true;
	protocol = protocol_of(where.proto);
	if (!job->way.at.family)
		job->way.at = reachable(where.at);
	code = run_all(job, protocol);
	for (int i = 0; i < PROBE_OUTCOMES; i++)
		any = any || job->count[i];
	if (code == EXIT_CLEAN && any)
		summary(job, protocol);
	return code;
}

static bool option(struct job *job, const char **dir, int which, const char *value)
{
	switch (which) {
	case OPT_JSON:
		return job->json = true;
	case OPT_VERBOSE:
		return job->verbose = true;
	case OPT_UDP:
		job->way.transport = POLICY_UDP;
		return true;
	case OPT_FROM:
		return address(value, &job->way.as);
	case OPT_AT:
		return address_port(value, &job->way.at);
	case OPT_ONLY:
		job->only = value;
		return true;
	default:
		*dir = value;
		return true;
	}
}

static int finish(struct job *job, int code)
{
	unsigned all = 0;

	json_decref(job->results);
	for (int i = 0; i < PROBE_OUTCOMES; i++)
		all += job->count[i];
	if (code != EXIT_CLEAN)
		return code;
	if (!job->found) {
		complain("the running gate has no service \"%.100s\" that listens on %s", job->way.service, job->way.transport == POLICY_UDP ? "UDP" : "TCP");
		fprintf(stderr, "the services are those of its policy, as sallyport run lists them when it starts\n");
		return EXIT_USAGE;
	}
	if (!all) {
		complain("no vector fits%s%.100s", job->only ? " --only " : "", job->only ? job->only : "");
		return EXIT_USAGE;
	}
	if (!output_ok())
		return EXIT_USAGE;
	return job->count[PROBE_LEAKED] || job->count[PROBE_REFUSED] ? EXIT_FOUND : EXIT_CLEAN;
}

static int probe_run_verb(const struct cmd *cmd, int argc, char **argv)
{
	struct args args = args_over(cmd, argc, argv);
	struct job  job = {.progress = isatty(STDERR_FILENO)};
	const char *dir = NULL;
	int         got;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got);
		if (got != ARGS_OPERAND) {
			if (!option(&job, &dir, got, args.value))
				return EXIT_USAGE;
		} else if (job.way.service) {
			complain("probe takes one service");
			return EXIT_USAGE;
		} else {
			job.way.service = args.value;
		}
	}
	if (!job.way.service || strlen(job.way.service) > CONTROL_NAME_MAX) {
		complain("probe needs the name of a service of the running gate");
		return EXIT_USAGE;
	}
	job.results = json_array();
	return finish(&job, workers_each(dir, probe_worker, &job));
}

const struct cmd cmd_probe = {
	.name = "probe",
	.usage = "SERVICE",
	.summary = "harmless vectors through the running gate: which are stopped",
	.about = "Sends the vectors of the service's protocol through the running gate's own path and policy. No host is ever reached: behind the gate "
		 "stands this command itself and counts what comes out. Not one byte of a vector is sent before the gate has said that it holds "
		 "this very connection. Exit codes: 0 everything unlawful was stopped, 1 something came through or something lawful was refused, "
		 "2 usage, 3 no gate, or another service answers there.",
	.options = options,
	.run = probe_run_verb,
};
