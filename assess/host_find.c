/* Finds facts of a host: what is there, what is known to be absent, and what nobody looked for. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/host.h"

enum { KEY_PATH_MAX = 1024 };

static int updates_order(const void *a, const void *b)
{
	uint32_t left = ((const struct host_update *)a)->kb, right = ((const struct host_update *)b)->kb;

	return (left > right) - (left < right);
}

static int files_order(const void *a, const void *b)
{
	const struct host_file *left = a, *right = b;
	int                     by_name = strcasecmp(left->name, right->name);

	return by_name ? by_name : strcasecmp(left->path, right->path);
}

static int keys_order(const void *a, const void *b)
{
	return strcasecmp(((const struct host_key *)a)->path, ((const struct host_key *)b)->path);
}

static int services_order(const void *a, const void *b)
{
	return strcasecmp(((const struct host_service *)a)->name, ((const struct host_service *)b)->name);
}

static void sort(void *array, uint32_t count, size_t size, int (*order)(const void *, const void *))
{
	if (count > 1)
		qsort(array, count, size, order);
}

void host_seal(struct host *host)
{
	sort(host->updates, host->update_n, sizeof(*host->updates), updates_order);
	sort(host->files, host->file_n, sizeof(*host->files), files_order);
	sort(host->keys, host->key_n, sizeof(*host->keys), keys_order);
	sort(host->services, host->service_n, sizeof(*host->services), services_order);
	host->sealed = true;
}

const struct host_update *host_updates_of(const struct host *host, uint32_t kb, uint32_t *out_count)
{
	uint32_t low = 0, high = host->update_n, end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (host->updates[middle].kb < kb)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < host->update_n && host->updates[end].kb == kb; end++)
		;
	*out_count = kb ? end - low : 0;
	return *out_count ? &host->updates[low] : NULL;
}

const struct host_file *host_files_named(const struct host *host, const char *name, uint32_t *out_count)
{
	uint32_t low = 0, high = host->file_n, end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcasecmp(host->files[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < host->file_n && strcasecmp(host->files[end].name, name) == 0; end++)
		;
	*out_count = end - low;
	return *out_count ? &host->files[low] : NULL;
}

/* `path` stands at or below `prefix`: whole parts only. */
static bool below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n && prefix[n - 1] == '\\')
		n--;
	return strncasecmp(path, prefix, n) == 0 && (path[n] == '\0' || path[n] == '\\' || n == 0);
}

bool host_scope(const struct host *host, enum scope_kind kind, const char *path)
{
	for (uint32_t i = 0; i < host->scope_n; i++)
		if (host->scopes[i].kind == kind && below(path, host->scopes[i].prefix))
			return true;
	return false;
}

enum seen host_file_at(const struct host *host, const char *path, const struct host_file **out)
{
	const char             *slash = strrchr(path, '\\');
	uint32_t                count;
	const struct host_file *file = host_files_named(host, slash ? slash + 1 : path, &count);

	*out = NULL;
	for (uint32_t i = 0; i < count; i++) {
		if (strcasecmp(file[i].path, path) != 0 || file[i].seen == SEEN_UNKNOWN)
			continue;
		if (file[i].seen == SEEN_PRESENT)
			*out = &file[i];
		return file[i].seen;
	}
	return host_scope(host, SCOPE_FILES, path) ? SEEN_ABSENT : SEEN_UNKNOWN;
}

/* The key with exactly that canonical path, or NULL. */
static const struct host_key *key_found(const struct host *host, const char *path)
{
	struct host_key wanted = {.path = path};

	return host->key_n ? bsearch(&wanted, host->keys, host->key_n, sizeof(wanted), keys_order) : NULL;
}

enum seen host_key_at(const struct host *host, const char *path, const struct host_key **out)
{
	char                   canonical[KEY_PATH_MAX];
	const struct host_key *key;
	char                  *slash;

	*out = NULL;
	if (!key_path_canonical(path, canonical, sizeof(canonical)))
		return SEEN_UNKNOWN;
	key = key_found(host, canonical);
	if (key && key->seen == SEEN_PRESENT)
		*out = key;
	if (key && key->seen != SEEN_UNKNOWN)
		return key->seen;
	if (host_scope(host, SCOPE_KEYS, canonical))
		return SEEN_ABSENT;
	while ((slash = strrchr(canonical, '\\'))) { /* where a key is absent nothing is below it */
		*slash = '\0';
		key = key_found(host, canonical);
		if (key && key->seen == SEEN_ABSENT)
			return SEEN_ABSENT;
	}
	return SEEN_UNKNOWN;
}

enum seen host_value_at(const struct host *host, const char *path, const char *name, const struct host_value **out)
{
	const struct host_key *key;
	enum seen              seen = host_key_at(host, path, &key);

	*out = NULL;
	if (seen != SEEN_PRESENT)
		return seen;
	for (uint32_t i = 0; i < key->value_n; i++)
		if (strcasecmp(key->values[i].name, name) == 0) {
			*out = &key->values[i];
			return SEEN_PRESENT;
		}
	return key->values_known ? SEEN_ABSENT : SEEN_UNKNOWN;
}

enum seen host_service_at(const struct host *host, const char *name, const struct host_service **out)
{
	struct host_service wanted = {.name = name};

	*out = host->service_n ? bsearch(&wanted, host->services, host->service_n, sizeof(wanted), services_order) : NULL;
	if (*out)
		return SEEN_PRESENT;
	return host_scope(host, SCOPE_SERVICES, "") ? SEEN_ABSENT : SEEN_UNKNOWN;
}

enum seen host_software_of(const struct host *host, const struct target *target, const struct host_software **out)
{
	enum seen best = host_scope(host, SCOPE_SOFTWARE, "") ? SEEN_ABSENT : SEEN_UNKNOWN;

	*out = NULL;
	for (uint32_t i = 0; i < host->software_n; i++) {
		const struct host_software *software = &host->software[i];
		bool                        unsure = false;

		if (software->target.kind != TARGET_SOFTWARE)
			continue;
		if (software->seen == SEEN_ABSENT) { /* without version: of every version */
			if (target_covers(&software->target, target, &unsure) && !unsure)
				best = SEEN_ABSENT;
			continue;
		}
		if (software->seen != SEEN_PRESENT || !target_covers(target, &software->target, &unsure))
			continue;
		if (!unsure) {
			*out = software;
			return SEEN_PRESENT;
		}
		best = SEEN_UNKNOWN;
	}
	return best;
}
