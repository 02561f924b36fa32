/* Evidence is read in a child: hives, trees, listings and inventories; and what becomes of a child that dies, loops or lies. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assess/child_int.h"
#include "assess/evidence.h"
#include "test/tap.h"

static char folder[] = "/tmp/sallyport-evidence-XXXXXX";

static void put(const char *name, const void *bytes, size_t n, mode_t mode)
{
	char  path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) || chmod(path, mode) < 0)
		exit(2);
}

static bool reads(struct host *host, const char *name, const char **why)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s%s", *name == '/' ? "" : folder, *name == '/' ? "" : "/", name);
	*why = "";
	host_open(host, path);
	return evidence_read(host, path, NULL, NULL, why);
}

/* Each of these does in a child what hostile bytes might make it do. */
static bool dies(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)host, (void)fd, (void)path, (void)why;
	signal(*(int *)data, SIG_DFL);
	raise(*(int *)data);
	return true;
}

static bool loops(struct host *host, int fd, const char *path, void *data, const char **why)
{
	volatile bool on = true;

	(void)host, (void)fd, (void)path, (void)data, (void)why;
	while (on)
		;
	return on;
}

static bool waits(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)host, (void)fd, (void)path, (void)data, (void)why;
	while (poll(NULL, 0, -1) <= 0)
		;
	return true;
}

static bool ends(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)host, (void)fd, (void)path, (void)why;
	_exit(*(int *)data);
}

static bool lies(struct host *host, int fd, const char *path, void *data, const char **why)
{
	const char *answer = data;

	(void)host, (void)fd, (void)path, (void)why;
	/* The answer's pipe is what is open beside the evidence. */
	for (int to = 3; to < 64; to++)
		if (to != fd && write(to, answer + 1, (size_t)*answer) > 0)
			break;
	_exit(0);
}

static bool floods(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)fd, (void)path, (void)data, (void)why;
	for (int i = 0; i < 20000; i++)
		host_add_update(host, "KB835732", (struct origin){EVIDENCE_QFE, "a", 1});
	return true;
}

static bool tells(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)fd, (void)path, (void)data;
	host_add_update(host, "KB835732", (struct origin){EVIDENCE_QFE, "a", 1});
	*why = "half\nof\033[1m it";
	return false;
}

#ifndef SALLYPORT_CHECKED
static bool hogs(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)host, (void)fd, (void)path, (void)data;
	*why = "bounded";
	return malloc((size_t)1 << 30) != NULL;
}
#endif

static bool connects(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)host, (void)fd, (void)path, (void)data, (void)why;
	_exit(socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 9);
}

static bool opens(struct host *host, int fd, const char *path, void *data, const char **why)
{
	(void)host, (void)fd, (void)path, (void)data;
	*why = "refused";
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static void children(void)
{
	static const struct {
		const char *name, *said;
		child_work *work;
		char        data[16];
		int         number;
		unsigned    seconds;
		size_t      answer;
	} tries[] = {
		{"a child that dies", "its reader died (signal 11)", dies, "", SIGSEGV, 20, 1 << 20},
		{"one that is killed", "reading it took too much time or memory", dies, "", SIGKILL, 20, 1 << 20},
		{"one that loops", "reading it took too", loops, "", 0, 1, 1 << 20},
		{"one that waits for ever", "reading it took too long", waits, "", 0, 1, 1 << 20},
		{"one that ends with a number", "its reader failed", ends, "", 77, 20, 1 << 20},
		{"one that says nothing", "its reader did not answer as it should", ends, "", 0, 20, 1 << 20},
		{"an answer cut off", "its reader did not answer as it should", lies, "\3\1\0\0", 0, 20, 1 << 20},
		{"a sentence longer than the answer", "its reader did not answer as it should", lies, "\7\1\100\0\0\0{}", 0, 20, 1 << 20},
		{"an answer that is no inventory", "its reader did not answer as it should", lies, "\7\1\0\0\0\0{}", 0, 20, 1 << 20},
		{"an answer of another kind", "its reader did not answer as it should", lies, "\7\7\0\0\0\0{}", 0, 20, 1 << 20},
		{"one that tells too much", "its reader told more than is kept of one host", floods, "", 0, 20, 1 << 16},
	};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct child_bounds bounds = {tries[i].seconds, tries[i].answer, 256 << 20};
		struct host         host;
		const char         *why = "";
		int                 fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = tries[i].number;
		bool                good;

		host_open(&host, "x");
		good = child_run(&host, fd, "x", tries[i].work, *tries[i].data ? (void *)(uintptr_t)tries[i].data : &number, &bounds, &why);
		if (!tap_ok(!good && strncmp(why, tries[i].said, strlen(tries[i].said)) == 0, "%s", tries[i].name))
			tap_note("said: %s", why);
		host_close(&host);
		close(fd);
	}
}

static void rights(void)
{
	static const struct child_bounds bounds = {20, 1 << 20, 256 << 20};
	struct host                      host;
	const char                      *why = "";
	int                              fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	host_open(&host, "x");
	tap_ok(!child_run(&host, fd, "x", connects, NULL, &bounds, &why) && strstr(why, "died (signal 31)"), "a child that makes a socket is ended: %s", why);
	tap_ok(!child_run(&host, fd, "x", opens, NULL, &bounds, &why) && strcmp(why, "refused") == 0, "it opens nothing outside: %s", why);
	tap_ok(!child_run(&host, fd, "x", tells, NULL, &bounds, &why) && strcmp(why, "half?of?[1m it") == 0, "its sentence is for people: %s", why);
	tap_ok(host.update_n == 1 && host.updates[0].kb == 835732, "what it read before stays");
#ifndef SALLYPORT_CHECKED
	tap_ok(!child_run(&host, fd, "x", hogs, NULL, &bounds, &why) && strcmp(why, "bounded") == 0, "its memory ends: %s", why);
#else
	tap_skip("its memory ends: a sanitizer maps the whole address space");
#endif
	host_close(&host);
	close(fd);
}

static void refused(void)
{
	static const struct {
		const char *name, *said;
	} tries[] = {
		{"absent", "No such file"}, {"empty", "it is empty"}, {"text", "it is no hive"}, {"binary", "it is no hive"}, {"cut.hive", "the hive is damaged"},
		{"bad.json", "system"}, {"nothing", "there is no Windows folder"}, {"fifo", "it is neither"}, {"loop", "it is a link to itself"}};
	char path[512];

	put("empty", "", 0, 0644);
	put("text", "hello\n", 6, 0644);
	put("binary", "\0\1\2\3\377", 5, 0644);
	put("cut.hive", "regf\0\0\0\0", 8, 0644);
	put("bad.json", "{\"format\":\"sallyport-inventory-1\",\"system\":{\"famly\":1}}", 55, 0644);
	snprintf(path, sizeof(path), "%s/nothing", folder);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/fifo", folder);
	mkfifo(path, 0644);
	snprintf(path, sizeof(path), "%s/loop", folder);
	if (symlink("loop", path) < 0)
		exit(2);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct host host;
		const char *why;
		bool        good = reads(&host, tries[i].name, &why);

		if (!tap_ok(!good && strncmp(why, tries[i].said, strlen(tries[i].said)) == 0, "%s is refused", tries[i].name))
			tap_note("said: %s", why);
		host_close(&host);
	}
}

static void documents(void)
{
	static const char text[] = "\xef\xbb\xbf {\"format\":\"sallyport-inventory-1\",\"name\":\"A\",\"updates\":[{\"id\":\"KB835732\"}]}";
	struct host       host;
	const char       *why;

	put("good.json", text, sizeof(text) - 1, 0600);
	tap_ok(reads(&host, "good.json", &why) && strcmp(host.name, "A") == 0 && host.update_n == 1, "an inventory with a mark before it: %s", why);
	host_close(&host);
}

/* Every hive of the corpus gives a host, or a sentence; none takes this process with it. */
static void corpus(const char *shared)
{
	char           path[512];
	DIR           *dir;
	struct dirent *entry;
	unsigned       count = 0, read = 0, bad = 0;

	snprintf(path, sizeof(path), "%s/corpus/hive", shared);
	dir = opendir(path);
	if (!dir) {
		tap_skip("hives of the corpus: %s is not there", path);
		return;
	}
	while ((entry = readdir(dir))) {
		struct host host;
		const char *why;
		bool        good;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/corpus/hive/%s", shared, entry->d_name);
		good = reads(&host, path, &why);
		count++;
		read += good;
		if (!good && (!*why || strstr(why, "reader"))) {
			bad++;
			tap_note("%s: %s", entry->d_name, why);
		}
		host_close(&host);
	}
	closedir(dir);
	tap_ok(count > 0 && !bad, "%u hives of the corpus: a sentence for each that is not read", count);
	printf("# %u of them read\n", read);
}

int main(void)
{
	const char *shared = getenv("SALLYPORT_SHARED");
	char        command[128];

	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		return 2;
	children();
	rights();
	refused();
	documents();
	corpus(shared ? shared : "../shared");
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		return 2;
	return tap_done();
}
