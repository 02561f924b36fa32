/* Fuzzes base/ber: walks any BER with every getter; what passes without tolerance is what an encoder would write. */
#include <stdlib.h>
#include <string.h>

#include "base/ber.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ber_reasons why = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static void must(bool held)
{
	if (!held)
		abort();
}

/* Written again, the element's identifier and length are the bytes between `start` and its contents. */
static void check_header(const uint8_t *start, struct ber_span s)
{
	uint8_t head[6] = {start[0], (uint8_t)s.n}, octets = s.n < 0x80 ? 0 : s.n < 0x100 ? 1 : s.n < 0x10000 ? 2 : s.n >> 24 ? 4 : 3;

	for (uint8_t i = 0; i < octets; i++)
		head[2 + i] = (uint8_t)(s.n >> 8 * (octets - 1 - i));
	head[1] = octets ? 0x80 | octets : head[1];
	must(s.p - start == 2 + octets && memcmp(head, start, 2u + octets) == 0);
}

/* A primitive element by the getter its tag asks for; an integer's octets are the fewest that hold its value. */
static void primitive(struct ber *b, uint8_t tag, struct ber_span s)
{
	if (tag == BER_INTEGER || tag == BER_ENUMERATED) {
		int64_t v = ber_integer(b, tag, INT64_MIN, INT64_MAX, 11, "integer");

		for (uint32_t i = 0; !b->w.fault->why && i < 8; i++)
			must((uint8_t)(v >> 8 * i) == (i < s.n ? s.p[s.n - 1 - i] : v < 0 ? 0xff : 0));
		must(b->w.fault->why || s.n == 1 || v >> (8 * s.n - 9) > 0 || v >> (8 * s.n - 9) < -1);
	} else if (tag == BER_BOOLEAN) {
		ber_boolean(b, tag, "boolean");
	} else if (tag == BER_NULL) {
		ber_null(b, tag, "null");
	} else {
		must(utf8_bad(ber_octets(b, tag, 0, UINT32_MAX, 11, "octets")) <= s.n);
	}
}

/* A copy of a view with a fault of its own. */
static struct ber apart(const struct ber *b, struct fault *f)
{
	struct ber copy = *b;

	*f = (struct fault){0};
	copy.w.fault = f;
	return copy;
}

/* Questions whose answer is known, on copies: another tag, the rest, the end, a narrow range, parts of the span. */
static void ask(const struct ber *b, uint8_t tag, struct ber_span s)
{
	struct fault    f;
	struct ber      copy = apart(b, &f);
	uint32_t        left = (uint32_t)wire_left(&b->w), at = wire_offset(&b->w);
	struct ber_span rest = ber_rest(&copy, left, 11, "rest"), half = span_from(s, s.n / 2, s.n);

	must(!f.why && rest.n == left && rest.at == at && ber_end(&copy, "end"));
	copy = apart(b, &f);
	must(!ber_end(&copy, "end") && f.why == why.trailing && f.at == at && !ber_rest(&copy, left, 11, "rest").p);
	copy = apart(b, &f);
	must(!ber_rest(&copy, left - 1, 11, "rest").p && f.why == 11 && f.at == at);
	copy = apart(b, &f);
	ber_octets(&copy, tag ^ BER_CONSTRUCTED, 0, UINT32_MAX, 11, "other");
	must(f.why == (tag & BER_CONSTRUCTED ? why.constructed : why.tag) && f.at == at);
	copy = apart(b, &f);
	must(ber_integer(&copy, tag, 1, 100, 11, "range") >= 1 && ber_integer(&copy, tag, 7, 9, 11, "after") >= 7);
	copy = apart(b, &f);
	ber_refuse(&copy, 11, "refused");
	must(f.why == 11 && f.at == at && !ber_more(&copy));
	must(half.n == s.n - s.n / 2 && span_from(half, UINT32_MAX, 1).n == 0 && span_at(half, half.n) == 0);
	must(ber_spans_equal(s, s) && ber_span_is(s, "cn") <= ber_span_is_nocase(s, "CN") && span_at(s, 0) == (s.n ? s.p[0] : 0));
}

/* One element: framed, read as anything, then read as what it says it is, into a child if it has one. */
static bool element(struct ber *b, struct ber *child)
{
	const uint8_t  *start = b->w.p;
	struct fault    any_fault = {0};
	struct ber      any = *b;
	uint8_t         tag;
	size_t          need;
	struct ber_span s;

	any.w.fault = &any_fault;
	s = ber_any(&any, &tag, "any");
	if (any_fault.why) {
		ber_any(b, &tag, "any");
		return false;
	}
	must(s.p + s.n == any.w.p && any.w.p <= b->w.end && s.at == (uint32_t)(s.p - b->w.origin));
	must(ber_frame(b->w, &why, b->tolerate, &need) == (uint64_t)(any.w.p - start));
	ask(b, tag, s);
	if (!b->tolerate)
		check_header(start, s);
	if (tag & BER_CONSTRUCTED) {
		*child = ber_enter(b, tag, "nest");
		must(child->w.p == s.p && wire_left(&child->w) == s.n);
	} else {
		primitive(b, tag, s);
	}
	must(b->w.fault->why || b->w.p == any.w.p);
	return tag & BER_CONSTRUCTED;
}

/* However little is there, a frame is the same, or asks for more than there is. */
static void check_frames(const uint8_t *data, size_t size, uint32_t tolerate)
{
	struct fault f = {0};
	size_t       need, first;
	uint64_t     whole = ber_frame(wire_over(data, size, &f, 12), &why, tolerate, &first);

	for (size_t n = 0; n < size && n < 8; n++) {
		struct fault g = {0};
		uint64_t     part = ber_frame(wire_over(data, n, &g, 12), &why, tolerate, &need);

		must(need > n || (part == whole && need == first && g.why == f.why && g.at == f.at));
		must(need <= n || (!part && !g.why && need <= 6));
	}
}

/* Depth by a counter and a stack of views. */
static void walk(const uint8_t *data, size_t size, uint32_t tolerate, struct fault *f)
{
	struct ber stack[32] = {ber_over(wire_over(data, size, f, 12), &why, tolerate)}, child;

	for (int depth = 0; depth >= 0;) {
		if (!ber_more(&stack[depth]))
			depth--;
		else if (element(&stack[depth], &child) && depth < 31)
			stack[++depth] = child;
	}
	must(!f->why || f->at <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1); /* ASan sees one byte too far */

	for (uint32_t tolerate = 0; exact && tolerate < 8; tolerate++) {
		struct fault f = {0}, again = {0};

		if (size)
			memcpy(exact, data, size);
		walk(exact, size, tolerate, &f);
		walk(exact, size, tolerate, &again);
		must(f.why == again.why && f.at == again.at);
		check_frames(exact, size, tolerate);
	}
	free(exact);
	return 0;
}
