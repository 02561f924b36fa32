/* `sallyport check`: captures through the same recognisers as the gate, one line per refusal and a summary. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check.h"
#include "cmd/cmd.h"

enum { RUN_PACKETS = 4096 };
#define FLOW_MEMORY (UINT64_C(1) << 30)

enum {
	OPT_JSON = 0,
	OPT_POLICY,
	OPT_SERVICE,
	OPT_STRICT,
	OPT_ALL,
	OPT_UNITS,
	OPT_FLOWS,
	OPT_QUIET,
	OPT_LIMIT,
	OPT_TOLERATE,
	OPT_PORT,
	OPT_PROTOCOL,
};

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "EVE JSON lines instead of text; the last line is the summary"},
	[OPT_POLICY] = {"policy", 'c', "FILE", "say also what this policy would stop; flows are its services' by their server's or the gate's address"},
	[OPT_SERVICE] = {"service", 's', "NAME", "with --policy: every flow goes to this service, whatever its addresses are"},
	[OPT_STRICT] = {"strict", 0, NULL, "exit 1 also when something could not be seen"},
	[OPT_ALL] = {"all", 0, NULL, "show also what was refused only because of an earlier refusal or an uncaptured beginning"},
	[OPT_UNITS] = {"units", 0, NULL, "show also every message that is lawful, with its facts"},
	[OPT_FLOWS] = {"flows", 0, NULL, "show also one line per flow at its end"},
	[OPT_QUIET] = {"quiet", 'q', NULL, "the summary only"},
	[OPT_LIMIT] = {"limit", 0, "NAME=NUMBER", "read with another limit, for example ldap.filter.depth=16"},
	[OPT_TOLERATE] = {"tolerate", 0, "NAME", "let a named deviation of real clients pass, for example ldap.ber.long-length"},
	[OPT_PORT] = {"port", 0, "PORT=NAME", "this server port speaks NAME, for example 10389=ldap"},
	[OPT_PROTOCOL] = {"protocol", 0, "NAME[:PORT]", "every flow speaks NAME, or those to PORT do"},
	{0},
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_interrupt(void)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
}

/* Files that are no capture but that people pass; NULL when it is none of them. Pipes are not looked into. */
static const char *not_a_capture(FILE *file)
{
	static const struct {
		const char *magic;
		size_t      n;
		const char *says;
	} kinds[] = {
		{"\x1f\x8b", 2, "it is compressed with gzip; unpack it first: gunzip -c FILE | sallyport check -"},
		{"\x28\xb5\x2f\xfd", 4, "it is compressed with zstd; unpack it first: zstdcat FILE | sallyport check -"},
		{"\xfd\x37zXZ", 5, "it is compressed with xz; unpack it first: xzcat FILE | sallyport check -"},
		{"BZh", 3, "it is compressed with bzip2; unpack it first: bzcat FILE | sallyport check -"},
		{"PK\x03\x04", 4, "it is a zip archive; unpack it first"},
	};
	struct stat st;
	char        head[8] = {0};
	ssize_t     n;

	if (fstat(fileno(file), &st) != 0)
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return "it is a directory; name the captures in it";
	if (!S_ISREG(st.st_mode))
		return NULL;
	n = pread(fileno(file), head, sizeof(head), 0);
	if (n == 0)
		return "it is empty";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && n > 0; i++)
		if ((size_t)n >= kinds[i].n && memcmp(head, kinds[i].magic, kinds[i].n) == 0)
			return kinds[i].says;
	return NULL;
}

static uint64_t file_size(FILE *file)
{
	struct stat st;

	return fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static bool cannot_read(struct check *check, FILE *file, const char *name, const char *why)
{
	complain("%s cannot be read: %s", strcmp(name, "-") == 0 ? "standard input" : name, why);
	check->totals.files_unread++;
	if (file && file != stdin)
		fclose(file);
	return false;
}

static enum capture_end read_all(struct check *check, struct capture *capture, uint64_t size)
{
	struct progress  progress = progress_start(size);
	enum capture_end end;

	do {
		end = capture_run(capture, RUN_PACKETS);
		progress_show(&progress, capture_bytes_read(capture), capture_counts_of(capture)->packets);
		check->progress_shown = progress.shown_ms != 0;
	} while (end == CAPTURE_MORE && !interrupted && !check->write_failed);
	progress_clear(&progress);
	check->progress_shown = false;
	return end;
}

/* False: it could not be opened, or its end is damaged, which was said. */
static bool check_file(struct check *check, const char *name)
{
	bool                stdin_wanted = strcmp(name, "-") == 0;
	FILE               *file = stdin_wanted ? stdin : fopen(name, "rb");
	struct capture_sink sink = check_sink(check);
	struct capture     *capture;
	enum capture_end    end;
	char                err[512];
	uint64_t            size;
	const char         *odd;

	if (!file)
		return cannot_read(check, NULL, name, strerror(errno));
	odd = not_a_capture(file);
	if (odd)
		return cannot_read(check, file, name, odd);
	size = file_size(file);
	capture = capture_open(file, NULL, &sink, err, sizeof(err));
	if (!capture)
		return cannot_read(check, file, name, interrupted ? "you stopped the reading before it began" : err);
	check->file = stdin_wanted ? "stdin" : name;
	check->file_number++;
	check->totals.files++;
	check->clock.now_ms = 0;
	end = read_all(check, capture, size);
	if (interrupted && end != CAPTURE_WHOLE)
		end = CAPTURE_MORE; /* a read that was interrupted is no damage */
	if (end == CAPTURE_CUT || end == CAPTURE_DAMAGED)
		complain("%s: %s", check->file, capture_note(capture));
	check->totals.files_cut += end == CAPTURE_CUT;
	check->totals.files_damaged += end == CAPTURE_DAMAGED;
	check->totals.interrupted |= end == CAPTURE_MORE;
	summary_add_capture(&check->totals, capture_counts_of(capture));
	capture_close(&capture);
	return end != CAPTURE_DAMAGED;
}

static bool check_open(struct check *check)
{
	check->env = (struct driver_env){
		.recognisers = protocols,
		.ops = &check_driver_ops,
		.clock = &check->clock,
		.key = hash_key_random(),
		.memory_cap = FLOW_MEMORY,
		.watch_unsafe = true,
	};
	slots_open(&check->slots, FLOW_MEMORY);
	check->totals.by_reason = calloc(UINT16_MAX + 1, sizeof(uint64_t));
	for (int udp = 0; udp < 2; udp++)
		check->totals.uncovered_port[udp] = calloc(UINT16_MAX + 1, sizeof(uint64_t));
	return check->totals.by_reason && check->totals.uncovered_port[0] && check->totals.uncovered_port[1] && guess_open(check) &&
	       profile_open(check) && driver_env_open(&check->env);
}

static void check_close(struct check *check)
{
	if (check->env.private)
		driver_env_close(&check->env);
	slots_close(&check->slots);
	policy_leave(check);
	guess_close(check);
	profile_close(check);
	free(check->totals.by_reason);
	for (int udp = 0; udp < 2; udp++)
		free(check->totals.uncovered_port[udp]);
}

/* What the command line says of the policy. */
struct wish {
	const char *policy, *service;
	bool        own; /* limits or tolerances of the command line */
};

/* One option; false after a complaint. */
static bool take_option(struct check *check, struct wish *wish, int option, const char *value)
{
	wish->own |= option == OPT_LIMIT || option == OPT_TOLERATE;
	switch (option) {
	case OPT_POLICY:
		wish->policy = value;
		return true;
	case OPT_SERVICE:
		wish->service = value;
		return true;
	case OPT_LIMIT:
		return profile_set_limit(check, value);
	case OPT_TOLERATE:
		return profile_tolerate(check, value);
	case OPT_PORT:
		return guess_set_port(check, value);
	case OPT_PROTOCOL:
		return guess_set_protocol(check, value);
	default:
		break;
	}
	check->options.json |= option == OPT_JSON;
	check->options.strict |= option == OPT_STRICT;
	check->options.all |= option == OPT_ALL;
	check->options.units |= option == OPT_UNITS;
	check->options.flows |= option == OPT_FLOWS;
	check->options.quiet |= option == OPT_QUIET;
	return true;
}

static bool take_policy(struct check *check, const struct wish *wish)
{
	if (wish->service && !wish->policy)
		complain("--service wants --policy, in which it stands");
	else if (wish->policy && wish->own)
		complain("with --policy, limits and tolerances are the policy's: write them there");
	else
		return !wish->policy || policy_use(check, wish->policy, wish->service);
	return false;
}

/* Options first, wherever they stand; operands are left in place at the front of argv. */
static int read_options(struct check *check, const struct cmd *cmd, int argc, char **argv, int *files)
{
	struct wish wish = {0};
	struct args args = args_over(cmd, argc, argv);
	int         got;

	*files = 0;
	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_OPERAND)
			argv[(*files)++] = argv[args.at - 1];
		else if (got < 0)
			return got;
		else if (!take_option(check, &wish, got, args.value))
			return ARGS_BAD;
	}
	if (*files)
		return take_policy(check, &wish) ? ARGS_END : ARGS_BAD;
	complain("check needs a capture file, or - for standard input");
	fputs("try: sallyport check your.pcap\n", stderr);
	return ARGS_BAD;
}

static int run_files(struct check *check, int files, char **names)
{
	const struct totals *t = &check->totals;
	bool                 failed = false;

	if (check->options.quiet)
		check->options.units = check->options.flows = false;
	profile_want(check);
	check->style.colour = !check->options.json && colour_wanted(stdout);
	catch_interrupt();
	for (int i = 0; i < files; i++)
		if (strcmp(names[i], "-") == 0)
			setvbuf(stdout, NULL, _IOLBF, 0); /* what is captured just now is told just now, through a pipe too */
	for (int i = 0; i < files && !interrupted && !check->write_failed; i++)
		failed |= !check_file(check, names[i]);
	if (check->options.json)
		summary_json(check);
	else if (t->files)
		summary_print(check);
	if (!output_ok() || check->write_failed || failed)
		return interrupted ? EXIT_INTERRUPTED : EXIT_USAGE;
	if (interrupted)
		return EXIT_INTERRUPTED;
	return t->refused || (check->options.strict && summary_unseen(t)) ? EXIT_FOUND : EXIT_CLEAN;
}

static int check_run(const struct cmd *cmd, int argc, char **argv)
{
	struct check *check = calloc(1, sizeof(*check));
	int           code = EXIT_USAGE, got, files;

	if (!check || !check_open(check)) {
		complain("there is not enough memory to start");
	} else {
		got = read_options(check, cmd, argc, argv, &files);
		code = got == ARGS_END ? run_files(check, files, argv) : args_exit(got);
	}
	if (check)
		check_close(check);
	free(check);
	return code;
}

const struct cmd cmd_check = {
	.name = "check",
	.usage = "CAPTURE...",
	.summary = "read captures and say what is not lawful in them, and why",
	.about = "Reads pcap and pcapng files through the recognisers that the gateway will use: one line per refused message, then a "
		 "summary that also counts what could not be seen. Nothing is sent or changed. \"-\" reads standard input.",
	.options = options,
	.run = check_run,
};
