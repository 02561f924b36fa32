/* The recogniser of LDAP over a stream: framing, limits of size, security layers. */
/*
 * Spec: RFC 4511 5, RFC 4422 3.7 (security layers), MS-ADTS 5.1.2.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.message.*, ldap.sealed.frame.
 * Not done: reading inside security layers, those that only sign included: they are opaque.sealed to policy, but not
 *	ldap.sealed.
 */
#include "proto/ldap/ldap_int.h"

enum { TLS_HANDSHAKE = 0x16 };

/* How large a message this side may send now. */
static enum ldap_limit size_limit(const struct ldap_read *r)
{
	if (r->unit->from == SIDE_SERVER)
		return LIMIT_MESSAGE_SERVER;
	return r->proved ? LIMIT_MESSAGE_PROVED : LIMIT_MESSAGE_ANONYMOUS;
}

/* Four octets of length, then what only the two ends can read (RFC 4422 3.7). */
static struct step sealed_frame(struct ldap_read *r, struct wire *w)
{
	uint32_t    max = ldap_limit(r, LIMIT_SEALED_FRAME);
	struct step step = step_unit(4, 0);

	if (r->state->unbound && r->unit->from == SIDE_CLIENT)
		wire_fail(w, 0, R_LDAP_AFTER_UNBIND, "");
	if (w->fault->why)
		return step_refuse(0);
	if (wire_left(w) < 4)
		return step_more(4);
	step.opaque = wire_be32_range(w, 1, max, R_LDAP_SEALED_FRAME, "sealed");
	step.why = R_OPAQUE_SEALED;
	r->unit->sealed = true;
	return w->fault->why ? step_refuse(0) : step;
}

/* Bytes that do not begin a message. */
static struct step not_ldap(const struct wire *w)
{
	uint8_t first = wire_peek(w);

	wire_fail_numbers(w, 0, first == TLS_HANDSHAKE ? R_LDAP_TLS : R_LDAP_FRAMING, "", BER_SEQUENCE, first);
	return step_refuse(0);
}

/* A whole message: may it come now, and is it lawful? `n` is its framed length. */
static struct step message(const struct ldap_state *s, struct ldap_read *r, struct wire *w, const struct in *in, uint64_t n)
{
	uint32_t    max = ldap_limit(r, size_limit(r));
	struct wire one;

	if (s->sealed[in->from])
		wire_fail(w, 0, R_LDAP_SEALED_CLEAR, "");
	if (s->unbound && in->from == SIDE_CLIENT)
		wire_fail(w, 0, R_LDAP_AFTER_UNBIND, "");
	if (s->starttls && in->from == SIDE_CLIENT)
		wire_fail(w, 0, R_LDAP_STARTTLS_GLUED, "");
	if (n > max)
		wire_fail_numbers(w, 1, R_LDAP_MESSAGE_SIZE, "", max, n);
	if (w->fault->why)
		return step_refuse(n);
	if (in->len < n)
		return step_more(n);
	one = wire_sub(w, (size_t)n, "");
	ldap_message(r, &one);
	if (w->fault->why)
		return step_refuse(n);
	return ldap_order(s, r, &one, n);
}

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct ldap_state *s = state;
	struct ldap_unit        *u = unit;
	struct ldap_read         r = {.cx = cx, .unit = u, .proved = s->proved, .state = s};
	struct wire              w = wire_over(in->bytes, in->len, &cx->fault, R_LDAP_SHORT);
	size_t                   need;
	uint64_t                 n;

	u->from = (uint8_t)in->from;
	wire_name(&w, "ldap");
	ldap_fact_number(&r, FACT_IDENTITY, s->proved);
	ldap_fact_number(&r, FACT_SEALED, s->sealed[in->from] && s->seals);
	if (!in->len)
		return step_more(1);
	if (wire_peek(&w) != BER_SEQUENCE) {
		bool glued = s->starttls && in->from == SIDE_CLIENT;

		if (s->layered && !glued)
			return sealed_frame(&r, &w);
		if (glued)
			wire_fail(&w, 0, R_LDAP_STARTTLS_GLUED, "");
		return not_ldap(&w);
	}
	n = ber_frame(w, &ldap_ber, BER_TOLERATE_WINDOWS_LENGTH | (cx->tolerate & TOLERATE_LONG_LENGTH ? BER_TOLERATE_LONG_LENGTH : 0),
		      &need);
	if (need)
		return step_more(need);
	return message(s, &r, &w, in, n);
}

static const struct table_def tables[] = {
	[LDAP_REQUESTS] = {"ldap.outstanding", sizeof(struct ldap_request), LIMIT_OUTSTANDING_PROVED},
	[LDAP_ABANDONED] = {"ldap.abandoned", sizeof(struct ldap_abandoned), LIMIT_ABANDONED},
};

const struct recogniser ldap_recogniser = {
	.name = "ldap",
	.reads = "spnego ntlmssp krb5",
	.id = PROTO_LDAP,
	.short_why = R_LDAP_SHORT,
	.state_size = sizeof(struct ldap_state),
	.unit_size = sizeof(struct ldap_unit),
	.tables = sizeof(tables) / sizeof(tables[0]),
	.limits = LDAP_LIMITS,
	.facts = LDAP_FACTS,
	.tolerances = LDAP_TOLERANCES,
	.table = tables,
	.limit = ldap_limits,
	.fact = ldap_facts,
	.tolerance = ldap_tolerances,
	.next = next,
	.commit = ldap_commit,
	.deny = ldap_deny,
};

_Static_assert(sizeof(struct ldap_state) <= STATE_MAX, "state");
_Static_assert(sizeof(struct ldap_unit) <= UNIT_MAX, "unit");
_Static_assert((int)LDAP_FACTS <= (int)FACTS_MAX, "facts");
