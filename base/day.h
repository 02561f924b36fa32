/* Dates as numbers that read like dates: 20270131. */
#ifndef SALLYPORT_BASE_DAY_H
#define SALLYPORT_BASE_DAY_H

#include <stdint.h>

/* The date in UTC of a moment in seconds since 1970; good until the year 9999. */
uint32_t day_of(uint64_t unix_seconds);

#endif
