/* Remembers bytes that were fed and not yet acknowledged, so that a second version of them is noticed.
 *
 * Once acknowledged, bytes are settled: the receiver has taken a version that was sent before, and drops all later ones.
 * Limits: max_history for a side, max_history_total for all; beyond them only the newest bytes are compared, and what could
 * not be compared is counted (unchecked_bytes). Buffers go back to the pool with the acknowledgement, so a handful serves
 * thousands of flows and stays in the processor's cache.
 */
#include "capture/capture_int.h"

#include <stdlib.h>

/* The class whose buffers hold `size`, a power of two times the smallest. */
static unsigned class_of(uint32_t size)
{
	unsigned class = 0;

	while (HISTORY_SMALLEST << class < size)
		class++;
	return class;
}

static void spare_push(struct history_pool *pool, void *buffer, unsigned class)
{
	memcpy(buffer, &pool->spare[class], sizeof(void *));
	pool->spare[class] = buffer;
}

static void *spare_pop(struct history_pool *pool, unsigned class)
{
	void *buffer = pool->spare[class];

	if (buffer)
		memcpy(&pool->spare[class], buffer, sizeof(void *));
	return buffer;
}

/* All buffers not in use back to the system. */
static void pool_trim(struct history_pool *pool)
{
	for (unsigned class = 0; class < HISTORY_CLASSES; class++)
		for (void *buffer; (buffer = spare_pop(pool, class)) != NULL; free(buffer))
			pool->total -= (size_t)HISTORY_SMALLEST << class;
}

static uint8_t *pool_take(struct capture *c, uint32_t size)
{
	struct history_pool *pool = &c->history;
	uint8_t             *buffer = spare_pop(pool, class_of(size));

	if (buffer)
		return buffer;
	if (pool->total + size > c->options.max_history_total)
		pool_trim(pool);
	if (pool->total + size > c->options.max_history_total)
		return NULL;
	buffer = malloc(size);
	if (buffer)
		pool->total += size;
	else
		c->counts.no_memory++;
	return buffer;
}

/* One copy or two, as the ring's end demands. UNSAFE: n <= size, a power of two, so both parts lie inside the ring. */
static void ring_write(uint8_t *ring, uint32_t size, uint32_t seq, const uint8_t *bytes, uint32_t n)
{
	uint32_t at = seq & (size - 1);
	uint32_t part = n < size - at ? n : size - at;

	memcpy(ring + at, bytes, part);
	memcpy(ring, bytes + part, n - part);
}

/* A ring that can remember `want` bytes, or the present one when there is none to be had. */
static void ring_grow(struct capture *c, struct stream *s, size_t want)
{
	uint32_t size = HISTORY_SMALLEST;
	uint32_t old = s->history_size;
	uint8_t *ring;

	while (size < want && size * 2 <= c->options.max_history && class_of(size) + 1 < HISTORY_CLASSES)
		size *= 2;
	if (size <= old)
		return;
	ring = pool_take(c, size);
	if (!ring)
		return;
	for (uint32_t seq = s->next - s->history_n, left = s->history_n; left;) {
		uint32_t at = seq & (old - 1);
		uint32_t part = left < old - at ? left : old - at;

		ring_write(ring, size, seq, s->history + at, part);
		seq += part;
		left -= part;
	}
	if (s->history)
		spare_push(&c->history, s->history, class_of(old));
	s->history = ring;
	s->history_size = size;
}

void history_append(struct capture *c, struct stream *s, const uint8_t *bytes, size_t n)
{
	uint32_t seq = s->next, keep;

	if (s->history_n + n > s->history_size)
		ring_grow(c, s, s->history_n + n);
	if (!s->history_size)
		return;
	keep = n < s->history_size ? (uint32_t)n : s->history_size;
	ring_write(s->history, s->history_size, seq + (uint32_t)(n - keep), bytes + (n - keep), keep);
	s->history_n = s->history_size - s->history_n < keep ? s->history_size : s->history_n + keep;
}

void history_acked(struct capture *c, struct stream *s, uint32_t ack)
{
	int32_t left = seq_diff(s->next, ack);

	if (left <= 0)
		history_drop(c, s);
	else if ((uint32_t)left < s->history_n)
		s->history_n = (uint32_t)left;
}

bool history_agrees(struct capture *c, const struct stream *s, uint32_t seq, const uint8_t *bytes, uint32_t n)
{
	uint32_t back = s->next - seq; /* how far behind next it begins; at least n */
	uint32_t skip = 0, at, part;

	if (back > s->history_n) {
		skip = back - s->history_n < n ? back - s->history_n : n;
		/* Acknowledged bytes are settled; only others are missed. */
		if (!s->heard || seq_diff(seq + skip, s->acked) > 0)
			c->counts.unchecked_bytes += skip;
		if (skip == n)
			return true;
	}
	n -= skip;
	at = (seq + skip) & (s->history_size - 1);
	part = n < s->history_size - at ? n : s->history_size - at;
	return !memcmp(s->history + at, bytes + skip, part) && !memcmp(s->history, bytes + skip + part, n - part);
}

void history_drop(struct capture *c, struct stream *s)
{
	if (s->history)
		spare_push(&c->history, s->history, class_of(s->history_size));
	s->history = NULL;
	s->history_size = s->history_n = 0;
}

void history_free(struct capture *c)
{
	pool_trim(&c->history);
}
