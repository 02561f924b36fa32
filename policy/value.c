/* Reads numbers with their units, and dates. */
#include <string.h>

#include "policy/parse_int.h"

struct unit {
	const char *name;
	uint64_t    factor;
};

static bool with_unit(const struct word *word, const struct unit *units, uint64_t *out)
{
	const char *p = word->text;
	uint64_t    n = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	for (; units->name; units++)
		if (strcmp(units->name, p) == 0)
			return !__builtin_mul_overflow(n, units->factor, out);
	return false;
}

bool value_number(const struct word *word, uint64_t *out)
{
	static const struct unit none[] = {{"", 1}, {0}};

	return with_unit(word, none, out);
}

bool value_size(const struct word *word, uint64_t *out)
{
	static const struct unit units[] = {{"B", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {0}};

	return with_unit(word, units, out);
}

bool value_duration(const struct word *word, uint64_t *out_ms)
{
	static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {0}};

	return with_unit(word, units, out_ms);
}

static uint32_t digits(const char *text, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint32_t)(text[i] - '0');
	return v;
}

bool value_date(const struct word *word, uint32_t *out)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char          *t = word->text;
	uint32_t             year, month, day, most;

	if (word->len != 10 || strspn(t, "0123456789") != 4 || t[4] != '-' || strspn(t + 5, "0123456789") != 2 || t[7] != '-' ||
	    strspn(t + 8, "0123456789") != 2)
		return false;
	year = digits(t, 4);
	month = digits(t + 5, 2);
	day = digits(t + 8, 2);
	if (year < 2000 || month < 1 || month > 12)
		return false;
	most = days[month - 1] + (month == 2 && (year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)));
	*out = year * 10000 + month * 100 + day;
	return day >= 1 && day <= most;
}
