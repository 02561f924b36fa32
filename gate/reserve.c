/* Memory for large units is reserved before they are read, and whoever asked first gets it first. */
#include "gate/worker_int.h"

bool reserve_ask(struct session *s, enum side side, size_t n)
{
	struct worker *w = s->c.w;

	if ((!w->reserve_first || w->reserve_first == s) && w->reserved + n <= w->reserve_cap) {
		reserve_leave(s);
		w->reserved += n;
		return true;
	}
	s->side[side].reserving = true;
	if (!s->waits_memory) {
		s->waits_memory = true;
		s->reserve_next = NULL;
		*w->reserve_last = s;
		w->reserve_last = &s->reserve_next;
	}
	return false;
}

void reserve_force(struct worker *w, size_t n)
{
	w->reserved += n;
}

/* Who stands first may ask again. */
static void call_first(struct worker *w)
{
	struct session *s = w->reserve_first;

	if (!s)
		return;
	s->side[SIDE_CLIENT].reserving = s->side[SIDE_SERVER].reserving = false;
	session_queue(s);
}

void reserve_release(struct worker *w, size_t n)
{
	w->reserved -= n;
	call_first(w);
}

void reserve_leave(struct session *s)
{
	struct worker   *w = s->c.w;
	struct session **link = &w->reserve_first;

	if (!s->waits_memory)
		return;
	while (*link != s)
		link = &(*link)->reserve_next;
	*link = s->reserve_next;
	if (!*link)
		w->reserve_last = link;
	s->waits_memory = false;
	s->side[SIDE_CLIENT].reserving = s->side[SIDE_SERVER].reserving = false;
	call_first(w);
}
