/* The table of flows: found by their two ends, listed by last use, closed when idle or when room is needed.
 *
 * Input from: packet headers. Limits: max_flows; buckets are chosen by a keyed hash, so nobody can fill one on purpose.
 * When the table is full, flows that have ended go first, then connections without data, then the oldest UDP flow;
 * otherwise the newcomer is refused and counted, because what has begun is worth more than what may be a flood.
 */
#include "capture/capture_int.h"

#include <stdlib.h>

#define FIRST_BUCKETS 1024
#define LINGER_US 60000000u /* an ended connection is remembered so long */

uint8_t flow_ends(const struct ip *ip, uint16_t from_port, uint16_t to_port, struct ends *out)
{
	int     order = memcmp(ip->from, ip->to, sizeof(ip->from));
	uint8_t sender = order > 0 || (!order && from_port > to_port);

	memset(out, 0, sizeof(*out));
	out->version = ip->version;
	out->protocol = ip->protocol;
	memcpy(out->address[sender], ip->from, sizeof(ip->from));
	memcpy(out->address[!sender], ip->to, sizeof(ip->to));
	out->port[sender] = from_port;
	out->port[!sender] = to_port;
	return sender;
}

uint8_t flow_client_by_port(const struct ends *ends, uint8_t sender)
{
	if (ends->port[0] == ends->port[1])
		return sender;
	return ends->port[0] > ends->port[1] ? 0 : 1;
}

/* IPv4 fits two words, which is most of the hash's cost. */
static uint64_t ends_hash(const struct capture *c, const struct ends *e)
{
	uint64_t a = 0, b = 0;

	if (e->version != 4)
		return hash_bytes(&c->secret, e, sizeof(*e));
	memcpy(&a, e->address[0], 4);
	memcpy(&b, e->address[1], 4);
	return hash_pair(&c->secret, a << 32 | b, (uint64_t)e->port[0] << 32 | (uint64_t)e->port[1] << 16 | e->protocol);
}

struct capture_flow *flow_find(struct capture *c, const struct ends *ends, uint8_t sender_end, enum capture_side *from)
{
	struct flow_table   *t = &c->flows;
	struct capture_flow *f = t->last;

	if (!t->buckets)
		return NULL;
	if (!f || memcmp(&f->ends, ends, sizeof(*ends)) != 0) {
		uint64_t hash = ends_hash(c, ends);

		f = t->bucket[hash & (t->buckets - 1)];
		while (f && (f->hash != hash || memcmp(&f->ends, ends, sizeof(*ends)) != 0))
			f = f->chain;
	}
	if (!f)
		return NULL;
	t->last = f;
	*from = sender_end == f->client_end ? CAPTURE_CLIENT : CAPTURE_SERVER;
	return f;
}

static void list_out(struct flow_table *t, struct capture_flow *f)
{
	*(f->older ? &f->older->newer : &t->oldest[f->list]) = f->newer;
	*(f->newer ? &f->newer->older : &t->newest[f->list]) = f->older;
}

static void list_in(struct flow_table *t, struct capture_flow *f, enum flow_list list, uint64_t now)
{
	f->list = (uint8_t)list;
	f->listed_us = now;
	f->newer = NULL;
	f->older = t->newest[list];
	*(f->older ? &f->older->newer : &t->oldest[list]) = f;
	t->newest[list] = f;
}

void flow_touch(struct capture *c, struct capture_flow *f, enum flow_list list)
{
	f->last_us = c->clock_us;
	/* Moved once per tick at most: a busy flow does not pay for the list. */
	if (f->list == list && c->clock_us - f->listed_us < CAPTURE_TICK_US)
		return;
	list_out(&c->flows, f);
	list_in(&c->flows, f, list, c->clock_us);
}

/* Twice as many buckets; on no memory the chains just get longer. False: there are none at all. */
static bool table_grow(struct flow_table *t)
{
	size_t                n = t->buckets ? t->buckets * 2 : FIRST_BUCKETS;
	struct capture_flow **bucket = calloc(n, sizeof(struct capture_flow *));

	if (!bucket)
		return t->buckets > 0;
	for (size_t i = 0; i < t->buckets; i++)
		for (struct capture_flow *f = t->bucket[i], *next; f; f = next) {
			next = f->chain;
			f->chain = bucket[f->hash & (n - 1)];
			bucket[f->hash & (n - 1)] = f;
		}
	free(t->bucket);
	t->bucket = bucket;
	t->buckets = n;
	return true;
}

/* Whether one more flow fits, making room if that is fair. */
static bool table_room(struct capture *c)
{
	static const enum flow_list order[] = {FLOW_CLOSED, FLOW_NEW, FLOW_UDP};
	struct flow_table          *t = &c->flows;

	for (size_t i = 0; t->count >= c->options.max_flows && i < sizeof(order) / sizeof(order[0]); i++) {
		struct capture_flow *f = t->oldest[order[i]];

		if (!f)
			continue;
		c->counts.flows_evicted += !f->closed;
		flow_remove(c, f, false);
	}
	return t->count < c->options.max_flows;
}

static void key_fill(struct capture_flow *f)
{
	uint8_t client = f->client_end;

	f->key.version = f->ends.version;
	f->key.protocol = f->ends.protocol;
	memcpy(f->key.client, f->ends.address[client], sizeof(f->key.client));
	memcpy(f->key.server, f->ends.address[!client], sizeof(f->key.server));
	f->key.client_port = f->ends.port[client];
	f->key.server_port = f->ends.port[!client];
}

struct capture_flow *flow_create(struct capture *c, const struct ends *ends, uint8_t client_end)
{
	struct flow_table   *t = &c->flows;
	bool                 tcp = ends->protocol == CAPTURE_TCP;
	struct capture_flow *f;

	if (!table_room(c)) {
		c->counts.refused++;
		return NULL;
	}
	f = calloc(1, sizeof(*f) + (tcp ? sizeof(struct tcp) : 0));
	if (!f || (t->count >= t->buckets && !table_grow(t))) {
		free(f);
		c->counts.no_memory++;
		c->counts.refused++;
		return NULL;
	}
	f->ends = *ends;
	f->client_end = client_end;
	key_fill(f);
	f->hash = ends_hash(c, ends);
	f->chain = t->bucket[f->hash & (t->buckets - 1)];
	t->bucket[f->hash & (t->buckets - 1)] = f;
	t->count++;
	t->last = f;
	f->last_us = c->clock_us;
	list_in(t, f, tcp ? FLOW_NEW : FLOW_UDP, c->clock_us);
	c->counts.flows++;
	return f;
}

/* Gives back everything it holds. */
static void release(struct capture *c, struct capture_flow *f)
{
	if (f->ends.protocol != CAPTURE_TCP)
		return;
	for (int i = 0; i < 2; i++) {
		held_drop_all(c, f, &f->tcp->side[i]);
		history_drop(c, &f->tcp->side[i]);
	}
}

void flow_close(struct capture *c, struct capture_flow *f, bool reset)
{
	if (f->closed)
		return;
	f->closed = true;
	release(c, f);
	c->counts.flows_midway += f->midway;
	if (f->opened)
		c->sink.close(c->sink.ctx, f, reset);
	else
		c->counts.flows_silent++;
	f->user = NULL;
	flow_touch(c, f, FLOW_CLOSED);
}

void flow_remove(struct capture *c, struct capture_flow *f, bool quiet)
{
	struct flow_table    *t = &c->flows;
	struct capture_flow **at = &t->bucket[f->hash & (t->buckets - 1)];

	if (!f->closed && !quiet && f->ends.protocol == CAPTURE_TCP)
		order_flush(c, f);
	flow_close(c, f, false);
	while (*at != f)
		at = &(*at)->chain;
	*at = f->chain;
	list_out(t, f);
	t->count--;
	if (t->last == f)
		t->last = NULL;
	free(f);
}

void flow_sweep(struct capture *c)
{
	const uint64_t limit[FLOW_LISTS] = {c->options.tcp_idle_us, c->options.tcp_idle_us, LINGER_US, c->options.udp_idle_us};
	struct flow_table *t = &c->flows;

	for (int list = 0; list < FLOW_LISTS; list++)
		while (t->oldest[list] && c->clock_us - t->oldest[list]->last_us >= limit[list])
			flow_remove(c, t->oldest[list], false);
}

void flow_end_all(struct capture *c, bool quiet)
{
	struct flow_table *t = &c->flows;

	for (int list = 0; list < FLOW_LISTS; list++)
		while (t->oldest[list])
			flow_remove(c, t->oldest[list], quiet);
	free(t->bucket);
	*t = (struct flow_table){.bucket = NULL};
}
