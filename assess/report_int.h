/* What the writers of reports share. */
#ifndef SALLYPORT_ASSESS_REPORT_INT_H
#define SALLYPORT_ASSESS_REPORT_INT_H

#include <jansson.h>

#include "assess/report.h"
#include "base/str.h"

/* Names of enum evidence_kind. */
extern const char *const report_kinds[];

/* Nothing is set for an empty text. */
void report_set_text(json_t *object, const char *name, const char *text);
/* "2026-11-28T06:00:00Z" */
const char *report_moment(int64_t seconds, char out[32]);
/* The fields that every document of a report begins with; a host without its findings; one finding. */
json_t *report_head_json(const struct report *report, const char *format);
json_t *report_host_json(const struct report_host *host);
json_t *report_finding_json(const struct report_finding *finding);

#endif
