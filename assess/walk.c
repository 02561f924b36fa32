/* Finds files below paths, and reads one whole. */
#include "assess/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* False: nothing more can be added. */
static bool file_add(struct walk *walk, const char *path)
{
	if (walk->count == WALK_FILES_MAX) {
		walk->said(walk->data, path, "there are more than a million files; this one and what would follow it are left out");
		return false;
	}
	if (walk->count == walk->room) {
		size_t wanted = walk->room ? walk->room * 2 : 256;
		char **grown = reallocarray(walk->files, wanted, sizeof(*grown));

		if (grown) {
			walk->files = grown;
			walk->room = wanted;
		}
	}
	if (walk->count < walk->room && (walk->files[walk->count] = strdup(path))) {
		walk->count++;
		return true;
	}
	walk->said(walk->data, path, "there is no memory for it");
	return false;
}

static bool folder_add(struct walk *walk, const char *path, unsigned depth);

static bool entry_add(struct walk *walk, const char *path, const char *name, unsigned depth)
{
	char           inner[WALK_PATH_MAX];
	struct str     s = str_over(inner, sizeof(inner));
	struct stat    st;
	enum walk_take take;

	str_fmt(&s, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", name);
	if (name[0] == '.')
		return true;
	if (s.cut || lstat(inner, &st) < 0) {
		walk->said(walk->data, s.cut ? path : inner, s.cut ? "it holds a path that is too long" : strerror(errno));
		return true;
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return true;
	take = walk->want(walk->data, inner, name, S_ISDIR(st.st_mode));
	if (take == WALK_ENTER && depth == WALK_DEPTH_MAX)
		walk->said(walk->data, inner, "it is more than 16 folders deep");
	else if (take == WALK_ENTER)
		return folder_add(walk, inner, depth + 1);
	return take != WALK_TAKE || file_add(walk, inner);
}

/* As deep as WALK_DEPTH_MAX. */
static bool folder_add(struct walk *walk, const char *path, unsigned depth)
{
	struct dirent **entries;
	int             n = scandir(path, &entries, NULL, alphasort);
	bool            room = true;

	if (n < 0) {
		walk->said(walk->data, path, strerror(errno));
		return true;
	}
	for (int i = 0; i < n; i++) {
		room = room && entry_add(walk, path, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
	return room;
}

static int by_path(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

void walk_find(struct walk *walk, const char *const *paths, size_t count)
{
	size_t kept = 0;
	bool   room = true;

	for (size_t i = 0; i < count && room; i++) {
		struct stat st;

		if (!paths[i][0] || stat(paths[i], &st) < 0)
			walk->said(walk->data, paths[i], paths[i][0] ? strerror(errno) : "it is no path");
		else if (S_ISDIR(st.st_mode) && walk->want(walk->data, paths[i], "", true) == WALK_ENTER)
			room = folder_add(walk, paths[i], 0);
		else
			room = file_add(walk, paths[i]);
	}
	if (!walk->count)
		return;
	qsort(walk->files, walk->count, sizeof(*walk->files), by_path);
	for (size_t i = 0; i < walk->count; i++)
		if (kept && strcmp(walk->files[kept - 1], walk->files[i]) == 0)
			free(walk->files[i]);
		else
			walk->files[kept++] = walk->files[i];
	walk->count = kept;
}

void walk_close(struct walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		free(walk->files[i]);
	free(walk->files);
	walk->files = NULL;
	walk->count = walk->room = 0;
}

char *walk_bytes(const char *path, size_t most, size_t *out_n, char *why, size_t size)
{
	int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st = {0};
	size_t      room = 0, n = 0;
	ssize_t     got = 1;
	char       *bytes = NULL;

	snprintf(why, size, "there is no memory for it");
	if (fd < 0 || fstat(fd, &st) < 0)
		snprintf(why, size, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		snprintf(why, size, "it is no plain file");
	else if (st.st_size < 0 || (uint64_t)st.st_size > most)
		snprintf(why, size, "it is longer than %zu MB", most >> 20);
	else
		bytes = malloc(room = (size_t)st.st_size + 1);
	/* One that grows meanwhile is read as far as it was long. */
	while (bytes && n + 1 < room && got > 0) {
		got = read(fd, bytes + n, room - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (bytes && got < 0) {
		snprintf(why, size, "%s", strerror(errno));
		free(bytes);
		bytes = NULL;
	}
	if (bytes)
		bytes[n] = '\0';
	if (fd >= 0)
		close(fd);
	*out_n = n;
	return bytes;
}
