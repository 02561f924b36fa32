/* Checks UTF-16 and turns it into UTF-8. */
#include "base/utf16.h"

static uint16_t unit_at(const uint8_t *p, bool big)
{
	return big ? (uint16_t)(p[0] << 8 | p[1]) : (uint16_t)(p[1] << 8 | p[0]);
}

/* The character at the head of n octets; returns how many octets it takes, 0 when it is none. */
static size_t character(const uint8_t *bytes, size_t n, bool big, uint32_t *out)
{
	uint16_t high, low;

	if (n < 2)
		return 0;
	high = unit_at(bytes, big);
	*out = high;
	if (high < 0xd800 || high > 0xdfff)
		return 2;
	if (high > 0xdbff || n < 4)
		return 0;
	low = unit_at(bytes + 2, big);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*out = 0x10000u + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
	return 4;
}

size_t utf16_bad(const uint8_t *bytes, size_t n, bool big)
{
	size_t at = 0, took;

	for (uint32_t point; at < n; at += took) {
		took = character(bytes + at, n - at, big, &point);
		if (!took)
			return at;
	}
	return n;
}

size_t utf16_nul(const uint8_t *bytes, size_t n)
{
	for (size_t at = 0; at + 1 < n; at += 2)
		if (!bytes[at] && !bytes[at + 1])
			return at;
	return n;
}

/* One character as UTF-8 (RFC 3629 3); returns its length. */
static size_t encode(uint32_t point, uint8_t out[4])
{
	if (point < 0x80) {
		out[0] = (uint8_t)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (uint8_t)(0xc0 | point >> 6);
		out[1] = (uint8_t)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (uint8_t)(0xe0 | point >> 12);
		out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | point >> 18);
	out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (point & 0x3f));
	return 4;
}

size_t utf16_to_utf8(const uint8_t *bytes, size_t n, bool big, uint8_t *out, size_t size)
{
	size_t len = 0, took;

	for (size_t at = 0; at < n; at += took) {
		uint32_t point;
		uint8_t  one[4];
		size_t   octets;

		took = character(bytes + at, n - at, big, &point);
		if (!took)
			return SIZE_MAX;
		octets = encode(point, one);
		if (octets > size - len)
			return SIZE_MAX;
		for (size_t i = 0; i < octets; i++)
			out[len++] = one[i];
	}
	return len;
}

static uint16_t upper(uint16_t c)
{
	return c >= 'a' && c <= 'z' ? (uint16_t)(c - 'a' + 'A') : c;
}

bool utf16_is_nocase(const uint8_t *bytes, size_t n, const char *ascii)
{
	size_t at = 0;

	for (; *ascii; ascii++, at += 2)
		if (n - at < 2 || upper(unit_at(bytes + at, false)) != upper((uint8_t)*ascii))
			return false;
	return at == n;
}
