/* Finds the run directory: what the user says, else the place that suits who he is. */
#include "cmd/run_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"

bool run_dir(const char *given, char out[RUN_DIR_MAX])
{
	const char *set = given ? given : getenv("SALLYPORT_RUN"), *xdg = getenv("XDG_RUNTIME_DIR");
	int         n;

	if (set && set[0])
		n = snprintf(out, RUN_DIR_MAX, "%s", set);
	else if (geteuid() == 0)
		n = snprintf(out, RUN_DIR_MAX, "/run/sallyport");
	else if (xdg && xdg[0])
		n = snprintf(out, RUN_DIR_MAX, "%s/sallyport", xdg);
	else
		n = snprintf(out, RUN_DIR_MAX, "/tmp/sallyport-%u", (unsigned)geteuid());
	if (n >= 0 && n < RUN_DIR_MAX)
		return true;
	complain("the path of the run directory is longer than %d bytes", RUN_DIR_MAX - 1);
	return false;
}
