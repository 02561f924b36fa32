/* Where the running gate's sockets are, and how a verb reaches one. */
#ifndef SALLYPORT_CMD_RUN_DIR_H
#define SALLYPORT_CMD_RUN_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/cmd.h"
#include "priv/channel.h"

/* For a verb's table of options. */
#define OPTION_RUN {"run", 0, "DIR", "the folder of the gate's sockets [$SALLYPORT_RUN; /run/sallyport, as a user $XDG_RUNTIME_DIR/sallyport]"}

enum { RUN_DIR_MAX = 512 };

/*
 * The folder: `chosen` (of --run; NULL = not given), else $SALLYPORT_RUN, else /run/sallyport as root, else
 * $XDG_RUNTIME_DIR/sallyport, else /tmp/sallyport-UID. False after a complaint: its name is too long, or the last one, where anyone
 * may have made it, is somebody else's. A folder that is not there is no error here.
 */
bool run_dir(const char *chosen, char *out, size_t size);

/* What a socket said of itself. */
struct run_hello {
	enum party party;
	unsigned   group;
};

/*
 * A greeted channel to the process `peer` at `name` ("scribe.sock") in the folder. EXIT_CLEAN, or EXIT_UNREACHABLE or EXIT_USAGE after
 * a complaint. The descriptor may block in poll only; channel_close it.
 */
enum exit_code run_connect(const char *chosen, const char *name, enum party peer, struct channel *out, struct run_hello *hello);

#endif
