/* Writes a capture from a script: handshakes, data, datagrams and anything odd, with injected time. */
#ifndef SALLYPORT_CAPTURE_SYNTH_H
#define SALLYPORT_CAPTURE_SYNTH_H

#include "capture/capture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum synth_link {
	SYNTH_ETHERNET = 0,
	SYNTH_RAW = 1,
};

/* TCP flag bits, as in the header. */
#define SYNTH_FIN 0x01
#define SYNTH_SYN 0x02
#define SYNTH_RST 0x04
#define SYNTH_PSH 0x08
#define SYNTH_ACK 0x10

/* One conversation; a plain value that the caller may bend: a lost or repeated segment is a changed `next`. */
struct synth_flow {
	uint8_t  version; /* 4 or 6 */
	uint8_t  address[2][16]; /* by enum capture_side; IPv4 in the first four bytes */
	uint16_t port[2];
	uint32_t next[2]; /* sequence number of the side's next byte */
	uint16_t mss; /* bytes of data per segment [1460] */
};

/* One TCP segment in full, for those who want a wrong one. */
struct synth_segment {
	enum capture_side from;
	uint32_t          seq, ack;
	uint8_t           flags;
	const uint8_t    *bytes;
	size_t            n;
};

struct synth;

/* Writes the file's head. The file stays the caller's. NULL: no memory. Packets start at start_us, each step_us after the last. */
struct synth *synth_open(FILE *file, enum synth_link link, uint64_t start_us, uint64_t step_us);
/* The next packet's time. */
void synth_set_time(struct synth *s, uint64_t ts_us);
/* Flushes and frees; nulls the pointer. False: some write failed or some packet was longer than IP allows. */
bool synth_close(struct synth **s);

/* Addresses in host order: 0x0a000001 is 10.0.0.1. Sequence numbers start at 1000 and 5000. */
struct synth_flow synth_flow4(uint32_t client, uint16_t client_port, uint32_t server, uint16_t server_port);
struct synth_flow synth_flow6(const uint8_t client[static 16], uint16_t client_port, const uint8_t server[static 16],
			      uint16_t server_port);

/* SYN, SYN-ACK, ACK. */
void synth_tcp_open(struct synth *s, struct synth_flow *flow);
/* n bytes from a side in segments of mss, each acknowledging all the other side has sent. */
void synth_tcp_send(struct synth *s, struct synth_flow *flow, enum capture_side from, const void *bytes, size_t n);
/* A bare acknowledgement. */
void synth_tcp_ack(struct synth *s, const struct synth_flow *flow, enum capture_side from);
/* A FIN from one side. */
void synth_tcp_fin(struct synth *s, struct synth_flow *flow, enum capture_side from);
/* FIN from the client, FIN from the server, the last ACK. */
void synth_tcp_close(struct synth *s, struct synth_flow *flow);
/* RST from one side. */
void synth_tcp_reset(struct synth *s, const struct synth_flow *flow, enum capture_side from);
/* Exactly this segment; flow->next is neither read nor changed. */
void synth_tcp_segment(struct synth *s, const struct synth_flow *flow, const struct synth_segment *segment);
/* One datagram. */
void synth_udp(struct synth *s, const struct synth_flow *flow, enum capture_side from, const void *bytes, size_t n);
/* An IP packet around any transport bytes, without link header: returns its length, 0 if `size` is too small. */
size_t synth_ip(const struct synth_flow *flow, enum capture_side from, uint8_t protocol, const void *bytes, size_t n, uint8_t *out,
		size_t size);
/* The TCP header and data of a segment, as synth_ip wants it: returns its length, 0 if `size` is too small. */
size_t synth_tcp_bytes(const struct synth_flow *flow, const struct synth_segment *segment, uint8_t *out, size_t size);
/* Any frame as it stands, link header included; original >= n is its length before it was cut. */
void synth_frame(struct synth *s, const uint8_t *frame, size_t n, size_t original);

#endif
