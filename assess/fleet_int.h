/* What a worker of the fleet answers: written in the worker, read by the parent, which trusts none of it. */
#ifndef SALLYPORT_ASSESS_FLEET_INT_H
#define SALLYPORT_ASSESS_FLEET_INT_H

#include "assess/fleet.h"

enum { FLEET_ANSWER_MAX = 64 << 20, FLEET_FINDINGS_MAX = 1 << 17 };

/* A crew_work. `data` is the wish. */
char *fleet_work(void *data, const char *path, const char *bytes, size_t n, size_t *out_n);
/*
 * Takes an answer apart: texts of *out point into it, its findings are for the caller to free. False: it is no answer, and
 * out->findings is NULL.
 */
bool fleet_answer(const struct catalog *catalog, const char *answer, size_t n, struct host_result *out);

#endif
