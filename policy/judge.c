/* Judges units: at accept the rules a flow can still meet become a bit set; per unit only that set runs. */
#include <string.h>

#include "policy/eval_int.h"
#include "proto/reasons.h"

/* Arrays of limits are read where they lie. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a blob's numbers are little-endian");

/* ---- Addresses ---- */

static bool in_v4(const struct policy *p, const uint8_t *set, const uint8_t *ip)
{
	uint32_t low = get32(set + SET_V4), high = low + get32(set + SET_V4_COUNT);
	uint32_t a = (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];

	while (low < high) {
		uint32_t       mid = low + (high - low) / 2;
		const uint8_t *r = blob_at(p, S_V4, mid);

		if (a < get32(r))
			high = mid;
		else if (a > get32(r + 4))
			low = mid + 1;
		else
			return true;
	}
	return false;
}

static bool in_v6(const struct policy *p, const uint8_t *set, const uint8_t *ip)
{
	uint32_t low = get32(set + SET_V6), high = low + get32(set + SET_V6_COUNT);

	while (low < high) {
		uint32_t       mid = low + (high - low) / 2;
		const uint8_t *r = blob_at(p, S_V6, mid);

		if (memcmp(ip, r, 16) < 0)
			high = mid;
		else if (memcmp(ip, r + 16, 16) > 0)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

/* ::ffff:10.0.0.1 is 10.0.0.1, or a dual-stack listener would be a way around every zone. */
static bool is_mapped(const struct address *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return a->family == 6 && memcmp(a->ip, mapped, 12) == 0;
}

static bool in_set(const struct policy *p, uint32_t set, const struct address *a)
{
	const uint8_t *s;

	if (set == UINT32_MAX)
		return true;
	s = blob_at(p, S_SETS, set);
	if (a->family == 4 || is_mapped(a))
		return in_v4(p, s, a->family == 4 ? a->ip : &a->ip[12]);
	return a->family == 6 && in_v6(p, s, a->ip);
}

/* Where the flow goes: known, or one of the service's addresses. A host known by name only may be anywhere. */
static enum policy_truth to_truth(const struct policy *p, uint32_t set, const struct policy_arrival *arrival)
{
	struct policy_service svc;
	bool                  some = false, others = false;

	if (set == UINT32_MAX)
		return TRUTH_TRUE;
	if (arrival->target.family)
		return in_set(p, set, &arrival->target) ? TRUTH_TRUE : TRUTH_FALSE;
	svc = policy_service_at(p, arrival->service);
	for (uint32_t i = 0; i < svc.hosts; i++) {
		struct policy_host host = policy_service_host(p, &svc, i);

		if (host.names)
			some = others = true;
		for (uint32_t k = 0; k < host.addresses; k++) {
			struct address a = policy_host_address(p, &host, k);

			if (in_set(p, set, &a))
				some = true;
			else
				others = true;
		}
	}
	return some && others ? TRUTH_UNKNOWN : some ? TRUTH_TRUE : TRUTH_FALSE;
}

/* ---- At accept ---- */

static bool program_find(const struct policy *p, const struct policy_arrival *arrival, uint32_t *out)
{
	const uint8_t *s = blob_at(p, S_SERVICES, arrival->service);
	uint32_t       first = get32(s + SVC_PROGRAMS), count = get32(s + SVC_PROGRAM_COUNT);

	for (uint32_t i = first; i < first + count; i++)
		if (get16(blob_at(p, S_REGISTRY, get32(blob_at(p, S_PROGRAMS, i) + PRG_REGISTRY)) + REG_ID) == arrival->proto) {
			*out = i;
			return true;
		}
	return false;
}

/* The array of limits for the sources this flow belongs to. */
static const uint64_t *limits_of(const struct policy *p, const uint8_t *program, const struct address *source)
{
	uint32_t    per_array = blob_at(p, S_REGISTRY, get32(program + PRG_REGISTRY))[REG_LIMITS], bits = 0;
	const void *limits;

	for (uint32_t i = 0; i < get32(program + PRG_SOURCE_COUNT); i++)
		if (in_set(p, get32(blob_at(p, S_SOURCES, get32(program + PRG_SOURCES) + i)), source))
			bits |= 1u << i;
	/* UNSAFE: the proof saw the bytes aligned to 8, the section too, and per_array << sources entries in it. */
	limits = blob_at(p, S_LIMITS, get32(program + PRG_LIMITS) + bits * per_array);
	return per_array ? limits : NULL;
}

static void grants(struct policy_flow *flow, const uint8_t *program)
{
	const struct policy         *p = flow->policy;
	const struct policy_arrival *a = &flow->arrival;
	uint32_t                     first = get32(program + PRG_TOLERATED);

	for (uint32_t i = 0; i < get32(program + PRG_TOLERATED_COUNT); i++) {
		const uint8_t *g = blob_at(p, S_TOLERATED, first + i);

		if (get32(g + GRANT_UNTIL) >= a->today && in_set(p, get32(g + GRANT_SET), &a->source))
			flow->profile.tolerate |= 1u << get32(g + GRANT_WHAT);
	}
	first = get32(program + PRG_WATCHED);
	for (uint32_t i = 0; i < get32(program + PRG_WATCHED_COUNT); i++) {
		const uint8_t *g = blob_at(p, S_WATCHED, first + i);

		if (get32(g + GRANT_UNTIL) >= a->today && in_set(p, get32(g + GRANT_SET), &a->source))
			flow->watches |= 1ull << i;
	}
}

enum miss rule_miss(const struct policy_flow *flow, uint32_t i)
{
	const struct policy *p = flow->policy;
	const uint8_t       *rule = blob_at(p, S_RULES, flow->first_rule + i);
	struct facts         facts = {.flow = flow};
	enum policy_truth    to;

	if (!in_set(p, get32(rule + RULE_FROM), &flow->arrival.source))
		return MISS_FROM;
	/* Where the flow goes may not be known: a block rule then stays. */
	to = to_truth(p, get32(rule + RULE_TO), &flow->arrival);
	if (to == TRUTH_FALSE || (to == TRUTH_UNKNOWN && rule[RULE_KIND] != POLICY_BLOCK))
		return to == TRUTH_FALSE ? MISS_TO : MISS_TO_UNKNOWN;
	return condition_truth(&facts, get32(rule + RULE_CODE), get32(rule + RULE_CODE_COUNT)) == TRUTH_FALSE ? MISS_WHERE : MISS_NOT;
}

bool policy_flow_begin(struct policy_flow *flow, const struct policy *policy, const struct policy_arrival *arrival)
{
	const uint8_t *program;

	*flow = (struct policy_flow){.policy = policy, .arrival = *arrival};
	if (!policy->registry || arrival->service >= policy->count[S_SERVICES] || !program_find(policy, arrival, &flow->program))
		return false;
	program = blob_at(policy, S_PROGRAMS, flow->program);
	flow->first_rule = get32(program + PRG_RULES);
	flow->profile.limit = limits_of(policy, program, &arrival->source);
	grants(flow, program);
	for (uint32_t i = 0; i < get32(program + PRG_RULE_COUNT); i++) {
		const uint8_t *rule = blob_at(policy, S_RULES, flow->first_rule + i);

		if (rule_miss(flow, i) != MISS_NOT)
			continue;
		flow->rules[i / 64] |= 1ull << i % 64;
		flow->words = (uint16_t)(i / 64 + 1);
		flow->profile.wanted |= get32(rule + RULE_WANTED);
	}
	return true;
}

const struct profile *policy_flow_profile(struct policy_flow *flow, uint16_t proto)
{
	struct policy_arrival arrival = flow->arrival;
	struct policy_flow    fresh;

	if (proto == arrival.proto)
		return &flow->profile;
	arrival.proto = proto;
	if (!policy_flow_begin(&fresh, flow->policy, &arrival))
		return NULL;
	*flow = fresh;
	return &flow->profile;
}

/* ---- Per unit ---- */

struct facts facts_of(const struct policy_flow *flow, uint16_t proto, const struct cx *cx)
{
	/* Behind a SWITCH to a protocol the service does not name, another's facts stand in cx. */
	return (struct facts){.flow = flow, .cx = cx, .known = cx && proto == flow->arrival.proto ? cx->wanted : 0};
}

/* Does the rule speak of this unit? Content that cannot be seen passes by name only. */
static bool concerns(const uint8_t *rule, uint16_t opaque)
{
	if (rule[RULE_KIND] == POLICY_ALLOW)
		return opaque && get16(rule + RULE_REASON) == opaque;
	return rule[RULE_KIND] == POLICY_BLOCK || !opaque;
}

static bool fires(const struct facts *facts, const uint8_t *rule)
{
	enum policy_truth truth = condition_truth(facts, get32(rule + RULE_CODE), get32(rule + RULE_CODE_COUNT));

	return rule[RULE_KIND] == POLICY_BLOCK ? truth != TRUTH_FALSE : truth == TRUTH_TRUE;
}

static bool is_watched(const struct policy_flow *flow, const uint8_t *rule)
{
	return rule[RULE_FLAGS] & RULE_WATCH && get32(rule + RULE_UNTIL) >= flow->arrival.today;
}

static void decide(struct policy_ruling *out, int i, const uint8_t *rule)
{
	out->rule = i;
	out->log = rule[RULE_FLAGS] & RULE_LOG;
	if (rule[RULE_KIND] == POLICY_BLOCK)
		return;
	out->verdict = VERDICT_PASS;
	out->why = R_NONE;
}

void policy_judge(const struct policy_flow *flow, uint16_t proto, const struct step *step, const struct cx *cx,
		  struct policy_ruling *out)
{
	uint16_t     opaque = step->verb == STEP_WAIT ? 0 : step->why;
	struct facts facts = facts_of(flow, proto, cx);

	*out = (struct policy_ruling){.verdict = VERDICT_DENY, .why = R_POLICY_DENIED, .rule = POLICY_BY_DEFAULT};
	for (unsigned w = 0; w < flow->words; w++)
		for (uint64_t bits = flow->rules[w]; bits; bits &= bits - 1) {
			unsigned       i = w * 64 + (unsigned)__builtin_ctzll(bits);
			const uint8_t *rule = blob_at(flow->policy, S_RULES, flow->first_rule + i);

			if (!concerns(rule, opaque) || !fires(&facts, rule))
				continue;
			if (!is_watched(flow, rule)) {
				decide(out, (int)i, rule);
				return;
			}
			out->watched = true;
			out->watched_rules[w] |= 1ull << i % 64;
		}
	if (opaque)
		out->why = opaque;
}

bool policy_refusal(const struct policy_flow *flow, uint16_t reason)
{
	const uint8_t *program;
	uint32_t       first;

	if (!flow->watches || reason_of(reason)->class == CLASS_UNSAFE)
		return false;
	program = blob_at(flow->policy, S_PROGRAMS, flow->program);
	first = get32(program + PRG_WATCHED);
	for (uint64_t bits = flow->watches; bits; bits &= bits - 1) {
		uint32_t what = get32(blob_at(flow->policy, S_WATCHED, first + (uint32_t)__builtin_ctzll(bits)) + GRANT_WHAT);

		if (!what || what == reason)
			return true;
	}
	return false;
}

/* ---- For events and explain ---- */

static const uint8_t *rule_of(const struct policy_flow *flow, int rule)
{
	const uint8_t *program = blob_at(flow->policy, S_PROGRAMS, flow->program);

	return rule >= 0 && (uint32_t)rule < get32(program + PRG_RULE_COUNT) ? blob_at(flow->policy, S_RULES, flow->first_rule + (uint32_t)rule) :
									       NULL;
}

struct policy_rule policy_rule_at(const struct policy_flow *flow, int rule)
{
	const uint8_t     *e = rule_of(flow, rule);
	struct policy_rule out = {.policy = blob_text(flow->policy, blob_at(flow->policy, S_PROGRAMS, flow->program) + PRG_POLICY),
				  .id = {"", 0}};

	if (!e)
		return out;
	out.id = blob_text(flow->policy, e + RULE_ID);
	out.number = get16(e + RULE_NUMBER);
	out.until = e[RULE_FLAGS] & RULE_WATCH ? get32(e + RULE_UNTIL) : 0;
	out.kind = e[RULE_KIND];
	return out;
}

enum policy_truth policy_condition(const struct policy_flow *flow, int rule, uint16_t proto, const struct cx *cx)
{
	struct facts   facts = facts_of(flow, proto, cx);
	const uint8_t *e = rule_of(flow, rule);

	return e ? condition_truth(&facts, get32(e + RULE_CODE), get32(e + RULE_CODE_COUNT)) : TRUTH_FALSE;
}

enum policy_truth policy_comparison(const struct policy_flow *flow, int rule, unsigned k, uint16_t proto, const struct cx *cx)
{
	struct facts   facts = facts_of(flow, proto, cx);
	const uint8_t *e = rule_of(flow, rule);

	for (uint32_t i = 0; e && i < get32(e + RULE_CODE_COUNT); i++) {
		const uint8_t *c = blob_at(flow->policy, S_CODE, get32(e + RULE_CODE) + i);

		if (c[CODE_OP] >= OP_UNKNOWN && !k--)
			return comparison_truth(&facts, c);
	}
	return TRUTH_FALSE;
}
