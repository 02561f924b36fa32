/* Prints an assessment for people: one host with its sentences, or many with counts and what they miss. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/known.h"
#include "cmd/assess.h"
#include "event/event.h"

enum { TEXT = 2048, BULLETIN_COLUMN = 2, NAMES_SHOWN = 6, WHY_INDENT = 4, LABEL = 512 };

static enum ink ink_of(enum verdict verdict)
{
	static const enum ink inks[VERDICTS] = {INK_NONE, INK_GREEN, INK_CYAN, INK_YELLOW, INK_RED};

	return inks[verdict];
}

/* The host's name; of several that have it also where its evidence is, as one's verdict must not be taken for another's. */
const char *assess_label(const struct report *report, const struct report_host *host, char *out, size_t size)
{
	char       raw[TEXT];
	struct str s = str_over(raw, sizeof(raw));

	str_add(&s, host->name);
	if (report_has_twin(report, host))
		str_fmt(&s, " (%s)", host->source);
	return assess_harmless(s.len ? raw : host->source, out, size);
}

static void print_counts(const struct report_host *host)
{
	printf("%u missing, %u cannot tell, %u mitigated, %u fixed, %u not affected", host->counts[VERDICT_MISSING], host->counts[VERDICT_CANNOT_TELL], host->counts[VERDICT_MITIGATED],
		host->counts[VERDICT_FIXED], host->counts[VERDICT_NOT_AFFECTED]);
}

static void print_finding(const struct report_finding *f, unsigned width)
{
	char text[TEXT];
	int  used = printf("%*s%-9s %-14s %-9s ", BULLETIN_COLUMN, "", f->entry->id, f->cve, report_severity(f->severity));

	print_wrapped(stdout, assess_harmless(f->sentence, text, sizeof(text)), (unsigned)used, width);
	if (f->wanted) {
		printf("%*swould decide: ", used, "");
		print_wrapped(stdout, assess_harmless(f->wanted, text, sizeof(text)), (unsigned)used + 14, width);
	}
}

static void print_host(const struct assess_job *job, const struct report_host *host, const struct line_style *style)
{
	char         system[128], name[256];
	unsigned     width = columns_of(stdout);
	enum verdict group = VERDICTS;

	report_system(host, system, sizeof(system));
	printf("%s%s%s%s%s\n", line_ink(style, INK_BOLD), assess_harmless(host->name, name, sizeof(name)), line_ink(style, INK_NONE), host->fault ? "" : "  ", host->fault ? "" : system);
	if (host->fault) {
		printf("  ");
		print_wrapped(stdout, host->fault, 2, width);
		return;
	}
	print_counts(host);
	printf("\n");
	for (size_t i = 0; i < host->finding_n; i++) {
		const struct report_finding *f = &host->findings[i];

		if (!(job->verdicts >> f->verdict & 1))
			continue;
		if (f->verdict != group)
			printf("\n%s%s%s\n", line_ink(style, ink_of(f->verdict)), verdict_name(f->verdict), line_ink(style, INK_NONE));
		group = f->verdict;
		print_finding(f, width);
	}
}

static void print_host_table(const struct assess_job *job)
{
	char name[LABEL], system[128], fault[512];

	printf("%-20s %8s %12s %10s %6s %13s  %s\n", "HOST", "MISSING", "CANNOT TELL", "MITIGATED", "FIXED", "NOT AFFECTED", "SYSTEM");
	for (size_t h = 0; h < job->report.host_n; h++) {
		const struct report_host *host = &job->report.hosts[h];

		assess_label(&job->report, host, name, sizeof(name));
		report_system(host, system, sizeof(system));
		if (host->fault)
			printf("%-20s cannot be read: %s\n", name, assess_harmless(host->fault, fault, sizeof(fault)));
		else
			printf("%-20s %8u %12u %10u %6u %13u  %s\n", name, host->counts[VERDICT_MISSING], host->counts[VERDICT_CANNOT_TELL], host->counts[VERDICT_MITIGATED],
				host->counts[VERDICT_FIXED], host->counts[VERDICT_NOT_AFFECTED], system);
	}
}

/* A flaw on a host that is told of. */
struct miss {
	const struct report_finding *finding;
	const struct report_host    *host;
};

static int by_severity(const void *a, const void *b)
{
	const struct report_finding *x = ((const struct miss *)a)->finding, *y = ((const struct miss *)b)->finding;

	if (x->entry != y->entry || strcmp(x->cve, y->cve) != 0) {
		if (x->severity != y->severity)
			return x->severity > y->severity ? -1 : 1;
		return x->entry->number != y->entry->number ? (x->entry->number < y->entry->number ? -1 : 1) : strcmp(x->cve, y->cve);
	}
	return strcmp(((const struct miss *)a)->host->name, ((const struct miss *)b)->host->name);
}

static bool same_flaw(const struct miss *a, const struct miss *b)
{
	return a->finding->severity == b->finding->severity && a->finding->entry == b->finding->entry && strcmp(a->finding->cve, b->finding->cve) == 0;
}

static void print_misses(const struct report *report, const struct miss *misses, size_t n, unsigned width)
{
	for (size_t from = 0, to; from < n; from = to) {
		char       buffer[TEXT], name[LABEL];
		struct str s = str_over(buffer, sizeof(buffer));
		int        used;

		for (to = from + 1; to < n && same_flaw(&misses[to], &misses[from]);)
			to++;
		for (size_t i = from; i < to && i < from + NAMES_SHOWN; i++)
			str_fmt(&s, "%s%s", i > from ? ", " : "", assess_label(report, misses[i].host, name, sizeof(name)));
		if (to - from > NAMES_SHOWN)
			str_fmt(&s, " and %zu more", to - from - NAMES_SHOWN);
		used = printf("%*s%-9s %-14s %-9s %6zu  ", BULLETIN_COLUMN, "", misses[from].finding->entry->id, misses[from].finding->cve, report_severity(misses[from].finding->severity), to - from);
		print_wrapped(stdout, buffer, (unsigned)used, width);
	}
}

/* Of many hosts: what has this verdict, the most severe first, and where. */
static void print_where(const struct assess_job *job, enum verdict verdict, const struct line_style *style)
{
	const struct report *r = &job->report;
	struct miss         *misses;
	size_t               n = 0;

	for (size_t h = 0; h < r->host_n; h++)
		n += r->hosts[h].finding_n;
	misses = calloc(n + 1, sizeof(*misses));
	if (!misses) {
		complain("there is no memory for what is %s", verdict_name(verdict));
		return;
	}
	n = 0;
	for (size_t h = 0; h < r->host_n; h++)
		for (size_t i = 0; i < r->hosts[h].finding_n; i++)
			if (r->hosts[h].findings[i].verdict == verdict)
				misses[n++] = (struct miss){&r->hosts[h].findings[i], &r->hosts[h]};
	qsort(misses, n, sizeof(*misses), by_severity);
	if (n)
		printf("\n%s%s%s\n%*s%-9s %-14s %-9s %6s  %s\n", line_ink(style, ink_of(verdict)), verdict_name(verdict), line_ink(style, INK_NONE), BULLETIN_COLUMN, "", "BULLETIN", "FLAW", "SEVERITY",
			"HOSTS", "ON");
	print_misses(r, misses, n, columns_of(stdout));
	free(misses);
}

void assess_print(const struct assess_job *job)
{
	struct line_style style = {.colour = colour_wanted(stdout)};

	if (job->report.host_n == 1) {
		print_host(job, &job->report.hosts[0], &style);
		return;
	}
	print_host_table(job);
	for (int v = VERDICTS - 1; v >= 0; v--)
		if (v == VERDICT_MISSING ? job->verdicts >> v & 1 : job->only && (job->verdicts >> v & 1))
			print_where(job, (enum verdict)v, &style);
}

static void print_piece(const struct report_finding *f, const struct report_piece *p, unsigned width)
{
	char       buffer[TEXT], text[TEXT];
	struct str s = str_over(buffer, sizeof(buffer));

	str_add(&s, p->text);
	if (p->file && p->line)
		str_fmt(&s, " [%s:%u]", p->file, p->line);
	else if (p->file)
		str_fmt(&s, " [%s]", p->file);
	if (p->bulletin_line)
		str_fmt(&s, " [%s:%u]", f->entry->readings[0]->source, p->bulletin_line);
	printf("%*s- ", WHY_INDENT, "");
	print_wrapped(stdout, assess_harmless(buffer, text, sizeof(text)), WHY_INDENT + 2, width);
}

static void print_why(const struct report *report, const struct report_host *host, const struct report_finding *f, const struct line_style *style, unsigned width)
{
	char name[LABEL], text[TEXT];

	printf("%s%s%s  %s %s: %s%s%s by %s\n", line_ink(style, INK_BOLD), assess_label(report, host, name, sizeof(name)), line_ink(style, INK_NONE), f->entry->id, f->cve,
		line_ink(style, ink_of(f->verdict)), verdict_name(f->verdict), line_ink(style, INK_NONE), rule_name(f->rule));
	printf("  ");
	print_wrapped(stdout, assess_harmless(f->sentence, text, sizeof(text)), 2, width);
	if (f->wanted) {
		printf("  would decide: ");
		print_wrapped(stdout, assess_harmless(f->wanted, text, sizeof(text)), 16, width);
	}
	if (f->product) {
		printf("  as: ");
		print_wrapped(stdout, assess_harmless(f->product->name, text, sizeof(text)), 6, width);
	}
	for (uint32_t i = 0; i < f->piece_n; i++)
		print_piece(f, &f->pieces[i], width);
}

bool assess_print_why(const struct assess_job *job, const char *id)
{
	struct line_style style = {.colour = colour_wanted(stdout)};
	unsigned          width = columns_of(stdout);
	bool              any = false;

	for (size_t h = 0; h < job->report.host_n; h++)
		for (size_t i = 0; i < job->report.hosts[h].finding_n; i++) {
			const struct report_finding *f = &job->report.hosts[h].findings[i];

			if (strcasecmp(f->entry->id, id) != 0 && !known_same_id(f->cve, strlen(f->cve), id, strlen(id)))
				continue;
			any = true;
			print_why(&job->report, &job->report.hosts[h], f, &style, width);
		}
	return any;
}
