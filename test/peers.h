/* Two scripted peers around one flow of the real driver: byte queues, a clock of our own, and a record of all that happens. */
#ifndef SALLYPORT_TEST_PEERS_H
#define SALLYPORT_TEST_PEERS_H

#include "proto/driver.h"
#include "test/guard.h"

/*
 * What is held of a direction always ends at an unreadable page. The judge passes everything, opaque
 * content included; nothing is watched; dials succeed at once unless hold_dials. Change peers->ops between
 * peers_open and peers_start to have it otherwise. Aborts without memory.
 */

enum { PEERS_UNITS_MAX = 512, PEERS_REPORTS_MAX = 64, PEERS_DATAGRAMS_MAX = 64, PEERS_PATH_MAX = 1024 };

/* Bytes that grow. */
struct peers_bytes {
	uint8_t *p;
	size_t   len, cap;
};

struct peers_lane {
	struct guard       guard;
	size_t             held; /* streams: the last `held` bytes before the guard; datagrams: of the head one */
	struct peers_bytes waiting; /* datagrams behind the head one */
	size_t             datagram[PEERS_DATAGRAMS_MAX];
	unsigned           datagrams; /* with the head one */
	struct peers_bytes out; /* what was sent on to the other side */
	uint64_t           sent; /* bytes the peer has sent so far */
};

/* One committed unit. */
struct peers_unit {
	uint8_t  side, verb, flags, patches;
	uint64_t at, n, opaque;
	uint64_t facts; /* a sum over the wanted facts */
};

/* A report that outlives the call. */
struct peers_report {
	uint8_t  kind, from;
	uint16_t why;
	uint32_t at; /* from the unit's start */
	uint64_t unit_at, unit_len;
	bool     follows_taint;
	char     path[PEERS_PATH_MAX];
};

struct peers {
	struct driver_env   env;
	struct driver_ops   ops;
	struct clock        clock;
	const struct profile *profile; /* of the flow, while it speaks what it opened with */
	uint16_t            proto;
	struct flow        *flow;
	struct peers_lane   lane[2];
	struct peers_bytes  answer; /* ours, to the client */
	struct peers_unit   unit[PEERS_UNITS_MAX];
	struct peers_report report[PEERS_REPORTS_MAX];
	unsigned            units, reports; /* may exceed what is kept */
	unsigned            dials, binds;
	bool                datagram, hold_dials, dialing, ended, overrun;
	struct ending       ending;
};

/* cap: the most bytes ever held of one direction. */
void peers_open(struct peers *peers, const struct recogniser *const *recognisers, size_t cap);
void peers_close(struct peers *peers);
/* A fresh flow; all records are emptied, the clock stays. */
void peers_start(struct peers *peers, uint16_t proto, const struct profile *profile);
/* These bytes (or this datagram) arrive; the driver runs until it is idle. */
void peers_send(struct peers *peers, enum side side, const void *bytes, size_t n);
/* The hour of the flow's next deadline comes; false when there is none. */
bool peers_expire(struct peers *peers);
void peers_dialed(struct peers *peers, bool ok);
/* The first report that stopped a unit (refused, watched, denied, unseen), or NULL. */
const struct peers_report *peers_refusal(const struct peers *peers);

#endif
