/* Writes a report as CSV (RFC 4180), with cells that no spreadsheet takes for formulas. */
#include <stdio.h>
#include <string.h>

#include "assess/report.h"

/*
 * Texts come from hosts and bulletins. A spreadsheet computes cells that begin with one of these, also behind blanks: an apostrophe in
 * front makes it a text. Control characters other than line breaks have no use in any cell.
 */
static bool computes(const char *text)
{
	while (*text && (unsigned char)*text <= ' ')
		text++;
	return *text && strchr("=+-@", *text);
}

static void cell(FILE *file, const char *text, bool last)
{
	putc('"', file);
	if (computes(text))
		putc('\'', file);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			putc('"', file);
		putc((unsigned char)*p < 0x20 && *p != '\n' ? ' ' : *p, file);
	}
	fputs(last ? "\"\r\n" : "\",", file);
}

static void head(FILE *file)
{
	static const char *const names[] = {"host", "source", "system", "bulletin", "title", "cve", "verdict", "rule", "severity", "kb", "sentence", "wanted"};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };

	for (size_t i = 0; i < COUNT; i++)
		cell(file, names[i], i + 1 == COUNT);
}

static void row(FILE *file, const struct report_host *host, const char *system, const struct report_finding *f)
{
	char kb[16];

	snprintf(kb, sizeof(kb), "%u", report_article(f));
	cell(file, host->name, false);
	cell(file, host->source, false);
	cell(file, system, false);
	cell(file, f->entry->id, false);
	cell(file, report_title(f->entry), false);
	cell(file, f->cve, false);
	cell(file, verdict_name(f->verdict), false);
	cell(file, rule_name(f->rule), false);
	cell(file, report_severity(f->severity), false);
	cell(file, kb[0] == '0' ? "" : kb, false);
	cell(file, f->sentence, false);
	cell(file, f->wanted ? f->wanted : "", true);
}

/* A host of which nothing is known is a row too: who sums up the table should meet it. */
static void fault_row(FILE *file, const struct report_host *host)
{
	const char *const cells[] = {host->name, host->source, "", "", "", "", "unreadable", "", "", "", host->fault, ""};

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		cell(file, cells[i], i + 1 == sizeof(cells) / sizeof(cells[0]));
}

bool report_csv(const struct report *report, unsigned verdicts, FILE *file)
{
	char system[128];

	head(file);
	for (size_t h = 0; h < report->host_n; h++) {
		const struct report_host *host = &report->hosts[h];

		if (host->fault) {
			fault_row(file, host);
			continue;
		}
		report_system(host, system, sizeof(system));
		for (size_t i = 0; i < host->finding_n; i++)
			if (verdicts >> host->findings[i].verdict & 1)
				row(file, host, system, &host->findings[i]);
	}
	return fflush(file) == 0 && !ferror(file);
}
