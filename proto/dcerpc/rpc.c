/* DCE/RPC inside a carrier: PDUs out of whatever pieces come, and what changes when one has gone through. */
/*
 * Spec: C706 chapter 12, MS-RPCE 3.3.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: dcerpc.*.
 * Not done: NDR64 (rpc_bind.c); DCE/RPC over HTTP.
 */
#include "proto/dcerpc/rpc_int.h"

static void pdu(struct rpc_read *r, struct wire *w)
{
	struct wire body = rpc_body(r, w);

	rpc_fact_number(r, RPC_FACT_PACKET, r->u->ptype);
	rpc_fact_number(r, RPC_FACT_LEVEL, r->u->security.level);
	switch (w->fault->why ? RPC_PTYPES : r->u->ptype) {
	case RPC_BIND:
	case RPC_ALTER:
		rpc_bind(r, &body);
		break;
	case RPC_BIND_ACK:
	case RPC_ALTER_RESP:
		rpc_bind_ack(r, &body);
		break;
	case RPC_BIND_NAK:
		rpc_bind_nak(r, &body);
		break;
	case RPC_AUTH3:
		rpc_auth3(r, &body);
		break;
	case RPC_REQUEST:
		rpc_request(r, &body);
		break;
	case RPC_RESPONSE:
		rpc_response(r, &body);
		break;
	case RPC_FAULT:
		rpc_fault_pdu(r, &body);
		break;
	case RPC_SHUTDOWN:
		r->u->answer = true;
		wire_end(&body, R_DCERPC_TRAILING, "shutdown");
		break;
	case RPC_CO_CANCEL:
	case RPC_ORPHANED:
		if (r->a->phase == RPC_NEW)
			wire_fail_numbers(w, r->patch_at == UINT32_MAX ? 0 : r->patch_at, R_DCERPC_ORDER, "PTYPE", 0, r->u->ptype);
		wire_end(&body, R_DCERPC_TRAILING, "cancel");
		break;
	}
}

/* Faults in what went by before are at the piece's head; those behind, where they stand in it. */
static void fault_place(struct fault *fault, size_t before, uint32_t piece_at)
{
	uint64_t in_piece = fault->at > before ? fault->at - before : 0;

	fault->at = (uint32_t)(piece_at + in_piece);
}

static enum rpc_outcome recognise(struct rpc_read *r, struct wire *w)
{
	bool whole = rpc_header(r, w);

	if (w->fault->why)
		return RPC_REFUSED;
	r->u->whole = whole;
	if (!whole)
		return RPC_PART;
	pdu(r, w);
	if (w->fault->why)
		return RPC_REFUSED;
	wire_end(w, R_DCERPC_GLUED, "PDU");
	if (w->fault->why)
		return RPC_REFUSED;
	return r->u->wait_why ? RPC_WAIT : RPC_WHOLE;
}

enum rpc_outcome rpc_next(const struct rpc_assoc *a, struct rpc_unit *u, const struct wire *at, const uint8_t *piece, size_t n,
			  enum side from, const struct rpc_seat *seat, struct cx *cx)
{
	struct rpc_read r = {.a = a, .u = u, .seat = seat, .cx = cx, .patch_at = UINT32_MAX};
	struct wire     w = *at;
	const uint8_t  *all = piece;
	size_t          total = n;
	uint32_t        piece_at = (uint32_t)(piece - at->origin); /* UNSAFE: the piece stands in the view's unit */

	u->from = (uint8_t)from;
	u->piece = piece;
	u->piece_len = n;
	u->ptype = RPC_PTYPES;
	if (seat->pipe && from == SIDE_CLIENT && a->lost)
		wire_fail(at, piece_at, R_DCERPC_LOST, "data");
	if (cx->fault.why)
		return (enum rpc_outcome)(u->outcome = RPC_REFUSED);
	if (from == SIDE_CLIENT && a->owed) {
		u->wait_why = R_DCERPC_OWED;
		u->wait_ms = (uint32_t)cx->limit[seat->limit + RPC_LIMIT_WAIT];
		return (enum rpc_outcome)(u->outcome = RPC_WAIT);
	}
	if (a->partial[from] || seat->pipe)
		all = gather_view(cx, rpc_gather_key(a, (uint8_t)from, RPC_GATHER_PDU), piece, n, UINT16_MAX, &total);
	if (!all) {
		wire_fail_numbers(at, piece_at, R_DCERPC_FRAGMENT, "frag_length", UINT16_MAX, n);
		return (enum rpc_outcome)(u->outcome = RPC_REFUSED);
	}
	w.p = all; /* UNSAFE: the piece itself, or gather_view's bytes, which live until the next call */
	w.end = all + total; /* UNSAFE: total of them */
	if (all == piece) {
		w.origin = at->origin;
		r.patch_at = seat->patches ? piece_at : UINT32_MAX;
	} else {
		w.origin = all;
	}
	w.short_why = R_DCERPC_SHORT;
	wire_name(&w, "dcerpc");
	u->outcome = (uint8_t)recognise(&r, &w);
	if (cx->fault.why && all != piece)
		fault_place(&cx->fault, total - n, piece_at);
	return (enum rpc_outcome)u->outcome;
}

static void pdu_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	switch (u->ptype) {
	case RPC_BIND:
	case RPC_ALTER:
		rpc_bind_commit(a, u, seat, cx);
		break;
	case RPC_BIND_ACK:
	case RPC_ALTER_RESP:
		rpc_ack_commit(a, u, seat, cx);
		break;
	case RPC_BIND_NAK:
		rpc_offers_over(a, seat, cx);
		memset(a->security, 0, sizeof(a->security));
		break;
	case RPC_AUTH3:
		rpc_security_commit(a, u);
		break;
	case RPC_REQUEST:
		rpc_request_commit(a, u, seat, cx);
		break;
	case RPC_RESPONSE:
	case RPC_FAULT:
		rpc_response_commit(a, u, seat, cx);
		break;
	case RPC_ORPHANED:
		rpc_orphaned_commit(a, u, seat, cx);
		break;
	}
}

/* In the middle of a PDU or of a request's fragments: the next bytes mean what they mean because of those before. */
static bool inside(const struct rpc_assoc *a)
{
	return a->partial[SIDE_CLIENT] || a->calling;
}

bool rpc_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	uint64_t key = rpc_gather_key(a, u->from, RPC_GATHER_PDU);
	bool     before = inside(a), part;

	if (!u->whole) {
		gather_add(cx, key, u->piece, u->piece_len);
		a->partial[u->from] = true;
	} else {
		pdu_commit(a, u, seat, cx); /* before the gather its stub may stand in is dropped */
		if (a->partial[u->from])
			gather_drop(cx, key);
		a->partial[u->from] = false;
	}
	part = seat->pipe && u->from == SIDE_CLIENT && (before || inside(a));
	a->owed += part; /* the next bytes wait for it */
	return part;
}

/* A whole PDU that was not taken at all leaves the server where it was. */
void rpc_taken(struct rpc_assoc *a, bool part, enum rpc_take how)
{
	if (part && a->owed)
		a->owed--;
	a->lost = a->lost || how == RPC_TAKEN_SOME || (part && how == RPC_TAKEN_NONE);
}

void rpc_close(struct rpc_assoc *a, const struct rpc_seat *seat, struct cx *cx)
{
	while (a->contexts.any)
		rpc_list_del(a, &a->contexts, seat->contexts, a->contexts.newest, cx);
	while (a->calls.any)
		rpc_list_del(a, &a->calls, seat->calls, a->calls.newest, cx);
	gather_drop(cx, rpc_gather_key(a, SIDE_CLIENT, RPC_GATHER_PDU));
	gather_drop(cx, rpc_gather_key(a, SIDE_SERVER, RPC_GATHER_PDU));
	gather_drop(cx, rpc_gather_key(a, SIDE_CLIENT, RPC_GATHER_STUB));
	*a = (struct rpc_assoc){.key = a->key};
}
