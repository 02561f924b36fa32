/* Reads the head of a bulletin: id, title, rating in the title, dates. */
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

enum { HEAD_LINES = 60 };

static size_t skip_blanks(const char *text)
{
	size_t n = 0;

	while (text[n] == ' ' || strncmp(text + n, "\xe3\x80\x80", 3) == 0)
		n += text[n] == ' ' ? 1 : 3;
	return n;
}

static bool valid(uint32_t year, uint32_t month, uint32_t day)
{
	return year >= 1998 && year <= 2030 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* "2004/04/14", "2004-04-14", and with the letters for year, month and day between them. */
static uint32_t numeric_day(const char *text, size_t *took)
{
	static const char *const letters[] = {"\xe5\xb9\xb4", "\xe6\x9c\x88"};
	uint32_t                 value[3];
	size_t                   at = 0, n;

	for (int i = 0; i < 3; i++) {
		value[i] = text_number(text + at, i ? 2 : 4, &n);
		if (!n || (!i && n != 4))
			return 0;
		at += n + skip_blanks(text + at + n);
		if (i == 2)
			break;
		if (text[at] == '/' || text[at] == '-')
			at++;
		else if (strncmp(text + at, letters[i], 3) == 0 || (i == 1 && strncmp(text + at, "\xe6\x97\xa5", 3) == 0))
			at += 3; /* one bulletin has "12 nichi 10 nichi" */
		else
			return 0;
		at += skip_blanks(text + at);
	}
	*took = at;
	return valid(value[0], value[1], value[2]) ? value[0] * 10000 + value[1] * 100 + value[2] : 0;
}

/* A month's name at text: its number. Names in a pack are folded, and so compared by their first letters. */
static uint32_t month_name(const struct pack *pack, const char *text, size_t *took)
{
	size_t n = 0;

	while ((unsigned char)text[n] >= 0x80 || ((text[n] | 32) >= 'a' && (text[n] | 32) <= 'z'))
		n++;
	*took = n;
	return n ? (uint32_t)pack_find_text(pack, PACK_MONTH, text, n) : 0;
}

/* "8. Februar 2005", "24-Mar-2004", "16-Dec-2003". */
static uint32_t named_day(const struct pack *pack, const char *text, size_t *took)
{
	size_t   n, at;
	uint32_t day = text_number(text, 2, &n), month, year;

	if (!n)
		return 0;
	at = n;
	while (text[at] == '.' || text[at] == ' ' || text[at] == '-')
		at++;
	if (at == n)
		return 0;
	month = month_name(pack, text + at, &n);
	if (!month)
		return 0;
	at += n;
	while (text[at] == ' ' || text[at] == '-' || text[at] == '.')
		at++;
	year = text_number(text + at, 4, &n);
	*took = at + n;
	if (n == 2)
		year += year > 90 ? 1900 : 2000;
	return valid(year, month, day) ? year * 10000 + month * 100 + day : 0;
}

uint32_t read_day(const struct pack *pack, const char *text, size_t *took)
{
	for (size_t i = 0; text[i]; i++) {
		size_t   n;
		uint32_t day;

		if (text[i] < '0' || text[i] > '9' || (i && text[i - 1] >= '0' && text[i - 1] <= '9'))
			continue;
		day = numeric_day(text + i, &n);
		if (!day)
			day = named_day(pack, text + i, &n);
		if (day) {
			*took = i + n;
			return day;
		}
	}
	return 0;
}

enum severity read_severity(const struct pack *pack, const char *text)
{
	return (enum severity)pack_find_text(pack, PACK_SEVERITY, text, strlen(text));
}

enum impact read_impact(const struct pack *pack, const char *text)
{
	return (enum impact)pack_find_text(pack, PACK_IMPACT, text, strlen(text));
}

static void id_of(struct place *p, const char *text, uint32_t at)
{
	const char *walk = text, *from;
	char        id[12];

	if (p->b->id[0] || !text_next_bulletin(&walk, id, &from))
		return;
	p->b->id = keep(p->b, id);
	p->b->id_from = (struct from){at, SURE_HIGH};
}

/* "Title: '... MS04-011 - Critical'" */
static void title_severity(struct place *p, const char *text, uint32_t at)
{
	const char *walk = text, *from;
	char        id[12], folded[FOLD_MAX];
	const char *rating;

	if (!text_next_bulletin(&walk, id, &from))
		return;
	text_fold(walk, strlen(walk), folded);
	for (rating = folded; *rating == '-' || *rating == '\''; rating++)
		;
	p->b->title_severity = (enum severity)pack_find(p->pack, PACK_SEVERITY, rating);
	p->b->title_severity_from = (struct from){at, SURE_MEDIUM};
}

static void front_matter(struct place *p, const struct block *block)
{
	for (uint32_t i = block->first; i < block->first + block->count; i++) {
		const char *text = doc_text(p->doc, i);

		if (strncmp(text, "Title:", 6) == 0) {
			id_of(p, text, p->doc->lines[i].at);
			title_severity(p, text, p->doc->lines[i].at);
		}
		if (strncmp(text, "ms:assetid:", 11) == 0)
			id_of(p, text, p->doc->lines[i].at);
	}
}

/* The headline names what the bulletin is about, and its article in brackets: "... (835732)", at times broken over lines. */
static void headline(struct place *p, const struct block *block)
{
	char   text[NAME_MAX_ * 2];
	size_t n = 0;
	char  *bracket, number[12] = "";

	for (uint32_t i = block->first; i < block->first + block->count && n + 2 < sizeof(text); i++) {
		const struct line *line = &p->doc->lines[i];
		size_t             take = line->n < sizeof(text) - 2 - n ? line->n : sizeof(text) - 2 - n;

		memcpy(text + n, p->doc->text + line->text, take);
		n += take;
	}
	text[n] = '\0';
	bracket = strrchr(text, '(');
	const char *walk = bracket, *from;

	if (bracket && text_next_kb(&walk, false, number, &from)) {
		p->b->kb = keep(p->b, number);
		n = (size_t)(bracket - text);
	}
	const char *trimmed = text_trim(text, &n, "");

	p->b->title = keep_n(p->b, trimmed, n);
	p->b->title_from = (struct from){p->doc->lines[block->first].at, SURE_HIGH};
}

/* "published: DATE | updated: DATE" */
static void dates(struct place *p, const char *text, uint32_t at)
{
	size_t   took, more;
	char     folded[FOLD_MAX];
	uint32_t first;

	if (p->b->published)
		return;
	text_fold(text, strlen(text), folded);
	if (!pack_says(p->pack, WORD_DATE, folded))
		return;
	first = read_day(p->pack, text, &took);
	if (!first)
		return;
	p->b->published = first;
	p->b->updated = read_day(p->pack, text + took, &more);
	if (!p->b->updated)
		p->b->updated = first;
	p->b->date_from = (struct from){at, SURE_HIGH};
}

/* "*Built at 2014-04-18T01:50:00Z-07:00*" at the end. */
static void built(struct place *p)
{
	for (uint32_t i = p->doc->line_n; i > 0 && i + 5 > p->doc->line_n; i--) {
		const char *at = strstr(doc_text(p->doc, i - 1), "Built at ");

		if (at && strlen(at) >= 29)
			p->b->built = keep_n(p->b, at + 9, 20);
	}
}

void read_head(struct place *p)
{
	bool seen = false;

	p->b->id = p->b->title = p->b->kb = p->b->built = "";
	for (uint32_t i = 0; i < p->doc->block_n && i < HEAD_LINES; i++) {
		const struct block *block = &p->doc->blocks[i];

		if (block->kind == BLOCK_FIXED && i == 0)
			front_matter(p, block);
		if (block->kind == BLOCK_TABLE || !block->count)
			continue;
		const char *text = doc_text(p->doc, block->first);

		if (block->kind == BLOCK_HEADING && block->level == 1)
			id_of(p, text, p->doc->lines[block->first].at);
		else if (block->kind == BLOCK_HEADING && !seen) {
			headline(p, block);
			seen = true;
		}
		for (uint32_t k = block->first; k < block->first + block->count; k++)
			dates(p, doc_text(p->doc, k), p->doc->lines[k].at);
	}
	built(p);
}
