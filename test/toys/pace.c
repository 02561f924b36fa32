/*
 * Lock-step: one request at a time, as MMS has it. A second one waits until the first is answered.
 * request = a..y      answer = 0..8, or "." (a notice, always lawful)
 * Two bytes are bugs on purpose: "z" from the client and "9" from the server wait for ever.
 */
#include "test/toys/toys.h"

struct pace_state {
	uint8_t busy;
};

struct pace_unit {
	uint8_t from, op;
};

static struct step hold(uint32_t ms)
{
	return (struct step){.verb = STEP_WAIT, .ms = ms, .why = T_PACE, .n = 1};
}

static struct step pace_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct pace_state *s = state;
	struct pace_unit        *u = unit;

	u->from = (uint8_t)in->from;
	if (!in->len)
		return step_more(1);
	u->op = in->bytes[0];
	toy_fact(cx, 0, u->op);
	if (in->from == SIDE_CLIENT) {
		if (u->op < 'a' || u->op > 'z')
			return toy_refuse(cx, in, T_OP, 0, 1, "request");
		return u->op == 'z' ? hold(2000) : s->busy ? hold(500) : step_unit(1, 0);
	}
	if (u->op == '9')
		return hold(3000);
	if (u->op == '.')
		return step_unit(1, 0);
	if (u->op < '0' || u->op > '8')
		return toy_refuse(cx, in, T_OP, 0, 1, "answer");
	if (!s->busy)
		return toy_refuse(cx, in, T_UNASKED, 0, 1, "answer");
	return step_unit(1, STEP_ANSWER);
}

static void pace_commit(void *state, const void *unit, struct cx *cx)
{
	const struct pace_unit *u = unit;

	(void)cx;
	if (u->op != '.')
		((struct pace_state *)state)->busy = u->from == SIDE_CLIENT;
}

static bool pace_deny(void *state, const void *unit, struct cx *cx)
{
	const struct pace_unit *u = unit;

	(void)state;
	toy_answer(cx, "!", 1);
	return u && u->from == SIDE_CLIENT;
}

static const struct fact_def facts[] = {{.name = "pace.op", .scope = FACT_OF_REQUEST}};

const struct recogniser toy_pace = {
	.name = "pace",
	.id = TOY_PACE,
	.short_why = T_SHORT,
	.state_size = sizeof(struct pace_state),
	.unit_size = sizeof(struct pace_unit),
	.facts = 1,
	.fact = facts,
	.next = pace_next,
	.commit = pace_commit,
	.deny = pace_deny,
};
