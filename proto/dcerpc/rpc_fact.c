/* What policy and events are told of a PDU. */
/*
 * Spec: the names are those of the interfaces' specifications.
 * Input from: either peer.
 * Limits: none; a text of ours for each PDU.
 * Not done: facts of arguments.
 */
#include "proto/dcerpc/rpc_int.h"

const char *const rpc_packet_words[] = {"request",  "ping",     "response", "fault", "working",	  "nocall", "reject", "ack",	  "cl_cancel", "fack",
					"cancel_ack", "bind",     "bind_ack", "bind_nak", "alter_context", "alter_context_resp",
					"auth3",    "shutdown", "co_cancel", "orphaned", NULL};
const char *const rpc_level_words[] = {"none", "none", "connect", "call", "packet", "integrity", "privacy", NULL};

/* Of several different interfaces the fact can tell none. */
void rpc_fact_interface(const struct rpc_read *r, uint16_t interface_id, const uint8_t uuid[RPC_UUID])
{
	struct fact *name = &r->cx->fact[r->seat->fact + RPC_FACT_INTERFACE], *text = &r->cx->fact[r->seat->fact + RPC_FACT_UUID];
	void        *room;

	if (r->cx->wanted & 1u << (r->seat->fact + RPC_FACT_INTERFACE)) {
		if (name->state == FACT_NONE)
			*name = (struct fact){.state = FACT_NUMBER, .number = interface_id};
		else if (name->state != FACT_NUMBER || name->number != interface_id)
			*name = (struct fact){.state = FACT_UNKNOWN};
	}
	if (!(r->cx->wanted & 1u << (r->seat->fact + RPC_FACT_UUID)))
		return;
	room = cx_scratch(r->cx, RPC_UUID_TEXT);
	if (!room)
		return;
	rpc_uuid_text(uuid, room);
	if (text->state == FACT_NONE)
		*text = (struct fact){.state = FACT_TEXT, .text = room, .len = RPC_UUID_TEXT - 1};
	else if (text->state != FACT_TEXT || memcmp(text->text, room, RPC_UUID_TEXT - 1) != 0)
		*text = (struct fact){.state = FACT_UNKNOWN};
}

void rpc_fact_operation(const struct rpc_read *r, const struct rpc_interface *i, uint16_t opnum)
{
	const struct rpc_operation *o = i ? rpc_operation_of(i, opnum) : NULL;
	unsigned                    which = r->seat->fact + RPC_FACT_OPERATION;
	const void                 *name = o ? o->name : NULL;

	rpc_fact_number(r, RPC_FACT_OPNUM, opnum);
	if (name && r->cx->wanted & 1u << which)
		r->cx->fact[which] = (struct fact){.state = FACT_TEXT, .text = name, .len = (uint32_t)strlen(o->name)};
}
