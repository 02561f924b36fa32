/* Writes a bulletin as the plain document of doc/bulletin.md: every fact with its line and how sure it is. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "advise/json_int.h"

const char *json_day(uint32_t day, char out[16])
{
	snprintf(out, 16, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
	return out;
}

/* Texts come from files of any origin: what is no UTF-8 is left out. */
void json_set_text(json_t *object, const char *name, const char *text)
{
	json_t *string = text && *text ? json_string(text) : NULL;

	if (!string && text && *text) {
		char   clean[2048];
		size_t n = 0;

		for (size_t i = 0; text[i] && n + 1 < sizeof(clean); i++)
			if ((unsigned char)text[i] < 0x80)
				clean[n++] = text[i];
		clean[n] = '\0';
		string = json_string(clean);
	}
	if (string)
		json_object_set_new(object, name, string);
}

static void set_day(json_t *object, const char *name, uint32_t day)
{
	char text[16];

	if (day)
		json_object_set_new(object, name, json_string(json_day(day, text)));
}

static json_t *fact(const struct from *from)
{
	json_t *object = json_object();

	if (from->line)
		json_object_set_new(object, "line", json_integer(from->line));
	json_object_set_new(object, "confidence", json_string(sure_name(from->sure)));
	return object;
}

static void set_severity(json_t *object, const char *name, enum severity severity)
{
	if (severity != SEVERITY_UNKNOWN)
		json_object_set_new(object, name, json_string(pack_name(PACK_SEVERITY, severity)));
}

static void set_impact(json_t *object, enum impact impact)
{
	if (impact != IMPACT_UNKNOWN)
		json_object_set_new(object, "impact", json_string(pack_name(PACK_IMPACT, impact)));
}

static json_t *revisions(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->revision_n; i++) {
		json_t *one = fact(&b->revisions[i].from);

		set_day(one, "date", b->revisions[i].day);
		json_set_text(one, "version", b->revisions[i].version);
		json_set_text(one, "text", b->revisions[i].text);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *cves(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->cve_n; i++) {
		const struct cve *cve = &b->cves[i];
		json_t           *one = fact(&cve->from);

		json_set_text(one, "id", cve->id);
		json_set_text(one, "title", cve->title);
		if (cve->flags & CVE_CANDIDATE)
			json_object_set_new(one, "written_as_candidate", json_true());
		if (cve->flags & CVE_IMPOSSIBLE)
			json_object_set_new(one, "impossible", json_true());
		if (cve->flags & CVE_NEWER)
			json_object_set_new(one, "newer_than_bulletin", json_true());
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *products(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->product_n; i++) {
		const struct product *product = &b->products[i];
		json_t               *one = fact(&product->from);

		json_set_text(one, "name", product->name);
		json_set_text(one, "group", product->group);
		json_object_set_new(one, "affected", json_boolean(product->affected));
		json_set_text(one, "kb", product->kb);
		json_set_text(one, "url", product->url);
		set_severity(one, "severity", product->severity);
		set_impact(one, product->impact);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *ratings(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->rating_n; i++) {
		const struct rating *rating = &b->ratings[i];
		json_t              *one = fact(&rating->from);

		json_set_text(one, "product", rating->product);
		json_set_text(one, "cve", rating->cve);
		json_set_text(one, "flaw", rating->flaw);
		json_set_text(one, "kb", rating->kb);
		json_set_text(one, "scope", rating->scope);
		set_severity(one, "severity", rating->severity);
		set_impact(one, rating->impact);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *replacements(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->replacement_n; i++) {
		const struct replacement *r = &b->replacements[i];
		json_t                   *one = fact(&r->from);

		json_set_text(one, "bulletin", r->bulletin);
		json_set_text(one, "kb", r->kb);
		json_set_text(one, "product", r->product);
		json_set_text(one, "by", r->by);
		json_object_set_new(one, "holds", json_boolean(r->holds));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *files(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->file_n; i++) {
		const struct file *file = &b->files[i];
		json_t            *one = fact(&file->from);

		json_set_text(one, "file", file->name);
		json_set_text(one, "version", file->version);
		if (file->size)
			json_object_set_new(one, "size", json_integer((json_int_t)file->size));
		set_day(one, "date", file->day);
		json_set_text(one, "time", file->time);
		json_set_text(one, "architecture", file->arch);
		json_set_text(one, "branch", file->branch);
		json_set_text(one, "folder", file->folder);
		json_set_text(one, "product", file->product);
		json_set_text(one, "language", file->language);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *key_json(const struct key *key)
{
	json_t *one = fact(&key->from);

	json_set_text(one, "path", key->path);
	json_set_text(one, "value", key->value);
	json_set_text(one, "data", key->data);
	json_set_text(one, "product", key->product);
	return one;
}

/* Keys that verify the update, or those of neither an update nor a workaround. */
static json_t *keys(const struct bulletin *b, bool verify)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->key_n; i++)
		if (b->keys[i].verify == verify && (verify || !b->keys[i].workaround))
			json_array_append_new(list, key_json(&b->keys[i]));
	return list;
}

static json_t *statements(const struct bulletin *b, enum topic topic)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->statement_n; i++) {
		const struct statement *s = &b->statements[i];
		json_t                 *one;

		if (s->topic != topic)
			continue;
		one = fact(&s->from);
		json_set_text(one, "product", s->product);
		json_set_text(one, "text", s->text);
		if (s->answer != ANSWER_UNKNOWN)
			json_object_set_new(one, "answer", json_string(pack_name(PACK_ANSWER, s->answer)));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *installers(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->installer_n; i++) {
		json_t *one = fact(&b->installers[i].from);

		json_set_text(one, "file", b->installers[i].file);
		json_set_text(one, "switches", b->installers[i].switches);
		json_set_text(one, "product", b->installers[i].product);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *switches(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->switch_n; i++) {
		json_t *one = fact(&b->switches[i].from);

		json_set_text(one, "switch", b->switches[i].name);
		json_set_text(one, "meaning", b->switches[i].meaning);
		json_set_text(one, "product", b->switches[i].product);
		json_object_set_new(one, "removal", json_boolean(b->switches[i].removal));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *ports(const struct workaround *w)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < w->port_n; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "transport", json_string(w->ports[i].transport));
		json_object_set_new(one, "port", json_integer(w->ports[i].first));
		if (w->ports[i].last != w->ports[i].first)
			json_object_set_new(one, "last", json_integer(w->ports[i].last));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *workaround(const struct bulletin *b, uint32_t number)
{
	const struct workaround *w = &b->workarounds[number];
	json_t                  *one = fact(&w->from), *kinds = json_array(), *keys = json_array();
	unsigned                 at = 0;

	json_set_text(one, "title", w->title);
	json_set_text(one, "cve", w->cve);
	for (const char *kind; (kind = work_kind_next(w->kinds, &at));)
		json_array_append_new(kinds, json_string(kind));
	json_object_set_new(one, "kinds", kinds);
	if (w->port_n)
		json_object_set_new(one, "ports", ports(w));
	for (uint32_t i = 0; i < b->key_n; i++)
		if (!b->keys[i].verify && b->keys[i].workaround == number + 1)
			json_array_append_new(keys, key_json(&b->keys[i]));
	if (json_array_size(keys))
		json_object_set_new(one, "registry", keys);
	else
		json_decref(keys);
	json_set_text(one, "text", w->text);
	json_set_text(one, "effect", w->effect);
	json_set_text(one, "undo", w->undo);
	return one;
}

static json_t *workarounds(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->workaround_n; i++)
		json_array_append_new(list, workaround(b, i));
	return list;
}

static json_t *credits(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->credit_n; i++) {
		json_t *one = fact(&b->credits[i].from);

		json_set_text(one, "text", b->credits[i].text);
		json_set_text(one, "cve", b->credits[i].cve);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *references(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->reference_n; i++) {
		json_t *one = fact(&b->references[i].from);

		json_set_text(one, "kind", b->references[i].kind);
		json_set_text(one, "id", b->references[i].id);
		json_set_text(one, "url", b->references[i].url);
		json_set_text(one, "text", b->references[i].text);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *contradictions(const struct bulletin *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->contradiction_n; i++) {
		json_t *one = json_object();

		json_set_text(one, "what", b->contradictions[i].what);
		json_set_text(one, "text", b->contradictions[i].text);
		if (b->contradictions[i].line)
			json_object_set_new(one, "line", json_integer(b->contradictions[i].line));
		if (b->contradictions[i].other)
			json_object_set_new(one, "other_line", json_integer(b->contradictions[i].other));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *severity(const struct bulletin *b)
{
	json_t *one = json_object();

	set_severity(one, "title", b->title_severity);
	set_severity(one, "maximum", b->maximum);
	set_severity(one, "computed", b->computed);
	if (b->maximum_from.line)
		json_object_set_new(one, "line", json_integer(b->maximum_from.line));
	return one;
}

json_t *bulletin_json(const struct bulletin *b)
{
	json_t *root = json_object();

	json_object_set_new(root, "format", json_string(BULLETIN_FORMAT));
	json_set_text(root, "id", b->id);
	json_set_text(root, "language", b->language);
	json_set_text(root, "file", b->source);
	json_set_text(root, "title", b->title);
	json_set_text(root, "kb", b->kb);
	set_day(root, "published", b->published);
	set_day(root, "updated", b->updated);
	json_set_text(root, "built", b->built);
	json_object_set_new(root, "severity", severity(b));
	set_impact(root, b->impact);
	json_object_set_new(root, "revisions", revisions(b));
	json_object_set_new(root, "cves", cves(b));
	json_object_set_new(root, "products", products(b));
	json_object_set_new(root, "ratings", ratings(b));
	json_object_set_new(root, "says_replaces", json_boolean(b->says_replaces));
	json_object_set_new(root, "says_none_replaced", json_boolean(b->says_none_replaced));
	json_object_set_new(root, "replaces", replacements(b));
	json_object_set_new(root, "files", files(b));
	json_object_set_new(root, "verify_keys", keys(b, true));
	json_object_set_new(root, "other_keys", keys(b, false));
	for (int topic = 0; topic < TOPICS; topic++)
		json_object_set_new(root, topic_name((enum topic)topic), statements(b, (enum topic)topic));
	json_object_set_new(root, "installers", installers(b));
	json_object_set_new(root, "switches", switches(b));
	json_object_set_new(root, "says_workarounds", json_boolean(b->says_workaround));
	json_object_set_new(root, "says_no_workaround", json_boolean(b->says_no_workaround));
	json_object_set_new(root, "workarounds", workarounds(b));
	json_object_set_new(root, "acknowledgements", credits(b));
	json_object_set_new(root, "references", references(b));
	json_object_set_new(root, "contradictions", contradictions(b));
	return root;
}
