/* What no process may do from its sandbox: one function per attempt, for test_sandbox.c. */
#ifndef SALLYPORT_TEST_SANDBOX_FORBIDDEN_H
#define SALLYPORT_TEST_SANDBOX_FORBIDDEN_H

#include <stdint.h>

enum { FOR_KEEPER = 1, FOR_COMPILER = 2, FOR_WORKER = 4, FOR_SCRIBE = 8, FOR_READER = 16, FOR_BLIND_READER = 32, FOR_ALL = 63 };

/* How an attempt must end. */
enum fate {
	FATE_KILLED = 0, /* SIGSYS; with a sanitizer also EACCES and EPERM, which its run time needs */
	FATE_REFUSED, /* EACCES or EPERM */
	FATE_OUTSIDE, /* EXDEV */
	FATE_MISSING, /* ENOSYS */
};

/* What is laid out before the sandbox is entered. */
struct ground {
	char     path[64]; /* the policy folder: a.policy, sub/, out -> /etc/passwd */
	int      folder, run, self_exe;
	int      given, other; /* TCP listeners on loopback */
	uint16_t given_port, other_port;
};

struct attempt {
	const char *name;
	unsigned    roles;
	enum fate   fate;
	unsigned    needs; /* NEEDS_ */
	long (*act)(const struct ground *g); /* below 0 with errno: it did not work */
};

enum { NEEDS_SECCOMP = 1, NEEDS_FILES = 2, NEEDS_NET = 4, NEEDS_SCOPE = 8 };

extern const struct attempt attempts[];
extern const unsigned       attempt_count;

int connect_to(uint16_t port);

#endif
