/* Inside `sallyport assess`: what was asked for, and what its parts hand each other. */
#ifndef SALLYPORT_CMD_ASSESS_H
#define SALLYPORT_CMD_ASSESS_H

#include "assess/plan.h"
#include "assess/report.h"
#include "assess/shield.h"
#include "cmd/cmd.h"

enum { ASSESS_WHYS_MAX = 16, ASSESS_ADDRESSES_MAX = SHIELD_ADDRESSES_MAX };

struct assess_job {
	const char **hosts, **bulletins; /* paths, owned */
	size_t       host_n, bulletin_n;
	const char  *language, *html, *vex, *results, *publisher, *name_space;
	const char  *whys[ASSESS_WHYS_MAX];
	size_t       why_n;
	unsigned     verdicts; /* bits of those that are shown */
	unsigned     fails; /* bits of those that make the exit code 1 */
	unsigned     workers; /* 0: as many as there are processors */
	bool         all, json, csv, plan, shield, only; /* only: --only was given */

	struct shield_wish shields;
	struct catalog    *catalog;
	struct report      report;
	bool               bad; /* something could not be read or written */
};

/* assess_gather.c: the bulletins into a catalogue; false when there is none. */
bool assess_bulletins(struct assess_job *job);
/* The hosts into the report. */
bool assess_hosts(struct assess_job *job);
/* A bar on a terminal's stderr, at most ten times a second; the two variables are the caller's, zero at first. */
void assess_progress(uint64_t *shown_ms, bool *shown, size_t done, size_t total, const char *what);
/* assess_fleet.c: with --results: the fleet into its database; the exit code. */
int assess_fleet(struct assess_job *job);

/* assess_print.c */
void assess_print(const struct assess_job *job);
/* The evidence of one flaw or bulletin on every host; false when nothing is called so. */
bool assess_print_why(const struct assess_job *job, const char *id);
/* A host's name for people; where several have it, with its source behind it. */
const char *assess_label(const struct report *report, const struct report_host *host, char *out, size_t size);
/* assess_plan.c */
void assess_print_plan(const struct report *report, const struct plan *plan, const struct report_host *host);

/* A text of hosts or bulletins without anything that could lead a terminal; cut where the buffer ends. */
const char *assess_harmless(const char *text, char *buffer, size_t size);

#endif
