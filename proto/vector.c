/* Access to the compiled vectors: find, count, write out. */
#include "proto/vector.h"

#include <string.h>

const struct vector *vectors_all(size_t *count)
{
	*count = vectors_data_count;
	return vectors_data;
}

size_t vector_count(uint16_t reason, enum vector_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < vectors_data_count; i++)
		n += vectors_data[i].reason == reason && vectors_data[i].kind == kind;
	return n;
}

void vector_step_bytes(const struct vector_step *step, uint8_t *out)
{
	for (uint16_t i = 0; i < step->segments; i++) {
		const struct vector_segment *s = &step->segment[i];

		for (uint32_t k = 0; k < s->times; k++, out += s->len)
			memcpy(out, s->bytes, s->len);
	}
}

const char *vector_kind_name(enum vector_kind kind)
{
	static const char *const names[] = {"smallest", "largest", "neighbour", "refused"};

	return names[kind];
}
