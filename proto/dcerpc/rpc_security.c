/* Security of DCE/RPC: which tokens settle it, and which trailers belong to it. */
/*
 * Spec: MS-RPCE 2.2.1.1.7 (auth_type), 2.2.1.1.8 (auth_level), 2.2.2.11, 3.3.1.5.2; MS-NRPC 2.2.1.3.1 (NL_AUTH_MESSAGE).
 * Input from: either peer.
 * Limits: six security contexts in an association.
 * Not done: verifying signatures, which only the two ends can.
 */
#include "proto/dcerpc/rpc_int.h"

enum { TYPE_SPNEGO = 9, TYPE_NTLMSSP = 10, TYPE_KERBEROS = 16, TYPE_NETLOGON = 68 };
enum { NETLOGON_NAMES = 0x1f, NETLOGON_MOST = 1024 };

static const struct rpc_security *security_find(const struct rpc_assoc *a, uint32_t id)
{
	for (unsigned i = 0; i < RPC_SECURITIES; i++)
		if (a->security[i].type && a->security[i].id == id)
			return &a->security[i];
	return NULL;
}

static unsigned security_count(const struct rpc_assoc *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RPC_SECURITIES; i++)
		n += a->security[i].type != 0;
	return n;
}

static bool same(const struct rpc_security *a, const struct rpc_security *b)
{
	return a && a->id == b->id && a->type == b->type && a->level == b->level;
}

/* MessageType, Flags, and names of one answer or five. */
void rpc_netlogon_token(struct wire *w, enum side from)
{
	uint32_t flags;

	if (wire_left(w) > NETLOGON_MOST)
		wire_fail_numbers(w, wire_offset(w), R_DCERPC_NETLOGON, "NL_AUTH_MESSAGE", NETLOGON_MOST, wire_left(w));
	wire_want_le32(w, from == SIDE_CLIENT ? 0 : 1, R_DCERPC_NETLOGON, "MessageType");
	flags = wire_le32(w, "Flags");
	if (flags & ~(uint32_t)NETLOGON_NAMES)
		wire_fail_numbers(w, wire_offset(w), R_DCERPC_NETLOGON, "Flags", NETLOGON_NAMES, flags);
	wire_take(w, wire_left(w), "Buffer");
}

static void token(struct rpc_read *r, bool anew)
{
	static const struct auth_state none;
	struct wire                    w = r->token;

	r->u->negotiates = true;
	r->u->negotiates_anew = anew;
	if (r->u->security.type == TYPE_NETLOGON)
		rpc_netlogon_token(&w, (enum side)r->u->from);
	else
		auth_read(anew ? &none : &r->a->auth, &r->u->auth, &w, (enum side)r->u->from, &r->seat->auth, r->cx);
	wire_end(&w, R_DCERPC_TRAILING, "auth_value");
}

void rpc_security_bind(struct rpc_read *r, const struct wire *w, uint32_t at)
{
	const struct rpc_security *s = &r->u->security, *known = security_find(r->a, s->id);
	bool                       opens = r->u->ptype == RPC_BIND || r->u->ptype == RPC_ALTER;

	if (s->type != TYPE_SPNEGO && s->type != TYPE_NTLMSSP && s->type != TYPE_KERBEROS && s->type != TYPE_NETLOGON)
		wire_fail_numbers(w, at, R_DCERPC_AUTH_TYPE, "auth_type", 0, s->type);
	else if (s->level < RPC_LEVEL_CONNECT || s->level > RPC_LEVEL_PRIVACY)
		wire_fail_numbers(w, at, R_DCERPC_AUTH_LEVEL, "auth_level",
				  s->level < RPC_LEVEL_CONNECT ? RPC_LEVEL_CONNECT : RPC_LEVEL_PRIVACY, s->level);
	else if (known ? !same(known, s) : !opens)
		wire_fail_numbers(w, at, R_DCERPC_AUTH_CONTEXT, "auth_context_id", 0, s->id);
	else if (!known && security_count(r->a) == RPC_SECURITIES)
		wire_fail_numbers(w, at, R_DCERPC_AUTH_CONTEXTS, "auth_context_id", RPC_SECURITIES, RPC_SECURITIES + 1);
	if (!w->fault->why)
		token(r, !known);
}

/* The trailer of a call is of a security context that was offered in this association. */
void rpc_security_call(struct rpc_read *r, const struct wire *w, uint32_t at)
{
	const struct rpc_security *known = security_find(r->a, r->u->security.id);

	if (!same(known, &r->u->security))
		wire_fail_numbers(w, at, R_DCERPC_AUTH_CONTEXT, "auth_context_id", 0, r->u->security.id);
	r->u->sealed = r->u->security.level == RPC_LEVEL_PRIVACY;
}

void rpc_security_commit(struct rpc_assoc *a, const struct rpc_unit *u)
{
	if (!u->negotiates)
		return;
	if (u->negotiates_anew) {
		a->auth = (struct auth_state){0};
		for (unsigned i = 0; i < RPC_SECURITIES; i++)
			if (!a->security[i].type) {
				a->security[i] = u->security;
				break;
			}
	}
	if (u->security.type != TYPE_NETLOGON)
		auth_commit(&a->auth, &u->auth);
}
