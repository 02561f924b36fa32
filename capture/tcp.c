/* Reads TCP headers and follows each connection from its SYN to its end.
 *
 * Spec: RFC 9293. Input from: the capture file. Limits: flows (struct capture_options); 1 MiB for one segment; sequence
 * numbers further than 1 GiB from what is expected and acknowledgements or resets more than CAPTURE_REACH ahead of what was
 * seen are not believed. Not done: checksums, windows, PAWS, selective acknowledgements.
 */
#include "capture/capture_int.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define URG 0x20

#define LONGEST (1u << 20) /* bytes of one segment */

struct tcp_header {
	struct ends      ends;
	uint8_t          sender; /* index in ends */
	uint8_t          flags;
	struct tcp_input in;
};

/* False: malformed or cut inside the header, and counted. */
static bool header_read(struct capture *c, const struct ip *ip, struct tcp_header *out)
{
	struct view    v = ip->body, body = v;
	const uint8_t *h = view_take(&v, 20);
	size_t         header;

	if (!h) {
		ip_malformed(c, &v);
		return false;
	}
	header = (size_t)(h[12] >> 4) * 4;
	out->flags = h[13];
	/* No receiver takes a SYN that also ends the connection. */
	if (header < 20 || header > view_whole(&body) || view_whole(&body) > LONGEST ||
	    ((out->flags & SYN) && (out->flags & (FIN | RST)))) {
		c->counts.malformed++;
		return false;
	}
	if (!view_take(&body, header))
		return false;
	out->sender = flow_ends(ip, load16(h), load16(h + 2), &out->ends);
	out->in = (struct tcp_input){.seq = load32(h + 4) + !!(out->flags & SYN), .ack = load32(h + 8),
				     .has_ack = out->flags & ACK, .fin = out->flags & FIN, .bytes = body.p,
				     .n = (uint32_t)body.n, .cut = (uint32_t)body.cut};
	c->counts.urgent += !!(out->flags & URG);
	return true;
}

/* A start that was only guessed gives way to a SYN a little before it, as long as nothing has been fed. */
static bool start_may_move(const struct stream *s, uint32_t start)
{
	return !s->exact && s->next == s->start && seq_diff(s->start, start) >= 0 &&
	       (uint32_t)seq_diff(s->start, start) <= CAPTURE_REACH;
}

enum syn {
	SYN_FITS = 0,
	SYN_NEW = 1, /* another connection on the same ports */
	SYN_CONTRADICTS = 2, /* the same connection with another beginning of this side */
};

static enum syn syn_judge(const struct capture_flow *f, const struct tcp_header *t)
{
	const struct stream *s = &f->tcp->side[t->in.from], *other = &f->tcp->side[!t->in.from];

	bool answer = (t->flags & ACK) && other->known && t->in.ack == other->start;

	/* An ended connection is over, even if the next one begins with the same number. */
	if (f->closed)
		return answer ? SYN_FITS : SYN_NEW;
	if (!s->known || t->in.seq == s->start || start_may_move(s, t->in.seq))
		return SYN_FITS;
	return answer ? SYN_CONTRADICTS : SYN_NEW;
}

static void start_at(struct stream *s, uint32_t seq, bool exact)
{
	s->next = s->start = seq;
	if (!s->known)
		s->acked = s->top = seq;
	s->known = true;
	s->exact = exact;
}

/* The flow the segment belongs to, made if need be; NULL: none. */
static struct capture_flow *flow_for(struct capture *c, struct tcp_header *t)
{
	struct capture_flow *f = flow_find(c, &t->ends, t->sender, &t->in.from);
	uint8_t              client = t->sender;

	if (f && (!(t->flags & SYN) || syn_judge(f, t) != SYN_NEW))
		return f;
	if (!f && !(t->flags & SYN) && (!(t->in.n + t->in.cut) || (t->flags & RST))) {
		c->counts.stray++;
		return NULL;
	}
	if (f)
		flow_remove(c, f, false);
	if (!(t->flags & SYN))
		client = flow_client_by_port(&t->ends, t->sender);
	else if (t->flags & ACK)
		client = !t->sender;
	f = flow_create(c, &t->ends, client);
	if (!f)
		return NULL;
	f->midway = !(t->flags & SYN);
	t->in.from = t->sender == f->client_end ? CAPTURE_CLIENT : CAPTURE_SERVER;
	return f;
}

/* What the segment acknowledges. False: nothing one could believe. */
static bool ack_note(struct capture *c, struct stream *other, uint32_t ack)
{
	if (!other->known)
		start_at(other, ack, false);
	if (seq_diff(ack, other->acked) < -CAPTURE_FAR ||
	    (seq_diff(ack, other->top) > (int32_t)CAPTURE_REACH && seq_diff(ack, other->acked) > (int32_t)CAPTURE_REACH)) {
		c->counts.odd_acks++;
		return false;
	}
	other->heard = true;
	if (seq_diff(ack, other->acked) > 0)
		other->acked = ack;
	history_acked(c, other, ack);
	return true;
}

/* A reset counts when the receiver could take it: not before what it acknowledged, not far beyond what was sent. */
static bool reset_believed(const struct stream *s, uint32_t seq)
{
	if (!s->known)
		return true;
	return seq_diff(seq, s->acked) >= 0 &&
	       (seq_diff(seq, s->top) <= (int32_t)CAPTURE_REACH || seq_diff(seq, s->acked) <= (int32_t)CAPTURE_REACH);
}

/* Both sides have ended. */
static bool ended(const struct capture_flow *f)
{
	return f->tcp->side[0].fin_done && f->tcp->side[1].fin_done;
}

/* Of a flow nobody wants, only its end matters. */
static void pass_ignored(struct capture *c, struct capture_flow *f, const struct tcp_header *t)
{
	f->tcp->side[t->in.from].fin_done |= t->in.fin;
	c->counts.ignored_bytes += t->in.n;
	if ((t->flags & RST) || ended(f))
		flow_close(c, f, t->flags & RST);
}

static void reset(struct capture *c, struct capture_flow *f, const struct tcp_header *t)
{
	if (!reset_believed(&f->tcp->side[t->in.from], t->in.seq)) {
		c->counts.stray++;
		return;
	}
	order_flush(c, f);
	flow_close(c, f, true);
}

/* Takes the SYN's number. False: there are two beginnings. */
static bool syn_note(struct capture_flow *f, const struct tcp_header *t)
{
	struct stream *s = &f->tcp->side[t->in.from];

	if (syn_judge(f, t) == SYN_CONTRADICTS) {
		/* Some balancers answer a repeated SYN with a new number: harmless while nothing was sent. */
		if (s->next != s->start || s->count || s->fin_known)
			return false;
		s->past_start = s->start;
		s->restarted = true;
		s->known = false;
	}
	if (!s->known || t->in.seq != s->start)
		start_at(s, t->in.seq, true);
	s->exact = true;
	f->midway = false;
	return true;
}

/* Data and FIN of a live flow. */
static void segment(struct capture *c, struct capture_flow *f, struct tcp_header *t)
{
	struct stream *s = &f->tcp->side[t->in.from];
	int32_t        away;

	if (!s->known)
		start_at(s, t->in.seq, false);
	/* The first data decides between two SYN-ACKs. */
	if (s->restarted && s->next == s->start && !s->count && !s->fin_known && t->in.seq == s->past_start) {
		s->known = false;
		start_at(s, t->in.seq, true);
	}
	away = seq_diff(t->in.seq, s->next);
	if (away > CAPTURE_FAR || away < -CAPTURE_FAR) {
		c->counts.odd_seqs++;
		return;
	}
	order_input(c, f, t->in);
}

void tcp_packet(struct capture *c, const struct ip *ip)
{
	struct tcp_header    t;
	struct capture_flow *f;
	bool                 data;

	if (!header_read(c, ip, &t))
		return;
	data = t.in.n + t.in.cut;
	f = flow_for(c, &t);
	if (!f)
		return;
	c->counts.tcp++;
	if (f->closed) {
		c->counts.after_close += data;
		return;
	}
	flow_touch(c, f, data || f->list == FLOW_LIVE ? FLOW_LIVE : FLOW_NEW);
	if (f->ignored) {
		pass_ignored(c, f, &t);
		return;
	}
	if ((t.flags & SYN) && !syn_note(f, &t))
		order_ambiguous(c, f, t.in.from, &c->now);
	if (t.in.has_ack)
		t.in.has_ack = ack_note(c, &f->tcp->side[!t.in.from], t.in.ack);
	if (t.flags & RST) {
		reset(c, f, &t);
		return;
	}
	if (data || t.in.fin)
		segment(c, f, &t);
	order_advance(c, f);
	if (ended(f))
		flow_close(c, f, false);
}
