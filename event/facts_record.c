/* Facts of a message as they travel in records: a tight form that either reads back to the same bytes or is refused. */
#include "base/wire.h"
#include "event/facts.h"
#include "priv/channel.h"

/*
 * Input from: a worker, which may have been taken over by a peer.
 * Limits: FACTS_BYTES_MAX bytes, FACTS_MAX facts, texts of FACT_TEXT_MAX.
 */

size_t facts_write(const struct fact *facts, uint8_t count, uint8_t out[FACTS_BYTES_MAX])
{
	struct payload p = payload_over(out, FACTS_BYTES_MAX);
	size_t         done = 0;

	for (uint8_t i = 0; i < count && i < FACTS_MAX && !p.over; i++) {
		if (facts[i].state != FACT_UNKNOWN && facts[i].state != FACT_NUMBER && facts[i].state != FACT_TEXT)
			continue;
		payload_u8(&p, i);
		payload_u8(&p, facts[i].state);
		if (facts[i].state == FACT_NUMBER)
			payload_le64(&p, facts[i].number);
		else if (facts[i].state == FACT_TEXT)
			payload_text(&p, (const char *)facts[i].text, facts[i].len, FACT_TEXT_MAX);
		if (!p.over)
			done = p.len;
	}
	return done;
}

/* One fact behind the one at place `last`; its place, or -1. */
static int read_one(struct wire *w, int last, struct fact *out)
{
	uint32_t    at = wire_offset(w);
	uint8_t     place = wire_u8(w, "place"), state = wire_u8(w, "state");
	struct wire text;

	if (place <= last || place >= FACTS_MAX || state < FACT_UNKNOWN || state > FACT_TEXT) {
		wire_fail(w, at, PAYLOAD_VALUE, "fact");
		return -1;
	}
	*out = (struct fact){.state = state};
	if (state == FACT_NUMBER)
		out->number = wire_le64(w, "number");
	if (state == FACT_TEXT) {
		text = payload_read_text(w, FACT_TEXT_MAX, "text");
		out->len = (uint32_t)wire_left(&text);
		out->text = wire_take(&text, out->len, "text");
	}
	return w->fault->why ? -1 : place;
}

bool facts_read(const uint8_t *bytes, size_t n, struct fact *out)
{
	struct fault fault = {0};
	struct wire  w = wire_over(bytes, n, &fault, PAYLOAD_SHORT);
	int          last = -1;

	for (int i = 0; out && i < FACTS_MAX; i++)
		out[i] = (struct fact){0};
	while (wire_left(&w)) {
		struct fact one;

		last = read_one(&w, last, &one);
		if (last < 0)
			return false;
		if (out)
			out[last] = one;
	}
	return n <= FACTS_BYTES_MAX;
}
