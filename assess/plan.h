/* The smallest ordered set of updates that closes what is missing on a host. */
#ifndef SALLYPORT_ASSESS_PLAN_H
#define SALLYPORT_ASSESS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/report.h"

struct json_t;

/* Updates that one host may be in need of. */
enum { PLAN_UPDATES_MAX = 4096 };

enum plan_kind { PLAN_PACK = 0, PLAN_UPDATE, PLAN_RESTART };

/* A statement of a bulletin, and its line; text NULL: it says nothing. */
struct plan_text {
	const char *text;
	uint32_t    line;
};

struct plan_step {
	enum plan_kind               kind;
	unsigned                     pack; /* PLAN_PACK: the least that is enough */
	const struct catalog_entry  *entry; /* PLAN_UPDATE, and of a pack the first bulletin that asks for it */
	const struct bulletin       *reading; /* whose installer and texts are given: of the host's language if there is one */
	const struct product        *product; /* or NULL */
	uint32_t                     kb, day; /* 0: not known */
	uint32_t                     more[8]; /* articles of further updates of the bulletin for the product, 0 behind the last */
	bool                         any; /* one of all these is enough; otherwise all are needed */
	const struct report_finding **closes; /* missing flaws that end with it */
	size_t                       close_n;
	const struct catalog_entry **instead; /* bulletins whose own updates it makes needless */
	size_t                       instead_n;
	const struct installer      *installer; /* or NULL */
	const char                  *no_restart; /* the switch that keeps it from restarting, or NULL */
	const char                  *removal_switches[8]; /* NULL behind the last */
	enum answer                  restart;
	struct plan_text             removal, prerequisite;
};

/* A flaw that stays, and why no step closes it. */
struct plan_left {
	const struct report_finding *finding;
	const char                  *why; /* static */
};

struct plan {
	struct plan_step *steps;
	size_t            step_n;
	struct plan_left *left;
	size_t            left_n;
	bool              smallest; /* proven; otherwise the search was cut and the set is small, not the smallest */
};

/* Borrows from the report. False when memory is out; plan_close is right after either. */
bool           plan_make(const struct report *report, const struct report_host *host, struct plan *out);
void           plan_close(struct plan *plan);
struct json_t *plan_json(const struct plan *plan);
/* All hosts of a report, as one document (doc/assess.md). */
struct json_t *plans_json(const struct report *report);

/*
 * The fewest options that together cover every need: `covers` has for each option one row of ceil(needs / 64) words. Of equal covers
 * the higher rank is taken. Every need must be covered by some option. *out_exact: no smaller choice exists. False: memory is out.
 */
bool plan_pick(size_t needs, size_t options, const uint64_t *covers, const uint32_t *rank, bool *out_chosen, bool *out_exact);

#endif
