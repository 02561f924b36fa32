/* `sallyport results`: what is kept of a fleet: its hosts, the worst flaws, what changed since a day, one host's findings. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assess/results.h"
#include "base/str.h"
#include "cmd/cmd.h"

enum { OPT_RESULTS = 0, OPT_SINCE, OPT_LIMIT, OPT_JSON };
enum { CELL = 1024, WHY = 512, LIMIT = 20, LIMIT_MOST = 1000000 };

static const struct option options[] = {
	[OPT_RESULTS] = {"results", 'r', "WHERE", "a file of SQLite's, or how to connect to PostgreSQL: postgresql://... or host=... dbname=..."},
	[OPT_SINCE] = {"since", 's', "DATE", "changes: from this day on (2026-11-28, UTC); without it all that is kept"},
	[OPT_LIMIT] = {"limit", 'n', "COUNT", "worst: at most so many flaws [20]"},
	[OPT_JSON] = {"json", 0, NULL, "one JSON document instead of text"},
	{0},
};

enum kind { KIND_TEXT = 0, KIND_NUMBER, KIND_TIME, KIND_YES };

struct shown {
	const char *field, *title;
	int         width; /* of the terminal; 0: the rest of the line */
	enum kind   kind;
};

static const struct shown host_columns[] = {{"host", "HOST", 20, KIND_TEXT}, {"state", "STATE", 11, KIND_TEXT}, {"missing", "MISSING", 8, KIND_NUMBER},
	{"cannot-tell", "CANNOT TELL", 12, KIND_NUMBER}, {"mitigated", "MITIGATED", 10, KIND_NUMBER}, {"fixed", "FIXED", 6, KIND_NUMBER}, {"assessed", "ASSESSED", 17, KIND_TIME},
	{"system", "SYSTEM", 0, KIND_TEXT}, {0}};
static const struct shown worst_columns[] = {{"bulletin", "BULLETIN", 10, KIND_TEXT}, {"cve", "FLAW", 15, KIND_TEXT}, {"severity", "SEVERITY", 10, KIND_TEXT},
	{"missing", "MISSING", 8, KIND_NUMBER}, {"cannot-tell", "CANNOT TELL", 12, KIND_NUMBER}, {"mitigated", "MITIGATED", 10, KIND_NUMBER}, {"fixed", "FIXED", 6, KIND_NUMBER},
	{"since", "SINCE", 0, KIND_TIME}, {0}};
static const struct shown state_columns[] = {{"at", "SINCE", 17, KIND_TIME}, {"host", "HOST", 20, KIND_TEXT}, {"state", "STATE", 11, KIND_TEXT}, {"fault", "", 0, KIND_TEXT}, {0}};
static const struct shown change_columns[] = {{"at", "SINCE", 17, KIND_TIME}, {"host", "HOST", 20, KIND_TEXT}, {"bulletin", "BULLETIN", 10, KIND_TEXT}, {"cve", "FLAW", 15, KIND_TEXT},
	{"was", "WAS", 12, KIND_TEXT}, {"became", "IS", 12, KIND_TEXT}, {"sentence", "WHY", 0, KIND_TEXT}, {0}};
static const struct shown finding_columns[] = {{"bulletin", "BULLETIN", 10, KIND_TEXT}, {"cve", "FLAW", 15, KIND_TEXT}, {"verdict", "VERDICT", 12, KIND_TEXT}, {"severity", "SEVERITY", 10, KIND_TEXT},
	{"since", "SINCE", 17, KIND_TIME}, {"sentence", "WHY", 0, KIND_TEXT}, {0}};
static const struct shown run_columns[] = {{"run", "RUN", 5, KIND_NUMBER}, {"started", "STARTED", 17, KIND_TIME}, {"complete", "COMPLETE", 9, KIND_YES}, {"assessed", "ASSESSED", 9, KIND_NUMBER},
	{"unchanged", "UNCHANGED", 10, KIND_NUMBER}, {"unreadable", "UNREADABLE", 11, KIND_NUMBER}, {"gone", "GONE", 5, KIND_NUMBER}, {"program", "PROGRAM", 0, KIND_TEXT}, {0}};

enum deed { VERB_HOSTS = 0, VERB_WORST, VERB_CHANGES, VERB_HOST, VERB_RUNS, VERBS };

static const char *const verbs[VERBS] = {"hosts", "worst", "changes", "host", "runs"};

struct job {
	int         verb; /* -1: none yet */
	const char *where, *host;
	int64_t     since;
	uint32_t    limit;
	unsigned    given; /* bits of options */
	bool        json;
};

static const char *time_text(int64_t seconds, bool for_people, char out[32])
{
	time_t    when = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !(for_people ? strftime(out, 32, "%Y-%m-%d %H:%M", &tm) : strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm)))
		out[0] = '\0';
	return out;
}

/* Names and sentences come from hosts: nothing in them may lead a terminal. Cut behind `most` characters. */
static size_t add_harmless(struct str *s, const char *text, size_t most)
{
	size_t   n = strlen(text), shown = 0;
	uint32_t point;

	for (size_t i = 0; i < n && shown < most && !s->cut; shown++) {
		size_t took = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (took && utf8_shows(point))
			str_bytes(s, text + i, took);
		else
			str_char(s, '?');
		i += took ? took : 1;
	}
	return shown;
}

static void print_cell(const json_t *row, const struct shown *c, bool last)
{
	const json_t *value = json_object_get(row, c->field);
	char          text[CELL], moment[32];
	struct str    s = str_over(text, sizeof(text));
	size_t        shown = 0;

	if (c->kind == KIND_YES)
		str_add(&s, json_integer_value(value) ? "yes" : "no");
	else if (c->kind == KIND_NUMBER)
		str_fmt(&s, "%lld", (long long)json_integer_value(value));
	else if (c->kind == KIND_TIME && value)
		str_add(&s, time_text(json_integer_value(value), true, moment));
	else if (json_is_string(value))
		shown = add_harmless(&s, json_string_value(value), last || !c->width ? CELL : (size_t)c->width - 1);
	else
		str_add(&s, "-");
	shown = shown ? shown : s.len;
	printf("%s%*s%s", text, last || c->width <= (int)shown ? 0 : c->width - (int)shown, "", last ? "\n" : "");
}

/* Hosts of one name are told apart by their sources: the names that several have, with null, beside those that one has. */
static json_t *names_of(const json_t *list)
{
	json_t *names = json_object(), *row;
	size_t  i;

	json_array_foreach(list, i, row) {
		const char *name = json_string_value(json_object_get(row, "host"));
		json_t     *source = json_object_get(row, "source"), *known = name ? json_object_get(names, name) : NULL;

		if (name && source)
			json_object_set_new(names, name, !known || json_equal(known, source) ? json_incref(source) : json_null());
	}
	return names;
}

/* The source of a row whose host is not the only one of its name. */
static void print_source(const json_t *row, const json_t *names)
{
	const char *name = json_string_value(json_object_get(row, "host")), *source = json_string_value(json_object_get(row, "source"));
	char        text[CELL];
	struct str  s = str_over(text, sizeof(text));

	if (!name || !source || !json_is_null(json_object_get(names, name)))
		return;
	add_harmless(&s, source, CELL);
	printf("    from %s\n", text);
}

static void print_table(const json_t *list, const struct shown *columns)
{
	json_t *names = names_of(list);

	for (const struct shown *c = columns; c->field && json_array_size(list); c++)
		printf("%-*s%s", c[1].field ? c->width : 0, c->title, c[1].field ? "" : "\n");
	for (size_t i = 0; i < json_array_size(list); i++) {
		for (const struct shown *c = columns; c->field; c++)
			print_cell(json_array_get(list, i), c, !c[1].field);
		print_source(json_array_get(list, i), names);
	}
	json_decref(names);
}

static const char *text_of(const json_t *row, const char *field)
{
	const char *text = json_string_value(json_object_get(row, field));

	return text ? text : "-";
}

/* One table for each host of that name or source, with its head when there are several. */
static void print_hosts(const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t from = 0, to; from < n; from = to) {
		json_t    *first = json_array_get(list, from), *one = json_array();
		char       text[CELL], name[CELL];
		struct str s = str_over(text, sizeof(text)), h = str_over(name, sizeof(name));

		to = from;
		do
			json_array_append(one, json_array_get(list, to++));
		while (to < n && json_equal(json_object_get(json_array_get(list, to), "source"), json_object_get(first, "source")));
		if (from || to < n) {
			add_harmless(&h, text_of(first, "host"), CELL);
			add_harmless(&s, text_of(first, "source"), CELL);
			printf("%s%s from %s\n", from ? "\n" : "", name, text);
		}
		print_table(one, finding_columns);
		json_decref(one);
	}
}

/* Moments as people and other programs read them: every number of a field that is one. */
static void times_to_text(json_t *value)
{
	static const char *const fields[] = {"at", "assessed", "first_seen", "since", "started"};
	json_t                  *inner;
	const char              *name;
	size_t                   i;
	char                     text[32];

	if (json_is_array(value))
		json_array_foreach(value, i, inner)
			for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
				json_t *moment = json_object_get(inner, fields[f]);

				/* In a list of runs "assessed" is a count. */
				if (json_is_integer(moment) && !(f == 1 && json_object_get(inner, "run")))
					json_object_set_new(inner, fields[f], json_string(time_text(json_integer_value(moment), false, text)));
			}
	else
		json_object_foreach(value, name, inner)
			if (json_is_array(inner))
				times_to_text(inner);
}

static void print_changes(const json_t *document)
{
	const json_t *hosts = json_object_get(document, "hosts"), *changes = json_object_get(document, "verdicts");

	print_table(hosts, state_columns);
	if (json_array_size(hosts) && json_array_size(changes))
		printf("\n");
	print_table(changes, change_columns);
}

static json_t *answer(struct results *results, const struct job *job)
{
	switch ((enum deed)job->verb) {
	case VERB_HOSTS:
		return results_hosts(results);
	case VERB_WORST:
		return results_worst(results, job->limit);
	case VERB_CHANGES:
		return results_changes(results, job->since);
	case VERB_HOST:
		return results_host(results, job->host);
	default:
		return results_runs(results);
	}
}

/* Something that somebody should look at: an update that is missing, or a change. */
static bool finds(const struct job *job, const json_t *document)
{
	if (job->verb == VERB_CHANGES)
		return json_array_size(json_object_get(document, "hosts")) || json_array_size(json_object_get(document, "verdicts"));
	for (size_t i = 0; i < json_array_size(document); i++) {
		const json_t *row = json_array_get(document, i);
		const char   *verdict = json_string_value(json_object_get(row, "verdict"));

		if (json_integer_value(json_object_get(row, "missing")) > 0 || (verdict && strcmp(verdict, "missing") == 0))
			return true;
	}
	return false;
}

static int show(const struct job *job, json_t *document)
{
	static const struct shown *const columns[VERBS] = {host_columns, worst_columns, NULL, NULL, run_columns};
	bool                              found = finds(job, document);

	if (job->json) {
		times_to_text(document);
		print_json(json_incref(document));
	} else if (job->verb == VERB_CHANGES) {
		print_changes(document);
	} else if (job->verb == VERB_HOST) {
		print_hosts(document);
	} else {
		print_table(document, columns[job->verb]);
	}
	return !output_ok() ? EXIT_USAGE : found ? EXIT_FOUND : EXIT_CLEAN;
}

static bool day_of_text(const char *text, int64_t *out)
{
	struct tm   tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int         day = tm.tm_mday;

	if (!end || *end)
		return false;
	*out = timegm(&tm);
	return tm.tm_mday == day; /* the 31st of February is none */
}

static bool option_of(struct job *job, int option, const char *value)
{
	char *end;

	job->given |= 1u << option;
	if (option == OPT_RESULTS)
		job->where = value;
	if (option == OPT_JSON)
		job->json = true;
	if (option == OPT_SINCE && !day_of_text(value, &job->since)) {
		complain("--since wants a day as 2026-11-28, not \"%.40s\"", value);
		return false;
	}
	if (option == OPT_LIMIT) {
		unsigned long got = strtoul(value, &end, 10);

		if (*end || end == value || !got || got > LIMIT_MOST || *value == '-') {
			complain("--limit wants a number from 1 to %d, not \"%.40s\"", LIMIT_MOST, value);
			return false;
		}
		job->limit = (uint32_t)got;
	}
	return true;
}

static bool operand_of(struct job *job, const char *word)
{
	if (job->verb == VERB_HOST && !job->host) {
		job->host = word;
		return true;
	}
	if (job->verb >= 0) {
		complain("\"%.40s\" is one word too many", word);
		return false;
	}
	for (job->verb = 0; job->verb < VERBS && strcmp(verbs[job->verb], word) != 0;)
		job->verb++;
	if (job->verb < VERBS)
		return true;
	complain_unknown("verb of results", word, suggest(word, verbs, VERBS, sizeof(verbs[0])), "help results");
	return false;
}

/* 0, or the exit code; -1 when help was all that was wanted. */
static int arguments(struct job *job, struct args *args)
{
	for (int got; (got = args_next(args)) != ARGS_END;) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got) ? args_exit(got) : -1;
		if (got == ARGS_OPERAND ? !operand_of(job, args->value) : !option_of(job, got, args->value))
			return EXIT_USAGE;
	}
	if (job->verb < 0 || !job->where || (job->verb == VERB_HOST && !job->host)) {
		complain(job->verb < 0 ? "which: hosts, worst, changes, host or runs?" : !job->where ? "--results is missing: where are they?" : "which host?");
		return EXIT_USAGE;
	}
	return args_fit(args->cmd, verbs[job->verb], job->given) ? 0 : EXIT_USAGE;
}

static int results_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args     args = args_over(cmd, argc, argv);
	struct job      job = {.verb = -1, .limit = LIMIT};
	char            why[WHY];
	int             code = arguments(&job, &args);
	struct results *results;
	json_t         *document;

	if (code)
		return code < 0 ? EXIT_CLEAN : code;
	results = results_open(job.where, false, why, sizeof(why));
	if (!results) {
		complain("the results cannot be read: %s", why);
		return EXIT_USAGE;
	}
	document = answer(results, &job);
	if (!document)
		complain("the results cannot be read: %s", results_why(results));
	else if (job.verb == VERB_HOST && !json_array_size(document))
		complain("nothing is kept of a host \"%.200s\"", job.host);
	code = !document || (job.verb == VERB_HOST && !json_array_size(document)) ? EXIT_USAGE : show(&job, document);
	json_decref(document);
	results_close(&results);
	return code;
}

const struct cmd cmd_results = {
	.name = "results",
	.usage = "hosts|worst|changes|host NAME|runs --results WHERE",
	.summary = "what is kept of a fleet's hosts, and what changed",
	.about = "Reads the results that assessing a fleet has kept. hosts lists every host, those that miss most first; worst lists flaws by how many hosts miss their update; "
		 "changes tells which verdicts changed and which hosts came, went or cannot be read any more; host NAME gives one host's findings with since when each is so; "
		 "runs lists when the fleet was looked at.",
	.options = options,
	.run = results_run,
};
