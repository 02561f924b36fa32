/* Checks conditions: facts that exist, comparisons and values that suit them, one scope at a time. */
#include <string.h>

#include "policy/check_int.h"

static const char *fact_name(const struct recogniser *r, unsigned i)
{
	if (i < r->facts)
		return r->fact[i].name;
	i -= r->facts;
	return i < FACT_FLOW_END - FACT_FLOW_TRANSPORT ? flow_facts[i].name : NULL;
}

/* Do two protocols mean the same by one name? */
static bool same_fact(const struct fact_def *a, const struct fact_def *b)
{
	size_t i = 0;

	if (a->text != b->text || a->scope != b->scope || !a->words != !b->words)
		return false;
	if (!a->words)
		return true;
	while (a->words[i] && b->words[i] && strcmp(a->words[i], b->words[i]) == 0)
		i++;
	return !a->words[i] && !b->words[i];
}

/* The fact's definition in the first of the policy's protocols that has it. */
static const struct fact_def *fact_find(struct policy_build *b, const struct policy_text_ast *policy, const struct cond *c)
{
	const struct fact_def *def = NULL;
	const char            *lacks = NULL;

	for (unsigned i = 0; i < b->recognisers; i++) {
		int k = speaks(b, policy, i) ? fact_place(b->registry[i], c->fact.text) : -1;

		if (k >= 0 && def && !same_fact(def, fact_def_at(b->registry[i], (unsigned)k))) {
			build_error(b, c->fact.at, "%s means different things in the protocols of this policy; give them policies of their own",
				    c->fact.text);
			return NULL;
		}
		if (k >= 0 && !def)
			def = fact_def_at(b->registry[i], (unsigned)k);
		else if (k < 0 && speaks(b, policy, i))
			lacks = b->registry[i]->name;
	}
	if (!def)
		unknown_name(b, policy, &c->fact, "fact", fact_place, fact_name);
	else if (lacks && policy->protocols)
		build_warn(b, c->fact.at, "%s has no fact %s: there this counts as unknown, so a block rule blocks and a pass rule does not pass", lacks,
			   c->fact.text);
	return def;
}

static void word_value(struct policy_build *b, const struct fact_def *def, struct value *v)
{
	struct nearest near = nearest_to(b, v->word.text);
	char           all[300];
	struct str     list = str_over(all, sizeof(all));

	for (uint64_t i = 0; def->words[i]; i++) {
		if (!v->string && strcmp(def->words[i], v->word.text) == 0) {
			v->number = i;
			v->is_number = true;
			return;
		}
		nearest_try(&near, def->words[i]);
		str_fmt(&list, "%s%s", i ? ", " : "", def->words[i]);
	}
	v->is_number = false;
	if (v->string)
		build_error(b, v->word.at, "%s is one of its words, without quotation marks: %s", def->name, all);
	else if (near.best)
		build_error(b, v->word.at, "%s is never \"%s\"; did you mean \"%s\"?", def->name, v->word.text, near.best);
	else
		build_error(b, v->word.at, "%s is never \"%s\"; it is one of: %s", def->name, v->word.text, all);
}

static void check_value(struct policy_build *b, const struct fact_def *def, struct value *v)
{
	if (def->text && !v->string)
		build_error(b, v->word.at, "%s is a text; write it in quotation marks", def->name);
	else if (!def->text && def->words)
		word_value(b, def, v);
	else if (!def->text && (v->string || !v->is_number))
		build_error(b, v->word.at, "%s is a number, not \"%s\"", def->name, v->word.text);
}

static void check_comparison(struct policy_build *b, const struct fact_def *def, struct cond *c)
{
	bool order = c->compare >= IS_LESS && c->compare <= IS_AT_LEAST;
	bool pattern = c->compare >= IS_PREFIX;

	if (def->text && order)
		build_error(b, c->at, "%s is a text, which is neither less nor more; it can be = != in prefix suffix glob", def->name);
	else if (!def->text && def->words && (order || pattern))
		build_error(b, c->at, "%s is one of some words; it can be = != in", def->name);
	else if (!def->text && pattern)
		build_error(b, c->at, "%s is a number; it can be = != < <= > >= in", def->name);
	else if (!def->text && c->nocase)
		build_error(b, c->at, "only a text has letter case; %s is none", def->name);
	else
		for (struct value *v = c->value; v; v = v->next) {
			check_value(b, def, v);
			for (struct value *o = c->value; o != v; o = o->next)
				if (o->string == v->string && o->word.len == v->word.len && memcmp(o->word.text, v->word.text, v->word.len) == 0) {
					build_error(b, v->word.at, "this is in the set twice");
					break;
				}
		}
}

/* What one condition asks about. */
struct scopes {
	const struct cond *request, *answer;
};

static void walk(struct policy_build *b, const struct policy_text_ast *policy, struct cond *c, struct scopes *seen)
{
	const struct fact_def *def;

	if (c->op != COND_FACT) {
		walk(b, policy, c->left, seen);
		if (c->right)
			walk(b, policy, c->right, seen);
		return;
	}
	def = fact_find(b, policy, c);
	if (!def)
		return;
	check_comparison(b, def, c);
	if (def->scope == FACT_OF_REQUEST)
		seen->request = c;
	if (def->scope == FACT_OF_ANSWER)
		seen->answer = c;
}

void check_condition(struct policy_build *b, const struct policy_text_ast *policy, struct cond *cond)
{
	struct scopes seen = {0};

	walk(b, policy, cond, &seen);
	if (seen.request && seen.answer) {
		build_error(b, seen.answer->fact.at, "%s is of an answer, %s of a request: no unit has both", seen.answer->fact.text,
			    seen.request->fact.text);
		build_note(b, seen.request->fact.at, "the request's");
	} else if (seen.answer) {
		build_warn(b, seen.answer->fact.at, "%s is of an answer: answers that pass with their request meet no rule", seen.answer->fact.text);
	}
}
