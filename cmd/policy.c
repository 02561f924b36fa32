/* `sallyport policy`: checks a policy with every complaint at once, writes its canonical text, explains a decision. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/day.h"
#include "cmd/cmd.h"
#include "cmd/policy_file.h"
#include "cmd/whole.h"
#include "event/event.h"
#include "policy/build.h"
#include "proto/protocols.h"
#include "proto/reasons.h"

extern const struct cmd cmd_policy;

enum { FACTS_GIVEN_MAX = 64, FILES_GIVEN_MAX = 64 };

enum { OPT_JSON = 0, OPT_TODAY, OPT_WRITE, OPT_SERVICE, OPT_FROM, OPT_TO, OPT_UDP, OPT_FACT, OPT_OPAQUE };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "check and explain: JSON instead of text"},
	[OPT_TODAY] = {"today", 0, "DAY", "check and explain: as if it were this day, as 2027-01-31; watches and tolerances end on theirs"},
	[OPT_WRITE] = {"write", 'w', NULL, "fmt: into the files themselves, instead of standard output"},
	[OPT_SERVICE] = {"service", 's', "NAME", "explain: which service is asked"},
	[OPT_FROM] = {"from", 0, "ADDRESS", "explain: who asks"},
	[OPT_TO] = {"to", 0, "ADDRESS", "explain: which server, when that is known"},
	[OPT_UDP] = {"udp", 0, NULL, "explain: over UDP instead of TCP"},
	[OPT_FACT] = {"fact", 'f', "NAME=VALUE", "explain: what is known; \"none\" and \"unknown\" are values; may be repeated"},
	[OPT_OPAQUE] = {"opaque", 0, "REASON", "explain: the content cannot be seen, as opaque.tls"},
	{0},
};

struct job {
	bool                   json, write;
	uint32_t               today;
	struct policy_question question;
	const char            *fact[FACTS_GIVEN_MAX];
	const char            *file[FILES_GIVEN_MAX];
	size_t                 files;
};

static bool day(const char *text, uint32_t *out)
{
	unsigned y, m, d;
	char     end;

	if (strlen(text) != 10 || sscanf(text, "%4u-%2u-%2u%c", &y, &m, &d, &end) != 3 || m < 1 || m > 12 || d < 1 || d > 31) {
		complain("\"%.50s\" is not a day, as 2027-01-31", text);
		return false;
	}
	*out = y * 10000 + m * 100 + d;
	return true;
}

static json_t *place_json(const struct policy_place *at)
{
	return json_pack("{s:s, s:i, s:i, s:i}", "file", at->file, "line", (int)at->line, "column", (int)at->col, "end", (int)at->end);
}

static json_t *diags_json(const struct policy_build *b)
{
	size_t  errors, unshown, count = policy_diags(b, &errors, &unshown);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct policy_diag *d = policy_diag_at(b, i);
		json_t                   *one = json_pack("{s:s, s:o, s:s}", "severity", d->warning ? "warning" : "error", "at",
							  place_json(&d->at), "text", d->text);

		if (d->note)
			json_object_set_new(one, "note", json_pack("{s:o, s:s}", "at", place_json(&d->note_at), "text", d->note));
		json_array_append_new(list, one);
	}
	return list;
}

/* What the line of a good policy tells. */
static void add_size(json_t *one, const struct policy *policy, size_t len)
{
	char revision[17];

	snprintf(revision, sizeof(revision), "%016llx", (unsigned long long)policy->revision);
	json_object_set_new(one, "services", json_integer(policy_services(policy)));
	json_object_set_new(one, "listeners", json_integer(policy_listeners(policy)));
	json_object_set_new(one, "bytes", json_integer((json_int_t)len));
	json_object_set_new(one, "revision", json_string(revision));
}

static int check_one(const struct job *job, const char *path, json_t *array)
{
	struct policy_build *b = policy_file_build(path, job->today);
	size_t               errors, unshown, count, len;
	const uint8_t       *blob;
	struct policy        policy;
	const char          *why;
	json_t              *one;
	bool                 good;

	if (!b)
		return EXIT_USAGE;
	count = policy_diags(b, &errors, &unshown);
	blob = policy_build_blob(b, &len);
	good = blob && policy_open(&policy, blob, len, protocols, &why);
	if (array) {
		one = json_pack("{s:o, s:b, s:I, s:o}", "file", eve_name(path), "ok", errors == 0, "errors", (json_int_t)errors, "diagnostics", diags_json(b));
		if (good)
			add_size(one, &policy, len);
		json_array_append_new(array, one);
	} else {
		policy_diags_print(b, stdout);
		print_harmless(stdout, path);
		if (good)
			printf(": good: %u service%s, %u listener%s, %zu bytes compiled, revision %016llx%s\n", policy_services(&policy), policy_services(&policy) == 1 ? "" : "s",
			       policy_listeners(&policy), policy_listeners(&policy) == 1 ? "" : "s", len, (unsigned long long)policy.revision, count ? ", with warnings" : "");
		else
			printf(": %zu error%s\n", errors, errors == 1 ? "" : "s");
	}
	policy_build_free(&b);
	return errors ? EXIT_FOUND : EXIT_CLEAN;
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

static int check(const struct job *job)
{
	json_t *array = job->json ? json_array() : NULL;
	int     code = EXIT_CLEAN;

	for (size_t i = 0; i < job->files; i++)
		code = worse(code, check_one(job, job->file[i], array));
	if (array)
		print_json(array);
	return code;
}

static bool read_text(const char *path, char *out, size_t *n)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	bool  ok;

	if (!f) {
		complain("%s: %s", path, strerror(errno));
		return false;
	}
	*n = fread(out, 1, POLICY_FILE_MAX + 1, f);
	ok = !ferror(f);
	if (!ok)
		complain("%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
	return ok;
}

static bool text_out(FILE *file, const void *what)
{
	return fputs(what, file) >= 0;
}

static int format_one(const struct job *job, const char *path)
{
	static char text[POLICY_FILE_MAX + 2];
	size_t      n;
	char       *out;
	int         code = EXIT_CLEAN;

	if (!read_text(path, text, &n))
		return EXIT_USAGE;
	text[n] = '\0';
	if (!policy_format(text, n, &out)) {
		complain("%s does not parse; \"sallyport policy check\" says why", path);
		return EXIT_FOUND;
	}
	if (!job->write || strcmp(path, "-") == 0)
		fputs(out, stdout);
	else if (strlen(out) != n || memcmp(out, text, n) != 0)
		code = whole_file(path, text_out, out) ? EXIT_CLEAN : EXIT_USAGE;
	free(out);
	return code;
}

static int format(const struct job *job)
{
	int code = EXIT_CLEAN;

	for (size_t i = 0; i < job->files; i++)
		code = worse(code, format_one(job, job->file[i]));
	return code;
}

static int explain(const struct job *job)
{
	static char          text[128 * 1024];
	struct str           s = str_over(text, sizeof(text));
	struct policy_ruling ruling = {0};
	struct policy_build *b;
	size_t               len;
	bool                 ok;

	if (job->files != 1 || !job->question.service || !job->question.from) {
		complain("explain needs one FILE, --service and --from");
		return EXIT_USAGE;
	}
	b = policy_file_build(job->file[0], job->today);
	if (!b)
		return EXIT_USAGE;
	if (!policy_build_blob(b, &len)) {
		policy_diags_print(b, stdout);
		policy_build_free(&b);
		return EXIT_FOUND;
	}
	ok = policy_explain(b, &job->question, &s, &ruling);
	if (!ok)
		complain("%.*s", (int)strcspn(text, "\n"), text);
	else if (job->json)
		print_json(json_pack("{s:s, s:s, s:i, s:b, s:b, s:s}", "verdict", ruling.verdict == VERDICT_PASS ? "pass" : "block", "reason",
				     ruling.verdict == VERDICT_PASS ? "" : reason_of(ruling.why)->id, "rule", ruling.rule + 1, "log",
				     (int)ruling.log, "watched", (int)ruling.watched, "text", text));
	else
		fputs(text, stdout);
	policy_build_free(&b);
	return ok ? EXIT_CLEAN : EXIT_USAGE;
}

/* One option of the command line; false after a complaint. */
static bool option(struct job *job, int which, const char *value)
{
	struct policy_question *q = &job->question;

	switch (which) {
	case OPT_JSON:
		return job->json = true;
	case OPT_WRITE:
		return job->write = true;
	case OPT_UDP:
		return q->udp = true;
	case OPT_TODAY:
		return day(value, &job->today);
	case OPT_FACT:
		if (q->fact_count == FACTS_GIVEN_MAX) {
			complain("more than %d facts", FACTS_GIVEN_MAX);
			return false;
		}
		job->fact[q->fact_count++] = value;
		return true;
	default:
		*(which == OPT_SERVICE ? &q->service : which == OPT_FROM ? &q->from : which == OPT_TO ? &q->to : &q->opaque) = value;
		return true;
	}
}

static int run(const struct cmd *cmd, int argc, char **argv)
{
	static const char *const verbs[] = {"check", "fmt", "explain"};
	struct job               job = {.today = day_of((uint64_t)time(NULL))};
	struct args              args = args_over(cmd, argc, argv);
	const char              *verb = NULL;
	unsigned                 given = 0;
	int                      got, code, which = 0;

	job.question.facts = job.fact;
	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got);
		if (got != ARGS_OPERAND) {
			given |= 1u << got;
			if (!option(&job, got, args.value))
				return EXIT_USAGE;
		} else if (!verb) {
			verb = args.value;
		} else if (job.files == FILES_GIVEN_MAX) {
			complain("more than %d files", FILES_GIVEN_MAX);
			return EXIT_USAGE;
		} else {
			job.file[job.files++] = args.value;
		}
	}
	if (!verb || !job.files) {
		complain("policy needs check, fmt or explain, and a FILE");
		return EXIT_USAGE;
	}
	while (which < 3 && strcmp(verbs[which], verb) != 0)
		which++;
	if (which == 3) {
		complain_unknown("verb of policy", verb, suggest(verb, verbs, 3, sizeof(verbs[0])), "policy --help");
		return EXIT_USAGE;
	}
	if (!args_fit(cmd, verb, given))
		return EXIT_USAGE;
	code = which == 0 ? check(&job) : which == 1 ? format(&job) : explain(&job);
	return output_ok() ? code : EXIT_USAGE;
}

const struct cmd cmd_policy = {
	.name = "policy",
	.usage = "check|fmt|explain FILE...",
	.summary = "check a policy, write its canonical text, or say which rule decides",
	.about = "check prints every error and warning with the text underlined. fmt prints the canonical text, or with --write "
		 "puts it in the file's place. explain says what becomes of one message and why no earlier rule decided.",
	.options = options,
	.run = run,
};
