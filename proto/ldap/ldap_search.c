/* Search: the request, its entries and references. */
/*
 * Spec: RFC 4511 4.5, MS-ADTS 6.3.3 (ping), RFC 4511 4.5.2.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.dn, ldap.attributes, ldap.filter.*; entries only by ldap.message.server.
 * Not done: whether an entry's attributes are those that were asked for.
 */
#include "proto/ldap/ldap_int.h"

/* attributes AttributeSelection ::= SEQUENCE OF selector LDAPString */
void ldap_attribute_selection(struct ldap_read *r, struct ber *b)
{
	struct ber list = ber_enter(b, BER_SEQUENCE, "attributes");
	uint32_t   n = 0, max = ldap_limit(r, LIMIT_ATTRIBUTES);

	wire_list(&list.w);
	while (ber_more(&list)) {
		if (++n > max)
			ldap_refuse_next(&list, R_LDAP_SEARCH_ATTRIBUTES, max, n);
		ldap_fact_text(r, FACT_ATTRIBUTE, ldap_selector(r, &list, ""));
	}
	ldap_fact_number(r, FACT_ATTRIBUTE_COUNT, n);
}

/* scope ENUMERATED { baseObject (0), singleLevel (1), wholeSubtree (2), ... }; OpenLDAP adds subordinate (3). */
static int64_t scope(const struct ldap_read *r, struct ber *b)
{
	uint32_t at = wire_offset(&b->w);
	int64_t  v = ber_integer(b, BER_ENUMERATED, 0, 3, R_LDAP_SEARCH_SCOPE, "scope");

	if (v == 3 && !(r->cx->tolerate & TOLERATE_SUBORDINATE))
		wire_fail(&b->w, at, R_LDAP_SEARCH_SUBORDINATE, "scope");
	return v;
}

/*
 * SearchRequest ::= [APPLICATION 3] SEQUENCE { baseObject LDAPDN, scope, derefAliases ENUMERATED,
 *	sizeLimit INTEGER (0..maxInt), timeLimit INTEGER (0..maxInt), typesOnly BOOLEAN, filter Filter, attributes }
 */
void ldap_search_request(struct ldap_read *r, struct ber *b)
{
	struct ber      s = ber_enter(b, BER_APPLICATION_SET(3), "search");
	struct ber_span base = ldap_dn(r, &s, BER_OCTETS, "baseObject");
	int64_t         where = scope(r, &s);

	ldap_fact_text(r, FACT_NAME, base);
	ldap_fact_number(r, FACT_SCOPE, (uint64_t)where);
	ldap_fact_number(r, FACT_DEREF, (uint64_t)ber_integer(&s, BER_ENUMERATED, 0, 3, R_LDAP_SEARCH_DEREF, "derefAliases"));
	ldap_fact_number(r, FACT_SIZE_LIMIT,
			 (uint64_t)ber_integer(&s, BER_INTEGER, 0, INT32_MAX, R_LDAP_SEARCH_LIMIT, "sizeLimit"));
	ldap_fact_number(r, FACT_TIME_LIMIT,
			 (uint64_t)ber_integer(&s, BER_INTEGER, 0, INT32_MAX, R_LDAP_SEARCH_LIMIT, "timeLimit"));
	ldap_fact_number(r, FACT_TYPES_ONLY, ber_boolean(&s, BER_BOOLEAN, "typesOnly"));
	r->ping = r->datagram || (base.p && !base.n && where == 0);
	ldap_filter(r, &s, "filter");
	r->ping = false;
	ldap_attribute_selection(r, &s);
	ber_end(&s, "");
}

/* vals SET OF value AttributeValue */
static void values(struct ldap_read *r, struct ber *b, const struct ldap_user_rule *rule)
{
	struct ber vals = ber_enter(b, BER_SET, "vals");

	wire_list(&vals.w);
	while (ber_more(&vals))
		if (rule)
			ldap_user_value(r, &vals, rule);
		else
			ber_octets(&vals, BER_OCTETS, 0, UINT32_MAX, R_LDAP_PAST_END, "");
}

/* PartialAttribute ::= SEQUENCE { type AttributeDescription, vals SET OF value AttributeValue } */
static void partial_attribute(struct ldap_read *r, struct ber *b)
{
	struct ber                   a = ber_enter(b, BER_SEQUENCE, "");
	struct ber_span              type = ldap_description(r, &a, BER_OCTETS, "type");
	const struct ldap_user_rule *rule = ldap_limit(r, LIMIT_READ_USER) ? ldap_user_rule(type, true) : NULL;

	values(r, &a, rule);
	ber_end(&a, "");
}

/* SearchResultEntry ::= [APPLICATION 4] SEQUENCE { objectName LDAPDN, attributes SEQUENCE OF PartialAttribute } */
void ldap_search_entry(struct ldap_read *r, struct ber *b)
{
	struct ber e = ber_enter(b, BER_APPLICATION_SET(4), "searchResEntry");

	ldap_fact_text(r, FACT_MATCHED_NAME, ldap_dn(r, &e, BER_OCTETS, "objectName"));
	struct ber list = ber_enter(&e, BER_SEQUENCE, "attributes");

	wire_list(&list.w);
	while (ber_more(&list))
		partial_attribute(r, &list);
	ber_end(&e, "");
}

/* SearchResultReference ::= [APPLICATION 19] SEQUENCE SIZE (1..MAX) OF uri URI */
void ldap_search_reference(struct ldap_read *r, struct ber *b)
{
	struct ber list = ber_enter(b, BER_APPLICATION_SET(19), "searchResRef");

	ldap_referral(r, &list);
}
