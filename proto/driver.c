/* The driver: obeys recognisers' steps, one unit at a time, for both directions of a flow. */
#include "proto/driver.h"

#include <stdlib.h>
#include <string.h>

#include "proto/driver_int.h"

enum progress { STUCK = 0, MOVED };

/* What one lane_step works on. */
struct turn_of {
	struct flow *f;
	struct lane *lane;
	struct in    in;
};

static struct cx *cx_of(const struct flow *f)
{
	return &f->env->private->cx;
}

/* The head of the lane is finished with: n bytes behind us. */
static void advance(struct turn_of *t, uint64_t n)
{
	size_t held = n < t->in.len ? (size_t)n : t->in.len;

	t->lane->offset += held;
	t->lane->need = 0;
	t->lane->seen = 0;
	t->lane->event = EVENT_NONE;
	t->lane->waiting = t->lane->routed = false;
	if (held || t->f->r->datagram)
		t->f->env->ops->drop(t->f->user, t->in.from, t->f->r->datagram ? t->in.len : held);
}

static void report(struct turn_of *t, enum report_kind kind, uint64_t n, bool follows_taint)
{
	struct report r = {.kind = kind,
			   .from = t->in.from,
			   .fault = &cx_of(t->f)->fault,
			   .unit_at = t->lane->offset,
			   .unit_len = n,
			   .bytes = t->in.bytes,
			   .len = n && n < t->in.len ? (size_t)n : t->in.len,
			   .follows_taint = follows_taint};

	t->f->env->ops->report(t->f->user, &r);
}

/* Policy, a refusal or the gate said no: the protocol's own error, then drop the unit or end the flow. */
static enum progress deny(struct turn_of *t, uint64_t n, uint64_t opaque)
{
	struct flow *f = t->f;
	struct cx   *cx = cx_of(f);
	uint16_t     why = cx->fault.why;
	bool         lives;

	cx->answer_len = cx->instead_len = 0;
	f->env->private->asked = NULL;
	lives = f->r->deny(f->state, n ? f->env->private->unit : NULL, cx);
	if (t->lane->inside || !n || opaque == OPAQUE_MAX || cx->no_answer)
		lives = false;
	driver_give_answer(f, t->in.from, t->in.len);
	if (f->r->datagram) {
		advance(t, t->in.len);
		driver_stir(f);
		return MOVED;
	}
	if (!lives) {
		driver_end(f, why);
		return STUCK;
	}
	if (cx->instead_len && f->env->ops->instead)
		f->env->ops->instead(f->user, cx->instead, cx->instead_len);
	advance(t, n);
	driver_stir(f);
	if (n > t->in.len)
		t->lane->discard = n - t->in.len;
	t->lane->discard += opaque;
	return MOVED;
}

/* Forward a refused unit uncommitted; without framing, all that follows. */
static enum progress watch(struct turn_of *t, uint64_t n)
{
	struct flow *f = t->f;
	size_t       held = f->r->datagram || n > t->in.len ? t->in.len : (size_t)n;

	f->tainted = true;
	if (!n && !f->r->datagram) {
		f->lane[SIDE_CLIENT].opaque = f->lane[SIDE_SERVER].opaque = OPAQUE_MAX;
		driver_drop_answers(f, "the rest of the flow is not read");
		driver_look_again(f);
		return MOVED;
	}
	f->env->ops->emit(f->user, t->in.from, t->in.bytes, held);
	if (n > held && !f->r->datagram)
		t->lane->opaque = n - held;
	advance(t, held);
	return MOVED;
}

static bool may_watch(struct turn_of *t, uint64_t n, bool follows_taint)
{
	const struct driver_env *env = t->f->env;
	struct report            r = {.kind = REPORT_WATCHED,
				      .from = t->in.from,
				      .fault = &cx_of(t->f)->fault,
				      .unit_at = t->lane->offset,
				      .unit_len = n,
				      .follows_taint = follows_taint};

	if (reason_of(r.fault->why)->class == CLASS_UNSAFE && !env->watch_unsafe)
		return false;
	return follows_taint || env->ops->watch(t->f->user, &r);
}

/* The fault in cx refuses n bytes at the head. */
static enum progress refuse(struct turn_of *t, uint64_t n)
{
	struct flow *f = t->f;
	bool         consequence = f->tainted && n && reason_of(cx_of(f)->fault.why)->class == CLASS_STATE;

	if (may_watch(t, n, consequence)) {
		report(t, n || f->r->datagram ? REPORT_WATCHED : REPORT_UNSEEN, n, consequence);
		return watch(t, n);
	}
	report(t, REPORT_REFUSED, n, consequence);
	return deny(t, n, 0);
}

/* The driver's own refusal: no field, `at` bytes into the unit. */
static enum progress refuse_as(struct turn_of *t, uint16_t why, uint64_t n, size_t at)
{
	cx_of(t->f)->fault = (struct fault){.why = why, .node = WIRE_NO_NODE, .at = (uint32_t)at};
	return refuse(t, n);
}

static enum progress denied(struct turn_of *t, uint16_t why, const struct step *s)
{
	cx_of(t->f)->fault = (struct fault){.why = why, .node = WIRE_NO_NODE};
	report(t, REPORT_DENIED, s->n, false);
	return deny(t, s->n, s->opaque);
}

/* Policy's word on a unit. Answers inherit their request's verdict, stream content its message's; a route was judged before its dial. */
static bool judged(struct turn_of *t, const struct step *s, uint16_t *why)
{
	*why = R_POLICY_DENIED;
	if ((s->flags & STEP_ANSWER && !s->why) || s->verb == STEP_SEEN || t->lane->routed)
		return true;
	return t->f->env->ops->judge(t->f->user, t->in.from, s, cx_of(t->f), why) == VERDICT_PASS;
}

/* Whether a flow that is announced belongs to this one: a listener that stays is for anybody. */
static bool announces_leg(const struct cx *cx)
{
	for (uint8_t i = 0; i < cx->expects; i++)
		if (!cx->expect[i].stays)
			return true;
	return false;
}

/* Open the pinholes this unit announces. */
static bool bind_all(struct turn_of *t, struct address *bound)
{
	struct cx    *cx = cx_of(t->f);
	bool          leg = announces_leg(cx);
	struct group *group = leg ? driver_group(t->f) : t->f->group;

	cx->group = group ? group->state : NULL;
	return !cx->expects || ((group || !leg) && t->f->env->ops->bind(t->f->user, cx->expect, cx->expects, group, bound));
}

/* The octets a patch puts in place of its span; at most 18 for addresses, which are built in `room`. */
static const uint8_t *patch_bytes(const struct patch *patch, const struct address *bound, uint8_t room[18], size_t *len)
{
	size_t ip = patch->form == PATCH_IP4_PORT ? 4 : 16;

	*len = patch->len;
	if (patch->form == PATCH_BYTES || patch->form == PATCH_TEXT)
		return patch->bytes;
	bound += patch->expect;
	memcpy(room, bound->ip, ip);
	room[ip] = (uint8_t)(bound->port >> 8);
	room[ip + 1] = (uint8_t)bound->port;
	*len = ip + 2;
	return room;
}

/* Send the unit on with its patches in place. */
static void emit(struct turn_of *t, size_t n, const struct address *bound)
{
	const struct driver_ops *ops = t->f->env->ops;
	const struct cx         *cx = cx_of(t->f);
	size_t                   at = 0;

	for (uint8_t i = 0; i < cx->patches; i++) {
		const struct patch *patch = &cx->patch[i];
		uint8_t             room[18];
		size_t              len;
		const uint8_t      *bytes;

		if ((patch->form >= PATCH_IP4_PORT && patch->expect >= cx->expects) || patch->offset < at || patch->offset > n || patch->old_len > n - patch->offset)
			abort();
		bytes = patch_bytes(patch, bound, room, &len);
		if (patch->offset > at)
			ops->emit(t->f->user, t->in.from, t->in.bytes + at, patch->offset - at);
		if (len)
			ops->emit(t->f->user, t->in.from, bytes, len);
		at = patch->offset + patch->old_len;
	}
	if (n > at)
		ops->emit(t->f->user, t->in.from, t->in.bytes + at, n - at);
}

/* Whether the commit changed anything next reads: what waits is looked at again then, and not for each entry of a long answer. */
static bool commit(struct flow *f, struct cx *cx)
{
	uint8_t  state[STATE_MAX];
	uint64_t changes = f->changes;
	bool     waits = f->lane[SIDE_CLIENT].waiting || f->lane[SIDE_SERVER].waiting;
	size_t   n = waits ? f->r->state_size : 0;

	memcpy(state, f->state, n);
	f->env->private->asked = NULL;
	f->r->commit(f->state, f->env->private->unit, cx);
	return f->group || f->changes != changes || memcmp(state, f->state, n) != 0;
}

/* A lawful unit that policy allows: bind, emit, commit, answer, drop. */
static enum progress let_through(struct turn_of *t, const struct step *s)
{
	struct flow   *f = t->f;
	struct cx     *cx = cx_of(f);
	struct address bound[EXPECTS_MAX] = {0};
	bool           changed;

	if (!bind_all(t, bound))
		return denied(t, R_PINHOLE_FAILED, s);
	emit(t, (size_t)s->n, bound);
	changed = commit(f, cx);
	if (f->env->ops->committed)
		f->env->ops->committed(f->user, t->in.from, s, cx);
	t->lane->inside = s->verb == STEP_SEEN || s->flags & STEP_INSIDE;
	t->lane->opaque = s->opaque;
	if (s->opaque == OPAQUE_MAX && t->in.from == SIDE_SERVER)
		driver_drop_answers(f, "the rest of the flow is not read");
	driver_give_answer(f, t->in.from, t->in.len);
	driver_flush_answers(f);
	bool end_group = cx->end_group, end_flow = cx->end_flow;
	advance(t, s->n);
	if (changed)
		driver_stir(f);
	if (s->verb == STEP_SWITCH)
		driver_switch(f, s->proto);
	if (end_group && f->group && f->group->owner)
		driver_end(f->group->owner, R_NONE);
	if (end_flow)
		driver_end(f, R_NONE);
	return f->ended ? STUCK : MOVED;
}

static enum progress obey_unit(struct turn_of *t, const struct step *s)
{
	uint16_t why;

	/* A datagram is one unit: what trails was the recogniser's to refuse. */
	if (t->f->r->datagram && s->n != t->in.len)
		abort();
	if (!judged(t, s, &why))
		return denied(t, why, s);
	return let_through(t, s);
}

/* Nothing else in sight can move a lane that waits while the other waits too. */
static bool deadlocked(const struct flow *f, const struct lane *lane)
{
	const struct lane *other = lane == &f->lane[SIDE_CLIENT] ? &f->lane[SIDE_SERVER] : &f->lane[SIDE_CLIENT];
	bool               alone = !f->group || (f->group->first == f && !f->group_next);

	return other->waiting && !other->stirred && !f->dialing && alone;
}

static enum progress obey_wait(struct turn_of *t, const struct step *s)
{
	struct lane *lane = t->lane;
	uint64_t     now = t->f->env->clock->now_ms;

	if (!lane->waiting)
		lane->deadline = now + s->ms;
	lane->waiting = true;
	if (now >= lane->deadline)
		return refuse_as(t, s->why, s->n, 0);
	if (deadlocked(t->f, lane))
		return refuse_as(t, R_BUG_BOTH_WAIT, s->n, 0);
	return STUCK;
}

static enum progress obey_route(struct turn_of *t, const struct step *s)
{
	uint16_t why;

	if (!judged(t, s, &why))
		return denied(t, why, s);
	t->lane->waiting = false;
	t->lane->routed = true;
	t->f->dialing = true;
	t->f->env->ops->dial(t->f->user, &cx_of(t->f)->route);
	return STUCK;
}

static enum progress obey_more(struct turn_of *t, const struct step *s)
{
	/* What is held is all there will ever be of this unit. */
	if (t->f->r->datagram || t->in.fin)
		return refuse_as(t, R_STATE_TRUNCATED, t->in.len, t->in.len);
	t->lane->waiting = false;
	t->lane->need = s->n;
	t->lane->seen = t->in.len;
	return STUCK;
}

static enum progress obey(struct turn_of *t, const struct step *s)
{
	switch (s->verb) {
	case STEP_MORE:
		return obey_more(t, s);
	case STEP_WAIT:
		return obey_wait(t, s);
	case STEP_ROUTE:
		return obey_route(t, s);
	case STEP_REFUSE:
		driver_trace_fault(t->f, &t->in);
		return refuse(t, s->n);
	default:
		return obey_unit(t, s);
	}
}

/* Bytes that need no recogniser: payload on its way, or what is left of a denied unit. */
static enum progress pass_or_drop(struct turn_of *t)
{
	struct lane *lane = t->lane;
	uint64_t    *left = lane->discard ? &lane->discard : &lane->opaque;
	size_t       n = *left < t->in.len ? (size_t)*left : t->in.len;

	if (!n)
		return STUCK;
	if (left == &lane->opaque)
		t->f->env->ops->emit(t->f->user, t->in.from, t->in.bytes, n);
	if (*left != OPAQUE_MAX)
		*left -= n;
	lane->offset += n;
	t->f->env->ops->drop(t->f->user, t->in.from, n);
	if (!*left)
		driver_stir(t->f);
	driver_flush_answers(t->f);
	return MOVED;
}

/* Nothing is held and nothing follows. */
static enum progress finish(struct turn_of *t)
{
	struct lane *lane = t->lane;

	if (lane->fin_done)
		return STUCK;
	if (lane->opaque && lane->opaque != OPAQUE_MAX)
		return refuse_as(t, R_STATE_TRUNCATED, 0, 0);
	lane->fin_done = true;
	t->f->env->ops->fin(t->f->user, t->in.from);
	return STUCK;
}

/* One step of one direction. */
static enum progress lane_step(struct flow *f, enum side side)
{
	struct turn_of t = {.f = f, .lane = &f->lane[side]};
	struct lane   *lane = t.lane;

	if (f->ended || (f->dialing && lane->routed))
		return STUCK;
	t.in = (struct in){.from = side, .event = lane->event, .seen = lane->seen};
	t.in.bytes = f->env->ops->peek(f->user, side, &t.in.len, &t.in.fin);
	if ((lane->discard || lane->opaque) && t.in.len)
		return pass_or_drop(&t);
	if (!t.in.len && (!t.in.fin || !lane->inside || lane->opaque || lane->fin_done))
		return t.in.fin ? finish(&t) : STUCK;
	if (t.in.len < lane->need && !t.in.fin)
		return STUCK;
	struct driver_private *p = f->env->private;
	enum progress          progress;

	p->step = driver_call_next(f, &t.in);
	p->refused = p->cx.fault.why;
	p->asked = &t.in;
	struct step s = p->step;
	progress = obey(&t, &s);
	p->asked = NULL;
	return progress;
}

enum turn driver_turn(struct flow *f, enum side side)
{
	enum side other = side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
	unsigned  units = 0;

	/* A unit that waits is whole: bytes behind it cannot free it, and reading it again for each of them would be work without bound. */
	if (!f->lane[side].waiting || f->env->clock->now_ms >= f->lane[side].deadline)
		f->lane[side].stirred = true;
	while (!f->ended) {
		/* What has waited goes before what has just come: one segment with two units does what two segments do (law 2). */
		enum side    now = f->lane[other].stirred ? other : side;
		struct lane *lane = &f->lane[now];

		if (!lane->stirred)
			return TURN_IDLE;
		lane->stirred = false;
		if (lane_step(f, now) == STUCK)
			continue;
		lane->stirred = true;
		if (f->env->turn_units && ++units >= f->env->turn_units)
			return f->ended ? TURN_ENDED : TURN_AGAIN;
	}
	return TURN_ENDED;
}

enum turn driver_dialed(struct flow *f, bool ok)
{
	for (int side = 0; side < 2; side++)
		if (f->lane[side].routed) {
			f->dialing = false;
			f->lane[side].event = ok ? EVENT_DIALED : EVENT_DIAL_FAILED;
			return driver_turn(f, (enum side)side);
		}
	return f->ended ? TURN_ENDED : TURN_IDLE;
}

enum turn driver_expire(struct flow *f)
{
	enum turn turn = TURN_IDLE;

	for (int side = 0; side < 2; side++)
		if (!f->ended && f->lane[side].waiting && f->env->clock->now_ms >= f->lane[side].deadline)
			if (driver_turn(f, (enum side)side) == TURN_AGAIN)
				turn = TURN_AGAIN;
	return f->ended ? TURN_ENDED : turn;
}

void driver_opaque_done(struct flow *f, enum side from, uint64_t n)
{
	struct lane *lane = &f->lane[from];

	if (n > lane->opaque)
		abort();
	lane->offset += n;
	if (lane->opaque != OPAQUE_MAX)
		lane->opaque -= n;
	if (!lane->opaque)
		driver_stir(f);
	driver_flush_answers(f);
}
