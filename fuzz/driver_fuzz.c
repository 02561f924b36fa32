/* Fuzzes the driver with every toy recogniser: the first byte picks the toy, the rest is a conversation. */
#include "fuzz/fuzz_flow.h"
#include "test/toys/toys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t count = 0;

	while (toys[count])
		count++;
	if (!n)
		return 0;
	return fuzz_flow(toys, toys[data[0] % count]->id, data + 1, n - 1);
}
