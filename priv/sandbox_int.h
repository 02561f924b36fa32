/* The parts of the sandbox, for each other only. */
#ifndef SALLYPORT_PRIV_SANDBOX_INT_H
#define SALLYPORT_PRIV_SANDBOX_INT_H

#include "priv/sandbox.h"

/* A compiler with a sanitizer adds calls of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

enum {
	ROLE_KEEPER = 1, ROLE_COMPILER = 2, ROLE_WORKER = 4, ROLE_SCRIBE = 8, ROLE_PINHOLES = 16,
	ROLE_READER = 32,
	ROLE_READER_FILES = 64, /* a reader that was given a folder or a file */
	ROLE_READER_BLIND = 128, /* one that was not */
	ROLE_GATE = 15, /* the keeper and whom it forks */
	ROLE_ALL = ROLE_GATE | ROLE_READER,
};

/* Argument `arg`, seen through the mask, must be value. */
struct call_condition {
	uint8_t  arg;
	uint64_t mask, value;
};

/* One system call that some roles may make, while every condition with a mask holds; several rows of one call are alternatives. */
struct call {
	int                   number;
	uint8_t               roles; /* ROLE_; what anyone may, the keeper's filter lets through: doc/decisions.md, 15 */
	uint8_t               refuse; /* not let through: it fails with this errno, and the process goes on */
	struct call_condition when[3];
};

extern const struct call sandbox_calls[];
extern const size_t      sandbox_call_count;

/* Each: true, with what was taken in *got; a kernel without it is no failure. */
bool sandbox_landlock(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error);
bool sandbox_seccomp(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error);

#endif
