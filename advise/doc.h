/* A bulletin's text as blocks of lines: what Markdown, HTML tables and fixed-width text have in common. */
#ifndef SALLYPORT_ADVISE_DOC_H
#define SALLYPORT_ADVISE_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest bulletin read, in octets (the longest known has 0.7 MB), and the most cells of one: hostile tables multiply. */
enum { DOC_BYTES_MAX = 4 << 20, DOC_CELLS_MAX = 1 << 18, DOC_LINES_MAX = 1 << 19 };

enum block_kind {
	BLOCK_HEADING = 0,
	BLOCK_TEXT, /* a paragraph */
	BLOCK_ITEM, /* the first paragraph of an item of a list */
	BLOCK_FIXED, /* code: columns are by blanks */
	BLOCK_TABLE,
};

/* A line of text without its markup: blanks are one blank, except in BLOCK_FIXED. */
struct line {
	uint32_t text, n; /* offset into doc.text, terminated there; octets */
	uint32_t bold; /* octets at its head that are bold */
	uint32_t at; /* line of the file, from 1 */
};

struct cell {
	uint32_t first, count; /* lines */
	uint16_t column, span; /* from 0; at least 1 */
	bool     head;
};

struct row {
	uint32_t first, count; /* cells */
};

struct table {
	uint32_t first, count; /* rows */
	uint16_t columns;
};

struct block {
	enum block_kind kind;
	uint16_t        level; /* of the heading, or depth of the list; 0 outside one */
	bool            ordered; /* an item of a numbered list */
	uint32_t        first, count; /* lines; of a table: its number, and 1 */
};

struct link {
	uint32_t line; /* where its text stands; may be one that never came */
	uint32_t url; /* offset into doc.urls, terminated */
};

/* Owned by who read it; closed by doc_close. */
struct doc {
	char         *text, *urls;
	struct line  *lines;
	struct cell  *cells;
	struct row   *rows;
	struct table *tables;
	struct block *blocks;
	struct link  *links;
	uint32_t      text_n, url_n, line_n, cell_n, row_n, table_n, block_n, link_n;
	uint32_t      text_room, url_room, line_room, cell_room, row_room, table_room, block_room, link_room;
};

/* Reads Markdown. False, with a sentence in *why, when it is too large or memory is out; doc_close is right either way. */
bool doc_read(const char *bytes, size_t n, struct doc *out, const char **why);
void doc_close(struct doc *doc);

const char *doc_text(const struct doc *doc, uint32_t line);
/* The first address in these lines, or NULL. */
const char *doc_url(const struct doc *doc, uint32_t first, uint32_t count);
/* The cell's lines with a blank between them, cut to size. */
void doc_cell_text(const struct doc *doc, const struct cell *cell, char *out, size_t size);

#endif
