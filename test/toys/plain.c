/*
 * Asks for another protocol in mid-flow, as StartTLS does; the answer switches.
 * request = "P" (ping) | "Q" kind | "V" kind     behind Q nothing may stand, behind V it waits
 * kind    = "l" (the line toy) | "p" (pace) | "t" (sealed)
 * answer  = "p" | "q" (go) | "n" (no)
 */
#include "test/toys/toys.h"

struct plain_state {
	uint8_t pings, asked, kind;
};

struct plain_unit {
	uint8_t from, op, kind;
};

static struct step request(const struct plain_state *s, struct plain_unit *u, const struct in *in, struct cx *cx)
{
	u->op = in->bytes[0];
	if (s->asked == 'Q')
		return toy_refuse(cx, in, T_GLUED, 0, 0, "request");
	if (s->asked == 'V')
		return (struct step){.verb = STEP_WAIT, .ms = 1000, .why = T_GLUED, .n = 1};
	if (u->op == 'P')
		return step_unit(1, 0);
	if (u->op != 'Q' && u->op != 'V')
		return toy_refuse(cx, in, T_OP, 0, 1, "request");
	if (in->len < 2)
		return step_more(2);
	u->kind = in->bytes[1];
	if (u->kind != 'l' && u->kind != 'p' && u->kind != 't')
		return toy_refuse(cx, in, T_OP, 1, 2, "kind");
	return step_unit(2, 0);
}

static uint16_t kind_proto(uint8_t kind)
{
	return kind == 'l' ? TOY_LINE : kind == 'p' ? TOY_PACE : TOY_SEALED;
}

static struct step plain_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct plain_state *s = state;
	struct plain_unit        *u = unit;

	u->from = (uint8_t)in->from;
	if (!in->len)
		return step_more(1);
	if (in->from == SIDE_CLIENT)
		return request(s, u, in, cx);
	u->op = in->bytes[0];
	if (u->op == 'p' ? !s->pings : !s->asked)
		return toy_refuse(cx, in, T_UNASKED, 0, 1, "answer");
	if (u->op == 'q')
		return (struct step){.verb = STEP_SWITCH, .flags = STEP_ANSWER, .n = 1, .proto = kind_proto(s->kind)};
	if (u->op != 'p' && u->op != 'n')
		return toy_refuse(cx, in, T_OP, 0, 1, "answer");
	return step_unit(1, STEP_ANSWER);
}

static void plain_commit(void *state, const void *unit, struct cx *cx)
{
	struct plain_state      *s = state;
	const struct plain_unit *u = unit;

	(void)cx;
	if (u->op == 'P') {
		s->pings++;
	} else if (u->op == 'p') {
		s->pings--;
	} else if (u->from == SIDE_CLIENT) {
		s->asked = u->op;
		s->kind = u->kind;
	} else {
		s->asked = 0;
	}
}

static bool plain_deny(void *state, const void *unit, struct cx *cx)
{
	const struct plain_unit *u = unit;

	(void)state;
	toy_answer(cx, "n", 1);
	return u && u->from == SIDE_CLIENT;
}

const struct recogniser toy_plain = {
	.name = "plain",
	.id = TOY_PLAIN,
	.short_why = T_SHORT,
	.state_size = sizeof(struct plain_state),
	.unit_size = sizeof(struct plain_unit),
	.next = plain_next,
	.commit = plain_commit,
	.deny = plain_deny,
};
