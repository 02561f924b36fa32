/* Loads bulletins from folders and files: Markdown is read by children without rights, plain documents directly. */
#ifndef SALLYPORT_ASSESS_LOAD_H
#define SALLYPORT_ASSESS_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "advise/bulletin.h"

/*
 * Bounds: octets of a plain document (the largest of the given bulletins has 0.5 MB), seconds for one bulletin,
 * octets of memory for a child. What is beyond them is told and left out.
 */
enum { LOAD_JSON_MAX = 8 << 20, LOAD_SECONDS = 30, LOAD_MEMORY_MAX = 1 << 30, LOAD_CHILDREN_MAX = 8 };

/* Takes the bulletin over (it moves: catalog_add does). False stops the load. */
typedef bool load_got(void *data, struct bulletin *bulletin);
/* What is wrong with a file, in one sentence. The others go on. */
typedef void load_said(void *data, const char *path, const char *sentence);
typedef void load_progress(void *data, size_t done, size_t total);

struct load_wish {
	const char    *language; /* as `sallyport bulletin --language`; NULL: each bulletin's head says it */
	unsigned       children; /* that read Markdown at once; 0: as many as there are processors */
	bool           markdown; /* folders stand for their .md files alone: what is made of them may lie beside them */
	load_got      *got;
	load_said     *said; /* or NULL */
	load_progress *progress; /* or NULL */
	void          *data;
};

struct load_done {
	size_t bulletins, failed; /* files that gave one; files and folders that did not */
};

/*
 * A folder stands for the .md and .json files in it and below, hidden ones aside; a file may have any name. Files come to `got` in
 * the order of their paths, in whatever order the paths are given, and one that is named twice comes once. False: there is no such
 * language, no memory, or `got` stopped; `said` was told.
 */
bool load_bulletins(const char *const *paths, size_t count, const struct load_wish *wish, struct load_done *out);

#endif
