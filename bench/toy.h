/* The bench's own protocol, and a registry that has nothing else. */
#ifndef SALLYPORT_BENCH_TOY_H
#define SALLYPORT_BENCH_TOY_H

#include "proto/protocols.h"

enum { PROTO_BENCH_TOY = PROTO_TOYS + 90 };

extern const struct recogniser        bench_toy;
extern const struct recogniser *const bench_registry[]; /* NULL-terminated */

#endif
