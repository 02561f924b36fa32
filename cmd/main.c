/* The command `sallyport`: finds the verb, helps, and says its version. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

static int help_run(const struct cmd *cmd, int argc, char **argv);
static int version_run(const struct cmd *cmd, int argc, char **argv);

static const struct option no_options[] = {{0}};

static const struct cmd cmd_help_verb = {
	.name = "help",
	.usage = "[VERB]",
	.summary = "what a verb does and which options it has",
	.about = "Without a verb: the list of verbs.",
	.options = no_options,
	.run = help_run,
};

static const struct cmd cmd_version = {
	.name = "version",
	.usage = "",
	.summary = "the version of this program",
	.about = "Prints the version, as sallyport --version does.",
	.options = no_options,
	.run = version_run,
};

static const struct cmd *const verbs[] = {
	&cmd_run, &cmd_check, &cmd_reasons, &cmd_shields, &cmd_protocols, &cmd_policy, &cmd_probe, &cmd_sessions, &cmd_tail, &cmd_bulletin, &cmd_inventory, &cmd_help_verb, &cmd_version,
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static const struct cmd *verb_by_name(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int unknown_verb(const char *word)
{
	const char *names[VERBS];

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i]->name;
	complain_unknown("verb", word, suggest(word, names, VERBS, sizeof(names[0])), "help");
	return EXIT_USAGE;
}

static void general_help(FILE *file)
{
	fprintf(file, "usage: sallyport VERB [options] [arguments]\n"
		      "       sallyport --help | --version\n\n"
		      "Sallyport recognises every message of a protocol in full before its first byte may pass.\n\n"
		      "verbs:\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(file, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	fprintf(file, "\nTry: sallyport check your.pcap\n"
		      "More: sallyport help VERB, man sallyport\n"
		      "Exit: 0 clean, 1 something was found, 2 usage or a file that cannot be read, 3 the gate cannot be reached.\n");
}

void cmd_help(const struct cmd *cmd)
{
	unsigned width = columns_of(stdout), widest = 6;

	printf("usage: sallyport %s %s%s%s\n\n", cmd->name, cmd->options[0].name ? "[options]" : "",
	       cmd->options[0].name && cmd->usage[0] ? " " : "", cmd->usage);
	print_wrapped(stdout, cmd->about, 0, width < 100 ? width : 100);
	printf("\noptions:\n");
	for (const struct option *o = cmd->options; o->name; o++) {
		unsigned n = (unsigned)(strlen(o->name) + (o->arg ? strlen(o->arg) + 1 : 0));

		widest = n > widest ? n : widest;
	}
	for (const struct option *o = cmd->options; o->name; o++) {
		unsigned n = (unsigned)(strlen(o->name) + (o->arg ? strlen(o->arg) + 1 : 0));

		printf("  %c%c%s --%s%s%s%*s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
		       o->arg ? " " : "", o->arg ? o->arg : "", (int)(widest - n + 2), "");
		print_wrapped(stdout, o->help, widest + 10, width < 100 ? width : 100);
	}
	printf("  -h, --help%*sthis text\n", (int)(widest - 4 + 2), "");
}

static int help_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args args = args_over(cmd, argc, argv);
	int         got = args_next(&args);

	if (got == ARGS_BAD || got == ARGS_HELP)
		return args_exit(got);
	if (got == ARGS_END) {
		general_help(stdout);
		return output_ok() ? EXIT_CLEAN : EXIT_USAGE;
	}
	const struct cmd *verb = verb_by_name(args.value);

	if (!verb)
		return unknown_verb(args.value);
	cmd_help(verb);
	return output_ok() ? EXIT_CLEAN : EXIT_USAGE;
}

static int version_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args args = args_over(cmd, argc, argv);
	int         got = args_next(&args);

	if (got == ARGS_BAD || got == ARGS_HELP)
		return args_exit(got);
	if (got == ARGS_OPERAND) {
		complain("version takes no argument");
		return EXIT_USAGE;
	}
	printf("sallyport %s\n", SALLYPORT_VERSION);
	return output_ok() ? EXIT_CLEAN : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct cmd *verb;

	if (argc < 2) {
		general_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_run(&cmd_help_verb, 0, argv + 2);
	if (strcmp(argv[1], "--version") == 0)
		return version_run(&cmd_version, 0, argv + 2);
	if (argv[1][0] == '-') {
		complain("options stand behind the verb: sallyport VERB %.100s", argv[1]);
		return EXIT_USAGE;
	}
	verb = verb_by_name(argv[1]);
	return verb ? verb->run(verb, argc - 2, argv + 2) : unknown_verb(argv[1]);
}
