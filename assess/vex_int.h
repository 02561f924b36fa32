/* Inside VEX documents: one flaw with what is true of it on every host. */
#ifndef SALLYPORT_ASSESS_VEX_INT_H
#define SALLYPORT_ASSESS_VEX_INT_H

#include "assess/report_int.h"

enum { VEX_ID = 16 };

/* One host's worst finding of one flaw. */
struct vex_row {
	const char                  *cve;
	size_t                       host;
	const struct report_finding *finding;
};

void vex_product_id(size_t host, char out[VEX_ID]);
/* The vulnerability that these rows, all of one flaw, make. */
json_t *vex_flaw(const struct report *report, const struct vex_row *rows, size_t n);

#endif
