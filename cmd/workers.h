/* Talking to each worker of the running gate. */
#ifndef SALLYPORT_CMD_WORKERS_H
#define SALLYPORT_CMD_WORKERS_H

#include "priv/channel.h"

/*
 * Calls `each` with a greeted channel to every worker whose socket is in the run directory (`chosen`, or the default), in the
 * order of their names, until one call does not return EXIT_CLEAN; that is returned. EXIT_UNREACHABLE after a complaint when there is none.
 */
int workers_each(const char *chosen, int (*each)(struct channel *worker, void *arg), void *arg);

#endif
