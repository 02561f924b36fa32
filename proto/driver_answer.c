/* Answers of our own: to the client only, at a boundary of what the server says, queued until there is one. */
#include <string.h>

#include "proto/driver_int.h"

static bool at_boundary(const struct flow *f)
{
	const struct lane *server = &f->lane[SIDE_SERVER];

	return !server->opaque && !server->inside;
}

/* Say that the client gets no answer, and why. */
static void unanswered(struct flow *f, enum side denied, uint16_t why, const char *detail)
{
	struct fault  fault = {.why = why};
	struct report report = {.kind = REPORT_UNANSWERED,
				.from = denied,
				.fault = &fault,
				.unit_at = f->lane[denied].offset,
				.detail = detail};

	f->env->ops->report(f->user, &report);
}

void driver_drop_answers(struct flow *f, const char *detail)
{
	void *gone = f->queued;

	if (!f->queued)
		return;
	if (f->queued_len)
		unanswered(f, SIDE_CLIENT, R_ANSWER_INSIDE, detail);
	f->queued_len = 0;
	f->queued = NULL;
	slots_give(&f->env->private->slots, &gone, ANSWERS_MAX);
}

void driver_flush_answers(struct flow *f)
{
	void *gone = f->queued;

	if (!f->queued || !at_boundary(f))
		return;
	f->env->ops->answer(f->user, f->queued, f->queued_len);
	f->queued = NULL;
	f->queued_len = 0;
	slots_give(&f->env->private->slots, &gone, ANSWERS_MAX);
}

/* Keep the answer for the next boundary; false when there is no room. */
static bool queue_answer(struct flow *f, const struct cx *cx)
{
	if (!f->queued)
		f->queued = slots_take(&f->env->private->slots, ANSWERS_MAX);
	if (!f->queued || cx->answer_len > ANSWERS_MAX - f->queued_len)
		return false;
	memcpy(f->queued + f->queued_len, cx->answer, cx->answer_len);
	f->queued_len += (uint32_t)cx->answer_len;
	return true;
}

void driver_give_answer(struct flow *f, enum side denied, size_t question)
{
	struct cx *cx = &f->env->private->cx;

	if (cx->no_answer) {
		unanswered(f, denied, cx->no_answer, NULL);
		cx->answer_len = 0;
		return;
	}
	if (!cx->answer_len)
		return;
	/* Whoever forges a datagram's source must not gain by our answer. */
	if (f->r->datagram && (denied == SIDE_SERVER || cx->answer_len > question)) {
		unanswered(f, denied, R_ANSWER_AMPLIFIES, NULL);
	} else if (at_boundary(f) && !f->queued) {
		f->env->ops->answer(f->user, cx->answer, cx->answer_len);
	} else if (f->lane[SIDE_SERVER].opaque == OPAQUE_MAX) {
		unanswered(f, denied, R_ANSWER_INSIDE, "the server's message never ends");
	} else if (!queue_answer(f, cx)) {
		/* An answer left out would make the next one stand for it. */
		unanswered(f, denied, R_ANSWER_INSIDE, "too much waits for the end of the server's message");
		driver_end(f, R_ANSWER_INSIDE);
	}
	cx->answer_len = 0;
}
