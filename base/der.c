/* DER reading beyond BER: identifiers, bit strings, times and texts. Spec: X.690 clauses 8.6, 8.19, 10, 11. */
#include "base/der.h"

enum { ARC_OCTETS = 5, TIME_OCTETS = 15 };

/* Offset in s of the first octet that breaks a rule of identifiers, or s.n. */
static uint32_t oid_bad(struct ber_span s)
{
	uint64_t arc = 0;
	uint32_t octets = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		uint8_t c = span_at(s, i);

		if (!octets && c == 0x80)
			return i;
		arc = arc << 7 | (c & 0x7f);
		if (++octets > ARC_OCTETS || arc > INT32_MAX)
			return i;
		if (c < 0x80) {
			arc = 0;
			octets = 0;
		} else if (i + 1 == s.n) {
			return i;
		}
	}
	return s.n;
}

struct ber_span der_oid(struct ber *b, uint8_t tag, uint32_t max, uint16_t over, uint16_t why, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, max, over, field);
	uint32_t        bad = oid_bad(s);

	if (bad < s.n)
		wire_fail(&b->w, s.at + bad, why, field);
	return s;
}

struct ber_span der_bits(struct ber *b, uint8_t tag, uint32_t max, uint16_t why, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 1, max + 1, why, field);
	uint8_t         unused = span_at(s, 0), last = s.n ? span_at(s, s.n - 1) : 0;

	if (unused > 7 || (unused && s.n == 1))
		wire_fail_numbers(&b->w, s.at, why, field, s.n == 1 ? 0 : 7, unused);
	else if (s.n > 1 && (last & ((1u << unused) - 1)))
		wire_fail_numbers(&b->w, s.at + s.n - 1, why, field, 0, last);
	return span_from(s, 1, UINT32_MAX);
}

/* Two digits at i as a number; above 99 where they are none. */
static unsigned two_digits(struct ber_span s, uint32_t i)
{
	unsigned high = span_at(s, i) - (unsigned)'0', low = span_at(s, i + 1) - (unsigned)'0';

	return high > 9 || low > 9 ? 100 : 10 * high + low;
}

struct ber_span der_time(struct ber *b, uint8_t tag, uint16_t why, const char *field)
{
	/* Century, year, month, day, hour, minute, second; 60 is a leap second. */
	static const uint8_t least[] = {0, 0, 1, 1, 0, 0, 0}, most[] = {99, 99, 12, 31, 23, 59, 60};
	struct ber_span      s = ber_octets(b, tag, TIME_OCTETS, TIME_OCTETS, why, field);

	for (uint32_t i = 0; s.p && i < sizeof(most); i++) {
		unsigned v = two_digits(s, 2 * i);

		if (v < least[i] || v > most[i]) {
			wire_fail(&b->w, s.at + 2 * i, why, field);
			break;
		}
	}
	if (s.p && span_at(s, TIME_OCTETS - 1) != 'Z')
		wire_fail(&b->w, s.at + TIME_OCTETS - 1, why, field);
	return s;
}

struct ber_span der_text(struct ber *b, uint8_t tag, uint32_t max, uint16_t over, uint16_t why, const char *field)
{
	struct ber_span s = ber_octets(b, tag, 0, max, over, field);

	for (uint32_t i = 0; i < s.n; i++) {
		uint8_t c = span_at(s, i);

		if (c < 0x20 || c == 0x7f) {
			wire_fail_numbers(&b->w, s.at + i, why, field, 0x20, c);
			break;
		}
	}
	return s;
}
