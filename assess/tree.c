/* Reads a Windows tree, or the mounted image of a disk: its hives, and the files that verdicts ask for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "assess/tree_int.h"
#include "base/day.h"
#include "base/str.h"

/*
 * Input from: the disk of a host that may be hostile; evidence_read calls this in a child. Limits: tree_int.h. Not done: disks other
 * than the one that has Windows, streams of NTFS, what hives of users name.
 */

struct walk {
	struct host *host;
	tree_want   *want;
	void        *data;
	bool         modes; /* the write bit of a file's mode is the attribute's */
	uint32_t     entries;
	bool         early; /* a bound ended the walk, or something could not be read */
};

/* A folder on the way down. */
struct step {
	struct walk       *walk;
	int                fd;
	const char        *real; /* below the operator's path: "winnt/system32" */
	const char        *seen; /* as the host calls it: "%systemroot%\system32" */
	unsigned           depth;
};

/* Copies that Windows keeps beside the live files, and what is no part of the system: updates put there prove nothing. */
static bool skipped(const char *name)
{
	static const char *const whole[] = {"dllcache", "servicepackfiles", "$hf_mig$", "system volume information", "recycler", "$recycle.bin", "recycled",
		"softwaredistribution", "driver cache", "i386", "temp", "temporary internet files", "$windows.~bt", "windows.old", "prefetch"};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strcasecmp(name, whole[i]) == 0)
			return true;
	return strncasecmp(name, "$ntuninstall", 12) == 0 || strncasecmp(name, "$ntservicepackuninstall", 23) == 0 || strncasecmp(name, "$ntupdaterollup", 15) == 0;
}

static bool fetch(void *data, uint64_t offset, void *out, size_t n)
{
	int fd = *(int *)data;

	return offset <= INT64_MAX && pread(fd, out, n, (off_t)offset) == (ssize_t)n;
}

static void file_add(struct step *in, const char *real, const char *seen, int fd, const struct stat *st)
{
	struct pe_version pe = {0};
	const char       *why;
	bool              image = st->st_size >= 64 && pe_read(fetch, &fd, (uint64_t)st->st_size, &pe, &why);
	struct host_file *file;

	/* Nobody asked for it by name: what is below the Windows folder, and what has a version elsewhere. */
	if (!in->walk->want && !(image && pe.versioned) && strncmp(seen, "%systemroot%", 12) != 0)
		return;
	file = host_add_file(in->walk->host, seen, (struct origin){EVIDENCE_TREE, real, 0});
	if (!file)
		return;
	file->size = (uint64_t)st->st_size;
	file->day = st->st_mtime > 0 ? day_of((uint64_t)st->st_mtime) : 0;
	file->versioned = image && pe.versioned;
	memcpy(file->version, pe.version, sizeof(file->version));
	file->language = image ? pe.language : 0;
	file->attributes_known = tree_attributes(fd, st, in->walk->modes, &file->attributes);
}

static bool walk_below(struct step *in);

/* A folder or a plain file; links, devices and what cannot be opened are left, and the last of these is told. */
static void take(struct step *in, const char *name, const char *real, const char *seen)
{
	struct walk *walk = in->walk;
	struct stat  st;
	int          fd = tree_open(in->fd, name, false);
	bool         folder = fd < 0 && errno == ENOTDIR;

	if (folder && skipped(name))
		return;
	if (folder)
		fd = tree_open(in->fd, name, true);
	if (fd < 0) {
		if (errno != ELOOP && errno != ENOTDIR && errno != ENOENT) {
			walk->early = true;
			host_add_note(walk->host, "tree.unreadable", (struct origin){EVIDENCE_TREE, real, 0}, "It cannot be read: %s.", strerror(errno));
		}
		return;
	}
	if (folder) {
		struct step below = {walk, fd, real, seen, in->depth + 1};

		walk_below(&below);
	} else if (fstat(fd, &st) == 0) {
		file_add(in, real, seen, fd, &st);
	}
	close(fd);
}

/* Names that Windows cannot have had: they would be others in an inventory. */
static bool odd(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)name + i, n - i, &point);

		if (!one || name[i] == '\\')
			return true;
		i += one;
	}
	return false;
}

static bool one(void *data, const char *name)
{
	struct step *in = data;
	struct walk *walk = in->walk;
	char         real[TREE_PATH_MAX + 1], seen[TREE_PATH_MAX + 1], lower[TREE_PATH_MAX + 1];
	struct str   r = str_over(real, sizeof(real)), s = str_over(seen, sizeof(seen));
	struct stat  st;

	if (++walk->entries > TREE_ENTRIES_MAX || walk->host->full) {
		walk->early = true;
		return false;
	}
	/* Names of files first: most are not wanted, and are not opened. */
	if (walk->want && !walk->want(walk->data, name) && (fstatat(in->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)))
		return true;
	str_fmt(&r, "%s%s%s", in->real, *in->real ? "/" : "", name);
	str_fmt(&s, "%s\\%s", in->seen, name);
	if (r.cut || s.cut || odd(name) || !file_path_canonical(seen, NULL, lower, sizeof(lower)))
		walk->early = true;
	else
		take(in, name, real, lower);
	return true;
}

static bool walk_below(struct step *in)
{
	if (in->depth > TREE_DEPTH_MAX || !tree_each(in->fd, one, in)) {
		in->walk->early = true;
		host_add_note(in->walk->host, "tree.unreadable", (struct origin){EVIDENCE_TREE, in->real, 0}, "Not all of this folder can be read.");
		return false;
	}
	return true;
}

/* Its name in the operator's tree, for origins. */
static void hive_in(struct host *host, int windows, const char *name, const char *hive, const char *root, bool *out_modes)
{
	char        path[64], real[TREE_PATH_MAX + 1];
	struct str  s = str_over(real, sizeof(real));
	const char *why;
	struct stat st;
	int         fd;

	snprintf(path, sizeof(path), "system32/config/%s", hive);
	str_fmt(&s, "%s%s%s", name, *name ? "/" : "", path);
	fd = tree_open_path(windows, path, false);
	if (fd < 0) {
		host_add_note(host, "hive.missing", (struct origin){EVIDENCE_HIVE, real, 0}, "The hive is not there or cannot be opened: nothing is known from it.");
		return;
	}
	/* Windows writes to its hives: where this one may not be written, modes say nothing of attributes. */
	if (fstat(fd, &st) == 0 && st.st_mode & S_IWUSR)
		*out_modes = true;
	if (st.st_size > EVIDENCE_BYTES_MAX)
		host_add_note(host, "hive.damaged", (struct origin){EVIDENCE_HIVE, real, 0}, "The hive is larger than %d MiB, and is not read.", EVIDENCE_BYTES_MAX >> 20);
	else if (!hive_read(host, real, fd, root, NULL, &why))
		host_add_note(host, "hive.damaged", (struct origin){EVIDENCE_HIVE, real, 0}, "It could not be read whole: %s.", why);
	close(fd);
}

/* A service of that name is there, or may be: somewhere nobody looked for its files. */
static bool may_run(const struct host *host, const char *name)
{
	bool known = false;

	for (uint32_t i = 0; i < host->scope_n; i++)
		known |= host->scopes[i].kind == SCOPE_SERVICES;
	for (uint32_t i = 0; name && i < host->service_n; i++)
		if (strcasecmp(host->services[i].name, name) == 0)
			return true;
	return name && !known;
}

/* Programs that have no key of their own, by a file that only they have; without the file and its service they are known to be absent. */
static void programs(struct host *host, bool whole)
{
	static const struct {
		const char *file, *service, *name;
		uint16_t    major; /* 0: any */
	} files[] = {{"nsum.exe", "nsunicast", "Windows Media Services", 0}, {"h323fltr.dll", "fwsrv", "Microsoft ISA Server 2000", 3}, {"w3pcache.dll", "wspsrv", "Microsoft Proxy Server 2.0", 0},
		{"conf.exe", NULL, "NetMeeting", 0}};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct host_file *file = NULL;
		struct host_software   *software;
		struct target           targets[TARGETS_MAX];
		char                    version[32] = "";

		for (uint32_t j = 0; j < host->file_n && !file; j++)
			if (strcasecmp(host->files[j].name, files[i].file) == 0 && (!files[i].major || !host->files[j].versioned || host->files[j].version[0] == files[i].major))
				file = &host->files[j];
		if (!file && (!whole || may_run(host, files[i].service)))
			continue;
		software = host_add_software(host, files[i].name, file ? file->from : (struct origin){EVIDENCE_TREE, host->source, 0});
		if (!software)
			return;
		if (file && file->versioned)
			snprintf(version, sizeof(version), "%u.%u.%u.%u", file->version[0], file->version[1], file->version[2], file->version[3]);
		software->version = host_text(host, version);
		software->seen = file ? SEEN_PRESENT : SEEN_ABSENT;
		if (targets_parse(files[i].name, targets) && targets[0].kind == TARGET_SOFTWARE)
			software->target = targets[0];
	}
}

/* The files below one folder that has a name on the host. */
static void walk_from(struct walk *walk, int fd, const char *real, const char *seen)
{
	struct step step = {walk, fd, real, seen, 0};
	bool        before = walk->early;

	walk->early = false;
	walk_below(&step);
	/* What nobody asked for by name is not listed elsewhere, so that its absence there says nothing. */
	if (!walk->early && (walk->want || *seen == '%'))
		host_add_scope(walk->host, SCOPE_FILES, seen, (struct origin){EVIDENCE_TREE, *real ? real : ".", 0});
	walk->early |= before;
}

/* Program Files and what else stands beside the Windows folder, which has been walked. */
struct beside {
	struct walk *walk;
	int          folder;
	const char  *windows;
};

static bool one_beside(void *data, const char *name)
{
	static const char *const names[] = {"program files", "program files (x86)", "programme", "progra~1", "inetpub", "mspclnt", "msp", "exchsrvr"};
	struct beside           *beside = data;
	char                     seen[TREE_NAME_MAX + 8];
	int                      fd;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) != 0 || (fd = tree_open(beside->folder, name, true)) < 0)
			continue;
		snprintf(seen, sizeof(seen), "c:\\%s", names[i]);
		walk_from(beside->walk, fd, name, seen);
		close(fd);
	}
	return true;
}

bool tree_read(struct host *host, int folder, const char *path, tree_want *want, void *data, const char **why)
{
	char                name[TREE_NAME_MAX + 1];
	struct walk         walk = {.host = host, .want = want, .data = data};
	int                 windows = tree_windows(folder, name);
	struct host_system *system = &host->system;
	struct beside       beside = {&walk, folder, name};

	if (windows < 0) {
		*why = "there is no Windows folder (with system32/config in it) at or right below it";
		return false;
	}
	hive_in(host, windows, name, "system", "HKLM\\SYSTEM", &walk.modes);
	hive_in(host, windows, name, "software", "HKLM\\SOFTWARE", &walk.modes);
	if (!system->family && system->version[0])
		system->family = family_of_version(system->version[0], system->version[1], system->version[2], system->role > ROLE_WORKSTATION);
	if (!walk.modes)
		host_add_note(host, "attributes.unknown", (struct origin){EVIDENCE_TREE, path, 0}, "This file system does not say which files are read-only.");
	walk_from(&walk, windows, name, "%systemroot%");
	if (*name)
		tree_each(folder, one_beside, &beside);
	programs(host, *name && !walk.early);
	close(windows);
	if (host->full)
		*why = "the tree has more than is kept of one host";
	return !host->full;
}
