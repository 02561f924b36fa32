/* Builds what is known of a host: facts are added one by one, texts are copied, everything is bounded. */
#include "assess/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advise/store.h"

/* One more, zeroed, at the end of an array that grows by doubling; NULL when the host is full. */
static void *grown(struct host *host, void **array, uint32_t *count, uint32_t *room, size_t size)
{
	char *fact;

	if (host->sealed || *count >= HOST_FACTS_MAX)
		goto full;
	if (*count == *room) {
		uint32_t wanted = *room ? *room * 2 : 16;
		void    *larger = realloc(*array, wanted * size);

		if (!larger)
			goto full;
		*array = larger;
		*room = wanted;
	}
	fact = (char *)*array + size * (*count)++;
	memset(fact, 0, size);
	return fact;
full:
	host->full = true;
	return NULL;
}

#define ADD(host, name) \
	grown((host), (void **)&(host)->name##s, &(host)->name##_n, &(host)->name##_room, sizeof(*(host)->name##s))

const char *host_text(struct host *host, const char *text)
{
	const char *kept = store_text(host->store, text, strlen(text));

	if (!kept)
		host->full = true;
	return kept ? kept : "";
}

static struct origin origin_kept(struct host *host, struct origin from)
{
	if (from.file)
		from.file = host_text(host, from.file);
	return from;
}

bool host_open(struct host *host, const char *source)
{
	*host = (struct host){.store = store_open(HOST_TEXT_MAX)};
	if (!host->store)
		return false;
	host->source = host_text(host, source);
	host->name = host->source;
	host->system.product = "";
	host->system.pack = -1;
	return !host->full;
}

void host_close(struct host *host)
{
	for (uint32_t i = 0; i < host->key_n; i++)
		free(host->keys[i].values);
	free(host->updates);
	free(host->files);
	free(host->keys);
	free(host->services);
	free(host->software);
	free(host->scopes);
	free(host->notes);
	if (host->store)
		store_close(&host->store);
	*host = (struct host){0};
}

struct host_update *host_add_update(struct host *host, const char *id, struct origin from)
{
	struct host_update *update = ADD(host, update);

	if (update)
		*update = (struct host_update){.kb = update_article(id), .id = host_text(host, id), .under = "", .from = origin_kept(host, from)};
	return update;
}

struct host_file *host_add_file(struct host *host, const char *path, struct origin from)
{
	struct host_file *file = ADD(host, file);
	const char       *slash;

	if (!file)
		return NULL;
	*file = (struct host_file){.path = host_text(host, path), .size = UINT64_MAX, .seen = SEEN_PRESENT, .from = origin_kept(host, from)};
	slash = strrchr(file->path, '\\');
	file->name = slash ? slash + 1 : file->path;
	return file;
}

struct host_key *host_add_key(struct host *host, const char *path, struct origin from)
{
	struct host_key *key = ADD(host, key);

	if (key)
		*key = (struct host_key){.path = host_text(host, path), .seen = SEEN_PRESENT, .from = origin_kept(host, from)};
	return key;
}

struct host_value *host_add_value(struct host *host, struct host_key *key, const char *name)
{
	struct host_value *value = grown(host, (void **)&key->values, &key->value_n, &key->value_room, sizeof(*value));

	if (value)
		*value = (struct host_value){.name = host_text(host, name), .text = ""};
	return value;
}

struct host_service *host_add_service(struct host *host, const char *name, struct origin from)
{
	struct host_service *service = ADD(host, service);

	if (service)
		*service = (struct host_service){.name = host_text(host, name), .display = "", .from = origin_kept(host, from)};
	return service;
}

struct host_software *host_add_software(struct host *host, const char *name, struct origin from)
{
	struct host_software *software = grown(host, (void **)&host->software, &host->software_n, &host->software_room, sizeof(*host->software));

	if (software)
		*software = (struct host_software){.name = host_text(host, name), .version = "", .seen = SEEN_PRESENT, .from = origin_kept(host, from)};
	return software;
}

bool host_add_scope(struct host *host, enum scope_kind kind, const char *prefix, struct origin from)
{
	struct scope *scope = ADD(host, scope);

	if (scope)
		*scope = (struct scope){.kind = kind, .prefix = host_text(host, prefix), .from = origin_kept(host, from)};
	return scope != NULL;
}

bool host_add_note(struct host *host, const char *what, struct origin from, const char *format, ...)
{
	struct host_note *note = ADD(host, note);
	char              text[512];
	va_list           args;

	if (!note)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*note = (struct host_note){.what = host_text(host, what), .text = host_text(host, text), .from = origin_kept(host, from)};
	return true;
}
