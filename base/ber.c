/* BER reading for the directory protocols: definite, minimal, expected tag in the call. Spec: X.690 clause 8. */
#include "base/ber.h"

#include <string.h>
#include <strings.h>

struct ber ber_over(struct wire w, const struct ber_reasons *why, uint32_t tolerate)
{
	return (struct ber){.w = w, .why = why, .tolerate = tolerate};
}

bool ber_more(const struct ber *b)
{
	return wire_more(&b->w);
}

uint8_t ber_peek(const struct ber *b)
{
	return wire_peek(&b->w);
}

bool ber_end(struct ber *b, const char *field)
{
	return wire_end(&b->w, b->why->trailing, field);
}

void ber_refuse(const struct ber *b, uint16_t why, const char *field)
{
	wire_fail(&b->w, wire_offset(&b->w), why, field);
}

/* A length in more octets than it needs, and whether somebody may write it so. */
static bool long_form_allowed(uint8_t octets, uint32_t n, uint32_t tolerate)
{
	if (tolerate & BER_TOLERATE_LONG_LENGTH)
		return true;
	return (tolerate & BER_TOLERATE_WINDOWS_LENGTH) && (octets == 4 || (octets == 2 && n >= 0x80));
}

/* The octets after a length octet 0x81..0x84; X.690 8.1.3.5, shortest form unless tolerated. */
static uint32_t long_length(struct wire *w, uint8_t first, uint32_t at, const struct ber_reasons *why, uint32_t tolerate,
			    const char *field)
{
	uint8_t  octets = first & 0x7f;
	uint32_t n = 0;

	if (first == 0x80)
		wire_fail(w, at, why->indefinite, field);
	else if (octets > 4)
		wire_fail_numbers(w, at, why->huge_length, field, 4, octets);
	for (uint8_t i = 0; i < octets && !w->fault->why; i++)
		n = n << 8 | wire_u8(w, field);
	if (w->fault->why)
		return 0;
	if ((n < 0x80 || n >> (8 * (octets - 1)) == 0) && !long_form_allowed(octets, n, tolerate))
		wire_fail(w, at, why->long_length, field);
	return n;
}

/* Length octets: X.690 8.1.3. */
static uint32_t length(struct wire *w, const struct ber_reasons *why, uint32_t tolerate, const char *field)
{
	uint32_t at = wire_offset(w);
	uint8_t  first = wire_u8(w, field);

	if (first < 0x80)
		return first;
	return long_length(w, first, at, why, tolerate, field);
}

/* The length of the next element, whose identifier must be `tag`; the cursor stands on its contents. */
static uint32_t header(struct ber *b, uint8_t tag, const char *field)
{
	uint32_t at = wire_offset(&b->w);
	uint8_t  got;

	wire_element(&b->w);
	/* Nearly every element: the tag that was wanted and one length octet. */
	if (wire_left(&b->w) >= 2 && b->w.p[0] == tag && b->w.p[1] < 0x80)
		return wire_take(&b->w, 2, field)[1];
	got = wire_u8(&b->w, field);
	if (got != tag) {
		bool constructed = got == (tag | BER_CONSTRUCTED) && !(tag & BER_CONSTRUCTED);

		wire_fail_numbers(&b->w, at, constructed ? b->why->constructed : b->why->tag, field, tag, got);
	}
	return length(&b->w, b->why, b->tolerate, field);
}

/* The contents of an element whose length octets stood at `at`; law 3: a child never leaves its parent. */
static bool fits(struct ber *b, uint32_t at, uint32_t n, const char *field)
{
	size_t left = wire_left(&b->w);

	if (n > left)
		return wire_fail_numbers(&b->w, at, b->why->past_end, field, left, n);
	return !b->w.fault->why;
}

struct ber ber_enter(struct ber *b, uint8_t tag, const char *field)
{
	uint32_t   at = wire_offset(&b->w) + 1;
	uint32_t   n = header(b, tag, field);
	struct ber child = *b;

	fits(b, at, n, field);
	child.w = wire_sub(&b->w, n, field);
	return child;
}

struct ber_span ber_octets(struct ber *b, uint8_t tag, uint32_t min, uint32_t max, uint16_t over, const char *field)
{
	uint32_t        at = wire_offset(&b->w) + 1;
	uint32_t        n = header(b, tag, field);
	struct ber_span s = {0};

	if (!fits(b, at, n, field))
		return s;
	s.at = wire_offset(&b->w);
	if (n < min || n > max) {
		wire_fail_numbers(&b->w, s.at, over, field, n < min ? min : max, n);
		return s;
	}
	s.p = wire_take(&b->w, n, field);
	s.n = n;
	return s;
}

int64_t ber_integer(struct ber *b, uint8_t tag, int64_t min, int64_t max, uint16_t over, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, 8, b->why->integer, field);
	int64_t         v;

	if (!s.p)
		return min;
	/* X.690 8.3.2: the first nine bits are neither all zero nor all one. */
	if (s.n > 1 && ((s.p[0] == 0 && s.p[1] < 0x80) || (s.p[0] == 0xff && s.p[1] >= 0x80))) {
		wire_fail(&b->w, s.at, b->why->integer, field);
		return min;
	}
	v = s.p[0] >= 0x80 ? -1 : 0;
	for (uint32_t i = 0; i < s.n; i++)
		v = (int64_t)((uint64_t)v << 8 | s.p[i]);
	if (v < min || v > max) {
		wire_fail_numbers(&b->w, s.at, over, field, (uint64_t)(v < min ? min : max), (uint64_t)v);
		return min;
	}
	return v;
}

bool ber_boolean(struct ber *b, uint8_t tag, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, 1, b->why->boolean, field);

	if (!s.p)
		return false;
	if (s.p[0] != 0 && s.p[0] != 0xff && !(b->tolerate & BER_TOLERATE_BOOLEAN))
		wire_fail_numbers(&b->w, s.at, b->why->boolean, field, 0xff, s.p[0]);
	return s.p[0] != 0;
}

void ber_null(struct ber *b, uint8_t tag, const char *field)
{
	ber_octets(b, tag, 0, 0, b->why->null, field);
}

struct ber_span ber_any(struct ber *b, uint8_t *tag, const char *field)
{
	uint32_t at = wire_offset(&b->w);

	*tag = ber_peek(b);
	if ((*tag & 0x1f) == 0x1f) {
		wire_fail_numbers(&b->w, at, b->why->tag, field, 30, *tag);
		return (struct ber_span){0};
	}
	return ber_octets(b, *tag, 0, UINT32_MAX, b->why->past_end, field);
}

struct ber_span ber_rest(struct ber *b, uint32_t max, uint16_t over, const char *field)
{
	struct ber_span s = {.at = wire_offset(&b->w)};
	size_t          n = wire_left(&b->w);

	if (n > max) {
		wire_fail_numbers(&b->w, s.at, over, field, max, n);
		return s;
	}
	s.p = wire_take(&b->w, n, field);
	s.n = (uint32_t)(s.p ? n : 0);
	return s;
}

uint64_t ber_frame(struct wire w, const struct ber_reasons *why, uint32_t tolerate, size_t *need)
{
	size_t   held = wire_left(&w);
	uint32_t start = wire_offset(&w);
	uint8_t  first;

	*need = 2;
	if (held < 2)
		return 0;
	wire_u8(&w, "tag");
	first = wire_peek(&w);
	if (first > 0x80 && first <= 0x84 && held < 2u + (first & 0x7f)) {
		*need = 2u + (first & 0x7f);
		return 0;
	}
	*need = 0;
	uint64_t n = length(&w, why, tolerate, "length");

	return w.fault->why ? 0 : n + (wire_offset(&w) - start);
}

struct ber_span span_from(struct ber_span s, uint32_t i, uint32_t n)
{
	if (i > s.n)
		i = s.n;
	if (n > s.n - i)
		n = s.n - i;
	return (struct ber_span){.p = s.p ? s.p + i : NULL, .n = n, .at = s.at + i};
}

/* Most texts differ in their first octet: said before their length is counted. */
bool ber_span_is(struct ber_span s, const char *text)
{
	return s.p && (uint8_t)text[0] == span_at(s, 0) && strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}

bool ber_spans_equal(struct ber_span a, struct ber_span b)
{
	return a.p && b.p && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

bool ber_span_is_nocase(struct ber_span s, const char *text)
{
	return s.p && (((uint8_t)text[0] ^ span_at(s, 0)) & 0xdf) == 0 && strlen(text) == s.n &&
	       strncasecmp((const char *)s.p, text, s.n) == 0;
}

uint32_t span_find(struct ber_span s, uint8_t octet)
{
	const uint8_t *p = s.n ? memchr(s.p, octet, s.n) : NULL;

	return p ? (uint32_t)(p - s.p) : s.n;
}

/* How many continuation octets follow this lead octet, and the range of the first of them (RFC 3629 section 4). */
static int utf8_lead(uint8_t c, uint8_t *low, uint8_t *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0x80)
		return 0;
	if (c >= 0xc2 && c <= 0xdf)
		return 1;
	if (c >= 0xe0 && c <= 0xef)
		return 2;
	return c >= 0xf0 && c <= 0xf4 ? 3 : -1;
}

/* Whether the eight octets at p are all ASCII. */
static bool ascii8(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return !(word & 0x8080808080808080u);
}

uint32_t utf8_bad(struct ber_span s)
{
	for (uint32_t i = 0; i < s.n;) {
		uint8_t low, high;
		int     more;

		if (s.n - i >= 8 && ascii8(s.p + i)) {
			i += 8;
			continue;
		}
		more = utf8_lead(s.p[i], &low, &high);

		if (more < 0 || (uint32_t)more >= s.n - i)
			return i;
		for (int k = 1; k <= more; k++, low = 0x80, high = 0xbf)
			if (s.p[i + (uint32_t)k] < low || s.p[i + (uint32_t)k] > high)
				return i;
		i += 1 + (uint32_t)more;
	}
	return s.n;
}
