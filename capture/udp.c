/* Feeds each UDP datagram to its flow.
 *
 * Spec: RFC 768. Input from: the capture file. Limits: flows (struct capture_options). Not done: checksums.
 */
#include "capture/capture_int.h"

void udp_packet(struct capture *c, const struct ip *ip)
{
	struct view          v = ip->body, whole = v;
	const uint8_t       *h = view_take(&v, 8);
	struct capture_flow *f;
	struct ends          ends;
	enum capture_side    from;
	size_t               length;
	uint8_t              sender;

	if (!h) {
		ip_malformed(c, &v);
		return;
	}
	length = load16(h + 4);
	if (!length)
		length = view_whole(&whole);
	if (length < 8 || !view_trim(&whole, length)) {
		c->counts.malformed++;
		return;
	}
	view_take(&whole, 8);
	sender = flow_ends(ip, load16(h), load16(h + 2), &ends);
	f = flow_find(c, &ends, sender, &from);
	if (!f) {
		f = flow_create(c, &ends, flow_client_by_port(&ends, sender));
		if (!f)
			return;
		from = sender == f->client_end ? CAPTURE_CLIENT : CAPTURE_SERVER;
	}
	c->counts.udp++;
	flow_touch(c, f, FLOW_UDP);
	if (whole.cut && f->ignored)
		c->counts.ignored_bytes += whole.n;
	else if (whole.cut)
		call_gap(c, f, from, whole.cut, &c->now);
	else
		call_data(c, f, from, whole.p, whole.n, &c->now);
}
