/* Reads the NetBIOS session service. */
/*
 * Spec: RFC 1002 4.3.1 to 4.3.7, MS-SMB2 2.1.
 * Input from: either peer, before anything else.
 * Limits: 17 bits of length on a requested session, 24 without.
 * Not done: retargeting to another address is refused.
 */
#include "proto/nbss/nbss.h"

#include "proto/reasons.h"

enum { NAME_OCTETS = 32, NAME_MAX_SCOPE = 255, LENGTH_NETBIOS = 0x1ffff };

/* One name in the first level encoding: 32 letters from A to P, then labels of a scope, ended by an empty one (RFC 1001 14.1). */
static void name(struct wire *w, const char *field)
{
	struct wire n = *w;
	uint8_t     label;
	uint32_t    at = wire_offset(w);

	wire_want_u8(w, NAME_OCTETS, R_NBSS_NAME, field);
	for (unsigned i = 0; i < NAME_OCTETS && !w->fault->why; i++) {
		uint32_t where = wire_offset(w);
		uint8_t  c = wire_u8(w, field);

		if (c < 'A' || c > 'P')
			wire_fail_numbers(w, where, R_NBSS_NAME, field, 'P', c);
	}
	while ((label = wire_u8(w, field)) != 0) {
		if (label > 63) {
			wire_fail(w, wire_offset(w) - 1, R_NBSS_NAME, field);
			return;
		}
		wire_take(w, label, field);
	}
	if (wire_offset(w) - at > NAME_MAX_SCOPE)
		wire_fail(&n, at, R_NBSS_NAME, field);
}

/* The session request (4.3.2): two names and nothing else. */
static void request(struct wire *w)
{
	name(w, "called_name");
	name(w, "calling_name");
	wire_end(w, R_NBSS_LENGTH, "");
}

/* May this type come from this side now? */
static bool in_order(const struct nbss_state *s, uint8_t type, enum side from)
{
	switch (type) {
	case NBSS_MESSAGE:
		return s->granted || !s->requested;
	case NBSS_REQUEST:
		return from == SIDE_CLIENT && !s->requested && !s->direct;
	case NBSS_POSITIVE:
	case NBSS_NEGATIVE:
		return from == SIDE_SERVER && s->requested && !s->granted;
	case NBSS_KEEPALIVE:
		return s->granted || s->direct;
	default:
		return false;
	}
}

/* How long what stands behind the header may be. */
static uint32_t length_max(const struct nbss_state *s, uint8_t type)
{
	if (type == NBSS_MESSAGE)
		return s->requested ? LENGTH_NETBIOS : 0xffffff;
	if (type == NBSS_REQUEST)
		return 2 * NAME_MAX_SCOPE;
	return type == NBSS_NEGATIVE;
}

static struct step control(struct nbss_unit *u, struct wire *w, const struct in *in)
{
	uint64_t    n = NBSS_HEADER + u->length;
	struct wire body;

	if (in->len < n)
		return step_more(n);
	body = wire_sub(w, (size_t)u->length, "");
	if (u->type == NBSS_REQUEST)
		request(&body);
	else
		wire_take(&body, (size_t)u->length, "error_code");
	return w->fault->why ? step_refuse(n) : step_unit(n, in->from == SIDE_SERVER ? STEP_ANSWER : 0);
}

struct step nbss_next(const struct nbss_state *s, struct nbss_unit *u, struct wire *w, const struct in *in, struct cx *cx)
{
	uint32_t head;

	u->from = (uint8_t)in->from;
	if (in->len < 1)
		return step_more(1);
	u->type = wire_peek(w);
	if (!in_order(s, u->type, in->from)) {
		bool known = u->type == NBSS_MESSAGE || (u->type >= NBSS_REQUEST && u->type <= NBSS_KEEPALIVE);

		wire_fail_numbers(w, 0, known ? R_NBSS_ORDER : R_NBSS_TYPE, "type", 0, u->type);
		return step_refuse(0);
	}
	if (in->len < NBSS_HEADER)
		return step_more(NBSS_HEADER);
	head = wire_be32(w, "length");
	u->length = head & 0xffffff;
	if (u->length > length_max(s, u->type) || (u->type == NBSS_NEGATIVE && u->length != 1))
		wire_fail_numbers(w, 1, R_NBSS_LENGTH, "length", length_max(s, u->type), u->length);
	if (cx->fault.why)
		return step_refuse(0);
	return u->type == NBSS_MESSAGE ? step_unit(NBSS_HEADER, 0) : control(u, w, in);
}

void nbss_commit(struct nbss_state *s, const struct nbss_unit *u)
{
	if (u->type == NBSS_REQUEST)
		s->requested = true;
	else if (u->type == NBSS_POSITIVE)
		s->granted = true;
	else if (u->type == NBSS_NEGATIVE)
		s->requested = false;
	else if (u->type == NBSS_MESSAGE && !s->requested)
		s->direct = true;
}
