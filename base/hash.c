/* SipHash-2-4: the keyed hash of all tables with peer-chosen keys. Spec: Aumasson and Bernstein, 2012. */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static inline __attribute__((always_inline)) void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	sip_round(s);
	s->v0 ^= m;
}

static struct sip sip_begin(const struct hash_key *key)
{
	return (struct sip){key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du, key->k0 ^ 0x6c7967656e657261u,
			    key->k1 ^ 0x7465646279746573u};
}

/* `last` holds the length in its top byte and what was left over below. */
static uint64_t sip_end(struct sip *s, uint64_t last)
{
	sip_word(s, last);
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	struct sip     s = sip_begin(key);
	uint64_t       last = (uint64_t)n << 56, m;

	for (size_t left = n; left >= 8; left -= 8, p += 8) {
		m = 0;
		for (int i = 7; i >= 0; i--)
			m = m << 8 | p[i];
		sip_word(&s, m);
	}
	for (size_t i = 0; i < n % 8; i++)
		last |= (uint64_t)p[i] << (8 * i);
	return sip_end(&s, last);
}

uint64_t hash_pair(const struct hash_key *key, uint64_t a, uint64_t b)
{
	struct sip s = sip_begin(key);

	sip_word(&s, a);
	sip_word(&s, b);
	return sip_end(&s, (uint64_t)16 << 56);
}

struct hash_key hash_key_random(void)
{
	struct hash_key key;

	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		abort();
	return key;
}
