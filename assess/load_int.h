/* The child that reads Markdown, for its parent only. */
#ifndef SALLYPORT_ASSESS_LOAD_INT_H
#define SALLYPORT_ASSESS_LOAD_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "advise/packs.h"

struct load_child {
	pid_t pid; /* 0: there is none */
	int   fd;
};

/* Forks one; false when that cannot be. */
bool load_child_start(struct load_child *child, const struct packs *packs);
/* Gives it a bulletin, which it must not have one of already. False when it is gone, and child->pid is 0. */
bool load_child_ask(struct load_child *child, const char *path, const char *bytes, size_t n);
/*
 * Its answer, one line of JSON, terminated, for the caller to free. NULL, with a sentence, when it died, gave none in time or one
 * beyond bounds; child->pid is 0 then.
 */
char *load_child_answer(struct load_child *child, size_t *out_n, char *why, size_t size);
void  load_child_end(struct load_child *child);

#endif
