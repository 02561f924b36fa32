/* Moves a session's bytes: reads into the worker's scratch, runs the driver, sends a turn's units at once, keeps what is incomplete. */
#include <errno.h>
#include <string.h>

#include "gate/worker_int.h"

/* ---- Sending ---- */

/* The memory a half's queue stands in; grown by classes. */
static bool out_room(struct session *s, struct half *h, size_t n)
{
	size_t   want = slots_size(h->out_len + n);
	uint8_t *bigger;

	if (h->out_cap - h->out_at - h->out_len >= n)
		return true;
	bigger = want ? slots_take(&s->c.w->slots, want) : NULL;
	if (!bigger)
		return false;
	if (h->out_len)
		memcpy(bigger, h->out + h->out_at, h->out_len);
	slots_give(&s->c.w->slots, (void **)&h->out, h->out_cap);
	h->out = bigger;
	h->out_cap = (uint32_t)want;
	h->out_at = 0;
	return true;
}

bool half_queue(struct session *s, enum side to, const void *bytes, size_t n)
{
	struct half *h = &s->side[to];

	if (!n)
		return true;
	if (h->holed || !out_room(s, h, n)) {
		s->starved = h->holed = true;
		return false;
	}
	memcpy(h->out + h->out_at + h->out_len, bytes, n);
	h->out_len += (uint32_t)n;
	return true;
}

static void out_sent(struct session *s, struct half *h, size_t n)
{
	h->out_at += (uint32_t)n;
	h->out_len -= (uint32_t)n;
	if (h->out_len)
		return;
	slots_give(&s->c.w->slots, (void **)&h->out, h->out_cap);
	h->out_at = h->out_cap = 0;
}

/* What a send came to: bytes taken, 0 when the socket is full, and `broken` when it is beyond use. */
static size_t taken(struct half *h, ssize_t sent)
{
	if (sent >= 0)
		return (size_t)sent;
	if (errno == EAGAIN || errno == EINTR)
		h->writable = errno == EINTR;
	else
		h->broken = true;
	return 0;
}

static bool can_send(const struct half *h)
{
	return h->fd >= 0 && h->writable && !h->connecting && !h->broken && !h->holed && !h->fin_sent;
}

/* This turn's runs of bytes: to the socket as far as it takes them, the rest into the queue. */
static void send_turn(struct session *s, enum side to)
{
	struct sending *out = &s->c.w->sending[to];
	struct half    *h = &s->side[to];
	struct msghdr   msg = {.msg_iov = out->iov, .msg_iovlen = out->count};
	size_t          sent = 0;

	if (can_send(h) && !h->out_len) {
		sent = taken(h, out->count == 1 ? send(h->fd, out->iov[0].iov_base, out->len, MSG_NOSIGNAL | MSG_DONTWAIT) : sendmsg(h->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT));
		if (sent < out->len)
			h->writable = false;
	}
	for (unsigned i = 0; i < out->count && !h->broken && !h->holed; i++) {
		size_t skip = sent < out->iov[i].iov_len ? sent : out->iov[i].iov_len;

		sent -= skip;
		/* UNSAFE: skip is at most this run's length. */
		half_queue(s, to, (uint8_t *)out->iov[i].iov_base + skip, out->iov[i].iov_len - skip);
	}
	out->count = 0;
	out->len = 0;
}

/* A near server has often answered before connect returns: what waits can go at once, and no event need come first. */
static void send_early(struct session *s)
{
	struct half *h = &s->side[SIDE_SERVER];
	ssize_t      n;

	if (h->fd < 0 || !h->connecting)
		return;
	n = send(h->fd, h->out + h->out_at, h->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	dial_ended(s, n < 0 ? errno : 0);
	if (n < 0)
		return;
	h->writable = (uint32_t)n == h->out_len;
	out_sent(s, h, (size_t)n);
}

void half_flush(struct session *s, enum side to)
{
	struct half *h = &s->side[to];

	if (s->c.w->sending[to].count)
		send_turn(s, to);
	if (h->out_len && can_send(h)) {
		size_t sent = taken(h, send(h->fd, h->out + h->out_at, h->out_len, MSG_NOSIGNAL | MSG_DONTWAIT));

		if (sent < h->out_len)
			h->writable = false;
		if (sent)
			session_moved(s);
		out_sent(s, h, sent);
	}
	if (to == SIDE_SERVER && h->out_len && h->fd < 0 && !s->dialed) {
		dial_begin(s);
		send_early(s);
	}
	if (h->fin_wanted && !h->fin_sent && !h->out_len && can_send(h) && !s->side[other_side(to)].pipe) {
		h->fin_sent = true;
		/* Where the other side has had its FIN, both are closed next, which says the same. */
		if (!s->side[other_side(to)].fin_sent || s->ended)
			shutdown(h->fd, SHUT_WR);
	}
}

/* ---- Holding ---- */

void half_release(struct session *s, enum side side)
{
	struct half *h = &s->side[side];

	if (h->hold_cap > RESERVE_FROM)
		reserve_release(s->c.w, h->hold_cap);
	slots_give(&s->c.w->slots, (void **)&h->hold, h->hold_cap);
	h->hold_len = h->hold_cap = 0;
}

/* Make the hold at least `want` bytes large. False: it waits for memory (unless it must not), or there is none. */
static bool hold_room(struct session *s, enum side side, size_t want, bool must)
{
	struct half *h = &s->side[side];
	size_t       cap = slots_size(want), had = h->hold_cap > RESERVE_FROM ? h->hold_cap : 0;
	/* What it has counts: asking for all of it again could wait for itself. */
	size_t       more = cap > RESERVE_FROM && cap > had ? cap - had : 0;
	uint8_t     *bigger;

	if (h->hold_cap >= want)
		return true;
	if (must)
		reserve_force(s->c.w, more);
	else if (more && !reserve_ask(s, side, more))
		return false;
	bigger = cap ? slots_take(&s->c.w->slots, cap) : NULL;
	if (!bigger) {
		reserve_release(s->c.w, more);
		s->starved = true;
		return false;
	}
	if (h->hold_len)
		memcpy(bigger, h->hold, h->hold_len);
	slots_give(&s->c.w->slots, (void **)&h->hold, h->hold_cap);
	h->hold = bigger;
	h->hold_cap = (uint32_t)cap;
	return true;
}

/* What the driver left of a view stays until more comes. */
static void keep(struct session *s, enum side side)
{
	struct view *v = &s->c.w->view[side];
	struct half *h = &s->side[side];

	if (!v->len) {
		half_release(s, side);
		h->slow_ms = 0;
		return;
	}
	if (v->in_hold)
		memmove(h->hold, v->bytes, v->len);
	else if (hold_room(s, side, v->len, true))
		memcpy(h->hold, v->bytes, v->len);
	else
		return;
	h->hold_len = (uint32_t)v->len;
	if (!s->timer[TIMER_TICK].next)
		timer_set(s->c.w, &s->timer[TIMER_TICK], s->c.w->tick);
}

static bool too_large(struct session *s, enum side side)
{
	uint64_t most = s->c.w->service[s->c.policy.arrival.service].limit[SETTING_HELD_BYTES];
	uint64_t need = driver_need(s->c.flow, side);

	if (need <= most || s->ended)
		return false;
	session_abort(s, side, R_GATE_HELD, most, need);
	return true;
}

/* ---- Driving ---- */

void session_begin_turn(struct session *s)
{
	struct worker *w = s->c.w;

	for (int side = 0; side < 2; side++) {
		struct half *h = &s->side[side];

		w->view[side] = (struct view){.bytes = h->hold, .len = h->hold_len, .in_hold = true};
		w->sending[side].count = 0;
		w->sending[side].len = 0;
	}
	w->copied_len = 0;
	w->ruled = false;
	conversation_heart(&s->c);
}

void session_end_turn(struct session *s, enum turn turn)
{
	s->again = turn == TURN_AGAIN;
	if (s->c.probe >= 0)
		probe_says_turn(&s->c);
	half_flush(s, SIDE_SERVER);
	half_flush(s, SIDE_CLIENT);
	if (s->ended) {
		half_release(s, SIDE_CLIENT);
		half_release(s, SIDE_SERVER);
		return;
	}
	keep(s, SIDE_CLIENT);
	keep(s, SIDE_SERVER);
	if (s->again)
		session_queue(s);
	if (s->starved)
		session_abort(s, SIDE_CLIENT, R_LIMIT_MEMORY, 0, 0);
	else if (!too_large(s, SIDE_CLIENT))
		too_large(s, SIDE_SERVER);
}

void session_drive(struct session *s, enum side from)
{
	session_begin_turn(s);
	session_end_turn(s, driver_turn(s->c.flow, from));
}

/* ---- Reading ---- */

static bool may_read(const struct session *s, enum side from)
{
	const struct half *h = &s->side[from], *to = &s->side[other_side(from)];

	return h->readable && h->fd >= 0 && !h->fin_seen && !h->connecting && !to->out_len && !to->connecting && !h->reserving && !s->again &&
	       !driver_waiting(s->c.flow, from) && (from == SIDE_SERVER || h->out_len < UNREAD_MOST);
}

/* Where the next bytes of a side go. False: nowhere yet. */
static bool read_where(struct session *s, enum side from, struct iovec *out)
{
	struct half *h = &s->side[from];
	uint64_t     need = driver_need(s->c.flow, from);

	if (h->hold_len && need > h->hold_len) {
		if (!hold_room(s, from, need, false))
			return false;
		/* Into reserved memory comes what it was reserved for, so that it is free again behind its unit. */
		*out = (struct iovec){h->hold + h->hold_len, (h->hold_cap > RESERVE_FROM ? (size_t)need : h->hold_cap) - h->hold_len};
		return true;
	}
	/* What is held is put before what comes. */
	if (h->hold_len >= SCRATCH / 2)
		return false;
	*out = (struct iovec){s->c.w->scratch + h->hold_len, h->bulk && !driver_opaque_left(s->c.flow, from) ? HEADER_READ : SCRATCH - h->hold_len};
	return true;
}

/* n bytes have come to where read_where said: show them to the driver. */
static void read_done(struct session *s, enum side from, const struct iovec *at, size_t n)
{
	struct half *h = &s->side[from];
	bool         in_hold = h->hold && at->iov_base == h->hold + h->hold_len;

	h->slow_len += (uint32_t)n;
	if (in_hold) {
		h->hold_len += (uint32_t)n;
		if (h->hold_len >= driver_need(s->c.flow, from))
			session_drive(s, from);
		return;
	}
	n += h->hold_len;
	if (h->hold_len) {
		memcpy(s->c.w->scratch, h->hold, h->hold_len);
		half_release(s, from);
	}
	session_begin_turn(s);
	s->c.w->view[from] = (struct view){.bytes = s->c.w->scratch, .len = n};
	session_end_turn(s, driver_turn(s->c.flow, from));
}

/* Large payloads are expected as long as they come: behind a header, or in a flow that is opaque to its end. */
static void judge_bulk(struct session *s, enum side from, size_t n)
{
	uint64_t left = s->dead ? 0 : driver_opaque_left(s->c.flow, from);

	s->side[from].bulk = left == OPAQUE_MAX ? n >= SPLICE_LEAST : left >= SPLICE_LEAST;
}

/* One read. Whether anything happened. */
static bool session_read(struct session *s, enum side from, size_t *budget)
{
	struct half *h = &s->side[from];
	struct iovec at;
	ssize_t      n;

	if (!read_where(s, from, &at)) {
		if (s->starved)
			session_abort(s, SIDE_CLIENT, R_LIMIT_MEMORY, 0, 0);
		return false;
	}
	n = recv(h->fd, at.iov_base, at.iov_len, MSG_DONTWAIT);
	if (n < 0) {
		h->readable = errno == EINTR;
		if (errno != EAGAIN && errno != EINTR)
			h->reset = true;
		return h->reset;
	}
	session_moved(s);
	if (!n) {
		h->fin_seen = true;
		session_drive(s, from);
		return true;
	}
	/* Less than was asked for: the socket is empty, unless its FIN or urgent data stands behind. */
	h->readable = (size_t)n == at.iov_len || h->to_the_end;
	s->c.bytes[from] += (uint64_t)n;
	*budget -= (size_t)n < *budget ? (size_t)n : *budget;
	read_done(s, from, &at, (size_t)n);
	judge_bulk(s, from, (size_t)n);
	return true;
}

/* Payload that is worth it goes through the kernel. */
static bool session_splice(struct session *s, enum side from, size_t *budget)
{
	struct half *h = &s->side[from];
	size_t       moved = 0;
	bool         fin = h->fin_seen;
	uint64_t     left = driver_opaque_left(s->c.flow, from);

	if (!h->pipe && (left < SPLICE_LEAST || (left == OPAQUE_MAX && !h->bulk) || h->hold_len || s->side[other_side(from)].fd < 0))
		return false;
	/* The end of the payload may set an answer of ours free: it is this flow's turn, and its client's answer. */
	session_begin_turn(s);
	if (!splice_some(s, from, &moved))
		return false;
	half_flush(s, SIDE_CLIENT);
	*budget -= moved < *budget ? moved : *budget;
	if (moved)
		session_moved(s);
	if (left == OPAQUE_MAX && moved < SPLICE_LEAST)
		h->bulk = false;
	/* The payload's end frees what waits, and a FIN seen at any time is told when the pipe is empty. */
	if (!h->pipe && (h->fin_seen || (moved && !driver_opaque_left(s->c.flow, from))))
		session_drive(s, from);
	return moved || (h->fin_seen && !fin) || h->reset;
}

static bool session_move(struct session *s, enum side from, size_t *budget)
{
	if (s->side[from].pipe || may_read(s, from)) {
		if (session_splice(s, from, budget))
			return true;
		if (!s->side[from].pipe && may_read(s, from))
			return session_read(s, from, budget);
	}
	return false;
}

/* A side's socket is beyond use: the other one learns it in the same way. */
static bool lost(struct session *s)
{
	for (int side = 0; side < 2; side++)
		if (s->side[side].reset || s->side[side].broken) {
			if (s->ended) {
				session_wind_up(s); /* a server inside a message is reset, whoever was lost */
				session_close(s, s->end, false);
			} else {
				session_close(s, side == SIDE_CLIENT ? END_CLIENT_RESET : END_SERVER_RESET, true);
			}
			return true;
		}
	return false;
}

/* What was put off because a turn was running, or to let others have theirs. */
static void session_resume(struct session *s)
{
	if (s->unreachable && !s->ended)
		session_abort(s, SIDE_CLIENT, s->starved ? R_LIMIT_MEMORY : R_GATE_SERVER, 0, 0);
	if (s->unroutable && !s->ended) {
		s->unroutable = false;
		session_begin_turn(s);
		session_end_turn(s, driver_dialed(s->c.flow, false));
	}
	for (int from = 0; from < 2 && s->again && !s->ended; from++)
		session_drive(s, (enum side)from);
}

void session_run(struct session *s)
{
	size_t budget = SCRATCH;
	bool   moved = true;

	session_resume(s);
	while (moved && !s->dead && !s->ended) {
		moved = false;
		half_flush(s, SIDE_SERVER);
		half_flush(s, SIDE_CLIENT);
		for (int from = 0; from < 2 && !s->ended && !lost(s); from++)
			moved |= session_move(s, (enum side)from, &budget);
		if (moved && !budget) {
			session_queue(s);
			break;
		}
	}
	if (s->dead || lost(s))
		return;
	/* It was its turn in the line, and it had no use for memory now: the next one's. */
	if (s->waits_memory && !s->side[SIDE_CLIENT].reserving && !s->side[SIDE_SERVER].reserving)
		reserve_leave(s);
	/* The server has said its last: no answer will ever free what waits, and while it waits the client's own end is not heard. */
	if (!s->ended && s->side[SIDE_CLIENT].fin_wanted && driver_waiting(s->c.flow, SIDE_CLIENT))
		session_abort(s, SIDE_CLIENT, R_GATE_SERVER, 0, 0);
	if (s->ended)
		session_wind_up(s);
	else if (s->side[SIDE_CLIENT].fin_sent && (s->side[SIDE_SERVER].fin_sent || s->side[SIDE_SERVER].fd < 0))
		session_close(s, END_CLOSED, false);
	else if (s->side[SIDE_CLIENT].fin_seen && s->side[SIDE_SERVER].fd < 0 && !s->dialed)
		session_close(s, END_CLOSED, false);
}
