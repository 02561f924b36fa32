/* What a policy may set, tolerate and ask about in LDAP: limits, tolerances, facts and the names of broken BER rules. */
#include "proto/ldap/ldap_int.h"

const struct ber_reasons ldap_ber = {
	.tag = R_LDAP_TAG,
	.constructed = R_LDAP_CONSTRUCTED,
	.indefinite = R_LDAP_INDEFINITE,
	.long_length = R_LDAP_LONG_LENGTH,
	.huge_length = R_LDAP_HUGE_LENGTH,
	.past_end = R_LDAP_PAST_END,
	.trailing = R_LDAP_TRAILING,
	.integer = R_LDAP_INTEGER,
	.boolean = R_LDAP_BOOLEAN,
	.null = R_LDAP_NULL,
};

#define MIB (1024 * 1024)

const struct limit_def ldap_limits[LDAP_LIMITS] = {
	[LIMIT_MESSAGE_ANONYMOUS] = {"ldap.message.anonymous", "bytes", 256 * 1024, 512, 16 * MIB,
				     "OpenLDAP sockbuf_max_incoming, 262143"},
	[LIMIT_MESSAGE_PROVED] = {"ldap.message.proved", "bytes", 4 * MIB, 512, 256 * MIB,
				  "OpenLDAP sockbuf_max_incoming_auth, 4194303; AD MaxReceiveBuffer, 10485760"},
	[LIMIT_MESSAGE_SERVER] = {"ldap.message.server", "bytes", 16 * MIB, 512, 1024 * MIB,
				  "ours: a group of 100,000 members in one entry"},
	[LIMIT_DATAGRAM_CLIENT] = {"ldap.datagram.client", "bytes", 4096, 64, 65507, "AD MaxDatagramRecv, 4096"},
	[LIMIT_DATAGRAM_SERVER] = {"ldap.datagram.server", "bytes", 8192, 64, 65507, "ours: a whole rootDSE and its names"},
	[LIMIT_OUTSTANDING_ANONYMOUS] = {"ldap.outstanding.anonymous", "requests", 20, 1, 10000, "AD MaxActiveQueries, 20"},
	[LIMIT_OUTSTANDING_PROVED] = {"ldap.outstanding.proved", "requests", 100, 1, 10000, "ours: pools of busy servers"},
	[LIMIT_ABANDONED] = {"ldap.abandoned", "requests", 256, 2, 10000, "ours: twice what a busy client has outstanding"},
	[LIMIT_WAIT] = {"ldap.wait", "ms", 30000, 100, 600000, "ours"},
	[LIMIT_SEALED_FRAME] = {"ldap.sealed.frame", "bytes", 0xffffff, 1024, 0xffffff, "RFC 4752 3.1: three octets of size"},
	[LIMIT_DN] = {"ldap.dn", "bytes", 2048, 64, 65536, "ours"},
	[LIMIT_DESCRIPTION] = {"ldap.description", "bytes", 256, 16, 4096, "ours"},
	[LIMIT_OID] = {"ldap.oid", "bytes", 128, 16, 1024, "ours"},
	[LIMIT_URI] = {"ldap.uri", "bytes", 4096, 64, 65536, "ours: a name of 2048 bytes, escaped"},
	[LIMIT_URI_HOST] = {"ldap.uri.host", "bytes", 255, 15, 255, "RFC 1035 2.3.4"},
	[LIMIT_REFERRALS] = {"ldap.referrals", "URIs", 16, 1, 256, "ours"},
	[LIMIT_DIAGNOSTIC] = {"ldap.diagnostic", "bytes", 4096, 64, 65536, "ours"},
	[LIMIT_BIND_NAME] = {"ldap.bind.name", "characters", 255, 64, 4096, "Active Directory Maximum Limits: simple binds"},
	[LIMIT_BIND_PASSWORD] = {"ldap.bind.password", "bytes", 1024, 64, 65536, "ours: bearer tokens are longer, raise it"},
	[LIMIT_BIND_CREDENTIALS] = {"ldap.bind.credentials", "bytes", 65536, 1024, MIB, "Windows MaxTokenSize, 65535"},
	[LIMIT_ATTRIBUTES] = {"ldap.attributes", "attributes", 256, 1, 4096, "ours"},
	[LIMIT_FILTER_DEPTH] = {"ldap.filter.depth", "levels", 32, 1, 128, "ApacheDS stops at 128, OpenLDAP at 5000"},
	[LIMIT_FILTER_NODES_ANONYMOUS] = {"ldap.filter.nodes.anonymous", "filters", 512, 1, 65536, "ours"},
	[LIMIT_FILTER_NODES_PROVED] = {"ldap.filter.nodes.proved", "filters", 1024, 1, 65536, "ours: long OR lists of group tools"},
	[LIMIT_FILTER_SET] = {"ldap.filter.set", "filters", 512, 1, 65536, "ours"},
	[LIMIT_FILTER_SUBSTRINGS] = {"ldap.filter.substrings", "pieces", 32, 1, 1024, "ours"},
	[LIMIT_VALUE] = {"ldap.filter.value", "bytes", 4096, 64, MIB, "ours"},
	[LIMIT_PING_USER] = {"ldap.ping.user", "characters", 20, 1, 256, "MS-ADA3 sAMAccountName of a user"},
	[LIMIT_PING_DOMAIN] = {"ldap.ping.domain", "bytes", 255, 1, 255, "RFC 1035 2.3.4"},
	[LIMIT_PING_HOST] = {"ldap.ping.host", "bytes", 63, 1, 255, "RFC 1035 2.3.4: one label"},
	[LIMIT_CONTROLS] = {"ldap.controls", "controls", 16, 1, 256, "ours"},
	[LIMIT_CONTROL_SIZE] = {"ldap.control.size", "bytes", 65536, 64, 16 * MIB, "ours: replication cookies"},
	[LIMIT_PAGE_SIZE] = {"ldap.page.size", "entries", 10000, 1, INT32_MAX, "ten times AD MaxPageSize"},
	[LIMIT_SORT_KEYS] = {"ldap.sort.keys", "keys", 16, 1, 256, "ours; AD takes one"},
	[LIMIT_EXTENDED_SIZE] = {"ldap.extended.size", "bytes", 65536, 64, 16 * MIB, "ours"},
	[LIMIT_WRITE_ATTRIBUTES] = {"ldap.write.attributes", "attributes", 256, 1, 65536, "ours"},
	[LIMIT_WRITE_CHANGES] = {"ldap.write.changes", "changes", 1024, 1, 65536, "ours"},
	[LIMIT_WRITE_VALUES] = {"ldap.write.values", "values", 10000, 1, 1000000, "twice AD's 5000 values per write"},
	[LIMIT_WRITE_VALUE] = {"ldap.write.value", "bytes", MIB, 64, 256 * MIB, "ours: photographs, revocation lists"},
	[LIMIT_USER_PATH] = {"ldap.user.path", "characters", 256, 1, 1024, "MS-SAMR home directory and script, 0-256; MAX_PATH 260"},
	[LIMIT_USER_WORKSTATIONS] = {"ldap.user.workstations", "characters", 1024, 1, 65536, "MS-ADA3 userWorkstations"},
	[LIMIT_USER_WORKSTATION] = {"ldap.user.workstation", "characters", 15, 1, 255, "NetBIOS name; 255 where DNS names are used"},
	[LIMIT_USER_SAM] = {"ldap.user.sam", "characters", 256, 1, 1024, "MS-ADA3 sAMAccountName"},
	[LIMIT_USER_SAM_USER] = {"ldap.user.sam-user", "characters", 20, 1, 256, "MS-ADA3 sAMAccountName of a user"},
	[LIMIT_USER_NAME] = {"ldap.user.name", "characters", 1024, 1, 65536, "MS-ADA userPrincipalName, description"},
	[LIMIT_USER_STRING] = {"ldap.user.string", "bytes", 4096, 1, MIB, "ours"},
	[LIMIT_USER_PHOTO] = {"ldap.user.photo", "bytes", 100 * 1024, 1, 16 * MIB, "MS-ADA3 thumbnailPhoto"},
	[LIMIT_READ_USER] = {"ldap.read.user-limits", "switch", 1, 0, 1, "hold answers to the limits of user objects too"},
};

const struct tolerance_def ldap_tolerances[LDAP_TOLERANCES] = {
	{"ldap.ber.long-length", "encoders that reserve three length octets (81 nn or 82 00 nn below 128, 83 00 nn nn)",
	 "CAN-2004-0123 CVE-2003-0818"},
	{"ldap.ber.boolean", "encoders that write TRUE as 01: go-ldap before 3.2, impacket", ""},
	{"ldap.bind.sicily", "Windows NT 4 and impacket-based tools (MS-ADTS 5.1.1.1.3)", ""},
	{"ldap.bind.v2", "LDAPv2 clients of the 1990s (RFC 1777)", "CAN-2003-0663"},
	{"ldap.filter.empty-set", "OpenLDAP tools that ask (&) and (|) (RFC 4526)", ""},
	{"ldap.search.subordinate", "OpenLDAP ldapsearch -s children", ""},
	{"ldap.description.syntax", "directories with underscores in attribute names", ""},
	{"ldap.control.no-uuid", "OpenLDAP's accesslog, whose root entry has no UUID, to its own replicas (RFC 4533 2.3)", ""},
	{"ldap.answer.extended", "Samba's server, which says so of any request that an extension it calls critical is unknown", "CVE-2024-49113"},
};

static const char *const identities[] = {"anonymous", "proved", NULL};
static const char *const seals[] = {"clear", "sealed", NULL};
static const char *const ops[] = {"none", "bind", "unbind", "search", "modify", "add", "del", "moddn", "compare", "abandon",
				  "extended", NULL};
static const char *const answers[] = {"none", "", "", "", "", "", "", "", "", "", "", "bind-response", "search-entry",
				      "search-reference", "search-done", "modify-response", "add-response", "del-response",
				      "moddn-response", "compare-response", "extended-response", "intermediate", NULL};
static const char *const auths[] = {"anonymous", "unauthenticated", "simple", "sasl", "sicily", NULL};
static const char *const scopes[] = {"base", "one", "sub", "subordinate", NULL};
static const char *const derefs[] = {"never", "searching", "finding", "always", NULL};
static const char *const truths[] = {"false", "true", NULL};

const struct fact_def ldap_facts[LDAP_FACTS] = {
	[FACT_IDENTITY] = {"ldap.identity", FACT_OF_FLOW, false, identities},
	[FACT_SEALED] = {"ldap.sealed", FACT_OF_FLOW, false, seals},
	[FACT_OP] = {"ldap.op", FACT_OF_REQUEST, false, ops},
	[FACT_MESSAGE_ID] = {"ldap.message-id", FACT_OF_REQUEST, false, NULL},
	[FACT_VERSION] = {"ldap.version", FACT_OF_REQUEST, false, NULL},
	[FACT_AUTH] = {"ldap.auth", FACT_OF_REQUEST, false, auths},
	[FACT_MECHANISM] = {"ldap.mechanism", FACT_OF_REQUEST, true, NULL},
	[FACT_NAME] = {"ldap.name", FACT_OF_REQUEST, true, NULL},
	[FACT_SCOPE] = {"ldap.scope", FACT_OF_REQUEST, false, scopes},
	[FACT_DEREF] = {"ldap.deref", FACT_OF_REQUEST, false, derefs},
	[FACT_SIZE_LIMIT] = {"ldap.size-limit", FACT_OF_REQUEST, false, NULL},
	[FACT_TIME_LIMIT] = {"ldap.time-limit", FACT_OF_REQUEST, false, NULL},
	[FACT_TYPES_ONLY] = {"ldap.types-only", FACT_OF_REQUEST, false, truths},
	[FACT_FILTER_DEPTH] = {"ldap.filter.depth", FACT_OF_REQUEST, false, NULL},
	[FACT_FILTER_NODES] = {"ldap.filter.nodes", FACT_OF_REQUEST, false, NULL},
	[FACT_FILTER_ATTRIBUTE] = {"ldap.filter.attribute", FACT_OF_REQUEST, true, NULL},
	[FACT_ATTRIBUTE_COUNT] = {"ldap.attribute.count", FACT_OF_REQUEST, false, NULL},
	[FACT_ATTRIBUTE] = {"ldap.attribute", FACT_OF_REQUEST, true, NULL},
	[FACT_CHANGES] = {"ldap.changes", FACT_OF_REQUEST, false, NULL},
	[FACT_NEW_NAME] = {"ldap.new-name", FACT_OF_REQUEST, true, NULL},
	[FACT_NEW_SUPERIOR] = {"ldap.new-superior", FACT_OF_REQUEST, true, NULL},
	[FACT_ABANDON_ID] = {"ldap.abandon-id", FACT_OF_REQUEST, false, NULL},
	[FACT_OID] = {"ldap.oid", FACT_OF_REQUEST, true, NULL},
	[FACT_CONTROLS] = {"ldap.controls", FACT_OF_REQUEST, false, NULL},
	[FACT_PAGE_SIZE] = {"ldap.page-size", FACT_OF_REQUEST, false, NULL},
	[FACT_ANSWER] = {"ldap.answer", FACT_OF_ANSWER, false, answers},
	[FACT_RESULT] = {"ldap.result", FACT_OF_ANSWER, false, NULL},
	[FACT_MATCHED_NAME] = {"ldap.matched-name", FACT_OF_ANSWER, true, NULL},
	[FACT_DIAGNOSTIC] = {"ldap.diagnostic", FACT_OF_ANSWER, true, NULL},
	[FACT_REFERRAL] = {"ldap.referral", FACT_OF_ANSWER, true, NULL},
};
