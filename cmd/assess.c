/* `sallyport assess`: hosts against bulletins, and every form of the answer. */
#include "cmd/assess.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/day.h"
#include "cmd/whole.h"

enum {
	OPT_BULLETINS = 0, OPT_LANGUAGE, OPT_ONLY, OPT_ALL, OPT_WHY, OPT_JSON, OPT_CSV, OPT_HTML, OPT_VEX, OPT_PUBLISHER, OPT_NAMESPACE, OPT_PLAN, OPT_SHIELD, OPT_ADDRESS,
	OPT_LISTEN, OPT_TRIAL, OPT_RESULTS, OPT_WORKERS, OPT_FAIL_ON, OPT_STRICT,
};
enum { WORKERS_MOST = 64 };

static const struct option options[] = {
	[OPT_BULLETINS] = {"bulletins", 'b', "PATH", "bulletins: a folder, or a file of Markdown or of bulletin convert --to json; may be repeated"},
	[OPT_LANGUAGE] = {"language", 'l', "NAME", "the bulletins' language, ja or de, or a file with another language pack; without it their head says it"},
	[OPT_ONLY] = {"only", 'o', "VERDICT,...", "show these verdicts: missing, cannot-tell, mitigated, fixed, not-affected"},
	[OPT_ALL] = {"all", 'a', NULL, "show also what does not affect a host; with --shield: say everything of each flaw that nothing shields"},
	[OPT_WHY] = {"why", 'w', "FLAW", "the evidence of this CVE or bulletin on every host, with files and lines; may be repeated"},
	[OPT_JSON] = {"json", 0, NULL, "one JSON document instead of text; with --plan the plans"},
	[OPT_CSV] = {"csv", 0, NULL, "one row for each flaw of each host instead of text"},
	[OPT_HTML] = {"html", 0, "FILE", "write a report for browsers, complete in itself"},
	[OPT_VEX] = {"vex", 0, "FILE", "write a CSAF 2.0 document of the profile VEX"},
	[OPT_PUBLISHER] = {"publisher", 0, "NAME", "who says what the VEX document says"},
	[OPT_NAMESPACE] = {"namespace", 0, "URL", "the publisher's, for the VEX document"},
	[OPT_PLAN] = {"plan", 'p', NULL, "the fewest updates that close what is missing, in order"},
	[OPT_SHIELD] = {"shield", 's', NULL, "policy text that shields what stays open"},
	[OPT_ADDRESS] = {"address", 0, "HOST=ADDRESS", "--shield: where a host is; may be repeated"},
	[OPT_LISTEN] = {"listen", 0, "HOST=ADDRESS", "--shield: where the gate listens for a host; may be repeated"},
	[OPT_TRIAL] = {"trial-until", 0, "DATE", "--shield: until this day (2027-01-31) only record what is not unsafe"},
	[OPT_RESULTS] = {"results", 'r', "WHERE", "keep the results of a fleet in this SQLite file or PostgreSQL database; hosts that did not change are passed over"},
	[OPT_WORKERS] = {"workers", 0, "COUNT", "--results: so many hosts at once [processors]"},
	[OPT_FAIL_ON] = {"fail-on", 0, "VERDICT", "exit 1 on missing (the default), or on cannot-tell also"},
	[OPT_STRICT] = {"strict", 0, NULL, "the same as --fail-on cannot-tell"},
	{0},
};

static bool verdict_bit(const char *word, size_t n, unsigned *out)
{
	const char *names[VERDICTS];
	char        text[24];

	for (int v = 0; v < VERDICTS; v++) {
		names[v] = verdict_name(v);
		if (strlen(names[v]) == n && strncmp(names[v], word, n) == 0) {
			*out |= 1u << v;
			return true;
		}
	}
	snprintf(text, sizeof(text), "%.*s", (int)(n < sizeof(text) ? n : sizeof(text) - 1), word);
	complain_unknown("verdict", text, suggest(text, names, VERDICTS, sizeof(names[0])), "help assess");
	return false;
}

static bool verdict_list(const char *list, unsigned *out)
{
	*out = 0;
	do {
		size_t n = strcspn(list, ",");

		if (!verdict_bit(list, n, out))
			return false;
		list += n;
	} while (*list++ == ',');
	return true;
}

/* A day that is not over, in UTC as policies have it. */
static bool day_good(const char *text)
{
	struct tm   tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int         day = tm.tm_mday;

	return end && !*end && strlen(text) == 10 && timegm(&tm) != -1 && tm.tm_mday == day && day_of((uint64_t)timegm(&tm)) >= day_of((uint64_t)time(NULL));
}

/* "DC1=10.9.0.10"; the words stay in argv. */
static bool address_add(struct shield_address *list, size_t *count, const char *option, char *text)
{
	char           *equal = strrchr(text, '=');
	struct in6_addr any;

	if (*count == SHIELD_ADDRESSES_MAX) {
		complain("there are more than %d %s", SHIELD_ADDRESSES_MAX, option);
		return false;
	}
	if (!equal || equal == text || (inet_pton(AF_INET, equal + 1, &any) != 1 && inet_pton(AF_INET6, equal + 1, &any) != 1)) {
		complain("%s wants HOST=ADDRESS, as DC1=10.9.0.10, not \"%.80s\"", option, text);
		return false;
	}
	*equal = '\0';
	list[(*count)++] = (struct shield_address){text, equal + 1};
	return true;
}

static bool workers_of(struct assess_job *job, const char *value)
{
	char         *end;
	unsigned long got = strtoul(value, &end, 10);

	if (*end || end == value || *value == '-' || !got || got > WORKERS_MOST) {
		complain("--workers wants a number from 1 to %d, not \"%.40s\"", WORKERS_MOST, value);
		return false;
	}
	job->workers = (unsigned)got;
	return true;
}

/* An option whose value needs a look. */
static bool valued_option(struct assess_job *job, int option, const char *value)
{
	char *text = (char *)(uintptr_t)value;

	switch (option) {
	case OPT_BULLETINS:
		job->bulletins[job->bulletin_n++] = value;
		return true;
	case OPT_ONLY:
		job->only = true;
		return verdict_list(value, &job->verdicts);
	case OPT_WHY:
		if (job->why_n == ASSESS_WHYS_MAX) {
			complain("--why is given more than %d times", ASSESS_WHYS_MAX);
			return false;
		}
		job->whys[job->why_n++] = value;
		return true;
	case OPT_ADDRESS:
		return address_add(job->shields.addresses, &job->shields.address_n, "--address", text);
	case OPT_LISTEN:
		return address_add(job->shields.listens, &job->shields.listen_n, "--listen", text);
	case OPT_WORKERS:
		return workers_of(job, value);
	case OPT_TRIAL:
		job->shields.trial = value;
		if (!day_good(value))
			complain("--trial-until wants a day to come as 2027-01-31, not \"%.40s\"", value);
		return day_good(value);
	default:
		if (strcmp(value, "missing") != 0 && strcmp(value, "cannot-tell") != 0) {
			complain("--fail-on is missing or cannot-tell, not \"%.40s\"", value);
			return false;
		}
		job->fails = 1u << VERDICT_MISSING | (value[0] == 'c' ? 1u << VERDICT_CANNOT_TELL : 0);
		return true;
	}
}

static bool option_of(struct assess_job *job, int option, const char *value)
{
	const char **texts[] = {[OPT_LANGUAGE] = &job->language, [OPT_HTML] = &job->html, [OPT_VEX] = &job->vex, [OPT_PUBLISHER] = &job->publisher, [OPT_NAMESPACE] = &job->name_space,
		[OPT_RESULTS] = &job->results};
	bool *flags[] = {[OPT_ALL] = &job->all, [OPT_JSON] = &job->json, [OPT_CSV] = &job->csv, [OPT_PLAN] = &job->plan, [OPT_SHIELD] = &job->shield};

	if (option == OPT_STRICT)
		job->fails |= 1u << VERDICT_CANNOT_TELL;
	else if ((size_t)option < sizeof(texts) / sizeof(texts[0]) && texts[option])
		*texts[option] = value;
	else if ((size_t)option < sizeof(flags) / sizeof(flags[0]) && flags[option])
		*flags[option] = true;
	else
		return valued_option(job, option, value);
	return true;
}

/* What does not go together. */
static bool sensible(const struct assess_job *job)
{
	int forms = job->csv + job->shield + (job->json || job->plan) + (job->why_n != 0);

	if (!job->host_n || !job->bulletin_n)
		complain(!job->host_n ? "which hosts?" : "--bulletins is missing: where are the bulletins?");
	else if (forms > 1 || (job->json && (job->csv || job->shield)))
		complain("only one of --json, --csv, --plan, --shield and --why can go to standard output; --plan --json may go together");
	else if (job->results && (forms || job->html || job->vex))
		complain("--results keeps a fleet's results, and sallyport results shows them: the other outputs go without it");
	else if (job->results && (job->only || job->all))
		complain("--only and --all choose what is shown: with --results it is sallyport results that shows");
	else if (job->workers && !job->results)
		complain("--workers is for --results");
	else if (!job->vex && (job->publisher || job->name_space))
		complain("--publisher and --namespace are for --vex");
	else if (job->only && (job->shield || job->plan || job->why_n))
		complain("--only is for text, --json, --csv and --html: a plan, a shield and --why have what they need");
	else if ((job->html && strcmp(job->html, "-") == 0) || (job->vex && strcmp(job->vex, "-") == 0))
		complain("--html and --vex want a file; one that is called \"-\" is written as ./-");
	else if (job->html && job->vex && strcmp(job->html, job->vex) == 0)
		complain("--html and --vex want a file each, not both %s", job->html);
	else if (!job->shield && (job->shields.address_n || job->shields.listen_n || job->shields.trial))
		complain("--address, --listen and --trial-until are for --shield");
	else
		return true;
	return false;
}

/* 0, or the exit code; -1 when help was all that was wanted. */
static int arguments(struct assess_job *job, struct args *args)
{
	for (int got; (got = args_next(args)) != ARGS_END;) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got) ? args_exit(got) : -1;
		if (got == ARGS_OPERAND)
			job->hosts[job->host_n++] = args->value;
		else if (!option_of(job, got, args->value))
			return EXIT_USAGE;
	}
	if (!sensible(job))
		return EXIT_USAGE;
	job->shields.all = job->all;
	if (job->all)
		job->verdicts |= 1u << VERDICT_NOT_AFFECTED;
	/* Somebody asks for what does not affect a host: of one flaw, in a document, or by name. */
	job->all = job->all || job->why_n || job->vex || (job->verdicts >> VERDICT_NOT_AFFECTED & 1);
	return 0;
}

/* Names of --address and --listen that no host has are misspelt. */
static bool addresses_known(const struct assess_job *job, const struct shield_address *list, size_t n, const char *option)
{
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		size_t h = 0;

		while (h < job->report.host_n && strcmp(job->report.hosts[h].name, list[i].name) != 0)
			h++;
		if (h == job->report.host_n)
			complain("%s: no host is called \"%.80s\"", option, list[i].name);
		good = good && h < job->report.host_n;
	}
	return good;
}

static bool print_shield(struct assess_job *job)
{
	struct shield_done done;

	if (!addresses_known(job, job->shields.addresses, job->shields.address_n, "--address") || !addresses_known(job, job->shields.listens, job->shields.listen_n, "--listen"))
		return false;
	if (!shield_write(&job->report, &job->shields, stdout, &done))
		return false;
	fprintf(stderr, "%zu host%s, %zu service%s; of the open flaws %zu are shielded, %zu in part, %zu not\n", done.hosts, done.hosts == 1 ? "" : "s", done.services, done.services == 1 ? "" : "s",
		done.shielded, done.partly, done.not_shielded);
	return true;
}

static bool print_plans(const struct assess_job *job)
{
	struct plan plan;
	bool        good = true;

	for (size_t h = 0; h < job->report.host_n && good; h++) {
		if (job->report.hosts[h].fault)
			continue;
		good = plan_make(&job->report, &job->report.hosts[h], &plan);
		if (good)
			assess_print_plan(&job->report, &plan, &job->report.hosts[h]);
		else
			complain("there is no memory for the plan");
		plan_close(&plan);
	}
	return good;
}

/* Something is known of this flaw or bulletin, though it is none of these hosts'. */
static bool print_whys(const struct assess_job *job)
{
	bool good = true;

	for (size_t i = 0; i < job->why_n; i++)
		if (!assess_print_why(job, job->whys[i])) {
			complain("no bulletin that was read is called \"%.60s\" or names such a flaw", job->whys[i]);
			good = false;
		}
	return good;
}

/* What goes to standard output. */
static bool show(struct assess_job *job)
{
	json_t *document;

	if (job->shield)
		return print_shield(job);
	if (job->json) {
		document = job->plan ? plans_json(&job->report) : report_json(&job->report, job->verdicts);
		return document && print_json(document);
	}
	if (job->plan)
		return print_plans(job);
	if (job->csv)
		return report_csv(&job->report, job->verdicts, stdout);
	if (job->why_n)
		return print_whys(job);
	assess_print(job);
	return true;
}

static bool html(FILE *file, const void *what)
{
	const struct assess_job *job = what;

	return report_html(&job->report, job->verdicts, file);
}

static bool write_vex(const struct assess_job *job)
{
	json_t *document;
	size_t  n = 0;
	bool    good;

	for (size_t h = 0; h < job->report.host_n; h++)
		n += job->report.hosts[h].finding_n;
	if (!n) {
		complain("%s is not written: there is no flaw to say anything of", job->vex);
		return false;
	}
	document = report_vex(&job->report, job->publisher, job->name_space);
	good = document && whole_file(job->vex, whole_json, document);
	if (!document)
		complain("%s: there is no memory for it", job->vex);
	json_decref(document);
	return good;
}

static int outcome(const struct assess_job *job, bool good)
{
	bool found = false;

	for (size_t h = 0; h < job->report.host_n; h++)
		for (int v = 0; v < VERDICTS; v++)
			found = found || ((job->fails >> v & 1) && job->report.hosts[h].counts[v]);
	if (!output_ok() || !good || job->bad)
		return EXIT_USAGE;
	return found ? EXIT_FOUND : EXIT_CLEAN;
}

static int run(struct assess_job *job)
{
	bool good = assess_bulletins(job);

	if (!good)
		return EXIT_USAGE;
	if (job->results)
		return assess_fleet(job);
	good = assess_hosts(job) && show(job);
	good = good && (!job->html || whole_file(job->html, html, job));
	good = good && (!job->vex || write_vex(job));
	return outcome(job, good);
}

static int assess_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args        args = args_over(cmd, argc, argv);
	struct assess_job *job = calloc(1, sizeof(*job));
	int                code = EXIT_USAGE;

	if (job) {
		job->verdicts = ~(~0u << VERDICTS) & ~(1u << VERDICT_NOT_AFFECTED);
		job->fails = 1u << VERDICT_MISSING;
		job->hosts = calloc((size_t)argc + 1, sizeof(const char *));
		job->bulletins = calloc((size_t)argc + 1, sizeof(const char *));
	}
	if (!job || !job->hosts || !job->bulletins) {
		complain("there is no memory");
	} else {
		code = arguments(job, &args);
		if (!code)
			code = run(job);
		report_close(&job->report);
		catalog_close(&job->catalog);
	}
	if (job) {
		free(job->hosts);
		free(job->bulletins);
	}
	free(job);
	return code < 0 ? EXIT_CLEAN : code;
}

const struct cmd cmd_assess = {
	.name = "assess",
	.usage = "HOST... --bulletins PATH",
	.summary = "which updates hosts miss, why, and what to do",
	.about = "Judges every flaw of the bulletins on every host: fixed, missing, mitigated, not affected, or cannot tell, each with its rule, its evidence and one sentence. A HOST is "
		 "an inventory, a listing of systeminfo or wmic qfe, a hive, a Windows tree or mounted image, or a folder of these. Nothing is sent or changed. Exit codes: 0 nothing is "
		 "missing, 1 something is, 2 usage or something that could not be read or written.",
	.options = options,
	.run = assess_run,
};
