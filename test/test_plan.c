/* Plans: the smallest set against an independent brute force on random graphs, the order, service packs, restarts and texts. */
#include <stdlib.h>
#include <unistd.h>

#include "assess/plan.h"
#include "test/hosts.h"
#include "test/tap.h"

enum { GRAPH_MAX = 11, GRAPHS = 600, COVERS = 4000, OPTIONS_MAX = 12, NEEDS_MAX = 10 };

static uint32_t seed = 20261128;

static uint32_t number(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* The fewest options whose covers together have every need: by trying all sets. */
static unsigned brute(unsigned options, const uint64_t *covers, uint64_t all)
{
	unsigned best = options + 1;

	for (uint32_t set = 0; set < 1u << options; set++) {
		uint64_t got = 0;

		for (unsigned i = 0; i < options; i++)
			if (set >> i & 1)
				got |= covers[i];
		if (got == all && (unsigned)__builtin_popcount(set) < best)
			best = (unsigned)__builtin_popcount(set);
	}
	return best;
}

/* Any covers at all, not only those that chains of replacements make. */
static void picks(void)
{
	unsigned good = 0, ties = 0;

	for (unsigned n = 0; n < COVERS; n++) {
		unsigned options = 1 + number(OPTIONS_MAX), needs = 1 + number(NEEDS_MAX), chosen_n = 0;
		uint64_t covers[OPTIONS_MAX], all = (UINT64_C(1) << needs) - 1, got = 0;
		uint32_t rank[OPTIONS_MAX];
		bool     chosen[OPTIONS_MAX], exact;

		for (unsigned i = 0; i < options; i++) {
			covers[i] = number(1u << needs) & number(1u << needs);
			rank[i] = number(4);
		}
		covers[number(options)] |= all & number(1u << needs);
		for (unsigned need = 0; need < needs; need++)
			covers[number(options)] |= UINT64_C(1) << need;
		if (!plan_pick(needs, options, covers, rank, chosen, &exact))
			continue;
		for (unsigned i = 0; i < options; i++)
			if (chosen[i]) {
				got |= covers[i];
				chosen_n++;
			}
		if (got == all && exact && chosen_n == brute(options, covers, all))
			good++;
		else
			tap_note("%u options, %u needs: %u chosen, exact %d, all covered %d", options, needs, chosen_n, exact, got == all);
		ties += options > 1;
	}
	tap_ok(good == COVERS && ties > COVERS / 2, "%u random covers: as few options as any set of them", COVERS);
}

/* Needs without a bound the search can afford: the answer covers all, and does not claim to be the smallest. */
static void picks_large(void)
{
	enum { N = 400, ROW = (N + 63) / 64 };
	uint64_t *covers = calloc(N * ROW, sizeof(*covers));
	uint32_t *rank = calloc(N, sizeof(*rank));
	bool     *chosen = calloc(N, sizeof(*chosen)), exact = true, good;
	uint64_t  got[ROW] = {0};

	for (unsigned i = 0; covers && i < N; i++)
		for (unsigned k = 0; k < 6; k++) {
			unsigned need = k ? number(N) : i;

			covers[i * ROW + need / 64] |= UINT64_C(1) << (need % 64);
		}
	good = covers && rank && chosen && plan_pick(N, N, covers, rank, chosen, &exact);
	for (unsigned i = 0; good && i < N; i++)
		for (unsigned w = 0; w < ROW && chosen[i]; w++)
			got[w] |= covers[i * ROW + w];
	for (unsigned need = 0; need < N; need++)
		good = good && (got[need / 64] >> (need % 64) & 1);
	tap_ok(good && !exact, "400 tangled needs: all are covered, and nothing is claimed of the number");
	free(covers);
	free(rank);
	free(chosen);
	good = plan_pick(0, 0, NULL, NULL, &exact, &exact);
	tap_ok(good && exact, "nothing is needed: nothing is chosen");
}

/* A graph of replacements in which newer numbers replace older ones, and a host that has some of the updates. */
struct graph {
	unsigned n;
	bool     replaces[GRAPH_MAX][GRAPH_MAX]; /* [newer][older] */
	bool     installed[GRAPH_MAX];
};

static void graph_make(struct graph *g)
{
	unsigned density = 1 + number(5);

	*g = (struct graph){.n = 2 + number(GRAPH_MAX - 1)};
	for (unsigned newer = 0; newer < g->n; newer++) {
		g->installed[newer] = number(8) == 0;
		for (unsigned older = 0; older < newer; older++)
			g->replaces[newer][older] = number(6) < density && number(2);
	}
}

static bool graph_load(const struct graph *g, struct catalog *catalog)
{
	char  name[] = "/tmp/sallyport-plan-XXXXXX";
	int   fd = mkstemp(name);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool  good;

	if (!file)
		return false;
	for (unsigned i = 0; i < g->n; i++) {
		fprintf(file, "bulletin MS05-%03u | ja | 890%03u\npublished 2005%02u01\naffected Windows 2000 Service Pack 4\ncve CVE-2005-9%03u\n", 900 + i, 900 + i, i + 1, i);
		fprintf(file, "verify HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB890%03u | Windows 2000\n", 900 + i);
		for (unsigned older = 0; older < i; older++)
			if (g->replaces[i][older])
				fprintf(file, "replaces MS05-%03u | Windows 2000\n", 900 + older);
	}
	fclose(file);
	good = bulletins_make(catalog, name) && catalog_ready(catalog, NULL, NULL);
	unlink(name);
	return good;
}

static bool host_make(const struct graph *g, struct host *host)
{
	struct host_case one = {.name = "W2K"};
	const char      *bad;

	snprintf(one.lines[one.line_n++], HOST_LINE, "system 2000 sp4 x86 server ja");
	snprintf(one.lines[one.line_n++], HOST_LINE, "scope keys HKLM\\SOFTWARE");
	snprintf(one.lines[one.line_n++], HOST_LINE, "scope updates");
	for (unsigned i = 0; i < g->n; i++)
		if (g->installed[i])
			snprintf(one.lines[one.line_n++], HOST_LINE, "key present HKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB890%03u", 900 + i);
	return host_build(&one, host, &bad);
}

/* What is missing and the fewest updates that end it, from the graph alone. */
static unsigned graph_fewest(const struct graph *g, unsigned *out_missing)
{
	bool     reach[GRAPH_MAX][GRAPH_MAX];
	uint64_t covers[GRAPH_MAX] = {0}, all = 0;

	memcpy(reach, g->replaces, sizeof(reach));
	for (unsigned k = 0; k < g->n; k++)
		for (unsigned i = 0; i < g->n; i++)
			for (unsigned j = 0; j < g->n; j++)
				reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
	for (unsigned older = 0; older < g->n; older++) {
		bool there = g->installed[older];

		for (unsigned newer = 0; newer < g->n; newer++)
			there = there || (reach[newer][older] && g->installed[newer]);
		if (!there)
			all |= UINT64_C(1) << older;
	}
	for (unsigned i = 0; i < g->n; i++)
		for (unsigned older = 0; older < g->n && !g->installed[i]; older++)
			if ((i == older || reach[i][older]) && (all >> older & 1))
				covers[i] |= UINT64_C(1) << older;
	*out_missing = (unsigned)__builtin_popcountll(all);
	return brute(g->n, covers, all);
}

/* The plan's number of updates and of flaws they close; UINT_MAX when it contradicts itself. */
static unsigned plan_count(const struct plan *plan, unsigned *out_closed)
{
	unsigned updates = 0;

	*out_closed = 0;
	for (size_t i = 0; i < plan->step_n; i++) {
		updates += plan->steps[i].kind == PLAN_UPDATE;
		*out_closed += (unsigned)plan->steps[i].close_n;
		if (plan->steps[i].kind == PLAN_UPDATE && !plan->steps[i].close_n)
			return 1000;
	}
	return updates;
}

static bool one_graph(void)
{
	struct graph    g;
	struct catalog *catalog = catalog_open();
	struct report   report;
	struct host     host;
	struct plan     plan;
	unsigned        missing, fewest, closed, got;
	bool            good;

	graph_make(&g);
	fewest = graph_fewest(&g, &missing);
	good = graph_load(&g, catalog) && report_open(&report, catalog, false) && host_make(&g, &host) && report_add(&report, &host, NULL) && plan_make(&report, &report.hosts[0], &plan);
	if (!good)
		return tap_ok(false, "a graph can be planned for");
	got = plan_count(&plan, &closed);
	good = report.hosts[0].counts[VERDICT_MISSING] == missing && got == fewest && closed == missing && plan.smallest && !plan.left_n;
	if (!good)
		tap_note("%u bulletins, %u missing (the graph says %u): %u updates close %u, the fewest are %u", g.n, report.hosts[0].counts[VERDICT_MISSING], missing, got, closed, fewest);
	plan_close(&plan);
	report_close(&report);
	host_close(&host);
	catalog_close(&catalog);
	return good;
}

static void graphs(void)
{
	unsigned good = 0;

	for (unsigned i = 0; i < GRAPHS; i++)
		good += one_graph();
	tap_ok(good == GRAPHS, "%u random graphs: what is missing is closed by as few updates as any set of them", GRAPHS);
}

/* "pack 2, restart, 805 (8005), ..." */
static void plan_words(const struct plan *plan, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < plan->step_n && n < size; i++) {
		const struct plan_step *s = &plan->steps[i];

		if (s->kind == PLAN_RESTART)
			n += (size_t)snprintf(out + n, size - n, "%srestart", i ? ", " : "");
		else if (s->kind == PLAN_PACK)
			n += (size_t)snprintf(out + n, size - n, "%spack %u", i ? ", " : "", s->pack);
		else
			n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", s->entry->id + 5);
		for (size_t k = 0; k < s->close_n && n < size; k++)
			n += (size_t)snprintf(out + n, size - n, "%s%s%s", k ? " " : " (", s->closes[k]->cve + 9, k + 1 == s->close_n ? ")" : "");
	}
}

static void one_plan(const struct catalog *catalog, const char *const *lines, const char *want, const char *title, void (*look)(const struct plan *plan))
{
	struct host_case one = {.name = "HOST"};
	struct report    report;
	struct host      host;
	struct plan      plan = {0};
	const char      *bad = "";
	char             got[512] = "nothing";

	for (; *lines; lines++)
		snprintf(one.lines[one.line_n++], HOST_LINE, "%s", *lines);
	if (report_open(&report, catalog, false) && host_build(&one, &host, &bad) && report_add(&report, &host, NULL) && plan_make(&report, &report.hosts[0], &plan))
		plan_words(&plan, got, sizeof(got));
	if (!tap_ok(strcmp(got, want) == 0, "%s: %s", title, want))
		tap_note("got %s %s", got, bad);
	else if (look)
		look(&plan);
	plan_close(&plan);
	report_close(&report);
	host_close(&host);
}

static const struct plan_step *step_of(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->step_n; i++)
		if (plan->steps[i].kind == PLAN_UPDATE && strcmp(plan->steps[i].entry->id, id) == 0)
			return &plan->steps[i];
	return NULL;
}

static void look_at_texts(const struct plan *plan)
{
	const struct plan_step *two = step_of(plan, "MS05-802"), *three = step_of(plan, "MS05-803"), *four = step_of(plan, "MS05-804");

	tap_ok(two->installer && strcmp(two->installer->file, "Windows2000-kb890802-x86-jpn") == 0 && strcmp(two->no_restart, "/norestart") == 0, "the installer is that of the host's system");
	tap_ok(three->instead_n == 1 && strcmp(three->instead[0]->id, "MS05-801") == 0, "what is made needless is named");
	tap_ok(three->removal.text && three->removal.line && three->removal_switches[0] && strcmp(three->removal_switches[0], "/u") == 0, "the way back is named");
	tap_ok(three->restart == ANSWER_NO && four->prerequisite.text != NULL && !three->prerequisite.text, "restarts and prerequisites are the step's own");
}

static void look_at_both(const struct plan *plan)
{
	const struct plan_step *seven = step_of(plan, "MS15-807");

	tap_ok(seven->kb == 3060807 && seven->more[0] == 3061807 && !seven->more[1] && !seven->any, "both updates of the bulletin are named, as needed");
}

static void cases(void)
{
	static const char *const w2000[] = {"system 2000 sp4 x86 server ja", "scope keys HKLM\\SOFTWARE", "scope updates", NULL};
	static const char *const fixed[] = {"system 2000 sp4 x86 server ja", "scope updates", "key present HKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB890802",
		"key present HKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB890803", "key present HKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB890804", NULL};
	static const char *const sp3[] = {"system 2000 sp3 x86 server ja", "file %systemroot%\\system32\\wave.dll 5.0.2195.6000", "scope keys HKLM\\SOFTWARE", "scope updates", NULL};
	static const char *const sp4[] = {"system 2000 sp4 x86 server ja", "file %systemroot%\\system32\\wave.dll 5.0.2195.6000", "scope keys HKLM\\SOFTWARE", "scope updates", NULL};
	static const char *const w2003[] = {"system 2003 sp2 x86 server ja", "scope updates", NULL};
	struct catalog          *catalog = catalog_open();

	tap_ok(bulletins_make(catalog, "test/hosts/plan.bulletins") && catalog_ready(catalog, NULL, NULL), "the made bulletins are read");
	one_plan(catalog, w2000, "803 (8001 8003), 802 (8002), restart, 804 (8004), restart", "what is asked for comes first and is in force, else by day", look_at_texts);
	one_plan(catalog, fixed, "", "nothing is missing, nothing is planned", NULL);
	one_plan(catalog, w2003, "807 (8007)", "one step for all updates of a bulletin", look_at_both);
	catalog_close(&catalog);
	catalog = catalog_open();
	tap_ok(bulletins_make(catalog, "test/hosts/plan-pack.bulletins") && catalog_ready(catalog, NULL, NULL), "the made bulletins of service packs are read");
	one_plan(catalog, sp3, "pack 4 (8006), restart, 805 (8005), restart", "a service pack comes first, and makes needless what it holds", NULL);
	one_plan(catalog, sp4, "805 (8005), restart", "with the service pack there is no need of it", NULL);
	catalog_close(&catalog);
}

int main(void)
{
	picks();
	picks_large();
	cases();
	graphs();
	return tap_done();
}
