/* Judges paths in arguments as the path routines of Windows take them apart. */
/*
 * Spec: MS-SRVS 3.1.4.30 to 3.1.4.33 (NetprPath*), MS-DTYP 2.2.57 (UNC); MS06-040 and MS08-067 say what goes wrong.
 * Input from: the client, through tables with a check.
 * Limits: none of its own.
 * Not done: short (8.3) names, alternate streams: no rule here depends on them.
 */
#include "proto/ndr/ndr_int.h"

static uint16_t unit_at(const uint8_t *text, uint32_t i, bool big)
{
	const uint8_t *p = &text[(size_t)i * 2]; /* UNSAFE: i < n, and the caller took 2 * n octets */

	return big ? (uint16_t)(p[0] << 8 | p[1]) : (uint16_t)(p[1] << 8 | p[0]);
}

static bool separator(uint16_t c)
{
	return c == '\\' || c == '/';
}

/* One component: its length, and whether it is only dots and blanks with two dots or more (Windows trims what trails). */
static uint32_t component(const uint8_t *text, uint32_t at, uint32_t n, bool big, bool *up, bool *here)
{
	uint32_t dots = 0, others = 0, i;

	for (i = at; i < n && !separator(unit_at(text, i, big)); i++) {
		uint16_t c = unit_at(text, i, big);

		dots += c == '.';
		others += c != '.' && c != ' ';
	}
	*up = dots >= 2 && !others;
	*here = dots == 1 && !others;
	return i - at;
}

/*
 * `..` takes away the component before it and must find one: not the drive, not the server and the share of a UNC
 * path. Empty components and `.` are nothing.
 */
bool ndr_path_canonical(const uint8_t *text, uint32_t n, bool big)
{
	bool     unc = n >= 2 && separator(unit_at(text, 0, big)) && separator(unit_at(text, 1, big));
	bool     drive = n >= 2 && unit_at(text, 1, big) == ':';
	uint32_t depth = 0, root = unc ? 2 : 0, length;

	for (uint32_t at = drive ? 2 : 0; at < n; at += length + 1) { /* C:.. leads above C: */
		bool up, here;

		length = component(text, at, n, big, &up, &here);
		if (!length || here)
			continue;
		if (up && depth <= root)
			return false;
		if (up)
			depth--;
		else
			depth++;
	}
	return true;
}

/* What MS03-026 copies ends at a backslash, and at no slash. */
uint32_t ndr_path_host(const uint8_t *text, uint32_t n, bool big)
{
	uint32_t at = 0, end;

	if (n < 2 || !separator(unit_at(text, 0, big)) || !separator(unit_at(text, 1, big)))
		return 0;
	while (at < n && separator(unit_at(text, at, big)))
		at++;
	for (end = at; end < n && unit_at(text, end, big) != '\\'; end++)
		;
	return end - at;
}

bool ndr_path_none(const uint8_t *text, uint32_t n, bool big)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t c = unit_at(text, i, big);

		if (separator(c) || c == ':')
			return false;
	}
	return true;
}

bool ndr_path_drive(const uint8_t *text, uint32_t n, bool big)
{
	uint16_t letter = n ? unit_at(text, 0, big) | 0x20 : 0;

	return !n || (n == 2 && letter >= 'a' && letter <= 'z' && unit_at(text, 1, big) == ':');
}
