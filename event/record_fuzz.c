/* Fuzzes records: no bytes crash the reader or the renderer, what is accepted writes back to the same bytes, and lines are harmless. */
#include <stdlib.h>
#include <string.h>

#include "event/render.h"
#include "proto/protocols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void want(bool ok)
{
	if (!ok)
		abort();
}

/* Whatever stands in the record: one line without control characters, and JSON that is JSON. */
static void show(const struct record *r)
{
	static char             buffer[EVE_LINE_MAX];
	const struct render     render = {.protocols = protocols};
	const struct line_style plain = {.colour = false};
	struct str              line = str_over(buffer, sizeof(buffer));
	json_t                 *back;
	size_t                  len;

	render_time(r, &line);
	render_line(&render, r, &plain, &line);
	want(!line.cut);
	for (size_t i = 0; i < line.len; i++)
		want((uint8_t)buffer[i] >= 0x20 && buffer[i] != 0x7f);
	len = eve_line(render_json(&render, r), buffer);
	want(len && buffer[len - 1] == '\n' && !memchr(buffer, '\n', len - 1));
	back = json_loadb(buffer, len, 0, NULL);
	want(back && json_object_get(back, "event_type"));
	json_decref(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t       again[RECORD_MAX];
	struct record r;

	for (size_t took; n; data += took, n -= took) {
		took = record_read(data, n, &r);
		if (!took)
			break;
		want(took <= n && record_write(&r, again, sizeof(again)) == took && memcmp(again, data, took) == 0);
		want(!record_write(&r, again, took - 1));
		show(&r);
	}
	return 0;
}
