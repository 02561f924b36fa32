/* Extended operations, intermediate answers and notifications nobody asked for. */
/*
 * Spec: RFC 4511 4.12-4.14 and 4.4.1, RFC 3062 (password modify), RFC 4532 (who am I), RFC 3909 (cancel),
 *	RFC 2589 (dynamic refresh).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.oid, ldap.extended.size, ldap.bind.password, ldap.dn.
 * Not done: the values of operations not named here pass as bounded octets.
 */
#include "proto/ldap/ldap_int.h"

/* An extended request whose value we know. */
struct operation {
	const char *oid;
	const char *field;
	void (*value)(struct ldap_read *r, struct ber *b); /* NULL: there is none */
	bool optional;
	bool starttls;
};

/* PasswdModifyRequestValue ::= SEQUENCE { userIdentity [0], oldPasswd [1], newPasswd [2] OCTET STRING OPTIONAL } (RFC 3062 2) */
static void password_modify(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	if (ber_peek(&s) == BER_CONTEXT(0))
		ldap_fact_text(r, FACT_NAME, ldap_dn(r, &s, BER_CONTEXT(0), "userIdentity"));
	if (ber_peek(&s) == BER_CONTEXT(1))
		ldap_octets(r, &s, BER_CONTEXT(1), LIMIT_BIND_PASSWORD, R_LDAP_BIND_PASSWORD, "oldPasswd");
	if (ber_more(&s))
		ldap_octets(r, &s, BER_CONTEXT(2), LIMIT_BIND_PASSWORD, R_LDAP_BIND_PASSWORD, "newPasswd");
	ber_end(&s, "");
}

/* cancelRequestValue ::= SEQUENCE { cancelID MessageID } (RFC 3909 2.1) */
static void cancel(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	ldap_fact_number(r, FACT_ABANDON_ID,
			 (uint64_t)ber_integer(&s, BER_INTEGER, 0, INT32_MAX, R_LDAP_MESSAGE_ID, "cancelID"));
	ber_end(&s, "");
}

/* SEQUENCE { entryName [0] LDAPDN, requestTtl [1] INTEGER } (RFC 2589 4.1) */
static void refresh(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	ldap_fact_text(r, FACT_NAME, ldap_dn(r, &s, BER_CONTEXT(0), "entryName"));
	ber_integer(&s, BER_CONTEXT(1), 0, 31557600, R_LDAP_EXTENDED_TTL, "requestTtl");
	ber_end(&s, "");
}

static const struct operation operations[] = {
	{.oid = "1.3.6.1.4.1.1466.20037", .field = "startTLS", .starttls = true},
	{.oid = "1.3.6.1.4.1.4203.1.11.1", .field = "passwordModify", .value = password_modify, .optional = true},
	{.oid = "1.3.6.1.4.1.4203.1.11.3", .field = "whoAmI"},
	{.oid = "1.3.6.1.1.8", .field = "cancel", .value = cancel},
	{.oid = "1.3.6.1.4.1.1466.101.119.1", .field = "refresh", .value = refresh},
	{.oid = "1.2.840.113556.1.4.1781", .field = "fastBind"},
};

static const struct operation *find(struct ber_span oid)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (ber_span_is(oid, operations[i].oid))
			return &operations[i];
	return NULL;
}

/* requestValue [1] OCTET STRING OPTIONAL, of an operation we know. */
static void known_value(struct ldap_read *r, struct ber *b, const struct operation *op)
{
	bool present = ber_more(b);

	if (present ? !op->value : op->value && !op->optional) {
		ber_refuse(b, R_LDAP_EXTENDED_VALUE, "requestValue");
		return;
	}
	if (present) {
		struct ber value = ber_enter(b, BER_CONTEXT(1), op->field);

		op->value(r, &value);
		ber_end(&value, "");
	}
}

/* ExtendedRequest ::= [APPLICATION 23] SEQUENCE { requestName [0] LDAPOID, requestValue [1] OCTET STRING OPTIONAL } */
void ldap_extended_request(struct ldap_read *r, struct ber *b)
{
	struct ber              s = ber_enter(b, BER_APPLICATION_SET(23), "extended");
	struct ber_span         oid = ldap_oid(r, &s, BER_CONTEXT(0), "requestName");
	const struct operation *op = find(oid);

	ldap_fact_text(r, FACT_OID, oid);
	r->unit->request.starttls = op && op->starttls;
	if (op)
		known_value(r, &s, op);
	else if (ber_more(&s))
		ldap_octets(r, &s, BER_CONTEXT(1), LIMIT_EXTENDED_SIZE, R_LDAP_EXTENDED_SIZE, "requestValue");
	ber_end(&s, "");
}

/* Only the server may speak unasked, and must then say what it means (RFC 4511 4.4). */
static void notification(struct ldap_read *r, const struct ber *b, struct ber_span oid)
{
	if (!oid.p)
		ber_refuse(b, R_LDAP_NOTICE, "responseName");
	r->unit->notice = ber_span_is(oid, "1.3.6.1.4.1.1466.20036");
}

/* ExtendedResponse ::= [APPLICATION 24] SEQUENCE { COMPONENTS OF LDAPResult, responseName [10], responseValue [11] OPTIONAL } */
void ldap_extended_response(struct ldap_read *r, struct ber *b)
{
	struct ber      s = ber_enter(b, BER_APPLICATION_SET(24), "extendedResp");
	struct ber_span oid = {0};

	ldap_result(r, &s);
	if (ber_peek(&s) == BER_CONTEXT(10))
		oid = ldap_oid(r, &s, BER_CONTEXT(10), "responseName");
	if (!r->unit->id)
		notification(r, &s, oid);
	if (ber_more(&s))
		ldap_octets(r, &s, BER_CONTEXT(11), LIMIT_EXTENDED_SIZE, R_LDAP_EXTENDED_SIZE, "responseValue");
	ber_end(&s, "");
}

/* IntermediateResponse ::= [APPLICATION 25] SEQUENCE { responseName [0] LDAPOID, responseValue [1] OCTET STRING, both OPTIONAL } */
void ldap_intermediate(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_APPLICATION_SET(25), "intermediateResponse");

	if (ber_peek(&s) == BER_CONTEXT(0))
		ldap_oid(r, &s, BER_CONTEXT(0), "responseName");
	if (ber_more(&s))
		ldap_octets(r, &s, BER_CONTEXT(1), LIMIT_EXTENDED_SIZE, R_LDAP_EXTENDED_SIZE, "responseValue");
	ber_end(&s, "");
}
