/* Writes a report as one HTML file that needs nothing else: no script, no font, no picture, no network. */
#include <stdio.h>
#include <string.h>

#include "assess/html_int.h"
#include "assess/report_int.h"

void html_text(FILE *file, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (one && text[i] == '&')
			fputs("&amp;", file);
		else if (one && text[i] == '<')
			fputs("&lt;", file);
		else if (one && text[i] == '>')
			fputs("&gt;", file);
		else if (one && text[i] == '"')
			fputs("&quot;", file);
		else if (one && text[i] == '\'')
			fputs("&#39;", file);
		else if (one && (utf8_shows(point) || point == '\n'))
			fwrite(text + i, 1, one, file);
		else
			fputs("\xef\xbf\xbd", file);
		i += one ? one : 1;
	}
}

void html_host(FILE *file, const struct report *report, const struct report_host *host)
{
	html_text(file, host->name);
	if (!report_has_twin(report, host))
		return;
	fputs(" (", file);
	html_text(file, host->source);
	putc(')', file);
}

void html_anchor(FILE *file, const struct report *report, const struct report_host *host, const struct report_finding *finding)
{
	fprintf(file, "h%tdf%td", host - report->hosts, finding - host->findings);
}

/* The colours are told apart by lightness too, and no meaning is in colour alone: each cell has its letter. */
static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1b1b1f;--dim:#5b5b66;--line:#c9c9d2;--head:#f1f1f5;"
	"--missing:#b3261e;--missing-fg:#fff;--cannot-tell:#f2c14e;--cannot-tell-fg:#241a00;--mitigated:#cfe0ff;--mitigated-fg:#0b2a5b;"
	"--fixed:#d8f0dc;--fixed-fg:#0f4020;--not-affected:#ececf0;--not-affected-fg:#44444d}\n"
	"@media (prefers-color-scheme:dark){:root{--bg:#15151a;--fg:#ececf1;--dim:#a9a9b5;--line:#3d3d48;--head:#22222a;"
	"--missing:#f2867c;--missing-fg:#2b0502;--cannot-tell:#7a5c00;--cannot-tell-fg:#fff3cf;--mitigated:#23406f;--mitigated-fg:#e1ebff;"
	"--fixed:#1d4a2c;--fixed-fg:#dcf6e2;--not-affected:#2a2a32;--not-affected-fg:#b9b9c4}}\n"
	"body{margin:0 auto;max-width:90rem;padding:1rem 1.5rem 4rem;background:var(--bg);color:var(--fg);font:16px/1.45 system-ui,sans-serif}\n"
	"h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.25rem;margin:2rem 0 .5rem}h3{font-size:1.05rem;margin:1.5rem 0 .25rem}\n"
	"p{margin:.25rem 0;max-width:60rem}.dim{color:var(--dim)}a{color:inherit}\n"
	"table{border-collapse:collapse;margin:.5rem 0}th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}\n"
	"thead th{background:var(--head)}td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	".scroll{overflow:auto;max-width:100%;max-height:65vh}\n"
	".matrix th,.matrix td{padding:.15rem .3rem;white-space:nowrap}.matrix thead th{position:sticky;top:0;z-index:2}\n"
	".matrix tbody th{position:sticky;left:0;background:var(--head);font-weight:600;z-index:1}\n"
	".matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg);font-weight:600}\n"
	".matrix td{text-align:center;padding:0}.matrix td a{display:block;min-width:1.6rem;padding:.15rem .3rem;text-decoration:none;font-weight:700}\n"
	".missing{background:var(--missing);color:var(--missing-fg)}.cannot-tell{background:var(--cannot-tell);color:var(--cannot-tell-fg)}\n"
	".mitigated{background:var(--mitigated);color:var(--mitigated-fg)}.fixed{background:var(--fixed);color:var(--fixed-fg)}\n"
	".not-affected{background:var(--not-affected);color:var(--not-affected-fg)}\n"
	".findings td:nth-child(3),.findings td:nth-child(4){white-space:nowrap}.tag{display:inline-block;padding:0 .5rem;border-radius:.3rem;font-weight:600;white-space:nowrap}\n"
	"a:focus-visible{outline:3px solid var(--fg);outline-offset:-3px}\n"
	".matrix td a:hover::after,.matrix td a:focus-visible::after{content:attr(data-why);position:fixed;left:1.5rem;right:1.5rem;bottom:1rem;z-index:9;padding:.75rem 1rem;"
	"background:var(--bg);color:var(--fg);border:2px solid var(--fg);border-radius:.4rem;white-space:normal;text-align:left;font-weight:400}\n"
	"tr:target{outline:3px solid var(--fg);outline-offset:-3px}ul{margin:.2rem 0;padding-left:1.2rem}\n"
	/* Narrow screens: a finding is a block, as its sentence would otherwise stand beside the screen. */
	"@media screen and (max-width:45rem){.findings,.findings tbody,.findings td:last-child{display:block}.findings thead{position:absolute;clip-path:inset(50%)}"
	".findings tr{display:flex;flex-wrap:wrap;gap:.2rem .75rem;border:1px solid var(--line);margin-bottom:.5rem;padding:.4rem .5rem}"
	".findings td{border:0;padding:0}.findings td:last-child{flex-basis:100%}}\n"
	"@media print{.scroll{overflow:visible;max-height:none}.matrix thead th,.matrix tbody th{position:static}tr{break-inside:avoid}"
	"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static void summary_table(FILE *file, const struct report *report)
{
	char system[128];

	fputs("<h2 id=\"hosts\">Hosts</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"hosts\">\n<table>\n<thead><tr><th scope=\"col\">Host</th><th scope=\"col\">System</th>", file);
	for (int v = VERDICTS - 1; v >= 0; v--)
		fprintf(file, "<th scope=\"col\">%s</th>", verdict_name(v));
	fputs("</tr></thead>\n<tbody>\n", file);
	for (size_t h = 0; h < report->host_n; h++) {
		const struct report_host *host = &report->hosts[h];

		fprintf(file, "<tr><th scope=\"row\"><a href=\"#h%zu\">", h);
		html_host(file, report, host);
		fputs("</a></th>", file);
		if (host->fault) {
			fprintf(file, "<td colspan=\"%d\">cannot be read: ", VERDICTS + 1);
			html_text(file, host->fault);
			fputs("</td></tr>\n", file);
			continue;
		}
		report_system(host, system, sizeof(system));
		fputs("<td>", file);
		html_text(file, system);
		fputs("</td>", file);
		for (int v = VERDICTS - 1; v >= 0; v--)
			fprintf(file, "<td class=\"n\">%u</td>", host->counts[v]);
		fputs("</tr>\n", file);
	}
	fputs("</tbody>\n</table>\n</div>\n", file);
}

static void evidence(FILE *file, const struct report_finding *f)
{
	if (!f->piece_n)
		return;
	fputs("<ul class=\"dim\">", file);
	for (uint32_t i = 0; i < f->piece_n; i++) {
		const struct report_piece *p = &f->pieces[i];

		fputs("<li>", file);
		html_text(file, p->text);
		if (p->file) {
			fputs(" [", file);
			html_text(file, p->file);
			if (p->line)
				fprintf(file, ":%u", p->line);
			putc(']', file);
		}
		if (p->bulletin_line)
			fprintf(file, " (bulletin line %u)", p->bulletin_line);
		fputs("</li>", file);
	}
	fputs("</ul>", file);
}

static void finding_row(FILE *file, const struct report *report, const struct report_host *host, const struct report_finding *f)
{
	fputs("<tr id=\"", file);
	html_anchor(file, report, host, f);
	fprintf(file, "\"><td><span class=\"tag %s\">%s</span></td><td>%s</td><td>", verdict_name(f->verdict), verdict_name(f->verdict), report_severity(f->severity));
	html_text(file, f->entry->id);
	fputs("</td><td>", file);
	html_text(file, f->cve);
	fputs("</td><td>", file);
	html_text(file, f->sentence);
	if (f->wanted) {
		fputs(" <strong>Would decide:</strong> ", file);
		html_text(file, f->wanted);
		putc('.', file);
	}
	evidence(file, f);
	fputs("</td></tr>\n", file);
}

static void host_table(FILE *file, const struct report *report, const struct report_host *host, unsigned verdicts)
{
	char   system[128];
	size_t shown = 0;

	fprintf(file, "<h3 id=\"h%td\">", host - report->hosts);
	html_text(file, host->name);
	fputs("</h3>\n<p class=\"dim\">", file);
	report_system(host, system, sizeof(system));
	html_text(file, host->fault ? host->fault : system);
	fputs("; from ", file);
	html_text(file, host->source);
	fputs("</p>\n", file);
	if (host->warning) {
		fputs("<p>Not all of its evidence was read: ", file);
		html_text(file, host->warning);
		fputs("</p>\n", file);
	}
	for (size_t i = 0; i < host->finding_n; i++) {
		if (!(verdicts >> host->findings[i].verdict & 1))
			continue;
		if (!shown++) {
			fprintf(file, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h%td\">\n", host - report->hosts);
			fputs("<table class=\"findings\">\n<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Severity</th><th scope=\"col\">Bulletin</th><th scope=\"col\">Flaw</th>"
			      "<th scope=\"col\">Why</th></tr></thead>\n<tbody>\n", file);
		}
		finding_row(file, report, host, &host->findings[i]);
	}
	fputs(shown ? "</tbody>\n</table>\n</div>\n" : "<p>Nothing to show.</p>\n", file);
}

bool report_html(const struct report *report, unsigned verdicts, FILE *file)
{
	char moment[32];

	fprintf(file, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Exposure of %zu host%s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		report->host_n, report->host_n == 1 ? "" : "s", style);
	fprintf(file, "<h1>Exposure of %zu host%s</h1>\n<p class=\"dim\">%zu bulletins, assessed %s by Sallyport ", report->host_n, report->host_n == 1 ? "" : "s",
		catalog_count(report->catalog), report_moment(report->now, moment));
	html_text(file, report->program);
	fputs("</p>\n<main>\n", file);
	summary_table(file, report);
	html_matrix(file, report, verdicts);
	fputs("<h2>Findings</h2>\n", file);
	for (size_t h = 0; h < report->host_n; h++)
		host_table(file, report, &report->hosts[h], verdicts);
	fputs("</main>\n</body>\n</html>\n", file);
	return fflush(file) == 0 && !ferror(file);
}
