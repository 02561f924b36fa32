/* Finds bulletins below paths, has them read, and hands them on in the order of their paths. */
#include "assess/load.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "advise/doc.h"
#include "advise/packs.h"
#include "assess/crew.h"
#include "assess/walk.h"

enum { WHY = 512 };

enum turn { TURN_NONE = 0, TURN_ASKED, TURN_PLAIN, TURN_FAILED };

/* A file whose turn to be handed on has not come: one for each child. */
struct slot {
	struct crew_child child;
	bool              used; /* the child has read another file before */
	enum turn         turn;
	const char       *path;
	char             *bytes; /* of TURN_PLAIN */
	size_t            n;
	char              why[WHY];
};

struct load {
	const struct load_wish *wish;
	struct load_done       *done;
	struct packs            packs;
	struct crew             crew;
	struct walk             walk;
	struct slot             slots[LOAD_CHILDREN_MAX];
	size_t                  slot_n;
};

/* In the child: the plain document of a bulletin, or why it is none. */
static char *read_markdown(void *data, const char *path, const char *bytes, size_t n, size_t *out_n)
{
	const struct packs *packs = data;
	const struct pack  *pack = packs_for(packs, bytes, n);
	const char         *why = "it is no bulletin, or its head does not say its language: then --language does";
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

static void say(void *data, const char *path, const char *sentence)
{
	struct load *load = data;

	load->done->failed++;
	if (load->wish->said)
		load->wish->said(load->wish->data, path, sentence);
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

static enum walk_take want(void *data, const char *path, const char *name, bool folder)
{
	const struct load *load = data;

	(void)path;
	return folder ? WALK_ENTER : ends_with(name, ".md") || (ends_with(name, ".json") && !load->wish->markdown) ? WALK_TAKE : WALK_LEAVE;
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
	char  *bytes = walk_bytes(path, LOAD_JSON_MAX, &n, slot->why, sizeof(slot->why));

	slot->path = path;
	slot->turn = TURN_FAILED;
	if (!bytes)
		return;
	if (is_plain(path, bytes, n)) {
		slot->turn = TURN_PLAIN;
		slot->bytes = bytes;
		slot->n = n;
		return;
	}
	if (n > DOC_BYTES_MAX) {
		snprintf(slot->why, sizeof(slot->why), "it is longer than %d MB, which no bulletin is", DOC_BYTES_MAX >> 20);
		free(bytes);
		return;
	}
	for (int tries = 0; tries < 2 && slot->turn != TURN_ASKED; tries++) {
		slot->used = slot->child.pid != 0;
		if ((slot->used || crew_start(&load->crew, &slot->child)) && crew_ask(&load->crew, &slot->child, path, bytes, n))
			slot->turn = TURN_ASKED;
	}
	free(bytes);
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
		good = from_text(slot->bytes, slot->n, NULL, &b, slot->why, sizeof(slot->why));
	else if (slot->turn == TURN_ASKED && (line = answer(load, slot, &n)))
		good = from_text(line, n, slot->path, &b, slot->why, sizeof(slot->why));
	free(line);
	free(slot->bytes);
	slot->bytes = NULL;
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
	for (size_t i = 0; i < load->walk.count + load->slot_n; i++) {
		struct slot *slot = &load->slots[i % load->slot_n];

		if (!end(load, slot))
			return false;
		if (i >= load->slot_n && load->wish->progress)
			load->wish->progress(load->wish->data, i - load->slot_n + 1, load->walk.count);
		if (i < load->walk.count)
			begin(load, slot, load->walk.files[i]);
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
		*load = (struct load){.wish = wish, .done = out, .walk = {.want = want, .said = say, .data = load},
			.crew = {read_markdown, &load->packs, DOC_BYTES_MAX, LOAD_JSON_MAX, LOAD_MEMORY_MAX, LOAD_SECONDS}};
	good = load && packs_open(wish->language, &load->packs, why, sizeof(why));
	if (good) {
		walk_find(&load->walk, paths, count);
		good = read_all(load);
	} else if (wish->said) {
		wish->said(wish->data, wish->language ? "--language" : "bulletins", why);
	}
	for (size_t i = 0; load && i < load->slot_n; i++) {
		crew_end(&load->slots[i].child);
		free(load->slots[i].bytes);
	}
	if (load) {
		packs_close(&load->packs);
		walk_close(&load->walk);
	}
	free(load);
	return good;
}
