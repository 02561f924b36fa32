/* The message inside a carrier: be16 length, operation, arguments. Only operations up to 5 are lawful. */
#include "test/toys/toys.h"

uint16_t rpc_check(struct wire *w, struct rpc_unit *out)
{
	struct wire args;

	if (wire_left(w) < 2)
		return 0;
	wire_name(w, "rpc");
	out->length = wire_be16_range(w, 3, 64, T_FRAME, "frag_length");
	if (w->fault->why || wire_left(w) + 2 < out->length)
		return out->length;
	out->op = wire_u8(w, "opnum");
	if (out->op > 5)
		wire_fail_numbers(w, wire_offset(w) - 1, T_OP, "opnum", 5, out->op);
	args = wire_sub(w, (size_t)out->length - 3, "args");
	wire_take(&args, wire_left(&args), "arg");
	return out->length;
}
