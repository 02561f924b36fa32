/* Reads flaws, revisions, references and acknowledgements. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

/* Numbers had four digits until 2013; a fifth before that, or a leading zero of five, is a slip of the pen. */
static unsigned cve_flags(const struct bulletin *b, const char *id)
{
	unsigned long year = strtoul(id + 4, NULL, 10);
	size_t        digits = strlen(id + 9);
	unsigned      flags = 0;

	if (digits > 4 && (year < 2014 || id[9] == '0'))
		flags |= CVE_IMPOSSIBLE;
	if (bulletin_year(b) && year > bulletin_year(b))
		flags |= year > bulletin_year(b) + 10 ? CVE_IMPOSSIBLE : CVE_NEWER; /* CVE-2914-8985 */
	return flags;
}

/* What stands before the id in a heading or a cell is its title: "LSASS ... - CVE-2003-0533". */
static const char *cve_title(struct place *p, const char *text, const char *from)
{
	size_t n = (size_t)(from - text);

	while (n) {
		size_t before = n;

		while (n && strchr(" -:(", text[n - 1]))
			n--;
		while (n >= 3 && (memcmp(text + n - 3, "\xe2\x80\x93", 3) == 0 || memcmp(text + n - 3, "\xef\xbc\x88", 3) == 0))
			n -= 3;
		if (n == before)
			break;
	}
	return n > 6 && n < 300 ? keep_n(p->b, text, n) : "";
}

static enum sure cve_sure(const struct place *p)
{
	switch (p->section) {
	case SECTION_CVE:
	case SECTION_SEVERITY:
	case SECTION_WORKAROUND:
	case SECTION_MITIGATION:
	case SECTION_AFFECTED: return SURE_HIGH;
	case SECTION_REVISIONS:
	case SECTION_FAQ:
	case SECTION_THANKS: return SURE_LOW;
	default: return SURE_MEDIUM;
	}
}

void read_cves(struct place *p, const char *text, uint32_t at)
{
	const char *walk = text, *from;
	char        id[24];

	while (text_next_cve(&walk, id, &from)) {
		struct bulletin *b = p->b;
		struct cve      *cve = NULL;
		enum sure        sure = cve_sure(p);

		for (uint32_t i = 0; !cve && i < b->cve_n; i++)
			if (strcmp(b->cves[i].id, id) == 0)
				cve = &b->cves[i];
		if (!cve) {
			if (b->cve_n >= CVES_MAX)
				return;
			cve = FACT(b, cve);
			if (!cve)
				return;
			*cve = (struct cve){.id = keep(b, id), .title = "", .flags = cve_flags(b, id), .from = {at, sure}};
		} else if (sure > cve->from.sure) {
			cve->from = (struct from){at, sure};
		}
		if (strncasecmp(from, "CAN", 3) == 0 || strncasecmp(from, "CVE-CAN", 7) == 0)
			cve->flags |= CVE_CANDIDATE;
		if (!cve->title[0] && sure == SURE_HIGH && p->section != SECTION_WORKAROUND && p->section != SECTION_MITIGATION)
			cve->title = cve_title(p, text, from);
	}
}

/* "2004/04/14 : text", "V1.1 (13. Dezember 2005): text". */
void read_revision(struct place *p, const char *text, uint32_t at)
{
	struct bulletin *b = p->b;
	struct revision *revision;
	size_t           took, n = 0;
	uint32_t         day = read_day(p->pack, text, &took);
	const char      *version = "";

	if (!day || took > 40 || !((text[0] >= '0' && text[0] <= '9') || (text[0] | 32) == 'v' || text[0] == '('))
		return; /* what it goes on to say, or the line about the making of the page */
	if ((text[0] | 32) == 'v') {
		const char *number = text + 1 + strspn(text + 1, ". "); /* "V.1.1", "V 1.0" */

		while ((number[n] >= '0' && number[n] <= '9') || (n && number[n] == '.'))
			n++;
		version = keep_n(b, number, n);
	}
	revision = FACT(b, revision);
	if (!revision)
		return;
	text += took;
	while (*text == ')' || *text == ' ' || strncmp(text, "\xef\xbc\x89", 3) == 0)
		text += *text == ')' || *text == ' ' ? 1 : 3;
	*revision = (struct revision){.day = day, .version = version, .text = keep(b, text_behind_colon(text)), .from = {at, SURE_HIGH}};
}

static bool known_reference(const struct bulletin *b, const char *kind, const char *id)
{
	for (uint32_t i = 0; i < b->reference_n; i++)
		if (strcmp(b->references[i].kind, kind) == 0 && strcmp(b->references[i].id, id) == 0)
			return true;
	return false;
}

static void reference_add(struct place *p, const char *kind, const char *id, const char *url, const char *text, uint32_t at)
{
	struct reference *reference;

	if (known_reference(p->b, kind, id))
		return;
	reference = FACT(p->b, reference);
	if (reference)
		*reference = (struct reference){
			.kind = kind,
			.id = keep(p->b, id),
			.url = keep(p->b, url ? url : ""),
			.text = keep_n(p->b, text, strlen(text) < 200 ? strlen(text) : 0),
			.from = {at, SURE_MEDIUM},
		};
}

/* Articles by their link or by name; addresses only in the section that lists them. */
void read_reference(struct place *p, const char *text, uint32_t line, uint32_t at)
{
	const char *url = doc_url(p->doc, line, 1), *walk = text, *from;
	char        kb[12];

	if (url) {
		const char *article = strstr(url, "support.microsoft.com/");
		const char *number = article ? strstr(article, "kb/") : NULL;
		size_t      n = 0;

		while (number && n < 8 && number[3 + n] >= '0' && number[3 + n] <= '9')
			n++;
		if (n >= 6 && n <= 7) {
			memcpy(kb, number + 3, n);
			kb[n] = '\0';
			reference_add(p, "kb", kb, url, text, at);
		} else if (p->section == SECTION_REFERENCES && strncmp(url, "http", 4) == 0) {
			reference_add(p, "url", url, url, text, at);
		}
	}
	while (text_next_kb(&walk, true, kb, &from))
		reference_add(p, "kb", kb, "", "", at);
	walk = text;
	if (p->section == SECTION_REFERENCES && bulletin_year(p->b) <= 2003 && text_next_kb(&walk, false, kb, &from)) {
		reference_add(p, "kb", kb, "", "", at);
		p->article_n += strcmp(p->article, kb) != 0;
		memcpy(p->article, kb, sizeof(kb));
	}
}

/* Until 2003 thanks are a paragraph; later one leads to a list. */
void read_thanks_end(struct place *p)
{
	struct credit *credit = p->thanks[0] ? FACT(p->b, credit) : NULL;

	if (credit)
		*credit = (struct credit){.text = keep(p->b, p->thanks), .cve = "", .from = {p->thanks_at, SURE_MEDIUM}};
	p->thanks[0] = '\0';
}

void read_thanks(struct place *p, const char *text, uint32_t at)
{
	struct credit *credit;
	const char    *walk = text, *from;
	char           id[24] = "";

	if (!p->item && !p->depth) {
		size_t n = strlen(text);

		read_thanks_end(p);
		if (bulletin_year(p->b) <= 2003 && n < sizeof(p->thanks) && !text_ends_with_colon(text, n)) {
			memcpy(p->thanks, text, n + 1);
			p->thanks_at = at;
		}
		return;
	}
	p->thanks[0] = '\0'; /* it led to this list */
	text_next_cve(&walk, id, &from);
	credit = FACT(p->b, credit);
	if (credit)
		*credit = (struct credit){.text = keep(p->b, text), .cve = keep(p->b, id), .from = {at, SURE_HIGH}};
}
