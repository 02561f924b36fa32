/* Finds bulletins below paths, has them read, and hands them on in the order of their paths. */
#include "assess/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advise/doc.h"
#include "advise/packs.h"
#include "assess/crew.h"
#include "base/str.h"

enum { PATH_MOST = CREW_PATH_MAX, DEPTH_MOST = 16, WHY = 512 };

enum turn { TURN_NONE = 0, TURN_ASKED, TURN_PLAIN, TURN_FAILED };

/* A file whose turn to be handed on has not come: one for each child. */
struct slot {
	struct crew_child child;
	bool              used; /* the child has read another file before */
	enum turn         turn;
	const char       *path;
	char              why[WHY];
};

struct load {
	const struct load_wish *wish;
	struct load_done       *done;
	struct packs            packs;
	struct crew             crew;
	char                  **files;
	size_t                  count, room;
	char                   *bytes; /* LOAD_JSON_MAX + 1 */
	struct slot             slots[LOAD_CHILDREN_MAX];
	size_t                  slot_n;
};

/* In the child: the plain document of a bulletin, or why it is none. */
static char *read_markdown(void *data, const char *path, const char *bytes, size_t n, size_t *out_n)
{
	const struct packs *packs = data;
	const struct pack  *pack = packs_for(packs, bytes, n);
	const char         *why = "its head does not say its language; --language does";
	struct bulletin     b = {0};
	json_t             *answer;
	char               *text;

	if (pack && bulletin_read(pack, path, bytes, n, &b, &why))
		answer = bulletin_json(&b);
	else
		answer = json_pack("{s:s}", "error", why);
	bulletin_close(&b);
	text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	json_decref(answer);
	*out_n = text ? strlen(text) : 0;
	return text;
}

static void say(struct load *load, const char *path, const char *sentence)
{
	load->done->failed++;
	if (load->wish->said)
		load->wish->said(load->wish->data, path, sentence);
}

static bool file_add(struct load *load, const char *path)
{
	if (load->count == LOAD_FILES_MAX) {
		say(load, path, "there are more than 65536 files; this one and what would follow it are left out");
		return false;
	}
	if (load->count == load->room) {
		size_t wanted = load->room ? load->room * 2 : 256;
		char **grown = reallocarray(load->files, wanted, sizeof(*grown));

		if (grown) {
			load->files = grown;
			load->room = wanted;
		}
	}
	if (load->count < load->room && (load->files[load->count] = strdup(path))) {
		load->count++;
		return true;
	}
	say(load, path, "there is no memory for it");
	return false;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

/* False: nothing more can be added. */
static bool folder_add(struct load *load, const char *path, unsigned depth)
{
	struct dirent **entries;
	int             n = scandir(path, &entries, NULL, alphasort);
	bool            room = true;

	if (n < 0)
		say(load, path, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char        inner[PATH_MOST];
		struct str  s = str_over(inner, sizeof(inner));
		struct stat st;

		str_fmt(&s, "%s/%s", path, name);
		if (room && name[0] != '.' && !s.cut && lstat(inner, &st) == 0) {
			if (S_ISDIR(st.st_mode) && depth < DEPTH_MOST)
				room = folder_add(load, inner, depth + 1);
			else if (S_ISDIR(st.st_mode))
				say(load, inner, "it is more than 16 folders deep");
			else if (S_ISREG(st.st_mode) && (ends_with(name, ".md") || ends_with(name, ".json")))
				room = file_add(load, inner);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return room;
}

static int by_path(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void find(struct load *load, const char *const *paths, size_t count)
{
	size_t kept = 0;
	bool   room = true;

	for (size_t i = 0; i < count && room; i++) {
		struct stat st;

		if (stat(paths[i], &st) < 0)
			say(load, paths[i], strerror(errno));
		else if (S_ISDIR(st.st_mode))
			room = folder_add(load, paths[i], 0);
		else
			room = file_add(load, paths[i]);
	}
	if (!load->count)
		return;
	qsort(load->files, load->count, sizeof(*load->files), by_path);
	for (size_t i = 0; i < load->count; i++)
		if (kept && strcmp(load->files[kept - 1], load->files[i]) == 0)
			free(load->files[i]);
		else
			load->files[kept++] = load->files[i];
	load->count = kept;
}

/* The whole file into load->bytes; false with a sentence. What is no plain file would never end. */
static bool bytes_of(struct load *load, const char *path, size_t *out, char *why, size_t size)
{
	int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t     got = 1;
	bool        plain = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	*out = 0;
	while (plain && got > 0 && *out <= LOAD_JSON_MAX) {
		got = read(fd, load->bytes + *out, LOAD_JSON_MAX + 1 - *out);
		*out += got > 0 ? (size_t)got : 0;
	}
	if (fd < 0 || got < 0)
		snprintf(why, size, "%s", strerror(errno));
	else if (!plain)
		snprintf(why, size, "it is no plain file");
	else if (*out > LOAD_JSON_MAX)
		snprintf(why, size, "it is longer than %d MB", LOAD_JSON_MAX >> 20);
	if (fd >= 0)
		close(fd);
	return plain && got >= 0 && *out <= LOAD_JSON_MAX;
}

static bool is_plain(const char *path, const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t'))
		i++;
	return i < n && bytes[i] == '{' && !ends_with(path, ".md");
}

/* Takes a text of JSON apart; of a child's answer the parent knows the file better. */
static bool from_text(const char *text, size_t n, const char *path, struct bulletin *out, char *why, size_t size)
{
	json_error_t error;
	json_t      *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
	const char  *sentence = json_string_value(json_object_get(root, "error"));
	bool         good = root && !sentence;

	if (!root)
		snprintf(why, size, "line %d: %s", error.line, error.text);
	else if (sentence)
		snprintf(why, size, "%s", sentence);
	if (good && path)
		json_object_set_new(root, "file", json_string(path));
	if (good) {
		good = bulletin_from_json(root, out, &sentence);
		if (!good) {
			snprintf(why, size, "%s", sentence);
			bulletin_close(out);
		}
	}
	json_decref(root);
	return good;
}

/* Begins with a file: a child gets it, or it waits for its turn. */
static void begin(struct load *load, struct slot *slot, const char *path)
{
	size_t n;

	slot->path = path;
	slot->turn = TURN_FAILED;
	if (!bytes_of(load, path, &n, slot->why, sizeof(slot->why)))
		return;
	if (is_plain(path, load->bytes, n)) {
		slot->turn = TURN_PLAIN; /* read again then: memory holds one */
		return;
	}
	if (n > DOC_BYTES_MAX) {
		snprintf(slot->why, sizeof(slot->why), "it is longer than %d MB, which no bulletin is", DOC_BYTES_MAX >> 20);
		return;
	}
	for (int tries = 0; tries < 2 && slot->turn != TURN_ASKED; tries++) {
		slot->used = slot->child.pid != 0;
		if ((slot->used || crew_start(&load->crew, &slot->child)) && crew_ask(&load->crew, &slot->child, path, load->bytes, n))
			slot->turn = TURN_ASKED;
	}
	if (slot->turn != TURN_ASKED)
		snprintf(slot->why, sizeof(slot->why), "no process could be started to read it: %s", strerror(errno));
}

/* The child's answer. One that has read other files may die of those: then a new one decides. */
static char *answer(struct load *load, struct slot *slot, size_t *out_n)
{
	char *line = crew_answer(&load->crew, &slot->child, out_n, slot->why, sizeof(slot->why));

	if (!line && slot->used) {
		begin(load, slot, slot->path);
		if (slot->turn == TURN_ASKED)
			line = crew_answer(&load->crew, &slot->child, out_n, slot->why, sizeof(slot->why));
	}
	return line;
}

/* Hands the slot's file on. False: `got` wants no more. */
static bool end(struct load *load, struct slot *slot)
{
	struct bulletin b;
	char           *line = NULL;
	size_t          n;
	bool            good = false;

	if (slot->turn == TURN_NONE)
		return true;
	if (slot->turn == TURN_PLAIN)
		good = bytes_of(load, slot->path, &n, slot->why, sizeof(slot->why)) && from_text(load->bytes, n, NULL, &b, slot->why, sizeof(slot->why));
	else if (slot->turn == TURN_ASKED && (line = answer(load, slot, &n)))
		good = from_text(line, n, slot->path, &b, slot->why, sizeof(slot->why));
	free(line);
	slot->turn = TURN_NONE;
	load->done->bulletins += good;
	if (!good)
		say(load, slot->path, slot->why);
	return !good || load->wish->got(load->wish->data, &b);
}

/* Children work on the files of the next slots while the first one's is waited for. */
static bool read_all(struct load *load)
{
	unsigned wanted = load->wish->children;

	load->slot_n = !wanted || wanted > LOAD_CHILDREN_MAX ? crew_size(LOAD_CHILDREN_MAX) : wanted;
	for (size_t i = 0; i < load->count + load->slot_n; i++) {
		struct slot *slot = &load->slots[i % load->slot_n];

		if (!end(load, slot))
			return false;
		if (i >= load->slot_n && load->wish->progress)
			load->wish->progress(load->wish->data, i - load->slot_n + 1, load->count);
		if (i < load->count)
			begin(load, slot, load->files[i]);
	}
	return true;
}

bool load_bulletins(const char *const *paths, size_t count, const struct load_wish *wish, struct load_done *out)
{
	struct load *load = calloc(1, sizeof(*load));
	char         why[WHY] = "there is no memory for them";
	bool         good;

	*out = (struct load_done){0};
	if (load)
		*load = (struct load){.wish = wish, .done = out, .bytes = malloc(LOAD_JSON_MAX + 1),
			.crew = {read_markdown, &load->packs, DOC_BYTES_MAX, LOAD_JSON_MAX, LOAD_MEMORY_MAX, LOAD_SECONDS}};
	good = load && load->bytes && packs_open(wish->language, &load->packs, why, sizeof(why));
	if (good) {
		find(load, paths, count);
		good = read_all(load);
	} else if (wish->said) {
		wish->said(wish->data, "bulletins", why);
	}
	for (size_t i = 0; load && i < load->slot_n; i++)
		crew_end(&load->slots[i].child);
	for (size_t i = 0; load && i < load->count; i++)
		free(load->files[i]);
	if (load) {
		packs_close(&load->packs);
		free(load->files);
		free(load->bytes);
	}
	free(load);
	return good;
}
