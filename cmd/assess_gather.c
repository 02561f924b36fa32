/* Reads the bulletins and the hosts that `sallyport assess` was given, with a line of progress. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "assess/evidence.h"
#include "assess/load.h"
#include "assess/walk.h"
#include "base/str.h"
#include "cmd/assess.h"

enum { SAID = 1024, SHOWN = 512, REFRESH_MS = 100, BAR = 24 };

/* One line on a terminal's stderr. */
struct counter {
	const char *what;
	bool        shown;
	uint64_t    shown_ms;
};

void assess_progress(uint64_t *shown_ms, bool *shown, size_t done, size_t total, const char *what)
{
	struct timespec ts;
	uint64_t        now;
	size_t          full = total ? done * BAR / total : BAR;

	if (!isatty(STDERR_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (now - *shown_ms < REFRESH_MS)
		return;
	*shown_ms = now;
	*shown = true;
	fprintf(stderr, "\r\033[K[%.*s%.*s] %zu of %zu %s", (int)full, "########################", (int)(BAR - full), "........................", done, total, what);
	fflush(stderr);
}

static void counter_show(struct counter *c, size_t done, size_t total)
{
	assess_progress(&c->shown_ms, &c->shown, done, total, c->what);
}

static void counter_clear(struct counter *c)
{
	if (c->shown)
		fputs("\r\033[K", stderr);
	c->shown = false;
	c->shown_ms = 0;
}

const char *assess_harmless(const char *text, char *buffer, size_t size)
{
	struct str s = str_over(buffer, size);
	size_t     n = strlen(text);

	for (size_t i = 0; i < n && !s.cut;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (one && utf8_shows(point))
			str_bytes(&s, text + i, one);
		else
			str_char(&s, text[i] == '\n' || text[i] == '\t' ? ' ' : '?');
		i += one ? one : 1;
	}
	return buffer;
}

struct gathering {
	struct assess_job *job;
	struct counter     counter;
};

static void trouble(struct gathering *g, const char *path, const char *sentence)
{
	char shown[SHOWN], said[SAID];

	counter_clear(&g->counter);
	complain("%s: %s", assess_harmless(path, shown, sizeof(shown)), assess_harmless(sentence, said, sizeof(said)));
	g->job->bad = true;
}

static bool bulletin_got(void *data, struct bulletin *bulletin)
{
	struct gathering *g = data;

	return catalog_add(g->job->catalog, bulletin);
}

static void bulletin_said(void *data, const char *path, const char *sentence)
{
	trouble(data, path, sentence);
}

static void progress(void *data, size_t done, size_t total)
{
	struct gathering *g = data;

	counter_show(&g->counter, done, total);
}

bool assess_bulletins(struct assess_job *job)
{
	struct gathering g = {job, {.what = "bulletins"}};
	struct load_wish wish = {.language = job->language, .got = bulletin_got, .said = bulletin_said, .progress = progress, .data = &g};
	struct load_done done = {0};
	bool             good;

	job->catalog = catalog_open();
	good = job->catalog && load_bulletins(job->bulletins, job->bulletin_n, &wish, &done);
	counter_clear(&g.counter);
	if (good && !done.bulletins) {
		complain("there are no bulletins in what --bulletins names");
		return false;
	}
	if (!good || !catalog_ready(job->catalog, NULL, NULL)) {
		complain("the bulletins cannot be made a catalogue: memory is out");
		return false;
	}
	return true;
}

static bool tree_at(const char *path)
{
	int  fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is = fd >= 0 && tree_is(fd);

	if (fd >= 0)
		close(fd);
	return is;
}

static enum walk_take host_want(void *data, const char *path, const char *name, bool folder)
{
	(void)data;
	(void)name;
	return folder && !tree_at(path) ? WALK_ENTER : WALK_TAKE;
}

static void host_said(void *data, const char *path, const char *sentence)
{
	struct gathering *g = data;

	trouble(g, path, sentence);
	report_fault(&g->job->report, path, sentence);
}

static bool file_want(void *data, const char *name)
{
	const struct assess_job *job = data;

	return catalog_wants_file(job->catalog, name);
}

/* Something is known of it: a list that ends in the middle is better than none, and the warning says so. */
static bool knows_something(const struct host *host)
{
	return host->system.family && (host->update_n || host->file_n || host->key_n || host->service_n || host->software_n);
}

static bool one_host(struct gathering *g, const char *path)
{
	struct host host;
	const char *why = "";
	bool        good, read;

	if (!host_open(&host, path)) {
		complain("there is no memory for a host");
		return false;
	}
	read = evidence_read(&host, path, file_want, g->job, &why);
	if (!read)
		trouble(g, path, why);
	if (!read && !knows_something(&host)) {
		good = report_fault(&g->job->report, path, why);
	} else {
		host_seal(&host);
		good = report_add(&g->job->report, &host, read ? NULL : why);
		if (!host.system.family)
			trouble(g, path, "its evidence does not say which system it is");
	}
	host_close(&host);
	if (!good)
		complain("there are more hosts or findings than one report holds: --results keeps those of a fleet");
	return good;
}

bool assess_hosts(struct assess_job *job)
{
	struct gathering g = {job, {.what = "hosts"}};
	struct walk      walk = {.want = host_want, .said = host_said, .data = &g};
	bool             good = report_open(&job->report, job->catalog, job->all);

	job->report.program = SALLYPORT_VERSION;
	job->report.now = time(NULL);
	if (good)
		walk_find(&walk, job->hosts, job->host_n);
	for (size_t i = 0; i < walk.count && good; i++) {
		counter_show(&g.counter, i, walk.count);
		good = one_host(&g, walk.files[i]);
	}
	counter_clear(&g.counter);
	walk_close(&walk);
	if (good && !job->report.host_n) {
		complain("there are no hosts in what was named");
		good = false;
	}
	return good;
}
