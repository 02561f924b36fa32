/*
 * RPC in writes of a file: a carrier per write, the inner message in a gather.
 * request = "W" length(1 byte) piece     server = "w" (written) | "r" length(1 byte) piece (what the pipe says)
 * A write is forwarded while what it completes is a lawful prefix; the write with the message's last byte
 * waits for the verdict on the message and ends with it. Our own answer to a write is "e".
 */
#include "test/toys/toys.h"

struct carrier_state {
	uint32_t owed;
	uint8_t  partial; /* the server's pipe holds part of a message */
};

struct carrier_unit {
	uint8_t         from, piece_len, done, answer;
	const uint8_t  *piece;
	struct rpc_unit rpc;
};

enum { CARRIER_DONE = 0, CARRIER_OP };

/* What the pipe holds once this piece has gone: a lawful prefix, or one whole message and no more. */
static void inner(struct carrier_unit *u, struct wire *w, struct cx *cx)
{
	size_t         total;
	const uint8_t *view = gather_view(cx, 0, u->piece, u->piece_len, 64, &total);
	struct wire    pipe;
	uint16_t       length;

	if (!view) {
		wire_fail(w, 2, T_LARGE, "piece");
		return;
	}
	pipe = wire_over(view, total, w->fault, T_SHORT);
	pipe.node = w->node;
	length = rpc_check(&pipe, &u->rpc);
	if (length && total > length)
		wire_fail_numbers(w, 2, T_GLUED, "piece", length, total);
	u->done = length && total == length;
	toy_fact(cx, CARRIER_DONE, u->done);
	if (u->done)
		toy_fact(cx, CARRIER_OP, u->rpc.op);
}

static struct step carrier_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct carrier_state *s = state;
	struct carrier_unit        *u = unit;
	struct wire                 w = wire_over(in->bytes, in->len, &cx->fault, T_SHORT);
	size_t                      n;

	u->from = (uint8_t)in->from;
	if (in->len < 1)
		return step_more(1);
	if (in->from == SIDE_SERVER && in->bytes[0] == 'w')
		n = 1;
	else if (in->bytes[0] != (in->from == SIDE_CLIENT ? 'W' : 'r'))
		return toy_refuse(cx, in, T_FRAME, 0, 0, "Command");
	else if (in->len < 2)
		return step_more(2);
	else
		n = 2 + (size_t)in->bytes[1];
	if (in->len < n)
		return step_more(n);
	w = wire_over(in->bytes, n, &cx->fault, T_SHORT);
	wire_name(&w, "carrier");
	u->answer = in->bytes[0] == 'w';
	if (u->answer && !s->owed)
		wire_fail(&w, 0, T_UNASKED, "Command");
	if (in->from == SIDE_CLIENT) {
		u->piece = in->bytes + 2;
		u->piece_len = in->bytes[1];
		inner(u, &w, cx);
	}
	if (cx->fault.why)
		return step_refuse(n);
	return step_unit(n, u->answer ? STEP_ANSWER : 0);
}

static void carrier_commit(void *state, const void *unit, struct cx *cx)
{
	struct carrier_state      *s = state;
	const struct carrier_unit *u = unit;

	if (u->from == SIDE_SERVER) {
		s->owed -= u->answer;
		return;
	}
	s->owed++;
	s->partial = !u->done;
	if (u->done)
		gather_drop(cx, 0);
	else
		gather_add(cx, 0, u->piece, u->piece_len);
}

static bool carrier_deny(void *state, const void *unit, struct cx *cx)
{
	const struct carrier_state *s = state;
	const struct carrier_unit  *u = unit;

	if (!u || u->from == SIDE_SERVER)
		return false;
	toy_answer(cx, "e", 1);
	return !s->partial; /* half a message in the server's pipe can never be finished */
}

static const struct fact_def facts[] = {
	[CARRIER_DONE] = {.name = "carrier.done", .scope = FACT_OF_REQUEST},
	[CARRIER_OP] = {.name = "rpc.op", .scope = FACT_OF_REQUEST},
};

const struct recogniser toy_carrier = {
	.name = "carrier",
	.id = TOY_CARRIER,
	.short_why = T_SHORT,
	.state_size = sizeof(struct carrier_state),
	.unit_size = sizeof(struct carrier_unit),
	.facts = 2,
	.fact = facts,
	.next = carrier_next,
	.commit = carrier_commit,
	.deny = carrier_deny,
};
