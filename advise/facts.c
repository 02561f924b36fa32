/* Adds facts to a bulletin, and frees them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advise/read_int.h"
#include "advise/store.h"

const char *keep_n(struct bulletin *b, const char *text, size_t n)
{
	const char *kept = n ? store_text(b->store, text, n) : "";

	if (!kept)
		b->full = true;
	return kept ? kept : "";
}

const char *keep(struct bulletin *b, const char *text)
{
	return keep_n(b, text, strlen(text));
}

void *fact_add(struct bulletin *b, void **array, uint32_t *count, uint32_t *room, size_t size)
{
	char *fact;

	if (*count == *room && *count < BULLETIN_FACTS_MAX) {
		uint32_t wanted = *room ? *room * 2 : 16;
		void    *grown = reallocarray(*array, wanted, size);

		if (grown) {
			*array = grown;
			*room = wanted;
		}
	}
	if (*count >= *room) {
		b->full = true;
		return NULL;
	}
	fact = (char *)*array + size * (*count)++;
	memset(fact, 0, size);
	return fact;
}

void contradict(struct bulletin *b, const char *what, uint32_t line, uint32_t other, const char *format, ...)
{
	struct contradiction *c = FACT(b, contradiction);
	char                  text[1024];
	va_list               list;

	if (!c)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	*c = (struct contradiction){.what = what, .text = keep(b, text), .line = line, .other = other};
}

void bulletin_close(struct bulletin *b)
{
	void *arrays[] = {b->revisions, b->cves, b->products, b->ratings, b->replacements, b->files, b->keys, b->statements, b->installers,
			  b->switches, b->workarounds, b->references, b->credits, b->contradictions};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		free(arrays[i]);
	store_close(&b->store);
	*b = (struct bulletin){0};
}

unsigned bulletin_year(const struct bulletin *b)
{
	if (!b->id || strlen(b->id) < 8)
		return 0;
	unsigned year = (unsigned)(b->id[2] - '0') * 10 + (unsigned)(b->id[3] - '0');

	return year > 90 ? 1900 + year : 2000 + year;
}

const char *topic_name(enum topic topic)
{
	static const char *const names[] = {"restart", "removal", "prerequisite", "future", "mitigation", "caution", "summary"};

	return names[topic];
}

const char *sure_name(enum sure sure)
{
	static const char *const names[] = {"low", "medium", "high"};

	return names[sure];
}

const char *work_kind_next(unsigned kinds, unsigned *at)
{
	static const char *const names[] = {"port-block", "registry-value", "service", "file", "kill-bit", "acl", "policy", "unregister", "firewall"};

	while (*at < sizeof(names) / sizeof(names[0])) {
		unsigned i = (*at)++;

		if (kinds >> i & 1)
			return names[i];
	}
	return NULL;
}
