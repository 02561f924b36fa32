/* Fuzzes the capture reader: any file ends, every law of the sink's calls holds, the same file gives the same calls. */
#include "capture/capture_check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* Small limits, so that small files reach them. */
	static const struct capture_options tight = {.max_flows = 4, .max_held_flow = 600, .max_held_total = 900, .max_datagrams = 3,
						     .max_history = 2048, .max_history_total = 8192, .max_fragment_bytes = 16384,
						     .patience_packets = 3};
	struct capture_check first = {.ignore_every = 0}, second = first, third = {.ignore_every = 2}, fourth = first;

	if (!n)
		return 0;
	capture_check_run(&first, data, n, NULL, 7);
	capture_check_run(&second, data, n, NULL, UINT64_MAX);
	if (first.digest != second.digest)
		abort();
	capture_check_run(&third, data, n, &tight, 1);
	capture_check_run(&fourth, data, n, &tight, 100);
	return 0;
}
