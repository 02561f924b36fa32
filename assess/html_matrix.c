/* Writes the exposure matrix: bulletins against hosts, each cell the worst verdict of the bulletin's flaws there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/html_int.h"

struct matrix {
	const struct report            *report;
	unsigned                        verdicts;
	const struct catalog_entry    **entries; /* that have a cell */
	const struct report_finding   **cells; /* entry_n rows of host_n; NULL: none */
	size_t                          entry_n;
};

static const char letters[VERDICTS] = {'-', 'F', 'W', '?', 'M'}; /* W: a workaround */

/* Everything in two passes over the findings: a search for each cell would not end on a fleet. */
static bool fill(struct matrix *m)
{
	const struct report *r = m->report;
	size_t               all = catalog_count(r->catalog), *place = calloc(all + 1, sizeof(*place));

	m->entries = calloc(all + 1, sizeof(const struct catalog_entry *));
	for (size_t h = 0; place && m->entries && h < r->host_n; h++)
		for (size_t i = 0; i < r->hosts[h].finding_n; i++)
			if (m->verdicts >> r->hosts[h].findings[i].verdict & 1)
				place[r->hosts[h].findings[i].entry->number] = 1;
	for (size_t e = 0; place && m->entries && e < all; e++)
		if (place[e]) {
			m->entries[m->entry_n] = catalog_at(r->catalog, e);
			place[e] = ++m->entry_n;
		}
	m->cells = calloc(m->entry_n * r->host_n + 1, sizeof(const struct report_finding *));
	for (size_t h = 0; place && m->cells && h < r->host_n; h++)
		for (size_t i = 0; i < r->hosts[h].finding_n; i++) {
			const struct report_finding *f = &r->hosts[h].findings[i];
			size_t                       row = place[f->entry->number];

			/* Findings come worst first: the first of a bulletin is its cell. */
			if (row && (m->verdicts >> f->verdict & 1) && !m->cells[(row - 1) * r->host_n + h])
				m->cells[(row - 1) * r->host_n + h] = f;
		}
	free(place);
	return place && m->entries && m->cells;
}

static void cell(FILE *file, const struct matrix *m, size_t entry, size_t host)
{
	const struct report_host    *h = &m->report->hosts[host];
	const struct report_finding *f = m->cells[entry * m->report->host_n + host];
	char                         letter;

	if (!f) {
		fputs("<td></td>", file);
		return;
	}
	letter = letters[f->verdict];
	fprintf(file, "<td class=\"%s\"><a href=\"#", verdict_name(f->verdict));
	html_anchor(file, m->report, h, f);
	fputs("\" data-why=\"", file);
	html_text(file, h->name);
	fputs(", ", file);
	html_text(file, f->cve);
	fprintf(file, ": %s. ", verdict_name(f->verdict));
	html_text(file, f->sentence);
	fputs("\" aria-label=\"", file);
	html_text(file, h->name);
	fputs(", ", file);
	html_text(file, f->entry->id);
	fprintf(file, ": %s\">%c</a></td>", verdict_name(f->verdict), letter);
}

static void legend(FILE *file)
{
	fputs("<p>", file);
	for (int v = VERDICTS - 1; v >= 0; v--)
		fprintf(file, "<span class=\"tag %s\">%c</span> %s%s", verdict_name(v), letters[v], verdict_name(v), v ? " &nbsp; " : "");
	fputs("</p>\n<p class=\"dim\">A cell is the worst flaw of a bulletin on a host; it leads to its finding below. Point at it or move to it with the Tab key to read why.</p>\n", file);
}

static void host_head(FILE *file, const struct report *report, const struct report_host *host, const char *scope, bool turned)
{
	fprintf(file, "<th scope=\"%s\">%s", scope, turned ? "<span>" : "");
	html_host(file, report, host);
	fprintf(file, "%s</th>", turned ? "</span>" : "");
}

static void entry_head(FILE *file, const struct catalog_entry *entry, const char *scope, bool turned)
{
	fprintf(file, "<th scope=\"%s\" title=\"", scope);
	html_text(file, report_title(entry));
	fprintf(file, "\">%s", turned ? "<span>" : "");
	html_text(file, entry->id);
	fprintf(file, "%s</th>", turned ? "</span>" : "");
}

/* The longer side goes down the page. */
static void table(FILE *file, const struct matrix *m)
{
	size_t hosts = m->report->host_n;
	bool   hosts_down = hosts > m->entry_n;
	size_t down = hosts_down ? hosts : m->entry_n, across = hosts_down ? m->entry_n : hosts;

	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"matrix\">\n<table class=\"matrix\">\n<thead><tr><td></td>", file);
	for (size_t x = 0; x < across; x++) {
		if (hosts_down)
			entry_head(file, m->entries[x], "col", true);
		else
			host_head(file, m->report, &m->report->hosts[x], "col", true);
	}
	fputs("</tr></thead>\n<tbody>\n", file);
	for (size_t y = 0; y < down; y++) {
		fputs("<tr>", file);
		if (hosts_down)
			host_head(file, m->report, &m->report->hosts[y], "row", false);
		else
			entry_head(file, m->entries[y], "row", false);
		for (size_t x = 0; x < across; x++)
			cell(file, m, hosts_down ? x : y, hosts_down ? y : x);
		fputs("</tr>\n", file);
	}
	fputs("</tbody>\n</table>\n</div>\n", file);
}

void html_matrix(FILE *file, const struct report *report, unsigned verdicts)
{
	struct matrix m = {.report = report, .verdicts = verdicts};

	fputs("<h2 id=\"matrix\">Exposure: bulletins and hosts</h2>\n", file);
	if (!fill(&m))
		fputs("<p>There was no memory for the matrix.</p>\n", file);
	else if (!m.entry_n)
		fputs("<p>No bulletin has anything to show.</p>\n", file);
	else {
		legend(file);
		table(file, &m);
	}
	free(m.entries);
	free(m.cells);
}
