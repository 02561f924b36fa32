/* Texts that live as long as their bulletin: bounded, and freed at once. */
#ifndef SALLYPORT_ADVISE_STORE_H
#define SALLYPORT_ADVISE_STORE_H

#include <stddef.h>

struct store;

struct store *store_open(size_t most);
void          store_close(struct store **store);
/* A terminated copy; NULL when memory or the bound is out. The same text as the last asked for is shared. */
const char *store_text(struct store *store, const char *text, size_t n);

#endif
