/* The language packs of one run: those that are compiled in, or the one that was asked for. */
#ifndef SALLYPORT_ADVISE_PACKS_H
#define SALLYPORT_ADVISE_PACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "advise/pack.h"

enum { PACKS_MAX = 16, PACK_BYTES_MAX = 1 << 20 };

struct packs {
	struct pack *packs[PACKS_MAX];
	size_t       count;
	bool         chosen; /* there is but the one asked for, whatever a bulletin's head says */
};

/*
 * `wanted` is a language ("ja"), a file with a pack, or NULL for all that are compiled in. False, with a sentence that names the
 * file and line in `why`; packs_close is right either way.
 */
bool packs_open(const char *wanted, struct packs *out, char *why, size_t size);
void packs_close(struct packs *packs);
/* The pack of a bulletin's language, which the address in its head says; NULL when it does not. */
const struct pack *packs_for(const struct packs *packs, const char *bytes, size_t n);

#endif
