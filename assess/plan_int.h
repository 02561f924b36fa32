/* Inside plans: updates that may be installed, and what bulletins say of installing them. */
#ifndef SALLYPORT_ASSESS_PLAN_INT_H
#define SALLYPORT_ASSESS_PLAN_INT_H

#include "assess/judge_int.h"
#include "assess/plan.h"

/* One update that the host could get: a bulletin's for one product. */
struct unit {
	const struct catalog_entry  *entry;
	const struct product        *product; /* or NULL */
	struct target                on; /* what of the host it is for */
	const struct report_finding *first; /* one finding it is of */
	bool                         missing; /* some flaw of it is missing: it is a need */
};

/* plan_text.c: fills in what the bulletin says of the step's installation. */
void plan_describe(const struct report_host *host, const struct target *on, struct plan_step *step);
/* The least service pack that the bulletin's rows ask of this target; 0: the host's will do, or nobody says. */
unsigned plan_pack_needed(const struct catalog_entry *entry, const struct target *on, int pack);
/* The service pack that has the flaw's fix, by reviewed row or by the bulletin; 0: not known. */
unsigned plan_pack_holding(const struct report_finding *finding, enum family family);
/* The prerequisites that the step's bulletin states name this bulletin. */
bool plan_depends(const struct plan_step *step, const struct catalog_entry *entry, uint32_t kb);

#endif
