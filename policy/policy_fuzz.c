/* Fuzzes the policy compiler: any text ends, twice alike; what compiles opens; canonical text is stable and means the same. */
#include <stdlib.h>
#include <string.h>

#include "policy/blob_check.h"
#include "policy/build.h"
#include "policy/policy_toy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FILES = 8 };

/* Files "m", "a", "b", ... divided by zeros. */
struct input {
	const uint8_t *text[FILES];
	size_t         n[FILES], count;
};

static const char *const names[FILES] = {"m", "a", "b", "c", "d", "e", "f", "g"};

static long read_one(void *user, const char *path, char *out, size_t room)
{
	const struct input *in = user;

	for (size_t i = 0; i < in->count; i++)
		if (strcmp(path, names[i]) == 0) {
			size_t n = in->n[i] < room ? in->n[i] : room;

			memcpy(out, in->text[i], n);
			return (long)n;
		}
	return -1;
}

static bool list_all(void *user, const char *folder, void (*each)(void *arg, const char *name), void *arg)
{
	const struct input *in = user;

	for (size_t i = 0; i < in->count && !*folder; i++)
		each(arg, names[i]);
	return !*folder;
}

static struct policy_build *build(struct input *in)
{
	struct policy_files files = {.user = in, .read = read_one, .list = list_all};
	struct policy_world world = {.registry = toy_registry, .today = 20261120, .memory_cap = 4u << 20};

	return policy_build(&files, "m", &world);
}

static void same(const struct policy_build *a, const struct policy_build *b)
{
	size_t         n, m;
	const uint8_t *x = policy_build_blob(a, &n), *y = policy_build_blob(b, &m);

	if (!x != !y || (x && (n != m || memcmp(x, y, n) != 0)))
		abort();
}

static void print(const struct policy_build *b)
{
	static char text[8192];
	size_t      errors, unshown, count = policy_diags(b, &errors, &unshown);

	for (size_t i = 0; i < count; i++) {
		struct str s = str_over(text, sizeof(text));

		policy_diag_print(b, i, &s);
	}
}

/* Of the first file alone. */
static void canonical(const struct input *in)
{
	char         *once = NULL, *twice = NULL;
	struct input  one = {.text = {in->text[0]}, .n = {in->n[0]}, .count = 1}, two = one;
	struct policy_build *a, *b;

	if (!policy_format((const char *)in->text[0], in->n[0], &once))
		return;
	if (!policy_format(once, strlen(once), &twice) || strcmp(once, twice) != 0)
		abort();
	two.text[0] = (const uint8_t *)once;
	two.n[0] = strlen(once);
	a = build(&one);
	b = build(&two);
	if (a && b)
		same(a, b);
	policy_build_free(&a);
	policy_build_free(&b);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input         in = {.count = 0};
	struct policy_build *a, *b;
	const uint8_t       *blob;
	size_t               len;

	if (!n)
		return 0;
	for (size_t at = 0; in.count < FILES && at <= n; in.count++) {
		const uint8_t *zero = at < n ? memchr(data + at, 0, n - at) : NULL;

		in.text[in.count] = data + at;
		in.n[in.count] = zero ? (size_t)(zero - (data + at)) : n - at;
		at += in.n[in.count] + 1;
	}
	a = build(&in);
	b = build(&in);
	if (a && b) {
		same(a, b);
		print(a);
		blob = policy_build_blob(a, &len);
		if (blob && !blob_check(blob, len, toy_registry, n))
			abort();
	}
	policy_build_free(&a);
	policy_build_free(&b);
	canonical(&in);
	return 0;
}
