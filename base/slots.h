/* Pools of fixed-size slots in classes of two to an octave under one cap: memory that grows, is reused, and is given back. */
#ifndef SALLYPORT_BASE_SLOTS_H
#define SALLYPORT_BASE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLOT_LEAST = 64, SLOT_CLASSES = 40 }; /* 64, 96, 128, 192 ... 48 MiB */

struct slots {
	size_t cap; /* bytes in use and kept free together never exceed this */
	size_t used; /* bytes in slots handed out */
	size_t kept; /* bytes in free slots */
	void  *free[SLOT_CLASSES];
};

void slots_open(struct slots *slots, size_t cap);
/* Give everything free back to the system; slots still out are the caller's bug and abort in debug builds. */
void slots_close(struct slots *slots);
/* How many bytes a slot for n has: its class; 0 where there is no such class. */
size_t slots_size(size_t n);
/* n bytes, zeroed, or NULL past the cap or without memory. */
void *slots_take(struct slots *slots, size_t n);
/* Hand back a slot taken with the same n; *slot becomes NULL. */
void slots_give(struct slots *slots, void **slot, size_t n);

#endif
