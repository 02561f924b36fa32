/* Finds what can never decide: rules, limits, tolerances and watches that an earlier one covers by what is written. */
#include <string.h>

#include "policy/ast_int.h"

enum { PARTS_MAX = POLICY_COMPARISONS_MAX };

static bool same_value(const struct value *a, const struct value *b)
{
	return a->string == b->string && a->word.len == b->word.len && memcmp(a->word.text, b->word.text, a->word.len) == 0;
}

static bool in_list(const struct value *v, const struct value *list)
{
	for (; list; list = list->next)
		if (same_value(v, list))
			return true;
	return false;
}

/* Every value of one is among the other's. */
static bool values_within(const struct value *some, const struct value *all)
{
	for (; some; some = some->next)
		if (!in_list(some, all))
			return false;
	return true;
}

/* Whatever makes `narrow` true or unknown makes `wide` so, judged by how they are written. */
static bool implies(const struct cond *narrow, const struct cond *wide)
{
	if (narrow->op != wide->op)
		return false;
	if (narrow->op == COND_NOT)
		return implies(wide->left, narrow->left);
	if (narrow->op != COND_FACT)
		return (implies(narrow->left, wide->left) && implies(narrow->right, wide->right)) ||
		       (implies(narrow->left, wide->right) && implies(narrow->right, wide->left));
	if (strcmp(narrow->fact.text, wide->fact.text) != 0 || narrow->nocase != wide->nocase)
		return false;
	if (wide->compare == IS_IN && (narrow->compare == IS_IN || narrow->compare == IS_EQUAL))
		return values_within(narrow->value, wide->value);
	return narrow->compare == wide->compare && values_within(narrow->value, wide->value) && values_within(wide->value, narrow->value);
}

/* The parts of a condition that `and` joins. */
static size_t parts_of(const struct cond *c, const struct cond **out, size_t count)
{
	if (c && c->op == COND_AND) {
		count = parts_of(c->left, out, count);
		return parts_of(c->right, out, count);
	}
	if (c && count < PARTS_MAX)
		out[count++] = c;
	return count;
}

/* Each part of the earlier condition follows from some part of the later one. */
static bool where_covers(const struct cond *earlier, const struct cond *later)
{
	const struct cond *wide[PARTS_MAX], *narrow[PARTS_MAX];
	size_t             wides = parts_of(earlier, wide, 0), narrows = parts_of(later, narrow, 0);

	for (size_t i = 0; i < wides; i++) {
		bool found = false;

		for (size_t k = 0; k < narrows && !found; k++)
			found = implies(narrow[k], wide[i]);
		if (!found)
			return false;
	}
	return true;
}

/* Does every unit the later rule decides meet the earlier one first? */
static bool rule_covers(const struct sentence *earlier, const struct sentence *later)
{
	if (earlier->watch)
		return false; /* goes on */
	if (later->kind == SAYS_ALLOW && (earlier->kind == SAYS_PASS || (earlier->kind == SAYS_ALLOW && earlier->reason != later->reason)))
		return false;
	if (later->kind != SAYS_ALLOW && earlier->kind == SAYS_ALLOW)
		return false;
	return set_covers(&earlier->from.set, &later->from.set) && set_covers(&earlier->to.set, &later->to.set) &&
	       where_covers(earlier->where, later->where);
}

static bool is_rule(const struct sentence *s)
{
	return s->kind <= SAYS_ALLOW;
}

/* Is the later sentence dead because of the earlier one? */
static bool covers(const struct sentence *earlier, const struct sentence *later)
{
	if (is_rule(later))
		return is_rule(earlier) && rule_covers(earlier, later);
	if (earlier->kind != later->kind)
		return false;
	if (later->kind == SAYS_DEFAULT)
		return true;
	if (later->kind != SAYS_LIMIT && earlier->until.date < later->until.date)
		return false;
	if (strcmp(earlier->name.text, later->name.text) != 0 && !(later->kind == SAYS_WATCH && strcmp(earlier->name.text, "all") == 0))
		return false;
	return set_covers(&earlier->from.set, &later->from.set);
}

static const char *complaint(const struct sentence *s)
{
	if (is_rule(s))
		return "this rule can never decide: an earlier one does first";
	if (s->kind == SAYS_LIMIT)
		return "this limit never holds: an earlier one comes first";
	return s->kind == SAYS_DEFAULT ? "the default is said twice" : "an earlier sentence says this already";
}

void check_reach(struct policy_build *b, struct policy_text_ast *policy)
{
	for (const struct sentence *later = policy->sentence; later; later = later->next)
		for (const struct sentence *earlier = policy->sentence; earlier != later; earlier = earlier->next)
			if (!earlier->from.broken && !earlier->to.broken && !later->from.broken && !later->to.broken && covers(earlier, later)) {
				build_error(b, later->at, "%s", complaint(later));
				build_note(b, earlier->at, "this one");
				break;
			}
}
