/* Shows what `check` finds while it reads: refusals, and on request every message and every flow. */
#include <string.h>

#include "cmd/check.h"
#include "event/facts.h"

enum { LINE_MAX_BYTES = 8192, FACT_SHOWN = 120 };

static struct event_at event_of(struct check_flow *f, enum side from)
{
	const struct check *check = f->check;

	if (check->options.json && !f->community[0] && !community_id(f->ip_protocol, &f->client, &f->server, f->community))
		f->community[0] = '\0';

	return (struct event_at){
		.ts_us = check->packet.ts_us,
		.flow_id = f->id,
		.ip_protocol = f->ip_protocol,
		.client = f->client,
		.server = f->server,
		.from = from,
		.app = f->r->name,
		.file = check->file,
		.packet = check->packet.number,
		.community = f->community,
	};
}

/* Nobody's policy: `check` shows what the recognisers say. */
static const struct decided by_check = {.service = "check", .rule = "built-in", .mode = "check"};

/* Findings and progress share a terminal. */
static void hide_progress(struct check *check)
{
	if (check->progress_shown)
		fputs("\r\033[K", stderr);
	check->progress_shown = false;
}

static void put_line(struct check *check, const struct str *line)
{
	hide_progress(check);
	if (fprintf(stdout, "%s\n", line->text) < 0)
		check->write_failed = true;
}

static void put_json(struct check *check, json_t *object)
{
	hide_progress(check);
	if (!eve_write(stdout, object))
		check->write_failed = true;
}

static void print_refusal_json(struct check_flow *f, const struct event_at *at, const struct refusal *refusal)
{
	json_t          *line = eve_refusal(at, refusal);
	const struct cx *cx = f->driver ? driver_facts(f->driver) : NULL;

	if (cx)
		eve_facts(line, driver_protocol(f->driver), cx->fact);
	put_json(f->check, line);
}

void print_refusal(struct check_flow *f, enum side from, const struct refusal *refusal)
{
	struct check   *check = f->check;
	struct event_at at = event_of(f, from);
	char            buffer[LINE_MAX_BYTES];
	struct str      line = str_over(buffer, sizeof(buffer));

	if (check->options.quiet || (refusal->consequence && !check->options.all))
		return;
	if (check->options.json) {
		print_refusal_json(f, &at, refusal);
		return;
	}
	line_refusal(&line, &at, refusal, &check->style);
	put_line(check, &line);
}

void count_refusal(struct check_flow *f, const struct refusal *refusal, bool follows_taint)
{
	struct totals *t = &f->check->totals;

	if (!refusal->consequence) {
		t->refused++;
		t->by_reason[refusal->reason->number]++;
		f->refused++;
	} else if (follows_taint && !f->blind) {
		t->consequences++;
	} else {
		t->unjudged++;
	}
}

void print_report(struct check_flow *f, const struct report *report)
{
	const struct fault *fault = report->fault;
	char                sentence[512], path[4096];
	bool                state = reason_of(fault->why)->class == CLASS_STATE;
	struct refusal      refusal = {
		     .by = by_check,
		     .reason = reason_of(fault->why),
		     .sentence = sentence,
		     .detail = report->detail,
		     .path = path,
		     .action = "alert",
		     .has_offset = fault->trace != NULL || fault->at,
		     .has_numbers = fault->has_numbers,
		     .consequence = report->follows_taint || (f->blind && state),
		     .offset = fault->at,
		     .stream_offset = report->unit_at,
		     .expected = fault->expected,
		     .got = fault->got,
	};

	if (policy_flow_watches(f, fault->why)) {
		refusal.by.mode = "watch";
		f->check->totals.watched += !refusal.consequence;
	} else {
		count_refusal(f, &refusal, report->follows_taint);
	}
	if (f->check->options.quiet || (refusal.consequence && !f->check->options.all))
		return;
	reason_sentence(fault, sentence, sizeof(sentence));
	fault_path(fault, path, sizeof(path));
	print_refusal(f, report->from, &refusal);
}

void print_capture_refusal(struct check_flow *f, uint16_t why, enum side from)
{
	struct fault   fault = {.why = why, .node = WIRE_NO_NODE};
	char           sentence[512];
	struct refusal refusal = {
		.by = by_check,
		.reason = reason_of(why),
		.sentence = sentence,
		.path = "",
		.action = "alert",
		.stream_offset = f->driver ? driver_offset(f->driver, from) : 0,
	};

	reason_sentence(&fault, sentence, sizeof(sentence));
	count_refusal(f, &refusal, false);
	print_refusal(f, from, &refusal);
}

/* The fact's name without the protocol's: everything here is of one protocol. */
static const char *fact_name(const struct recogniser *r, const struct fact_def *def)
{
	size_t n = strlen(r->name);

	return strncmp(def->name, r->name, n) == 0 && def->name[n] == '.' ? def->name + n + 1 : def->name;
}

/* The word for a number that has one, or NULL. */
static const char *fact_word(const struct fact_def *def, uint64_t number)
{
	for (uint64_t i = 0; def->words && def->words[i]; i++)
		if (i == number)
			return def->words[i];
	return NULL;
}

static void fact_text(struct str *line, const struct recogniser *r, const struct fact_def *def, const struct fact *fact)
{
	const char *word = fact->state == FACT_NUMBER ? fact_word(def, fact->number) : NULL;

	str_fmt(line, " %s=", fact_name(r, def));
	if (fact->state == FACT_UNKNOWN)
		str_add(line, "?");
	else if (fact->state == FACT_TEXT) {
		str_char(line, '"');
		text_escape(line, fact->text, fact->len, FACT_SHOWN);
		str_char(line, '"');
	} else if (word)
		str_add(line, word);
	else
		str_fmt(line, "%llu", (unsigned long long)fact->number);
}

static json_t *fact_json(const struct fact_def *def, const struct fact *fact)
{
	const char *word = fact->state == FACT_NUMBER ? fact_word(def, fact->number) : NULL;

	if (fact->state == FACT_UNKNOWN)
		return json_null();
	if (fact->state == FACT_TEXT)
		return eve_text(fact->text, fact->len, FACT_SHOWN);
	return word ? json_string(word) : json_integer((json_int_t)(fact->number > INT64_MAX ? INT64_MAX : fact->number));
}

static void print_unit_json(struct check_flow *f, const struct event_at *at, const struct step *step, const struct cx *cx)
{
	json_t *line = eve_common(at, f->r->name), *facts = json_object();

	json_object_set_new(line, "direction", json_string(at->from == SIDE_CLIENT ? "to_server" : "to_client"));
	json_object_set_new(line, "bytes", json_integer((json_int_t)step->n));
	for (size_t i = 0; i < f->r->facts; i++)
		if (cx->fact[i].state != FACT_NONE)
			json_object_set_new(facts, fact_name(f->r, &f->r->fact[i]), fact_json(&f->r->fact[i], &cx->fact[i]));
	json_object_set_new(line, f->r->name, facts);
	put_json(f->check, line);
}

void print_unit(struct check_flow *f, enum side from, const struct step *step, const struct cx *cx)
{
	struct event_at at = event_of(f, from);
	char            buffer[LINE_MAX_BYTES];
	struct str      line = str_over(buffer, sizeof(buffer));

	if (f->check->options.json) {
		print_unit_json(f, &at, step, cx);
		return;
	}
	line_where(&line, &at, &f->check->style);
	str_fmt(&line, "  %s%s%s", line_ink(&f->check->style, INK_GREEN), f->r->name, line_ink(&f->check->style, INK_NONE));
	for (size_t i = 0; i < f->r->facts; i++)
		if (cx->fact[i].state != FACT_NONE)
			fact_text(&line, f->r, &f->r->fact[i], &cx->fact[i]);
	str_fmt(&line, " (%llu bytes)", (unsigned long long)step->n);
	put_line(f->check, &line);
}

/* Bytes of the flow that nobody could see. */
static uint64_t flow_unseen(const struct check_flow *f)
{
	uint64_t n = f->after_stop + f->datagrams_cut_bytes;

	for (int i = 0; i < 2; i++)
		if (f->side[i].fed > f->side[i].accounted)
			n += f->side[i].fed - f->side[i].accounted;
	return n;
}

static void flow_end_json(struct check_flow *f, const struct event_at *at, bool reset)
{
	json_t     *line = eve_common(at, "flow"), *flow = json_object(), *own = json_object();
	char        buffer[40];
	struct str  time = str_over(buffer, sizeof(buffer));
	enum unseen why = f->stop ? f->stop : f->opaque;

	text_time(&time, f->first_us);
	json_object_set_new(flow, "start", json_string(buffer));
	time = str_over(buffer, sizeof(buffer));
	text_time(&time, f->last_us);
	json_object_set_new(flow, "end", json_string(buffer));
	json_object_set_new(flow, "bytes_toserver", json_integer((json_int_t)f->side[SIDE_CLIENT].fed));
	json_object_set_new(flow, "bytes_toclient", json_integer((json_int_t)f->side[SIDE_SERVER].fed));
	json_object_set_new(flow, "reason", json_string(reset ? "reset" : "ended"));
	json_object_set_new(line, "flow", flow);
	json_object_set_new(own, "messages_toserver", json_integer((json_int_t)f->side[SIDE_CLIENT].messages));
	json_object_set_new(own, "messages_toclient", json_integer((json_int_t)f->side[SIDE_SERVER].messages));
	json_object_set_new(own, "refused", json_integer((json_int_t)f->refused));
	json_object_set_new(own, "began_midway", json_boolean(f->midway));
	json_object_set_new(own, "unseen_bytes", json_integer((json_int_t)flow_unseen(f)));
	if (flow_unseen(f))
		json_object_set_new(own, "unseen", json_string(unseen_name(why ? why : UNSEEN_TAIL)));
	json_object_set_new(line, "sallyport", own);
	put_json(f->check, line);
}

void print_flow_end(struct check_flow *f, bool reset)
{
	struct event_at at = event_of(f, SIDE_CLIENT);
	char            buffer[LINE_MAX_BYTES];
	struct str      line = str_over(buffer, sizeof(buffer));

	at.packet = f->last_packet;
	at.ts_us = f->last_us;
	if (f->check->options.json) {
		flow_end_json(f, &at, reset);
		return;
	}
	line_where(&line, &at, &f->check->style);
	str_fmt(&line, "  flow of %s %s: ", f->r->name, reset ? "reset" : "ended");
	str_count(&line, f->side[SIDE_CLIENT].messages);
	str_fmt(&line, " message%s from the client, ", f->side[SIDE_CLIENT].messages == 1 ? "" : "s");
	str_count(&line, f->side[SIDE_SERVER].messages);
	str_add(&line, " from the server, ");
	str_count(&line, f->refused);
	str_add(&line, " refused, ");
	str_count(&line, flow_unseen(f));
	str_fmt(&line, " byte%s unseen", flow_unseen(f) == 1 ? "" : "s");
	put_line(f->check, &line);
}
