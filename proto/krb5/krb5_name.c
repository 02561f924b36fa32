/* The types Kerberos messages are made of: numbers, names, times, flags, sealed data. */
/*
 * Spec: RFC 4120 5.2 (basic types), 5.2.9 (EncryptedData), X.690 10 and 11 (DER).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: names and counts as the reader has them; flags of 64 bits.
 * Not done: what is sealed.
 */
#include "base/der.h"
#include "proto/krb5/krb5_int.h"

enum { FLAG_OCTETS = 8, ETYPE_AES_FIRST = 17, ETYPE_AES_LAST = 20, ETYPE_CAMELLIA_FIRST = 25, ETYPE_CAMELLIA_LAST = 26 };

int64_t krb5_integer(struct ber *b, uint8_t n, int64_t min, int64_t max, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), field);
	int64_t    v = ber_integer(&in, BER_INTEGER, min, max, R_KRB5_VALUE, "");

	ber_end(&in, "");
	return v;
}

struct ber_span krb5_octets(struct ber *b, uint8_t n, const char *field)
{
	struct ber      in = ber_enter(b, BER_CONTEXT_SET(n), field);
	struct ber_span s = ber_octets(&in, BER_OCTETS, 0, UINT32_MAX, R_KRB5_LENGTH, "");

	ber_end(&in, "");
	return s;
}

struct ber_span krb5_text(const struct krb5_read *r, struct ber *b, uint8_t n, const char *field)
{
	struct ber      in = ber_enter(b, BER_CONTEXT_SET(n), field);
	struct ber_span s = der_text(&in, DER_GENERAL_STRING, r->name_max, R_KRB5_NAME_SIZE, R_KRB5_NAME, "");

	ber_end(&in, "");
	return s;
}

void krb5_flags(struct ber *b, uint8_t n, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), field);

	der_bits(&in, DER_BITS, FLAG_OCTETS, R_KRB5_BITS, "");
	ber_end(&in, "");
}

void krb5_time(struct ber *b, uint8_t n, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), field);

	der_time(&in, DER_TIME, R_KRB5_TIME, "");
	ber_end(&in, "");
}

static bool wanted(const struct krb5_read *r, uint8_t fact)
{
	return fact < FACTS_MAX && (r->cx->wanted & 1u << fact);
}

/* Of several different texts the fact can tell none. */
static void fact_text(const struct krb5_read *r, uint8_t fact, const uint8_t *text, uint32_t n)
{
	struct fact *f;

	if (!wanted(r, fact))
		return;
	f = &r->cx->fact[fact];
	if (f->state == FACT_NONE && text)
		*f = (struct fact){.state = FACT_TEXT, .text = text, .len = n};
	else if (!text || f->len != n || memcmp(f->text, text, n) != 0)
		*f = (struct fact){.state = FACT_UNKNOWN};
}

void krb5_fact_number(const struct krb5_read *r, uint8_t fact, uint64_t number)
{
	if (wanted(r, fact) && r->cx->fact[fact].state == FACT_NONE)
		r->cx->fact[fact] = (struct fact){.state = FACT_NUMBER, .number = number};
}

void krb5_realm(const struct krb5_read *r, struct ber *b, uint8_t n, uint8_t fact, const char *field)
{
	struct ber_span s = krb5_text(r, b, n, field);

	if (s.p)
		fact_text(r, fact, s.p, s.n);
}

bool krb5_element(struct ber *list, uint32_t *count, uint32_t max, uint16_t over, const char *field)
{
	if (!ber_more(list))
		return false;
	if (*count >= max)
		return wire_fail_numbers(&list->w, wire_offset(&list->w), over, field, max, (uint64_t)max + 1);
	++*count;
	return true;
}

/* name-string SEQUENCE OF KerberosString: each part in order, and all of them joined. */
static void name_string(const struct krb5_read *r, struct ber *list, uint8_t fact)
{
	uint8_t *joined = wanted(r, fact) ? cx_scratch(r->cx, (size_t)r->parts_max * 17) : NULL;
	size_t   room = joined ? (size_t)r->parts_max * 17 : 0, used = 0;
	uint32_t count = 0;
	bool     fits = true;

	wire_list(&list->w);
	while (krb5_element(list, &count, r->parts_max, R_KRB5_NAME_PARTS, "")) {
		struct ber_span s = der_text(list, DER_GENERAL_STRING, r->name_max, R_KRB5_NAME_SIZE, R_KRB5_NAME, "");
		size_t          slash = count > 1;

		fits = fits && joined && s.p && room - used >= slash && room - used - slash >= s.n;
		if (!fits)
			continue;
		if (slash)
			joined[used++] = '/';
		memcpy(joined + used, s.p, s.n); /* UNSAFE: the room left was compared above */
		used += s.n;
	}
	if (!count && !list->w.fault->why)
		wire_fail_numbers(&list->w, wire_offset(&list->w), R_KRB5_NAME_PARTS, "", r->parts_max, 0);
	fact_text(r, fact, fits ? joined : NULL, (uint32_t)used);
}

void krb5_name(const struct krb5_read *r, struct ber *b, uint8_t n, uint8_t fact, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), field);
	struct ber s = ber_enter(&in, BER_SEQUENCE, "");

	krb5_integer(&s, 0, INT32_MIN, INT32_MAX, "name-type");
	struct ber strings = ber_enter(&s, BER_CONTEXT_SET(1), "name-string");
	struct ber list = ber_enter(&strings, BER_SEQUENCE, "");

	name_string(r, &list, fact);
	ber_end(&strings, "");
	ber_end(&s, "");
	ber_end(&in, "");
}

int64_t krb5_encrypted(struct ber *b, uint8_t n, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), field);
	struct ber s = ber_enter(&in, BER_SEQUENCE, "");
	int64_t    etype = krb5_integer(&s, 0, INT32_MIN, INT32_MAX, "etype");

	/* A read-only domain controller writes its key's number as a negative one. */
	if (krb5_has(&s, 1))
		krb5_integer(&s, 1, INT32_MIN, UINT32_MAX, "kvno");
	krb5_octets(&s, 2, "cipher");
	ber_end(&s, "");
	ber_end(&in, "");
	return etype;
}

void krb5_version(struct ber *b, uint8_t n, uint8_t want, const char *field)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), field);

	ber_integer(&in, BER_INTEGER, want, want, R_KRB5_VERSION, "");
	ber_end(&in, "");
}

bool krb5_etype_is_weak(int64_t etype)
{
	return (etype < ETYPE_AES_FIRST || etype > ETYPE_AES_LAST) && (etype < ETYPE_CAMELLIA_FIRST || etype > ETYPE_CAMELLIA_LAST);
}
