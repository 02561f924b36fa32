/* How the tables of interfaces are written, and where they stand. */
#ifndef SALLYPORT_PROTO_DCERPC_INTERFACE_INT_H
#define SALLYPORT_PROTO_DCERPC_INTERFACE_INT_H

#include "proto/dcerpc/interface.h"
#include "proto/dcerpc/rpc.h"
#include "proto/ndr/types.h"
#include "proto/reasons.h"

/* Places in rpc_interface_words. */
enum rpc_interface_id {
	RPC_INTERFACE_OTHER = 0,
#define I(symbol, word) RPC_INTERFACE_##symbol,
#include "proto/dcerpc/interfaces.def"
#undef I
	RPC_INTERFACE_COUNT
};

enum { RPC_NEVER = 0xff }; /* no tolerance lets it pass */

/* As it is written, 3919286a-b10c-11d0-9ba8-00c04fd92ef5; and as a little-endian wire has it. */
#define UUID(a, b, c, ...) \
	{(a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24 & 0xff, (b) & 0xff, (b) >> 8 & 0xff, (c) & 0xff, (c) >> 8 & 0xff, __VA_ARGS__}

#define INTERFACE(symbol, word, wire, most, least) \
	.id = RPC_INTERFACE_##symbol, .name = (word), .uuid = wire, .major = (most), .minor = (least)
#define ROWS(table) .operation = (table), .rows = sizeof(table) / sizeof((table)[0])

/* Operations: lawful; lawful with arguments that are read; refused for `reason` unless `tolerate` is granted. */
#define OP(number, text)                   {.opnum = (number), .tolerance = RPC_NEVER, .name = (text)}
#define OP_IN(number, text, arguments)     {.opnum = (number), .tolerance = RPC_NEVER, .name = (text), .in = (arguments)}
#define OP_NO(number, text, reason, grant) {.opnum = (number), .why = (reason), .tolerance = (grant), .name = (text)}

struct rpc_interface_set {
	const struct rpc_interface *row;
	size_t                      rows;
};

extern const struct rpc_interface_set rpc_interfaces_com, rpc_interfaces_domain, rpc_interfaces_file, rpc_interfaces_other,
	rpc_interfaces_print, rpc_interfaces_system;

/* Every interface there is, by number from 0; NULL behind the last. For tests and fuzzers. */
const struct rpc_interface *rpc_interface_at(size_t index);

#endif
