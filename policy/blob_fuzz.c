/* Fuzzes the proof of blobs: a policy is compiled, bytes of its blob are changed and hashed anew; what the proof accepts must be safe to use. */
#include <stdlib.h>
#include <string.h>

#include "policy/blob_check.h"
#include "policy/build.h"
#include "policy/policy_toy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
	const uint8_t *text;
	size_t         n;
};

static long read_one(void *user, const char *path, char *out, size_t room)
{
	const struct input *in = user;

	if (strcmp(path, "m") != 0 || in->n > room)
		return -1;
	memcpy(out, in->text, in->n);
	return (long)in->n;
}

static bool list_none(void *user, const char *folder, void (*each)(void *arg, const char *name), void *arg)
{
	(void)user, (void)folder, (void)each, (void)arg;
	return false;
}

/* The text, a zero, then changes: offset (2 bytes), value (1). An offset is taken modulo the blob's size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t       *zero = n ? memchr(data, 0, n) : NULL;
	struct input         in = {data, zero ? (size_t)(zero - data) : n};
	struct policy_files  files = {.user = &in, .read = read_one, .list = list_none};
	struct policy_world  world = {.registry = toy_registry, .today = 20261120, .memory_cap = 4u << 20};
	struct policy_build *b = policy_build(&files, "m", &world);
	size_t               len;
	const uint8_t       *blob = b ? policy_build_blob(b, &len) : NULL;
	uint8_t             *copy = blob ? malloc(len) : NULL;

	if (copy) {
		memcpy(copy, blob, len);
		if (!blob_check(copy, len, toy_registry, n))
			abort();
		for (size_t i = in.n + 1; i + 3 <= n; i += 3)
			copy[(data[i] | data[i + 1] << 8) % len] = data[i + 2];
		blob_rehash(copy, len);
		blob_check(copy, len, toy_registry, n);
	}
	free(copy);
	policy_build_free(&b);
	return 0;
}
