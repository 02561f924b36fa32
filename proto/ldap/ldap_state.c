/* Order: which message may come now, and what changes once it has gone through. */
/*
 * Spec: RFC 4511 4.1.1.1 (ids), 4.2.1 (bind), 4.3 (unbind), 4.4 (notifications), 4.11 (abandon), 4.14 (StartTLS),
 *	RFC 4513 4 (what a bind proves).
 * Input from: either peer.
 * Limits: ldap.outstanding.*, ldap.wait, ldap.abandoned.
 * Not done: whether the server honours what it answers.
 */
#include "proto/ldap/ldap_int.h"

enum { NTLM_CHALLENGE = 2 };
enum { RESULT_SUCCESS = 0, RESULT_UNKNOWN_CRITICAL = 12, RESULT_SASL_IN_PROGRESS = 14 };

bool ldap_answers(uint8_t request, uint8_t answer)
{
	static const uint8_t last[LDAP_OPS] = {
		[LDAP_BIND] = LDAP_BIND_RESPONSE,   [LDAP_SEARCH] = LDAP_SEARCH_DONE,	    [LDAP_MODIFY] = LDAP_MODIFY_RESPONSE,
		[LDAP_ADD] = LDAP_ADD_RESPONSE,	    [LDAP_DEL] = LDAP_DEL_RESPONSE,	    [LDAP_MODDN] = LDAP_MODDN_RESPONSE,
		[LDAP_COMPARE] = LDAP_COMPARE_RESPONSE, [LDAP_EXTENDED] = LDAP_EXTENDED_RESPONSE,
	};

	if (answer == LDAP_INTERMEDIATE)
		return true;
	if (request == LDAP_SEARCH && (answer == LDAP_SEARCH_ENTRY || answer == LDAP_SEARCH_REFERENCE))
		return true;
	return last[request] == answer;
}

/* Entries, references and intermediate answers are followed by more. */
static bool is_final(uint8_t answer)
{
	return answer != LDAP_SEARCH_ENTRY && answer != LDAP_SEARCH_REFERENCE && answer != LDAP_INTERMEDIATE;
}

const struct ldap_request *ldap_asked(struct ldap_read *r)
{
	const struct ldap_request *q = table_get(r->cx, LDAP_REQUESTS, r->unit->id);

	if (q)
		r->unit->request = *q;
	r->token = q ? q->op == LDAP_BIND && q->auth == AUTH_SICILY : r->unit->id && !table_get(r->cx, LDAP_ABANDONED, r->unit->id);
	return q;
}

static struct step refuse_id(const struct ldap_read *r, const struct wire *w, uint64_t n, uint16_t why)
{
	wire_fail_numbers(w, r->id_at, why, "messageID", 0, r->unit->id);
	return step_refuse(n);
}

static struct step refuse_op(const struct ldap_read *r, const struct wire *w, uint64_t n, uint16_t why)
{
	wire_fail(w, r->op_at, why, "protocolOp");
	return step_refuse(n);
}

static struct step wait_for(const struct ldap_read *r, uint64_t n, uint16_t why)
{
	return (struct step){.verb = STEP_WAIT, .why = why, .ms = ldap_limit(r, LIMIT_WAIT), .n = n};
}

/*
 * Abandon of what is over would say nothing to the server, and a bind cannot be abandoned: swallowed. (Nor can
 * StartTLS; while it is outstanding the client may not speak at all.)
 */
static struct step abandon(struct ldap_read *r, uint64_t n)
{
	const struct ldap_request *q = table_get(r->cx, LDAP_REQUESTS, r->unit->abandoned);

	if (!q || q->op == LDAP_BIND) {
		r->unit->swallowed = true;
		r->cx->patch[r->cx->patches++] = (struct patch){.form = PATCH_BYTES, .old_len = (uint32_t)n};
	} else {
		r->unit->request.op = q->op;
		r->unit->remembered = table_room(r->cx, LDAP_ABANDONED);
	}
	return step_unit(n, 0);
}

/* Requests that are owed an answer take a place in the table. */
static struct step ask(const struct ldap_state *s, struct ldap_read *r, const struct wire *w, uint64_t n)
{
	struct ldap_unit *u = r->unit;
	uint32_t          open = table_count(r->cx, LDAP_REQUESTS);

	if (table_get(r->cx, LDAP_REQUESTS, u->id))
		return refuse_id(r, w, n, R_LDAP_ID_BUSY);
	if (table_get(r->cx, LDAP_ABANDONED, u->id))
		return refuse_id(r, w, n, R_LDAP_ID_ABANDONED);
	if (s->binding)
		return wait_for(r, n, R_LDAP_BIND_PENDING);
	if (u->request.starttls && open)
		return refuse_op(r, w, n, R_LDAP_STARTTLS_BUSY);
	if (u->op == LDAP_BIND && open)
		return wait_for(r, n, R_LDAP_BIND_BUSY);
	if (open >= ldap_limit(r, s->proved ? LIMIT_OUTSTANDING_PROVED : LIMIT_OUTSTANDING_ANONYMOUS))
		return wait_for(r, n, R_LDAP_OUTSTANDING);
	if (!table_room(r->cx, LDAP_REQUESTS))
		return wait_for(r, n, R_LDAP_OUTSTANDING);
	return step_unit(n, 0);
}

/* Id 0: what nobody asked for is an extended response (RFC 4511 4.4). */
static struct step unasked(const struct ldap_read *r, const struct wire *w, uint64_t n)
{
	if (r->unit->op != LDAP_EXTENDED_RESPONSE)
		return refuse_id(r, w, n, R_LDAP_NOTICE);
	return step_unit(n, STEP_ANSWER);
}

/* Samba refuses a critical control it does not know by an extended response, whatever the request was. */
static bool tolerated(const struct ldap_read *r)
{
	return r->cx->tolerate & TOLERATE_EXTENDED_ANSWER && r->unit->op == LDAP_EXTENDED_RESPONSE &&
	       r->unit->result == RESULT_UNKNOWN_CRITICAL;
}

/* An answer belongs to an outstanding request, or to one abandoned a moment ago, and is of its kind. */
static struct step answer(struct ldap_read *r, const struct wire *w, uint64_t n)
{
	struct ldap_unit            *u = r->unit;
	const struct ldap_abandoned *late = r->asked ? NULL : table_get(r->cx, LDAP_ABANDONED, u->id);
	struct step                  step = step_unit(n, STEP_ANSWER);

	if (!r->asked && !late)
		return refuse_id(r, w, n, R_LDAP_ANSWER_UNKNOWN);
	if (!ldap_answers(r->asked ? r->asked->op : late->op, u->op) && !tolerated(r))
		return refuse_op(r, w, n, R_LDAP_ANSWER_OP);
	u->final = is_final(u->op);
	if (u->request.starttls && u->final && u->result == RESULT_SUCCESS) {
		step.verb = STEP_SWITCH;
		step.proto = PROTO_OPAQUE_TLS;
	}
	return step;
}

struct step ldap_order(const struct ldap_state *s, struct ldap_read *r, const struct wire *w, uint64_t n)
{
	if (r->unit->from == SIDE_SERVER)
		return r->unit->id ? answer(r, w, n) : unasked(r, w, n);
	if (r->unit->op == LDAP_UNBIND)
		return step_unit(n, 0);
	if (r->unit->op == LDAP_ABANDON)
		return abandon(r, n);
	return ask(s, r, w, n);
}

/* No more is expected of an abandoned request. */
static void forget(struct ldap_state *s, uint32_t id, struct cx *cx)
{
	const struct ldap_abandoned *gone = table_get(cx, LDAP_ABANDONED, id);
	struct ldap_abandoned       *older, *newer;

	if (!gone)
		return;
	older = table_edit(cx, LDAP_ABANDONED, gone->older);
	newer = table_edit(cx, LDAP_ABANDONED, gone->newer);
	*(older ? &older->newer : &s->oldest) = gone->newer;
	*(newer ? &newer->older : &s->newest) = gone->older;
	table_del(cx, LDAP_ABANDONED, id);
}

/* The server may go on answering an abandoned request until it has read of it. One place stays free for the next. */
static void remember(struct ldap_state *s, const struct ldap_unit *u, struct cx *cx)
{
	struct ldap_abandoned *newest = table_edit(cx, LDAP_ABANDONED, s->newest), *a;

	if (!u->remembered)
		return;
	a = table_add(cx, LDAP_ABANDONED, u->abandoned);
	*a = (struct ldap_abandoned){.op = u->request.op, .older = s->newest};
	*(newest ? &newest->newer : &s->oldest) = u->abandoned;
	s->newest = u->abandoned;
	if (table_count(cx, LDAP_ABANDONED) >= cx->limit[LIMIT_ABANDONED])
		forget(s, s->oldest, cx);
}

static void commit_request(struct ldap_state *s, const struct ldap_unit *u, struct cx *cx)
{
	struct ldap_request *q;

	if (u->op == LDAP_UNBIND) {
		s->unbound = true;
		return;
	}
	if (u->op == LDAP_ABANDON) {
		if (u->swallowed)
			return;
		table_del(cx, LDAP_REQUESTS, u->abandoned);
		remember(s, u, cx);
		return;
	}
	q = table_add(cx, LDAP_REQUESTS, u->id);
	*q = u->request;
	s->starttls = u->request.starttls;
	if (u->op == LDAP_BIND) {
		s->binding = true;
		s->proved = false;
		s->auth = u->auth;
	}
}

/* A bind is over: what was abandoned before is over too, and an identity holds if it was proved (RFC 4511 4.2.1). */
static void commit_bind(struct ldap_state *s, const struct ldap_request *q, uint32_t result, struct cx *cx)
{
	s->binding = false;
	while (s->oldest)
		forget(s, s->oldest, cx);
	if (result == RESULT_SUCCESS) {
		s->proved = q->proves;
		s->layered = q->layers;
		s->seals = q->seals;
	}
	/* Windows calls the challenge of a Sicily bind a success already. */
	if (result != RESULT_SASL_IN_PROGRESS && !(s->auth.sasl == SASL_SICILY && s->auth.auth.ntlm == NTLM_CHALLENGE))
		s->auth = (struct ldap_auth_state){0};
}

static void commit_answer(struct ldap_state *s, const struct ldap_unit *u, struct cx *cx)
{
	if (u->notice)
		cx->end_flow = true;
	if (!u->final)
		return;
	forget(s, u->id, cx);
	if (u->request.op == LDAP_BIND && u->auth.sasl)
		s->auth = u->auth;
	if (u->request.op == LDAP_BIND)
		commit_bind(s, &u->request, u->result, cx);
	if (u->request.starttls)
		s->starttls = false;
	table_del(cx, LDAP_REQUESTS, u->id);
}

void ldap_commit(void *state, const void *unit, struct cx *cx)
{
	const struct ldap_unit *u = unit;
	struct ldap_state      *s = state;

	if (u->sealed)
		s->sealed[u->from] = true;
	else if (u->from == SIDE_CLIENT)
		commit_request(s, u, cx);
	else
		commit_answer(s, u, cx);
}
