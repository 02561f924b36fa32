/* Holds each policy against the protocols it judges: facts and their values, limits, tolerances, reasons, dates. */
#include <string.h>

#include "policy/check_int.h"

bool speaks(const struct policy_build *b, const struct policy_text_ast *policy, unsigned i)
{
	/* A policy nobody uses is held against everything there is. */
	return i < b->recognisers && (!policy->protocols || policy->protocols >> i & 1);
}

const char *spoken(const struct policy_build *b, const struct policy_text_ast *policy, char *out, size_t size)
{
	struct str s = str_over(out, size);

	for (unsigned i = 0; i < b->recognisers; i++)
		if (speaks(b, policy, i))
			str_fmt(&s, "%s%s", s.len ? " and " : "", b->registry[i]->name);
	return out;
}

/* The name belongs to a protocol this policy does not judge, or to nobody. */
void unknown_name(struct policy_build *b, const struct policy_text_ast *policy, const struct word *name, const char *what,
		  int (*place)(const struct recogniser *, const char *), const char *(*name_at)(const struct recogniser *, unsigned))
{
	struct nearest near = nearest_to(b, name->text);
	char           names[200];

	for (unsigned i = 0; i < b->recognisers; i++) {
		const struct recogniser *r = b->registry[i];

		if (!speaks(b, policy, i) && place(r, name->text) >= 0) {
			build_error(b, name->at, "%s is a %s of %s; the policy %s judges %s", name->text, what, r->name, policy->name.text,
				    spoken(b, policy, names, sizeof(names)));
			return;
		}
		for (unsigned k = 0; speaks(b, policy, i) && name_at(r, k); k++)
			nearest_try(&near, name_at(r, k));
	}
	if (near.best)
		build_error(b, name->at, "%s has no %s \"%s\"; did you mean \"%s\"?", spoken(b, policy, names, sizeof(names)), what, name->text,
			    near.best);
	else
		build_error(b, name->at, "%s has no %s \"%s\"", spoken(b, policy, names, sizeof(names)), what, name->text);
}

static const char *limit_name(const struct recogniser *r, unsigned i)
{
	return i < r->limits ? r->limit[i].name : NULL;
}

static const char *tolerance_name(const struct recogniser *r, unsigned i)
{
	return i < r->tolerances ? r->tolerance[i].name : NULL;
}

static bool limit_value(const struct limit_def *def, const struct word *word, uint64_t *out)
{
	if (strcmp(def->unit, "bytes") == 0)
		return value_size(word, out);
	if (strcmp(def->unit, "ms") == 0)
		return value_duration(word, out);
	return value_number(word, out);
}

/* One protocol's limit of this name: false after a complaint. */
static bool limit_fits(struct policy_build *b, const struct limit_def *def, struct sentence *s, bool first)
{
	const char *kind = strcmp(def->unit, "bytes") == 0 ? "a size with its unit, as 64KiB" :
			   strcmp(def->unit, "ms") == 0	   ? "a time with its unit, as 10s" :
							     "a plain number";
	uint64_t    v;

	if (!limit_value(def, &s->value->word, &v))
		build_error(b, s->value->word.at, "%s is %s, not \"%s\"", def->name, kind, s->value->word.text);
	else if (v < def->least || v > def->most)
		build_error(b, s->value->word.at, "%s may be %llu to %llu %s, not %llu (%s)", def->name, (unsigned long long)def->least,
			    (unsigned long long)def->most, def->unit, (unsigned long long)v, def->source);
	else if (!first && v != s->value->number)
		build_error(b, s->name.at, "%s has different units in the protocols of this policy; give them policies of their own", def->name);
	else {
		s->value->number = v;
		return true;
	}
	return false;
}

static void check_limit(struct policy_build *b, const struct policy_text_ast *policy, struct sentence *s)
{
	bool found = false;

	for (unsigned i = 0; i < b->recognisers; i++) {
		int k = speaks(b, policy, i) ? limit_place(b->registry[i], s->name.text) : -1;

		if (k >= 0 && !limit_fits(b, &b->registry[i]->limit[k], s, !found))
			return;
		found = found || k >= 0;
	}
	if (!found)
		unknown_name(b, policy, &s->name, "limit", limit_place, limit_name);
}

/* A tolerance must not weaken the shield of a host that needs it. */
static bool check_flaw(struct policy_build *b, const struct policy_text_ast *policy, const struct sentence *s,
		       const struct tolerance_def *def)
{
	for (const struct service *service = b->services; service; service = service->next)
		for (const struct words *w = service->policy == policy ? service->to : NULL; w; w = w->next) {
			const char *flaw = w->host && w->host->has_os ? os_flaw(&w->host->system, def->flaws) : NULL;

			if (!flaw)
				continue;
			build_error(b, s->name.at, "tolerating %s weakens the shield against %.*s, which %s can have", def->name,
				    (int)strcspn(flaw, " "), flaw, w->host->name.text);
			build_note(b, w->host->os.at, "%s runs this", w->host->name.text);
			return false;
		}
	return true;
}

static void check_tolerate(struct policy_build *b, const struct policy_text_ast *policy, struct sentence *s)
{
	bool found = false, ended = s->until.date < b->today;

	for (unsigned i = 0; i < b->recognisers; i++) {
		int k = speaks(b, policy, i) ? tolerance_place(b->registry[i], s->name.text) : -1;

		if (k >= 0 && !ended && !check_flaw(b, policy, s, &b->registry[i]->tolerance[k]))
			return;
		found = found || k >= 0;
	}
	if (!found)
		unknown_name(b, policy, &s->name, "tolerance", tolerance_place, tolerance_name);
	else if (ended)
		build_warn(b, s->until.at, "this tolerance has ended: %s is refused", s->name.text);
}

static bool reason_applies(const struct policy_build *b, const struct policy_text_ast *policy, const struct reason *r)
{
	for (unsigned i = 0; i < b->recognisers; i++)
		if (speaks(b, policy, i) && reason_is_of(r, b->registry[i]->name, b->registry[i]->reads))
			return true;
	return strcmp(r->protocol, "any") == 0;
}

static void unknown_reason(struct policy_build *b, const struct policy_text_ast *policy, const struct word *name, bool opaque)
{
	struct nearest       near = nearest_to(b, name->text);
	size_t               count;
	const struct reason *all = reasons_all(&count);

	for (size_t i = 0; i < count; i++)
		if ((all[i].class == CLASS_OPAQUE) == opaque && reason_applies(b, policy, &all[i]))
			nearest_try(&near, all[i].id);
	if (near.best)
		build_error(b, name->at, "there is no %s \"%s\"; did you mean \"%s\"?", opaque ? "opaque content" : "reason", name->text, near.best);
	else
		build_error(b, name->at, "there is no %s \"%s\"; \"sallyport reasons\" lists them", opaque ? "opaque content" : "reason",
			    name->text);
}

static void check_watch(struct policy_build *b, const struct policy_text_ast *policy, struct sentence *s)
{
	const struct reason *r = reason_by_id(s->name.text);
	char                 names[200];

	if (s->until.date < b->today)
		build_warn(b, s->until.at, "this watch has ended: %s is refused again", strcmp(s->name.text, "all") == 0 ? "what it let through" : s->name.text);
	if (strcmp(s->name.text, "all") == 0)
		return;
	if (!r) {
		unknown_reason(b, policy, &s->name, false);
		return;
	}
	s->reason = r->number;
	if (r->class == CLASS_UNSAFE)
		build_error(b, s->name.at, "%s is unsafe: it would break a server, and is never let through", r->id);
	else if (r->class == CLASS_OPAQUE)
		build_error(b, s->name.at, "%s is content nobody can see; write \"allow %s\"", r->id, r->id);
	else if (r->class == CLASS_POLICY)
		build_error(b, s->name.at, "%s comes from a rule; write \"watch until\" behind that rule", r->id);
	else if (!reason_applies(b, policy, r))
		build_error(b, s->name.at, "%s is a reason of %s; the policy %s judges %s", r->id, r->protocol, policy->name.text,
			    spoken(b, policy, names, sizeof(names)));
}

static void check_allow(struct policy_build *b, const struct policy_text_ast *policy, struct sentence *s)
{
	const struct reason *r = reason_by_id(s->name.text);

	if (r && r->class == CLASS_OPAQUE)
		s->reason = r->number;
	else if (r)
		build_error(b, s->name.at, "%s is not about unseen content; \"allow\" is for opaque content only", r->id);
	else
		unknown_reason(b, policy, &s->name, true);
}

/* Ids name a rule in events, so one stands for one rule. */
static void check_id(struct policy_build *b, const struct policy_text_ast *policy, const struct sentence *s)
{
	if (!s->id.text)
		return;
	if (!s->id.len || strspn(s->id.text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != s->id.len)
		build_error(b, s->id.at, "an id is made of letters, digits, - _ and .");
	for (const struct sentence *o = policy->sentence; o != s; o = o->next)
		if (o->id.text && strcmp(o->id.text, s->id.text) == 0) {
			build_error(b, s->id.at, "the id \"%s\" is used twice", s->id.text);
			build_note(b, o->id.at, "here first");
			return;
		}
}

static void check_rule(struct policy_build *b, struct policy_text_ast *policy, struct sentence *s)
{
	s->number = (uint16_t)++policy->rules;
	if (policy->rules == POLICY_RULES_MAX + 1)
		build_error(b, s->at, "the policy %s has more than %u rules", policy->name.text, (unsigned)POLICY_RULES_MAX);
	if (s->where)
		check_condition(b, policy, s->where);
	if (s->kind == SAYS_ALLOW)
		check_allow(b, policy, s);
	if (s->watch && s->until.date < b->today)
		build_warn(b, s->until.at, "this watch has ended: the rule blocks");
	check_id(b, policy, s);
}

/* How much one policy may say; each different source of limits doubles its arrays. False: too much to go on. */
static bool check_counts(struct policy_build *b, const struct policy_text_ast *policy)
{
	const struct sentence *sources[POLICY_SOURCES_MAX];
	unsigned               count = 0, sentences = 0, watches = 0, tolerances = 0;

	for (const struct sentence *s = policy->sentence; s; s = s->next) {
		bool known = s->from.set.any;

		if (++sentences == POLICY_SENTENCES_MAX + 1) {
			build_error(b, s->at, "the policy %s has more than %u sentences", policy->name.text, (unsigned)POLICY_SENTENCES_MAX);
			return false;
		}

		if (s->kind == SAYS_WATCH && ++watches == POLICY_WATCHES_MAX + 1)
			build_error(b, s->at, "the policy %s watches more than %u reasons", policy->name.text, (unsigned)POLICY_WATCHES_MAX);
		if (s->kind == SAYS_TOLERATE && ++tolerances == POLICY_WATCHES_MAX + 1)
			build_error(b, s->at, "the policy %s tolerates more than %u times", policy->name.text, (unsigned)POLICY_WATCHES_MAX);
		if (s->kind != SAYS_LIMIT)
			continue;
		for (unsigned i = 0; i < count; i++)
			known = known || (set_covers(&sources[i]->from.set, &s->from.set) && set_covers(&s->from.set, &sources[i]->from.set));
		if (!known && count == POLICY_SOURCES_MAX) {
			build_error(b, s->from.at, "the limits of one policy have more than %u different sources", (unsigned)POLICY_SOURCES_MAX);
			return true;
		}
		if (!known)
			sources[count++] = s;
	}
	return true;
}

void check_policies(struct policy_build *b)
{
	for (struct policy_text_ast *policy = b->policies; policy; policy = policy->next) {
		if (!check_counts(b, policy))
			continue;
		for (struct sentence *s = policy->sentence; s; s = s->next) {
			if (s->kind == SAYS_LIMIT)
				check_limit(b, policy, s);
			else if (s->kind == SAYS_TOLERATE)
				check_tolerate(b, policy, s);
			else if (s->kind == SAYS_WATCH)
				check_watch(b, policy, s);
			else if (s->kind != SAYS_DEFAULT)
				check_rule(b, policy, s);
		}
		check_reach(b, policy);
	}
}
