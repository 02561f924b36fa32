/*
 * Requests and answers, the plainest protocol there is: watch, truncation, taint, memory, signed conversations.
 * request = op digit body     op: a..z; digit: length of the body
 * answer  = "=" digit body    owed to every request but n and z; "*" digit body is a notice nobody asked for
 * Ops with a meaning: n owes nothing, q is the last word, s turns on signing, z has a sealed body, u is unsafe.
 * A capital is no operation, refused before its body is there; '#' is no byte for a body; anything else at the head loses framing.
 */
#include "test/toys/toys.h"

struct line_state {
	uint32_t owed;
	uint8_t  is_signed;
};

struct line_unit {
	uint8_t from, op;
};

enum { LINE_OP = 0, LINE_LENGTH };

static bool is_sealed(uint8_t op)
{
	return op == 'z';
}

/* The body, byte by byte, so that a fault has a path: line/body[2]/byte. */
static void body_check(struct wire *w)
{
	struct wire body = wire_sub(w, wire_left(w), "body");

	wire_list(&body);
	while (wire_more(&body)) {
		uint32_t at = wire_offset(&body);

		wire_element(&body);
		if (wire_u8(&body, "byte") == '#')
			wire_fail(&body, at, T_BODY, "byte");
	}
}

static struct step whole(const struct line_state *s, struct line_unit *u, const struct in *in, size_t n, struct cx *cx)
{
	struct wire w = wire_over(in->bytes, n, &cx->fault, T_SHORT);

	wire_name(&w, "line");
	wire_u8(&w, "op");
	wire_u8(&w, "length");
	if (u->op == 'u')
		wire_fail(&w, 0, T_UNSAFE, "op");
	if (u->op == '=' && !s->owed)
		wire_fail(&w, 0, T_UNASKED, "op");
	body_check(&w);
	toy_fact(cx, LINE_OP, u->op);
	toy_fact(cx, LINE_LENGTH, n - 2);
	if (!wire_end(&w, T_FRAME, NULL))
		return step_refuse(n);
	return step_unit(n, u->op == '=' ? STEP_ANSWER : 0);
}

static struct step line_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	uint8_t op = in->len ? in->bytes[0] : 0;
	bool    letter = (op >= 'a' && op <= 'z') || (op >= 'A' && op <= 'Z');
	int     n;

	*(struct line_unit *)unit = (struct line_unit){.from = (uint8_t)in->from, .op = op};
	if (!in->len)
		return step_more(1);
	if (in->from == SIDE_CLIENT ? !letter : op != '=' && op != '*')
		return toy_refuse(cx, in, T_FRAME, 0, 0, "op");
	if (in->len < 2)
		return step_more(2);
	n = toy_digit(in->bytes[1]);
	if (n < 0)
		return toy_refuse(cx, in, T_FRAME, 1, 0, "length");
	if (is_sealed(op)) {
		toy_fact(cx, LINE_OP, op);
		cx->fact[LINE_LENGTH].state = FACT_UNKNOWN;
		return (struct step){.verb = STEP_UNIT, .n = 2, .opaque = (uint64_t)n, .why = R_OPAQUE_SEALED};
	}
	if (op >= 'A' && op <= 'Z')
		return toy_refuse(cx, in, T_OP, 0, 2 + (uint64_t)n, "op");
	if (in->len < 2 + (size_t)n)
		return step_more(2 + (uint64_t)n);
	return whole(state, unit, in, 2 + (size_t)n, cx);
}

static void line_commit(void *state, const void *unit, struct cx *cx)
{
	struct line_state      *s = state;
	const struct line_unit *u = unit;

	if (u->op == '=')
		s->owed--;
	else if (u->from == SIDE_CLIENT && u->op != 'n' && u->op != 'z')
		s->owed++;
	if (u->op == 's')
		s->is_signed = 1;
	if (u->op == 'q')
		cx->end_flow = true;
}

static bool line_deny(void *state, const void *unit, struct cx *cx)
{
	const struct line_state *s = state;
	const struct line_unit  *u = unit;

	if (s->is_signed) {
		cx->no_answer = R_ANSWER_SIGNED;
		return true; /* the driver knows better */
	}
	if (!u || u->from == SIDE_SERVER) {
		toy_answer(cx, "*3bye", 5);
		return false;
	}
	toy_answer(cx, "=2no", 4);
	return true;
}

static const struct fact_def facts[] = {
	[LINE_OP] = {.name = "line.op", .scope = FACT_OF_REQUEST},
	[LINE_LENGTH] = {.name = "line.length", .scope = FACT_OF_REQUEST},
};

const struct recogniser toy_line = {
	.name = "line",
	.id = TOY_LINE,
	.short_why = T_SHORT,
	.state_size = sizeof(struct line_state),
	.unit_size = sizeof(struct line_unit),
	.facts = 2,
	.fact = facts,
	.next = line_next,
	.commit = line_commit,
	.deny = line_deny,
};
