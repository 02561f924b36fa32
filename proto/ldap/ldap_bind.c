/* Bind: who the client says he is, by name and password, SASL, or the older Sicily. */
/*
 * Spec: RFC 4511 4.2, RFC 4513 5.1-5.2, RFC 4422 3.1 (mechanism names), MS-ADTS 5.1.1.1.3 (Sicily).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.bind.*; mechanism names as RFC 4422 has them.
 * Not done: the tokens of mechanisms that ldap_sasl.c does not read.
 */
#include "proto/ldap/ldap_int.h"

enum {
	AUTH_CHOICE_SIMPLE = BER_CONTEXT(0),
	AUTH_CHOICE_SASL = BER_CONTEXT_SET(3),
	SICILY_PACKAGE_DISCOVERY = BER_CONTEXT(9),
	SICILY_NEGOTIATE = BER_CONTEXT(10),
	SICILY_RESPONSE = BER_CONTEXT(11),
};

enum { MECHANISM_MAX = 20 }; /* sasl-mech = 1*20mech-char (RFC 4422 3.1) */

/* After success, frames of a negotiated security layer may follow. */
static const char *const layering[] = {"DIGEST-MD5", "KERBEROS_V4", "SRP"};

/* version INTEGER (1 .. 127); 3 is this protocol, 2 its dead predecessor. */
static void version(const struct ldap_read *r, struct ber *b)
{
	uint32_t at = wire_offset(&b->w);
	int64_t  v = ber_integer(b, BER_INTEGER, 2, 3, R_LDAP_BIND_VERSION, "version");

	ldap_fact_number(r, FACT_VERSION, (uint64_t)v);
	if (v == 2 && !(r->cx->tolerate & TOLERATE_V2))
		wire_fail(&b->w, at, R_LDAP_BIND_V2, "version");
}

/* name LDAPDN, which for AD may be a UPN or DOMAIN\user as well. */
static struct ber_span name(const struct ldap_read *r, struct ber *b)
{
	struct ber_span s = ldap_dn(r, b, BER_OCTETS, "name");
	uint32_t        n = ldap_characters(s);

	if (n > ldap_limit(r, LIMIT_BIND_NAME))
		wire_fail_numbers(&b->w, s.at, R_LDAP_BIND_NAME, "name", ldap_limit(r, LIMIT_BIND_NAME), n);
	return s;
}

/* simple [0] OCTET STRING: anonymous without a name, unauthenticated without a password (RFC 4513 5.1). */
static void simple(struct ldap_read *r, struct ber *b, bool named)
{
	struct ber_span s = ldap_octets(r, b, AUTH_CHOICE_SIMPLE, LIMIT_BIND_PASSWORD, R_LDAP_BIND_PASSWORD, "simple");

	r->unit->request.auth = !named ? AUTH_ANONYMOUS : !s.n ? AUTH_UNAUTHENTICATED : AUTH_SIMPLE;
	r->unit->request.proves = named && s.n;
}

/* sasl-mech = 1*20( UPPER-ALPHA / DIGIT / "-" / "_" ); empty aborts a negotiation (RFC 4513 5.2.1.2). */
static struct ber_span mechanism(struct ber *b)
{
	struct ber_span s = ber_octets(b, BER_OCTETS, 0, MECHANISM_MAX, R_LDAP_BIND_MECHANISM_SIZE, "mechanism");

	for (uint32_t i = 0; i < s.n; i++) {
		uint8_t c = span_at(s, i);

		if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_') {
			wire_fail_numbers(&b->w, s.at + i, R_LDAP_BIND_MECHANISM, "mechanism", 0, c);
			break;
		}
	}
	return s;
}

/* Credentials that are read: an element with this tag, no longer than may be. */
static struct ber credentials(struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	struct ber seen = *b;

	ldap_octets(r, b, tag, LIMIT_BIND_CREDENTIALS, R_LDAP_BIND_CREDENTIALS, field);
	return ber_enter(&seen, tag, field);
}

/* The credentials of a mechanism whose tokens are read; none is an empty token. */
static void tokens(struct ldap_read *r, struct ber *s, enum ldap_sasl kind)
{
	struct ber none = *s, token;

	if (ber_more(s)) {
		token = credentials(r, s, BER_OCTETS, "credentials");
		ldap_sasl_request(r, &token, kind);
	} else {
		ldap_sasl_request(r, &none, kind);
	}
	ber_end(s, "");
}

/* SaslCredentials ::= SEQUENCE { mechanism LDAPString, credentials OCTET STRING OPTIONAL } */
static void sasl(struct ldap_read *r, struct ber *b)
{
	struct ber      s = ber_enter(b, AUTH_CHOICE_SASL, "sasl");
	struct ber_span m = mechanism(&s);
	enum ldap_sasl  kind = ldap_sasl_of(m);

	r->unit->request.auth = AUTH_SASL;
	r->unit->request.proves = m.n && !ber_span_is(m, "ANONYMOUS");
	ldap_fact_text(r, FACT_MECHANISM, m);
	if (kind > SASL_OTHER) {
		tokens(r, &s, kind);
		return;
	}
	if (ber_more(&s))
		ldap_octets(r, &s, BER_OCTETS, LIMIT_BIND_CREDENTIALS, R_LDAP_BIND_CREDENTIALS, "credentials");
	ber_end(&s, "");
	for (size_t i = 0; i < sizeof(layering) / sizeof(layering[0]); i++)
		if (ber_span_is(m, layering[i]))
			r->unit->request.layers = r->unit->request.seals = true;
}

/* sicilyPackageDiscovery [9], sicilyNegotiate [10], sicilyResponse [11] OCTET STRING */
static void sicily(struct ldap_read *r, struct ber *b, uint8_t tag)
{
	uint32_t   at = wire_offset(&b->w);
	struct ber token = credentials(r, b, tag, "sicily");

	if (!(r->cx->tolerate & TOLERATE_SICILY))
		wire_fail(&b->w, at, R_LDAP_BIND_SICILY, "authentication");
	r->unit->request.auth = AUTH_SICILY;
	if (tag != SICILY_PACKAGE_DISCOVERY)
		ldap_sasl_request(r, &token, SASL_SICILY);
}

/* BindRequest ::= [APPLICATION 0] SEQUENCE { version, name, authentication CHOICE { simple [0], sasl [3], .. } } */
void ldap_bind_request(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_APPLICATION_SET(0), "bind");

	version(r, &s);
	struct ber_span who = name(r, &s);
	uint8_t         tag = ber_peek(&s);

	ldap_fact_text(r, FACT_NAME, who);
	if (tag == AUTH_CHOICE_SIMPLE)
		simple(r, &s, who.n);
	else if (tag == AUTH_CHOICE_SASL)
		sasl(r, &s);
	else if (tag >= SICILY_PACKAGE_DISCOVERY && tag <= SICILY_RESPONSE)
		sicily(r, &s, tag);
	else
		ber_refuse(&s, R_LDAP_BIND_METHOD, "authentication");
	ldap_fact_number(r, FACT_AUTH, r->unit->request.auth);
	ber_end(&s, "");
}

/* BindResponse ::= [APPLICATION 1] SEQUENCE { COMPONENTS OF LDAPResult, serverSaslCreds [7] OCTET STRING OPTIONAL } */
void ldap_bind_response(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_APPLICATION_SET(1), "bindResponse");

	ldap_result(r, &s);
	if (ber_more(&s)) {
		struct ber token = credentials(r, &s, BER_CONTEXT(7), "serverSaslCreds");

		ldap_sasl_answer(r, &token);
	}
	ber_end(&s, "");
}
