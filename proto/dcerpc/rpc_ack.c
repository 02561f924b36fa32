/* Answers to binds: only what they accept may be used. */
/*
 * Spec: C706 12.6.4.2, 12.6.4.4, 12.6.4.5, MS-RPCE 2.2.2.4 (negotiate_ack), 2.2.2.9 (bind_nak).
 * Input from: the server.
 * Limits: 257 octets of secondary address.
 * Not done: what the server means by the reasons of its rejections.
 */
#include "proto/dcerpc/rpc_int.h"

enum { ACCEPTED = 0, USER_REJECTION, PROVIDER_REJECTION, NEGOTIATE_ACK };
enum { ADDRESS_MOST = 257 };

/* The contexts of the outstanding offer, by their place in it. */
static void offered(struct rpc_read *r, const struct rpc_context *out[RPC_OFFERS])
{
	uint32_t id = r->a->contexts.newest;
	bool     more = r->a->contexts.any;

	memset(out, 0, RPC_OFFERS * sizeof(out[0]));
	while (more) {
		const struct rpc_context *c = table_get(r->cx, r->seat->contexts, rpc_key(r->a, id));

		if (!c)
			return;
		if (c->pending) {
			out[c->pending - 1] = c;
			r->u->offer[c->pending - 1].id = (uint16_t)id;
			r->u->offer[c->pending - 1].known = true;
		}
		id = c->link.older;
		more = c->link.has_older;
	}
}

/* p_result_t: accepted is only what was offered. */
static void result(struct rpc_read *r, struct wire *w, uint8_t i, const struct rpc_context *c)
{
	uint32_t at = wire_offset(w);
	uint16_t result = rpc_u16(r, w, "result");
	uint8_t  uuid[RPC_UUID], transfer;
	bool     feature = r->a->features & 1u << i;

	rpc_u16(r, w, "reason");
	rpc_uuid(r, w, "transfer_syntax", uuid);
	transfer = rpc_transfer_of(uuid, rpc_u32(r, w, "transfer_syntax"));
	if (result > NEGOTIATE_ACK || (result == NEGOTIATE_ACK && !feature) || (result == ACCEPTED && (!c || !(c->offered & transfer))))
		wire_fail_numbers(w, at, R_DCERPC_RESULT, "result", 0, result);
	r->u->offer[i].offered = result == ACCEPTED ? transfer : 0;
}

/* The endpoint's name, with its NUL as most servers write it; then padding to a multiple of four from the PDU's head. */
static void address(struct rpc_read *r, struct wire *w)
{
	uint32_t at = wire_offset(w);
	uint16_t n = rpc_u16(r, w, "sec_addr");

	if (n > ADDRESS_MOST)
		wire_fail_numbers(w, at, R_DCERPC_ADDRESS, "sec_addr", ADDRESS_MOST, n);
	wire_take(w, n, "port_spec");
	wire_take(w, (4 - (2 + (size_t)n) % 4) % 4, "pad2");
}

void rpc_bind_ack(struct rpc_read *r, struct wire *w)
{
	const struct rpc_context *c[RPC_OFFERS];
	uint8_t                   phase = r->u->ptype == RPC_BIND_ACK ? RPC_BINDING : RPC_ALTERING, results;
	uint32_t                  at = wire_offset(w);

	r->u->answer = true;
	if (r->a->phase != phase || r->u->call_id != r->a->bind_id)
		wire_fail_numbers(w, at, R_DCERPC_ANSWER, "call_id", r->a->bind_id, r->u->call_id);
	r->u->max_xmit = rpc_u16(r, w, "max_xmit_frag");
	r->u->max_recv = rpc_u16(r, w, "max_recv_frag");
	rpc_u32(r, w, "assoc_group_id");
	address(r, w);
	at = wire_offset(w);
	results = wire_u8(w, "n_results");
	if (results > r->a->offers) /* Samba 4.0 answers the first of several elements only: the others are not accepted */
		wire_fail_numbers(w, at, R_DCERPC_RESULTS, "n_results", r->a->offers, results);
	wire_take(w, 3, "reserved");
	offered(r, c);
	for (uint8_t i = 0; i < results && !w->fault->why; i++)
		result(r, w, i, c[i]);
	r->u->offers = results;
	wire_end(w, R_DCERPC_TRAILING, "p_result_list");
}

/* The reason, versions that are spoken, and what newer servers add. */
void rpc_bind_nak(struct rpc_read *r, struct wire *w)
{
	r->u->answer = true;
	if (r->a->phase != RPC_BINDING || r->u->call_id != r->a->bind_id)
		wire_fail_numbers(w, wire_offset(w), R_DCERPC_ANSWER, "call_id", r->a->bind_id, r->u->call_id);
	rpc_u16(r, w, "provider_reject_reason");
	wire_take(w, wire_left(w), "versions");
}

void rpc_offers_over(struct rpc_assoc *a, const struct rpc_seat *seat, struct cx *cx)
{
	uint32_t id = a->contexts.newest;
	bool     more = a->contexts.any;

	while (more) {
		struct rpc_context *c = table_edit(cx, seat->contexts, rpc_key(a, id));
		uint32_t            older = c->link.older;

		more = c->link.has_older;
		c->pending = 0;
		if (!c->accepted)
			rpc_list_del(a, &a->contexts, seat->contexts, id, cx);
		id = older;
	}
	a->phase = a->phase == RPC_BINDING ? RPC_NEW : RPC_BOUND;
	a->offers = 0;
	a->features = 0;
}

void rpc_ack_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	for (uint8_t i = 0; i < u->offers; i++) {
		struct rpc_context *c = u->offer[i].known ? table_edit(cx, seat->contexts, rpc_key(a, u->offer[i].id)) : NULL;

		if (!c || !u->offer[i].offered)
			continue;
		c->accepted = true;
		c->unread = u->offer[i].offered != RPC_NDR;
	}
	if (a->phase == RPC_BINDING) {
		a->max_client = u->max_recv;
		a->max_server = u->max_xmit;
		a->phase = RPC_ALTERING;
	}
	rpc_offers_over(a, seat, cx);
	rpc_security_commit(a, u);
}
