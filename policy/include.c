/* Opens the texts of a policy: includes by glob, sorted, no cycles, everything capped, nothing but plain UTF-8. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ast_int.h"

/* Characters that make a text look like another one. */
static bool is_hidden(uint32_t point)
{
	return !utf8_shows(point) && point != '\t' && point != '\n' && point != '\r';
}

/* Complains about the first character no policy may hold. */
static bool text_plain(struct policy_build *b, const struct text_file *file, uint16_t number)
{
	struct span at = {.head = file->text, .line = 1, .col = 1, .end = 1, .file = number};

	for (size_t i = 0, n; i < file->len; i += n) {
		uint32_t point;

		n = utf8_one((const uint8_t *)file->text + i, file->len - i, &point);
		if (!n || is_hidden(point)) {
			if (n && point == 0xfeff && !i)
				build_error(b, at, "the file begins with a byte order mark: save it as UTF-8 without one");
			else if (n)
				build_error(b, at, "the character U+%04X may not stand in a policy", point);
			else
				build_error(b, at, "this byte is not UTF-8");
			return false;
		}
		at.col++;
		if (point == '\n') {
			at.head = file->text + i + 1;
			at.line++;
			at.col = 1;
		}
		at.end = at.col;
	}
	return true;
}

static bool known(struct policy_build *b, const char *path, struct text_file *parent, struct span at)
{
	for (struct text_file *up = parent; up; up = up->parent)
		if (strcmp(up->path, path) == 0) {
			build_error(b, at, "%s would include itself", path);
			return true;
		}
	for (uint32_t i = 0; i < b->files.count; i++) {
		struct text_file *file = *AT(b->files, struct text_file *, i);

		if (strcmp(file->path, path) == 0) {
			build_error(b, at, "%s is included already", path);
			if (file->included_at.line)
				build_note(b, file->included_at, "here");
			return true;
		}
	}
	return false;
}

static const char *too_much(const struct policy_build *b, const struct text_file *parent, long got)
{
	if (got > POLICY_FILE_MAX)
		return "is larger than 32 MiB";
	if (b->text_total + (size_t)got > POLICY_TEXT_MAX)
		return "makes the policy larger than 64 MiB";
	if (b->files.count == POLICY_FILES_MAX)
		return "is one file more than 64";
	if (parent && parent->depth + 1 == POLICY_INCLUDES_DEEP)
		return "is included more than 8 files deep";
	return NULL;
}

/* The whole file in the buffer, or one byte more than a file may have. Most files are small, and so is the first buffer. */
static long read_file(struct policy_build *b, const char *path)
{
	static const size_t rooms[] = {16 * 1024, 1024 * 1024, POLICY_FILE_MAX + 1};
	long                got = -1;

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		char *buffer = realloc(b->file_buffer, rooms[i]);

		errno = ENOMEM;
		if (!buffer)
			return -1;
		b->file_buffer = buffer;
		errno = 0;
		got = b->opener->read(b->opener->user, path, buffer, rooms[i]);
		if (got < 0 || (size_t)got < rooms[i])
			break;
	}
	return got;
}

static const char *shown_path(struct policy_build *b, const char *path)
{
	size_t n = strlen(b->folder), m = strlen(path);
	char  *out = pool_take(&b->pool, n + m + 1);

	memcpy(out, b->folder, n);
	/* UNSAFE: out holds both. */
	memcpy(out + n, path, m);
	return shown_text(b, out, n + m);
}

struct text_file *file_open(struct policy_build *b, const char *path, struct text_file *parent, struct span at)
{
	struct text_file *file;
	const char       *why;
	long              got;

	if (known(b, path, parent, at))
		return NULL;
	got = read_file(b, path);
	why = got < 0 ? strerror(errno ? errno : EIO) : too_much(b, parent, got);
	if (why) {
		build_error(b, at, "%s %s%s", path, got < 0 ? "cannot be read: " : "", why);
		return NULL;
	}
	file = pool_take(&b->pool, sizeof(*file));
	file->path = pool_text(&b->pool, path, strlen(path));
	file->shown = shown_path(b, path);
	file->text = pool_text(&b->pool, b->file_buffer, (size_t)got);
	file->len = (size_t)got;
	file->parent = parent;
	file->depth = parent ? (uint16_t)(parent->depth + 1) : 0;
	file->included_at = at;
	b->text_total += (size_t)got;
	*(struct text_file **)vec_add(&b->pool, &b->files, sizeof(struct text_file *)) = file;
	return text_plain(b, file, (uint16_t)(b->files.count - 1)) ? file : NULL;
}

struct text_file *file_given(struct policy_build *b, const char *text, size_t n)
{
	struct text_file *file = pool_take(&b->pool, sizeof(*file));

	file->path = file->shown = "policy";
	file->text = pool_text(&b->pool, text, n);
	file->len = n;
	*(struct text_file **)vec_add(&b->pool, &b->files, sizeof(struct text_file *)) = file;
	return text_plain(b, file, 0) ? file : NULL;
}

/* Names of one folder that fit. */
struct listing {
	struct policy_build *b;
	const char          *pattern;
	char                 names[POLICY_FILES_MAX + 1][POLICY_WORD_MAX + 1];
	size_t               count;
};

static void list_one(void *arg, const char *name)
{
	struct listing *l = arg;
	size_t          n = strlen(name);

	/* Hidden files are editors' and tools' own. */
	if (name[0] == '.' || n > POLICY_WORD_MAX || l->count > POLICY_FILES_MAX)
		return;
	if (glob_match(l->pattern, strlen(l->pattern), name, n, false))
		memcpy(l->names[l->count++], name, n + 1);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Each file that fits the pattern, in the order of their bytes. */
static void include_glob(struct policy_build *b, struct text_file *from, const struct word *pattern, size_t folder_len)
{
	struct listing *l = pool_take(&b->pool, sizeof(*l));
	char            path[2 * POLICY_WORD_MAX + 3];
	const char     *folder = pool_text(&b->pool, pattern->text, folder_len);

	l->b = b;
	l->pattern = pattern->text + folder_len + (folder_len ? 1 : 0);
	errno = 0;
	if (!b->opener->list(b->opener->user, folder, list_one, l)) {
		build_error(b, pattern->at, "the folder \"%s\" cannot be read: %s", folder, strerror(errno ? errno : EIO));
		return;
	}
	qsort(l->names, l->count, sizeof(l->names[0]), by_bytes);
	for (size_t i = 0; i < l->count; i++) {
		struct str        s = str_over(path, sizeof(path));
		struct text_file *file;

		str_fmt(&s, "%s%s%s", folder, folder_len ? "/" : "", l->names[i]);
		file = file_open(b, path, from, pattern->at);
		if (file)
			parse_file(b, file);
	}
}

/* A path below the policy's folder and nothing else. */
static bool path_good(const char *path)
{
	if (!*path || *path == '/')
		return false;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (!n || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
		path += *path == '/';
	}
	return true;
}

void file_include(struct policy_build *b, struct text_file *from, const struct word *pattern)
{
	const char       *slash = strrchr(pattern->text, '/'), *star = strchr(pattern->text, '*');
	struct text_file *file;

	if (b->one_file)
		return;
	if (!path_good(pattern->text) || strlen(pattern->text) != pattern->len) {
		build_error(b, pattern->at, "an include names files below the policy's own folder, as in \"conf.d/*.policy\"");
		return;
	}
	if (star && slash && star < slash) {
		build_error(b, pattern->at, "only the last part of an include may hold a *");
		return;
	}
	if (star) {
		include_glob(b, from, pattern, slash ? (size_t)(slash - pattern->text) : 0);
		return;
	}
	file = file_open(b, pattern->text, from, pattern->at);
	if (file)
		parse_file(b, file);
}
