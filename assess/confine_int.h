/* Inside child and crew: what a process gives up before it reads hostile bytes, and how its parent waits for it. */
#ifndef SALLYPORT_ASSESS_CONFINE_INT_H
#define SALLYPORT_ASSESS_CONFINE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct confine {
	size_t   memory_max; /* octets of address space beyond what the process has */
	unsigned seconds; /* of processor time in all; 0: its parent's patience is the bound */
	unsigned files; /* descriptors */
	int      folder; /* the folder or file that it may read beneath, or -1 */
};

/*
 * For good, in a child: bounds of memory, time and descriptors, no core, nothing written to a file; as root it becomes nobody; no
 * system call that a reader of evidence does not need. False, with a sentence: the process must exit.
 */
bool confine_enter(const struct confine *confine, const char **why);

/* A moment on the clock that only goes forward, in milliseconds. */
uint64_t deadline_in(unsigned seconds);
/* Waits until the descriptor can be read or written; false, and errno is ETIMEDOUT, when the deadline came first. */
bool deadline_wait(int fd, short events, uint64_t deadline);

#endif
