/* PDUs of our own: the fault for a denied call, and the refusal of a bind. */
/*
 * Spec: C706 12.6.4.7 (fault), 12.6.4.5 (bind_nak), appendix E (status codes).
 * Input from: ourselves; of the peer only the call's id, its context and its byte order.
 * Limits: 32 and 24 octets.
 * Not done: answers in an association that signs or seals: none can be given.
 */
#include "proto/dcerpc/rpc_answer.h"
#include "proto/dcerpc/rpc_int.h"

enum { FAULT_SIZE = 32, NAK_SIZE = 24 };

static void put(uint8_t *out, uint32_t value, size_t octets, bool big)
{
	for (size_t i = 0; i < octets; i++)
		out[i] = (uint8_t)(value >> 8 * (big ? octets - 1 - i : i));
}

static void header(const struct rpc_unit *u, uint8_t ptype, uint8_t flags, size_t n, uint8_t *out)
{
	memset(out, 0, n);
	out[0] = 5;
	out[2] = ptype;
	out[3] = flags;
	out[4] = u->big_endian ? 0 : 0x10;
	put(out + 8, (uint32_t)n, 2, u->big_endian);
	put(out + 12, u->call_id, 4, u->big_endian);
}

size_t rpc_fault(const struct rpc_assoc *a, const struct rpc_unit *u, uint32_t status, uint8_t *out, size_t size)
{
	(void)a;
	if (!u->read || u->ptype != RPC_REQUEST || u->security.level >= RPC_LEVEL_PKT || u->flags & RPC_MAYBE || size < FAULT_SIZE)
		return 0;
	header(u, RPC_FAULT, RPC_FIRST | RPC_LAST | RPC_NOT_EXECUTED, FAULT_SIZE, out);
	put(out + 16, FAULT_SIZE, 4, u->big_endian);
	put(out + 20, u->context_id, 2, u->big_endian);
	put(out + 24, status, 4, u->big_endian);
	return FAULT_SIZE;
}

size_t rpc_nak(const struct rpc_unit *u, uint8_t *out, size_t size)
{
	if (!u->read || u->ptype != RPC_BIND || size < NAK_SIZE)
		return 0;
	header(u, RPC_BIND_NAK, RPC_FIRST | RPC_LAST, NAK_SIZE, out);
	out[18] = 1; /* the versions that are spoken: 5.0 */
	out[19] = 5;
	return NAK_SIZE;
}

uint32_t rpc_status(uint16_t why)
{
	return why == R_DCERPC_OPNUM ? RPC_STATUS_OPNUM : RPC_STATUS_DENIED;
}
