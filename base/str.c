/* Builds bounded strings: lines, tables and sentences for people. */
#include "base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct str str_over(char *buffer, size_t size)
{
	buffer[0] = '\0';
	return (struct str){.text = buffer, .size = size};
}

void str_bytes(struct str *s, const char *text, size_t n)
{
	if (s->cut || n >= s->size - s->len) {
		s->cut = true;
		return;
	}
	memcpy(s->text + s->len, text, n);
	s->len += n;
	s->text[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_bytes(s, text, strlen(text));
}

void str_char(struct str *s, char c)
{
	str_bytes(s, &c, 1);
}

void str_fmt(struct str *s, const char *format, ...)
{
	size_t  left = s->size - s->len;
	va_list ap;
	int     n;

	if (s->cut)
		return;
	va_start(ap, format);
	n = vsnprintf(s->text + s->len, left, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left) {
		s->text[s->len] = '\0';
		s->cut = true;
		return;
	}
	s->len += (size_t)n;
}

void str_count(struct str *s, uint64_t n)
{
	char   digits[24], grouped[32];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			grouped[used++] = ',';
		grouped[used++] = digits[i];
	}
	str_bytes(s, grouped, used);
}

/* How many bytes a lead byte announces, the bits it gives, and the least code point of that length. */
static size_t utf8_lead(uint8_t lead, uint32_t *point, uint32_t *least)
{
	if (lead < 0x80) {
		*point = lead, *least = 0;
		return 1;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		*point = lead & 0x1fu, *least = 0x80;
		return 2;
	}
	if ((lead & 0xf0) == 0xe0) {
		*point = lead & 0x0fu, *least = 0x800;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*point = lead & 0x07u, *least = 0x10000;
		return 4;
	}
	return 0;
}

size_t utf8_one(const uint8_t *bytes, size_t n, uint32_t *out)
{
	uint32_t point = 0, least = 0;
	size_t   len = n ? utf8_lead(bytes[0], &point, &least) : 0;

	*out = 0;
	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3fu);
	}
	if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*out = point;
	return len;
}

int utf8_cut(const char *text, size_t most)
{
	size_t n = strnlen(text, most + 1);

	if (n > most)
		for (n = most; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	return (int)n;
}

bool utf8_shows(uint32_t c)
{
	static const struct {
		uint32_t low, high;
	} ranges[] = {
		{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
		{0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].low && c <= ranges[i].high)
			return false;
	return true;
}
