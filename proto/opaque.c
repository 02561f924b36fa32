/* TLS that nobody here terminates: one outcome, opaque.tls, that policy must allow by name. */
#include "proto/opaque.h"

#include "proto/protocols.h"
#include "proto/reasons.h"

/* Everything from the first byte to the end of the flow, in either direction. */
static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct step s = step_unit(0, 0);

	(void)state, (void)unit, (void)in, (void)cx;
	s.opaque = OPAQUE_MAX;
	s.why = R_OPAQUE_TLS;
	return s;
}

static void commit(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
}

static bool deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return false;
}

const struct recogniser opaque_tls_recogniser = {
	.name = "tls",
	.id = PROTO_OPAQUE_TLS,
	.short_why = R_STATE_TRUNCATED,
	.next = next,
	.commit = commit,
	.deny = deny,
};
