/* What a unit is, in a clause, from the facts that were asked for. */
#ifndef SALLYPORT_EVENT_DESCRIBE_H
#define SALLYPORT_EVENT_DESCRIBE_H

#include "base/str.h"
#include "proto/proto.h"

enum { UNIT_TEXT_MAX = 80 /* bytes of one text of a unit that is shown */ };

/* "ldap op modify, name cn=x". Peer text: escaped where it is shown. */
void unit_describe(const struct recogniser *r, const struct step *step, const struct cx *cx, struct str *out);
/* The fact that says what a request is, as a bit; 0 = the protocol has none. */
uint32_t unit_operation(const struct recogniser *r);

#endif
