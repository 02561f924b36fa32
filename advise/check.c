/* Looks at the facts of one bulletin together: what does not agree is told, nothing is changed. */
#include <stdlib.h>
#include <string.h>

#include "advise/read_int.h"
#include "advise/text.h"

/* The worst rating, of one product or all. */
static void compute_severity(struct bulletin *b)
{
	for (uint32_t i = 0; i < b->rating_n; i++)
		if (b->ratings[i].severity > b->computed)
			b->computed = b->ratings[i].severity;
}

static void check_severity(struct bulletin *b)
{
	enum severity body = b->maximum > SEVERITY_NONE ? b->maximum : b->computed;
	uint32_t      line = b->maximum > SEVERITY_NONE ? b->maximum_from.line : b->rating_n ? b->ratings[0].from.line : 0;

	if (b->title_severity > SEVERITY_NONE && body > SEVERITY_NONE && b->title_severity != body)
		contradict(b, "severity.title", b->title_severity_from.line, line, "The title says %s, the body says %s.",
			   pack_name(PACK_SEVERITY, b->title_severity), pack_name(PACK_SEVERITY, body));
	if (b->maximum > SEVERITY_NONE && b->computed > SEVERITY_NONE && b->maximum != b->computed)
		contradict(b, "severity.table", b->maximum_from.line, b->ratings[0].from.line,
			   "The maximum is stated as %s, the worst rating in the tables is %s.", pack_name(PACK_SEVERITY, b->maximum),
			   pack_name(PACK_SEVERITY, b->computed));
}

/* CVE-2004-0060 beside CVE-2005-0060: the year of one is a slip. */
static void check_years(struct bulletin *b)
{
	for (uint32_t i = 0; i < b->cve_n; i++)
		for (uint32_t k = i + 1; k < b->cve_n; k++) {
			const struct cve *c = &b->cves[i], *d = &b->cves[k];

			if (strlen(c->id) > 9 && strlen(d->id) > 9 && strcmp(c->id + 9, d->id + 9) == 0 && c->title[0] && strcmp(c->title, d->title) == 0)
				contradict(b, "cve.year", d->from.line, c->from.line, "%s and %s have one title.", d->id, c->id);
		}
}

static void check_cves(struct bulletin *b)
{
	for (uint32_t i = 0; i < b->cve_n; i++) {
		if (b->cves[i].flags & CVE_IMPOSSIBLE)
			contradict(b, "cve.impossible", b->cves[i].from.line, 0, "%s cannot be an id: its year or its number of digits is wrong.", b->cves[i].id);
		if (b->cves[i].flags & CVE_NEWER)
			contradict(b, "cve.newer", b->cves[i].from.line, b->id_from.line,
				   "%s is newer than its bulletin %s; it may come from a later revision.", b->cves[i].id, b->id);
	}
}

/* An article's number in a verification key that stands nowhere else: a later rollup, or a slip. */
static void check_keys(struct bulletin *b)
{
	for (uint32_t i = 0; i < b->key_n; i++) {
		const char *walk = b->keys[i].path, *from;
		char        kb[12];
		bool        known = false;

		if (!b->keys[i].verify || !text_next_kb(&walk, true, kb, &from))
			continue;
		known = strcmp(b->kb, kb) == 0;
		for (uint32_t k = 0; !known && k < b->product_n; k++)
			known = strcmp(b->products[k].kb, kb) == 0;
		for (uint32_t k = 0; !known && k < b->reference_n; k++)
			known = strcmp(b->references[k].kind, "kb") == 0 && strcmp(b->references[k].id, kb) == 0 && b->references[k].from.line != b->keys[i].from.line;
		if (!known)
			contradict(b, "key.kb", b->keys[i].from.line, b->title_from.line,
				   "The key %s names article %s, which the bulletin names nowhere else.", b->keys[i].path, kb);
	}
}

/* A key in the branch of one system, given for another: "Windows 2000\\SP3" where Windows XP is spoken of. */
static void check_key_product(struct bulletin *b)
{
	static const struct {
		const char *path, *own, *other;
	} pairs[] = {{"\\Windows XP\\", "XP", "Windows 2000"}, {"\\Windows 2000\\", "2000", "Windows XP"}};

	for (uint32_t i = 0; i < b->key_n; i++)
		for (size_t k = 0; b->keys[i].verify && k < sizeof(pairs) / sizeof(pairs[0]); k++)
			if (strstr(b->keys[i].path, pairs[k].path) && strstr(b->keys[i].product, pairs[k].other) && !strstr(b->keys[i].product, pairs[k].own))
				contradict(b, "key.product", b->keys[i].from.line, 0, "The key %s is given for %s.", b->keys[i].path, b->keys[i].product);
}

/* The year in "MS04-011". */
static unsigned year_of(const char *id)
{
	const struct bulletin of = {.id = id};

	return bulletin_year(&of);
}

static void check_replaced(struct bulletin *b)
{
	const struct replacement *any = NULL;

	for (uint32_t i = 0; i < b->replacement_n; i++)
		if (b->replacements[i].holds && !b->replacements[i].product[0] && b->replacements[i].bulletin[0])
			any = &b->replacements[i];
	if (b->says_none_replaced && any)
		contradict(b, "replaced", b->replaces_from.line, any->from.line, "One place says that nothing is replaced, another names %s.", any->bulletin);
	for (uint32_t i = 0; i < b->replacement_n; i++)
		if (b->replacements[i].bulletin[0] && b->id[0] && year_of(b->replacements[i].bulletin) > bulletin_year(b))
			contradict(b, "replaced.newer", b->replacements[i].from.line, b->id_from.line, "It says to replace %s, which is newer.", b->replacements[i].bulletin);
}

static void check_products(struct bulletin *b)
{
	for (uint32_t i = 0; i < b->product_n; i++)
		for (uint32_t k = 0; b->products[i].affected && k < b->product_n; k++)
			if (!b->products[k].affected && strcmp(b->products[i].name, b->products[k].name) == 0 && strcmp(b->products[i].group, b->products[k].group) == 0)
				contradict(b, "product", b->products[i].from.line, b->products[k].from.line, "%s is listed as affected and as not affected.", b->products[i].name);
}

static void check_dates(struct bulletin *b)
{
	uint32_t first = 0, last = 0;

	for (uint32_t i = 0; i < b->revision_n; i++) {
		first = !first || b->revisions[i].day < first ? b->revisions[i].day : first;
		last = b->revisions[i].day > last ? b->revisions[i].day : last;
	}
	if (b->published && first && first / 100 != b->published / 100)
		contradict(b, "date.first", b->date_from.line, b->revisions[0].from.line, "Published on %u, but the first revision is of %u.", b->published, first);
	if (b->updated && last > b->updated)
		contradict(b, "date.last", b->date_from.line, b->revisions[b->revision_n - 1].from.line,
				   "Last updated on %u, but the last revision is of %u.", b->updated, last);
}

/* Two rows that differ in nothing but the version: one of them is a slip. */
static bool same_but_version(const struct file *f, const struct file *g)
{
	return f->size && f->size == g->size && f->day == g->day && strcmp(f->time, g->time) == 0 && strcmp(f->name, g->name) == 0 &&
	       strcmp(f->product, g->product) == 0 && strcmp(f->folder, g->folder) == 0 && strcmp(f->arch, g->arch) == 0 && f->version[0] &&
	       g->version[0] && strcmp(f->version, g->version) != 0;
}

static void check_files(struct bulletin *b)
{
	for (uint32_t i = 1; i < b->file_n; i++) {
		const struct file *f = &b->files[i], *g = &b->files[i - 1];

		if (same_but_version(f, g))
			contradict(b, "file.version", g->from.line, f->from.line, "%s has two versions in one table: %s and %s.", f->name, g->version, f->version);
	}
}

void check_facts(struct place *p)
{
	struct bulletin *b = p->b;

	compute_severity(b);
	check_severity(b);
	check_cves(b);
	check_years(b);
	check_keys(b);
	check_key_product(b);
	check_replaced(b);
	check_products(b);
	check_dates(b);
	check_files(b);
}
