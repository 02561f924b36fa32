/* Fuzzes the reader of PE files: it asks only for octets that the file has, few of them, and says the same of them again. */
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"

enum { FETCHES_MAX = 3 * 4096 + 128 /* entries of three directories, sections, headers */, FETCH_MAX = 256 };

struct bytes {
	const uint8_t *at;
	size_t         n;
	size_t         fetches, breaks_at; /* breaks_at: that fetch fails, as a disk may; SIZE_MAX: none */
};

static void must(bool truth)
{
	if (!truth)
		abort();
}

static bool fetch(void *data, uint64_t offset, void *out, size_t n)
{
	struct bytes *bytes = data;

	must(n <= FETCH_MAX && offset <= bytes->n && n <= bytes->n - offset);
	must(bytes->fetches <= FETCHES_MAX);
	if (bytes->fetches++ == bytes->breaks_at)
		return false;
	memcpy(out, bytes->at + offset, n);
	return true;
}

static void check(bool read, const struct pe_version *v, const char *why)
{
	must(read == (why == NULL));
	if (read && v->versioned)
		return;
	for (size_t i = 0; i < 4; i++)
		must(!v->version[i]);
}

static bool same(const struct pe_version *a, const struct pe_version *b)
{
	return a->versioned == b->versioned && a->language == b->language && a->machine == b->machine && memcmp(a->version, b->version, sizeof(a->version)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes      a = {data, size, 0, SIZE_MAX}, b = a;
	struct pe_version one, two;
	const char       *why, *again;
	bool              read = pe_read(fetch, &a, size, &one, &why);

	check(read, &one, why);
	must(pe_read(fetch, &b, size, &two, &again) == read && why == again && same(&one, &two));
	b.fetches = 0;
	b.breaks_at = a.fetches - 1; /* the last it needs */
	if (a.fetches) {
		must(!pe_read(fetch, &b, size, &two, &again));
		check(false, &two, again);
	}
	return 0;
}
