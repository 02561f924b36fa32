/* `sallyport inventory`: what any evidence tells of hosts, as inventories; what is of one machine comes together. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assess/evidence.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/inventory.h"

enum { OPT_OUT = 0, OPT_WANTED };
enum { PATH_MOST = 4096, NAME_MOST = 200, HOSTS_MOST = 4096, DEPTH_MOST = 16 };

static const struct option options[] = {
	[OPT_OUT] = {"out", 'o', "FOLDER", "one file for each host in this folder, NAME.json, instead of standard output"},
	[OPT_WANTED] = {"wanted", 0, NULL, "print what contrib/collect.vbs should look for on hosts, as its collect.txt; a PATH is then of bulletins, whose files and keys come too"},
	{0},
};

struct job {
	const char   *out;
	struct host **hosts;
	char        **names; /* of the files that hosts have been written to */
	size_t        count;
	bool          bad; /* something could not be read or written */
};

/* Sentences hold words of files: nothing in them may lead a terminal. */
static const char *harmless(const char *text, char *buffer, size_t size)
{
	struct str s = str_over(buffer, size);
	size_t     n = strlen(text);

	for (size_t i = 0; i < n;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (one && utf8_shows(point))
			str_bytes(&s, text + i, one);
		else
			str_char(&s, '?');
		i += one ? one : 1;
	}
	return buffer;
}

static void trouble(struct job *job, const char *path, const char *why)
{
	char shown[PATH_MOST], said[1024];

	complain("%s: %s", harmless(path, shown, sizeof(shown)), harmless(why, said, sizeof(said)));
	job->bad = true;
}

/* A host whose evidence said its own name, and not that of its file. */
static bool named(const struct host *host)
{
	return strcmp(host->name, host->source) != 0;
}

static void host_take(struct job *job, struct host *host)
{
	struct host **larger;

	for (size_t i = 0; named(host) && i < job->count; i++) {
		if (!named(job->hosts[i]) || strcasecmp(job->hosts[i]->name, host->name) != 0 || host_apart(job->hosts[i], host))
			continue;
		if (!host_merge(job->hosts[i], host))
			trouble(job, host->source, "the host has more facts than are kept of one");
		host_close(host);
		free(host);
		return;
	}
	larger = job->count < HOSTS_MOST ? realloc(job->hosts, (job->count + 1) * sizeof(struct host *)) : NULL;
	if (!larger) {
		trouble(job, host->source, "there are more hosts than are taken at once");
		host_close(host);
		free(host);
		return;
	}
	job->hosts = larger;
	job->hosts[job->count++] = host;
}

static void evidence_take(struct job *job, const char *path)
{
	struct host *host = calloc(1, sizeof(*host));
	const char  *why = "";

	if (!host || !host_open(host, path)) {
		trouble(job, path, "there is no memory for the host");
		free(host);
		return;
	}
	if (!evidence_read(host, path, NULL, NULL, &why))
		trouble(job, path, why);
	/* What was read before the fault is kept: the sentence says that it is not all. */
	if (host->update_n || host->file_n || host->key_n || host->service_n || host->software_n || host->system.family || !*why) {
		host_take(job, host);
		return;
	}
	host_close(host);
	free(host);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int plain(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (entry->d_type == DT_REG || entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

/* A Windows tree is one piece of evidence; any other folder holds pieces. */
static void path_take(struct job *job, const char *path, unsigned depth)
{
	int             fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool            tree = fd >= 0 && tree_is(fd);
	struct dirent **entries = NULL;
	int             count;

	if (fd >= 0)
		close(fd);
	if (fd < 0 || tree) {
		evidence_take(job, path);
		return;
	}
	if (depth == DEPTH_MOST) {
		trouble(job, path, "it is deeper in folders than is looked");
		return;
	}
	count = scandir(path, &entries, plain, by_name);
	if (count < 0)
		trouble(job, path, strerror(errno));
	if (!count && !depth)
		trouble(job, path, "the folder is neither a Windows tree nor holds evidence");
	for (int i = 0; i < count; i++) {
		char       inside[PATH_MOST];
		struct str s = str_over(inside, sizeof(inside));

		str_fmt(&s, "%s/%s", path, entries[i]->d_name);
		if (s.cut)
			trouble(job, path, "a name in it is too long");
		else
			path_take(job, inside, depth + 1);
		free(entries[i]);
	}
	free(entries);
}

/* The host's name as a name of a file: letters, digits, '-', '_' and '.' that is not first. */
static void file_name(const struct host *host, char out[NAME_MOST])
{
	const char *slash = named(host) ? NULL : strrchr(host->name, '/');
	const char *name = slash && slash[1] ? slash + 1 : host->name;
	size_t      n = 0;
	static const char good[] = ".-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"; /* the first not at the head of a name */

	for (; *name && n < NAME_MOST - 1; name++, n++)
		out[n] = strchr(good + !n, *name) ? *name : '_';
	out[n] = '\0';
}

/* Two hosts whose names become one, also "A" twice beside "A-2", do not overwrite each other. */
static bool file_free(const struct job *job, size_t at, const char *path)
{
	for (size_t i = 0; i < at; i++)
		if (job->names[i] && strcasecmp(job->names[i], path) == 0)
			return false;
	return true;
}

/* Under another name until it is whole. */
static void write_one(struct job *job, size_t at, int folder)
{
	json_t     *document = inventory_json(job->hosts[at]);
	char        name[NAME_MOST], path[NAME_MOST + 32], part[NAME_MOST + 40];
	FILE       *file;
	int         fd;
	bool        good;

	file_name(job->hosts[at], name);
	snprintf(path, sizeof(path), "%s.json", name);
	for (unsigned again = 2; !file_free(job, at, path); again++)
		snprintf(path, sizeof(path), "%s-%u.json", name, again);
	job->names[at] = strdup(path);
	snprintf(part, sizeof(part), "%s.part", path);
	fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	good = document && file && json_dumpf(document, file, JSON_INDENT(1)) == 0 && fputc('\n', file) != EOF;
	if (file && fclose(file) != 0)
		good = false;
	good = good && job->names[at];
	if (!good || renameat(folder, part, folder, path) < 0) {
		trouble(job, path, document ? strerror(errno) : "there is no memory for it");
		unlinkat(folder, part, 0);
	}
	json_decref(document);
}

static void write_all(struct job *job)
{
	int folder;

	if (mkdir(job->out, 0777) < 0 && errno != EEXIST) {
		trouble(job, job->out, strerror(errno));
		return;
	}
	folder = open(job->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		trouble(job, job->out, strerror(errno));
		if (folder >= 0)
			close(folder);
		return;
	}
	job->names = calloc(job->count + 1, sizeof(*job->names));
	if (!job->names)
		trouble(job, job->out, "there is no memory for it");
	for (size_t i = 0; i < job->count && job->names; i++)
		write_one(job, i, folder);
	for (size_t i = 0; i < job->count && job->names; i++)
		free(job->names[i]);
	free(job->names);
	close(folder);
}

/* One document; of several hosts a list of them. */
static void print_all(struct job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->count; i++)
		if (json_array_append_new(list, inventory_json(job->hosts[i])) < 0)
			trouble(job, job->hosts[i]->source, "there is no memory for it");
	if (job->count == 1 && json_array_size(list) == 1)
		job->bad |= !print_json(json_incref(json_array_get(list, 0)));
	else if (job->count)
		job->bad |= !print_json(json_incref(list));
	json_decref(list);
}

static int evidence_print(struct job *job, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		path_take(job, paths[i], 0);
	if (!job->count && !job->bad)
		trouble(job, paths[0], "there are no hosts in what was named");
	else if (job->out)
		write_all(job);
	else
		print_all(job);
	for (size_t i = 0; i < job->count; i++) {
		host_close(job->hosts[i]);
		free(job->hosts[i]);
	}
	free(job->hosts);
	return job->bad || !output_ok() ? EXIT_USAGE : EXIT_CLEAN;
}

static int inventory_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args  args = args_over(cmd, argc, argv);
	struct job   job = {0};
	const char **paths = calloc((size_t)argc + 1, sizeof(*paths));
	size_t       count = 0;
	bool         wanted = false;
	int          got, code = EXIT_USAGE;

	while (paths && (got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_BAD || got == ARGS_HELP) {
			free(paths);
			return args_exit(got);
		}
		if (got == OPT_OUT)
			job.out = args.value;
		else if (got == OPT_WANTED)
			wanted = true;
		else
			paths[count++] = args.value;
	}
	if (!paths)
		complain("there is no memory");
	else if (wanted && job.out)
		complain("--wanted prints one list: --out has nothing to write");
	else if (wanted)
		code = inventory_wanted(paths, count);
	else if (!count)
		complain("inventory needs a path: a hive, a listing, an inventory, a Windows tree (try: sallyport help inventory)");
	else
		code = evidence_print(&job, paths, count);
	free(paths);
	return code;
}

const struct cmd cmd_inventory = {
	.name = "inventory",
	.usage = "PATH...",
	.summary = "what hives, listings and Windows trees tell of hosts, as JSON",
	.about = "Reads evidence of hosts - registry hives, listings of systeminfo and wmic qfe, inventories, Windows trees and mounted images, or folders of "
		 "these - in a child without rights, and prints it as inventories (doc/inventory.md). Evidence that says the same host's name comes together.",
	.options = options,
	.run = inventory_run,
};
