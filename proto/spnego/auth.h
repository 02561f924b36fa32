/* Tokens of negotiated authentication: SPNEGO, NTLMSSP and Kerberos, as SMB, DCE/RPC and LDAP carry them. */
#ifndef SALLYPORT_PROTO_SPNEGO_AUTH_H
#define SALLYPORT_PROTO_SPNEGO_AUTH_H

#include "proto/proto.h"

/*
 * A carrier keeps one auth_state per negotiation (a session being set up, an RPC bind, an LDAP bind), all zero at its
 * beginning, and one auth_token in its unit. It calls auth_read from next with the whole token, and auth_commit from
 * commit. Faults go to the view's fault, with field paths below the carrier's.
 */

enum auth_mechanism {
	AUTH_MECH_NONE = 0, /* not settled yet */
	AUTH_MECH_NTLMSSP,
	AUTH_MECH_KRB5,
	AUTH_MECH_NEGOEX,
	AUTH_MECH_OTHER,
};

/* What has been agreed so far. */
struct auth_state {
	uint8_t  legs; /* tokens seen, both directions */
	uint8_t  mechanism; /* enum auth_mechanism */
	uint8_t  ntlm; /* the last NTLMSSP message: 0, 1, 2, 3 */
	uint8_t  neg_state; /* the last NegTokenResp negState, plus one; 0 = none yet */
	uint16_t offered; /* mechanisms of NegTokenInit, by bit of enum auth_mechanism */
	bool     raw; /* tokens come without SPNEGO */
	bool     spnego; /* a NegTokenInit was seen */
	bool     proves; /* the client's tokens so far, accepted, prove an identity */
	bool     anonymous; /* ... or are a null session */
	bool     signs, seals; /* what the layer after it will do, as far as the last token said; Kerberos may do both */
	uint32_t flags; /* NTLMSSP: NegotiateFlags of the last message */
};

enum { AUTH_LEGS_MAX = 8, AUTH_NO_FACTS = 0xff };

/* What one token says. */
struct auth_token {
	uint8_t  from;
	uint8_t  mechanism; /* of the inner token; AUTH_MECH_NONE without one */
	uint8_t  ntlm; /* NTLMSSP MessageType, or 0 */
	uint8_t  neg_state; /* plus one; 0 = absent */
	uint16_t offered;
	bool     raw, init;
	bool     anonymous; /* NTLMSSP AUTHENTICATE without a user: a null session */
	bool     proves; /* a client's token that, accepted, proves an identity */
	bool     signs, seals; /* what the layer after it will do, as far as the token says */
	uint32_t flags;
};

/* Facts of tokens, in the order a carrier's table has them from seat.fact on. */
enum auth_fact { AUTH_FACT_MECHANISM = 0, AUTH_FACT_USER, AUTH_FACT_DOMAIN, AUTH_FACT_HOST, AUTH_FACT_REALM, AUTH_FACT_SERVICE, AUTH_FACTS };

extern const char *const auth_mechanism_words[];

#define AUTH_FACT_DEFS(at) \
	[(at) + AUTH_FACT_MECHANISM] = {"auth.mechanism", FACT_OF_REQUEST, false, auth_mechanism_words}, \
	[(at) + AUTH_FACT_USER] = {"ntlmssp.user", FACT_OF_REQUEST, true, NULL}, \
	[(at) + AUTH_FACT_DOMAIN] = {"ntlmssp.domain", FACT_OF_REQUEST, true, NULL}, \
	[(at) + AUTH_FACT_HOST] = {"ntlmssp.host", FACT_OF_REQUEST, true, NULL}, \
	[(at) + AUTH_FACT_REALM] = {"krb5.realm", FACT_OF_REQUEST, true, NULL}, \
	[(at) + AUTH_FACT_SERVICE] = {"krb5.service", FACT_OF_REQUEST, true, NULL}

struct auth_seat {
	uint8_t  fact; /* where the carrier's table has AUTH_FACT_DEFS; AUTH_NO_FACTS: nowhere */
	uint32_t long_length; /* the bit of cx->tolerate by which lengths need not be minimal; 0 = they must */
};

/* Read the whole of w as one token from this side. Sets the fault when it is unlawful or comes out of order. */
void auth_read(const struct auth_state *s, struct auth_token *t, struct wire *w, enum side from, const struct auth_seat *seat,
	       struct cx *cx);
void auth_commit(struct auth_state *s, const struct auth_token *t);

#endif
