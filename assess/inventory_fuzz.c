/* Fuzz target: inventories. What is read is written, and what is written reads as the same document. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *read_and_written(const char *bytes, size_t n, bool must)
{
	struct host host;
	const char *why = NULL;
	json_t     *document = NULL;

	if (!host_open(&host, "fuzz"))
		abort();
	if (inventory_read(&host, "fuzz", bytes, n, &why))
		document = inventory_json(&host);
	else if (!why || !*why || must)
		abort();
	host_close(&host);
	return document;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *first = read_and_written((const char *)data, size, false), *second;
	char   *text;

	if (!first)
		return 0;
	text = json_dumps(first, JSON_COMPACT);
	if (!text)
		abort();
	second = read_and_written(text, strlen(text), true);
	if (!second || !json_equal(first, second))
		abort();
	free(text);
	json_decref(first);
	json_decref(second);
	return 0;
}
