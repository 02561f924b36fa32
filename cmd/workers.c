/* Finds the workers of the running gate by their sockets, and calls one after the other. */
#include "cmd/workers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/run_dir.h"

enum { WORKERS_MAX = 64, NAME_LONGEST = 63 };

static int is_worker(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n <= NAME_LONGEST && strncmp(entry->d_name, "worker-", 7) == 0 && n > 12 && strcmp(entry->d_name + n - 5, ".sock") == 0;
}

static int call(const char *chosen, const char *name, int (*each)(struct channel *worker, void *arg), void *arg)
{
	struct channel   worker;
	struct run_hello hello;
	int              code = (int)run_connect(chosen, name, PARTY_WORKER, &worker, &hello);

	if (code != EXIT_CLEAN)
		return code;
	code = each(&worker, arg);
	channel_close(&worker);
	return code;
}

int workers_each(const char *chosen, int (*each)(struct channel *worker, void *arg), void *arg)
{
	char            dir[RUN_DIR_MAX];
	struct dirent **entry = NULL;
	int             n, code = EXIT_CLEAN;

	if (!run_dir(chosen, dir, sizeof(dir)))
		return EXIT_USAGE;
	n = scandir(dir, &entry, is_worker, alphasort);
	if (n < 0 && errno == EACCES) {
		complain("%s: only the user who runs the gate, and root, may talk to it", dir);
		code = EXIT_UNREACHABLE;
	} else if (n <= 0) {
		complain("no gate runs with the folder %s", dir);
		fprintf(stderr, "start one with sallyport run -c FILE, or name its folder with --run DIR\n");
		code = EXIT_UNREACHABLE;
	}
	for (int i = 0; i < n; i++) {
		/* One that does not answer does not hide the others. */
		if ((code == EXIT_CLEAN || code == EXIT_UNREACHABLE) && i < WORKERS_MAX) {
			int its = call(chosen, entry[i]->d_name, each, arg);

			code = its == EXIT_CLEAN ? code : its;
		}
		free(entry[i]);
	}
	free(entry);
	return code;
}
