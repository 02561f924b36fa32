/* Picks the fewest updates that cover all needs: what is dominated goes, what is forced stays, the rest is searched within bounds. */
#include <stdlib.h>
#include <string.h>

#include "assess/plan.h"

/* Steps of the search, and how deep it goes; beyond either the greedy choice stands. */
enum { NODES_MAX = 1 << 16, DEPTH_MAX = 48 };

struct pick {
	size_t          needs, options, words;
	const uint64_t *covers;
	const uint32_t *rank;
	bool           *gone; /* options that another one replaces */
	bool           *chosen;
	uint64_t       *open; /* DEPTH_MAX + 2 rows: needs that are open at each depth */
	size_t          trail[DEPTH_MAX], best[DEPTH_MAX];
	size_t          best_n; /* of the search; DEPTH_MAX + 1: nothing yet */
	uint32_t        nodes;
};

static const uint64_t *row(const struct pick *p, size_t option)
{
	return p->covers + option * p->words;
}

static bool holds(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static size_t common(const struct pick *p, size_t option, const uint64_t *open)
{
	size_t n = 0;

	for (size_t w = 0; w < p->words; w++)
		n += (size_t)__builtin_popcountll(row(p, option)[w] & open[w]);
	return n;
}

/* Of the open needs all that `a` covers `b` covers too. */
static bool within(const struct pick *p, size_t a, size_t b, const uint64_t *open)
{
	for (size_t w = 0; w < p->words; w++)
		if (row(p, a)[w] & open[w] & ~row(p, b)[w])
			return false;
	return true;
}

/* An option is needless beside one that covers as much: of two that cover the same the higher rank stays, then the first. */
static void drop_dominated(struct pick *p)
{
	for (size_t a = 0; a < p->options; a++) {
		if (!common(p, a, p->open))
			p->gone[a] = true;
		for (size_t b = 0; b < p->options && !p->gone[a]; b++) {
			if (a == b || p->gone[b] || !within(p, a, b, p->open))
				continue;
			if (!within(p, b, a, p->open) || p->rank[b] > p->rank[a] || (p->rank[b] == p->rank[a] && b < a))
				p->gone[a] = true;
		}
	}
}

/* The only option of a need, or SIZE_MAX. */
static size_t only_option(const struct pick *p, size_t need)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < p->options; i++)
		if (!p->gone[i] && holds(row(p, i), need)) {
			if (found != SIZE_MAX)
				return SIZE_MAX;
			found = i;
		}
	return found;
}

static void choose(struct pick *p, size_t option)
{
	p->chosen[option] = p->gone[option] = true;
	for (size_t w = 0; w < p->words; w++)
		p->open[w] &= ~row(p, option)[w];
}

static bool choose_forced(struct pick *p)
{
	bool any = false;

	for (size_t need = 0; need < p->needs; need++) {
		size_t option = holds(p->open, need) ? only_option(p, need) : SIZE_MAX;

		if (option != SIZE_MAX) {
			choose(p, option);
			any = true;
		}
	}
	return any;
}

static bool empty(const struct pick *p, const uint64_t *open)
{
	for (size_t w = 0; w < p->words; w++)
		if (open[w])
			return false;
	return true;
}

/* The most that one option covers of what is open: a bound from below for how many are needed. */
static size_t least_more(const struct pick *p, const uint64_t *open)
{
	size_t most = 1, all = 0;

	for (size_t w = 0; w < p->words; w++)
		all += (size_t)__builtin_popcountll(open[w]);
	for (size_t i = 0; i < p->options; i++) {
		size_t n = p->gone[i] ? 0 : common(p, i, open);

		most = n > most ? n : most;
	}
	return (all + most - 1) / most;
}

static size_t first_open(const struct pick *p, const uint64_t *open)
{
	size_t need = 0;

	while (need < p->needs && !holds(open, need))
		need++;
	return need;
}

/* Tries every option of the first open need; as deep as a better answer may be. */
static void search(struct pick *p, size_t depth)
{
	const uint64_t *open = p->open + depth * p->words;
	uint64_t       *next = p->open + (depth + 1) * p->words;
	size_t          need;

	if (p->nodes++ >= NODES_MAX)
		return;
	if (empty(p, open)) {
		memcpy(p->best, p->trail, sizeof(p->best));
		p->best_n = depth;
		return;
	}
	if (depth >= DEPTH_MAX || depth + least_more(p, open) >= p->best_n)
		return;
	need = first_open(p, open);
	for (size_t i = 0; i < p->options; i++) {
		if (p->gone[i] || !holds(row(p, i), need))
			continue;
		for (size_t w = 0; w < p->words; w++)
			next[w] = open[w] & ~row(p, i)[w];
		p->trail[depth] = i;
		search(p, depth + 1);
	}
}

static void choose_greedily(struct pick *p)
{
	while (!empty(p, p->open)) {
		size_t best = 0, most = 0;

		for (size_t i = 0; i < p->options; i++) {
			size_t n = p->gone[i] ? 0 : common(p, i, p->open);

			if (n > most) {
				most = n;
				best = i;
			}
		}
		if (!most)
			return; /* a need without an option: the caller promised that there is none */
		choose(p, best);
	}
}

bool plan_pick(size_t needs, size_t options, const uint64_t *covers, const uint32_t *rank, bool *out_chosen, bool *out_exact)
{
	struct pick p = {.needs = needs, .options = options, .words = (needs + 63) / 64, .covers = covers, .rank = rank, .chosen = out_chosen, .best_n = DEPTH_MAX + 1};

	*out_exact = true;
	memset(out_chosen, 0, options * sizeof(*out_chosen));
	if (!needs)
		return true;
	p.gone = calloc(options + 1, sizeof(*p.gone));
	p.open = calloc((DEPTH_MAX + 2) * p.words, sizeof(*p.open));
	if (!p.gone || !p.open) {
		free(p.gone);
		free(p.open);
		return false;
	}
	for (size_t i = 0; i < needs; i++)
		p.open[i / 64] |= UINT64_C(1) << (i % 64);
	do
		drop_dominated(&p);
	while (choose_forced(&p));
	search(&p, 0);
	if (p.nodes <= NODES_MAX && p.best_n <= DEPTH_MAX) {
		for (size_t i = 0; i < p.best_n; i++)
			choose(&p, p.best[i]);
	} else {
		*out_exact = false;
		choose_greedily(&p);
	}
	free(p.gone);
	free(p.open);
	return true;
}
