/* The driver: the one piece of code that obeys recognisers' steps. Sockets, clock and policy are injected. */
#ifndef SALLYPORT_PROTO_DRIVER_H
#define SALLYPORT_PROTO_DRIVER_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/slots.h"
#include "proto/proto.h"

/*
 * For each unit: next -> judge -> bind pinholes -> emit the patched bytes -> commit -> queue answers
 * -> drop input. The caller owns the bytes of both directions; the driver asks for them (peek), sends
 * them on (emit) and says when they may be forgotten (drop).
 */

struct group; /* shared by the flows of one call */

struct profile;

enum verdict { VERDICT_PASS = 0, VERDICT_DENY };

enum report_kind {
	REPORT_REFUSED = 0, /* a recogniser refused; blocked */
	REPORT_WATCHED, /* refused, forwarded uncommitted, the flow is tainted */
	REPORT_DENIED, /* policy, a full table of the gate, or a failed pinhole said no */
	REPORT_UNSEEN, /* framing is lost under watch: the rest of the flow is opaque.unseen */
	REPORT_UNANSWERED, /* an answer of ours could not be given: the fault says why */
};

/* One thing worth an event. Valid during the call. */
struct report {
	enum report_kind    kind;
	enum side           from;
	const struct fault *fault; /* traced: fault_path() gives the field path */
	uint64_t            unit_at; /* stream offset of the unit's first byte */
	uint64_t            unit_len; /* 0 when framing is lost */
	const uint8_t      *bytes; /* what is held of the unit */
	size_t              len;
	bool                follows_taint; /* a state refusal of a tainted flow: a consequence, not a finding */
	const char         *detail; /* one more clause for people, or NULL */
};

/* How a flow ends. */
struct ending {
	uint16_t why; /* reason, or R_NONE for an orderly end */
	bool     server_inside; /* the server stands inside a message: reset it; otherwise FIN */
};

/* What the driver needs from outside. `user` is the flow's own pointer. Calls do not re-enter the driver. */
struct driver_ops {
	/* The bytes held of one direction (for datagrams: the next one); NULL and 0 when there are none. */
	const uint8_t *(*peek)(void *user, enum side from, size_t *len, bool *fin);
	/* Forget n bytes of a direction (for datagrams: the whole one). */
	void (*drop)(void *user, enum side from, size_t n);
	/* Send bytes on to the side opposite to `from`. */
	void (*emit)(void *user, enum side from, const uint8_t *bytes, size_t n);
	/* Send bytes of our own making to the client. */
	void (*answer)(void *user, const uint8_t *bytes, size_t n);
	/* Send bytes of our own making to the server. May be NULL: it gets nothing in place of what was denied. */
	void (*instead)(void *user, const uint8_t *bytes, size_t n);
	/* May this unit pass? Sets *why (a policy or opaque reason) on DENY. step->why is what must be allowed by name. */
	enum verdict (*judge)(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why);
	/* May this refusal be watched instead of blocked? Never asked for `unsafe` reasons unless watch_unsafe. */
	bool (*watch)(void *user, const struct report *report);
	void (*report)(void *user, const struct report *report);
	/* A unit was committed: for counting and for events. May be NULL. */
	void (*committed)(void *user, enum side from, const struct step *step, const struct cx *cx);
	/* Start dialling; the result comes by driver_dialed. */
	void (*dial)(void *user, const struct route *route);
	/* Open all n pinholes or none; sets the address the other end is told for each. False: the unit is denied. */
	bool (*bind)(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound);
	/* The settings a protocol is read with, when the flow opens and after each SWITCH. NULL, or returning NULL: safe defaults. */
	const struct profile *(*profile)(void *user, uint16_t proto);
	/* The direction from `from` is finished: mirror the half-close. */
	void (*fin)(void *user, enum side from);
	/* The flow is over; the caller sends FIN or reset and calls driver_close when it likes. */
	void (*end)(void *user, const struct ending *ending);
	/* Another flow of the group moved: run driver_turn for both sides of this one soon. */
	void (*wake)(void *user);
};

/* What a service fixes for its flows: limits, tolerances, facts somebody asks for. The limits are borrowed while the flow lives. */
struct profile {
	const uint64_t *limit; /* NULL = the recogniser's safe defaults */
	uint32_t        tolerate;
	uint32_t        wanted;
	const struct interfaces *interfaces; /* of an expected flow; NULL = any. Borrowed while the flow lives; may grow between turns */
};

/* Shared by all flows of one worker. Zero it, fill the public part, driver_env_open. */
struct driver_env {
	const struct recogniser *const *recognisers; /* NULL-terminated */
	const struct driver_ops        *ops;
	const struct clock             *clock;
	struct hash_key                 key;
	size_t   memory_cap; /* bytes for tables, gathers and queued answers; 0 = 64 MiB */
	unsigned turn_units; /* units per direction and turn before driver_turn says AGAIN; 0 = no bound */
	bool     watch_unsafe; /* `check` and the fuzzers: nothing is protected, everything is to be seen */
	/* the driver's own */
	struct driver_private *private;
};

/* False when there is no memory. */
bool driver_env_open(struct driver_env *env);
void driver_env_close(struct driver_env *env);

/* A new flow speaking `proto`; joins `group` (NULL: none). NULL when there is no memory: refuse the session. */
struct flow *driver_open(struct driver_env *env, uint16_t proto, struct group *group, void *user);
/* Forget the flow and all it holds; leaves its group. *flow becomes NULL. */
void driver_close(struct flow **flow);

enum turn {
	TURN_IDLE = 0, /* nothing more can be done with what is held */
	TURN_AGAIN, /* turn_units was reached: call again */
	TURN_ENDED, /* the flow is over */
};

/* `side` has new bytes, a FIN, or was woken. Also runs the other side where that became possible. */
enum turn driver_turn(struct flow *flow, enum side side);
/* The dial that ROUTE asked for has ended. */
enum turn driver_dialed(struct flow *flow, bool ok);
/* Refuse what has waited too long. */
enum turn driver_expire(struct flow *flow);
/* The gate itself ends the flow: a time is up, a limit is met, the server cannot be reached. The client gets the protocol's goodbye. */
void driver_abort(struct flow *flow, uint16_t why);
/* When driver_expire is due, in clock milliseconds; UINT64_MAX = never. */
uint64_t driver_deadline(const struct flow *flow);

/* For the gate's memory: how many bytes must be held before more can be decided (0 = any may do), and whether what is held waits for the other side. */
uint64_t driver_need(const struct flow *flow, enum side from);
bool     driver_waiting(const struct flow *flow, enum side from);
/* The server stands between two messages: it can be sent a FIN without cutting one. */
bool driver_between(const struct flow *flow);
/* For the gate's splice and for reports. */
uint64_t                 driver_opaque_left(const struct flow *flow, enum side from);
void                     driver_opaque_done(struct flow *flow, enum side from, uint64_t n);
uint64_t                 driver_offset(const struct flow *flow, enum side from);
const struct recogniser *driver_protocol(const struct flow *flow);
/*
 * Within judge, and within a report of a unit that was refused, denied or watched: the same unit read once more with every fact
 * built, for events. The facts stand in the result until the call returns. NULL where there is no unit, or no room for all of them.
 */
const struct cx         *driver_facts(struct flow *flow);
bool                     driver_tainted(const struct flow *flow);
const struct recogniser *driver_find(const struct driver_env *env, uint16_t proto);

#endif
