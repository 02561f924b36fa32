/* Reads policy texts beneath one directory descriptor: no path leads out of it, whatever a policy says. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/build.h"

static int open_beneath(int dir, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static long read_whole(int fd, char *out, size_t room)
{
	size_t got = 0;

	while (got < room) {
		/* UNSAFE: `got` is below `room`, the size of `out`. */
		ssize_t n = read(fd, out + got, room - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (long)got;
}

static long read_beneath(void *user, const char *path, char *out, size_t room)
{
	const int  *dir = user;
	struct stat st;
	int         fd = open_beneath(*dir, path, 0), saved;
	long        got = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		/* A pipe or a device could hold the compiler up. */
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		if (S_ISREG(st.st_mode))
			got = read_whole(fd, out, room);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return got;
}

static bool list_beneath(void *user, const char *folder, void (*each)(void *arg, const char *name), void *arg)
{
	const int     *dir = user;
	int            fd = open_beneath(*dir, *folder ? folder : ".", O_DIRECTORY);
	DIR           *open = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!open) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(open)))
		each(arg, entry->d_name);
	closedir(open);
	return true;
}

const struct policy_files policy_files_beneath = {.user = NULL, .read = read_beneath, .list = list_beneath};
