/* What the readers of tokens share: the token being read, and one function per kind of token. */
#ifndef SALLYPORT_PROTO_SPNEGO_AUTH_READER_H
#define SALLYPORT_PROTO_SPNEGO_AUTH_READER_H

#include "base/ber.h"
#include "proto/reasons.h"
#include "proto/spnego/auth.h"

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

extern const struct ber_reasons spnego_ber;

/* The rest of w as DER in SPNEGO's name. */
struct ber auth_der(const struct auth_reader *r, struct wire w);
/* Facts, for those who ask; of several different texts the fact can tell none. */
bool auth_fact_wanted(const struct auth_reader *r, enum auth_fact which);
void auth_fact_number(const struct auth_reader *r, enum auth_fact which, uint64_t number);
void auth_fact_text(const struct auth_reader *r, enum auth_fact which, const uint8_t *text, size_t n);

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
