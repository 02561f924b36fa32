/* Shows records: names looked up, every text escaped, then one line for people or one EVE line for machines. */
#include "event/render.h"

#include <string.h>

#include "event/render_int.h"

/*
 * Input from: records of any sender. Numbers are looked up with bounds; texts are shown only escaped.
 */

static void escaped(char *out, size_t size, const char *text, size_t n)
{
	struct str s = str_over(out, size);

	text_escape(&s, (const uint8_t *)text, n, n);
}

static void escaped_text(char *out, size_t size, const struct record_text *t)
{
	escaped(out, size, t->text ? t->text : "", t->len);
}

/* Its name when the blob is the one the record was made under; else its number. */
static const char *service_name(const struct render *render, struct shown *s)
{
	const struct record *r = s->r;
	const struct policy *p = render->policy;
	struct str           number = str_over(s->service, sizeof(s->service));

	if (r->service == UINT32_MAX)
		return NULL;
	if (p && p->revision == r->policy_rev && r->service < policy_services(p)) {
		struct policy_text name = policy_service_at(p, r->service).name;

		escaped(s->service, sizeof(s->service), name.text, name.len);
	} else {
		str_fmt(&number, "service %u", r->service);
	}
	return s->service;
}

static const struct recogniser *protocol_of(const struct render *render, uint16_t proto)
{
	for (size_t i = 0; render->protocols[i]; i++)
		if (render->protocols[i]->id == proto)
			return render->protocols[i];
	return NULL;
}

static const char *protocol_name(const struct render *render, uint16_t proto)
{
	const struct recogniser *r = protocol_of(render, proto);

	return r ? r->name : NULL;
}

static struct event_at where(const struct render *render, struct shown *s)
{
	const struct record *r = s->r;
	bool pair = r->client.family && r->client.family == r->listener.family;

	/* A sensor in front of the gate sees the client and the listener. */
	if (!pair || !community_id(r->ip_protocol, &r->client, &r->listener, s->community))
		s->community[0] = '\0';
	return (struct event_at){
		.ts_us = r->ts_us,
		.flow_id = r->flow_id,
		.ip_protocol = r->ip_protocol,
		.client = r->client,
		.server = r->server.family ? r->server : r->listener,
		.from = r->kind == RECORD_REFUSAL || r->kind == RECORD_RULE || r->kind == RECORD_REPEATED ? r->from : SIDE_CLIENT,
		.app = protocol_name(render, r->proto),
		.community = s->community,
		.via = service_name(render, s),
	};
}

/* The rule that decided: its id, "#2", the default; or nobody's but the recogniser's. */
static const char *rule_name(struct shown *s)
{
	const struct record *r = s->r;
	struct str           number;

	if (!r->policy.len)
		return "built-in";
	if (r->rule.len)
		return s->rule;
	if (!r->rule_number)
		return reason_of(r->why)->class == CLASS_POLICY || r->kind == RECORD_RULE || r->report == REPORT_DENIED ? "default" : "built-in";
	number = str_over(s->rule, sizeof(s->rule));
	str_fmt(&number, "#%u", r->rule_number);
	return s->rule;
}

static bool is_watched(const struct record *r)
{
	if (r->kind == RECORD_RULE)
		return r->watch_until != 0;
	return r->report == REPORT_WATCHED || r->report == REPORT_UNSEEN;
}

/* A rule that would block has no reason of its own. */
static uint16_t reason_number(const struct record *r)
{
	return r->kind == RECORD_RULE && !r->why ? R_POLICY_DENIED : r->why;
}

static void ready_refusal(struct shown *s, const char *service)
{
	const struct record *r = s->r;
	bool                 watched = is_watched(r);

	s->refusal = (struct refusal){
		.by = {.policy_rev = r->policy_rev, .service = service, .policy = r->policy.len ? s->policy : NULL, .rule = rule_name(s),
		       .mode = watched ? "watch" : "enforce", .watch_until = r->watch_until, .probe = r->probe},
		.reason = reason_of(reason_number(r)),
		.sentence = s->sentence,
		.detail = r->detail.len ? s->detail : NULL,
		.path = s->path,
		.action = watched ? "alert" : r->kind == RECORD_RULE && r->passed ? "pass" : "drop",
		.has_offset = r->has_offset,
		.has_numbers = r->has_numbers,
		.consequence = r->consequence,
		.offset = r->offset,
		.stream_offset = r->stream_offset,
		.expected = r->expected,
		.got = r->got,
	};
}

static void ready_sentence(struct shown *s)
{
	struct str out = str_over(s->sentence, sizeof(s->sentence));

	switch (s->r->kind) {
	case RECORD_FLOW:
		say_flow(s, &out);
		break;
	case RECORD_REFUSAL:
		say_refusal(s, &out);
		break;
	case RECORD_RULE:
		say_rule(s, &out);
		break;
	case RECORD_REPEATED:
		say_repeated(s, &out);
		break;
	default:
		say_gate(s, &out);
	}
}

static void ready(const struct render *render, const struct record *r, struct shown *s)
{
	s->r = r;
	s->at = where(render, s);
	escaped_text(s->policy, sizeof(s->policy), &r->policy);
	escaped_text(s->rule, sizeof(s->rule), &r->rule);
	escaped_text(s->detail, sizeof(s->detail), &r->detail);
	escaped_text(s->text, sizeof(s->text), &r->text);
	escaped_text(s->path, sizeof(s->path), &r->path);
	ready_sentence(s);
	ready_refusal(s, s->at.via);
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void set_number(json_t *object, const char *key, uint64_t n)
{
	set(object, key, json_integer((json_int_t)(n > INT64_MAX ? INT64_MAX : n)));
}

static void set_time(json_t *object, const char *key, uint64_t ts_us)
{
	char       buffer[40];
	struct str s = str_over(buffer, sizeof(buffer));

	text_time(&s, ts_us);
	set(object, key, json_string(s.text));
}

/* In the words of Suricata where it has them. */
static json_t *flow_object(const struct record *r)
{
	static const char *const reasons[RECORD_ENDS] = {"ended", "reset", "reset", "forced", "forced", "shutdown"};
	json_t                  *flow = json_object();

	set_number(flow, "bytes_toserver", r->bytes[SIDE_CLIENT]);
	set_number(flow, "bytes_toclient", r->bytes[SIDE_SERVER]);
	set_time(flow, "start", r->began_us);
	set_time(flow, "end", r->ts_us);
	set_number(flow, "age", r->ts_us > r->began_us ? (r->ts_us - r->began_us) / 1000000 : 0);
	set(flow, "state", json_string(r->server.family ? "closed" : "new"));
	set(flow, "reason", json_string(reasons[r->end < RECORD_ENDS ? r->end : 0]));
	set(flow, "alerted", json_boolean(r->refusals || r->watched));
	return flow;
}

static json_t *flow_json(const struct shown *s)
{
	const struct record *r = s->r;
	json_t              *line = eve_common(&s->at, "flow"), *own;
	struct decided       by = {.policy_rev = r->policy_rev, .service = s->at.via, .probe = r->probe};

	set(line, "flow", flow_object(r));
	own = eve_own(&by);
	if (r->why)
		set(own, "reason", json_string(reason_of(r->why)->id));
	set(own, "sentence", json_string(s->sentence));
	set(own, "ended", json_string(end_name(r->end)));
	set_number(own, "messages_toserver", r->units[SIDE_CLIENT]);
	set_number(own, "messages_toclient", r->units[SIDE_SERVER]);
	set_number(own, "forwarded_toserver", r->forwarded[SIDE_CLIENT]);
	set_number(own, "forwarded_toclient", r->forwarded[SIDE_SERVER]);
	set_number(own, "refused", r->refusals);
	set_number(own, "watched", r->watched);
	set(own, "tainted", json_boolean(r->tainted));
	set(line, "sallyport", own);
	return line;
}

/* What the three numbers of the gate's words are called, and the text. */
static const struct {
	const char *a, *b, *c, *text;
} members[RECORD_GATES] = {
	[GATE_STARTED] = {NULL, NULL, NULL, "detail"},
	[GATE_STOPPED] = {NULL, NULL, NULL, "detail"},
	[GATE_WORKER_CRASHED] = {"signal", "pid", NULL, "group"},
	[GATE_WORKER_HUNG] = {NULL, "pid", NULL, "group"},
	[GATE_WORKER_BACK] = {"away_ms", NULL, NULL, "group"},
	[GATE_SCRIBE_BACK] = {"restarts", NULL, NULL, NULL},
	[GATE_SERVER_DOWN] = {"errno", "took_ms", NULL, NULL},
	[GATE_SERVER_BACK] = {"away_ms", NULL, NULL, NULL},
	[GATE_FULL] = {"connections", NULL, NULL, NULL},
	[GATE_LOST] = {"flows", "refusals", "others", NULL},
	[GATE_LIAR] = {"sender", NULL, NULL, "detail"},
	[GATE_UNWRITTEN] = {"lines", "errno", NULL, "output"},
	[GATE_PORT_OPENED] = {"port", NULL, NULL, "interface"},
	[GATE_PORT_CLOSED] = {"port", "connections", NULL, NULL},
};

static json_t *gate_json(const struct shown *s)
{
	const struct record *r = s->r;
	json_t              *line = eve_common(&s->at, "sallyport"), *own;
	struct decided       by = {.policy_rev = r->policy_rev, .service = s->at.via, .probe = r->probe};
	const char          *a = members[r->gate].a;

	own = eve_own(&by);
	set(own, "kind", json_string(gate_name(r->gate)));
	if (r->why)
		set(own, "reason", json_string(reason_of(r->why)->id));
	set(own, "sentence", json_string(s->sentence));
	if (a)
		set_number(own, r->gate == GATE_WORKER_CRASHED && r->c ? "exit_code" : a, r->a);
	if (members[r->gate].b)
		set_number(own, members[r->gate].b, r->b);
	if (members[r->gate].c)
		set_number(own, members[r->gate].c, r->c);
	if (members[r->gate].text && s->text[0])
		set(own, members[r->gate].text, json_string(s->text));
	set(line, "sallyport", own);
	return line;
}

/* A rule with `log` that let something pass is no alert. */
static json_t *passed_json(const struct shown *s)
{
	json_t *line = eve_common(&s->at, "sallyport"), *verdict = json_object(), *own = eve_own(&s->refusal.by);

	set(line, "direction", json_string(s->at.from == SIDE_CLIENT ? "to_server" : "to_client"));
	set(verdict, "action", json_string("pass"));
	set(line, "verdict", verdict);
	set(own, "kind", json_string("rule"));
	set(own, "sentence", json_string(s->sentence));
	if (s->refusal.detail)
		set(own, "detail", json_string(s->refusal.detail));
	set_number(own, "stream_offset", s->r->stream_offset);
	set(line, "sallyport", own);
	return line;
}

/* What the message says; of another build's protocol nothing can be said. */
static void set_facts(json_t *line, const struct render *render, const struct record *r)
{
	struct fact facts[FACTS_MAX];

	if ((r->kind == RECORD_REFUSAL || r->kind == RECORD_RULE) && r->facts.len && facts_read((const uint8_t *)r->facts.text, r->facts.len, facts))
		eve_facts(line, protocol_of(render, r->proto), facts);
}

static bool is_plain_pass(const struct record *r)
{
	return r->kind == RECORD_RULE && r->passed && !r->watch_until;
}

json_t *render_json(const struct render *render, const struct record *record)
{
	struct shown s;
	json_t      *line, *own;

	ready(render, record, &s);
	if (record->kind == RECORD_FLOW)
		return flow_json(&s);
	if (record->kind == RECORD_GATE)
		return gate_json(&s);
	if (is_plain_pass(record)) {
		line = passed_json(&s);
		set_facts(line, render, record);
		return line;
	}
	line = eve_refusal(&s.at, &s.refusal);
	own = json_object_get(line, "sallyport");
	if (record->kind == RECORD_REPEATED) {
		set_number(own, "count", record->count);
		set_number(own, "window_ms", record->window_ms);
	} else {
		set_number(own, "length", record->unit_len);
	}
	set_facts(line, render, record);
	return line;
}

/* "  flow: closed after 1.2 s ..." */
static void plain_line(const struct shown *s, const char *head, enum ink ink, const struct line_style *style, struct str *out)
{
	str_fmt(out, "%s%s%s: %s", line_ink(style, ink), head, line_ink(style, INK_NONE), s->sentence);
}

static enum ink gate_ink(uint8_t gate)
{
	switch (gate) {
	case GATE_STARTED:
	case GATE_STOPPED:
	case GATE_WORKER_BACK:
	case GATE_SERVER_BACK:
	case GATE_PORT_OPENED:
	case GATE_PORT_CLOSED:
		return INK_GREEN;
	case GATE_FULL:
	case GATE_SERVER_DOWN:
		return INK_YELLOW;
	default:
		return INK_RED;
	}
}

static void flow_line(const struct shown *s, const struct line_style *style, struct str *out)
{
	line_where(out, &s->at, style);
	str_fmt(out, "%s: %s", s->r->probe ? " (a probe)" : "", s->sentence);
}

static void passed_line(const struct shown *s, const struct line_style *style, struct str *out)
{
	line_where(out, &s->at, style);
	str_add(out, "  ");
	plain_line(s, "pass", INK_GREEN, style, out);
	if (s->refusal.detail)
		str_fmt(out, ": %s", s->refusal.detail);
	if (s->r->probe)
		str_add(out, " (a probe)");
}

void render_line(const struct render *render, const struct record *record, const struct line_style *style, struct str *out)
{
	struct shown s;

	ready(render, record, &s);
	if (record->kind == RECORD_FLOW)
		flow_line(&s, style, out);
	else if (record->kind == RECORD_GATE)
		plain_line(&s, gate_name(record->gate), gate_ink(record->gate), style, out);
	else if (is_plain_pass(record))
		passed_line(&s, style, out);
	else
		line_refusal(out, &s.at, &s.refusal, style);
}

void render_time(const struct record *record, struct str *out)
{
	char       buffer[40];
	struct str time = str_over(buffer, sizeof(buffer));

	text_time(&time, record->ts_us);
	str_bytes(out, buffer, 10);
	str_char(out, ' ');
	str_bytes(out, buffer + 11, 8); /* UNSAFE: text_time writes 31 characters */
	str_char(out, ' ');
}
