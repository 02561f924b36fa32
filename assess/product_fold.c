/* Folds a product's name for comparing: lower case, narrow letters, without marks, links, footnotes and HTML. */
#include "assess/product_fold_int.h"

#include <string.h>

#include "base/str.h"

/* Behind a link's text, footnote or tag that begins at *at; its words stay, what is only markup is skipped. */
static const char *past_markup(const char *at)
{
	const char *end;

	if (at[0] == ']' && at[1] == '(' && (end = strchr(at, ')')))
		return end + 1;
	if (at[0] == '[' && at[1] >= '0' && at[1] <= '9' && at[1 + strspn(at + 1, "0123456789")] == ']')
		return at + 1 + strspn(at + 1, "0123456789") + 1;
	if (at[0] == '<' && (end = strchr(at, '>')))
		return end + 1;
	if (at[0] == '&' && at[1] == '#' && (end = strchr(at, ';')) && end - at < 8)
		return end + 1;
	return at;
}

/* The one character that stands for a code point in names, 0 for none. */
static char narrow(uint32_t point)
{
	if (point >= 0xff01 && point <= 0xff5e)
		return (char)(point - 0xff01 + '!');
	switch (point) {
	case 0x00a0: case 0x3000: case 0x2002: case 0x2003: case 0x2009: return ' ';
	case 0x2010: case 0x2011: case 0x2012: case 0x2013: case 0x2014: case 0x2212: return '-';
	default: return 0;
	}
}

/* Marks that say nothing: registered, trademark, copyright, soft hyphen, daggers, zero width. */
static bool silent(uint32_t point)
{
	return point == 0xae || point == 0xa9 || point == 0xad || point == 0x2122 || point == 0x2020 || point == 0x2021 || (point >= 0x200b && point <= 0x200f) ||
		point == 0xfeff;
}

static void fold_one(struct str *s, const char *at, size_t n, uint32_t point)
{
	char c = n == 1 ? *at : narrow(point);

	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == '\n')
		c = ';';
	if (c == '\t' || c == '\r')
		c = ' ';
	if (c == '*' || c == '[' || c == ']' || c == '\\' || c == '`' || c == '"' || silent(point))
		return;
	if (c)
		str_char(s, c);
	else
		str_bytes(s, at, n);
}

void product_fold(const char *name, char *out, size_t size)
{
	struct str s = str_over(out, size);

	while (*name && !s.cut) {
		const char *behind = past_markup(name);
		uint32_t    point = 0;
		size_t      n;

		if (behind != name) {
			if (*name == '<')
				str_char(&s, ';'); /* <br /> parts names */
			name = behind;
			continue;
		}
		n = utf8_one((const uint8_t *)name, strnlen(name, 4), &point);
		if (n)
			fold_one(&s, name, n, point);
		name += n ? n : 1;
	}
}
