/* What the driver calls while it runs a session: bytes, judgements, reports. */
#include <string.h>

#include "gate/worker_int.h"

static const uint8_t *op_peek(void *user, enum side from, size_t *len, bool *fin)
{
	struct session *s = user;

	*len = s->w->view[from].len;
	*fin = s->side[from].fin_seen;
	return s->w->view[from].bytes;
}

static void op_drop(void *user, enum side from, size_t n)
{
	struct session *s = user;
	struct view    *v = &s->w->view[from];

	/* UNSAFE: the driver drops no more than it was shown. */
	v->bytes += n;
	v->len -= n;
}

/* Bytes of a view stay where they are until the turn's sends; what the driver made itself does not. */
static bool stays(const struct worker *w, enum side from, const uint8_t *bytes, size_t n)
{
	const struct view *v = &w->view[from];

	return bytes >= v->bytes && n <= v->len && bytes <= v->bytes + (v->len - n);
}

static void send_later(struct session *s, enum side to, const uint8_t *bytes, size_t n, bool copy)
{
	struct worker  *w = s->w;
	struct sending *out = &w->sending[to];
	struct iovec   *last = out->count ? &out->iov[out->count - 1] : NULL;

	if (copy && (n > COPIED_MAX - w->copied_len || out->count == IOVS)) {
		half_flush(s, to);
		half_queue(s, to, bytes, n);
		return;
	}
	if (copy) {
		/* UNSAFE: the line above saw that it fits. */
		memcpy(w->copied + w->copied_len, bytes, n);
		bytes = w->copied + w->copied_len;
		w->copied_len += n;
	}
	if (last && (const uint8_t *)last->iov_base + last->iov_len == bytes) {
		last->iov_len += n;
	} else {
		if (out->count == IOVS)
			half_flush(s, to);
		out->iov[out->count++] = (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
	}
	out->len += n;
}

static void op_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	struct session *s = user;

	s->forwarded[from] += n;
	send_later(s, other_side(from), bytes, n, !stays(s->w, from, bytes, n));
}

static void op_answer(void *user, const uint8_t *bytes, size_t n)
{
	send_later(user, SIDE_CLIENT, bytes, n, true);
}

/* ---- Judging ---- */

struct record session_record(const struct session *s, enum record_kind kind)
{
	struct address listener = s->w->listener[s->listener].said.at;

	return (struct record){
		.kind = kind,
		.ts_us = s->w->wall_us,
		.flow_id = s->id,
		.policy_rev = s->w->policy.revision,
		.service = s->policy.arrival.service,
		.proto = s->flow ? driver_protocol(s->flow)->id : s->policy.arrival.proto,
		.ip_protocol = IPPROTO_TCP,
		.probe = s->probe >= 0,
		.client = s->policy.arrival.source,
		.listener = listener,
		.server = s->server,
	};
}

static void name_rule(const struct policy_flow *flow, int rule, struct record *r)
{
	struct policy_rule said = policy_rule_at(flow, rule);

	r->policy = (struct record_text){said.policy.text, (uint16_t)said.policy.len};
	r->rule = (struct record_text){said.id.text, (uint16_t)said.id.len};
	r->rule_number = said.number;
	r->watch_until = said.until;
}

/* A rule with `log`, or a watched rule that would have blocked, is worth a record of its own. */
static void note_rule(struct session *s, enum side from, int rule, bool passed)
{
	struct record r = session_record(s, RECORD_RULE);

	name_rule(&s->policy, rule, &r);
	r.from = (uint8_t)from;
	r.passed = passed;
	r.why = s->w->ruling.why;
	r.stream_offset = driver_offset(s->flow, from);
	journal_add(s->w->journal, &r, s->w->clock.now_ms);
}

static enum verdict op_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	struct session       *s = user;
	struct policy_ruling *ruling = &s->w->ruling;

	policy_judge(&s->policy, driver_protocol(s->flow)->id, step, cx, ruling);
	s->w->ruled = true;
	*why = ruling->why;
	for (unsigned w = 0; ruling->watched && w < POLICY_RULES_MAX / 64; w++)
		for (uint64_t bits = ruling->watched_rules[w]; bits; bits &= bits - 1) {
			s->watched++;
			note_rule(s, from, (int)(w * 64) + __builtin_ctzll(bits), true);
		}
	/* A denial is told by the report that follows. */
	if (ruling->log && ruling->verdict == VERDICT_PASS)
		note_rule(s, from, ruling->rule, true);
	return ruling->verdict;
}

static bool op_watch(void *user, const struct report *report)
{
	const struct session *s = user;

	return policy_refusal(&s->policy, report->fault->why);
}

/* ---- Reports ---- */

static void fill_refusal(const struct worker *w, const struct policy_flow *flow, const struct report *report, struct record *r)
{
	const struct fault *fault = report->fault;

	r->report = (uint8_t)report->kind;
	r->from = (uint8_t)report->from;
	r->why = fault->why;
	r->has_offset = fault->trace != NULL || fault->at;
	r->has_numbers = fault->has_numbers;
	r->consequence = report->follows_taint;
	r->offset = fault->at;
	r->stream_offset = report->unit_at;
	r->unit_len = report->unit_len;
	r->expected = fault->expected;
	r->got = fault->got;
	if (report->kind == REPORT_DENIED && w->ruled)
		name_rule(flow, w->ruling.rule, r);
	if (report->detail)
		r->detail = (struct record_text){report->detail, (uint16_t)strlen(report->detail)};
}

void refusal_note(struct worker *w, const struct policy_flow *flow, const struct report *report, struct record *r)
{
	char path[RECORD_PATH_MAX];

	fill_refusal(w, flow, report, r);
	r->path = (struct record_text){path, (uint16_t)fault_path(report->fault, path, sizeof(path))};
	journal_add(w->journal, r, w->clock.now_ms);
}

static void op_report(void *user, const struct report *report)
{
	struct session *s = user;
	struct record   r = session_record(s, RECORD_REFUSAL);

	if (report->kind == REPORT_WATCHED || report->kind == REPORT_UNSEEN)
		s->watched++;
	else if (report->kind != REPORT_UNANSWERED)
		s->refusals++;
	refusal_note(s->w, &s->policy, report, &r);
	if (s->probe >= 0)
		probe_says_report(s->w, s->probe, report);
}

static void op_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct session *s = user;

	(void)cx;
	if (step->verb == STEP_SEEN || step->flags & STEP_INSIDE)
		return;
	s->units[from]++;
	if (s->phase == PHASE_FIRST)
		session_phase(s, PHASE_IDLE);
}

/* ---- Not yet: no protocol of this build names its server or announces a connection ---- */

static void op_dial(void *user, const struct route *route)
{
	struct session *s = user;

	(void)route;
	s->unroutable = true;
	session_queue(s);
}

static bool op_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	(void)user, (void)expect, (void)n, (void)group, (void)bound;
	return false;
}

static const struct profile *op_profile(void *user, uint16_t proto)
{
	struct session *s = user;

	return policy_flow_profile(&s->policy, proto);
}

static void op_fin(void *user, enum side from)
{
	struct session *s = user;

	s->side[other_side(from)].fin_wanted = true;
}

static void op_end(void *user, const struct ending *ending)
{
	struct session *s = user;

	s->ended = true;
	s->why = ending->why;
	s->server_inside = ending->server_inside;
}

static void op_wake(void *user)
{
	session_queue(user);
}

const struct driver_ops gate_ops = {
	.peek = op_peek,
	.drop = op_drop,
	.emit = op_emit,
	.answer = op_answer,
	.judge = op_judge,
	.watch = op_watch,
	.report = op_report,
	.committed = op_committed,
	.dial = op_dial,
	.bind = op_bind,
	.profile = op_profile,
	.fin = op_fin,
	.end = op_end,
	.wake = op_wake,
};
