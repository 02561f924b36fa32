/* Compares two readings of one bulletin, in two languages: facts that no language changes must agree. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "advise/bulletin.h"

struct comparing {
	const struct bulletin *a, *b;
	bulletin_differs      *differs;
	void                  *data;
};

static void tell(const struct comparing *c, const char *what, const char *id, const struct bulletin *only)
{
	char text[1400];

	snprintf(text, sizeof(text), "%s stands only in the edition in \"%s\".", id, only->language);
	c->differs(c->data, what, text);
}

static bool has_cve(const struct bulletin *b, const char *id)
{
	for (uint32_t i = 0; i < b->cve_n; i++)
		if (strcmp(b->cves[i].id, id) == 0)
			return true;
	return false;
}

static bool has_replaced(const struct bulletin *b, const char *id)
{
	for (uint32_t i = 0; i < b->replacement_n; i++)
		if (b->replacements[i].holds && strcmp(b->replacements[i].bulletin, id) == 0)
			return true;
	return false;
}

static bool has_key(const struct bulletin *b, const char *path)
{
	for (uint32_t i = 0; i < b->key_n; i++)
		if (b->keys[i].verify && strcasecmp(b->keys[i].path, path) == 0)
			return true;
	return false;
}

/* "5.00.2195.6951" is "5.0.2195.6951": Japanese tables fill with zeros. */
static bool same_version(const char *a, const char *b)
{
	while (*a && *b) {
		while (*a == '0' && a[1] >= '0' && a[1] <= '9')
			a++;
		while (*b == '0' && b[1] >= '0' && b[1] <= '9')
			b++;
		while (*a && *a == *b && *a != '.') {
			a++;
			b++;
		}
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
	return *a == *b;
}

static bool has_file(const struct bulletin *b, const struct file *file, bool *named)
{
	*named = false;
	for (uint32_t i = 0; i < b->file_n; i++)
		if (strcasecmp(b->files[i].name, file->name) == 0) {
			*named = true;
			if (same_version(b->files[i].version, file->version))
				return true;
		}
	return false;
}

static void one_way(const struct comparing *c, const struct bulletin *a, const struct bulletin *b)
{
	bool named;

	for (uint32_t i = 0; i < a->cve_n; i++)
		if (!has_cve(b, a->cves[i].id))
			tell(c, "cve", a->cves[i].id, a);
	for (uint32_t i = 0; i < a->replacement_n; i++) {
		const struct replacement *r = &a->replacements[i];
		bool                      told = false;

		for (uint32_t k = 0; k < i; k++)
			told |= strcmp(a->replacements[k].bulletin, r->bulletin) == 0;
		if (r->holds && r->bulletin[0] && !told && !has_replaced(b, r->bulletin))
			tell(c, "replaced", r->bulletin, a);
	}
	for (uint32_t i = 0; i < a->key_n; i++)
		if (a->keys[i].verify && !has_key(b, a->keys[i].path))
			tell(c, "key", a->keys[i].path, a);
	for (uint32_t i = 0; b->file_n && i < a->file_n; i++)
		if (!has_file(b, &a->files[i], &named) && named) {
			char text[400];

			snprintf(text, sizeof(text), "%.128s %.64s", a->files[i].name, a->files[i].version);
			tell(c, "file", text, a);
		}
}

static enum severity worst(const struct bulletin *b)
{
	return b->maximum > SEVERITY_NONE ? b->maximum : b->computed;
}

static void severity(const struct comparing *c, const char *what, enum severity a, enum severity b)
{
	char text[200];

	if (a <= SEVERITY_NONE || b <= SEVERITY_NONE || a == b)
		return;
	snprintf(text, sizeof(text), "The edition in \"%s\" says %s, that in \"%s\" says %s.", c->a->language, pack_name(PACK_SEVERITY, a), c->b->language, pack_name(PACK_SEVERITY, b));
	c->differs(c->data, what, text);
}

void bulletin_compare(const struct bulletin *a, const struct bulletin *b, bulletin_differs *differs, void *data)
{
	const struct comparing c = {a, b, differs, data};

	severity(&c, "severity.title", a->title_severity, b->title_severity);
	severity(&c, "severity", worst(a), worst(b));
	one_way(&c, a, b);
	one_way(&c, b, a);
}
