/* Recognisers of DCE/RPC over TCP and over datagrams. */
#ifndef SALLYPORT_PROTO_DCERPC_DCERPC_H
#define SALLYPORT_PROTO_DCERPC_DCERPC_H

#include "proto/proto.h"

extern const struct recogniser dcerpc_recogniser;
extern const struct recogniser dcerpc_cl_recogniser;

#endif
