/* What the readers of SPNEGO's tokens share: one function per kind of token. */
#ifndef SALLYPORT_PROTO_SPNEGO_AUTH_READER_H
#define SALLYPORT_PROTO_SPNEGO_AUTH_READER_H

#include "base/ber.h"
#include "proto/reasons.h"
#include "proto/spnego/auth.h"

extern const struct ber_reasons spnego_ber;

/* The rest of w as DER in SPNEGO's name. */
struct ber auth_der(const struct auth_reader *r, struct wire w);
/* auth.c: an object identifier of a mechanism; AUTH_MECH_NONE and a fault for one nobody uses. */
enum auth_mechanism auth_oid(struct ber *b);
/* A mechanism's token, by its first bytes; the whole of w. */
void auth_inner(struct auth_reader *r, struct wire *w);
/* spnego.c: NegTokenInit behind the header, NegTokenResp. */
void spnego_init(struct auth_reader *r, struct ber *b);
void spnego_resp(struct auth_reader *r, struct ber *b);
/* negoex.c: all messages of one token. */
void negoex_read(struct auth_reader *r, struct wire *w);

#endif
