/* Children that read what comes from outside: each is asked over a socket pair, answers, and takes only its own question with it. */
#ifndef SALLYPORT_ASSESS_CREW_H
#define SALLYPORT_ASSESS_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CREW_MAX = 64, CREW_PATH_MAX = 4096 };

/* The answer to one question, from malloc; NULL: there is no memory for it. Runs in the child. */
typedef char *crew_work(void *data, const char *path, const char *bytes, size_t n, size_t *out_n);

/* What the children of a crew do, and their bounds. */
struct crew {
	crew_work *work;
	void      *data;
	size_t     question_max, answer_max, memory_max; /* octets; memory: beyond what its parent has */
	unsigned   seconds; /* for one question */
};

struct crew_child {
	pid_t pid; /* 0: there is none */
	int   fd;
};

/* As many as there are processors, at most `most`. */
unsigned crew_size(unsigned most);
/* Forks one; false when that cannot be. */
bool crew_start(const struct crew *crew, struct crew_child *child);
/* Asks it; it must not owe an answer already. False when it is gone, and child->pid is 0. */
bool crew_ask(const struct crew *crew, struct crew_child *child, const char *path, const char *bytes, size_t n);
/*
 * Its answer, with a zero behind it, for the caller to free. NULL, with a sentence, when it died, gave none in time or one beyond
 * bounds; child->pid is 0 then.
 */
char *crew_answer(const struct crew *crew, struct crew_child *child, size_t *out_n, char *why, size_t size);
/* Waits until one of the descriptors of children has an answer, or its end: its index; -1 after `ms` milliseconds or a signal. */
int crew_wait(const int *fds, size_t count, int ms);
void crew_end(struct crew_child *child);

#endif
