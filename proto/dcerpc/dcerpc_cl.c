/* The recogniser of DCE/RPC over datagrams: each PDU names its interface and operation itself. */
/*
 * Spec: C706 chapters 10 and 12.5 (connectionless PDUs), MS-RPCE 2.1.2.1 (ncadg_ip_udp), IEC 61158-6-10 (PROFINET).
 * Input from: anybody; a source address proves nothing.
 * Limits: dcerpc.fragments, dcerpc.stub; the 12 latest calls of an association are remembered, the oldest goes first.
 * Not done: arguments that come in several fragments, where they must be seen: refused; callbacks other than those that ask
 *	who a client is.
 */
#include "proto/dcerpc/dcerpc.h"
#include "proto/dcerpc/rpc_int.h"
#include "proto/ndr/ndr.h"
#include "proto/protocols.h"

enum { CL_HEADER = 80, CALLS_MOST = 12, CL_VERSION = 4 };
enum cl_flag { CL_LAST = 0x02, CL_FRAG = 0x04, CL_MAYBE = 0x10 };

struct cl_call {
	uint8_t  activity[RPC_UUID];
	uint32_t sequence;
	bool     used;
};

struct cl_state {
	struct cl_call call[CALLS_MOST];
	uint8_t        next;
};

struct cl_unit {
	uint8_t        from, ptype, flags, auth;
	bool           big_endian;
	uint16_t       opnum, length, fragment;
	uint32_t       version;
	uint8_t        interface[RPC_UUID];
	struct cl_call call;
};

_Static_assert(sizeof(struct cl_state) <= STATE_MAX, "state");

static const struct rpc_seat seat = {0};

/* 333a2276-0000-0000-0d00-00809c000000: a server asks whether a client is alive, and what it has sent (C706 appendix P). */
static const uint8_t conversation[RPC_UUID] = {0x76, 0x22, 0x3a, 0x33, 0, 0, 0, 0, 0x0d, 0, 0, 0x80, 0x9c, 0, 0, 0};

static uint8_t find(const struct cl_state *s, const struct cl_call *call)
{
	uint8_t i = 0;

	while (i < CALLS_MOST && !(s->call[i].used && s->call[i].sequence == call->sequence &&
				   memcmp(s->call[i].activity, call->activity, RPC_UUID) == 0))
		i++;
	return i;
}

/* Which sides send a PDU of this type: 1 the client, 2 the server, 3 both. */
static uint8_t senders(uint8_t ptype)
{
	static const uint8_t sides[RPC_CANCEL_ACK + 1] = {
		[RPC_REQUEST] = 3, [RPC_PING] = 1, [RPC_RESPONSE] = 3, [RPC_FAULT] = 3, [RPC_WORKING] = 2, [RPC_NOCALL] = 2,
		[RPC_REJECT] = 2, [RPC_ACK] = 1, [RPC_CL_CANCEL] = 1, [RPC_FACK] = 3, [RPC_CANCEL_ACK] = 2,
	};

	return ptype <= RPC_CANCEL_ACK ? sides[ptype] : 0;
}

/* rpc_vers to drep. */
static void first_fields(struct rpc_read *r, struct cl_unit *u, struct wire *w)
{
	uint8_t integers, flags2;

	wire_want_u8(w, CL_VERSION, R_DCERPC_CL_VERSION, "rpc_vers");
	u->ptype = wire_u8(w, "ptype");
	if (!(senders(u->ptype) & (u->from == SIDE_CLIENT ? 1 : 2)))
		wire_fail_numbers(w, 1, R_DCERPC_CL_PTYPE, "ptype", 0, u->ptype);
	u->flags = wire_u8(w, "flags1");
	flags2 = wire_u8(w, "flags2");
	if (u->flags & 0x80 || flags2 & ~0x02u)
		wire_fail_numbers(w, u->flags & 0x80 ? 2 : 3, R_DCERPC_CL_FLAGS, "flags", 0, u->flags & 0x80 ? u->flags : flags2);
	integers = wire_u8(w, "drep");
	if (integers != 0x10 && integers != 0)
		wire_fail_numbers(w, 4, R_DCERPC_DREP, "drep", 0x10, integers);
	u->big_endian = r->u->big_endian = integers == 0;
	wire_u8(w, "drep");
	wire_u8(w, "drep");
}

/* Header, C706 12.5.2.1. */
static void cl_header(struct rpc_read *r, struct cl_unit *u, struct wire *w)
{
	uint8_t object[RPC_UUID];

	first_fields(r, u, w);
	wire_u8(w, "serial_hi");
	rpc_uuid(r, w, "object", object);
	rpc_uuid(r, w, "if_id", u->interface);
	rpc_uuid(r, w, "act_id", u->call.activity);
	rpc_u32(r, w, "server_boot");
	u->version = rpc_u32(r, w, "if_vers");
	u->call.sequence = rpc_u32(r, w, "seqnum");
	u->opnum = rpc_u16(r, w, "opnum");
	wire_take(w, 4, "hints");
	u->length = rpc_u16(r, w, "len");
	u->fragment = rpc_u16(r, w, "fragnum");
	u->auth = wire_u8(w, "auth_proto");
	wire_u8(w, "serial_lo");
	u->call.used = true;
	/* The body fills the datagram, but for what an authentication protocol adds. */
	if (wire_left(w) < u->length || (wire_left(w) > u->length && !u->auth))
		wire_fail_numbers(w, 74, R_DCERPC_CL_LENGTH, "len", wire_left(w), u->length);
}

static void arguments(struct rpc_read *r, const struct cl_unit *u, struct wire *w, const struct rpc_operation *o)
{
	const struct ndr_limits limits = {.string = rpc_limit(r, RPC_LIMIT_STRING)};
	struct wire             stub = wire_sub(w, u->length, "stub");

	if (u->flags & CL_FRAG)
		wire_fail(w, 2, R_DCERPC_CL_FRAGMENTS, "flags1");
	else
		ndr_read(&stub, u->big_endian, o->in, &limits);
}

static void request(struct rpc_read *r, struct cl_unit *u, struct wire *w, struct step *step)
{
	uint16_t                    major = (uint16_t)u->version, minor = (uint16_t)(u->version >> 16);
	const struct rpc_interface *i = rpc_interface_of(u->interface, major, minor);
	const struct rpc_operation *o = i ? rpc_operation_of(i, u->opnum) : NULL;

	rpc_fact_interface(r, i ? i->id : 0, u->interface);
	rpc_fact_operation(r, i, u->opnum);
	if (i && i->why && !rpc_tolerated(r, i->tolerance))
		wire_fail(w, 24, i->why, "if_id");
	else if (i && i->operations && u->opnum >= i->operations)
		wire_fail_numbers(w, 68, R_DCERPC_OPNUM, "opnum", (uint64_t)i->operations - 1, u->opnum);
	else if (o && o->why && !rpc_tolerated(r, o->tolerance))
		wire_fail_numbers(w, 68, o->why, "opnum", 0, u->opnum);
	else if (u->fragment >= rpc_limit(r, RPC_LIMIT_FRAGMENTS))
		wire_fail_numbers(w, 76, R_DCERPC_FRAGMENTS, "fragnum", rpc_limit(r, RPC_LIMIT_FRAGMENTS), (uint64_t)u->fragment + 1);
	if (!i && !rpc_tolerated(r, RPC_TOLERATE_UNKNOWN_INTERFACE))
		step->why = R_DCERPC_UNKNOWN_INTERFACE;
	else if (u->auth)
		step->why = o && o->in ? R_DCERPC_SEALED_ARGUMENTS : R_DCERPC_SEALED;
	else if (o && o->in && !w->fault->why)
		arguments(r, u, w, o);
}

/* A server's call back asks only who the client is; its other PDUs belong to a call that was seen. */
static void from_server(const struct cl_state *s, const struct cl_unit *u, const struct wire *w)
{
	if (u->ptype == RPC_REQUEST ? memcmp(u->interface, conversation, RPC_UUID) != 0 : find(s, &u->call) == CALLS_MOST)
		wire_fail_numbers(w, 1, R_DCERPC_CL_ANSWER, "act_id", 0, u->ptype);
}

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct cl_unit *u = unit;
	struct rpc_unit numbers = {.from = (uint8_t)in->from};
	struct rpc_read r = {.u = &numbers, .seat = &seat, .cx = cx};
	struct wire     w = wire_over(in->bytes, in->len, &cx->fault, R_DCERPC_SHORT);
	struct step     step = step_unit(in->len, in->from == SIDE_SERVER ? STEP_ANSWER : 0);

	u->from = (uint8_t)in->from;
	wire_name(&w, "dcerpc-cl");
	cl_header(&r, u, &w);
	rpc_fact_number(&r, RPC_FACT_PACKET, u->ptype);
	rpc_fact_number(&r, RPC_FACT_LEVEL, u->auth);
	if (!cx->fault.why && in->from == SIDE_SERVER)
		from_server(state, u, &w);
	else if (!cx->fault.why && u->ptype == RPC_REQUEST)
		request(&r, u, &w, &step);
	if (step.why && in->from == SIDE_SERVER)
		step.why = 0;
	return cx->fault.why ? step_refuse(in->len) : step;
}

static void commit(void *state, const void *unit, struct cx *cx)
{
	const struct cl_unit *u = unit;
	struct cl_state      *s = state;

	(void)cx;
	if (u->from == SIDE_SERVER || u->ptype != RPC_REQUEST || find(s, &u->call) < CALLS_MOST)
		return;
	s->call[s->next] = u->call;
	s->next = (uint8_t)((s->next + 1) % CALLS_MOST);
}

/* Nothing is said to an address that may be forged. */
static bool deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return true;
}

static const struct limit_def limits[RPC_LIMITS] = {RPC_LIMIT_DEFS(0)};
static const struct fact_def facts[RPC_FACTS] = {RPC_FACT_DEFS(0)};
static const struct tolerance_def tolerances[RPC_TOLERANCES] = {RPC_TOLERANCE_DEFS(0)};

const struct recogniser dcerpc_cl_recogniser = {
	.name = "dcerpc-cl",
	.reads = "dcerpc ndr",
	.id = PROTO_DCERPC_CL,
	.short_why = R_DCERPC_SHORT,
	.datagram = true,
	.state_size = sizeof(struct cl_state),
	.unit_size = sizeof(struct cl_unit),
	.limits = RPC_LIMITS,
	.facts = RPC_FACTS,
	.tolerances = RPC_TOLERANCES,
	.limit = limits,
	.fact = facts,
	.tolerance = tolerances,
	.next = next,
	.commit = commit,
	.deny = deny,
};
