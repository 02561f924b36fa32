/* Writes a report as a CSAF 2.0 document of the profile VEX: what is true of each flaw on each host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/vex_int.h"

/* One flaw beside another; of one host the worst comes first. */
static int by_flaw(const void *a, const void *b)
{
	const struct vex_row *x = a, *y = b;
	int                   order = strcmp(x->cve, y->cve);

	if (order)
		return order;
	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	return (y->finding->verdict > x->finding->verdict) - (y->finding->verdict < x->finding->verdict);
}

/*
 * All findings of hosts that were read, each flaw once on each host: several bulletins may have one flaw, and a product may have one
 * status only. The worst counts.
 */
static struct vex_row *rows_of(const struct report *report, size_t *out_n)
{
	struct vex_row *rows;
	size_t          n = 0, kept = 0;

	for (size_t h = 0; h < report->host_n; h++)
		n += report->hosts[h].finding_n;
	rows = calloc(n + 1, sizeof(*rows));
	n = 0;
	for (size_t h = 0; rows && h < report->host_n; h++)
		for (size_t i = 0; i < report->hosts[h].finding_n; i++)
			rows[n++] = (struct vex_row){report->hosts[h].findings[i].cve, h, &report->hosts[h].findings[i]};
	if (n)
		qsort(rows, n, sizeof(*rows), by_flaw);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(rows[kept - 1].cve, rows[i].cve) != 0 || rows[kept - 1].host != rows[i].host)
			rows[kept++] = rows[i];
	*out_n = kept;
	return rows;
}

static json_t *vulnerabilities(const struct report *report, const struct vex_row *rows, size_t n)
{
	json_t *list = json_array();

	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && strcmp(rows[to].cve, rows[from].cve) == 0;)
			to++;
		json_array_append_new(list, vex_flaw(report, rows + from, to - from));
	}
	return list;
}

/* Hosts that were met: two of one name and system are told apart by their evidence. */
static json_t *product_tree(const struct report *report, const struct vex_row *rows, size_t n)
{
	json_t *list = json_array();
	bool   *met = calloc(report->host_n + 1, sizeof(*met));

	for (size_t i = 0; met && i < n; i++)
		met[rows[i].host] = true;
	for (size_t h = 0; met && h < report->host_n; h++) {
		char       system[128], id[VEX_ID], text[4096];
		struct str s = str_over(text, sizeof(text));

		if (!met[h])
			continue;
		report_system(&report->hosts[h], system, sizeof(system));
		vex_product_id(h, id);
		str_fmt(&s, "%s: %s", report->hosts[h].name, system);
		for (size_t k = 0; k < report->host_n; k++)
			if (k != h && strcmp(report->hosts[k].name, report->hosts[h].name) == 0) {
				str_fmt(&s, " (%s)", report->hosts[h].source);
				break;
			}
		json_array_append_new(list, json_pack("{s:s,s:s}", "name", text, "product_id", id));
	}
	free(met);
	return json_pack("{s:o}", "full_product_names", list);
}

static json_t *document(const struct report *report, const char *publisher, const char *name_space)
{
	char    moment[32], id[80], digest[65];
	json_t *tracking, *generator;

	report_moment(report->now, moment);
	catalog_digest(report->catalog, digest);
	snprintf(id, sizeof(id), "sallyport-assess-%lld-%.8s", (long long)report->now, digest);
	generator = json_pack("{s:{s:s,s:s}}", "engine", "name", "Sallyport", "version", report->program[0] ? report->program : "0");
	tracking = json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:[{s:s,s:s,s:s}]}", "id", id, "status", "final", "version", "1", "initial_release_date", moment, "current_release_date", moment,
		"generator", generator, "revision_history", "date", moment, "number", "1", "summary", "Assessed.");
	return json_pack("{s:s,s:s,s:s,s:s,s:{s:s,s:s,s:s},s:o}", "category", "csaf_vex", "csaf_version", "2.0", "lang", "en", "title", "Flaws of the assessed hosts",
		"publisher", "category", "user", "name", publisher ? publisher : "The operator of the assessed hosts", "namespace", name_space ? name_space : "https://example.com",
		"tracking", tracking);
}

json_t *report_vex(const struct report *report, const char *publisher, const char *name_space)
{
	size_t          n;
	struct vex_row *rows = rows_of(report, &n);
	json_t         *root = rows ? json_pack("{s:o}", "document", document(report, publisher, name_space)) : NULL;

	if (root && n) {
		json_object_set_new(root, "product_tree", product_tree(report, rows, n));
		json_object_set_new(root, "vulnerabilities", vulnerabilities(report, rows, n));
	}
	free(rows);
	return root;
}
