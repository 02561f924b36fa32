/* One vector through the running gate, on a path that ends in our own hands. */
#ifndef SALLYPORT_CMD_PROBE_H
#define SALLYPORT_CMD_PROBE_H

#include <stdbool.h>

#include "gate/control_msg.h"
#include "priv/channel.h"
#include "proto/vector.h"

/* The gate, and where we meet it. */
struct probe_way {
	struct channel *worker; /* greeted */
	const char     *service;
	uint8_t         transport; /* enum policy_transport */
	struct address  at; /* where the clients' connections go */
	struct address  as; /* judged as from here; family 0 = from where we are */
};

enum probe_outcome {
	PROBE_STOPPED = 0, /* an unlawful message did not come out behind the gate */
	PROBE_STOPPED_OTHERWISE, /* the same, for another reason than the vector shows */
	PROBE_LEAKED, /* it did, or a part of it */
	PROBE_PASSED, /* a lawful message came out */
	PROBE_BY_POLICY, /* policy stopped a lawful message, or one before it */
	PROBE_REFUSED, /* a recogniser refused a lawful message */
	PROBE_LEFT_OUT, /* the vector needs limits or tolerances of its own, or a server that speaks first */
	PROBE_OUTCOMES
};

struct probe_result {
	enum probe_outcome outcome;
	struct probe_said  report; /* what the gate said of it; why 0 = nothing */
};

/* How a probe failed before or while it ran. No byte of a vector is sent unless the gate has said that it holds the connection. */
enum probe_trouble { PROBE_FINE = 0, PROBE_NO_GATE, PROBE_NO_SERVICE, PROBE_NOT_TAKEN, PROBE_BUSY /* too many probes at once */, PROBE_SYSTEM };

enum probe_trouble probe_vector(const struct probe_way *way, const struct vector *vector, struct probe_result *out);
/* Ask where the service listens and what is spoken there; EXPECTED in *out. `way->at` is not used. */
enum probe_trouble probe_ask_where(const struct probe_way *way, struct probe_said *out);

#endif
