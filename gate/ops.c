/* What the driver calls while it runs a session: its bytes, and how it goes on and ends. What associations share is conversation.c's. */
#include <string.h>

#include "gate/worker_int.h"

static const uint8_t *op_peek(void *user, enum side from, size_t *len, bool *fin)
{
	struct session *s = user;

	*len = s->c.w->view[from].len;
	/* What stands in a pipe comes before the end. */
	*fin = s->side[from].fin_seen && !s->side[from].pipe;
	return s->c.w->view[from].bytes;
}

static void op_drop(void *user, enum side from, size_t n)
{
	struct session *s = user;
	struct view    *v = &s->c.w->view[from];

	/* UNSAFE: the driver drops no more than it was shown. */
	v->bytes += n;
	v->len -= n;
}

/* Bytes of a view stay where they are until the turn's sends; what the driver made itself does not. */
static bool stays(const struct worker *w, enum side from, const uint8_t *bytes, size_t n)
{
	const struct view *v = &w->view[from];

	return bytes >= v->bytes && n <= v->len && bytes <= v->bytes + (v->len - n);
}

static void send_later(struct session *s, enum side to, const uint8_t *bytes, size_t n, bool copy)
{
	struct worker  *w = s->c.w;
	struct sending *out = &w->sending[to];
	struct iovec   *last = out->count ? &out->iov[out->count - 1] : NULL;

	if (copy && (n > COPIED_MAX - w->copied_len || out->count == IOVS)) {
		half_flush(s, to);
		half_queue(s, to, bytes, n);
		return;
	}
	if (copy) {
		/* UNSAFE: the line above saw that it fits. */
		memcpy(w->copied + w->copied_len, bytes, n);
		bytes = w->copied + w->copied_len;
		w->copied_len += n;
	}
	if (last && (const uint8_t *)last->iov_base + last->iov_len == bytes) {
		last->iov_len += n;
	} else {
		if (out->count == IOVS)
			half_flush(s, to);
		out->iov[out->count++] = (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
	}
	out->len += n;
}

static void op_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	struct session *s = user;

	s->c.forwarded[from] += n;
	send_later(s, other_side(from), bytes, n, !stays(s->c.w, from, bytes, n));
}

static void op_answer(void *user, const uint8_t *bytes, size_t n)
{
	send_later(user, SIDE_CLIENT, bytes, n, true);
}

static void op_instead(void *user, const uint8_t *bytes, size_t n)
{
	send_later(user, SIDE_SERVER, bytes, n, true);
}

/* ---- What became of units ---- */

static void op_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct session *s = user;

	(void)cx;
	if (step->verb == STEP_SEEN || step->flags & STEP_INSIDE)
		return;
	s->c.units[from]++;
	if (s->phase == PHASE_FIRST)
		session_phase(s, PHASE_IDLE);
}

/* ---- Not yet: no protocol of this build names its server ---- */

static void op_dial(void *user, const struct route *route)
{
	struct session *s = user;

	(void)route;
	s->unroutable = true;
	session_queue(s);
}

/* ---- Ports a server announces ---- */

static bool op_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	struct session         *s = user;
	struct str              why = str_over(s->c.w->about, sizeof(s->c.w->about));
	struct sockaddr_storage at = {0};
	struct address          local;
	socklen_t               len = sizeof(at);

	(void)group;
	/* The report that follows a refusal shows what is said here. */
	if (getsockname(s->side[SIDE_CLIENT].fd, (struct sockaddr *)&at, &len) != 0)
		return false;
	local = address_of(&at);
	return pinholes_stay(&s->c, &local, expect, n, bound, &why);
}

static void op_fin(void *user, enum side from)
{
	struct session *s = user;

	s->side[other_side(from)].fin_wanted = true;
}

static void op_end(void *user, const struct ending *ending)
{
	struct session *s = user;

	s->ended = true;
	s->why = ending->why;
	s->server_inside = ending->server_inside;
}

static void op_wake(void *user)
{
	session_queue(user);
}

const struct driver_ops gate_ops = {
	.peek = op_peek,
	.drop = op_drop,
	.emit = op_emit,
	.answer = op_answer,
	.instead = op_instead,
	.judge = conversation_judge,
	.watch = conversation_watch,
	.report = conversation_report,
	.committed = op_committed,
	.dial = op_dial,
	.bind = op_bind,
	.profile = conversation_profile,
	.fin = op_fin,
	.end = op_end,
	.wake = op_wake,
};
