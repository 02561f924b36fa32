/* Writes a report as one JSON document (doc/assess.md). */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assess/report_int.h"

const char *const report_kinds[] = {"inventory", "systeminfo", "qfe", "hive", "tree"};

void report_set_text(json_t *object, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, name, json_string(text));
}

const char *report_moment(int64_t seconds, char out[32])
{
	time_t    when = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
	return out;
}

static json_t *piece_json(const struct report_piece *piece)
{
	json_t *one = json_object();

	report_set_text(one, "text", piece->text);
	if (piece->file) {
		report_set_text(one, "kind", report_kinds[piece->kind]);
		report_set_text(one, "file", piece->file);
	}
	if (piece->line)
		json_object_set_new(one, "line", json_integer(piece->line));
	if (piece->bulletin_line)
		json_object_set_new(one, "bulletin_line", json_integer(piece->bulletin_line));
	return one;
}

json_t *report_finding_json(const struct report_finding *f)
{
	json_t *one = json_object(), *pieces = json_array();
	char    kb[16];

	report_set_text(one, "bulletin", f->entry->id);
	report_set_text(one, "cve", f->cve);
	report_set_text(one, "verdict", verdict_name(f->verdict));
	report_set_text(one, "rule", rule_name(f->rule));
	report_set_text(one, "severity", report_severity(f->severity));
	report_set_text(one, "sentence", f->sentence);
	report_set_text(one, "wanted", f->wanted);
	report_set_text(one, "product", f->product ? f->product->name : NULL);
	snprintf(kb, sizeof(kb), "%u", report_article(f));
	report_set_text(one, "kb", kb[0] == '0' ? NULL : kb);
	report_set_text(one, "replaced_by", f->by ? f->by->id : NULL);
	for (uint32_t i = 0; i < f->piece_n; i++)
		json_array_append_new(pieces, piece_json(&f->pieces[i]));
	json_object_set_new(one, "evidence", pieces);
	return one;
}

static json_t *notes_json(const struct report_host *host)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < host->note_n; i++) {
		json_t *one = json_object();

		report_set_text(one, "what", host->notes[i].what);
		report_set_text(one, "text", host->notes[i].text);
		json_array_append_new(notes, one);
	}
	return notes;
}

json_t *report_host_json(const struct report_host *host)
{
	static const char *const roles[] = {NULL, "workstation", "server", "domain-controller"};
	json_t                  *one = json_object(), *counts = json_object();
	char                     system[128];

	report_set_text(one, "name", host->name);
	report_set_text(one, "source", host->source);
	report_set_text(one, "fault", host->fault);
	report_set_text(one, "warning", host->warning);
	if (!host->system.family)
		return json_decref(counts), one;
	report_system(host, system, sizeof(system));
	report_set_text(one, "system", system);
	report_set_text(one, "product", host->system.product);
	report_set_text(one, "role", roles[host->system.role]);
	report_set_text(one, "language", host->system.language);
	if (host->system.pack >= 0)
		json_object_set_new(one, "service_pack", json_integer(host->system.pack));
	for (int v = 0; v < VERDICTS; v++)
		json_object_set_new(counts, verdict_name(v), json_integer(host->counts[v]));
	json_object_set_new(one, "counts", counts);
	json_object_set_new(one, "notes", notes_json(host));
	return one;
}

static json_t *bulletins_json(const struct report *report)
{
	json_t *all = json_object();

	for (size_t h = 0; h < report->host_n; h++)
		for (size_t i = 0; i < report->hosts[h].finding_n; i++) {
			const struct catalog_entry *entry = report->hosts[h].findings[i].entry;
			json_t                     *one;
			json_t                     *sources;

			if (json_object_get(all, entry->id))
				continue;
			one = json_object();
			sources = json_array();
			report_set_text(one, "title", report_title(entry));
			for (size_t k = 0; k < sizeof(entry->readings) / sizeof(entry->readings[0]) && entry->readings[k]; k++)
				json_array_append_new(sources, json_string(entry->readings[k]->source));
			json_object_set_new(one, "sources", sources);
			json_object_set_new(all, entry->id, one);
		}
	return all;
}

json_t *report_head_json(const struct report *report, const char *format)
{
	json_t *root = json_object();
	char    digest[65], moment[32];

	catalog_digest(report->catalog, digest);
	report_set_text(root, "format", format);
	report_set_text(root, "program", report->program);
	report_set_text(root, "assessed", report_moment(report->now, moment));
	json_object_set_new(root, "catalogue", json_pack("{s:I,s:s}", "bulletins", (json_int_t)catalog_count(report->catalog), "digest", digest));
	return root;
}

json_t *report_json(const struct report *report, unsigned verdicts)
{
	json_t *root = report_head_json(report, "sallyport-assessment-1"), *hosts = json_array();

	for (size_t h = 0; h < report->host_n; h++) {
		const struct report_host *host = &report->hosts[h];
		json_t                   *one = report_host_json(host), *findings = json_array();

		for (size_t i = 0; i < host->finding_n; i++)
			if (verdicts >> host->findings[i].verdict & 1)
				json_array_append_new(findings, report_finding_json(&host->findings[i]));
		json_object_set_new(one, "findings", findings);
		json_array_append_new(hosts, one);
	}
	json_object_set_new(root, "hosts", hosts);
	json_object_set_new(root, "bulletins", bulletins_json(report));
	return root;
}
