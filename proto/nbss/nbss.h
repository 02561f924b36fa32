/* NetBIOS session service: the four bytes in front of every SMB message, and what sets a session up on port 139. */
#ifndef SALLYPORT_PROTO_NBSS_NBSS_H
#define SALLYPORT_PROTO_NBSS_NBSS_H

#include "proto/proto.h"

/* Spec: RFC 1001 16, RFC 1002 4.3; MS-SMB2 2.1 for TCP port 445, where the length has 24 bits and no session is requested. */

enum nbss_type {
	NBSS_MESSAGE = 0x00,
	NBSS_REQUEST = 0x81,
	NBSS_POSITIVE = 0x82,
	NBSS_NEGATIVE = 0x83,
	NBSS_RETARGET = 0x84,
	NBSS_KEEPALIVE = 0x85,
};

enum { NBSS_HEADER = 4 };

struct nbss_state {
	bool requested, granted; /* by NetBIOS: lengths have 17 bits */
	bool direct; /* a message came without: port 445 */
};

struct nbss_unit {
	uint8_t  from, type;
	uint64_t length; /* behind the header */
};

/*
 * The header at the head of a direction. A session message: fills u and returns a step of verb UNIT with n = 4 and
 * nothing judged, for the caller to go on behind it. Everything else is a step to return as it is.
 */
struct step nbss_next(const struct nbss_state *s, struct nbss_unit *u, struct wire *w, const struct in *in, struct cx *cx);
void        nbss_commit(struct nbss_state *s, const struct nbss_unit *u);

#endif
