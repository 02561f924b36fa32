/* The recogniser of LDAP over datagrams: questions to find a server, and their answers. */
/*
 * Spec: MS-ADTS 3.1.1.3.1.11 and 6.3.3 (UDP), RFC 1798 (its ancestor: one answer, one datagram).
 * Input from: anybody; a source address proves nothing.
 * Limits: ldap.datagram.*; the 32 latest questions of an association are remembered, the oldest goes first.
 * Not done: RFC 1798's own envelope with a user name in it, which nothing sends any more.
 */
#include "proto/ldap/ldap_int.h"

static uint8_t find(const struct cldap_state *s, uint32_t id)
{
	uint8_t i = 0;

	while (i < DATAGRAMS_MAX && s->id[i] != id)
		i++;
	return i;
}

/* Exactly one message: a search, or an abandon, which is of no use here and is swallowed. */
static struct step question(struct ldap_read *r, struct wire *w, size_t n)
{
	ldap_message(r, w);
	if (!w->fault->why && r->unit->op != LDAP_SEARCH && r->unit->op != LDAP_ABANDON)
		wire_fail(w, r->op_at, R_LDAP_DATAGRAM_OP, "protocolOp");
	wire_end(w, R_LDAP_DATAGRAM_GLUED, "");
	if (!w->fault->why && r->unit->op == LDAP_ABANDON) {
		r->unit->swallowed = true;
		r->cx->patch[r->cx->patches++] = (struct patch){.form = PATCH_BYTES, .old_len = (uint32_t)n};
	}
	return w->fault->why ? step_refuse(n) : step_unit(n, 0);
}

/* One message of an answer: of a kind that answers a search, and with the id of them all. */
static bool part(struct ldap_read *r, struct wire *w, uint32_t first)
{
	ldap_message(r, w);
	if (w->fault->why)
		return false;
	if (!ldap_answers(LDAP_SEARCH, r->unit->op))
		return wire_fail(w, r->op_at, R_LDAP_DATAGRAM_OP, "protocolOp");
	if (first && r->unit->id != first)
		return wire_fail_numbers(w, r->id_at, R_LDAP_DATAGRAM_ID, "messageID", first, r->unit->id);
	return true;
}

/* Entries and references, then one SearchResultDone, all in one datagram. */
static struct step answer(const struct cldap_state *s, struct ldap_read *r, struct wire *w, size_t n)
{
	uint32_t first = 0;

	do {
		if (!part(r, w, first))
			return step_refuse(n);
		first = r->unit->id;
	} while (r->unit->op != LDAP_SEARCH_DONE && wire_more(w));
	if (r->unit->op != LDAP_SEARCH_DONE)
		wire_fail(w, wire_offset(w), R_LDAP_DATAGRAM_DONE, "protocolOp");
	wire_end(w, R_LDAP_DATAGRAM_GLUED, "");
	if (!first || find(s, first) == DATAGRAMS_MAX)
		wire_fail_numbers(w, r->id_at, R_LDAP_ANSWER_UNKNOWN, "messageID", 0, first);
	return w->fault->why ? step_refuse(n) : step_unit(n, STEP_ANSWER);
}

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct ldap_unit *u = unit;
	struct ldap_read  r = {.cx = cx, .unit = u, .datagram = true};
	uint32_t          max = ldap_limit(&r, in->from == SIDE_CLIENT ? LIMIT_DATAGRAM_CLIENT : LIMIT_DATAGRAM_SERVER);
	struct wire       w = wire_over(in->bytes, in->len, &cx->fault, R_LDAP_SHORT);

	u->from = (uint8_t)in->from;
	ldap_fact_number(&r, FACT_IDENTITY, 0);
	ldap_fact_number(&r, FACT_SEALED, 0);
	wire_name(&w, "ldap");
	if (in->len > max)
		wire_fail_numbers(&w, 0, R_LDAP_DATAGRAM_SIZE, "", max, in->len);
	return in->from == SIDE_CLIENT ? question(&r, &w, in->len) : answer(state, &r, &w, in->len);
}

/* A client repeats a question it got no answer to; then both get one. */
static void commit(void *state, const void *unit, struct cx *cx)
{
	const struct ldap_unit *u = unit;
	struct cldap_state     *s = state;
	uint8_t                 i = find(s, u->id);

	(void)cx;
	if (u->from == SIDE_SERVER) {
		if (--s->copies[i] == 0)
			s->id[i] = 0;
		return;
	}
	if (u->swallowed)
		return;
	if (i < DATAGRAMS_MAX) {
		s->copies[i] += s->copies[i] < UINT8_MAX;
		return;
	}
	s->id[s->next] = u->id;
	s->copies[s->next] = 1;
	s->next = (uint8_t)((s->next + 1) % DATAGRAMS_MAX);
}

/* Nothing is said to an address that may be forged. */
static bool deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return true;
}

const struct recogniser cldap_recogniser = {
	.name = "cldap",
	.reads = "ldap spnego ntlmssp krb5",
	.id = PROTO_CLDAP,
	.short_why = R_LDAP_SHORT,
	.datagram = true,
	.state_size = sizeof(struct cldap_state),
	.unit_size = sizeof(struct ldap_unit),
	.limits = LDAP_LIMITS,
	.facts = LDAP_FACTS,
	.tolerances = LDAP_TOLERANCES,
	.limit = ldap_limits,
	.fact = ldap_facts,
	.tolerance = ldap_tolerances,
	.next = next,
	.commit = commit,
	.deny = deny,
};

_Static_assert(sizeof(struct cldap_state) <= STATE_MAX, "state");
