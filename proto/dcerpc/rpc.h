/* DCE/RPC inside a carrier: one association per TCP connection or open named pipe. */
#ifndef SALLYPORT_PROTO_DCERPC_RPC_H
#define SALLYPORT_PROTO_DCERPC_RPC_H

#include "proto/proto.h"
#include "proto/spnego/auth.h"

/*
 * A carrier keeps one rpc_assoc per association, all zero but its key at the beginning, and one rpc_unit in its unit.
 * From next it calls rpc_next with the bytes one carrier message moves in one direction; from commit, rpc_commit; from
 * commit, rpc_close when the association ends. Its tables hold contexts and calls; its limits, facts and tolerances
 * hold RPC's, each from the place the seat names.
 */

/* Table entries, keyed by the association's key and the context's or call's id. */
struct rpc_context {
	uint8_t  uuid[16]; /* as on a little-endian wire */
	uint16_t major, minor;
	uint16_t interface_id; /* struct rpc_interface; 0 = unknown */
	uint16_t next; /* id of the next context of the association */
	bool     accepted, ndr64;
};

struct rpc_call {
	uint16_t context_id, opnum;
	uint32_t next; /* id of the next call of the association */
	uint32_t answered; /* octets of stub answered so far */
	uint16_t fragments;
};

struct rpc_assoc {
	uint32_t key; /* the carrier's number for it, unique in the flow while it lives: tables and gathers are keyed with it */
	uint8_t  phase; /* rpc.c */
	uint8_t  auth_type, auth_level; /* 0 = none yet */
	bool     big_endian;
	bool     calling; /* fragments of a request have gone, its last has not */
	bool     partial[2]; /* part of a PDU has gone in this direction */
	uint16_t max_xmit, max_recv;
	uint16_t first_context, contexts;
	uint32_t first_call, calls;
	uint32_t call_id; /* of the bind or the request that is outstanding in pieces */
	uint16_t context_id, opnum, fragments;
	uint32_t stub; /* octets gathered or counted of it */
	struct auth_state auth;
	uint8_t  spare[16];
};

enum rpc_outcome {
	RPC_PART = 0, /* a lawful beginning of a PDU: the carrier may go */
	RPC_WHOLE, /* these bytes end one PDU and nothing follows */
	RPC_WAIT, /* whole, but may not go yet: unit.wait_why, unit.wait_ms */
	RPC_REFUSED, /* the fault is set */
};

struct rpc_unit {
	uint8_t            from, ptype, flags, outcome;
	bool               big_endian;
	bool               answer; /* inherits its request's verdict */
	uint16_t           opaque_why; /* arguments that cannot be seen: the step's `why`, which policy must allow by name */
	uint16_t           wait_why;
	uint32_t           wait_ms;
	uint32_t           call_id;
	uint16_t           context_id, opnum;
	const uint8_t     *piece; /* as given to rpc_next */
	size_t             piece_len;
	const uint8_t     *stub; /* of this PDU */
	uint32_t           stub_len;
	struct auth_token  auth;
	bool               has_auth;
	uint8_t            auth_type, auth_level;
	/* what a bind offers or an answer accepts: at most RPC_OFFERS */
	uint8_t            offers;
	struct {
		uint16_t    id;
		uint16_t    interface_id;
		uint16_t    major, minor;
		uint8_t     uuid[16];
		uint8_t     transfer; /* 0 = NDR, 1 = NDR64, 2 = bind-time features, 3 = other */
		uint8_t     accepted;
	} offer[24];
	uint16_t           max_xmit, max_recv;
	uint8_t            spare[32];
};

enum { RPC_OFFERS = 24 };

/* Where the carrier's tables have RPC's rows. */
struct rpc_seat {
	uint8_t          limit, fact; /* RPC_LIMIT_DEFS and RPC_FACT_DEFS stand from here on */
	uint8_t          tolerance; /* bit of the first of RPC_TOLERANCE_DEFS */
	uint8_t          contexts, calls; /* tables of rpc_context and rpc_call */
	struct auth_seat auth;
	bool             pipe; /* over SMB: one call at a time, no connectionless PDUs */
};

enum rpc_limit { RPC_LIMIT_FRAGMENT = 0, RPC_LIMIT_FRAGMENTS, RPC_LIMIT_STUB, RPC_LIMIT_CONTEXTS, RPC_LIMIT_CALLS, RPC_LIMIT_WAIT, RPC_LIMIT_STRING, RPC_LIMITS };

#define RPC_LIMIT_DEFS(at) \
	[(at) + RPC_LIMIT_FRAGMENT] = {"dcerpc.fragment", "bytes", 5840, 1432, 65535, "MS-RPCE 3.3.1.5.2: Windows offers 4280 or 5840"}, \
	[(at) + RPC_LIMIT_FRAGMENTS] = {"dcerpc.fragments", "fragments", 4096, 1, 65535, "ours: CVE-2022-26809 sums too many"}, \
	[(at) + RPC_LIMIT_STUB] = {"dcerpc.stub", "bytes", 1024 * 1024, 1024, 64 * 1024 * 1024, "ours"}, \
	[(at) + RPC_LIMIT_CONTEXTS] = {"dcerpc.contexts", "contexts", 64, 1, 1024, "ours: Exchange clients bind some twenty"}, \
	[(at) + RPC_LIMIT_CALLS] = {"dcerpc.calls", "calls", 64, 1, 4096, "ours"}, \
	[(at) + RPC_LIMIT_WAIT] = {"dcerpc.wait", "ms", 60000, 100, 600000, "ours"}, \
	[(at) + RPC_LIMIT_STRING] = {"dcerpc.string", "characters", 1024, 64, 65536, "ours: the ceiling for names in arguments"}

/* Tolerances, as bits from the seat's on; interface.h says which interface or operation each lets pass. */
enum rpc_tolerance {
	RPC_TOLERATE_EFSRPC = 0,
	RPC_TOLERATE_PRINT_DRIVER,
	RPC_TOLERATE_PRINT_NOTIFY,
	RPC_TOLERATE_MESSENGER,
	RPC_TOLERATE_MSDTC,
	RPC_TOLERATE_RASRPC,
	RPC_TOLERATE_NWWKS,
	RPC_TOLERATE_TAPSRV,
	RPC_TOLERANCES
};

#define RPC_TOLERANCE_DEFS(at) \
	[(at) + RPC_TOLERATE_EFSRPC] = {"dcerpc.efsrpc", "Windows clients that encrypt files on a file server", "CVE-2021-36942"}, \
	[(at) + RPC_TOLERATE_PRINT_DRIVER] = {"dcerpc.print-driver", "administrators of print servers: let a rule name their addresses", \
					      "CVE-2021-1675 CVE-2021-34527"}, \
	[(at) + RPC_TOLERATE_PRINT_NOTIFY] = {"dcerpc.print-notify", "Windows clients that watch a queue of a print server", \
					      "a server made to log on to the client (no CVE)"}, \
	[(at) + RPC_TOLERATE_MESSENGER] = {"dcerpc.messenger", "net send of Windows NT to 2003", "CVE-2003-0717 MS03-043"}, \
	[(at) + RPC_TOLERATE_MSDTC] = {"dcerpc.msdtc", "applications with distributed transactions (COM+, SQL Server)", \
				       "CVE-2005-2119 MS05-051 CVE-2006-0034 CVE-2006-1184 MS06-018"}, \
	[(at) + RPC_TOLERATE_RASRPC] = {"dcerpc.rasrpc", "the Routing and Remote Access console", "CVE-2006-2370 CVE-2006-2371 MS06-025"}, \
	[(at) + RPC_TOLERATE_NWWKS] = {"dcerpc.nwwks", "administration of the client service for NetWare", \
				       "CVE-2006-4688 CVE-2006-4689 MS06-066"}, \
	[(at) + RPC_TOLERATE_TAPSRV] = {"dcerpc.tapsrv", "the Telephony console", "CVE-2005-0058 MS05-040"}

enum rpc_fact { RPC_FACT_PACKET = 0, RPC_FACT_INTERFACE, RPC_FACT_UUID, RPC_FACT_OPNUM, RPC_FACT_OPERATION, RPC_FACT_LEVEL, RPC_FACTS };

extern const char *const rpc_packet_words[], *const rpc_interface_words[], *const rpc_level_words[];

#define RPC_FACT_DEFS(at) \
	[(at) + RPC_FACT_PACKET] = {"dcerpc.packet", FACT_OF_REQUEST, false, rpc_packet_words}, \
	[(at) + RPC_FACT_INTERFACE] = {"dcerpc.interface", FACT_OF_REQUEST, false, rpc_interface_words}, \
	[(at) + RPC_FACT_UUID] = {"dcerpc.uuid", FACT_OF_REQUEST, true, NULL}, \
	[(at) + RPC_FACT_OPNUM] = {"dcerpc.opnum", FACT_OF_REQUEST, false, NULL}, \
	[(at) + RPC_FACT_OPERATION] = {"dcerpc.operation", FACT_OF_REQUEST, true, NULL}, \
	[(at) + RPC_FACT_LEVEL] = {"dcerpc.auth-level", FACT_OF_REQUEST, false, rpc_level_words}

/*
 * The bytes one carrier message moves from this side. `at` is the view whose field they are: faults get its fault and
 * hang below it in the trace. `final` says that the carrier ends a message here, so that part of a PDU may not be left
 * to the next (a transceive).
 */
enum rpc_outcome rpc_next(const struct rpc_assoc *a, struct rpc_unit *u, const struct wire *at, const uint8_t *piece, size_t n,
			  enum side from, const struct rpc_seat *seat, struct cx *cx);
void             rpc_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);
/* In commit: the association is over; its contexts, calls and gathers go. */
void             rpc_close(struct rpc_assoc *a, const struct rpc_seat *seat, struct cx *cx);
/* A fault PDU for the request in u (C706 12.6.4.7) into out; 0 when none can be given: a signed or sealed association, or no request. */
size_t           rpc_fault(const struct rpc_assoc *a, const struct rpc_unit *u, uint32_t status, uint8_t *out, size_t size);

_Static_assert(sizeof(struct rpc_assoc) <= 112, "fits a table entry beside the carrier's own");
_Static_assert(sizeof(struct rpc_unit) <= 1100, "fits a unit");

#endif
