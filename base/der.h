/* What DER adds to BER: object identifiers, bit strings, times and texts that have one encoding only. */
#ifndef SALLYPORT_BASE_DER_H
#define SALLYPORT_BASE_DER_H

#include "base/ber.h"

/*
 * Spec: X.690 clauses 8.6, 8.19, 10.1 and 11, RFC 4120 5.2.3. A view read without tolerances (ber_over) has definite
 * and shortest lengths, primitive strings and minimal integers already; these functions are for the rest.
 * Offsets in faults are those of the octet that breaks the rule. `why` is the reason for every rule of the type,
 * sizes apart, which are `over`.
 */

enum { DER_BITS = 0x03, DER_TIME = 0x18, DER_GENERAL_STRING = 0x1b };

/* OBJECT IDENTIFIER, 1 to max octets, each arc in base 128 without a leading 0x80 and not above 2^31 - 1, the last one complete. */
struct ber_span der_oid(struct ber *b, uint8_t tag, uint32_t max, uint16_t over, uint16_t why, const char *field);
/*
 * BIT STRING of at most max octets behind the one that counts unused bits: 0 to 7, 0 where there are no bits, and
 * the unused ones are 0. Returns those octets.
 */
struct ber_span der_bits(struct ber *b, uint8_t tag, uint32_t max, uint16_t why, const char *field);
/* GeneralizedTime as Kerberos has it: YYYYMMDDHHMMSSZ, each part in its range. */
struct ber_span der_time(struct ber *b, uint8_t tag, uint16_t why, const char *field);
/* A string of at most max octets without control characters: GeneralString and its kin. */
struct ber_span der_text(struct ber *b, uint8_t tag, uint32_t max, uint16_t over, uint16_t why, const char *field);

#endif
