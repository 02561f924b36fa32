/* What readers of authentication tokens share: what a negotiation has agreed, what one token says, its facts. */
#ifndef SALLYPORT_PROTO_AUTH_TOKEN_H
#define SALLYPORT_PROTO_AUTH_TOKEN_H

#include "proto/proto.h"

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

/* One token being read. */
struct auth_reader {
	const struct auth_state *state;
	struct auth_token       *token;
	const struct auth_seat  *seat;
	struct cx               *cx;
	enum side                from;
};

static inline uint16_t auth_bit(enum auth_mechanism mechanism)
{
	return (uint16_t)(1u << mechanism);
}

/* Facts, for those who ask; of several different texts the fact can tell none. */
bool auth_fact_wanted(const struct auth_reader *r, enum auth_fact which);
void auth_fact_number(const struct auth_reader *r, enum auth_fact which, uint64_t number);
void auth_fact_text(const struct auth_reader *r, enum auth_fact which, const uint8_t *text, size_t n);

#endif
