/* The bench's own protocol, for measuring payload that needs no look: a length, then that many bytes, in both directions. */
/*
 * Spec: this file. be32 length, then `length` bytes of payload: the header is the unit, the payload is opaque.
 * Input from: the bench's load and sink, either side.
 * Limits: 64 MiB of payload.
 * Not done: anything else; no state, no answers.
 */
#include "bench/toy.h"

#include "proto/protocols.h"
#include "proto/reasons.h"

enum { HEADER = 4, PAYLOAD_MAX = 64 * 1024 * 1024 };

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct wire w = wire_over(in->bytes, in->len < HEADER ? in->len : HEADER, &cx->fault, R_STATE_TRUNCATED);
	struct step s = step_unit(HEADER, 0);

	(void)state, (void)unit;
	if (in->len < HEADER)
		return step_more(HEADER);
	wire_name(&w, "toy");
	s.opaque = wire_be32_range(&w, 0, PAYLOAD_MAX, R_LIMIT_MEMORY, "length");
	if (!wire_end(&w, R_STATE_TRUNCATED, NULL))
		return step_refuse(0);
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

const struct recogniser bench_toy = {
	.name = "toy",
	.id = PROTO_BENCH_TOY,
	.short_why = R_STATE_TRUNCATED,
	.next = next,
	.commit = commit,
	.deny = deny,
};

const struct recogniser *const bench_registry[] = {&bench_toy, NULL};
