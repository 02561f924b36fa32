/* The reviewed rows, in tables of their own. */
#ifndef SALLYPORT_ASSESS_FLAWS_INT_H
#define SALLYPORT_ASSESS_FLAWS_INT_H

#include "assess/flaws.h"

extern const struct flaw_rule flaw_rules[];
extern const size_t           flaw_rule_count;

#endif
