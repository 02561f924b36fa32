/* Conditions in three values: code run over the facts of one unit. */
#include <string.h>

#include "policy/eval_int.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool same(const char *a, const char *b, size_t n, bool nocase)
{
	if (!nocase)
		return !n || memcmp(a, b, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (lower((uint8_t)a[i]) != lower((uint8_t)b[i]))
			return false;
	return true;
}

/* Greedy: after a '*' has taken as little as it can, only the last '*' ever needs to take more. Work: n times len at most. */
bool glob_match(const char *pattern, size_t n, const char *text, size_t len, bool nocase)
{
	size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;

	while (k < len) {
		if (i < n && pattern[i] == '*') {
			star = i++;
			mark = k;
		} else if (i < n && same(&pattern[i], &text[k], 1, nocase)) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++mark;
		} else {
			return false;
		}
	}
	while (i < n && pattern[i] == '*')
		i++;
	return i == n;
}

static bool text_holds(const struct policy *p, uint8_t op, bool nocase, uint32_t index, const struct fact *f)
{
	struct policy_text t = blob_text(p, blob_at(p, S_TEXTS, index));
	const void        *bytes = f->text;
	const char        *text = bytes;

	if (op == OP_GLOB)
		return glob_match(t.text, t.len, text, f->len, nocase);
	if (t.len > f->len || (op != OP_PREFIX && op != OP_SUFFIX && t.len != f->len))
		return false;
	/* UNSAFE: t.len is at most f->len here. */
	return same(t.text, op == OP_SUFFIX ? text + (f->len - t.len) : text, t.len, nocase);
}

static bool texts_hold(const struct policy *p, const uint8_t *c, bool nocase, const struct fact *f)
{
	uint32_t first = get32(c + CODE_A), count = (uint32_t)get64(c + CODE_B);

	for (uint32_t i = 0; i < count; i++)
		if (text_holds(p, OP_TEXT, nocase, first + i, f))
			return true;
	return false;
}

static bool numbers_hold(const struct policy *p, const uint8_t *c, uint64_t number)
{
	uint32_t low = get32(c + CODE_A), high = low + (uint32_t)get64(c + CODE_B);

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		uint64_t v = get64(blob_at(p, S_NUMBERS, mid));

		if (v == number)
			return true;
		if (v < number)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static bool number_holds(const struct policy *p, const uint8_t *c, uint64_t number)
{
	uint64_t b = get64(c + CODE_B);

	switch (c[CODE_OP]) {
	case OP_EQUAL:
		return number == b;
	case OP_NOT_EQUAL:
		return number != b;
	case OP_LESS:
		return number < b;
	case OP_AT_MOST:
		return number <= b;
	case OP_MORE:
		return number > b;
	case OP_AT_LEAST:
		return number >= b;
	case OP_MASK:
		return number < 64 && b >> number & 1;
	default:
		return numbers_hold(p, c, number);
	}
}

/* A fact nobody asked the recogniser for was not built, and is not "none". */
static const struct fact *fact_of(const struct facts *facts, uint8_t place, struct fact *room)
{
	static const struct fact unknown = {.state = FACT_UNKNOWN};

	if (place < FACTS_MAX)
		return facts->known >> place & 1 ? &facts->cx->fact[place] : &unknown;
	*room = (struct fact){.state = FACT_NUMBER,
			      .number = place == FACT_FLOW_PORT ? facts->flow->arrival.port : facts->flow->arrival.transport};
	return room;
}

enum policy_truth comparison_truth(const struct facts *facts, const uint8_t *c)
{
	const struct policy *p = facts->flow->policy;
	uint8_t              op = c[CODE_OP];
	bool                 holds, nocase = c[CODE_FLAGS] & CODE_NOCASE;
	struct fact          room;
	const struct fact   *f;

	if (op == OP_UNKNOWN)
		return TRUTH_UNKNOWN;
	f = fact_of(facts, c[CODE_FACT], &room);
	if (f->state == FACT_NONE)
		return TRUTH_FALSE;
	/* A value of the wrong kind is a recogniser's bug, and nothing to trust. */
	if (f->state != (op >= OP_TEXT ? FACT_TEXT : FACT_NUMBER))
		return TRUTH_UNKNOWN;
	if (op < OP_TEXT)
		holds = number_holds(p, c, f->number);
	else if (op == OP_TEXTS)
		holds = texts_hold(p, c, nocase, f);
	else
		holds = text_holds(p, op, nocase, get32(c + CODE_A), f) != !!(c[CODE_FLAGS] & CODE_NEGATE);
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

enum policy_truth condition_truth(const struct facts *facts, uint32_t first, uint32_t count)
{
	const struct policy *p = facts->flow->policy;
	uint8_t              stack[POLICY_STACK_MAX];
	unsigned             height = 0;

	if (!count)
		return TRUTH_TRUE;
	/* Most conditions are one comparison. */
	if (count == 1)
		return comparison_truth(facts, blob_at(p, S_CODE, first));
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *c = blob_at(p, S_CODE, first + i);

		/* The proof has seen that the stack neither runs over nor dry. */
		switch (c[CODE_OP]) {
		case OP_AND:
			height--;
			if (stack[height] < stack[height - 1])
				stack[height - 1] = stack[height];
			break;
		case OP_OR:
			height--;
			if (stack[height] > stack[height - 1])
				stack[height - 1] = stack[height];
			break;
		case OP_NOT:
			stack[height - 1] = (uint8_t)(TRUTH_TRUE - stack[height - 1]);
			break;
		default:
			stack[height++] = (uint8_t)comparison_truth(facts, c);
		}
	}
	return (enum policy_truth)stack[0];
}
