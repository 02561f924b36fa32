/* Reads words of bulletins: folds labels, finds ids of flaws, bulletins and articles, and paths of the registry. */
#include "advise/text.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

/* Signs that are no part of a name: registered, trademark, copyright, no-break and wide blank, zero width. */
static bool is_sign(uint32_t point)
{
	return point == 0xae || point == 0x2122 || point == 0xa9 || point == 0xa0 || point == 0x3000 || point == 0x200b || point == 0xfeff;
}

void text_fold(const char *text, size_t n, char out[FOLD_MAX])
{
	size_t to = 0;

	for (size_t i = 0; i < n && to + 4 < FOLD_MAX;) {
		uint32_t point = (uint8_t)text[i];
		size_t   took = point < 0x80 ? 1 : utf8_one((const uint8_t *)text + i, n - i, &point);

		if (!took) {
			i++;
			continue;
		}
		if (point >= 0xff01 && point <= 0xff5e)
			point -= 0xfee0;
		if (point == 0x2013 || point == 0x2014 || point == 0x2010 || point == 0x2011)
			point = '-';
		if (point < 0x80) {
			if (point > ' ' && point != '*')
				out[to++] = (char)(point >= 'A' && point <= 'Z' ? point + 32 : point);
		} else if (!is_sign(point)) {
			memcpy(out + to, text + i, took);
			to += took;
		}
		i += took;
	}
	while (to && (out[to - 1] == ':' || out[to - 1] == '.'))
		to--;
	out[to] = '\0';
}

const char *text_trim(const char *text, size_t *n, const char *drop)
{
	while (*n && (*text == ' ' || *text == '\t' || strchr(drop, *text))) {
		text++;
		--*n;
	}
	while (*n && (text[*n - 1] == ' ' || text[*n - 1] == '\t' || strchr(drop, text[*n - 1])))
		--*n;
	return text;
}

const char *text_behind_colon(const char *text)
{
	static const char wide[] = "\xef\xbc\x9a", ideographic[] = "\xe3\x80\x80";

	for (;;) {
		if (*text == ' ' || *text == ':' || *text == '.')
			text++;
		else if (strncmp(text, wide, 3) == 0 || strncmp(text, ideographic, 3) == 0)
			text += 3;
		else
			return text;
	}
}

bool text_ends_with_colon(const char *text, size_t n)
{
	text = text_trim(text, &n, "*");
	return n && (text[n - 1] == ':' || (n > 3 && memcmp(text + n - 3, "\xef\xbc\x9a", 3) == 0));
}

uint32_t text_number(const char *text, unsigned digits, size_t *took)
{
	uint32_t value = 0;
	size_t   i = 0;

	for (; i < digits && i < 9 && text[i] >= '0' && text[i] <= '9'; i++)
		value = value * 10 + (uint32_t)(text[i] - '0');
	*took = i;
	return value;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* A hyphen as people type it: also a dash, or one with blanks. */
static size_t hyphen(const char *text)
{
	if (*text == '-')
		return 1;
	return strncmp(text, "\xe2\x80\x93", 3) == 0 || strncmp(text, "\xe2\x80\x91", 3) == 0 || strncmp(text, "\xe2\x80\x90", 3) == 0 ? 3 : 0;
}

bool text_next_cve(const char **at, char out[24], const char **from)
{
	for (const char *p = *at; *p; p++) {
		const char *q = p;
		size_t      year_n, dash, n;
		uint32_t    year;

		if ((*p | 32) != 'c' || (strncasecmp(p, "CVE", 3) != 0 && strncasecmp(p, "CAN", 3) != 0) || !(dash = hyphen(p + 3)))
			continue;
		q = p + 3 + dash;
		if (strncasecmp(q, "CAN-", 4) == 0)
			q += 4;
		year = text_number(q, 4, &year_n);
		dash = year_n == 4 ? hyphen(q + 4) : 0;
		if (!dash || year < 1999)
			continue;
		q += 4 + dash;
		for (n = 0; n < 8 && is_digit(q[n]); n++)
			;
		if (n < 4 || n > 7)
			continue;
		struct str s = str_over(out, 24);

		str_fmt(&s, "CVE-%u-%.*s", year, (int)n, q);
		*from = p;
		*at = q + n;
		return true;
	}
	return false;
}

bool text_next_bulletin(const char **at, char out[12], const char **from)
{
	for (const char *p = *at; *p; p++) {
		size_t dash;

		if ((*p | 32) != 'm' || (p[1] | 32) != 's' || !is_digit(p[2]) || !is_digit(p[3]) || !(dash = hyphen(p + 4)))
			continue;
		const char *q = p + 4 + dash;

		if (!is_digit(q[0]) || !is_digit(q[1]) || !is_digit(q[2]) || is_digit(q[3]) || (p > *at && is_letter(p[-1])))
			continue;
		struct str s = str_over(out, 12);

		str_fmt(&s, "MS%.2s-%.3s", p + 2, q);
		*from = p;
		*at = q + 3;
		return true;
	}
	return false;
}

bool text_next_kb(const char **at, bool named, char out[12], const char **from)
{
	for (const char *p = *at; *p; p++) {
		size_t letters = (*p | 32) == 'k' && (p[1] | 32) == 'b' ? 2 : (*p | 32) == 'q' ? 1 : 0, n = 0;
		bool   apart = p == *at || (!is_letter(p[-1]) && !is_digit(p[-1]) && p[-1] != '.');

		if (!apart || (!letters && (named || !is_digit(*p))))
			continue;
		while (letters && p[letters] == ' ')
			letters++;
		while (n < 8 && is_digit(p[letters + n]))
			n++;
		const char *behind = p + letters + n;

		if (n < 6 || n > 7 || is_letter(*behind) || (!letters && (*behind == '.' || *behind == ',') && is_digit(behind[1])))
			continue;
		memcpy(out, p + letters, n);
		out[n] = '\0';
		*from = p;
		*at = p + letters + n;
		return true;
	}
	return false;
}

struct hive {
	const char *prefix, *name;
};

static const struct hive hives[] = {
	{"HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE"}, {"HKLM\\", "HKEY_LOCAL_MACHINE"}, {"HKEY_CLASSES_ROOT", "HKEY_CLASSES_ROOT"},
	{"HKCR\\", "HKEY_CLASSES_ROOT"}, {"HKEY_CURRENT_USER", "HKEY_CURRENT_USER"}, {"HKCU\\", "HKEY_CURRENT_USER"},
	{"HKEY_USERS", "HKEY_USERS"},
};

/* The hive that a path at text begins with; *out_n is how much of the text names it. */
static const struct hive *hive_at(const char *text, size_t *out_n)
{
	for (size_t i = 0; i < sizeof(hives) / sizeof(hives[0]); i++) {
		size_t n = strlen(hives[i].prefix);

		if (strncasecmp(text, hives[i].prefix, n) == 0) {
			*out_n = hives[i].prefix[n - 1] == '\\' ? n - 1 : n;
			return &hives[i];
		}
	}
	return NULL;
}

/*
 * Where the last name of a path ends. Names hold blanks ("Windows NT", "PCT 1.0"), and prose may follow: a blank ends the
 * last name unless a backslash comes later or what follows begins as a name does, with a capital or a digit.
 */
static size_t last_name(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == ' ' && i + 1 < n && !(is_digit(text[i + 1]) || (text[i + 1] >= 'A' && text[i + 1] <= 'Z')))
			return i;
	return n;
}

/* Octets of the path at text: ASCII without what Windows forbids in names and prose brings in. */
static size_t path_span(const char *text)
{
	size_t n = 0, slash = 0;

	while (text[n] >= ' ' && (unsigned char)text[n] < 0x7f && !strchr("\"|<>;=]", text[n])) {
		size_t ignored;

		if (n > 4 && hive_at(text + n, &ignored) && text[n - 1] != '_')
			break;
		if (text[n] == ' ' && text[n + 1] && text[n + 2] == ':' && text[n + 3] == '\\')
			break; /* "reg export HKCR\.cbl c:\cbl.reg" */
		if (text[n] == '\\')
			slash = n + 1;
		n++;
	}
	return slash + last_name(text + slash, n - slash);
}

bool text_next_key(const char **at, char *out, size_t size, bool *repaired)
{
	for (const char *p = *at; *p; p++) {
		size_t             skip, n, to;
		const struct hive *hive = (*p | 32) == 'h' ? hive_at(p, &skip) : NULL;

		if (!hive)
			continue;
		p += skip;
		n = path_span(p);
		*at = p + n;
		*repaired = false;
		while (n && strchr(" .,\\)", p[n - 1]))
			n--;
		if (!n || !memchr(p, '\\', n) || strlen(hive->name) + n + 1 > size) {
			p = *at - 1;
			continue;
		}
		to = strlen(hive->name);
		memcpy(out, hive->name, to);
		for (size_t i = 0; i < n; i++) {
			bool beside = p[i] == ' ' && (i == 0 || p[i - 1] == '\\' || p[i + 1] == '\\' || p[i - 1] == ' ');
			bool again = p[i] == '\\' && out[to - 1] == '\\';

			bool article = p[i] == ' ' && is_digit(p[i + 1]) && to > 2 && strncmp(out + to - 3, "\\KB", 3) == 0; /* "\KB 926255" */

			*repaired |= beside || again || article;
			if (p[i] == '{' && out[to - 1] != '\\' && to + n - i + 1 < size) /* a cell's Markdown ate the backslash before it */
				out[to++] = '\\';
			if (!beside && !again && !article)
				out[to++] = p[i];
		}
		out[to] = '\0';
		return true;
	}
	return false;
}
