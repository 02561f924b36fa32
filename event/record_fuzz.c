/* Fuzzes the reader of records: no bytes crash it, and what it accepts writes back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "event/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t       again[RECORD_MAX];
	struct record r;

	while (n) {
		size_t took = record_read(data, n, &r);

		if (!took)
			break;
		if (took > n || record_write(&r, again, sizeof(again)) != took || memcmp(again, data, took) != 0)
			abort();
		if (record_write(&r, again, took - 1))
			abort();
		data += took;
		n -= took;
	}
	return 0;
}
