/* Answers to calls: each belongs to an outstanding one, on its context, in order. */
/*
 * Spec: C706 12.6.4.10 (response), 12.6.4.7 (fault), MS-RPCE 2.2.2.12.
 * Input from: the server.
 * Limits: dcerpc.fragments and dcerpc.stub.
 * Not done: reading results, but for those of the endpoint mapper.
 */
#include "proto/dcerpc/rpc_int.h"

static const struct rpc_call *asked(struct rpc_read *r, const struct wire *w, uint32_t at)
{
	const struct rpc_call *c = table_get(r->cx, r->seat->calls, rpc_key(r->a, r->u->call_id));

	r->u->answer = true;
	if (!c)
		wire_fail_numbers(w, at, R_DCERPC_ANSWER, "call_id", 0, r->u->call_id);
	return c;
}

/* Answers of the endpoint mapper open ports, where they can be read. */
static void results(struct rpc_read *r, struct wire *stub, const struct rpc_call *c)
{
	const struct rpc_context   *x = table_get(r->cx, r->seat->contexts, rpc_key(r->a, c->context_id));
	const struct rpc_interface *i = x && x->interface_id ? rpc_interface_by_id(x->interface_id) : NULL;

	if (!rpc_is_epm(i) || c->opnum != RPC_EPM_MAP || r->u->sealed || x->unread)
		return;
	if ((r->u->flags & (RPC_FIRST | RPC_LAST)) != (RPC_FIRST | RPC_LAST))
		wire_fail(stub, wire_offset(stub), R_DCERPC_TOWER, "fragments");
	else
		rpc_epm_mapped(r, stub);
}

void rpc_response(struct rpc_read *r, struct wire *w)
{
	uint32_t               at = wire_offset(w), context_at;
	const struct rpc_call *c = asked(r, w, at);
	bool                   first = r->u->flags & RPC_FIRST;
	struct wire            stub;

	rpc_u32(r, w, "alloc_hint");
	context_at = wire_offset(w);
	r->u->context_id = rpc_u16(r, w, "p_cont_id");
	wire_take(w, 2, "cancel_count");
	if (!c || w->fault->why)
		return;
	if (r->u->context_id != c->context_id)
		wire_fail_numbers(w, context_at, R_DCERPC_ANSWER_CONTEXT, "p_cont_id", c->context_id, r->u->context_id);
	if (first == c->answering)
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENT_ORDER, "pfc_flags", !c->answering, first);
	r->u->stub_len = (uint32_t)wire_left(w);
	if (c->fragments >= rpc_limit(r, RPC_LIMIT_FRAGMENTS))
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENTS, "response", rpc_limit(r, RPC_LIMIT_FRAGMENTS), (uint64_t)c->fragments + 1);
	stub = wire_sub(w, wire_left(w), "stub");
	if (!w->fault->why)
		results(r, &stub, c);
}

/* Instead of an answer to a call, or to an alter_context. What follows the status is the server's own. */
void rpc_fault_pdu(struct rpc_read *r, struct wire *w)
{
	bool bind = (r->a->phase == RPC_BINDING || r->a->phase == RPC_ALTERING) && r->u->call_id == r->a->bind_id;

	r->u->answer = true;
	if (!bind)
		asked(r, w, wire_offset(w));
	rpc_u32(r, w, "alloc_hint");
	rpc_u16(r, w, "p_cont_id");
	wire_take(w, 2, "cancel_count");
	rpc_u32(r, w, "status");
	wire_take(w, wire_left(w), "stub");
}

void rpc_response_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	struct rpc_call *c = table_edit(cx, seat->calls, rpc_key(a, u->call_id));

	if (!c) {
		rpc_offers_over(a, seat, cx);
	} else if (u->flags & RPC_LAST || u->ptype == RPC_FAULT) {
		rpc_list_del(a, &a->calls, seat->calls, u->call_id, cx);
	} else {
		c->answering = true;
		c->fragments++;
	}
}
