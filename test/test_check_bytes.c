/* What `check` holds of a direction: the bytes that were fed, in their order, and no byte copied often. */
#include <stdlib.h>
#include <string.h>

#include "test/tap.h"

static size_t copied;

static void *counted(void *to, const void *from, size_t n)
{
	copied += n;
	return memmove(to, from, n);
}

#define memcpy  counted
#define memmove counted
#include "cmd/check_bytes.c"
#undef memcpy
#undef memmove

enum { PIECE = 20, WAITS = 1 << 20, ROUNDS = 200000 };

/* The byte at a place of the stream. */
static uint8_t stream_byte(uint64_t at)
{
	return (uint8_t)(at * 2654435761u >> 24);
}

static bool feed(struct check *check, struct side_bytes *side, size_t n)
{
	static uint8_t piece[WAITS];

	for (size_t i = 0; i < n; i++)
		piece[i] = stream_byte(side->fed + i);
	return bytes_feed(check, side, piece, n) && bytes_keep(check, side);
}

int main(void)
{
	struct check      check = {0};
	struct side_bytes side = {0};
	uint64_t          dropped = 0, wrong = 0;
	size_t            len;

	slots_open(&check.slots, 64u << 20);
	feed(&check, &side, WAITS);
	copied = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		bytes_drop(&check, &side, PIECE);
		dropped += PIECE;
		wrong += !feed(&check, &side, PIECE);
		wrong += bytes_peek(&side, &len)[0] != stream_byte(dropped);
		wrong += bytes_peek(&side, &len)[len - 1] != stream_byte(dropped + WAITS - 1) || len != WAITS;
	}
	tap_number(wrong, 0, "a small message behind a megabyte that waits, over and over: the bytes are those that were fed");
	tap_ok(copied < 4ull * ROUNDS * PIECE, "and each is copied a few times at most");
	bytes_free(&check, &side);
	tap_ok(feed(&check, &side, 3 * PIECE) && bytes_peek(&side, &len) && len == 3 * PIECE, "a side begins anew");
	while (side.hold_len + WAITS <= HOLD_MAX)
		wrong += !feed(&check, &side, WAITS);
	bytes_drop(&check, &side, PIECE);
	wrong += !feed(&check, &side, HOLD_MAX - side.hold_len);
	tap_ok(!wrong && side.hold_len == HOLD_MAX, "as much is held as may be");
	tap_ok(!feed(&check, &side, 1), "and no more");
	bytes_free(&check, &side);
	slots_close(&check.slots);
	return tap_done();
}
