/* Writes pcap files from a script of conversations: for the lab without a right to capture, for the bench, for tests.
 *
 * Input from: our own code. Limits: one IP packet each (65,535 bytes). Not done: TCP and UDP checksums (captures taken on the
 * sender have none either), TCP options.
 */
#include "capture/synth.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_MAX (14 + 40 + 65535)
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_RAW 101

struct synth {
	FILE    *file;
	uint64_t ts_us, step_us;
	size_t   link_n; /* bytes of link header */
	bool     failed;
	uint8_t  frame[FRAME_MAX];
	uint8_t  transport[65536];
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* The file's own numbers are little-endian, whatever the machine. */
static void write32(struct synth *s, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	s->failed |= fwrite(b, sizeof(b), 1, s->file) != 1;
}

struct synth *synth_open(FILE *file, enum synth_link link, uint64_t start_us, uint64_t step_us)
{
	struct synth *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->file = file;
	s->ts_us = start_us;
	s->step_us = step_us;
	s->link_n = link == SYNTH_ETHERNET ? 14 : 0;
	write32(s, 0xa1b2c3d4); /* microseconds */
	write32(s, 2 | 4 << 16); /* version 2.4 */
	write32(s, 0);
	write32(s, 0);
	write32(s, 262144);
	write32(s, link == SYNTH_ETHERNET ? LINKTYPE_ETHERNET : LINKTYPE_RAW);
	return s;
}

void synth_set_time(struct synth *s, uint64_t ts_us)
{
	s->ts_us = ts_us;
}

bool synth_close(struct synth **s)
{
	struct synth *old = *s;
	bool          good;

	*s = NULL;
	if (!old)
		return false;
	good = !fflush(old->file) && !old->failed;
	free(old);
	return good;
}

struct synth_flow synth_flow4(uint32_t client, uint16_t client_port, uint32_t server, uint16_t server_port)
{
	struct synth_flow flow = {.version = 4, .port = {client_port, server_port}, .next = {1000, 5000}, .mss = 1460};

	put32(flow.address[CAPTURE_CLIENT], client);
	put32(flow.address[CAPTURE_SERVER], server);
	return flow;
}

struct synth_flow synth_flow6(const uint8_t client[static 16], uint16_t client_port, const uint8_t server[static 16],
			      uint16_t server_port)
{
	struct synth_flow flow = {.version = 6, .port = {client_port, server_port}, .next = {1000, 5000}, .mss = 1440};

	memcpy(flow.address[CAPTURE_CLIENT], client, 16);
	memcpy(flow.address[CAPTURE_SERVER], server, 16);
	return flow;
}

/* RFC 1071 over an IPv4 header without its checksum. */
static uint16_t header_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

size_t synth_ip(const struct synth_flow *flow, enum capture_side from, uint8_t protocol, const void *bytes, size_t n, uint8_t *out,
		size_t size)
{
	size_t header = flow->version == 4 ? 20 : 40;

	if (size < header || n > size - header || n > 65535 - header)
		return 0;
	memset(out, 0, header);
	if (flow->version == 4) {
		out[0] = 0x45;
		put16(out + 2, (uint32_t)(header + n));
		out[8] = 64;
		out[9] = protocol;
		memcpy(out + 12, flow->address[from], 4);
		memcpy(out + 16, flow->address[!from], 4);
		put16(out + 10, header_sum(out, header));
	} else {
		out[0] = 0x60;
		put16(out + 4, (uint32_t)n);
		out[6] = protocol;
		out[7] = 64;
		memcpy(out + 8, flow->address[from], 16);
		memcpy(out + 24, flow->address[!from], 16);
	}
	if (n)
		memcpy(out + header, bytes, n);
	return header + n;
}

size_t synth_tcp_bytes(const struct synth_flow *flow, const struct synth_segment *segment, uint8_t *out, size_t size)
{
	if (size < 20 || segment->n > size - 20)
		return 0;
	memset(out, 0, 20);
	put16(out, flow->port[segment->from]);
	put16(out + 2, flow->port[!segment->from]);
	put32(out + 4, segment->seq);
	put32(out + 8, segment->ack);
	out[12] = 5 << 4;
	out[13] = segment->flags;
	put16(out + 14, 0xffff);
	if (segment->n)
		memcpy(out + 20, segment->bytes, segment->n);
	return 20 + segment->n;
}

void synth_frame(struct synth *s, const uint8_t *frame, size_t n, size_t original)
{
	write32(s, (uint32_t)(s->ts_us / 1000000));
	write32(s, (uint32_t)(s->ts_us % 1000000));
	write32(s, (uint32_t)n);
	write32(s, (uint32_t)original);
	s->failed |= n && fwrite(frame, n, 1, s->file) != 1;
	s->ts_us += s->step_us;
}

/* n bytes of s->transport inside IP inside the link. */
static void packet(struct synth *s, const struct synth_flow *flow, enum capture_side from, uint8_t protocol, size_t n)
{
	size_t ip;

	memset(s->frame, 0, s->link_n);
	if (s->link_n) {
		s->frame[5] = (uint8_t)(2 - from);
		s->frame[11] = (uint8_t)(1 + from);
		put16(s->frame + 12, flow->version == 4 ? 0x0800 : 0x86dd);
	}
	ip = n ? synth_ip(flow, from, protocol, s->transport, n, s->frame + s->link_n, sizeof(s->frame) - s->link_n) : 0;
	if (ip)
		synth_frame(s, s->frame, s->link_n + ip, s->link_n + ip);
	else
		s->failed = true;
}

void synth_tcp_segment(struct synth *s, const struct synth_flow *flow, const struct synth_segment *segment)
{
	packet(s, flow, segment->from, 6, synth_tcp_bytes(flow, segment, s->transport, sizeof(s->transport)));
}

/* A segment in its place; SYN and FIN count as a byte each. */
static void in_place(struct synth *s, struct synth_flow *flow, enum capture_side from, uint8_t flags, const uint8_t *bytes, size_t n)
{
	uint32_t ack = flags & SYNTH_ACK ? flow->next[!from] : 0;

	synth_tcp_segment(s, flow, &(struct synth_segment){from, flow->next[from], ack, flags, bytes, n});
	flow->next[from] += (uint32_t)n + ((flags & (SYNTH_SYN | SYNTH_FIN)) ? 1 : 0);
}

void synth_tcp_open(struct synth *s, struct synth_flow *flow)
{
	in_place(s, flow, CAPTURE_CLIENT, SYNTH_SYN, NULL, 0);
	in_place(s, flow, CAPTURE_SERVER, SYNTH_SYN | SYNTH_ACK, NULL, 0);
	in_place(s, flow, CAPTURE_CLIENT, SYNTH_ACK, NULL, 0);
}

void synth_tcp_send(struct synth *s, struct synth_flow *flow, enum capture_side from, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n) {
		size_t part = n < flow->mss ? n : flow->mss;

		if (!part) {
			s->failed = true;
			return;
		}
		in_place(s, flow, from, SYNTH_ACK | (part == n ? SYNTH_PSH : 0), p, part);
		p += part;
		n -= part;
	}
}

void synth_tcp_ack(struct synth *s, const struct synth_flow *flow, enum capture_side from)
{
	struct synth_segment segment = {.from = from, .seq = flow->next[from], .ack = flow->next[!from], .flags = SYNTH_ACK};

	synth_tcp_segment(s, flow, &segment);
}

void synth_tcp_fin(struct synth *s, struct synth_flow *flow, enum capture_side from)
{
	in_place(s, flow, from, SYNTH_FIN | SYNTH_ACK, NULL, 0);
}

void synth_tcp_close(struct synth *s, struct synth_flow *flow)
{
	synth_tcp_fin(s, flow, CAPTURE_CLIENT);
	synth_tcp_fin(s, flow, CAPTURE_SERVER);
	synth_tcp_ack(s, flow, CAPTURE_CLIENT);
}

void synth_tcp_reset(struct synth *s, const struct synth_flow *flow, enum capture_side from)
{
	struct synth_segment segment = {.from = from, .seq = flow->next[from], .ack = flow->next[!from],
					.flags = SYNTH_RST | SYNTH_ACK};

	synth_tcp_segment(s, flow, &segment);
}

void synth_udp(struct synth *s, const struct synth_flow *flow, enum capture_side from, const void *bytes, size_t n)
{
	if (n > sizeof(s->transport) - 8 || n > 65527) {
		s->failed = true;
		return;
	}
	put16(s->transport, flow->port[from]);
	put16(s->transport + 2, flow->port[!from]);
	put16(s->transport + 4, (uint32_t)n + 8);
	put16(s->transport + 6, 0);
	if (n)
		memcpy(s->transport + 8, bytes, n);
	packet(s, flow, from, 17, n + 8);
}
