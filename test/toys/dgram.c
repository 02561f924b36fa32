/*
 * One datagram, one unit: our answer may not be larger than the question.
 * request = "q" bytes     answer = "a" bytes     at least one byte each; our own: "no way"
 */
#include "test/toys/toys.h"

struct dgram_state {
	uint32_t owed;
};

struct dgram_unit {
	uint8_t from;
};

static struct step dgram_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct dgram_state *s = state;
	bool                      server = in->from == SIDE_SERVER;

	((struct dgram_unit *)unit)->from = (uint8_t)in->from;
	if (in->len < 2)
		return step_more(2); /* which a datagram can never give */
	if (in->bytes[0] != (server ? 'a' : 'q'))
		return toy_refuse(cx, in, T_OP, 0, in->len, "op");
	if (server && !s->owed)
		return toy_refuse(cx, in, T_UNASKED, 0, in->len, "op");
	toy_fact(cx, 0, in->len);
	return step_unit(in->len, server ? STEP_ANSWER : 0);
}

static void dgram_commit(void *state, const void *unit, struct cx *cx)
{
	const struct dgram_unit *u = unit;
	struct dgram_state      *s = state;

	(void)cx;
	if (u->from == SIDE_CLIENT)
		s->owed++;
	else
		s->owed--;
}

static bool dgram_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit;
	toy_answer(cx, "no way", 6);
	return true;
}

static const struct fact_def facts[] = {{.name = "dgram.length", .scope = FACT_OF_REQUEST}};

const struct recogniser toy_dgram = {
	.name = "dgram",
	.id = TOY_DGRAM,
	.short_why = T_SHORT,
	.datagram = true,
	.state_size = sizeof(struct dgram_state),
	.unit_size = sizeof(struct dgram_unit),
	.facts = 1,
	.fact = facts,
	.next = dgram_next,
	.commit = dgram_commit,
	.deny = dgram_deny,
};
