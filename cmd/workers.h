/* Talking to each worker of the running gate. */
#ifndef SALLYPORT_CMD_WORKERS_H
#define SALLYPORT_CMD_WORKERS_H

#include "priv/channel.h"

/*
 * Calls `each` with a greeted channel to every worker whose socket is in the run directory (`chosen`, or the default), in the
 * order of their names, until one call returns neither EXIT_CLEAN nor EXIT_UNREACHABLE; the last that is not EXIT_CLEAN is returned.
 * EXIT_UNREACHABLE after a complaint when there is no worker or one does not answer; the others are called all the same.
 */
int workers_each(const char *chosen, int (*each)(struct channel *worker, void *arg), void *arg);

#endif
