/* Reads the Wrap tokens with which SASL's GSSAPI agrees on a security layer. */
/*
 * Spec: RFC 4752 3.1 to 3.3 (contents), RFC 4121 4.2.4 to 4.2.6.2 (token), RFC 1964 1.2.2 (DES and RC4).
 * Input from: either peer.
 * Limits: the carrier's, of a whole token.
 * Not done: checksums, which only the two ends can tell; the authorization name behind the client's choice.
 */
#include "proto/spnego/wrap.h"

#include <string.h>

#include "proto/reasons.h"

enum { TOKEN_ID = 0x0504, FLAG_ACCEPTOR = 1, FLAG_SEALED = 2, FILLER = 0xff, SEQUENCE = 8, LAYERS = 4, ALL_LAYERS = 7 };
enum { OLD_SIGN = 8, OLD_SIGN_DES3 = 20, OLD_CONFOUNDER = 8 };

/* [APPLICATION 0], a length of one octet, Kerberos' identifier, 02 01: such tokens are short. */
static const char old_header[] = "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x02\x01";

static bool is_old(struct wire w)
{
	enum { NAME = sizeof(old_header) - 1 };

	return wire_left(&w) > NAME + 2 && wire_u8(&w, "") == 0x60 && wire_u8(&w, "") < 0x80 &&
	       memcmp(wire_take(&w, NAME, ""), old_header, NAME) == 0;
}

bool gss_is_wrap(const struct wire *w)
{
	struct wire look = *w;

	return (wire_left(w) >= 2 && wire_be16(&look, "") == TOKEN_ID) || is_old(*w);
}

/* The first octet of `plain` octets that stand `rotated` octets to the right, around the end (RFC 4121 4.2.5). */
static uint8_t first_octet(struct wire *w, uint16_t rotated)
{
	size_t      n = wire_left(w);
	struct wire at;

	if (!n)
		return 0;
	at = wire_at(w, rotated % n, 1, "layers");
	wire_take(w, n, "data");
	return wire_u8(&at, "layers");
}

/* RFC 4121: header, then the octets and EC octets of checksum, rotated by RRC. */
static uint8_t read_new(struct wire *w, enum side from)
{
	uint32_t at = wire_offset(w);
	uint8_t  flags;
	uint16_t checksum, rotated;

	wire_be16(w, "TOK_ID");
	flags = wire_u8(w, "Flags");
	if ((flags & FLAG_SEALED) || !(flags & FLAG_ACCEPTOR) != (from == SIDE_CLIENT))
		wire_fail_numbers(w, at, R_SPNEGO_WRAP, "Flags", 0, flags);
	wire_want_u8(w, FILLER, R_SPNEGO_WRAP, "Filler");
	checksum = wire_be16(w, "EC");
	rotated = wire_be16(w, "RRC");
	wire_take(w, SEQUENCE, "SND_SEQ");
	if (wire_left(w) < LAYERS || checksum > wire_left(w) - LAYERS)
		wire_fail_numbers(w, at, R_SPNEGO_WRAP, "EC", wire_left(w), checksum);
	return first_octet(w, rotated);
}

/* RFC 1964: algorithms, sequence, checksum, confounder, octets, padding. */
static uint8_t read_old(struct wire *w)
{
	uint8_t  length, first;
	uint16_t sign;

	wire_u8(w, "tag");
	length = wire_u8(w, "length");
	if (length != wire_left(w))
		wire_fail_numbers(w, wire_offset(w), R_SPNEGO_WRAP, "length", wire_left(w), length);
	wire_take(w, sizeof(old_header) - 1, "TOK_ID");
	sign = wire_le16(w, "SGN_ALG");
	wire_want_be16(w, 0xffff, R_SPNEGO_WRAP, "SEAL_ALG");
	wire_want_be16(w, 0xffff, R_SPNEGO_WRAP, "Filler");
	wire_take(w, SEQUENCE, "SND_SEQ");
	wire_take(w, sign == 4 ? OLD_SIGN_DES3 : OLD_SIGN, "SGN_CKSUM");
	wire_take(w, OLD_CONFOUNDER, "Confounder");
	first = wire_u8(w, "layers");
	wire_take(w, LAYERS - 1, "maximum");
	wire_take(w, wire_left(w), "rest");
	return first;
}

uint8_t gss_wrap(struct wire *w, enum side from, uint8_t offered)
{
	uint32_t at = wire_offset(w);
	bool     one;
	uint8_t  layers;

	w->short_why = R_SPNEGO_WRAP;
	layers = is_old(*w) ? read_old(w) : read_new(w, from);
	if (w->fault->why)
		return 0;
	one = layers == GSS_LAYER_NONE || layers == GSS_LAYER_SIGN || layers == GSS_LAYER_SEAL;
	if (from == SIDE_SERVER ? !layers || layers > ALL_LAYERS : !one || !(layers & offered))
		wire_fail_numbers(w, at, R_SPNEGO_LAYER, "layers", from == SIDE_SERVER ? ALL_LAYERS : offered, layers);
	return w->fault->why ? 0 : layers;
}
