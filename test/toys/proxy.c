/*
 * A client that names its server, as SOCKS does: the greeting is consumed, the request is dialled and consumed.
 * request = "g" digit methods | "c" digit name port(be16) | "f" digit name port     our answers: "m0" (greeting), "ok", "no"
 * After "ok" to "c" the line toy speaks; after "f" the proxy may be asked again.
 */
#include "test/toys/toys.h"

struct proxy_state {
	uint8_t greeted;
};

struct proxy_unit {
	uint8_t op;
};

/* All of the unit is for us, nothing for the server. */
static void consume(struct cx *cx, size_t n)
{
	cx->patch[0] = (struct patch){.form = PATCH_BYTES, .old_len = (uint32_t)n};
	cx->patches = 1;
}

static struct step connect_step(const struct in *in, size_t n, struct cx *cx)
{
	struct wire w = wire_over(in->bytes, n, &cx->fault, T_SHORT);

	wire_name(&w, "proxy");
	wire_take(&w, 2, "head");
	cx->route.name_len = (uint16_t)(n - 4);
	cx->route.name = wire_take(&w, n - 4, "name");
	cx->route.port = wire_be16_range(&w, 1, 65535, T_BODY, "port");
	toy_fact(cx, 0, cx->route.port);
	if (cx->fault.why)
		return step_refuse(n);
	if (in->event == EVENT_NONE)
		return (struct step){.verb = STEP_ROUTE, .n = n};
	if (in->event == EVENT_DIAL_FAILED)
		return toy_refuse(cx, in, R_ROUTE_FAILED, 2, n, "name");
	consume(cx, n);
	if (in->bytes[0] == 'f')
		return step_unit(n, 0);
	return (struct step){.verb = STEP_SWITCH, .n = n, .proto = TOY_LINE};
}

static struct step proxy_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct proxy_state *s = state;
	struct proxy_unit        *u = unit;
	int                       len;
	size_t                    n;

	if (in->from == SIDE_SERVER)
		return in->len ? toy_refuse(cx, in, T_ORDER, 0, 0, "server") : step_more(1);
	if (in->len < 2)
		return step_more(2);
	u->op = in->bytes[0];
	len = toy_digit(in->bytes[1]);
	if ((u->op != 'g' && u->op != 'c' && u->op != 'f') || len < 0)
		return toy_refuse(cx, in, T_FRAME, 0, 0, "request");
	n = 2 + (size_t)len + (u->op == 'g' ? 0 : 2);
	if (in->len < n)
		return step_more(n);
	if ((u->op == 'g') == s->greeted)
		return toy_refuse(cx, in, T_ORDER, 0, n, "request");
	if (u->op != 'g')
		return connect_step(in, n, cx);
	consume(cx, n);
	return step_unit(n, 0);
}

static void proxy_commit(void *state, const void *unit, struct cx *cx)
{
	const struct proxy_unit *u = unit;

	((struct proxy_state *)state)->greeted = 1;
	if (u->op == 'g')
		toy_answer(cx, "m0", 2);
	else
		toy_answer(cx, "ok", 2);
}

static bool proxy_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit;
	toy_answer(cx, "no", 2);
	return false;
}

static const struct fact_def facts[] = {{.name = "proxy.port", .scope = FACT_OF_REQUEST}};

const struct recogniser toy_proxy = {
	.name = "proxy",
	.id = TOY_PROXY,
	.short_why = T_SHORT,
	.state_size = sizeof(struct proxy_state),
	.unit_size = sizeof(struct proxy_unit),
	.facts = 1,
	.fact = facts,
	.next = proxy_next,
	.commit = proxy_commit,
	.deny = proxy_deny,
};
