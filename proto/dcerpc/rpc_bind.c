/* Binds: which interfaces a client offers to use, and how their arguments are to be written. */
/*
 * Spec: C706 12.6.3.1, 12.6.4.1 (alter_context), 12.6.4.3 (bind), MS-RPCE 2.2.2.13, 2.2.2.14 (bind time features), 3.3.1.5.
 * Input from: the client, before anybody has proved who he is.
 * Limits: dcerpc.contexts; 24 elements of 8 transfer syntaxes each.
 * Not done: arguments in NDR64. An element that offers it beside the same interface with NDR goes on with a transfer
 *	syntax nobody has, so that the server takes the other (a bind is covered by no signature, with header signing neither);
 *	where that cannot be (pipes) or the client has no other, calls whose arguments must be seen are dcerpc.ndr64.
 */
#include "proto/dcerpc/rpc_int.h"

enum { TRANSFERS_MOST = 8, SYNTAX = 20 };

static const uint8_t ndr[RPC_UUID] = {0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60};
static const uint8_t ndr64[RPC_UUID] = {0x33, 0x05, 0x71, 0x71, 0xba, 0xbe, 0x37, 0x49, 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36};
/* The last eight octets of the UUID of bind time features are the features. */
static const uint8_t features[8] = {0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45};
/* Of no transfer syntax: random, made for this. */
static const uint8_t nobodys[RPC_UUID] = {0x5e, 0x0b, 0x6d, 0x1f, 0x93, 0xa2, 0x4c, 0x4d, 0xb8, 0x71, 0x2f, 0x90, 0xe6, 0x14, 0xd7, 0x3a};

uint8_t rpc_transfer_of(const uint8_t uuid[RPC_UUID], uint32_t version)
{
	if (memcmp(uuid, ndr, RPC_UUID) == 0 && version == 2)
		return RPC_NDR;
	if (memcmp(uuid, ndr64, RPC_UUID) == 0 && version == 1)
		return RPC_NDR64;
	return memcmp(uuid, features, sizeof(features)) == 0 ? RPC_FEATURES : RPC_TRANSFER_OTHER;
}

/* An element may come again with the next token of a negotiation, but not turn into another interface. */
static void known_before(struct rpc_read *r, const struct wire *w, struct rpc_offer *o, uint32_t at)
{
	const struct rpc_context *c = table_get(r->cx, r->seat->contexts, rpc_key(r->a, o->id));

	for (uint8_t i = 0; i < r->u->offers; i++)
		if (r->u->offer[i].id == o->id)
			wire_fail_numbers(w, at, R_DCERPC_CONTEXT_TWICE, "p_cont_id", 0, o->id);
	if (c && (memcmp(c->uuid, o->uuid, RPC_UUID) != 0 || c->major != o->major || c->minor != o->minor))
		wire_fail_numbers(w, at, R_DCERPC_CONTEXT_TWICE, "p_cont_id", 0, o->id);
	o->known = c != NULL;
}

/* May this interface be bound to at all, and from here? */
static void interface(struct rpc_read *r, const struct wire *w, struct rpc_offer *o, uint32_t at)
{
	const struct rpc_interface *i = rpc_interface_of(o->uuid, o->major, o->minor);

	o->interface_id = i ? i->id : 0;
	rpc_fact_interface(r, o->interface_id, o->uuid);
	if (i && i->why && !rpc_tolerated(r, i->tolerance))
		wire_fail(w, at, i->why, "abstract_syntax");
	if (!cx_interface(r->cx, o->interface_id))
		wire_fail_numbers(w, at, R_DCERPC_EXPECTED, "abstract_syntax", r->cx->interfaces->id[0], o->interface_id);
	if (!i && !rpc_tolerated(r, RPC_TOLERATE_UNKNOWN_INTERFACE))
		r->u->opaque_why = R_DCERPC_UNKNOWN_INTERFACE;
	if (!(o->offered & RPC_FEATURES) && !o->known && !table_room(r->cx, r->seat->contexts))
		wire_fail_numbers(w, at, R_DCERPC_CONTEXTS, "p_cont_elem", rpc_limit(r, RPC_LIMIT_CONTEXTS), table_count(r->cx, r->seat->contexts));
}

static void element(struct rpc_read *r, struct wire *w)
{
	struct rpc_offer *o = &r->u->offer[r->u->offers];
	uint32_t          at = wire_offset(w), syntax_at;
	uint8_t           transfers;

	o->id = rpc_u16(r, w, "p_cont_id");
	syntax_at = wire_offset(w);
	transfers = wire_u8(w, "n_transfer_syn");
	if (transfers == 0 || transfers > TRANSFERS_MOST)
		wire_fail_numbers(w, syntax_at, R_DCERPC_TRANSFERS, "n_transfer_syn", transfers ? TRANSFERS_MOST : 1, transfers);
	wire_u8(w, "reserved");
	syntax_at = wire_offset(w);
	rpc_uuid(r, w, "abstract_syntax", o->uuid);
	o->major = rpc_u16(r, w, "abstract_syntax");
	o->minor = rpc_u16(r, w, "abstract_syntax");
	for (uint8_t i = 0; i < transfers; i++) {
		uint8_t uuid[RPC_UUID];

		rpc_uuid(r, w, "transfer_syntax", uuid);
		o->offered |= rpc_transfer_of(uuid, rpc_u32(r, w, "transfer_syntax"));
	}
	known_before(r, w, o, at);
	interface(r, w, o, syntax_at);
	if (o->offered & RPC_FEATURES)
		r->u->features |= 1u << r->u->offers;
	r->u->offers++;
}

/* The same interface is offered with NDR in another element. */
static bool also_ndr(const struct rpc_unit *u, const struct rpc_offer *o)
{
	for (uint8_t i = 0; i < u->offers; i++) {
		const struct rpc_offer *p = &u->offer[i];

		if (p->offered & RPC_NDR && memcmp(p->uuid, o->uuid, RPC_UUID) == 0 && p->major == o->major && p->minor == o->minor)
			return true;
	}
	return false;
}

/* Take NDR64 out of the list, which has been read: its elements again, for their places. */
static void without_ndr64(struct rpc_read *r, struct wire list)
{
	for (uint8_t i = 0; i < r->u->offers; i++) {
		uint8_t transfers;

		wire_take(&list, 2, "");
		transfers = wire_u8(&list, "");
		wire_take(&list, 1 + SYNTAX, "");
		for (uint8_t k = 0; k < transfers; k++) {
			uint32_t at = wire_offset(&list);
			uint8_t  uuid[RPC_UUID];

			rpc_uuid(r, &list, "", uuid);
			if (rpc_transfer_of(uuid, rpc_u32(r, &list, "")) == RPC_NDR64 && also_ndr(r->u, &r->u->offer[i]) &&
			    r->cx->patches < PATCHES_MAX)
				r->cx->patch[r->cx->patches++] =
					(struct patch){.offset = at, .old_len = RPC_UUID, .form = PATCH_BYTES, .len = RPC_UUID, .bytes = nobodys};
		}
	}
}

void rpc_bind(struct rpc_read *r, struct wire *w)
{
	bool        may = r->u->ptype == RPC_BIND ? r->a->phase == RPC_NEW : r->a->phase == RPC_BOUND && !r->a->calling;
	uint32_t    at;
	uint8_t     elements;
	struct wire list;

	if (!may && r->u->ptype == RPC_ALTER && r->a->phase != RPC_NEW && !r->a->calling) {
		r->u->wait_why = R_DCERPC_PENDING;
		r->u->wait_ms = rpc_limit(r, RPC_LIMIT_WAIT);
	} else if (!may) {
		wire_fail_numbers(w, r->patch_at == UINT32_MAX ? 0 : r->patch_at, R_DCERPC_ORDER, "PTYPE", r->a->phase, r->u->ptype);
	}
	r->u->max_xmit = rpc_u16(r, w, "max_xmit_frag");
	r->u->max_recv = rpc_u16(r, w, "max_recv_frag");
	rpc_u32(r, w, "assoc_group_id");
	at = wire_offset(w);
	elements = wire_u8(w, "n_context_elem");
	if (elements == 0 || elements > RPC_OFFERS)
		wire_fail_numbers(w, at, R_DCERPC_OFFERS, "n_context_elem", elements ? RPC_OFFERS : 1, elements);
	wire_take(w, 3, "reserved");
	list = *w;
	for (uint8_t i = 0; i < elements && !w->fault->why; i++)
		element(r, w);
	wire_end(w, R_DCERPC_TRAILING, "p_context_elem");
	if (!w->fault->why && r->patch_at != UINT32_MAX)
		without_ndr64(r, list);
}

/* The next token of a negotiation, which no answer follows. */
void rpc_auth3(struct rpc_read *r, struct wire *w)
{
	if (r->a->phase == RPC_NEW || r->a->phase == RPC_BINDING || !r->auth_length)
		wire_fail_numbers(w, wire_offset(w), R_DCERPC_ORDER, "PTYPE", r->a->phase, r->u->ptype);
	if (wire_left(w) > 4)
		wire_fail(w, wire_offset(w), R_DCERPC_TRAILING, "auth3");
	wire_take(w, wire_left(w), "pad");
}

static void context_add(struct rpc_assoc *a, const struct rpc_offer *o, const struct rpc_seat *seat, struct cx *cx)
{
	struct rpc_context *c = rpc_list_add(a, &a->contexts, seat->contexts, o->id, cx);

	for (size_t i = 0; i < RPC_UUID; i++)
		c->uuid[i] = o->uuid[i];
	c->major = o->major;
	c->minor = o->minor;
	c->interface_id = o->interface_id;
}

void rpc_bind_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	if (u->ptype == RPC_BIND)
		a->big_endian = u->big_endian;
	a->phase = u->ptype == RPC_BIND ? RPC_BINDING : RPC_ALTERING;
	a->bind_id = u->call_id;
	a->offers = u->offers;
	a->features = u->features;
	for (uint8_t i = 0; i < u->offers; i++) {
		const struct rpc_offer *o = &u->offer[i];
		struct rpc_context     *c;

		if (o->offered & RPC_FEATURES)
			continue;
		if (!o->known)
			context_add(a, o, seat, cx);
		c = table_edit(cx, seat->contexts, rpc_key(a, o->id));
		c->pending = (uint8_t)(i + 1);
		c->offered = o->offered;
	}
	rpc_security_commit(a, u);
}
