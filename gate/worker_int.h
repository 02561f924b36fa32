/* Inside a worker: sessions, associations, what is held and what waits to be sent. One thread, one epoll set. */
#ifndef SALLYPORT_GATE_WORKER_INT_H
#define SALLYPORT_GATE_WORKER_INT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/str.h"
#include "event/journal.h"
#include "gate/heart.h"
#include "gate/socket.h"
#include "gate/worker.h"
#include "policy/policy.h"
#include "priv/channel.h"
#include "proto/driver.h"
#include "proto/reasons.h"

enum {
	SCRATCH = 256 * 1024, /* bytes read at once, and per flow and turn */
	TURN_UNITS = 32, /* units per direction before another flow has its turn */
	HEADER_READ = 512, /* what is read where a large payload's next header is expected */
	SPLICE_LEAST = 128 * 1024, /* opaque bytes from which the kernel moves them: below, a copy is cheaper (bench/gate) */
	RESERVE_FROM = 64 * 1024, /* a unit larger than this reserves its memory first */
	PIPES_MAX = 64, /* the kernel gives a user 64 pipes of 1 MiB */
	PIPE_SIZE = 1024 * 1024,
	IOVS = 16, /* runs of bytes in one send */
	COPIED_MAX = 64 * 1024, /* bytes of our own making per send */
	UNREAD_MOST = 256 * 1024, /* bytes a client leaves unread before no more is read from him: each request may be answered by us */
	ACCEPTS = 64, /* connections taken from one listener per turn */
	EVENTS = 256,
	SOCKET_EVENTS = (int)(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET), /* of a session's sockets */
	LINGER_MS = 2000, /* a closed flow's last bytes may take so long */
	SLOW_AFTER_MS = 5000, /* a message that takes longer must come ... */
	SLOW_RATE = 1024, /* ... at so many bytes a second */
	TICK_MS = 250, /* how often waits and slow messages are looked at */
	SPLICE_TURN = 1024 * 1024, /* bytes the kernel moves for one flow before another has its turn */
	TOLD_EVERY_MS = 10000, /* how often connections turned away are told */
	UDP_IDLE_MS = 30000, /* an association in which nothing moves */
	UDP_MOST = 4096, /* associations of one worker */
	UDP_SHARE = 4, /* but no more than a quarter of its descriptors: forged datagrams must leave connections theirs */
	FLUSH_RETRY_MS = 20, /* records that found no room in the channel */
	DOWN_MS = 10000, /* a server that could not be reached is left alone for so long */
	PROBES_MAX = 16,
	FORMER_PROBES = 256, /* over UDP: remembered for ... */
	FORMER_MS = 30000,
	CLIENTS_MAX = 16, /* control connections */
	PINHOLES_MAX = 256, /* ports opened because a server announced them */
	PINHOLES_PER_SERVICE = 64,
	PINHOLE_PORT_LEAST = 1024,
	PINHOLE_MS = 12 * 60 * 60 * 1000, /* unused for so long, it is closed */
};

/* What an epoll event is about: in the low bits of its pointer. */
enum about { ABOUT_CLIENT = 0, ABOUT_SERVER, ABOUT_LISTENER, ABOUT_ASSOCIATION, ABOUT_CONTROL, ABOUT_CONTROL_CLIENT, ABOUT_KEEPER, ABOUT_MASK = 7 };

/* ---- Timers: one FIFO per distinct duration; what stands first is due first (timers.c) ---- */

enum timer_kind { TIMER_PHASE = 0, TIMER_AGE, TIMER_TICK, TIMER_KINDS };

struct timer {
	struct timer *next, *prev; /* NULL = not set */
	uint64_t      due_ms;
};

struct timer_queue {
	struct timer head; /* circular */
	uint64_t     ms;
	uint8_t      kind; /* enum timer_kind; TIMER_KINDS = of associations */
};

struct upstream;

/* ---- What a session and an association have in common (conversation.c) ---- */

struct conversation {
	struct worker     *w;
	struct flow       *flow;
	uint64_t           id, began_us, dialled_ms; /* dialled: when the last dial began */
	uint64_t           bytes[2], forwarded[2], units[2];
	struct address     source;
	uint16_t           upstream; /* which of the service's addresses it was dialled to, from 1; 0 = not yet */
	uint16_t           listener;
	uint32_t           refusals, watched;
	uint8_t            ip_protocol;
	int8_t             probe; /* which of the worker's probes; -1 = a real flow */
	struct policy_flow policy; /* policy.arrival.source: `source`, or what a probe pretends */
};

/* An arrival at a listener: judged by its service's policy from now on. False: no memory, or no such protocol. */
bool conversation_begin(struct conversation *c, struct driver_env *env, const struct address *source);
/* May this source have one more conversation with the service? The reason why not, or R_NONE: then it is counted. */
uint16_t conversation_admit(struct worker *w, uint32_t service, enum policy_transport transport, const struct address *source);
void     conversation_leave(struct worker *w, uint32_t service, enum policy_transport transport, const struct address *source);
/* Say once in a while how many were turned away, not each time; what is left is said when its time has come, or by `all` now. */
void turned_away(struct worker *w, uint32_t service, uint16_t why, uint8_t ip_protocol, const struct address *source);
void turned_away_told(struct worker *w, bool all);
/* The host behind the gate; family 0 while there is none. */
struct address conversation_server(const struct conversation *c);
/* Fields every record of it has. */
struct record conversation_record(const struct conversation *c, enum record_kind kind);
void          conversation_ended(const struct conversation *c, enum record_end end, uint16_t why);
/* What ran out on this host says nothing of a server, which others may reach. */
bool          error_is_ours(int error);
void          server_down(const struct conversation *c, struct upstream *up, int error);
void          server_up(const struct conversation *c, struct upstream *up);

/* Into the journal; when that is full, to the scribe first. */
void worker_note(struct worker *w, const struct record *r);
/* Write down whose bytes are looked at now, for the keeper to find should we die of them. */
void conversation_heart(const struct conversation *c);
/* The driver's calls that are the same for both. */
enum verdict          conversation_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why);
bool                  conversation_watch(void *user, const struct report *report);
void                  conversation_report(void *user, const struct report *report);
const struct profile *conversation_profile(void *user, uint16_t proto);

/* ---- Sessions: one TCP connection of a client, and the one behind it ---- */

/* The bytes that come from one side, and what waits to be sent to it. */
struct half {
	uint8_t     *hold, *out;
	struct pipe *pipe; /* bytes on their way from this side, in the kernel */
	int          fd; /* -1 = none */
	uint32_t     hold_len, hold_cap; /* bytes read and not yet done with, between turns */
	uint32_t     out_len, out_at, out_cap; /* bytes waiting to be sent to this side */
	uint32_t     slow_ms, slow_len; /* since when (low bits; 0 = never) a message is incomplete, and what was received of it since */
	bool         readable : 1, writable : 1;
	bool         to_the_end : 1; /* epoll said the peer closed its half, or sent urgent data: read until there is nothing */
	bool         fin_seen : 1; /* the peer will send nothing more */
	bool         fin_wanted : 1; /* send FIN once `out` is empty */
	bool         fin_sent : 1;
	bool         bulk : 1; /* its last unit had a large payload: read only the next header */
	bool         reserving : 1; /* waits for memory before more is read */
	bool         connecting : 1, reset : 1, broken : 1; /* reset: a read said so; broken: a send */
	bool         holed : 1; /* bytes for this side found no memory: nothing may follow them, and it ends by reset */
};

enum phase { PHASE_FIRST = 0 /* no whole unit yet */, PHASE_CONNECT, PHASE_IDLE, PHASE_LINGER };

struct session {
	struct conversation c; /* first: the driver's `user` points here */
	struct session     *next, *prev; /* all sessions */
	struct session     *run_next;
	union {
		struct session *reserve_next; /* in the line for memory */
		struct session *dead_next; /* once closed; it has left the line by then */
	};
	struct timer timer[TIMER_KINDS];
	struct half  side[2];
	uint16_t     why; /* why it ended */
	uint16_t     target; /* the next of the service's addresses to try */
	uint8_t      phase, end; /* enum phase, enum record_end */
	bool         ended : 1, aborted : 1, dead : 1, queued : 1, server_inside : 1, closed_server : 1;
	bool         again : 1; /* the driver has more to do with what is held */
	bool         starved : 1; /* there was no memory for bytes that have come, or no descriptor or port for a dial */
	bool         dialed : 1, tried : 1, unreachable : 1, unroutable : 1;
	bool         waits_memory : 1; /* it is in the line for memory */
};

/* What an idle connection costs, with the driver's share about 900 bytes: a slot of 512 must do. */
_Static_assert(sizeof(struct session) <= 512, "a session outgrew its slot");

/* ---- What one service needs while the worker runs ---- */

/* When a host was last found away; 0 = as far as we know it is there. */
struct health {
	uint64_t down_until, down_since;
};

struct upstream { /* one address of a host behind the gate */
	struct address at;
	struct health  health[2]; /* by enum policy_transport: a host that answers no datagrams may still take connections */
};

struct service {
	struct policy_service said;
	struct upstream      *upstream;
	uint32_t              upstreams;
	uint32_t              flows[2]; /* by transport: forged datagrams must not take the places of connections */
	uint32_t              turned_away; /* since the last event about it */
	uint16_t              away_why; /* the latest of them */
	uint8_t               away_protocol;
	struct address        away_source;
	uint64_t              told_ms;
	struct timer_queue   *phase[PHASE_LINGER + 1], *age, *udp_idle;
	uint64_t              limit[POLICY_SETTINGS]; /* what is set, or the gate's default */
};

struct listener {
	struct policy_listener said;
	struct worker         *w;
	int                    fd;
};

/* What is known of a listener that a server's announcement opened; it stands behind those of the policy, in the same order. */
struct pinhole {
	bool              used, any; /* any: for whatever inner interface */
	struct interfaces interfaces;
	uint16_t          upstream; /* whose port it is: which of the service's addresses, from 1 */
	uint32_t          flows;
	uint64_t          connections, began_ms, used_ms, stay_ms; /* used: asked for, or a connection came or went */
};

/* What leaves in one turn, by the side it goes to. */
struct sending {
	struct iovec iov[IOVS];
	unsigned     count;
	size_t       len;
};

/* What the driver sees of a side during a turn. */
struct view {
	uint8_t *bytes;
	size_t   len;
	bool     in_hold;
};

struct pipe {
	int          fd[2];
	uint32_t     size, held;
	struct pipe *next;
};

struct probe; /* control.c */
struct association; /* datagram.c */

struct worker {
	const struct worker_config *config;
	int                         epoll, reserve; /* reserve: a descriptor to give up when there are no more */
	struct policy               policy;
	struct driver_env           env;
	struct clock                clock;
	uint64_t                    wall_us; /* since 1970, read with the clock */
	uint32_t                    today;
	struct slots                slots; /* sessions, held bytes, what waits to be sent */
	struct hash_key             key;
	uint8_t                    *scratch, *copied;
	size_t                      copied_len;
	struct view                 view[2];
	struct sending              sending[2];
	struct policy_ruling        ruling; /* the last judgement, for the report that follows it */
	bool                        ruled;
	char                        about[RECORD_TEXT_MAX + 1]; /* what the last judgement was about, when somebody is told of it */
	uint8_t                     facts[FACTS_BYTES_MAX]; /* and what it says, as records have it */
	size_t                      facts_len;
	struct journal             *journal;
	struct channel              scribe, keeper;
	struct service             *service;
	struct listener            *listener;
	uint32_t                    services, listeners; /* listeners: the policy's; the pinholes' follow */
	struct pinhole             *pinhole;
	unsigned                    pinholes; /* open ones */
	uint64_t                    swept_ms;
	struct timer_queue         *queue;
	unsigned                    queues;
	struct timer_queue         *tick;
	struct sources             *sources;
	struct session             *sessions, *run, *dead;
	struct session             *reserve_first, **reserve_last;
	size_t                      reserved, reserve_cap;
	struct pipe                *pipes; /* free ones */
	unsigned                    pipe_count;
	struct datagrams           *datagrams;
	struct control             *control;
	uint64_t                    next_id;
	bool                        stopping;
	bool                        unheard; /* the scribe took no more in this turn */
	uint64_t                    away_due_ms; /* when those turned away are told; UINT64_MAX = all are */
	uint64_t                    heard_until_ms; /* who stops waits for the scribe so long */
};

static inline enum side other_side(enum side side)
{
	return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

/* timers.c */
struct timer_queue *timer_queue_for(struct worker *w, enum timer_kind kind, uint64_t ms);
void                timer_set(struct worker *w, struct timer *t, struct timer_queue *q);
void                timer_clear(struct timer *t);
/* Milliseconds until the first timer is due; -1 = none is set. */
int  timers_wait(const struct worker *w);
/* Call session_timer or association_timer for what is due; at most `most` of them. */
void timers_run(struct worker *w, unsigned most);

/* sources.c: how many flows a source has over each transport, IPv6 by /64 */
struct sources *sources_open(const struct hash_key *key);
void            sources_close(struct sources **sources);
/* Count one more flow of this source for this service; false when it has `most` already or there is no memory. */
bool sources_add(struct sources *sources, const struct address *source, enum policy_transport transport, uint32_t service, uint64_t most);
void sources_remove(struct sources *sources, const struct address *source, enum policy_transport transport, uint32_t service);

/* session.c: accepting, timing and ending */
void session_accept(struct worker *w, struct listener *l);
void session_event(struct session *s, enum side side, uint32_t events);
void session_timer(struct session *s, enum timer_kind kind);
/* Set the phase and its timer. */
void session_phase(struct session *s, enum phase phase);
/* Something moved: the idle time begins anew. */
void session_moved(struct session *s);
/* The gate ends it, over what came from one side: the client gets a goodbye. */
void session_abort(struct session *s, enum side from, uint16_t why, uint64_t expected, uint64_t got);
/* The driver has ended it: last bytes out, FIN or reset, then wait shortly for the peers. */
void session_wind_up(struct session *s);
/* Close both sides now, by reset where the other side was reset. */
void session_close(struct session *s, enum record_end end, bool reset);
/* Free the dead; only between two events. */
void sessions_bury(struct worker *w);
/* Run it again in the next loop turn. */
void session_queue(struct session *s);
void sessions_end_probe(struct worker *w, int probe);
/* The gate stops: every flow ends now. */
void sessions_stop(struct worker *w);

/* session_io.c: reading, driving, sending */
void session_run(struct session *s);
/* Run the driver with what is held. */
void session_drive(struct session *s, enum side from);
/* Between these two the driver may be called for this session. */
void session_begin_turn(struct session *s);
void session_end_turn(struct session *s, enum turn turn);
/* Send what waits for a side, then its FIN if that is wanted; dial when there is something to say to the server. */
void half_flush(struct session *s, enum side to);
void half_release(struct session *s, enum side side);
/* False when there is no memory: the session is marked starved. */
bool half_queue(struct session *s, enum side to, const void *bytes, size_t n);

/* reserve.c: units over RESERVE_FROM ask for their memory first, and wait in line for it */
bool reserve_ask(struct session *s, enum side side, size_t n);
/* Taken without waiting: the bytes are there already. */
void reserve_force(struct worker *w, size_t n);
void reserve_release(struct worker *w, size_t n);
void reserve_leave(struct session *s);

/* splice.c */
bool         splice_some(struct session *s, enum side from, size_t *moved);
void         pipe_drop(struct session *s, enum side from);
void         pipes_close(struct worker *w);

/* dial.c */
void dial_begin(struct session *s);
/* The connection to the server stands or has failed. */
void dial_ended(struct session *s, int error);

/* pinhole.c: ports that a server announced */
/* Open (or keep) what an answer announces, all or none; false: *why says what stands against it. local: where the client came to. */
bool pinholes_stay(struct conversation *c, const struct address *local, const struct expect *expect, uint8_t n, struct address *bound, struct str *why);
/* NULL for a listener of the policy. */
struct pinhole *pinhole_of(const struct worker *w, uint16_t listener);
/* A connection came to this listener, or went. */
void pinhole_enter(struct worker *w, uint16_t listener);
void pinhole_leave(struct worker *w, uint16_t listener);
/* What its flows may speak; NULL = anything. */
const struct interfaces *pinhole_interfaces(const struct worker *w, uint16_t listener);
/* Close what nobody uses; how long the loop may sleep meanwhile, in milliseconds; -1 = for ever. */
void pinholes_sweep(struct worker *w);
int  pinholes_wait(const struct worker *w);
void pinholes_close(struct worker *w);

/* ops.c: what the driver calls */
extern const struct driver_ops gate_ops;

/* control.c: sessions and probes over the control socket */
bool control_open(struct worker *w, int fd);
/* This session ends: whoever is listing it goes on with the next. */
void control_forget(struct worker *w, const struct session *s);
void control_close(struct worker *w);
void control_event(struct worker *w, enum about about, void *what);
/* The source is a probe that was announced: its place, or -1. */
int  probe_match(struct worker *w, const struct address *source, uint32_t service, uint8_t transport);
int  probe_take_sink(struct worker *w, int probe);
/* A probe's datagrams came from there a short while ago. */
bool probe_was(const struct worker *w, const struct address *source);
void probe_arrival(struct worker *w, int probe, struct policy_arrival *arrival);
void probe_says_taken(struct worker *w, int probe, uint64_t flow_id);
void probe_says_report(struct worker *w, int probe, const struct report *report);
void probe_says_turn(const struct conversation *c);
void probe_says_ended(struct worker *w, int probe, uint16_t why);

/* datagram.c */
bool datagrams_open(struct worker *w);
void datagrams_close(struct worker *w);
void datagrams_receive(struct worker *w, struct listener *l);
void datagrams_end_probe(struct worker *w, int probe);
void association_event(struct association *a, uint32_t events);
void association_timer(struct timer *t);
/* Free the dead; only between two events. */
void datagrams_flush(struct worker *w);

/* address.c */
/* address_to for a socket of the given family: an IPv4 address on an IPv6 socket is written in IPv6. */
socklen_t address_for(const struct address *a, uint8_t family, struct sockaddr_storage *out);
/* The local address of a datagram, from and for its control message (IP_PKTINFO, IPV6_PKTINFO). */
struct address local_read(struct msghdr *msg);
size_t         local_write(const struct address *local, uint8_t family, void *control);

#endif
