/* SPNEGO: what is offered, what is chosen, and the mechanism's own token inside. */
/*
 * Spec: RFC 4178 4.2 (NegTokenInit, NegTokenResp), MS-SPNG 2.2.1 (NegTokenInit2).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: 16 mechanisms; 48000 bytes of the token inside; 256 of mechListMIC and of hintName.
 * Not done: whether mechListMIC is right, which only the two ends can tell.
 */
#include "base/der.h"
#include "proto/spnego/auth_reader.h"

enum { MECHANISMS_MAX = 16, TOKEN_MAX = 48000, MIC_MAX = 256, HINT_MAX = 256, STATES = 4 };

/* mechTypes [0] SEQUENCE OF OBJECT IDENTIFIER, the client's best first. */
static void mech_types(struct auth_reader *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(0), "mechTypes");
	struct ber list = ber_enter(&in, BER_SEQUENCE, "");
	uint32_t   at = wire_offset(&list.w), count = 0;

	wire_list(&list.w);
	while (ber_more(&list)) {
		if (++count > MECHANISMS_MAX)
			wire_fail_numbers(&list.w, wire_offset(&list.w), R_SPNEGO_MECHANISMS, "", MECHANISMS_MAX, count);
		r->token->offered |= auth_bit(auth_oid(&list));
	}
	if (!count)
		wire_fail_numbers(&list.w, at, R_SPNEGO_MECHANISMS, "", MECHANISMS_MAX, 0);
	ber_end(&in, "");
}

/* reqFlags [1] BIT STRING of 7 bits. */
static void req_flags(struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(1), "reqFlags");

	der_bits(&in, DER_BITS, 1, R_SPNEGO_FLAGS, "");
	ber_end(&in, "");
}

/* The mechanism's token, which must be of one the client offers. A server may say it has none by an empty one. */
static void token(struct auth_reader *r, struct ber *b, uint32_t least, uint16_t offered, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(2), field);
	struct ber v = ber_enter(&in, BER_OCTETS, "");
	uint32_t   at = wire_offset(&v.w);
	size_t     n = wire_left(&v.w);

	if (n < least || n > TOKEN_MAX)
		wire_fail_numbers(&v.w, at, R_SPNEGO_TOKEN_SIZE, "", TOKEN_MAX, n);
	if (ber_more(&v)) {
		auth_inner(r, &v.w);
		if (!(offered & auth_bit(r->token->mechanism)))
			wire_fail(&v.w, at, R_SPNEGO_SUPPORTED, "");
		ber_end(&v, "");
	}
	ber_end(&in, "");
}

/* mechListMIC OCTET STRING. */
static void mic(struct ber *b, uint8_t n)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), "mechListMIC");

	ber_octets(&in, BER_OCTETS, 1, MIC_MAX, R_SPNEGO_MIC, "");
	ber_end(&in, "");
}

/* negHints [3] SEQUENCE { hintName [0] GeneralString OPTIONAL, hintAddress [1] OCTET STRING OPTIONAL } */
static void hints(struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(3), "negHints");
	struct ber s = ber_enter(&in, BER_SEQUENCE, "");

	/* Today a fixed text; Windows 2000 and old Samba say their principal. */
	if (ber_peek(&s) == BER_CONTEXT_SET(0)) {
		struct ber name = ber_enter(&s, BER_CONTEXT_SET(0), "hintName");

		der_text(&name, DER_GENERAL_STRING, HINT_MAX, R_SPNEGO_HINTS, R_SPNEGO_HINTS, "");
		ber_end(&name, "");
	}
	if (ber_more(&s))
		ber_refuse(&s, R_SPNEGO_HINTS, "hintAddress");
	ber_end(&in, "");
}

/* NegTokenInit ::= [0] SEQUENCE { mechTypes [0], reqFlags [1], mechToken [2], mechListMIC [3] }; a server's has hints at [3], the MIC at [4]. */
void spnego_init(struct auth_reader *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(0), "negTokenInit");
	struct ber s = ber_enter(&in, BER_SEQUENCE, "");
	bool       server = r->from == SIDE_SERVER;

	r->token->init = true;
	mech_types(r, &s);
	if (ber_peek(&s) == BER_CONTEXT_SET(1))
		req_flags(&s);
	if (ber_peek(&s) == BER_CONTEXT_SET(2))
		token(r, &s, 1, r->token->offered, "mechToken");
	if (ber_peek(&s) == BER_CONTEXT_SET(3)) {
		if (server)
			hints(&s);
		else
			mic(&s, 3);
	}
	if (ber_peek(&s) == BER_CONTEXT_SET(4)) {
		if (!server)
			ber_refuse(&s, R_SPNEGO_HINTS, "negHints");
		mic(&s, 4);
	}
	ber_end(&s, "");
	ber_end(&in, "");
}

/* negState [0] ENUMERATED: accept-completed, accept-incomplete, reject, request-mic. */
static void neg_state(struct auth_reader *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(0), "negState");
	int64_t    v = ber_integer(&in, BER_ENUMERATED, 0, STATES - 1, R_SPNEGO_VALUE, "");

	r->token->neg_state = (uint8_t)(v + 1);
	ber_end(&in, "");
}

/* supportedMech [1] OBJECT IDENTIFIER: one of those the client offered. */
static void supported(struct auth_reader *r, struct ber *b)
{
	struct ber          in = ber_enter(b, BER_CONTEXT_SET(1), "supportedMech");
	uint32_t            at = wire_offset(&in.w);
	enum auth_mechanism mechanism = auth_oid(&in);

	if (!(r->state->offered & auth_bit(mechanism)))
		wire_fail(&in.w, at, R_SPNEGO_SUPPORTED, "");
	ber_end(&in, "");
}

/* NegTokenResp ::= [1] SEQUENCE { negState [0], supportedMech [1], responseToken [2], mechListMIC [3] }, each of them OPTIONAL */
void spnego_resp(struct auth_reader *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(1), "negTokenResp");
	struct ber s = ber_enter(&in, BER_SEQUENCE, "");

	if (!r->state->spnego)
		wire_fail(&in.w, wire_offset(&in.w), R_SPNEGO_ORDER, "");
	if (ber_peek(&s) == BER_CONTEXT_SET(0))
		neg_state(r, &s);
	if (ber_peek(&s) == BER_CONTEXT_SET(1))
		supported(r, &s);
	if (ber_peek(&s) == BER_CONTEXT_SET(2))
		token(r, &s, 0, r->state->offered, "responseToken");
	if (ber_peek(&s) == BER_CONTEXT_SET(3))
		mic(&s, 3);
	ber_end(&s, "");
	ber_end(&in, "");
}
