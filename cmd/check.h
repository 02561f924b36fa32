/* Inside `sallyport check`: what its files share. */
#ifndef SALLYPORT_CMD_CHECK_H
#define SALLYPORT_CMD_CHECK_H

#include "base/slots.h"
#include "capture/capture.h"
#include "event/event.h"
#include "event/text.h"
#include "proto/driver.h"
#include "proto/protocols.h"
#include "proto/reasons.h"

/* Why bytes of a flow could not be seen. The names and sentences stand in check_summary.c. */
enum unseen {
	UNSEEN_NONE = 0,
	UNSEEN_TLS, /* in clear until StartTLS, or on a port that speaks TLS from the start */
	UNSEEN_SEALED, /* a security layer of the protocol itself */
	UNSEEN_UNREAD, /* whole messages that may be allowed by the name of an opaque reason other than these */
	UNSEEN_FRAMING, /* behind a refusal after which no next message can be found */
	UNSEEN_GAP, /* behind what the capture lacks */
	UNSEEN_AMBIGUOUS,
	UNSEEN_MIDWAY, /* began before the capture, and not at the start of a message */
	UNSEEN_ENDED, /* behind a message that ends the conversation */
	UNSEEN_TAIL, /* the flow or the capture ended inside a message */
	UNSEEN_DATAGRAM, /* datagrams cut by the capture's length limit */
	UNSEEN_MEMORY,
	UNSEEN_KINDS,
};

/* What one protocol showed. */
struct tally {
	uint64_t flows;
	uint64_t messages[2]; /* by enum side */
};

enum { TALLIES_MAX = 64 };

struct totals {
	struct tally tally[TALLIES_MAX]; /* by place in protocols[] */
	uint64_t     messages, refused;
	uint64_t     watched; /* refused by a recogniser, and let pass by the policy */
	uint64_t     consequences; /* state refusals that follow from an earlier one */
	uint64_t     unjudged; /* state refusals of flows whose beginning was not captured */
	uint64_t    *by_reason; /* by reason number */
	uint64_t     unseen_bytes[UNSEEN_KINDS], unseen_flows[UNSEEN_KINDS];
	uint64_t     payload, payload_flows; /* bytes whose place and length were recognised and which nobody reads: contents of files */
	uint64_t     midway; /* flows of known protocols that began before the capture, and were read */
	uint64_t     uncovered; /* flows without a recogniser; their bytes are captured.ignored_bytes */
	uint64_t    *uncovered_port[2]; /* flows without a recogniser by server port: TCP, UDP */
	uint64_t     reset; /* flows of known protocols ended by a reset */
	uint64_t     files, files_unread, files_cut, files_damaged, interrupted;
	struct capture_counts captured; /* sums */
};

struct check_options {
	bool json, strict, all, units, flows, quiet;
};

struct check_policy; /* check_policy.c */
struct judged;

struct check {
	struct check_options  options;
	struct check_policy  *policy; /* NULL: the safe defaults, and what the command line says */
	struct line_style     style;
	struct totals         totals;
	struct driver_env     env;
	struct clock          clock;
	struct slots          slots; /* flows and what they hold */
	struct profile        profile[TALLIES_MAX]; /* by place in protocols[] */
	uint64_t             *limits[TALLIES_MAX];
	uint16_t             *port_proto[2]; /* what speaks on a port, TCP and UDP; PROTO_NONE = look */
	uint16_t              forced[2]; /* every TCP flow, every UDP flow is this; PROTO_NONE = by port */
	const char           *file; /* being read */
	uint64_t              file_number;
	struct capture_packet packet; /* in hand */
	bool                  write_failed;
	bool                  progress_shown;
};

/* The bytes of one direction: first what is held, else what the packet in hand brought. */
struct side_bytes {
	const uint8_t *live;
	size_t         live_len;
	uint8_t       *hold; /* a slot of hold_size bytes, or NULL */
	size_t         hold_at, hold_len, hold_size; /* hold_len bytes from hold_at on */
	bool           fin;
	bool           started; /* its first byte was fed */
	uint64_t       fed, accounted; /* bytes; accounted = in recognised or refused messages */
	uint64_t       messages;
};

/* A flow of a protocol somebody here knows. */
struct check_flow {
	struct check  *check;
	struct flow   *driver; /* NULL once stopped */
	struct tally  *tally;
	const struct recogniser *r; /* what speaks now */
	struct judged *judged; /* its place in the policy; NULL: there is none, or it goes to no service of it */
	struct address client, server;
	struct side_bytes side[2];
	char           community[COMMUNITY_ID_MAX]; /* made with the first JSON line */
	uint64_t       id, first_us, first_packet, last_us, last_packet;
	uint64_t       refused;
	uint64_t       after_stop; /* bytes behind the stop */
	uint64_t       datagrams_cut_bytes;
	uint64_t       payload, unread; /* see totals and UNSEEN_UNREAD */
	uint8_t        stop; /* enum unseen */
	uint8_t        opaque; /* enum unseen: why bytes pass unseen while the flow is read */
	uint8_t        ip_protocol;
	bool           swapped; /* the capture took the server for the client */
	bool           blind; /* state cannot be judged: something came before, or datagrams are missing */
	bool           midway;
	bool           datagram;
	bool           ended, dialing;
};

/* check_guess.c: which protocol a new flow speaks, by port or by its first bytes. */
struct guess {
	uint16_t proto; /* PROTO_NONE = nobody here knows it */
	bool     swapped; /* the capture's client is the server */
};

bool         guess_open(struct check *check);
void         guess_close(struct check *check);
struct guess guess_protocol(const struct check *check, const struct capture_key *key, bool midway, enum side from,
			    const uint8_t *bytes, size_t n);
/* Whether the bytes look like the start of a message of this protocol from this side; true where nobody can tell. */
bool guess_is_boundary(uint16_t proto, enum side from, const uint8_t *bytes, size_t n);
/* --port PORT=NAME, --protocol NAME[:PORT]; false after a complaint. */
bool guess_set_port(struct check *check, const char *text);
bool guess_set_protocol(struct check *check, const char *text);

/* check_profile.c: limits and tolerances. */
bool profile_open(struct check *check);
void profile_close(struct check *check);
bool profile_set_limit(struct check *check, const char *text);
/* Facts are built only where somebody shows them. */
void profile_want(struct check *check);
bool profile_tolerate(struct check *check, const char *name);
int  protocol_place(uint16_t proto);

/* check_bytes.c: what one direction holds. */
const uint8_t *bytes_peek(const struct side_bytes *side, size_t *len);
void           bytes_drop(struct check *check, struct side_bytes *side, size_t n);
/* The packet in hand brought n bytes. False when there is no memory for them; nothing is lost then but these. */
bool bytes_feed(struct check *check, struct side_bytes *side, const uint8_t *bytes, size_t n);
/* The packet goes away: keep what was not taken. */
bool bytes_keep(struct check *check, struct side_bytes *side);
void bytes_free(struct check *check, struct side_bytes *side);

/* check_ops.c: what the driver asks. check_flow.c: what the capture tells. */
extern const struct driver_ops check_driver_ops;
struct capture_sink            check_sink(struct check *check);

/* check_policy.c. False after a complaint; `service` may be NULL. */
bool policy_use(struct check *check, const char *path, const char *service);
void policy_leave(struct check *check);
/* A service takes flows from `client` to `server`; `guessed` is what they seem to speak. */
struct policy_arrival;
bool policy_finds(struct check *check, const struct address *client, const struct address *server, bool udp, uint16_t guessed, struct policy_arrival *out);
/* False: there is no memory. */
bool policy_flow_take(struct check_flow *f, const struct policy_arrival *arrival);
void policy_flow_give(struct check_flow *f);
/* The flow is read. */
void policy_flow_count(struct check *check, const struct check_flow *f);
/* NULL: by the profile of `check` itself. */
const struct profile *policy_flow_reads(struct check_flow *f, uint16_t proto);
/* The policy lets what is refused for this reason pass, and watches it. */
bool policy_flow_watches(const struct check_flow *f, uint16_t why);
/* Judges a unit of a flow that has a place in the policy; a denial is counted and shown. */
void    policy_unit(struct check_flow *f, enum side from, const struct step *step, const struct cx *cx);
void    policy_summary(const struct check *check);
json_t *policy_stats(const struct check *check);

/* check_print.c: what is shown of a flow while it is read. */
/* Findings are counted by reason; what only follows from something else is counted apart. */
void count_refusal(struct check_flow *f, const struct refusal *refusal, bool follows_taint);
void print_refusal(struct check_flow *f, enum side from, const struct refusal *refusal);
void print_report(struct check_flow *flow, const struct report *report);
void print_capture_refusal(struct check_flow *flow, uint16_t why, enum side from);
void print_unit(struct check_flow *flow, enum side from, const struct step *step, const struct cx *cx);
void print_flow_end(struct check_flow *flow, bool reset);

/* check_summary.c */
void        summary_add_capture(struct totals *totals, const struct capture_counts *counts);
bool        summary_unseen(const struct totals *totals);
uint64_t    summary_unseen_bytes(const struct totals *totals);
/* IP packets that are neither TCP nor UDP. */
uint64_t    summary_other_protocols(const struct totals *totals);
void        summary_print(struct check *check);
const char *unseen_name(enum unseen kind);
/* check_stats.c: the same as one EVE line. */
void summary_json(struct check *check);
/* The server ports with the most flows nobody recognises, most first; returns how many. */
enum { TOP_PORTS = 5 };
struct top_port {
	bool     udp;
	uint16_t port;
	uint64_t flows;
};
size_t summary_top_ports(const struct totals *totals, struct top_port out[static TOP_PORTS]);

/* progress.c: one line on a terminal's stderr, once a file takes longer than half a second. */
struct progress {
	bool     terminal;
	uint64_t started_ms, shown_ms;
	uint64_t total; /* bytes of the file; 0 = unknown */
};

struct progress progress_start(uint64_t total);
void            progress_show(struct progress *p, uint64_t bytes, uint64_t packets);
void            progress_clear(struct progress *p);

#endif
