/*
 * Pipelined requests whose answers come in order: a denial waits until it is its turn.
 * request = "G" path(1 byte) LF
 * answer  = "r" digit body | "r*" body to the end of the flow     body is opaque; our own: "r3403"
 */
#include "test/toys/toys.h"

#include <string.h>

enum { PIPELINE = 8 };

/* What each request not yet answered came to, oldest first. */
struct web_state {
	uint8_t count;
	uint8_t denied[PIPELINE];
};

struct web_unit {
	uint8_t from, path;
};

static struct step web_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct web_state *s = state;
	struct web_unit        *u = unit;
	size_t                  n = in->from == SIDE_CLIENT ? 3 : 2;

	u->from = (uint8_t)in->from;
	if (in->len < n)
		return step_more(n);
	u->path = in->bytes[1];
	if (in->from == SIDE_CLIENT) {
		toy_fact(cx, 0, u->path);
		if (in->bytes[0] != 'G' || in->bytes[2] != '\n')
			return toy_refuse(cx, in, T_FRAME, 0, 0, "method");
		if (s->count == PIPELINE)
			return (struct step){.verb = STEP_WAIT, .ms = 5000, .why = T_FULL, .n = 3};
		return step_unit(3, 0);
	}
	if (in->bytes[0] != 'r' || (u->path != '*' && toy_digit(u->path) < 0))
		return toy_refuse(cx, in, T_FRAME, 0, 0, "status");
	if (!s->count)
		return toy_refuse(cx, in, T_UNASKED, 0, 0, "status");
	return (struct step){.verb = STEP_UNIT,
			     .flags = STEP_ANSWER,
			     .n = 2,
			     .opaque = u->path == '*' ? OPAQUE_MAX : (uint64_t)toy_digit(u->path)};
}

static void request_done(struct web_state *s)
{
	s->count--;
	memmove(s->denied, s->denied + 1, s->count);
}

/* Denials whose turn has come. */
static void answer_denied(struct web_state *s, struct cx *cx)
{
	while (s->count && s->denied[0]) {
		toy_answer(cx, "r3403", 5);
		request_done(s);
	}
}

static void web_commit(void *state, const void *unit, struct cx *cx)
{
	struct web_state      *s = state;
	const struct web_unit *u = unit;

	if (u->from == SIDE_CLIENT) {
		s->denied[s->count++] = 0;
		return;
	}
	request_done(s);
	answer_denied(s, cx);
}

static bool web_deny(void *state, const void *unit, struct cx *cx)
{
	struct web_state      *s = state;
	const struct web_unit *u = unit;

	if (!u || u->from == SIDE_SERVER || s->count == PIPELINE)
		return false;
	s->denied[s->count++] = 1;
	answer_denied(s, cx);
	return true;
}

static const struct fact_def facts[] = {{.name = "web.path", .scope = FACT_OF_REQUEST}};

const struct recogniser toy_web = {
	.name = "web",
	.id = TOY_WEB,
	.short_why = T_SHORT,
	.state_size = sizeof(struct web_state),
	.unit_size = sizeof(struct web_unit),
	.facts = 1,
	.fact = facts,
	.next = web_next,
	.commit = web_commit,
	.deny = web_deny,
};
