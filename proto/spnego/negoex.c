/* NegoEx: every message of a token, with the vectors its offsets point at. */
/*
 * Spec: MS-NEGOEX 2.2.5 (vectors), 2.2.6 (messages).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: 16 messages, 16 elements of a vector.
 * Not done: the protocols of its schemes; what they exchange is bounded octets.
 */
#include "proto/spnego/auth_reader.h"

enum { MESSAGES_MAX = 16, ELEMENTS_MAX = 16, HEADER = 40, SCHEME = 16, EXTENSION = 12, RANDOM = 32, VERSION = 8, CHECKSUM = 20 };
enum { INITIATOR_NEGO = 0, ACCEPTOR_NEGO, INITIATOR_META, ACCEPTOR_META, CHALLENGE, AP_REQUEST, VERIFY, ALERT, TYPES };

/* Sizes of the fixed parts, MESSAGE_HEADER included. */
static const uint8_t fixed[TYPES] = {96, 96, 64, 64, 64, 64, 80, 72};

/* `count` elements of this size at an offset of the message, behind its fixed part. */
static struct wire vector(const struct wire *message, uint8_t least, uint32_t off, uint32_t count, uint32_t size, const char *field)
{
	if (count && off < least)
		wire_fail_numbers(message, wire_offset(message), R_NEGOEX_VECTOR, field, least, off);
	return wire_at(message, count ? off : 0, (size_t)count * size, field);
}

/* BYTE_VECTOR { ByteArrayOffset, ByteArrayLength } */
static void bytes(const struct wire *message, uint8_t least, struct wire *w, const char *field)
{
	uint32_t off = wire_le32(w, field), n = wire_le32(w, field);

	vector(message, least, off, n, 1, field);
}

/* A vector's place: offset, count of 16 bits, and padding. */
static struct wire elements(const struct wire *message, uint8_t least, struct wire *w, uint32_t size, const char *field)
{
	uint32_t off = wire_le32(w, field);
	uint32_t at = wire_offset(w);
	uint16_t count = wire_le16(w, field);

	wire_le16(w, "padding");
	if (count > ELEMENTS_MAX)
		wire_fail_numbers(w, at, R_NEGOEX_COUNT, field, ELEMENTS_MAX, count);
	return vector(message, least, off, count, size, field);
}

/* NEGO_MESSAGE: Random, ProtocolVersion, AuthSchemes, Extensions. */
static void nego(const struct wire *message, uint8_t least, struct wire *w)
{
	struct wire list;

	wire_take(w, RANDOM, "Random");
	wire_take(w, VERSION, "ProtocolVersion");
	elements(message, least, w, SCHEME, "AuthSchemes");
	list = elements(message, least, w, EXTENSION, "Extensions");
	while (wire_more(&list)) {
		wire_le32(&list, "ExtensionType");
		bytes(message, least, &list, "ExtensionValue");
	}
}

/* VERIFY_MESSAGE: AuthScheme, Checksum { cbHeaderLength, ChecksumScheme, ChecksumType, ChecksumValue } */
static void verify(const struct wire *message, uint8_t least, struct wire *w)
{
	wire_take(w, SCHEME, "AuthScheme");
	wire_want_le32(w, CHECKSUM, R_NEGOEX_MESSAGE, "cbHeaderLength");
	wire_le32(w, "ChecksumScheme");
	wire_le32(w, "ChecksumType");
	bytes(message, least, w, "ChecksumValue");
}

/* ALERT_MESSAGE: AuthScheme, ErrorCode, Alerts, each { AlertType, AlertValue }. */
static void alert(const struct wire *message, uint8_t least, struct wire *w)
{
	struct wire list;

	wire_take(w, SCHEME, "AuthScheme");
	wire_le32(w, "ErrorCode");
	list = elements(message, least, w, EXTENSION, "Alerts");
	while (wire_more(&list)) {
		wire_le32(&list, "AlertType");
		bytes(message, least, &list, "AlertValue");
	}
}

/* One message, header first; `w` moves past it. Returns its type. */
static uint32_t message(struct wire *w)
{
	struct wire head = *w, whole, body;
	uint32_t    at, type, length;

	head.short_why = R_NEGOEX_MESSAGE;
	wire_want_le32(&head, 0x4f47454e, R_NEGOEX_MESSAGE, "Signature"); /* NEGO */
	wire_want_le32(&head, 0x53545845, R_NEGOEX_MESSAGE, "Signature"); /* EXTS */
	type = wire_le32_range(&head, 0, TYPES - 1, R_NEGOEX_MESSAGE, "MessageType");
	wire_le32(&head, "SequenceNum");
	wire_want_le32(&head, fixed[type < TYPES ? type : 0], R_NEGOEX_MESSAGE, "cbHeaderLength");
	at = wire_offset(&head);
	length = wire_le32(&head, "cbMessageLength");
	if (length < fixed[type < TYPES ? type : 0] || length > wire_left(w))
		wire_fail_numbers(w, at, R_NEGOEX_MESSAGE, "cbMessageLength", wire_left(w), length);
	whole = wire_sub(w, length, "negoex");
	whole.short_why = R_NEGOEX_VECTOR;
	body = whole;
	wire_take(&body, HEADER, "MessageHeader");
	if (type <= ACCEPTOR_NEGO) {
		nego(&whole, fixed[type], &body);
	} else if (type <= AP_REQUEST) {
		wire_take(&body, SCHEME, "AuthScheme");
		bytes(&whole, fixed[type], &body, "Exchange");
	} else if (type == VERIFY) {
		verify(&whole, fixed[type], &body);
	} else {
		alert(&whole, fixed[type], &body);
	}
	return type;
}

void negoex_read(struct auth_reader *r, struct wire *w)
{
	unsigned count = 0;

	r->token->mechanism = AUTH_MECH_NEGOEX;
	wire_list(w);
	while (wire_more(w)) {
		if (++count > MESSAGES_MAX)
			wire_fail_numbers(w, wire_offset(w), R_NEGOEX_COUNT, "negoex", MESSAGES_MAX, count);
		if (message(w) == AP_REQUEST && r->from == SIDE_CLIENT)
			r->token->proves = true;
	}
	r->token->signs = r->token->seals = true;
}
