/* `sallyport inventory --wanted`: the files, keys and services that bulletins and reviewed flaws ask for, as the list of contrib/collect.vbs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/flaws.h"
#include "assess/load.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/inventory.h"

enum { LINES_MOST = 1 << 17, LINE_MOST = 340 }; /* a line is at most as long as a name that the script writes */

struct list {
	char **lines;
	size_t count, room;
	bool   full, bad;
};

/* Only what is plain: the script's host reads the list in whatever code page it has. */
static bool is_plain(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return n > 0 && n < LINE_MOST - 16;
}

static void line_add(struct list *list, const char *kind, const char *folder, const char *name)
{
	char       text[LINE_MOST];
	struct str s = str_over(text, sizeof(text));
	char     **larger;

	if (!is_plain(name))
		return;
	str_fmt(&s, "%s\t%s%s", kind, folder, name);
	if (s.cut || list->full)
		return;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 1024;

		larger = room > LINES_MOST ? NULL : realloc(list->lines, room * sizeof(*larger));
		list->full = !larger;
		if (!larger)
			return;
		list->lines = larger;
		list->room = room;
	}
	list->lines[list->count] = strdup(text);
	list->full = !list->lines[list->count];
	list->count += !list->full;
}

/* Where Windows has it, so that its absence is told too; a program's file, which may be anywhere, by its name alone. */
static void file_add(struct list *list, const char *name)
{
	const char *folder = flaw_file_folder(name);
	char        path[64];

	if (!folder || strcmp(folder, "\\netmeeting") == 0) {
		line_add(list, "file", "", name);
		return;
	}
	snprintf(path, sizeof(path), "%%systemroot%%%.40s\\", folder);
	line_add(list, "file", path, name);
}

static void check_add(struct list *list, const struct check *check)
{
	static const char *const words[] = {[CHECK_FILE_READ_ONLY] = "file", [CHECK_FILE_ABSENT] = "file", [CHECK_KEY_ABSENT] = "key", [CHECK_KEY_PRESENT] = "key",
		[CHECK_VALUE_NUMBER] = "key", [CHECK_VALUE_TEXT] = "key", [CHECK_SERVICE_DISABLED] = "service"};

	if (check->kind && strncmp(check->path, "HKLM\\Sallyport\\", 15) != 0)
		line_add(list, words[check->kind], "", check->path);
}

static void flaws_add(struct list *list)
{
	const struct flaw_rule *rule;

	for (size_t i = 0; (rule = flaw_rule_at(i)); i++) {
		for (size_t j = 0; j < FLAW_FILES_MAX && rule->files[j]; j++)
			file_add(list, rule->files[j]);
		for (size_t j = 0; j < WORKAROUNDS_MAX && rule->workarounds[j].title; j++)
			for (size_t k = 0; k < CHECKS_MAX; k++)
				check_add(list, &rule->workarounds[j].checks[k]);
	}
}

/* Names that verdicts compare versions of. */
static bool is_code(const char *name)
{
	static const char *const ends[] = {".dll", ".exe", ".sys", ".ocx", ".cpl", ".drv", ".tsp"};
	const char              *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return !strpbrk(name, "\\/:*?\"<>|");
	return false;
}

static bool bulletin_got(void *data, struct bulletin *bulletin)
{
	struct list *list = data;
	char         path[LINE_MOST];

	for (uint32_t i = 0; i < bulletin->file_n; i++)
		if (is_code(bulletin->files[i].name))
			line_add(list, "file", "", bulletin->files[i].name);
	for (uint32_t i = 0; i < bulletin->key_n; i++)
		if (bulletin->keys[i].path && key_path_canonical(bulletin->keys[i].path, path, sizeof(path)) && strncasecmp(path, "HKCU", 4) != 0)
			line_add(list, "values", "", path);
	bulletin_close(bulletin);
	return true;
}

static void bulletin_said(void *data, const char *path, const char *sentence)
{
	struct list *list = data;

	complain("%s: %s", path, sentence);
	list->bad = true;
}

static int by_text(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

int inventory_wanted(const char *const *paths, size_t count)
{
	struct list      list = {0};
	struct load_wish wish = {.got = bulletin_got, .said = bulletin_said, .data = &list};
	struct load_done done = {0};

	flaws_add(&list);
	if (count && !load_bulletins(paths, count, &wish, &done))
		list.bad = true;
	if (count && !done.bulletins) {
		complain("there are no bulletins in what was named: only what reviewed flaws ask for is listed");
		list.bad = true;
	}
	if (list.full) {
		complain("there is more to look for than one list holds");
		list.bad = true;
	}
	if (list.count)
		qsort(list.lines, list.count, sizeof(*list.lines), by_text);
	printf("# What contrib/collect.vbs looks for beside its own list: file, key (with all below it), values (of one key) or service, a tab, its name.\n");
	for (size_t i = 0; i < list.count; i++)
		if (!i || strcasecmp(list.lines[i], list.lines[i - 1]) != 0)
			printf("%s\n", list.lines[i]);
	for (size_t i = 0; i < list.count; i++)
		free(list.lines[i]);
	free(list.lines);
	return output_ok() && !list.bad ? EXIT_CLEAN : EXIT_USAGE;
}
