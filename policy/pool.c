/* Memory of one compilation: bounded, handed out zeroed, given back all at once. */
#include <stdlib.h>
#include <string.h>

#include "policy/ast_int.h"

enum { CHUNK = 32 * 1024, ALIGN = 16 };

struct chunk {
	struct chunk *next;
	size_t        size;
};

static void chunk_add(struct pool *pool, size_t n)
{
	size_t        size = n > CHUNK ? n : CHUNK, head = (sizeof(struct chunk) + ALIGN - 1) / ALIGN * ALIGN;
	struct chunk *chunk = pool->used + size > pool->cap ? NULL : calloc(1, head + size);

	if (!chunk)
		longjmp(*pool->full, 1);
	pool->used += size;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	/* UNSAFE: the chunk was allocated with `head` bytes before its first usable one. */
	pool->at = (uint8_t *)chunk + head;
	pool->left = size;
}

void *pool_take(struct pool *pool, size_t n)
{
	size_t whole = (n + ALIGN - 1) / ALIGN * ALIGN;
	void  *out;

	if (n > POLICY_SIZE_MAX)
		longjmp(*pool->full, 1);
	if (whole > pool->left)
		chunk_add(pool, whole);
	out = pool->at;
	pool->at += whole;
	pool->left -= whole;
	return out;
}

char *pool_text(struct pool *pool, const char *text, size_t n)
{
	char *out = pool_take(pool, n + 1);

	memcpy(out, text, n);
	return out;
}

void pool_close(struct pool *pool)
{
	while (pool->chunks) {
		struct chunk *next = pool->chunks->next;

		free(pool->chunks);
		pool->chunks = next;
	}
	pool->left = 0;
}

void *vec_at(const struct vec *vec, size_t i, size_t size)
{
	/* UNSAFE: i is below the vector's count, whose items all have this size. */
	return (uint8_t *)vec->items + i * size;
}

void *vec_add(struct pool *pool, struct vec *vec, size_t size)
{
	if (vec->count == vec->room) {
		uint32_t room = vec->room ? vec->room * 2 : 16;
		void    *items = pool_take(pool, room * size);

		if (vec->count)
			memcpy(items, vec->items, vec->count * size);
		vec->items = items;
		vec->room = room;
	}
	return vec_at(vec, vec->count++, size);
}
