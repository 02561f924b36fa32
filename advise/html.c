/*
 * Reads raw HTML inside a bulletin: tables, breaks, lists, bold, and the Markdown that stands in cells.
 * Input from: the bulletin's author, or whoever wrote the file. Limits: a tag longer than TAG_MAX is dropped; nesting is only counted.
 * Not done: scripts, styles, images, row spans (no bulletin has one).
 */
#include <string.h>
#include <strings.h>

#include "advise/builder_int.h"

struct name {
	const char *name, *text;
};

static const struct name entities[] = {
	{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}, {"copy", "(c)"}, {"reg", "\xc2\xae"},
	{"trade", "\xe2\x84\xa2"}, {"ndash", "\xe2\x80\x93"}, {"mdash", "\xe2\x80\x94"}, {"auml", "\xc3\xa4"}, {"ouml", "\xc3\xb6"},
	{"uuml", "\xc3\xbc"}, {"Auml", "\xc3\x84"}, {"Ouml", "\xc3\x96"}, {"Uuml", "\xc3\x9c"}, {"szlig", "\xc3\x9f"},
};

/* A code point as UTF-8; what is none becomes a blank. */
static size_t utf8_put(uint32_t point, char out[4])
{
	if (point < 0x20 || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff || point == 0xa0) {
		out[0] = ' ';
		return 1;
	}
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* "&#42;" or "&#x2a;" between its ends; UINT32_MAX when it is none. */
static uint32_t numeric(const char *text, size_t n)
{
	bool     hex = n && (text[0] == 'x' || text[0] == 'X');
	uint32_t point = 0;

	for (size_t i = hex; i < n; i++) {
		char     c = text[i];
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : hex && (c | 32) >= 'a' && (c | 32) <= 'f' ? (uint32_t)((c | 32) - 'a' + 10) : 99;

		if (digit == 99 || point > 0x110000)
			return UINT32_MAX;
		point = point * (hex ? 16 : 10) + digit;
	}
	return n > hex ? point : UINT32_MAX;
}

void html_entity(struct builder *b, const char *text, size_t n)
{
	char one[4];

	if (n > 3 && text[1] == '#' && numeric(text + 2, n - 3) != UINT32_MAX) {
		build_text(b, one, utf8_put(numeric(text + 2, n - 3), one));
		return;
	}
	for (size_t i = 0; n > 2 && i < sizeof(entities) / sizeof(entities[0]); i++)
		if (strlen(entities[i].name) == n - 2 && memcmp(entities[i].name, text + 1, n - 2) == 0) {
			build_text(b, entities[i].text, strlen(entities[i].text));
			return;
		}
	build_text(b, text, n);
}

/* The number of an attribute such as colspan="4"; 1 when there is none. */
static uint16_t attribute_number(const char *tag, const char *name)
{
	const char *at = strcasestr(tag, name);
	unsigned    value = 0;

	if (!at)
		return 1;
	for (at += strlen(name); *at && strchr(" =\"'", *at); at++)
		;
	while (*at >= '0' && *at <= '9' && value < 10000)
		value = value * 10 + (unsigned)(*at++ - '0');
	return (uint16_t)(value ? value : 1);
}

static bool tag_is(const char *tag, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(tag, name, n) == 0 && (!tag[n] || strchr(" \t\r\n/", tag[n]));
}

/* The address of <a href="...">. */
static void anchor(struct builder *b, const char *tag)
{
	const char *from = strcasestr(tag, "href="), *to;

	if (!from || (from[5] != '"' && from[5] != '\''))
		return;
	to = strchr(from + 6, from[5]);
	if (to)
		build_link(b, from + 6, (size_t)(to - from - 6));
}

static void list_tag(struct builder *b, bool closes)
{
	if (closes && b->lists)
		b->lists--;
	else if (!closes && b->lists < 100)
		b->lists++;
	build_break(b);
}

/* A whole tag, without its brackets. */
static void tag_seen(struct builder *b, const char *tag)
{
	bool closes = *tag == '/';

	tag += closes;
	if (tag_is(tag, "table"))
		build_table(b, !closes);
	else if (tag_is(tag, "tr"))
		closes ? build_cell_end(b) : build_row(b);
	else if (tag_is(tag, "td") || tag_is(tag, "th"))
		closes ? build_cell_end(b) : build_cell(b, tag[1] == 'h' || tag[1] == 'H', attribute_number(tag, "colspan"));
	else if (tag_is(tag, "a") && !closes)
		anchor(b, tag);
	else if (tag_is(tag, "strong") || tag_is(tag, "b"))
		build_bold(b, !closes);
	else if (tag_is(tag, "br"))
		build_break(b);
	else if (tag_is(tag, "ul") || tag_is(tag, "ol"))
		list_tag(b, closes);
	else if (tag_is(tag, "li"))
		closes ? build_break(b) : build_block(b, BLOCK_ITEM, (uint16_t)(b->lists ? b->lists : 1));
	else if (tag_is(tag, "p") || tag_is(tag, "div") || tag_is(tag, "caption") || tag_is(tag, "dl") || tag_is(tag, "dt") || tag_is(tag, "dd"))
		b->cell_open ? build_break(b) : build_block(b, BLOCK_TEXT, (uint16_t)b->lists);
}

/* "[text](address)" at text: how far it reaches, and its text; 0 when it is none. */
static size_t markdown_link(const char *text, size_t n, size_t *out_text)
{
	size_t close = 1, end;

	while (close < n && close < 4096 && text[close] != ']')
		close += text[close] == '\\' ? 2 : 1;
	if (close + 1 >= n || text[close] != ']' || text[close + 1] != '(')
		return 0;
	for (end = close + 2; end < n && end - close < 4096 && text[end] != ')'; end++)
		;
	if (end >= n || text[end] != ')')
		return 0;
	*out_text = close - 1;
	return end + 1;
}

static size_t entity_length(const char *text, size_t n)
{
	size_t i = 1;

	while (i < n && i < 10 && text[i] != ';' && text[i] != ' ' && text[i] != '&')
		i++;
	return i < n && i > 1 && text[i] == ';' ? i + 1 : 0;
}

/* What one mark of Markdown or HTML takes; 0 when text[0] is plain. */
static size_t mark(struct builder *b, const char *text, size_t n)
{
	size_t took, inner;

	if (text[0] == '\\' && n > 1 && strchr("\\`*_{}[]()#+-.!|<>&\"'", text[1])) {
		build_text(b, text + 1, 1);
		return 2;
	}
	if (text[0] == '*' && n > 1 && text[1] == '*') {
		b->raw_bold = !b->raw_bold;
		return 2;
	}
	if (text[0] == '!' && n > 1 && text[1] == '[' && (took = markdown_link(text + 1, n - 1, &inner)))
		return took + 1;
	if (text[0] == '&' && (took = entity_length(text, n))) {
		html_entity(b, text, took);
		return took;
	}
	return 0;
}

/* Text between tags: Markdown's marks are taken away, a link leaves its text. The address of a link ends `skip`. */
static void raw_text(struct builder *b, const char *text, size_t n)
{
	size_t skip_from = 0, skip_to = 0; /* the address of the link whose text is being read */

	for (size_t i = 0; i < n;) {
		size_t took, inner, from;

		if (skip_to && i == skip_from) {
			i = skip_to;
			skip_to = 0;
			continue;
		}
		if (text[i] == '[' && !skip_to && (took = markdown_link(text + i, n - i, &inner))) {
			skip_from = i + 1 + inner;
			skip_to = i + took;
			build_link(b, text + skip_from + 2, took - inner - 4);
			i++;
			continue;
		}
		took = mark(b, text + i, (skip_to ? skip_from : n) - i);
		if (took) {
			i += took;
			if (skip_to && i > skip_from)
				skip_to = 0;
			continue;
		}
		from = i++;
		while (i < n && !(skip_to && i == skip_from) && !strchr("\\*![&", text[i]))
			i++;
		build_text(b, text + from, i - from);
	}
}

static size_t piece_text(struct builder *b, const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && text[i] != '<' && text[i] != '\n')
		i++;
	raw_text(b, text, i);
	if (i < n && text[i] == '\n') {
		build_break(b); /* a blank to HTML, but bulletins begin a new thought there */
		return i + 1;
	}
	if (i < n) {
		b->html = i + 3 < n && memcmp(text + i, "<!--", 4) == 0 ? HTML_COMMENT : HTML_TAG;
		b->tag_n = 0;
		i++;
	}
	return i;
}

static size_t piece_tag(struct builder *b, const char *text, size_t n)
{
	const char *end = memchr(text, '>', n);
	size_t      take = end ? (size_t)(end - text) : n, room = TAG_MAX - 1 - b->tag_n;

	if (take > room) /* of a long tag the head: its name and its first attributes */
		memcpy(b->tag + b->tag_n, text, room), b->tag_n += room;
	else
		memcpy(b->tag + b->tag_n, text, take), b->tag_n += take;
	if (!end)
		return n;
	b->tag[b->tag_n] = '\0';
	b->html = HTML_TEXT;
	tag_seen(b, b->tag);
	return take + 1;
}

static size_t piece_comment(struct builder *b, const char *text, size_t n)
{
	const char *end = memmem(text, n, "-->", 3);

	if (!end)
		return n;
	b->html = HTML_TEXT;
	return (size_t)(end - text) + 3;
}

void html_piece(struct builder *b, const char *text, size_t n)
{
	while (n && !b->why) {
		size_t took = b->html == HTML_TAG       ? piece_tag(b, text, n)
			      : b->html == HTML_COMMENT ? piece_comment(b, text, n)
							: piece_text(b, text, n);

		text += took;
		n -= took;
	}
}
