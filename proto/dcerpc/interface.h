/* Interfaces of DCE/RPC by UUID, their operations, and what of their arguments must be read. */
#ifndef SALLYPORT_PROTO_DCERPC_INTERFACE_H
#define SALLYPORT_PROTO_DCERPC_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ndr_type;

/* One operation. `why` refuses it, unless that is tolerated (bit `tolerance` counted from RPC's first; 0xff = never). */
struct rpc_operation {
	uint16_t                      opnum;
	uint16_t                      why; /* reason, or 0 = lawful */
	uint8_t                       tolerance;
	const char                   *name; /* as in the interface's specification: "NetrPathCanonicalize" */
	const struct ndr_type *const *in; /* NULL-terminated: arguments that must be seen and read; NULL = not read */
};

struct rpc_interface {
	uint16_t                    id; /* place in rpc_interface_words; append-only: it stands in compiled policies */
	const char                 *name; /* "srvsvc" */
	uint8_t                     uuid[16]; /* as on a little-endian wire */
	uint16_t                    major, minor;
	uint16_t                    why; /* refuses every bind to it, or 0 */
	uint8_t                     tolerance;
	uint16_t                    operations; /* opnums from here on do not exist: refused as dcerpc.opnum; 0 = not known how many */
	uint32_t                    stub_max; /* octets of a request's stub; 0 = the general limit */
	const struct rpc_operation *operation; /* ascending opnums; not all need a row */
	size_t                      rows;
};

/* The interface, or NULL: nothing is known of it. Minor versions above the table's are the same interface. */
const struct rpc_interface *rpc_interface_of(const uint8_t uuid[16], uint16_t major, uint16_t minor);
const struct rpc_interface *rpc_interface_by_id(uint16_t id);
/* The row of an operation, or NULL. */
const struct rpc_operation *rpc_operation_of(const struct rpc_interface *i, uint16_t opnum);
/* "3919286a-b10c-11d0-9ba8-00c04fd92ef5", terminated. */
enum { RPC_UUID_TEXT = 37 };
void rpc_uuid_text(const uint8_t uuid[16], char out[RPC_UUID_TEXT]);

#endif
