/* Recognisers for what cannot be read here. */
#ifndef SALLYPORT_PROTO_OPAQUE_H
#define SALLYPORT_PROTO_OPAQUE_H

#include "proto/proto.h"

extern const struct recogniser opaque_tls_recogniser;

#endif
