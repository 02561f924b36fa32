/* Keeps texts of a bulletin in blocks that are freed at once. */
#include "advise/store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 << 10 };

struct piece {
	struct piece *next;
	size_t        size, used;
	char          text[];
};

struct store {
	struct piece *pieces;
	size_t        total, most;
	const char   *last;
	size_t        last_n;
};

struct store *store_open(size_t most)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store)
		store->most = most;
	return store;
}

void store_close(struct store **store)
{
	if (!*store)
		return;
	for (struct piece *p = (*store)->pieces, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	free(*store);
	*store = NULL;
}

const char *store_text(struct store *store, const char *text, size_t n)
{
	struct piece *p = store->pieces;
	char         *copy;

	if (store->last && store->last_n == n && memcmp(store->last, text, n) == 0)
		return store->last;
	if (!p || p->size - p->used < n + 1) {
		size_t size = n + 1 > BLOCK ? n + 1 : BLOCK;

		if (store->total + size > store->most || !(p = malloc(sizeof(*p) + size)))
			return NULL;
		*p = (struct piece){.next = store->pieces, .size = size};
		store->pieces = p;
		store->total += size;
	}
	copy = p->text + p->used;
	memcpy(copy, text, n);
	copy[n] = '\0';
	p->used += n + 1;
	store->last = copy;
	store->last_n = n;
	return copy;
}
