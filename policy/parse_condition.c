/* Parses what stands behind `where`: comparisons of facts, joined by and, or, not and parentheses. */
#include <string.h>

#include "policy/parse_int.h"

static bool parse_or(struct parser *p, struct cond **out);

static struct cond *node(struct parser *p, uint8_t op, struct span at)
{
	struct cond *c = pool_take(&p->b->pool, sizeof(*c));

	c->op = op;
	c->at = at;
	return c;
}

static bool one_value(struct parser *p, struct value **out)
{
	struct value *v = pool_take(&p->b->pool, sizeof(*v));

	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return parser_fail(p, "a value is missing here");
	v->word = p->t.word;
	v->string = p->t.kind == TOKEN_STRING;
	if (!v->string)
		v->is_number = value_number(&v->word, &v->number) || value_size(&v->word, &v->number);
	*out = v;
	parser_next(p);
	return true;
}

static bool value_set(struct parser *p, struct cond *c)
{
	struct value **end = &c->value;
	unsigned       count = 0;

	if (p->t.kind != TOKEN_OPEN || parser_at_end(p))
		return parser_fail(p, "{ is missing here, as in: in { bind search }");
	parser_next(p);
	do {
		if (count++ == POLICY_LIST_MAX)
			return parser_fail(p, "more than %u values in one set", (unsigned)POLICY_LIST_MAX);
		if (!one_value(p, end))
			return false;
		end = &(*end)->next;
	} while (p->t.kind != TOKEN_CLOSE);
	c->at = span_to(c->at, p->t.word.at);
	parser_next(p);
	return true;
}

static bool comparison(struct parser *p, struct cond *c)
{
	static const char *const words[] = {"=", "!=", "<", "<=", ">", ">=", "in", "prefix", "suffix", "glob", NULL};
	static const uint8_t     how[] = {IS_IN, IS_PREFIX, IS_SUFFIX, IS_GLOB};
	int                      which;

	if (p->t.kind == TOKEN_COMPARE && !parser_at_end(p)) {
		c->compare = p->t.compare;
	} else {
		which = p->t.kind == TOKEN_WORD && !parser_at_end(p) ? word_among(&p->t.word, words + 6) : -1;
		if (which < 0)
			return parser_unknown(p, "a comparison", words);
		c->compare = how[which];
	}
	parser_next(p);
	if (parser_is(p, "nocase") && !parser_at_end(p)) {
		c->nocase = true;
		parser_next(p);
	}
	if (c->compare == IS_IN)
		return value_set(p, c);
	if (parser_at_end(p))
		return parser_fail(p, "a value is missing here");
	c->at = span_to(c->at, p->t.word.at);
	return one_value(p, &c->value);
}

static bool parse_fact(struct parser *p, struct cond **out)
{
	struct cond *c = node(p, COND_FACT, p->t.word.at);

	*out = c;
	if (p->facts++ == POLICY_COMPARISONS_MAX)
		return parser_fail(p, "more than %u comparisons in one condition", (unsigned)POLICY_COMPARISONS_MAX);
	return parser_word(p, &c->fact, "the name of a fact") && comparison(p, c);
}

/* not X, ( X ), or a comparison. */
static bool parse_one(struct parser *p, struct cond **out)
{
	struct span at = p->t.word.at;

	if (!parser_is(p, "not") && p->t.kind != TOKEN_LEFT)
		return parse_fact(p, out);
	if (p->depth == POLICY_NESTING_MAX)
		return parser_fail(p, "more than %u levels of parentheses and not", (unsigned)POLICY_NESTING_MAX);
	p->depth++;
	if (parser_is(p, "not")) {
		*out = node(p, COND_NOT, at);
		parser_next(p);
		if (!parse_one(p, &(*out)->left))
			return false;
		(*out)->at = span_to(at, (*out)->left->at);
	} else {
		parser_next(p);
		p->t.first = false;
		if (!parse_or(p, out))
			return false;
		if (p->t.kind != TOKEN_RIGHT)
			return parser_fail(p, ") is missing here");
		(*out)->at = span_to(at, p->t.word.at);
		parser_next(p);
	}
	p->depth--;
	return true;
}

/* `and` or `or`, which may begin a line; the word behind it may too. */
static bool joined(struct parser *p, const char *word)
{
	if (!parser_is(p, word))
		return false;
	parser_next(p);
	p->t.first = false;
	return true;
}

static bool parse_joined(struct parser *p, struct cond **out, uint8_t op, const char *word, bool (*part)(struct parser *, struct cond **))
{
	if (!part(p, out))
		return false;
	while (joined(p, word)) {
		struct cond *both = node(p, op, (*out)->at);

		both->left = *out;
		if (!part(p, &both->right))
			return false;
		both->at = span_to(both->left->at, both->right->at);
		*out = both;
	}
	return true;
}

static bool parse_and(struct parser *p, struct cond **out)
{
	return parse_joined(p, out, COND_AND, "and", parse_one);
}

static bool parse_or(struct parser *p, struct cond **out)
{
	return parse_joined(p, out, COND_OR, "or", parse_and);
}

bool parse_condition(struct parser *p, struct cond **out)
{
	p->depth = p->facts = 0;
	if (parser_at_end(p))
		return parser_fail(p, "a condition is missing here, as in: where ldap.filter.depth > 16");
	return parse_or(p, out);
}
