/* Requests: on accepted contexts only, operations that exist and may be called, arguments read where they must be seen. */
/*
 * Spec: C706 12.6.4.9 (request), 12.6.2 (fragments), MS-RPCE 3.3.1.5.4, 3.3.2.5.2.
 * Input from: the client, before anybody has proved who he is.
 * Limits: dcerpc.fragments, dcerpc.stub, dcerpc.calls; per interface its stub_max.
 * Not done: fragments of several calls between each other, which no client sends: refused.
 */
#include "proto/dcerpc/rpc_int.h"
#include "proto/ndr/ndr.h"

/* Fragments come in order, of one call, of one operation. */
static void order(struct rpc_read *r, const struct wire *w, uint32_t at)
{
	const struct rpc_assoc *a = r->a;
	bool                    first = r->u->flags & RPC_FIRST;

	if (a->phase == RPC_NEW)
		wire_fail_numbers(w, at, R_DCERPC_ORDER, "PTYPE", a->phase, r->u->ptype);
	if (first == a->calling)
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENT_ORDER, "pfc_flags", !a->calling, first);
	else if (a->calling && r->u->call_id != a->call_id)
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENT_ORDER, "call_id", a->call_id, r->u->call_id);
	else if (a->calling && (r->u->context_id != a->context_id || r->u->opnum != a->opnum))
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENT_CALL, "opnum", a->opnum, r->u->opnum);
}

/* The first fragment takes a place among the calls, unless nobody answers it. */
static void place(struct rpc_read *r, const struct wire *w, uint32_t at)
{
	if (!(r->u->flags & RPC_FIRST))
		return;
	if (table_get(r->cx, r->seat->calls, rpc_key(r->a, r->u->call_id))) {
		wire_fail_numbers(w, at, R_DCERPC_CALL_BUSY, "call_id", 0, r->u->call_id);
		return;
	}
	r->u->calls = !(r->u->flags & RPC_MAYBE);
	if (r->a->phase != RPC_BOUND)
		r->u->wait_why = R_DCERPC_PENDING;
	else if (r->u->calls && !table_room(r->cx, r->seat->calls))
		r->u->wait_why = R_DCERPC_CALLS;
	if (r->u->wait_why)
		r->u->wait_ms = rpc_limit(r, RPC_LIMIT_WAIT);
}

/* The sums: each fragment counts, and each octet (CVE-2022-26809). */
static void sums(struct rpc_read *r, const struct wire *w, uint32_t at, const struct rpc_interface *i, uint32_t hint)
{
	uint32_t most = rpc_limit(r, RPC_LIMIT_STUB), fragments = r->a->calling ? r->a->fragments : 0;
	uint64_t stub = (uint64_t)(r->a->calling ? r->a->stub : 0) + r->u->stub_len;

	if (i && i->stub_max && i->stub_max < most)
		most = i->stub_max;
	if (fragments >= rpc_limit(r, RPC_LIMIT_FRAGMENTS))
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENTS, "request", rpc_limit(r, RPC_LIMIT_FRAGMENTS), (uint64_t)fragments + 1);
	else if (stub > most)
		wire_fail_numbers(w, at, R_DCERPC_STUB, "stub", most, stub);
	else if (hint > rpc_limit(r, RPC_LIMIT_STUB))
		wire_fail_numbers(w, at, R_DCERPC_HINT, "alloc_hint", rpc_limit(r, RPC_LIMIT_STUB), hint);
}

/* The stub of all fragments, the last one's in `stub`. */
static void arguments(struct rpc_read *r, struct wire *w, struct wire stub, const struct rpc_interface *i, const struct rpc_operation *o)
{
	const struct ndr_limits limits = {.string = rpc_limit(r, RPC_LIMIT_STRING)};
	size_t                  total;
	const uint8_t          *all = gather_view(r->cx, rpc_gather_key(r->a, SIDE_CLIENT, RPC_GATHER_STUB), r->u->stub, r->u->stub_len,
						  rpc_limit(r, RPC_LIMIT_STUB), &total);
	uint32_t                stub_at = wire_offset(&stub);
	bool                    unknown = false;

	if (!all) {
		wire_fail(w, stub_at, R_LIMIT_MEMORY, "stub");
		return;
	}
	r->u->gathers = !(r->u->flags & RPC_LAST);
	if (!(r->u->flags & RPC_LAST))
		return;
	if (all != r->u->stub) {
		stub.p = stub.origin = all; /* UNSAFE: gather_view's bytes, total of them, live until the next call */
		stub.end = all + total; /* UNSAFE: the same */
	}
	if (rpc_is_epm(i) && r->u->opnum == RPC_EPM_MAP) {
		struct wire copy = stub;

		rpc_epm_map(r, &copy, &unknown);
		if (unknown && !rpc_tolerated(r, RPC_TOLERATE_UNKNOWN_INTERFACE))
			r->u->opaque_why = R_DCERPC_UNKNOWN_INTERFACE;
	}
	if (o && o->in && !w->fault->why)
		ndr_read(&stub, r->u->big_endian, o->in, &limits);
	if (w->fault->why && all != r->u->stub) /* what stood in earlier fragments is at this one's stub */
		w->fault->at = stub_at + (w->fault->at > total - r->u->stub_len ? w->fault->at - (uint32_t)(total - r->u->stub_len) : 0);
}

/* What of it can be seen? Sealed stubs, and those in another syntax, must be allowed by name. */
static void content(struct rpc_read *r, struct wire *w, struct wire stub, const struct rpc_interface *i, const struct rpc_operation *o,
		    bool unread)
{
	bool must = o && o->in, epm = rpc_is_epm(i) && r->u->opnum == RPC_EPM_MAP;

	if (r->a->calling && r->a->sealed)
		r->u->sealed = true;
	if (!i && !rpc_tolerated(r, RPC_TOLERATE_UNKNOWN_INTERFACE))
		r->u->opaque_why = R_DCERPC_UNKNOWN_INTERFACE;
	if (r->u->sealed)
		r->u->opaque_why = must ? R_DCERPC_SEALED_ARGUMENTS : R_DCERPC_SEALED;
	else if (unread && (must || epm))
		r->u->opaque_why = R_DCERPC_NDR64;
	else if (must || epm)
		arguments(r, w, stub, i, o);
}

/* The operation exists, and may be called. */
static void operation(struct rpc_read *r, const struct wire *w, uint32_t at, const struct rpc_interface *i, const struct rpc_operation *o)
{
	if (i && i->operations && r->u->opnum >= i->operations)
		wire_fail_numbers(w, at, R_DCERPC_OPNUM, "opnum", (uint64_t)i->operations - 1, r->u->opnum);
	else if (o && o->why && !rpc_tolerated(r, o->tolerance))
		wire_fail_numbers(w, at, o->why, "opnum", 0, r->u->opnum);
}

void rpc_request(struct rpc_read *r, struct wire *w)
{
	uint32_t                    at = wire_offset(w), context_at, opnum_at, hint = rpc_u32(r, w, "alloc_hint");
	const struct rpc_context   *c;
	const struct rpc_interface *i;
	const struct rpc_operation *o;
	struct wire                 stub;

	context_at = wire_offset(w);
	r->u->context_id = rpc_u16(r, w, "p_cont_id");
	opnum_at = wire_offset(w);
	r->u->opnum = rpc_u16(r, w, "opnum");
	if (r->u->flags & RPC_OBJECT)
		wire_take(w, RPC_UUID, "object");
	order(r, w, at);
	place(r, w, at);
	if (w->fault->why || r->u->wait_why)
		return;
	c = table_get(r->cx, r->seat->contexts, rpc_key(r->a, r->u->context_id));
	if (!c || !c->accepted) {
		wire_fail_numbers(w, context_at, R_DCERPC_CONTEXT, "p_cont_id", 0, r->u->context_id);
		return;
	}
	i = c->interface_id ? rpc_interface_by_id(c->interface_id) : NULL;
	o = i ? rpc_operation_of(i, r->u->opnum) : NULL;
	rpc_fact_interface(r, c->interface_id, c->uuid);
	rpc_fact_operation(r, i, r->u->opnum);
	operation(r, w, opnum_at, i, o);
	r->u->stub_len = (uint32_t)wire_left(w);
	sums(r, w, at, i, hint);
	stub = wire_sub(w, wire_left(w), "stub");
	r->u->stub = stub.p;
	if (!w->fault->why)
		content(r, w, stub, i, o, c->unread);
}

static void call_add(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	struct rpc_call *c = rpc_list_add(a, &a->calls, seat->calls, u->call_id, cx);

	c->context_id = u->context_id;
	c->opnum = u->opnum;
}

static void request_over(struct rpc_assoc *a, struct cx *cx)
{
	if (a->gathering)
		gather_drop(cx, rpc_gather_key(a, SIDE_CLIENT, RPC_GATHER_STUB));
	a->calling = a->gathering = a->sealed = false;
	a->fragments = a->stub = 0;
}

void rpc_request_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	if (u->calls)
		call_add(a, u, seat, cx);
	if (u->flags & RPC_LAST) {
		request_over(a, cx);
		return;
	}
	if (u->gathers)
		gather_add(cx, rpc_gather_key(a, SIDE_CLIENT, RPC_GATHER_STUB), u->stub, u->stub_len);
	a->calling = true;
	a->gathering = a->gathering || u->gathers;
	a->sealed = a->sealed || u->sealed;
	a->call_id = u->call_id;
	a->context_id = u->context_id;
	a->opnum = u->opnum;
	a->fragments++;
	a->stub += u->stub_len; /* bounded by dcerpc.stub */
}

/* The client gives a call up; what it would still have sent of it does not come, and an answer may. */
void rpc_orphaned_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	(void)seat;
	if (a->calling && a->call_id == u->call_id)
		request_over(a, cx);
}
