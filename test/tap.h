/* Test output in TAP: one line per check, notes after '#', the plan last. */
#ifndef SALLYPORT_TEST_TAP_H
#define SALLYPORT_TEST_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * main() ends with `return tap_done();`. Every check returns whether it held, for early ends.
 * A table of thousands of cases is one tap_ok at its end, with a tap_note for each case that failed.
 */

/* Weak: one counter for all files of a test program that include this. */
struct tap {
	unsigned count, failed, notes;
};
extern struct tap tap_state;
__attribute__((weak)) struct tap tap_state;

__attribute__((format(printf, 2, 3))) static inline bool tap_ok(bool ok, const char *format, ...)
{
	va_list args;

	tap_state.count++;
	tap_state.notes = 0;
	if (!ok)
		tap_state.failed++;
	printf("%sok %u - ", ok ? "" : "not ", tap_state.count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return ok;
}

/* A diagnostic line; at most 50 between two checks, so that a broken table does not flood. */
__attribute__((format(printf, 1, 2))) static inline void tap_note(const char *format, ...)
{
	va_list args;

	if (tap_state.notes++ >= 50)
		return;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* Two numbers that must be equal. */
static inline bool tap_number(uint64_t got, uint64_t want, const char *name)
{
	bool ok = tap_ok(got == want, "%s", name);

	if (!ok)
		tap_note("got %" PRIu64 " (0x%" PRIx64 "), want %" PRIu64 " (0x%" PRIx64 ")", got, got, want, want);
	return ok;
}

/* Two texts that must be equal; NULL equals only NULL. */
static inline bool tap_text(const char *got, const char *want, const char *name)
{
	bool ok = tap_ok(got == want || (got && want && strcmp(got, want) == 0), "%s", name);

	if (!ok)
		tap_note("got \"%s\", want \"%s\"", got ? got : "(null)", want ? want : "(null)");
	return ok;
}

/* One check that cannot run here, and why. */
__attribute__((format(printf, 1, 2))) static inline void tap_skip(const char *format, ...)
{
	va_list args;

	printf("ok %u # SKIP ", ++tap_state.count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* The plan; what main returns. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_state.count);
	if (tap_state.failed)
		printf("# %u of %u failed\n", tap_state.failed, tap_state.count);
	fflush(stdout);
	return tap_state.failed || !tap_state.count ? 1 : 0;
}

#endif
