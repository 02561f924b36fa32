/* Which recognisers this build has. */
#ifndef SALLYPORT_PROTO_PROTOCOLS_H
#define SALLYPORT_PROTO_PROTOCOLS_H

#include "proto/proto.h"

/* Numbers are append-only: they stand in compiled policies. From 900: toys of the tests. */
enum protocol {
	PROTO_NONE = 0,
	PROTO_OPAQUE_TLS = 1, /* TLS nobody terminates: opaque.tls to the end */
	PROTO_LDAP = 10,
	PROTO_CLDAP = 11,
	PROTO_SMB = 20, /* NetBIOS session service, SMB 1 to 3 */
	PROTO_DCERPC = 21, /* over TCP; the endpoint mapper too */
	PROTO_DCERPC_CL = 22, /* over datagrams */
	PROTO_KRB5 = 23,
	PROTO_KRB5_UDP = 24,
	PROTO_TOYS = 900,
};

/* All of them, NULL-terminated. */
extern const struct recogniser *const protocols[];
const struct recogniser              *protocol_by_name(const char *name);

#endif
