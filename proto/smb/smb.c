/* The recogniser of file sharing: frames messages, tells SMB 1 from SMB 2, and sees that a flow speaks one of them. */
/*
 * Spec: MS-SMB2 2.1, 3.3.5.3.1 (SMB 1 negotiates SMB 2), RFC 1002 4.3.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: smb.*, and those of SMB 1, SMB 2 and DCE/RPC.
 * Not done: what stands inside encrypted messages.
 */
#include "proto/smb/smb.h"

#include <string.h>

#include "proto/nbss/nbss.h"
#include "proto/protocols.h"
#include "proto/reasons.h"
#include "proto/smb1/smb1.h"
#include "proto/smb2/smb2.h"

struct smb_state {
	struct nbss_state nbss;
	uint8_t           version; /* 0 = not settled, 1, 2 */
	uint64_t          left[2]; /* of a message whose first units have gone */
	struct smb1_state one;
	struct smb2_state two;
};

struct smb_unit {
	struct nbss_unit nbss;
	uint8_t          from, version; /* 0 = the session service's own */
	uint64_t         left; /* of the message, behind this unit and its payload */
	struct smb_inner inner;
	union {
		struct smb1_unit one;
		struct smb2_unit two;
	} of;
};

_Static_assert(sizeof(struct smb_state) <= STATE_MAX, "state");
_Static_assert(sizeof(struct smb_unit) <= UNIT_MAX, "unit");

static bool is_smb(const struct wire *w, size_t held)
{
	const uint8_t *p = w->p;

	return held >= 4 && p[1] == 'S' && p[2] == 'M' && p[3] == 'B'; /* UNSAFE: held bytes stand behind p */
}

/* The version these first bytes speak; 0 = none that may come now. */
static uint8_t version_of(const struct smb_state *s, enum side from, uint8_t first)
{
	uint8_t version = first == SMB_PROTOCOL_1 ? 1 : first >= SMB_PROTOCOL_COMPRESSED ? 2 : 0;

	if (!version)
		return 0;
	if (!s->version)
		return from == SIDE_CLIENT && (first == SMB_PROTOCOL_1 || first == SMB_PROTOCOL_2) ? version : 0;
	if (from == SIDE_SERVER && s->version == 1 && version == 2)
		return first == SMB_PROTOCOL_2 && smb1_offers_smb2(&s->one) ? 2 : 0;
	return version == s->version ? version : 0;
}

/* The message behind the session service's header, or what is left of one. */
static struct step message(const struct smb_state *s, struct smb_unit *u, struct wire *w, const struct smb_message *m, struct cx *cx)
{
	struct wire one;

	if (m->first) {
		if (m->left < 4)
			wire_fail_numbers(w, 1, R_SMB_PROTOCOL, "protocol", 4, m->left);
		else if (m->held < 4)
			return step_more(4);
		else if (!is_smb(w, m->held))
			wire_fail(w, wire_offset(w), R_SMB_PROTOCOL, "protocol");
		u->version = cx->fault.why ? 0 : version_of(s, m->from, wire_peek(w));
		if (cx->fault.why)
			return step_refuse(0);
		if (!u->version) {
			wire_fail_numbers(w, wire_offset(w), R_SMB_VERSION, "protocol", s->version, wire_peek(w));
			return step_refuse(m->left); /* its end is known: who only watches reads on behind it */
		}
	} else {
		u->version = s->version;
	}
	one = wire_sub(w, m->held, u->version == 1 ? "smb1" : "smb2");
	if (u->version == 1)
		return smb1_next(&s->one, &u->of.one, &u->inner, &one, m, cx);
	return smb2_next(&s->two, &u->of.two, &u->inner, &one, m, cx);
}

/* A step of a message, counted from the head of the direction. */
static struct step framed(struct step step, struct smb_unit *u, const struct smb_message *m, uint64_t head)
{
	if ((step.verb == STEP_UNIT || step.verb == STEP_WAIT) && step.n + step.opaque < m->left) {
		u->left = m->left - step.n - step.opaque;
		step.flags |= STEP_INSIDE;
	}
	if (step.n || step.verb == STEP_MORE)
		step.n += head;
	return step;
}

static struct step next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct smb_state *s = state;
	struct smb_unit        *u = unit;
	struct wire             w = wire_over(in->bytes, in->len, &cx->fault, R_SMB_SHORT);
	struct smb_message      m = {.from = in->from, .left = s->left[in->from], .first = !s->left[in->from]};
	size_t                  head = 0;

	u->from = (uint8_t)in->from;
	wire_name(&w, "smb");
	if (m.first) {
		struct step frame = nbss_next(&s->nbss, &u->nbss, &w, in, cx);

		if (frame.verb != STEP_UNIT || u->nbss.type != NBSS_MESSAGE) {
			smb_fact_number(cx, SMB_FACT_OP, SMB_OP_NETBIOS);
			return frame;
		}
		head = NBSS_HEADER;
		m.left = u->nbss.length;
	} else if (!in->len) {
		return step_more(1);
	}
	m.held = in->len - head < m.left ? in->len - head : (size_t)m.left;
	return framed(message(s, u, &w, &m, cx), u, &m, head);
}

static void commit(void *state, const void *unit, struct cx *cx)
{
	struct smb_state      *s = state;
	const struct smb_unit *u = unit;

	if (!s->left[u->from])
		nbss_commit(&s->nbss, &u->nbss);
	s->left[u->from] = u->left;
	if (!u->version)
		return;
	if (u->version == 2 && s->version == 1)
		smb2_begin(&s->two);
	s->version = u->version;
	if (u->version == 1)
		smb1_commit(&s->one, &u->of.one, &u->inner, cx);
	else
		smb2_commit(&s->two, &u->of.two, &u->inner, cx);
}

static bool deny(void *state, const void *unit, struct cx *cx)
{
	struct smb_state      *s = state;
	const struct smb_unit *u = unit;
	uint8_t               *body = cx->answer + NBSS_HEADER;
	size_t                 n;

	if (!u || u->from == SIDE_SERVER || !u->version || u->left || s->left[u->from])
		return false;
	if (u->version == 2)
		return smb2_answer(&s->two, &u->of.two, cx);
	n = smb1_answer(&s->one, &u->of.one, cx, body, ANSWER_MAX - NBSS_HEADER);
	if (!n)
		return false;
	cx->answer[0] = cx->answer[1] = 0;
	cx->answer[2] = (uint8_t)(n >> 8);
	cx->answer[3] = (uint8_t)n;
	cx->answer_len = NBSS_HEADER + n;
	return true;
}

static const struct table_def tables[SMB_TABLES] = {
	[SMB_REQUESTS] = {"smb.requests", SMB_REQUEST_MAX, SMB_LIMIT_REQUESTS},
	[SMB_SESSIONS] = {"smb.sessions", SMB_SESSION_MAX, SMB_LIMIT_SESSIONS},
	[SMB_TREES] = {"smb.trees", SMB_TREE_MAX, SMB_LIMIT_TREES},
	[SMB_FILES] = {"smb.files", SMB_FILE_MAX, SMB_LIMIT_FILES},
	[SMB_TRANSACTIONS] = {"smb.transactions", SMB_TRANSACTION_MAX, SMB_LIMIT_TRANSACTIONS},
	[SMB_RPC_CONTEXTS] = {"dcerpc.contexts", sizeof(struct rpc_context), SMB_LIMIT_RPC + RPC_LIMIT_CONTEXTS},
	[SMB_RPC_CALLS] = {"dcerpc.calls", sizeof(struct rpc_call), SMB_LIMIT_RPC + RPC_LIMIT_CALLS},
};
_Static_assert((int)SMB_TABLES <= (int)TABLES_MAX, "tables");

static const struct limit_def limits[SMB_LIMITS] = {
	[SMB_LIMIT_MESSAGE] = {"smb.message", "bytes", 1024 * 1024, 4096, 16 * 1024 * 1024, "MaxTransactSize of Samba and Windows: 1 to 8 MiB"},
	[SMB_LIMIT_REQUESTS] = {"smb.requests", "requests", 512, 1, 8192, "Windows and Samba grant up to 512 or 8192 credits"},
	[SMB_LIMIT_SESSIONS] = {"smb.sessions", "sessions", 64, 1, 1024, "ours: terminal servers set up one per user"},
	[SMB_LIMIT_TREES] = {"smb.trees", "trees", 256, 1, 4096, "ours"},
	[SMB_LIMIT_FILES] = {"smb.files", "files", 4096, 16, 65536, "ours: Windows 2000 allows 16384 per session"},
	[SMB_LIMIT_TRANSACTIONS] = {"smb.transactions", "transactions", 16, 1, 256, "ours"},
	[SMB_LIMIT_TOKEN] = {"smb.token", "bytes", 65535, 1024, 65535, "Windows MaxTokenSize"},
	[SMB_LIMIT_PATH] = {"smb.path", "characters", 1024, 260, 32767, "MS-FSCC 2.1.5: 32760; NT 4 to 2003 use 260"},
	[SMB_LIMIT_WAIT] = {"smb.wait", "ms", 60000, 100, 600000, "ours"},
	RPC_LIMIT_DEFS(SMB_LIMIT_RPC),
	SMB1_LIMIT_DEFS(SMB_LIMIT_SMB1),
	SMB2_LIMIT_DEFS(SMB_LIMIT_SMB2),
};

static const struct tolerance_def tolerances[SMB_TOLERANCES] = {
	RPC_TOLERANCE_DEFS(SMB_TOLERANCE_RPC),
	SMB1_TOLERANCE_DEFS(SMB_TOLERANCE_SMB1),
	SMB2_TOLERANCE_DEFS(SMB_TOLERANCE_SMB2),
	[SMB_TOLERANCE_TOKEN] = {"smb.token.long-length", "clients that reserve three octets of length in tokens (82 00 nn below 128)", ""},
};

const struct recogniser smb_recogniser = {
	.name = "smb",
	.reads = "nbss smb1 smb2 dcerpc ndr samr spnego ntlmssp krb5",
	.id = PROTO_SMB,
	.short_why = R_SMB_SHORT,
	.state_size = sizeof(struct smb_state),
	.unit_size = sizeof(struct smb_unit),
	.tables = SMB_TABLES,
	.limits = SMB_LIMITS,
	.facts = SMB_FACTS,
	.tolerances = SMB_TOLERANCES,
	.table = tables,
	.limit = limits,
	.fact = smb_facts,
	.tolerance = tolerances,
	.next = next,
	.commit = commit,
	.deny = deny,
};
