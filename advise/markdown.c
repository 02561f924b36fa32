/*
 * Reads Markdown into a document, by md4c: blocks, tables, lists, and HTML handed on.
 * Input from: the bulletin's author, or whoever wrote the file. Limits: DOC_BYTES_MAX octets, DOC_LINES_MAX lines, DOC_CELLS_MAX cells.
 */
#include <md4c.h>
#include <stdlib.h>
#include <string.h>

#include "advise/builder_int.h"

/*
 * md4c 0.4.8 looks behind the end of some texts and hands out what it found there (seen by fuzzing: one octet behind the end decided
 * what it did). So it reads a copy that PAD zeros follow, and what it hands out of the copy is cut at the text's end.
 */
enum { LISTS_MAX = 64, PAD = 256 };

struct reading {
	struct builder b;
	const char    *bytes;
	size_t         n, seen; /* octets of the file, and how far its lines are counted */
	unsigned       lists; /* Markdown's own */
	bool           ordered[LISTS_MAX]; /* by depth */
	bool           item; /* the next paragraph is an item's first */
	unsigned       image;
};

/* How much of a piece that md4c hands out is the file's; pieces from elsewhere are its own short ones, whole. */
static size_t inside(const struct reading *r, const char *text, size_t n)
{
	const char *end = r->bytes + r->n;

	if (text < r->bytes || text >= end + PAD)
		return n;
	if (text >= end)
		return 0;
	return n < (size_t)(end - text) ? n : (size_t)(end - text);
}

/* The line of the file that a piece of text stands in; pieces that are not from the file leave it. */
static void note_line(struct reading *r, const char *text)
{
	if (text < r->bytes || text >= r->bytes + r->n)
		return;
	size_t at = (size_t)(text - r->bytes);

	if (at < r->seen) { /* md4c goes back only for cells of a row */
		while (r->seen > at)
			r->b.at -= r->bytes[--r->seen] == '\n';
		return;
	}
	while (r->seen < at)
		r->b.at += r->bytes[r->seen++] == '\n';
}

static uint16_t depth(const struct reading *r)
{
	return (uint16_t)(r->lists < LISTS_MAX ? r->lists : LISTS_MAX);
}

static void begin_text(struct reading *r)
{
	build_block(&r->b, r->item ? BLOCK_ITEM : BLOCK_TEXT, depth(r));
	r->b.ordered = r->item && depth(r) && r->ordered[depth(r) - 1];
	r->item = false;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
	struct reading *r = data;

	switch (type) {
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		if (r->lists < LISTS_MAX)
			r->ordered[r->lists] = type == MD_BLOCK_OL;
		r->lists++;
		break;
	case MD_BLOCK_LI:
		r->item = true;
		begin_text(r);
		r->item = true; /* a loose item's paragraph comes only now */
		break;
	case MD_BLOCK_H: build_block(&r->b, BLOCK_HEADING, (uint16_t)((MD_BLOCK_H_DETAIL *)detail)->level); break;
	case MD_BLOCK_CODE: build_block(&r->b, BLOCK_FIXED, depth(r)); break;
	case MD_BLOCK_P: begin_text(r); break;
	case MD_BLOCK_HTML:
		if (!r->b.tables)
			begin_text(r);
		break;
	case MD_BLOCK_TABLE: build_table(&r->b, true); break;
	case MD_BLOCK_TR: build_row(&r->b); break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD: build_cell(&r->b, type == MD_BLOCK_TH, 1); break;
	default: break;
	}
	return r->b.why != NULL;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
	struct reading *r = data;

	(void)detail;
	switch (type) {
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		r->lists -= r->lists > 0;
		r->item = false;
		build_block(&r->b, BLOCK_TEXT, depth(r));
		break;
	case MD_BLOCK_LI:
		r->item = false;
		build_block(&r->b, BLOCK_TEXT, depth(r));
		break;
	case MD_BLOCK_TABLE: build_table(&r->b, false); break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD: build_cell_end(&r->b); break;
	case MD_BLOCK_H:
	case MD_BLOCK_P:
	case MD_BLOCK_CODE: build_block(&r->b, BLOCK_TEXT, depth(r)); break;
	default: break;
	}
	return r->b.why != NULL;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *data)
{
	struct reading *r = data;

	if (type == MD_SPAN_STRONG)
		build_bold(&r->b, true);
	if (type == MD_SPAN_IMG)
		r->image++;
	if (type == MD_SPAN_A) {
		const MD_ATTRIBUTE *href = &((MD_SPAN_A_DETAIL *)detail)->href;

		if (href->text)
			build_link(&r->b, href->text, inside(r, href->text, href->size));
	}
	return r->b.why != NULL;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *data)
{
	struct reading *r = data;

	(void)detail;
	if (type == MD_SPAN_STRONG)
		build_bold(&r->b, false);
	if (type == MD_SPAN_IMG)
		r->image--;
	return 0;
}

/* Code comes with its line ends. */
static void code(struct reading *r, const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		const char *end = memchr(text + i, '\n', n - i);
		size_t      stop = end ? (size_t)(end - text) : n;

		note_line(r, text + i);
		if (stop > i)
			build_text(&r->b, text + i, stop - i - (text[stop - 1] == '\r'));
		if (end)
			build_break(&r->b);
		i = stop + (end != NULL);
	}
}

static int text_seen(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE n, void *data)
{
	struct reading *r = data;

	n = (MD_SIZE)inside(r, text, n);
	note_line(r, text);
	if (r->image || !n)
		return 0;
	switch (type) {
	case MD_TEXT_BR:
	case MD_TEXT_SOFTBR: build_break(&r->b); break;
	case MD_TEXT_ENTITY: html_entity(&r->b, text, n); break;
	case MD_TEXT_CODE: code(r, text, n); break;
	case MD_TEXT_HTML: html_piece(&r->b, text, n); break;
	case MD_TEXT_NULLCHAR: break;
	default: build_text(&r->b, text, n); break;
	}
	return r->b.why != NULL;
}

/* "---" lines around names and values at the head are no Markdown: they become one block of lines. */
static size_t front_matter(struct reading *r)
{
	const char *end;
	size_t      n;

	if (r->n < 5 || (memcmp(r->bytes, "---\n", 4) != 0 && memcmp(r->bytes, "---\r\n", 5) != 0))
		return 0;
	end = memmem(r->bytes + 3, r->n - 3, "\n---", 4);
	if (!end)
		return 0;
	n = (size_t)(end - r->bytes) + 4;
	build_block(&r->b, BLOCK_FIXED, 0);
	code(r, r->bytes + 4, n > 8 ? n - 8 : 0);
	build_block(&r->b, BLOCK_TEXT, 0);
	return n;
}

bool doc_read(const char *bytes, size_t n, struct doc *out, const char **why)
{
	static const MD_PARSER parser = {
		.flags = MD_FLAG_TABLES | MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_PERMISSIVEATXHEADERS,
		.enter_block = enter_block, .leave_block = leave_block, .enter_span = enter_span, .leave_span = leave_span, .text = text_seen,
	};
	struct reading *r = calloc(1, sizeof(*r));
	char           *copy = n <= DOC_BYTES_MAX ? calloc(1, n + PAD) : NULL;
	size_t          skip;
	bool            good;

	*out = (struct doc){0};
	if (!r || !copy) {
		*why = n > DOC_BYTES_MAX ? "it is larger than a bulletin is" : "there is no memory for it";
		free(r);
		free(copy);
		return false;
	}
	if (n)
		memcpy(copy, bytes, n);
	r->b.doc = out;
	r->b.kind = BLOCK_TEXT;
	r->b.at = 1;
	r->bytes = copy;
	r->n = n;
	if (n >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0) {
		r->bytes += 3;
		r->n -= 3;
	}
	skip = front_matter(r);
	good = md_parse(r->bytes + skip, (MD_SIZE)(r->n - skip), &parser, r) == 0 && !r->b.why;
	build_block(&r->b, BLOCK_TEXT, 0);
	*why = good ? NULL : r->b.why ? r->b.why : "there is no memory for it";
	good = good && !r->b.why;
	free(copy);
	free(r);
	return good;
}

void doc_close(struct doc *doc)
{
	free(doc->text);
	free(doc->urls);
	free(doc->lines);
	free(doc->cells);
	free(doc->rows);
	free(doc->tables);
	free(doc->blocks);
	free(doc->links);
	*doc = (struct doc){0};
}

const char *doc_text(const struct doc *doc, uint32_t line)
{
	return doc->text + doc->lines[line].text;
}

const char *doc_url(const struct doc *doc, uint32_t first, uint32_t count)
{
	uint32_t low = 0, high = doc->link_n; /* links stand in the order of their lines */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (doc->links[middle].line < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < doc->link_n && doc->links[low].line < first + count ? doc->urls + doc->links[low].url : NULL;
}

void doc_cell_text(const struct doc *doc, const struct cell *cell, char *out, size_t size)
{
	size_t n = 0;

	for (uint32_t i = 0; i < cell->count; i++) {
		const struct line *line = &doc->lines[cell->first + i];
		size_t             take = line->n;

		if (n && n + 1 < size)
			out[n++] = ' ';
		if (take > size - 1 - n)
			take = size - 1 - n;
		memcpy(out + n, doc->text + line->text, take);
		n += take;
	}
	out[n] = '\0';
}
