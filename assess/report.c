/* Collects what is found on hosts, so that every output says the same. */
#include "assess/report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "advise/store.h"
#include "assess/judge_int.h"

bool report_open(struct report *report, const struct catalog *catalog, bool all)
{
	*report = (struct report){.catalog = catalog, .all = all, .program = ""};
	report->store = store_open(REPORT_TEXT_MAX);
	return report->store != NULL;
}

void report_close(struct report *report)
{
	for (size_t i = 0; i < report->host_n; i++) {
		for (size_t k = 0; k < report->hosts[i].finding_n; k++)
			free(report->hosts[i].findings[k].pieces);
		free(report->hosts[i].findings);
		free(report->hosts[i].notes);
	}
	free(report->hosts);
	store_close(&report->store);
	*report = (struct report){0};
}

/* Paths may be any octets, and bounded sentences may end within a character: documents take well-formed text only. */
static void mend(char *text)
{
	size_t   n = strlen(text);
	uint32_t point;

	for (size_t i = 0; i < n;) {
		size_t one = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (!one)
			text[i] = '?';
		i += one ? one : 1;
	}
}

static const char *keep(struct report *report, const char *text)
{
	char       *copy = text ? strdup(text) : NULL;
	const char *kept = NULL;

	if (copy) {
		mend(copy);
		kept = store_text(report->store, copy, strlen(copy));
	}
	free(copy);
	if (text && !kept)
		report->full = true;
	return text && !kept ? "" : kept;
}

/* A growing array with room for one more; false when memory is out. */
static bool grow(struct report *report, void **array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 8;
	void  *larger;

	if (count < *room)
		return true;
	larger = more > SIZE_MAX / size ? NULL : realloc(*array, more * size);
	if (!larger) {
		report->full = true;
		return false;
	}
	*array = larger;
	*room = more;
	return true;
}

static struct report_host *host_new(struct report *report, const char *name, const char *source)
{
	struct report_host *host;
	void               *hosts = report->hosts;

	if (report->host_n >= REPORT_HOSTS_MAX) {
		report->full = true;
		return NULL;
	}
	if (!grow(report, &hosts, report->host_n, &report->host_room, sizeof(*report->hosts)))
		return NULL;
	report->hosts = hosts;
	host = &report->hosts[report->host_n++];
	*host = (struct report_host){.name = keep(report, name), .source = keep(report, source)};
	return host;
}

struct keeping {
	struct report      *report;
	struct report_host *host;
};

static void pieces_keep(struct report *report, struct report_finding *out, const struct finding *f)
{
	out->pieces = f->piece_n ? calloc(f->piece_n, sizeof(*out->pieces)) : NULL;
	if (f->piece_n && !out->pieces) {
		report->full = true;
		return;
	}
	for (; out->piece_n < f->piece_n; out->piece_n++) {
		const struct piece *p = &f->pieces[out->piece_n];

		out->pieces[out->piece_n] = (struct report_piece){.text = keep(report, p->text), .file = keep(report, p->seen.file), .kind = p->seen.kind, .line = p->seen.line,
			.bulletin_line = p->line};
	}
}

static bool take(void *data, const struct finding *f)
{
	struct keeping        *k = data;
	struct report_finding *out;
	void                  *findings = k->host->findings;

	if ((unsigned)f->verdict < VERDICTS)
		k->host->counts[f->verdict]++;
	if (f->verdict == VERDICT_NOT_AFFECTED && !k->report->all)
		return true;
	if (!grow(k->report, &findings, k->host->finding_n, &k->host->finding_room, sizeof(*k->host->findings)))
		return false;
	k->host->findings = findings;
	out = &k->host->findings[k->host->finding_n++];
	*out = (struct report_finding){.entry = f->entry, .by = f->by, .cve = f->cve, .verdict = f->verdict, .rule = f->rule, .severity = f->severity, .product = f->product,
		.flaw = f->flaw};
	out->sentence = keep(k->report, f->sentence);
	out->wanted = keep(k->report, f->wanted);
	pieces_keep(k->report, out, f);
	return true;
}

static int worst_first(const void *a, const void *b)
{
	const struct report_finding *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->entry->number != y->entry->number)
		return x->entry->number < y->entry->number ? -1 : 1;
	return strcmp(x->cve, y->cve);
}

bool report_add(struct report *report, const struct host *host, const char *warning)
{
	struct report_host *out = host_new(report, host->name, host->source);
	struct keeping      k = {report, out};

	if (!out)
		return false;
	out->warning = keep(report, warning);
	out->system = host->system;
	out->system.product = keep(report, host->system.product ? host->system.product : "");
	out->system.from.file = keep(report, host->system.from.file);
	out->target = host_target(host);
	out->notes = host->note_n ? calloc(host->note_n, sizeof(*out->notes)) : NULL;
	for (; out->notes && out->note_n < host->note_n; out->note_n++)
		out->notes[out->note_n] = (struct report_note){keep(report, host->notes[out->note_n].what), keep(report, host->notes[out->note_n].text)};
	if (!host->system.family)
		out->fault = "its evidence does not say which system it is; a listing of systeminfo, the hive SOFTWARE or the Windows tree would";
	else if (!assess_host(report->catalog, host, report->all, take, &k))
		return false;
	if (out->finding_n)
		qsort(out->findings, out->finding_n, sizeof(*out->findings), worst_first);
	return !report->full;
}

bool report_fault(struct report *report, const char *source, const char *sentence)
{
	const char         *name = strrchr(source, '/');
	struct report_host *host = host_new(report, name && name[1] ? name + 1 : source, source);

	if (host)
		host->fault = keep(report, sentence);
	return host && !report->full;
}

void report_system(const struct report_host *host, char *out, size_t size)
{
	struct str s = str_over(out, size);

	if (!target_os_name(&host->target, out, size)) {
		s = str_over(out, size);
		say_target(&s, &host->target);
	}
}

bool report_has_twin(const struct report *report, const struct report_host *host)
{
	for (size_t i = 0; i < report->host_n; i++)
		if (&report->hosts[i] != host && strcasecmp(report->hosts[i].name, host->name) == 0)
			return true;
	return false;
}

bool report_cell(const struct report_host *host, const struct catalog_entry *entry, const struct report_finding **out)
{
	/* The worst come first. */
	for (size_t i = 0; i < host->finding_n; i++)
		if (host->findings[i].entry == entry) {
			*out = &host->findings[i];
			return true;
		}
	return false;
}

const char *report_title(const struct catalog_entry *entry)
{
	for (size_t i = 0; i < sizeof(entry->readings) / sizeof(entry->readings[0]) && entry->readings[i]; i++)
		if (entry->readings[i]->title && entry->readings[i]->title[0])
			return entry->readings[i]->title;
	return "";
}

const char *report_severity(enum severity severity)
{
	return severity > SEVERITY_NONE && severity < SEVERITIES ? pack_name(PACK_SEVERITY, severity) : "not rated";
}

uint32_t report_article(const struct report_finding *finding)
{
	return entry_article(finding->entry, finding->product);
}
