/* All kinds of evidence for a fleet: bytes that a worker takes apart, and what a child of its own turns into them first. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assess/evidence.h"
#include "assess/fleet.h"

bool evidence_of_bytes(struct host *host, const char *path, const char *bytes, size_t n, const char **why)
{
	if (n)
		return evidence_text(host, path, (const uint8_t *)bytes, n, why); /* UNSAFE: octets are octets, signed or not */
	*why = "it is empty";
	return false;
}

bool evidence_is_host(const char *path)
{
	int  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char mark[4] = "";
	bool is = fd >= 0 && ((read(fd, mark, sizeof(mark)) == sizeof(mark) && memcmp(mark, "regf", sizeof(mark)) == 0) || tree_is(fd));

	if (fd >= 0)
		close(fd);
	return is;
}

static bool wanted(void *data, const char *name)
{
	return catalog_wants_file(data, name);
}

char *evidence_bytes(const struct catalog *catalog, const char *path, size_t *out_n, char *why, size_t size)
{
	struct host host;
	const char *sentence = "there is no memory for it";
	char       *text = NULL;

	if (host_open(&host, path) && evidence_read(&host, path, wanted, (void *)(uintptr_t)catalog, &sentence)) {
		json_t *inventory = inventory_json(&host);

		sentence = "there is no memory for its inventory";
		text = inventory ? json_dumps(inventory, JSON_COMPACT) : NULL;
		json_decref(inventory);
	}
	if (!text)
		snprintf(why, size, "%s", sentence);
	*out_n = text ? strlen(text) : 0;
	host_close(&host);
	return text;
}
