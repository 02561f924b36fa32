/* Compiles a policy's file for the verbs that take one. */
#include "cmd/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "proto/protocols.h"

enum { FOLDER_MAX = 4096 };

/* The folder of a file: every include is opened beneath it. `folder` is "" or ends with '/'. -1 after a complaint. */
static int folder_of(const char *path, char *folder, const char **name)
{
	const char *slash = strrchr(path, '/');
	int         fd;

	*name = slash ? slash + 1 : path;
	if (slash && slash - path >= FOLDER_MAX - 1) {
		complain("%s: the path is too long", path);
		return -1;
	}
	snprintf(folder, FOLDER_MAX, "%.*s", slash ? (int)(slash - path) + 1 : 0, path);
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		complain("%s: %s", folder, strerror(errno));
	return fd;
}

struct policy_build *policy_file_build(const char *path, uint32_t today)
{
	struct policy_files  files = policy_files_beneath;
	char                 folder[FOLDER_MAX];
	struct policy_world  world = {.registry = protocols, .today = today, .folder = folder};
	const char          *name;
	struct stat          st;
	int                  dir = folder_of(path, folder, &name);
	struct policy_build *b;

	if (dir < 0)
		return NULL;
	if (fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (faccessat(dir, name, R_OK, 0) == 0)
		errno = 0;
	if (errno) {
		complain("%s: %s", path, strerror(errno));
		close(dir);
		return NULL;
	}
	files.user = &dir;
	b = policy_build(&files, name, &world);
	close(dir);
	if (!b)
		complain("there is no memory");
	return b;
}
