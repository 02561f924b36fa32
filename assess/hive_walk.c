/* Walks a registry hive with libhivex: keys by path, their values in the forms that hosts have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assess/hive_int.h"
#include "base/str.h"
#include "base/utf16.h"

hive_node_h hive_below(struct hive *hive, hive_node_h from, const char *path)
{
	char part[256];

	while (from && *path) {
		size_t n = strcspn(path, "\\");

		if (n >= sizeof(part))
			return 0;
		memcpy(part, path, n);
		part[n] = '\0';
		errno = 0;
		from = hivex_node_get_child(hive->h, from, part);
		if (!from && errno && errno != HIVEX_NO_KEY)
			hive->damaged = true;
		path += n + (path[n] == '\\');
	}
	return from;
}

void hive_each(struct hive *hive, hive_node_h from, bool (*one)(struct hive *hive, hive_node_h node, const char *name, void *data), void *data)
{
	hive_node_h *children = hivex_node_children(hive->h, from);
	bool         on = true;

	if (!children) {
		hive->damaged = true;
		return;
	}
	for (size_t i = 0; on && children[i]; i++) {
		char *name = hivex_node_name(hive->h, children[i]);

		if (!name || strchr(name, '\\') || !*name)
			hive->damaged = true; /* a name that cannot stand in a path */
		else
			on = one(hive, children[i], name, data);
		free(name);
	}
	free(children);
}

/* UTF-16 as the registry has it, up to the first NUL; of several texts each NUL but the last ones becomes a new line. */
static const char *decoded(struct hive *hive, const uint8_t *bytes, size_t n, bool several)
{
	char       *text;
	size_t      used, room;
	const char *kept;

	n = utf16_bad(bytes, n, false); /* what follows half a character is left out */
	n -= n % 2;
	if (!several)
		n = utf16_nul(bytes, n);
	while (several && n >= 2 && !bytes[n - 1] && !bytes[n - 2])
		n -= 2;
	room = n / 2 * 3 + 1;
	text = malloc(room);
	if (!text) {
		hive->host->full = true;
		return "";
	}
	used = utf16_to_utf8(bytes, n, false, (uint8_t *)text, room - 1);
	used = used < room ? used : 0;
	text[used] = '\0';
	for (size_t i = 0; i < used; i++)
		if (!text[i])
			text[i] = several ? '\n' : ' ';
	kept = host_text(hive->host, text);
	free(text);
	return kept;
}

static uint64_t little(const uint8_t *bytes, size_t n)
{
	uint64_t number = 0;

	while (n--)
		number = number << 8 | bytes[n];
	return number;
}

bool hive_value(struct hive *hive, hive_value_h handle, struct host_value *out)
{
	hive_type type;
	size_t    n;
	char     *bytes;

	out->type = VALUE_OTHER;
	out->text = "";
	out->number = 0;
	if (hivex_value_type(hive->h, handle, &type, &n) < 0) {
		hive->damaged = true;
		return false;
	}
	if (n > HIVE_TEXT_MAX || (type != hive_t_REG_SZ && type != hive_t_REG_EXPAND_SZ && type != hive_t_REG_MULTI_SZ && type != hive_t_REG_DWORD &&
				  type != hive_t_REG_DWORD_BIG_ENDIAN && type != hive_t_REG_QWORD))
		return true;
	bytes = hivex_value_value(hive->h, handle, &type, &n);
	if (!bytes) {
		hive->damaged = true;
		return false;
	}
	if (type == hive_t_REG_SZ || type == hive_t_REG_EXPAND_SZ || type == hive_t_REG_MULTI_SZ) {
		out->type = type == hive_t_REG_MULTI_SZ ? VALUE_TEXTS : VALUE_TEXT;
		out->text = decoded(hive, (const uint8_t *)bytes, n, out->type == VALUE_TEXTS);
	} else if (n == (type == hive_t_REG_QWORD ? 8u : 4u)) {
		out->type = VALUE_NUMBER;
		out->number = little((const uint8_t *)bytes, n);
		if (type == hive_t_REG_DWORD_BIG_ENDIAN)
			out->number = __builtin_bswap32((uint32_t)out->number);
	}
	if (out->number > INT64_MAX) /* inventories have no such numbers */
		out->type = VALUE_OTHER;
	free(bytes);
	return true;
}

/* The value's handle; 0: there is none. */
static hive_value_h value_of(struct hive *hive, hive_node_h node, const char *name)
{
	hive_value_h handle;

	if (!node)
		return 0;
	errno = 0;
	handle = hivex_node_get_value(hive->h, node, name);
	if (!handle && errno && errno != HIVEX_NO_KEY)
		hive->damaged = true;
	return handle;
}

const char *hive_text(struct hive *hive, hive_node_h node, const char *name)
{
	hive_value_h      handle = value_of(hive, node, name);
	struct host_value value;

	if (!handle || !hive_value(hive, handle, &value) || (value.type != VALUE_TEXT && value.type != VALUE_TEXTS))
		return "";
	return strlen(value.text) <= HIVE_PATH_MAX ? value.text : ""; /* longer ones are no names */
}

bool hive_number(struct hive *hive, hive_node_h node, const char *name, uint64_t *out)
{
	hive_value_h      handle = value_of(hive, node, name);
	struct host_value value;

	if (!handle || !hive_value(hive, handle, &value) || value.type != VALUE_NUMBER)
		return false;
	*out = value.number;
	return true;
}

static void keep_values(struct hive *hive, hive_node_h node, struct host_key *key)
{
	hive_value_h *values = hivex_node_values(hive->h, node);
	bool          all = values != NULL;

	hive->damaged |= !values;
	for (size_t i = 0; values && values[i]; i++) {
		char              *name = hivex_value_key(hive->h, values[i]);
		struct host_value  read = {0}, *value;

		if (!name || !hive_value(hive, values[i], &read)) {
			hive->damaged = true;
			all = false;
		} else if ((value = host_add_value(hive->host, key, name))) {
			value->type = read.type;
			value->text = read.text;
			value->number = read.number;
		}
		free(name);
	}
	free(values);
	key->values_known = all && !hive->host->full;
}

struct keeping {
	const char *path;
	unsigned    depth;
};

static bool keep_child(struct hive *hive, hive_node_h node, const char *name, void *data)
{
	const struct keeping *in = data;
	char                  path[HIVE_PATH_MAX + 1];
	struct str            s = str_over(path, sizeof(path));

	str_fmt(&s, "%s\\%s", in->path, name);
	if (s.cut)
		hive->damaged = true;
	else
		hive_keep(hive, node, path, in->depth + 1);
	return !hive->host->full && hive->key_n < HIVE_KEYS_MAX;
}

void hive_keep(struct hive *hive, hive_node_h node, const char *path, unsigned depth)
{
	struct keeping   in = {path, depth};
	struct host_key *key;

	if (depth > HIVE_DEPTH_MAX || hive->key_n >= HIVE_KEYS_MAX) {
		hive->damaged = true;
		return;
	}
	key = host_add_key(hive->host, path, hive->from);
	if (!key)
		return;
	hive->key_n++;
	keep_values(hive, node, key);
	hive_each(hive, node, keep_child, &in);
}
