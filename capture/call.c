/* Calls the sink: opens a flow with its first event, keeps quiet about a flow the consumer ignores.
 *
 * Input from: order.c and udp.c. Limits: none of its own.
 */
#include "capture/capture_int.h"

/* Whether the consumer wants to hear of this flow. */
static bool wanted(struct capture *c, struct capture_flow *f)
{
	if (!f->opened) {
		f->opened = true;
		c->sink.open(c->sink.ctx, f);
	}
	return !f->ignored;
}

void call_data(struct capture *c, struct capture_flow *f, enum capture_side from, const uint8_t *bytes, size_t n,
	       const struct capture_packet *packet)
{
	if (wanted(c, f))
		c->sink.data(c->sink.ctx, f, from, bytes, n, packet);
	if (f->ignored)
		c->counts.ignored_bytes += n;
}

void call_gap(struct capture *c, struct capture_flow *f, enum capture_side from, uint64_t missing,
	      const struct capture_packet *packet)
{
	if (!wanted(c, f))
		return;
	c->counts.gaps++;
	c->counts.gap_bytes += missing;
	c->sink.gap(c->sink.ctx, f, from, missing, packet);
}

void call_ambiguous(struct capture *c, struct capture_flow *f, enum capture_side from, const struct capture_packet *packet)
{
	if (!wanted(c, f))
		return;
	c->counts.ambiguous++;
	c->sink.ambiguous(c->sink.ctx, f, from, packet);
}

void call_fin(struct capture *c, struct capture_flow *f, enum capture_side from, const struct capture_packet *packet)
{
	if (wanted(c, f))
		c->sink.fin(c->sink.ctx, f, from, packet);
}

const struct capture_key *capture_flow_key(const struct capture_flow *flow)
{
	return &flow->key;
}

void *capture_flow_user(const struct capture_flow *flow)
{
	return flow->user;
}

void capture_flow_set_user(struct capture_flow *flow, void *user)
{
	flow->user = user;
}

bool capture_flow_began_midway(const struct capture_flow *flow)
{
	return flow->midway;
}

void capture_flow_ignore(struct capture_flow *flow)
{
	flow->ignored = true;
}
