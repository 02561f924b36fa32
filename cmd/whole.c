/* Writes a file beside its place and puts it there when it is whole. */
#include "cmd/whole.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* All of it, to the disk where there is one. */
static bool fill(FILE *file, bool plain, whole_write *write, const void *what)
{
	bool good;

	errno = 0;
	good = write(file, what) && fflush(file) == 0 && !ferror(file) && (!plain || fsync(fileno(file)) == 0);
	if (!good && !errno)
		errno = ENOMEM;
	return good;
}

/* False, and errno. */
static bool into(const char *path, whole_write *write, const void *what)
{
	FILE *file = fopen(path, "we");
	bool  good = file && fill(file, false, write, what);

	return file && fclose(file) == 0 && good;
}

/* A new file takes this place. False, and errno. */
static bool beside(const char *path, mode_t mode, whole_write *write, const void *what)
{
	char  fresh[PATH_MAX + 8];
	int   fd, error;
	FILE *file;
	bool  good;

	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path);
	fd = mkstemp(fresh);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	good = file && fill(file, true, write, what) && fchmod(fd, mode) == 0;
	error = errno;
	if (file && fclose(file) != 0 && good) {
		good = false;
		error = errno;
	} else if (!file && fd >= 0) {
		close(fd);
	}
	if (good && rename(fresh, path) == 0)
		return true;
	error = good ? errno : error;
	if (fd >= 0)
		unlink(fresh);
	errno = error;
	return false;
}

bool whole_file(const char *path, whole_write *write, const void *what)
{
	struct stat st;
	char        real[PATH_MAX];
	mode_t      mask = umask(0);
	bool        there = stat(path, &st) == 0, good;

	umask(mask);
	if (there && !S_ISREG(st.st_mode))
		good = into(path, write, what);
	else if (strlen(path) >= sizeof(real))
		good = (errno = ENAMETOOLONG, false);
	else
		good = beside(there && realpath(path, real) ? real : path, there ? st.st_mode & 07777 : 0666 & ~mask, write, what);
	if (!good)
		complain("%s: %s", path, strerror(errno));
	return good;
}

bool whole_json(FILE *file, const void *what)
{
	return json_dumpf(what, file, JSON_INDENT(2)) == 0;
}
