/* Judges what stands behind an RPC request's last argument: nothing, padding, or a verification trailer. */
/*
 * Spec: C706 14.2; MS-RPCE 2.2.2.13 (rpc_sec_verification_trailer, always little endian).
 * Input from: the client; Windows appends the trailer where headers are not signed.
 * Limits: NDR_TRAILING_MAX octets of padding, whose values nobody looks at.
 * Not done: the trailer's contents are not compared with the bind: the server does that.
 */
#include "proto/ndr/ndr_int.h"

#include <string.h>

enum { COMMAND_END = 0x4000, COMMAND_MUST = 0x8000, COMMAND_TYPE = 0x3fff };

/* Octets of a command's value: bitmask, presentation context, header; 0 = none is fixed. */
static uint16_t command_size(uint16_t command)
{
	static const uint16_t sizes[] = {0, 4, 40, 16};
	uint16_t              type = command & COMMAND_TYPE;

	return type < sizeof(sizes) / sizeof(sizes[0]) ? sizes[type] : 0;
}

static void commands(struct wire *w)
{
	uint16_t command = 0;

	while (!(command & COMMAND_END) && !w->fault->why) {
		uint32_t at = wire_offset(w);
		uint16_t length, size;

		command = wire_le16(w, "command");
		length = wire_le16(w, "length");
		size = command_size(command);
		if (size ? length != size : command & COMMAND_MUST)
			wire_fail_numbers(w, at, R_NDR_TRAILER, "command", size, length);
		wire_take(w, length, "value");
	}
	wire_end(w, R_NDR_TRAILER, "stub");
}

bool ndr_trailer(struct wire *stub, uint32_t start)
{
	static const uint8_t signature[] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};
	struct wire          w = *stub;
	size_t               pad = -(wire_offset(&w) - start) & 3u; /* ours: how far we have read */
	const uint8_t       *begin;

	if (wire_left(&w) < pad + sizeof(signature))
		return false;
	wire_take(&w, pad, "padding");
	begin = wire_take(&w, sizeof(signature), "verification_trailer");
	if (!begin || memcmp(begin, signature, sizeof(signature)) != 0)
		return false;
	*stub = w;
	wire_name(stub, "verification_trailer");
	commands(stub);
	return true;
}

void ndr_end(struct ndr_walk *w)
{
	struct wire *wire = &w->wire;
	uint32_t     at = wire_offset(wire);
	size_t       left = wire_left(wire);

	if (left > NDR_TRAILING_MAX && !ndr_trailer(wire, w->start))
		wire_fail_numbers(wire, at, R_NDR_TRAILING, "stub", NDR_TRAILING_MAX, left);
}
