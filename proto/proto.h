/* The recogniser contract: what every protocol gives the driver, and what the driver gives it. */
#ifndef SALLYPORT_PROTO_PROTO_H
#define SALLYPORT_PROTO_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"

/*
 * A recogniser is three functions and some const tables (struct recogniser, at the end). It does no
 * I/O, owns no memory, knows no socket and no policy. One driver (proto/driver.h) calls it, in the
 * gate, in `sallyport check`, in the fuzzers and in the tests alike.
 *
 * next    looks at the head of one direction and answers with a step. Pure: it changes nothing but
 *         the unit, and in cx the facts, patches, expectations, route and fault.
 * commit  the unit was let through; the state changes here and nowhere else. What a peer merely
 *         offers never counts: dialects, handles and layers exist once the answer has been committed.
 * deny    policy, a refusal or the gate said no (cx->fault.why says which); may write the protocol's
 *         own error or goodbye. `unit` is NULL where framing is lost; of a refused unit it holds what
 *         was read before the fault. Returns whether the flow lives on.
 *
 * A unit is the smallest run of bytes after which the receiver may act or owes an answer.
 *
 * Three things that are easy to get wrong, each found by the driver's fuzzer:
 *  - MORE n names the least n that could decide; asking for more makes the outcome depend on the arrival.
 *  - The unit that ends SEEN content carries STEP_ANSWER: where it begins depends on the cuts, so it is not judged.
 *  - A unit marked INSIDE that is denied before anything of its message went out leaves the rest of the message to be
 *    read as fresh units: such a recogniser's deny ends the flow.
 */

enum side { SIDE_CLIENT = 0, SIDE_SERVER = 1 };

enum verb {
	STEP_MORE = 0, /* nothing can be decided before n bytes are held; n > what is held */
	STEP_UNIT, /* the first n bytes are a whole, lawful unit; `opaque` bytes behind it are payload it fixed the length of */
	STEP_SEEN, /* n bytes of inspected stream content may go; the message goes on (implies INSIDE) */
	STEP_WAIT, /* whole but may not go yet: called again when a commit or denial in the flow or its group changes something; after ms, refused with why */
	STEP_ROUTE, /* judge, dial cx->route, call again with the same bytes and the result in in.event */
	STEP_SWITCH, /* a unit of n bytes; behind it `proto` speaks, in both directions at once */
	STEP_REFUSE, /* cx->fault says why; n = the refused unit's length (may exceed what is held), 0 when framing is lost */
};

enum step_flag {
	STEP_ANSWER = 1 << 0, /* not judged: it inherits its request's verdict */
	STEP_INSIDE = 1 << 1, /* the message goes on after this unit: no answer of ours may be put here */
};

#define OPAQUE_MAX UINT64_MAX /* to the end of the flow */

struct step {
	uint8_t  verb;
	uint8_t  flags;
	uint16_t why; /* WAIT: the reason on expiry. UNIT: the opaque reason policy must allow by name, or 0 */
	uint16_t proto; /* SWITCH */
	uint32_t ms; /* WAIT: from the unit's first WAIT */
	uint64_t n;
	uint64_t opaque;
};

enum event { EVENT_NONE = 0, EVENT_DIALED, EVENT_DIAL_FAILED };

/* The head of one direction. */
struct in {
	enum side      from;
	enum event     event; /* a dial result; stays until a step takes bytes */
	const uint8_t *bytes;
	size_t         len;
	size_t         seen; /* bytes already looked at when the last step was MORE */
	bool           fin; /* nothing follows these bytes */
};

/* A fact about a unit, for policy and events. */
enum fact_state {
	FACT_NONE = 0, /* this unit has no such thing: every comparison is false */
	FACT_UNKNOWN, /* it exists but cannot be seen */
	FACT_NUMBER,
	FACT_TEXT,
};

struct fact {
	uint8_t        state;
	uint32_t       len;
	uint64_t       number;
	const uint8_t *text; /* borrowed from the input or from scratch; dies with the unit */
};

enum fact_scope { FACT_OF_FLOW = 0, FACT_OF_REQUEST, FACT_OF_ANSWER };

struct fact_def {
	const char        *name; /* "ldap.filter.depth" */
	uint8_t            scope;
	bool               text;
	const char *const *words; /* names of a number's values from 0, NULL-terminated; or NULL */
};

struct limit_def {
	const char *name; /* "ldap.filter.depth" */
	const char *unit; /* "levels", "bytes", "ms" */
	uint64_t    safe; /* the default */
	uint64_t    least, most; /* what a policy may set */
	const char *source; /* where the number comes from */
};

struct tolerance_def {
	const char *name; /* "ldap.ber.long-length" */
	const char *client; /* the real client that needs it */
	const char *flaws; /* what it weakens; "" = nothing known */
};

struct address {
	uint8_t  family; /* 4 or 6; 0 = none */
	uint8_t  ip[16];
	uint8_t  zero; /* instead of padding: addresses are compared and hashed as bytes */
	uint16_t port;
};

/* A span of the unit replaced on its way out. Offsets ascend and do not overlap. */
enum patch_form { PATCH_BYTES = 0, PATCH_TEXT, PATCH_IP4_PORT, PATCH_IP6_PORT };

struct patch {
	uint32_t       offset, old_len;
	uint8_t        form;
	uint8_t        expect; /* IP4_PORT, IP6_PORT: whose bound address goes here */
	uint32_t       len; /* BYTES, TEXT; 0 consumes the span */
	const uint8_t *bytes;
};

/* A flow that the conversation announces: one connection, one protocol, from the flow's other end. */
struct expect {
	struct address to; /* the sender's own host (checked by the gate); family 0: the server of this flow, at to.port */
	uint16_t       proto;
	uint16_t       interface_id; /* the inner interface its flows may use (with those asked for on the same port before); 0 = any */
	bool           stays; /* a listener for any number of connections, of any client the service admits, until the deadline */
	uint16_t       port_low, port_high; /* where the gate may listen; 0, 0 = its own choice */
	uint32_t       deadline_ms;
};

/* The inner interfaces a flow was expected for: services share ports, so one port may have been announced for several. */
enum { INTERFACES_MAX = 8 };

struct interfaces {
	uint8_t  count;
	uint16_t id[INTERFACES_MAX];
};

struct route {
	uint8_t        family; /* 4, 6, or 0 for a name */
	uint8_t        ip[16];
	uint16_t       port;
	uint16_t       name_len;
	const uint8_t *name;
};

enum { FACTS_MAX = 32, PATCHES_MAX = 8, EXPECTS_MAX = 4, ANSWER_MAX = 4096, STATE_MAX = 320, UNIT_MAX = 1536, TABLES_MAX = 8, SCRATCH_MAX = 8192, INSTEAD_MAX = 128 };

struct flow;

/* One call's context. The upper part is given; the rest is written as marked. */
struct cx {
	const uint64_t *limit; /* by the recogniser's own enum, in the order of its limit_defs */
	uint32_t        tolerate; /* bits in the order of its tolerance_defs */
	uint32_t        wanted; /* facts somebody asks for, by bit: others need not be built */
	enum side       from; /* whose bytes this call is about */
	struct flow    *flow; /* for tables and gathers */
	void           *group; /* state shared by the flows of one call; NULL without a group. Written by commit only */
	bool            pure; /* next is running: tables may not be changed */
	const struct interfaces *interfaces; /* the flow was expected for these inner interfaces alone; NULL = any */
	/* written by next */
	uint8_t       patches, expects;
	uint16_t      scratch_used;
	struct fault  fault;
	struct fact   fact[FACTS_MAX];
	struct patch  patch[PATCHES_MAX];
	struct expect expect[EXPECTS_MAX];
	struct route  route;
	/* written by commit and deny */
	size_t   answer_len;
	uint16_t no_answer; /* deny: the reason why no answer can be given (answer.signed); the flow ends */
	bool     end_group; /* commit: the call is over, every leg closes */
	bool     end_flow; /* commit: this was the last unit; both sides close */
	size_t   instead_len; /* deny, of a whole unit of the client's while the flow lives on */
	uint8_t  answer[ANSWER_MAX]; /* to the client, at the next boundary */
	uint8_t  instead[INSTEAD_MAX]; /* to the server, where the denied unit would have stood, for servers that count what they get */
	uint8_t  scratch[SCRATCH_MAX];
};

/* In next: n bytes for texts that do not stand in the input as facts want them; NULL when there is no more. They die with the unit. */
uint8_t *cx_scratch(struct cx *cx, size_t n);

/* May this flow use the inner interface? */
static inline bool cx_interface(const struct cx *cx, uint16_t id)
{
	for (uint8_t i = 0; cx->interfaces && i < cx->interfaces->count; i++)
		if (cx->interfaces->id[i] == id)
			return true;
	return !cx->interfaces;
}

/* A table of the recogniser's state that does not fit a fixed struct: outstanding requests, handles. */
struct table_def {
	const char *name;
	uint16_t    entry_size; /* bytes, at most 240 */
	uint8_t     limit; /* index of the limit that caps its entries per flow */
};

/* In next: look up, and ask for room so that adding cannot fail later. */
const void *table_get(const struct cx *cx, uint8_t table, uint64_t key);
bool        table_room(struct cx *cx, uint8_t table);
uint32_t    table_count(const struct cx *cx, uint8_t table);
/* In commit and deny only. table_add zeroes the entry; the key must be new and room must have been asked. */
void *table_edit(struct cx *cx, uint8_t table, uint64_t key);
void *table_add(struct cx *cx, uint8_t table, uint64_t key);
void  table_del(struct cx *cx, uint8_t table, uint64_t key);

/*
 * A gather holds the part of an inner unit that has already gone by in earlier carrier units. In next,
 * gather_view shows what is held with `piece` behind it, borrowed until the next call; NULL when `cap`
 * or the flow's memory would be exceeded. In commit, gather_add keeps the piece that was viewed, gather_drop forgets all.
 */
const uint8_t *gather_view(struct cx *cx, uint64_t key, const uint8_t *piece, size_t n, size_t cap, size_t *total);
void           gather_add(struct cx *cx, uint64_t key, const uint8_t *piece, size_t n);
void           gather_drop(struct cx *cx, uint64_t key);

struct recogniser {
	const char *name; /* "ldap" */
	const char *reads; /* protocols inside it whose reasons are its reasons too, separated by blanks; or NULL */
	uint16_t    id; /* enum protocol */
	uint16_t    short_why; /* the reason when a read runs past the end of a unit */
	bool        datagram; /* one datagram is one unit */
	uint16_t    state_size, unit_size, group_size;
	uint8_t     tables, limits, facts, tolerances;

	const struct table_def     *table;
	const struct limit_def     *limit;
	const struct fact_def      *fact;
	const struct tolerance_def *tolerance;

	struct step (*next)(const void *state, void *unit, const struct in *in, struct cx *cx);
	void (*commit)(void *state, const void *unit, struct cx *cx);
	bool (*deny)(void *state, const void *unit, struct cx *cx);
};

/* Steps, written the short way. */
static inline struct step step_more(uint64_t n)
{
	return (struct step){.verb = STEP_MORE, .n = n};
}

static inline struct step step_unit(uint64_t n, uint8_t flags)
{
	return (struct step){.verb = STEP_UNIT, .flags = flags, .n = n};
}

static inline struct step step_refuse(uint64_t n)
{
	return (struct step){.verb = STEP_REFUSE, .n = n};
}

#endif
