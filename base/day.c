/* The calendar in whole days: what date a moment is, in UTC, without the C library's time zones. */
#include "base/day.h"

enum { SECONDS_PER_DAY = 86400, DAYS_PER_400_YEARS = 146097, DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };

uint32_t day_of(uint64_t unix_seconds)
{
	/* Years begin in March, so that a leap day is the last of its year. */
	uint64_t days = unix_seconds / SECONDS_PER_DAY + DAYS_TO_1970;
	uint64_t era = days / DAYS_PER_400_YEARS, of_era = days % DAYS_PER_400_YEARS;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t from_march = (5 * of_year + 2) / 153;
	uint64_t day = of_year - (153 * from_march + 2) / 5 + 1;
	uint64_t month = from_march < 10 ? from_march + 3 : from_march - 9;

	return (uint32_t)((era * 400 + year + (month <= 2)) * 10000 + month * 100 + day);
}
