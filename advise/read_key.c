/* Reads keys and values of the registry: those that show an update, and those that a workaround sets. */
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

/* Where updates and installers leave their traces. */
static const char *const traces[] = {
	"\\hotfix", "\\updates\\", "\\update\\", "\\uninstall\\", "\\active setup\\", "\\hotfixes\\", "\\component based servicing", "\\patches\\", "\\svcpack",
	"\\filelist", "\\installer\\", "\\servicepack", "\\service pack",
};

static bool shows_update(const char *path)
{
	const char *walk = path, *from;
	char        kb[12];

	if (text_next_kb(&walk, true, kb, &from))
		return true;
	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++)
		if (strcasestr(path, traces[i]))
			return true;
	return false;
}

static bool same_key(const struct key *key, const char *path, const char *product, bool verify, uint32_t workaround)
{
	return key->verify == verify && key->workaround == workaround && (verify || !key->value[0]) && strcmp(key->path, path) == 0 && strcmp(key->product, product) == 0;
}

static struct key *key_add(struct place *p, const char *path, bool verify, struct from from)
{
	struct bulletin *b = p->b;
	const char      *product = verify ? place_product(p) : "";
	uint32_t         workaround = p->in_work ? b->workaround_n : 0;
	struct key      *key;

	for (uint32_t i = 0; i < b->key_n; i++)
		if (same_key(&b->keys[i], path, product, verify, workaround))
			return &b->keys[i];
	key = FACT(b, key);
	if (key)
		*key = (struct key){.path = keep(b, path), .value = "", .data = "", .product = keep(b, product), .verify = verify, .workaround = workaround, .from = from};
	return key;
}

/* '"Enabled"=dword:00000000' below '[HKEY_...]'. */
static void value_line(struct place *p, const char *text, uint32_t at)
{
	const char *end;
	struct key *key;

	if (!p->value_key[0] || (*text != '"' && *text != '@'))
		return;
	end = *text == '@' ? text + 1 : strchr(text + 1, '"');
	if (!end)
		return;
	const char *data = end + (*end == '"');

	while (*data == ' ')
		data++;
	if (*data != '=')
		return;
	key = FACT(p->b, key);
	if (!key)
		return;
	*key = (struct key){
		.path = keep(p->b, p->value_key),
		.value = *text == '@' ? "@" : keep_n(p->b, text + 1, (size_t)(end - text - 1)),
		.data = keep(p->b, data + 1),
		.product = "",
		.workaround = p->in_work ? p->b->workaround_n : 0,
		.from = {at, SURE_HIGH},
	};
}

/* '"ThisVersionInstalled" = "Y"' behind a key that shows the update, or in the line below it; there also 'Version = 7577.4392'. */
static void shown_value(struct place *p, const char *text)
{
	struct key *key = p->shown ? &p->b->keys[p->shown - 1] : NULL;
	const char *end, *data;
	size_t      n;

	p->shown = 0;
	if (!key || key->value[0])
		return;
	end = *text == '"' ? strchr(text + 1, '"') : text + strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (!end || end == text)
		return;
	data = end + (*end == '"');
	data += strspn(data, " ");
	if (*data != '=')
		return;
	data++;
	n = strlen(data);
	data = text_trim(data, &n, "");
	if (*data == '"')
		data = text_trim(data, &n, "\"");
	text += *text == '"';
	key->value = keep_n(p->b, text, (size_t)(end - text));
	key->data = keep_n(p->b, data, n);
}

void read_keys(struct place *p, const char *text, uint32_t at)
{
	const char *walk = text;
	char        path[PATH_SIZE];
	bool        repaired, any = false;

	while (text_next_key(&walk, path, sizeof(path), &repaired)) {
		bool      verify = !p->in_work && p->section != SECTION_WORKAROUND && p->section != SECTION_FAQ && shows_update(path);
		enum sure sure = repaired || p->section != SECTION_VERIFY ? SURE_MEDIUM : SURE_HIGH;

		any = true;
		struct key *key = NULL;

		if (verify || p->in_work)
			key = key_add(p, path, verify, (struct from){at, repaired ? SURE_LOW : verify ? sure : SURE_MEDIUM});
		if (verify && repaired)
			contradict(p->b, "key.blank", at, 0, "The key %s was written with stray blanks or doubled backslashes.", path);
		if (verify && key) {
			p->shown = (uint32_t)(key - p->b->keys) + 1;
			if (walk[strspn(walk, " ")] == '"')
				shown_value(p, walk + strspn(walk, " "));
		}
		if (text[0] == '[')
			memcpy(p->value_key, path, strlen(path) + 1);
	}
	if (!any) {
		shown_value(p, text);
		value_line(p, text, at);
	}
}
