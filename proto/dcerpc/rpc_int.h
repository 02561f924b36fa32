/* What the files of proto/dcerpc share: constants of PDUs, one PDU being read, and one function per PDU. */
#ifndef SALLYPORT_PROTO_DCERPC_RPC_INT_H
#define SALLYPORT_PROTO_DCERPC_RPC_INT_H

#include <string.h>

#include "proto/dcerpc/interface.h"
#include "proto/dcerpc/rpc.h"
#include "proto/reasons.h"

/* PTYPE, C706 12.6.4; gaps are connectionless only. */
enum rpc_ptype {
	RPC_REQUEST = 0,
	RPC_PING = 1,
	RPC_RESPONSE = 2,
	RPC_FAULT = 3,
	RPC_WORKING = 4,
	RPC_NOCALL = 5,
	RPC_REJECT = 6,
	RPC_ACK = 7,
	RPC_CL_CANCEL = 8,
	RPC_FACK = 9,
	RPC_CANCEL_ACK = 10,
	RPC_BIND = 11,
	RPC_BIND_ACK = 12,
	RPC_BIND_NAK = 13,
	RPC_ALTER = 14,
	RPC_ALTER_RESP = 15,
	RPC_AUTH3 = 16,
	RPC_SHUTDOWN = 17,
	RPC_CO_CANCEL = 18,
	RPC_ORPHANED = 19,
	RPC_PTYPES
};

/* pfc_flags, C706 12.6.3.1. */
enum rpc_flag {
	RPC_FIRST = 0x01,
	RPC_LAST = 0x02,
	RPC_CANCEL = 0x04, /* of a bind: header signing (MS-RPCE 2.2.2.3) */
	RPC_RESERVED = 0x08,
	RPC_MULTIPLEX = 0x10,
	RPC_NOT_EXECUTED = 0x20,
	RPC_MAYBE = 0x40,
	RPC_OBJECT = 0x80,
};

enum rpc_level { RPC_LEVEL_CONNECT = 2, RPC_LEVEL_PKT = 4, RPC_LEVEL_INTEGRITY = 5, RPC_LEVEL_PRIVACY = 6 };

enum { RPC_HEADER = 16, RPC_TRAILER = 8, RPC_UUID = 16, RPC_FRAGMENT_LEAST = 1432 };

/* Where an association is: what may come next. */
enum rpc_phase {
	RPC_NEW = 0, /* nothing agreed: a bind must come */
	RPC_BINDING, /* a bind is outstanding */
	RPC_BOUND,
	RPC_ALTERING, /* an alter_context is outstanding */
};

/* What a gather holds. */
enum rpc_gather { RPC_GATHER_PDU = 0, RPC_GATHER_STUB = 2 };

/* One PDU being read. */
struct rpc_read {
	const struct rpc_assoc *a;
	struct rpc_unit        *u;
	const struct rpc_seat  *seat;
	struct cx              *cx;
	uint16_t                frag_length, auth_length;
	struct wire             token; /* auth_value, where auth_length is not 0 */
	uint32_t                patch_at; /* offset of the PDU in the unit; UINT32_MAX = it may not be changed */
};

static inline uint64_t rpc_key(const struct rpc_assoc *a, uint32_t id)
{
	return (uint64_t)a->key << 32 | id;
}

/* rpc_list.c: entries of one table, linked so that they can be told and deleted together. In commit. */
void *rpc_list_add(const struct rpc_assoc *a, struct rpc_list *list, uint8_t table, uint32_t id, struct cx *cx);
void  rpc_list_del(const struct rpc_assoc *a, struct rpc_list *list, uint8_t table, uint32_t id, struct cx *cx);

static inline uint64_t rpc_gather_key(const struct rpc_assoc *a, uint8_t from, enum rpc_gather what)
{
	return (uint64_t)'R' << 56 | (uint64_t)a->key << 8 | (uint64_t)what | (uint64_t)from;
}

static inline uint32_t rpc_limit(const struct rpc_read *r, enum rpc_limit which)
{
	uint64_t limit = r->cx->limit[r->seat->limit + (unsigned)which];

	return limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
}

static inline bool rpc_tolerated(const struct rpc_read *r, uint8_t tolerance)
{
	return tolerance != 0xff && r->cx->tolerate & 1u << (r->seat->tolerance + tolerance);
}

static inline void rpc_fact_number(const struct rpc_read *r, enum rpc_fact which, uint64_t number)
{
	unsigned i = r->seat->fact + (unsigned)which;

	if (r->cx->wanted & 1u << i && r->cx->fact[i].state == FACT_NONE)
		r->cx->fact[i] = (struct fact){.state = FACT_NUMBER, .number = number};
}

/* rpc_pdu.c: numbers in the sender's byte order, the common header, the trailer. */
uint16_t rpc_u16(const struct rpc_read *r, struct wire *w, const char *field);
uint32_t rpc_u32(const struct rpc_read *r, struct wire *w, const char *field);
/* A UUID as a little-endian wire has it. */
void rpc_uuid(const struct rpc_read *r, struct wire *w, const char *field, uint8_t out[RPC_UUID]);
/* The common header of what is held; false when the PDU is not whole yet, or after a fault. */
bool rpc_header(struct rpc_read *r, struct wire *w);
/* How many octets this sender's PDU may have. */
uint32_t rpc_fragment_most(const struct rpc_read *r);
/* The body behind the header, without the trailer; the trailer is read. */
struct wire rpc_body(struct rpc_read *r, struct wire *w);

/* rpc_fact.c */
void rpc_fact_interface(const struct rpc_read *r, uint16_t interface_id, const uint8_t uuid[RPC_UUID]);
void rpc_fact_operation(const struct rpc_read *r, const struct rpc_interface *i, uint16_t opnum);

/* rpc_bind.c and rpc_ack.c */
/* A bit of enum rpc_transfer. */
uint8_t rpc_transfer_of(const uint8_t uuid[RPC_UUID], uint32_t version);
void rpc_bind(struct rpc_read *r, struct wire *w);
void rpc_auth3(struct rpc_read *r, struct wire *w);
void rpc_bind_ack(struct rpc_read *r, struct wire *w);
void rpc_bind_nak(struct rpc_read *r, struct wire *w);
void rpc_bind_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);
void rpc_ack_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);
/* In commit: no offer is outstanding any more; contexts that were only offered are forgotten. */
void rpc_offers_over(struct rpc_assoc *a, const struct rpc_seat *seat, struct cx *cx);

/* rpc_security.c: authentication trailers. */
void rpc_security_bind(struct rpc_read *r, const struct wire *w, uint32_t at);
void rpc_security_call(struct rpc_read *r, const struct wire *w, uint32_t at);
void rpc_security_commit(struct rpc_assoc *a, const struct rpc_unit *u);
/* NL_AUTH_MESSAGE. */
void rpc_netlogon_token(struct wire *w, enum side from);

/* rpc_call.c and rpc_response.c */
void rpc_request(struct rpc_read *r, struct wire *w);
void rpc_request_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);
void rpc_orphaned_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);
void rpc_response(struct rpc_read *r, struct wire *w);
void rpc_fault_pdu(struct rpc_read *r, struct wire *w);
void rpc_response_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);

/* rpc_epm.c: the endpoint mapper. */
enum { RPC_EPM_MAP = 3 };
bool rpc_is_epm(const struct rpc_interface *i);
/* Arguments of ept_map: asked for an interface that is not known, `unknown` is set. */
void rpc_epm_map(struct rpc_read *r, struct wire *stub, bool *unknown);
/* Its results: an expectation for each answered port. */
void rpc_epm_mapped(struct rpc_read *r, struct wire *stub);

#endif
