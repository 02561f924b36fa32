/* Writes a report as CSV (RFC 4180), with cells that no spreadsheet takes for formulas. */
#include <stdio.h>
#include <string.h>

#include "assess/report_int.h"

/*
 * Texts come from hosts and bulletins. A spreadsheet computes cells that begin with one of these, also in their wide forms and behind
 * blanks: an apostrophe in front makes it a text. Where the semicolon separates cells, as in German, what follows one or a line's end
 * is a cell too, as that reader sees quotes in the first cell of a line alone. Control characters have no use in any cell (U+009B leads a terminal).
 */
static bool computes(const char *text)
{
	static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
	uint32_t                 point;
	size_t                   one;

	while (*text && ((one = utf8_one((const uint8_t *)text, strlen(text), &point)) == 0 || point == ' ' || point == 0xa0 || point == 0x3000 || point == '"' || !utf8_shows(point)))
		text += one ? one : 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return true;
	return *text && strchr("=+-@", *text);
}

static void cell(FILE *file, const char *text, bool last)
{
	size_t n = strlen(text), one;

	putc('"', file);
	if (computes(text))
		putc('\'', file);
	for (size_t i = 0; i < n; i += one ? one : 1) {
		uint32_t point;

		one = utf8_one((const uint8_t *)text + i, n - i, &point);
		if (one && (point == '\n' || (point >= ' ' && (point < 0x7f || point > 0x9f))))
			fwrite(text + i, 1, one, file);
		else
			putc(' ', file);
		if (text[i] == '"')
			putc('"', file);
		if ((text[i] == ';' || text[i] == '\n') && computes(text + i + 1))
			putc('\'', file);
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
