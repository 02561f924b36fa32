/* Captures as conversations: pcap and pcapng in, each flow's bytes out in causal order. */
#ifndef SALLYPORT_CAPTURE_CAPTURE_H
#define SALLYPORT_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Laws (test/test_capture.c tries to break each):
 *  1. A segment is fed only after the data it acknowledges has been fed, or declared missing.
 *  2. The bytes of one side are fed in sequence; what is missing is a `gap`, never silence.
 *  3. Bytes sent twice with different content are never fed by choice: the side is `ambiguous` and ends there.
 *  4. The same file gives the same calls in the same order.
 *  5. Memory and the work per packet are bounded by the options, whatever the file holds.
 * Checksums are not verified: captures taken on the sender hold what offload had not filled in yet.
 */

/* Who sent. The client is the sender of SYN; else the receiver of SYN-ACK; else the side with the higher port; else who spoke first. */
enum capture_side {
	CAPTURE_CLIENT = 0,
	CAPTURE_SERVER = 1,
};

struct capture_key {
	uint8_t  version; /* 4 or 6 */
	uint8_t  protocol; /* 6 TCP, 17 UDP */
	uint8_t  client[16], server[16]; /* IPv4: the first four bytes, the rest zero */
	uint16_t client_port, server_port;
};

struct capture_packet {
	uint64_t number; /* from 1, as other tools count */
	uint64_t ts_us; /* microseconds since 1970 */
};

struct capture_flow; /* one TCP connection or one pair of UDP ends; owned by the capture, dead after `close` */
struct capture;

/* Plain value, good until the flow's `close`. */
const struct capture_key *capture_flow_key(const struct capture_flow *flow);
/* The consumer's own pointer; NULL at first, never touched by the capture. */
void *capture_flow_user(const struct capture_flow *flow);
void  capture_flow_set_user(struct capture_flow *flow, void *user);
/* Its beginning was not captured: the first byte fed is not the first byte sent. */
bool capture_flow_began_midway(const struct capture_flow *flow);
/* The consumer does not want it: nothing but `close` is called any more, nothing is held for it. Callable from any call-back. */
void capture_flow_ignore(struct capture_flow *flow);

/*
 * All members must be set. They are called from capture_run and capture_close only. Bytes are borrowed until the call
 * returns; `packet` is the packet that brought them, also when they had to wait for others.
 */
struct capture_sink {
	void *ctx;
	/* Before the first other call of a flow. A flow without any event (a port scan) is never opened, only counted. */
	void (*open)(void *ctx, struct capture_flow *flow);
	/* The next n (never 0) bytes of a TCP side, or one whole datagram (n may be 0). */
	void (*data)(void *ctx, struct capture_flow *flow, enum capture_side from, const uint8_t *bytes, size_t n,
		     const struct capture_packet *packet);
	/* TCP: `missing` bytes of this side are not in the capture; what follows is not contiguous. UDP: a datagram was cut
	   by the capture's length limit and is not fed; `missing` is what was cut off. */
	void (*gap)(void *ctx, struct capture_flow *flow, enum capture_side from, uint64_t missing,
		    const struct capture_packet *packet);
	/* Two versions of the same bytes: nothing more is fed from this side. At most once for a side. */
	void (*ambiguous)(void *ctx, struct capture_flow *flow, enum capture_side from, const struct capture_packet *packet);
	/* The side has ended and all its bytes were fed. TCP only, at most once for a side. */
	void (*fin)(void *ctx, struct capture_flow *flow, enum capture_side from, const struct capture_packet *packet);
	/* The last call of an opened flow: both sides ended, a reset, another connection on the same ports, idle, or the file's end. */
	void (*close)(void *ctx, struct capture_flow *flow, bool reset);
};

/* Zero means the default in brackets. */
struct capture_options {
	size_t   max_flows; /* flows remembered at once [1,000,000] */
	size_t   max_held_flow; /* bytes of one flow that wait for others [4 MiB] */
	size_t   max_held_total; /* the same of all flows [256 MiB] */
	size_t   max_history; /* delivered, unacknowledged bytes of one side kept for comparison, rounded to a power of two [64 KiB] */
	size_t   max_history_total; /* the same of all flows [64 MiB] */
	size_t   max_datagrams; /* IP datagrams in reassembly [1024] */
	size_t   max_fragment_bytes; /* memory for them [16 MiB] */
	uint64_t fragment_us; /* how long a datagram may wait for its fragments, capture time [30 s] */
	uint64_t tcp_idle_us; /* a TCP flow without packets is closed [1 h] */
	uint64_t udp_idle_us; /* the same for UDP [2 min] */
	uint64_t patience_us; /* how long acknowledged data may be late before it is a gap [1 s] */
	uint32_t patience_packets; /* the same in packets of the flow [128] */
};

#define CAPTURE_OTHER_MAX 16

struct capture_other {
	uint32_t what; /* ethertype, or DLT_ number of the link type */
	uint64_t packets;
};

/* What was read, and everything that could not be seen. Packets, unless the name says otherwise. */
struct capture_counts {
	uint64_t packets, bytes; /* bytes as captured */
	uint64_t cut; /* captured shorter than they were */
	uint64_t malformed; /* a header contradicts itself or the packet's length */
	uint64_t other; /* not IP, or a link type not read; the first kinds in other_kind */
	struct capture_other other_kind[CAPTURE_OTHER_MAX];
	unsigned             other_kinds;
	uint64_t             other_protocol[256]; /* IP protocols other than TCP and UDP, by number */
	uint64_t             fragments; /* IP fragments seen */
	uint64_t             fragments_dropped; /* of those, what never became a datagram, whatever the reason */
	uint64_t             datagrams_ambiguous; /* fragments of one datagram contradicted each other */
	uint64_t             tcp, udp; /* packets that reached a flow */
	uint64_t             flows; /* created */
	uint64_t             flows_silent; /* ended without any event */
	uint64_t             flows_midway;
	uint64_t             flows_evicted; /* closed early to make room */
	uint64_t             refused; /* no room for their flow */
	uint64_t             no_memory; /* times the system had none */
	uint64_t             retransmitted; /* segments that brought nothing new */
	uint64_t             unchecked_bytes; /* sent again and unacknowledged, but too old to compare */
	uint64_t             after_close; /* segments with data for a connection that had ended */
	uint64_t             stray; /* TCP packets without data that belong to no flow, or resets outside the window */
	uint64_t             odd_acks, odd_seqs; /* acknowledge, or carry, what cannot have been sent; not believed, not fed */
	uint64_t             urgent; /* carry urgent data, which receivers treat differently; fed in sequence */
	uint64_t             gaps, gap_bytes;
	uint64_t             ambiguous; /* sides */
	/* Payload as captured of flows the consumer ignored, from the call in which it did so on; what was sent twice counts twice. */
	uint64_t ignored_bytes;
};

/* How far capture_run came. */
enum capture_end {
	CAPTURE_MORE = 0, /* call again */
	CAPTURE_WHOLE = 1, /* the file's end; all flows are closed */
	CAPTURE_CUT = 2, /* the same, but the file stops inside a packet: capture_note says so */
	CAPTURE_DAMAGED = 3, /* the same, but the file cannot be read further: capture_note has libpcap's words */
};

/*
 * Reads the file's head. `file` must be fresh (nothing read, no buffer set); it need not be seekable. On success it belongs
 * to the capture. NULL: err says why in one sentence, and the file is still the caller's. `options` may be NULL and is
 * copied; `sink` is copied, its ctx is borrowed.
 */
struct capture *capture_open(FILE *file, const struct capture_options *options, const struct capture_sink *sink, char *err,
			     size_t errsize);
/* Reads up to max_packets packets (at least one) and makes the calls. After anything but CAPTURE_MORE all flows are closed. */
enum capture_end capture_run(struct capture *c, uint64_t max_packets);
/* Why the file ended as it did; "" while there is nothing to say. */
const char *capture_note(const struct capture *c);
/* Good until capture_close; changes with every capture_run. */
const struct capture_counts *capture_counts_of(const struct capture *c);
/* Bytes of the file read so far, for a progress bar; also when it is not seekable. */
uint64_t capture_bytes_read(const struct capture *c);
/* "EN10MB", "LINUX_SLL2" ...; static, never NULL. */
const char *capture_link_name(const struct capture *c);
/* Closes the file. Flows still open get `close`, without the data they held. Nulls the pointer; NULL is fine. */
void capture_close(struct capture **c);

#endif
