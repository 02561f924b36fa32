/* Finds the word that was probably meant: the fewest letters added, removed, changed or swapped. */
#include <string.h>

#include "policy/ast_int.h"

enum { LETTERS = 64 };

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, neighbours swapped once; `most` or more when it is not below that. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m, unsigned most)
{
	unsigned  rows[3][LETTERS + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= m; j++)
		before[j] = last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *spare = before, least = (unsigned)i;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = least_of(last[j - 1] + (a[i - 1] != b[j - 1]), least_of(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least_of(now[j], before[j - 2] + 1);
			least = least_of(least, now[j]);
		}
		/* One row may be skipped by a swap, which costs one as well. */
		if (least > most)
			return most;
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

struct nearest nearest_to(const struct policy_build *b, const char *word)
{
	/* Nearer than a third of its letters, or it was not meant. What nobody will read is not searched. */
	return (struct nearest){.word = word, .distance = b->diags.count == POLICY_DIAGS_MAX ? 0 : (unsigned)strlen(word) / 3 + 2};
}

void nearest_try(struct nearest *near, const char *candidate)
{
	size_t   n = strlen(near->word), m = strlen(candidate);
	unsigned d;

	if (n > LETTERS || m > LETTERS || (n > m ? n - m : m - n) >= near->distance)
		return;
	d = distance(near->word, n, candidate, m, near->distance);
	if (d < near->distance) {
		near->distance = d;
		near->best = candidate;
	}
}
