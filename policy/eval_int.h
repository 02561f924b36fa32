/* What judging shares: the facts of one unit, and conditions over them. */
#ifndef SALLYPORT_POLICY_EVAL_INT_H
#define SALLYPORT_POLICY_EVAL_INT_H

#include "policy/ast_int.h"
#include "policy/blob_int.h"

struct facts {
	const struct policy_flow *flow;
	const struct cx          *cx; /* NULL: nothing but the flow's own facts */
	uint32_t                  known; /* facts of cx that were asked for; the others are unknown */
};

enum policy_truth comparison_truth(const struct facts *facts, const uint8_t *code);
enum policy_truth condition_truth(const struct facts *facts, uint32_t first, uint32_t count);
struct facts      facts_of(const struct policy_flow *flow, uint16_t proto, const struct cx *cx);

/* Why a flow can never meet a rule of its program. */
enum miss { MISS_NOT = 0, MISS_FROM, MISS_TO, MISS_TO_UNKNOWN, MISS_WHERE };
enum miss rule_miss(const struct policy_flow *flow, uint32_t i);

#endif
