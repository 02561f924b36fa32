/* Reads one token of a negotiation: which kind it is, whether it may come now, and what changes once it went by. */
/*
 * Spec: RFC 2743 3.1 (header), RFC 4178, MS-SPNG 3, RFC 4121 4.1, MS-KILE 3.4 (Kerberos without a header),
 *       draft-swift-win2k-krb-user2user-03 (tokens 04 00 and 04 01, which Windows sends to services that run as a user).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: 8 tokens of a negotiation; 48000 bytes of one inside SPNEGO.
 * Not done: IAKERB, PKU2U and what else may be offered, but whose tokens are refused.
 */
#include "proto/spnego/auth_reader.h"

#include <string.h>

#include "base/der.h"
#include "proto/krb5/krb5.h"
#include "proto/ntlmssp/ntlmssp.h"

enum { OID_MAX = 20, TOKEN_ID = 2, GSS_HEADER = 0x60, NEG_TOKEN_RESP = 0xa1 };

const char *const auth_mechanism_words[] = {"none", "ntlmssp", "krb5", "negoex", "other", NULL};

const struct ber_reasons spnego_ber = {
	.tag = R_SPNEGO_TAG,
	.constructed = R_SPNEGO_CONSTRUCTED,
	.indefinite = R_SPNEGO_LENGTH,
	.long_length = R_SPNEGO_LONG_LENGTH,
	.huge_length = R_SPNEGO_LENGTH,
	.past_end = R_SPNEGO_LENGTH,
	.trailing = R_SPNEGO_TRAILING,
	.integer = R_SPNEGO_VALUE,
	.boolean = R_SPNEGO_VALUE,
	.null = R_SPNEGO_VALUE,
};

/* Mechanisms that real programs offer; tokens are read of those with a name of their own. */
static const struct {
	uint8_t     mechanism;
	uint8_t     n;
	const char *octets;
} mechanisms[] = {
	{AUTH_MECH_NTLMSSP, 10, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"}, /* 1.3.6.1.4.1.311.2.2.10 */
	{AUTH_MECH_KRB5, 9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"}, /* 1.2.840.113554.1.2.2 */
	{AUTH_MECH_KRB5, 9, "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"}, /* 1.2.840.48018.1.2.2, as Windows writes it */
	{AUTH_MECH_KRB5, 10, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03"}, /* 1.2.840.113554.1.2.2.3, user to user */
	{AUTH_MECH_KRB5, 5, "\x2b\x05\x01\x05\x02"}, /* 1.3.5.1.5.2, Kerberos before its number */
	{AUTH_MECH_NEGOEX, 10, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e"}, /* 1.3.6.1.4.1.311.2.2.30 */
	{AUTH_MECH_OTHER, 6, "\x2b\x06\x01\x05\x02\x05"}, /* 1.3.6.1.5.2.5, IAKERB */
	{AUTH_MECH_OTHER, 6, "\x2b\x06\x01\x05\x02\x07"}, /* 1.3.6.1.5.2.7, PKU2U */
	{AUTH_MECH_OTHER, 6, "\x2b\x05\x01\x05\x02\x07"}, /* 1.3.5.1.5.2.7, PKU2U as macOS offers it */
	{AUTH_MECH_OTHER, 7, "\x2a\x85\x70\x2b\x0d\x25\x01"}, /* 1.2.752.43.13.37.1, of Heimdal */
	{AUTH_MECH_OTHER, 6, "\x2a\x85\x70\x2b\x0e\x03"}, /* 1.2.752.43.14.3, which macOS offers */
	{AUTH_MECH_OTHER, 6, "\x2b\x06\x01\x05\x05\x0e"}, /* 1.3.6.1.5.5.14, SCRAM, which macOS offers */
};

static const char spnego_oid[] = "\x2b\x06\x01\x05\x05\x02"; /* 1.3.6.1.5.5.2 */

static bool auth_long_length(const struct auth_reader *r)
{
	return r->cx->tolerate & r->seat->long_length;
}

struct ber auth_der(const struct auth_reader *r, struct wire w)
{
	w.short_why = R_SPNEGO_SHORT;
	return ber_over(w, &spnego_ber, auth_long_length(r) ? BER_TOLERATE_LONG_LENGTH : 0);
}

bool auth_fact_wanted(const struct auth_reader *r, enum auth_fact which)
{
	return r->seat->fact != AUTH_NO_FACTS && (r->cx->wanted >> r->seat->fact & 1u << which);
}

void auth_fact_number(const struct auth_reader *r, enum auth_fact which, uint64_t number)
{
	if (auth_fact_wanted(r, which))
		r->cx->fact[r->seat->fact + which] = (struct fact){.state = FACT_NUMBER, .number = number};
}

void auth_fact_text(const struct auth_reader *r, enum auth_fact which, const uint8_t *text, size_t n)
{
	struct fact *f;

	if (!auth_fact_wanted(r, which))
		return;
	f = &r->cx->fact[r->seat->fact + which];
	if (f->state == FACT_NONE && text)
		*f = (struct fact){.state = FACT_TEXT, .text = text, .len = (uint32_t)n};
	else if (!text || f->len != n || memcmp(f->text, text, n) != 0)
		*f = (struct fact){.state = FACT_UNKNOWN};
}

static struct ber_span oid(struct ber *b)
{
	return der_oid(b, BER_OID, OID_MAX, R_SPNEGO_OID_SIZE, R_SPNEGO_OID, "mechanism");
}

static enum auth_mechanism mechanism_of(struct ber *b, struct ber_span s)
{
	for (size_t i = 0; s.p && i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (s.n == mechanisms[i].n && memcmp(s.p, mechanisms[i].octets, s.n) == 0)
			return mechanisms[i].mechanism;
	wire_fail(&b->w, s.at, R_SPNEGO_MECHANISM, "mechanism");
	return AUTH_MECH_NONE;
}

enum auth_mechanism auth_oid(struct ber *b)
{
	return mechanism_of(b, oid(b));
}

static bool begins(const struct wire *w, const char *text, size_t n)
{
	struct wire look = *w;

	return wire_left(w) >= n && memcmp(wire_take(&look, n, ""), text, n) == 0;
}

/* A Kerberos message, of those that go between client and service, and the reader that gives the carrier its facts. */
static void kerberos(struct auth_reader *r, struct wire *w, enum krb5_kind kind)
{
	struct krb5_read k = krb5_read_safe(r->cx);
	bool             from_client = r->from == SIDE_CLIENT;
	bool             asks = kind == KRB5_AP_REQ || kind == KRB5_TGT_REQ;

	r->token->mechanism = AUTH_MECH_KRB5;
	/* AP-REP from a client ends an exchange of three (MS-KILE 3.4.5.1, as DCE does it). */
	if ((asks && !from_client) || (kind == KRB5_TGT_REP && from_client) || kind == KRB5_NONE)
		wire_fail(w, wire_offset(w), R_KRB5_KIND, "kerberos");
	k.long_length = auth_long_length(r);
	if (r->seat->fact != AUTH_NO_FACTS) {
		k.fact_realm = (uint8_t)(r->seat->fact + AUTH_FACT_REALM);
		k.fact_service = (uint8_t)(r->seat->fact + AUTH_FACT_SERVICE);
	}
	krb5_message(&k, w, kind);
	if (kind == KRB5_AP_REQ)
		r->token->proves = true;
	/* What the layer does is agreed in a sealed part: it may do both. */
	r->token->signs = r->token->seals = true;
}

/* The token's id and the message it announces: RFC 4121 4.1. */
static void kerberos_body(struct auth_reader *r, struct wire *w)
{
	static const uint16_t ids[] = {0x0100, 0x0200, 0x0300, 0x0400, 0x0401};
	static const uint8_t  kinds[] = {KRB5_AP_REQ, KRB5_AP_REP, KRB5_ERROR, KRB5_TGT_REQ, KRB5_TGT_REP};
	uint32_t              at = wire_offset(w);
	uint16_t              id = wire_be16(w, "TOK_ID");
	enum krb5_kind        kind = krb5_kind_of(w);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (id != ids[i])
			continue;
		if (kinds[i] == KRB5_TGT_REQ || kinds[i] == KRB5_TGT_REP)
			kind = kinds[i]; /* no tag of their own tells them */
		if (kind != kinds[i])
			wire_fail(w, at, R_KRB5_TOKEN_ID, "TOK_ID");
		kerberos(r, w, kind);
		return;
	}
	wire_fail_numbers(w, at, R_KRB5_TOKEN_ID, "TOK_ID", 0x0100, id);
}

/* A mechanism's token behind its identifier in [APPLICATION 0]: Kerberos is all that is read of those. */
static void gss_body(struct auth_reader *r, struct ber *b, struct ber_span mechanism)
{
	if (mechanism_of(b, mechanism) != AUTH_MECH_KRB5)
		wire_fail(&b->w, mechanism.at, R_SPNEGO_UNREAD, "mechanism");
	kerberos_body(r, &b->w);
}

void auth_inner(struct auth_reader *r, struct wire *w)
{
	enum krb5_kind kind = krb5_kind_of(w);
	uint32_t       at = wire_offset(w);
	struct ber     b;

	if (begins(w, "NTLMSSP", 8)) {
		ntlmssp_read(r, w);
	} else if (begins(w, "NEGOEXTS", 8)) {
		negoex_read(r, w);
	} else if (wire_peek(w) == GSS_HEADER) {
		b = auth_der(r, *w);
		struct ber in = ber_enter(&b, GSS_HEADER, "");

		gss_body(r, &in, oid(&in));
		ber_end(&in, "");
		ber_end(&b, "");
		*w = b.w;
	} else if (kind == KRB5_AP_REQ || kind == KRB5_AP_REP || kind == KRB5_ERROR) {
		kerberos(r, w, kind);
	} else {
		wire_fail(w, at, R_SPNEGO_TOKEN, "token");
	}
}

/* [APPLICATION 0]: SPNEGO's beginning, or Kerberos in its place. */
static void with_header(struct auth_reader *r, struct wire *w)
{
	struct ber      b = auth_der(r, *w), in = ber_enter(&b, GSS_HEADER, "");
	struct ber_span mechanism = oid(&in);

	if (ber_span_is(mechanism, spnego_oid)) {
		wire_name(&in.w, "spnego");
		spnego_init(r, &in);
	} else {
		r->token->raw = true;
		gss_body(r, &in, mechanism);
	}
	ber_end(&in, "");
	ber_end(&b, "");
	*w = b.w;
}

/* May a token of this kind come now? `at` is where it begins. */
static void order(const struct auth_reader *r, const struct wire *w, uint32_t at)
{
	const struct auth_state *s = r->state;
	const struct auth_token *t = r->token;
	bool                     lawful = true;

	if (t->raw)
		lawful = !s->spnego;
	else if (t->init)
		lawful = !s->raw && !s->spnego; /* a server may begin: asked to negotiate, or for a token by an empty one */
	else
		lawful = s->spnego;
	if (!lawful)
		wire_fail(w, at, R_SPNEGO_ORDER, "token");
}

void auth_read(const struct auth_state *s, struct auth_token *t, struct wire *w, enum side from, const struct auth_seat *seat,
	       struct cx *cx)
{
	struct auth_reader r = {.state = s, .token = t, .seat = seat, .cx = cx, .from = from};
	uint32_t           at = wire_offset(w);

	*t = (struct auth_token){.from = (uint8_t)from};
	if (s->legs >= AUTH_LEGS_MAX)
		wire_fail_numbers(w, at, R_SPNEGO_LEGS, "token", AUTH_LEGS_MAX, s->legs);
	/* Nothing to say: the last answer of some servers, the first request of some clients. */
	if (!wire_more(w))
		return;
	if (wire_peek(w) == GSS_HEADER) {
		with_header(&r, w);
	} else if (wire_peek(w) == NEG_TOKEN_RESP) {
		struct ber b = auth_der(&r, *w);

		wire_name(&b.w, "spnego");
		spnego_resp(&r, &b);
		ber_end(&b, "");
		*w = b.w;
	} else {
		t->raw = true;
		auth_inner(&r, w);
	}
	order(&r, w, at);
	if (t->mechanism)
		auth_fact_number(&r, AUTH_FACT_MECHANISM, t->mechanism);
}

void auth_commit(struct auth_state *s, const struct auth_token *t)
{
	s->legs += s->legs < UINT8_MAX;
	if (t->mechanism)
		s->mechanism = t->mechanism;
	if (t->ntlm) {
		s->ntlm = t->ntlm;
		s->flags = t->flags;
	}
	if (t->neg_state)
		s->neg_state = t->neg_state;
	if (t->init && t->from == SIDE_CLIENT) {
		s->spnego = true;
		s->offered = t->offered;
	}
	s->raw |= t->raw;
	if (t->from == SIDE_CLIENT && t->mechanism) {
		s->proves = t->proves || (s->proves && t->mechanism == AUTH_MECH_KRB5);
		s->anonymous = t->anonymous;
	}
	if (t->mechanism) {
		s->signs = t->signs;
		s->seals = t->seals;
	}
}
