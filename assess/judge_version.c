/* Knows lines of builds: which service pack and branch a file's version belongs to, so that only versions of one line are compared. */
#include "assess/judge_int.h"

/* Builds of systems, and of Internet Explorer, whose third number is the line; other programs count on through all four. */
static bool is_line(uint16_t build)
{
	static const uint16_t lines[] = {950, 1998, 2222, 3000, 1381, 2195, 2600, 2800, 2900, 3790, 6000, 6001, 6002, 6003, 7600, 7601, 9200, 9600, 10240, 10586, 14393, 15063};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i] == build)
			return true;
	return false;
}

int version_pack(const uint16_t v[4])
{
	switch (v[2]) {
	case 2600: return v[3] < 1000 ? 0 : v[3] < 2000 ? 1 : v[3] < 5500 ? 2 : 3;
	case 3790: return v[3] < 1830 ? 0 : v[3] < 3959 ? 1 : 2;
	case 6000: case 6001: case 6002: return v[2] - 6000;
	case 7600: case 7601: return v[2] - 7600;
	default: return -1;
	}
}

bool version_shipped(const uint16_t v[4])
{
	static const uint16_t builds[][2] = {{2600, 0}, {2600, 1106}, {2600, 2180}, {2600, 5512}, {3790, 0}, {3790, 1830}, {3790, 3959}, {6000, 16386}, {6001, 18000},
		{6002, 18005}, {7600, 16385}, {7601, 17514}, {9200, 16384}, {9600, 16384}};

	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++)
		if (builds[i][0] == v[2] && builds[i][1] == v[3])
			return true;
	return false;
}

unsigned version_kind(const uint16_t v[4])
{
	if ((v[2] >= 6000 && v[2] <= 6003) || v[2] == 7600 || v[2] == 7601 || v[2] == 9200)
		return v[3] >= 20000 ? 2 : 1;
	return 0;
}

enum line_order version_line_order(const uint16_t a[4], const uint16_t b[4])
{
	int pack_a = version_pack(a), pack_b = version_pack(b);

	if (a[0] != b[0] || a[1] != b[1])
		return LINE_OTHER;
	if (!is_line(a[2]) && !is_line(b[2]))
		return LINE_SAME;
	if (a[2] != b[2])
		return a[2] < b[2] ? LINE_LOWER : LINE_HIGHER;
	return pack_a == pack_b ? LINE_SAME : pack_a < pack_b ? LINE_LOWER : LINE_HIGHER;
}

/*
 * When each service pack was released, and the day up to which updates are sure to be in it: fixes go into one until some months before.
 * Windows 2000 SP3 of August 2002 lacks an update of May (MS02-024).
 */
enum pack_age pack_age(enum family family, int pack, uint32_t published)
{
	static const struct {
		enum family family;
		int         pack;
		uint32_t    sure, released;
	} packs[] = {
		{FAMILY_2000, 1, 20000401, 20000731}, {FAMILY_2000, 2, 20010115, 20010516}, {FAMILY_2000, 3, 20020401, 20020801}, {FAMILY_2000, 4, 20030225, 20030626},
		{FAMILY_XP, 1, 20020510, 20020909}, {FAMILY_XP, 2, 20040405, 20040806}, {FAMILY_XP, 3, 20071215, 20080506}, {FAMILY_2003, 1, 20041130, 20050330},
		{FAMILY_2003, 2, 20061112, 20070313}, {FAMILY_VISTA, 1, 20071005, 20080318}, {FAMILY_VISTA, 2, 20081210, 20090526}, {FAMILY_2008, 2, 20081210, 20090526},
		{FAMILY_7, 1, 20100720, 20110222}, {FAMILY_2008R2, 1, 20100720, 20110222},
	};

	for (size_t i = 0; published && i < sizeof(packs) / sizeof(packs[0]); i++)
		if (packs[i].family == family && packs[i].pack == pack)
			return published < packs[i].sure ? PACK_LATER : published < packs[i].released ? PACK_OPEN : PACK_EARLIER;
	return PACK_EARLIER;
}
