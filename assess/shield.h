/* Policy text that shields hosts for what stays open on them: hosts, services and policies, with what it costs and when it may go. */
#ifndef SALLYPORT_ASSESS_SHIELD_H
#define SALLYPORT_ASSESS_SHIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "assess/report.h"

enum { SHIELD_ADDRESSES_MAX = 256 };

struct shield_address {
	const char *name, *address; /* of the host, as the report has it; IPv4 or IPv6 */
};

struct shield_wish {
	struct shield_address addresses[SHIELD_ADDRESSES_MAX]; /* where hosts are */
	struct shield_address listens[SHIELD_ADDRESSES_MAX]; /* where the gate listens for them */
	size_t                address_n, listen_n;
	bool                  all; /* each flaw that nothing shields has its own comment, with the workarounds of its bulletin */
	const char           *trial; /* "2027-01-31": until then what is not unsafe is only recorded; NULL: no trial */
};

struct shield_done {
	size_t hosts, services; /* in the text */
	size_t shielded, partly, not_shielded; /* flaws on hosts */
};

/*
 * Writes the text. Addresses that are not known are placeholders of 192.0.2.0/24 and 198.51.100.0/24 (or 2001:db8::/32 beyond 254 hosts), which lead
 * nowhere, each with a comment that says so. False when it cannot be written or memory is out.
 */
bool shield_write(const struct report *report, const struct shield_wish *wish, FILE *file, struct shield_done *out);

#endif
