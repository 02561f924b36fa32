/* Payloads of messages: little-endian fields into a bounded buffer, and back through the same cursor as the network. */
#include <string.h>

#include "priv/channel.h"

struct payload payload_over(uint8_t *bytes, size_t size)
{
	return (struct payload){.bytes = bytes, .size = size};
}

/* All of it or nothing; what does not fit sets `over`, and nothing more is added. */
void payload_bytes(struct payload *p, const void *bytes, size_t n)
{
	if (p->over || n > p->size - p->len) {
		p->over = true;
		return;
	}
	if (n)
		memcpy(p->bytes + p->len, bytes, n);
	p->len += n;
}

static void little_endian(struct payload *p, uint64_t v, size_t octets)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < octets; i++)
		bytes[i] = (uint8_t)(v >> 8 * i);
	payload_bytes(p, bytes, octets);
}

void payload_u8(struct payload *p, uint8_t v)
{
	little_endian(p, v, 1);
}

void payload_le16(struct payload *p, uint16_t v)
{
	little_endian(p, v, 2);
}

void payload_le32(struct payload *p, uint32_t v)
{
	little_endian(p, v, 4);
}

void payload_le64(struct payload *p, uint64_t v)
{
	little_endian(p, v, 8);
}

void payload_text(struct payload *p, const char *text, size_t n, size_t most)
{
	n = n < most ? n : most;
	n = n < UINT16_MAX ? n : UINT16_MAX;
	/* The length must not stand there alone. */
	if (n + 2 > p->size - p->len)
		p->over = true;
	payload_le16(p, (uint16_t)n);
	payload_bytes(p, text, n);
}

struct wire payload_read_text(struct wire *w, size_t most, const char *field)
{
	uint16_t n = wire_le16_range(w, 0, most < UINT16_MAX ? (uint16_t)most : UINT16_MAX, PAYLOAD_VALUE, field);

	return wire_sub(w, n, field);
}

struct wire payload_read(const struct message_in *in, struct fault *fault)
{
	*fault = (struct fault){0};
	return wire_over(in->bytes, in->len, fault, PAYLOAD_SHORT);
}
