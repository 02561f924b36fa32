/* Facts of authentication tokens. */
#include "proto/auth/token.h"

#include <string.h>

const char *const auth_mechanism_words[] = {"none", "ntlmssp", "krb5", "negoex", "other", NULL};

bool auth_fact_wanted(const struct auth_reader *r, enum auth_fact which)
{
	return r->seat->fact != AUTH_NO_FACTS && (r->cx->wanted >> r->seat->fact & 1u << which);
}

void auth_fact_number(const struct auth_reader *r, enum auth_fact which, uint64_t number)
{
	if (auth_fact_wanted(r, which))
		r->cx->fact[r->seat->fact + which] = (struct fact){.state = FACT_NUMBER, .number = number};
}

void auth_fact_text(const struct auth_reader *r, enum auth_fact which, const uint8_t *text, size_t n)
{
	struct fact *f;

	if (!auth_fact_wanted(r, which))
		return;
	f = &r->cx->fact[r->seat->fact + which];
	if (f->state == FACT_NONE && text)
		*f = (struct fact){.state = FACT_TEXT, .text = text, .len = (uint32_t)n};
	else if (!text || f->len != n || memcmp(f->text, text, n) != 0)
		*f = (struct fact){.state = FACT_UNKNOWN};
}
