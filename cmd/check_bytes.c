/* Holds what a direction could not use yet: packets are read in place, only an incomplete tail is copied. */
#include <string.h>

#include "cmd/check.h"

/* More than any recogniser asks for: past this a flow is not read on. */
enum { HOLD_MAX = 16 * 1024 * 1024 };

const uint8_t *bytes_peek(const struct side_bytes *side, size_t *len)
{
	if (side->hold_len) {
		*len = side->hold_len;
		return side->hold + side->hold_at; /* UNSAFE: hold_at + hold_len <= hold_size */
	}
	*len = side->live_len;
	return side->live_len ? side->live : NULL;
}

static void hold_free(struct check *check, struct side_bytes *side)
{
	void *gone = side->hold;

	if (side->hold)
		slots_give(&check->slots, &gone, side->hold_size);
	side->hold = NULL;
	side->hold_at = side->hold_len = side->hold_size = 0;
}

void bytes_drop(struct check *check, struct side_bytes *side, size_t n)
{
	if (side->hold_len) {
		n = n < side->hold_len ? n : side->hold_len;
		side->hold_at += n;
		side->hold_len -= n;
		if (!side->hold_len)
			hold_free(check, side);
		return;
	}
	n = n < side->live_len ? n : side->live_len;
	side->live += n; /* UNSAFE: n <= live_len */
	side->live_len -= n;
}

/* Room for n bytes more behind what is held. */
static bool hold_room(struct check *check, struct side_bytes *side, size_t n)
{
	size_t   size = side->hold_size ? side->hold_size : SLOT_LEAST;
	uint8_t *grown;

	if (n > HOLD_MAX - side->hold_len)
		return false;
	if (side->hold_at + side->hold_len + n <= side->hold_size)
		return true;
	/* What is left moves only when as much has gone, so that a small message behind much that waits costs little. */
	if (side->hold_at >= side->hold_len && side->hold_len + n <= side->hold_size) {
		memmove(side->hold, side->hold + side->hold_at, side->hold_len); /* UNSAFE: as in bytes_peek */
		side->hold_at = 0;
		return true;
	}
	while (size < side->hold_len + n || size == side->hold_size)
		size *= 2;
	grown = slots_take(&check->slots, size);
	if (!grown)
		return false;
	if (side->hold_len)
		memcpy(grown, side->hold + side->hold_at, side->hold_len); /* UNSAFE: as in bytes_peek */
	n = side->hold_len;
	hold_free(check, side);
	side->hold = grown;
	side->hold_len = n;
	side->hold_size = size;
	return true;
}

static bool hold_add(struct check *check, struct side_bytes *side, const uint8_t *bytes, size_t n)
{
	if (!hold_room(check, side, n))
		return false;
	memcpy(side->hold + side->hold_at + side->hold_len, bytes, n); /* UNSAFE: hold_room made room for n behind what is held */
	side->hold_len += n;
	return true;
}

bool bytes_feed(struct check *check, struct side_bytes *side, const uint8_t *bytes, size_t n)
{
	side->fed += n;
	if (side->hold_len)
		return hold_add(check, side, bytes, n);
	side->live = bytes;
	side->live_len = n;
	return true;
}

bool bytes_keep(struct check *check, struct side_bytes *side)
{
	const uint8_t *bytes = side->live;
	size_t         n = side->live_len;

	side->live = NULL;
	side->live_len = 0;
	return !n || hold_add(check, side, bytes, n);
}

void bytes_free(struct check *check, struct side_bytes *side)
{
	hold_free(check, side);
	side->live = NULL;
	side->live_len = 0;
}
