/* Between the parts of `sallyport inventory`. */
#ifndef SALLYPORT_CMD_INVENTORY_H
#define SALLYPORT_CMD_INVENTORY_H

#include <stddef.h>

/* Prints collect.txt: what reviewed flaws and the bulletins of these paths (there may be none) ask of a host. The exit code. */
int inventory_wanted(const char *const *paths, size_t count);

#endif
