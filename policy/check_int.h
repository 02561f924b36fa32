/* What the checks of a policy against its protocols share. */
#ifndef SALLYPORT_POLICY_CHECK_INT_H
#define SALLYPORT_POLICY_CHECK_INT_H

#include "policy/parse_int.h"
#include "proto/reasons.h"

/* Does the policy judge the i-th recogniser's units? */
bool speaks(const struct policy_build *b, const struct policy_text_ast *policy, unsigned i);
/* "ldap and cldap" */
const char *spoken(const struct policy_build *b, const struct policy_text_ast *policy, char *out, size_t size);
void        unknown_name(struct policy_build *b, const struct policy_text_ast *policy, const struct word *name, const char *what,
			 int (*place)(const struct recogniser *, const char *), const char *(*name_at)(const struct recogniser *, unsigned));
void        check_condition(struct policy_build *b, const struct policy_text_ast *policy, struct cond *cond);

#endif
