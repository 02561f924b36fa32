/* Puts IP fragments together into datagrams.
 *
 * Spec: RFC 791, RFC 8200 4.5, RFC 5722. Input from: the capture file. Limits: max_datagrams, max_fragment_bytes,
 * fragment_us; the oldest gives way. Fragments that overlap with other content make the datagram ambiguous: it is dropped and
 * remembered, so that no later fragment revives it. The same content twice is a retransmission.
 */
#include "capture/capture_int.h"

#include <stdlib.h>

#define LONGEST 65535u /* bytes of a datagram's body */
#define UNIT 8u /* fragments begin at multiples of this */
#define SMALLEST 2048u

struct datagram_key {
	uint8_t  from[16], to[16];
	uint32_t id;
	uint8_t  version, protocol, zero[2];
};

struct datagram {
	struct datagram    *chain, *older, *newer;
	struct datagram_key key;
	uint64_t            hash, since_us;
	uint32_t            size; /* bytes of memory in body */
	uint32_t            end, have; /* its length, 0 while unknown; bytes that have come */
	uint32_t            furthest; /* behind the last byte that has come */
	uint32_t            pieces;
	bool                ambiguous;
	uint8_t             next; /* IPv6: the first fragment's next header */
	uint8_t            *body;
	uint64_t            seen[(LONGEST / UNIT + 64) / 64]; /* a bit per unit */
};

static void datagram_forget(struct capture *c, struct datagram *d)
{
	struct fragments *t = &c->fragments;
	struct datagram **at = &t->bucket[d->hash & (t->buckets - 1)];

	while (*at != d)
		at = &(*at)->chain;
	*at = d->chain;
	*(d->older ? &d->older->newer : &t->oldest) = d->newer;
	*(d->newer ? &d->newer->older : &t->newest) = d->older;
	t->count--;
	t->bytes -= sizeof(*d) + d->size;
	free(d->body);
	free(d);
}

/* The same, for one that never became whole. */
static void datagram_drop(struct capture *c, struct datagram *d)
{
	c->counts.fragments_dropped += d->pieces;
	datagram_forget(c, d);
}

/* Room for `bytes` more, besides `keep`. */
static bool frag_room(struct capture *c, size_t bytes, const struct datagram *keep)
{
	struct fragments *t = &c->fragments;

	while (t->bytes + bytes > c->options.max_fragment_bytes && t->oldest && t->oldest != keep)
		datagram_drop(c, t->oldest);
	return t->bytes + bytes <= c->options.max_fragment_bytes;
}

static bool table_ready(struct capture *c)
{
	struct fragments *t = &c->fragments;
	size_t            n = 64;

	if (t->bucket)
		return true;
	while (n < c->options.max_datagrams && n < 1u << 20)
		n *= 2;
	t->bucket = calloc(n, sizeof(struct datagram *));
	t->buckets = t->bucket ? n : 0;
	return t->bucket;
}

static struct datagram *datagram_new(struct capture *c, const struct datagram_key *key, uint64_t hash)
{
	struct fragments *t = &c->fragments;
	struct datagram  *d;

	if (t->count >= c->options.max_datagrams)
		datagram_drop(c, t->oldest);
	if (!frag_room(c, sizeof(*d), NULL))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d) {
		c->counts.no_memory++;
		return NULL;
	}
	d->key = *key;
	d->hash = hash;
	d->since_us = c->clock_us;
	d->chain = t->bucket[hash & (t->buckets - 1)];
	t->bucket[hash & (t->buckets - 1)] = d;
	d->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = d;
	t->newest = d;
	t->count++;
	t->bytes += sizeof(*d);
	return d;
}

static struct datagram *datagram_find(struct capture *c, const struct ip *ip, uint32_t id)
{
	struct datagram_key key = {.id = id, .version = ip->version, .protocol = ip->protocol};
	struct datagram    *d;
	uint64_t            hash;

	if (!table_ready(c)) {
		c->counts.no_memory++;
		return NULL;
	}
	/* An IPv6 datagram's protocol is known from its first fragment only and is not part of its name. */
	if (ip->version == 6)
		key.protocol = 0;
	memcpy(key.from, ip->from, sizeof(key.from));
	memcpy(key.to, ip->to, sizeof(key.to));
	hash = hash_bytes(&c->secret, &key, sizeof(key));
	d = c->fragments.bucket[hash & (c->fragments.buckets - 1)];
	while (d && (d->hash != hash || memcmp(&d->key, &key, sizeof(key)) != 0))
		d = d->chain;
	return d ? d : datagram_new(c, &key, hash);
}

/* Memory up to `end`. */
static bool body_grow(struct capture *c, struct datagram *d, uint32_t end)
{
	uint32_t size = d->size ? d->size : SMALLEST;
	uint8_t *body;

	if (end <= d->size)
		return true;
	while (size < end)
		size *= 2;
	if (!frag_room(c, size - d->size, d))
		return false;
	body = realloc(d->body, size);
	if (!body) {
		c->counts.no_memory++;
		return false;
	}
	c->fragments.bytes += size - d->size;
	d->body = body;
	d->size = size;
	return true;
}

/* Copies the units that are new and compares the others. False: they contradict each other. Body is large enough. */
static bool body_merge(struct datagram *d, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	/* UNSAFE: offset + n <= size (body_grow) and at + k <= n by the choice of k. */
	for (uint32_t at = 0; at < n; at += UNIT) {
		uint32_t unit = (offset + at) / UNIT;
		uint32_t k = n - at < UNIT ? n - at : UNIT;
		uint64_t bit = (uint64_t)1 << (unit % 64);

		if (d->seen[unit / 64] & bit) {
			if (memcmp(d->body + offset + at, bytes + at, k) != 0)
				return false;
			continue;
		}
		memcpy(d->body + offset + at, bytes + at, k);
		d->seen[unit / 64] |= bit;
		d->have += k;
	}
	return true;
}

/* The rules of offsets and lengths. False: contradicts what came before, or itself. */
static bool piece_fits(const struct datagram *d, uint32_t offset, uint32_t n, bool more)
{
	uint32_t end = offset + n;

	if (d->end)
		return more ? end <= d->end : end == d->end;
	return more || end >= d->furthest;
}

static void datagram_ambiguous(struct capture *c, struct datagram *d)
{
	d->ambiguous = true;
	c->counts.datagrams_ambiguous++;
	c->fragments.bytes -= d->size;
	d->size = 0;
	free(d->body);
	d->body = NULL;
}

/* All bytes are there: on to the transport. */
static void datagram_deliver(struct capture *c, struct datagram *d, const struct ip *last)
{
	struct ip ip = *last;

	ip.body = (struct view){.p = d->body, .n = d->end};
	if (ip.version == 6)
		ip6_headers(c, &ip, d->next, true);
	else
		ip_deliver(c, &ip);
	datagram_forget(c, d);
}

void frag_add(struct capture *c, const struct ip *ip, uint32_t id, uint32_t offset, bool more)
{
	uint32_t         n = (uint32_t)ip->body.n;
	struct datagram *d;
	uint8_t          next;

	c->counts.fragments++;
	/* A cut piece can never be completed; an empty or odd one has no place; the sum must be a lawful length. */
	if (ip->body.cut || ip->body.n > LONGEST || offset > LONGEST - n || !n || (more && n % UNIT)) {
		c->counts.malformed += !ip->body.cut;
		c->counts.fragments_dropped++;
		return;
	}
	d = datagram_find(c, ip, id);
	if (!d) {
		c->counts.fragments_dropped++;
		return;
	}
	d->pieces++;
	if (d->ambiguous)
		return;
	if (!piece_fits(d, offset, n, more)) {
		datagram_ambiguous(c, d);
		return;
	}
	if (!body_grow(c, d, offset + n)) {
		datagram_drop(c, d);
		return;
	}
	if (!more)
		d->end = offset + n;
	if (offset + n > d->furthest)
		d->furthest = offset + n;
	/* The first fragment's next header is the one that counts (RFC 8200 4.5); two of them may not contradict each other. */
	next = !offset && d->seen[0] & 1 ? d->next : ip->protocol;
	if (!offset)
		d->next = ip->protocol;
	if ((!offset && next != ip->protocol) || !body_merge(d, offset, ip->body.p, n))
		datagram_ambiguous(c, d);
	else if (d->end && d->have == d->end)
		datagram_deliver(c, d, ip);
}

void frag_expire(struct capture *c, bool all)
{
	struct fragments *t = &c->fragments;

	while (t->oldest && (all || c->clock_us - t->oldest->since_us >= c->options.fragment_us))
		datagram_drop(c, t->oldest);
}

void frag_free(struct capture *c)
{
	frag_expire(c, true);
	free(c->fragments.bucket);
	c->fragments = (struct fragments){.bucket = NULL};
}
