/* How many bulletins of each era gave each kind of fact. */
#ifndef SALLYPORT_ADVISE_YIELDS_H
#define SALLYPORT_ADVISE_YIELDS_H

#include "advise/bulletin.h"

enum { ERAS = 7, YIELDS = 15 };

struct yields {
	uint32_t bulletins[ERAS], have[ERAS][YIELDS], facts[ERAS][YIELDS]; /* facts: how many in all */
};

extern const char *const yield_names[YIELDS];
extern const char *const era_names[ERAS];

void yields_add(struct yields *y, const struct bulletin *b);

#endif
