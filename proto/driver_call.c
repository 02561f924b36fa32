/* One call of a recogniser's next; in checked builds also a second time, and on exactly the unit's bytes. */
#include <stdlib.h>
#include <string.h>

#include "proto/driver_int.h"

struct cx *driver_cx(struct flow *f, enum side from)
{
	struct driver_private *p = f->env->private;
	struct cx             *cx = &p->cx;

	cx->limit = f->limit;
	cx->tolerate = f->tolerate;
	cx->wanted = f->wanted;
	cx->flow = f;
	cx->from = from;
	cx->group = f->group ? f->group->state : NULL;
	cx->pure = false;
	cx->interfaces = f->interfaces;
	cx->patches = cx->expects = 0;
	cx->scratch_used = 0;
	cx->fault = (struct fault){0};
	if (cx->wanted)
		memset(cx->fact, 0, f->r->facts * sizeof(cx->fact[0]));
	cx->answer_len = cx->instead_len = 0;
	cx->no_answer = R_NONE;
	cx->end_group = cx->end_flow = false;
	return cx;
}

static struct step call(struct flow *f, const struct in *in, struct trace *trace)
{
	struct driver_private *p = f->env->private;
	struct cx             *cx = driver_cx(f, in->from);
	struct step            step;

	driver_unreserve(p);
	memset(p->unit, 0, f->r->unit_size);
	cx->fault.trace = trace;
	cx->pure = true;
	step = f->r->next(f->state, p->unit, in, cx);
	cx->pure = false;
	return step;
}

void driver_trace_fault(struct flow *f, const struct in *in)
{
	struct trace *trace = &f->env->private->trace;

	trace->used = 0;
	call(f, in, trace);
}

static bool same_step(struct step a, struct step b)
{
	return a.verb == b.verb && a.flags == b.flags && a.why == b.why && a.proto == b.proto && a.ms == b.ms && a.n == b.n &&
	       a.opaque == b.opaque;
}

const struct cx *driver_facts(struct flow *f)
{
	struct driver_private *p = f->env->private;
	struct fault           fault = p->cx.fault;
	uint32_t               wanted = f->wanted;
	struct step            again;
	bool                   same;

	if (!p->asked)
		return NULL;
	f->wanted = UINT32_MAX;
	again = call(f, p->asked, NULL);
	f->wanted = wanted;
	same = same_step(again, p->step) && p->cx.fault.why == p->refused;
	/* Facts nobody counted on have used up the scratch: what goes on must be what was decided on. */
	if (!same)
		call(f, p->asked, NULL);
	p->cx.fault = fault;
	p->cx.wanted = wanted;
	return same ? &p->cx : NULL;
}

/* Steps whose promises do not hold are our own bugs: abort, the process is disposable. */
static void keep_promises(const struct flow *f, const struct in *in, struct step s)
{
	const struct cx *cx = &f->env->private->cx;
	bool             ok = true;

	switch (s.verb) {
	case STEP_MORE:
		ok = s.n > in->len;
		break;
	case STEP_UNIT:
	case STEP_SEEN:
		/* Nothing taken is progress only where a message ends with the stream. */
		ok = s.n <= in->len && (s.n || s.opaque || (in->fin && !in->len && !(s.flags & STEP_INSIDE)));
		break;
	case STEP_SWITCH:
		ok = s.n <= in->len && s.n && !f->dialing;
		break;
	case STEP_WAIT:
		ok = s.n <= in->len && s.n && s.why;
		break;
	case STEP_ROUTE:
		ok = s.n <= in->len && s.n && in->event == EVENT_NONE;
		break;
	case STEP_REFUSE:
		ok = cx->fault.why != R_NONE;
		break;
	default:
		ok = false;
	}
	if (!ok || cx->patches > PATCHES_MAX || cx->expects > EXPECTS_MAX)
		abort();
}

#ifdef SALLYPORT_CHECKED
enum { CUT_MAX = 1024 * 1024 };

static bool same_fault(const struct fault *a, const struct fault *b)
{
	return a->why == b->why && a->at == b->at && a->field == b->field && a->expected == b->expected && a->got == b->got;
}

/* The unit alone, ending where the memory ends, must give the same step: nothing behind it was looked at. */
static void check_cut(struct flow *f, const struct in *in, struct step s)
{
	struct driver_private *p = f->env->private;
	struct in              cut = *in;
	uint8_t               *copy;

	if (s.verb == STEP_MORE || (s.verb == STEP_SEEN && !in->fin) || !s.n || s.n >= in->len || s.n > CUT_MAX || in->fin)
		return;
	if (!p->cut.base && !arena_open(&p->cut, CUT_MAX))
		return;
	copy = p->cut.base + p->cut.size - s.n;
	memcpy(copy, in->bytes, s.n);
	cut.bytes = copy;
	cut.len = s.n;
	if (cut.seen > cut.len)
		cut.seen = cut.len;
	if (!same_step(call(f, &cut, NULL), s))
		abort();
}

struct step driver_call_next(struct flow *f, const struct in *in)
{
	struct driver_private *p = f->env->private;
	uint8_t                state[STATE_MAX];
	struct fault           fault;
	struct step            first, again;

	memcpy(state, f->state, p->state_most[f->r->datagram]);
	first = call(f, in, NULL);
	fault = p->cx.fault;
	check_cut(f, in, first);
	again = call(f, in, NULL);
	if (!same_step(first, again) || !same_fault(&fault, &p->cx.fault) || memcmp(state, f->state, p->state_most[f->r->datagram]) != 0)
		abort();
	keep_promises(f, in, again);
	return again;
}
#else
struct step driver_call_next(struct flow *f, const struct in *in)
{
	struct step s = call(f, in, NULL);

	keep_promises(f, in, s);
	return s;
}
#endif
