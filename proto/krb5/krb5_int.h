/* What the files of proto/krb5 share: limits, facts, state, the unit, and a message being read. */
#ifndef SALLYPORT_PROTO_KRB5_KRB5_INT_H
#define SALLYPORT_PROTO_KRB5_KRB5_INT_H

#include <string.h>

#include "base/ber.h"
#include "proto/krb5/krb5.h"
#include "proto/protocols.h"
#include "proto/reasons.h"

/* Order of krb5_limits (krb5_tables.c). */
enum krb5_limit {
	LIMIT_MESSAGE = 0,
	LIMIT_ETYPES,
	LIMIT_NAME,
	LIMIT_NAME_PARTS,
	LIMIT_COUNT,
	LIMIT_WAIT,
	KRB5_LIMITS
};

/* Order of krb5_tolerances. */
enum krb5_tolerance { TOLERATE_LONG_LENGTH = 1 << 0 };
enum { KRB5_TOLERANCES = 1 };

/* Order of krb5_facts. */
enum krb5_fact {
	FACT_OP = 0,
	FACT_REALM,
	FACT_CLIENT,
	FACT_SERVICE,
	FACT_WEAK,
	FACT_ANSWER,
	FACT_ERROR,
	FACT_TICKET_WEAK,
	KRB5_FACTS
};

/* State of a stream: one exchange at a time. */
struct krb5_state {
	uint8_t asked; /* the request that is owed an answer: its enum krb5_kind, or 0 */
};

/* State of an association of datagrams: how many answers are owed. Clients repeat themselves, and each copy may be answered. */
struct krb5_udp_state {
	uint8_t as, tgs;
};

struct krb5_unit {
	uint8_t from;
	uint8_t kind;
};

extern const struct ber_reasons   krb5_ber;
extern const struct limit_def     krb5_limits[KRB5_LIMITS];
extern const struct fact_def      krb5_facts[KRB5_FACTS];
extern const struct tolerance_def krb5_tolerances[KRB5_TOLERANCES];

/* krb5_name.c: the types of RFC 4120 5.2 that messages are made of; `n` is the number of the context tag around each. */
int64_t         krb5_integer(struct ber *b, uint8_t n, int64_t min, int64_t max, const char *field);
struct ber_span krb5_octets(struct ber *b, uint8_t n, const char *field);
struct ber_span krb5_text(const struct krb5_read *r, struct ber *b, uint8_t n, const char *field);
void            krb5_flags(struct ber *b, uint8_t n, const char *field);
void            krb5_time(struct ber *b, uint8_t n, const char *field);
void            krb5_realm(const struct krb5_read *r, struct ber *b, uint8_t n, uint8_t fact, const char *field);
/* PrincipalName; its parts joined by "/" are the fact. */
void krb5_name(const struct krb5_read *r, struct ber *b, uint8_t n, uint8_t fact, const char *field);
/* EncryptedData; returns its etype. */
int64_t krb5_encrypted(struct ber *b, uint8_t n, const char *field);
/* pvno and msg-type: RFC 4120 5.4.1. */
void krb5_version(struct ber *b, uint8_t n, uint8_t want, const char *field);
/* One more element of a list that may have `max` of them. */
bool krb5_element(struct ber *list, uint32_t *count, uint32_t max, uint16_t over, const char *field);
void krb5_fact_number(const struct krb5_read *r, uint8_t fact, uint64_t number);

static inline bool krb5_has(const struct ber *b, uint8_t n)
{
	return ber_peek(b) == BER_CONTEXT_SET(n);
}

/* DES and RC4, and what is older than they are. */
bool krb5_etype_is_weak(int64_t etype);

/* krb5_kdc.c */
void krb5_kdc_request(struct krb5_read *r, struct ber *b, uint8_t kind);
void krb5_kdc_reply(struct krb5_read *r, struct ber *b, uint8_t kind);
/* krb5_message.c */
/* Ticket; `fact_realm` and `fact_service` may be KRB5_NO_FACT. Returns the etype of its sealed part. */
int64_t krb5_ticket(struct krb5_read *r, struct ber *b, uint8_t fact_realm, uint8_t fact_service);
void    krb5_ap_request(struct krb5_read *r, struct ber *b, uint8_t fact_realm, uint8_t fact_service);

#endif
