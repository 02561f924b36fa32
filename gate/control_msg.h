/* What the operator's commands and a worker say to each other over the control socket: sessions and probes. */
#ifndef SALLYPORT_GATE_CONTROL_MSG_H
#define SALLYPORT_GATE_CONTROL_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "priv/channel.h"
#include "proto/proto.h"

/*
 * Both sides read with the cursor and demand the end. A worker does not believe a client, nor a client a worker: numbers are
 * ranged, texts are capped and escaped by whoever shows them.
 */

enum { CONTROL_NAME_MAX = 255, CONTROL_TEXT_MAX = 512 };

/* MSG_SESSION: one flow as it is now. */
struct session_row {
	uint64_t       id;
	char           service[CONTROL_NAME_MAX + 1];
	uint8_t        ip_protocol; /* 6, 17 */
	uint16_t       proto;
	struct address client, server; /* server.family 0 = not dialled */
	uint64_t       age_ms, bytes[2], units[2];
	uint32_t       refusals, held; /* bytes held and waiting to be sent */
	uint8_t        phase; /* enum session_phase_shown */
	bool           probe;
};

enum session_phase_shown { SHOWN_FIRST = 0, SHOWN_CONNECT, SHOWN_OPEN, SHOWN_CLOSING, SHOWN_PHASES };

void session_row_write(const struct session_row *row, struct payload *out);
bool session_row_read(const struct message_in *in, struct session_row *out);

/*
 * MSG_PROBE: before it connects, a probe says from where; only the connection from there to this service becomes the probe,
 * and what comes out behind the gate goes into the descriptor that comes along (an AF_UNIX socket, never a host).
 */
struct probe_ask {
	char           service[CONTROL_NAME_MAX + 1];
	uint8_t        transport; /* enum policy_transport */
	struct address source; /* as the gate will see it */
	struct address as; /* judged as if it came from here; family 0 = from `source` */
};

void probe_ask_write(const struct probe_ask *ask, struct payload *out);
bool probe_ask_read(const struct message_in *in, struct probe_ask *out);

/* MSG_PROBE_SAYS */
enum probe_says {
	PROBE_EXPECTED = 0, /* the connection may come, to `at` */
	PROBE_NOT_HERE, /* this worker has no such service */
	PROBE_DENIED, /* text says why */
	PROBE_TAKEN, /* the connection is there and is the probe: now bytes may be sent. flow_id */
	PROBE_REPORT, /* report, why, from, offset, path */
	PROBE_TURN, /* what has come so far was looked at: received, taken, forwarded */
	PROBE_ENDED, /* why */
	PROBE_SAYINGS
};

struct probe_said {
	uint8_t        what; /* enum probe_says */
	struct address at; /* EXPECTED: the service's listener */
	uint16_t       proto; /* EXPECTED: what is spoken there */
	uint64_t       flow_id;
	uint16_t       why;
	uint8_t        report, from; /* enum report_kind, enum side */
	uint32_t       offset;
	uint64_t       received[2], taken[2], forwarded[2]; /* by enum side; taken: let through, swallowed or refused */
	char           text[CONTROL_TEXT_MAX + 1]; /* DENIED: why; REPORT: the field path */
};

void probe_said_write(const struct probe_said *said, struct payload *out);
bool probe_said_read(const struct message_in *in, struct probe_said *out);

#endif
