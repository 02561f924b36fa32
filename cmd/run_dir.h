/* Where a running gate's control sockets are. */
#ifndef SALLYPORT_CMD_RUN_DIR_H
#define SALLYPORT_CMD_RUN_DIR_H

#include <stdbool.h>

enum { RUN_DIR_MAX = 96 }; /* with a socket's name behind it, it fits a socket's address */

/*
 * `given` (--run) if there is one, else $SALLYPORT_RUN, else /run/sallyport as root, else $XDG_RUNTIME_DIR/sallyport, else
 * /tmp/sallyport-UID. False after a complaint: too long.
 */
bool run_dir(const char *given, char out[RUN_DIR_MAX]);

#endif
