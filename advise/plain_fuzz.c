/* Fuzzes the reader of plain documents: whatever it takes, written and read again, is the same. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "advise/bulletin.h"

static void must(bool truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t         *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct bulletin first, second;
	const char     *why = NULL;

	if (!root)
		return 0;
	if (bulletin_from_json(root, &first, &why)) {
		json_t *once = bulletin_json(&first), *twice;

		must(once && !why && bulletin_from_json(once, &second, &why));
		twice = bulletin_json(&second);
		must(json_equal(once, twice));
		json_decref(once);
		json_decref(twice);
		bulletin_close(&second);
	} else {
		must(why && *why);
	}
	bulletin_close(&first);
	json_decref(root);
	return 0;
}
