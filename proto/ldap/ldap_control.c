/* Controls: what a request or an answer says beyond its operation. */
/*
 * Spec: RFC 4511 4.1.11; values of controls: ldap_control_value.c.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.controls, ldap.control.size, ldap.oid.
 * Not done: whether a control fits the operation it came with; values of unknown controls pass as bounded octets.
 */
#include "proto/ldap/ldap_int.h"

enum { TOLD_APART_MAX = 64 }; /* controls beyond these are not compared with each other */

/* The types seen so far; one control type is given at most once. */
struct seen {
	uint32_t        n;
	struct ber_span type[TOLD_APART_MAX];
};

static void once(struct seen *seen, struct ber *b, struct ber_span type)
{
	for (uint32_t i = 0; i < seen->n; i++)
		if (ber_spans_equal(seen->type[i], type))
			wire_fail(&b->w, type.at, R_LDAP_CONTROL_TWICE, "controlType");
	if (seen->n < TOLD_APART_MAX)
		seen->type[seen->n++] = type;
}

/* controlValue OCTET STRING OPTIONAL, of a control whose value has a grammar of ours. */
static void known_value(struct ldap_read *r, struct ber *c, const struct ldap_control_def *def)
{
	struct ber value = ber_enter(c, BER_OCTETS, def->field);
	uint32_t   max = ldap_limit(r, LIMIT_CONTROL_SIZE);
	size_t     n = wire_left(&value.w);

	if (n > max)
		wire_fail_numbers(&value.w, wire_offset(&value.w), R_LDAP_CONTROL_SIZE, "", max, n);
	if (r->unit->from == SIDE_CLIENT)
		def->request(r, &value);
	else
		def->response(r, &value);
	ber_end(&value, "");
}

static void control_value(struct ldap_read *r, struct ber *c, const struct ldap_control_def *def)
{
	bool asked = r->unit->from == SIDE_CLIENT, present = ber_more(c);

	if (def && asked && !present && def->request && !def->optional)
		ber_refuse(c, R_LDAP_CONTROL_VALUE, "controlValue");
	if (!present)
		return;
	if (def && (asked ? def->request : def->response))
		known_value(r, c, def);
	else if (def && asked)
		ber_octets(c, BER_OCTETS, 0, 0, R_LDAP_CONTROL_VALUE, "controlValue");
	else
		ldap_octets(r, c, BER_OCTETS, LIMIT_CONTROL_SIZE, R_LDAP_CONTROL_SIZE, "controlValue");
}

/*
 * Control ::= SEQUENCE { controlType LDAPOID, criticality BOOLEAN DEFAULT FALSE, controlValue OCTET STRING OPTIONAL }
 * A FALSE that is spelt out is let by: Windows does so, and nothing depends on it.
 */
static void control(struct ldap_read *r, struct ber *b, struct seen *seen)
{
	struct ber      c = ber_enter(b, BER_SEQUENCE, "");
	struct ber_span type = ldap_oid(r, &c, BER_OCTETS, "controlType");

	once(seen, &c, type);
	if (ber_peek(&c) == BER_BOOLEAN)
		ber_boolean(&c, BER_BOOLEAN, "criticality");
	control_value(r, &c, ldap_control_find(type));
	ber_end(&c, "");
}

/* controls [0] Controls ::= SEQUENCE OF control Control */
void ldap_controls(struct ldap_read *r, struct ber *b)
{
	struct ber  list = ber_enter(b, BER_CONTEXT_SET(0), "controls");
	struct seen seen;
	uint32_t    n = 0, max = ldap_limit(r, LIMIT_CONTROLS);

	seen.n = 0;
	wire_list(&list.w);
	while (ber_more(&list))
		if (++n > max)
			ldap_refuse_next(&list, R_LDAP_CONTROLS, max, n);
		else
			control(r, &list, &seen);
	ldap_fact_number(r, FACT_CONTROLS, n);
}
