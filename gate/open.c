/* Opens what the keeper needs before it gives up its rights: folders, the lock, the events file, control sockets. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gate/keeper_int.h"

enum { CONTROL_BACKLOG = 16 };

/* The folder that includes are opened beneath, and the policy's name in it. */
static bool open_folder(struct keeper *k)
{
	const char *path = k->options->policy, *slash = strrchr(path, '/');
	size_t      n = slash ? (size_t)(slash - path) + 1 : 0;
	struct stat st;

	if (n >= sizeof(k->folder_name)) {
		keeper_complain("%s: the path is too long", path);
		return false;
	}
	memcpy(k->folder_name, path, n);
	k->folder_name[n] = '\0';
	k->policy_name = path + n;
	k->folder = open(n ? k->folder_name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->folder < 0 || faccessat(k->folder, k->policy_name, R_OK, 0) != 0) {
		keeper_complain("%s: %s", path, strerror(errno));
		return false;
	}
	if (fstatat(k->folder, k->policy_name, &st, 0) == 0 && S_ISDIR(st.st_mode)) {
		keeper_complain("%s: %s", path, strerror(EISDIR));
		return false;
	}
	return true;
}

/* One gate per run directory: its sockets lead to it and nobody else. */
static bool open_run_dir(struct keeper *k)
{
	const char *path = k->options->run_dir;
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		keeper_complain("%s: the run directory cannot be made: %s", path, strerror(errno));
		return false;
	}
	k->run_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (k->run_dir < 0 || fstat(k->run_dir, &st) != 0) {
		keeper_complain("%s: %s", path, strerror(errno));
		return false;
	}
	/* Whoever may write there could put a socket of his own in our socket's place. */
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH)) {
		keeper_complain("%s: the run directory must be yours and writable by nobody else", path);
		return false;
	}
	k->lock = openat(k->run_dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (k->lock < 0 || flock(k->lock, LOCK_EX | LOCK_NB) != 0) {
		keeper_complain(errno == EWOULDBLOCK ? "%s: another gate runs with this run directory" : "%s: it cannot be locked", path);
		return false;
	}
	return true;
}

static bool open_events(struct keeper *k)
{
	const char *path = k->options->events;

	k->events = -1;
	if (!path)
		return true;
	/* Opening a named pipe would wait for its reader, and no signal is heard meanwhile. */
	k->events = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	if (k->events < 0)
		keeper_complain("%s: %s", path, errno == ENXIO ? "nobody reads this pipe" : strerror(errno));
	return k->events >= 0;
}

/* Who the children become. */
static bool find_user(struct keeper *k)
{
	const char    *name = k->options->user;
	struct passwd *pw;

	k->drop_ids = geteuid() == 0;
	if (!k->drop_ids) {
		if (name)
			keeper_complain("--user needs root: the gate's processes stay what you are");
		return !name;
	}
	pw = name ? getpwnam(name) : getpwnam("sallyport");
	if (!pw && !name)
		pw = getpwnam("nobody");
	if (!pw || pw->pw_uid == 0) {
		keeper_complain(pw ? "\"%.100s\" is root: the gate's processes must be somebody without rights" : "there is no user \"%.100s\"", name);
		return false;
	}
	k->uid = pw->pw_uid;
	k->gid = pw->pw_gid;
	return true;
}

/* As many descriptors as the system lets us have: two per relayed connection. */
static void raise_files(struct keeper *k)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	if (files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	k->files = files.rlim_cur;
}

bool keeper_open(struct keeper *k)
{
	raise_files(k);
	k->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return k->null >= 0 && find_user(k) && open_folder(k) && open_run_dir(k) && open_events(k);
}

/* A listening control socket, for the owner of the run directory only. */
static int control_socket(struct keeper *k, const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int                n = snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", k->options->run_dir, name);
	int                fd;
	mode_t             mask;

	if (n < 0 || (size_t)n >= sizeof(at.sun_path)) {
		keeper_complain("%s: the path of the run directory is too long for a socket in it", k->options->run_dir);
		return -1;
	}
	unlinkat(k->run_dir, name, 0);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0177);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, CONTROL_BACKLOG) != 0) {
		keeper_complain("%s: %s", at.sun_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	umask(mask);
	return fd;
}

static void worker_socket_name(const struct keeper *k, unsigned group, char *out, size_t size)
{
	snprintf(out, size, "worker-%s.sock", k->group[group].family);
}

/* A gate that was killed left its sockets, perhaps of families that we have not: commands would knock at them. The lock is ours. */
static void sweep_sockets(const struct keeper *k)
{
	int            fd = openat(k->run_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR           *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (fnmatch("worker-*.sock", entry->d_name, 0) == 0)
			unlinkat(k->run_dir, entry->d_name, 0);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

bool keeper_open_controls(struct keeper *k)
{
	char name[64];

	sweep_sockets(k);
	k->scribe_control = control_socket(k, "scribe.sock");
	if (k->scribe_control < 0)
		return false;
	for (unsigned i = 0; i < k->groups; i++) {
		worker_socket_name(k, i, name, sizeof(name));
		k->group[i].control = control_socket(k, name);
		if (k->group[i].control < 0)
			return false;
	}
	return true;
}

void keeper_close(struct keeper *k)
{
	char name[64];

	if (k->scribe_control >= 0)
		unlinkat(k->run_dir, "scribe.sock", 0);
	for (unsigned i = 0; i < k->groups; i++) {
		worker_socket_name(k, i, name, sizeof(name));
		if (k->group[i].control >= 0)
			unlinkat(k->run_dir, name, 0);
	}
	/* The lock stays: removing it would let two gates hold two files of its name. */
}
