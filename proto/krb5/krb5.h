/* Kerberos: recognisers of what is asked of a KDC, over streams and datagrams, and the reader of one message. */
#ifndef SALLYPORT_PROTO_KRB5_KRB5_H
#define SALLYPORT_PROTO_KRB5_KRB5_H

#include "proto/proto.h"

extern const struct recogniser krb5_recogniser;
extern const struct recogniser krb5_udp_recogniser;

/* Message types, which are the application tags of all but TGT-REQ and TGT-REP (RFC 4120 5.10, 7.5.7; MS-KILE 3.4.5.3 names the draft). */
enum krb5_kind {
	KRB5_NONE = 0,
	KRB5_AS_REQ = 10,
	KRB5_AS_REP = 11,
	KRB5_TGS_REQ = 12,
	KRB5_TGS_REP = 13,
	KRB5_AP_REQ = 14,
	KRB5_AP_REP = 15,
	KRB5_TGT_REQ = 16, /* user to user: the client asks the service for its ticket */
	KRB5_TGT_REP = 17,
	KRB5_ERROR = 30,
};

enum { KRB5_NO_FACT = 0xff };

/* How one message is read. Zeroed, then filled by who reads it; krb5_read_safe fills in the safe limits. */
struct krb5_read {
	struct cx *cx;
	uint32_t   etypes_max, name_max, parts_max, count_max; /* name_max in bytes */
	bool       long_length; /* lengths that are not the shortest are tolerated */
	/* Places of facts in the reader's table, or KRB5_NO_FACT. */
	uint8_t fact_realm, fact_client, fact_service, fact_weak, fact_ticket_weak, fact_error;
};

/* No facts, and the limits where no policy of Kerberos' own says otherwise. */
struct krb5_read krb5_read_safe(struct cx *cx);
/* Which message stands at the head of w; KRB5_NONE for none, and for those of user to user, which no tag tells. */
enum krb5_kind krb5_kind_of(const struct wire *w);
/* The whole of w is this message. */
void krb5_message(struct krb5_read *r, struct wire *w, enum krb5_kind kind);

#endif
