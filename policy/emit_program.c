/* Writes each policy once per protocol it judges: rules, arrays of limits, tolerances, watches. */
#include <stdlib.h>
#include <string.h>

#include "policy/emit_int.h"

static void rule(struct emit *e, const struct sentence *s, const struct recogniser *r)
{
	static const uint8_t kinds[] = {[SAYS_BLOCK] = POLICY_BLOCK, [SAYS_PASS] = POLICY_PASS, [SAYS_ALLOW] = POLICY_ALLOW};
	uint32_t             at, count, wanted, code = emit_condition(e, s->where, r, &count, &wanted);
	uint32_t             from = emit_set(e, &s->from.set), to = emit_set(e, &s->to.set);
	uint64_t             id = s->id.text ? emit_string(e, s->id.text, s->id.len) : 0;
	uint8_t             *p = emit_entry(e, S_RULES, &at);

	p[RULE_KIND] = kinds[s->kind];
	p[RULE_FLAGS] = (uint8_t)((s->log ? RULE_LOG : 0) | (s->watch ? RULE_WATCH : 0));
	put16(p + RULE_REASON, s->reason);
	put32(p + RULE_FROM, from);
	put32(p + RULE_TO, to);
	put32(p + RULE_UNTIL, s->until.date);
	put64(p + RULE_ID, id);
	put32(p + RULE_CODE, code);
	put32(p + RULE_CODE_COUNT, count);
	put32(p + RULE_WANTED, wanted);
	put16(p + RULE_NUMBER, s->number);
}

static void grant(struct emit *e, enum section section, const struct sentence *s, uint32_t what)
{
	uint32_t at, set = emit_set(e, &s->from.set);
	uint8_t *p = emit_entry(e, section, &at);

	put32(p + GRANT_SET, set);
	put32(p + GRANT_UNTIL, s->until.date);
	put32(p + GRANT_WHAT, what);
}

enum { EVERYBODY = 0xff };

/* Gives each limit the place of its `from` among the program's sources; how many there are. */
static unsigned sources_number(struct emit *e, const struct policy_text_ast *policy, uint32_t *sources)
{
	unsigned count = 0;

	for (struct sentence *s = policy->sentence; s; s = s->next) {
		uint32_t set = s->kind == SAYS_LIMIT ? emit_set(e, &s->from.set) : UINT32_MAX;
		unsigned i = 0;

		s->source = EVERYBODY;
		if (set == UINT32_MAX)
			continue;
		while (i < count && sources[i] != set)
			i++;
		if (i == POLICY_SOURCES_MAX)
			abort(); /* check_counts has counted them */
		sources[i] = set;
		count = i == count ? count + 1 : count;
		s->source = (uint8_t)i;
	}
	return count;
}

/* The first sentence that holds for a flow from these sources counts. */
static uint64_t limit_value(const struct policy_text_ast *policy, const struct limit_def *def, unsigned bits)
{
	for (const struct sentence *s = policy->sentence; s; s = s->next)
		if (s->kind == SAYS_LIMIT && strcmp(s->name.text, def->name) == 0 && (s->source == EVERYBODY || bits >> s->source & 1))
			return s->value->number;
	return def->safe;
}

/* One array for each combination of sources a flow can belong to. */
static void limits(struct emit *e, const struct policy_text_ast *policy, const struct recogniser *r, uint8_t *program)
{
	uint32_t sources[POLICY_SOURCES_MAX], at;
	unsigned count = sources_number(e, policy, sources);

	put32(program + PRG_LIMITS, emit_count(e, S_LIMITS));
	put32(program + PRG_SOURCES, emit_count(e, S_SOURCES));
	put32(program + PRG_SOURCE_COUNT, count);
	for (unsigned i = 0; i < count; i++)
		put32(emit_entry(e, S_SOURCES, &at), sources[i]);
	for (unsigned bits = 0; bits < 1u << count; bits++)
		for (uint8_t k = 0; k < r->limits; k++)
			put64(emit_entry(e, S_LIMITS, &at), limit_value(policy, &r->limit[k], bits));
}

static void program(struct emit *e, const struct policy_text_ast *policy, unsigned place)
{
	const struct recogniser *r = e->b->registry[place];
	uint8_t                  p[48] = {0};
	uint32_t                 at;

	put64(p + PRG_POLICY, emit_string(e, policy->name.text, policy->name.len));
	put32(p + PRG_REGISTRY, place);
	put32(p + PRG_RULES, emit_count(e, S_RULES));
	put32(p + PRG_TOLERATED, emit_count(e, S_TOLERATED));
	put32(p + PRG_WATCHED, emit_count(e, S_WATCHED));
	for (const struct sentence *s = policy->sentence; s; s = s->next)
		if (s->kind <= SAYS_ALLOW)
			rule(e, s, r);
		else if (s->kind == SAYS_WATCH)
			grant(e, S_WATCHED, s, s->reason);
		else if (s->kind == SAYS_TOLERATE && tolerance_place(r, s->name.text) >= 0)
			grant(e, S_TOLERATED, s, (uint32_t)tolerance_place(r, s->name.text));
	put32(p + PRG_RULE_COUNT, emit_count(e, S_RULES) - get32(p + PRG_RULES));
	put32(p + PRG_TOLERATED_COUNT, emit_count(e, S_TOLERATED) - get32(p + PRG_TOLERATED));
	put32(p + PRG_WATCHED_COUNT, emit_count(e, S_WATCHED) - get32(p + PRG_WATCHED));
	limits(e, policy, r, p);
	memcpy(emit_entry(e, S_PROGRAMS, &at), p, sizeof(p));
}

void emit_programs(struct emit *e, const struct policy_text_ast *policy)
{
	for (unsigned i = 0; i < e->b->recognisers; i++)
		if (policy->protocols >> i & 1)
			program(e, policy, i);
}
