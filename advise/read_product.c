/* Reads products and their ratings: lists of affected software, and tables of products, flaws and severities. */
#include <stdio.h>
#include <string.h>

#include "advise/read_int.h"
#include "advise/text.h"

static const char *const product_words[] = {
	"Windows", "Microsoft", "Internet Explorer", "Office", "Exchange", "SQL Server", ".NET", "Outlook", "Word", "Excel", "PowerPoint",
	"Visual", "Silverlight", "SharePoint", "ISA Server", "Proxy Server", "Media Player", "Adobe Flash", "Works", "Publisher", "MDAC",
	"DirectX", "Server", "Skype", "Lync", "Visio", "Access", "Project", "FrontPage", "Commerce", "BizTalk", "Forefront", "MSXML", "NetMeeting",
	"XML Core", "Edge", "Services for UNIX", "Virtual", "IIS", "Outlook Express", "MSN", "JScript", "VBScript", "InfoPath", "OneNote", "WINS",
	"Data Access", "VM", "XP", "Host Integration", "Site Server", "Content Management", "Money", "SNA", "Message Queue", "DirectShow", "Live",
};

bool looks_like_product(const char *text)
{
	for (size_t i = 0; i < sizeof(product_words) / sizeof(product_words[0]); i++)
		if (strstr(text, product_words[i]))
			return true;
	return false;
}

/* "[1]" and stars at the end are footnotes. */
static size_t without_footnotes(const char *text, size_t n)
{
	for (;;) {
		size_t before = n;

		text_trim(text, &n, "*");
		while (n && text[n - 1] == ' ')
			n--;
		if (n > 2 && text[n - 1] == ']') {
			size_t i = n - 1;

			while (i && text[i - 1] >= '0' && text[i - 1] <= '9')
				i--;
			if (i && text[i - 1] == '[' && i < n - 1)
				n = i - 1;
		}
		if (n == before)
			return n;
	}
}

/* "Windows 7 (KB2992611)" and "(2992611)": where the bracket with the article begins; n when there is none. */
static size_t article_bracket(const char *text, size_t n, char out_kb[12])
{
	for (size_t i = 0; i < n; i++) {
		char        one[64];
		size_t      take;
		const char *walk = one, *from, *close;

		if (text[i] != '(')
			continue;
		close = memchr(text + i, ')', n - i);
		take = close ? (size_t)(close - text - i - 1) : n - i - 1;
		take = take < sizeof(one) - 1 ? take : sizeof(one) - 1;
		memcpy(one, text + i + 1, take);
		one[take] = '\0';
		if (text_next_kb(&walk, false, out_kb, &from) && from - one < 12)
			return i;
	}
	return n;
}

void product_name(const char *text, char *out, size_t size, char out_kb[12])
{
	static const char arrow[] = "\xe2\x80\x93"; /* an en dash: German lists put "download the update" behind it */
	char              ignored[12] = "";
	size_t            n = strlen(text), to = 0;
	const char       *dash;

	n = article_bracket(text, n, out_kb ? out_kb : ignored);
	dash = memmem(text, n, arrow, 3);
	if (dash && dash > text + 8)
		n = (size_t)(dash - text);
	dash = memmem(text, n, " - ", 3);
	if (dash && dash > text + 8 && (unsigned char)dash[3] >= 0x80) /* a remark in the bulletin's language */
		n = (size_t)(dash - text);
	const char *from = text_trim(text, &n, ":-");

	while (n > 3 && memcmp(from + n - 3, "\xef\xbc\x9a", 3) == 0) {
		n -= 3;
		from = text_trim(from, &n, ":-");
	}
	n = without_footnotes(from, n);
	for (size_t i = 0; i < n && to + 1 < size; i++) {
		if (strncmp(from + i, "\xc2\xae", 2) == 0)
			i += 1;
		else if (strncmp(from + i, "\xe2\x84\xa2", 3) == 0)
			i += 2;
		else
			out[to++] = from[i];
	}
	/* A cut must not split a character. */
	while (to && to + 1 >= size && ((unsigned char)out[to - 1] & 0xc0) == 0x80)
		to--;
	out[to] = '\0';
}

const char *place_product(const struct place *p)
{
	return p->product[0] ? p->product : p->base;
}

/* The product of this name, or a new one. */
static struct product *product_of(struct bulletin *b, const char *name, const char *group, bool affected, struct from from)
{
	struct product *product;

	for (uint32_t i = 0; i < b->product_n; i++)
		if (b->products[i].affected == affected && strcmp(b->products[i].name, name) == 0 && strcmp(b->products[i].group, group) == 0)
			return &b->products[i];
	product = FACT(b, product);
	if (product)
		*product = (struct product){.name = keep(b, name), .group = keep(b, group), .kb = "", .url = "", .affected = affected, .from = from};
	return product;
}

void read_product_line(struct place *p, const char *text, uint32_t line, uint32_t at)
{
	struct product *product;
	char            name[NAME_MAX_], kb[12] = "";
	const char     *url;

	if (!p->item || p->listed || (!looks_like_product(text) && bulletin_year(p->b) > 2003))
		return;
	product_name(text, name, sizeof(name), kb);
	if (!name[0] || strlen(name) > 500)
		return;
	product = product_of(p->b, name, "", p->section == SECTION_AFFECTED, (struct from){at, looks_like_product(text) && strlen(name) < 200 ? SURE_HIGH : SURE_LOW});
	if (!product)
		return;
	if (kb[0])
		product->kb = keep(p->b, kb);
	url = doc_url(p->doc, line, 1);
	if (url)
		product->url = keep(p->b, url);
}

static void rating_add(struct place *p, const char *product, const char *cve, const char *scope, const char *cell, uint32_t at, enum sure sure)
{
	enum severity  severity = read_severity(p->pack, cell);
	enum impact    impact = read_impact(p->pack, cell);
	struct rating *rating;

	if (severity == SEVERITY_UNKNOWN)
		return;
	rating = FACT(p->b, rating);
	if (rating)
		*rating = (struct rating){
			.product = keep(p->b, product), .cve = keep(p->b, cve), .scope = keep(p->b, scope), .severity = severity, .impact = impact, .from = {at, sure},
		};
}

/* A table as it is read row by row. */
struct reading {
	struct place       *p;
	const struct table *table;
	struct heads        heads;
	char                group[NAME_MAX_]; /* the last row that was a heading */
	bool                affected, listed; /* listed: the affected products are known already, ratings name them in other words */
	uint16_t            name_column;
	int                 part_column; /* of the component; -1 without one */
};

static uint32_t cell_at(const struct doc *doc, const struct cell *cell)
{
	return cell->count ? doc->lines[cell->first].at : 0;
}

/* A row with one text, over all columns or alone: the name of a group. */
static bool group_row(struct reading *r, const struct row *row)
{
	unsigned           texts = 0;
	const struct cell *last = NULL;

	for (uint32_t i = 0; i < row->count; i++)
		if (r->p->doc->cells[row->first + i].count) {
			texts++;
			last = &r->p->doc->cells[row->first + i];
		}
	if (texts == 0)
		return true;
	if (texts != 1 || r->table->columns < 2 || (last->span < 2 && row->count > 1 && !last->head) || (last->span == 1 && row->count > 1))
		return false;
	doc_cell_text(r->p->doc, last, r->group, sizeof(r->group));
	return true;
}

/* One cell of a product's row, by the kind of its column. */
static void product_cell(struct reading *r, struct product *product, const char *name, uint16_t column, const struct cell *cell)
{
	struct place *p = r->p;
	enum column   kind = column < r->heads.count ? r->heads.kind[column] : COLUMN_NONE;
	char          text[NAME_MAX_], head[NAME_MAX_] = "", id[24];
	const char   *walk, *from;
	uint32_t      at = cell_at(p->doc, cell);

	doc_cell_text(p->doc, cell, text, sizeof(text));
	if (column < r->heads.count)
		doc_cell_text(p->doc, &p->doc->cells[r->heads.cell[column]], head, sizeof(head));
	switch (kind) {
	case COLUMN_IMPACT:
		if (product)
			product->impact = read_impact(p->pack, text);
		break;
	case COLUMN_SEVERITY:
		if (product && read_severity(p->pack, text) != SEVERITY_UNKNOWN)
			product->severity = read_severity(p->pack, text);
		rating_add(p, name, "", "", text, at, SURE_HIGH);
		break;
	case COLUMN_REPLACES:
		for (uint32_t i = 0; i < cell->count; i++) {
			struct place row = *p;

			row.section = SECTION_REPLACES;
			memcpy(row.product, name, strlen(name) + 1);
			p->b->says_replaces = true;
			read_replaced_line(&row, doc_text(p->doc, cell->first + i), p->doc->lines[cell->first + i].at);
		}
		break;
	case COLUMN_CVE:
		walk = head;
		while (text_next_cve(&walk, id, &from))
			rating_add(p, name, id, "", text, at, SURE_HIGH);
		break;
	case COLUMN_KB:
		walk = text;
		if (product && !product->kb[0] && text_next_kb(&walk, false, id, &from))
			product->kb = keep(p->b, id);
		break;
	case COLUMN_NONE: rating_add(p, name, p->cve, head, text, at, SURE_MEDIUM); break;
	default: break;
	}
}

/* The first line is the name; the article follows in the line or in the next. */
static void row_name(struct reading *r, const struct row *row, char *out, size_t size, char kb[12])
{
	const struct cell *cell = row_cell(r->p->doc, row, r->name_column);
	char               text[NAME_MAX_], part[NAME_MAX_], part_kb[12] = "";

	out[0] = '\0';
	if (cell && cell->count) {
		doc_cell_text(r->p->doc, cell, text, sizeof(text));
		product_name(text, out, size, kb);
	}
	cell = r->part_column >= 0 ? row_cell(r->p->doc, row, (uint16_t)r->part_column) : NULL;
	if (!cell || !cell->count)
		return;
	doc_cell_text(r->p->doc, cell, text, sizeof(text));
	product_name(text, part, sizeof(part), part_kb);
	if (part_kb[0])
		memcpy(kb, part_kb, sizeof(part_kb));
	if (!out[0]) {
		snprintf(out, size, "%.500s", part);
	} else if (looks_like_product(part) && strlen(out) + strlen(part) + 4 < size) {
		memcpy(text, out, strlen(out) + 1);
		snprintf(out, size, "%.250s / %.250s", text, part);
	}
}

static const char *row_url(const struct reading *r, const struct row *row)
{
	const char *url = NULL;

	for (uint32_t i = 0; !url && i < row->count; i++) {
		const struct cell *cell = &r->p->doc->cells[row->first + i];
		enum column        kind = cell->column < r->heads.count ? r->heads.kind[cell->column] : COLUMN_NONE;

		if (kind != COLUMN_REPLACES && kind != COLUMN_CVE)
			url = doc_url(r->p->doc, cell->first, cell->count ? cell->count : 1);
	}
	return url;
}

static void product_row(struct reading *r, const struct row *row)
{
	struct place   *p = r->p;
	struct product *product = NULL;
	char            name[NAME_MAX_], kb[12] = "";
	const char     *url;
	uint32_t        at = 0;
	bool            lists = p->section == SECTION_AFFECTED || p->section == SECTION_UNAFFECTED;

	row_name(r, row, name, sizeof(name), kb);
	if (!name[0] || name[0] == '-' || !row->count)
		return;
	for (uint32_t i = 0; !at && i < row->count; i++)
		at = cell_at(p->doc, &p->doc->cells[row->first + i]);
	if ((lists || !r->listed) && (looks_like_product(name) || (lists && looks_like_product(r->group))))
		product = product_of(p->b, name, r->group, r->affected, (struct from){at, lists ? SURE_HIGH : SURE_MEDIUM});
	if (product && kb[0])
		product->kb = keep(p->b, kb);
	url = product && !product->url[0] ? row_url(r, row) : NULL;
	if (url)
		product->url = keep(p->b, url);
	if (!product && p->section != SECTION_SEVERITY && !looks_like_product(name))
		return;
	for (uint32_t i = 0; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];

		if (cell->column != r->name_column && (int)cell->column != r->part_column && cell->count)
			product_cell(r, product, name, cell->column, cell);
	}
}

/* Rows are flaws, columns are products: 2004 to 2007. */
static void flaw_row(struct reading *r, const struct row *row, const char *id)
{
	struct place *p = r->p;

	for (uint32_t i = 1; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];
		char               text[NAME_MAX_], head[NAME_MAX_] = "";

		if (cell->column >= r->heads.count || !cell->count)
			continue;
		doc_cell_text(p->doc, cell, text, sizeof(text));
		doc_cell_text(p->doc, &p->doc->cells[r->heads.cell[cell->column]], head, sizeof(head));
		if (r->heads.kind[cell->column] == COLUMN_NONE || r->heads.kind[cell->column] == COLUMN_PRODUCT)
			rating_add(p, head, id, "", text, cell_at(p->doc, cell), SURE_HIGH);
		else if (r->heads.kind[cell->column] == COLUMN_IMPACT || r->heads.kind[cell->column] == COLUMN_SEVERITY)
			rating_add(p, "", id, "", text, cell_at(p->doc, cell), SURE_MEDIUM);
	}
}

/* The columns of names and of parts, by what the head calls them. */
static void find_columns(struct reading *r)
{
	r->name_column = 0;
	r->part_column = -1;
	for (uint16_t c = 0; c < r->heads.count; c++) {
		if ((r->heads.kind[c] == COLUMN_COMPONENT || (c == 1 && r->heads.kind[c] == COLUMN_PRODUCT && r->heads.kind[0] == COLUMN_PRODUCT)) && c > 0)
			r->part_column = c; /* a suite and the application in it */
		else if (r->heads.kind[c] == COLUMN_PRODUCT && c == 1 && r->heads.kind[0] != COLUMN_NONE)
			r->name_column = c;
	}
}

void read_product_table(struct place *p, const struct table *table)
{
	struct reading r = {.p = p, .table = table, .affected = p->section != SECTION_UNAFFECTED};
	bool           rated = false;

	table_heads(p, table, &r.heads);
	for (uint16_t c = 0; c < r.heads.count; c++)
		rated |= r.heads.kind[c] == COLUMN_SEVERITY || r.heads.kind[c] == COLUMN_CVE || r.heads.kind[c] == COLUMN_IMPACT;
	if (!rated && p->section != SECTION_AFFECTED && p->section != SECTION_UNAFFECTED && p->section != SECTION_SEVERITY)
		return;
	for (uint32_t i = 0; i < p->b->product_n; i++)
		r.listed |= p->b->products[i].affected && p->b->products[i].from.sure == SURE_HIGH;
	find_columns(&r);
	for (uint32_t n = table->first; n < table->first + table->count; n++) {
		const struct row *row = &p->doc->rows[n];
		char              text[NAME_MAX_], id[24];
		const char       *walk = text, *from;

		if (!row->count || (r.heads.found && n <= r.heads.row) || group_row(&r, row))
			continue;
		doc_cell_text(p->doc, &p->doc->cells[row->first], text, sizeof(text));
		if (text_next_cve(&walk, id, &from))
			flaw_row(&r, row, id);
		else
			product_row(&r, row);
	}
}
