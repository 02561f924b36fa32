/* Prints a plan for people: its steps in order, how each is installed and taken back, and what stays. */
#include <string.h>

#include "base/str.h"
#include "cmd/assess.h"

enum { TEXT = 2048, LISTED = 32768, INDENT = 6 };

/* The first line of a bulletin's text is what it is about; the others are in the bulletin. */
static void print_text(const char *head, const struct plan_text *text, unsigned width)
{
	char       raw[TEXT], shown[TEXT];
	struct str s = str_over(raw, sizeof(raw));
	size_t     n;

	if (!text->text)
		return;
	n = strcspn(text->text, "\n");
	str_bytes(&s, text->text, n < TEXT - 64 ? n : TEXT - 64);
	if (text->text[n])
		str_add(&s, " ...");
	str_fmt(&s, " (line %u)", text->line);
	printf("%*s%s", INDENT, "", head);
	print_wrapped(stdout, assess_harmless(raw, shown, sizeof(shown)), INDENT + (unsigned)strlen(head), width);
}

static void print_list(const char *head, const char *text, unsigned width)
{
	printf("%*s%s", INDENT, "", head);
	print_wrapped(stdout, text, INDENT + (unsigned)strlen(head), width);
}

static void print_installer(const struct plan_step *step, const struct report_host *host, unsigned width)
{
	char       raw[TEXT], shown[TEXT];
	struct str s = str_over(raw, sizeof(raw));

	if (!step->installer)
		return;
	str_fmt(&s, "%s %s", step->installer->file, step->installer->switches);
	if (step->no_restart && strcmp(step->no_restart, step->installer->switches) != 0)
		str_fmt(&s, " %s", step->no_restart);
	str_fmt(&s, " (line %u)", step->installer->from.line);
	if (host->system.language[0] && strcmp(step->reading->language, host->system.language) != 0)
		str_fmt(&s, "; this is the file of the language %s, the host's is %s", step->reading->language, host->system.language);
	print_list("install: ", assess_harmless(raw, shown, sizeof(shown)), width);
}

static void print_closes(const struct plan_step *step, unsigned width)
{
	char       raw[TEXT];
	struct str s = str_over(raw, sizeof(raw));

	for (size_t i = 0; i < step->close_n; i++)
		str_fmt(&s, "%s%s", i ? ", " : "", step->closes[i]->cve);
	if (step->close_n)
		print_list("closes: ", s.cut ? "more flaws than fit here: --json has all" : raw, width);
	s = str_over(raw, sizeof(raw));
	for (size_t i = 0; i < step->instead_n; i++)
		str_fmt(&s, "%s%s", i ? ", " : "", step->instead[i]->id);
	if (step->instead_n)
		print_list("makes needless: ", raw, width);
}

static void print_removal(const struct plan_step *step, unsigned width)
{
	char       raw[TEXT], shown[TEXT];
	struct str s = str_over(raw, sizeof(raw));

	print_text("remove: ", &step->removal, width);
	for (size_t i = 0; step->removal_switches[i]; i++)
		str_fmt(&s, "%s%s", i ? " " : "", step->removal_switches[i]);
	if (s.len)
		print_list("its switches: ", assess_harmless(raw, shown, sizeof(shown)), width);
}

static void print_update(const struct plan_step *step, const struct report_host *host, unsigned width)
{
	char title[512];

	printf("%s", step->entry->id);
	if (step->kb)
		printf(" (KB%u", step->kb);
	for (size_t i = 0; step->kb && i < sizeof(step->more) / sizeof(step->more[0]) && step->more[i]; i++)
		printf(" %s KB%u", step->any ? "or" : "and", step->more[i]);
	if (step->kb)
		printf(")");
	if (step->day)
		printf(" of %04u-%02u-%02u", step->day / 10000, step->day / 100 % 100, step->day % 100);
	printf("\n%*s", INDENT, "");
	print_wrapped(stdout, assess_harmless(step->reading->title, title, sizeof(title)), INDENT, width);
	print_closes(step, width);
	print_text("needs: ", &step->prerequisite, width);
	print_installer(step, host, width);
	if (step->restart == ANSWER_YES && !step->no_restart)
		printf("%*srestart: it wants one, and its text names no switch against it: refuse when it asks\n", INDENT, "");
	print_removal(step, width);
}

static void print_step(const struct plan_step *step, const struct report_host *host, size_t number, unsigned width)
{
	printf("%4zu. ", number);
	if (step->kind == PLAN_RESTART) {
		printf("restart\n");
	} else if (step->kind == PLAN_PACK) {
		printf("%s Service Pack %u or later\n%*sasked for by: %s\n", family_name(host->system.family), step->pack, INDENT, "", step->entry->id);
		print_closes(step, width);
	} else {
		print_update(step, host, width);
	}
}

/* Both stay for the same reason, and the same would decide. */
static bool stays_alike(const struct plan_left *a, const struct plan_left *b)
{
	const char *x = a->finding->wanted, *y = b->finding->wanted;

	return strcmp(a->why, b->why) == 0 && (x && y ? strcmp(x, y) == 0 : x == y);
}

/* The bulletins of the flaws that stay as the one at `from` does, each once, with how many of its flaws do. */
static void print_alike(const struct plan *plan, size_t from, unsigned indent, unsigned width)
{
	static char raw[LISTED], shown[LISTED];
	struct str  s = str_over(raw, sizeof(raw) - 32);

	if (plan->left[from].finding->wanted)
		str_fmt(&s, "%s: ", plan->left[from].finding->wanted);
	for (size_t i = from; i < plan->left_n; i++) {
		const struct catalog_entry *entry = plan->left[i].finding->entry;
		size_t                      flaws = 0;
		bool                        told = false;

		if (!stays_alike(&plan->left[i], &plan->left[from]))
			continue;
		for (size_t k = from; k < plan->left_n && !told; k++) {
			if (plan->left[k].finding->entry != entry || !stays_alike(&plan->left[k], &plan->left[from]))
				continue;
			told = k < i;
			flaws++;
		}
		if (told)
			continue;
		str_fmt(&s, "%s%s", i > from ? ", " : "", entry->id);
		if (flaws > 1)
			str_fmt(&s, " (%zu flaws)", flaws);
	}
	if (s.cut)
		snprintf(raw + s.len, sizeof(raw) - s.len, " ... (--json has all)");
	printf("%*s", (int)indent, "");
	print_wrapped(stdout, assess_harmless(raw, shown, sizeof(shown)), indent + 2, width);
}

/* What stays: by why, and by what would decide, as most of hundreds of flaws share both. */
static void print_left(const struct plan *plan, unsigned width)
{
	if (plan->left_n)
		printf("  stays:\n");
	for (size_t from = 0; from < plan->left_n; from++) {
		size_t flaws = 0;
		bool   told = false;

		for (size_t i = 0; i < plan->left_n && !told; i++) {
			if (strcmp(plan->left[i].why, plan->left[from].why) != 0)
				continue;
			told = i < from;
			flaws++;
		}
		if (told)
			continue;
		printf("%*s%zu flaw%s: ", INDENT, "", flaws, flaws == 1 ? "" : "s");
		print_wrapped(stdout, plan->left[from].why, INDENT + 2, width);
		if (plan->left[from].finding->wanted)
			printf("%*swould decide:\n", INDENT, "");
		for (size_t i = from; i < plan->left_n; i++) {
			if (strcmp(plan->left[i].why, plan->left[from].why) != 0)
				continue;
			told = false;
			for (size_t k = from; k < i && !told; k++)
				told = stays_alike(&plan->left[k], &plan->left[i]);
			if (!told)
				print_alike(plan, i, INDENT + 2, width);
		}
	}
}

void assess_print_plan(const struct report *report, const struct plan *plan, const struct report_host *host)
{
	unsigned width = columns_of(stdout);
	char     name[512], system[128];
	size_t   updates = 0;

	report_system(host, system, sizeof(system));
	for (size_t i = 0; i < plan->step_n; i++)
		updates += plan->steps[i].kind == PLAN_UPDATE;
	if (!host->counts[VERDICT_MISSING])
		printf("%s (%s): nothing is known to be missing\n", assess_label(report, host, name, sizeof(name)), system);
	else
		printf("%s (%s): %zu update%s close%s the %u flaw%s that are missing one%s\n", assess_label(report, host, name, sizeof(name)), system, updates, updates == 1 ? "" : "s",
			updates == 1 ? "s" : "", host->counts[VERDICT_MISSING], host->counts[VERDICT_MISSING] == 1 ? "" : "s", plan->smallest ? "; no smaller set does" : "");
	for (size_t i = 0; i < plan->step_n; i++)
		print_step(&plan->steps[i], host, i + 1, width);
	print_left(plan, width);
}
