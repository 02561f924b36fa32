/* Reads which earlier updates a bulletin's update replaces: statements, tables of yes and no, columns of product tables. */
#include <string.h>

#include "advise/read_int.h"
#include "advise/text.h"

void replaced_add(struct place *p, const char *bulletin, const char *kb, const char *product, bool holds, struct from from)
{
	struct bulletin    *b = p->b;
	struct replacement *r;

	if ((bulletin[0] && strcmp(bulletin, b->id) == 0) || (!bulletin[0] && kb[0] && strcmp(kb, b->kb) == 0))
		return; /* its own name, in a sentence */
	for (uint32_t i = 0; i < b->replacement_n; i++) {
		r = &b->replacements[i];
		if (strcmp(r->bulletin, bulletin) == 0 && strcmp(r->kb, kb) == 0 && strcmp(r->product, product) == 0 && strcmp(r->by, p->kb) == 0)
			return;
	}
	r = FACT(b, replacement);
	if (r)
		*r = (struct replacement){.bulletin = keep(b, bulletin), .kb = keep(b, kb), .product = keep(b, product), .by = keep(b, p->kb), .holds = holds, .from = from};
}

/* "3177186" beside "MS16-114": the article next to the bulletin, in either order; "" when there is none. The row's own article is none. */
static void article_beside(const char *own, const char *text, const char *from, const char *to, char out[12])
{
	const char *walk = to, *at;
	char        next[12];

	out[0] = '\0';
	if (text_next_kb(&walk, false, out, &at) && at - to < 24 && strcmp(out, own) != 0 && !strstr(to, "MS"))
		return;
	out[0] = '\0';
	walk = text;
	while (text_next_kb(&walk, false, next, &at) && at < from)
		if (strcmp(next, own) != 0)
			memcpy(out, next, sizeof(next));
}

void read_replaced_line(struct place *p, const char *text, uint32_t at)
{
	const char *walk = text, *from;
	char        id[12], kb[12];
	char        folded[FOLD_MAX];
	bool        any = false, holds;
	enum sure   sure = p->in_faq ? SURE_MEDIUM : SURE_HIGH;

	text_fold(text, strlen(text), folded);
	holds = !pack_says(p->pack, WORD_NOT_REPLACED, folded);

	p->b->says_replaces = true;
	if (!p->b->replaces_from.line)
		p->b->replaces_from = (struct from){at, sure};
	while (text_next_bulletin(&walk, id, &from)) {
		any = true;
		article_beside(p->kb, text, from, walk, kb);
		replaced_add(p, id, kb, place_product(p), holds, (struct from){at, sure});
	}
	walk = text;
	while (!any && text_next_kb(&walk, false, kb, &from))
		replaced_add(p, "", kb, place_product(p), holds, (struct from){at, SURE_MEDIUM});
	if (!any && !place_product(p)[0] && pack_find_text(p->pack, PACK_ANSWER, text, strlen(text)) == ANSWER_NO)
		p->b->says_none_replaced = true;
}

/* Does the cell say that it is replaced, that it is not, or nothing? */
static enum answer cell_answer(const struct place *p, const char *text)
{
	return (enum answer)pack_find_text(p->pack, PACK_ANSWER, text, strlen(text));
}

static void answer_row(struct place *p, const struct heads *heads, const struct row *row, const char *id)
{
	const struct cell *first = &p->doc->cells[row->first];
	uint32_t           at = first->count ? p->doc->lines[first->first].at : 0;

	for (uint32_t i = 1; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];
		char               text[NAME_MAX_], product[NAME_MAX_] = "";
		enum answer        answer;

		doc_cell_text(p->doc, cell, text, sizeof(text));
		if (cell->column < heads->count)
			doc_cell_text(p->doc, &p->doc->cells[heads->cell[cell->column]], product, sizeof(product));
		answer = cell_answer(p, text);
		if (answer == ANSWER_YES || answer == ANSWER_NO)
			replaced_add(p, id, "", product, answer == ANSWER_YES, (struct from){at, SURE_HIGH});
	}
}

/* Rows that begin with a bulletin's id, columns that are products: the answer is in the cell. */
bool read_replaced_table(struct place *p, const struct table *table)
{
	struct heads heads;
	bool         any = false;

	table_heads(p, table, &heads);
	if (table->columns < 2 || (p->section != SECTION_REPLACES && !(heads.count && heads.kind[0] == COLUMN_BULLETIN)))
		return false;
	for (uint32_t r = table->first; r < table->first + table->count; r++) {
		const struct row *row = &p->doc->rows[r];
		char              text[NAME_MAX_], id[12];
		const char       *walk = text, *from;

		if (!row->count)
			continue;
		doc_cell_text(p->doc, &p->doc->cells[row->first], text, sizeof(text));
		if (!text_next_bulletin(&walk, id, &from))
			continue;
		any = true;
		p->b->says_replaces = true;
		answer_row(p, &heads, row, id);
	}
	return any;
}
