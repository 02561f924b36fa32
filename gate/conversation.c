/* What TCP sessions and UDP associations share: arrival, judgement by policy, and the records of what became of their units. */
#include <errno.h>
#include <string.h>

#include "event/describe.h"
#include "gate/worker_int.h"

/* ---- Arrival ---- */

static uint64_t new_id(struct worker *w)
{
	return (hash_pair(&w->key, w->next_id++, w->config->group) & ((UINT64_C(1) << 53) - 1)) | 1;
}

bool conversation_begin(struct conversation *c, struct driver_env *env, const struct address *source)
{
	struct worker                *w = c->w;
	const struct policy_listener *l = &w->listener[c->listener].said;
	const struct service         *svc = &w->service[l->service];
	const struct pinhole         *hole = pinhole_of(w, c->listener);
	struct policy_arrival         arrival = {.service = l->service,
						 .proto = l->proto,
						 .port = l->at.port,
						 .transport = (uint8_t)l->transport,
						 .source = *source,
						 .today = w->today};

	/* The one address a service has is known before it is dialled: rules about the server are decided at once. So is whose port this is. */
	if (hole || svc->upstreams == 1) {
		arrival.target = svc->upstream[hole ? hole->upstream - 1 : 0].at;
		arrival.target.port = arrival.target.port && !hole ? arrival.target.port : l->at.port;
	}
	c->source = *source;
	c->ip_protocol = l->transport == POLICY_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	c->id = new_id(w);
	c->began_us = w->wall_us;
	c->probe = (int8_t)probe_match(w, source, l->service, (uint8_t)l->transport);
	if (c->probe >= 0)
		probe_arrival(w, c->probe, &arrival);
	if (policy_flow_begin(&c->policy, &w->policy, &arrival))
		c->flow = driver_open(env, l->proto, NULL, c);
	if (!c->flow && c->probe >= 0)
		probe_says_ended(w, c->probe, R_LIMIT_MEMORY);
	return c->flow != NULL;
}

uint16_t conversation_admit(struct worker *w, uint32_t service, enum policy_transport transport, const struct address *source)
{
	struct service *svc = &w->service[service];

	if (svc->flows[transport] >= svc->limit[SETTING_FLOWS])
		return R_GATE_FLOWS;
	if (!sources_add(w->sources, source, transport, service, svc->limit[SETTING_FLOWS_PER_SOURCE]))
		return R_GATE_SOURCE;
	svc->flows[transport]++;
	return R_NONE;
}

void conversation_leave(struct worker *w, uint32_t service, enum policy_transport transport, const struct address *source)
{
	w->service[service].flows[transport]--;
	sources_remove(w->sources, source, transport, service);
}

/* Those of a service since the last time. The source is that of the latest. */
static void tell_away(struct worker *w, uint32_t service)
{
	struct service *svc = &w->service[service];
	struct record   r = {.kind = RECORD_GATE, .gate = GATE_FULL, .ts_us = w->wall_us, .service = service, .ip_protocol = svc->away_protocol,
			     .policy_rev = w->policy.revision, .why = svc->away_why, .client = svc->away_source, .a = svc->turned_away};

	svc->told_ms = w->clock.now_ms;
	svc->turned_away = 0;
	worker_note(w, &r);
}

void turned_away(struct worker *w, uint32_t service, uint16_t why, uint8_t ip_protocol, const struct address *source)
{
	struct service *svc = &w->service[service];

	svc->turned_away++;
	svc->away_why = why;
	svc->away_protocol = ip_protocol;
	svc->away_source = *source;
	if (!svc->told_ms || w->clock.now_ms - svc->told_ms >= TOLD_EVERY_MS)
		tell_away(w, service);
	else if (svc->told_ms + TOLD_EVERY_MS < w->away_due_ms)
		w->away_due_ms = svc->told_ms + TOLD_EVERY_MS;
}

void turned_away_told(struct worker *w, bool all)
{
	uint64_t next = UINT64_MAX;

	if (w->clock.now_ms < w->away_due_ms && !all)
		return;
	for (uint32_t i = 0; i < w->services; i++) {
		struct service *svc = &w->service[i];

		if (svc->turned_away && (all || w->clock.now_ms - svc->told_ms >= TOLD_EVERY_MS))
			tell_away(w, i);
		else if (svc->turned_away && svc->told_ms + TOLD_EVERY_MS < next)
			next = svc->told_ms + TOLD_EVERY_MS;
	}
	w->away_due_ms = next;
}

/* ---- Records ---- */

struct address conversation_server(const struct conversation *c)
{
	struct address at = {0};

	if (!c->upstream)
		return at;
	at = c->w->service[c->policy.arrival.service].upstream[c->upstream - 1].at;
	/* A service that names no port of its own goes to the one the client came to. */
	at.port = at.port && !pinhole_of(c->w, c->listener) ? at.port : c->w->listener[c->listener].said.at.port;
	return at;
}

struct record conversation_record(const struct conversation *c, enum record_kind kind)
{
	return (struct record){
		.kind = kind,
		.ts_us = c->w->wall_us,
		.flow_id = c->id,
		.policy_rev = c->w->policy.revision,
		.service = c->policy.arrival.service,
		.proto = c->flow ? driver_protocol(c->flow)->id : c->policy.arrival.proto,
		.ip_protocol = c->ip_protocol,
		.probe = c->probe >= 0,
		.client = c->policy.arrival.source,
		.listener = c->w->listener[c->listener].said.at,
		.server = conversation_server(c),
	};
}

static void note(const struct conversation *c, const struct record *r)
{
	worker_note(c->w, r);
}

void conversation_ended(const struct conversation *c, enum record_end end, uint16_t why)
{
	struct record r = conversation_record(c, RECORD_FLOW);

	r.began_us = c->began_us;
	for (int i = 0; i < 2; i++) {
		r.bytes[i] = c->bytes[i];
		r.forwarded[i] = c->forwarded[i];
		r.units[i] = c->units[i];
	}
	r.refusals = c->refusals;
	r.watched = c->watched;
	r.end = (uint8_t)end;
	r.why = why;
	r.tainted = driver_tainted(c->flow);
	note(c, &r);
	if (c->probe >= 0)
		probe_says_ended(c->w, c->probe, why);
}

static struct health *health_of(const struct conversation *c, struct upstream *up)
{
	return &up->health[c->ip_protocol == IPPROTO_UDP ? POLICY_UDP : POLICY_TCP];
}

bool error_is_ours(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS || error == ENOSPC || error == EADDRNOTAVAIL || error == EAGAIN;
}

void server_down(const struct conversation *c, struct upstream *up, int error)
{
	struct record  r = conversation_record(c, RECORD_GATE);
	struct health *health = health_of(c, up);
	bool           known = health->down_since != 0;

	if (error_is_ours(error))
		return;
	health->down_until = c->w->clock.now_ms + DOWN_MS;
	if (known)
		return;
	health->down_since = c->w->clock.now_ms;
	r.gate = GATE_SERVER_DOWN;
	r.server = conversation_server(c);
	r.a = (uint64_t)error;
	r.b = c->w->clock.now_ms - c->dialled_ms;
	note(c, &r);
}

void server_up(const struct conversation *c, struct upstream *up)
{
	struct health *health = health_of(c, up);
	struct record  r;

	if (!health->down_since)
		return;
	r = conversation_record(c, RECORD_GATE);
	r.gate = GATE_SERVER_BACK;
	r.server = conversation_server(c);
	r.a = c->w->clock.now_ms - health->down_since;
	note(c, &r);
	health->down_since = health->down_until = 0;
}

/* ---- Judging ---- */

static void name_rule(const struct conversation *c, int rule, struct record *r)
{
	struct policy_rule said = policy_rule_at(&c->policy, rule);

	r->policy = (struct record_text){said.policy.text, (uint16_t)said.policy.len};
	r->rule = (struct record_text){said.id.text, (uint16_t)said.id.len};
	r->rule_number = said.number;
	r->watch_until = said.until;
}

/* All that the unit at hand says: read once more for it, which only happens where somebody is told. */
static void say_facts(const struct conversation *c)
{
	const struct cx *cx = driver_facts(c->flow);

	c->w->facts_len = cx ? facts_write(cx->fact, driver_protocol(c->flow)->facts, c->w->facts) : 0;
}

static void name_facts(const struct conversation *c, struct record *r)
{
	r->facts = (struct record_text){(const char *)c->w->facts, (uint16_t)c->w->facts_len};
}

/* A rule with `log`, or a watched rule that would have blocked, is worth a record of its own. */
static void note_rule(const struct conversation *c, enum side from, int rule)
{
	struct record r = conversation_record(c, RECORD_RULE);

	name_rule(c, rule, &r);
	r.from = (uint8_t)from;
	r.passed = true;
	name_facts(c, &r);
	r.detail = (struct record_text){c->w->about, (uint16_t)strlen(c->w->about)};
	r.stream_offset = driver_offset(c->flow, from);
	note(c, &r);
}

enum verdict conversation_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	struct conversation  *c = user;
	struct policy_ruling *ruling = &c->w->ruling;
	struct str            about = str_over(c->w->about, sizeof(c->w->about));

	policy_judge(&c->policy, driver_protocol(c->flow)->id, step, cx, ruling);
	c->w->ruled = true;
	*why = ruling->why;
	if (ruling->watched || ruling->log || ruling->verdict == VERDICT_DENY)
		unit_describe(driver_protocol(c->flow), step, cx, &about);
	if (ruling->watched || (ruling->log && ruling->verdict == VERDICT_PASS))
		say_facts(c);
	for (unsigned w = 0; ruling->watched && w < POLICY_RULES_MAX / 64; w++)
		for (uint64_t bits = ruling->watched_rules[w]; bits; bits &= bits - 1) {
			c->watched++;
			note_rule(c, from, (int)(w * 64) + __builtin_ctzll(bits));
		}
	/* A denial is told by the report that follows. */
	if (ruling->log && ruling->verdict == VERDICT_PASS)
		note_rule(c, from, ruling->rule);
	if (ruling->verdict == VERDICT_DENY && ruling->rule == POLICY_BY_DEFAULT && !c->policy.words)
		str_add(&about, "; none of its rules is for this source and this server");
	return ruling->verdict;
}

bool conversation_watch(void *user, const struct report *report)
{
	const struct conversation *c = user;

	return policy_refusal(&c->policy, report->fault->why);
}

const struct profile *conversation_profile(void *user, uint16_t proto)
{
	struct conversation  *c = user;
	const struct profile *profile = policy_flow_profile(&c->policy, proto);

	/* Whatever the rules ask for: an event that says what was denied must know what was asked. */
	if (profile) {
		c->policy.profile.wanted |= unit_operation(driver_find(&c->w->env, proto));
		c->policy.profile.interfaces = pinhole_interfaces(c->w, c->listener);
	}
	return profile;
}

void conversation_report(void *user, const struct report *report)
{
	struct conversation *c = user;
	const struct fault  *fault = report->fault;
	struct record        r = conversation_record(c, RECORD_REFUSAL);
	char                 path[RECORD_PATH_MAX];

	if (report->kind == REPORT_WATCHED || report->kind == REPORT_UNSEEN)
		c->watched++;
	else if (report->kind != REPORT_UNANSWERED)
		c->refusals++;
	r.report = (uint8_t)report->kind;
	r.from = (uint8_t)report->from;
	r.why = fault->why;
	r.has_offset = fault->trace != NULL || fault->at;
	r.has_numbers = fault->has_numbers;
	r.consequence = report->follows_taint;
	r.offset = fault->at;
	r.stream_offset = report->unit_at;
	r.unit_len = report->unit_len;
	r.expected = fault->expected;
	r.got = fault->got;
	r.path = (struct record_text){path, (uint16_t)fault_path(fault, path, sizeof(path))};
	if (report->detail)
		r.detail = (struct record_text){report->detail, (uint16_t)strlen(report->detail)};
	/* What policy let pass can still be denied, by a pinhole that failed: no rule is to blame then. */
	if (report->kind == REPORT_DENIED && c->w->ruled && c->w->ruling.verdict == VERDICT_DENY) {
		name_rule(c, c->w->ruling.rule, &r);
		r.detail = (struct record_text){c->w->about, (uint16_t)strlen(c->w->about)};
	}
	if (report->kind != REPORT_UNANSWERED) {
		say_facts(c);
		name_facts(c, &r);
	}
	if (report->kind == REPORT_DENIED && fault->why == R_PINHOLE_FAILED)
		r.detail = (struct record_text){c->w->about, (uint16_t)strlen(c->w->about)};
	note(c, &r);
	if (c->probe >= 0)
		probe_says_report(c->w, c->probe, report);
}

void conversation_heart(const struct conversation *c)
{
	struct heart *heart = c->w->config->heart;

	atomic_store_explicit(&heart->flow_id, c->id, memory_order_relaxed);
	atomic_store_explicit(&heart->service, c->policy.arrival.service, memory_order_relaxed);
	heart->source = c->source;
}
