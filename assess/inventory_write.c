/* Writes what is known of a host as an inventory (doc/inventory.md). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"
#include "assess/inventory_int.h"
#include "base/str.h"

enum { REPLACEMENT = 3 };

/* Texts come from files of any origin: octets that are no UTF-8 are told by a replacement character each. */
static json_t *cleaned(const char *text)
{
	static const char mark[REPLACEMENT + 1] = "\xef\xbf\xbd";
	size_t            n = strlen(text), used = 0;
	char             *clean = malloc(n * REPLACEMENT + 1);
	json_t           *string;

	if (!clean)
		return NULL;
	for (size_t i = 0; i < n;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)text + i, n - i, &point);

		memcpy(clean + used, one ? text + i : mark, one ? one : REPLACEMENT);
		used += one ? one : REPLACEMENT;
		i += one ? one : 1;
	}
	string = json_stringn(clean, used);
	free(clean);
	return string;
}

static json_t *text_json(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : cleaned(text);
}

/* What cannot be set for want of memory makes the whole document fail: `good` says so. */
struct out {
	bool good;
};

static void set(struct out *out, json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) < 0)
		out->good = false;
}

static void set_text(struct out *out, json_t *object, const char *name, const char *text)
{
	if (text && *text)
		set(out, object, name, text_json(text));
}

static void set_day(struct out *out, json_t *object, uint32_t day)
{
	if (day)
		set(out, object, "date", json_sprintf("%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100));
}

static void set_version(struct out *out, json_t *object, const uint16_t version[4])
{
	set(out, object, "version", json_sprintf("%u.%u.%u.%u", version[0], version[1], version[2], version[3]));
}

static void set_from(struct out *out, json_t *object, struct origin from)
{
	json_t *origin;

	if (!from.file)
		return;
	origin = json_pack("{s:s}", "kind", inventory_evidence[from.kind]);
	set(out, object, "from", origin);
	if (!origin)
		return;
	set_text(out, origin, "file", from.file);
	if (from.line)
		set(out, origin, "line", json_integer(from.line));
}

/* Bit n is words[n]. */
static void set_bits(struct out *out, json_t *object, const char *name, unsigned bits, const char *const *words)
{
	json_t *list = json_array();

	for (size_t i = 0; words[i]; i++)
		if (bits & 1u << i && json_array_append_new(list, json_string(words[i])) < 0)
			out->good = false;
	set(out, object, name, list);
}

static json_t *begin(struct out *out, json_t *list)
{
	json_t *object = json_object();

	if (json_array_append_new(list, object) < 0)
		out->good = false;
	return object;
}

static json_t *list_of(struct out *out, json_t *document, const char *name)
{
	json_t *list = json_array();

	set(out, document, name, list);
	return list;
}

static void system_write(struct out *out, json_t *document, const struct host_system *system)
{
	json_t *object = json_object();

	set(out, document, "system", object);
	set_text(out, object, "product", system->product);
	if (system->family)
		set(out, object, "family", json_string(family_name(system->family)));
	if (system->edition)
		set_bits(out, object, "editions", system->edition, inventory_editions);
	if (system->pack >= 0)
		set(out, object, "service_pack", json_integer(system->pack));
	for (size_t i = 0; inventory_archs[i]; i++)
		if (system->arch == 1u << i)
			set_text(out, object, "architecture", inventory_archs[i]);
	if (system->role)
		set_text(out, object, "role", inventory_roles[system->role]);
	set_text(out, object, "language", system->language);
	if (system->version[0])
		set_version(out, object, system->version);
	set_from(out, object, system->from);
	if (!json_object_size(object))
		json_object_del(document, "system");
}

static void updates_write(struct out *out, json_t *document, const struct host *host)
{
	json_t *list = list_of(out, document, "updates");

	for (uint32_t i = 0; i < host->update_n; i++) {
		json_t *object = begin(out, list);

		set(out, object, "id", text_json(host->updates[i].id));
		set_text(out, object, "under", host->updates[i].under);
		set_day(out, object, host->updates[i].day);
		set_from(out, object, host->updates[i].from);
	}
	if (host->updates_truncated)
		set(out, document, "updates_truncated", json_true());
}

/* Neither there nor known to be absent is not written: it is what an inventory is silent about. */
static void files_write(struct out *out, json_t *document, const struct host *host)
{
	json_t *list = list_of(out, document, "files");

	for (uint32_t i = 0; i < host->file_n; i++) {
		const struct host_file *file = &host->files[i];
		json_t                 *object;

		if (file->seen == SEEN_UNKNOWN)
			continue;
		object = begin(out, list);
		set(out, object, "path", text_json(file->path));
		if (file->seen == SEEN_ABSENT)
			set(out, object, "absent", json_true());
		if (file->versioned)
			set_version(out, object, file->version);
		if (file->size <= INT64_MAX)
			set(out, object, "size", json_integer((json_int_t)file->size));
		set_day(out, object, file->day);
		if (file->language)
			set(out, object, "language", json_integer(file->language));
		if (file->attributes_known)
			set_bits(out, object, "attributes", file->attributes, inventory_attributes);
		set_from(out, object, file->from);
	}
}

static void texts_write(struct out *out, json_t *object, const char *text)
{
	json_t *list = list_of(out, object, "data");

	while (*text) {
		size_t  n = strcspn(text, "\n");
		json_t *string = json_stringn(text, n);

		if (json_array_append_new(list, string ? string : json_string("\xef\xbf\xbd")) < 0)
			out->good = false;
		text += n + (text[n] == '\n');
	}
}

static void value_write(struct out *out, json_t *list, const struct host_value *value)
{
	json_t *object = begin(out, list);

	set(out, object, "name", text_json(value->name));
	set(out, object, "type", json_string(inventory_values[value->type]));
	if (value->type == VALUE_TEXT)
		set(out, object, "data", text_json(value->text));
	if (value->type == VALUE_NUMBER)
		set(out, object, "data", json_integer((json_int_t)value->number));
	if (value->type == VALUE_TEXTS)
		texts_write(out, object, value->text);
}

static void keys_write(struct out *out, json_t *document, const struct host *host)
{
	json_t *list = list_of(out, document, "keys");

	for (uint32_t i = 0; i < host->key_n; i++) {
		const struct host_key *key = &host->keys[i];
		json_t                *object, *values;

		if (key->seen == SEEN_UNKNOWN)
			continue;
		object = begin(out, list);
		set(out, object, "path", text_json(key->path));
		if (key->seen == SEEN_ABSENT)
			set(out, object, "absent", json_true());
		if (key->values_known)
			set(out, object, "complete", json_true());
		values = key->value_n ? list_of(out, object, "values") : NULL;
		for (uint32_t j = 0; j < key->value_n; j++)
			value_write(out, values, &key->values[j]);
		set_from(out, object, key->from);
	}
}

static void services_write(struct out *out, json_t *document, const struct host *host)
{
	json_t *list = list_of(out, document, "services");

	for (uint32_t i = 0; i < host->service_n; i++) {
		const struct host_service *service = &host->services[i];
		json_t                    *object = begin(out, list);

		set(out, object, "name", text_json(service->name));
		set_text(out, object, "display", service->display);
		if (service->start)
			set_text(out, object, "start", inventory_starts[service->start]);
		if (service->state)
			set_text(out, object, "state", inventory_states[service->state]);
		set_from(out, object, service->from);
	}
}

static void software_write(struct out *out, json_t *document, const struct host *host)
{
	json_t *list = list_of(out, document, "software");

	for (uint32_t i = 0; i < host->software_n; i++) {
		json_t *object;

		if (host->software[i].seen == SEEN_UNKNOWN)
			continue;
		object = begin(out, list);
		set(out, object, "name", text_json(host->software[i].name));
		set_text(out, object, "version", host->software[i].version);
		if (host->software[i].seen == SEEN_ABSENT)
			set(out, object, "absent", json_true());
		set_from(out, object, host->software[i].from);
	}
}

static void rest_write(struct out *out, json_t *document, const struct host *host)
{
	json_t *list = list_of(out, document, "looked_at");

	for (uint32_t i = 0; i < host->scope_n; i++) {
		json_t *object = begin(out, list);

		set(out, object, "what", json_string(inventory_scopes[host->scopes[i].kind]));
		set_text(out, object, "below", host->scopes[i].prefix);
		set_from(out, object, host->scopes[i].from);
	}
	list = list_of(out, document, "notes");
	for (uint32_t i = 0; i < host->note_n; i++) {
		json_t *object = begin(out, list);

		set(out, object, "what", text_json(host->notes[i].what));
		set_text(out, object, "text", host->notes[i].text);
		set_from(out, object, host->notes[i].from);
	}
}

json_t *inventory_json(const struct host *host)
{
	struct out out = {.good = true};
	json_t    *document = json_pack("{s:s}", "format", INVENTORY_FORMAT);

	if (!document)
		return NULL;
	set(&out, document, "name", text_json(host->name));
	set_text(&out, document, "source", host->source);
	system_write(&out, document, &host->system);
	updates_write(&out, document, host);
	files_write(&out, document, host);
	keys_write(&out, document, host);
	services_write(&out, document, host);
	software_write(&out, document, host);
	rest_write(&out, document, host);
	if (out.good)
		return document;
	json_decref(document);
	return NULL;
}
