/* Reads how an update is installed: installer and switches, restart, removal, what it needs, which service pack will hold it. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

enum { TEXT_MOST = 4096 };

static const struct {
	enum section section;
	enum topic   topic;
} topics[] = {
	{SECTION_RESTART, TOPIC_RESTART}, {SECTION_REMOVAL, TOPIC_REMOVAL}, {SECTION_PREREQUISITE, TOPIC_PREREQUISITE}, {SECTION_FUTURE, TOPIC_FUTURE},
	{SECTION_MITIGATION, TOPIC_MITIGATION}, {SECTION_CAUTION, TOPIC_CAUTION}, {SECTION_SUMMARY, TOPIC_SUMMARY},
};

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

static bool is_program(const char *extension)
{
	static const char *const programs[] = {".exe", ".msu", ".msp", ".cab"};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcasecmp(extension, programs[i]) == 0)
			return true;
	return isdigit((unsigned char)extension[1]); /* "Windows6.0-KB..." */
}

/* The article's number stands at the head of a part of the word: "Windows2000-KB958644-x86-JPN". */
static bool names_article(const char *word)
{
	for (const char *at = word; *at; at++) {
		const char *part = at + (*at == '-' || *at == '_'), *from;
		char        kb[12];

		if (strchr("-_QqKk", *at) && text_next_kb(&part, true, kb, &from) && from <= at + 1)
			return true;
	}
	return false;
}

/* A word that is an installer: letters, the article's number, and parts or an extension as installers have them. */
static bool is_installer(const char *text, size_t n)
{
	char        word[128], kb[12];
	const char *dot, *at = word, *from;

	if (n < 8 || n >= sizeof(word) || !isalpha((unsigned char)text[0]))
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	dot = strrchr(word, '.');
	if (dot && !is_program(dot) && !names_article(dot + 1)) /* "WindowsServer2003.WindowsXP-KB973525-x64-JPN" */
		return false;
	if (!dot && text_next_kb(&at, true, kb, &from) && from == word && strspn(at, "_") == strlen(at))
		return false; /* "KB2686827_" begins the name of a log */
	return names_article(word) && (dot || strpbrk(word, "-_"));
}

/* The switches behind it: " /quiet /norestart", to the first word that is none. */
static size_t switches_span(const char *text)
{
	size_t end = 0, at = 0;

	for (;;) {
		while (text[at] == ' ')
			at++;
		if (text[at] != '/' && !(text[at] == '-' && isalpha((unsigned char)text[at + 1])))
			return end;
		while ((unsigned char)text[at] > ' ' && (unsigned char)text[at] < 0x7f)
			at++;
		end = at;
	}
}

static void installer_add(struct place *p, const char *name, size_t name_n, const char *switches, size_t n, uint32_t at)
{
	struct bulletin  *b = p->b;
	struct installer *installer;

	switches = text_trim(switches, &n, ",;.");
	for (uint32_t i = 0; i < b->installer_n; i++) {
		installer = &b->installers[i];
		if (strncmp(installer->file, name, name_n) == 0 && !installer->file[name_n] && strncmp(installer->switches, switches, n) == 0 &&
		    !installer->switches[n] && strcmp(installer->product, place_product(p)) == 0)
			return;
	}
	installer = FACT(b, installer);
	if (installer)
		*installer = (struct installer){
			.file = keep_n(b, name, name_n),
			.switches = keep_n(b, switches, n),
			.product = keep(b, place_product(p)),
			.from = {at, n ? SURE_HIGH : SURE_MEDIUM},
		};
}

/* "lync.msp" in a line of its own: a package without an article in its name. */
static bool is_package(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return n && (strcasecmp(text + n, ".msp") == 0 || strcasecmp(text + n, ".msu") == 0);
}

static void installers(struct place *p, const char *text, uint32_t at)
{
	for (size_t i = 0; text[i];) {
		size_t n = 0, span;

		while (is_name(text[i + n]))
			n++;
		if (!n) {
			i++;
			continue;
		}
		if ((i == 0 || (text[i - 1] != '/' && text[i - 1] != '\\' && text[i - 1] != '$')) && is_installer(text + i, n)) {
			span = switches_span(text + i + n);
			installer_add(p, text + i, n, text + i + n, span, at);
			n += span;
		}
		i += n;
	}
}

/* Until 2008 the downloads of Office are named by their addresses only. */
void read_installer_link(struct place *p, uint32_t line, uint32_t at)
{
	const char *url = doc_url(p->doc, line, 1), *name = url ? strrchr(url, '/') : NULL, *dot;
	size_t      n = name ? strlen(name + 1) : 0;

	if (!name || (p->section != SECTION_INSTALL && p->section != SECTION_SWITCHES) || !is_installer(name + 1, n))
		return;
	dot = strrchr(name, '.');
	if (dot && is_program(dot))
		installer_add(p, name + 1, n, "", 0, at);
}

static void option_add(struct place *p, const char *name, size_t n, const char *meaning, uint32_t at, enum sure sure)
{
	struct setup_switch *option;
	const char       *product = place_product(p);
	bool              removal = p->section == SECTION_REMOVAL;

	name = text_trim(name, &n, ":");
	for (uint32_t i = 0; i < p->b->switch_n; i++) {
		option = &p->b->switches[i];
		if (strncmp(option->name, name, n) == 0 && !option->name[n] && option->removal == removal && strcmp(option->product, product) == 0)
			return;
	}
	option = fact_add(p->b, (void **)&p->b->switches, &p->b->switch_n, &p->b->switch_room, sizeof(*p->b->switches));
	if (option)
		*option = (struct setup_switch){
			.name = keep_n(p->b, name, n),
			.meaning = keep(p->b, meaning),
			.product = keep(p->b, product),
			.removal = removal,
			.from = {at, sure},
		};
}

/* "/quiet: no words" as a line of its own. */
static void option_line(struct place *p, const char *text, uint32_t at)
{
	size_t n = 1;

	if ((*text != '/' && *text != '-') || !(isalpha((unsigned char)text[1]) || text[1] == '?') || p->in_work)
		return;
	while ((unsigned char)text[n] > ' ' && (unsigned char)text[n] < 0x7f && text[n] != ':') {
		size_t inner = text[n] == '[' ? strcspn(text + n, "] ") : 0; /* "/xp[:path] text" */

		n += inner && text[n + inner] == ']' ? inner + 1 : 1;
	}
	if (text[n] == ' ' && text[n + 1] == '<' && strcspn(text + n, ">") < 24 && text[n + strcspn(text + n, ">")]) /* "-UHF <X> :" */
		n += strcspn(text + n, ">") + 1;
	if (text[n] == ' ' && text[n + 1] == ':')
		n++;
	if (n > 40 || (text[n] != ':' && text[n] != ' ') || (*text == '-' && text[n] != ':'))
		return;
	option_add(p, text, n, text_behind_colon(text + n), at, SURE_MEDIUM);
}

bool read_switch_table(struct place *p, const struct table *table)
{
	struct heads heads;

	table_heads(p, table, &heads);
	if (!heads.found || !heads.count || heads.kind[0] != COLUMN_SWITCH)
		return false;
	for (uint32_t r = heads.row + 1; r < table->first + table->count; r++) {
		const struct row *row = &p->doc->rows[r];
		char              name[NAME_MAX_], meaning[NAME_MAX_ * 2] = "";

		if (!row->count || !p->doc->cells[row->first].count)
			continue;
		doc_cell_text(p->doc, &p->doc->cells[row->first], name, sizeof(name));
		if (row->count > 1)
			doc_cell_text(p->doc, &p->doc->cells[row->first + 1], meaning, sizeof(meaning));
		if (name[0] == '/' || name[0] == '-')
			option_add(p, name, strlen(name), meaning, p->doc->lines[p->doc->cells[row->first].first].at, SURE_HIGH);
	}
	return true;
}

/* More of the same statement: lines of one section and product belong together. */
static bool extends(const struct place *p, const struct statement *s, enum topic topic, uint32_t at)
{
	return s->topic == topic && strcmp(s->product, place_product(p)) == 0 && at - s->from.line < 40 && strlen(s->text) < TEXT_MOST;
}

static void statement_line(struct place *p, enum topic topic, const char *text, uint32_t at)
{
	struct bulletin  *b = p->b;
	struct statement *last = b->statement_n ? &b->statements[b->statement_n - 1] : NULL;
	enum answer       answer = ANSWER_UNKNOWN;
	char              folded[FOLD_MAX];

	if (topic == TOPIC_RESTART || topic == TOPIC_REMOVAL)
		answer = (enum answer)pack_find_text(p->pack, PACK_ANSWER, text, strlen(text));
	if (last && extends(p, last, topic, at)) {
		char   joined[TEXT_MOST * 2];
		size_t n = strlen(last->text), more = strlen(text);

		if (n + more + 2 < sizeof(joined)) {
			memcpy(joined, last->text, n);
			joined[n] = '\n';
			memcpy(joined + n + 1, text, more);
			last->text = keep_n(b, joined, n + 1 + more);
		}
		if (last->answer == ANSWER_UNKNOWN)
			last->answer = answer;
		return;
	}
	text_fold(text, strlen(text), folded);
	if (answer == ANSWER_UNKNOWN && pack_says(p->pack, WORD_CAPTION, folded))
		return;
	last = FACT(b, statement);
	if (last)
		*last = (struct statement){.topic = topic, .product = keep(b, place_product(p)), .text = keep(b, text), .answer = answer, .from = {at, SURE_HIGH}};
}

/* Bulletins without a section on restarts may speak of one in an answer: kept for when nothing better comes. */
static void note_restart(struct place *p, const char *text, uint32_t at)
{
	char folded[FOLD_MAX];

	if (p->restart || p->in_work || p->section == SECTION_REVISIONS || p->section == SECTION_RESTART)
		return;
	text_fold(text, strlen(text), folded);
	if (!pack_says(p->pack, WORD_RESTART, folded) || !pack_says(p->pack, WORD_UPDATE, folded))
		return; /* a restart for another reason: after an attack, for a setting */
	p->restart = keep(p->b, text);
	p->restart_at = at;
}

void read_restart_end(struct place *p)
{
	for (uint32_t i = 0; i < p->b->statement_n; i++)
		if (p->b->statements[i].topic == TOPIC_RESTART)
			return;
	if (!p->restart)
		return;
	p->product[0] = p->base[0] = '\0';
	statement_line(p, TOPIC_RESTART, p->restart, p->restart_at);
	p->b->statements[p->b->statement_n - (p->b->statement_n > 0)].from.sure = SURE_LOW;
}

/* "The fix is in Windows 2000 Service Pack 3 and later", among the downloads: which service pack or later update holds it. */
static void note_held(struct place *p, const char *text, uint32_t at)
{
	char        folded[FOLD_MAX], id[12];
	const char *walk = text, *from;

	if (p->section != SECTION_UPDATE && p->section != SECTION_INSTALL)
		return;
	text_fold(text, strlen(text), folded);
	if (!pack_says(p->pack, WORD_HELD, folded) || (!strstr(folded, "servicepack") && !text_next_bulletin(&walk, id, &from) && !pack_says(p->pack, WORD_UPDATE, folded)))
		return;
	statement_line(p, TOPIC_FUTURE, text, at);
	if (p->b->statement_n && p->b->statements[p->b->statement_n - 1].from.line == at)
		p->b->statements[p->b->statement_n - 1].from.sure = SURE_MEDIUM;
}

void read_deploy_line(struct place *p, const char *text, uint32_t at)
{
	if (!*text)
		return;
	note_held(p, text, at);
	note_restart(p, text, at);
	if ((p->section == SECTION_UPDATE || p->section == SECTION_INSTALL) && !p->in_work && is_package(text))
		installer_add(p, text, strlen(text), "", 0, at);
	installers(p, text, at);
	option_line(p, text, at);
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
		if (topics[i].section == p->section)
			statement_line(p, topics[i].topic, text, at);
}
