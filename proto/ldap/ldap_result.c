/* The components that every response begins with, and the responses that have nothing else. */
/*
 * Spec: RFC 4511 4.1.9 (LDAPResult), 4.1.10 (referral).
 * Input from: the server.
 * Limits: ldap.dn, ldap.diagnostic, ldap.referrals, ldap.uri, ldap.uri.host.
 * Not done: following referrals; a client that does so speaks through the gateway again.
 */
#include "proto/ldap/ldap_int.h"

enum { RESULT_REFERRAL = 10 };

void ldap_referral(struct ldap_read *r, struct ber *list)
{
	uint32_t n = 0, max = ldap_limit(r, LIMIT_REFERRALS);

	wire_list(&list->w);
	if (!ber_more(list) && !list->w.fault->why)
		wire_fail_numbers(&list->w, wire_offset(&list->w), R_LDAP_REFERRALS, "", 1, 0);
	while (ber_more(list)) {
		if (++n > max)
			ldap_refuse_next(list, R_LDAP_REFERRALS, max, n);
		ldap_fact_text(r, FACT_REFERRAL, ldap_uri(r, list, ""));
	}
}

/* A Sicily answer carries the server's token where others name an entry (MS-ADTS 5.1.1.1.3). */
static void matched_dn(struct ldap_read *r, struct ber *b)
{
	struct ber seen = *b, token;

	if (r->token) {
		struct ber_span s = ldap_octets(r, b, BER_OCTETS, LIMIT_BIND_CREDENTIALS, R_LDAP_BIND_CREDENTIALS, "serverCreds");

		token = ber_enter(&seen, BER_OCTETS, "serverCreds");
		if (s.n)
			ldap_sasl_answer(r, &token);
	} else {
		ldap_fact_text(r, FACT_MATCHED_NAME, ldap_dn(r, b, BER_OCTETS, "matchedDN"));
	}
}

/*
 * LDAPResult ::= SEQUENCE { resultCode ENUMERATED, matchedDN LDAPDN, diagnosticMessage LDAPString,
 *	referral [3] Referral OPTIONAL }; a referral is there if and only if resultCode says so.
 */
void ldap_result(struct ldap_read *r, struct ber *b)
{
	uint32_t at = wire_offset(&b->w);
	int64_t  code = ber_integer(b, BER_ENUMERATED, 0, INT32_MAX, R_LDAP_RESULT_CODE, "resultCode");

	r->unit->result = (uint32_t)code;
	ldap_fact_number(r, FACT_RESULT, (uint64_t)code);
	matched_dn(r, b);
	ldap_fact_text(r, FACT_DIAGNOSTIC, ldap_diagnostic(r, b, "diagnosticMessage"));
	if ((ber_peek(b) == BER_CONTEXT_SET(3)) != (code == RESULT_REFERRAL))
		wire_fail_numbers(&b->w, at, R_LDAP_REFERRAL_CODE, "resultCode", RESULT_REFERRAL, (uint64_t)code);
	if (ber_peek(b) == BER_CONTEXT_SET(3)) {
		struct ber list = ber_enter(b, BER_CONTEXT_SET(3), "referral");

		ldap_referral(r, &list);
	}
}

/* SearchResultDone, ModifyResponse, AddResponse, DelResponse, ModifyDNResponse, CompareResponse ::= LDAPResult */
void ldap_response(struct ldap_read *r, struct ber *b)
{
	static const char *const names[LDAP_OPS] = {
		[LDAP_SEARCH_DONE] = "searchResDone", [LDAP_MODIFY_RESPONSE] = "modifyResponse",
		[LDAP_ADD_RESPONSE] = "addResponse", [LDAP_DEL_RESPONSE] = "delResponse",
		[LDAP_MODDN_RESPONSE] = "modDNResponse", [LDAP_COMPARE_RESPONSE] = "compareResponse",
	};
	const char *field = names[r->unit->op];
	struct ber  result = ber_enter(b, ber_peek(b), field);

	ldap_result(r, &result);
	ber_end(&result, "");
}
