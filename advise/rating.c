/* Finds the rating that holds for a product: tables of ratings name products in other words than the lists of affected software. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

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

		if (strcmp(r->cve, cve) != 0 || (!cve[0] && r->flaw[0]) || (r->kb[0] && product->kb[0] && strcmp(r->kb, product->kb) != 0))
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

static bool same_title(const char *a, const char *b)
{
	char fold_a[FOLD_MAX], fold_b[FOLD_MAX];

	text_fold(a, strlen(a), fold_a);
	text_fold(b, strlen(b), fold_b);
	return fold_a[0] && strcmp(fold_a, fold_b) == 0;
}

/* All ratings of the flaw of this title are of this id. */
static void name_flaw(struct bulletin *b, const char *title, const char *id, enum sure sure)
{
	for (uint32_t i = 0; i < b->rating_n; i++)
		if (b->ratings[i].flaw[0] && strcmp(b->ratings[i].flaw, title) == 0) {
			b->ratings[i].cve = id;
			b->ratings[i].from.sure = b->ratings[i].from.sure < sure ? b->ratings[i].from.sure : sure;
		}
}

static bool is_rated(const struct bulletin *b, const char *id)
{
	for (uint32_t i = 0; i < b->rating_n; i++)
		if (strcmp(b->ratings[i].cve, id) == 0)
			return true;
	return false;
}

/* A flaw's title that has no id yet, from number *at on; NULL at the end. */
static const char *next_nameless(const struct bulletin *b, uint32_t *at)
{
	const char *last = *at ? b->ratings[*at - 1].flaw : "";

	for (; *at < b->rating_n; ++*at)
		if (b->ratings[*at].flaw[0] && !b->ratings[*at].cve[0] && strcmp(b->ratings[*at].flaw, last) != 0)
			return b->ratings[(*at)++].flaw;
	return NULL;
}

/* What stood over a table and is no flaw of the list may be the name of a product. */
static void drop_products(struct bulletin *b)
{
	for (uint32_t i = 0; i < b->rating_n; i++)
		if (!b->ratings[i].cve[0] && looks_like_product(b->ratings[i].flaw))
			b->ratings[i].flaw = "";
}

/*
 * Until 2003 tables of ratings name flaws by titles, and a list says which id belongs to which title. Titles that differ a little in the two
 * are given their ids by their order, when as many of both are left.
 */
void read_rating_end(struct place *p)
{
	struct bulletin *b = p->b;
	const char      *titles[HEADS_MAX];
	uint32_t         left = 0, ids = 0;

	for (uint32_t i = 0; i < b->cve_n; i++)
		for (uint32_t k = 0; k < b->rating_n; k++)
			if (b->cves[i].title[0] && !b->ratings[k].cve[0] && same_title(b->cves[i].title, b->ratings[k].flaw))
				name_flaw(b, b->ratings[k].flaw, b->cves[i].id, SURE_MEDIUM);
	for (uint32_t at = 0; left < HEADS_MAX && (titles[left] = next_nameless(b, &at));)
		left++;
	for (uint32_t i = 0; i < b->cve_n; i++)
		ids += b->cves[i].from.sure == SURE_HIGH && !is_rated(b, b->cves[i].id);
	if (left != ids || left == HEADS_MAX) {
		drop_products(b);
		return;
	}
	for (uint32_t i = 0, k = 0; i < b->cve_n && k < left; i++)
		if (b->cves[i].from.sure == SURE_HIGH && !is_rated(b, b->cves[i].id))
			name_flaw(b, titles[k++], b->cves[i].id, SURE_LOW);
}
