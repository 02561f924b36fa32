/* The recognisers of Kerberos: what clients ask of a KDC, over streams and over datagrams. */
/*
 * Spec: RFC 4120 3.1, 3.3 (exchanges), 7.2.1, 7.2.2 (transports).
 * Input from: anybody; over datagrams a source address proves nothing.
 * Limits: krb5.*
 * Not done: changing of passwords (port 464); errors of our own: the flow ends, and the client asks the next KDC.
 */
#include "proto/krb5/krb5_int.h"

enum { FRAME_OCTETS = 4 };
#define FRAME_EXTENDED UINT32_C(0x80000000)

static bool is_request(enum krb5_kind kind)
{
	return kind == KRB5_AS_REQ || kind == KRB5_TGS_REQ;
}

static struct krb5_read reader(struct cx *cx)
{
	struct krb5_read r = krb5_read_safe(cx);

	r.etypes_max = (uint32_t)cx->limit[LIMIT_ETYPES];
	r.name_max = (uint32_t)cx->limit[LIMIT_NAME];
	r.parts_max = (uint32_t)cx->limit[LIMIT_NAME_PARTS];
	r.count_max = (uint32_t)cx->limit[LIMIT_COUNT];
	r.long_length = cx->tolerate & TOLERATE_LONG_LENGTH;
	r.fact_realm = FACT_REALM;
	r.fact_client = FACT_CLIENT;
	r.fact_service = FACT_SERVICE;
	r.fact_weak = FACT_WEAK;
	r.fact_ticket_weak = FACT_TICKET_WEAK;
	r.fact_error = FACT_ERROR;
	return r;
}

/* One message of this side fills w. */
static bool message(struct krb5_unit *u, struct wire *w, struct cx *cx)
{
	struct krb5_read r = reader(cx);
	enum krb5_kind   kind = krb5_kind_of(w);

	if (u->from == SIDE_CLIENT) {
		if (!is_request(kind))
			wire_fail(w, wire_offset(w), R_KRB5_KIND, "");
		krb5_fact_number(&r, FACT_OP, kind == KRB5_AS_REQ ? 1 : 2);
	} else {
		if (kind != KRB5_AS_REP && kind != KRB5_TGS_REP && kind != KRB5_ERROR)
			wire_fail(w, wire_offset(w), R_KRB5_KIND, "");
		krb5_fact_number(&r, FACT_ANSWER, kind == KRB5_AS_REP ? 1 : kind == KRB5_TGS_REP ? 2 : 3);
	}
	u->kind = (uint8_t)kind;
	krb5_message(&r, w, kind);
	return !cx->fault.why;
}

static bool answers(uint8_t kind, uint8_t asked)
{
	if (kind == KRB5_ERROR)
		return asked;
	return (kind == KRB5_AS_REP && asked == KRB5_AS_REQ) || (kind == KRB5_TGS_REP && asked == KRB5_TGS_REQ);
}

/* A whole message over a stream: may it come now? */
static struct step order(const struct krb5_state *s, const struct krb5_unit *u, const struct wire *w, const struct cx *cx, uint64_t n)
{
	if (u->from == SIDE_SERVER) {
		if (!answers(u->kind, s->asked))
			wire_fail(w, FRAME_OCTETS, R_KRB5_ANSWER, "");
		return w->fault->why ? step_refuse(n) : step_unit(n, STEP_ANSWER);
	}
	if (s->asked)
		return (struct step){.verb = STEP_WAIT, .why = R_KRB5_BUSY, .ms = (uint32_t)cx->limit[LIMIT_WAIT], .n = n};
	return step_unit(n, 0);
}

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct krb5_state *s = state;
	struct krb5_unit        *u = unit;
	struct wire              w = wire_over(in->bytes, in->len, &cx->fault, R_KRB5_SHORT), one;
	uint32_t                 max = (uint32_t)cx->limit[LIMIT_MESSAGE], length;

	u->from = (uint8_t)in->from;
	wire_name(&w, "krb5");
	if (in->len < FRAME_OCTETS)
		return step_more(FRAME_OCTETS);
	length = wire_be32(&w, "length");
	if (length & FRAME_EXTENDED)
		wire_fail(&w, 0, R_KRB5_FRAME, "length");
	else if (!length || length > max)
		wire_fail_numbers(&w, 0, R_KRB5_SIZE, "length", max, length);
	if (cx->fault.why)
		return step_refuse(0);
	if (wire_left(&w) < length)
		return step_more(FRAME_OCTETS + (uint64_t)length);
	one = wire_sub(&w, length, "");
	if (!message(u, &one, cx))
		return step_refuse(FRAME_OCTETS + (uint64_t)length);
	return order(s, u, &one, cx, FRAME_OCTETS + (uint64_t)length);
}

static void commit(void *state, const void *unit, struct cx *cx)
{
	struct krb5_state      *s = state;
	const struct krb5_unit *u = unit;

	(void)cx;
	s->asked = u->from == SIDE_CLIENT ? u->kind : 0;
}

/* The flow ends; clients go on to the next KDC. */
static bool deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return false;
}

static struct step udp_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct krb5_udp_state *s = state;
	struct krb5_unit            *u = unit;
	struct wire                  w = wire_over(in->bytes, in->len, &cx->fault, R_KRB5_SHORT);
	uint64_t                     max = cx->limit[LIMIT_MESSAGE];
	bool                         owed;

	u->from = (uint8_t)in->from;
	wire_name(&w, "krb5");
	if (!in->len || in->len > max)
		wire_fail_numbers(&w, 0, R_KRB5_SIZE, "", max, in->len);
	if (!message(u, &w, cx))
		return step_refuse(in->len);
	if (in->from == SIDE_CLIENT)
		return step_unit(in->len, 0);
	owed = (u->kind != KRB5_TGS_REP && s->as) || (u->kind != KRB5_AS_REP && s->tgs);
	if (!owed)
		wire_fail(&w, 0, R_KRB5_ANSWER, "");
	return owed ? step_unit(in->len, STEP_ANSWER) : step_refuse(in->len);
}

static void udp_commit(void *state, const void *unit, struct cx *cx)
{
	struct krb5_udp_state  *s = state;
	const struct krb5_unit *u = unit;
	bool                    as = u->kind == KRB5_AS_REQ || u->kind == KRB5_AS_REP || (u->kind == KRB5_ERROR && s->as);
	uint8_t                *owed = as ? &s->as : &s->tgs;

	(void)cx;
	if (u->from == SIDE_SERVER)
		--*owed;
	else
		*owed += *owed < UINT8_MAX;
}

/* Nothing is said to an address that may be forged. */
static bool udp_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return true;
}

#define KRB5_TABLES \
	.unit_size = sizeof(struct krb5_unit), .short_why = R_KRB5_SHORT, .limits = KRB5_LIMITS, .facts = KRB5_FACTS, \
	.tolerances = KRB5_TOLERANCES, .limit = krb5_limits, .fact = krb5_facts, .tolerance = krb5_tolerances

const struct recogniser krb5_recogniser = {
	.name = "krb5",
	.id = PROTO_KRB5,
	.state_size = sizeof(struct krb5_state),
	KRB5_TABLES,
	.next = next,
	.commit = commit,
	.deny = deny,
};

const struct recogniser krb5_udp_recogniser = {
	.name = "krb5-udp",
	.reads = "krb5",
	.id = PROTO_KRB5_UDP,
	.datagram = true,
	.state_size = sizeof(struct krb5_udp_state),
	KRB5_TABLES,
	.next = udp_next,
	.commit = udp_commit,
	.deny = udp_deny,
};
