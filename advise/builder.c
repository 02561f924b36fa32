/* Collects blocks, lines and cells of a document from the events of its readers. */
#include <stdlib.h>
#include <string.h>

#include "advise/builder_int.h"

enum { TEXT_MAX = DOC_BYTES_MAX * 2, COLUMNS_MAX = 512, URL_MAX = 2048 };

void *build_grow(struct builder *b, void **array, uint32_t *count, uint32_t *room, size_t size, uint32_t most)
{
	if (b->why)
		return NULL;
	if (*count >= most) {
		b->why = "it has more lines or cells than a bulletin has";
		return NULL;
	}
	if (*count == *room) {
		uint32_t wanted = *room ? *room * 2 : 64;
		void    *grown = reallocarray(*array, wanted, size);

		if (!grown) {
			b->why = "there is no memory for it";
			return NULL;
		}
		*array = grown;
		*room = wanted;
	}
	return (char *)*array + size * (*count)++;
}

#define GROW(b, name, most) \
	build_grow((b), (void **)&(b)->doc->name##s, &(b)->doc->name##_n, &(b)->doc->name##_room, sizeof(*(b)->doc->name##s), (most))

/* n octets of room behind the text, and one for the zero; NULL and b->why when there is none. */
static char *text_room(struct builder *b, size_t n)
{
	struct doc *doc = b->doc;

	if (b->why)
		return NULL;
	if (n > TEXT_MAX - doc->text_n - 1) {
		b->why = "it has more text than a bulletin has";
		return NULL;
	}
	if (doc->text_n + n + 1 > doc->text_room) {
		uint32_t wanted = doc->text_room * 2 > doc->text_n + n + 1 ? doc->text_room * 2 : (uint32_t)(doc->text_n + n + 4096);
		char    *grown = realloc(doc->text, wanted);

		if (!grown) {
			b->why = "there is no memory for it";
			return NULL;
		}
		doc->text = grown;
		doc->text_room = wanted;
	}
	return doc->text + doc->text_n;
}

static void text_add(struct builder *b, const char *text, size_t n)
{
	char *room = text_room(b, n);

	if (!room)
		return;
	memcpy(room, text, n);
	room[n] = '\0';
	b->doc->text_n += (uint32_t)n;
}

/* Ends the line: its terminating zero becomes part of the text. */
static void line_end(struct builder *b)
{
	if (b->line_open && !b->why)
		b->doc->text_n++;
	b->line_open = b->gap = false;
}

static void block_begin(struct builder *b)
{
	struct block *block = GROW(b, block, DOC_LINES_MAX);

	if (block)
		*block = (struct block){.kind = b->kind, .level = b->level, .ordered = b->kind == BLOCK_ITEM && b->ordered, .first = b->doc->line_n};
	b->block_open = true;
}

static void line_begin(struct builder *b)
{
	struct line *line;

	if (!b->cell_open && !b->block_open)
		block_begin(b);
	if (!text_room(b, 1))
		return;
	line = GROW(b, line, DOC_LINES_MAX);
	if (!line)
		return;
	b->doc->text[b->doc->text_n] = '\0';
	*line = (struct line){.text = b->doc->text_n, .at = b->at};
	if (b->cell_open)
		b->doc->cells[b->doc->cell_n - 1].count++;
	else
		b->doc->blocks[b->doc->block_n - 1].count++;
	b->line_open = true;
}

void build_break(struct builder *b)
{
	/* An empty line of fixed-width text is a line: rows are counted by it. */
	if (b->kind == BLOCK_FIXED && !b->line_open && b->block_open && !b->cell_open)
		line_begin(b);
	line_end(b);
}

void build_block(struct builder *b, enum block_kind kind, uint16_t level)
{
	line_end(b);
	if (b->cell_open)
		return;
	b->block_open = false;
	b->kind = kind;
	b->level = level;
	b->ordered = false;
}

static void piece_add(struct builder *b, const char *text, size_t n)
{
	struct line *line;
	bool         all_bold;

	if (!b->line_open)
		line_begin(b);
	if (b->why || !n)
		return;
	line = &b->doc->lines[b->doc->line_n - 1];
	all_bold = line->bold == line->n;
	if (b->gap && line->n) {
		text_add(b, " ", 1);
		line->n++;
	}
	b->gap = false;
	text_add(b, text, n);
	if (b->why)
		return;
	line->n += (uint32_t)n;
	if (all_bold && (b->bold || b->raw_bold))
		line->bold = line->n;
}

/* Octets of the blank at text; a no-break one is a blank like others. */
static size_t blank(const char *text, size_t n)
{
	if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
		return 1;
	return n > 1 && text[0] == '\xc2' && text[1] == '\xa0' ? 2 : 0;
}

void build_text(struct builder *b, const char *text, size_t n)
{
	size_t i = 0;

	if (b->tables && !b->cell_open && !b->block_open && b->kind == BLOCK_TABLE)
		b->kind = BLOCK_TEXT; /* a caption */
	if (b->kind == BLOCK_FIXED && !b->cell_open) {
		piece_add(b, text, n);
		return;
	}
	while (i < n) {
		size_t from = i;

		for (size_t took; i < n && (took = blank(text + i, n - i)); i += took)
			;
		b->gap |= i > from;
		from = i;
		while (i < n && !blank(text + i, n - i))
			i++;
		if (i > from)
			piece_add(b, text + from, i - from);
	}
}

void build_bold(struct builder *b, bool on)
{
	if (on)
		b->bold++;
	else if (b->bold)
		b->bold--;
}

void build_link(struct builder *b, const char *url, size_t n)
{
	struct doc  *doc = b->doc;
	struct link *link;

	if (b->why || !n || n > URL_MAX)
		return;
	if (doc->url_n + n + 1 > doc->url_room) {
		uint32_t wanted = doc->url_room * 2 + (uint32_t)n + 1024;
		char    *grown = wanted < TEXT_MAX ? realloc(doc->urls, wanted) : NULL;

		if (!grown)
			return; /* a bulletin is right without its addresses */
		doc->urls = grown;
		doc->url_room = wanted;
	}
	link = GROW(b, link, DOC_LINES_MAX);
	if (!link)
		return;
	*link = (struct link){.line = doc->line_n - (b->line_open && doc->line_n), .url = doc->url_n};
	memcpy(doc->urls + doc->url_n, url, n);
	doc->urls[doc->url_n + n] = '\0';
	doc->url_n += (uint32_t)n + 1;
}

static void table_begin(struct builder *b)
{
	struct table *table;
	struct block *block;

	line_end(b);
	b->block_open = false;
	block = GROW(b, block, DOC_LINES_MAX);
	table = GROW(b, table, DOC_CELLS_MAX);
	if (!block || !table)
		return;
	*block = (struct block){.kind = BLOCK_TABLE, .first = b->doc->table_n - 1, .count = 1};
	*table = (struct table){.first = b->doc->row_n};
	b->kind = BLOCK_TABLE;
	b->cell_open = false;
}

void build_table(struct builder *b, bool open)
{
	if (open) {
		if (b->tables++ == 0)
			table_begin(b);
		else
			line_end(b);
		return;
	}
	if (!b->tables)
		return;
	line_end(b);
	if (--b->tables == 0) {
		b->cell_open = b->raw_bold = false;
		build_block(b, BLOCK_TEXT, 0);
	}
}

void build_row(struct builder *b)
{
	struct row *row;

	line_end(b);
	if (b->tables != 1)
		return;
	b->cell_open = b->raw_bold = false;
	b->column = 0;
	row = GROW(b, row, DOC_CELLS_MAX);
	if (!row)
		return;
	*row = (struct row){.first = b->doc->cell_n};
	b->doc->tables[b->doc->table_n - 1].count++;
}

void build_cell(struct builder *b, bool head, uint16_t span)
{
	struct table *table;
	struct cell  *cell;

	line_end(b);
	if (b->tables != 1 || b->why)
		return;
	table = &b->doc->tables[b->doc->table_n - 1];
	if (!table->count)
		build_row(b);
	cell = b->column < COLUMNS_MAX ? GROW(b, cell, DOC_CELLS_MAX) : NULL;
	if (!cell)
		return;
	span = span < 1 ? 1 : span > COLUMNS_MAX ? COLUMNS_MAX : span;
	*cell = (struct cell){.first = b->doc->line_n, .column = b->column, .span = span, .head = head};
	b->column = (uint16_t)(b->column + span);
	table = &b->doc->tables[b->doc->table_n - 1];
	if (b->column > table->columns)
		table->columns = b->column;
	b->doc->rows[b->doc->row_n - 1].count++;
	b->cell_open = true;
	b->raw_bold = false;
}

void build_cell_end(struct builder *b)
{
	line_end(b);
	if (b->tables == 1)
		b->cell_open = b->raw_bold = false;
}
