/* Arguments of RPC operations: const tables of types and one interpreter that walks them. */
#ifndef SALLYPORT_PROTO_NDR_NDR_H
#define SALLYPORT_PROTO_NDR_NDR_H

#include "base/wire.h"

/*
 * Spec: C706 chapter 14 (NDR 2.0 transfer syntax), MS-RPCE 2.2.4.
 * A table describes the [in] arguments of one operation, in order. The interpreter reads the whole stub, checks
 * conformance, variance, alignment, referents, strings and ranges, and refuses what does not fit or what trails.
 */
struct ndr_type; /* ndr/types.h */

struct ndr_limits {
	uint32_t string; /* characters of any string without a bound of its own */
};

/* False with the fault of `stub` set. */
bool ndr_read(struct wire *stub, bool big_endian, const struct ndr_type *const *arguments, const struct ndr_limits *limits);
/*
 * The verification trailer (MS-RPCE 2.2.2.13) behind the arguments of a stub that begins at offset `start` of the unit; read to its
 * end. False: none stands here, and nothing is read.
 */
bool ndr_trailer(struct wire *stub, uint32_t start);

#endif
