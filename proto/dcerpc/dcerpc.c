/* The recogniser of DCE/RPC over TCP: one association per connection, one PDU per unit. */
/*
 * Spec: MS-RPCE 2.1.1.1 (ncacn_ip_tcp), C706 chapter 12.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: dcerpc.*.
 * Not done: DCE/RPC over HTTP (ncacn_http).
 */
#include "proto/dcerpc/dcerpc.h"
#include "proto/dcerpc/rpc_answer.h"
#include "proto/dcerpc/rpc_int.h"
#include "proto/protocols.h"

enum { TABLE_CONTEXTS = 0, TABLE_CALLS, TABLES };
enum { FACTS_AUTH = RPC_FACTS, FACTS = RPC_FACTS + AUTH_FACTS };

static const struct rpc_seat seat = {
	.contexts = TABLE_CONTEXTS,
	.calls = TABLE_CALLS,
	.auth = {.fact = FACTS_AUTH},
	.patches = true,
};

/* frag_length of the PDU at the head: its header must be lawful before more of it is waited for. */
static struct step frame(const struct rpc_assoc *a, struct wire w, const struct in *in, struct cx *cx)
{
	struct rpc_unit unit = {.from = (uint8_t)in->from};
	struct rpc_read r = {.a = a, .u = &unit, .seat = &seat, .cx = cx, .patch_at = UINT32_MAX};

	if (in->len < RPC_HEADER)
		return step_more(RPC_HEADER);
	wire_name(&w, "dcerpc");
	rpc_header(&r, &w);
	if (cx->fault.why)
		return step_refuse(0);
	return in->len < r.frag_length ? step_more(r.frag_length) : step_unit(r.frag_length, 0);
}

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct rpc_assoc *a = state;
	struct rpc_unit        *u = unit;
	struct wire             w = wire_over(in->bytes, in->len, &cx->fault, R_DCERPC_SHORT);
	struct step             step = frame(a, w, in, cx);

	u->from = (uint8_t)in->from;
	u->ptype = RPC_PTYPES;
	if (step.verb != STEP_UNIT)
		return step;
	w = wire_over(in->bytes, step.n, &cx->fault, R_DCERPC_SHORT);
	switch (rpc_next(a, u, &w, in->bytes, (size_t)step.n, in->from, &seat, cx)) {
	case RPC_WHOLE:
		step.flags = u->answer ? STEP_ANSWER : 0;
		step.why = u->opaque_why;
		return step;
	case RPC_WAIT:
		return (struct step){.verb = STEP_WAIT, .n = step.n, .why = u->wait_why, .ms = u->wait_ms};
	default:
		return step_refuse(step.n);
	}
}

static void commit(void *state, const void *unit, struct cx *cx)
{
	const struct rpc_unit *u = unit;

	rpc_commit(state, u, &seat, cx);
	if (u->ptype == RPC_SHUTDOWN)
		cx->end_flow = true;
}

/* Refusals a connection outlives: nothing of the call has gone, and the server's state is not in doubt. */
static bool outlived(const struct rpc_unit *u, uint16_t why)
{
	uint8_t class = reason_of(why)->class;

	return u->flags & RPC_FIRST && u->flags & RPC_LAST && (class == CLASS_POLICY || class == CLASS_OPAQUE || class == CLASS_LIMIT || why == R_DCERPC_OPNUM);
}

static bool deny(void *state, const void *unit, struct cx *cx)
{
	const struct rpc_assoc *a = state;
	const struct rpc_unit  *u = unit;

	if (!u || u->from == SIDE_SERVER)
		return false;
	if (u->ptype == RPC_BIND) {
		cx->answer_len = rpc_nak(u, cx->answer, ANSWER_MAX);
		return false;
	}
	if (u->ptype != RPC_REQUEST)
		return false;
	cx->answer_len = rpc_fault(a, u, rpc_status(cx->fault.why), cx->answer, ANSWER_MAX);
	if (!cx->answer_len && u->security.level >= RPC_LEVEL_PKT)
		cx->no_answer = R_ANSWER_SIGNED;
	return cx->answer_len && outlived(u, cx->fault.why);
}

static const struct table_def tables[TABLES] = {
	[TABLE_CONTEXTS] = {"dcerpc.contexts", sizeof(struct rpc_context), RPC_LIMIT_CONTEXTS},
	[TABLE_CALLS] = {"dcerpc.calls", sizeof(struct rpc_call), RPC_LIMIT_CALLS},
};

static const struct limit_def limits[RPC_LIMITS] = {RPC_LIMIT_DEFS(0)};

static const struct fact_def facts[FACTS] = {
	RPC_FACT_DEFS(0),
	AUTH_FACT_DEFS(FACTS_AUTH),
};

static const struct tolerance_def tolerances[RPC_TOLERANCES] = {RPC_TOLERANCE_DEFS(0)};

const struct recogniser dcerpc_recogniser = {
	.name = "dcerpc",
	.reads = "ndr spnego ntlmssp krb5",
	.id = PROTO_DCERPC,
	.short_why = R_DCERPC_SHORT,
	.state_size = sizeof(struct rpc_assoc),
	.unit_size = sizeof(struct rpc_unit),
	.tables = TABLES,
	.limits = RPC_LIMITS,
	.facts = FACTS,
	.tolerances = RPC_TOLERANCES,
	.table = tables,
	.limit = limits,
	.fact = facts,
	.tolerance = tolerances,
	.next = next,
	.commit = commit,
	.deny = deny,
};

_Static_assert(sizeof(struct rpc_assoc) <= STATE_MAX, "state");
_Static_assert((int)FACTS <= (int)FACTS_MAX, "facts");
