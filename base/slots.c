/* Slot pools in two classes to an octave: bounded, reused, given back. */
#include "base/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A free slot's first word links to the next one of its class. */
struct free_slot {
	struct free_slot *next;
};

static size_t class_size(unsigned c)
{
	size_t octave = (size_t)SLOT_LEAST << c / 2;

	return c % 2 ? octave + octave / 2 : octave;
}

static unsigned class_of(size_t n)
{
	unsigned c = 0;

	while (c < SLOT_CLASSES && class_size(c) < n)
		c++;
	return c;
}

/* Give free slots back to the system until `want` more bytes fit under the cap. */
static void trim(struct slots *s, size_t want)
{
	for (unsigned c = SLOT_CLASSES; c-- > 0;)
		while (s->free[c] && (s->cap - s->used < want || s->kept > s->cap - s->used - want)) {
			struct free_slot *slot = s->free[c];

			s->free[c] = slot->next;
			s->kept -= class_size(c);
			free(slot);
		}
}

size_t slots_size(size_t n)
{
	unsigned c = class_of(n);

	return c == SLOT_CLASSES ? 0 : class_size(c);
}

void slots_open(struct slots *slots, size_t cap)
{
	*slots = (struct slots){.cap = cap};
}

void slots_close(struct slots *slots)
{
	assert(slots->used == 0);
	for (unsigned c = 0; c < SLOT_CLASSES; c++)
		while (slots->free[c]) {
			struct free_slot *slot = slots->free[c];

			slots->free[c] = slot->next;
			free(slot);
		}
	*slots = (struct slots){0};
}

/* A slot of class c from the free ones or the system; NULL when the cap or the system says no. */
static struct free_slot *slot_of(struct slots *s, unsigned c)
{
	struct free_slot *slot;

	if (c == SLOT_CLASSES || s->cap - s->used < class_size(c))
		return NULL;
	slot = s->free[c];
	if (slot) {
		s->free[c] = slot->next;
		s->kept -= class_size(c);
		return slot;
	}
	if (s->kept > s->cap - s->used - class_size(c))
		trim(s, class_size(c));
	return malloc(class_size(c));
}

void *slots_take(struct slots *slots, size_t n)
{
	unsigned          c = class_of(n);
	struct free_slot *slot = slot_of(slots, c);

	if (!slot)
		return NULL;
	slots->used += class_size(c);
	memset(slot, 0, class_size(c));
	return slot;
}

void slots_give(struct slots *slots, void **slot, size_t n)
{
	unsigned          c = class_of(n);
	struct free_slot *f = *slot;

	if (!f)
		return;
	f->next = slots->free[c];
	slots->free[c] = f;
	slots->used -= class_size(c);
	slots->kept += class_size(c);
	*slot = NULL;
	/* Keep at most a quarter of the cap idle: what a burst needed is given back. */
	if (slots->kept > slots->cap / 4)
		trim(slots, slots->cap - slots->used - slots->cap / 4);
}
