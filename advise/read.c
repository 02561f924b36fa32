/* Walks a bulletin's blocks, knows which section and product each line is about, and hands it to the readers of its facts. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/store.h"
#include "advise/text.h"

enum { STORE_MAX = 64 << 20, LABEL_ROWS = 64 };

/* A heading or label that names its flaw keeps it for what follows; one that begins another part ends that. */
static void note_cve(struct place *p, const char *text, bool ends)
{
	const char *at = text, *from;
	char        id[24];

	if (text_next_cve(&at, id, &from))
		memcpy(p->cve, id, sizeof(p->cve));
	else if (ends)
		p->cve[0] = '\0';
}

static bool belongs_to_flaw(enum section section)
{
	return section == SECTION_WORKAROUND || section == SECTION_MITIGATION || section == SECTION_FAQ || section == SECTION_EFFECT || section == SECTION_UNDO ||
	       section == SECTION_CVE || section == SECTION_IMPACT;
}

static void enter(struct place *p, enum section section)
{
	read_thanks_end(p);
	p->flaw[0] = '\0';
	if (p->in_work && section != SECTION_EFFECT && section != SECTION_UNDO && section != SECTION_WORKAROUND) {
		read_work_end(p);
		p->in_work = false;
	}
	if (section == SECTION_WORKAROUND) {
		p->b->says_workaround = true;
		if (!p->in_work)
			read_work_end(p);
		p->in_work = true;
	}
	p->section = section;
	p->listed = false;
	p->in_faq = section == SECTION_FAQ;
}

static bool deploys(enum section section)
{
	return section == SECTION_FILES || section == SECTION_VERIFY || section == SECTION_RESTART || section == SECTION_REMOVAL || section == SECTION_SWITCHES ||
	       section == SECTION_INSTALL || section == SECTION_PREREQUISITE || section == SECTION_FUTURE || section == SECTION_UPDATE;
}

static void heading(struct place *p, const char *text, uint16_t level)
{
	char         folded[FOLD_MAX];
	enum section section;

	text_fold(text, strlen(text), folded);
	section = (enum section)pack_find(p->pack, PACK_SECTION, folded);
	p->product[0] = p->value_key[0] = '\0';
	p->english = false;
	if (section == SECTION_NONE && looks_like_product(text) && (deploys(p->section) || level >= 3) && !strstr(folded, "cve-")) {
		product_name(text, p->base, sizeof(p->base), NULL);
		enter(p, SECTION_UPDATE);
		return;
	}
	if (section != SECTION_NONE && !deploys(section))
		p->base[0] = '\0';
	note_cve(p, text, section == SECTION_NONE ? level <= 2 : !belongs_to_flaw(section)); /* a flaw without an id has a heading too */
	enter(p, section == SECTION_NONE ? SECTION_OTHER : section);
}

/* "... no baai": a product's name ends before the words that pick it. */
static void without_tail(char *name, size_t tail)
{
	size_t n = strlen(name);

	if (!tail || tail > n)
		return;
	n -= tail;
	while (n && name[n - 1] == ' ')
		n--;
	name[n] = '\0';
}

/* Keys, addresses and commands hold names of products too. */
static bool is_no_name(const char *text)
{
	static const char *const signs[] = {"HKEY", "HKLM", "://", "-kb", " /", ".txt", ".log"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strcasestr(text, signs[i]))
			return true;
	return false;
}

/* A short line of ASCII only is a name where the bulletin's language is none of ASCII; sentences and paths are not. */
static bool is_bare_name(const char *text, size_t n)
{
	size_t ascii = 0;

	while ((unsigned char)text[ascii] >= ' ' && (unsigned char)text[ascii] < 0x7f)
		ascii++;
	return ascii == n && n && n < 160 && text[n - 1] != '.' && !strpbrk(text, "\\=") && !strstr(text, "-x86") && !strstr(text, ". ");
}

/* "Windows 2000:" and the like before a table, a key or a command: what follows is about that product. */
static bool names_product(struct place *p, const struct line *line, const char *text)
{
	bool   colon = text_ends_with_colon(text, line->n), bold = line->bold + 1 >= line->n;
	size_t tail, lead;
	char   folded[FOLD_MAX];

	if (!deploys(p->section) || line->n >= NAME_MAX_)
		return false;
	text_fold(text, line->n, folded);
	if (p->section != SECTION_REMOVAL && p->section != SECTION_RESTART && pack_says(p->pack, WORD_COMMAND, folded)) { /* "at a prompt of Windows XP, type:" is no name, and ends what was named before */
		p->product[0] = '\0';
		return false;
	}
	if ((p->section == SECTION_PREREQUISITE && !bold) || !looks_like_product(text) || is_no_name(text))
		return false;
	tail = pack_ends(p->pack, WORD_TAIL, folded);
	if (!colon && !bold && !tail && !is_bare_name(text, line->n))
		return false;
	lead = pack_word_at(p->pack, WORD_LEAD, text);
	text += text[lead] == ' ' ? lead + 1 : 0;
	/* Until 2003 a bold name heads a block of labels, later only the next table. */
	if (bold && colon && !p->depth && bulletin_year(p->b) <= 2003)
		product_name(text, p->base, sizeof(p->base), NULL);
	else
		product_name(text, p->product, sizeof(p->product), NULL);
	without_tail(p->product, tail);
	text_fold(p->product, strlen(p->product), folded); /* an article may have stood behind it */
	without_tail(p->product, pack_ends(p->pack, WORD_TAIL, folded));
	return true;
}

/* "ISA2000-KB816458" and in the next line "-x86.exe -q": one command, broken by the page. */
static const char *whole_command(struct place *p, const char *text, uint32_t line, char out[NAME_MAX_])
{
	const struct line *next = line + 1 < p->doc->line_n ? &p->doc->lines[line + 1] : NULL;
	size_t             n = strlen(text);
	const char        *rest = next ? p->doc->text + next->text : "";

	bool               broken = n >= 8 && ((text[n - 1] >= '0' && text[n - 1] <= '9' && strncasecmp(rest, "-x", 2) == 0) ||
			       (strcasecmp(text + n - 5, "-x86-") == 0 && (*rest & 0xdf) >= 'A' && (*rest & 0xdf) <= 'Z'));

	if (!broken || n + next->n + 1 > NAME_MAX_)
		return text;
	memcpy(out, text, n);
	memcpy(out + n, rest, next->n + 1);
	return out;
}

/* What every line may hold, whatever it is about. */
static void any_line(struct place *p, const char *text, uint32_t line, uint32_t at)
{
	char joined[NAME_MAX_];

	read_cves(p, text, at);
	read_keys(p, text, at);
	read_reference(p, text, line, at);
	read_installer_link(p, line, at);
	if (!read_file_line(p, text, at)) {
		read_file_prose(p, text, at);
		read_deploy_line(p, whole_command(p, text, line, joined), at);
	}
}

/* A heading names flaws and articles; it is no part of what was said above it. */
static void heading_ids(struct place *p, const char *text, uint32_t line, uint32_t at)
{
	read_cves(p, text, at);
	read_keys(p, text, at);
	read_reference(p, text, line, at);
}

/* Where the statement begins in an item "IIS 5.0: none", whose name becomes the product; text when it has none. */
static const char *behind_name(struct place *p, const char *text)
{
	size_t n = strcspn(text, ":");
	char   name[NAME_MAX_];

	if (!p->item || (!deploys(p->section) && p->section != SECTION_REPLACES) || n > 80 || !text[n] || !*text_behind_colon(text + n) || text[n + 1] == '/' || text[n + 1] == '\\')
		return text;
	memcpy(name, text, n);
	name[n] = '\0';
	if (!looks_like_product(name) || is_no_name(name))
		return text;
	product_name(name, p->product, sizeof(p->product), NULL);
	return text_behind_colon(text + n);
}

/* A line of a section. */
static void section_line(struct place *p, const char *text, uint32_t line, uint32_t at)
{
	char kept[NAME_MAX_];

	memcpy(kept, p->product, sizeof(kept));
	text = behind_name(p, text);
	any_line(p, text, line, at);
	switch (p->section) {
	case SECTION_AFFECTED:
	case SECTION_UNAFFECTED: read_product_line(p, text, line, at); break;
	case SECTION_REPLACES: read_replaced_line(p, text, at); break;
	case SECTION_REVISIONS: read_revision(p, text, at); break;
	case SECTION_SEVERITY:
		if (!p->item && bulletin_year(p->b) <= 2003 && strlen(text) < sizeof(p->flaw) && text_ends_with_colon(text, strlen(text)))
			product_name(text, p->flaw, sizeof(p->flaw), NULL);
		break;
	case SECTION_THANKS: read_thanks(p, text, at); break;
	case SECTION_MAXIMUM:
		if (p->b->maximum == SEVERITY_UNKNOWN && (p->b->maximum = read_severity(p->pack, text)) != SEVERITY_UNKNOWN)
			p->b->maximum_from = (struct from){at, SURE_HIGH};
		break;
	case SECTION_IMPACT:
		if (p->b->impact == IMPACT_UNKNOWN && (p->b->impact = read_impact(p->pack, text)) != IMPACT_UNKNOWN)
			p->b->impact_from = (struct from){at, SURE_HIGH};
		break;
	default: break;
	}
	memcpy(p->product, kept, sizeof(kept));
}

/* "Impact of workaround: ..." and "How to undo: ..." that are not bold. */
static enum section part_of_work(const struct place *p, const struct line *line, const char *text, size_t *out_value)
{
	size_t       colon = strcspn(text, ":");
	enum section section;
	char         folded[FOLD_MAX];

	text_fold(text, line->n, folded);
	section = (enum section)pack_find_head(p->pack, PACK_SECTION, folded, true);
	*out_value = colon < 80 && text[colon] ? colon : 0;
	return section == SECTION_EFFECT || section == SECTION_UNDO ? section : SECTION_NONE;
}

/* A label at the head of a line: its section, and where its value begins; NONE when the line has none. */
static enum section label(const struct place *p, const struct line *line, const char *text, size_t *out_value)
{
	size_t       n = line->bold;
	enum section section;
	char         folded[FOLD_MAX];
	bool         colon = text_ends_with_colon(text, line->n);

	if (!n && p->in_work)
		return part_of_work(p, line, text, out_value);
	if (!n && line->n < 120 && (colon || p->alone)) { /* some bulletins have labels that are not bold, most of 2009 to 2013 */
		text_fold(text, line->n, folded);
		*out_value = line->n;
		return (enum section)pack_find_head(p->pack, PACK_SECTION, folded, colon && bulletin_year(p->b) <= 2003);
	}
	if (!n || n > 400)
		return SECTION_NONE;
	text_fold(text, n, folded);
	section = (enum section)pack_find(p->pack, PACK_SECTION, folded);
	/* A long bold sentence is a label only when it is a question, or the title of a workaround. */
	*out_value = n;
	return section;
}

/* In answers: the next question ends what the last one was about. */
static bool is_question(const char *text, const struct line *line)
{
	size_t n = line->bold;

	if (!n)
		return false;
	text = text_trim(text, &n, "*");
	return n && (text[n - 1] == '?' || (n > 3 && memcmp(text + n - 3, "\xef\xbc\x9f", 3) == 0));
}

/* Labels that workarounds use for themselves, "warning" and "details", do not end them. */
static bool ends_work(enum section section)
{
	return section != SECTION_NONE && section != SECTION_CAUTION && section != SECTION_SUMMARY && section != SECTION_IMPACT && section != SECTION_OTHER &&
	       section != SECTION_FAQ && section != SECTION_UPDATE && section != SECTION_MAXIMUM && !deploys(section);
}

static void text_line(struct place *p, uint32_t number)
{
	const struct line *line = &p->doc->lines[number];
	const char        *text = p->doc->text + line->text;
	size_t             value = 0;
	enum section       section = label(p, line, text, &value);
	bool               faq = p->in_faq;

	if (section == SECTION_NONE && faq && is_question(text, line)) {
		p->section = SECTION_FAQ;
		read_cves(p, text, line->at);
		return;
	}
	if (p->in_work && !ends_work(section)) {
		read_work_line(p, text, line->at, line->bold > 0 && line->bold * 2 >= line->n);
		any_line(p, text, number, line->at);
		return;
	}
	if (section != SECTION_NONE) {
		const char *rest = text_behind_colon(text + value);

		note_cve(p, text, false);
		enter(p, section);
		p->in_faq = faq && is_question(text, line);
		p->product[0] = '\0';
		p->english = false;
		if (p->in_work) {
			p->item = false; /* what the label says begins no workaround */
			p->part_depth = p->depth;
			read_work_line(p, rest, line->at, false);
		}
		if (*rest)
			section_line(p, rest, number, line->at);
		return;
	}
	if (names_product(p, line, text)) {
		any_line(p, text, number, line->at);
		return;
	}
	section_line(p, text, number, line->at);
}

/* A table of two columns whose left one holds labels: deployment of 2007 and later. */
static void reference_table(struct place *p, const struct table *table)
{
	enum section kept = p->section;

	p->product[0] = '\0';
	for (uint32_t r = 0; r < table->count; r++) {
		const struct row *row = &p->doc->rows[table->first + r];
		enum section      here = SECTION_NONE;

		for (uint32_t c = 0; c < row->count; c++) {
			const struct cell *cell = &p->doc->cells[row->first + c];
			char               text[FOLD_MAX];

			doc_cell_text(p->doc, cell, text, sizeof(text));
			here = cell->column == 0 ? (enum section)pack_find_text(p->pack, PACK_SECTION, text, strlen(text)) : SECTION_NONE;
			if (here != SECTION_NONE) {
				p->section = here;
				p->product[0] = '\0';
				continue;
			}
			if (cell->column == 0 && text[0] && row->count > 1) { /* a label of no interest ends what was before */
				p->section = SECTION_UPDATE;
				p->product[0] = '\0';
			}
			for (uint32_t i = 0; i < cell->count; i++)
				text_line(p, cell->first + i);
		}
	}
	p->section = deploys(kept) ? kept : SECTION_UPDATE;
}

/* Cells of a table that no reader knows: lines like others. */
static void plain_table(struct place *p, const struct table *table)
{
	for (uint32_t r = table->first; r < table->first + table->count; r++)
		for (uint32_t c = p->doc->rows[r].first; c < p->doc->rows[r].first + p->doc->rows[r].count; c++)
			for (uint32_t i = 0; i < p->doc->cells[c].count; i++) {
				uint32_t number = p->doc->cells[c].first + i;

				section_line(p, doc_text(p->doc, number), number, p->doc->lines[number].at);
			}
}

static bool has_label_column(const struct place *p, const struct table *table)
{
	char text[FOLD_MAX];

	for (uint32_t r = 0; r < table->count && r < LABEL_ROWS; r++) {
		const struct row *row = &p->doc->rows[table->first + r];

		if (!row->count)
			continue;
		doc_cell_text(p->doc, &p->doc->cells[row->first], text, sizeof(text));
		if (deploys((enum section)pack_find_text(p->pack, PACK_SECTION, text, strlen(text))))
			return true;
	}
	return false;
}

/* Every cell may name flaws, keys and articles, whichever reader takes the table. */
static void table_ids(struct place *p, const struct table *table)
{
	for (uint32_t r = table->first; r < table->first + table->count; r++)
		for (uint32_t c = p->doc->rows[r].first; c < p->doc->rows[r].first + p->doc->rows[r].count; c++)
			for (uint32_t i = p->doc->cells[c].first; i < p->doc->cells[c].first + p->doc->cells[c].count; i++) {
				read_cves(p, doc_text(p->doc, i), p->doc->lines[i].at);
				read_reference(p, doc_text(p->doc, i), i, p->doc->lines[i].at);
			}
}

static void table_block(struct place *p, const struct table *table)
{
	if (read_file_table(p, table) || read_branch_table(p, table) || read_switch_table(p, table))
		return;
	if (table->columns <= 2 && has_label_column(p, table)) {
		reference_table(p, table);
		return;
	}
	if (p->in_work) {
		plain_table(p, table);
		return;
	}
	if (read_replaced_table(p, table)) {
		table_ids(p, table);
		return;
	}
	if (p->section == SECTION_REVISIONS || p->section == SECTION_THANKS || p->section == SECTION_FAQ) {
		plain_table(p, table);
		return;
	}
	table_ids(p, table);
	read_product_table(p, table);
	p->listed = true;
}

/* An item whose next neighbour is an item of its list, or the end of it. */
static bool is_leaf(const struct place *p, const struct block *block)
{
	const struct block *next = block + 1;

	return next == p->doc->blocks + p->doc->block_n || next->kind == BLOCK_HEADING || next->level < block->level ||
	       (next->kind == BLOCK_ITEM && next->level == block->level);
}

static void block(struct place *p, const struct block *block)
{
	p->alone = false;
	if (block->kind == BLOCK_TABLE) {
		table_block(p, &p->doc->tables[block->first]);
		return;
	}
	p->depth = block->level;
	p->fixed = block->kind == BLOCK_FIXED;
	p->alone = block->kind == BLOCK_TEXT && block->count == 1 && !block->level;
	for (uint32_t i = 0; i < block->count; i++) {
		const struct line *line = &p->doc->lines[block->first + i];
		const char        *text = p->doc->text + line->text;

		p->item = block->kind == BLOCK_ITEM && i == 0;
		p->ordered = p->item && block->ordered;
		p->leaf = p->item && block->count == 1 && is_leaf(p, block);
		if (block->kind == BLOCK_HEADING) {
			bool file = read_file_line(p, text, line->at);

			heading_ids(p, text, block->first + i, line->at);
			if (i == 0 && !file)
				heading(p, text, block->level);
		} else {
			text_line(p, block->first + i);
		}
	}
	p->fixed = p->item = false;
}

bool bulletin_read(const struct pack *pack, const char *source, const char *bytes, size_t n, struct bulletin *out, const char **why)
{
	struct doc    doc;
	struct place *p = calloc(1, sizeof(*p));

	*out = (struct bulletin){.store = store_open(STORE_MAX), .language = ""};
	*why = "there is no memory for it";
	if (p)
		p->work_text = malloc(LONG_TEXT * 3);
	if (!p || !p->work_text || !out->store || !doc_read(bytes, n, &doc, why)) {
		if (p && p->work_text && out->store)
			doc_close(&doc);
		free(p ? p->work_text : NULL);
		free(p);
		return false;
	}
	out->source = keep(out, source);
	out->language = keep(out, pack_language(pack)); /* a bulletin may outlive its pack */
	p->doc = &doc;
	p->pack = pack;
	p->b = out;
	read_head(p);
	for (uint32_t i = 0; i < doc.block_n; i++)
		block(p, &doc.blocks[i]);
	read_work_end(p);
	read_restart_end(p);
	read_thanks_end(p);
	read_rating_end(p);
	if (!out->kb[0] && p->article_n == 1)
		out->kb = keep(out, p->article);
	check_facts(p);
	doc_close(&doc);
	free(p->work_text);
	free(p);
	*why = !out->id[0] ? "it names no bulletin (MSyy-nnn)" : out->full ? "it has more facts than a bulletin has, or memory ran out" : NULL;
	return !*why;
}
