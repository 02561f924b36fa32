/* A borrowed view of bytes with a shared, sticky fault: the only way bytes of a peer are read. */
#ifndef SALLYPORT_BASE_WIRE_H
#define SALLYPORT_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Laws (test/test_wire.c tries to break each against a guard page):
 *  1. wire_take alone compares a length with what is left; nothing else moves a view.
 *  2. After a fault every view that shares it yields zeros and reads as empty,
 *     so a parser reads straight down in the order of the specification.
 *  3. The first fault wins and is never overwritten.
 *  4. A view never allocates, never owns, and lives as long as the bytes it was made from.
 *
 * `why` is a reason number (proto/reasons.h); base/ only knows that 0 means none.
 * Field names are static strings in the specification's own words.
 */

#define WIRE_NO_NODE 0xffffu
#define TRACE_NODES  4096

/* One view opened while a refused unit is parsed again: its name and where it hangs. */
struct trace_node {
	const char *field;
	uint32_t    ordinal; /* which element of its parent this is, from 0 */
	uint32_t    elements; /* how many elements were read from it so far */
	uint16_t    parent; /* index, or WIRE_NO_NODE */
	bool        list; /* its elements are told apart by number */
};

struct trace {
	uint16_t          used;
	struct trace_node node[TRACE_NODES];
};

/* What was wrong, where, and in which field. All zero: nothing. */
struct fault {
	uint16_t      why; /* reason number; 0 = no fault */
	uint16_t      node; /* with a trace: the view that met the fault */
	uint32_t      ordinal; /* with a trace: which element of that view */
	uint32_t      at; /* bytes from the start of the unit */
	const char   *field; /* static; the specification's name */
	uint64_t      expected; /* the limit or the wanted value, where has_numbers */
	uint64_t      got;
	bool          has_numbers;
	struct trace *trace; /* NULL on the hot path */
};

struct wire {
	const uint8_t *p, *end, *origin;
	struct fault  *fault;
	uint16_t       short_why; /* reason given when a read runs past the end */
	uint16_t       node; /* this view's place in the trace */
};

/* A view of n bytes. `fault` is shared by all its children; `short_why` is what running past an end is called. */
struct wire wire_over(const void *bytes, size_t n, struct fault *fault, uint16_t short_why);

/* Bytes left; 0 after a fault. */
size_t wire_left(const struct wire *w);
/* Offset of the next byte from the start of the unit. */
uint32_t wire_offset(const struct wire *w);
/* The loop test: bytes are left and nothing is wrong anywhere. */
bool wire_more(const struct wire *w);

/* The next n bytes, or NULL with the fault set. The pointer lives as long as the view's bytes. */
const uint8_t *wire_take(struct wire *w, size_t n, const char *field);
/* The next byte without moving; 0 when there is none (no fault). */
uint8_t wire_peek(const struct wire *w);

uint8_t  wire_u8(struct wire *w, const char *field);
uint16_t wire_be16(struct wire *w, const char *field);
uint32_t wire_be32(struct wire *w, const char *field);
uint64_t wire_be64(struct wire *w, const char *field);
uint16_t wire_le16(struct wire *w, const char *field);
uint32_t wire_le32(struct wire *w, const char *field);
uint64_t wire_le64(struct wire *w, const char *field);

/* A constraint is a read, so that the fault carries the field's own offset. */
void     wire_want_u8(struct wire *w, uint8_t want, uint16_t why, const char *field);
void     wire_want_le16(struct wire *w, uint16_t want, uint16_t why, const char *field);
void     wire_want_be16(struct wire *w, uint16_t want, uint16_t why, const char *field);
void     wire_want_le32(struct wire *w, uint32_t want, uint16_t why, const char *field);
uint16_t wire_le16_range(struct wire *w, uint16_t min, uint16_t max, uint16_t why, const char *field);
uint16_t wire_be16_range(struct wire *w, uint16_t min, uint16_t max, uint16_t why, const char *field);
uint32_t wire_le32_range(struct wire *w, uint32_t min, uint32_t max, uint16_t why, const char *field);
uint32_t wire_be32_range(struct wire *w, uint32_t min, uint32_t max, uint16_t why, const char *field);

/* A child of the next n bytes; the parent moves past it. Empty after a fault. */
struct wire wire_sub(struct wire *w, size_t n, const char *field);
/* A child at an offset from where `whole` stands, so keep one unread (offset/length pairs of SMB2, DCE/RPC): `whole` does not move. */
struct wire wire_at(const struct wire *whole, size_t off, size_t n, const char *field);

/* Nothing trails and nothing is wrong. What was parsed is scratch until this says yes. */
bool wire_end(struct wire *w, uint16_t trailing_why, const char *field);

/* Record a fault at an offset from the unit's start; the first one wins. Always false, for `return wire_fail(...)`. */
bool wire_fail(const struct wire *w, uint32_t at, uint16_t why, const char *field);
/* The same with the numbers a person wants to see. */
bool wire_fail_numbers(const struct wire *w, uint32_t at, uint16_t why, const char *field, uint64_t expected, uint64_t got);

/* Tracing: mark a view whose elements are told apart by number; count one element. No-ops without a trace. */
void wire_list(struct wire *w);
void wire_element(struct wire *w);
/* A named level of the field path that covers no bytes of its own. */
void wire_name(struct wire *w, const char *field);
/* "ldap/search/filter/and[3]/equality/value" of a traced fault, always terminated; returns its length. */
size_t fault_path(const struct fault *fault, char *out, size_t size);

#endif
