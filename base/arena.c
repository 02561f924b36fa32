/* A bump allocator with a cap, for scratch that dies all at once. */
#include "base/arena.h"

#include <stdlib.h>

bool arena_open(struct arena *arena, size_t cap)
{
	*arena = (struct arena){.base = malloc(cap), .size = cap};
	return arena->base != NULL;
}

void arena_close(struct arena *arena)
{
	free(arena->base);
	*arena = (struct arena){0};
}

void *arena_take(struct arena *arena, size_t n)
{
	size_t   start = (arena->used + 15) & ~(size_t)15;
	uint8_t *p;

	if (start > arena->size || n > arena->size - start)
		return NULL;
	p = arena->base + start;
	arena->used = start + n;
	return p;
}

void arena_reset(struct arena *arena)
{
	arena->used = 0;
}
