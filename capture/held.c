/* Keeps the segments of one side that must wait, sorted and without overlap.
 *
 * Input from: order.c. Limits: CAPTURE_HELD_SEGMENTS for a side (order.c enforces it and the byte limits). The array is
 * sorted by distance from `next`, found by halving, moved in one piece: at most 32 KiB for one segment, whatever the order
 * they come in.
 */
#include "capture/capture_int.h"

#include <stdlib.h>

/* What a waiting segment is charged, beyond its bytes. */
#define COST (sizeof(struct segment) + 2 * sizeof(struct segment *))

static uint32_t segment_end(const struct segment *g)
{
	return g->seq + g->n + g->cut;
}

static void charge(struct capture *c, struct capture_flow *f, size_t n)
{
	f->tcp->held_bytes += n;
	c->held_total += n;
}

static void credit(struct capture *c, struct capture_flow *f, const struct segment *g)
{
	f->tcp->held_bytes -= COST + g->n;
	c->held_total -= COST + g->n;
}

/* Index of the first segment that ends behind seq. */
static uint32_t find(const struct stream *s, uint32_t seq)
{
	uint32_t low = 0, high = s->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (seq_diff(segment_end(s->held[s->first + middle]), seq) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* A free place behind the last one. */
static bool room(struct stream *s)
{
	struct segment **bigger;
	uint32_t         n = s->room ? s->room * 2 : 16;

	if (s->first + s->count < s->room)
		return true;
	if (s->first > s->count) {
		memmove(s->held, s->held + s->first, s->count * sizeof(struct segment *));
		s->first = 0;
		return true;
	}
	bigger = realloc(s->held, n * sizeof(struct segment *));
	if (!bigger)
		return false;
	s->held = bigger;
	s->room = n;
	return true;
}

/* The first n wire bytes of the input as a segment of its own before index i. */
static bool put(struct capture *c, struct capture_flow *f, struct stream *s, uint32_t i, const struct tcp_input *in, uint32_t n)
{
	uint32_t         captured = n < in->n ? n : in->n;
	struct segment  *g = malloc(sizeof(*g) + captured);
	struct segment **at;

	if (!g || !room(s)) {
		free(g);
		c->counts.no_memory++;
		return false;
	}
	*g = (struct segment){.packet = c->now, .seq = in->seq, .ack = in->ack, .has_ack = in->has_ack, .n = captured,
			      .cut = n - captured};
	memcpy(g->bytes, in->bytes, captured);
	at = s->held + s->first + i;
	memmove(at + 1, at, (s->count - i) * sizeof(struct segment *));
	*at = g;
	s->count++;
	charge(c, f, COST + captured);
	return true;
}

/* Moves the input n wire bytes on. UNSAFE: bytes moves by no more than the n it has. */
static void skip(struct tcp_input *in, uint32_t n)
{
	uint32_t captured = n < in->n ? n : in->n;

	in->seq += n;
	in->bytes += captured;
	in->n -= captured;
	in->cut -= n - captured;
}

/* How many wire bytes the input shares with g, which begins at or before it; false if the captured ones differ. */
static bool same(const struct segment *g, const struct tcp_input *in, uint32_t *shared)
{
	uint32_t into = in->seq - g->seq;
	uint32_t both = g->n > into ? g->n - into : 0;
	uint32_t left = g->n + g->cut - into;
	uint32_t all = in->n + in->cut;

	*shared = left < all ? left : all;
	if (both > in->n)
		both = in->n;
	return !both || !memcmp(g->bytes + into, in->bytes, both);
}

enum held held_insert(struct capture *c, struct capture_flow *f, struct stream *s, struct tcp_input in)
{
	uint32_t i = find(s, in.seq);

	while (in.n + in.cut) {
		struct segment *g = i < s->count ? s->held[s->first + i] : NULL;
		uint32_t        all = in.n + in.cut, part = all;

		if (g && seq_diff(g->seq, in.seq) <= 0) {
			/* The older acknowledgement is that of the first copy. */
			if (g->seq == in.seq && g->has_ack && (!in.has_ack || seq_diff(in.ack, g->ack) < 0)) {
				g->has_ack = in.has_ack;
				g->ack = in.ack;
			}
			if (!same(g, &in, &part))
				return HELD_CONFLICT;
			i++;
		} else {
			if (g && (uint32_t)seq_diff(g->seq, in.seq) < all)
				part = (uint32_t)seq_diff(g->seq, in.seq);
			if (!put(c, f, s, i, &in, part))
				return HELD_NO_MEMORY;
			i++;
		}
		skip(&in, part);
	}
	return HELD_OK;
}

struct segment *held_first(const struct stream *s)
{
	return s->count ? s->held[s->first] : NULL;
}

struct segment *held_pop(struct capture *c, struct capture_flow *f, struct stream *s)
{
	struct segment *g = s->held[s->first];

	credit(c, f, g);
	s->first++;
	s->count--;
	if (!s->count) {
		free(s->held);
		s->held = NULL;
		s->first = s->room = 0;
	}
	return g;
}

void held_free(struct segment *segment)
{
	free(segment);
}

void held_drop_all(struct capture *c, struct capture_flow *f, struct stream *s)
{
	while (s->count)
		held_free(held_pop(c, f, s));
	free(s->held);
	s->held = NULL;
	s->first = s->room = 0;
}
