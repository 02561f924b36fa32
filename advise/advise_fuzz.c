/* Fuzzes the reader of bulletins: Markdown, HTML tables and fixed-width text, in both languages, to both documents. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "advise/bulletin.h"
#include "advise/doc.h"

enum { PACKS_MAX = 8 };

static struct pack *packs[PACKS_MAX];
static size_t       pack_n;

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* Every number of the document points into it. */
static void check_doc(const struct doc *doc, size_t size)
{
	for (uint32_t i = 0; i < doc->line_n; i++) {
		must(doc->lines[i].text + doc->lines[i].n < doc->text_n && doc->text[doc->lines[i].text + doc->lines[i].n] == '\0');
		must(doc->lines[i].bold <= doc->lines[i].n && doc->lines[i].at >= 1 && doc->lines[i].at <= size + 1);
	}
	for (uint32_t i = 0; i < doc->block_n; i++)
		if (doc->blocks[i].kind == BLOCK_TABLE)
			must(doc->blocks[i].first < doc->table_n);
		else
			must(doc->blocks[i].first + doc->blocks[i].count <= doc->line_n);
	for (uint32_t i = 0; i < doc->table_n; i++)
		must(doc->tables[i].first + doc->tables[i].count <= doc->row_n);
	for (uint32_t i = 0; i < doc->row_n; i++)
		must(doc->rows[i].first + doc->rows[i].count <= doc->cell_n);
	for (uint32_t i = 0; i < doc->cell_n; i++)
		must(doc->cells[i].first + doc->cells[i].count <= doc->line_n);
}

static void open_packs(void)
{
	unsigned    line;
	const char *why;

	for (const struct pack_source *s = pack_sources; s->text && pack_n < PACKS_MAX; s++) {
		packs[pack_n] = pack_read(s->text, s->n, &line, &why);
		must(packs[pack_n++] != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char           *exact = malloc(size ? size : 1); /* ASan sees one byte too far */
	const char     *why;
	struct doc      doc;
	struct bulletin b;

	if (!exact)
		return 0;
	if (!pack_n)
		open_packs();
	if (size)
		memcpy(exact, data, size);
	if (doc_read(exact, size, &doc, &why))
		check_doc(&doc, size);
	doc_close(&doc);
	if (bulletin_read(packs[size % pack_n], "fuzz", exact, size, &b, &why)) {
		json_t *plain = bulletin_json(&b), *csaf = bulletin_csaf(&b);

		must(plain && csaf);
		json_decref(plain);
		json_decref(csaf);
	}
	bulletin_close(&b);
	free(exact);
	return 0;
}
