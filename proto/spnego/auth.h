/* Tokens of negotiated authentication: SPNEGO, NTLMSSP and Kerberos, as SMB, DCE/RPC and LDAP carry them. */
#ifndef SALLYPORT_PROTO_SPNEGO_AUTH_H
#define SALLYPORT_PROTO_SPNEGO_AUTH_H

#include "proto/auth/token.h"

/*
 * A carrier keeps one auth_state per negotiation (a session being set up, an RPC bind, an LDAP bind), all zero at its
 * beginning, and one auth_token in its unit. It calls auth_read from next with the whole token, and auth_commit from
 * commit. Faults go to the view's fault, with field paths below the carrier's.
 */

/* Read the whole of w as one token from this side. Sets the fault when it is unlawful or comes out of order. */
void auth_read(const struct auth_state *s, struct auth_token *t, struct wire *w, enum side from, const struct auth_seat *seat,
	       struct cx *cx);
void auth_commit(struct auth_state *s, const struct auth_token *t);

#endif
