/* TLS that nobody here terminates: its first record header is read, the rest is opaque.tls, which policy must allow by name. */
/*
 * Spec: RFC 8446 5.1 (records), RFC 5246 6.2.1.
 * Input from: either peer, from the first byte or behind a StartTLS.
 * Limits: a record's length as the specification has it.
 * Not done: everything behind the first header.
 */
#include "proto/opaque.h"

#include "proto/protocols.h"
#include "proto/reasons.h"

enum { HEADER = 5, ALERT = 21, HANDSHAKE = 22, VERSION_OLDEST = 0x0300, VERSION_NEWEST = 0x0304, RECORD_MAX = 16384 + 2048 };

/* TLSPlaintext { ContentType type, ProtocolVersion legacy_record_version, uint16 length }: a handshake begins both ways. */
static void record_header(struct wire *w, enum side from)
{
	uint8_t type = wire_u8(w, "type");

	if (type != HANDSHAKE && (type != ALERT || from == SIDE_CLIENT))
		wire_fail_numbers(w, 0, R_TLS_RECORD, "type", HANDSHAKE, type);
	wire_be16_range(w, VERSION_OLDEST, VERSION_NEWEST, R_TLS_RECORD, "legacy_record_version");
	wire_be16_range(w, 1, RECORD_MAX, R_TLS_RECORD, "length");
}

/* Called once in each direction: nothing behind the first header is looked at. */
static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct wire w = wire_over(in->bytes, in->len, &cx->fault, R_TLS_RECORD);
	struct step s = step_unit(HEADER, 0);

	(void)state, (void)unit;
	if (in->len < HEADER)
		return step_more(HEADER);
	wire_name(&w, "tls");
	record_header(&w, in->from);
	if (w.fault->why)
		return step_refuse(0);
	s.opaque = OPAQUE_MAX;
	s.why = R_OPAQUE_TLS;
	return s;
}

static void commit(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
}

static bool deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return false;
}

const struct recogniser opaque_tls_recogniser = {
	.name = "tls",
	.id = PROTO_OPAQUE_TLS,
	.short_why = R_STATE_TRUNCATED,
	.next = next,
	.commit = commit,
	.deny = deny,
};
