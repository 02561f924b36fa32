/* Words of bulletins: ids in every spelling, keys and their blanks, days, labels, language packs, blocks of a document. */
#include <stdlib.h>

#include "advise/doc.h"
#include "advise/pack.h"
#include "advise/text.h"
#include "test/tap.h"

static void ids(void)
{
	static const struct {
		const char *text, *want; /* NULL: none */
	} cves[] = {
		{"CAN-2003-0533", "CVE-2003-0533"}, {"cve-2003-0533:", "CVE-2003-0533"}, {"CVE-CAN-2003-0345", "CVE-2003-0345"},
		{"CVE\xe2\x80\x93" "2010-3190", "CVE-2010-3190"}, {"CVE-2007-01750", "CVE-2007-01750"}, {"CVE-2003-053", NULL}, {"CVE-2003-05333333", NULL}, {"CVE-1998-0001", NULL},
	};
	static const struct {
		const char *text, *want;
	} bulletins[] = {{"ms04-011.mspx", "MS04-011"}, {"(MS99-023)", "MS99-023"}, {"MS04-0111", NULL}, {"XMS04-011", NULL}};
	char        out[24];
	const char *from;

	for (size_t i = 0; i < sizeof(cves) / sizeof(cves[0]); i++) {
		const char *at = cves[i].text;
		bool        got = text_next_cve(&at, out, &from);

		tap_ok(got == (cves[i].want != NULL) && (!got || strcmp(out, cves[i].want) == 0), "%s is %s", cves[i].text, cves[i].want ? cves[i].want : "no id");
	}
	for (size_t i = 0; i < sizeof(bulletins) / sizeof(bulletins[0]); i++) {
		const char *at = bulletins[i].text;
		bool        got = text_next_bulletin(&at, out, &from);

		tap_ok(got == (bulletins[i].want != NULL) && (!got || strcmp(out, bulletins[i].want) == 0), "%s is %s", bulletins[i].text, bulletins[i].want ? bulletins[i].want : "no bulletin");
	}
}

static void articles(void)
{
	static const struct {
		const char *text;
		bool        named;
		const char *want;
	} cases[] = {{"KB835732", true, "835732"}, {"Q317606.", true, "317606"}, {"KB 2992611", true, "2992611"}, {"835732", true, NULL}, {"(835732)", false, "835732"}, {"1,028,880", false, NULL},
		     {"5.0.2195.6902", false, NULL}, {"12345678", false, NULL}};
	char        out[12];
	const char *from;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = cases[i].text;
		bool        got = text_next_kb(&at, cases[i].named, out, &from);

		tap_ok(got == (cases[i].want != NULL) && (!got || strcmp(out, cases[i].want) == 0), "%s holds %s", cases[i].text, cases[i].want ? cases[i].want : "no article");
	}
}

static void keys(void)
{
	static const struct {
		const char *text, *want;
		bool        repaired;
	} cases[] = {
		{"HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Hotfix\\Q317636.", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Hotfix\\Q317636", false},
		{"hklm\\A\\B", "HKEY_LOCAL_MACHINE\\A\\B", false},
		{"HKEY_LOCAL_MACHINE \\A\\ B", "HKEY_LOCAL_MACHINE\\A\\B", true},
		{"HKEY_LOCAL_MACHINE\\A\\Filelist existiert", "HKEY_LOCAL_MACHINE\\A\\Filelist", false},
		{"[HKEY_CLASSES_ROOT\\HCP]", "HKEY_CLASSES_ROOT\\HCP", false},
		{"HKEY_LOCAL_MACHINE", NULL, false},
	};
	char out[256];
	bool repaired;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = cases[i].text;
		bool        got = text_next_key(&at, out, sizeof(out), &repaired);

		if (!tap_ok(got == (cases[i].want != NULL) && (!got || (strcmp(out, cases[i].want) == 0 && repaired == cases[i].repaired)), "key %s", cases[i].text))
			tap_note("%s", got ? out : "none");
	}
}

static void packs(void)
{
	unsigned    line;
	const char *why;

	for (const struct pack_source *s = pack_sources; s->text; s++) {
		struct pack *pack = pack_read(s->text, s->n, &line, &why);

		if (!tap_ok(pack && strcmp(pack_language(pack), s->name) == 0, "pack %s", s->name))
			tap_note("line %u: %s", line, why);
		pack_close(&pack);
	}
	static const char text[] = "language xx\nseverity critical ^ Bad\nseverity none ^ Badly\nsection files ~ file\nsection verify = the file";
	struct pack      *pack = pack_read(text, sizeof(text) - 1, &line, &why);

	tap_ok(pack && pack_find_text(pack, PACK_SEVERITY, "Bad:", 4) == SEVERITY_CRITICAL, "a prefix fits");
	tap_ok(pack && pack_find_text(pack, PACK_SEVERITY, "BADLY so", 8) == SEVERITY_NONE, "the longer prefix wins");
	tap_ok(pack && pack_find_text(pack, PACK_SECTION, "The  File :", 11) == SECTION_VERIFY, "what equals wins over what holds");
	tap_ok(pack && pack_find_text(pack, PACK_SECTION, "files", 5) == SECTION_FILES, "a part fits");
	pack_close(&pack);
	tap_ok(!pack_read("language xx\nsection\n", 20, &line, &why) && line == 2, "a rule without a name is told with its line");
	tap_ok(!pack_read("section files = x\n", 18, &line, &why), "a pack without a language is none");
}

/* Cells by HTML, by pipes, and HTML whose cells hold Markdown and empty lines, are the same. */
static void tables(void)
{
	static const char *const texts[] = {
		"| A | B |\n|---|---|\n| c\\_d | **e** |\n",
		"<table><tr><td>A</td><td>B</td></tr>\n<tr><td>c_d</td><td><strong>e</strong></td></tr></table>\n",
		"<table>\n<tr>\n<td>\nA\n\n</td>\n<td>\n[B](http://h/)\n\n</td>\n</tr>\n<tr>\n<td>\nc\\_d\n\n</td>\n<td>\n**e**\n\n</td>\n</tr>\n</table>\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct doc  doc;
		const char *why;
		char        all[64] = "", one[16];
		bool        good = doc_read(texts[i], strlen(texts[i]), &doc, &why);

		for (uint32_t c = 0; good && c < doc.cell_n; c++) {
			doc_cell_text(&doc, &doc.cells[c], one, sizeof(one));
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s;", one);
		}
		if (!tap_ok(good && doc.table_n == 1 && doc.row_n == 2 && strcmp(all, "A;B;c_d;e;") == 0, "table of form %zu", i))
			tap_note("%s", all);
		doc_close(&doc);
	}
}

int main(void)
{
	ids();
	articles();
	keys();
	packs();
	tables();
	return tap_done();
}
