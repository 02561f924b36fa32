/* Finds the rating that holds for a product: tables of ratings name products in other words than the lists of affected software. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "advise/bulletin.h"

/* The next word of letters, digits and points at *at; what is no ASCII parts words. */
static size_t word_at(const char **at)
{
	size_t n = 0;

	while (**at && !isalnum((unsigned char)**at))
		++*at;
	while (isalnum((unsigned char)(*at)[n]) || ((*at)[n] == '.' && isalnum((unsigned char)(*at)[n + 1])))
		n++;
	return n;
}

static bool has_word(const char *text, const char *word, size_t n)
{
	for (size_t m; (m = word_at(&text)); text += m)
		if (m == n && strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

/* How many words of the rated name stand in the product's; 0 when one does not. */
static unsigned words_in_common(const char *rated, const char *product)
{
	unsigned words = 0;

	for (size_t n; (n = word_at(&rated)); rated += n) {
		if (n == 9 && strncasecmp(rated, "Microsoft", n) == 0)
			continue;
		if (!has_word(product, rated, n))
			return 0;
		words++;
	}
	return words;
}

const struct rating *bulletin_rating(const struct bulletin *b, const struct product *product, const char *cve)
{
	const struct rating *best = NULL;
	unsigned             most = 1; /* "Windows" alone says nothing */

	for (uint32_t i = 0; i < b->rating_n; i++) {
		const struct rating *r = &b->ratings[i];
		unsigned             words;

		if (strcmp(r->cve, cve) != 0)
			continue;
		if (strcmp(r->product, product->name) == 0)
			return r;
		words = words_in_common(r->product, product->name);
		if (words > most) {
			most = words;
			best = r;
		}
	}
	return best;
}
