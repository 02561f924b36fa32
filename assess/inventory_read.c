/* Reads an inventory (doc/inventory.md): every name, type and bound is checked, and what is wrong is told with its place. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/evidence.h"
#include "assess/inventory_int.h"

enum { NAMES_MAX = 12, PLACE_MAX = 96, WHY_MAX = 256, TEXT_MAX = 64 << 10, PATH_TEXT_MAX = 1023 };

/* The walk: where it is, and the first thing that is wrong. */
struct in {
	struct host  *host;
	const char   *file;
	char          place[PLACE_MAX]; /* "files[3]", or "" at the top */
	char          why[WHY_MAX];
	bool          bad;
};

static void __attribute__((format(printf, 3, 4))) wrong(struct in *in, const char *name, const char *format, ...)
{
	va_list args;
	int     n;

	if (in->bad)
		return;
	in->bad = true;
	n = snprintf(in->why, sizeof(in->why), "%s%s%s: ", in->place, *in->place && *name ? "." : "", name);
	if (n < 0 || (size_t)n >= sizeof(in->why))
		return;
	va_start(args, format);
	vsnprintf(in->why + n, sizeof(in->why) - (size_t)n, format, args);
	va_end(args);
}

/* It is an object, and has no member but these (ends with NULL). */
static bool object_of(struct in *in, const json_t *value, const char *const *names)
{
	const char *name;
	json_t     *member;

	if (!json_is_object(value)) {
		wrong(in, "", "an object is expected");
		return false;
	}
	json_object_foreach((json_t *)value, name, member) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], name) != 0)
			i++;
		if (!names[i])
			wrong(in, "", "\"%.40s\" is no field of an inventory here", name);
	}
	return !in->bad;
}

/* The text of a member, at most `most` octets; "" when it is not there. */
static const char *text_of(struct in *in, const json_t *object, const char *name, size_t most)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return "";
	if (!json_is_string(value) || json_string_length(value) > most || strlen(json_string_value(value)) != json_string_length(value)) {
		wrong(in, name, "a text of at most %zu octets, without NUL, is expected", most);
		return "";
	}
	return json_string_value(value);
}

static const char *text_wanted(struct in *in, const json_t *object, const char *name, size_t most)
{
	const char *text = text_of(in, object, name, most);

	if (!*text)
		wrong(in, name, "it is missing or empty");
	return text;
}

static uint64_t number_of(struct in *in, const json_t *object, const char *name, uint64_t most)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > most) {
		wrong(in, name, "a whole number from 0 to %llu is expected", (unsigned long long)most);
		return 0;
	}
	return (uint64_t)json_integer_value(value);
}

static bool flag_of(struct in *in, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value && !json_is_boolean(value))
		wrong(in, name, "true or false is expected");
	return json_is_true(value);
}

/* The word's place among words; -1, and told, for another. */
static int word_in(struct in *in, const char *name, const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcasecmp(words[i], text) == 0)
			return i;
	wrong(in, name, "\"%.40s\" is not one of its words, which begin with \"%s\" (doc/inventory.md)", text, words[0]);
	return -1;
}

/* A member that is one of words; `none` when it is not there. */
static int word_of(struct in *in, const json_t *object, const char *name, const char *const *words, int none)
{
	const char *text = text_of(in, object, name, TEXT_MAX);
	int         at = *text ? word_in(in, name, text, words) : none;

	return at < 0 ? none : at;
}

static unsigned bits_of(struct in *in, const json_t *object, const char *name, const char *const *words)
{
	const json_t *list = json_object_get(object, name), *value;
	unsigned      bits = 0;
	size_t        i;

	if (list && !json_is_array(list))
		wrong(in, name, "a list of words is expected");
	json_array_foreach(list, i, value) {
		int at = json_is_string(value) ? word_in(in, name, json_string_value(value), words) : -1;

		if (!json_is_string(value))
			wrong(in, name, "a list of words is expected");
		bits |= at < 0 ? 0 : 1u << at;
	}
	return bits;
}

static uint32_t day_in(struct in *in, const json_t *object)
{
	const char *text = text_of(in, object, "date", TEXT_MAX);
	unsigned    year, month, day;
	char        end;

	if (!*text)
		return 0;
	if (sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &end) != 3 || month < 1 || month > 12 || day < 1 || day > 31) {
		wrong(in, "date", "a day like 2004-04-14 is expected");
		return 0;
	}
	return year * 10000 + month * 100 + day;
}

/* True: there is one. */
static bool version_in(struct in *in, const json_t *object, uint16_t out[4])
{
	const char *text = text_of(in, object, "version", TEXT_MAX);

	if (*text && !version_parse(text, out))
		wrong(in, "version", "two to four numbers up to 65535 with dots between them are expected");
	return *text && !in->bad;
}

/* Where a fact was read: what the member says, otherwise the inventory itself. */
static struct origin origin_in(struct in *in, const json_t *object)
{
	static const char *const names[] = {"kind", "file", "line", NULL};
	const json_t            *from = json_object_get(object, "from");
	struct origin            origin = {.kind = EVIDENCE_INVENTORY, .file = in->file};

	if (!from || !object_of(in, from, names))
		return origin;
	origin.kind = (enum evidence_kind)word_of(in, from, "kind", inventory_evidence, EVIDENCE_INVENTORY);
	if (*text_of(in, from, "file", TEXT_MAX))
		origin.file = text_of(in, from, "file", TEXT_MAX);
	origin.line = (uint32_t)number_of(in, from, "line", UINT32_MAX);
	return origin;
}

/* The i-th member of a list is where the walk is now. */
static void at(struct in *in, const char *list, size_t i)
{
	snprintf(in->place, sizeof(in->place), "%s[%zu]", list, i);
}

static void updates_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"id", "under", "date", "from", NULL};
	struct host_update      *update;

	if (!object_of(in, item, names))
		return;
	update = host_add_update(in->host, text_wanted(in, item, "id", PATH_TEXT_MAX), origin_in(in, item));
	if (!update)
		return;
	update->under = host_text(in->host, text_of(in, item, "under", PATH_TEXT_MAX));
	update->day = day_in(in, item);
}

static void files_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"path", "absent", "version", "size", "date", "language", "attributes", "from", NULL};
	char                     path[PATH_TEXT_MAX + 1];
	struct host_file        *file;

	if (!object_of(in, item, names))
		return;
	if (!file_path_canonical(text_wanted(in, item, "path", PATH_TEXT_MAX), NULL, path, sizeof(path))) {
		wrong(in, "path", "it is no path of a file");
		return;
	}
	file = host_add_file(in->host, path, origin_in(in, item));
	if (!file)
		return;
	file->seen = flag_of(in, item, "absent") ? SEEN_ABSENT : SEEN_PRESENT;
	file->versioned = version_in(in, item, file->version);
	if (json_object_get(item, "size"))
		file->size = number_of(in, item, "size", INT64_MAX);
	file->day = day_in(in, item);
	file->language = (uint16_t)number_of(in, item, "language", UINT16_MAX);
	file->attributes_known = json_object_get(item, "attributes") != NULL;
	file->attributes = bits_of(in, item, "attributes", inventory_attributes);
	if (file->seen == SEEN_ABSENT && (file->versioned || file->size != UINT64_MAX))
		wrong(in, "absent", "a file that is absent has no version and no size");
}

static void texts_in(struct in *in, const json_t *data, struct host_value *value)
{
	char  *joined = calloc(1, TEXT_MAX + 1);
	size_t used = 0, i;
	json_t *text;

	json_array_foreach((json_t *)data, i, text) {
		size_t n = json_string_length(text);

		if (!joined || !json_is_string(text) || n + 1 > TEXT_MAX - used || strpbrk(json_string_value(text), "\n") || strlen(json_string_value(text)) != n) {
			wrong(in, "data", "a list of texts without line ends, of at most %d octets together, is expected", TEXT_MAX);
			break;
		}
		memcpy(joined + used, json_string_value(text), n);
		used += n;
		joined[used++] = '\n';
	}
	if (joined && used)
		joined[used - 1] = '\0';
	value->text = host_text(in->host, joined ? joined : "");
	free(joined);
}

static void value_in(struct in *in, const json_t *item, struct host_key *key)
{
	static const char *const names[] = {"name", "type", "data", NULL};
	const json_t            *data = json_object_get(item, "data");
	struct host_value       *value;

	if (!object_of(in, item, names))
		return;
	value = host_add_value(in->host, key, text_of(in, item, "name", TEXT_MAX));
	if (!value)
		return;
	value->type = (enum value_type)word_of(in, item, "type", inventory_values, VALUE_OTHER);
	if (value->type == VALUE_TEXT)
		value->text = host_text(in->host, text_of(in, item, "data", TEXT_MAX));
	else if (value->type == VALUE_NUMBER)
		value->number = number_of(in, item, "data", INT64_MAX);
	else if (value->type == VALUE_TEXTS && json_is_array(data))
		texts_in(in, data, value);
	if ((value->type == VALUE_TEXTS && !json_is_array(data)) || (value->type == VALUE_OTHER ? data != NULL : data == NULL))
		wrong(in, "data", "it does not go with the type of the value");
}

static void keys_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"path", "absent", "complete", "values", "from", NULL};
	const json_t            *values = json_object_get(item, "values"), *value;
	char                     path[PATH_TEXT_MAX + 1], place[PLACE_MAX];
	struct host_key         *key;
	size_t                   i;

	if (!object_of(in, item, names))
		return;
	if (!key_path_canonical(text_wanted(in, item, "path", PATH_TEXT_MAX), path, sizeof(path))) {
		wrong(in, "path", "it does not begin with a root of the registry such as HKLM");
		return;
	}
	if (values && !json_is_array(values))
		wrong(in, "values", "a list is expected");
	key = host_add_key(in->host, path, origin_in(in, item));
	if (!key)
		return;
	key->seen = flag_of(in, item, "absent") ? SEEN_ABSENT : SEEN_PRESENT;
	key->values_known = flag_of(in, item, "complete");
	if (key->seen == SEEN_ABSENT && (values || key->values_known))
		wrong(in, "absent", "a key that is absent has no values");
	memcpy(place, in->place, sizeof(place));
	json_array_foreach(values, i, value) {
		snprintf(in->place, sizeof(in->place), "%.48s.values[%zu]", place, i);
		value_in(in, value, key);
	}
}

static void services_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"name", "display", "start", "state", "from", NULL};
	struct host_service     *service;

	if (!object_of(in, item, names))
		return;
	service = host_add_service(in->host, text_wanted(in, item, "name", PATH_TEXT_MAX), origin_in(in, item));
	if (!service)
		return;
	service->display = host_text(in->host, text_of(in, item, "display", PATH_TEXT_MAX));
	service->start = (enum service_start)word_of(in, item, "start", inventory_starts, START_UNKNOWN);
	service->state = (enum service_state)word_of(in, item, "state", inventory_states, STATE_UNKNOWN);
}

static void software_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"name", "version", "absent", "from", NULL};
	struct target            targets[TARGETS_MAX];
	struct host_software    *software;
	size_t                   n;

	if (!object_of(in, item, names))
		return;
	software = host_add_software(in->host, text_wanted(in, item, "name", PATH_TEXT_MAX), origin_in(in, item));
	if (!software)
		return;
	software->version = host_text(in->host, text_of(in, item, "version", PATH_TEXT_MAX));
	software->seen = flag_of(in, item, "absent") ? SEEN_ABSENT : SEEN_PRESENT;
	n = targets_parse(software->name, targets);
	for (size_t i = 0; i < n; i++)
		if (targets[i].kind == TARGET_SOFTWARE) {
			software->target = targets[i];
			return;
		}
}

static void scopes_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"what", "below", "from", NULL};
	char                     path[PATH_TEXT_MAX + 1];
	const char              *below;
	int                      kind;

	if (!object_of(in, item, names))
		return;
	kind = word_in(in, "what", text_wanted(in, item, "what", TEXT_MAX), inventory_scopes);
	below = text_of(in, item, "below", PATH_TEXT_MAX);
	if (kind == SCOPE_KEYS && *below && !key_path_canonical(below, path, sizeof(path)))
		wrong(in, "below", "it does not begin with a root of the registry such as HKLM");
	else if (kind == SCOPE_FILES && *below && !file_path_canonical(below, NULL, path, sizeof(path)))
		wrong(in, "below", "it is no path");
	else if (kind > SCOPE_KEYS && *below)
		wrong(in, "below", "only files and keys are looked at below something");
	else if (kind >= 0)
		host_add_scope(in->host, (enum scope_kind)kind, *below ? path : "", origin_in(in, item));
}

static void notes_in(struct in *in, const json_t *item)
{
	static const char *const names[] = {"what", "text", "from", NULL};

	if (object_of(in, item, names))
		host_add_note(in->host, text_wanted(in, item, "what", PATH_TEXT_MAX), origin_in(in, item), "%s", text_of(in, item, "text", PATH_TEXT_MAX));
}

/* The family's word is one that bulletins use too. */
static enum family family_in(struct in *in, const json_t *object)
{
	const char *text = text_of(in, object, "family", PATH_TEXT_MAX);

	for (int i = FAMILY_UNKNOWN + 1; *text && i < FAMILIES; i++)
		if (strcasecmp(family_name((enum family)i), text) == 0)
			return (enum family)i;
	if (*text)
		wrong(in, "family", "\"%.40s\" is no system that bulletins know (doc/inventory.md lists them)", text);
	return FAMILY_UNKNOWN;
}

void system_from_name(struct host_system *system)
{
	struct target targets[TARGETS_MAX];

	if (!targets_parse(system->product, targets) || targets[0].kind != TARGET_SYSTEM)
		return;
	system->family = system->family ? system->family : targets[0].family;
	system->edition = system->edition ? system->edition : targets[0].editions;
	system->arch = system->arch ? system->arch : targets[0].arch;
	for (int pack = 0; system->pack < 0 && pack < 32; pack++)
		if (targets[0].packs == 1u << pack)
			system->pack = pack;
}

static void system_in(struct in *in, const json_t *object)
{
	static const char *const names[] = {"product", "family", "editions", "service_pack", "architecture", "role", "language", "version", "from", NULL};
	struct host_system      *system = &in->host->system;
	const char              *language;
	int                      arch;

	snprintf(in->place, sizeof(in->place), "system");
	if (!object || !object_of(in, object, names))
		return;
	system->product = host_text(in->host, text_of(in, object, "product", PATH_TEXT_MAX));
	system->family = family_in(in, object);
	system->edition = bits_of(in, object, "editions", inventory_editions);
	system->pack = json_object_get(object, "service_pack") ? (int)number_of(in, object, "service_pack", 15) : -1;
	arch = word_of(in, object, "architecture", inventory_archs, -1);
	system->arch = arch < 0 ? 0 : 1u << arch;
	system->role = (enum role)word_of(in, object, "role", inventory_roles, ROLE_UNKNOWN);
	version_in(in, object, system->version);
	language = text_of(in, object, "language", sizeof(system->language) - 1);
	for (size_t i = 0; language[i]; i++)
		system->language[i] = (char)(language[i] >= 'A' && language[i] <= 'Z' ? language[i] + 32 : language[i]);
	system->from = origin_in(in, object);
	system->from.file = host_text(in->host, system->from.file);
	system_from_name(system);
	if (!system->family && system->version[0])
		system->family = family_of_version(system->version[0], system->version[1], system->version[2], system->role > ROLE_WORKSTATION);
}

static void list_in(struct in *in, const json_t *document, const char *name, void (*one)(struct in *in, const json_t *item))
{
	const json_t *list = json_object_get(document, name), *item;
	size_t        i;

	in->place[0] = '\0';
	if (list && !json_is_array(list))
		wrong(in, name, "a list is expected");
	json_array_foreach(list, i, item) {
		at(in, name, i);
		one(in, item);
		if (in->bad || in->host->full)
			return;
	}
}

static void document_in(struct in *in, const json_t *document)
{
	static const char *const names[] = {"format", "name", "source", "system", "updates", "updates_truncated", "files", "keys", "services", "software", "looked_at",
		"notes", NULL};
	struct host             *host = in->host;

	if (!json_is_object(document) || strcmp(text_of(in, document, "format", TEXT_MAX), INVENTORY_FORMAT) != 0)
		wrong(in, "format", "the document does not say that it is \"" INVENTORY_FORMAT "\"");
	else if (object_of(in, document, names)) {
		if (*text_of(in, document, "name", PATH_TEXT_MAX))
			host->name = host_text(host, text_of(in, document, "name", PATH_TEXT_MAX));
		host->updates_truncated = flag_of(in, document, "updates_truncated");
		text_of(in, document, "source", TEXT_MAX);
		system_in(in, json_object_get(document, "system"));
		list_in(in, document, "updates", updates_in);
		list_in(in, document, "files", files_in);
		list_in(in, document, "keys", keys_in);
		list_in(in, document, "services", services_in);
		list_in(in, document, "software", software_in);
		list_in(in, document, "looked_at", scopes_in);
		list_in(in, document, "notes", notes_in);
	}
}

bool inventory_read(struct host *host, const char *file, const char *bytes, size_t n, const char **why)
{
	struct in    in = {.host = host, .file = file};
	json_error_t error;
	json_t      *document = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);

	if (!document)
		wrong(&in, "", "line %d, column %d: %.160s", error.line, error.column, error.text);
	else
		document_in(&in, document);
	json_decref(document);
	if (!in.bad && host->full)
		wrong(&in, "", "the inventory has more facts than are kept (%d of a kind) or memory is out", HOST_FACTS_MAX);
	if (in.bad)
		*why = host_text(host, strncmp(in.why, ": ", 2) == 0 ? in.why + 2 : in.why);
	return !in.bad;
}
