/* Turns conditions into postfix code for one protocol's facts. */
#include <stdlib.h>
#include <string.h>

#include "policy/emit_int.h"

static uint8_t *instruction(struct emit *e, uint8_t op, uint32_t *count)
{
	uint32_t at;
	uint8_t *p = emit_entry(e, S_CODE, &at);

	p[CODE_OP] = op;
	++*count;
	return p;
}

static int ascending(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* A set of numbers: a mask when all are small, else a sorted run. */
static void numbers(struct emit *e, const struct cond *c, uint8_t fact, uint32_t *count)
{
	struct vec all = {0};
	uint64_t   mask = 0, most = 0;
	uint32_t   first = emit_count(e, S_NUMBERS), at, kept = 0;
	uint8_t   *p;

	for (const struct value *v = c->value; v; v = v->next) {
		*(uint64_t *)vec_add(&e->b->pool, &all, sizeof(uint64_t)) = v->number;
		most = v->number > most ? v->number : most;
		mask |= v->number < 64 ? 1ull << v->number : 0;
	}
	if (most >= 64) {
		qsort(all.items, all.count, sizeof(uint64_t), ascending);
		for (uint32_t i = 0; i < all.count; i++) {
			uint64_t v = *AT(all, uint64_t, i);

			if (kept && v == *AT(all, uint64_t, i - 1))
				continue;
			put64(emit_entry(e, S_NUMBERS, &at), v);
			kept++;
		}
	}
	p = instruction(e, most < 64 ? OP_MASK : OP_NUMBERS, count);
	p[CODE_FACT] = fact;
	put32(p + CODE_A, most < 64 ? 0 : first);
	put64(p + CODE_B, most < 64 ? mask : kept);
}

static void texts(struct emit *e, const struct cond *c, uint8_t fact, uint32_t *count)
{
	static const uint8_t ops[] = {[IS_EQUAL] = OP_TEXT, [IS_NOT] = OP_TEXT,	 [IS_IN] = OP_TEXTS,
				      [IS_PREFIX] = OP_PREFIX, [IS_SUFFIX] = OP_SUFFIX, [IS_GLOB] = OP_GLOB};
	uint32_t             first = emit_count(e, S_TEXTS), at, n = 0;
	uint8_t             *p;

	for (const struct value *v = c->value; v; v = v->next, n++) {
		uint64_t run = emit_string(e, v->word.text, v->word.len);

		put64(emit_entry(e, S_TEXTS, &at), run);
	}
	p = instruction(e, ops[c->compare], count);
	p[CODE_FACT] = fact;
	p[CODE_FLAGS] = (uint8_t)((c->nocase ? CODE_NOCASE : 0) | (c->compare == IS_NOT ? CODE_NEGATE : 0));
	put32(p + CODE_A, first);
	put64(p + CODE_B, n);
}

static void compare(struct emit *e, const struct cond *c, const struct recogniser *r, uint32_t *count, uint32_t *wanted)
{
	static const uint8_t   ops[] = {[IS_EQUAL] = OP_EQUAL,	   [IS_NOT] = OP_NOT_EQUAL, [IS_LESS] = OP_LESS,
					[IS_AT_MOST] = OP_AT_MOST, [IS_MORE] = OP_MORE,	    [IS_AT_LEAST] = OP_AT_LEAST};
	int                    fact = fact_place(r, c->fact.text);
	const struct fact_def *def = fact < 0 ? NULL : fact_def_at(r, (unsigned)fact);
	uint8_t               *p;

	if (!def) {
		instruction(e, OP_UNKNOWN, count);
		return;
	}
	if (fact < FACTS_MAX)
		*wanted |= 1u << fact;
	if (def->text) {
		texts(e, c, (uint8_t)fact, count);
	} else if (c->compare == IS_IN) {
		numbers(e, c, (uint8_t)fact, count);
	} else {
		p = instruction(e, ops[c->compare], count);
		p[CODE_FACT] = (uint8_t)fact;
		put64(p + CODE_B, c->value->number);
	}
}

static void walk(struct emit *e, const struct cond *c, const struct recogniser *r, uint32_t *count, uint32_t *wanted)
{
	if (c->op == COND_FACT) {
		compare(e, c, r, count, wanted);
		return;
	}
	walk(e, c->left, r, count, wanted);
	if (c->right)
		walk(e, c->right, r, count, wanted);
	instruction(e, c->op == COND_AND ? OP_AND : c->op == COND_OR ? OP_OR : OP_NOT, count);
}

uint32_t emit_condition(struct emit *e, const struct cond *c, const struct recogniser *r, uint32_t *count, uint32_t *wanted)
{
	uint32_t first = emit_count(e, S_CODE);

	*count = *wanted = 0;
	if (c)
		walk(e, c, r, count, wanted);
	return first;
}
