/* The protocol's own refusals: the denied operation's response, or a notice of disconnection. */
/*
 * Spec: RFC 4511 4.1.9 (result codes), 4.4.1 (notice of disconnection).
 * Input from: ourselves; of the peer only the message id and the operation.
 * Limits: all lengths below 128, so that each is one octet.
 * Not done: answers inside a security layer: the flow ends without one.
 */
#include <string.h>

#include "proto/ldap/ldap_int.h"

enum result_code { OPERATIONS_ERROR = 1, PROTOCOL_ERROR = 2, ADMIN_LIMIT = 11, BUSY = 51, UNAVAILABLE = 52, UNWILLING = 53 };

enum { TEXT_MAX = 64 }; /* octets of a reason's id in diagnosticMessage */

static const char prefix[] = "refused by the gateway: ";
static const char notice_oid[] = "1.3.6.1.4.1.1466.20036";

static void put(struct cx *cx, uint8_t octet)
{
	if (cx->answer_len < ANSWER_MAX)
		cx->answer[cx->answer_len++] = octet;
}

static void put_header(struct cx *cx, uint8_t tag, size_t n)
{
	put(cx, tag);
	put(cx, (uint8_t)n);
}

static void put_text(struct cx *cx, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(cx, (uint8_t)text[i]);
}

/* How many octets a message id takes: INTEGER, not negative. */
static size_t id_octets(uint32_t id)
{
	size_t n = 1;

	while (n < 4 && id >> (8 * n - 1))
		n++;
	return n;
}

/* LDAPMessage { messageID, [tag] LDAPResult { code, "", text }, responseName where it is a notice } */
static void put_message(struct cx *cx, uint32_t id, uint8_t tag, enum result_code code, const char *name)
{
	const char *why = reason_of(cx->fault.why)->id;
	size_t      why_len = strnlen(why, TEXT_MAX), name_len = name ? strlen(name) : 0;
	size_t      text = strlen(prefix) + why_len;
	size_t      result = 3 + 2 + 2 + text + (name ? 2 + name_len : 0);

	put_header(cx, BER_SEQUENCE, 2 + id_octets(id) + 2 + result);
	put_header(cx, BER_INTEGER, id_octets(id));
	for (size_t i = id_octets(id); i-- > 0;)
		put(cx, (uint8_t)(id >> (8 * i)));
	put_header(cx, tag, result);
	put_header(cx, BER_ENUMERATED, 1);
	put(cx, (uint8_t)code);
	put_header(cx, BER_OCTETS, 0);
	put_header(cx, BER_OCTETS, text);
	put_text(cx, prefix, strlen(prefix));
	put_text(cx, why, why_len);
	if (!name)
		return;
	put_header(cx, BER_CONTEXT(10), name_len);
	put_text(cx, name, name_len);
}

/* The response this request is owed; 0 = none (unbind, abandon, or not read so far). */
static uint8_t response_tag(uint8_t op)
{
	static const uint8_t tags[LDAP_OPS] = {
		[LDAP_BIND] = BER_APPLICATION_SET(1),     [LDAP_SEARCH] = BER_APPLICATION_SET(5),
		[LDAP_MODIFY] = BER_APPLICATION_SET(7),   [LDAP_ADD] = BER_APPLICATION_SET(9),
		[LDAP_DEL] = BER_APPLICATION_SET(11),     [LDAP_MODDN] = BER_APPLICATION_SET(13),
		[LDAP_COMPARE] = BER_APPLICATION_SET(15), [LDAP_EXTENDED] = BER_APPLICATION_SET(24),
	};

	return tags[op];
}

/* Refusals the flow outlives: the message was read far enough, and the server's state is not in doubt. */
static bool outlived(uint16_t why, enum result_code *out)
{
	switch (why) {
	case R_LDAP_OUTSTANDING:
	case R_LDAP_BIND_PENDING:
	case R_LDAP_BIND_BUSY:
		*out = BUSY;
		return true;
	case R_LDAP_STARTTLS_BUSY:
		*out = OPERATIONS_ERROR;
		return true;
	}
	*out = reason_of(why)->class == CLASS_LIMIT ? ADMIN_LIMIT : UNWILLING;
	return reason_of(why)->class == CLASS_LIMIT || reason_of(why)->class == CLASS_POLICY;
}

/* Notice of Disconnection ::= ExtendedResponse with id 0 and a name (RFC 4511 4.4.1). */
static bool goodbye(struct cx *cx, enum result_code code)
{
	put_message(cx, 0, BER_APPLICATION_SET(24), code, notice_oid);
	return false;
}

/*
 * A bind that is denied leaves the client anonymous in its own eyes (RFC 4511 4.2.1). Where the server still
 * knows it by an earlier bind the two would differ, so the flow ends.
 */
bool ldap_deny(void *state, const void *unit, struct cx *cx)
{
	const struct ldap_state *s = state;
	const struct ldap_unit  *u = unit;
	enum result_code         code;

	if (s->sealed[SIDE_CLIENT] || s->sealed[SIDE_SERVER] || (u && u->sealed)) {
		cx->no_answer = R_ANSWER_SIGNED;
		return false;
	}
	if (s->unbound)
		return false;
	if (cx->from == SIDE_SERVER)
		return goodbye(cx, UNAVAILABLE);
	if (!u || !u->has_id || !u->op || !outlived(cx->fault.why, &code))
		return goodbye(cx, PROTOCOL_ERROR);
	if (response_tag(u->op))
		put_message(cx, u->id, response_tag(u->op), code, NULL);
	return u->op != LDAP_BIND || !s->proved;
}
