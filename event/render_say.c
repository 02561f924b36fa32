/* The sentences of the gate's records: why something was blocked, how a flow ended, what happened to the gate. */
#include <string.h>

#include "event/render_int.h"

/* 1st, 2nd, 3rd, 4th, 11th, 21st */
static void ordinal(struct str *out, unsigned n)
{
	static const char *const ends[] = {"th", "st", "nd", "rd"};
	unsigned                 last = n / 10 % 10 == 1 ? 0 : n % 10;

	str_fmt(out, "%u%s", n, ends[last < 4 ? last : 0]);
}

/* "1 message", "1,000 messages" */
static void count(struct str *out, uint64_t n, const char *what)
{
	str_count(out, n);
	str_fmt(out, " %s%s", what, n == 1 ? "" : "s");
}

/* `policy directory-use, rule "no-writes" (the 2nd)`; with nothing but a number: `the 2nd rule of policy directory-use` */
static void which_rule(const char *policy, const char *rule, unsigned number, struct str *out)
{
	if (!*rule) {
		str_add(out, "the ");
		ordinal(out, number);
		str_fmt(out, " rule of policy %s", policy);
		return;
	}
	str_fmt(out, "policy %s, rule \"%s\"", policy, rule);
	if (number) {
		str_add(out, " (the ");
		ordinal(out, number);
		str_char(out, ')');
	}
}

void say_denied(const char *policy, const char *rule, unsigned number, const char *what, struct str *out)
{
	if (*rule || number) {
		which_rule(policy, rule, number, out);
		str_fmt(out, " does not allow %s", what);
	} else {
		str_fmt(out, "no rule of policy %s allows %s", policy, what);
	}
}

/* The table's sentence, with the record's numbers. */
static void reason_words(const struct record *r, struct str *out)
{
	struct fault fault = {.why = r->why, .expected = r->expected, .got = r->got, .node = WIRE_NO_NODE};
	char         sentence[512];

	reason_sentence(&fault, sentence, sizeof(sentence));
	str_add(out, sentence);
}

void say_refusal(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;
	uint8_t              class = reason_of(r->why)->class;

	if (class == CLASS_POLICY && r->policy.len) {
		say_denied(s->policy, s->rule, r->rule_number, "this", out);
		return;
	}
	reason_words(r, out);
	if (class == CLASS_OPAQUE && r->policy.len && r->report == REPORT_DENIED) {
		str_add(out, ", and ");
		say_denied(s->policy, s->rule, r->rule_number, "that", out);
	}
}

void say_rule(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;

	if (r->rule_number || r->rule.len)
		which_rule(s->policy, s->rule, r->rule_number, out);
	else
		str_fmt(out, "the default of policy %s", s->policy);
	if (r->watch_until)
		str_add(out, " would not allow this");
	else
		str_add(out, r->passed ? " allows this" : " does not allow this");
}

void say_repeated(const struct shown *s, struct str *out)
{
	str_count(out, s->r->count);
	str_add(out, " more of the same from this source in ");
	text_span(out, (uint64_t)s->r->window_ms * 1000);
}

static const char *const ends[RECORD_ENDS][2] = {
	[END_CLOSED] = {"closed", "closed"},
	[END_CLIENT_RESET] = {"client-reset", "reset by the client"},
	[END_SERVER_RESET] = {"server-reset", "reset by the server"},
	[END_REFUSED] = {"refused", "ended by a refusal"},
	[END_GATE] = {"gate", "ended by the gate"},
	[END_STOPPED] = {"stopped", "ended because the gate stopped"},
};

const char *end_name(uint8_t end)
{
	return ends[end < RECORD_ENDS ? end : END_CLOSED][0];
}

void say_flow(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;

	str_fmt(out, "%s after ", ends[r->end < RECORD_ENDS ? r->end : END_CLOSED][1]);
	text_span(out, r->ts_us > r->began_us ? r->ts_us - r->began_us : 0);
	str_add(out, ", ");
	count(out, r->units[SIDE_CLIENT], "message");
	str_add(out, " in, ");
	str_count(out, r->units[SIDE_SERVER]);
	str_add(out, " out");
	if (r->refusals) {
		str_add(out, ", ");
		str_count(out, r->refusals);
		str_add(out, " refused");
	}
	if (r->watched) {
		str_add(out, ", ");
		str_count(out, r->watched);
		str_add(out, " watched");
	}
	if (!r->why)
		return;
	str_fmt(out, ": %s", reason_of(r->why)->id);
	/* A flow's record has no numbers of the reason: those stand in the refusal's. */
	if (strchr(reason_of(r->why)->sentence, '{'))
		return;
	str_add(out, ": ");
	reason_words(r, out);
}

static const char *const gates[RECORD_GATES] = {
	[GATE_STARTED] = "started",
	[GATE_STOPPED] = "stopped",
	[GATE_WORKER_CRASHED] = "worker-crashed",
	[GATE_WORKER_HUNG] = "worker-hung",
	[GATE_WORKER_BACK] = "worker-back",
	[GATE_SCRIBE_BACK] = "scribe-back",
	[GATE_SERVER_DOWN] = "server-down",
	[GATE_SERVER_BACK] = "server-back",
	[GATE_FULL] = "full",
	[GATE_LOST] = "lost",
	[GATE_LIAR] = "liar",
	[GATE_UNWRITTEN] = "unwritten",
	[GATE_PORT_OPENED] = "port-opened",
	[GATE_PORT_CLOSED] = "port-closed",
};

const char *gate_name(uint8_t gate)
{
	return gate < RECORD_GATES ? gates[gate] : "unknown";
}

/* What the system calls an error number. */
static void error_words(struct str *out, uint64_t error)
{
	if (error && error < 4096)
		str_add(out, strerror((int)error));
	else
		str_fmt(out, "error %llu", (unsigned long long)error);
}

static void say_worker(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;

	str_fmt(out, "the worker of %s (process %llu) ", s->text, (unsigned long long)r->b);
	if (r->gate == GATE_WORKER_HUNG)
		str_add(out, "hung and was ended");
	else
		str_fmt(out, r->c ? "ended with exit code %llu" : "was ended by signal %llu", (unsigned long long)r->a);
	if (!r->client.family)
		return;
	str_add(out, "; it was at a message of ");
	text_address(out, &r->client);
	if (s->at.via)
		str_fmt(out, " to %s", s->at.via);
}

static void say_server(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;

	if (r->server.family)
		text_address(out, &r->server);
	else
		str_add(out, "the server");
	if (r->gate == GATE_SERVER_BACK) {
		str_add(out, " answers again after ");
		text_span(out, r->a < UINT64_MAX / 1000 ? r->a * 1000 : UINT64_MAX);
		return;
	}
	str_add(out, " could not be reached: ");
	error_words(out, r->a);
	str_fmt(out, " after %llu ms", (unsigned long long)r->b);
}

static void say_lost(const struct record *r, struct str *out)
{
	str_add(out, "events found no room and are lost: ");
	count(out, r->a, "flow");
	str_add(out, ", ");
	count(out, r->b, "refusal");
	str_add(out, ", ");
	count(out, r->c, "other");
}

static void say_unwritten(const struct shown *s, struct str *out)
{
	count(out, s->r->a, "line");
	str_fmt(out, " could not be written to %s", s->text);
	if (s->r->b) {
		str_add(out, ": ");
		error_words(out, s->r->b);
	}
}

/* "opened port 49152 of 10.9.0.10 for netlogon, asked for by 10.1.2.3" */
static void say_port(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;
	bool                 opened = r->gate == GATE_PORT_OPENED;

	str_fmt(out, "%s port %llu", opened ? "opened" : "closed", (unsigned long long)r->a);
	if (r->server.family) {
		str_add(out, " of ");
		text_ip(out, &r->server);
	}
	if (opened && s->text[0])
		str_fmt(out, " for %s", s->text);
	if (opened && r->client.family) {
		str_add(out, ", asked for by ");
		text_ip(out, &r->client);
	}
	if (opened)
		return;
	str_add(out, r->c ? ", as another port needed its place: " : ", as nobody asked for it or used it any more: ");
	count(out, r->b, "connection");
}

void say_gate(const struct shown *s, struct str *out)
{
	const struct record *r = s->r;

	switch (r->gate) {
	case GATE_STARTED:
	case GATE_STOPPED:
		str_fmt(out, "the gate %s%s%s", gate_name(r->gate), s->text[0] ? ": " : "", s->text);
		break;
	case GATE_WORKER_CRASHED:
	case GATE_WORKER_HUNG:
		say_worker(s, out);
		break;
	case GATE_WORKER_BACK:
		str_fmt(out, "the worker of %s is back after ", s->text);
		text_span(out, r->a < UINT64_MAX / 1000 ? r->a * 1000 : UINT64_MAX);
		break;
	case GATE_SCRIBE_BACK:
		str_add(out, "the writer of events was started again, ");
		count(out, r->a, "time");
		str_add(out, " so far; events in between are lost");
		break;
	case GATE_SERVER_DOWN:
	case GATE_SERVER_BACK:
		say_server(s, out);
		break;
	case GATE_FULL:
		reason_words(r, out);
		str_add(out, ": ");
		count(out, r->a, "connection");
		str_add(out, " turned away");
		break;
	case GATE_LOST:
		say_lost(r, out);
		break;
	case GATE_LIAR:
		str_fmt(out, "the sender of events of group %llu broke the rules and is no longer heard: %s", (unsigned long long)r->a, s->text);
		break;
	case GATE_PORT_OPENED:
	case GATE_PORT_CLOSED:
		say_port(s, out);
		break;
	default:
		say_unwritten(s, out);
	}
}
