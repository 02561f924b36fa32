/*
 * A call that announces a second flow, as H.245 does: an address in a message, patched to the gate's own.
 * either side = "A" ip(4 bytes) port(be16) (come and connect to me) | "F" ip port (the same, and it may speak at once)
 *             | "K" (accepted: legs may speak) | "E" (the call is over)
 * Our own answer: "N".
 */
#include "test/toys/toys.h"

#include <string.h>

struct call_unit {
	uint8_t op;
};

static struct step announce(const struct in *in, struct cx *cx)
{
	struct wire    w = wire_over(in->bytes, 7, &cx->fault, T_SHORT);
	struct expect *e = &cx->expect[0];
	const uint8_t *ip;

	wire_name(&w, "call");
	wire_u8(&w, "op");
	ip = wire_take(&w, 4, "network");
	*e = (struct expect){.proto = TOY_LEG, .port_low = 5000, .port_high = 5010, .deadline_ms = 10000};
	e->to.family = 4;
	if (ip)
		memcpy(e->to.ip, ip, 4);
	e->to.port = wire_be16_range(&w, 1, 65535, T_BODY, "tsapIdentifier");
	if (cx->fault.why)
		return step_refuse(7);
	cx->expects = 1;
	cx->patch[0] = (struct patch){.offset = 1, .old_len = 6, .form = PATCH_IP4_PORT, .expect = 0};
	cx->patches = 1;
	return step_unit(7, 0);
}

static struct step call_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct call_unit *u = unit;

	(void)state;
	if (!in->len)
		return step_more(1);
	u->op = in->bytes[0];
	if (u->op == 'A' || u->op == 'F')
		return in->len < 7 ? step_more(7) : announce(in, cx);
	if (u->op != 'K' && u->op != 'E')
		return toy_refuse(cx, in, T_OP, 0, 1, "op");
	return step_unit(1, 0);
}

static void call_commit(void *state, const void *unit, struct cx *cx)
{
	const struct call_unit *u = unit;
	struct call_group      *group = cx->group;

	(void)state;
	if ((u->op == 'K' || u->op == 'F') && group)
		group->open = 1;
	if (u->op == 'E')
		cx->end_group = true;
}

static bool call_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state;
	toy_answer(cx, "N", 1);
	return unit != NULL;
}

const struct recogniser toy_call = {
	.name = "call",
	.id = TOY_CALL,
	.short_why = T_SHORT,
	.unit_size = sizeof(struct call_unit),
	.group_size = sizeof(struct call_group),
	.next = call_next,
	.commit = call_commit,
	.deny = call_deny,
};
