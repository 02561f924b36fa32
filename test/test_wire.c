/* The laws of base/wire.h, each attacked: random readings against a model at a guard page, SIZE_MAX lengths, sticky faults. */
#include "base/wire.h"

#include <string.h>

#include "test/guard.h"
#include "test/tap.h"

enum { SHORT = 7, WRONG = 8, TRAILING = 9, ROUNDS = 200000, READINGS = 24, VIEWS = 12 };

static uint64_t dice_state = 0x9e3779b97f4a7c15u;

static uint64_t dice(void)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return dice_state;
}

/* Small numbers, numbers around what is left, and hostile ones. */
static size_t dice_length(size_t left)
{
	static const size_t hostile[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, (size_t)1 << 32, UINT32_MAX, INT32_MAX};

	switch (dice() % 4) {
	case 0:
		return dice() % 4;
	case 1:
		return dice() % (left + 1);
	case 2:
		return left + dice() % 3;
	default:
		return hostile[dice() % (sizeof(hostile) / sizeof(hostile[0]))];
	}
}

/* What must be true, in plain numbers: views as offsets into one buffer, one fault for all. */
struct model {
	const uint8_t *bytes;
	size_t         pos[VIEWS], end[VIEWS];
	uint16_t       why;
	size_t         at;
	struct wire    wire[VIEWS];
	int            views;
};

static void model_fail(struct model *m, size_t at, uint16_t why)
{
	if (!m->why) {
		m->why = why;
		m->at = at;
	}
}

/* Room for n bytes at the view's place? Written with the compare the other way round, on purpose. */
static bool model_take(struct model *m, int v, size_t n, size_t *at)
{
	*at = m->pos[v];
	if (m->why)
		return false;
	for (size_t k = 0; k < n; k++)
		if (m->pos[v] + k >= m->end[v]) {
			model_fail(m, m->pos[v], SHORT);
			return false;
		}
	m->pos[v] += n;
	return true;
}

static uint64_t model_number(struct model *m, int v, size_t n, bool big)
{
	size_t   at;
	uint64_t x = 0;

	if (model_take(m, v, n, &at))
		for (size_t k = 0; k < n; k++)
			x += (uint64_t)m->bytes[at + k] << 8 * (big ? n - 1 - k : k);
	return x;
}

static bool try_number(struct model *m, int v)
{
	struct wire *w = &m->wire[v];

	switch (dice() % 7) {
	case 0:
		return wire_u8(w, "n") == model_number(m, v, 1, true);
	case 1:
		return wire_be16(w, "n") == model_number(m, v, 2, true);
	case 2:
		return wire_be32(w, "n") == model_number(m, v, 4, true);
	case 3:
		return wire_be64(w, "n") == model_number(m, v, 8, true);
	case 4:
		return wire_le16(w, "n") == model_number(m, v, 2, false);
	case 5:
		return wire_le32(w, "n") == model_number(m, v, 4, false);
	default:
		return wire_le64(w, "n") == model_number(m, v, 8, false);
	}
}

/* A range read: the value when it lies inside; otherwise zero and a fault where the field began. */
static bool try_range(struct model *m, int v)
{
	struct wire *w = &m->wire[v];
	uint32_t     low = (uint32_t)(dice() % 200), high = low + (uint32_t)(dice() % 60000), got, which = dice() % 4;
	size_t       start = m->pos[v];
	uint64_t     want = model_number(m, v, which < 2 ? 2 : 4, which % 2);

	if (!m->why && (want < low || want > high))
		model_fail(m, start, WRONG);
	if (m->why)
		want = 0;
	if (which == 0)
		got = wire_le16_range(w, (uint16_t)low, (uint16_t)(high > 0xffff ? 0xffff : high), WRONG, "r");
	else if (which == 1)
		got = wire_be16_range(w, (uint16_t)low, (uint16_t)(high > 0xffff ? 0xffff : high), WRONG, "r");
	else if (which == 2)
		got = wire_le32_range(w, low, high, WRONG, "r");
	else
		got = wire_be32_range(w, low, high, WRONG, "r");
	return got == want;
}

static bool try_want(struct model *m, int v)
{
	struct wire *w = &m->wire[v];
	uint32_t     which = dice() % 4;
	size_t       start = m->pos[v], n = which == 0 ? 1 : which == 3 ? 4 : 2;
	uint64_t     is = 0, wanted;

	for (size_t k = 0; k < n && start + k < m->end[v]; k++)
		is |= (uint64_t)m->bytes[start + k] << 8 * (which == 2 ? n - 1 - k : k);
	wanted = dice() % 2 ? is : (is ^ 1) & (n == 4 ? UINT32_MAX : n == 2 ? 0xffff : 0xff);
	if (!m->why && model_number(m, v, n, which == 2) != wanted)
		model_fail(m, start, WRONG);
	if (which == 0)
		wire_want_u8(w, (uint8_t)wanted, WRONG, "w");
	else if (which == 1)
		wire_want_le16(w, (uint16_t)wanted, WRONG, "w");
	else if (which == 2)
		wire_want_be16(w, (uint16_t)wanted, WRONG, "w");
	else
		wire_want_le32(w, (uint32_t)wanted, WRONG, "w");
	return true;
}

static bool try_take(struct model *m, int v)
{
	size_t         n = dice_length(m->end[v] - m->pos[v]), at;
	bool           fits = model_take(m, v, n, &at);
	const uint8_t *p = wire_take(&m->wire[v], n, "t");

	return fits ? p == m->bytes + at : p == NULL;
}

/* A child: sub moves its parent, at does not. */
static bool try_child(struct model *m, int v)
{
	int    child = m->views < VIEWS ? m->views++ : VIEWS - 1;
	size_t left = m->end[v] - m->pos[v], off = dice_length(left), n = dice_length(off < left ? left - off : 0), at;
	size_t before = m->pos[v];
	bool   fits, sub = dice() % 2;

	if (child == v)
		return true;
	if (sub) {
		fits = model_take(m, v, n, &at);
		m->wire[child] = wire_sub(&m->wire[v], n, "s");
	} else {
		fits = model_take(m, v, off, &at) && model_take(m, v, n, &at);
		m->pos[v] = before;
		m->wire[child] = wire_at(&m->wire[v], off, n, "a");
	}
	m->pos[child] = fits ? at : m->end[v];
	m->end[child] = fits ? at + n : m->end[v];
	return true;
}

/* Everything a view says about itself, against the model; and its pointers lie inside the buffer. */
static bool view_agrees(const struct model *m, int v, size_t size)
{
	const struct wire *w = &m->wire[v];
	size_t             left = m->why ? 0 : m->end[v] - m->pos[v];

	return wire_left(w) == left && wire_more(w) == (left > 0) && wire_peek(w) == (left ? m->bytes[m->pos[v]] : 0) &&
	       w->p >= m->bytes && w->p <= w->end && w->end <= m->bytes + size && wire_offset(w) == m->pos[v];
}

/* One buffer of random bytes that ends at the guard, read at random. */
static bool round_agrees(struct guard *g)
{
	uint8_t      bytes[40];
	size_t       size = dice() % sizeof(bytes);
	struct fault fault = {0};
	struct model m = {.views = 1};
	bool         ok = true;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(dice() % 3 ? dice() % 4 : dice());
	m.bytes = guard_place(g, bytes, size);
	m.end[0] = size;
	m.wire[0] = wire_over(m.bytes, size, &fault, SHORT);
	for (int i = 0; ok && i < READINGS; i++) {
		int v = (int)(dice() % (unsigned)m.views);

		switch (dice() % 6) {
		case 0:
			ok = try_range(&m, v);
			break;
		case 1:
			ok = try_want(&m, v);
			break;
		case 2:
			ok = try_take(&m, v);
			break;
		case 3:
			ok = try_child(&m, v);
			break;
		default:
			ok = try_number(&m, v);
		}
		ok = ok && fault.why == m.why && (!m.why || fault.at == m.at);
		for (int k = 0; ok && k < m.views; k++)
			ok = view_agrees(&m, k, size);
	}
	return ok;
}

static void readings_agree_with_a_plain_model(struct guard *g)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		bad += !round_agrees(g);
	tap_ok(!bad, "%u rounds of random readings agree with a plain model", (unsigned)ROUNDS);
}

static void hostile_lengths_take_nothing(struct guard *g)
{
	const uint8_t *p = guard_place(g, "abcdefgh", 8);
	static const size_t lengths[] = {9, SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 8, SIZE_MAX / 2 + 1, (size_t)1 << 63};
	bool           ok = true;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct fault f = {0};
		struct wire  w = wire_over(p, 8, &f, SHORT), child;

		ok &= !wire_take(&w, lengths[i], "x") && f.why == SHORT && f.at == 0 && f.got == lengths[i] && f.expected == 8;
		f = (struct fault){0};
		child = wire_sub(&w, lengths[i], "x");
		ok &= f.why == SHORT && child.p == child.end && w.p == p;
		for (size_t off = 0; off <= 8; off++) {
			f = (struct fault){0};
			child = wire_at(&w, off, lengths[i] - off, "x");
			ok &= f.why == SHORT && child.p == child.end;
			f = (struct fault){0};
			child = wire_at(&w, lengths[i] - off, off + 1, "x");
			ok &= f.why == SHORT && child.p == child.end;
		}
	}
	tap_ok(ok, "lengths and offsets near SIZE_MAX take nothing and blame the place");
}

static void at_covers_exactly_what_lies_inside(struct guard *g)
{
	const uint8_t *p = guard_place(g, "abcdefgh", 8);
	bool           ok = true;

	for (size_t off = 0; off <= 10; off++)
		for (size_t n = 0; n <= 10; n++) {
			struct fault f = {0};
			struct wire  whole = wire_over(p, 8, &f, SHORT), c = wire_at(&whole, off, n, "x");

			ok &= whole.p == p && (f.why == 0) == (off + n <= 8);
			ok &= f.why || (c.p == p + off && c.end == p + off + n && wire_offset(&c) == off);
		}
	tap_ok(ok, "wire_at covers what lies inside and nothing else, and moves nothing");
}

static void first_fault_wins(void)
{
	struct fault f = {0};
	struct wire  w = wire_over("\1\2\3\4", 4, &f, SHORT), child = wire_sub(&w, 2, "child"), copy = w;

	wire_want_u8(&child, 9, WRONG, "first");
	tap_ok(f.why == WRONG && f.at == 0 && strcmp(f.field, "first") == 0 && f.has_numbers && f.expected == 9 && f.got == 1,
	       "a fault carries reason, offset, field and numbers");
	wire_take(&w, 99, "second");
	wire_fail(&w, 3, TRAILING, "third");
	wire_fail_numbers(&w, 3, TRAILING, "fourth", 1, 2);
	wire_end(&w, TRAILING, "fifth");
	tap_ok(f.why == WRONG && f.at == 0 && strcmp(f.field, "first") == 0 && f.expected == 9, "the first fault is never overwritten");
	tap_ok(!wire_more(&w) && !wire_more(&copy) && wire_left(&w) == 0, "a parent and a copy stop at a child's fault");
	tap_ok(wire_u8(&w, "x") == 0 && wire_le64(&copy, "x") == 0 && wire_peek(&w) == 0 && !wire_take(&w, 0, "x"),
	       "after a fault every read is zero, even of nothing");
	tap_ok(!wire_end(&w, TRAILING, "x"), "a view with a fault has no lawful end");
}

static void faults_blame_the_field_itself(void)
{
	struct fault f = {0};
	struct wire  w = wire_over("\0\0\0\0\0\1\0\0", 8, &f, SHORT);

	wire_le32(&w, "skip");
	wire_le32_range(&w, 0, 255, WRONG, "Range");
	tap_ok(f.why == WRONG && f.at == 4 && f.got == 256 && f.expected == 255, "a range blames where its field began, with the end it passed");
	f = (struct fault){0};
	w = wire_over("\0\0\0\0\0\1\0\0", 8, &f, SHORT);
	wire_take(&w, 6, "skip");
	wire_be32(&w, "Cut");
	tap_ok(f.why == SHORT && f.at == 6 && f.got == 4 && f.expected == 2, "a short read blames where its field began");
	f = (struct fault){0};
	w = wire_over("ab", 2, &f, SHORT);
	wire_u8(&w, "a");
	tap_ok(!wire_end(&w, TRAILING, "End") && f.why == TRAILING && f.at == 1, "what trails is blamed at its first byte");
	f = (struct fault){0};
	w = wire_over(NULL, 0, &f, SHORT);
	tap_ok(wire_end(&w, TRAILING, "End") && !wire_more(&w) && wire_peek(&w) == 0, "an empty view ends well");
	wire_u8(&w, "x");
	tap_ok(f.why == SHORT && f.at == 0, "an empty view has no byte");
}

int main(void)
{
	struct guard g;

	guard_open(&g, 4096);
	readings_agree_with_a_plain_model(&g);
	hostile_lengths_take_nothing(&g);
	at_covers_exactly_what_lies_inside(&g);
	first_fault_wins();
	faults_blame_the_field_itself();
	guard_close(&g);
	return tap_done();
}
