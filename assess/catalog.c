/* The catalogue of bulletins: readings of one bulletin in several languages joined, and found by id. */
#include <stdlib.h>
#include <string.h>

#include "assess/catalog_int.h"

struct catalog *catalog_open(void)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));

	if (catalog)
		catalog->key = hash_key_random();
	return catalog;
}

static void reading_close(struct reading *reading)
{
	if (reading->bulletin)
		bulletin_close(reading->bulletin);
	free(reading->bulletin);
	free(reading->products);
	free(reading->ratings);
	free(reading->replacements);
	free(reading->files);
	free(reading->keys);
	free(reading->futures);
	free(reading->future_text);
	free(reading->rating_flaws);
	free(reading->reviewed);
	free(reading->rows);
	free(reading->row_first);
	free(reading->versions);
	*reading = (struct reading){0};
}

void catalog_close(struct catalog **catalog)
{
	struct catalog *c = *catalog;

	*catalog = NULL;
	if (!c)
		return;
	for (uint32_t i = 0; i < c->entry_n; i++)
		for (uint32_t k = 0; k < c->entries[i].reading_n; k++)
			reading_close(&c->entries[i].readings[k]);
	for (uint32_t i = 0; i < c->name_n; i++)
		free(c->names[i].targets);
	free(c->entries);
	free(c->names);
	free(c->name_slots);
	free(c->edges);
	free(c->articles);
	free(c->wanted);
	free(c);
}

bool catalog_grow(void **array, uint32_t count, uint32_t *room, size_t size)
{
	void *larger;

	if (count < *room)
		return true;
	if (*room > UINT32_MAX / 4 / size)
		return false;
	larger = realloc(*array, (*room ? *room * 2 : 64) * size);
	if (!larger)
		return false;
	*array = larger;
	*room = *room ? *room * 2 : 64;
	return true;
}

/* 1999 stands before 2000, though "MS99" stands behind "MS00". */
static int id_order(const char *a, const char *b)
{
	bool old_a = strncmp(a, "MS9", 3) == 0, old_b = strncmp(b, "MS9", 3) == 0;

	return old_a != old_b ? (old_a ? -1 : 1) : strcmp(a, b);
}

static int entry_order(const void *a, const void *b)
{
	return id_order(((const struct entry *)a)->entry.id, ((const struct entry *)b)->entry.id);
}

static struct entry *entry_for(struct catalog *c, const char *id)
{
	for (uint32_t i = c->entry_n; i-- > 0;)
		if (strcmp(c->entries[i].entry.id, id) == 0)
			return &c->entries[i];
	if (!catalog_grow((void **)&c->entries, c->entry_n, &c->entry_room, sizeof(*c->entries)))
		return NULL;
	c->entries[c->entry_n] = (struct entry){.entry.id = id};
	return &c->entries[c->entry_n++];
}

bool catalog_add(struct catalog *catalog, struct bulletin *bulletin)
{
	struct bulletin *own = malloc(sizeof(*own));
	struct entry    *entry = NULL;
	struct reading  *place = NULL;

	if (own && !catalog->ready && bulletin->id && bulletin->id[0])
		entry = entry_for(catalog, bulletin->id);
	for (uint32_t i = 0; entry && i < entry->reading_n; i++)
		if (strcmp(entry->readings[i].bulletin->language, bulletin->language) == 0)
			place = &entry->readings[i];
	if (entry && !place && entry->reading_n < READINGS)
		place = &entry->readings[entry->reading_n++];
	if (!place) {
		free(own);
		bulletin_close(bulletin);
		return false;
	}
	*own = *bulletin;
	*bulletin = (struct bulletin){0};
	reading_close(place);
	place->bulletin = own;
	entry->entry.id = entry->readings[0].bulletin->id;
	return true;
}

/* The reading that says most stands first. */
static uint32_t facts_of(const struct bulletin *b)
{
	return b->product_n + b->rating_n + b->replacement_n + b->file_n + b->key_n + b->cve_n;
}

static void readings_order(struct entry *entry)
{
	for (uint32_t i = 1; i < entry->reading_n; i++)
		for (uint32_t k = i; k && facts_of(entry->readings[k].bulletin) > facts_of(entry->readings[k - 1].bulletin); k--) {
			struct reading kept = entry->readings[k];

			entry->readings[k] = entry->readings[k - 1];
			entry->readings[k - 1] = kept;
		}
	for (uint32_t i = 0; i < READINGS; i++)
		entry->entry.readings[i] = i < entry->reading_n ? entry->readings[i].bulletin : NULL;
	entry->entry.id = entry->readings[0].bulletin->id;
}

struct saying {
	void (*say)(void *data, const char *sentence);
	void       *data;
	const char *id;
};

static void reading_differs(void *data, const char *what, const char *text)
{
	const struct saying *saying = data;
	char                 sentence[512];
	size_t               n = 0;
	const char *const    parts[] = {saying->id, ": ", what, ": ", text};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t part = strnlen(parts[i], sizeof(sentence) - 1 - n);

		memcpy(sentence + n, parts[i], part);
		n += part;
	}
	sentence[n] = '\0';
	saying->say(saying->data, sentence);
}

static void readings_compare(const struct entry *entry, struct saying *saying)
{
	saying->id = entry->entry.id;
	for (uint32_t i = 1; i < entry->reading_n; i++)
		bulletin_compare(entry->readings[0].bulletin, entry->readings[i].bulletin, reading_differs, saying);
}

bool catalog_ready(struct catalog *catalog, void (*say)(void *data, const char *sentence), void *data)
{
	struct saying saying = {.say = say, .data = data};

	for (uint32_t i = 0; i < catalog->entry_n; i++)
		readings_order(&catalog->entries[i]);
	if (catalog->entry_n)
		qsort(catalog->entries, catalog->entry_n, sizeof(*catalog->entries), entry_order);
	for (uint32_t i = 0; i < catalog->entry_n; i++) {
		catalog->entries[i].entry.number = i;
		if (say)
			readings_compare(&catalog->entries[i], &saying);
	}
	catalog->ready = true;
	return catalog_index(catalog) && replaced_index(catalog, say, data);
}

size_t catalog_count(const struct catalog *catalog)
{
	return catalog->entry_n;
}

const struct catalog_entry *catalog_at(const struct catalog *catalog, size_t i)
{
	return i < catalog->entry_n ? &catalog->entries[i].entry : NULL;
}

const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *id)
{
	struct entry        wanted = {.entry.id = id};
	const struct entry *found = NULL;

	if (catalog->entry_n && catalog->ready)
		found = bsearch(&wanted, catalog->entries, catalog->entry_n, sizeof(wanted), entry_order);
	return found ? &found->entry : NULL;
}

const struct catalog_entry *catalog_replacing(const struct catalog *catalog, const struct catalog_entry *entry, const struct target *target, size_t i)
{
	struct replacing found[REPLACING_MAX];
	size_t           n = replaced_by(catalog, entry_of(entry), 0, target, found);

	/* An entry may stand there once for each of its updates. */
	for (size_t k = 0, distinct = 0; k < n; k++) {
		bool before = false;

		for (size_t m = 0; m < k && !before; m++)
			before = found[m].entry == found[k].entry;
		if (!before && distinct++ == i)
			return &found[k].entry->entry;
	}
	return NULL;
}
