/* Inside shields: names, comments, and what is known of a flaw's shield. */
#ifndef SALLYPORT_ASSESS_SHIELD_INT_H
#define SALLYPORT_ASSESS_SHIELD_INT_H

#include "assess/known.h"
#include "assess/shield.h"
#include "base/str.h"

enum { SHIELD_NAME = 64, SHIELD_PORTS_MAX = 16, SHIELD_PROTOCOLS_MAX = 4 };

/* One port of a host that is to be shielded. */
struct shield_port {
	uint16_t    port;
	bool        tcp, udp;
	const char *protocols[SHIELD_PROTOCOLS_MAX]; /* recognisers */
	size_t      protocol_n;
};

struct shield_ports {
	struct shield_port ports[SHIELD_PORTS_MAX];
	size_t             count;
};

/* shield_name.c: a name that policies take, made of the host's; none of `taken` (names of earlier hosts) again. */
void shield_name(const char *host, const char (*taken)[SHIELD_NAME], size_t taken_n, char out[SHIELD_NAME]);
/* A comment of whole lines: the first begins with `head`, the others are indented as deep; nothing in it can end the line. */
void shield_comment(FILE *file, const char *head, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
