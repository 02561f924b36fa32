/* Text of peers made harmless, and addresses and times in the one form every event uses. */
#ifndef SALLYPORT_EVENT_TEXT_H
#define SALLYPORT_EVENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/proto.h"

/*
 * At most `most` bytes of peer text as printable UTF-8: controls and bytes that are not UTF-8 as \x1b, characters that
 * turn, hide or join text (bidi controls, zero width, line separators) as \u{202e}, quotation marks and backslashes with a
 * backslash. What is left out is said: "...(+12 bytes)". The result means the same in a terminal, a log and a JSON string.
 */
void text_escape(struct str *out, const uint8_t *bytes, size_t n, size_t most);
/* The same for our own side's words, such as a file name. */
void text_escape_name(struct str *out, const char *name);

/* 192.0.2.1:389 and [2001:db8::1]:389; ? for none. */
void text_address(struct str *out, const struct address *address);
/* Without the port. */
void text_ip(struct str *out, const struct address *address);
/* 2026-11-20T09:49:00.123456+0000, always UTC; years past 9999 are shown as 9999. */
void text_time(struct str *out, uint64_t ts_us);
/* 20270131 as 2027-01-31. */
void text_date(struct str *out, uint32_t date);
/* A span of time as a person says it: 850 ms, 1.2 s, 3 min 20 s, 5 h 2 min, 3 d 4 h. */
void text_span(struct str *out, uint64_t us);

/* A field path no longer than `most`: the middle levels of a longer one give way to "...". */
void text_path(struct str *out, const char *path, size_t most);

/* The community id, version 1 with seed 0: joins with Zeek, Suricata and Wireshark. `out` holds at least 32 bytes. */
enum { COMMUNITY_ID_MAX = 32 };
bool community_id(uint8_t protocol, const struct address *a, const struct address *b, char *out);

#endif
