/* What a policy may set, tolerate and ask about in Kerberos: limits, tolerances, facts and the names of broken DER rules. */
#include "proto/krb5/krb5_int.h"

const struct ber_reasons krb5_ber = {
	.tag = R_KRB5_TAG,
	.constructed = R_KRB5_CONSTRUCTED,
	.indefinite = R_KRB5_LENGTH,
	.long_length = R_KRB5_LONG_LENGTH,
	.huge_length = R_KRB5_LENGTH,
	.past_end = R_KRB5_LENGTH,
	.trailing = R_KRB5_TRAILING,
	.integer = R_KRB5_VALUE,
	.boolean = R_KRB5_VALUE,
	.null = R_KRB5_VALUE,
};

const struct limit_def krb5_limits[KRB5_LIMITS] = {
	[LIMIT_MESSAGE] = {"krb5.message", "bytes", 65536, 512, 1024 * 1024, "ours: a ticket with the largest PAC, 48000, and what is around it"},
	[LIMIT_ETYPES] = {"krb5.etypes", "types", 32, 1, 256, "ours: MIT offers 8, Windows 6"},
	[LIMIT_NAME] = {"krb5.name", "bytes", 256, 16, 1024, "ours: DNS names have 255"},
	[LIMIT_NAME_PARTS] = {"krb5.name.parts", "parts", 16, 2, 64, "ours: names of services have two or three"},
	[LIMIT_COUNT] = {"krb5.count", "parts", 64, 1, 1024, "ours: pre-authentication data, addresses, tickets"},
	[LIMIT_WAIT] = {"krb5.wait", "ms", 30000, 100, 600000, "ours"},
};

const struct tolerance_def krb5_tolerances[KRB5_TOLERANCES] = {
	{"krb5.ber.long-length", "encoders that reserve length octets they do not need; none is known", "CAN-2004-0123 CVE-2003-0818"},
};

static const char *const ops[] = {"none", "as-req", "tgs-req", NULL};
static const char *const answers[] = {"none", "as-rep", "tgs-rep", "error", NULL};
static const char *const truths[] = {"false", "true", NULL};

const struct fact_def krb5_facts[KRB5_FACTS] = {
	[FACT_OP] = {"krb5.op", FACT_OF_REQUEST, false, ops},
	[FACT_REALM] = {"krb5.realm", FACT_OF_REQUEST, true, NULL},
	[FACT_CLIENT] = {"krb5.client", FACT_OF_REQUEST, true, NULL},
	[FACT_SERVICE] = {"krb5.service", FACT_OF_REQUEST, true, NULL},
	[FACT_WEAK] = {"krb5.weak", FACT_OF_REQUEST, false, truths},
	[FACT_ANSWER] = {"krb5.answer", FACT_OF_ANSWER, false, answers},
	[FACT_ERROR] = {"krb5.error", FACT_OF_ANSWER, false, NULL},
	[FACT_TICKET_WEAK] = {"krb5.ticket-weak", FACT_OF_ANSWER, false, truths},
};
