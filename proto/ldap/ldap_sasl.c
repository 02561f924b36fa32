/* Tokens inside binds: Windows' own negotiation, Kerberos through GSSAPI, NTLM; and what they agree on. */
/*
 * Spec: RFC 4513 5.2, RFC 4752 (GSSAPI), MS-ADTS 5.1.1.1 (GSS-SPNEGO), 5.1.1.1.3 (Sicily).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.bind.credentials; see proto/spnego for tokens.
 * Not done: tokens of other mechanisms; a layer that only signs is framed as a sealed one, and not read.
 */
#include "proto/ldap/ldap_int.h"
#include "proto/spnego/wrap.h"

static const struct {
	const char *name;
	uint8_t     sasl;
} readable[] = {{"GSS-SPNEGO", SASL_NEGOTIATE}, {"GSSAPI", SASL_GSSAPI}, {"NTLM", SASL_NTLM}};

enum ldap_sasl ldap_sasl_of(struct ber_span mechanism)
{
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		if (ber_span_is(mechanism, readable[i].name))
			return readable[i].sasl;
	return SASL_OTHER;
}

/* A bind goes on where the last one of its kind is not over; else it begins anew. */
static struct ldap_auth_state before(const struct ldap_read *r, enum ldap_sasl sasl)
{
	static const struct ldap_auth_state anew;

	return r->state && r->state->auth.sasl == sasl ? r->state->auth : anew;
}

/* One token; `b` covers it. The unit keeps what is true once it has gone by. */
static void token(struct ldap_read *r, struct ber *b, enum ldap_sasl sasl)
{
	struct auth_seat       seat = {.fact = AUTH_NO_FACTS, .long_length = TOLERATE_LONG_LENGTH};
	struct ldap_auth_state auth = before(r, sasl);
	enum side              from = r->unit->from;
	struct auth_token      t = {0};

	auth.sasl = (uint8_t)sasl;
	if (sasl == SASL_GSSAPI && gss_is_wrap(&b->w)) {
		auth.layers = gss_wrap(&b->w, from, auth.layers);
		auth.chosen = from == SIDE_CLIENT;
	} else {
		auth_read(&auth.auth, &t, &b->w, from, &seat, r->cx);
		auth_commit(&auth.auth, &t);
	}
	ber_end(b, "");
	r->unit->auth = auth;
}

/* What a success will mean, as far as the tokens say. */
static void settle(struct ldap_read *r)
{
	const struct ldap_auth_state *a = &r->unit->auth;
	struct ldap_request          *q = &r->unit->request;

	q->proves = a->auth.proves;
	q->seals = a->chosen ? a->layers == GSS_LAYER_SEAL : a->auth.seals;
	q->layers = a->chosen ? a->layers != GSS_LAYER_NONE : a->auth.signs || a->auth.seals;
}

void ldap_sasl_request(struct ldap_read *r, struct ber *b, enum ldap_sasl sasl)
{
	/* While a bind is outstanding this one waits, and is read again when it is known what came before. */
	if (r->state && r->state->binding)
		return;
	token(r, b, sasl);
	settle(r);
}

/* The server's token goes with what its request left behind, and may change what success means. */
void ldap_sasl_answer(struct ldap_read *r, struct ber *b)
{
	if (!r->asked || r->asked->op != LDAP_BIND || !r->state || r->state->auth.sasl <= SASL_OTHER)
		return;
	token(r, b, r->state->auth.sasl);
	settle(r);
}
