/* Walks everything an opened blob offers, for the tests and fuzzers: whatever the proof accepted must be safe to use. */
#ifndef SALLYPORT_POLICY_BLOB_CHECK_H
#define SALLYPORT_POLICY_BLOB_CHECK_H

#include "policy/policy.h"

/*
 * Opens n bytes (copied to an exact allocation), reads every listener, service and host, begins flows of every
 * protocol and judges units. Aborts when forgetting a fact turns a block into a pass. False: the proof refused.
 */
bool blob_check(const void *bytes, size_t n, const struct recogniser *const *registry, uint64_t seed);
/* Writes the hash anew, as a lying compiler would. */
void blob_rehash(void *bytes, size_t n);

#endif
