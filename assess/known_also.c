/* Collects the flaws that reasons name beyond the founding ones, and what carries them. */
#include <stdio.h>
#include <string.h>

#include "assess/known.h"
#include "proto/protocols.h"

static bool founding(const char *id)
{
	size_t             count;
	const struct flaw *flaws = flaws_all(&count);

	for (size_t i = 0; i < count; i++)
		if (known_same_id(flaws[i].id, strlen(flaws[i].id), id, strlen(id)) || strcmp(flaws[i].bulletin, id) == 0)
			return true;
	return false;
}

static void carrier_add(struct known_also *a, const char *protocol)
{
	struct str s = {.text = a->carriers, .size = sizeof(a->carriers), .len = strlen(a->carriers)};

	if (known_listed(a->carriers, protocol))
		return;
	str_fmt(&s, "%s%s", s.len ? " " : "", protocol);
}

/* One recogniser alone reads it, so its name and the recogniser's are two names of one carrier: "smb1" and "smb". */
static bool read_by_one(const char *protocol)
{
	size_t readers = 0;

	for (size_t i = 0; protocols[i]; i++)
		readers += strcmp(protocols[i]->name, protocol) == 0 || (protocols[i]->reads && known_listed(protocols[i]->reads, protocol));
	return readers == 1;
}

/* The protocols this reason fires over. */
static void carriers_add(struct known_also *a, const struct reason *reason)
{
	size_t               count;
	const struct vector *all = vectors_all(&count);

	carrier_add(a, reason->protocol);
	if (read_by_one(reason->protocol))
		return;
	for (size_t i = 0; i < count; i++)
		if (all[i].reason == reason->number && all[i].kind == VECTOR_REFUSED)
			carrier_add(a, all[i].protocol);
}

/* The row of this id, a new one if need be; NULL for founding flaws. */
static struct known_also *also_row(struct known_alsos *out, const char *id)
{
	struct known_also *a;
	size_t       i = 0;

	if (founding(id))
		return NULL;
	while (i < out->count && strcmp(out->row[i].id, id) != 0)
		i++;
	if (i == KNOWN_ALSO_MAX)
		return NULL;
	a = &out->row[i];
	if (i == out->count) {
		out->count++;
		snprintf(a->id, sizeof(a->id), "%s", id);
		a->flaw = (struct flaw){.id = a->id, .bulletin = a->bulletin, .title = "", .carriers = a->carriers, .host_only = ""};
	}
	return a;
}

/* The ids of one reason; a bulletin stands behind the CVE it is the other name of. */
static void also_note(struct known_alsos *out, const struct reason *reason)
{
	const char  *flaws = reason->flaws;
	char         id[KNOWN_WORD];
	bool         behind_cve = false;
	struct known_also *a = NULL;

	while (known_word(&flaws, id)) {
		if (behind_cve && strncmp(id, "MS", 2) == 0) {
			if (a)
				snprintf(a->bulletin, sizeof(a->bulletin), "%s", id);
			behind_cve = false;
			continue;
		}
		behind_cve = strncmp(id, "MS", 2) != 0;
		a = also_row(out, id);
		if (a)
			carriers_add(a, reason);
	}
}

/* Every id that some reason names and that is not a founding flaw or its bulletin. */
void known_also_collect(struct known_alsos *out)
{
	size_t               count;
	const struct reason *rows = reasons_all(&count);

	out->count = 0;
	for (size_t i = 0; i < count; i++)
		also_note(out, &rows[i]);
}
