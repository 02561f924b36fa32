/* Inside the HTML report: its one writer of foreign text, and the matrix. */
#ifndef SALLYPORT_ASSESS_HTML_INT_H
#define SALLYPORT_ASSESS_HTML_INT_H

#include "assess/report.h"

/* html.c: text of hosts and bulletins, for contents and for attributes in double quotes; what is not well-formed or turns text becomes U+FFFD. */
void html_text(FILE *file, const char *text);
/* A host's name; where several have it, with its source behind it. */
void html_host(FILE *file, const struct report *report, const struct report_host *host);
/* The anchor of a finding: "h2f14". */
void html_anchor(FILE *file, const struct report *report, const struct report_host *host, const struct report_finding *finding);

/* html_matrix.c */
void html_matrix(FILE *file, const struct report *report, unsigned verdicts);

#endif
