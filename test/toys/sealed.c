/* TLS nobody terminates: from the first byte on nothing can be seen, and policy must allow that by name. */
#include "test/toys/toys.h"

static struct step sealed_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	if (!in->len)
		return step_more(1);
	return (struct step){.verb = STEP_UNIT, .n = 1, .opaque = OPAQUE_MAX, .why = R_OPAQUE_TLS};
}

static void sealed_commit(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
}

static bool sealed_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return true; /* the driver knows better: a stream of unknown length cannot be left out */
}

const struct recogniser toy_sealed = {
	.name = "sealed",
	.id = TOY_SEALED,
	.short_why = T_SHORT,
	.next = sealed_next,
	.commit = sealed_commit,
	.deny = sealed_deny,
};
