/* The runner of scenarios: plays the actions against a pretend gate, as written or cut differently. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/scenario.h"
#include "test/toys/toys.h"

/* What expectations have accounted for so far, per flow. */
struct read_marks {
	size_t to_server, to_client, notes;
};

struct run {
	struct scenario  *s;
	struct variant    v;
	struct fake_gate  gate;
	struct read_marks read[FAKE_FLOWS];
};

static bool failed(struct run *r, const struct action *a, const char *what, const char *got)
{
	if (!r->s->error[0])
		snprintf(r->s->error, sizeof(r->s->error), "%.120s:%u: %s%s%.250s", r->s->file, a ? a->line : 0, what, got ? ", not " : "",
			 got ? got : "");
	return false;
}

static bool failed_bytes(struct run *r, const struct action *a, const char *what, const uint8_t *bytes, size_t n)
{
	struct growing text = {0};

	growing_quote(&text, bytes, n > 60 ? 60 : n);
	growing_add(&text, "", 1);
	failed(r, a, what, (const char *)text.bytes);
	growing_free(&text);
	return false;
}

static struct fake_flow *flow_named(struct run *r, const char *name)
{
	for (unsigned i = 0; i < r->gate.flows; i++)
		if (strcmp(r->gate.flow[i].name, name) == 0)
			return &r->gate.flow[i];
	return NULL;
}

static bool listed(const uint16_t *list, unsigned n, uint16_t why)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i] == why)
			return true;
	return false;
}

static bool denies(const struct denial *d, const struct recogniser *r, enum side from, const struct cx *cx)
{
	if (!d->fact[0])
		return d->side == from;
	for (unsigned i = 0; i < r->facts; i++)
		if (strcmp(r->fact[i].name, d->fact) == 0)
			return cx->fact[i].state == FACT_NUMBER && cx->fact[i].number == d->value;
	return false;
}

static enum verdict judge(struct fake_flow *f, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	const struct scenario *s = f->gate->user;

	for (unsigned i = 0; i < s->denials; i++)
		if (denies(&s->deny[i], driver_protocol(f->flow), from, cx)) {
			*why = s->deny[i].why;
			return VERDICT_DENY;
		}
	if (step->why && step->verb == STEP_UNIT && !listed(s->allow, s->allows, step->why)) {
		*why = step->why;
		return VERDICT_DENY;
	}
	return VERDICT_PASS;
}

static bool watch(struct fake_flow *f, const struct report *report)
{
	const struct scenario *s = f->gate->user;

	return listed(s->watch, s->watches, report->fault->why);
}

/* The next bytes of the client's stream, all forwarded ('f') or all our own ('a'). */
static bool expect_client(struct run *r, struct fake_flow *f, struct read_marks *at, const struct action *a)
{
	uint8_t mark = a->expect == EXPECT_ANSWER ? 'a' : 'f';
	size_t  n = a->bytes.len, left = f->to_client.len - at->to_client;

	if (left < n || memcmp(f->to_client.bytes + at->to_client, a->bytes.bytes, n) != 0)
		return failed_bytes(r, a, "the client sees something else", f->to_client.bytes + at->to_client, left);
	for (size_t i = 0; i < n; i++)
		if (f->marks.bytes[at->to_client + i] != mark)
			return failed(r, a, mark == 'a' ? "that was forwarded, not answered" : "that is our answer, not forwarded", NULL);
	at->to_client += n;
	return true;
}

static bool expect_note(struct run *r, struct fake_flow *f, struct read_marks *at, const struct action *a)
{
	const char *note = f->notes.len > at->notes ? (const char *)f->notes.bytes + at->notes : "nothing\n";
	size_t      left = f->notes.len > at->notes ? f->notes.len - at->notes : 8;
	const char *end = memchr(note, '\n', left);
	size_t      n = end ? (size_t)(end - note) : left;
	char        got[300];

	snprintf(got, sizeof(got), "%.*s", (int)n, note);
	if (strcmp(got, a->text) != 0)
		return failed(r, a, "something else happened", got);
	at->notes += n + 1;
	return true;
}

static bool expect(struct run *r, const struct action *a)
{
	struct fake_flow  *f = flow_named(r, a->flow);
	struct read_marks *at = f ? &r->read[f - r->gate.flow] : NULL;
	uint64_t           due;

	if (!f)
		return failed(r, a, "no such flow", a->flow);
	switch (a->expect) {
	case EXPECT_NOTE:
		return expect_note(r, f, at, a);
	case EXPECT_TO_SERVER:
		if (f->to_server.len - at->to_server < a->bytes.len ||
		    memcmp(f->to_server.bytes + at->to_server, a->bytes.bytes, a->bytes.len) != 0)
			return failed_bytes(r, a, "the server sees something else", f->to_server.bytes + at->to_server,
					    f->to_server.len - at->to_server);
		at->to_server += a->bytes.len;
		return true;
	case EXPECT_TO_CLIENT:
	case EXPECT_ANSWER:
		return expect_client(r, f, at, a);
	case EXPECT_DUE:
		due = f->flow ? driver_deadline(f->flow) : UINT64_MAX;
		if (due != UINT64_MAX)
			due -= r->gate.clock.now_ms;
		return due == a->number || failed(r, a, "the deadline is another", NULL);
	default:
		return true;
	}
}

/* Everything that happened so far stood in an expectation. */
static bool all_expected(struct run *r, const struct action *a)
{
	for (unsigned i = 0; i < r->gate.flows; i++) {
		struct fake_flow  *f = &r->gate.flow[i];
		struct read_marks *at = &r->read[i];

		if (f->to_server.len > at->to_server)
			return failed_bytes(r, a, "unexpected to-server", f->to_server.bytes + at->to_server,
					    f->to_server.len - at->to_server);
		if (f->to_client.len > at->to_client)
			return failed_bytes(r, a, "unexpected at the client", f->to_client.bytes + at->to_client,
					    f->to_client.len - at->to_client);
		if (f->notes.len > at->notes)
			return failed_bytes(r, a, "unexpected note", f->notes.bytes + at->notes, f->notes.len - at->notes);
	}
	return true;
}

/* The next action that is no expectation. */
static const struct action *after(const struct scenario *s, unsigned i)
{
	for (i++; i < s->actions; i++)
		if (s->action[i].kind != ACT_EXPECT)
			return &s->action[i];
	return NULL;
}

static void arrive(struct run *r, struct fake_flow *f, unsigned i)
{
	const struct action *a = &r->s->action[i], *next = after(r->s, i);
	const uint8_t       *bytes = a->bytes.bytes;
	size_t               n = a->bytes.len, cut = n;
	bool                 datagram = f->flow && driver_protocol(f->flow)->datagram;

	if (r->v.kind == CUT_MERGE && next && next->side == a->side && strcmp(next->flow, a->flow) == 0 &&
	    (next->kind == ACT_BYTES || next->kind == ACT_FIN)) {
		fake_push(f, (enum side)a->side, bytes, n);
		return; /* the next arrival runs both */
	}
	if (r->v.kind == CUT_BYTES && !datagram)
		cut = 1;
	if (r->v.kind == CUT_AT && !datagram && r->v.action == i)
		cut = r->v.at;
	while (n) {
		size_t part = n < cut ? n : cut;

		fake_push(f, (enum side)a->side, bytes, part);
		fake_turn(f, (enum side)a->side);
		bytes += part;
		n -= part;
		if (r->v.kind == CUT_AT)
			cut = n ? n : 1;
	}
}

static bool open_flow(struct run *r, const struct action *a)
{
	struct fake_flow *joins = a->joins[0] ? flow_named(r, a->joins) : NULL;

	if (a->joins[0] && !joins)
		return failed(r, a, "no such flow to join", a->joins);
	if (!fake_flow_open(&r->gate, a->flow, toy_by_name(a->text)->id, joins))
		return failed(r, a, "the driver refuses the flow", a->flow);
	return true;
}

static bool act_on_flow(struct run *r, unsigned i, struct fake_flow *f)
{
	const struct action *a = &r->s->action[i];

	switch (a->kind) {
	case ACT_LIMIT:
		return fake_flow_limit(f, a->text, a->number) || failed(r, a, "no such limit", a->text);
	case ACT_BYTES:
		arrive(r, f, i);
		return true;
	case ACT_FIN:
		f->side[a->side].fin = true;
		fake_turn(f, (enum side)a->side);
		return true;
	case ACT_DIAL:
		fake_dialed(f, a->yes);
		return true;
	case ACT_SPLICE:
		fake_splice(f, (enum side)a->side, a->number);
		return true;
	default:
		fake_flow_close(f);
		return true;
	}
}

static bool act(struct run *r, unsigned i)
{
	const struct action *a = &r->s->action[i];
	struct fake_flow    *f = flow_named(r, a->flow);

	switch (a->kind) {
	case ACT_EXPECT:
		if (r->v.kind != CUT_NONE)
			return true;
		return expect(r, a) && ((i + 1 < r->s->actions && r->s->action[i + 1].kind == ACT_EXPECT) || all_expected(r, a));
	case ACT_OPEN:
		return open_flow(r, a);
	case ACT_CLOCK:
		fake_clock(&r->gate, a->number);
		return true;
	case ACT_MEMORY:
		fake_memory_left(&r->gate, a->number);
		return true;
	case ACT_PINHOLES:
		r->gate.no_pinholes = !a->yes;
		return true;
	default:
		return f ? act_on_flow(r, i, f) : failed(r, a, "no such flow", a->flow);
	}
}

bool scenario_run(struct scenario *s, struct variant v, struct outcome *out)
{
	struct run *r = calloc(1, sizeof(*r));
	bool        ok;

	r->s = s;
	r->v = v;
	r->gate.env = (struct driver_env){.recognisers = toys,
					  .turn_units = v.kind == CUT_TURNS ? 1 : (unsigned)s->turn_units,
					  .watch_unsafe = s->watch_unsafe};
	r->gate.judge = judge;
	r->gate.watch = watch;
	r->gate.reason_name = toy_reason_name;
	r->gate.user = s;
	r->gate.clock.now_ms = 1000000;
	ok = fake_gate_open(&r->gate) || failed(r, NULL, "no memory for the driver", NULL);
	for (unsigned i = 0; ok && i < s->actions; i++)
		ok = act(r, i);
	if (ok && v.kind == CUT_NONE)
		ok = all_expected(r, s->actions ? &s->action[s->actions - 1] : NULL);
	if (r->gate.broken)
		ok = failed(r, NULL, "the driver broke a law", r->gate.broken);
	fake_gate_story(&r->gate, &out->text);
	fake_gate_close(&r->gate);
	free(r);
	return ok;
}
