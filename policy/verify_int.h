/* What the two halves of the proof share. */
#ifndef SALLYPORT_POLICY_VERIFY_INT_H
#define SALLYPORT_POLICY_VERIFY_INT_H

#include "policy/blob_int.h"

struct proof {
	struct policy *policy;
	const char   **error;
	uint32_t       rules, code, limits, numbers; /* entries spoken for so far */
	uint64_t       texts, text_bytes; /* compared with by code: no more than there are, so that sharing multiplies no work */
};

/* Always false; the first sentence stays. */
bool bad(struct proof *proof, const char *why);
/* Entries [first, first + count) are there. */
bool run_fits(const struct policy *p, enum section section, uint64_t first, uint64_t count);
bool text_fits(const struct policy *p, const uint8_t *ref);
/* Programs, their rules and code, limits and grants. */
bool programs(struct proof *proof);

#endif
