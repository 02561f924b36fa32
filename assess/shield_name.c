/* Names and comments of policy texts, made of what hosts and bulletins say. */
#include <stdarg.h>
#include <string.h>

#include "assess/shield_int.h"

enum { TEXT = 2048, WIDTH = 110 };

static bool is_taken(const char *name, const char (*taken)[SHIELD_NAME], size_t taken_n)
{
	for (size_t i = 0; i < taken_n; i++)
		if (strcmp(taken[i], name) == 0)
			return true;
	return false;
}

void shield_name(const char *host, const char (*taken)[SHIELD_NAME], size_t taken_n, char out[SHIELD_NAME])
{
	char       base[SHIELD_NAME - 24];
	struct str s = str_over(base, sizeof(base)), again;

	for (const char *p = host; *p && *p != '.' && !s.cut; p++) {
		bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'), digit = *p >= '0' && *p <= '9';

		if (!s.len && !letter)
			str_add(&s, "host-");
		if (letter)
			str_char(&s, (char)(*p | 0x20));
		else if (digit)
			str_char(&s, *p);
		else if (s.len && base[s.len - 1] != '-')
			str_char(&s, '-');
	}
	while (s.len && base[s.len - 1] == '-')
		base[--s.len] = '\0';
	if (!s.len)
		str_add(&s, "host");
	again = str_over(out, SHIELD_NAME);
	str_add(&again, base);
	for (unsigned n = 2; is_taken(out, taken, taken_n); n++) {
		again = str_over(out, SHIELD_NAME);
		str_fmt(&again, "%s-%u", base, n);
	}
}

/* Policies take no control characters and nothing that turns or hides text. */
static void harmless(struct str *s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n && !s->cut;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (one && utf8_shows(point))
			str_bytes(s, text + i, one);
		else
			str_char(s, text[i] == '\n' || text[i] == '\t' ? ' ' : '?');
		i += one ? one : 1;
	}
}

/* As many octets of text as fit in a line, broken at a blank where there is one, never within a character. */
static size_t line_of(const char *text, size_t room)
{
	size_t n = strlen(text), at;

	if (n <= room)
		return n;
	for (at = room; at > room / 2; at--)
		if (text[at] == ' ')
			return at;
	for (at = room; at && ((unsigned char)text[at] & 0xc0) == 0x80;)
		at--;
	return at ? at : room;
}

void shield_comment(FILE *file, const char *head, const char *format, ...)
{
	char        raw[TEXT], text[TEXT];
	struct str  s = str_over(text, sizeof(text));
	const char *rest = text;
	size_t      indent = strlen(head);
	bool        first = true;
	va_list     args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	harmless(&s, raw);
	while (s.len && text[s.len - 1] == ' ')
		text[--s.len] = '\0';
	do {
		size_t n = line_of(rest, WIDTH - indent), shown = n;

		while (shown && rest[shown - 1] == ' ')
			shown--;

		if (first)
			fprintf(file, "# %s%.*s\n", head, (int)shown, rest);
		else
			fprintf(file, "# %*s%.*s\n", (int)indent, "", (int)shown, rest);
		rest += n;
		rest += strspn(rest, " ");
		first = false;
	} while (*rest);
}
