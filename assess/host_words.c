/* Brings words of hosts into one form: paths of the registry and of files, numbers of articles, versions. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assess/host.h"
#include "base/str.h"

static const struct {
	const char *written, *root;
} roots[] = {
	{"HKEY_LOCAL_MACHINE", "HKLM"}, {"HKLM", "HKLM"}, {"HKEY_CLASSES_ROOT", "HKCR"}, {"HKCR", "HKCR"}, {"HKEY_CURRENT_USER", "HKCU"},
	{"HKCU", "HKCU"}, {"HKEY_USERS", "HKU"}, {"HKU", "HKU"}, {"HKEY_CURRENT_CONFIG", "HKCC"}, {"HKCC", "HKCC"},
};

/* Parts joined by one backslash each, without empty ones. */
static void parts(struct str *s, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "\\");

		if (n) {
			str_char(s, '\\');
			str_bytes(s, path, n);
		}
		path += n + (path[n] == '\\');
	}
}

bool key_path_canonical(const char *path, char *out, size_t size)
{
	struct str s = str_over(out, size);
	size_t     head = strcspn(path, "\\");

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (strlen(roots[i].written) != head || strncasecmp(path, roots[i].written, head) != 0)
			continue;
		str_add(&s, roots[i].root);
		parts(&s, path + head);
		return !s.cut;
	}
	return false;
}

bool file_path_canonical(const char *path, const char *root, char *out, size_t size)
{
	static const char *const variables[] = {"%systemroot%", "%windir%"};
	struct str               s = str_over(out, size);
	size_t                   skip = 0;

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (strncasecmp(path, variables[i], strlen(variables[i])) == 0)
			skip = strlen(variables[i]);
	if (!skip && root && *root && strncasecmp(path, root, strlen(root)) == 0 && (path[strlen(root)] == '\\' || !path[strlen(root)]))
		skip = strlen(root);
	if (skip)
		str_add(&s, variables[0]);
	str_add(&s, path + skip);
	for (char *c = out; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (*c == '/')
			*c = '\\';
	}
	return !s.cut && s.len > 0;
}

uint32_t update_article(const char *id)
{
	uint32_t number = 0;
	size_t   digits = 0;

	if (strncasecmp(id, "KB", 2) == 0)
		id += 2;
	else if (*id == 'Q' || *id == 'q' || *id == 'M' || *id == 'm')
		id++;
	else if (strlen(id) < 6 || strspn(id, "0123456789") != strlen(id))
		return 0;
	for (; *id >= '0' && *id <= '9'; id++, digits++)
		number = digits < 7 ? number * 10 + (uint32_t)(*id - '0') : 0;
	return digits >= 5 && digits <= 7 ? number : 0;
}

bool version_parse(const char *text, uint16_t out[4])
{
	size_t n = 0;

	memset(out, 0, 4 * sizeof(*out));
	while (n < 4) {
		uint32_t number = 0;

		if (*text < '0' || *text > '9')
			break;
		for (; *text >= '0' && *text <= '9'; text++) {
			number = number * 10 + (uint32_t)(*text - '0');
			if (number > UINT16_MAX)
				return false;
		}
		out[n++] = (uint16_t)number;
		if (*text != '.')
			break;
		text++;
	}
	return n >= 2;
}

int version_compare(const uint16_t a[4], const uint16_t b[4])
{
	for (size_t i = 0; i < 4; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}
