/*
 * A body of unknown length that must not hold the word EVIL: inspected content goes on with a lag.
 * either side = "B" bytes "."     the head is judged; the body inherits its verdict, the unit that ends it too (ANSWER),
 *                                 for how much is left for that one depends on how the input was cut
 */
#include "test/toys/toys.h"

#include <string.h>

static const char word[] = "EVIL";
enum { WORD = sizeof(word) - 1, LAG = WORD - 1 };

struct stream_state {
	bool body[2]; /* by side */
};

struct stream_unit {
	uint8_t from, ends;
};

static struct step seen(size_t n)
{
	return (struct step){.verb = STEP_SEEN, .n = n};
}

static struct step stream_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct stream_state *s = state;
	struct stream_unit        *u = unit;
	const uint8_t             *dot = in->len ? memchr(in->bytes, '.', in->len) : NULL;
	size_t                     n = dot ? (size_t)(dot - in->bytes) + 1 : in->len;
	const uint8_t             *evil = n ? memmem(in->bytes, n, word, WORD) : NULL;

	u->from = (uint8_t)in->from;
	if (!in->len)
		return step_more(1);
	if (!s->body[in->from]) {
		if (in->bytes[0] != 'B')
			return toy_refuse(cx, in, T_FRAME, 0, 0, "head");
		return step_unit(1, STEP_INSIDE);
	}
	if (evil == in->bytes)
		return toy_refuse(cx, in, T_PATTERN, 0, WORD, "body");
	if (evil)
		return seen((size_t)(evil - in->bytes));
	u->ends = dot != NULL;
	if (dot)
		return step_unit(n, STEP_ANSWER);
	return n > LAG ? seen(n - LAG) : step_more((uint64_t)n + 1); /* the next byte may be the dot */
}

static void stream_commit(void *state, const void *unit, struct cx *cx)
{
	const struct stream_unit *u = unit;

	(void)cx;
	((struct stream_state *)state)->body[u->from] = !u->ends;
}

static bool stream_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state;
	toy_answer(cx, "!.", 2);
	return unit != NULL;
}

const struct recogniser toy_stream = {
	.name = "stream",
	.id = TOY_STREAM,
	.short_why = T_SHORT,
	.state_size = sizeof(struct stream_state),
	.unit_size = sizeof(struct stream_unit),
	.next = stream_next,
	.commit = stream_commit,
	.deny = stream_deny,
};
