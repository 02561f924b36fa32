/*
 * Chained commands with payload inside: each command is a unit, "+" says that its message goes on.
 * request = op more [digit payload]     op: C create, W write, X close; more: "+" or "."; W alone has a payload, opaque
 * answer  = c|w|x more | "y." (raw bytes to the end of the flow)     our own: "e."
 */
#include "test/toys/toys.h"

#include <string.h>

struct compound_state {
	uint32_t owed;
};

struct compound_unit {
	uint8_t from, op;
};

static struct step compound_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct compound_state *s = state;
	struct compound_unit        *u = unit;
	uint8_t                      flags = 0;
	int                          payload = 0;
	size_t                       n = 2;

	u->from = (uint8_t)in->from;
	if (in->len < 2)
		return step_more(2);
	u->op = in->bytes[0];
	toy_fact(cx, 0, u->op);
	if (u->op == 0 || !strchr(in->from == SIDE_CLIENT ? "CWX" : "cwxy", u->op))
		return toy_refuse(cx, in, T_FRAME, 0, 0, "Command");
	if (in->bytes[1] != '+' && in->bytes[1] != '.')
		return toy_refuse(cx, in, T_FRAME, 1, 0, "NextCommand");
	if (in->bytes[1] == '+')
		flags |= STEP_INSIDE;
	if (in->from == SIDE_SERVER) {
		if (!s->owed)
			return toy_refuse(cx, in, T_UNASKED, 0, 2, "Command");
		return (struct step){.verb = STEP_UNIT, .flags = flags | STEP_ANSWER, .n = 2, .opaque = u->op == 'y' ? OPAQUE_MAX : 0};
	}
	if (u->op == 'W') {
		n = 3;
		if (in->len < 3)
			return step_more(3);
		payload = toy_digit(in->bytes[2]);
		if (payload < 0)
			return toy_refuse(cx, in, T_FRAME, 2, 0, "Length");
	}
	return (struct step){.verb = STEP_UNIT, .flags = flags, .n = n, .opaque = (uint64_t)payload};
}

static void compound_commit(void *state, const void *unit, struct cx *cx)
{
	struct compound_state      *s = state;
	const struct compound_unit *u = unit;

	(void)cx;
	if (u->from == SIDE_CLIENT)
		s->owed++;
	else
		s->owed--;
}

static bool compound_deny(void *state, const void *unit, struct cx *cx)
{
	const struct compound_unit *u = unit;

	(void)state;
	toy_answer(cx, "e.", 2);
	return u && u->from == SIDE_CLIENT;
}

static const struct fact_def facts[] = {{.name = "compound.op", .scope = FACT_OF_REQUEST}};

const struct recogniser toy_compound = {
	.name = "compound",
	.id = TOY_COMPOUND,
	.short_why = T_SHORT,
	.state_size = sizeof(struct compound_state),
	.unit_size = sizeof(struct compound_unit),
	.facts = 1,
	.fact = facts,
	.next = compound_next,
	.commit = compound_commit,
	.deny = compound_deny,
};
