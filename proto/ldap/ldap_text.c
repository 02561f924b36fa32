/* Strings of LDAP and their grammars: names, attribute descriptions, object identifiers, URIs. */
/*
 * Spec: RFC 4511 4.1.2-4.1.5 and 4.1.10, RFC 4512 1.4 and 2.5, MS-ADTS 3.1.1.3.1.3.3 (range options).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: every string has a row in ldap_limits.
 * Not done: the grammar of distinguished names; AD takes <GUID=..>, <SID=..>, UPNs and DOMAIN\user in their place.
 */
#include "proto/ldap/ldap_int.h"

static bool is_alpha(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* keychar = ALPHA / DIGIT / HYPHEN (RFC 4512 1.4) */
static bool is_keychar(uint8_t c, bool loose)
{
	return is_alpha(c) || is_digit(c) || c == '-' || (loose && c == '_');
}

/* A rule broken i octets into the string, or by its end. */
static void bad_at(struct ber *b, struct ber_span s, uint32_t i, uint16_t why, const char *field)
{
	wire_fail_numbers(&b->w, s.at + i, why, field, 0, span_at(s, i));
}

void ldap_refuse_next(struct ber *b, uint16_t why, uint64_t expected, uint64_t got)
{
	wire_element(&b->w);
	wire_fail_numbers(&b->w, wire_offset(&b->w), why, "", expected, got);
}

bool ldap_text_check(struct ber *b, struct ber_span s, const char *field)
{
	uint32_t bad = utf8_bad(s), nul = span_find(s, 0);

	if (bad < s.n)
		bad_at(b, s, bad, R_LDAP_UTF8, field);
	else if (nul < s.n)
		bad_at(b, s, nul, R_LDAP_NUL, field);
	return !b->w.fault->why;
}

uint32_t ldap_characters(struct ber_span s)
{
	uint32_t units = 0;

	for (uint32_t i = 0; i < s.n; i++)
		units += ((span_at(s, i) & 0xc0) != 0x80) + (span_at(s, i) >= 0xf0);
	return units;
}

struct ber_span ldap_octets(const struct ldap_read *r, struct ber *b, uint8_t tag, enum ldap_limit limit, uint16_t over,
			    const char *field)
{
	return ber_octets(b, tag, 0, ldap_limit(r, limit), over, field);
}

/* LDAPString ::= OCTET STRING -- UTF-8 encoded (RFC 4511 4.1.2) */
struct ber_span ldap_string(const struct ldap_read *r, struct ber *b, uint8_t tag, enum ldap_limit limit, uint16_t over,
			    const char *field)
{
	struct ber_span s = ldap_octets(r, b, tag, limit, over, field);

	ldap_text_check(b, s, field);
	return s;
}

/* LDAPDN ::= LDAPString (RFC 4511 4.1.3) */
struct ber_span ldap_dn(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	return ldap_string(r, b, tag, LIMIT_DN, R_LDAP_DN_SIZE, field);
}

/* diagnosticMessage LDAPString; AD ends it with a NUL, nothing else may hold one. */
struct ber_span ldap_diagnostic(const struct ldap_read *r, struct ber *b, const char *field)
{
	struct ber_span s = ldap_octets(r, b, BER_OCTETS, LIMIT_DIAGNOSTIC, R_LDAP_DIAGNOSTIC_SIZE, field);

	if (s.n && span_at(s, s.n - 1) == 0)
		s.n--;
	ldap_text_check(b, s, field);
	return s;
}

/* numericoid = number 1*( DOT number ); number = DIGIT / ( LDIGIT 1*DIGIT ). Where it breaks, or where it ends. */
static uint32_t numericoid(struct ber_span s, uint32_t i, bool *ok)
{
	uint32_t arcs = 0;

	*ok = false;
	for (;; i++) {
		uint32_t start = i;

		while (is_digit(span_at(s, i)))
			i++;
		if (i == start || (span_at(s, start) == '0' && i - start > 1))
			return start;
		arcs++;
		if (span_at(s, i) != '.')
			break;
	}
	*ok = arcs >= 2;
	return i;
}

/* descr = ALPHA *keychar */
static uint32_t descr(struct ber_span s, uint32_t i, bool loose, bool *ok)
{
	*ok = is_alpha(span_at(s, i));
	while (*ok && is_keychar(span_at(s, i), loose))
		i++;
	return i;
}

/* oid = descr / numericoid */
static uint32_t oid(struct ber_span s, uint32_t i, bool loose, bool *ok)
{
	return is_digit(span_at(s, i)) ? numericoid(s, i, ok) : descr(s, i, loose, ok);
}

/* "=low-high" or "=low-*" behind the option "range" (MS-ADTS 3.1.1.3.1.3.3). */
static uint32_t range_bounds(struct ber_span s, uint32_t i, bool *ok)
{
	uint32_t low = ++i, high;

	while (is_digit(span_at(s, i)))
		i++;
	*ok = i > low && span_at(s, i) == '-';
	if (!*ok)
		return i;
	high = ++i;
	while (is_digit(span_at(s, i)))
		i++;
	if (i == high && span_at(s, i) == '*')
		return i + 1;
	*ok = i > high;
	return i;
}

/* option = 1*keychar, from its first octet on. */
static uint32_t option(struct ber_span s, uint32_t i, bool loose, bool *ok)
{
	uint32_t start = i;

	while (is_keychar(span_at(s, i), loose))
		i++;
	*ok = i > start;
	if (span_at(s, i) == '=' && ber_span_is_nocase(span_from(s, start, i - start), "range"))
		return range_bounds(s, i, ok);
	return i;
}

/* attributedescription = attributetype *( SEMI option ), from octet i to the end (RFC 4512 2.5). */
static void description(const struct ldap_read *r, struct ber *b, struct ber_span s, uint32_t i, const char *field)
{
	bool loose = r->cx->tolerate & TOLERATE_DESCRIPTION, ok;

	i = oid(s, i, loose, &ok);
	while (ok && span_at(s, i) == ';')
		i = option(s, i + 1, loose, &ok);
	if (!ok || i < s.n)
		bad_at(b, s, i, R_LDAP_DESCRIPTION, field);
}

/* AttributeDescription ::= LDAPString -- Constrained to <attributedescription> */
struct ber_span ldap_description(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, ldap_limit(r, LIMIT_DESCRIPTION), R_LDAP_DESCRIPTION_SIZE, field);

	if (s.p)
		description(r, b, s, 0, field);
	return s;
}

/* attributeSelector: a description, "*", "1.1" (RFC 4511 4.5.1.8), "+" (RFC 3673), "@class" (RFC 4529). */
struct ber_span ldap_selector(const struct ldap_read *r, struct ber *b, const char *field)
{
	struct ber_span s = ber_octets(b, BER_OCTETS, 1, ldap_limit(r, LIMIT_DESCRIPTION), R_LDAP_DESCRIPTION_SIZE, field);

	if (!s.p || ber_span_is(s, "*") || ber_span_is(s, "+"))
		return s;
	description(r, b, s, span_at(s, 0) == '@' ? 1 : 0, field);
	return s;
}

/* LDAPOID ::= OCTET STRING -- Constrained to <numericoid> */
struct ber_span ldap_oid(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, ldap_limit(r, LIMIT_OID), R_LDAP_OID_SIZE, field);
	bool            ok;

	if (s.p) {
		uint32_t end = numericoid(s, 0, &ok);

		if (!ok || end < s.n)
			bad_at(b, s, end, R_LDAP_OID, field);
	}
	return s;
}

/* MatchingRuleId ::= LDAPString: <oid>, a name or a number (RFC 4511 4.1.8). */
struct ber_span ldap_rule_name(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, ldap_limit(r, LIMIT_OID), R_LDAP_OID_SIZE, field);
	bool            ok;

	if (s.p) {
		uint32_t end = oid(s, 0, false, &ok);

		if (!ok || end < s.n)
			bad_at(b, s, end, R_LDAP_OID, field);
	}
	return s;
}

struct ber_span ldap_type(struct ber_span s)
{
	return span_from(s, 0, span_find(s, ';'));
}

/* URI ::= LDAPString; what stands between "//" and the next "/", "?" or the end is the host and port. */
struct ber_span ldap_uri(const struct ldap_read *r, struct ber *b, const char *field)
{
	struct ber_span s = ldap_string(r, b, BER_OCTETS, LIMIT_URI, R_LDAP_URI_SIZE, field);
	uint32_t        i = 0, start;

	while (i < s.n && !(span_at(s, i) == '/' && span_at(s, i + 1) == '/'))
		i++;
	if (i < s.n)
		i += 2;
	start = i;
	while (i < s.n && span_at(s, i) != '/' && span_at(s, i) != '?' && span_at(s, i) != ':')
		i++;
	if (i - start > ldap_limit(r, LIMIT_URI_HOST))
		wire_fail_numbers(&b->w, s.at + start, R_LDAP_URI_HOST, field, ldap_limit(r, LIMIT_URI_HOST), i - start);
	return s;
}
