/* Timeouts: one FIFO per distinct duration, so that setting, clearing and finding the next are constant work. */
#include <stddef.h>
#include <stdlib.h>

#include "gate/worker_int.h"

enum { QUEUES_MAX = POLICY_SERVICES_MAX * 6 + 8 };

struct timer_queue *timer_queue_for(struct worker *w, enum timer_kind kind, uint64_t ms)
{
	struct timer_queue *q;

	if (!w->queue) {
		w->queue = calloc(QUEUES_MAX, sizeof(*w->queue));
		if (!w->queue)
			return NULL;
	}
	for (unsigned i = 0; i < w->queues; i++)
		if (w->queue[i].kind == kind && w->queue[i].ms == ms)
			return &w->queue[i];
	if (w->queues == QUEUES_MAX)
		return NULL;
	q = &w->queue[w->queues++];
	q->kind = (uint8_t)kind;
	q->ms = ms;
	q->head.next = q->head.prev = &q->head;
	return q;
}

void timer_clear(struct timer *t)
{
	if (!t->next)
		return;
	t->next->prev = t->prev;
	t->prev->next = t->next;
	t->next = t->prev = NULL;
}

void timer_set(struct worker *w, struct timer *t, struct timer_queue *q)
{
	timer_clear(t);
	t->due_ms = w->clock.now_ms + q->ms;
	t->prev = q->head.prev;
	t->next = &q->head;
	t->prev->next = t;
	q->head.prev = t;
}

int timers_wait(const struct worker *w)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < w->queues; i++) {
		const struct timer *first = w->queue[i].head.next;

		if (first != &w->queue[i].head && first->due_ms < due)
			due = first->due_ms;
	}
	if (due == UINT64_MAX)
		return -1;
	if (due <= w->clock.now_ms)
		return 0;
	return due - w->clock.now_ms > 60000 ? 60000 : (int)(due - w->clock.now_ms);
}

static void fire(struct timer *t, enum timer_kind kind)
{
	timer_clear(t);
	if (kind == TIMER_KINDS) {
		association_timer(t);
		return;
	}
	/* UNSAFE: every timer of this kind stands at this place in a session. */
	struct session *s = (struct session *)(void *)((char *)t - offsetof(struct session, timer) - kind * sizeof(struct timer));

	session_timer(s, kind);
}

void timers_run(struct worker *w, unsigned most)
{
	for (unsigned i = 0; i < w->queues; i++) {
		struct timer_queue *q = &w->queue[i];

		while (q->head.next != &q->head && q->head.next->due_ms <= w->clock.now_ms && most) {
			most--;
			fire(q->head.next, q->kind);
		}
	}
}
