/* The recognisers of this build. */
#include "proto/protocols.h"

#include <string.h>

#include "proto/dcerpc/dcerpc.h"
#include "proto/ldap/ldap.h"
#include "proto/opaque.h"
#include "proto/smb/smb.h"

const struct recogniser *const protocols[] = {
	&opaque_tls_recogniser,
	&ldap_recogniser,
	&cldap_recogniser,
	&smb_recogniser,
	&dcerpc_recogniser,
	&dcerpc_cl_recogniser,
	NULL,
};

const struct recogniser *protocol_by_name(const char *name)
{
	for (size_t i = 0; protocols[i]; i++)
		if (strcmp(protocols[i]->name, name) == 0)
			return protocols[i];
	return NULL;
}
