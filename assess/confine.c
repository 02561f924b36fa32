/* Takes the rights of a process that is to read hostile bytes, and waits for such processes with a deadline. */
#include "assess/confine_int.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "priv/sandbox.h"

enum { NOBODY = 65534 };

/* Octets of address space this process has, as the kernel says; 0 when it does not. */
static size_t address_space(void)
{
	FILE         *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (file && fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

bool confine_enter(const struct confine *confine, const char **why)
{
	size_t              most = confine->memory_max + address_space();
	struct rlimit       none = {0, 0}, memory = {most, most}, files = {confine->files, confine->files};
	struct rlimit       seconds = {confine->seconds, confine->seconds + 1};
	struct sandbox_wish wish = {.role = PARTY_READER, .drop_ids = geteuid() == 0, .uid = NOBODY, .gid = NOBODY, .folder = confine->folder, .run = -1};
	struct sandbox_got  got;

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
	setrlimit(RLIMIT_NOFILE, &files);
	if (confine->seconds)
		setrlimit(RLIMIT_CPU, &seconds);
#ifndef SALLYPORT_CHECKED /* sanitizers map the whole address space */
	setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
	if (!sandbox_enter(&wish, &got, why))
		return false;
	/* Where the kernel has no filter of system calls, one that needs no file can still be kept from opening any. */
	return got.seccomp || confine->folder >= 0 || setrlimit(RLIMIT_NOFILE, &none) == 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t deadline_in(unsigned seconds)
{
	return now_ms() + (uint64_t)seconds * 1000;
}

bool deadline_wait(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd one = {fd, events, 0};
		uint64_t      now = now_ms();
		int           got = now < deadline ? poll(&one, 1, (int)(deadline - now)) : 0;

		if (got > 0)
			return true;
		if (got == 0 || errno != EINTR) {
			errno = ETIMEDOUT;
			return false;
		}
	}
}
