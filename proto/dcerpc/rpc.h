/* DCE/RPC inside a carrier: one association per TCP connection or open named pipe. */
#ifndef SALLYPORT_PROTO_DCERPC_RPC_H
#define SALLYPORT_PROTO_DCERPC_RPC_H

#include "proto/proto.h"
#include "proto/spnego/auth.h"

/*
 * A carrier keeps one rpc_assoc per association, all zero but its key at the beginning, and one rpc_unit in its unit.
 * From next it calls rpc_next with the bytes one carrier message moves in one direction; from commit, rpc_commit; from
 * commit, rpc_close when the association ends. What a client writes to a pipe can fail: a carrier of pipes says so with rpc_taken. Its tables hold contexts and calls; its limits, facts and tolerances
 * hold RPC's, each from the place the seat names.
 */

/*
 * Table entries. Keys are the association's key in the upper half and the context's or call's id in the lower; gathers
 * have 'R' in the upper octet, then the association's key and what they hold. A carrier's own keys stay clear of that.
 */
struct rpc_link { /* in the association's list of its kind; stands first in an entry */
	uint32_t older, newer; /* ids of its neighbours */
	bool     has_older, has_newer;
};

struct rpc_context {
	struct rpc_link link;
	uint8_t  uuid[16]; /* as on a little-endian wire */
	uint16_t major, minor;
	uint16_t interface_id; /* struct rpc_interface; 0 = unknown */
	uint8_t  pending; /* its place in the outstanding offer, plus one; 0 = in none */
	uint8_t  offered; /* transfer syntaxes of that offer: bits of enum rpc_transfer */
	bool     accepted;
	bool     unread; /* accepted with a transfer syntax other than NDR: arguments cannot be read */
};

struct rpc_call {
	struct rpc_link link;
	uint16_t context_id, opnum;
	bool     answering; /* a first fragment of its answer has gone, its last has not */
	uint32_t fragments; /* of the answer */
};

enum rpc_transfer { RPC_NDR = 1 << 0, RPC_NDR64 = 1 << 1, RPC_FEATURES = 1 << 2, RPC_TRANSFER_OTHER = 1 << 3 };

/* What was agreed in a bind or alter_context with an authentication trailer. */
struct rpc_security {
	uint32_t id; /* auth_context_id */
	uint8_t  type, level; /* 0 = free place */
};

enum { RPC_SECURITIES = 6 };

struct rpc_list {
	uint32_t newest; /* its id, where there is any */
	bool     any;
};

struct rpc_assoc {
	uint32_t key; /* the carrier's number for it, unique in the flow while it lives: tables and gathers are keyed with it */
	uint8_t  phase; /* enum rpc_phase (rpc_int.h) */
	bool     big_endian; /* the client's byte order */
	bool     calling; /* fragments of a request have gone, its last has not */
	bool     sealed, gathering; /* of that request: a fragment was sealed; its stub is gathered */
	bool     partial[2]; /* part of a PDU has gone in this direction */
	bool     lost; /* the server did not take a part: what it makes of the next bytes is not known */
	uint8_t  owed; /* parts that have gone to a pipe and whose answers have not come */
	uint8_t  offers; /* elements of the outstanding bind or alter_context */
	uint32_t features; /* which of them are bind time features, by bit */
	uint16_t max_client, max_server; /* agreed fragment sizes by sender; 0 = not agreed */
	struct rpc_list contexts, calls;
	uint32_t bind_id; /* call_id of the outstanding bind or alter_context */
	uint32_t call_id; /* of the request whose fragments are coming */
	uint16_t context_id, opnum;
	uint32_t fragments, stub; /* of it: fragments and octets so far */
	struct auth_state   auth; /* of the negotiation in progress */
	struct rpc_security security[RPC_SECURITIES];
};

enum rpc_outcome {
	RPC_PART = 0, /* a lawful beginning of a PDU: the carrier may go */
	RPC_WHOLE, /* these bytes end one PDU and nothing follows */
	RPC_WAIT, /* whole, but may not go yet: unit.wait_why, unit.wait_ms */
	RPC_REFUSED, /* the fault is set */
};

enum rpc_take { RPC_TAKEN_NONE = 0, RPC_TAKEN_SOME, RPC_TAKEN_ALL };

/* One context element of a bind, or the answer to one. */
struct rpc_offer {
	uint8_t  uuid[16];
	uint16_t id, interface_id, major, minor;
	uint8_t  offered; /* bits of enum rpc_transfer; of an answer: the accepted one, or 0 */
	bool     known; /* offers: the context exists already; answers: there is a context to change */
};

struct rpc_unit {
	uint8_t             from, ptype, flags, outcome;
	bool                read; /* the common header was read */
	bool                big_endian;
	bool                answer; /* inherits its request's verdict */
	bool                whole; /* the PDU ends here */
	bool                sealed, gathers; /* a request's stub: cannot be read; is kept for its last fragment */
	bool                calls; /* a request's first fragment that takes a place among the calls */
	bool                negotiates; /* has an authentication token */
	bool                negotiates_anew; /* ... the first of a negotiation */
	uint16_t            opaque_why; /* arguments that cannot be seen: the step's `why`, which policy must allow by name */
	uint16_t            wait_why;
	uint32_t            wait_ms;
	uint32_t            call_id;
	uint16_t            context_id, opnum;
	const uint8_t      *piece; /* as given to rpc_next */
	size_t              piece_len;
	const uint8_t      *stub; /* of this PDU */
	uint32_t            stub_len;
	struct auth_token   auth;
	struct rpc_security security; /* of the trailer; type 0 = none */
	uint8_t             offers;
	uint32_t            features;
	uint16_t            max_xmit, max_recv;
	struct rpc_offer    offer[24];
};

enum { RPC_OFFERS = 24 };

/* Where the carrier's tables have RPC's rows. */
struct rpc_seat {
	uint8_t          limit, fact; /* RPC_LIMIT_DEFS and RPC_FACT_DEFS stand from here on */
	uint8_t          tolerance; /* bit of the first of RPC_TOLERANCE_DEFS */
	uint8_t          contexts, calls; /* tables of rpc_context and rpc_call */
	struct auth_seat auth;
	bool             pipe; /* over SMB */
	bool             patches; /* the carrier's bytes may be changed: not signed, and no lengths beside them */
};

enum rpc_limit { RPC_LIMIT_FRAGMENT = 0, RPC_LIMIT_FRAGMENTS, RPC_LIMIT_STUB, RPC_LIMIT_CONTEXTS, RPC_LIMIT_CALLS, RPC_LIMIT_WAIT, RPC_LIMIT_STRING, RPC_LIMIT_BIND, RPC_LIMITS };

#define RPC_LIMIT_DEFS(at) \
	[(at) + RPC_LIMIT_FRAGMENT] = {"dcerpc.fragment", "bytes", 65535, 1432, 65535, "MS-RPCE 3.3.1.5.2: Windows offers 4280 or 5840, macOS 65535; no more than agreed"}, \
	[(at) + RPC_LIMIT_FRAGMENTS] = {"dcerpc.fragments", "fragments", 4096, 1, 65535, "ours: CVE-2022-26809 sums too many"}, \
	[(at) + RPC_LIMIT_STUB] = {"dcerpc.stub", "bytes", 1024 * 1024, 1024, 64 * 1024 * 1024, "ours"}, \
	[(at) + RPC_LIMIT_CONTEXTS] = {"dcerpc.contexts", "contexts", 64, 1, 1024, "ours: Exchange clients bind some twenty"}, \
	[(at) + RPC_LIMIT_CALLS] = {"dcerpc.calls", "calls", 64, 1, 4096, "ours"}, \
	[(at) + RPC_LIMIT_WAIT] = {"dcerpc.wait", "ms", 60000, 100, 600000, "ours"}, \
	[(at) + RPC_LIMIT_STRING] = {"dcerpc.string", "characters", 1024, 64, 65536, "ours: the ceiling for names in arguments"}, \
	[(at) + RPC_LIMIT_BIND] = {"dcerpc.bind", "bytes", 65535, 1432, 65535, "MS-RPCE 3.3.1.5.2: Kerberos tokens make binds larger than fragments"}

/* Tolerances, as bits from the seat's on; interface.h says which interface or operation each lets pass. */
enum rpc_tolerance {
	RPC_TOLERATE_UNKNOWN_INTERFACE = 0,
	RPC_TOLERATE_EFSRPC,
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
	[(at) + RPC_TOLERATE_UNKNOWN_INTERFACE] = {"dcerpc.unknown-interface", "programs with interfaces of their own", ""}, \
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
 * hang below it in the trace. A transceive must end a PDU: the carrier itself refuses RPC_PART there.
 */
enum rpc_outcome rpc_next(const struct rpc_assoc *a, struct rpc_unit *u, const struct wire *at, const uint8_t *piece, size_t n,
			  enum side from, const struct rpc_seat *seat, struct cx *cx);
/* True: a part of something went to a pipe. */
bool             rpc_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx);
/* In commit: the server's answer to bytes for a pipe; `part` is what rpc_commit said of them. */
void             rpc_taken(struct rpc_assoc *a, bool part, enum rpc_take how);
/* In commit: the association is over; its contexts, calls and gathers go. */
void             rpc_close(struct rpc_assoc *a, const struct rpc_seat *seat, struct cx *cx);
/* A fault PDU for the request in u (C706 12.6.4.7) into out; 0 when none can be given: a signed or sealed association, or no request. */
size_t           rpc_fault(const struct rpc_assoc *a, const struct rpc_unit *u, uint32_t status, uint8_t *out, size_t size);

_Static_assert(sizeof(struct rpc_assoc) <= 128, "fits a table entry beside the carrier's own");
_Static_assert(sizeof(struct rpc_unit) <= 1100, "fits a unit");

#endif
