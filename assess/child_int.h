/* Inside evidence_read: what the child answers, and how the parent takes it. */
#ifndef SALLYPORT_ASSESS_CHILD_INT_H
#define SALLYPORT_ASSESS_CHILD_INT_H

#include "assess/evidence.h"

enum {
	CHILD_SECONDS = 120, /* of processor time and of waiting, each */
	CHILD_ANSWER_MAX = 128 << 20, /* octets */
	CHILD_MEMORY_MAX = 1 << 30, /* octets of address space beyond the parent's */
	CHILD_FILES_MAX = 160,
	CHILD_WHY_MAX = 400,
};

/* The bounds of one reading, which tests make small. */
struct child_bounds {
	unsigned seconds;
	size_t   answer_max, memory_max;
};

/* Runs `work` in the child over the open file or folder, with a host that is open; its sentence in *why when it is false. */
typedef bool child_work(struct host *host, int fd, const char *path, void *data, const char **why);
/* False, with a sentence, when the child could not tell or ended otherwise; `host` has what came. */
bool child_run(struct host *host, int fd, const char *path, child_work *work, void *data, const struct child_bounds *bounds, const char **why);

#endif
