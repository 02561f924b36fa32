/* PDUs of our own beside rpc_fault, for the recognisers that carry DCE/RPC without a carrier between. */
#ifndef SALLYPORT_PROTO_DCERPC_RPC_ANSWER_H
#define SALLYPORT_PROTO_DCERPC_RPC_ANSWER_H

#include "proto/dcerpc/rpc.h"

/* Status of a fault: access denied, and nca_s_op_rng_error (C706 appendix E). */
enum { RPC_STATUS_DENIED = 5, RPC_STATUS_OPNUM = 0x1c010002 };

uint32_t rpc_status(uint16_t why);
/* A bind_nak for the bind in u; 0 when it is none. */
size_t rpc_nak(const struct rpc_unit *u, uint8_t *out, size_t size);

#endif
