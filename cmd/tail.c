/* The verb `tail`: prints the running gate's events as they happen, until interrupted or the gate ends. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>

#include "cmd/run_dir.h"

enum { OPT_JSON = 0, OPT_RUN };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "EVE JSON lines instead of sentences"},
	[OPT_RUN] = OPTION_RUN,
	{0},
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* SIGINT is not missed between the look at it and poll. `waiting` is the mask for poll, and for printing, which may take its time. */
static void catch_interrupt(sigset_t *waiting)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
	sigset_t         blocked;

	sigaction(SIGINT, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	sigdelset(waiting, SIGINT);
}

/* The scribe has escaped what peers wrote; a terminal still gets no control character from a socket. */
static void print_line(struct message_in *in)
{
	for (size_t i = 0; i < in->len; i++)
		if (in->bytes[i] < 0x20 || in->bytes[i] == 0x7f)
			in->bytes[i] = '?';
	fwrite(in->bytes, 1, in->len, stdout);
	putchar('\n');
}

/* Lines until there are none now. Anything but CHANNEL_AGAIN is the end. */
static enum channel_got print_all(struct channel *scribe)
{
	static struct message_in in;
	enum channel_got         got;

	while ((got = channel_recv(scribe, &in)) == CHANNEL_MESSAGE && in.type == MSG_LINE && !interrupted)
		print_line(&in);
	return got == CHANNEL_MESSAGE ? CHANNEL_BAD : got;
}

static int follow(struct channel *scribe)
{
	struct pollfd    p = {.fd = scribe->fd, .events = POLLIN};
	enum channel_got got;
	sigset_t         waiting, blocked;

	catch_interrupt(&waiting);
	for (;;) {
		sigprocmask(SIG_SETMASK, &waiting, &blocked);
		got = print_all(scribe);
		if (!interrupted)
			fflush(stdout);
		sigprocmask(SIG_SETMASK, &blocked, NULL);
		if (interrupted) {
			__fpurge(stdout); /* whoever does not read now must not keep us at the end */
			return EXIT_INTERRUPTED;
		}
		if (got != CHANNEL_AGAIN || !output_ok() || (ppoll(&p, 1, NULL, &waiting) < 0 && errno != EINTR))
			break;
	}
	if (got == CHANNEL_BAD)
		complain("the gate sent something that is no line");
	if (!output_ok() || got == CHANNEL_AGAIN)
		return EXIT_USAGE;
	return got == CHANNEL_BAD ? EXIT_UNREACHABLE : EXIT_CLEAN;
}

static int tail_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args      args = args_over(cmd, argc, argv);
	const char      *dir = NULL;
	uint8_t          json = 0;
	struct channel   scribe;
	struct run_hello hello;
	enum exit_code   code;
	int              got;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_OPERAND) {
			complain("tail takes no argument; the gate's folder is named with --run DIR");
			return EXIT_USAGE;
		}
		if (got < 0)
			return args_exit(got);
		if (got == OPT_RUN)
			dir = args.value;
		json |= got == OPT_JSON;
	}
	code = run_connect(dir, "scribe.sock", PARTY_SCRIBE, &scribe, &hello);
	if (code != EXIT_CLEAN)
		return code;
	code = EXIT_UNREACHABLE;
	if (channel_send(&scribe, MSG_TAIL, &json, 1, -1) == CHANNEL_SENT)
		code = (enum exit_code)follow(&scribe);
	else
		complain("the gate has just ended");
	channel_close(&scribe);
	return code;
}

const struct cmd cmd_tail = {
	.name = "tail",
	.usage = "",
	.summary = "what the running gate does, as it happens",
	.about = "Prints every event of the running gate from now on: one line per flow that ended, per refusal and per word of the gate itself. "
		 "Ends with the gate, or when interrupted. A reader who is too slow is told how many lines are missing.",
	.options = options,
	.run = tail_run,
};
