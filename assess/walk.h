/* Files below the paths that an operator named, sorted and each once. */
#ifndef SALLYPORT_ASSESS_WALK_H
#define SALLYPORT_ASSESS_WALK_H

#include <stdbool.h>
#include <stddef.h>

enum { WALK_FILES_MAX = 1 << 20, WALK_DEPTH_MAX = 16, WALK_PATH_MAX = 4096 };

enum walk_take { WALK_LEAVE = 0, WALK_TAKE, WALK_ENTER };

struct walk {
	/* What is to be done with something in a folder; ENTER is for folders. */
	enum walk_take (*want)(void *data, const char *path, const char *name, bool folder);
	/* What could not be looked at, in one sentence. */
	void (*said)(void *data, const char *path, const char *sentence);
	void  *data;
	char **files; /* owned: walk_close */
	size_t count, room;
};

/*
 * Paths that are named themselves are taken when they are files; `want` is asked about folders (name is "") and what is in them.
 * Hidden files are left, links in folders are not followed. What is beyond a bound is told by `said`.
 */
void walk_find(struct walk *walk, const char *const *paths, size_t count);
void walk_close(struct walk *walk);
/*
 * The whole of a plain file, from malloc with a zero behind it. NULL, with a sentence, when it cannot be read, is no plain file (and
 * may never end) or has more than `most` octets.
 */
char *walk_bytes(const char *path, size_t most, size_t *out_n, char *why, size_t size);

#endif
