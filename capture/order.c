/* Feeds the two sides of a TCP connection in sequence and in causal order, and says what is missing or ambiguous.
 *
 * The rule: a segment that acknowledges N is fed when the other side has been fed up to N. What cannot be fed is held.
 * A hole is given up (a gap) when the other side has acknowledged it and it stays away for patience_us or
 * patience_packets; when too much is held; when the connection or the file ends. Two segments that wait for each other: one is
 * a retransmission that carries a newer acknowledgement than its first copy did; the later captured one is taken for it.
 * Input from: tcp.c. Limits: max_held_flow, max_held_total, CAPTURE_HELD_SEGMENTS.
 */
#include "capture/capture_int.h"

/* What a side would feed next: its first held segment, or its FIN. */
struct head {
	struct segment             *segment; /* NULL: the FIN */
	const struct capture_packet *packet;
	uint32_t                    seq, ack;
	bool                        there, has_ack;
};

static struct head head_of(const struct stream *s)
{
	struct segment *g = held_first(s);

	if (g)
		return (struct head){g, &g->packet, g->seq, g->ack, true, g->has_ack};
	if (s->fin_known && !s->fin_done && !s->ambiguous)
		return (struct head){NULL, &s->fin_packet, s->fin_seq, s->fin_ack, true, s->fin_has_ack};
	return (struct head){.there = false};
}

/* Whether the other side has been fed up to an acknowledgement, or never will be. */
static bool caused(const struct stream *other, bool has_ack, uint32_t ack)
{
	return !has_ack || !other->known || other->ambiguous || other->fin_done || seq_diff(other->next, ack) >= 0;
}

static bool idle(const struct capture_flow *f)
{
	const struct stream *a = &f->tcp->side[0], *b = &f->tcp->side[1];

	return !a->count && !b->count && !(a->fin_known && !a->fin_done) && !(b->fin_known && !b->fin_done);
}

static void forget(struct capture *c, struct capture_flow *f, struct stream *s)
{
	held_drop_all(c, f, s);
	history_drop(c, s);
}

/* The consumer may have lost interest inside a call. */
static bool dropped(struct capture *c, struct capture_flow *f)
{
	if (!f->ignored)
		return false;
	for (int side = 0; side < 2; side++) {
		struct stream *s = &f->tcp->side[side];

		for (uint32_t i = 0; i < s->count; i++)
			c->counts.ignored_bytes += s->held[s->first + i]->n;
		forget(c, f, s);
	}
	return true;
}

void order_ambiguous(struct capture *c, struct capture_flow *f, enum capture_side side, const struct capture_packet *packet)
{
	struct stream *s = &f->tcp->side[side];

	if (s->ambiguous || s->fin_done)
		return;
	s->ambiguous = true;
	s->fin_done = s->fin_known;
	forget(c, f, s);
	call_ambiguous(c, f, side, packet);
}

/* The next bytes of a side, and the hole behind them if the capture cut the packet. */
static void feed(struct capture *c, struct capture_flow *f, const struct tcp_input *in, const struct capture_packet *packet)
{
	struct stream *s = &f->tcp->side[in->from];

	if (in->n) {
		history_append(c, s, in->bytes, in->n);
		s->next += in->n;
		call_data(c, f, in->from, in->bytes, in->n, packet);
	}
	if (in->cut) {
		history_drop(c, s);
		s->next += in->cut;
		call_gap(c, f, in->from, in->cut, packet);
	}
}

static void feed_fin(struct capture *c, struct capture_flow *f, enum capture_side side)
{
	struct stream *s = &f->tcp->side[side];

	s->fin_done = true;
	history_drop(c, s);
	s->next++;
	call_fin(c, f, side, &s->fin_packet);
}

/* One step of a side, if order allows it. */
static bool step(struct capture *c, struct capture_flow *f, enum capture_side side)
{
	struct stream *s = &f->tcp->side[side];
	struct head    head = head_of(s);
	struct segment *g;

	if (!head.there || head.seq != s->next || !caused(&f->tcp->side[!side], head.has_ack, head.ack))
		return false;
	if (!head.segment) {
		feed_fin(c, f, side);
		return true;
	}
	g = held_pop(c, f, s);
	feed(c, f, &(struct tcp_input){.from = side, .bytes = g->bytes, .n = g->n, .cut = g->cut}, &g->packet);
	held_free(g);
	return true;
}

/* The head of a side no longer waits for the other side. */
static void free_head(struct stream *s)
{
	if (held_first(s))
		held_first(s)->has_ack = false;
	else
		s->fin_has_ack = false;
}

/* Two heads in sequence that wait for each other: the later one no longer waits. */
static bool untangle(struct capture_flow *f)
{
	struct stream *a = &f->tcp->side[0], *b = &f->tcp->side[1];
	struct head    x = head_of(a), y = head_of(b);

	if (!x.there || !y.there || x.seq != a->next || y.seq != b->next)
		return false;
	free_head(x.packet->number > y.packet->number ? a : b);
	return true;
}

/* Everything that order allows. */
static void pump(struct capture *c, struct capture_flow *f)
{
	while (!idle(f) && !dropped(c, f)) {
		if (step(c, f, CAPTURE_CLIENT) || step(c, f, CAPTURE_SERVER))
			continue;
		if (!untangle(f))
			break;
	}
}

/* Moves a side over a hole up to `to`, or to what it holds if that comes first. */
static void give_up(struct capture *c, struct capture_flow *f, enum capture_side side, uint32_t to)
{
	struct stream        *s = &f->tcp->side[side];
	struct head           head = head_of(s);
	struct capture_packet packet = c->now;
	uint32_t              missing;

	if (head.there && seq_diff(head.seq, to) <= 0) {
		to = head.seq;
		packet = *head.packet;
	}
	missing = to - s->next;
	s->next = to;
	history_drop(c, s);
	call_gap(c, f, side, missing, &packet);
}

/* A hole of this side that the other side has acknowledged: it was sent, and is not here. */
static bool acked_hole(const struct stream *s)
{
	struct head head = head_of(s);

	return s->known && !s->ambiguous && !s->fin_done && seq_diff(s->acked, s->next) > 0 && !(head.there && head.seq == s->next);
}

/* The oldest thing held goes on at the price of a gap. False: nothing is held. pump() must have run. */
static bool relieve(struct capture *c, struct capture_flow *f)
{
	struct head       x = head_of(&f->tcp->side[0]), y = head_of(&f->tcp->side[1]);
	enum capture_side side = CAPTURE_CLIENT;

	if (!x.there && !y.there)
		return false;
	if (!x.there || (y.there && y.packet->number < x.packet->number)) {
		side = CAPTURE_SERVER;
		x = y;
	}
	if (x.seq != f->tcp->side[side].next)
		give_up(c, f, side, x.seq);
	else if (x.ack - f->tcp->side[!side].next <= (uint32_t)CAPTURE_FAR)
		give_up(c, f, (enum capture_side)!side, x.ack);
	else
		free_head(&f->tcp->side[side]);
	pump(c, f);
	return !dropped(c, f);
}

static bool too_much(const struct capture *c, const struct capture_flow *f)
{
	const struct tcp *t = f->tcp;

	return t->held_bytes > c->options.max_held_flow || t->side[0].count > CAPTURE_HELD_SEGMENTS ||
	       t->side[1].count > CAPTURE_HELD_SEGMENTS || (c->held_total > c->options.max_held_total && t->held_bytes);
}

/* So much was acknowledged that what is missing is not late: this side is not in the capture. */
static void skip_unseen(struct capture *c, struct capture_flow *f)
{
	for (int side = 0; side < 2; side++) {
		struct stream *s = &f->tcp->side[side];

		if (seq_diff(s->acked, s->next) > (int32_t)CAPTURE_REACH && !f->ignored && acked_hole(s))
			give_up(c, f, (enum capture_side)side, s->acked);
	}
}

/* Acknowledged bytes that stay away too long become gaps. */
static void lose_patience(struct capture *c, struct capture_flow *f)
{
	struct tcp *t = f->tcp;
	bool        late = acked_hole(&t->side[0]) || acked_hole(&t->side[1]);

	if (!late || idle(f)) {
		t->waiting = false;
		return;
	}
	if (!t->waiting) {
		t->waiting = true;
		t->wait_packets = 0;
		t->wait_since = c->clock_us;
		return;
	}
	if (++t->wait_packets < c->options.patience_packets && c->clock_us - t->wait_since < c->options.patience_us)
		return;
	t->waiting = false;
	for (int side = 0; side < 2; side++)
		if (!f->ignored && acked_hole(&t->side[side])) {
			give_up(c, f, (enum capture_side)side, t->side[side].acked);
			pump(c, f);
		}
}

void order_advance(struct capture *c, struct capture_flow *f)
{
	if (dropped(c, f))
		return;
	skip_unseen(c, f);
	if (idle(f)) {
		f->tcp->waiting = false;
		return;
	}
	pump(c, f);
	while (too_much(c, f) && relieve(c, f))
		;
	if (!dropped(c, f))
		lose_patience(c, f);
}

void order_flush(struct capture *c, struct capture_flow *f)
{
	pump(c, f);
	while (!dropped(c, f) && relieve(c, f))
		;
	for (int side = 0; side < 2; side++)
		if (!f->ignored && acked_hole(&f->tcp->side[side]))
			give_up(c, f, (enum capture_side)side, f->tcp->side[side].acked);
}

/* Notes where the side ends. False: it ends in two places, or before bytes it has sent. */
static bool note_end(struct stream *s, const struct tcp_input *in, const struct capture_packet *packet)
{
	uint32_t end = in->seq + in->n + in->cut;

	if (s->fin_known && seq_diff(end, s->fin_seq) > 0)
		return false;
	if (!in->fin)
		return true;
	if (s->fin_known)
		return s->fin_seq == end || seq_diff(end, s->next) < 0;
	/* A FIN in the past or before data that was seen is not one the receiver takes. */
	if (seq_diff(end, s->next) < 0)
		return true;
	s->fin_known = true;
	s->fin_seq = end;
	s->fin_ack = in->ack;
	s->fin_has_ack = in->has_ack;
	s->fin_packet = *packet;
	return seq_diff(s->top, end) <= 0;
}

/* Takes off what was fed before, comparing it. False: it differs. */
static bool trim_old(struct capture *c, const struct stream *s, struct tcp_input *in)
{
	uint32_t back = s->next - in->seq;
	uint32_t old = back < in->n ? back : in->n;
	bool     agrees = true;

	/* One byte before next, never acknowledged by anybody, is a keep-alive in a capture of one direction. */
	if (old && (s->heard || in->n > 1 || back > 1))
		agrees = history_agrees(c, s, in->seq, in->bytes, old);
	if (back >= in->n + in->cut) {
		c->counts.retransmitted++;
		back = in->n + in->cut;
	}
	in->seq += back;
	in->bytes += old;
	in->n -= old;
	in->cut -= back - old;
	return agrees;
}

/* Feeds it at once, or holds it. */
static void take(struct capture *c, struct capture_flow *f, struct stream *s, const struct tcp_input *in)
{
	struct segment *first = held_first(s);
	bool            alone = !first || seq_diff(first->seq, in->seq + in->n + in->cut) >= 0;

	if (in->seq == s->next && alone && caused(&f->tcp->side[!in->from], in->has_ack, in->ack)) {
		feed(c, f, in, &c->now);
		return;
	}
	switch (held_insert(c, f, s, *in)) {
	case HELD_OK:
		return;
	case HELD_CONFLICT:
		order_ambiguous(c, f, in->from, &c->now);
		return;
	case HELD_NO_MEMORY:
		/* What cannot be kept is not fed; the hole it leaves is found as any other. */
		while (relieve(c, f))
			;
		return;
	}
}

void order_input(struct capture *c, struct capture_flow *f, struct tcp_input in)
{
	struct stream *s = &f->tcp->side[in.from];
	uint32_t       end = in.seq + in.n + in.cut;

	if (s->ambiguous) {
		s->fin_done |= in.fin;
		return;
	}
	if (s->fin_done) {
		c->counts.after_close += seq_diff(end, s->fin_seq) > 0;
		return;
	}
	if (!note_end(s, &in, &c->now)) {
		order_ambiguous(c, f, in.from, &c->now);
		return;
	}
	if (seq_diff(end, s->top) > 0)
		s->top = end;
	if (seq_diff(in.seq, s->next) < 0 && in.n + in.cut && !trim_old(c, s, &in)) {
		order_ambiguous(c, f, in.from, &c->now);
		return;
	}
	if (in.n + in.cut)
		take(c, f, s, &in);
}
