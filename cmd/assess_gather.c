/* Reads the bulletins and the hosts that `sallyport assess` was given, with a line of progress. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

/* What is known of a machine so far. */
struct part {
	struct host host;
	char       *warning; /* owned, or NULL */
};

struct gathering {
	struct assess_job *job;
	struct counter     counter;
	struct part       *parts;
	size_t             part_n;
	bool               refused; /* by the catalogue: memory is out */
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

	g->refused = !catalog_add(g->job->catalog, bulletin);
	return !g->refused;
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
	struct gathering g = {.job = job, .counter = {.what = "bulletins"}};
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
	if (!good && job->catalog && !g.refused) /* the sentence was told: a language pack that cannot be read, say */
		return false;
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

static bool judge(struct gathering *g, struct host *host, const char *warning)
{
	host_seal(host);
	if (!host->system.family)
		trouble(g, host->source, "its evidence does not say which system it is; a listing of systeminfo, the hive SOFTWARE or the Windows tree would");
	if (report_add(&g->job->report, host, warning))
		return true;
	complain("there are more hosts or findings than one report holds: --results keeps those of a fleet");
	return false;
}

/* Listings and hives tell a part of a machine, inventories and trees all that is known of it. */
static bool is_part(const struct host *host)
{
	enum evidence_kind kind = host->system.from.kind;

	return strcmp(host->name, host->source) != 0 && (!host->system.family || kind == EVIDENCE_SYSTEMINFO || kind == EVIDENCE_QFE || kind == EVIDENCE_HIVE);
}

/*
 * Kept until all are read: parts of one name are of one machine, unless they are of one kind. Takes the host over; false: there is no room
 * for it. Facts that one host has no room for are told, and end nothing: they may be of whoever took its name.
 */
static bool part_keep(struct gathering *g, struct host *host, const char *warning)
{
	struct part *larger;

	for (size_t i = 0; i < g->part_n; i++)
		if (strcasecmp(g->parts[i].host.name, host->name) == 0 && !host_apart(&g->parts[i].host, host)) {
			if (!host_merge(&g->parts[i].host, host)) {
				warning = "the host has more facts than are kept of one";
				trouble(g, host->source, warning);
			}
			if (warning && !g->parts[i].warning)
				g->parts[i].warning = strdup(warning);
			host_close(host);
			return true;
		}
	larger = g->part_n < REPORT_HOSTS_MAX ? realloc(g->parts, (g->part_n + 1) * sizeof(*larger)) : NULL;
	if (!larger) {
		host_close(host);
		return false;
	}
	g->parts = larger;
	g->parts[g->part_n++] = (struct part){*host, warning ? strdup(warning) : NULL};
	return true;
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
	} else if (is_part(&host)) {
		good = part_keep(g, &host, read ? NULL : why);
		if (!good)
			complain("there are more hosts than are taken at once");
		return good;
	} else {
		good = judge(g, &host, read ? NULL : why);
	}
	host_close(&host);
	return good;
}

static bool judge_parts(struct gathering *g, bool good)
{
	for (size_t i = 0; i < g->part_n; i++) {
		good = good && judge(g, &g->parts[i].host, g->parts[i].warning);
		host_close(&g->parts[i].host);
		free(g->parts[i].warning);
	}
	free(g->parts);
	return good;
}

static int by_source(const void *a, const void *b)
{
	const struct report_host *x = a, *y = b;

	return strcmp(x->source, y->source);
}

bool assess_hosts(struct assess_job *job)
{
	struct gathering g = {.job = job, .counter = {.what = "hosts"}};
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
	good = judge_parts(&g, good);
	if (good && !job->report.host_n) {
		complain("there are no hosts in what was named");
		good = false;
	}
	if (job->report.host_n)
		qsort(job->report.hosts, job->report.host_n, sizeof(*job->report.hosts), by_source);
	return good;
}
