/* Inside the catalogue of bulletins: names taken apart once, facts beside them, and what replaces what. */
#ifndef SALLYPORT_ASSESS_CATALOG_INT_H
#define SALLYPORT_ASSESS_CATALOG_INT_H

#include "assess/flaws.h"
#include "assess/verdict.h"
#include "base/hash.h"

enum { READINGS = 4, REPLACING_MAX = 512 };

/* A product's name as some fact writes it; each spelling is there once. */
struct name {
	const char    *text; /* of a bulletin */
	struct target *targets;
	uint32_t       target_n;
	unsigned       families; /* 1 << FAMILY_; all when it names no system */
};

struct table_version {
	bool     versioned;
	uint16_t version[4];
};

/* A sentence of a statement of TOPIC_FUTURE ("will be in Windows XP Service Pack 2"), read as a name. */
struct future {
	uint32_t name, line;
};

/* One bulletin in one language. The arrays run beside those of the bulletin and hold numbers of names. */
struct reading {
	struct bulletin      *bulletin;
	uint32_t             *products, *ratings, *replacements, *files, *keys;
	struct future        *futures;
	uint32_t              future_n;
	char                 *future_text; /* of their sentences */
	const struct flaw_rule **reviewed; /* of cves: the reviewed row, or NULL */
	uint64_t             *rating_flaws; /* of ratings: catalog_hash of the flaw */
	struct target        *rows; /* of products, target after target; bare systems beside ones with service packs settled */
	uint32_t             *row_first; /* product_n + 1 */
	struct table_version *versions; /* of files */
};

struct entry {
	struct catalog_entry entry; /* first: the public part */
	struct reading       readings[READINGS];
	uint32_t             reading_n;
	unsigned             families; /* that its lists name, affected or not */
	bool                 unread; /* nothing that its lists call affected is a name known here */
	uint32_t             edge_first, edge_n; /* of those that replace it, among catalog->edges */
};

/* newer's update replaces older's on what the name says. */
struct edge {
	uint32_t newer, older, name, line;
	uint32_t kb, by; /* the articles of the older and the newer update, where the newer bulletin has several; 0: not said */
	bool     holds, dropped; /* dropped: it closed a cycle */
};

struct article {
	uint32_t kb, entry;
};

struct catalog {
	struct hash_key key;
	struct entry   *entries;
	struct name    *names;
	uint32_t       *name_slots; /* hash table of numbers plus one */
	struct edge    *edges;
	struct article *articles; /* by kb */
	const char    **wanted; /* hash set of file names; texts of bulletins and of the flaws */
	uint32_t        entry_n, entry_room, name_n, name_room, name_slot_n, edge_n, edge_room, article_n, article_room, wanted_slot_n;
	bool            ready;
};

static inline const struct entry *entry_of(const struct catalog_entry *entry)
{
	return (const struct entry *)(const void *)entry;
}

/* The number of the name, which must outlive the catalogue; UINT32_MAX when memory is out. */
uint32_t catalog_name(struct catalog *catalog, const char *text);
bool     catalog_index(struct catalog *catalog);
/* A number that stands for the text: keyed, so that nobody can choose two texts with one number. */
uint64_t catalog_hash(const struct catalog *catalog, const char *text);
/* The bulletin of an article; UINT32_MAX: none. */
uint32_t catalog_article(const struct catalog *catalog, uint32_t kb);
/* One more element at the end of a growing array; false when memory is out. */
bool catalog_grow(void **array, uint32_t count, uint32_t *room, size_t size);

/* Edges of all readings, cycles broken. */
bool replaced_index(struct catalog *catalog, void (*say)(void *data, const char *sentence), void *data);
struct replacing {
	const struct entry *entry;
	uint32_t            by; /* the article of its update that does; 0: not said */
};

/* What replaces it on that target, nearest first; how many. `kb` not 0: its update of that article, not another one of its. */
size_t replaced_by(const struct catalog *catalog, const struct entry *entry, uint32_t kb, const struct target *target, struct replacing out[REPLACING_MAX]);

/* Some target of the name covers `target` for sure; a name that says no product covers all. */
bool name_covers(const struct name *name, const struct target *target);

#endif
