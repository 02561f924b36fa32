/* Reads IPv4 and IPv6 headers, sends fragments to reassembly and whole datagrams to TCP or UDP.
 *
 * Spec: RFC 791, RFC 8200. Input from: the capture file. Limits: eight IPv6 extension headers. Not done: checksums (offload
 * leaves them wrong in captures), tunnels, ESP: counted by protocol number.
 */
#include "capture/capture_int.h"

#define IP6_HEADERS 8

void ip_malformed(struct capture *c, const struct view *v)
{
	if (!v->cut)
		c->counts.malformed++;
}

void ip_deliver(struct capture *c, const struct ip *ip)
{
	if (ip->protocol == CAPTURE_TCP)
		tcp_packet(c, ip);
	else if (ip->protocol == CAPTURE_UDP)
		udp_packet(c, ip);
	else
		c->counts.other_protocol[ip->protocol]++;
}

static void ip4_packet(struct capture *c, struct view v)
{
	struct view    whole = v;
	const uint8_t *h = view_take(&v, 20);
	struct ip      ip = {.version = 4};
	size_t         header, total;
	uint16_t       offset;

	if (!h) {
		ip_malformed(c, &v);
		return;
	}
	header = (size_t)(h[0] & 15) * 4;
	total = load16(h + 2);
	/* 0 where the network card was to cut a large send: the frame's own length holds. */
	if (!total)
		total = view_whole(&whole);
	if (header < 20 || total < header || !view_trim(&whole, total)) {
		c->counts.malformed++;
		return;
	}
	if (!view_take(&whole, header)) {
		ip_malformed(c, &whole);
		return;
	}
	ip.protocol = h[9];
	memcpy(ip.from, h + 12, 4);
	memcpy(ip.to, h + 16, 4);
	ip.body = whole;
	offset = load16(h + 6);
	if (offset & 0x3fff)
		frag_add(c, &ip, load16(h + 4), (uint32_t)(offset & 0x1fff) * 8, offset & 0x2000);
	else
		ip_deliver(c, &ip);
}

/* The fragment header: its datagram goes to reassembly, unless it is alone. */
static void ip6_fragment(struct capture *c, struct ip *ip, bool reassembled)
{
	const uint8_t *h = view_take(&ip->body, 8);
	uint16_t       offset;

	if (!h || reassembled) {
		ip_malformed(c, &ip->body);
		return;
	}
	ip->protocol = h[0];
	offset = load16(h + 2);
	if (offset & 0xfff9)
		frag_add(c, ip, load32(h + 4), offset & 0xfff8, offset & 1);
	else
		ip6_headers(c, ip, h[0], true);
}

/* The length of an extension header, given its first two bytes; 0 for what is none. */
static size_t ip6_extension(uint8_t next, const uint8_t *h)
{
	switch (next) {
	case 0: /* hop by hop */
	case 43: /* routing */
	case 60: /* destination options */
		return ((size_t)h[1] + 1) * 8;
	case 51: /* authentication */
		return ((size_t)h[1] + 2) * 4;
	default:
		return 0;
	}
}

void ip6_headers(struct capture *c, struct ip *ip, uint8_t next, bool reassembled)
{
	for (int i = 0; i < IP6_HEADERS; i++) {
		struct view    v = ip->body;
		const uint8_t *h;
		size_t         n;

		if (next == 44) {
			ip6_fragment(c, ip, reassembled);
			return;
		}
		if (!ip6_extension(next, (const uint8_t[2]){0, 0})) {
			ip->protocol = next;
			ip_deliver(c, ip);
			return;
		}
		h = view_take(&v, 2);
		n = h ? ip6_extension(next, h) : 0;
		if (!h || !view_take(&ip->body, n)) {
			ip_malformed(c, &ip->body);
			return;
		}
		next = h[0];
	}
	c->counts.malformed++;
}

static void ip6_packet(struct capture *c, struct view v)
{
	const uint8_t *h = view_take(&v, 40);
	struct ip      ip = {.version = 6};
	size_t         payload;

	if (!h) {
		ip_malformed(c, &v);
		return;
	}
	payload = load16(h + 4);
	if (payload && !view_trim(&v, payload)) {
		c->counts.malformed++;
		return;
	}
	memcpy(ip.from, h + 8, 16);
	memcpy(ip.to, h + 24, 16);
	ip.body = v;
	ip6_headers(c, &ip, h[6], false);
}

void ip_packet(struct capture *c, struct view packet)
{
	struct view    v = packet;
	const uint8_t *first = view_take(&v, 1);

	if (!first)
		ip_malformed(c, &packet);
	else if (*first >> 4 == 4)
		ip4_packet(c, packet);
	else if (*first >> 4 == 6)
		ip6_packet(c, packet);
	else
		c->counts.malformed++;
}
