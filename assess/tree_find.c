/* Finds files and folders below a folder without letter case, and never through a link. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "assess/tree_int.h"

int tree_open(int parent, const char *name, bool folder)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | (folder ? O_DIRECTORY : 0),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	int         fd;

	if (!*name || strchr(name, '/') || strcmp(name, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	/* What it is first: opening a device may do something. */
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
		errno = S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
		return -1;
	}
	fd = (int)syscall(SYS_openat2, parent, name, &how, sizeof(how));
	return fd;
}

bool tree_each(int folder, bool (*one)(void *data, const char *name), void *data)
{
	int            again = tree_open(folder, ".", true);
	DIR           *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;
	int            why;

	if (!dir) {
		if (again >= 0)
			close(again);
		return false;
	}
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!one(data, entry->d_name))
			break;
	}
	why = entry ? 0 : errno;
	closedir(dir);
	errno = why;
	return !why;
}

struct wanted {
	const char *name;
	size_t      n;
	char        found[TREE_NAME_MAX + 1];
	unsigned    left; /* entries that may still be looked at */
};

static bool is_wanted(void *data, const char *name)
{
	struct wanted *wanted = data;

	if (strlen(name) == wanted->n && strncasecmp(name, wanted->name, wanted->n) == 0 && (!*wanted->found || strcmp(name, wanted->found) < 0))
		memcpy(wanted->found, name, wanted->n + 1); /* of several spellings the first: the same one each time */
	return wanted->left-- > 0;
}

int tree_open_path(int parent, const char *path, bool folder)
{
	int at = dup(parent);

	while (at >= 0 && *path) {
		size_t        n = strcspn(path, "/");
		struct wanted wanted = {path, n, "", TREE_ENTRIES_MAX};
		int           next = -1;

		errno = ENOENT;
		if (n && n <= TREE_NAME_MAX && tree_each(at, is_wanted, &wanted)) {
			errno = ENOENT;
			if (*wanted.found)
				next = tree_open(at, wanted.found, path[n] == '/' || folder);
		}
		close(at);
		at = next;
		path += n + (path[n] == '/');
	}
	return at;
}

static bool holds_windows(int folder)
{
	int config = tree_open_path(folder, "system32/config", true);

	if (config >= 0)
		close(config);
	return config >= 0;
}

struct windows {
	int  folder, fd;
	char name[TREE_NAME_MAX + 1];
};

static bool is_windows(void *data, const char *name)
{
	static const char *const names[] = {"windows", "winnt", "winnt35", "wtsrv"};
	struct windows          *windows = data;

	for (size_t i = 0; windows->fd < 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) != 0)
			continue;
		windows->fd = tree_open(windows->folder, name, true);
		if (windows->fd >= 0 && !holds_windows(windows->fd)) {
			close(windows->fd);
			windows->fd = -1;
		} else if (windows->fd >= 0) {
			memcpy(windows->name, name, strlen(name) + 1);
		}
	}
	return windows->fd < 0;
}

int tree_windows(int folder, char name[TREE_NAME_MAX + 1])
{
	struct windows windows = {.folder = folder, .fd = -1};

	*name = '\0';
	if (holds_windows(folder))
		return dup(folder);
	tree_each(folder, is_windows, &windows);
	memcpy(name, windows.name, sizeof(windows.name));
	return windows.fd;
}

bool tree_is(int folder)
{
	char name[TREE_NAME_MAX + 1];
	int  windows = tree_windows(folder, name);

	if (windows >= 0)
		close(windows);
	return windows >= 0;
}

bool tree_attributes(int fd, const struct stat *st, bool modes, unsigned *out)
{
	/* Of drivers for NTFS, and of ntfs3 and VFAT copies; both little-endian. */
	static const char *const names[] = {"system.ntfs_attrib", "system.dos_attrib"};
	uint8_t                  bits[4] = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fgetxattr(fd, names[i], bits, sizeof(bits)) > 0) {
			*out = bits[0] & (FILE_READ_ONLY | FILE_HIDDEN | FILE_SYSTEM);
			return true;
		}
	*out = st->st_mode & S_IWUSR ? 0 : FILE_READ_ONLY;
	return modes;
}
