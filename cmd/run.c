/* `sallyport run`: the gate in the foreground. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/run_dir.h"
#include "gate/gate.h"
#include "proto/protocols.h"

enum { OPT_CONFIG = 0, OPT_RUN, OPT_EVENTS, OPT_USER, OPT_JSON, OPT_QUIET, OPT_MEMORY, OPT_TEST };

static const struct option options[] = {
	[OPT_CONFIG] = {"config", 'c', "FILE", "the policy; its includes are read beneath the folder it is in"},
	[OPT_RUN] = {"run", 0, "DIR", "where the control sockets are, for tail, sessions and probe"},
	[OPT_EVENTS] = {"events", 0, "FILE", "append every event to this file, as EVE JSON lines"},
	[OPT_USER] = {"user", 0, "NAME", "as root: who the processes become that touch the network (sallyport if there is such a user, else nobody)"},
	[OPT_JSON] = {"json", 0, NULL, "events on standard output as EVE JSON lines instead of sentences"},
	[OPT_QUIET] = {"quiet", 'q', NULL, "no events on standard output"},
	[OPT_MEMORY] = {"memory", 0, "MIB", "how much a process may hold for its connections (256)"},
	[OPT_TEST] = {"test", 0, NULL, "compile the policy and open every listener, then stop: would it start?"},
	{0},
};

static bool mebibytes(const char *text, uint64_t *out)
{
	char         *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n < 16 || n > 1024 * 1024) {
		complain("--memory is a number of MiB from 16 to 1048576, not \"%.50s\"", text);
		return false;
	}
	*out = (uint64_t)n * 1024 * 1024;
	return true;
}

static bool option(struct gate_options *o, const char **run, int which, const char *value)
{
	switch (which) {
	case OPT_CONFIG:
		o->policy = value;
		return true;
	case OPT_RUN:
		*run = value;
		return true;
	case OPT_EVENTS:
		o->events = value;
		return true;
	case OPT_USER:
		o->user = value;
		return true;
	case OPT_JSON:
		return o->json = true;
	case OPT_QUIET:
		return o->quiet = true;
	case OPT_TEST:
		return o->check_only = true;
	default:
		return mebibytes(value, &o->memory);
	}
}

static int run(const struct cmd *cmd, int argc, char **argv)
{
	struct gate_options o = {.registry = protocols, .colour = colour_wanted(stdout)};
	struct args         args = args_over(cmd, argc, argv);
	const char         *given = NULL;
	char                dir[RUN_DIR_MAX];
	int                 got;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got);
		if (got == ARGS_OPERAND) {
			complain("run takes no argument; the policy is given by -c FILE");
			return EXIT_USAGE;
		}
		if (!option(&o, &given, got, args.value))
			return EXIT_USAGE;
	}
	if (!o.policy) {
		complain("run needs a policy: sallyport run -c FILE");
		return EXIT_USAGE;
	}
	if (!run_dir(given, dir, sizeof(dir)))
		return EXIT_USAGE;
	o.run_dir = dir;
	return (int)gate_run(&o);
}

const struct cmd cmd_run = {
	.name = "run",
	.usage = "-c FILE",
	.summary = "the gateway in the foreground",
	.about = "Compiles the policy, listens, and lets through what its protocols' grammar, limits and state and the policy allow. Says what it "
		 "refuses and why, one line each. SIGINT and SIGTERM end it in order. Exit codes: 0 it ended in order, 1 the policy has errors, "
		 "2 it could not start or could not go on.",
	.options = options,
	.run = run,
};
