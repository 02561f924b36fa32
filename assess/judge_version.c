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
