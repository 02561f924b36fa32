/* Spans of BER contents: where they stand, text compared, looked into without leaving them, UTF-8. */
#include <string.h>

#include "base/ber.h"
#include "test/guard.h"
#include "test/tap.h"

enum { SHORT = 1, TAG, CONSTRUCTED, INDEFINITE, LONG, HUGE, PAST, TRAILING, INTEGER, BOOLEAN, NUL, OVER };

static const struct ber_reasons why = {TAG, CONSTRUCTED, INDEFINITE, LONG, HUGE, PAST, TRAILING, INTEGER, BOOLEAN, NUL};

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t   n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += hex[2] ? 3 : 2)
		out[n++] = (uint8_t)byte;
	return n;
}

static struct ber over(struct guard *g, const char *hex, struct fault *f, uint32_t tolerate)
{
	uint8_t bytes[64];
	size_t  n = unhex(hex, bytes);

	*f = (struct fault){0};
	return ber_over(wire_over(guard_place(g, bytes, n), n, f, SHORT), &why, tolerate);
}

static void octets_know_where_they_stand(struct guard *g)
{
	struct fault    f;
	struct ber      b = over(g, "30 05 04 03 61 62 63", &f, 0), child = ber_enter(&b, BER_SEQUENCE, "seq");
	struct ber_span s = ber_octets(&child, BER_OCTETS, 3, 3, OVER, "text");

	tap_ok(s.at == 4 && s.n == 3 && memcmp(s.p, "abc", 3) == 0, "a span tells its offset from the start of the unit");
	tap_ok(ber_span_is(s, "abc") && !ber_span_is(s, "abcd") && !ber_span_is(s, "ab") && !ber_span_is(s, "abC"), "a span is its text, whole");
	tap_ok(ber_span_is_nocase(s, "aBC") && !ber_span_is_nocase(s, "abcd") && !ber_span_is_nocase(s, "abd"), "or in any case");
	tap_ok(!ber_span_is((struct ber_span){0}, "") && !ber_span_is_nocase((struct ber_span){0}, ""), "a faulty span is no text, not even empty");
	b = over(g, "04 02 61 62", &f, 0);
	s = ber_octets(&b, BER_OCTETS, 3, 9, OVER, "text");
	tap_ok(!s.p && !s.n && f.why == OVER && f.expected == 3 && f.got == 2 && f.at == 2, "too short is refused like too long");
	b = over(g, "04 00", &f, 0);
	s = ber_octets(&b, BER_OCTETS, 0, 9, OVER, "text");
	tap_ok(s.p && !s.n && ber_span_is(s, ""), "an empty string is there, and empty");
}

static void the_rest_is_what_is_left(struct guard *g)
{
	struct fault    f;
	struct ber      b = over(g, "04 01 61 62 63 64", &f, 0);
	struct ber_span s;

	ber_octets(&b, BER_OCTETS, 1, 1, OVER, "first");
	s = ber_rest(&b, 3, OVER, "rest");
	tap_ok(s.n == 3 && s.at == 3 && memcmp(s.p, "bcd", 3) == 0 && ber_end(&b, "end"), "the rest is all that is left");
	b = over(g, "61 62 63 64", &f, 0);
	s = ber_rest(&b, 3, OVER, "rest");
	tap_ok(!s.p && !s.n && f.why == OVER && f.at == 0 && f.expected == 3 && f.got == 4, "a rest too long is blamed where it begins");
	s = ber_rest(&b, 9, OVER, "rest");
	tap_ok(!s.p && !s.n, "after a fault there is no rest");
	b = over(g, "", &f, 0);
	s = ber_rest(&b, 3, OVER, "rest");
	tap_ok(!s.n && !f.why, "a rest may be empty");
}

static void spans_are_looked_into_without_leaving_them(struct guard *g)
{
	struct ber_span s = {.p = guard_place(g, "abc", 3), .n = 3, .at = 10}, none = {0};
	bool            ok = true;

	for (uint32_t i = 0; i <= 5; i++)
		for (uint32_t n = 0; n <= 6; n++) {
			struct ber_span part = span_from(s, i, n == 6 ? UINT32_MAX : n);
			uint32_t        from = i > 3 ? 3 : i, left = 3 - from;

			ok &= part.p == s.p + from && part.at == 10 + from && part.n == (n < left ? n : left);
		}
	tap_ok(ok, "a part of a span never leaves it, whatever is asked");
	tap_ok(span_at(s, 0) == 'a' && span_at(s, 2) == 'c' && span_at(s, 3) == 0 && span_at(s, UINT32_MAX) == 0, "an octet behind the end is zero");
	tap_ok(span_at(none, 0) == 0 && !span_from(none, 0, 9).p && !span_from(none, 7, 9).n, "nothing can be looked into safely");
	tap_ok(ber_spans_equal(s, (struct ber_span){.p = (const uint8_t *)"abc", .n = 3}) && !ber_spans_equal(s, span_from(s, 0, 2)) &&
	               !ber_spans_equal(s, (struct ber_span){.p = (const uint8_t *)"abd", .n = 3}) && !ber_spans_equal(none, none),
	       "spans are equal by their octets; faulty ones never");
}

/* RFC 3629 section 3 read as a sum: decode, then demand the shortest form, no surrogate, no more than 10FFFF. */
static uint32_t first_bad(const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		uint32_t c = p[i], more = c >= 0xf8 ? 9 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : c >= 0x80 ? 9 : 0, sum;

		if (more == 9 || i + more >= n)
			return i;
		sum = more ? c & (0x3fu >> more) : c;
		for (uint32_t k = 1; k <= more; k++) {
			if (p[i + k] / 64 != 2)
				return i;
			sum = sum * 64 + p[i + k] % 64;
		}
		if ((more == 1 && sum < 0x80) || (more == 2 && sum < 0x800) || (more == 3 && sum < 0x10000) || sum > 0x10ffff ||
		    (sum >= 0xd800 && sum <= 0xdfff))
			return i;
		i += more + 1;
	}
	return n;
}

static void utf8_agrees_with_an_independent_reading(struct guard *g)
{
	uint64_t dice = 88172645463325252u;
	unsigned bad = 0;
	uint8_t *p = g->end - 4;

	for (uint32_t n = 1; n <= 3; n++)
		for (uint32_t v = 0; v < 1u << 8 * n; v++) {
			for (uint32_t k = 0; k < n; k++)
				p[4 - n + k] = (uint8_t)(v >> 8 * k);
			bad += utf8_bad((struct ber_span){.p = g->end - n, .n = n}) != first_bad(g->end - n, n);
		}
	for (uint32_t i = 0; i < 4000000; i++) {
		dice ^= dice << 13;
		dice ^= dice >> 7;
		dice ^= dice << 17;
		p[0] = dice >> 60 < 12 ? (uint8_t)(0xf0 | (dice >> 56 & 7)) : (uint8_t)(dice >> 48);
		for (int k = 1; k < 4; k++)
			p[k] = dice >> (40 + k) & 3 ? (uint8_t)(0x80 | (dice >> 8 * k & 0x3f)) : (uint8_t)(dice >> 8 * k);
		bad += utf8_bad((struct ber_span){.p = p, .n = 4}) != first_bad(p, 4);
	}
	tap_ok(!bad, "UTF-8 of all 1 to 3 octets and 4,000,000 of 4 agrees with an independent reading");
}

int main(void)
{
	struct guard g;

	guard_open(&g, 4096);
	octets_know_where_they_stand(&g);
	the_rest_is_what_is_left(&g);
	spans_are_looked_into_without_leaving_them(&g);
	utf8_agrees_with_an_independent_reading(&g);
	guard_close(&g);
	return tap_done();
}
