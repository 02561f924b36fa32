/* Events as plain values, and the two ways they are shown: EVE JSON lines for machines, one sentence for people. */
#ifndef SALLYPORT_EVENT_EVENT_H
#define SALLYPORT_EVENT_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "proto/proto.h"
#include "proto/reasons.h"

/* Where and when: what every event has. Everything is borrowed for the call. */
struct event_at {
	uint64_t       ts_us; /* since 1970 */
	uint64_t       flow_id; /* below 2^53, so that no reader rounds it */
	uint8_t        ip_protocol; /* 6 or 17 */
	struct address client, server;
	enum side      from; /* who sent what the event is about */
	const char    *app; /* the protocol's name */
	const char    *file; /* of a capture; NULL live */
	uint64_t       packet; /* its number in that file, from 1 */
	const char    *community; /* its community id, when the caller kept it; NULL = to be computed */
	const char    *via; /* the service, in lines; NULL = not said */
};

/* Under what an event happened. Texts are harmless: the caller has escaped what is not our own. */
struct decided {
	uint64_t    policy_rev; /* 0 = there was no policy */
	const char *service; /* NULL = none, as in each that follows */
	const char *policy, *rule; /* rule: its id, "#2", "default", "built-in" */
	const char *mode; /* "check", "watch", "enforce" */
	uint32_t    watch_until; /* 20270131; 0 = it is not watched, or without end */
	bool        probe;
};

/* A unit that was refused. Texts are harmless, as above. */
struct refusal {
	struct decided       by;
	const struct reason *reason;
	const char          *sentence; /* with the numbers filled in */
	const char          *detail; /* one more clause, or NULL */
	const char          *path; /* "ldap/search/filter/not"; "" = none */
	const char          *action; /* the verdict: "alert" (nothing was stopped), "drop" */
	bool                 has_offset; /* of the byte that breaks the rule, from the unit's start */
	bool                 has_numbers;
	bool                 consequence; /* of an earlier refusal, or of a beginning that was not captured */
	uint32_t             offset;
	uint64_t             stream_offset; /* of the unit's first byte */
	uint64_t             expected, got;
};

/* Readers cut longer lines. */
enum { EVE_LINE_MAX = 8192 };

/* The common members; ends, transport and flow id only where there are. NULL when there is no memory, as with all that make JSON. */
json_t *eve_common(const struct event_at *event, const char *type);
json_t *eve_refusal(const struct event_at *event, const struct refusal *refusal);
/* The beginning of the member "sallyport": under what it happened. */
json_t *eve_own(const struct decided *by);
/* Peer text and file names as a JSON string, escaped and capped. */
json_t *eve_text(const uint8_t *bytes, size_t n, size_t most);
json_t *eve_name(const char *name);
/*
 * One line; frees the object (NULL is fine and false). A line of EVE_LINE_MAX bytes or more loses its own
 * members, last first, until it fits, and says "truncated". False: no memory or the write failed.
 */
bool eve_write(FILE *file, json_t *object);
/* The same into memory of EVE_LINE_MAX bytes, ending with the newline; its length, or 0. */
size_t eve_line(json_t *object, char *out);

/* How text lines look. */
struct line_style {
	bool colour;
};

/* "day.pcap:143 192.0.2.1:4711 -> 192.0.2.9:389  ldap.filter.depth: the search filter ... (at ..., byte 143 of ...; RFC ...)" */
void line_where(struct str *out, const struct event_at *event, const struct line_style *style);
void line_refusal(struct str *out, const struct event_at *event, const struct refusal *refusal, const struct line_style *style);

/* ANSI sequences, or "" without colour. */
enum ink { INK_NONE = 0, INK_DIM, INK_BOLD, INK_RED, INK_YELLOW, INK_GREEN, INK_CYAN };
const char *line_ink(const struct line_style *style, enum ink ink);
/* How alarming a class is. */
enum ink line_class_ink(uint8_t class);

#endif
