/* A bump allocator with a cap, for scratch that dies all at once. */
#ifndef SALLYPORT_BASE_ARENA_H
#define SALLYPORT_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *base;
	size_t   size, used;
};

/* Allocate the cap at once; false when there is no memory. */
bool arena_open(struct arena *arena, size_t cap);
void arena_close(struct arena *arena);
/* n bytes aligned to 16, not zeroed; NULL past the cap. */
void *arena_take(struct arena *arena, size_t n);
/* Everything taken is gone. */
void arena_reset(struct arena *arena);

#endif
