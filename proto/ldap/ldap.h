/* The directory protocol: recognisers for LDAP over a stream and over datagrams (CLDAP). */
#ifndef SALLYPORT_PROTO_LDAP_LDAP_H
#define SALLYPORT_PROTO_LDAP_LDAP_H

#include "proto/proto.h"

extern const struct recogniser ldap_recogniser;
extern const struct recogniser cldap_recogniser;

/* The client's operations in the order of the fact ldap.op, then the server's in the order of ldap.answer. */
enum ldap_op {
	LDAP_OP_NONE = 0,
	LDAP_BIND,
	LDAP_UNBIND,
	LDAP_SEARCH,
	LDAP_MODIFY,
	LDAP_ADD,
	LDAP_DEL,
	LDAP_MODDN,
	LDAP_COMPARE,
	LDAP_ABANDON,
	LDAP_EXTENDED,
	LDAP_BIND_RESPONSE,
	LDAP_SEARCH_ENTRY,
	LDAP_SEARCH_REFERENCE,
	LDAP_SEARCH_DONE,
	LDAP_MODIFY_RESPONSE,
	LDAP_ADD_RESPONSE,
	LDAP_DEL_RESPONSE,
	LDAP_MODDN_RESPONSE,
	LDAP_COMPARE_RESPONSE,
	LDAP_EXTENDED_RESPONSE,
	LDAP_INTERMEDIATE,
	LDAP_OPS
};

#endif
