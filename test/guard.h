/* Memory that ends at an unreadable page: a read one byte too far crashes the test. */
#ifndef SALLYPORT_TEST_GUARD_H
#define SALLYPORT_TEST_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct guard {
	uint8_t *map;
	size_t   total; /* with both unreadable pages */
	uint8_t *end; /* first byte that cannot be read */
	size_t   cap; /* readable bytes before it */
};

/* At least cap readable bytes, an unreadable page before and behind them; aborts without memory. */
void guard_open(struct guard *guard, size_t cap);
void guard_close(struct guard *guard);
/* Copy n bytes flush against the end; where they stand. n must fit the capacity. */
uint8_t *guard_place(struct guard *guard, const void *bytes, size_t n);

#endif
