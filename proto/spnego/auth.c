/* Reads one token of a negotiation. */
#include "proto/spnego/auth.h"

const char *const auth_mechanism_words[] = {"none", "ntlmssp", "krb5", "negoex", "other", NULL};

void auth_read(const struct auth_state *s, struct auth_token *t, struct wire *w, enum side from, const struct auth_seat *seat,
	       struct cx *cx)
{
	(void)s;
	(void)seat;
	(void)cx;
	t->from = (uint8_t)from;
	wire_take(w, wire_left(w), "token");
}

void auth_commit(struct auth_state *s, const struct auth_token *t)
{
	s->legs++;
	(void)t;
}
