/* What the verbs of the command line share: their table, options, exit codes and the few forms of output. */
#ifndef SALLYPORT_CMD_CMD_H
#define SALLYPORT_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SALLYPORT_VERSION "0.1.0"

struct json_t;

enum exit_code {
	EXIT_CLEAN = 0,
	EXIT_FOUND = 1, /* refusals; with --strict also what could not be seen */
	EXIT_USAGE = 2, /* usage, or a file that cannot be read or written */
	EXIT_UNREACHABLE = 3, /* the gate is not running, or not to be talked to */
	EXIT_INTERRUPTED = 130, /* as shells expect of SIGINT */
};

struct option {
	const char *name; /* "json" */
	char        letter; /* or 0 */
	const char *arg; /* "NAME=VALUE", or NULL */
	const char *help;
};

struct cmd {
	const char          *name;
	const char          *usage; /* behind the name */
	const char          *summary; /* one line */
	const char          *about; /* a paragraph */
	const struct option *options; /* ends with a NULL name; --help is everyone's and not in it */
	int (*run)(const struct cmd *cmd, int argc, char **argv); /* argv[0] is the first word behind the verb */
};

extern const struct cmd cmd_check, cmd_reasons, cmd_shields, cmd_protocols, cmd_policy, cmd_run, cmd_probe, cmd_sessions, cmd_tail, cmd_bulletin, cmd_assess, cmd_inventory, cmd_results;

/* The verb's usage and options on stdout. */
void cmd_help(const struct cmd *cmd);

/* A walk over a verb's words. */
struct args {
	const struct cmd *cmd;
	char            **argv;
	int               argc, at;
	bool              only_operands; /* behind "--" */
	const char       *value; /* of the option, or the operand */
};

enum { ARGS_END = -1, ARGS_OPERAND = -2, ARGS_BAD = -3, ARGS_HELP = -4 };

struct args args_over(const struct cmd *cmd, int argc, char **argv);
/* An index into cmd->options, or one of the above. ARGS_BAD has told the user why, ARGS_HELP has helped. */
int args_next(struct args *args);
/* What a verb returns for ARGS_BAD and ARGS_HELP. */
int args_exit(int got);
/*
 * Of a verb with verbs of its own: none of the options whose bits are in `given` is for others than `word`. Each option's help begins with
 * the words it is for ("check and explain: ..."), or with none. False after a complaint.
 */
bool args_fit(const struct cmd *cmd, const char *word, unsigned given);

/* The name nearest to `word` among `count` names `stride` bytes apart, or NULL when none is near. */
const char *suggest(const char *word, const char *const *names, size_t count, size_t stride);
/* Text without anything that could lead a terminal: what is no UTF-8 or does not show is a question mark. */
void print_harmless(FILE *file, const char *text);
/* "sallyport: MESSAGE" on stderr, one line; names of files and words of the command line in it are made harmless. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, what may have been meant, when there is something, and the words behind "sallyport" that list what there is. */
void complain_unknown(const char *what, const char *word, const char *meant, const char *lister);

/* Colours may be used on this stream: a terminal, and NO_COLOR is not set. */
bool colour_wanted(FILE *file);
/* Columns of the terminal behind the stream, 100 when it is none. */
unsigned columns_of(FILE *file);
/* Text at `indent` columns, broken at blanks before column `width`; the first line starts where the cursor is. */
void print_wrapped(FILE *file, const char *text, unsigned indent, unsigned width);
/* A document of --json and its newline; takes the reference. False when it could not be written. */
bool print_json(struct json_t *document);
/* Everything on stdout was written; otherwise complains, once, and is false. */
bool output_ok(void);

#endif
