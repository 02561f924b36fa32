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
	"Data Access", "Internet Information", "Movie Maker", "VM", "XP", "Host Integration", "Site Server", "Content Management", "Money", "SNA", "Message Queue", "DirectShow", "Live", "SDK",
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

/* A bracket, narrow or wide, at text: its octets, or 0. */
static size_t bracket(const char *text, char narrow, const char *wide)
{
	return *text == narrow ? 1 : strncmp(text, wide, 3) == 0 ? 3 : 0;
}

/* "Windows 7 (KB2992611)" and "(2992611)": where the bracket with the article begins; n when there is none. */
static size_t article_bracket(const char *text, size_t n, char out_kb[12])
{
	for (size_t i = 0; i < n; i++) {
		char        one[64];
		size_t      take = 0, open = bracket(text + i, '(', "\xef\xbc\x88");
		const char *walk = one, *from;

		if (!open)
			continue;
		while (i + open + take < n && take < sizeof(one) - 1 && !bracket(text + i + open + take, ')', "\xef\xbc\x89"))
			take++;
		memcpy(one, text + i + open, take);
		one[take] = '\0';
		if (text_next_kb(&walk, false, out_kb, &from) && from - one < 12)
			return i;
	}
	return n;
}

void product_name(const char *text, char *out, size_t size, char out_kb[12])
{
	static const char arrow[] = "\xe2\x80\x93"; /* an en dash: German lists put "download the update" behind it */
	static const char stop[] = "\xe3\x80\x82"; /* a full stop: a sentence follows the name */
	char              ignored[12] = "";
	size_t            n = strlen(text), to = 0;
	const char       *dash;

	n = article_bracket(text, n, out_kb ? out_kb : ignored);
	dash = memmem(text, n, arrow, 3);
	if (dash && dash > text + 8)
		n = (size_t)(dash - text);
	dash = memmem(text, n, stop, 3);
	if (dash && dash > text + 8)
		n = (size_t)(dash - text);
	dash = memmem(text, n, " - ", 3);
	if (dash && dash > text + 8 && (unsigned char)dash[3] >= 0x80) /* a remark in the bulletin's language */
		n = (size_t)(dash - text);
	const char *from = text_trim(text, &n, ":;-");

	while (n > 3 && memcmp(from + n - 3, "\xef\xbc\x9a", 3) == 0) {
		n -= 3;
		from = text_trim(from, &n, ":;-");
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

/* The product of this name, or a new one: a name with another article is a row of its own, for another update. */
static struct product *product_of(struct bulletin *b, const char *name, const char *group, const char *kb, bool affected, struct from from)
{
	struct product *product;

	for (uint32_t i = 0; i < b->product_n; i++) {
		product = &b->products[i];
		if (product->affected == affected && strcmp(product->name, name) == 0 && strcmp(product->group, group) == 0 &&
		    (!product->kb[0] || !kb[0] || strcmp(product->kb, kb) == 0))
			return product;
	}
	product = FACT(b, product);
	if (product)
		*product = (struct product){.name = keep(b, name), .group = keep(b, group), .kb = "", .url = "", .affected = affected, .from = from};
	return product;
}

/* Among the unaffected a bold line of its own may be a name, with a version and in no language; others are names over lists. */
static bool is_bold_name(const struct place *p, uint32_t line)
{
	const struct line *l = &p->doc->lines[line];
	const char        *text = doc_text(p->doc, line);

	if (p->section != SECTION_UNAFFECTED || !p->alone || !l->bold || l->bold < l->n || text_ends_with_colon(text, l->n) || !strpbrk(text, "0123456789"))
		return false;
	while (*text > 0 && *text < 0x7f)
		text++;
	return !*text;
}

void read_product_line(struct place *p, const char *text, uint32_t line, uint32_t at)
{
	struct product *product;
	char            name[NAME_MAX_], kb[12] = "";
	const char     *url;

	char            folded[FOLD_MAX];

	text_fold(text, strlen(text), folded);
	if ((!p->item && !is_bold_name(p, line)) || p->listed || (!looks_like_product(text) && bulletin_year(p->b) > 2003) || pack_says(p->pack, WORD_ISSUE, folded))
		return; /* a note among the names is none */
	product_name(text, name, sizeof(name), kb);
	if (!name[0] || strlen(name) > 500)
		return;
	product = product_of(p->b, name, "", kb, p->section == SECTION_AFFECTED, (struct from){at, looks_like_product(text) && strlen(name) < 200 ? SURE_HIGH : SURE_LOW});
	if (!product)
		return;
	if (kb[0])
		product->kb = keep(p->b, kb);
	url = doc_url(p->doc, line, 1);
	if (url)
		product->url = keep(p->b, url);
}

/* What a cell rates: a product, for a flaw with an id or a title, and within a scope. */
struct rated {
	const char *product, *cve, *flaw, *scope;
	enum sure   sure;
	enum impact impact; /* of the row, when the cell tells none */
};

static bool rating_add(struct place *p, const struct rated *of, const char *scope, const char *text, uint32_t at)
{
	enum severity  severity = read_severity(p->pack, text);
	enum impact    impact = read_impact(p->pack, text);
	struct rating *rating;

	if (severity == SEVERITY_UNKNOWN)
		return false;
	if (impact == IMPACT_UNKNOWN && severity != SEVERITY_NONE)
		impact = of->impact;
	rating = FACT(p->b, rating);
	if (rating)
		*rating = (struct rating){
			.product = keep(p->b, of->product), .cve = keep(p->b, of->cve), .flaw = keep(p->b, of->flaw), .scope = keep(p->b, scope),
			.kb = keep(p->b, p->kb), .severity = severity, .impact = impact, .from = {at, of->sure},
		};
	return true;
}

/* A cell holds one rating, or two, each below its scope: "Windows clients:", "Critical/RCE". */
static void rating_cell(struct place *p, const struct cell *cell, const struct rated *of)
{
	char text[NAME_MAX_], scope[NAME_MAX_] = "";

	doc_cell_text(p->doc, cell, text, sizeof(text));
	if (!cell->count || rating_add(p, of, of->scope, text, p->doc->lines[cell->first].at))
		return;
	for (uint32_t i = cell->first; i < cell->first + cell->count; i++) {
		const char *line = doc_text(p->doc, i);

		if (text_ends_with_colon(line, strlen(line)))
			product_name(line, scope, sizeof(scope), NULL);
		else if (scope[0])
			rating_add(p, of, scope, line, p->doc->lines[i].at);
	}
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

/* Below the picture of a download its article may stand. */
static void download_cell(struct place *p, struct product *product, const char *text)
{
	const char *from;
	char        kb[12];

	if (product && !product->kb[0] && text_next_kb(&text, true, kb, &from))
		product->kb = keep(p->b, kb);
}

/* One cell of a product's row, by the kind of its column. */
static void product_cell(struct reading *r, struct product *product, const char *name, uint16_t column, const struct cell *cell)
{
	struct place *p = r->p;
	enum column   kind = column < r->heads.count ? r->heads.kind[column] : COLUMN_NONE;
	char          text[NAME_MAX_], head[NAME_MAX_] = "", id[24];
	const char   *walk, *from;

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
		rating_cell(p, cell, &(struct rated){name, "", p->flaw, "", SURE_HIGH, IMPACT_UNKNOWN});
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
			rating_cell(p, cell, &(struct rated){name, id, "", "", SURE_HIGH, IMPACT_UNKNOWN});
		break;
	case COLUMN_KB:
		walk = text;
		if (product && !product->kb[0] && text_next_kb(&walk, false, id, &from))
			product->kb = keep(p->b, id);
		break;
	case COLUMN_SKIP: download_cell(p, product, text); break;
	case COLUMN_NONE:
		if (!r->heads.found && p->section == SECTION_AFFECTED)
			download_cell(p, product, text);
		rating_cell(p, cell, &(struct rated){name, p->cve, p->flaw, head, SURE_MEDIUM, IMPACT_UNKNOWN});
		break;
	default: break;
	}
}

/* "Not applicable" and a dash are no components. */
static bool is_part(const struct place *p, const char *text)
{
	return text[0] && text[0] != '-' && pack_find_text(p->pack, PACK_ANSWER, text, strlen(text)) == ANSWER_UNKNOWN &&
	       read_severity(p->pack, text) == SEVERITY_UNKNOWN;
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
	} else if (is_part(r->p, part) && strlen(out) + strlen(part) + 4 < size) {
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

/* What the row's column of impact says. */
static enum impact row_impact(const struct reading *r, const struct row *row)
{
	char text[NAME_MAX_];

	for (uint32_t i = 1; i < row->count; i++) {
		const struct cell *cell = &r->p->doc->cells[row->first + i];

		if (cell->column >= r->heads.count || r->heads.kind[cell->column] != COLUMN_IMPACT)
			continue;
		doc_cell_text(r->p->doc, cell, text, sizeof(text));
		return read_impact(r->p->pack, text);
	}
	return IMPACT_UNKNOWN;
}

/* Rows are flaws, columns are products: 2002 to 2007. A flaw without an id has a title, that of all of them is none. */
static void flaw_row(struct reading *r, const struct row *row, const char *id, const char *title)
{
	struct place *p = r->p;
	enum impact   impact = row_impact(r, row);
	char          folded[FOLD_MAX];

	text_fold(title, strlen(title), folded);
	if (pack_says(p->pack, WORD_OVERALL, folded))
		title = "";
	for (uint32_t i = 1; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];
		char               head[NAME_MAX_] = "";

		if (cell->column >= r->heads.count || !cell->count)
			continue;
		doc_cell_text(p->doc, &p->doc->cells[r->heads.cell[cell->column]], head, sizeof(head));
		if (r->heads.kind[cell->column] == COLUMN_NONE || r->heads.kind[cell->column] == COLUMN_PRODUCT)
			rating_cell(p, cell, &(struct rated){head, id, title, "", SURE_HIGH, impact});
		else if (r->heads.kind[cell->column] == COLUMN_SEVERITY)
			rating_cell(p, cell, &(struct rated){"", id, title, "", SURE_MEDIUM, impact});
	}
}

/* All columns of ratings are under names of products. */
static bool heads_are_products(const struct reading *r)
{
	unsigned products = 0;

	for (uint16_t c = 1; r->heads.found && c < r->heads.count; c++) {
		char head[NAME_MAX_];

		if (r->heads.kind[c] != COLUMN_NONE && r->heads.kind[c] != COLUMN_PRODUCT)
			continue;
		doc_cell_text(r->p->doc, &r->p->doc->cells[r->heads.cell[c]], head, sizeof(head));
		if (!looks_like_product(head))
			return false;
		products++;
	}
	return products > 0;
}

static bool has_column(const struct reading *r, enum column kind)
{
	for (uint16_t c = 0; c < r->heads.count; c++)
		if (r->heads.kind[c] == kind)
			return true;
	return false;
}

/* A cell of components may hold several, each above its article: every one is a product. `first` is the one that is known. */
static void more_parts(struct reading *r, const struct row *row, const struct product *first)
{
	struct place      *p = r->p;
	const struct cell *cell = r->part_column >= 0 ? row_cell(p->doc, row, (uint16_t)r->part_column) : NULL;
	struct product     model = *first, *more;
	char               part[NAME_MAX_], whole[NAME_MAX_ * 2], system[NAME_MAX_], kb[12], ignored[12] = "";

	doc_cell_text(p->doc, row_cell(p->doc, row, r->name_column) ? row_cell(p->doc, row, r->name_column) : cell, system, sizeof(system));
	product_name(system, whole, NAME_MAX_, ignored);
	memcpy(system, whole, strlen(whole) + 1);
	part[0] = '\0';
	for (uint32_t i = cell ? cell->first : 0; cell && i < cell->first + cell->count; i++) {
		const char *text = doc_text(p->doc, i), *walk = text, *from;

		if (!text_next_kb(&walk, true, kb, &from)) {
			product_name(text, part, sizeof(part), ignored);
			continue;
		}
		if (from > text + 8)
			product_name(text, part, sizeof(part), ignored);
		if (strcmp(kb, model.kb) == 0 || !part[0])
			continue;
		snprintf(whole, sizeof(whole), "%.250s / %.250s", system, part);
		more = product_of(p->b, whole, r->group, kb, model.affected, (struct from){p->doc->lines[i].at, model.from.sure});
		if (!more)
			return;
		more->kb = keep(p->b, kb);
		more->severity = model.severity;
		more->impact = model.impact;
	}
}

/* What the row's other cells say of the product. */
static void other_cells(struct reading *r, const struct row *row, struct product *product, const char *name)
{
	for (uint32_t i = 0; i < row->count; i++) {
		const struct cell *cell = &r->p->doc->cells[row->first + i];

		if (cell->column != r->name_column && (int)cell->column != r->part_column && cell->count)
			product_cell(r, product, name, cell->column, cell);
	}
}

/* A cell that begins with a sentence about the products in the list below it: each of them is one. False: it is no such cell. */
static bool listed_products(struct reading *r, const struct row *row)
{
	static const char  stop[] = "\xe3\x80\x82";
	struct place      *p = r->p;
	const struct cell *cell = row_cell(p->doc, row, r->name_column);
	bool               any = false;

	if (p->section != SECTION_AFFECTED || !cell || cell->count < 2 || !strstr(doc_text(p->doc, cell->first), stop))
		return false;
	for (uint32_t i = cell->first + 1; i < cell->first + cell->count; i++) {
		char            name[NAME_MAX_], kb[12] = "";
		struct product *product;

		product_name(doc_text(p->doc, i), name, sizeof(name), kb);
		product = looks_like_product(name) ? product_of(p->b, name, r->group, kb, r->affected, (struct from){p->doc->lines[i].at, SURE_HIGH}) : NULL;
		if (!product)
			continue;
		any = true;
		product->url = row_url(r, row) ? keep(p->b, row_url(r, row)) : product->url;
		other_cells(r, row, product, name);
	}
	return any;
}

static void product_row(struct reading *r, const struct row *row)
{
	struct place   *p = r->p;
	struct product *product = NULL;
	char            name[NAME_MAX_], kb[12] = "";
	const char     *url;
	uint32_t        at = 0;
	bool            lists = p->section == SECTION_AFFECTED || p->section == SECTION_UNAFFECTED || has_column(r, COLUMN_REPLACES);

	if (listed_products(r, row))
		return;
	row_name(r, row, name, sizeof(name), kb);
	if (!name[0] || name[0] == '-' || !row->count)
		return;
	if (r->table->columns == 1 && strstr(name, "Server Core") && !strpbrk(name, "0123456789")) {
		memcpy(r->group, name, strlen(name) + 1); /* "Server Core installation option" heads what follows */
		return;
	}
	if (!looks_like_product(name) && heads_are_products(r)) {
		flaw_row(r, row, "", name);
		return;
	}
	for (uint32_t i = 0; !at && i < row->count; i++)
		at = cell_at(p->doc, &p->doc->cells[row->first + i]);
	if ((lists || !r->listed) && (looks_like_product(name) || (lists && (looks_like_product(r->group) || r->table->columns == 1))))
		product = product_of(p->b, name, r->group, kb, r->affected, (struct from){at, lists ? SURE_HIGH : SURE_MEDIUM});
	if (product && kb[0])
		product->kb = keep(p->b, kb);
	url = product && !product->url[0] ? row_url(r, row) : NULL;
	if (url)
		product->url = keep(p->b, url);
	if (!product && p->section != SECTION_SEVERITY && !looks_like_product(name))
		return;
	memcpy(p->kb, kb, sizeof(kb));
	other_cells(r, row, product, name);
	p->kb[0] = '\0';
	if (product && product->kb[0] && r->part_column >= 0)
		more_parts(r, row, product);
}

/* Tables of flaws say which title belongs to which id; of a table that rates products they are two columns. */
static void row_title(struct reading *r, const struct row *row)
{
	struct place *p = r->p;
	char          id[24] = "", title[NAME_MAX_] = "", text[NAME_MAX_];

	for (uint32_t i = 0; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];
		const char        *walk = text, *from;

		doc_cell_text(p->doc, cell, text, sizeof(text));
		if (cell->column < r->heads.count && r->heads.kind[cell->column] == COLUMN_TITLE)
			memcpy(title, text, strlen(text) + 1);
		else if (!id[0])
			text_next_cve(&walk, id, &from);
	}
	for (uint32_t i = 0; id[0] && title[0] && i < p->b->cve_n; i++)
		if (strcmp(p->b->cves[i].id, id) == 0 && !p->b->cves[i].title[0])
			p->b->cves[i].title = keep(p->b, title);
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

/* Some heads of 2016 call the column of replaced updates the overall severity: its cells name bulletins. */
static void mend_heads(struct reading *r)
{
	const struct doc *doc = r->p->doc;

	for (uint32_t n = r->heads.row + 1; r->heads.found && n < r->table->first + r->table->count; n++)
		for (uint32_t i = doc->rows[n].first; i < doc->rows[n].first + doc->rows[n].count; i++) {
			const struct cell *cell = &doc->cells[i];
			char               text[NAME_MAX_], id[12];
			const char        *walk = text, *from;

			if (cell->column >= r->heads.count || r->heads.kind[cell->column] != COLUMN_SEVERITY)
				continue;
			doc_cell_text(doc, cell, text, sizeof(text));
			if (text_next_bulletin(&walk, id, &from) && read_severity(r->p->pack, text) == SEVERITY_UNKNOWN)
				r->heads.kind[cell->column] = COLUMN_REPLACES;
		}
}

/* The head of a table of one column names no product, even when no pack knows its words. */
static bool is_lone_head(const struct reading *r, const struct row *row)
{
	const struct doc *doc = r->p->doc;

	return r->table->columns == 1 && r->table->count > 1 && row == &doc->rows[r->table->first] && doc->cells[row->first].head &&
	       doc->rows[r->table->first + 1].count && !doc->cells[doc->rows[r->table->first + 1].first].head;
}

void read_product_table(struct place *p, const struct table *table)
{
	struct reading r = {.p = p, .table = table, .affected = p->section != SECTION_UNAFFECTED};
	bool           rated = false, titles = false;

	table_heads(p, table, &r.heads);
	mend_heads(&r);
	for (uint16_t c = 0; c < r.heads.count; c++)
		titles |= r.heads.kind[c] == COLUMN_TITLE;
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

		if (!row->count || (r.heads.found && n <= r.heads.row) || is_lone_head(&r, row) || group_row(&r, row))
			continue;
		doc_cell_text(p->doc, &p->doc->cells[row->first], text, sizeof(text));
		if (titles)
			row_title(&r, row);
		if (text_next_cve(&walk, id, &from))
			flaw_row(&r, row, id, "");
		else if (r.heads.kind[0] != COLUMN_TITLE || !titles)
			product_row(&r, row);
	}
}
