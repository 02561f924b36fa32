/* Wrap tokens with which SASL's GSSAPI agrees on a security layer. */
#ifndef SALLYPORT_PROTO_SPNEGO_WRAP_H
#define SALLYPORT_PROTO_SPNEGO_WRAP_H

#include "proto/spnego/auth.h"

/* RFC 4752 3.1: bits of the first octet inside. */
enum gss_layer { GSS_LAYER_NONE = 1, GSS_LAYER_SIGN = 2, GSS_LAYER_SEAL = 4 };

/* The token at the head of w is a Wrap token: of RFC 4121, or of RFC 1964 behind Kerberos' header. */
bool gss_is_wrap(const struct wire *w);
/*
 * The whole of w is one that is not sealed; returns what it says of layers. A server offers some, a client chooses one
 * of `offered`. 0 after a fault.
 */
uint8_t gss_wrap(struct wire *w, enum side from, uint8_t offered);

#endif
