/*
 * The flow a call announces: it may not speak before the call says so.
 * either side = "D" digit bytes
 */
#include "test/toys/toys.h"

static struct step leg_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct call_group *group = cx->group;
	size_t                   n;

	(void)state, (void)unit;
	if (in->len < 2)
		return step_more(2);
	if (in->bytes[0] != 'D' || toy_digit(in->bytes[1]) < 0)
		return toy_refuse(cx, in, T_FRAME, 0, 0, "leg");
	n = 2 + (size_t)toy_digit(in->bytes[1]);
	if (in->len < n)
		return step_more(n);
	if (!group)
		return toy_refuse(cx, in, T_ORDER, 0, n, "leg");
	if (!group->open)
		return (struct step){.verb = STEP_WAIT, .ms = 2000, .why = T_ORDER, .n = n};
	return step_unit(n, 0);
}

static void leg_commit(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit;
	((struct call_group *)cx->group)->legs_spoke = 1;
}

static bool leg_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return false;
}

const struct recogniser toy_leg = {
	.name = "leg",
	.id = TOY_LEG,
	.short_why = T_SHORT,
	.group_size = sizeof(struct call_group),
	.next = leg_next,
	.commit = leg_commit,
	.deny = leg_deny,
};
