/* Proves programs: every instruction, the height of the stack, the facts asked for, limits within their bounds. */
#include <string.h>

#include "policy/ast_int.h"
#include "policy/verify_int.h"

/* The fact is one of the recogniser's or the flow's, of the kind the instruction compares. */
static bool fact_fits(const struct recogniser *r, const uint8_t *c)
{
	const struct fact_def *def = r ? fact_def_at(r, c[CODE_FACT]) : NULL;

	/* The keeper knows no recognisers, and never judges. */
	return !r || (def && def->text == (c[CODE_OP] >= OP_TEXT));
}

static bool numbers_sorted(const struct policy *p, uint32_t first, uint64_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (get64(blob_at(p, S_NUMBERS, first + i - 1)) >= get64(blob_at(p, S_NUMBERS, first + i)))
			return false;
	return true;
}

/* A text or a set of texts. Patterns are short, because matching one costs its length times the fact's. */
static bool texts_fit(struct proof *proof, const uint8_t *c)
{
	const struct policy *p = proof->policy;
	uint32_t             a = get32(c + CODE_A), most = c[CODE_OP] == OP_GLOB ? POLICY_WORD_MAX : POLICY_COMPARE_MAX;
	uint64_t             b = get64(c + CODE_B);

	if (b > (c[CODE_OP] == OP_TEXTS ? POLICY_LIST_MAX : 1) || !b || !run_fits(p, S_TEXTS, a, b))
		return false;
	proof->texts += b;
	for (uint32_t i = 0; i < b; i++) {
		uint32_t len = get32(blob_at(p, S_TEXTS, a + i) + 4);

		proof->text_bytes += len;
		if (len > most)
			return false;
	}
	return proof->texts <= p->count[S_TEXTS] && proof->text_bytes <= p->count[S_STRINGS];
}

static bool operand_fits(struct proof *proof, const uint8_t *c)
{
	const struct policy *p = proof->policy;
	uint32_t             a = get32(c + CODE_A);
	uint64_t             b = get64(c + CODE_B);

	if (c[CODE_OP] == OP_NUMBERS) {
		/* No two sets share numbers, which bounds the work of this proof. */
		if (a != proof->numbers || !run_fits(p, S_NUMBERS, a, b) || !numbers_sorted(p, a, b))
			return false;
		proof->numbers += (uint32_t)b;
		return true;
	}
	if (c[CODE_OP] >= OP_TEXT)
		return texts_fit(proof, c);
	return a == 0;
}

static bool flags_fit(const uint8_t *c)
{
	uint8_t may = c[CODE_OP] == OP_TEXT ? CODE_NOCASE | CODE_NEGATE : c[CODE_OP] > OP_TEXT ? CODE_NOCASE : 0;

	return !(c[CODE_FLAGS] & ~may) && !c[3];
}

/* Runs the code without values: how high the stack gets, and that one value is left. */
static bool code(struct proof *proof, const struct recogniser *r, uint32_t first, uint32_t count, uint32_t *wanted)
{
	unsigned height = 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *c = blob_at(proof->policy, S_CODE, first + i);
		uint8_t        op = c[CODE_OP];

		if (op >= OPS || !flags_fit(c))
			return false;
		if (op <= OP_UNKNOWN && (c[CODE_FACT] || get32(c + CODE_A) || get64(c + CODE_B)))
			return false;
		if ((op <= OP_OR && height < 2) || (op == OP_NOT && !height))
			return false;
		if (op <= OP_OR)
			height--;
		if (op >= OP_UNKNOWN && ++height > POLICY_STACK_MAX)
			return false;
		if (op > OP_UNKNOWN && (!fact_fits(r, c) || !operand_fits(proof, c)))
			return false;
		if (op > OP_UNKNOWN && c[CODE_FACT] < FACTS_MAX)
			*wanted |= 1u << c[CODE_FACT];
	}
	return height == (count ? 1 : 0);
}

static bool set_fits(const struct policy *p, uint32_t set)
{
	return set == UINT32_MAX || set < p->count[S_SETS];
}

static bool rule(struct proof *proof, const struct recogniser *r, const uint8_t *e)
{
	const struct policy *p = proof->policy;
	uint32_t             count = get32(e + RULE_CODE_COUNT), wanted = 0;

	if (e[RULE_KIND] > POLICY_ALLOW || e[RULE_FLAGS] & ~(RULE_LOG | RULE_WATCH) ||
	    (e[RULE_FLAGS] & RULE_WATCH && (e[RULE_KIND] != POLICY_BLOCK || !get32(e + RULE_UNTIL))) ||
	    (e[RULE_KIND] == POLICY_ALLOW) != (get16(e + RULE_REASON) != 0) || get16(e + 38))
		return bad(proof, "a rule in the compiled policy is damaged");
	if (!set_fits(p, get32(e + RULE_FROM)) || !set_fits(p, get32(e + RULE_TO)) ||
	    !text_fits(p, e + RULE_ID))
		return bad(proof, "a rule in the compiled policy is damaged");
	/* Code stands once, in the order of the rules. */
	if (count > POLICY_CODE_MAX || get32(e + RULE_CODE) != proof->code || !run_fits(p, S_CODE, proof->code, count) ||
	    !code(proof, r, proof->code, count, &wanted) || (r && wanted != get32(e + RULE_WANTED)))
		return bad(proof, "a condition in the compiled policy is damaged");
	proof->code += count;
	return true;
}

static bool limits(struct proof *proof, const struct recogniser *r, const uint8_t *program, uint8_t per_array)
{
	const struct policy *p = proof->policy;
	uint32_t             sources = get32(program + PRG_SOURCE_COUNT), first = get32(program + PRG_LIMITS);

	if (sources > POLICY_SOURCES_MAX || !run_fits(p, S_SOURCES, get32(program + PRG_SOURCES), sources) || first != proof->limits ||
	    !run_fits(p, S_LIMITS, first, (uint64_t)per_array << sources))
		return bad(proof, "the limits in the compiled policy are damaged");
	for (uint32_t i = 0; i < sources; i++)
		if (!set_fits(p, get32(blob_at(p, S_SOURCES, get32(program + PRG_SOURCES) + i))))
			return bad(proof, "the limits in the compiled policy are damaged");
	for (uint32_t i = 0; i < (uint32_t)per_array << sources; i++) {
		uint64_t v = get64(blob_at(p, S_LIMITS, first + i));

		if (r && (v < r->limit[i % per_array].least || v > r->limit[i % per_array].most))
			return bad(proof, "a limit in the compiled policy is outside its bounds");
	}
	proof->limits += (uint32_t)per_array << sources;
	return true;
}

static bool grants(struct proof *proof, enum section section, uint32_t first, uint32_t count, uint32_t below)
{
	const struct policy *p = proof->policy;

	if (count > POLICY_WATCHES_MAX || !run_fits(p, section, first, count))
		return bad(proof, "a tolerance or watch in the compiled policy is damaged");
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *g = blob_at(p, section, first + i);

		if (!set_fits(p, get32(g + GRANT_SET)) || get32(g + GRANT_WHAT) >= below || !get32(g + GRANT_UNTIL))
			return bad(proof, "a tolerance or watch in the compiled policy is damaged");
	}
	return true;
}

static bool program(struct proof *proof, const uint8_t *e)
{
	const struct policy     *p = proof->policy;
	uint32_t                 place = get32(e + PRG_REGISTRY), first = get32(e + PRG_RULES), count = get32(e + PRG_RULE_COUNT);
	const uint8_t           *reg;
	const struct recogniser *r;

	if (place >= p->count[S_REGISTRY] || !text_fits(p, e + PRG_POLICY) ||
	    count > POLICY_RULES_MAX || first != proof->rules || !run_fits(p, S_RULES, first, count))
		return bad(proof, "a policy in the compiled policy is damaged");
	reg = blob_at(p, S_REGISTRY, place);
	r = p->registry ? p->registry[place] : NULL;
	proof->rules += count;
	for (uint32_t i = 0; i < count; i++)
		if (!rule(proof, r, blob_at(p, S_RULES, first + i)))
			return false;
	return limits(proof, r, e, reg[REG_LIMITS]) &&
	       grants(proof, S_TOLERATED, get32(e + PRG_TOLERATED), get32(e + PRG_TOLERATED_COUNT), reg[REG_TOLERANCES] < 32 ? reg[REG_TOLERANCES] : 32) &&
	       grants(proof, S_WATCHED, get32(e + PRG_WATCHED), get32(e + PRG_WATCHED_COUNT), 65536);
}

bool programs(struct proof *proof)
{
	const struct policy *p = proof->policy;

	for (uint32_t i = 0; i < p->count[S_PROGRAMS]; i++)
		if (!program(proof, blob_at(p, S_PROGRAMS, i)))
			return false;
	if (proof->rules != p->count[S_RULES] || proof->code != p->count[S_CODE] || proof->limits != p->count[S_LIMITS] ||
	    proof->numbers != p->count[S_NUMBERS])
		return bad(proof, "the compiled policy holds parts that belong to nothing");
	return true;
}
