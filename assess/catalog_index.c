/* Indexes the catalogue: names of products taken apart once, versions read, articles and files found by name. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/catalog_int.h"
#include "assess/product_int.h"

/* FNV-1a: names come from bulletins the operator chose; a table of them needs no secret key. */
static uint32_t text_hash(const char *text, bool lower)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;

		if (lower && c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		hash = (hash ^ c) * 16777619u;
	}
	return hash;
}

uint64_t catalog_hash(const struct catalog *catalog, const char *text)
{
	return hash_bytes(&catalog->key, text, strlen(text));
}

static void name_slot(struct catalog *c, uint32_t number)
{
	uint32_t at = text_hash(c->names[number].text, false) & (c->name_slot_n - 1);

	while (c->name_slots[at])
		at = (at + 1) & (c->name_slot_n - 1);
	c->name_slots[at] = number + 1;
}

/* Twice as many slots once half are taken. */
static bool name_slots_grow(struct catalog *c)
{
	if (c->name_n * 2 < c->name_slot_n)
		return true;
	free(c->name_slots);
	c->name_slot_n = c->name_slot_n ? c->name_slot_n * 2 : 1024;
	c->name_slots = calloc(c->name_slot_n, sizeof(*c->name_slots));
	if (!c->name_slots) {
		c->name_slot_n = 0;
		return false;
	}
	for (uint32_t i = 0; i < c->name_n; i++)
		name_slot(c, i);
	return true;
}

static bool name_read(struct name *name)
{
	struct target targets[TARGETS_MAX];
	size_t        n = targets_parse(name->text, targets);

	name->families = 0;
	for (size_t i = 0; i < n; i++)
		name->families |= targets[i].family ? 1u << targets[i].family : ~0u;
	if (!name->text[0])
		name->families = ~0u;
	if (!n)
		return true;
	name->targets = malloc(n * sizeof(*targets));
	if (!name->targets)
		return false;
	memcpy(name->targets, targets, n * sizeof(*targets));
	name->target_n = (uint32_t)n;
	return true;
}

uint32_t catalog_name(struct catalog *c, const char *text)
{
	uint32_t at;

	if (!text)
		text = "";
	if (!name_slots_grow(c))
		return UINT32_MAX;
	for (at = text_hash(text, false) & (c->name_slot_n - 1); c->name_slots[at]; at = (at + 1) & (c->name_slot_n - 1))
		if (strcmp(c->names[c->name_slots[at] - 1].text, text) == 0)
			return c->name_slots[at] - 1;
	if (!catalog_grow((void **)&c->names, c->name_n, &c->name_room, sizeof(*c->names)))
		return UINT32_MAX;
	c->names[c->name_n] = (struct name){.text = text};
	if (!name_read(&c->names[c->name_n]))
		return UINT32_MAX;
	c->name_slots[at] = c->name_n + 1;
	return c->name_n++;
}

bool name_covers(const struct name *name, const struct target *target)
{
	struct target system = *target;

	if (!name->text[0])
		return true;
	system.kind = TARGET_SYSTEM;
	for (uint32_t i = 0; i < name->target_n; i++) {
		const struct target *mine = &name->targets[i];
		bool                 unsure = false;

		/* A fact told of a system holds for what runs on it; a fact told of a program holds for hosts of it alone. */
		if (target_covers(mine, mine->kind == TARGET_SYSTEM ? &system : target, &unsure) && (!unsure || !target->packs || !target->arch || !target->editions))
			return true;
	}
	return false;
}

/* Numbers of the names of a list of facts. */
#define NAMES(c, list, count, field, out)                                                      \
	do {                                                                                       \
		(out) = calloc((count) + 1, sizeof(*(out)));                                           \
		if (!(out))                                                                            \
			return false;                                                                      \
		for (uint32_t i_ = 0; i_ < (count); i_++)                                              \
			if (((out)[i_] = catalog_name((c), (list)[i_].field)) == UINT32_MAX)               \
				return false;                                                                  \
	} while (0)

/*
 * The service packs that a system named alone means where the list says later ones not to be affected ("Windows Vista x64 Edition" beside
 * "Windows Vista Service Pack 1 (all editions)", MS08-007): those before them. 0: nothing of the list says so.
 */
static uint32_t packs_before(const struct reading *r, const struct target *t)
{
	const struct bulletin *b = r->bulletin;
	uint32_t               later = 0;

	for (uint32_t p = 0; p < b->product_n; p++)
		for (uint32_t k = r->row_first[p]; !b->products[p].affected && k < r->row_first[p + 1]; k++) {
			struct target other = r->rows[k];
			bool          unsure = false;

			other.packs = 0;
			if (other.kind != TARGET_SYSTEM || !other.family || !target_system_covers(&other, t, &unsure) || unsure)
				continue;
			if (!(r->rows[k].packs & ~1u) || (r->rows[k].packs & 1))
				return 0; /* the list is of another kind of that system */
			later |= r->rows[k].packs;
		}
	return later ? (later & -later) - 1 : 0;
}

/* A system named alone is the one without service pack when another row of the list names it with one. */
static void rows_settle(const struct reading *r)
{
	uint32_t n = r->row_first[r->bulletin->product_n];

	for (uint32_t i = 0; i < n; i++) {
		struct target *t = &r->rows[i];

		for (uint32_t k = 0; k < n && t->kind == TARGET_SYSTEM && !t->packs && t->family; k++) {
			const struct target *other = &r->rows[k];

			if (other->kind == t->kind && other->family == t->family && other->arch == t->arch && other->editions == t->editions && (other->packs & ~bare_packs(t)))
				t->packs = bare_packs(t);
		}
	}
	for (uint32_t p = 0; p < r->bulletin->product_n; p++)
		for (uint32_t i = r->row_first[p]; r->bulletin->products[p].affected && i < r->row_first[p + 1]; i++)
			if (r->rows[i].kind == TARGET_SYSTEM && r->rows[i].family && !r->rows[i].packs)
				r->rows[i].packs = packs_before(r, &r->rows[i]);
}

/* Under the heading "Windows Server 2008 R2" a row that names Windows Server 2008 means R2: the text forgot it (MS17-016). */
static void rows_head(struct catalog *c, const struct reading *r, uint32_t product)
{
	const struct product *row = &r->bulletin->products[product];
	uint32_t              head = row->group && row->group[0] ? catalog_name(c, row->group) : UINT32_MAX;

	if (head == UINT32_MAX || c->names[head].target_n != 1 || c->names[head].targets[0].kind != TARGET_SYSTEM || c->names[head].targets[0].family != FAMILY_2008R2)
		return;
	for (uint32_t t = r->row_first[product]; t < r->row_first[product + 1]; t++)
		if (r->rows[t].family == FAMILY_2008) {
			r->rows[t].family = FAMILY_2008R2;
			r->rows[t].packs = 0; /* those it names are of the other system */
			c->names[r->products[product]].families |= 1u << FAMILY_2008R2;
		}
}

static bool rows_index(struct catalog *c, struct reading *r)
{
	uint32_t total = 0, products = r->bulletin->product_n;

	r->row_first = calloc(products + 1, sizeof(*r->row_first));
	if (!r->row_first)
		return false;
	for (uint32_t i = 0; i < products; i++) {
		r->row_first[i] = total;
		total += c->names[r->products[i]].target_n;
	}
	r->row_first[products] = total;
	r->rows = calloc(total + 1, sizeof(*r->rows));
	if (!r->rows)
		return false;
	for (uint32_t i = 0; i < products; i++)
		if (c->names[r->products[i]].target_n)
			memcpy(&r->rows[r->row_first[i]], c->names[r->products[i]].targets, c->names[r->products[i]].target_n * sizeof(*r->rows));
	for (uint32_t i = 0; i < products; i++)
		rows_head(c, r, i);
	rows_settle(r);
	return true;
}

/* Octets up to the end of the sentence or line that begins at text, and of what ends it. */
static size_t sentence(const char *text, size_t *end)
{
	static const char *const ends[] = {"\n", "。", ". "};
	size_t                   n = strlen(text);

	*end = 0;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *at = strstr(text, ends[i]);

		if (at && (size_t)(at - text) < n) {
			n = (size_t)(at - text);
			*end = strlen(ends[i]);
		}
	}
	return n;
}

/* Each sentence alone: the next one is of another product ("in SQL Server 7.0 SP4. ... in SQL Server 2000 SP3"). */
static bool futures_index(struct catalog *c, struct reading *r)
{
	const struct bulletin *b = r->bulletin;
	size_t                 room = 0, at = 0, end;

	for (uint32_t i = 0; i < b->statement_n; i++)
		room += b->statements[i].topic == TOPIC_FUTURE ? strlen(b->statements[i].text) + 1 : 0;
	r->futures = calloc(room + 1, sizeof(*r->futures));
	r->future_text = calloc(room + 1, 1);
	if (!r->futures || !r->future_text)
		return false;
	for (uint32_t i = 0; i < b->statement_n; i++)
		for (const char *text = b->statements[i].topic == TOPIC_FUTURE ? b->statements[i].text : ""; *text;) {
			struct future *future = &r->futures[r->future_n];
			size_t         n = sentence(text, &end);

			memcpy(r->future_text + at, text, n);
			*future = (struct future){catalog_name(c, r->future_text + at), b->statements[i].from.line};
			if (future->name == UINT32_MAX)
				return false;
			r->future_n++;
			at += n + 1;
			text += n + end;
		}
	return true;
}

/* What judging would otherwise read anew for every host. */
static bool texts_index(struct catalog *c, struct reading *r)
{
	const struct bulletin *b = r->bulletin;

	r->rating_flaws = calloc(b->rating_n + 1, sizeof(*r->rating_flaws));
	r->reviewed = calloc(b->cve_n + 1, sizeof(*r->reviewed));
	if (!r->rating_flaws || !r->reviewed || !futures_index(c, r))
		return false;
	for (uint32_t i = 0; i < b->cve_n; i++)
		r->reviewed[i] = flaw_rule_find(b->cves[i].id);
	for (uint32_t i = 0; i < b->rating_n; i++)
		r->rating_flaws[i] = catalog_hash(c, b->ratings[i].cve);
	return true;
}

static bool reading_index(struct catalog *c, struct reading *r)
{
	const struct bulletin *b = r->bulletin;

	NAMES(c, b->products, b->product_n, name, r->products);
	NAMES(c, b->ratings, b->rating_n, product, r->ratings);
	NAMES(c, b->replacements, b->replacement_n, product, r->replacements);
	NAMES(c, b->files, b->file_n, product, r->files);
	NAMES(c, b->keys, b->key_n, product, r->keys);
	r->versions = calloc(b->file_n + 1, sizeof(*r->versions));
	if (!r->versions)
		return false;
	for (uint32_t i = 0; i < b->file_n; i++)
		r->versions[i].versioned = b->files[i].version && version_parse(b->files[i].version, r->versions[i].version);
	return texts_index(c, r) && rows_index(c, r);
}

static bool add_article(struct catalog *c, uint32_t kb, uint32_t entry)
{
	if (!kb)
		return true;
	if (!catalog_grow((void **)&c->articles, c->article_n, &c->article_room, sizeof(*c->articles)))
		return false;
	c->articles[c->article_n++] = (struct article){kb, entry};
	return true;
}

/* "835732", "KB835732". */
static uint32_t article_of(const char *text)
{
	if (!text || !text[0])
		return 0;
	return text[0] >= '0' && text[0] <= '9' ? (uint32_t)strtoul(text, NULL, 10) : update_article(text);
}

static bool articles_index(struct catalog *c, const struct entry *entry)
{
	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct bulletin *b = entry->readings[i].bulletin;

		if (!add_article(c, article_of(b->kb), entry->entry.number))
			return false;
		for (uint32_t k = 0; k < b->product_n; k++)
			if (!add_article(c, article_of(b->products[k].kb), entry->entry.number))
				return false;
	}
	return true;
}

static int articles_order(const void *a, const void *b)
{
	const struct article *left = a, *right = b;

	if (left->kb != right->kb)
		return left->kb < right->kb ? -1 : 1;
	return (left->entry > right->entry) - (left->entry < right->entry);
}

uint32_t catalog_article(const struct catalog *c, uint32_t kb)
{
	uint32_t low = 0, high = c->article_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (c->articles[middle].kb < kb)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->article_n && kb && c->articles[low].kb == kb ? c->articles[low].entry : UINT32_MAX;
}

static bool wanted_add(struct catalog *c, const char *name)
{
	uint32_t at = text_hash(name, true) & (c->wanted_slot_n - 1);

	for (; c->wanted[at]; at = (at + 1) & (c->wanted_slot_n - 1))
		if (strcasecmp(c->wanted[at], name) == 0)
			return true;
	c->wanted[at] = name;
	return true;
}

static bool wanted_index(struct catalog *c)
{
	uint32_t total = 256;

	for (uint32_t i = 0; i < c->entry_n; i++)
		for (uint32_t k = 0; k < c->entries[i].reading_n; k++)
			total += c->entries[i].readings[k].bulletin->file_n;
	for (c->wanted_slot_n = 1024; c->wanted_slot_n < total * 2;)
		c->wanted_slot_n *= 2;
	c->wanted = calloc(c->wanted_slot_n, sizeof(*c->wanted));
	if (!c->wanted)
		return false;
	for (uint32_t i = 0; i < c->entry_n; i++)
		for (uint32_t k = 0; k < c->entries[i].reading_n; k++) {
			const struct bulletin *b = c->entries[i].readings[k].bulletin;

			for (uint32_t f = 0; f < b->file_n; f++)
				wanted_add(c, b->files[f].name);
		}
	for (size_t i = 0; flaw_rule_at(i); i++)
		for (size_t f = 0; f < FLAW_FILES_MAX && flaw_rule_at(i)->files[f]; f++)
			wanted_add(c, flaw_rule_at(i)->files[f]);
	return true;
}

bool catalog_wants_file(const struct catalog *c, const char *name)
{
	if (!c->wanted)
		return false;
	for (uint32_t at = text_hash(name, true) & (c->wanted_slot_n - 1); c->wanted[at]; at = (at + 1) & (c->wanted_slot_n - 1))
		if (strcasecmp(c->wanted[at], name) == 0)
			return true;
	return false;
}

uint32_t entry_article(const struct catalog_entry *entry, const struct product *product)
{
	uint32_t kb = product ? article_of(product->kb) : 0;

	for (uint32_t i = 0; !kb && i < READINGS && entry->readings[i]; i++)
		kb = article_of(entry->readings[i]->kb);
	return kb;
}

/*
 * Since October 2016 these systems get each month one update of security alone, and a rollup that holds it, also of what comes with them:
 * either is enough. MS16-101 was reissued with those of the first month.
 */
bool entry_any_article(const struct catalog_entry *entry, const struct target *on, const struct product *product)
{
	uint32_t kb = article_of(product->kb);

	if (on->family != FAMILY_7 && on->family != FAMILY_2008R2 && on->family != FAMILY_2012 && on->family != FAMILY_81 && on->family != FAMILY_2012R2)
		return false;
	if (on->kind == TARGET_SOFTWARE && strcmp(on->software, "ie") != 0 && strcmp(on->software, "dotnet") != 0)
		return false;
	return entry->readings[0]->published >= 20161011 || (kb >= 3185330 && kb <= 3185332) || (kb >= 3192391 && kb <= 3192393);
}

/* The bulletin in whose list the row stands; NULL: in none. */
static const struct bulletin *bulletin_of(const struct catalog_entry *entry, const struct product *product)
{
	for (uint32_t i = 0; i < READINGS && entry->readings[i]; i++)
		for (uint32_t k = 0; k < entry->readings[i]->product_n; k++)
			if (&entry->readings[i]->products[k] == product)
				return entry->readings[i];
	return NULL;
}

size_t entry_articles(const struct catalog_entry *entry, const struct product *product, uint32_t *out, size_t room)
{
	const struct bulletin *b = product ? bulletin_of(entry, product) : NULL;
	size_t                 n = 0;

	for (uint32_t i = 0; b && i < b->product_n && n < room; i++) {
		uint32_t kb = b->products[i].affected && strcmp(b->products[i].name, product->name) == 0 ? article_of(b->products[i].kb) : 0;
		bool     known = !kb || kb == article_of(product->kb);

		for (size_t k = 0; k < n; k++)
			known = known || out[k] == kb;
		if (!known)
			out[n++] = kb;
	}
	return n;
}

static bool is_known(const struct name *name)
{
	for (uint32_t i = 0; i < name->target_n; i++)
		if (name->targets[i].kind != TARGET_UNKNOWN)
			return true;
	return false;
}

static bool is_unread(const struct catalog *c, const struct entry *entry)
{
	for (uint32_t k = 0; k < entry->reading_n; k++) {
		const struct reading  *r = &entry->readings[k];
		const struct bulletin *b = r->bulletin;

		for (uint32_t p = 0; p < b->product_n; p++)
			if (b->products[p].affected && is_known(&c->names[r->products[p]]))
				return false;
		for (uint32_t p = 0; p < b->rating_n; p++)
			if (is_known(&c->names[r->ratings[p]]))
				return false;
	}
	return true;
}

bool catalog_index(struct catalog *c)
{
	for (uint32_t i = 0; i < c->entry_n; i++) {
		struct entry *entry = &c->entries[i];

		for (uint32_t k = 0; k < entry->reading_n; k++) {
			struct reading *r = &entry->readings[k];

			if (!reading_index(c, r))
				return false;
			for (uint32_t p = 0; p < r->bulletin->product_n; p++)
				entry->families |= c->names[r->products[p]].families;
			for (uint32_t p = 0; p < r->bulletin->rating_n; p++)
				if (c->names[r->ratings[p]].families != ~0u)
					entry->families |= c->names[r->ratings[p]].families;
		}
		entry->unread = is_unread(c, entry);
		if (!articles_index(c, entry))
			return false;
	}
	if (c->article_n)
		qsort(c->articles, c->article_n, sizeof(*c->articles), articles_order);
	return wanted_index(c);
}
