/* Slots under their cap with memory that fails, arenas, and SipHash-2-4 against its published vectors. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/day.h"
#include "base/hash.h"
#include "test/guard.h"
#include "test/tap.h"

/* The system's memory, as slots.c sees it: counted, and failing on demand. */
static unsigned long mallocs_left = 1000000;
static long          slots_out;

static void *counted_malloc(size_t n)
{
	if (!mallocs_left)
		return NULL;
	mallocs_left--;
	slots_out++;
	return malloc(n);
}

static void counted_free(void *p)
{
	slots_out -= p != NULL;
	free(p);
}

#define malloc counted_malloc
#define free   counted_free
#include "base/slots.c"
#undef malloc
#undef free

static uint64_t dice_state = 0x2545f4914f6cdd1du;

static uint64_t dice(void)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return dice_state;
}

/* Bytes 0, 1, ... n - 1 under key 00 01 ... 0f: vectors.h of the reference implementation. */
static const uint64_t sip_vectors[64] = {
	0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
	0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
	0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
	0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
	0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8,
	0xb8ad50c6f649af94, 0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad,
	0xde4daaaca71dc9a5, 0xa6a2506687956571, 0xad87a3535c49ef28, 0x32d892fad841c342,
	0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238, 0x15e034d40fa197ae,
	0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95,
	0xf935451de4f21df2, 0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb,
	0xe612a3cb9ecba951, 0xc766e62cfcadaf96, 0xee64435a9752fe72, 0xa192d576b245165a,
	0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea, 0x245731c13ca42499,
	0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572,
};

static void siphash_gives_its_published_vectors(struct guard *g)
{
	const struct hash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
	uint8_t               bytes[64];
	unsigned              bad = 0;

	for (size_t n = 0; n < 64; n++) {
		bytes[n] = (uint8_t)n;
		bad += hash_bytes(&key, guard_place(g, bytes, n), n) != sip_vectors[n];
	}
	tap_ok(!bad, "SipHash-2-4 gives its 64 published vectors");
	uint64_t pair[2] = {1, 2};
	tap_ok(hash_pair(&key, 1, 2) == hash_bytes(&key, pair, 16) && hash_pair(&key, 1, 2) != hash_pair(&key, 2, 1),
	       "a pair hashes as its 16 bytes, in order");
	struct hash_key a = hash_key_random(), b = hash_key_random();
	tap_ok(a.k0 != b.k0 && a.k1 != b.k1, "two random keys differ");
}

static void arenas_stop_at_their_cap(void)
{
	struct arena a;
	uint8_t     *p, *q;

	tap_ok(arena_open(&a, 100), "an arena opens");
	p = arena_take(&a, 1);
	q = arena_take(&a, 16);
	tap_ok(p && q && (uintptr_t)p % 16 == 0 && q == p + 16, "what is taken is aligned to 16 and does not overlap");
	tap_ok(!arena_take(&a, 69) && !arena_take(&a, SIZE_MAX) && !arena_take(&a, SIZE_MAX - 15) && !arena_take(&a, SIZE_MAX - 47),
	       "nothing is taken past the cap, whatever the size");
	p = arena_take(&a, 68);
	tap_ok(p == q + 16, "the last byte can be taken");
	memset(p, 1, 68);
	tap_ok(!arena_take(&a, 1) && !arena_take(&a, 0), "then nothing is left");
	arena_reset(&a);
	tap_ok(arena_take(&a, 100) != NULL, "after a reset all of it is there again");
	arena_close(&a);
	tap_ok(!a.base && !arena_take(&a, 1), "a closed arena gives nothing");
}

static void slots_are_zeroed_and_reused(void)
{
	struct slots s;
	void        *p, *was;

	slots_open(&s, 4096);
	p = slots_take(&s, 100);
	tap_ok(p && s.used == 128 && s.kept == 0, "100 bytes take a slot of 128");
	memset(p, 0xff, 128);
	was = p;
	slots_give(&s, &p, 100);
	tap_ok(!p && s.used == 0 && s.kept == 128, "what is given back is kept, and the caller's pointer is gone");
	p = slots_take(&s, 97);
	bool zero = true;
	for (int i = 0; i < 128; i++)
		zero &= ((uint8_t *)p)[i] == 0;
	tap_ok(p == was && zero, "the next of its class gets the same slot, zeroed");
	slots_give(&s, &p, 97);
	slots_give(&s, &p, 97);
	tap_ok(s.used == 0, "giving back nothing does nothing");
	tap_ok(!slots_take(&s, 4097) && !slots_take(&s, SIZE_MAX) && !slots_take(&s, (size_t)1 << 40),
	       "nothing larger than the cap is ever taken");
	tap_ok(slots_size(1) == 64 && slots_size(64) == 64 && slots_size(65) == 96 && slots_size(97) == 128 && slots_size(SIZE_MAX) == 0, "a slot has the size of its class");
	slots_close(&s);
	tap_number((uint64_t)slots_out, 0, "closing gives everything back to the system");
}

static void the_cap_and_the_system_say_no(void)
{
	struct slots s;
	void        *p[17] = {0};
	bool         ok = true;

	slots_open(&s, 1024);
	for (int i = 0; i < 17; i++) {
		p[i] = slots_take(&s, 64);
		ok &= (p[i] != NULL) == (i < 16);
	}
	tap_ok(ok, "sixteen slots of 64 bytes are what a cap of 1024 allows");
	for (int i = 0; i < 16; i++)
		slots_give(&s, &p[i], 64);
	mallocs_left = 0;
	tap_ok(!slots_take(&s, 128) && s.used == 0, "without memory there is no slot");
	mallocs_left = 1000000;
	slots_close(&s);
	tap_number((uint64_t)slots_out, 0, "and nothing is lost");
}

enum { HELD_MAX = 64, CAP = 20000 };

/* Random traffic of all sizes: the cap holds, idle memory is given back. */
static void random_traffic_keeps_the_cap(void)
{
	struct slots  s;
	void         *held[HELD_MAX] = {0};
	size_t        size[HELD_MAX] = {0};
	unsigned long bad = 0;

	slots_open(&s, CAP);
	for (int i = 0; i < 300000; i++) {
		size_t k = dice() % HELD_MAX, n = dice() % (dice() % 8 ? 300 : 6000);

		mallocs_left = dice() % 4 ? 1000000 : 0;
		if (held[k]) {
			slots_give(&s, &held[k], size[k]);
			bad += s.kept > CAP / 4 || held[k];
		} else {
			held[k] = slots_take(&s, n);
			size[k] = n;
		}
		if (held[k])
			memset(held[k], 0xa5, n);
		bad += s.used + s.kept > CAP;
	}
	mallocs_left = 1000000;
	for (int k = 0; k < HELD_MAX; k++)
		slots_give(&s, &held[k], size[k]);
	bad += s.used != 0;
	slots_close(&s);
	tap_ok(!bad && !slots_out, "300,000 random takes, gives and failures keep the cap and the books");
}

/* Ends of months, years and centuries, against dates known otherwise. */
static void days_are_dates(void)
{
	static const struct {
		uint64_t seconds;
		uint32_t day;
	} known[] = {{0, 19700101},	      {86399, 19700101},     {86400, 19700102},	     {951782399, 20000228},  {951782400, 20000229},
		     {951868800, 20000301}, {1798675199, 20261230}, {1798761600, 20270101}, {4107542400, 21000301}, {253402300799, 99991231}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		tap_ok(day_of(known[i].seconds) == known[i].day, "%llu is %u", (unsigned long long)known[i].seconds, known[i].day);
}

int main(void)
{
	days_are_dates();
	struct guard g;

	guard_open(&g, 4096);
	siphash_gives_its_published_vectors(&g);
	guard_close(&g);
	arenas_stop_at_their_cap();
	slots_are_zeroed_and_reused();
	the_cap_and_the_system_say_no();
	random_traffic_keeps_the_cap();
	return tap_done();
}
