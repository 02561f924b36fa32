/* What the Markdown and the HTML reader call while they read: events in, blocks out. */
#ifndef SALLYPORT_ADVISE_BUILDER_INT_H
#define SALLYPORT_ADVISE_BUILDER_INT_H

#include "advise/doc.h"

enum { TAG_MAX = 1024 };

enum html_state { HTML_TEXT = 0, HTML_TAG, HTML_COMMENT };

struct builder {
	struct doc *doc;
	const char *why; /* sticky: nothing is added behind it */
	uint32_t    at; /* line of the file that is being read */

	enum block_kind kind; /* of the block that opens with the next text */
	uint16_t        level;
	bool            ordered; /* the item is of a numbered list */
	bool            block_open, line_open, gap; /* gap: a blank waits for more text */
	unsigned        bold;

	unsigned tables, lists; /* open, nested ones too: only the outermost table is one */
	bool     cell_open;
	uint16_t column;

	/* HTML comes in pieces. */
	enum html_state html;
	char            tag[TAG_MAX];
	size_t          tag_n;
	bool            raw_bold; /* Markdown's ** inside HTML */
};

void build_block(struct builder *b, enum block_kind kind, uint16_t level);
void build_break(struct builder *b);
/* Text with blanks collapsed; in BLOCK_FIXED as it is. */
void build_text(struct builder *b, const char *text, size_t n);
void build_bold(struct builder *b, bool on);
void build_link(struct builder *b, const char *url, size_t n);
void build_table(struct builder *b, bool open);
void build_row(struct builder *b);
void build_cell(struct builder *b, bool head, uint16_t span);
void build_cell_end(struct builder *b);
/* One more element in an array of the document; NULL and b->why when it is full. */
void *build_grow(struct builder *b, void **array, uint32_t *count, uint32_t *room, size_t size, uint32_t most);

/* A piece of raw HTML. */
void html_piece(struct builder *b, const char *text, size_t n);
/* "&amp;", "&#42;" as text. */
void html_entity(struct builder *b, const char *text, size_t n);

#endif
