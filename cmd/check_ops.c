/* Answers the driver's questions for `check`: nothing is protected, so every refusal is seen and reading goes on. */
#include "cmd/check.h"

static const uint8_t *op_peek(void *user, enum side from, size_t *len, bool *fin)
{
	const struct check_flow *f = user;

	*fin = f->side[from].fin;
	return bytes_peek(&f->side[from], len);
}

static void op_drop(void *user, enum side from, size_t n)
{
	struct check_flow *f = user;

	bytes_drop(f->check, &f->side[from], n);
}

static void op_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	(void)user, (void)from, (void)bytes, (void)n;
}

static void op_answer(void *user, const uint8_t *bytes, size_t n)
{
	(void)user, (void)bytes, (void)n;
}

/* What speaks may have changed with the last unit. */
static void note_protocol(struct check_flow *f)
{
	const struct recogniser *r = driver_protocol(f->driver);

	if (f->r == r)
		return;
	f->r = r;
	f->tally = &f->check->totals.tally[protocol_place(r->id)];
}

static enum verdict op_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	struct check_flow *f = user;

	/* What policy would stop goes on too: the captured answer is to what the server got. */
	(void)why;
	note_protocol(f);
	if (f->judged)
		policy_unit(f, from, step, cx);
	return VERDICT_PASS;
}

static bool op_watch(void *user, const struct report *report)
{
	(void)user, (void)report;
	return true;
}

static void op_report(void *user, const struct report *report)
{
	struct check_flow *f = user;
	struct side_bytes *side = &f->side[report->from];

	if (report->kind == REPORT_UNANSWERED)
		return;
	side->accounted = f->datagram ? side->fed : side->accounted + report->unit_len;
	if (report->kind == REPORT_UNSEEN)
		f->opaque = UNSEEN_FRAMING;
	print_report(f, report);
}

/* Why what a unit holds or announces is not seen; UNSEEN_NONE where it is payload of a unit that was read. */
static enum unseen unseen_of(const struct check_flow *f, uint16_t why)
{
	if (f->r->id == PROTO_OPAQUE_TLS)
		return UNSEEN_TLS;
	if (why == R_OPAQUE_SEALED || why == R_DCERPC_SEALED || why == R_DCERPC_SEALED_ARGUMENTS)
		return UNSEEN_SEALED;
	return why == R_NONE ? UNSEEN_NONE : UNSEEN_UNREAD;
}

/* Adds a unit's bytes, and those behind it that it fixed the length of, to what they are. */
static void account(struct check_flow *f, enum side from, const struct step *step)
{
	uint64_t    ahead = step->opaque == OPAQUE_MAX ? 0 : step->opaque;
	enum unseen kind = unseen_of(f, step->why);

	if (kind == UNSEEN_NONE) {
		f->side[from].accounted += step->n + ahead;
		f->payload += ahead;
	} else if (kind == UNSEEN_UNREAD) {
		f->side[from].accounted += step->n + ahead;
		f->unread += step->n + ahead;
	} else {
		f->opaque = kind;
		if (step->why == R_NONE)
			f->side[from].accounted += step->n;
	}
}

static void op_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct check_flow *f = user;

	note_protocol(f);
	account(f, from, step);
	if (!step->n || step->why != R_NONE || step->verb == STEP_SEEN || step->flags & STEP_INSIDE)
		return;
	f->side[from].messages++;
	f->tally->messages[from]++;
	f->check->totals.messages++;
	if (f->check->options.units)
		print_unit(f, from, step, cx);
}

static void op_dial(void *user, const struct route *route)
{
	struct check_flow *f = user;

	(void)route;
	f->dialing = true;
}

/* What a captured conversation announces has its own flow in the capture. */
static bool op_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	(void)user, (void)group;
	for (uint8_t i = 0; i < n; i++)
		bound[i] = expect[i].to;
	return true;
}

static const struct profile *op_profile(void *user, uint16_t proto)
{
	struct check_flow    *f = user;
	const struct profile *profile = policy_flow_reads(f, proto);

	return profile ? profile : &f->check->profile[protocol_place(proto)];
}

static void op_fin(void *user, enum side from)
{
	(void)user, (void)from;
}

static void op_end(void *user, const struct ending *ending)
{
	struct check_flow *f = user;

	(void)ending;
	f->ended = true;
}

static void op_wake(void *user)
{
	(void)user;
}

const struct driver_ops check_driver_ops = {
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
