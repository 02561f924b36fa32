/* LDAPMessage: the envelope, and which operation is in it. */
/*
 * Spec: RFC 4511 4.1.1 (envelope), 4.2-4.14 (operations by tag), 5.1 (encoding).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.message.* and ldap.datagram.* hold before this is called.
 * Not done: order of messages (ldap_state.c).
 */
#include "proto/ldap/ldap_int.h"

/* protocolOp CHOICE: the operation's tag, whose it is, and its production. */
struct operation {
	uint8_t tag;
	uint8_t op;
	uint8_t from;
	void (*read)(struct ldap_read *r, struct ber *b);
};

static void unbind(struct ldap_read *r, struct ber *b);
static void abandon(struct ldap_read *r, struct ber *b);

static const struct operation operations[] = {
	{BER_APPLICATION_SET(0), LDAP_BIND, SIDE_CLIENT, ldap_bind_request},
	{BER_APPLICATION(2), LDAP_UNBIND, SIDE_CLIENT, unbind},
	{BER_APPLICATION_SET(3), LDAP_SEARCH, SIDE_CLIENT, ldap_search_request},
	{BER_APPLICATION_SET(6), LDAP_MODIFY, SIDE_CLIENT, ldap_modify_request},
	{BER_APPLICATION_SET(8), LDAP_ADD, SIDE_CLIENT, ldap_add_request},
	{BER_APPLICATION(10), LDAP_DEL, SIDE_CLIENT, ldap_del_request},
	{BER_APPLICATION_SET(12), LDAP_MODDN, SIDE_CLIENT, ldap_moddn_request},
	{BER_APPLICATION_SET(14), LDAP_COMPARE, SIDE_CLIENT, ldap_compare_request},
	{BER_APPLICATION(16), LDAP_ABANDON, SIDE_CLIENT, abandon},
	{BER_APPLICATION_SET(23), LDAP_EXTENDED, SIDE_CLIENT, ldap_extended_request},
	{BER_APPLICATION_SET(1), LDAP_BIND_RESPONSE, SIDE_SERVER, ldap_bind_response},
	{BER_APPLICATION_SET(4), LDAP_SEARCH_ENTRY, SIDE_SERVER, ldap_search_entry},
	{BER_APPLICATION_SET(5), LDAP_SEARCH_DONE, SIDE_SERVER, ldap_response},
	{BER_APPLICATION_SET(7), LDAP_MODIFY_RESPONSE, SIDE_SERVER, ldap_response},
	{BER_APPLICATION_SET(9), LDAP_ADD_RESPONSE, SIDE_SERVER, ldap_response},
	{BER_APPLICATION_SET(11), LDAP_DEL_RESPONSE, SIDE_SERVER, ldap_response},
	{BER_APPLICATION_SET(13), LDAP_MODDN_RESPONSE, SIDE_SERVER, ldap_response},
	{BER_APPLICATION_SET(15), LDAP_COMPARE_RESPONSE, SIDE_SERVER, ldap_response},
	{BER_APPLICATION_SET(19), LDAP_SEARCH_REFERENCE, SIDE_SERVER, ldap_search_reference},
	{BER_APPLICATION_SET(24), LDAP_EXTENDED_RESPONSE, SIDE_SERVER, ldap_extended_response},
	{BER_APPLICATION_SET(25), LDAP_INTERMEDIATE, SIDE_SERVER, ldap_intermediate},
};

/* UnbindRequest ::= [APPLICATION 2] NULL */
static void unbind(struct ldap_read *r, struct ber *b)
{
	(void)r;
	ber_null(b, BER_APPLICATION(2), "unbind");
}

/* AbandonRequest ::= [APPLICATION 16] MessageID */
static void abandon(struct ldap_read *r, struct ber *b)
{
	r->unit->abandoned = (uint32_t)ber_integer(b, BER_APPLICATION(16), 0, INT32_MAX, R_LDAP_MESSAGE_ID, "abandon");
	ldap_fact_number(r, FACT_ABANDON_ID, r->unit->abandoned);
}

static const struct operation *find(uint8_t tag)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].tag == tag)
			return &operations[i];
	return NULL;
}

/* protocolOp CHOICE { bindRequest .. intermediateResponse }; each side has its own. */
static void protocol_op(struct ldap_read *r, struct ber *b)
{
	uint8_t                 tag = ber_peek(b);
	const struct operation *op = find(tag);

	r->op_at = wire_offset(&b->w);
	if (!op) {
		wire_fail_numbers(&b->w, wire_offset(&b->w), R_LDAP_OP_UNKNOWN, "protocolOp", 0, tag);
		return;
	}
	if (op->from != r->unit->from) {
		ber_refuse(b, R_LDAP_OP_DIRECTION, "protocolOp");
		return;
	}
	r->unit->op = op->op;
	if (op->from == SIDE_CLIENT)
		r->unit->request.op = op->op;
	ldap_fact_number(r, op->from == SIDE_CLIENT ? FACT_OP : FACT_ANSWER, op->op);
	op->read(r, b);
}

/* messageID MessageID ::= INTEGER (0 .. maxInt); zero is for what nobody asked, so it is the server's alone. */
static void message_id(struct ldap_read *r, struct ber *b)
{
	uint32_t at = r->id_at = wire_offset(&b->w);
	int64_t  id = ber_integer(b, BER_INTEGER, 0, INT32_MAX, R_LDAP_MESSAGE_ID, "messageID");

	if (!id && r->unit->from == SIDE_CLIENT)
		wire_fail(&b->w, at, R_LDAP_ID_ZERO, "messageID");
	if (b->w.fault->why)
		return;
	r->unit->id = (uint32_t)id;
	r->unit->has_id = true;
	ldap_fact_number(r, FACT_MESSAGE_ID, (uint64_t)id);
}

/* LDAPMessage ::= SEQUENCE { messageID, protocolOp CHOICE, controls [0] Controls OPTIONAL } */
void ldap_message(struct ldap_read *r, struct wire *w)
{
	uint32_t   tolerate = BER_TOLERATE_WINDOWS_LENGTH;
	struct ber b, m;

	if (r->cx->tolerate & TOLERATE_LONG_LENGTH)
		tolerate |= BER_TOLERATE_LONG_LENGTH;
	if (r->cx->tolerate & TOLERATE_BOOLEAN)
		tolerate |= BER_TOLERATE_BOOLEAN;
	b = ber_over(*w, &ldap_ber, tolerate);
	m = ber_enter(&b, BER_SEQUENCE, "");
	message_id(r, &m);
	if (r->state && r->unit->from == SIDE_SERVER)
		r->asked = ldap_asked(r);
	protocol_op(r, &m);
	if (ber_more(&m))
		ldap_controls(r, &m);
	ber_end(&m, "");
	*w = b.w;
}
