/* Records: what happened in the gate, as the workers write it down in binary and the scribe renders it. */
#ifndef SALLYPORT_EVENT_RECORD_H
#define SALLYPORT_EVENT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/facts.h"
#include "proto/driver.h"

/*
 * A record on its way is: u8 kind, u8 version 2, u16 length of all of it, then the fields of its kind in the order of
 * this header, little-endian, texts with a u16 length before them. Never a C struct. Whoever sends records is not believed:
 * the scribe refuses what does not parse to its last byte, bounds every number it uses, and escapes every text.
 */

enum record_kind {
	RECORD_FLOW = 0, /* a flow has ended */
	RECORD_REFUSAL, /* a unit was refused, denied, watched, or an answer could not be given */
	RECORD_RULE, /* a rule with `log` decided, or a watched rule would have blocked */
	RECORD_REPEATED, /* more of the same refusal from the same source, summed up */
	RECORD_GATE, /* the gate itself */
	RECORD_KINDS
};

enum { RECORD_MAX = 3072, RECORD_TEXT_MAX = 255, RECORD_PATH_MAX = 512 };

/* A text of a record: borrowed, not terminated. */
struct record_text {
	const char *text;
	uint16_t    len;
};

/* Who took a flow's life. */
enum record_end {
	END_CLOSED = 0, /* both sides said all they had to say */
	END_CLIENT_RESET,
	END_SERVER_RESET,
	END_REFUSED, /* by a refusal or denial: `why` says which */
	END_GATE, /* by the gate: timeouts, limits, an unreachable server: `why` says which */
	END_STOPPED, /* the gate stops */
	RECORD_ENDS
};

/* What happened to the gate. */
enum record_gate {
	GATE_STARTED = 0, /* text: how many listeners and which protections are missing */
	GATE_STOPPED,
	GATE_WORKER_CRASHED, /* text: group; a = signal or (c = 1) exit code, b = its pid. client, service, flow_id: what it was at, as far as known */
	GATE_WORKER_HUNG, /* the same; the keeper killed it */
	GATE_WORKER_BACK, /* text: group; a = milliseconds it was away */
	GATE_SCRIBE_BACK, /* records were lost: a = how many restarts */
	GATE_SERVER_DOWN, /* server = the host that could not be reached; a = errno; b = milliseconds it took */
	GATE_SERVER_BACK, /* server; a = milliseconds it was away */
	GATE_FULL, /* a limit turned connections away: why = which; a = how many since the last of these records */
	GATE_LOST, /* records that found no room: a = flows, b = refusals, c = others */
	GATE_LIAR, /* the scribe gave a sender of records up: a = its group; text: what was wrong */
	GATE_UNWRITTEN, /* the scribe could not write event lines: a = lines; text: where, b = errno or 0 */
	GATE_PORT_OPENED, /* a server announced port `a` to `client`, and the gate listens there now; server: host and port; text: for which inner interface */
	GATE_PORT_CLOSED, /* it listens there no more; b = connections there were; c = 1: another port needed its place */
	RECORD_GATES
};

/* What a worker may say about the gate; the rest is the keeper's or the scribe's own. */
static inline bool record_gate_of_worker(uint8_t gate)
{
	return gate == GATE_SERVER_DOWN || gate == GATE_SERVER_BACK || gate == GATE_FULL || gate == GATE_LOST ||
	       gate == GATE_PORT_OPENED || gate == GATE_PORT_CLOSED;
}

struct record {
	enum record_kind kind;
	uint64_t         ts_us; /* since 1970 */
	uint64_t         flow_id; /* below 2^53; 0 = none */
	uint64_t         policy_rev;
	uint32_t         service; /* index into the blob's services; UINT32_MAX = none */
	uint16_t         proto; /* enum protocol spoken when it happened; 0 = none */
	uint8_t          ip_protocol; /* 6 or 17; 0 = none */
	bool             probe; /* the flow is the operator's probe: no server stands behind it */
	struct address   client, listener, server; /* family 0 = none; server: the host behind the gate */

	/* RECORD_FLOW */
	uint64_t began_us;
	uint64_t bytes[2]; /* received, by enum side */
	uint64_t forwarded[2];
	uint64_t units[2]; /* committed */
	uint32_t refusals, watched;
	uint8_t  end; /* enum record_end */
	bool     tainted;

	/* FLOW (how it ended), REFUSAL, RULE, REPEATED, GATE_FULL: a reason number, or 0 */
	uint16_t why;

	/* REFUSAL, RULE */
	uint8_t            report; /* not RULE: enum report_kind */
	uint8_t            from; /* enum side */
	bool               has_offset, has_numbers, consequence;
	bool               passed; /* RULE: the unit passed */
	uint32_t           offset; /* of the byte that breaks the rule, from the unit's start */
	uint64_t           stream_offset, unit_len;
	uint64_t           expected, got;
	struct record_text path, detail;
	struct record_text facts; /* what the message says, as facts_write has it; len 0 = nothing is known */
	struct record_text policy, rule; /* rule: as written by `id`; empty = rule_number. policy empty = no rule was asked */
	uint16_t           rule_number; /* from 1; 0 = the default, or no rule had a say */
	uint32_t           watch_until; /* 20270131; 0 = it is enforced */

	/* REPEATED; also `report` and `from` of the last of them */
	uint32_t count; /* that were not told one by one */
	uint32_t window_ms;

	/* RECORD_GATE */
	uint8_t            gate; /* enum record_gate */
	uint64_t           a, b, c;
	struct record_text text;
};

/*
 * Bytes written behind `out`, or 0 when `room` is too small. Texts longer than their maximum are cut; a number out of
 * its range (an enum, a flow id of 2^53) is our own bug and aborts.
 */
size_t record_write(const struct record *r, uint8_t *out, size_t room);
/* Bytes read of n, or 0: not a record. Texts of *out borrow. What is read writes back to the same bytes. */
size_t record_read(const uint8_t *bytes, size_t n, struct record *out);

#endif
