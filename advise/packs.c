/* Finds a bulletin's language pack: the one that was asked for, or the one that its head names. */
#include "advise/packs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { HEAD = 4096 };

static bool pack_add(struct packs *packs, const char *name, const char *text, size_t n, char *why, size_t size)
{
	unsigned    line;
	const char *sentence;

	if (packs->count == PACKS_MAX)
		return false;
	packs->packs[packs->count] = pack_read(text, n, &line, &sentence);
	if (!packs->packs[packs->count]) {
		snprintf(why, size, "%s:%u: %s", name, line, sentence);
		return false;
	}
	packs->count++;
	return true;
}

static bool pack_of_file(struct packs *packs, const char *name, char *why, size_t size)
{
	FILE  *file = fopen(name, "re");
	char  *text = malloc(PACK_BYTES_MAX + 1);
	size_t n = file && text ? fread(text, 1, PACK_BYTES_MAX + 1, file) : 0;
	bool   good = file && text && !ferror(file) && n <= PACK_BYTES_MAX;

	if (!good) {
		struct str s = str_over(why, size);

		str_fmt(&s, "%s: %s; compiled in are", name, n > PACK_BYTES_MAX ? "it is too long for a language pack" : strerror(errno));
		for (const struct pack_source *p = pack_sources; p->text; p++)
			str_fmt(&s, " %s", p->name);
	}
	good = good && pack_add(packs, name, text, n, why, size);
	free(text);
	if (file)
		fclose(file);
	return good;
}

bool packs_open(const char *wanted, struct packs *out, char *why, size_t size)
{
	*out = (struct packs){.chosen = wanted != NULL};
	snprintf(why, size, "there are too many language packs");
	for (const struct pack_source *s = pack_sources; s->text; s++)
		if (!wanted || strcmp(s->name, wanted) == 0)
			if (!pack_add(out, s->name, s->text, s->n, why, size))
				return false;
	if (wanted && !out->count)
		return pack_of_file(out, wanted, why, size);
	return out->count > 0;
}

void packs_close(struct packs *packs)
{
	for (size_t i = 0; i < packs->count; i++)
		pack_close(&packs->packs[i]);
	packs->count = 0;
}

const struct pack *packs_for(const struct packs *packs, const char *bytes, size_t n)
{
	char head[HEAD + 1], mark[24];

	if (packs->chosen)
		return packs->packs[0];
	n = n < HEAD ? n : HEAD;
	memcpy(head, bytes, n);
	head[n] = '\0';
	for (size_t i = 0; i < packs->count; i++) {
		struct str s = str_over(mark, sizeof(mark));

		str_fmt(&s, "/%s-", pack_language(packs->packs[i]));
		if (strcasestr(head, mark))
			return packs->packs[i];
	}
	return NULL;
}
