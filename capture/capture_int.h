/* What the files of capture/ share: the flow, its streams, the tables. */
#ifndef SALLYPORT_CAPTURE_CAPTURE_INT_H
#define SALLYPORT_CAPTURE_CAPTURE_INT_H

#include "base/hash.h"
#include "capture/bytes.h"
#include "capture/capture.h"

#include <pcap/pcap.h>

#define CAPTURE_TCP 6
#define CAPTURE_UDP 17

/* An acknowledgement or a reset this far beyond anything seen is not believed (bytes). */
#define CAPTURE_REACH (16u << 20)
/* No window is larger; sequence numbers further apart are not compared (bytes). */
#define CAPTURE_FAR (1 << 30)
/* Segments of one side that may wait; keeps the sorted array's moves short. */
#define CAPTURE_HELD_SEGMENTS 4096u
/* How often idle flows are looked for, and how exact the lists' order is (microseconds of capture time). */
#define CAPTURE_TICK_US 1000000u

/* One IP datagram, whole or put together. */
struct ip {
	uint8_t     version, protocol;
	uint8_t     from[16], to[16];
	struct view body;
};

/* The two ends in an order that does not depend on who sent. No padding: compared and hashed as bytes. */
struct ends {
	uint8_t  address[2][16];
	uint16_t port[2];
	uint8_t  version, protocol;
	uint8_t  zero[2];
};

/* A segment that waits: for bytes before it, or for the bytes it acknowledges. */
struct segment {
	struct capture_packet packet;
	uint32_t              seq, ack;
	uint32_t              n, cut; /* captured bytes here; bytes behind them that the capture cut off */
	bool                  has_ack;
	uint8_t               bytes[];
};

/* One side of a TCP connection. Numbers are sequence numbers. */
struct stream {
	uint32_t              next; /* of the next byte to feed */
	uint32_t              start; /* of the first byte */
	uint32_t              past_start; /* of an earlier SYN, if restarted */
	uint32_t              acked; /* highest acknowledgement of the other side */
	uint32_t              top; /* behind the last byte seen */
	uint32_t              fin_seq, fin_ack;
	struct capture_packet fin_packet;
	bool                  known; /* next and start mean something */
	bool                  exact; /* start comes from this side's SYN */
	bool                  restarted; /* two SYNs with different numbers, before any data */
	bool                  heard; /* the other side has acknowledged something */
	bool                  fin_known, fin_has_ack, fin_done, ambiguous;
	struct segment      **held; /* sorted, not overlapping: held[first] ... held[first + count - 1] */
	uint32_t              first, count, room;
	uint8_t              *history; /* ring by sequence number of the last history_n bytes before next */
	uint32_t              history_size, history_n;
};

struct tcp {
	struct stream side[2];
	size_t        held_bytes;
	bool          waiting; /* something waits for bytes that were acknowledged and are not here */
	uint32_t      wait_packets;
	uint64_t      wait_since;
};

/* Which list a flow stands in; each is ordered by last use. */
enum flow_list {
	FLOW_NEW = 0, /* TCP without data yet: the first to go */
	FLOW_LIVE = 1,
	FLOW_CLOSED = 2, /* remembered for a while, so that late packets do not look like a new connection */
	FLOW_UDP = 3,
	FLOW_LISTS = 4,
};

struct capture_flow {
	struct capture_flow *chain; /* same bucket */
	struct capture_flow *older, *newer; /* same list */
	uint64_t             hash;
	uint64_t             last_us, listed_us;
	struct ends          ends;
	struct capture_key   key;
	void                *user;
	uint8_t              list;
	uint8_t              client_end; /* index of the client in ends */
	bool                 opened, ignored, closed, midway;
	struct tcp           tcp[]; /* one for TCP, none for UDP */
};

struct flow_table {
	struct capture_flow **bucket;
	size_t                buckets, count;
	struct capture_flow  *oldest[FLOW_LISTS], *newest[FLOW_LISTS];
	struct capture_flow  *last; /* the flow of the last packet */
	uint64_t              next_sweep_us;
};

struct datagram; /* frag.c */

struct fragments {
	struct datagram **bucket;
	size_t            buckets, count, bytes;
	struct datagram  *oldest, *newest;
};

#define HISTORY_CLASSES 16
#define HISTORY_SMALLEST 2048u

/* Buffers of delivered bytes, by size class; given back as soon as the bytes are acknowledged, so few are in use. */
struct history_pool {
	void  *spare[HISTORY_CLASSES];
	size_t total; /* bytes taken from the system */
};

struct source; /* source.c */

struct capture {
	struct source         *source;
	pcap_t                *pcap; /* reads what the source hands on */
	struct capture_options options;
	struct capture_sink    sink;
	struct capture_counts  counts;
	struct capture_packet  now; /* the packet in hand */
	uint64_t               clock_us; /* highest time seen */
	int                    link; /* DLT_ number */
	enum capture_end       end;
	struct hash_key        secret;
	struct flow_table      flows;
	struct fragments       fragments;
	struct history_pool    history;
	size_t                 held_total;
	char                   note[PCAP_ERRBUF_SIZE + 64];
};

/*
 * source.c: the file as libpcap shall see it, with no limit on the length of packets and one link type. `out` is for libpcap to read from and
 * must be closed first. NULL: no memory.
 */
struct source *source_open(FILE *file, FILE **out);
/* The file's first byte, 0 before `out` was read. */
uint8_t source_first(const struct source *s);
/* Bytes handed on to libpcap, up to a buffer ahead of it. */
uint64_t source_passed(const struct source *s);
/* Bytes that the declared limit has cut off the packet libpcap has just read, when libpcap cannot know. */
size_t source_cut(const struct source *s);
/* The link type of the packet libpcap has just read, where the file's interfaces differ; -1: what libpcap says. */
int source_link(const struct source *s);
/* Nulls the pointer. Closes the caller's file, too, unless it is stdin. */
void source_close(struct source **s, bool file_too);

/* link.c: one captured frame. */
void link_packet(struct capture *c, struct view frame, int link);
/* Counts a frame of a kind that is not read. */
void link_other(struct capture *c, uint32_t what);

/* ip.c: an IP packet of either version; whatever is wrong with it is counted. */
void ip_packet(struct capture *c, struct view packet);
/* The body of an IPv6 packet or datagram that begins with header `next`. */
void ip6_headers(struct capture *c, struct ip *ip, uint8_t next, bool reassembled);
/* A whole datagram to TCP, UDP or the counters. */
void ip_deliver(struct capture *c, const struct ip *ip);
/* Counts a header that contradicts itself, unless it is only cut. */
void ip_malformed(struct capture *c, const struct view *v);

/* frag.c: one fragment; `offset` in bytes. Delivers the datagram when it is complete. */
void frag_add(struct capture *c, const struct ip *ip, uint32_t id, uint32_t offset, bool more);
/* Forgets datagrams that have waited too long; all of them on the last call. */
void frag_expire(struct capture *c, bool all);
void frag_free(struct capture *c);

/* flow.c: the table. `from` is the sender's side. */
struct capture_flow *flow_find(struct capture *c, const struct ends *ends, uint8_t sender_end, enum capture_side *from);
/* A new flow, or NULL when there is no room (counted). client_end is an index into ends. */
struct capture_flow *flow_create(struct capture *c, const struct ends *ends, uint8_t client_end);
/* Fills ends from a packet; returns the sender's index. */
uint8_t flow_ends(const struct ip *ip, uint16_t from_port, uint16_t to_port, struct ends *out);
/* Without a SYN the server is the end with the lower port; on a tie, whoever did not speak first. Returns the client's index. */
uint8_t flow_client_by_port(const struct ends *ends, uint8_t sender);
/* It was used now; and which list it belongs to. */
void flow_touch(struct capture *c, struct capture_flow *f, enum flow_list list);
/* Calls `close` if it was opened; the flow stays in the table for late packets. */
void flow_close(struct capture *c, struct capture_flow *f, bool reset);
/* Feeds what it held (quiet: does not), closes and frees it. */
void flow_remove(struct capture *c, struct capture_flow *f, bool quiet);
/* Once per tick: closes idle flows. */
void flow_sweep(struct capture *c);
/* Feeds and closes everything (quiet: closes only) and frees the table. */
void flow_end_all(struct capture *c, bool quiet);

/* call.c: the sink's calls, each opening the flow first; nothing is called for a flow that is ignored. */
void call_data(struct capture *c, struct capture_flow *f, enum capture_side from, const uint8_t *bytes, size_t n,
	       const struct capture_packet *packet);
void call_gap(struct capture *c, struct capture_flow *f, enum capture_side from, uint64_t missing,
	      const struct capture_packet *packet);
void call_ambiguous(struct capture *c, struct capture_flow *f, enum capture_side from, const struct capture_packet *packet);
void call_fin(struct capture *c, struct capture_flow *f, enum capture_side from, const struct capture_packet *packet);

/* udp.c, tcp.c: a whole datagram's body. */
void udp_packet(struct capture *c, const struct ip *ip);
void tcp_packet(struct capture *c, const struct ip *ip);

/* One TCP segment on its way into a stream. seq is that of the first data byte (SYN already counted). */
struct tcp_input {
	enum capture_side from;
	uint32_t          seq, ack;
	bool              has_ack, fin;
	const uint8_t    *bytes;
	uint32_t          n, cut;
};

/* order.c: feeds or holds one segment, then whatever may follow it. */
void order_input(struct capture *c, struct capture_flow *f, struct tcp_input in);
/* Feeds what waits as far as the order allows; gives up on acknowledged bytes that are too late. */
void order_advance(struct capture *c, struct capture_flow *f);
/* Feeds everything that waits, with gaps. */
void order_flush(struct capture *c, struct capture_flow *f);
/* The side is ambiguous: say so once, forget its bytes. */
void order_ambiguous(struct capture *c, struct capture_flow *f, enum capture_side side, const struct capture_packet *packet);

/* held.c: the sorted segments of a stream. */
enum held {
	HELD_OK = 0,
	HELD_CONFLICT = 1,
	HELD_NO_MEMORY = 2,
};
/* Keeps what is new in the segment, which begins at or behind s->next. */
enum held held_insert(struct capture *c, struct capture_flow *f, struct stream *s, struct tcp_input in);
/* The first one, or NULL. */
struct segment *held_first(const struct stream *s);
/* Takes the first one out; the caller frees it with held_free. */
struct segment *held_pop(struct capture *c, struct capture_flow *f, struct stream *s);
void held_free(struct segment *segment);
void held_drop_all(struct capture *c, struct capture_flow *f, struct stream *s);

/* history.c: bytes fed but not yet acknowledged. */
void history_append(struct capture *c, struct stream *s, const uint8_t *bytes, size_t n);
void history_acked(struct capture *c, struct stream *s, uint32_t ack);
/* Compares n bytes at seq, all before s->next, as far as they are remembered. False: they differ. */
bool history_agrees(struct capture *c, const struct stream *s, uint32_t seq, const uint8_t *bytes, uint32_t n);
void history_drop(struct capture *c, struct stream *s);
void history_free(struct capture *c);

#endif
