/* The scribe: the process that turns records into lines for people, for files and for who watches. */
#ifndef SALLYPORT_EVENT_SCRIBE_H
#define SALLYPORT_EVENT_SCRIBE_H

#include <stdbool.h>

#include "event/render.h"
#include "priv/channel.h"

enum { SCRIBE_SENDERS = 128, SCRIBE_CLIENTS = 16, SCRIBE_DRAIN_MS = 2000 };

/* Descriptors stay the caller's, but for the keeper's channel, which is closed at the end. */
struct scribe_config {
	struct channel                  keeper; /* self PARTY_SCRIBE, peer PARTY_KEEPER */
	const struct policy            *policy; /* for names; NULL = none */
	const struct recogniser *const *protocols; /* NULL-terminated */
	int                             control; /* listening AF_UNIX SOCK_SEQPACKET, non-blocking; -1 = nobody can watch */
	int                             out; /* for people, most often standard output; -1 = none */
	int                             events; /* EVE lines, opened with O_APPEND; -1 = none */
	bool                            json; /* EVE on `out` as well */
	bool                            colour; /* on `out` */
	bool                            time; /* sentences on `out` begin with the time */
};

/* Before the sandbox: what libraries open files for when they are first used. */
void scribe_prepare(const struct recogniser *const *protocols);

/*
 * Runs until the keeper's channel ends; then hears all senders out, for SCRIBE_DRAIN_MS at the most, and returns the exit code:
 * 0, or 1 when the keeper itself sent nonsense. Single-threaded; enter the sandbox before. SIGINT, SIGTERM, SIGPIPE and SIGXFSZ are ignored
 * from here on: the end of the keeper's channel is the only sign to stop.
 *
 * A sender whose messages or records break the rules, or who says what is not its to say, is no longer heard (GATE_LIAR). Lines that
 * cannot be written are counted: a RECORD_GATE of GATE_UNWRITTEN says how many, and once a minute a line on stderr.
 */
int scribe_main(const struct scribe_config *config);

#endif
