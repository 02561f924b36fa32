/* Memory that ends at an unreadable page, by mmap and mprotect. */
#include "test/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void guard_open(struct guard *guard, size_t cap)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (cap / page + 1) * page;
	void  *map = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect((uint8_t *)map + page, room, PROT_READ | PROT_WRITE) != 0)
		abort();
	*guard = (struct guard){.map = map, .total = room + 2 * page, .cap = room};
	guard->end = guard->map + page + room;
}

void guard_close(struct guard *guard)
{
	if (guard->map)
		munmap(guard->map, guard->total);
	*guard = (struct guard){0};
}

uint8_t *guard_place(struct guard *guard, const void *bytes, size_t n)
{
	uint8_t *p = guard->end - n;

	if (n > guard->cap)
		abort();
	if (n)
		memmove(p, bytes, n);
	return p;
}
