/* What every DCE/RPC PDU has: numbers in the sender's byte order, the common header, the authentication trailer. */
/*
 * Spec: C706 12.6.3 (common fields), 14.1 (data representation), MS-RPCE 2.2.2.1, 2.2.2.11 (sec_trailer).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: dcerpc.fragment, dcerpc.bind.
 * Not done: characters other than ASCII and floating point other than IEEE, which nothing sends.
 */
#include "proto/dcerpc/rpc_int.h"

enum { DREP_LITTLE = 0x10, DREP_BIG = 0x00 };

uint16_t rpc_u16(const struct rpc_read *r, struct wire *w, const char *field)
{
	return r->u->big_endian ? wire_be16(w, field) : wire_le16(w, field);
}

uint32_t rpc_u32(const struct rpc_read *r, struct wire *w, const char *field)
{
	return r->u->big_endian ? wire_be32(w, field) : wire_le32(w, field);
}

void rpc_uuid(const struct rpc_read *r, struct wire *w, const char *field, uint8_t out[RPC_UUID])
{
	static const uint8_t turned[RPC_UUID] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	const uint8_t       *p = wire_take(w, RPC_UUID, field);

	for (size_t i = 0; i < RPC_UUID; i++)
		out[i] = p ? p[r->u->big_endian ? turned[i] : i] : 0;
}

/* Which side sends a PDU of this type over a connection; false: neither. */
static bool sent_by(uint8_t ptype, enum side from)
{
	static const uint8_t sides[RPC_PTYPES] = {
		[RPC_REQUEST] = 1,  [RPC_RESPONSE] = 2, [RPC_FAULT] = 2, [RPC_BIND] = 1,     [RPC_BIND_ACK] = 2,  [RPC_BIND_NAK] = 2,
		[RPC_ALTER] = 1,    [RPC_ALTER_RESP] = 2, [RPC_AUTH3] = 1, [RPC_SHUTDOWN] = 2, [RPC_CO_CANCEL] = 1, [RPC_ORPHANED] = 1,
	};

	return sides[ptype] == (from == SIDE_CLIENT ? 1 : 2);
}

static void packet_type(struct rpc_read *r, struct wire *w)
{
	uint32_t at = wire_offset(w);
	uint8_t  ptype = wire_u8(w, "PTYPE");

	if (ptype >= RPC_PTYPES || (!sent_by(ptype, SIDE_CLIENT) && !sent_by(ptype, SIDE_SERVER)))
		wire_fail_numbers(w, at, R_DCERPC_PTYPE, "PTYPE", 0, ptype);
	else if (!sent_by(ptype, (enum side)r->u->from))
		wire_fail_numbers(w, at, R_DCERPC_DIRECTION, "PTYPE", 0, ptype);
	r->u->ptype = w->fault->why ? RPC_PTYPES : ptype;
}

/* Only calls and their answers come in fragments; only requests name objects; only faults say what was not executed. */
static void packet_flags(struct rpc_read *r, struct wire *w)
{
	uint32_t at = wire_offset(w);
	uint8_t  flags = wire_u8(w, "pfc_flags"), ptype = r->u->ptype, both = RPC_FIRST | RPC_LAST;
	bool     bad = flags & RPC_RESERVED || (flags & RPC_OBJECT && ptype != RPC_REQUEST) ||
		   (flags & RPC_NOT_EXECUTED && ptype != RPC_FAULT) || (flags & RPC_MAYBE && ptype != RPC_REQUEST);

	if (bad)
		wire_fail_numbers(w, at, R_DCERPC_FLAGS, "pfc_flags", 0, flags);
	if (ptype != RPC_REQUEST && ptype != RPC_RESPONSE && ptype < RPC_SHUTDOWN && (flags & both) != both)
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENTED, "pfc_flags", both, flags);
	r->u->flags = flags;
}

static void representation(struct rpc_read *r, struct wire *w)
{
	uint32_t at = wire_offset(w);
	uint8_t  integers = wire_u8(w, "packed_drep"), floats;

	if (integers != DREP_LITTLE && integers != DREP_BIG)
		wire_fail_numbers(w, at, R_DCERPC_DREP, "packed_drep", DREP_LITTLE, integers);
	floats = wire_u8(w, "packed_drep");
	if (floats)
		wire_fail_numbers(w, at, R_DCERPC_DREP, "packed_drep", 0, floats);
	wire_take(w, 2, "packed_drep");
	r->u->big_endian = integers == DREP_BIG;
	if (r->u->from == SIDE_CLIENT && r->a->phase != RPC_NEW && r->u->big_endian != r->a->big_endian)
		wire_fail(w, at, R_DCERPC_BYTE_ORDER, "packed_drep");
}

/* A token may make what settles security larger than other fragments. */
uint32_t rpc_fragment_most(const struct rpc_read *r)
{
	uint32_t most = rpc_limit(r, RPC_LIMIT_FRAGMENT), agreed = r->u->from == SIDE_CLIENT ? r->a->max_client : r->a->max_server;

	if (r->u->ptype >= RPC_BIND && r->u->ptype <= RPC_AUTH3)
		return rpc_limit(r, RPC_LIMIT_BIND);
	if (agreed && agreed < RPC_FRAGMENT_LEAST)
		agreed = RPC_FRAGMENT_LEAST;
	return agreed && agreed < most ? agreed : most;
}

static void lengths(struct rpc_read *r, struct wire *w)
{
	uint32_t at = wire_offset(w), most = rpc_fragment_most(r);

	r->frag_length = rpc_u16(r, w, "frag_length");
	if (r->frag_length < RPC_HEADER || r->frag_length > most)
		wire_fail_numbers(w, at, R_DCERPC_FRAGMENT, "frag_length", r->frag_length < RPC_HEADER ? RPC_HEADER : most, r->frag_length);
	at = wire_offset(w);
	r->auth_length = rpc_u16(r, w, "auth_length");
	if (r->auth_length && (uint64_t)r->auth_length + RPC_TRAILER + RPC_HEADER > r->frag_length)
		wire_fail_numbers(w, at, R_DCERPC_AUTH_LENGTH, "auth_length", r->frag_length, r->auth_length);
}

bool rpc_header(struct rpc_read *r, struct wire *w)
{
	uint32_t version_at = wire_offset(w);
	size_t   held = wire_left(w);
	uint8_t  version, minor;

	if (held < RPC_HEADER)
		return false;
	version = wire_u8(w, "rpc_vers");
	minor = wire_u8(w, "rpc_vers_minor");
	if (version != 5 || minor > 1)
		wire_fail_numbers(w, version_at, R_DCERPC_VERSION, "rpc_vers", 5, version);
	packet_type(r, w);
	packet_flags(r, w);
	representation(r, w);
	lengths(r, w);
	r->u->call_id = rpc_u32(r, w, "call_id");
	r->u->read = !w->fault->why;
	return r->u->read && held >= r->frag_length;
}

/* sec_trailer stands at the end, behind its padding; its numbers are in the sender's byte order. */
struct wire rpc_body(struct rpc_read *r, struct wire *w)
{
	uint32_t    at = wire_offset(w), pad_at;
	size_t      body_len = r->frag_length - (size_t)RPC_HEADER;
	struct wire all = wire_sub(w, body_len, "body"), body, trailer;
	uint8_t     pad;

	if (!r->auth_length)
		return all;
	body_len -= RPC_TRAILER + (size_t)r->auth_length; /* fits: lengths() */
	trailer = wire_at(&all, body_len, RPC_TRAILER + (size_t)r->auth_length, "sec_trailer");
	at = wire_offset(&trailer);
	r->u->security.type = wire_u8(&trailer, "auth_type");
	r->u->security.level = wire_u8(&trailer, "auth_level");
	pad_at = wire_offset(&trailer);
	pad = wire_u8(&trailer, "auth_pad_length");
	wire_u8(&trailer, "auth_reserved");
	r->u->security.id = rpc_u32(r, &trailer, "auth_context_id");
	r->token = wire_sub(&trailer, r->auth_length, "auth_value");
	if (pad > body_len)
		wire_fail_numbers(w, pad_at, R_DCERPC_AUTH_PAD, "auth_pad_length", body_len, pad);
	else
		body_len -= pad;
	if (r->u->ptype == RPC_REQUEST || r->u->ptype == RPC_RESPONSE || r->u->ptype == RPC_FAULT)
		rpc_security_call(r, w, at);
	else
		rpc_security_bind(r, w, at);
	body = wire_sub(&all, body_len, "body");
	return body;
}
