/* Fuzzes the arguments of RPC: every table of every interface, both byte orders; a pass is the same when it is repeated. */
#include <stdlib.h>
#include <string.h>

#include "proto/dcerpc/interface_int.h"
#include "proto/ndr/ndr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { HEAD = 4 };

/* The table of this interface and operation; where there is none, one of all tables. */
static const struct ndr_type *const *table_of(uint16_t id, uint8_t opnum)
{
	const struct rpc_interface  *f = rpc_interface_by_id(id);
	const struct rpc_operation  *op = f ? rpc_operation_of(f, opnum) : NULL;
	const struct ndr_type *const *in = op ? op->in : NULL;
	size_t                       skip = opnum;

	for (size_t i = 0; !in; i++) {
		f = rpc_interface_at(i);
		if (!f)
			i = (size_t)-1; /* begin again */
		for (size_t r = 0; f && !in && r < f->rows; r++)
			if (f->operation[r].in && !skip--)
				in = f->operation[r].in;
	}
	return in;
}

static bool once(const uint8_t *bytes, size_t n, bool big, const struct ndr_type *const *in, struct fault *fault)
{
	static const struct ndr_limits limits = {.string = 1024};
	struct wire                    w = wire_over(bytes, n, fault, R_NDR_SHORT);

	return ndr_read(&w, big, in, &limits);
}

/* Input: interface (its place in interfaces.def, from 1), operation, byte order (bit 0), an octet for alignment, the stub: fuzz/seeds ndr. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct trace              trace;
	struct fault                     plain = {0}, traced = {.trace = &trace};
	const struct ndr_type *const    *in;
	char                             path[256];
	bool                             big, ok;

	if (n < HEAD)
		return 0;
	in = table_of(data[0], data[1]);
	big = data[2] & 1;
	trace.used = 0;
	ok = once(data + HEAD, n - HEAD, big, in, &plain);
	if (ok != !plain.why || ok != once(data + HEAD, n - HEAD, big, in, &traced) || plain.why != traced.why || plain.at != traced.at)
		abort();
	if (plain.why && (plain.at > n - HEAD || !reason_of(plain.why)->id[0]))
		abort();
	if (plain.why)
		fault_path(&traced, path, sizeof(path));
	return 0;
}
