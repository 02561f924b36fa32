/* BER as the directory protocols use it: definite lengths, the expected tag in the call, depth by the caller's counter. */
#ifndef SALLYPORT_BASE_BER_H
#define SALLYPORT_BASE_BER_H

#include "base/wire.h"

/*
 * Spec: X.690 clause 8, with RFC 4511 5.1: definite lengths only, OCTET STRING primitive only.
 * Offsets in faults are those of the octet that breaks the rule: the identifier octet for a
 * wrong tag, the first length octet for a wrong length, the first content octet for a wrong value.
 */

/* Identifier octets: class and constructed bit with a tag number below 31 (X.690 8.1.2). */
enum ber_tag {
	BER_BOOLEAN = 0x01,
	BER_INTEGER = 0x02,
	BER_OCTETS = 0x04,
	BER_NULL = 0x05,
	BER_OID = 0x06,
	BER_ENUMERATED = 0x0a,
	BER_SEQUENCE = 0x30,
	BER_SET = 0x31,
};
#define BER_APPLICATION(n)     ((uint8_t)(0x40 | (n)))
#define BER_APPLICATION_SET(n) ((uint8_t)(0x60 | (n))) /* constructed */
#define BER_CONTEXT(n)         ((uint8_t)(0x80 | (n)))
#define BER_CONTEXT_SET(n)     ((uint8_t)(0xa0 | (n))) /* constructed */
#define BER_CONSTRUCTED        0x20

/* What each broken rule is called; reason numbers of the protocol in whose name ber reads. */
struct ber_reasons {
	uint16_t tag; /* not the expected tag, or one above 30 */
	uint16_t constructed; /* a constructed string */
	uint16_t indefinite; /* length octet 0x80 */
	uint16_t long_length; /* length not in its shortest form */
	uint16_t huge_length; /* more than four length octets, or the reserved 0xff */
	uint16_t past_end; /* contents run past the parent */
	uint16_t trailing; /* something follows where nothing may */
	uint16_t integer; /* empty or not minimal, or past the wanted width */
	uint16_t boolean; /* not one octet 00 or FF */
	uint16_t null; /* a NULL with contents */
};

/* Tolerances, by name: bits a policy may set for named sources. */
enum ber_tolerance {
	BER_TOLERATE_LONG_LENGTH = 1 << 0, /* lengths in more octets than needed (X.690 8.1.3.5 note) */
	BER_TOLERATE_BOOLEAN = 1 << 1, /* any non-zero octet is TRUE (X.690 8.2.2, which RFC 4511 5.1 narrows) */
	BER_TOLERATE_WINDOWS_LENGTH = 1 << 2, /* what Windows' encoder writes: 84 nn nn nn nn, and 82 00 nn from 128 on */
};

/* A view in BER: the cursor and the rules it is read by. Passed by value like a wire. */
struct ber {
	struct wire               w;
	const struct ber_reasons *why;
	uint32_t                  tolerate;
};

struct ber_span {
	const uint8_t *p; /* borrowed; NULL after a fault */
	uint32_t       n;
	uint32_t       at; /* offset of the first content octet from the unit's start */
};

struct ber ber_over(struct wire w, const struct ber_reasons *why, uint32_t tolerate);

bool    ber_more(const struct ber *b);
/* The next identifier octet, 0 at the end: for CHOICE and OPTIONAL. */
uint8_t ber_peek(const struct ber *b);
bool    ber_end(struct ber *b, const char *field);

/* A constructed element with this tag: a child view of its contents. */
struct ber ber_enter(struct ber *b, uint8_t tag, const char *field);
/* The contents of a primitive element with this tag and at most `max` octets (`over` is the reason beyond). */
struct ber_span ber_octets(struct ber *b, uint8_t tag, uint32_t min, uint32_t max, uint16_t over, const char *field);
/* INTEGER or ENUMERATED, minimal, within the range (`over` outside it); min when faulty. */
int64_t ber_integer(struct ber *b, uint8_t tag, int64_t min, int64_t max, uint16_t over, const char *field);
bool    ber_boolean(struct ber *b, uint8_t tag, const char *field);
void    ber_null(struct ber *b, uint8_t tag, const char *field);
/* Any one element with a tag below 31, headers checked, contents not: for extensions nobody knows. */
struct ber_span ber_any(struct ber *b, uint8_t *tag, const char *field);

/* Everything that is left, at most `max` octets: for octet strings that hold text instead of BER. */
struct ber_span ber_rest(struct ber *b, uint32_t max, uint16_t over, const char *field);

/* Refuse the next element as `why`, at its identifier octet. */
void ber_refuse(const struct ber *b, uint16_t why, const char *field);

/*
 * How long the element at the head of `n` bytes is, identifier and length octets included.
 * 0: not all length octets are here yet, `*need` says how many bytes to ask for.
 * A broken header sets the fault of `w` and returns 0 with *need 0. Sizes up to 2^32 + 5.
 */
uint64_t ber_frame(struct wire w, const struct ber_reasons *why, uint32_t tolerate, size_t *need);

/* Spans are looked into by these alone: the octet at i, 0 behind the end; n octets from i, fewer where it ends. */
static inline uint8_t span_at(struct ber_span s, uint32_t i)
{
	return i < s.n ? s.p[i] : 0;
}

struct ber_span span_from(struct ber_span s, uint32_t i, uint32_t n);
/* Where this octet first stands, or s.n. */
uint32_t span_find(struct ber_span s, uint8_t octet);

/* Spans against text, and text rules the directory protocols share. */
bool ber_span_is(struct ber_span s, const char *text);
bool ber_spans_equal(struct ber_span a, struct ber_span b);
bool ber_span_is_nocase(struct ber_span s, const char *text);
/* Offset within s of the first octet that is not well-formed UTF-8 (RFC 3629), or s.n. */
uint32_t utf8_bad(struct ber_span s);

#endif
