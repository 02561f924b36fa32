/* Bulletins from files: plain documents read back, children that read Markdown, what is hostile or broken, every given bulletin. */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assess/crew.h"
#include "assess/load.h"
#include "test/tap.h"

#define SMALL "<https://learn.microsoft.com/de-DE/x/ms04-0%02d>\n# Microsoft Security Bulletin MS04-0%02d\n\nVeröffentlicht: 13.04.2004\n"

enum { KEPT_MAX = 1024, PATH_SIZE = 512 };

static char folder[] = "/tmp/sallyport-load-XXXXXX";

/* What a load handed on and said. */
struct heard {
	json_t *documents[KEPT_MAX];
	size_t  count, said, progress;
	char    path[KEPT_MAX][128], sentence[PATH_SIZE];
	bool    kill; /* the children, at the first step of progress */
	size_t  stop_at;
};

static bool got(void *data, struct bulletin *b)
{
	struct heard *heard = data;

	if (heard->count < KEPT_MAX)
		heard->documents[heard->count++] = bulletin_json(b);
	bulletin_close(b);
	return heard->count != heard->stop_at;
}

static void said(void *data, const char *path, const char *sentence)
{
	struct heard *heard = data;

	if (heard->said < KEPT_MAX)
		snprintf(heard->path[heard->said++], sizeof(heard->path[0]), "%s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	snprintf(heard->sentence, sizeof(heard->sentence), "%s", sentence);
}

static void kill_children(void)
{
	char  path[64], line[256] = "";
	FILE *file;
	char *at = line;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		tap_note("the kernel tells no children");
	for (long pid; (pid = strtol(at, &at, 10)) > 0;)
		kill((pid_t)pid, SIGKILL);
	if (file)
		fclose(file);
}

static void progress(void *data, size_t done, size_t total)
{
	struct heard *heard = data;

	heard->progress += done <= total;
	if (heard->kill && done == 1)
		kill_children();
}

static bool load(struct heard *heard, const char *const *paths, size_t count, const char *language, unsigned children, struct load_done *done)
{
	struct load_wish wish = {.language = language, .children = children, .got = got, .said = said, .progress = progress, .data = heard};

	return load_bulletins(paths, count, &wish, done);
}

static void forget(struct heard *heard)
{
	for (size_t i = 0; i < heard->count; i++)
		json_decref(heard->documents[i]);
	*heard = (struct heard){0};
}

static void put(const char *name, const char *bytes, size_t n)
{
	char  path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
		abort();
}

static void put_small(const char *name, int number)
{
	char text[256];

	snprintf(text, sizeof(text), SMALL, number, number);
	put(name, text, strlen(text));
}

static const char *id_of(const struct heard *heard, size_t i)
{
	const char *id = i < heard->count ? json_string_value(json_object_get(heard->documents[i], "id")) : NULL;

	return id ? id : "";
}

/* Each field that is wrong is named, with what may stand there. */
static void faults(void)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{"{\"document\": {\"csaf_version\": \"2.0\"}}", "it is a CSAF document: bulletins are read as Markdown, or as \"bulletin convert --to json\" writes them"},
		{"[]", "it is no plain document of a bulletin (\"format\" is not \"sallyport-bulletin-1\")"},
		{"{\"format\":\"sallyport-bulletin-2\",\"id\":\"MS04-011\"}", "it is no plain document of a bulletin (\"format\" is not \"sallyport-bulletin-1\")"},
		{"{\"format\":\"sallyport-bulletin-1\"}", "id: it is missing"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-11\"}", "id: it is no bulletin's (MSyy-nnn)"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":7}", "id: a text is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"published\":\"2004-4-13\"}", "published: a day as 2004-04-14 is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"published\":\"2004-0-130\"}", "published: a day as 2004-04-14 is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"published\":20040413}", "published: a day as 2004-04-14 is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"severity\":{\"maximum\":\"bad\"}}", "maximum: it is none of the words that it can be"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"says_replaces\":1}", "says_replaces: true or false is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"files\":{}}", "files: a list is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"files\":[1]}", "files[0].: an object is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"cves\":[{\"confidence\":\"high\"},{\"id\":\"x\"}]}", "cves[1].confidence: low, medium or high is wanted"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"files\":[{\"confidence\":\"low\",\"size\":-1}]}", "files[0].size: it is no number that it can be"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"files\":[{\"confidence\":\"low\",\"line\":4294967296}]}", "files[0].line: it is no number that it can be"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"workarounds\":[{\"confidence\":\"low\",\"kinds\":[\"magic\"]}]}", "workarounds[0].kinds: one of them is not known"},
		{"{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-011\",\"workarounds\":[{\"confidence\":\"low\",\"ports\":[{\"port\":65536}]}]}", "workarounds[0].port: it is no number that it can be"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t         *root = json_loads(cases[i].json, 0, NULL);
		struct bulletin b;
		const char     *why = NULL;
		bool            good = bulletin_from_json(root, &b, &why);

		if (!tap_ok(root && !good && why && strcmp(why, cases[i].why) == 0, "%s", cases[i].why))
			tap_note("got %s", why ? why : "no fault");
		bulletin_close(&b);
		json_decref(root);
	}
}

/* A folder with good, broken, hidden and foreign files, twice, in two orders. */
static void folders(void)
{
	const char      *paths[] = {folder, NULL}, *again[] = {NULL, folder};
	struct heard     heard = {0}, other = {0};
	struct load_done done, done_other;
	char             first[PATH_SIZE];

	put_small("b.md", 22);
	put_small("c.MD", 33);
	put_small(".hidden.md", 44);
	put_small("notes.txt", 45);
	put("d.md", "# MS04-055\n", 11);
	put("e.json", "{\"format\":\"sallyport-bulletin-1\",\"id\":\"MS04-066\"}", 49);
	put("f.json", "{\"document\":{\"category\":\"csaf_base\"}}", 37);
	put("g.json", "{\"format\":", 10);
	put("h.md", "\xff\xfe/de-DE/", 9);
	put_small("a.md", 11);
	snprintf(first, sizeof(first), "%s/a.md", folder);
	paths[1] = again[0] = first;
	tap_ok(load(&heard, paths, 2, NULL, 2, &done) && done.bulletins == 4 && heard.count == 4, "a folder's bulletins are read, one that is named twice once");
	tap_ok(strcmp(id_of(&heard, 0), "MS04-011") == 0 && strcmp(id_of(&heard, 1), "MS04-022") == 0 && strcmp(id_of(&heard, 3), "MS04-066") == 0,
		"they come in the order of their paths");
	tap_number(done.failed, 4, "four files are told: no language, CSAF, broken JSON, no bulletin");
	tap_ok(strcmp(heard.path[0], "d.md") == 0 && strcmp(heard.path[1], "f.json") == 0 && strcmp(heard.path[2], "g.json") == 0 && strcmp(heard.path[3], "h.md") == 0, "each by its name");
	tap_number(heard.progress, 8, "progress is told for every file");
	load(&other, again, 2, NULL, 1, &done_other);
	tap_ok(other.count == heard.count && done_other.failed == done.failed, "another order of paths and one child: as many");
	for (size_t i = 0; i < heard.count && i < other.count; i++)
		tap_ok(json_equal(heard.documents[i], other.documents[i]), "%s: the same", id_of(&heard, i));
	forget(&heard);
	forget(&other);
	heard.stop_at = 2;
	tap_ok(!load(&heard, paths, 1, NULL, 3, &done) && heard.count == 2, "who wants no more gets no more");
	forget(&heard);
}

static void cannot(void)
{
	const char      *gone[] = {"/nowhere/ms04-011.md"}, *device[] = {"/dev/zero"};
	struct heard     heard = {0};
	struct load_done done;

	tap_ok(load(&heard, gone, 1, NULL, 1, &done) && done.failed == 1 && strcmp(heard.sentence, "No such file or directory") == 0, "a file that is not there");
	forget(&heard);
	tap_ok(load(&heard, device, 1, NULL, 1, &done) && done.failed == 1 && strcmp(heard.sentence, "it is no plain file") == 0, "a device");
	forget(&heard);
	tap_ok(!load(&heard, gone, 1, "/nowhere/xx.pack", 1, &done) && strcmp(heard.sentence, "/nowhere/xx.pack: No such file or directory; compiled in are de ja") == 0, "a language pack that is not there");
	forget(&heard);
}

/* Its answer is a while away: the reader looks at each of these. */
static void put_slow(const char *name)
{
	static const char line[] = "[a](http://x) *b* **c** HKEY_LOCAL_MACHINE\\A\\B CAN-2003-0533 TCP 135\n\n";
	size_t            n = sizeof(line) - 1, count = (3 << 20) / n;
	char             *text = malloc(n * count + 64);

	if (!text)
		abort();
	memcpy(text, "/de-DE/ MS04-012\n\n", 18);
	for (size_t i = 0; i < count; i++)
		memcpy(text + 18 + i * n, line, n);
	put(name, text, 18 + n * count);
	free(text);
}

/* A child that is killed while it reads takes only its own file with it. */
static void killed(void)
{
	char             names[4][PATH_SIZE];
	const char      *paths[4] = {names[0], names[1], names[2], names[3]};
	struct heard     heard = {.kill = true};
	struct load_done done;

	for (int i = 0; i < 4; i++)
		snprintf(names[i], sizeof(names[i]), "%s/k%d.md", folder, i);
	put_small("k0.md", 61);
	put_slow("k1.md");
	put_small("k2.md", 63);
	put_small("k3.md", 64);
	tap_ok(load(&heard, paths, 4, NULL, 2, &done), "the load goes on when children are killed");
	tap_ok(done.failed == 1 && strcmp(heard.path[0], "k1.md") == 0, "the file that was being read is named");
	tap_text(heard.sentence, "its reader was ended by signal 9 (Killed)", "with what became of its reader");
	tap_ok(heard.count == 3 && strcmp(id_of(&heard, 2), "MS04-064") == 0, "all others are read");
	forget(&heard);
}

/* Answers as the question wants. */
static char *obey(void *data, const char *path, const char *bytes, size_t n, size_t *out_n)
{
	(void)data;
	(void)path;
	if (strcmp(bytes, "die") == 0)
		abort();
	if (strcmp(bytes, "end") == 0)
		_exit(3);
	while (strcmp(bytes, "hang") == 0)
		sleep(1);
	if (strcmp(bytes, "socket") == 0)
		*out_n = socket(AF_INET, SOCK_STREAM, 0) < 0;
	if (strcmp(bytes, "signal") == 0)
		kill(getppid(), 0);
	if (strcmp(bytes, "open") == 0 && open("/etc/passwd", O_RDONLY) < 0)
		abort();
	*out_n = strcmp(bytes, "long") == 0 ? 2 << 20 : n;
	return strcmp(bytes, "none") == 0 ? NULL : *out_n > n ? calloc(1, *out_n) : strdup(bytes);
}

/* Every way in which a child gives no answer, and that a new one does. */
static void crew_faults(void)
{
	static const struct {
		const char *ask, *why;
	} cases[] = {
		{"die", "its reader was ended by signal 6 (Aborted)"},
		{"socket", "its reader was ended by signal 31 (Bad system call)"},
		{"signal", "its reader was ended by signal 31 (Bad system call)"},
		{"end", "its reader ended without an answer"},
		{"none", "its reader ended, as it needs more memory than it may have"},
		{"hang", "it could not be read in 1 seconds"},
		{"long", "its answer has more than 1 MB, which no answer has"},
	};
	const struct crew crew = {obey, NULL, 1024, 1 << 20, 1 << 30, 1};
	struct crew_child child = {0};
	char              why[512];
	size_t            n;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool  asked = crew_start(&crew, &child) && crew_ask(&crew, &child, "x", cases[i].ask, strlen(cases[i].ask));
		char *none = asked ? crew_answer(&crew, &child, &n, why, sizeof(why)) : NULL;

		tap_ok(asked && !none && !child.pid && strcmp(why, cases[i].why) == 0, "%s", cases[i].why);
	}
	/* A filter of system calls ends it; with sanitizers, which open files themselves, it is told that it may not. */
	bool  opens = crew_start(&crew, &child) && crew_ask(&crew, &child, "x", "open", 4);
	char *opened = opens ? crew_answer(&crew, &child, &n, why, sizeof(why)) : NULL;

	tap_ok(opens && !opened, "a child can open no file: %s", why);
	free(opened);
	tap_ok(!crew_ask(&crew, &child, "x", "y", 1), "one that is gone is asked nothing");
	for (int i = 0; i < 2; i++) {
		static const char *const asks[] = {"echo", "more"};
		bool                     asked = (child.pid || crew_start(&crew, &child)) && crew_ask(&crew, &child, "x", asks[i], 4);
		char                    *answer = asked ? crew_answer(&crew, &child, &n, why, sizeof(why)) : NULL;

		tap_text(answer, asks[i], i ? "and again" : "a new one answers");
		free(answer);
	}
	crew_end(&child);
	tap_ok(!child.pid, "it ends");
}

/* Every given bulletin: written, read back and written again it is the same; through children it is the same too. */
static void given(void)
{
	const char      *shared = getenv("SHARED") ? getenv("SHARED") : "../shared";
	char             command[4096], path[PATH_SIZE];
	const char      *paths[] = {path};
	struct heard     heard = {0}, plain = {0};
	struct load_done done, again;
	size_t           equal = 0;

	snprintf(path, sizeof(path), "%s/bulletins/ja.tar.xz", shared);
	if (access(path, R_OK) < 0) {
		tap_skip("the given bulletins are absent: set SHARED, or put them at ../shared");
		return;
	}
	snprintf(path, sizeof(path), "%s/given", folder);
	snprintf(command, sizeof(command), "mkdir %s %s/plain && for f in %s/bulletins/*.tar.xz; do tar -C %s -xJf $f || exit; done", path, folder, shared, path);
	if (!tap_ok(system(command) == 0, "the given bulletins are unpacked"))
		return;
	tap_ok(load(&heard, paths, 1, NULL, 0, &done) && done.bulletins == 585 && !done.failed, "all 585 given bulletins are loaded (%zu, %zu failed)", done.bulletins, done.failed);
	for (size_t i = 0; i < heard.count; i++) {
		struct bulletin b;
		const char     *why;
		json_t         *back = bulletin_from_json(heard.documents[i], &b, &why) ? bulletin_json(&b) : NULL;

		if (back && json_equal(back, heard.documents[i]))
			equal++;
		else
			tap_note("%s: %s", id_of(&heard, i), back ? "it differs" : why);
		json_decref(back);
		bulletin_close(&b);
		snprintf(command, sizeof(command), "%s/plain/%04zu.json", folder, i);
		json_dump_file(heard.documents[i], command, JSON_INDENT(2));
	}
	tap_number(equal, heard.count, "each document, read back and written, is the same");
	snprintf(path, sizeof(path), "%s/plain", folder);
	tap_ok(load(&plain, paths, 1, NULL, 0, &again) && again.bulletins == done.bulletins, "as many are loaded from plain documents");
	for (equal = 0; equal < plain.count && equal < heard.count && json_equal(plain.documents[equal], heard.documents[equal]);)
		equal++;
	tap_number(equal, heard.count, "and they say the same");
	forget(&heard);
	forget(&plain);
}

int main(void)
{
	char command[128];

	if (!mkdtemp(folder))
		abort();
	faults();
	folders();
	cannot();
	killed();
	crew_faults();
	given();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		tap_note("%s is left behind", folder);
	return tap_done();
}
