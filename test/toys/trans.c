/*
 * A transaction in several messages: the first announces the total, the server says go on, the rest follow.
 * request = "T" total piece | "S" piece     piece = digit bytes; total = digit     answer = "i" (go on) | "t" (done)
 * A secondary sent before "i" waits. The whole must not contain "!". While a transaction is open the
 * message goes on (INSIDE): nothing of ours may stand there, and a denial ends the flow.
 */
#include "test/toys/toys.h"

#include <string.h>

enum trans_phase { IDLE = 0, ASKED, GOING, SENT };

struct trans_state {
	uint8_t phase, total, have;
};

struct trans_unit {
	uint8_t        from, op, total, piece_len;
	const uint8_t *piece;
};

/* How long the message at the head is; 0: `*need` bytes are wanted first, or with no need it is none. */
static size_t frame(const struct in *in, struct trans_unit *u, size_t *need)
{
	size_t head = in->len && in->bytes[0] == 'T' ? 3 : 2;

	*need = in->len < 1 ? 1 : head;
	if (in->len < *need)
		return 0;
	*need = 0;
	if ((in->bytes[0] != 'T' && in->bytes[0] != 'S') || toy_digit(in->bytes[1]) < 0 || toy_digit(in->bytes[head - 1]) < 0)
		return 0;
	u->op = in->bytes[0];
	u->total = (uint8_t)toy_digit(in->bytes[1]);
	u->piece_len = (uint8_t)toy_digit(in->bytes[head - 1]);
	u->piece = in->bytes + head;
	if (in->len < head + u->piece_len)
		*need = head + u->piece_len;
	return *need ? 0 : head + u->piece_len;
}

static struct step request(const struct trans_state *s, struct trans_unit *u, const struct in *in, size_t n, struct cx *cx)
{
	uint8_t        total = u->op == 'T' ? u->total : s->total;
	size_t         held;
	const uint8_t *view = gather_view(cx, 7, u->piece, u->piece_len, 9, &held);

	if (u->op == 'T' ? s->phase != IDLE : s->phase == IDLE || s->phase == SENT)
		return toy_refuse(cx, in, T_ORDER, 0, n, "Command");
	if (s->phase == ASKED)
		return (struct step){.verb = STEP_WAIT, .ms = 1000, .why = T_PACE, .n = n};
	if (!view || held > total)
		return toy_refuse(cx, in, T_LARGE, u->op == 'T' ? 2 : 1, n, "DataCount");
	if (held == total && memchr(view, '!', held))
		return toy_refuse(cx, in, T_BODY, u->op == 'T' ? 3 : 2, n, "Data");
	return step_unit(n, held < total ? STEP_INSIDE : 0);
}

static struct step trans_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct trans_state *s = state;
	struct trans_unit        *u = unit;
	size_t                    need, n;

	u->from = (uint8_t)in->from;
	if (in->from == SIDE_SERVER) {
		if (!in->len)
			return step_more(1);
		u->op = in->bytes[0];
		if (u->op != 'i' && u->op != 't')
			return toy_refuse(cx, in, T_FRAME, 0, 0, "Command");
		if (s->phase != (u->op == 'i' ? ASKED : SENT))
			return toy_refuse(cx, in, T_UNASKED, 0, 1, "Command");
		return step_unit(1, STEP_ANSWER);
	}
	n = frame(in, u, &need);
	if (need)
		return step_more(need);
	if (!n)
		return toy_refuse(cx, in, T_FRAME, 0, 0, "Command");
	return request(s, u, in, n, cx);
}

static void trans_commit(void *state, const void *unit, struct cx *cx)
{
	struct trans_state      *s = state;
	const struct trans_unit *u = unit;

	if (u->op == 'i') {
		s->phase = GOING;
	} else if (u->op == 't') {
		*s = (struct trans_state){0};
	} else {
		if (u->op == 'T')
			*s = (struct trans_state){.phase = ASKED, .total = u->total};
		s->have = (uint8_t)(s->have + u->piece_len);
		if (s->have == s->total) {
			s->phase = SENT;
			gather_drop(cx, 7);
		} else {
			gather_add(cx, 7, u->piece, u->piece_len);
		}
	}
}

static bool trans_deny(void *state, const void *unit, struct cx *cx)
{
	const struct trans_unit *u = unit;

	(void)state;
	toy_answer(cx, "e", 1);
	return u && u->from == SIDE_CLIENT;
}

const struct recogniser toy_trans = {
	.name = "trans",
	.id = TOY_TRANS,
	.short_why = T_SHORT,
	.state_size = sizeof(struct trans_state),
	.unit_size = sizeof(struct trans_unit),
	.next = trans_next,
	.commit = trans_commit,
	.deny = trans_deny,
};
