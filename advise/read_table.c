/* Finds which row of a table is its head and what each column is. */
#include <string.h>

#include "advise/read_int.h"
#include "advise/text.h"

enum { ROWS_TRIED = 4 };

const struct cell *row_cell(const struct doc *doc, const struct row *row, uint16_t column)
{
	for (uint32_t i = 0; i < row->count; i++) {
		const struct cell *cell = &doc->cells[row->first + i];

		if (column >= cell->column && column < cell->column + cell->span)
			return cell;
	}
	return NULL;
}

static enum column kind_of(const struct place *p, const char *text)
{
	const char *at = text, *from;
	char        id[24];

	if (text_next_cve(&at, id, &from))
		return COLUMN_CVE;
	return (enum column)pack_find_text(p->pack, PACK_COLUMN, text, strlen(text));
}

/* How many columns of the row have a known kind, and how many any text. */
static unsigned known_columns(const struct place *p, const struct row *row, struct heads *out, unsigned *texts)
{
	unsigned known = 0;

	*texts = 0;
	out->count = 0;
	for (uint32_t i = 0; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];
		char               text[NAME_MAX_];
		enum column        kind;

		doc_cell_text(p->doc, cell, text, sizeof(text));
		kind = kind_of(p, text);
		known += kind != COLUMN_NONE;
		*texts += text[0] != '\0';
		for (uint16_t c = cell->column; c < cell->column + cell->span && c < HEADS_MAX; c++) {
			out->kind[c] = kind;
			out->cell[c] = row->first + i;
			out->count = (uint16_t)(c + 1);
		}
	}
	return known;
}

static bool is_head(const struct place *p, const struct row *row, unsigned known, unsigned texts)
{
	const struct cell *first = &p->doc->cells[row->first];

	if (row->count == 1 && first->span == 1)
		return known > 0; /* a table of one column */
	return texts >= 2 && (known >= 2 || (known == 1 && texts <= 3) || (first->head && known >= 1) || (first->head && texts >= 2 && row->count > 2));
}

void table_heads(const struct place *p, const struct table *table, struct heads *out)
{
	out->found = false;
	for (uint32_t r = 0; r < table->count && r < ROWS_TRIED; r++) {
		const struct row *row = &p->doc->rows[table->first + r];
		unsigned          texts, known;

		if (!row->count)
			continue;
		known = known_columns(p, row, out, &texts);
		if (!is_head(p, row, known, texts)) {
			if (texts >= 2 && !p->doc->cells[row->first].head)
				break; /* data has begun */
			continue;
		}
		out->found = true;
		out->row = table->first + r;
		return;
	}
	out->row = table->first;
	out->count = 0;
}
