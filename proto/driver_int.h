/* Inside the driver: flows, lanes, groups and the memory behind contract tables and gathers. */
#ifndef SALLYPORT_PROTO_DRIVER_INT_H
#define SALLYPORT_PROTO_DRIVER_INT_H

#include "proto/driver.h"
#include "proto/reasons.h"

enum {
	ANSWERS_MAX = 16 * 1024, /* queued for one client before the flow is ended */
	GATHER_MAX = 1024 * 1024, /* the largest inner unit a gather can show, in bytes */
	GATHERED_MAX = 4 * 1024 * 1024, /* in all gathers of a flow: others need the worker's memory too */
	GATHERS_MAX = 256, /* of a flow: they are looked for one after another */
	RECOGNISERS_MAX = 64,
	RESERVED_MAX = 48, /* slots promised in one call of next */
};

/* One direction of a flow. */
struct lane {
	uint64_t offset; /* of the next byte, from the start of the stream */
	uint64_t need; /* MORE: next is not called before so many bytes are held */
	uint64_t opaque; /* forward so many bytes unseen */
	uint64_t discard; /* read and drop so many bytes of a denied unit */
	uint64_t deadline; /* of the WAIT, in clock milliseconds */
	size_t   seen;
	uint8_t  event; /* enum event, until a step takes bytes */
	bool     waiting; /* the last step was WAIT */
	bool     stirred; /* it may move: bytes came, or what it waits for did */
	bool     inside; /* a message goes on: no boundary here */
	bool     routed; /* ROUTE was judged and dialled */
	bool     fin_done; /* the half-close was mirrored */
};

/* An entry of a contract table: in one bucket of the worker and in its flow's list. */
struct entry {
	struct entry *bucket_next, *flow_next, *flow_prev;
	struct flow  *flow;
	uint64_t      key;
	uint32_t      hash; /* what of it fits without making the entry a class larger */
	uint8_t       table;
	uint8_t       data[] __attribute__((aligned(16)));
};

/* The part of an inner unit that has gone by already. */
struct gather {
	struct gather *next;
	uint64_t       key;
	size_t         len, cap; /* grows by classes of slots, so that n pieces cost n copies and not n times n */
	uint8_t        bytes[];
};

struct group {
	struct flow *owner; /* its end is the end of every leg; NULL once it has gone */
	struct flow *first; /* linked by flow->group_next */
	uint8_t      state[STATE_MAX] __attribute__((aligned(16)));
};

struct flow {
	struct driver_env       *env;
	const struct recogniser *r;
	const uint64_t          *limit;
	void                    *user;
	struct group            *group;
	struct flow             *group_next;
	struct gather           *gathers;
	size_t                   gathered; /* bytes of their slots */
	uint32_t                 gather_count;
	struct entry            *entries[TABLES_MAX];
	uint32_t                 count[TABLES_MAX];
	uint64_t                 changes; /* of its tables and gathers */
	uint32_t                 tolerate, wanted;
	const struct interfaces *interfaces;
	uint8_t                 *queued; /* answers waiting for a boundary; ANSWERS_MAX bytes, or NULL */
	uint32_t                 queued_len;
	bool                     tainted, dialing, ended;
	struct lane              lane[2];
	uint8_t                  state[] __attribute__((aligned(16))); /* as much as the largest of the env's recognisers needs */
};

/* A slot taken when next asked for room, so that commit cannot fail. */
struct reserved {
	void   *slot;
	size_t  size;
	uint64_t key; /* gathers: whose; several may be promised slots of one size */
	uint8_t use; /* a table, or RESERVED_GATHER */
};

enum { RESERVED_GATHER = TABLES_MAX };

struct driver_private {
	struct slots    slots;
	struct arena    cut; /* checked builds: an exact copy of a unit stands at its end */
	struct entry  **bucket;
	size_t          buckets, entries;
	struct reserved reserved[RESERVED_MAX]; /* of the last next */
	unsigned        reservations;
	size_t          state_most[2]; /* the largest state of the recognisers of streams, and of those of datagrams */
	uint64_t       *defaults[RECOGNISERS_MAX]; /* safe limits, by place in env->recognisers */
	const struct in *asked; /* the unit that judge or a report is about, while it can be read again; what it was read as: */
	struct step     step;
	uint16_t        refused; /* the reason of a refusal */
	struct cx       cx;
	struct trace    trace;
	uint8_t         unit[UNIT_MAX] __attribute__((aligned(16)));
};

/* driver_call.c: one call of next, with the laws of a checked build around it. */
struct step driver_call_next(struct flow *f, const struct in *in);
/* The same call again with a trace, so that the fault in cx knows its field path. */
void driver_trace_fault(struct flow *f, const struct in *in);
/* Fresh cx for a call made for this flow. */
struct cx *driver_cx(struct flow *f, enum side from);

/* driver_answer.c */
/* Give cx->answer to the client now, at the next boundary, or say why not. `question` bounds a datagram's answer. */
void driver_give_answer(struct flow *f, enum side denied, size_t question);
/* Send what waits, if the server stands between messages. */
void driver_flush_answers(struct flow *f);
void driver_drop_answers(struct flow *f, const char *detail);

/* driver_memory.c: give back what a flow holds. */
void tables_free(struct flow *f);
void gathers_free(struct flow *f);
/* What was reserved and not used goes back. */
void driver_unreserve(struct driver_private *p);

/* driver_flow.c */
void driver_end(struct flow *f, uint16_t why);
/* Tell waiting flows of the group, and this flow's waiting lanes, that something moved. */
void driver_stir(struct flow *f);
/* What either direction holds is to be read anew: another protocol speaks, or none. */
void driver_look_again(struct flow *f);
/* The group of f, made now if it has none; NULL without memory. */
struct group *driver_group(struct flow *f);
/* From now on `proto` speaks in both directions. */
void driver_switch(struct flow *f, uint16_t proto);

#endif
