/* A pretend gate for tests: flows, groups, dials, pinholes and a clock, and a record of all that left. */
#ifndef SALLYPORT_TEST_FAKE_GATE_H
#define SALLYPORT_TEST_FAKE_GATE_H

#include "proto/driver.h"

/* Bytes that grow. */
struct growing {
	uint8_t *bytes;
	size_t   len, room;
};

void growing_add(struct growing *g, const void *bytes, size_t n);
void growing_text(struct growing *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes as a scenario writes them. */
void growing_quote(struct growing *g, const uint8_t *bytes, size_t n);
void growing_free(struct growing *g);

/* What is held of one direction: for a stream one chunk, for datagrams one each. Always exactly as large as it is, for ASan. */
struct chunk {
	struct chunk *next;
	size_t        len, room;
	uint8_t      *bytes; /* behind len poisoned, where that can be */
};

struct fake_side {
	struct chunk *head;
	bool          fin;
	uint64_t      came, dropped, spliced; /* bytes */
	uint64_t      facts; /* digest of the facts and lengths of all committed units */
	/* the laws, as the gate sees them */
	uint64_t seen; /* bytes of the message so far that went as SEEN */
	uint64_t loose; /* bytes sent that nothing has accounted for yet */
	bool     passed; /* judge said yes to the unit at the head */
	bool     forgiven; /* a refused unit is watched: it may go */
	bool     inside; /* the last committed unit left a message open */
};

struct fake_flow {
	struct fake_gate *gate;
	char              name[16];
	struct flow      *flow; /* NULL once closed */
	struct group     *group; /* as told by bind, or joined */
	struct fake_side  side[2];
	struct growing    to_server;
	struct growing    to_client, marks; /* marks: for each byte 'f' forwarded or 'a' answer of ours */
	struct growing    notes; /* dials, binds, reports, ends: a line each */
	bool              woken, ended, dialing;
	uint64_t         *limit;
	struct profile    profile;
	uint16_t          proto; /* what it opened with */
};

enum { FAKE_FLOWS = 8 };

struct fake_gate {
	struct driver_env env;
	struct clock      clock;
	struct fake_flow  flow[FAKE_FLOWS];
	unsigned          flows, binds;
	bool              no_pinholes;
	const char       *broken; /* a law the driver broke, or NULL */
	uint64_t          peeks; /* how often the driver looked: a bound on its work */
	uint32_t          tolerate; /* of flows opened from now on */
	/* policy; may be NULL: pass all, watch nothing */
	enum verdict (*judge)(struct fake_flow *f, enum side from, const struct step *step, const struct cx *cx, uint16_t *why);
	bool (*watch)(struct fake_flow *f, const struct report *report);
	const char *(*reason_name)(uint16_t number);
	void *user;
	size_t used, buckets; /* of the driver's pools when the gate opened */
};

/* Between the gate's own files. */
extern const struct driver_ops fake_gate_ops;
void fake_law(struct fake_flow *f, bool kept, const char *which);
void fake_chunk_free(struct chunk *c);

/* Zero the gate and fill env.recognisers and what else differs from the defaults first; env may be one already open. */
bool fake_gate_open(struct fake_gate *gate);
/* Closes every flow; the driver's pools abort if anything is still out. */
void fake_gate_close(struct fake_gate *gate);
/* Closes every flow and keeps env for another gate; false when the driver's pools did not get everything back. */
bool fake_gate_empty(struct fake_gate *gate);

/* NULL when the driver refuses. */
struct fake_flow *fake_flow_open(struct fake_gate *gate, const char *name, uint16_t proto, struct fake_flow *joins);
/* A limit other than the safe one ("dir.outstanding"), before the first byte; false when there is none of that name. */
bool              fake_flow_limit(struct fake_flow *f, const char *name, uint64_t value);
void              fake_flow_close(struct fake_flow *f);

/* Bytes lie ready; nothing runs yet. */
void fake_push(struct fake_flow *f, enum side from, const void *bytes, size_t n);
/* Run the flow, and whatever it wakes, until nothing moves. */
void fake_turn(struct fake_flow *f, enum side from);
void fake_dialed(struct fake_flow *f, bool ok);
void fake_clock(struct fake_gate *gate, uint64_t ms);
/* The gate sends n opaque bytes itself. */
void fake_splice(struct fake_flow *f, enum side from, uint64_t n);

/* All that the flows came to, as text: what must not depend on how the input was cut. */
void fake_gate_story(const struct fake_gate *gate, struct growing *out);
/* From now on the driver's pools may hand out so many bytes more. */
void fake_memory_left(struct fake_gate *gate, size_t bytes);

#endif
