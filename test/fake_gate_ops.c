/* What the pretend gate does when the driver calls: record what left, and watch that no law is broken. */
#include "test/fake_gate.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/reasons.h"

static void make_room(struct growing *g, size_t n)
{
	if (g->room - g->len >= n)
		return;
	g->room = (g->len + n) * 2;
	g->bytes = realloc(g->bytes, g->room);
	assert(g->bytes);
}

void growing_add(struct growing *g, const void *bytes, size_t n)
{
	if (!n)
		return;
	make_room(g, n);
	memcpy(g->bytes + g->len, bytes, n);
	g->len += n;
}

static void growing_fill(struct growing *g, char c, size_t n)
{
	make_room(g, n);
	memset(g->bytes + g->len, c, n);
	g->len += n;
}

void growing_text(struct growing *g, const char *format, ...)
{
	char    text[1024];
	va_list args;
	int     n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	growing_add(g, text, n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static bool is_plain(uint8_t c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void growing_quote(struct growing *g, const uint8_t *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0, plain; i < n; i += plain ? plain : 1) {
		char text[4] = {'\\', 'x', hex[bytes[i] >> 4], hex[bytes[i] & 15]};

		for (plain = 0; i + plain < n && is_plain(bytes[i + plain]);)
			plain++;
		growing_add(g, plain ? (const void *)(bytes + i) : text, plain ? plain : sizeof(text));
	}
}

void growing_free(struct growing *g)
{
	free(g->bytes);
	*g = (struct growing){0};
}

void fake_law(struct fake_flow *f, bool kept, const char *which)
{
	if (kept || f->gate->broken)
		return;
	f->gate->broken = which;
	growing_text(&f->notes, "BROKEN %s\n", which);
}

static const uint8_t *gate_peek(void *user, enum side from, size_t *len, bool *fin)
{
	struct fake_flow *f = user;
	struct chunk     *c = f->side[from].head;

	f->gate->peeks++;
	*len = c ? c->len : 0;
	*fin = f->side[from].fin && (!c || !c->next);
	return c ? c->bytes : NULL;
}

void fake_chunk_free(struct chunk *c)
{
	free(c->bytes);
	free(c);
}

static void gate_drop(void *user, enum side from, size_t n)
{
	struct fake_flow *f = user;
	struct fake_side *s = &f->side[from];
	struct chunk     *c = s->head;
	uint8_t          *rest;

	assert(c && n <= c->len);
	s->dropped += n;
	if (n == c->len) {
		s->head = c->next;
		fake_chunk_free(c);
		return;
	}
	rest = malloc(c->len - n);
	assert(rest);
	memcpy(rest, c->bytes + n, c->len - n);
	free(c->bytes);
	c->bytes = rest;
	c->len -= n;
	c->room = c->len;
}

static void gate_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	struct fake_flow *f = user;

	fake_law(f, !f->ended, "nothing leaves after the end");
	fake_law(f, n > 0, "no empty sends");
	if (f->side[from].forgiven)
		f->side[from].forgiven = false;
	else if (!driver_opaque_left(f->flow, from))
		f->side[from].loose += n;
	if (from == SIDE_CLIENT) {
		growing_add(&f->to_server, bytes, n);
		return;
	}
	growing_add(&f->to_client, bytes, n);
	growing_fill(&f->marks, 'f', n);
}

static void gate_answer(void *user, const uint8_t *bytes, size_t n)
{
	struct fake_flow *f = user;

	fake_law(f, !f->ended, "no answer after the end");
	fake_law(f, !f->side[SIDE_SERVER].inside && !driver_opaque_left(f->flow, SIDE_SERVER), "answers at boundaries only");
	growing_add(&f->to_client, bytes, n);
	growing_fill(&f->marks, 'a', n);
}

/* To look at a unit's facts, as an event does, changes nothing. */
static void look_at_facts(struct fake_flow *f, const struct fault *fault)
{
	const struct fault before = fault ? *fault : (struct fault){0};

	driver_facts(f->flow);
	fake_law(f, !fault || (before.why == fault->why && before.at == fault->at && before.trace == fault->trace), "facts leave the fault as it was");
}

static enum verdict gate_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	struct fake_flow *f = user;
	enum verdict      verdict = f->gate->judge ? f->gate->judge(f, from, step, cx, why) : VERDICT_PASS;

	look_at_facts(f, NULL);
	fake_law(f, !(step->flags & STEP_ANSWER) || step->why, "answers inherit their verdict");
	fake_law(f, step->verb != STEP_SEEN, "stream content inherits its message's verdict");
	fake_law(f, !f->side[from].passed, "a unit is judged once");
	f->side[from].passed = verdict == VERDICT_PASS;
	return verdict;
}

static bool gate_watch(void *user, const struct report *report)
{
	struct fake_flow *f = user;

	fake_law(f, reason_of(report->fault->why)->class != CLASS_UNSAFE || f->gate->env.watch_unsafe, "unsafe is never watched");
	return f->gate->watch && f->gate->watch(f, report);
}

static void gate_report(void *user, const struct report *report)
{
	static const char *const kinds[] = {"refused", "watched", "denied", "unseen", "unanswered"};
	struct fake_flow        *f = user;
	struct growing          *n = &f->notes;
	char                     path[256];

	look_at_facts(f, report->fault);
	f->side[report->from].forgiven = report->kind == REPORT_WATCHED;
	if (report->kind != REPORT_UNANSWERED)
		f->side[report->from].passed = false;
	growing_text(n, "report %s %s at %llu", kinds[report->kind], f->gate->reason_name(report->fault->why),
		     (unsigned long long)report->unit_at);
	if (report->unit_len)
		growing_text(n, " len %llu", (unsigned long long)report->unit_len);
	if (fault_path(report->fault, path, sizeof(path)))
		growing_text(n, " field %s", path);
	if (path[0] || report->fault->at)
		growing_text(n, " +%u", report->fault->at);
	if (report->kind == REPORT_UNSEEN)
		growing_text(n, " rest opaque.unseen");
	if (report->follows_taint)
		growing_text(n, " follows-taint");
	if (report->detail)
		growing_text(n, " because %s", report->detail);
	growing_add(n, "\n", 1);
}

/* Mix one more number into a digest. */
static void digest(uint64_t *d, uint64_t v)
{
	*d = (*d ^ v) * 0x9e3779b97f4a7c15u;
	*d ^= *d >> 29;
}

static void gate_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct fake_flow        *f = user;
	struct fake_side        *s = &f->side[from];
	const struct recogniser *r = driver_protocol(f->flow);
	bool                     free_pass = (step->flags & STEP_ANSWER && !step->why) || step->verb == STEP_SEEN;

	fake_law(f, free_pass || s->passed, "nothing leaves before policy allowed it");
	s->passed = false;
	s->loose = 0;
	s->inside = step->verb == STEP_SEEN || step->flags & STEP_INSIDE;
	/* How much is seen at once depends on what is held; the sum to the message's end does not. */
	s->seen += step->n;
	if (step->verb == STEP_SEEN)
		return;
	digest(&s->facts, s->seen);
	s->seen = 0;
	digest(&s->facts, step->opaque);
	for (unsigned i = 0; f->profile.wanted && driver_protocol(f->flow)->id == r->id && i < r->facts; i++) {
		digest(&s->facts, cx->fact[i].state);
		digest(&s->facts, cx->fact[i].state == FACT_NUMBER ? cx->fact[i].number : 0);
		for (uint32_t k = 0; cx->fact[i].state == FACT_TEXT && k < cx->fact[i].len; k++)
			digest(&s->facts, cx->fact[i].text[k]);
	}
}

static void address_text(struct growing *n, uint8_t family, const uint8_t *ip, uint16_t port)
{
	if (family == 4)
		growing_text(n, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3], port);
	else
		growing_text(n, "[ipv6 ..%02x%02x]:%u", ip[14], ip[15], port);
}

static void gate_dial(void *user, const struct route *route)
{
	struct fake_flow *f = user;
	struct growing   *n = &f->notes;

	fake_law(f, !f->dialing, "one dial at a time");
	f->dialing = true;
	growing_text(n, "dial ");
	if (route->family)
		address_text(n, route->family, route->ip, route->port);
	else
		growing_text(n, "%.*s:%u", route->name_len, route->name, route->port);
	growing_add(n, "\n", 1);
}

static bool gate_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	struct fake_flow *f = user;

	if (f->gate->no_pinholes)
		return false;
	f->group = group;
	for (; n; n--, expect++, bound++) {
		*bound = (struct address){.family = 4, .ip = {198, 51, 100, 1}};
		bound->port = (uint16_t)((expect->port_low ? expect->port_low : 49152) + f->gate->binds++);
		growing_text(&f->notes, "bind %u -> ", bound->port);
		address_text(&f->notes, expect->to.family, expect->to.ip, expect->to.port);
		growing_text(&f->notes, " %u\n", expect->proto);
	}
	return true;
}

/* What a flow switches to is read with the safe limits; every fact is wanted everywhere. */
static const struct profile *gate_profile(void *user, uint16_t proto)
{
	static const struct profile all = {.wanted = UINT32_MAX};
	struct fake_flow           *f = user;

	return proto == f->proto ? &f->profile : &all;
}

static void gate_fin(void *user, enum side from)
{
	growing_text(&((struct fake_flow *)user)->notes, "fin %s\n", from == SIDE_CLIENT ? "to-server" : "to-client");
}

static void gate_end(void *user, const struct ending *ending)
{
	struct fake_flow *f = user;

	fake_law(f, !f->ended, "a flow ends once");
	f->ended = true;
	growing_text(&f->notes, "end%s", ending->server_inside ? " server-inside" : "");
	if (ending->why)
		growing_text(&f->notes, " why %s", f->gate->reason_name(ending->why));
	growing_add(&f->notes, "\n", 1);
}

static void gate_wake(void *user)
{
	struct fake_flow *f = user;

	fake_law(f, !f->ended, "nothing wakes what has ended");
	f->woken = true;
}

const struct driver_ops fake_gate_ops = {
	.peek = gate_peek,
	.drop = gate_drop,
	.emit = gate_emit,
	.answer = gate_answer,
	.judge = gate_judge,
	.watch = gate_watch,
	.report = gate_report,
	.committed = gate_committed,
	.dial = gate_dial,
	.bind = gate_bind,
	.profile = gate_profile,
	.fin = gate_fin,
	.end = gate_end,
	.wake = gate_wake,
};
