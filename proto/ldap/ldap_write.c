/* Operations that change or compare entries: modify, add, delete, modify DN, compare. */
/*
 * Spec: RFC 4511 4.6-4.10, RFC 4525 (increment).
 * Input from: the client.
 * Limits: ldap.write.*, ldap.user.* (ldap_user.c), ldap.dn.
 * Not done: whether values fit their attribute's syntax, beyond the rules of ldap_user.c.
 */
#include "proto/ldap/ldap_int.h"

/* What is written to one entry, as far as a rule spans several attributes. */
struct written {
	bool            user; /* objectClass: user */
	struct ber_span sam; /* the longest sAMAccountName */
	uint32_t        sam_characters;
};

static void note(struct written *entry, struct ber_span type, struct ber_span value)
{
	if ((ber_span_is_nocase(type, "objectClass") || ber_span_is(type, "2.5.4.0")) &&
	    (ber_span_is_nocase(value, "user") || ber_span_is(value, "1.2.840.113556.1.5.9")))
		entry->user = true;
	if (!ber_span_is_nocase(type, "sAMAccountName") && !ber_span_is(type, "1.2.840.113556.1.4.221"))
		return;
	if (ldap_characters(value) > entry->sam_characters) {
		entry->sam = value;
		entry->sam_characters = ldap_characters(value);
	}
}

/* vals SET OF value AttributeValue */
static void values(struct ldap_read *r, struct ber *b, struct ber_span type, uint32_t min, struct written *entry)
{
	const struct ldap_user_rule *rule = ldap_user_rule(type, false);
	struct ber                   vals = ber_enter(b, BER_SET, "vals");
	uint32_t                     n = 0, max = ldap_limit(r, LIMIT_WRITE_VALUES);

	wire_list(&vals.w);
	while (ber_more(&vals)) {
		struct ber_span v = {0};

		if (++n > max)
			ldap_refuse_next(&vals, R_LDAP_WRITE_VALUES, max, n);
		else if (rule)
			v = ldap_user_value(r, &vals, rule);
		else
			v = ldap_octets(r, &vals, BER_OCTETS, LIMIT_WRITE_VALUE, R_LDAP_WRITE_VALUE, "");
		if (entry && v.p)
			note(entry, ldap_type(type), v);
	}
	if (n < min)
		wire_fail_numbers(&vals.w, wire_offset(&vals.w), R_LDAP_WRITE_NO_VALUE, "", min, n);
}

/* operation ENUMERATED { add (0), delete (1), replace (2), ..., increment (3) }, modification PartialAttribute */
static void change(struct ldap_read *r, struct ber *b)
{
	struct ber c = ber_enter(b, BER_SEQUENCE, "");

	ber_integer(&c, BER_ENUMERATED, 0, 3, R_LDAP_WRITE_OPERATION, "operation");
	struct ber      a = ber_enter(&c, BER_SEQUENCE, "modification");
	struct ber_span type = ldap_description(r, &a, BER_OCTETS, "type");

	ldap_fact_text(r, FACT_ATTRIBUTE, type);
	values(r, &a, type, 0, NULL);
	ber_end(&a, "");
	ber_end(&c, "");
}

/* ModifyRequest ::= [APPLICATION 6] SEQUENCE { object LDAPDN, changes SEQUENCE OF change SEQUENCE .. } */
void ldap_modify_request(struct ldap_read *r, struct ber *b)
{
	struct ber m = ber_enter(b, BER_APPLICATION_SET(6), "modify");

	ldap_fact_text(r, FACT_NAME, ldap_dn(r, &m, BER_OCTETS, "object"));
	struct ber changes = ber_enter(&m, BER_SEQUENCE, "changes");
	uint32_t   n = 0, max = ldap_limit(r, LIMIT_WRITE_CHANGES);

	wire_list(&changes.w);
	while (ber_more(&changes))
		if (++n > max)
			ldap_refuse_next(&changes, R_LDAP_WRITE_CHANGES, max, n);
		else
			change(r, &changes);
	ldap_fact_number(r, FACT_CHANGES, n);
	ber_end(&m, "");
}

/* Attribute ::= PartialAttribute, with at least one value */
static void attribute(struct ldap_read *r, struct ber *b, struct written *entry)
{
	struct ber      a = ber_enter(b, BER_SEQUENCE, "");
	struct ber_span type = ldap_description(r, &a, BER_OCTETS, "type");

	ldap_fact_text(r, FACT_ATTRIBUTE, type);
	values(r, &a, type, 1, entry);
	ber_end(&a, "");
}

/* AddRequest ::= [APPLICATION 8] SEQUENCE { entry LDAPDN, attributes SEQUENCE OF attribute Attribute } */
void ldap_add_request(struct ldap_read *r, struct ber *b)
{
	struct written entry = {0};
	struct ber     a = ber_enter(b, BER_APPLICATION_SET(8), "add");

	ldap_fact_text(r, FACT_NAME, ldap_dn(r, &a, BER_OCTETS, "entry"));
	struct ber list = ber_enter(&a, BER_SEQUENCE, "attributes");
	uint32_t   n = 0, max = ldap_limit(r, LIMIT_WRITE_ATTRIBUTES);

	wire_list(&list.w);
	while (ber_more(&list))
		if (++n > max)
			ldap_refuse_next(&list, R_LDAP_WRITE_ATTRIBUTES, max, n);
		else
			attribute(r, &list, &entry);
	ldap_fact_number(r, FACT_ATTRIBUTE_COUNT, n);
	uint32_t name_max = ldap_limit(r, LIMIT_USER_SAM_USER);

	if (entry.user && entry.sam_characters > name_max)
		wire_fail_numbers(&a.w, entry.sam.at, R_LDAP_USER_SAM_USER, "sAMAccountName", name_max, entry.sam_characters);
	ber_end(&a, "");
}

/* DelRequest ::= [APPLICATION 10] LDAPDN */
void ldap_del_request(struct ldap_read *r, struct ber *b)
{
	ldap_fact_text(r, FACT_NAME, ldap_dn(r, b, BER_APPLICATION(10), "del"));
}

/* ModifyDNRequest ::= [APPLICATION 12] SEQUENCE { entry, newrdn, deleteoldrdn BOOLEAN, newSuperior [0] LDAPDN OPTIONAL } */
void ldap_moddn_request(struct ldap_read *r, struct ber *b)
{
	struct ber m = ber_enter(b, BER_APPLICATION_SET(12), "modDN");

	ldap_fact_text(r, FACT_NAME, ldap_dn(r, &m, BER_OCTETS, "entry"));
	ldap_fact_text(r, FACT_NEW_NAME, ldap_dn(r, &m, BER_OCTETS, "newrdn"));
	ber_boolean(&m, BER_BOOLEAN, "deleteoldrdn");
	if (ber_more(&m))
		ldap_fact_text(r, FACT_NEW_SUPERIOR, ldap_dn(r, &m, BER_CONTEXT(0), "newSuperior"));
	ber_end(&m, "");
}

/* CompareRequest ::= [APPLICATION 14] SEQUENCE { entry LDAPDN, ava AttributeValueAssertion } */
void ldap_compare_request(struct ldap_read *r, struct ber *b)
{
	struct ber c = ber_enter(b, BER_APPLICATION_SET(14), "compare");

	ldap_fact_text(r, FACT_NAME, ldap_dn(r, &c, BER_OCTETS, "entry"));
	struct ber ava = ber_enter(&c, BER_SEQUENCE, "ava");

	ldap_assertion(r, &ava);
	ber_end(&c, "");
}
