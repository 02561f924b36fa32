/*
 * Writes a bulletin as CSAF 2.0 (OASIS, 18 November 2022), section 3.2 of which names every field used here.
 * What CSAF has no field for (files, keys, installers) becomes notes with tab-separated lines under a fixed title.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advise/json_int.h"

enum { PRODUCT_ID = 24 };

static void product_id(uint32_t number, char out[PRODUCT_ID])
{
	snprintf(out, PRODUCT_ID, "CSAFPID-%04u", number + 1);
}

static json_t *note(const char *category, const char *title, const char *text)
{
	json_t *one = json_object();

	json_set_text(one, "category", category);
	json_set_text(one, "title", title);
	json_set_text(one, "text", text);
	return one;
}

/* A text that grows; what memory cannot hold is left out. */
struct lines {
	char  *text;
	size_t n;
	FILE  *file;
};

static void lines_open(struct lines *l)
{
	*l = (struct lines){0};
	l->file = open_memstream(&l->text, &l->n);
}

static void lines_note(struct lines *l, json_t *notes, const char *title)
{
	if (!l->file)
		return;
	fclose(l->file);
	if (l->n)
		json_array_append_new(notes, note("details", title, l->text));
	free(l->text);
}

static void files_note(const struct bulletin *b, json_t *notes)
{
	struct lines l;

	lines_open(&l);
	for (uint32_t i = 0; l.file && i < b->file_n; i++) {
		const struct file *f = &b->files[i];
		char               day[16] = "";

		fprintf(l.file, "%s\t%s\t%llu\t%s\t%s\t%s\t%s\t%s\t%s\t%s\tline %u\t%s\n", f->name, f->version, (unsigned long long)f->size, f->day ? json_day(f->day, day) : "", f->time, f->arch,
			f->branch, f->folder, f->product, f->language, f->from.line, sure_name(f->from.sure));
	}
	lines_note(&l, notes, "Files: name, version, size, date, time, architecture, branch, folder, product, language, source, confidence");
}

static void keys_note(const struct bulletin *b, json_t *notes)
{
	struct lines l;

	lines_open(&l);
	for (uint32_t i = 0; l.file && i < b->key_n; i++)
		if (b->keys[i].verify)
			fprintf(l.file, "%s\t%s\tline %u\t%s\n", b->keys[i].path, b->keys[i].product, b->keys[i].from.line, sure_name(b->keys[i].from.sure));
	lines_note(&l, notes, "Registry keys that show the update: key, product, source, confidence");
}

static void replaced_note(const struct bulletin *b, json_t *notes)
{
	struct lines l;

	lines_open(&l);
	for (uint32_t i = 0; l.file && i < b->replacement_n; i++) {
		const struct replacement *r = &b->replacements[i];

		fprintf(l.file, "%s\t%s\t%s\t%s\tline %u\t%s\n", r->bulletin, r->kb, r->product, r->holds ? "replaced" : "not replaced", r->from.line, sure_name(r->from.sure));
	}
	lines_note(&l, notes, "Earlier updates: bulletin, article, product, replaced or not, source, confidence");
}

static void installers_note(const struct bulletin *b, json_t *notes)
{
	struct lines l;

	lines_open(&l);
	for (uint32_t i = 0; l.file && i < b->installer_n; i++)
		fprintf(l.file, "%s\t%s\t%s\tline %u\n", b->installers[i].file, b->installers[i].switches, b->installers[i].product, b->installers[i].from.line);
	lines_note(&l, notes, "Installers: file, switches, product, source");
	lines_open(&l);
	for (uint32_t i = 0; l.file && i < b->switch_n; i++)
		fprintf(l.file, "%s\t%s\t%s\t%s\tline %u\n", b->switches[i].name, b->switches[i].meaning, b->switches[i].product, b->switches[i].removal ? "removal" : "", b->switches[i].from.line);
	lines_note(&l, notes, "Switches of the installers: switch, meaning, product, use, source");
}

static void statements_note(const struct bulletin *b, json_t *notes)
{
	static const char *const titles[] = {"Restart", "Removal", "Prerequisites", "Service packs that will hold the fix", "Mitigating factors", "Cautions", NULL};

	for (int topic = 0; topic < TOPICS; topic++) {
		struct lines l;

		if (!titles[topic])
			continue;
		lines_open(&l);
		for (uint32_t i = 0; l.file && i < b->statement_n; i++)
			if (b->statements[i].topic == (enum topic)topic)
				fprintf(l.file, "%s%s%s (line %u)\n", b->statements[i].product, b->statements[i].product[0] ? ": " : "", b->statements[i].text, b->statements[i].from.line);
		lines_note(&l, notes, titles[topic]);
	}
}

static void contradictions_note(const struct bulletin *b, json_t *notes)
{
	struct lines l;

	lines_open(&l);
	for (uint32_t i = 0; l.file && i < b->contradiction_n; i++)
		fprintf(l.file, "%s: %s (lines %u, %u)\n", b->contradictions[i].what, b->contradictions[i].text, b->contradictions[i].line, b->contradictions[i].other);
	lines_note(&l, notes, "Contradictions in the source, reported and not resolved");
}

static json_t *document_notes(const struct bulletin *b)
{
	json_t *notes = json_array();

	for (uint32_t i = 0; i < b->statement_n; i++)
		if (b->statements[i].topic == TOPIC_SUMMARY && b->statements[i].text[0]) {
			json_array_append_new(notes, note("summary", "Summary", b->statements[i].text));
			break;
		}
	files_note(b, notes);
	keys_note(b, notes);
	replaced_note(b, notes);
	installers_note(b, notes);
	statements_note(b, notes);
	contradictions_note(b, notes);
	json_array_append_new(notes, note("legal_disclaimer", "Origin", 
						    "Converted by Sallyport from the vendor's bulletin, whose text is under CC BY 4.0. "
						    "The vendor has not reviewed this document."));
	return notes;
}

/* A moment on a day; entries of one day follow each other by a second, so that their order stays. */
static void moment(uint32_t day, unsigned second, char out[32])
{
	snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", day / 10000, day / 100 % 100, day % 100, second / 3600 % 24, second / 60 % 60, second % 60);
}

/* Days of a month that does not have them are moved to its last one: the source may be wrong, CSAF may not. */
static uint32_t real_day(uint32_t day)
{
	static const unsigned most[] = {31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned              month = day / 100 % 100, year = day / 10000, limit = most[month > 12 ? 0 : month];

	if (month == 2 && (year % 4 || (year % 100 == 0 && year % 400)))
		limit = 28;
	return day % 100 > limit ? day - day % 100 + limit : day;
}

static int by_day(const void *a, const void *b)
{
	const struct revision *x = *(const struct revision *const *)a, *y = *(const struct revision *const *)b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->from.line < y->from.line ? -1 : x->from.line > y->from.line;
}

static void revision_entry(json_t *history, const char *date, unsigned number, const char *version, const char *text)
{
	json_t *one = json_object();
	char    digits[16];

	snprintf(digits, sizeof(digits), "%u", number);
	json_set_text(one, "date", date);
	json_set_text(one, "number", digits);
	json_set_text(one, "legacy_version", version);
	json_set_text(one, "summary", text && *text ? text : "Published.");
	json_array_append_new(history, one);
}

/* The day of a bulletin that gives none: that of the file's making, or the first of its year. */
static uint32_t fallback_day(const struct bulletin *b)
{
	unsigned year = 0, month = 0, day = 0;

	if (b->published)
		return b->published;
	if (sscanf(b->built, "%4u-%2u-%2u", &year, &month, &day) == 3 && year > 1990 && month >= 1 && month <= 12 && day >= 1 && day <= 31)
		return year * 10000 + month * 100 + day;
	return (bulletin_year(b) ? bulletin_year(b) : 1970) * 10000 + 101;
}

static json_t *history(const struct bulletin *b, char first[32], char last[32])
{
	const struct revision **order = b->revision_n ? calloc(b->revision_n, sizeof(*order)) : NULL;
	json_t                 *list = json_array();
	unsigned                number = 0, second = 0;

	if (!order) {
		moment(real_day(fallback_day(b)), 0, first);
		revision_entry(list, first, ++number, "", "");
		memcpy(last, first, 32);
		if (b->updated > b->published) {
			moment(real_day(b->updated), 0, last);
			revision_entry(list, last, ++number, "", "Updated.");
		}
		return list;
	}
	for (uint32_t i = 0; i < b->revision_n; i++)
		order[i] = &b->revisions[i];
	qsort(order, b->revision_n, sizeof(*order), by_day);
	for (uint32_t i = 0; i < b->revision_n; i++) {
		second = i && real_day(order[i]->day) == real_day(order[i - 1]->day) ? second + 1 : 0;
		moment(real_day(order[i]->day), second, last);
		if (!i)
			memcpy(first, last, 32);
		revision_entry(list, last, ++number, order[i]->version, order[i]->text);
	}
	free(order);
	return list;
}

static json_t *tracking(const struct bulletin *b)
{
	json_t *one = json_object(), *list, *generator = json_object(), *engine = json_object();
	char    first[32], last[32], version[16];

	list = history(b, first, last);
	snprintf(version, sizeof(version), "%zu", json_array_size(list));
	json_set_text(one, "id", b->id);
	json_set_text(one, "status", "final");
	json_set_text(one, "version", version);
	json_set_text(one, "initial_release_date", first);
	json_set_text(one, "current_release_date", last);
	json_object_set_new(one, "revision_history", list);
	json_set_text(engine, "name", "Sallyport");
	json_object_set_new(generator, "engine", engine);
	json_object_set_new(one, "generator", generator);
	return one;
}

static json_t *publisher(void)
{
	json_t *one = json_object();

	json_set_text(one, "category", "vendor");
	json_set_text(one, "name", "Microsoft");
	json_set_text(one, "namespace", "https://www.microsoft.com");
	return one;
}

static json_t *reference(const char *category, const char *summary, const char *url)
{
	json_t *one = json_object();

	json_set_text(one, "category", category);
	json_set_text(one, "summary", summary);
	json_set_text(one, "url", url);
	return one;
}

static void article_url(const char *kb, char *out, size_t size)
{
	snprintf(out, size, "https://support.microsoft.com/kb/%s", kb);
}

static json_t *references(const struct bulletin *b)
{
	json_t *list = json_array();
	char    url[128], summary[64];

	snprintf(url, sizeof(url), "https://technet.microsoft.com/security/bulletin/%s", b->id);
	json_array_append_new(list, reference("self", b->id, url));
	for (uint32_t i = 0; i < b->reference_n; i++)
		if (strcmp(b->references[i].kind, "kb") == 0) {
			article_url(b->references[i].id, url, sizeof(url));
			snprintf(summary, sizeof(summary), "KB%s", b->references[i].id);
			json_array_append_new(list, reference("external", summary, url));
		}
	return list;
}

static json_t *acknowledgements(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->credit_n; i++) {
		json_t *one = json_object();

		json_set_text(one, "summary", b->credits[i].text);
		json_array_append_new(list, one);
	}
	return list;
}

/* A list that CSAF wants to have something in is set only when it has. */
static void set_list(json_t *object, const char *name, json_t *list)
{
	if (json_array_size(list) || json_object_size(list))
		json_object_set_new(object, name, list);
	else
		json_decref(list);
}

static json_t *document(const struct bulletin *b, const char *category)
{
	json_t     *one = json_object(), *severity = json_object();
	enum severity worst = b->maximum > SEVERITY_NONE ? b->maximum : b->computed > SEVERITY_NONE ? b->computed : b->title_severity;
	const char *title = b->title[0] ? b->title : b->id;

	json_set_text(one, "category", category);
	json_set_text(one, "csaf_version", "2.0");
	json_set_text(one, "lang", b->language);
	json_set_text(one, "source_lang", b->language);
	json_set_text(one, "title", title);
	json_object_set_new(one, "publisher", publisher());
	json_object_set_new(one, "tracking", tracking(b));
	if (worst > SEVERITY_NONE) {
		json_set_text(severity, "text", pack_name(PACK_SEVERITY, worst));
		json_object_set_new(one, "aggregate_severity", severity);
	} else {
		json_decref(severity);
	}
	set_list(one, "acknowledgments", acknowledgements(b));
	set_list(one, "notes", document_notes(b));
	set_list(one, "references", references(b));
	json_object_del(one, "source_lang"); /* only a translator's documents have it */
	return one;
}

static bool same_name(const struct product *a, const struct product *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->group, b->group) == 0;
}

/* The number under which a product of this list stands in the tree: names must differ, so equal ones share; another update is another row. */
static uint32_t tree_number(const struct bulletin *b, uint32_t product)
{
	for (uint32_t i = 0; i < product; i++)
		if (same_name(&b->products[i], &b->products[product]) && strcmp(b->products[i].kb, b->products[product].kb) == 0)
			return i;
	return product;
}

/* The name in the tree: the group and, where a name has several updates, the article are part of what tells rows apart. */
static void tree_name(const struct bulletin *b, uint32_t product, char *out, size_t size)
{
	const struct product *p = &b->products[product];
	bool                  split = false;

	for (uint32_t i = 0; i < b->product_n; i++)
		split |= same_name(&b->products[i], p) && strcmp(b->products[i].kb, p->kb) != 0;
	split &= p->kb[0] != '\0';
	snprintf(out, size, "%s%s%s%s%s%s", p->group, p->group[0] ? ": " : "", p->name, split ? " (KB" : "", split ? p->kb : "", split ? ")" : "");
}

static json_t *product_tree(const struct bulletin *b)
{
	json_t *tree = json_object(), *list = json_array();

	for (uint32_t i = 0; i < b->product_n; i++) {
		json_t *one;
		char    id[PRODUCT_ID], name[1100];

		if (tree_number(b, i) != i)
			continue;
		one = json_object();
		product_id(i, id);
		tree_name(b, i, name, sizeof(name));
		json_set_text(one, "name", name);
		json_set_text(one, "product_id", id);
		json_array_append_new(list, one);
	}
	set_list(tree, "full_product_names", list);
	return tree;
}

static bool affected_anywhere(const struct bulletin *b, uint32_t number)
{
	for (uint32_t i = 0; i < b->product_n; i++)
		if (b->products[i].affected && tree_number(b, i) == number)
			return true;
	return false;
}

/* What the ratings say of this product and flaw; UNKNOWN when they say nothing of the two. */
static enum severity rating_of(const struct bulletin *b, const struct product *product, const char *cve, enum impact *impact)
{
	const struct rating *r = bulletin_rating(b, product, cve);

	*impact = r ? r->impact : IMPACT_UNKNOWN;
	return r ? r->severity : SEVERITY_UNKNOWN;
}

static json_t *product_status(const struct bulletin *b, const char *cve)
{
	json_t *status = json_object(), *affected = json_array(), *others = json_array();

	for (uint32_t i = 0; i < b->product_n; i++) {
		char        id[PRODUCT_ID];
		enum impact impact;

		if (tree_number(b, i) != i)
			continue;
		product_id(i, id);
		if (affected_anywhere(b, i) && rating_of(b, &b->products[i], cve, &impact) != SEVERITY_NONE)
			json_array_append_new(affected, json_string(id));
		else
			json_array_append_new(others, json_string(id));
	}
	set_list(status, "known_affected", affected);
	set_list(status, "known_not_affected", others);
	return status;
}

/* One threat for each severity and impact, with the products it holds for. */
static void threat_add(json_t *threats, const char *text, const char *id)
{
	json_t *one;
	size_t  i;

	json_array_foreach(threats, i, one) if (strcmp(json_string_value(json_object_get(one, "details")), text) == 0)
	{
		json_array_append_new(json_object_get(one, "product_ids"), json_string(id));
		return;
	}
	one = json_object();
	json_set_text(one, "category", "impact");
	json_set_text(one, "details", text);
	json_object_set_new(one, "product_ids", json_pack("[s]", id));
	json_array_append_new(threats, one);
}

static json_t *threats(const struct bulletin *b, const char *cve)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->product_n; i++) {
		const struct product *product = &b->products[i];
		enum impact           impact;
		enum severity         severity = rating_of(b, product, cve, &impact);
		char                  id[PRODUCT_ID], text[96];

		if (tree_number(b, i) != i || !affected_anywhere(b, i))
			continue;
		severity = severity == SEVERITY_UNKNOWN ? product->severity : severity;
		impact = impact == IMPACT_UNKNOWN ? product->impact != IMPACT_UNKNOWN ? product->impact : b->impact : impact;
		if (severity <= SEVERITY_NONE)
			continue;
		product_id(i, id);
		snprintf(text, sizeof(text), "%s%s%s", pack_name(PACK_SEVERITY, severity), impact ? ", " : "", impact ? pack_name(PACK_IMPACT, impact) : "");
		threat_add(list, text, id);
	}
	return list;
}

static enum answer restart_of(const struct bulletin *b)
{
	enum answer answer = ANSWER_UNKNOWN;

	for (uint32_t i = 0; i < b->statement_n; i++)
		if (b->statements[i].topic == TOPIC_RESTART && b->statements[i].answer != ANSWER_UNKNOWN) {
			if (answer != ANSWER_UNKNOWN && answer != b->statements[i].answer)
				return ANSWER_MAYBE;
			answer = b->statements[i].answer;
		}
	return answer;
}

static void set_restart(json_t *remediation, enum answer answer)
{
	if (answer == ANSWER_YES || answer == ANSWER_NO)
		json_object_set_new(remediation, "restart_required", json_pack("{s:s}", "category", answer == ANSWER_YES ? "system" : "none"));
}

/* The update, one remediation for each article. */
static void fixes(const struct bulletin *b, json_t *affected, json_t *list)
{
	for (uint32_t i = 0; i < b->product_n; i++) {
		const char *kb = b->products[i].kb[0] ? b->products[i].kb : b->kb;
		char        id[PRODUCT_ID], details[64], url[128];
		json_t     *one, *found = NULL;
		size_t      k;
		bool        listed = false;

		product_id(i, id);
		json_array_foreach(affected, k, one) listed |= strcmp(json_string_value(one), id) == 0;
		if (!listed)
			continue;
		snprintf(details, sizeof(details), kb[0] ? "Install update %s." : "Install the update of %s.", kb[0] ? kb : b->id);
		json_array_foreach(list, k, one) if (strcmp(json_string_value(json_object_get(one, "details")), details) == 0) found = one;
		if (found) {
			json_array_append_new(json_object_get(found, "product_ids"), json_string(id));
			continue;
		}
		one = json_object();
		json_set_text(one, "category", "vendor_fix");
		json_set_text(one, "details", details);
		json_object_set_new(one, "product_ids", json_pack("[s]", id));
		set_restart(one, restart_of(b));
		if (kb[0]) {
			article_url(kb, url, sizeof(url));
			json_set_text(one, "url", url);
		}
		json_array_append_new(list, one);
	}
}

static void workarounds(const struct bulletin *b, const char *cve, json_t *affected, json_t *list)
{
	for (uint32_t i = 0; i < b->workaround_n; i++) {
		const struct workaround *w = &b->workarounds[i];
		struct lines             l;
		json_t                  *one;
		unsigned                 at = 0;

		if (w->cve[0] && cve[0] && strcmp(w->cve, cve) != 0)
			continue;
		lines_open(&l);
		if (!l.file)
			return;
		fprintf(l.file, "%s\n", w->title);
		for (const char *kind; (kind = work_kind_next(w->kinds, &at));)
			fprintf(l.file, "[%s] ", kind);
		for (uint32_t k = 0; k < w->port_n; k++)
			fprintf(l.file, "%s %u%s", w->ports[k].transport, w->ports[k].first, k + 1 < w->port_n ? ", " : "");
		fprintf(l.file, "\n%s\n%s%s", w->text, w->effect[0] ? "Effect: " : "", w->effect);
		fclose(l.file);
		one = json_object();
		json_set_text(one, "category", "workaround");
		json_set_text(one, "details", l.text);
		json_object_set_new(one, "product_ids", json_copy(affected));
		json_array_append_new(list, one);
		free(l.text);
	}
}

static json_t *vulnerability(const struct bulletin *b, const struct cve *cve)
{
	json_t     *one = json_object(), *notes = json_array(), *remediations = json_array(), *status, *affected, *worst;
	const char *id = cve ? cve->id : "";

	if (cve)
		json_set_text(one, "cve", id);
	json_object_set_new(one, "ids", json_pack("[{s:s,s:s}]", "system_name", "Microsoft Security Bulletin", "text", b->id));
	json_set_text(one, "title", cve && cve->title[0] ? cve->title : b->title);
	json_array_append_new(notes, note("description", "Title", cve && cve->title[0] ? cve->title : b->title[0] ? b->title : b->id));
	if (cve && cve->flags & CVE_IMPOSSIBLE)
		json_array_append_new(notes, note("other", "Doubt",
							    "This id cannot exist: its year or its number of digits is wrong. It is kept as it is written."));
	if (cve && cve->flags & CVE_NEWER)
		json_array_append_new(notes, note("other", "Doubt", "This id is newer than the bulletin."));
	json_object_set_new(one, "notes", notes);
	status = product_status(b, id);
	affected = json_object_get(status, "known_affected");
	if (affected) {
		fixes(b, affected, remediations);
		workarounds(b, id, affected, remediations);
		worst = threats(b, id);
		set_list(one, "threats", worst);
	}
	set_list(one, "remediations", remediations);
	set_list(one, "product_status", status);
	return one;
}

json_t *bulletin_csaf(const struct bulletin *b)
{
	json_t *root = json_object(), *list = json_array(), *tree = product_tree(b);
	bool    whole = json_object_size(tree) > 0; /* an advisory needs products; a plain document does not */

	json_object_set_new(root, "document", document(b, whole ? "csaf_security_advisory" : "csaf_base"));
	set_list(root, "product_tree", tree);
	for (uint32_t i = 0; i < b->cve_n; i++)
		json_array_append_new(list, vulnerability(b, &b->cves[i]));
	if (!b->cve_n)
		json_array_append_new(list, vulnerability(b, NULL));
	json_object_set_new(root, "vulnerabilities", list);
	return root;
}
