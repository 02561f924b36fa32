/* Answers "which rule decides this, and why": runs the evaluator itself and names what each rule came to. */
#include <stdlib.h>
#include <string.h>

#include "policy/eval_int.h"
#include "proto/reasons.h"

struct explain {
	const struct policy_build *b;
	struct str                *out;
	struct policy_flow         flow;
	const struct recogniser   *r;
	struct cx                  cx; /* every fact not named is unknown */
	struct step                step;
	unsigned                   fact_at; /* which comparison of the rule is next */
	int                        rule;
};

static bool address(struct str *out, const char *text, struct address *to)
{
	struct range r;
	const char  *why;

	if (!range_parse(text, &r, &why) || strchr(text, '/')) {
		str_fmt(out, "\"%.100s\" is not an address\n", text);
		return false;
	}
	to->family = r.family;
	memcpy(to->ip, r.lo, 16);
	return true;
}

static bool fact_number(const struct fact_def *def, const char *value, struct fact *f)
{
	char *end;

	f->state = FACT_NUMBER;
	for (uint64_t i = 0; def->words && def->words[i]; i++)
		if (strcmp(def->words[i], value) == 0) {
			f->number = i;
			return true;
		}
	f->number = strtoull(value, &end, 10);
	return value[0] >= '0' && value[0] <= '9' && !*end && !def->words;
}

/* name=value */
static bool fact(struct explain *x, const char *text)
{
	const char            *equals = strchr(text, '=');
	char                   name[POLICY_WORD_MAX + 1];
	size_t                 n = equals ? (size_t)(equals - text) : 0;
	const struct fact_def *def;
	struct fact           *f;
	int                    place;

	if (!n || n > POLICY_WORD_MAX) {
		str_fmt(x->out, "\"%.100s\" is not NAME=VALUE\n", text);
		return false;
	}
	memcpy(name, text, n);
	name[n] = '\0';
	place = fact_place(x->r, name);
	if (place < 0 || place >= FACTS_MAX) {
		str_fmt(x->out, "%s has no fact \"%s\"; \"sallyport protocols %s\" lists them\n", x->r->name, name, x->r->name);
		return false;
	}
	def = &x->r->fact[place];
	f = &x->cx.fact[place];
	*f = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)equals + 1, .len = (uint32_t)strlen(equals + 1)};
	if (strcmp(equals + 1, "none") == 0 || strcmp(equals + 1, "unknown") == 0)
		f->state = equals[1] == 'n' ? FACT_NONE : FACT_UNKNOWN;
	else if (!def->text && !fact_number(def, equals + 1, f)) {
		str_fmt(x->out, "%s is never \"%.100s\"; \"sallyport protocols %s\" lists its words\n", name, equals + 1, x->r->name);
		return false;
	}
	return true;
}

/* Which of the service's listeners is meant: the first over the transport. */
static bool arrival(struct explain *x, const struct policy_question *q, struct policy_arrival *a)
{
	const struct policy *p = &x->b->opened;

	*a = (struct policy_arrival){.service = policy_service_by_name(p, q->service), .today = x->b->today};
	if (a->service == UINT32_MAX) {
		struct nearest near = nearest_to(x->b, q->service);

		for (const struct service *s = x->b->services; s; s = s->next)
			nearest_try(&near, s->name.text);
		str_fmt(x->out, "there is no service \"%.100s\"", q->service);
		if (near.best)
			str_fmt(x->out, "; did you mean \"%s\"?", near.best);
		str_char(x->out, '\n');
		return false;
	}
	for (uint32_t i = 0; i < policy_listeners(p); i++) {
		struct policy_listener l = policy_listener_at(p, i);

		if (l.service == a->service && l.transport == (q->udp ? POLICY_UDP : POLICY_TCP)) {
			a->proto = l.proto;
			a->port = l.at.port;
			a->transport = (uint8_t)l.transport;
			return address(x->out, q->from, &a->source) && (!q->to || address(x->out, q->to, &a->target));
		}
	}
	str_fmt(x->out, "%s does not listen over %s\n", q->service, q->udp ? "udp" : "tcp");
	return false;
}

static bool prepare(struct explain *x, const struct policy_question *q)
{
	struct policy_arrival a;
	const struct reason  *opaque = q->opaque ? reason_by_id(q->opaque) : NULL;

	if (!arrival(x, q, &a) || !policy_flow_begin(&x->flow, &x->b->opened, &a))
		return false;
	for (unsigned i = 0; i < x->b->recognisers; i++)
		if (x->b->registry[i]->id == a.proto)
			x->r = x->b->registry[i];
	x->cx.wanted = UINT32_MAX;
	for (unsigned i = 0; i < FACTS_MAX; i++)
		x->cx.fact[i].state = FACT_UNKNOWN;
	for (size_t i = 0; i < q->fact_count; i++)
		if (!fact(x, q->facts[i]))
			return false;
	if (q->opaque && (!opaque || opaque->class != CLASS_OPAQUE)) {
		str_fmt(x->out, "\"%.100s\" is not the name of opaque content; \"sallyport reasons --class opaque\" lists them\n", q->opaque);
		return false;
	}
	x->step = (struct step){.verb = STEP_UNIT, .why = opaque ? opaque->number : 0};
	return true;
}

static void value_of(struct explain *x, const struct cond *c)
{
	int                    place = fact_place(x->r, c->fact.text);
	const struct fact_def *def = place < 0 ? NULL : fact_def_at(x->r, (unsigned)place);
	struct fact            f = {.state = FACT_NUMBER,
				    .number = place == FACT_FLOW_PORT ? x->flow.arrival.port : x->flow.arrival.transport};
	uint64_t               words = 0;

	if (place >= 0 && place < FACTS_MAX)
		f = x->cx.fact[place];
	while (def && def->words && def->words[words])
		words++;
	if (!def || f.state == FACT_UNKNOWN)
		str_add(x->out, "unknown");
	else if (f.state == FACT_NONE)
		str_add(x->out, "none");
	else if (f.state == FACT_TEXT)
		str_fmt(x->out, "\"%.*s\"", (int)(f.len < 100 ? f.len : 100), (const char *)f.text);
	else if (f.number < words)
		str_add(x->out, def->words[f.number]);
	else
		str_fmt(x->out, "%llu", (unsigned long long)f.number);
}

/* Each comparison of a condition, in its order, with what its fact is. */
static void comparisons(struct explain *x, const struct cond *c)
{
	static const char *const truths[] = {"false", "unknown", "true"};
	const char              *text;
	size_t                   n;

	if (c->op != COND_FACT) {
		comparisons(x, c->left);
		if (c->right)
			comparisons(x, c->right);
		return;
	}
	text = span_text(c->at, &n);
	str_fmt(x->out, "      %s: %.*s (it is ", truths[policy_comparison(&x->flow, x->rule, x->fact_at++, x->flow.arrival.proto, &x->cx)],
		(int)n, text);
	value_of(x, c);
	str_add(x->out, ")\n");
}

static const char *const misses[] = {
	[MISS_NOT] = "",
	[MISS_FROM] = "is for other sources",
	[MISS_TO] = "is for other servers",
	[MISS_TO_UNKNOWN] = "does not pass while the server is unknown",
	[MISS_WHERE] = "is never true of such a flow",
};

/* One rule that comes before the decision, or makes it. */
static void rule(struct explain *x, const struct sentence *s, unsigned i, const struct policy_ruling *ruling)
{
	static const char *const kinds[] = {"block", "pass", "allow"};
	bool                     opaque = x->step.why && s->kind == SAYS_PASS, seen = !x->step.why && s->kind == SAYS_ALLOW;
	const struct text_file  *file = *AT(x->b->files, struct text_file *, s->at.file);

	str_fmt(x->out, "%s:%u: %s%s%s ", file->shown, s->at.line, kinds[s->kind], s->id.text ? " " : "", s->id.text ? s->id.text : "");
	if (ruling->rule == (int)i)
		str_add(x->out, "decides\n");
	else if (ruling->watched_rules[i / 64] >> i % 64 & 1)
		str_add(x->out, "is watched: it would block, and is recorded only\n");
	else if (rule_miss(&x->flow, i) != MISS_NOT)
		str_fmt(x->out, "%s\n", misses[rule_miss(&x->flow, i)]);
	else if (seen || opaque)
		str_add(x->out, seen ? "speaks of unseen content only\n" : "does not pass unseen content; only allow does\n");
	else if (s->kind == SAYS_ALLOW && reason_by_id(s->name.text)->number != x->step.why)
		str_add(x->out, "allows other content\n");
	else
		str_fmt(x->out, "does not hold%s\n",
			policy_condition(&x->flow, (int)i, x->flow.arrival.proto, &x->cx) == TRUTH_UNKNOWN ? ": it would need to be known" : "");
	x->fact_at = 0;
	x->rule = (int)i;
	if (s->where)
		comparisons(x, s->where);
}

static void verdict(struct explain *x, const struct policy_ruling *ruling)
{
	if (ruling->rule == POLICY_BY_DEFAULT)
		str_fmt(x->out, "%s: no rule decides, so the default does\n", "block");
	else
		str_fmt(x->out, "%s%s\n", ruling->verdict == VERDICT_PASS ? "pass" : "block", ruling->log ? ", and it is logged" : "");
	if (ruling->verdict == VERDICT_DENY)
		str_fmt(x->out, "the event says %s, and the rule\n", reason_of(ruling->why)->id);
}

bool policy_explain(const struct policy_build *b, const struct policy_question *q, struct str *out, struct policy_ruling *ruling)
{
	struct explain *x = b->blob && !b->errors ? calloc(1, sizeof(*x)) : NULL;
	bool            ok = false;

	if (!x) {
		str_add(out, "the policy does not compile\n");
		return false;
	}
	x->b = b;
	x->out = out;
	if (prepare(x, q)) {
		const struct service *svc = b->services;
		unsigned              i = 0;

		while (svc->number != x->flow.arrival.service)
			svc = svc->next;
		policy_judge(&x->flow, x->flow.arrival.proto, &x->step, &x->cx, ruling);
		for (const struct sentence *s = svc->policy->sentence; s; s = s->next) {
			if (s->kind > SAYS_ALLOW)
				continue;
			if (ruling->rule == POLICY_BY_DEFAULT || i <= (unsigned)ruling->rule)
				rule(x, s, i, ruling);
			i++;
		}
		verdict(x, ruling);
		ok = true;
	}
	free(x);
	return ok;
}
