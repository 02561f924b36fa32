/* Reads tables of files: HTML and pipe tables by their heads, fixed-width text by what each word is. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

enum { WORDS_MAX = 16 };

static const char *const extensions[] = {
	"dll", "exe", "sys", "tsp", "ocx", "inf", "cpl", "drv", "acm", "ax", "chm", "msc", "tlb", "com", "vxd", "dat", "hlp", "cat", "asp",
	"aspx", "htm", "html", "js", "vbs", "cmd", "ini", "xml", "xsl", "mof", "oca", "cnv", "cnv_1033", "flt", "wpc", "olb", "rll", "mui", "manifest",
	"h", "hxs", "msi", "msp", "msu", "mfl", "mib", "nls", "ppd", "gpd", "pdb", "sql", "txt", "vbe", "wsc", "config", "resources", "lex",
	"ttf", "fon", "aw", "ecf", "dic", "asa", "srf", "cfg", "adm", "admx", "dotm", "xla", "xlam", "ppa", "dot", "wiz", "sam", "srv", "ths",
	"pip", "bin", "esn", "rsp",
	"gif", "css", "man", "tmpl", "ime", "imd", "cab", "cdx", "xpt", "dnl", "reg", "inc", "stp", "lng", "ph", "hxt", "scr", "efi", "fmt",
};

static const char *const arches[] = {"x86", "x64", "ia64", "ia-64", "amd64", "i386", "alpha", "ppc", "msil", "arm"};

static bool is_word(const char *const *words, size_t count, const char *text, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == n && strncasecmp(words[i], text, n) == 0)
			return true;
	return false;
}

static bool is_arch(const char *text, size_t n)
{
	return is_word(arches, sizeof(arches) / sizeof(arches[0]), text, n);
}

static bool is_file(const char *text, size_t n)
{
	const char *dot = memrchr(text, '.', n);

	return dot && dot > text && n < 128 && memchr(text, '\\', n) == NULL && memchr(text, ' ', n) == NULL && memchr(text, '/', n) == NULL &&
	       is_word(extensions, sizeof(extensions) / sizeof(extensions[0]), dot + 1, n - (size_t)(dot + 1 - text));
}

/* "5.2.3790.132": three dots or two, digits between. */
static bool is_version(const char *text, size_t n)
{
	unsigned dots = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '.' && i && text[i - 1] != '.')
			dots++;
		else if (!isdigit((unsigned char)text[i]))
			return false;
	}
	return n && dots >= 1 && dots <= 5 && text[n - 1] != '.' && text[0] != '.';
}

/* "1,028,880", "1.642.496", "254976": octets; 0 when it is no size. Groups have three digits. */
static uint64_t size_of(const char *text, size_t n)
{
	uint64_t value = 0;
	unsigned group = 0, groups = 0;

	for (size_t i = 0; i < n; i++) {
		if (isdigit((unsigned char)text[i]) && value < 1000000000000u) {
			value = value * 10 + (unsigned)(text[i] - '0');
			group++;
		} else if ((text[i] == ',' || text[i] == '.') && i && (groups ? group == 3 : group <= 3)) {
			groups++;
			group = 0;
		} else {
			return 0;
		}
	}
	return groups && group != 3 ? 0 : value;
}

static bool is_time(const char *text, size_t n)
{
	return n >= 4 && n <= 8 && isdigit((unsigned char)text[0]) && (text[1] == ':' || text[2] == ':') && isdigit((unsigned char)text[n - 1]);
}

/* RTMGDR, SP2QFE, sp1: what branch of the code a row belongs to; the rest of the folder stays a folder. */
static size_t branch_of(const char *text, size_t n)
{
	size_t      take = 0;
	const char *slash = memchr(text, '\\', n);

	if (slash)
		n = (size_t)(slash - text);
	while (take < n && isalnum((unsigned char)text[take]))
		take++;
	if (take != n || take < 3)
		return 0;
	if (strncasecmp(text, "RTM", 3) == 0 || (strncasecmp(text, "SP", 2) == 0 && isdigit((unsigned char)text[2])) || strncasecmp(text, "GDR", 3) == 0 ||
	    strncasecmp(text, "QFE", 3) == 0 || strncasecmp(text, "LDR", 3) == 0)
		return take;
	return 0;
}

static void set_folder(struct place *p, struct file *file, const char *text, size_t n)
{
	size_t branch;

	text = text_trim(text, &n, "");
	if (!n || (n == 1 && *text == '-'))
		return;
	if (is_arch(text, n)) {
		file->arch = keep_n(p->b, text, n);
		return;
	}
	branch = branch_of(text, n);
	if (branch)
		file->branch = keep_n(p->b, text, branch);
	file->folder = keep_n(p->b, text, n);
}

static struct file *file_new(struct place *p, uint32_t at, enum sure sure)
{
	struct file *file = FACT(p->b, file);

	if (file)
		*file = (struct file){
			.name = "", .version = "", .arch = "", .branch = "", .folder = "", .time = "",
			.product = keep(p->b, place_product(p)),
			.language = p->english ? "en" : p->b->language,
			.from = {at, sure},
		};
	return file;
}

static void cell_into(struct place *p, struct file *file, enum column kind, const char *text)
{
	size_t n = strlen(text), took;

	text = text_trim(text, &n, "");
	if (!n || (n == 1 && *text == '-'))
		return;
	switch (kind) {
	case COLUMN_FILE: file->name = keep_n(p->b, text, n); break;
	case COLUMN_VERSION:
		if (isdigit((unsigned char)*text))
			file->version = keep_n(p->b, text, n);
		break;
	case COLUMN_SIZE: file->size = size_of(text, n); break;
	case COLUMN_DATE: file->day = read_day(p->pack, text, &took); break;
	case COLUMN_TIME: file->time = keep_n(p->b, text, n); break;
	case COLUMN_ARCH: file->arch = keep_n(p->b, text, n); break;
	case COLUMN_FOLDER: set_folder(p, file, text, n); break;
	case COLUMN_NONE: /* a column without a head: what its text is */
		if (is_arch(text, n))
			file->arch = keep_n(p->b, text, n);
		else if (branch_of(text, n))
			set_folder(p, file, text, n);
		break;
	default: break;
	}
}

static bool heads_are_of_files(const struct heads *heads)
{
	unsigned kinds = 0;

	for (uint16_t c = 0; c < heads->count; c++)
		kinds |= 1u << heads->kind[c];
	return heads->found && kinds >> COLUMN_FILE & 1 && (kinds >> COLUMN_VERSION & 1 || kinds >> COLUMN_SIZE & 1) &&
	       (kinds >> COLUMN_SIZE & 1 || kinds >> COLUMN_DATE & 1 || kinds >> COLUMN_FOLDER & 1 || heads->count <= 3);
}

/* "6.0.6001.18372" is as "6.0.6001.18xxx": every x is a digit. */
static bool fits_build(const char *version, const char *pattern)
{
	while (*version && (*version == *pattern || (*pattern == 'x' && isdigit((unsigned char)*version)))) {
		version++;
		pattern++;
	}
	return !*version && !*pattern;
}

static const char *branch_by_version(struct place *p, const char *version)
{
	for (uint32_t i = 0; i < p->build_n; i++)
		if (fits_build(version, p->builds[i].pattern))
			return keep(p->b, p->builds[i].branch);
	return "";
}

/* One row: the pattern of versions, products, and the branch in the last column. */
static void branch_row(struct place *p, const struct row *row)
{
	const struct cell *cells = &p->doc->cells[row->first];
	struct build       build;
	char               text[NAME_MAX_];
	size_t             n;

	if (row->count < 2 || p->build_n == BUILDS_MAX)
		return;
	doc_cell_text(p->doc, &cells[0], text, sizeof(text));
	n = strspn(text, "0123456789.x");
	if (!isdigit((unsigned char)text[0]) || text[n] || n >= sizeof(build.pattern) || !strchr(text, 'x'))
		return;
	memcpy(build.pattern, text, n + 1);
	doc_cell_text(p->doc, &cells[row->count - 1], text, sizeof(text));
	n = branch_of(text, strlen(text));
	if (!n || n >= sizeof(build.branch))
		return;
	memcpy(build.branch, text, n);
	build.branch[n] = '\0';
	p->builds[p->build_n++] = build;
}

/* "6.0.6001.18xxx | Windows Vista SP1 | GDR": which versions of the tables that follow are of which branch. */
bool read_branch_table(struct place *p, const struct table *table)
{
	struct heads heads;
	uint32_t     before = p->build_n;

	table_heads(p, table, &heads);
	if (!heads.found || heads.count < 2 || heads.kind[0] != COLUMN_VERSION || heads.kind[heads.count - 1] != COLUMN_FOLDER)
		return false;
	p->build_n = 0;
	for (uint32_t r = heads.row + 1; r < table->first + table->count; r++)
		branch_row(p, &p->doc->rows[r]);
	if (!p->build_n)
		p->build_n = before;
	return p->build_n > 0;
}

static void file_row(struct place *p, const struct heads *heads, const struct row *row)
{
	struct file *file;
	uint32_t     at = 0;

	for (uint32_t i = 0; !at && i < row->count; i++)
		at = p->doc->cells[row->first + i].count ? p->doc->lines[p->doc->cells[row->first + i].first].at : 0;
	file = at ? file_new(p, at, SURE_HIGH) : NULL;
	if (!file)
		return;
	for (uint32_t i = 0; i < row->count; i++) {
		const struct cell *cell = &p->doc->cells[row->first + i];
		char               text[NAME_MAX_];

		doc_cell_text(p->doc, cell, text, sizeof(text));
		if (cell->column < heads->count)
			cell_into(p, file, heads->kind[cell->column], text);
		else
			cell_into(p, file, COLUMN_NONE, text);
	}
	if (!file->branch[0])
		file->branch = branch_by_version(p, file->version);
	if (!file->name[0] || (!file->version[0] && !file->size && !file->day))
		p->b->file_n--; /* a heading inside the table, or an empty row */
}

bool read_file_table(struct place *p, const struct table *table)
{
	struct heads heads;

	table_heads(p, table, &heads);
	if (!heads_are_of_files(&heads))
		return false;
	for (uint32_t r = table->first; r < table->first + table->count; r++) {
		const struct row *row = &p->doc->rows[r];

		if (r == heads.row || !row->count)
			continue;
		if (row->count == 1 || r < heads.row) { /* a row over all columns names what follows */
			char text[NAME_MAX_];

			doc_cell_text(p->doc, &p->doc->cells[row->first], text, sizeof(text));
			if (looks_like_product(text))
				product_name(text, p->product, sizeof(p->product), NULL);
			continue;
		}
		file_row(p, &heads, row);
	}
	return true;
}

struct word_at {
	const char *text;
	size_t      n;
};

static size_t words_of(const char *text, struct word_at out[WORDS_MAX])
{
	size_t count = 0;

	while (*text && count < WORDS_MAX) {
		while (*text == ' ' || *text == '\t' || *text == '|')
			text++;
		if (!*text)
			break;
		out[count].text = text;
		while (*text && *text != ' ' && *text != '\t' && *text != '|')
			text++;
		out[count].n = (size_t)(text - out[count].text);
		count++;
	}
	return count;
}

static uint32_t word_day(const struct place *p, const struct word_at *word)
{
	char   text[24];
	size_t took;

	if (word->n < 8 || word->n >= sizeof(text))
		return 0;
	memcpy(text, word->text, word->n);
	text[word->n] = '\0';
	return read_day(p->pack, text, &took);
}

/* A row of fixed-width text: a date, or a version, and a size, and the name of a file; nothing that is prose. */
bool read_file_line(struct place *p, const char *text, uint32_t at)
{
	struct word_at words[WORDS_MAX];
	size_t         count = words_of(text, words);
	int            name = -1, version = -1, size = -1, time = -1, arch = -1, folder = -1;
	uint32_t       day = 0;
	struct file   *file;

	if (count < 3 || count > 9)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *w = words[i].text;
		size_t      n = words[i].n;

		if (name < 0 && is_file(w, n))
			name = (int)i;
		else if (time < 0 && is_time(w, n))
			time = (int)i;
		else if (!day && (day = word_day(p, &words[i])))
			;
		else if (is_arch(w, n))
			arch = (int)i;
		else if (version < 0 && name < 0 && size < 0 && is_version(w, n) && (size_of(w, n) == 0 || memchr(w, '.', n) != memrchr(w, '.', n)))
			version = (int)i;
		else if (size < 0 && size_of(w, n) > 0 && size_of(w, n) != day)
			size = (int)i;
		else if (branch_of(w, n) || (name >= 0 && i + 1 == count && n < 40))
			folder = (int)i;
		else if (!(n == 1 && *w == '-'))
			return false;
	}
	/* "49.754.624" alone is a size with German points, not a version. */
	if (version >= 0 && size < 0 && size_of(words[version].text, words[version].n)) {
		size = version;
		version = -1;
	}
	if (name < 0 || !day || (version < 0 && size < 0))
		return false;
	file = file_new(p, at, p->fixed ? SURE_HIGH : SURE_MEDIUM);
	if (!file)
		return true;
	file->name = keep_n(p->b, words[name].text, words[name].n);
	file->version = version >= 0 ? keep_n(p->b, words[version].text, words[version].n) : "";
	file->size = size >= 0 ? size_of(words[size].text, words[size].n) : 0;
	file->time = time >= 0 ? keep_n(p->b, words[time].text, words[time].n) : "";
	file->arch = arch >= 0 ? keep_n(p->b, words[arch].text, words[arch].n) : "";
	file->day = day;
	if (folder >= 0)
		set_folder(p, file, words[folder].text, words[folder].n);
	return true;
}

/* Dots and digits at text that are a version of three numbers or more: their octets, or 0. */
static size_t version_span(const char *text)
{
	size_t   n = strspn(text, "0123456789.");
	unsigned dots = 0;

	while (n && text[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++)
		dots += text[i] == '.';
	return dots >= 2 && is_version(text, n) ? n : 0;
}

static bool known_file(const struct bulletin *b, const char *name, size_t name_n, const char *version, size_t n)
{
	for (uint32_t i = 0; i < b->file_n; i++)
		if (strncasecmp(b->files[i].name, name, name_n) == 0 && !b->files[i].name[name_n] && strncmp(b->files[i].version, version, n) == 0 && !b->files[i].version[n])
			return true;
	return false;
}

/*
 * Which build the next table is of may be said before it. "Nsum.exe ... version 4.1.0.3857": before there were tables, until 2003, a sentence
 * says which version holds the fix.
 */
void read_file_prose(struct place *p, const char *text, uint32_t at)
{
	char folded[FOLD_MAX];

	text_fold(text, strlen(text), folded);
	if ((p->section == SECTION_FILES || p->section == SECTION_UPDATE) && pack_says(p->pack, WORD_ENGLISH, folded))
		p->english = true;
	if (bulletin_year(p->b) > 2003 || p->in_work)
		return;
	if (!pack_says(p->pack, WORD_VERSION, folded))
		return;
	for (size_t i = 0; text[i];) {
		size_t       n = 0, span = 0, far = 0;
		struct file *file;

		while (isalnum((unsigned char)text[i + n]) || (text[i + n] && strchr("._-", text[i + n])))
			n++;
		if (!n || !is_file(text + i, n)) {
			i += n ? n : 1;
			continue;
		}
		for (far = n; text[i + far] && far < n + 80 && !span; far++)
			span = isdigit((unsigned char)text[i + far]) && !isdigit((unsigned char)text[i + far - 1]) ? version_span(text + i + far) : 0;
		if (span && !known_file(p->b, text + i, n, text + i + far - 1, span) && (file = file_new(p, at, SURE_LOW))) {
			file->name = keep_n(p->b, text + i, n);
			file->version = keep_n(p->b, text + i + far - 1, span);
		}
		i += n;
	}
}
