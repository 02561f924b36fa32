/* Reads the words behind a verb: long and short options from a table, operands between them, helpful errors. */
#include <string.h>

#include "cmd/cmd.h"

struct args args_over(const struct cmd *cmd, int argc, char **argv)
{
	return (struct args){.cmd = cmd, .argv = argv, .argc = argc};
}

static int bad_option(const struct args *args, const char *word)
{
	const struct option *options = args->cmd->options;
	char                 name[64];
	size_t               count = 0;
	const char          *meant;

	while (options[count].name)
		count++;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	meant = word[0] == '-' && word[1] == '-' ? suggest(name + 2, &options->name, count, sizeof(*options)) : NULL;
	complain("%s has no option %s", args->cmd->name, name);
	if (meant)
		fprintf(stderr, "did you mean --%s?\n", meant);
	else
		fprintf(stderr, "sallyport %s --help lists what there is\n", args->cmd->name);
	return ARGS_BAD;
}

/* The option's value: behind '=', or the next word. */
static int with_value(struct args *args, int index, const char *inline_value)
{
	const struct option *option = &args->cmd->options[index];

	if (!option->arg && inline_value) {
		complain("--%s takes no value", option->name);
		return ARGS_BAD;
	}
	args->value = inline_value;
	if (!option->arg || inline_value)
		return index;
	if (args->at == args->argc) {
		complain("--%s needs a value: --%s %s", option->name, option->name, option->arg);
		return ARGS_BAD;
	}
	args->value = args->argv[args->at++];
	return index;
}

static int long_option(struct args *args, const char *word)
{
	const char *name = word + 2;
	size_t      len = strcspn(name, "=");

	if (strcmp(name, "help") == 0) {
		cmd_help(args->cmd);
		return ARGS_HELP;
	}
	for (int i = 0; args->cmd->options[i].name; i++)
		if (strlen(args->cmd->options[i].name) == len && strncmp(args->cmd->options[i].name, name, len) == 0)
			return with_value(args, i, name[len] ? name + len + 1 : NULL);
	return bad_option(args, word);
}

static int short_option(struct args *args, const char *word)
{
	if (strcmp(word, "-h") == 0) {
		cmd_help(args->cmd);
		return ARGS_HELP;
	}
	for (int i = 0; args->cmd->options[i].name && !word[2]; i++)
		if (args->cmd->options[i].letter == word[1])
			return with_value(args, i, NULL);
	return bad_option(args, word);
}

int args_next(struct args *args)
{
	const char *word;

	if (args->at == args->argc)
		return ARGS_END;
	word = args->argv[args->at++];
	if (args->only_operands || word[0] != '-' || !word[1]) {
		args->value = word;
		return ARGS_OPERAND;
	}
	if (strcmp(word, "--") == 0) {
		args->only_operands = true;
		return args_next(args);
	}
	return word[1] == '-' ? long_option(args, word) : short_option(args, word);
}

/* The help begins with "check and explain: "; without a colon behind words alone the option is for all. */
static bool option_is_for(const char *help, const char *word)
{
	size_t n = strspn(help, "abcdefghijklmnopqrstuvwxyz ");
	size_t len = strlen(word);

	if (help[n] != ':')
		return true;
	for (const char *p = help; p < help + n; p += strcspn(p, " :") + 1)
		if (strncmp(p, word, len) == 0 && (p[len] == ' ' || p[len] == ':'))
			return true;
	return false;
}

bool args_fit(const struct cmd *cmd, const char *word, unsigned given)
{
	for (int i = 0; cmd->options[i].name; i++)
		if ((given >> i & 1) && !option_is_for(cmd->options[i].help, word)) {
			complain("--%s is not for %s %s, but for %.*s", cmd->options[i].name, cmd->name, word, (int)strcspn(cmd->options[i].help, ":"), cmd->options[i].help);
			return false;
		}
	return true;
}

int args_exit(int got)
{
	return got == ARGS_HELP ? EXIT_CLEAN : EXIT_USAGE;
}
