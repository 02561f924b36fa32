/*
 * Reads `systeminfo`, as a list or as comma-separated values, in any language: by the order of its lines and the form of their values.
 * Not done: more than one host in a file; the tables of `/fo table`.
 */
#include <string.h>

#include "assess/listing_int.h"

enum { FIELDS_MAX = 64, CONFIGURATION = 2, TYPE = 11, LOCALE = 17, HOTFIXES = 28 /* lines behind that of the version */ };

/* One line "label: value", and the lines below it up to the next. */
struct field {
	struct listing_span        label, value;
	const struct listing_line *line;
	uint32_t                   next; /* the line behind its own */
};

struct info {
	const struct listing *l;
	struct field          fields[FIELDS_MAX];
	uint32_t              field_n, version; /* the place of the version */
	bool                  csv; /* items stand in the value */
};

/* What follows "[01]:" in lines or values. */
struct item {
	struct listing_span        text;
	const struct listing_line *line;
	bool                       cut; /* the file's end of list stands inside its number */
};

struct items {
	const struct info  *info;
	const struct field *field;
	uint32_t            line;
	size_t              at, indent;
};

/* "5.2.3790 ..." */
static bool is_version(struct listing_span value)
{
	size_t dots = 0, digits = 0;

	for (size_t i = 0; i < value.n && value.text[i] != ' '; i++) {
		if (value.text[i] == '.' && digits) {
			dots++;
			digits = 0;
		} else if (value.text[i] >= '0' && value.text[i] <= '9') {
			digits++;
		} else {
			return false;
		}
	}
	return dots == 2 && digits >= 3;
}

static void read_list(struct info *info)
{
	for (uint32_t i = 0; i < info->l->line_n; i++) {
		const struct listing_line *line = &info->l->lines[i];
		const char                *colon = memchr(line->text, ':', line->n);

		if (line->text[0] == ' ' || line->text[0] == '\t' || !colon || colon == line->text || info->field_n == FIELDS_MAX)
			continue;
		info->fields[info->field_n++] = (struct field){
			.label = span_of(line->text, (size_t)(colon - line->text)),
			.value = span_of(colon + 1, line->n - (size_t)(colon - line->text) - 1),
			.line = line,
			.next = i + 1,
		};
	}
}

/* The head and the first host of `/fo csv`. */
static void read_csv(struct info *info)
{
	struct listing_span head[LISTING_COLUMNS_MAX], values[LISTING_COLUMNS_MAX];

	for (uint32_t i = 0; i + 1 < info->l->line_n; i++) {
		size_t names = csv_cells(&info->l->lines[i], ',', head);
		size_t n = names > 20 ? csv_cells(&info->l->lines[i + 1], ',', values) : 0;

		if (n < 4 || n > names)
			continue;
		info->csv = true;
		for (size_t j = 0; j < n; j++)
			info->fields[info->field_n++] = (struct field){.label = head[j], .value = values[j], .line = &info->l->lines[i + 1], .next = i + 2};
		return;
	}
}

static bool find_version(struct info *info)
{
	for (info->version = 1; info->version < info->field_n; info->version++)
		if (is_version(info->fields[info->version].value) && span_holds(info->fields[info->version - 1].value, "windows"))
			return true;
	return false;
}

static bool info_open(struct info *info, const struct listing *l)
{
	*info = (struct info){.l = l};
	read_list(info);
	if (find_version(info))
		return true;
	*info = (struct info){.l = l};
	read_csv(info);
	return find_version(info);
}

bool info_is(const struct listing *l)
{
	struct info info;

	return info_open(&info, l);
}

/* "[01]: text", "[01] : text", "[245", of which the digits and what is behind are given. */
static bool item_parse(struct listing_span s, struct item *out)
{
	size_t digits = 1;

	if (s.n < 2 || s.text[0] != '[')
		return false;
	while (digits < s.n && s.text[digits] >= '0' && s.text[digits] <= '9')
		digits++;
	out->cut = digits == s.n;
	if (out->cut) {
		out->text = (struct listing_span){s.text + s.n, 0};
		return true;
	}
	if (digits == 1 || s.text[digits] != ']')
		return false;
	out->text = span_of(s.text + digits + 1, s.n - digits - 1);
	if (out->text.n && out->text.text[0] == ':')
		out->text = span_of(out->text.text + 1, out->text.n - 1);
	return true;
}

/* ",[02]: " separates items of values. */
static bool next_in_value(struct items *it, struct item *out)
{
	struct listing_span value = it->field->value;

	while (it->at < value.n) {
		size_t begin = it->at, end;

		for (end = begin; end < value.n && !(value.text[end] == ',' && end + 1 < value.n && value.text[end + 1] == '['); end++)
			;
		it->at = end + 1;
		out->line = it->field->line;
		if (item_parse(span_of(value.text + begin, end - begin), out))
			return true;
	}
	return false;
}

static bool next_item(struct items *it, struct item *out)
{
	const struct listing *l = it->info->l;

	if (it->info->csv)
		return next_in_value(it, out);
	for (; it->line < l->line_n; it->line++) {
		const struct listing_line *line = &l->lines[it->line];
		struct listing_span        s = span_of(line->text, line->n);
		size_t                     indent = (size_t)(s.text - line->text);

		if (!indent)
			return false;
		if (!it->indent)
			it->indent = indent;
		out->line = line;
		if (indent == it->indent && item_parse(s, out)) { /* deeper ones are addresses of a network card */
			it->line++;
			return true;
		}
	}
	return false;
}

static struct items items_of(const struct info *info, const struct field *field)
{
	return (struct items){.info = info, .field = field, .line = field->next};
}

static bool has_items(const struct info *info, uint32_t field)
{
	struct items it = items_of(info, &info->fields[field]);
	struct item  item;

	return next_item(&it, &item);
}

static const struct field *field_at(const struct info *info, uint32_t behind)
{
	return info->version + behind < info->field_n ? &info->fields[info->version + behind] : NULL;
}

static unsigned arch_of(struct listing_span type)
{
	static const struct {
		const char *word;
		unsigned    arch;
	} words[] = {{"x64", ARCH_X64}, {"amd64", ARCH_X64}, {"itanium", ARCH_IA64}, {"ia64", ARCH_IA64}, {"alpha", ARCH_ALPHA}, {"arm", ARCH_ARM}, {"x86", ARCH_X86}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_holds(type, words[i].word))
			return words[i].arch;
	return 0;
}

/* The first list is of processors, and the line above it is the system's type. Without the list, its place tells. */
static unsigned read_arch(const struct info *info, uint32_t *out_processors)
{
	uint32_t at = info->version + 1;

	while (at < info->field_n && !has_items(info, at))
		at++;
	*out_processors = at < info->field_n ? at : info->version + TYPE + 1;
	return *out_processors - 1 < info->field_n && *out_processors - 1 > info->version ? arch_of(info->fields[*out_processors - 1].value) : 0;
}

/* "5.1.2600 Service Pack 3 Build 2600": the number between the version and the build; without one there is none. */
static void read_numbers(struct host *host, struct listing_span value)
{
	char                text[32] = "";
	size_t              n = 0;
	uint32_t            number;
	struct listing_span rest;

	for (; n < value.n && n < sizeof(text) - 1 && value.text[n] != ' '; n++)
		text[n] = value.text[n];
	text[n] = '\0';
	if (!version_parse(text, host->system.version))
		return;
	rest = (struct listing_span){value.text + n, value.n - n};
	host->system.pack = 0;
	if (span_number(rest, &number, &rest) && number != host->system.version[2])
		host->system.pack = number <= 9 ? (int)number : -1;
}

static void read_system(struct host *host, const struct info *info, uint32_t *out_processors)
{
	const struct field *version = &info->fields[info->version], *name = version - 1, *configuration = field_at(info, CONFIGURATION);
	bool                server;

	host->system.from = listing_from(info->l, version->line);
	host->system.product = span_kept(host, name->value);
	if (info->version >= 2 && name[-1].value.n && !span_holds(name[-1].value, " "))
		host->name = span_kept(host, name[-1].value);
	read_numbers(host, version->value);
	host->system.arch = read_arch(info, out_processors);
	if (configuration)
		host->system.role = role_of(configuration->value);
	server = span_holds(name->value, "server") || host->system.role == ROLE_SERVER || host->system.role == ROLE_DOMAIN_CONTROLLER;
	host->system.edition = edition_of(name->value, server);
	host->system.family = family_of_version(host->system.version[0], host->system.version[1], host->system.version[2], server);
}

/*
 * Labels are in the language of the system that ran the program, the locale is that of the system it asked, and programs of one
 * language may well have the locale of another. Where the two differ nothing is claimed.
 */
static void read_language(struct host *host, const struct info *info, uint32_t processors)
{
	const struct field *numbered = field_at(info, LOCALE), *first = &info->fields[info->version >= 2 ? info->version - 2 : 0];
	const char         *label = NULL;
	char                locale[8] = "";

	for (const struct field *f = first; f <= &info->fields[info->version] && !label; f++)
		label = label_language(f->label);
	for (uint32_t i = processors; i < info->field_n && !*locale; i++)
		if (memchr(info->fields[i].value.text, ';', info->fields[i].value.n))
			locale_language(info->fields[i].value, locale);
	if (!*locale && numbered)
		locale_language(numbered->value, locale);
	if (*locale && label && strncmp(locale, label, 2) == 0 && (strncmp(label, "zh", 2) != 0 || strcmp(locale, label) == 0))
		label = NULL;
	if (label && *locale)
		host_add_note(host, "language.differs", host->system.from, "The labels are of language \"%s\" and the locale is of \"%s\": which of them the system is, cannot be told.", label, locale);
	else
		memcpy(host->system.language, *locale ? locale : label ? label : "", strlen(*locale ? locale : label ? label : "") + 1);
}

/* The list whose items are named as updates are; otherwise the line behind the one of the logon server. */
static const struct field *find_updates(const struct info *info, uint32_t processors)
{
	for (uint32_t i = processors + 1; i < info->field_n; i++) {
		struct items it = items_of(info, &info->fields[i]);
		struct item  item;

		if (next_item(&it, &item) && (update_named(item.text) || update_is_file(item.text)))
			return &info->fields[i];
	}
	for (uint32_t i = processors + 1; i + 1 < info->field_n; i++)
		if (info->fields[i].value.n > 2 && memcmp(info->fields[i].value.text, "\\\\", 2) == 0)
			return has_items(info, i + 1) ? NULL : &info->fields[i + 1];
	return field_at(info, HOTFIXES) && !has_items(info, info->version + HOTFIXES) ? field_at(info, HOTFIXES) : NULL;
}

struct tally {
	uint32_t said, seen, files, left_out;
	bool     cut; /* the file ends inside the list */
	char     last[32];
};

static void tell(struct host *host, const struct info *info, const struct field *field, const struct tally *t)
{
	struct origin from = listing_from(info->l, field->line);
	bool          short_of = t->seen < t->said || t->cut;

	if (short_of)
		host_add_note(host, "updates.truncated", from, "The list is cut: it says %u updates and ends after %u%s%s%s.", t->said, t->seen, *t->last ? "; its last entry \"" : "",
			      t->last, *t->last ? "\" may be cut and is not counted as an update" : "");
	if (t->files)
		host_add_note(host, "updates.truncated", from, "Updates that are listed as \"File 1\" alone: %u; `wmic qfe` names them.", t->files);
	if (t->left_out)
		host_add_note(host, "updates.unclear", from, "Entries that do not name an update: %u.", t->left_out);
	host->updates_truncated |= short_of || t->files || t->left_out;
}

/* The program cuts the line and its items, joined by commas, at 4,095 characters: so the last item of a list that lacks some may be half of one. */
static void read_updates(struct host *host, const struct info *info, const struct field *field)
{
	struct tally t = {0};
	struct items it = items_of(info, field);
	struct item  item, before = {0};
	uint32_t     first = host->update_n;
	bool         more = next_item(&it, &item);

	span_number(field->value, &t.said, NULL);
	t.cut = field + 1 >= info->fields + info->field_n; /* lines always follow it: that of the network cards */
	while (more && t.seen < LISTING_UPDATES_MAX) {
		before = item;
		more = next_item(&it, &item);
		t.cut |= before.cut;
		if (before.cut)
			break;
		t.seen++;
		if (update_is_file(before.text))
			t.files++;
		else if (!more && (t.seen < t.said || t.cut))
			memcpy(t.last, before.text.text, before.text.n < sizeof(t.last) ? before.text.n : 0);
		else if (!listing_update(host, info->l, before.line, before.text, first))
			t.left_out++;
	}
	t.cut |= more && t.seen == LISTING_UPDATES_MAX;
	tell(host, info, field, &t);
	listing_scope(host, info->l, field->line, host->system.family == FAMILY_2000 || host->system.family == FAMILY_XP || host->system.family == FAMILY_2003);
}

bool info_read(struct host *host, const struct listing *l, const char **why)
{
	struct info         info;
	const struct field *updates;
	uint32_t            processors;

	if (!info_open(&info, l)) {
		*why = "it is no output of systeminfo: no line has a version of Windows";
		return false;
	}
	read_system(host, &info, &processors);
	read_language(host, &info, processors);
	updates = find_updates(&info, processors);
	if (updates) {
		read_updates(host, &info, updates);
		return true;
	}
	host->updates_truncated = true;
	host_add_note(host, "updates.truncated", listing_from(l, NULL), "The listing has no line of updates.");
	return true;
}
