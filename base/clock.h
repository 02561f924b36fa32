/* Injected time: whoever needs the hour is handed one, so that tests and captures own it. */
#ifndef SALLYPORT_BASE_CLOCK_H
#define SALLYPORT_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds, never going back; the origin is the caller's. Read once per turn. */
struct clock {
	uint64_t now_ms;
};

#endif
