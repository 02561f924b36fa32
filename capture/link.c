/* Finds the IP packet in a captured frame: Ethernet with VLAN tags, raw IP, Linux cooked, BSD loopback.
 *
 * Input from: the capture file. Limits: four VLAN tags. Not done: PPPoE, MPLS, 802.11, LLC: counted as what they are.
 */
#include "capture/capture_int.h"

#define VLAN_TAGS 4
#define TYPE_IP4 0x0800
#define TYPE_IP6 0x86dd

void link_other(struct capture *c, uint32_t what)
{
	struct capture_counts *n = &c->counts;

	n->other++;
	for (unsigned i = 0; i < n->other_kinds; i++)
		if (n->other_kind[i].what == what) {
			n->other_kind[i].packets++;
			return;
		}
	if (n->other_kinds < CAPTURE_OTHER_MAX)
		n->other_kind[n->other_kinds++] = (struct capture_other){.what = what, .packets = 1};
}

/* What follows an ethertype, tags taken off first. */
static void by_type(struct capture *c, struct view v, uint16_t type)
{
	for (int i = 0; i < VLAN_TAGS && (type == 0x8100 || type == 0x88a8 || type == 0x9100); i++) {
		const uint8_t *tag = view_take(&v, 4);

		if (!tag) {
			ip_malformed(c, &v);
			return;
		}
		type = load16(tag + 2);
	}
	if (type == TYPE_IP4 || type == TYPE_IP6)
		ip_packet(c, v);
	else
		link_other(c, type);
}

/* A header of n bytes with the ethertype at a fixed place. */
static void typed(struct capture *c, struct view v, size_t n, size_t type_at)
{
	const uint8_t *header = view_take(&v, n);

	if (header)
		by_type(c, v, load16(header + type_at));
	else
		ip_malformed(c, &v);
}

/* DLT_NULL and DLT_LOOP: an address family of the host that wrote it, in its byte order. */
static void loopback(struct capture *c, struct view v)
{
	const uint8_t *header = view_take(&v, 4);
	uint32_t       family;

	if (!header) {
		ip_malformed(c, &v);
		return;
	}
	family = load32(header);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2: /* IPv4 everywhere */
	case 10: /* IPv6: Linux, then the BSDs, then macOS, then Windows */
	case 24:
	case 28:
	case 30:
	case 23:
		ip_packet(c, v);
		break;
	default:
		link_other(c, family);
	}
}

void link_packet(struct capture *c, struct view frame, int link)
{
	switch (link) {
	case DLT_EN10MB:
		typed(c, frame, 14, 12);
		break;
	case DLT_LINUX_SLL:
		typed(c, frame, 16, 14);
		break;
	case DLT_LINUX_SLL2:
		typed(c, frame, 20, 0);
		break;
	case DLT_NULL:
	case DLT_LOOP:
		loopback(c, frame);
		break;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		ip_packet(c, frame);
		break;
	default:
		link_other(c, (uint32_t)link);
	}
}
