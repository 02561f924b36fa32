/* What replaces what: a graph by product, with the edges that close a cycle told and dropped. */
#include <stdlib.h>
#include <string.h>

#include "assess/catalog_int.h"
#include "base/str.h"

static uint32_t number_of(const char *article)
{
	return article ? (uint32_t)strtoul(article + strcspn(article, "0123456789"), NULL, 10) : 0;
}

static bool add_edge(struct catalog *c, uint32_t newer, uint32_t older, const struct reading *r, uint32_t i)
{
	if (newer == older)
		return true; /* rereleased under the same id */
	if (!catalog_grow((void **)&c->edges, c->edge_n, &c->edge_room, sizeof(*c->edges)))
		return false;
	c->edges[c->edge_n++] = (struct edge){.newer = newer, .older = older, .name = r->replacements[i], .line = r->bulletin->replacements[i].from.line,
		.kb = number_of(r->bulletin->replacements[i].kb), .by = number_of(r->bulletin->replacements[i].by), .holds = r->bulletin->replacements[i].holds};
	return true;
}

static bool reading_edges(struct catalog *c, uint32_t newer, const struct reading *r)
{
	for (uint32_t i = 0; i < r->bulletin->replacement_n; i++) {
		const struct replacement   *old = &r->bulletin->replacements[i];
		const struct catalog_entry *entry = old->bulletin && old->bulletin[0] ? catalog_find(c, old->bulletin) : NULL;
		uint32_t                    older = entry ? entry->number : UINT32_MAX;

		if (older == UINT32_MAX && old->kb && old->kb[0])
			older = catalog_article(c, number_of(old->kb));
		if (older != UINT32_MAX && !add_edge(c, newer, older, r, i))
			return false;
	}
	return true;
}

static int edges_order(const void *a, const void *b)
{
	const struct edge *left = a, *right = b;

	if (left->older != right->older)
		return left->older < right->older ? -1 : 1;
	return (left->newer > right->newer) - (left->newer < right->newer);
}

/* A walk from older to newer over the edges that hold on one family. */
struct walk {
	struct catalog *catalog;
	unsigned        family; /* bit */
	uint8_t        *state; /* of each entry: 0 new, 1 on the way, 2 done */
	uint32_t       *stack, *edge; /* entries on the way, and the next edge of each; the edge taken stands one before */
	uint32_t        depth;
};

static bool follows(const struct walk *w, const struct edge *edge)
{
	return edge->holds && !edge->dropped && (w->catalog->names[edge->name].families & w->family);
}

/* The edge of the way from stack[i]. */
static struct edge *way(const struct walk *w, uint32_t i)
{
	return &w->catalog->edges[w->edge[i] - 1];
}

/* The cycle from stack[from] to the top: told once, and broken where an older bulletin claims to replace a newer one. */
static void break_cycle(const struct walk *w, uint32_t from, void (*say)(void *data, const char *sentence), void *data)
{
	char         text[512];
	struct str   s = str_over(text, sizeof(text));
	struct edge *drop = way(w, w->depth - 1);

	for (uint32_t i = from; i < w->depth; i++) {
		struct edge *edge = way(w, i);

		str_fmt(&s, "%s is replaced by ", w->catalog->entries[w->stack[i]].entry.id);
		if (edge->newer < edge->older)
			drop = edge;
	}
	str_fmt(&s, "%s again, for %s: ", w->catalog->entries[w->stack[from]].entry.id, w->catalog->names[drop->name].text[0] ? w->catalog->names[drop->name].text : "all products");
	str_fmt(&s, "that %s replaces %s (line %u) is left out.", w->catalog->entries[drop->newer].entry.id, w->catalog->entries[drop->older].entry.id, drop->line);
	/* The same claim may stand in several rows and languages. */
	for (uint32_t i = 0; i < w->catalog->edge_n; i++)
		if (w->catalog->edges[i].newer == drop->newer && w->catalog->edges[i].older == drop->older)
			w->catalog->edges[i].dropped = true;
	if (say)
		say(data, text);
}

static bool walk_step(struct walk *w, uint32_t *out_cycle)
{
	uint32_t            top = w->stack[w->depth - 1];
	const struct entry *entry = &w->catalog->entries[top];

	while (w->edge[w->depth - 1] < entry->edge_first + entry->edge_n) {
		const struct edge *edge = &w->catalog->edges[w->edge[w->depth - 1]++];

		if (!follows(w, edge) || w->state[edge->newer] == 2)
			continue;
		if (w->state[edge->newer] == 1) {
			for (*out_cycle = 0; w->stack[*out_cycle] != edge->newer;)
				++*out_cycle;
			return true;
		}
		w->state[edge->newer] = 1;
		w->stack[w->depth] = edge->newer;
		w->edge[w->depth++] = w->catalog->entries[edge->newer].edge_first;
		return false;
	}
	w->state[top] = 2;
	w->depth--;
	return false;
}

/* One cycle of the family, broken; false when there is none. */
static bool find_cycle(struct walk *w, void (*say)(void *data, const char *sentence), void *data)
{
	uint32_t cycle = 0;

	memset(w->state, 0, w->catalog->entry_n);
	for (uint32_t i = 0; i < w->catalog->entry_n; i++) {
		if (w->state[i])
			continue;
		w->state[i] = 1;
		w->stack[0] = i;
		w->edge[0] = w->catalog->entries[i].edge_first;
		w->depth = 1;
		while (w->depth)
			if (walk_step(w, &cycle)) {
				break_cycle(w, cycle, say, data);
				return true;
			}
	}
	return false;
}

static bool cycles_break(struct catalog *c, void (*say)(void *data, const char *sentence), void *data)
{
	struct walk w = {.catalog = c};
	bool        good;

	w.state = calloc(c->entry_n + 1, sizeof(*w.state));
	w.stack = calloc(c->entry_n + 1, sizeof(*w.stack));
	w.edge = calloc(c->entry_n + 1, sizeof(*w.edge));
	good = w.state && w.stack && w.edge;
	for (unsigned family = FAMILY_95; good && family < FAMILIES; family++) {
		w.family = 1u << family;
		while (find_cycle(&w, say, data))
			;
	}
	free(w.state);
	free(w.stack);
	free(w.edge);
	return good;
}

bool replaced_index(struct catalog *c, void (*say)(void *data, const char *sentence), void *data)
{
	for (uint32_t i = 0; i < c->entry_n; i++)
		for (uint32_t k = 0; k < c->entries[i].reading_n; k++)
			if (!reading_edges(c, i, &c->entries[i].readings[k]))
				return false;
	if (c->edge_n)
		qsort(c->edges, c->edge_n, sizeof(*c->edges), edges_order);
	for (uint32_t i = 0; i < c->edge_n; i++) {
		struct entry *older = &c->entries[c->edges[i].older];

		if (!older->edge_n)
			older->edge_first = i;
		older->edge_n++;
	}
	return cycles_break(c, say, data);
}

/* The pair is said not to hold there by a row of its own. */
static bool denied(const struct catalog *c, const struct entry *entry, uint32_t newer, const struct target *target)
{
	for (uint32_t i = entry->edge_first; i < entry->edge_first + entry->edge_n; i++)
		if (c->edges[i].newer == newer && !c->edges[i].holds && name_covers(&c->names[c->edges[i].name], target))
			return true;
	return false;
}

/* One more, unless it is known; every entry before has been taken from out in turn. */
static size_t replacing_add(struct replacing out[REPLACING_MAX], size_t n, const struct entry *entry, uint32_t by)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].entry == entry && (out[i].by == by || !by))
			return n;
	if (n < REPLACING_MAX)
		out[n++] = (struct replacing){entry, by};
	return n;
}

static bool walked(const struct replacing *out, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (out[i].entry == out[at].entry)
			return true;
	return false;
}

size_t replaced_by(const struct catalog *c, const struct entry *entry, uint32_t kb, const struct target *target, struct replacing out[REPLACING_MAX])
{
	size_t n = 0;

	for (size_t next = 0; entry; next++) {
		for (uint32_t i = entry->edge_first; i < entry->edge_first + entry->edge_n; i++) {
			const struct edge *edge = &c->edges[i];

			if (!edge->holds || edge->dropped || (kb && edge->kb && edge->kb != kb) || !name_covers(&c->names[edge->name], target) ||
			    denied(c, entry, edge->newer, target))
				continue;
			n = replacing_add(out, n, &c->entries[edge->newer], edge->by);
		}
		while (next < n && walked(out, next))
			next++;
		entry = next < n ? out[next].entry : NULL;
		kb = 0;
	}
	return n;
}
