/* Inside the scribe: what its loop and its outputs share. */
#ifndef SALLYPORT_EVENT_SCRIBE_INT_H
#define SALLYPORT_EVENT_SCRIBE_INT_H

#include "event/scribe.h"
#include "event/sink.h"

enum { SCRIBE_LINE_MAX = 8192, SCRIBE_TELL_MS = 60000 };

/* A worker. */
struct sender {
	struct channel channel; /* fd -1 = free */
	uint32_t       group;
};

/* A command of the operator's that watches. */
struct watcher {
	struct channel channel; /* fd -1 = free */
	bool           tailing, json;
	uint64_t       since_ms, lost;
};

struct output {
	struct sink sink;
	uint64_t    noted, told; /* how much of sink.lost a note, and stderr, said */
	uint64_t    tell_ms; /* when stderr may be told again */
};

struct scribe {
	const struct scribe_config *config;
	struct render               render;
	struct channel              keeper;
	struct sender               sender[SCRIBE_SENDERS];
	struct watcher              watcher[SCRIBE_CLIENTS];
	struct output               out, events;
	uint64_t                    now_ms;
	uint64_t                    control_ms; /* accepting failed: not before this */
	bool                        stopping, bad;
	uint64_t                    stop_ms; /* when draining ends */
	struct message_in           in;
	char                        json[EVE_LINE_MAX], line[SCRIBE_LINE_MAX], plain[SCRIBE_LINE_MAX];
};

/* Milliseconds that never go back. */
uint64_t scribe_clock_ms(void);

/* scribe_out.c: to everyone who wants it. */
void scribe_publish(struct scribe *s, const struct record *record);
/* A word of the scribe's own. */
void scribe_note(struct scribe *s, enum record_gate what, uint64_t a, uint64_t b, const char *text);
/* Write what waits, and tell of what was lost. */
void scribe_write(struct scribe *s);
/* The last lines, as far as they can be written within a second; then what is lost is told. */
void scribe_finish(struct scribe *s);

/* scribe_watch.c: those who watch. */
void watch_accept(struct scribe *s);
void watch_read(struct scribe *s, struct watcher *w);
/* One line of that time, in the form it asked for, without its newline. */
void watch_send(struct scribe *s, struct watcher *w, const char *line, size_t n, uint64_t ts_us);

#endif
