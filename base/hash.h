/* A keyed hash (SipHash-2-4) for every table whose keys a peer chooses. */
#ifndef SALLYPORT_BASE_HASH_H
#define SALLYPORT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* SipHash-2-4 of n bytes under a secret key: a peer cannot choose colliding keys without knowing it. */
uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n);
/* The same for two numbers, the shape of every contract table's key. */
uint64_t hash_pair(const struct hash_key *key, uint64_t a, uint64_t b);
/* A key from the kernel's random source; aborts if there is none. */
struct hash_key hash_key_random(void);

#endif
