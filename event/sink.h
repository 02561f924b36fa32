/* A place that whole lines are written to: never waits for it, never leaves half a line unexplained, counts what is lost. */
#ifndef SALLYPORT_EVENT_SINK_H
#define SALLYPORT_EVENT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines wait in memory until the file, pipe or terminal takes them. Where one fails in the middle of a line (a full disk), that line is
 * written again from its beginning, behind a newline that ends the half that stands there. A reader that is gone (EPIPE) ends the sink.
 */

enum { SINK_BYTES = 256 * 1024, SINK_RETRY_MS = 1000 };

struct sink {
	int         fd; /* the caller's; -1 = none, or its reader is gone */
	const char *name; /* for people: "the events file" */
	bool        waits; /* no regular file: ask first whether it would block */
	bool        torn; /* half a line stands at the end */
	size_t      len, at; /* bytes held; of these written */
	uint64_t    lost; /* lines, ever */
	int         error, last_error; /* why the last write failed, 0 = it did not; why one did, for the user to clear */
	uint64_t    retry_ms; /* after an error */
	char        bytes[SINK_BYTES];
};

void sink_open(struct sink *sink, int fd, const char *name);
/* One line with its newline. False: it is lost and counted. */
bool sink_put(struct sink *sink, const char *line, size_t n);
/* Write what can be written now. */
void sink_write(struct sink *sink, uint64_t now_ms);
/* Lines wait. */
bool sink_pending(const struct sink *sink);
/* Lines wait, and poll can tell when to go on; otherwise try again after SINK_RETRY_MS. */
bool sink_polls(const struct sink *sink);
/* It is over: what waits is lost. */
void sink_abandon(struct sink *sink);

#endif
