/* One vulnerability of a VEX document: the status of each host, why, and what to do (CSAF 2.0, sections 3.2.3 and 4.5). */
#include <stdio.h>
#include <string.h>

#include "assess/vex_int.h"

void vex_product_id(size_t host, char out[VEX_ID])
{
	snprintf(out, VEX_ID, "HOST-%04zu", host + 1);
}

/* CSAF has lists that may not be empty. */
static void set_list(json_t *object, const char *name, json_t *list)
{
	if (json_array_size(list) || json_object_size(list))
		json_object_set_new(object, name, list);
	else
		json_decref(list);
}

static json_t *status(const struct vex_row *rows, size_t n)
{
	static const char *const names[VERDICTS] = {"known_not_affected", "fixed", "known_affected", "under_investigation", "known_affected"};
	json_t                  *all = json_object();
	char                     id[VEX_ID];

	for (size_t i = 0; i < n; i++) {
		const char *name = names[rows[i].finding->verdict];
		json_t     *list = json_object_get(all, name);

		if (!list)
			json_object_set_new(all, name, list = json_array());
		vex_product_id(rows[i].host, id);
		json_array_append_new(list, json_string(id));
	}
	return all;
}

/* An object of the list with the same texts gets the host, otherwise a new one does. */
static void share(json_t *list, json_t *one, size_t host)
{
	char    id[VEX_ID];
	json_t *other, *ids;
	size_t  i;

	vex_product_id(host, id);
	json_array_foreach(list, i, other) {
		ids = json_incref(json_object_get(other, "product_ids"));
		json_object_del(other, "product_ids");
		if (json_equal(other, one)) {
			json_array_append_new(ids, json_string(id));
			json_object_set_new(other, "product_ids", ids);
			json_decref(one);
			return;
		}
		json_object_set_new(other, "product_ids", ids);
	}
	json_object_set_new(one, "product_ids", json_pack("[s]", id));
	json_array_append_new(list, one);
}

/* The justification in the words of the standard. */
static const char *flag_of(enum rule rule)
{
	switch (rule) {
	case RULE_NOT_INSTALLED: return "component_not_present";
	case RULE_ROLE: return "vulnerable_code_not_in_execute_path";
	default: return "vulnerable_code_not_present";
	}
}

static void article_text(const struct report_finding *f, char out[32])
{
	uint32_t kb = report_article(f);

	out[0] = '\0';
	if (kb)
		snprintf(out, 32, " (KB%u)", kb);
}

static void remedy(json_t *list, const struct vex_row *row)
{
	const struct report_finding *f = row->finding;
	char                         text[SENTENCE_MAX + 128], kb[32];
	json_t                      *one;

	if (f->verdict != VERDICT_MISSING && f->verdict != VERDICT_MITIGATED)
		return;
	article_text(f, kb);
	if (f->verdict == VERDICT_MITIGATED)
		share(list, json_pack("{s:s,s:s}", "category", "workaround", "details", f->sentence), row->host);
	snprintf(text, sizeof(text), "Install the update of %s%s, or one that replaces it.", f->entry->id, kb);
	one = json_pack("{s:s,s:s}", "category", "vendor_fix", "details", text);
	snprintf(text, sizeof(text), "https://technet.microsoft.com/security/bulletin/%s", f->entry->id);
	report_set_text(one, "url", text);
	share(list, one, row->host);
}

/* What a reader is told of each host: the sentence of its verdict. */
static void threat(json_t *list, const struct vex_row *row)
{
	if (row->finding->verdict == VERDICT_NOT_AFFECTED)
		share(list, json_pack("{s:s,s:s}", "category", "impact", "details", row->finding->sentence), row->host);
	else if (row->finding->severity > SEVERITY_NONE && row->finding->verdict != VERDICT_FIXED)
		share(list, json_pack("{s:s,s:s}", "category", "impact", "details", report_severity(row->finding->severity)), row->host);
}

/* CVE-YYYY-NNNN with four digits or more. */
static bool is_cve(const char *text)
{
	size_t digits;

	if (strncmp(text, "CVE-", 4) != 0 || strspn(text + 4, "0123456789") != 4 || text[8] != '-')
		return false;
	digits = strspn(text + 9, "0123456789");
	return digits >= 4 && !text[9 + digits];
}

/* Sentences of all verdicts, each once with its hosts. */
static json_t *notes(const struct report *report, const struct vex_row *rows, size_t n)
{
	json_t *list = json_array();

	json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "category", "description", "title", "Bulletin", "text",
		report_title(rows[0].finding->entry)[0] ? report_title(rows[0].finding->entry) : rows[0].finding->entry->id));
	for (size_t i = 0; i < n; i++) {
		const struct report_finding *f = rows[i].finding;
		char                         text[SENTENCE_MAX + 512];

		if (f->verdict == VERDICT_NOT_AFFECTED)
			continue;
		snprintf(text, sizeof(text), "%s by %s: %s%s%s", verdict_name(f->verdict), rule_name(f->rule), f->sentence, f->wanted ? " Would decide: " : "", f->wanted ? f->wanted : "");
		json_array_append_new(list, json_pack("{s:s,s:s*,s:s}", "category", "details", "title", report->hosts[rows[i].host].name, "text", text));
	}
	return list;
}

json_t *vex_flaw(const struct report *report, const struct vex_row *rows, size_t n)
{
	json_t     *one = json_object(), *flags = json_array(), *remedies = json_array(), *threats = json_array();
	const char *cve = rows[0].cve;

	if (is_cve(cve))
		report_set_text(one, "cve", cve);
	else
		json_object_set_new(one, "ids", json_pack("[{s:s,s:s}]", "system_name", strncmp(cve, "MS", 2) == 0 ? "Microsoft Security Bulletin" : "Name in the bulletin", "text", cve));
	for (size_t i = 0; i < n; i++) {
		remedy(remedies, &rows[i]);
		threat(threats, &rows[i]);
		if (rows[i].finding->verdict == VERDICT_NOT_AFFECTED)
			share(flags, json_pack("{s:s}", "label", flag_of(rows[i].finding->rule)), rows[i].host);
	}
	json_object_set_new(one, "notes", notes(report, rows, n));
	json_object_set_new(one, "product_status", status(rows, n));
	set_list(one, "flags", flags);
	set_list(one, "remediations", remedies);
	set_list(one, "threats", threats);
	return one;
}
