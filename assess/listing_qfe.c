/*
 * Reads `wmic qfe` (table, list, comma-separated) and `Get-HotFix`: their heads are names of properties, which no language changes.
 * Not done: rows of a second host; commas inside the unquoted cells of `/format:csv`.
 */
#include <string.h>

#include "assess/listing_int.h"
#include "base/day.h"
#include "base/str.h"

enum property { P_CAPTION = 0, P_HOST, P_DESCRIPTION, P_ID, P_DATE, P_ON, P_EFFECT, P_OTHER, PROPERTIES };

static const struct {
	const char   *name;
	enum property is;
} properties[] = {
	{"Caption", P_CAPTION}, {"CSName", P_HOST}, {"Node", P_HOST}, {"Source", P_HOST}, {"PSComputerName", P_HOST}, {"__SERVER", P_HOST},
	{"Description", P_DESCRIPTION}, {"HotFixID", P_ID}, {"InstallDate", P_DATE}, {"InstalledOn", P_ON}, {"ServicePackInEffect", P_EFFECT},
	{"FixComments", P_OTHER}, {"InstalledBy", P_OTHER}, {"Name", P_OTHER}, {"Status", P_OTHER}, {"Site", P_OTHER}, {"Container", P_OTHER},
	{"__PATH", P_OTHER}, {"__CLASS", P_OTHER},
};

enum form { FORM_NONE = 0, FORM_TABLE, FORM_CSV, FORM_LIST };

struct column {
	enum property is;
	size_t        start; /* of FORM_TABLE: in characters */
};

struct rows {
	const struct listing *l;
	enum form             form;
	char                  separator;
	struct column         columns[LISTING_COLUMNS_MAX];
	size_t                column_n;
	uint32_t              next; /* line */
	uint32_t              unclear; /* rows with more cells than the head */
};

struct row {
	struct listing_span        cells[PROPERTIES];
	const struct listing_line *line;
};

static enum property property_of(struct listing_span name)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (span_is(name, properties[i].name))
			return properties[i].is;
	return PROPERTIES;
}

static size_t characters(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Letters and underscores at the end of a word: a prompt ("... is being installed.") may stand right before the first name. */
static struct listing_span tail_of(struct listing_span word)
{
	size_t n = 0;

	while (n < word.n) {
		char c = word.text[word.n - 1 - n];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_')
			break;
		n++;
	}
	return (struct listing_span){word.text + word.n - n, n};
}

static bool names_id(const struct listing_line *line)
{
	return memmem(line->text, line->n, "HotFixID", 8) != NULL;
}

/* Names of properties and blanks, behind any prompt; columns are counted from the first name. */
static bool table_head(struct rows *rows, const struct listing_line *line)
{
	size_t      at = 0;
	const char *first = NULL;
	bool        has_id = false;

	rows->column_n = 0;
	if (!names_id(line))
		return false;
	while (at < line->n && rows->column_n < LISTING_COLUMNS_MAX) {
		struct listing_span word = {line->text + at, 0};
		enum property       is;

		for (; at < line->n && line->text[at] != ' ' && line->text[at] != '\t'; at++)
			word.n++;
		while (at < line->n && (line->text[at] == ' ' || line->text[at] == '\t'))
			at++;
		if (!word.n)
			continue;
		if (!first)
			word = tail_of(word);
		is = property_of(word);
		if (is == PROPERTIES && first)
			return false;
		if (is == PROPERTIES)
			continue;
		if (!first)
			first = word.text;
		has_id |= is == P_ID;
		rows->columns[rows->column_n++] = (struct column){is, characters(first, (size_t)(word.text - first))};
	}
	return has_id;
}

static bool csv_head(struct rows *rows, const struct listing_line *line, char separator)
{
	struct listing_span cells[LISTING_COLUMNS_MAX];
	size_t              n = names_id(line) ? csv_cells(line, separator, cells) : 0;
	bool                has_id = false;

	for (size_t i = 0; i < n; i++) {
		enum property is = property_of(cells[i]);

		rows->columns[i].is = is == PROPERTIES ? P_OTHER : is;
		has_id |= is == P_ID;
	}
	rows->column_n = n;
	rows->separator = separator;
	return has_id && n > 1;
}

/* "HotFixID=KB835732", "HotFixID            : KB835732" */
static bool pair(const struct listing_line *line, enum property *out_is, struct listing_span *out_value)
{
	struct listing_span name;
	size_t              at = 0;

	while (at < line->n && line->text[at] != '=' && line->text[at] != ':')
		at++;
	if (at == line->n)
		return false;
	name = span_of(line->text, at);
	*out_is = property_of(name);
	*out_value = span_of(line->text + at + 1, line->n - at - 1);
	return *out_is != PROPERTIES;
}

static bool rows_open(struct rows *rows, const struct listing *l)
{
	*rows = (struct rows){.l = l};
	for (uint32_t i = 0; i < l->line_n; i++) {
		enum property       is;
		struct listing_span value;

		rows->next = i + 1;
		if (csv_head(rows, &l->lines[i], ',') || csv_head(rows, &l->lines[i], ';')) {
			rows->form = FORM_CSV;
			return true;
		}
		if (table_head(rows, &l->lines[i])) {
			rows->form = FORM_TABLE;
			return true;
		}
		if (pair(&l->lines[i], &is, &value) && is == P_ID) {
			rows->form = FORM_LIST;
			rows->next = 0;
			return true;
		}
	}
	return false;
}

bool qfe_is(const struct listing *l)
{
	struct rows rows;

	return rows_open(&rows, l);
}

/* What stands between two columns, in characters. */
static struct listing_span slice(const struct listing_line *line, size_t from, size_t to)
{
	size_t begin, end, count = 0;

	for (begin = 0; begin < line->n; begin++) {
		count += ((unsigned char)line->text[begin] & 0xc0) != 0x80;
		if (count > from)
			break;
	}
	for (end = begin + (begin < line->n); end < line->n; end++) {
		count += ((unsigned char)line->text[end] & 0xc0) != 0x80;
		if (count > to)
			break;
	}
	return span_of(line->text + begin, end - begin);
}

/* A head that is repeated, and PowerShell's line of dashes. */
static bool ornament(struct rows *rows, const struct listing_line *line)
{
	struct rows again = {.l = rows->l};
	size_t      dashes = 0;

	for (size_t i = 0; i < line->n; i++)
		dashes += line->text[i] == '-' || line->text[i] == ' ';
	return dashes == line->n || (rows->form == FORM_TABLE ? table_head(&again, line) : csv_head(&again, line, rows->separator));
}

static bool next_of_columns(struct rows *rows, struct row *out)
{
	const struct listing_line *line;
	struct listing_span        cells[LISTING_COLUMNS_MAX], cell;
	size_t                     n = 0;

	do {
		if (rows->next >= rows->l->line_n)
			return false;
		line = &rows->l->lines[rows->next++];
	} while (ornament(rows, line));
	*out = (struct row){.line = line};
	if (rows->form == FORM_CSV)
		n = csv_cells(line, rows->separator, cells);
	if (n > rows->column_n)
		rows->unclear++;
	for (size_t i = 0; i < rows->column_n; i++) {
		size_t end = i + 1 < rows->column_n ? rows->columns[i + 1].start : SIZE_MAX;

		cell = (struct listing_span){0};
		if (rows->form == FORM_TABLE)
			cell = slice(line, rows->columns[i].start, end);
		else if (i < n)
			cell = cells[i];
		if (cell.n)
			out->cells[rows->columns[i].is] = cell;
	}
	return true;
}

/* A record ends where a property comes again. */
static bool next_of_pairs(struct rows *rows, struct row *out)
{
	bool seen[PROPERTIES] = {false}, any = false;

	*out = (struct row){0};
	for (; rows->next < rows->l->line_n; rows->next++) {
		const struct listing_line *line = &rows->l->lines[rows->next];
		enum property              is;
		struct listing_span        value;

		if (!pair(line, &is, &value) || is == P_OTHER)
			continue;
		if (seen[is])
			break;
		seen[is] = any = true;
		out->cells[is] = value;
		if (is == P_ID || !out->line)
			out->line = line;
	}
	return any;
}

static bool next_row(struct rows *rows, struct row *out)
{
	return rows->form == FORM_LIST ? next_of_pairs(rows, out) : next_of_columns(rows, out);
}

/* Which of two small numbers of a date is the month. Windows writes the month first, whatever the language, but copies are not bound to. */
enum order { ORDER_MONTH = 0, ORDER_DAY };

/* 01d4dfd0fb4eb361: tenths of microseconds since 1601, in hexadecimal. */
static uint32_t day_of_filetime(struct listing_span s)
{
	const uint64_t from_1601 = UINT64_C(11644473600), year_9999 = UINT64_C(253402300799);
	uint64_t       ticks = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.text[i], low = (char)(c | 0x20);

		if ((c < '0' || c > '9') && (low < 'a' || low > 'f'))
			return 0;
		ticks = ticks << 4 | (uint64_t)(c <= '9' ? c - '0' : low - 'a' + 10);
	}
	ticks /= 10000000;
	return ticks > from_1601 && ticks - from_1601 <= year_9999 ? day_of(ticks - from_1601) : 0;
}

static uint32_t day_made(uint32_t year, uint32_t month, uint32_t day)
{
	return year >= 1980 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31 ? year * 10000 + month * 100 + day : 0;
}

/* The three numbers of a written date as they stand; false when there are not three. */
static bool date_numbers(struct listing_span s, uint32_t out[3])
{
	for (size_t i = 0; i < 3; i++) {
		if (!s.n || *s.text < '0' || *s.text > '9' || !span_number(s, &out[i], &s))
			return false;
		if (i < 2 && (!s.n || !memchr("/.-", *s.text, 3)))
			return false;
		if (i < 2)
			s = span_of(s.text + 1, s.n - 1); /* "4. 25. 2014" */
	}
	return true;
}

/* 20040414 of "4/14/2004", "14.04.2004", "2004-04-14", "20040414", "20040414000000.000000+000" or a FILETIME; 0 of anything else. */
static uint32_t day_read(struct listing_span s, enum order order)
{
	uint32_t n[3], whole;
	size_t   digits = 0;

	while (digits < s.n && s.text[digits] >= '0' && s.text[digits] <= '9')
		digits++;
	if (s.n == 16 && (digits == 16 || !memchr(s.text, '/', s.n)) && day_of_filetime(s))
		return day_of_filetime(s);
	if ((digits == 8 && s.n == 8) || (digits == 14 && s.n > 14 && s.text[14] == '.')) {
		span_number((struct listing_span){s.text, 8}, &whole, NULL);
		return day_made(whole / 10000, whole / 100 % 100, whole % 100);
	}
	if (!date_numbers(s, n))
		return 0;
	if (n[0] > 31)
		return day_made(n[0], n[1], n[2]);
	if (n[0] > 12 || n[1] > 12)
		order = n[0] > 12 ? ORDER_DAY : ORDER_MONTH;
	else if (s.text[digits] == '.')
		order = ORDER_DAY;
	return order == ORDER_DAY ? day_made(n[2], n[1], n[0]) : day_made(n[2], n[0], n[1]);
}

static struct listing_span date_of(const struct row *row)
{
	return row->cells[P_ON].n ? row->cells[P_ON] : row->cells[P_DATE];
}

/* One date whose first number is too large for a month settles it for all. */
static enum order order_of(const struct rows *rows)
{
	struct rows again = *rows;
	struct row  row;
	uint32_t    n[3];

	while (next_row(&again, &row))
		if (date_numbers(date_of(&row), n) && n[0] > 12 && n[0] <= 31)
			return ORDER_DAY;
	return ORDER_MONTH;
}

/* What the rows are of, as far as they say. */
struct gist {
	struct listing_span host;
	enum family         family;
	bool                families; /* more than one */
	bool                registry; /* as Windows keeps it in the registry: up to 2003 */
	bool                cut; /* the file ends inside an id */
	uint32_t            hosts, unnamed, left_out, taken;
	enum order          order;
	uint32_t            first;
};

/* Descriptions name the system in every language. */
static const struct {
	const char *word;
	enum family family;
} systems[] = {{"Windows Server 2003", FAMILY_2003}, {"Windows XP", FAMILY_XP}, {"Windows 2000", FAMILY_2000}};

enum { SYSTEMS = sizeof(systems) / sizeof(systems[0]) };

/* "Windows XP\SP4": the words of the key that such an update has in the registry. */
static void take_key(struct host *host, struct gist *gist, const struct row *row, struct host_update *update)
{
	struct listing_span pack = row->cells[P_EFFECT];
	char                key[64];
	struct str          s = str_over(key, sizeof(key));

	for (size_t i = 0; i < SYSTEMS; i++) {
		if (!span_holds(row->cells[P_DESCRIPTION], systems[i].word))
			continue;
		gist->families |= gist->family != FAMILY_UNKNOWN && gist->family != systems[i].family;
		gist->family = systems[i].family;
		if (pack.n < 3 || pack.n > 4 || !span_begins(pack, "SP") || *update->under)
			return;
		str_fmt(&s, "%s\\", systems[i].word);
		str_bytes(&s, pack.text, pack.n);
		update->under = host_text(host, key);
		return;
	}
}

static void take_row(struct host *host, const struct rows *rows, struct gist *gist, const struct row *row)
{
	struct listing_span id = row->cells[P_ID], effect = row->cells[P_EFFECT], name = row->cells[P_HOST];
	struct host_update *update;

	if (!id.n)
		return;
	if (!rows->l->ended && id.text + id.n == rows->l->text + rows->l->n) {
		gist->cut = true;
		return;
	}
	if (name.n && gist->host.n && (name.n != gist->host.n || memcmp(name.text, gist->host.text, name.n) != 0)) {
		gist->hosts++;
		return;
	}
	if (name.n)
		gist->host = name;
	gist->registry |= update_is_file(id) || span_is(id, "Q147222") || (span_begins(effect, "SP") && effect.n <= 4);
	if (update_is_file(id) && !update_named(effect)) {
		gist->unnamed++;
		return;
	}
	update = listing_update(host, rows->l, row->line, update_is_file(id) ? effect : id, gist->first);
	if (!update) {
		gist->left_out++;
		return;
	}
	if (!update->day)
		update->day = day_read(date_of(row), gist->order);
	take_key(host, gist, row, update);
}

static void tell(struct host *host, const struct rows *rows, const struct gist *gist)
{
	struct origin from = listing_from(rows->l, NULL);

	if (gist->unnamed)
		host_add_note(host, "updates.truncated", from, "Rows that are \"File 1\" and do not say which update they are of: %u.", gist->unnamed);
	if (!rows->l->ended)
		host_add_note(host, "updates.truncated", from, "The file ends inside a line%s.", gist->cut ? ", whose update is not read" : "");
	if (gist->left_out)
		host_add_note(host, "updates.unclear", from, "Rows that do not name an update: %u.", gist->left_out);
	if (rows->unclear)
		host_add_note(host, "updates.unclear", from, "Rows that have more cells than the head names: %u.", rows->unclear);
	if (gist->hosts)
		host_add_note(host, "host.more", from, "Rows that are of other hosts and are not read: %u.", gist->hosts);
	host->updates_truncated |= gist->unnamed || gist->left_out || !rows->l->ended || rows->unclear || gist->taken == LISTING_UPDATES_MAX;
	if (gist->taken == LISTING_UPDATES_MAX)
		host_add_note(host, "updates.truncated", from, "Only the first %u rows are read.", gist->taken);
}

bool qfe_read(struct host *host, const struct listing *l, const char **why)
{
	struct rows rows;
	struct gist gist = {.first = host->update_n};
	struct row  row;

	if (!rows_open(&rows, l)) {
		*why = "it is no list of updates: no line names the property HotFixID";
		return false;
	}
	gist.order = order_of(&rows);
	for (; gist.taken < LISTING_UPDATES_MAX && next_row(&rows, &row); gist.taken++)
		take_row(host, &rows, &gist, &row);
	tell(host, &rows, &gist);
	if (gist.host.n)
		host->name = span_kept(host, gist.host);
	if (gist.family != FAMILY_UNKNOWN && !gist.families) {
		host->system.family = gist.family;
		host->system.from = listing_from(l, NULL);
	}
	listing_scope(host, l, NULL, gist.registry);
	return true;
}
