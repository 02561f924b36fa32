/* The recogniser of SMB 2 messages: header, compounds, and which command's parser reads what. */
/*
 * Spec: MS-SMB2 2.2.1 (header), 3.3.5.2 (requests), 3.2.5.1 (answers); 2.0.2 to 3.1.1.
 * Input from: either peer; requests before anybody has proved who he is.
 * Limits: smb.message, smb2.compound, smb.requests.
 * Not done: signatures are not verified; what an encrypted or compressed message holds is not seen; RDMA is refused.
 */
#include "proto/smb2/smb2_int.h"

struct row {
	uint16_t ask, answer; /* StructureSize */
	uint8_t  op;
	bool     in_tree;
	void (*read_ask)(struct smb2_read *r);
	void (*read_answer)(struct smb2_read *r);
};

static const struct row rows[SMB2_COMMANDS] = {
	[SMB2_NEGOTIATE] = {36, 65, SMB_OP_NEGOTIATE, false, smb2_negotiate_request, smb2_negotiate_answer},
	[SMB2_SESSION_SETUP] = {25, 9, SMB_OP_SESSION_SETUP, false, smb2_setup_request, smb2_setup_answer},
	[SMB2_LOGOFF] = {4, 4, SMB_OP_LOGOFF, false, smb2_empty, smb2_empty},
	[SMB2_TREE_CONNECT] = {9, 16, SMB_OP_TREE_CONNECT, false, smb2_tree_request, smb2_tree_answer},
	[SMB2_TREE_DISCONNECT] = {4, 4, SMB_OP_TREE_DISCONNECT, true, smb2_empty, smb2_empty},
	[SMB2_CREATE] = {57, 89, SMB_OP_CREATE, true, smb2_create_request, smb2_create_answer},
	[SMB2_CLOSE] = {24, 60, SMB_OP_CLOSE, true, smb2_close_request, smb2_close_answer},
	[SMB2_FLUSH] = {24, 4, SMB_OP_FLUSH, true, smb2_flush_request, smb2_empty},
	[SMB2_READ] = {49, 17, SMB_OP_READ, true, smb2_read_request, smb2_read_answer},
	[SMB2_WRITE] = {49, 17, SMB_OP_WRITE, true, smb2_write_request, smb2_write_answer},
	[SMB2_LOCK] = {48, 4, SMB_OP_LOCK, true, smb2_lock_request, smb2_empty},
	[SMB2_IOCTL] = {57, 49, SMB_OP_IOCTL, true, smb2_ioctl_request, smb2_ioctl_answer},
	[SMB2_CANCEL] = {4, 0, SMB_OP_CANCEL, false, smb2_empty, smb2_empty},
	[SMB2_ECHO] = {4, 4, SMB_OP_ECHO, false, smb2_empty, smb2_empty},
	[SMB2_QUERY_DIRECTORY] = {33, 9, SMB_OP_QUERY_DIRECTORY, true, smb2_directory_request, smb2_buffer_answer},
	[SMB2_CHANGE_NOTIFY] = {32, 9, SMB_OP_CHANGE_NOTIFY, true, smb2_notify_request, smb2_buffer_answer},
	[SMB2_QUERY_INFO] = {41, 9, SMB_OP_QUERY_INFO, true, smb2_query_request, smb2_buffer_answer},
	[SMB2_SET_INFO] = {33, 2, SMB_OP_SET_INFO, true, smb2_set_request, smb2_nothing},
	[SMB2_OPLOCK_BREAK] = {24, 24, SMB_OP_BREAK, true, smb2_break_request, smb2_break_answer},
};

/* The fields behind ProtocolId, in their order (2.2.1.1, 2.2.1.2). Returns NextCommand. */
static uint32_t header(struct smb2_read *r)
{
	struct smb2_unit *u = r->u;
	struct wire       h = r->whole;
	bool              answer = u->from == SIDE_SERVER;
	uint32_t          next, at;

	wire_want_le32(&h, 0x424d53fe, R_SMB2_HEADER, "protocol_id");
	wire_want_le16(&h, SMB2_HEADER, R_SMB2_HEADER, "header_structure_size");
	u->charge = wire_le16(&h, "credit_charge");
	u->status = wire_le32(&h, "status");
	if (!answer)
		u->status = 0;
	u->command = wire_le16_range(&h, 0, SMB2_COMMANDS - 1, R_SMB2_COMMAND, "command");
	u->credits = wire_le16(&h, "credits");
	at = wire_offset(&h);
	u->flags = wire_le32(&h, "flags");
	if ((u->flags & SMB2_FLAG_ANSWER) != (answer ? SMB2_FLAG_ANSWER : 0) ||
	    u->flags & ~(uint32_t)(SMB2_FLAG_ANSWER | SMB2_FLAG_ASYNC | SMB2_FLAG_RELATED | SMB2_FLAG_SIGNED | SMB2_FLAG_PRIORITY |
				   SMB2_FLAG_DFS | SMB2_FLAG_REPLAY) ||
	    (!answer && u->flags & SMB2_FLAG_ASYNC && u->command != SMB2_CANCEL))
		wire_fail_numbers(&h, at, R_SMB2_HEADER, "flags", 0, u->flags);
	next = wire_le32(&h, "next_command");
	u->id = wire_le64(&h, "message_id");
	if (u->flags & SMB2_FLAG_ASYNC) {
		u->async = wire_le64(&h, "async_id");
	} else {
		wire_le32(&h, "reserved");
		u->tree = wire_le32(&h, "tree_id");
	}
	u->session = wire_le64(&h, "session_id");
	if (!(r->s->flags & SMB2_MULTI_CREDIT) || !u->charge)
		u->charge = 1;
	return next;
}

/* How long the command is: to NextCommand, or to the message's end. */
static void measure(struct smb2_read *r, uint32_t next, const struct smb_message *m)
{
	struct wire h = r->whole;
	uint64_t    limit = r->cx->limit[SMB_LIMIT_SMB2 + SMB2_LIMIT_COMPOUND];

	wire_take(&h, 20, "");
	r->len = m->left;
	if (next) {
		if (next % 8 || next < SMB2_HEADER || next > m->left || m->left - next < SMB2_HEADER)
			wire_fail_numbers(&h, wire_offset(&h), R_SMB2_NEXT, "next_command", m->left, next);
		else if (r->s->compound[r->u->from] + 2u > limit)
			wire_fail_numbers(&h, wire_offset(&h), R_SMB2_COMPOUND, "next_command", limit, r->s->compound[r->u->from] + 2u);
		r->len = next;
		r->u->left = m->left - next;
	}
	r->u->alone = m->first && !next;
	r->u->related = r->u->flags & SMB2_FLAG_RELATED && r->u->from == SIDE_CLIENT;
	if (r->u->related && (m->first || !r->s->related))
		wire_fail(&h, wire_offset(&h), R_SMB2_RELATED, "flags");
	r->u->mean_session = r->u->related ? r->s->session : r->u->session;
	r->u->mean_tree = r->u->related ? r->s->tree : r->u->tree;
}

/* The session of a request: known, and beyond its setup unless it is being set up (3.3.5.2.9). */
static void session_of(struct smb2_read *r)
{
	const struct smb2_unit    *u = r->u;
	const struct smb2_session *session;

	if (!u->mean_session && (u->command == SMB2_SESSION_SETUP || u->command == SMB2_ECHO || u->command == SMB2_CANCEL))
		return;
	session = table_get(r->cx, SMB_SESSIONS, u->mean_session);
	if (!session && (u->command == SMB2_SESSION_SETUP || u->command == SMB2_LOGOFF))
		return; /* the one is told apart from a binding by its parser; the other comes after a setup that failed */
	if (!session || (!session->up && u->command != SMB2_SESSION_SETUP && u->command != SMB2_CANCEL && u->command != SMB2_LOGOFF))
		wire_fail(&r->whole, wire_offset(&r->whole), R_SMB2_SESSION, "session_id");
	else if (session->up)
		smb_fact_number(r->cx, SMB_FACT_IDENTITY, session->identity);
}

static void tree_of(struct smb2_read *r, uint64_t session, uint32_t id)
{
	r->tree = smb2_tree_of(r->cx, session, id);
	if (!r->tree)
		return;
	smb_fact_number(r->cx, SMB_FACT_TREE, r->tree->kind);
	if (r->tree->name_len)
		smb_fact_utf8(r->cx, SMB_FACT_SHARE, r->tree->name, r->tree->name_len);
	else
		smb_fact_unknown(r->cx, SMB_FACT_SHARE);
}

/* May this request come now? */
static void request_order(struct smb2_read *r)
{
	const struct smb2_state *s = r->s;
	struct smb2_unit        *u = r->u;
	uint32_t                 at = wire_offset(&r->whole);

	if (u->command == SMB2_NEGOTIATE ? s->dialect || s->offered || !u->alone : !s->dialect) {
		wire_fail(&r->whole, at, R_SMB2_ORDER, "command");
		return;
	}
	if (u->command == SMB2_CANCEL)
		return;
	if (!smb2_id_free(s, u->id, u->charge) || table_get(r->cx, SMB_REQUESTS, smb2_request_key(u->id))) {
		wire_fail_numbers(&r->whole, at, R_SMB2_MESSAGE_ID, "message_id", s->granted, u->id);
		return;
	}
	if (u->command != SMB2_NEGOTIATE)
		session_of(r);
	if (rows[u->command].in_tree && !r->cx->fault.why) {
		tree_of(r, u->mean_session, u->mean_tree);
		if (r->tree && !r->tree->closing)
			u->share = r->tree->kind;
		else if (u->command != SMB2_TREE_DISCONNECT) /* which real clients send after a connect that failed */
			wire_fail_numbers(&r->whole, at, R_SMB2_TREE, "tree_id", 0, u->mean_tree);
	}
	smb2_room(r, SMB_REQUESTS);
}

/* An error may answer what was asked inside an encrypted message. */
static bool unasked(const struct smb2_read *r)
{
	const struct smb2_unit *u = r->u;

	if (u->id == SMB2_ANY_ID)
		return u->command == SMB2_OPLOCK_BREAK && r->s->dialect;
	if (u->command == SMB2_NEGOTIATE)
		return !r->s->granted && !r->s->offered && !r->s->dialect;
	return r->s->flags & SMB2_HIDDEN && u->status >> 30 == 3;
}

/* Was this asked (3.2.5.1.2)? */
static void answer_order(struct smb2_read *r)
{
	struct smb2_unit          *u = r->u;
	const struct smb2_request *q = u->id >> 63 ? NULL : table_get(r->cx, SMB_REQUESTS, smb2_request_key(u->id));
	uint32_t                   at = wire_offset(&r->whole);

	r->asked = q;
	u->unasked = !q;
	if (!q) {
		if (!unasked(r))
			wire_fail_numbers(&r->whole, at, R_SMB2_ANSWER, "message_id", 0, u->id);
		return;
	}
	if (q->command != u->command)
		wire_fail_numbers(&r->whole, at, R_SMB2_ANSWER, "command", q->command, u->command);
	else if (q->session != u->session && u->session && u->session != SMB2_ANY_ID && u->command != SMB2_NEGOTIATE &&
		 !(u->command == SMB2_SESSION_SETUP && !q->session))
		wire_fail_numbers(&r->whole, at, R_SMB2_ANSWER, "session_id", q->session, u->session);
	else if (q->async && (!(u->flags & SMB2_FLAG_ASYNC) || q->async != u->async))
		wire_fail_numbers(&r->whole, at, R_SMB2_ANSWER, "async_id", q->async, u->async);
	u->pending = u->status == STATUS_PENDING;
	if (u->pending && (!(u->flags & SMB2_FLAG_ASYNC) || !u->async || q->async))
		wire_fail(&r->whole, at, R_SMB2_ANSWER, "status");
	tree_of(r, q->session, q->tree);
}

/* Is the body of this answer an error (2.2.2) and not the command's own (3.3.4.4)? */
static bool is_error(const struct smb2_read *r, uint16_t size)
{
	const struct smb2_unit *u = r->u;

	if (u->pending)
		return true;
	switch (u->command) {
	case SMB2_SESSION_SETUP:
		return u->status && u->status != STATUS_MORE_PROCESSING_REQUIRED;
	case SMB2_QUERY_INFO:
	case SMB2_QUERY_DIRECTORY:
		return u->status >> 30 && u->status != STATUS_BUFFER_OVERFLOW;
	case SMB2_CHANGE_NOTIFY: /* STATUS_NOTIFY_ENUM_DIR is none */
		return u->status >> 30;
	default:
		return size == 9 && u->status;
	}
}

/* Each begins at a multiple of 8 behind the one before (2.2.2.1). */
static void error_contexts(struct wire *list, uint8_t count)
{
	wire_list(list);
	for (uint8_t i = 0; i < count; i++) {
		uint32_t n;

		wire_element(list);
		n = wire_le32(list, "error_data_length");
		wire_le32(list, "error_id");
		wire_take(list, n, "error_context_data");
		if (i + 1 < count)
			wire_take(list, -n & 7u, "padding");
	}
	if (wire_left(list) > SMB2_PADDING)
		wire_fail_numbers(list, wire_offset(list), R_SMB2_VALUE, "error_context_count", 0, count);
}

/* StructureSize 9, contexts, bytes; most have one byte of nothing (2.2.2). */
static void error_body(struct smb2_read *r)
{
	uint8_t     count;
	uint32_t    n;
	struct wire data;

	r->u->error = true;
	count = wire_u8(&r->w, "error_context_count");
	smb2_value(r, !count || r->s->dialect == SMB_DIALECT_311, "error_context_count", count);
	wire_u8(&r->w, "reserved");
	n = wire_le32(&r->w, "byte_count");
	data = smb2_field(r, SMB2_HEADER + 8, n, "error_data");
	if (count)
		error_contexts(&data, count);
}

/* Bytes that must be here before the fixed fields, and then the whole, can be read. 0: enough. */
static uint64_t wanting(const struct smb2_read *r, const struct smb_message *m, uint64_t n)
{
	(void)r;
	return m->held < n ? n : 0;
}

/* StructureSize, which tells one body of a command from the other. Returns it; 0 = fault. */
static uint16_t structure_size(struct smb2_read *r)
{
	const struct row *row = &rows[r->u->command];
	bool              answer = r->u->from == SIDE_SERVER, lease = r->u->command == SMB2_OPLOCK_BREAK;
	uint16_t          want = answer ? row->answer : row->ask, got;
	uint32_t          at = wire_offset(&r->w);
	bool              lawful;

	got = wire_le16(&r->w, "structure_size");
	lawful = got == want || (lease && got == 36) || (lease && answer && r->u->unasked && got == 44) ||
		 (answer && got == 9 && (r->u->status || want == 9));
	if (lease && answer && r->u->unasked && got == 36)
		lawful = false;
	if (!lawful || got / 2 * 2u > r->len - SMB2_HEADER)
		wire_fail_numbers(&r->w, at, R_SMB2_STRUCTURE_SIZE, "structure_size", want, got);
	r->end = SMB2_HEADER + got / 2 * 2u;
	return r->cx->fault.why ? 0 : got;
}

static void body(struct smb2_read *r, uint16_t size)
{
	const struct row *row = &rows[r->u->command];

	r->u->code = size;
	if (r->u->from == SIDE_CLIENT)
		row->read_ask(r);
	else if (is_error(r, size))
		error_body(r);
	else if (!r->asked && r->u->command != SMB2_NEGOTIATE && r->u->command != SMB2_OPLOCK_BREAK)
		wire_fail(&r->w, wire_offset(&r->w), R_SMB2_ANSWER, "message_id");
	else
		row->read_answer(r);
}

/* Data that is passed on without being held: of files, and what servers tell of files. */
static bool is_bulk(const struct smb2_read *r)
{
	const struct smb2_unit *u = r->u;

	if (u->from == SIDE_CLIENT)
		return u->command == SMB2_WRITE && r->tree && r->tree->kind != SMB_KIND_PIPE;
	if (u->unasked || u->pending || u->status >> 30 == 3)
		return false;
	return (u->command == SMB2_READ && !(r->asked->level & SMB2_ASKED_PIPE)) || u->command == SMB2_QUERY_DIRECTORY ||
	       u->command == SMB2_QUERY_INFO || u->command == SMB2_CHANGE_NOTIFY;
}

/* A server answers no part of a message before it has all of it: what waits behind another command of one waits for ever. */
static struct step wait(struct smb2_read *r, const struct smb_message *m, uint16_t why, uint32_t ms, uint32_t since)
{
	if (!m->first && since == r->s->message) {
		wire_fail(&r->whole, wire_offset(&r->whole), why, "next_command");
		return step_refuse(m->left);
	}
	return (struct step){.verb = STEP_WAIT, .n = r->payload ? r->payload : r->len, .why = why, .ms = ms};
}

/* What was read is lawful: may it go now? */
static struct step done(struct smb2_read *r, const struct smb_message *m)
{
	struct smb2_unit *u = r->u;
	struct step       step = step_unit(r->payload ? r->payload : r->len, u->from == SIDE_SERVER ? STEP_ANSWER : 0);

	step.opaque = r->len - step.n;
	if (u->rpc && u->from == SIDE_CLIENT && r->outcome == RPC_WAIT)
		return wait(r, m, r->inner->rpc.wait_why, r->inner->rpc.wait_ms, r->file->written_in);
	if (u->reads && r->file && r->file->reading)
		return wait(r, m, R_SMB2_PIPE_BUSY, (uint32_t)r->cx->limit[SMB_LIMIT_WAIT], r->file->read_in);
	if (u->rpc)
		step.why = r->inner->rpc.opaque_why;
	return step;
}

static struct step command(struct smb2_read *r, const struct smb_message *m)
{
	uint16_t size;
	uint64_t fixed, more;

	if (m->left < SMB2_HEADER + 2)
		wire_fail_numbers(&r->whole, wire_offset(&r->whole), R_SMB2_STRUCTURE_SIZE, "structure_size", SMB2_HEADER + 2, m->left);
	else if ((more = wanting(r, m, SMB2_HEADER + 2)))
		return step_more(more);
	measure(r, r->cx->fault.why ? 0 : header(r), m);
	smb_fact_number(r->cx, SMB_FACT_OP, rows[r->u->command].op);
	smb_fact_number(r->cx, SMB_FACT_DIALECT, r->s->dialect);
	smb_fact_number(r->cx, SMB_FACT_SIGNED, r->u->flags & SMB2_FLAG_SIGNED ? 1 : 0);
	if (r->u->from == SIDE_SERVER)
		smb_fact_number(r->cx, SMB_FACT_STATUS, r->u->status);
	r->u->headed = !r->cx->fault.why;
	if (!r->cx->fault.why && r->u->from == SIDE_CLIENT)
		request_order(r);
	else if (!r->cx->fault.why)
		answer_order(r);
	r->w = r->whole;
	wire_take(&r->w, SMB2_HEADER, "");
	size = structure_size(r);
	if (!size)
		return step_refuse(m->left);
	r->bulk = is_bulk(r) && !(r->u->from == SIDE_SERVER && is_error(r, size));
	fixed = r->bulk ? r->end : r->len;
	if (fixed > r->cx->limit[SMB_LIMIT_MESSAGE]) {
		wire_fail_numbers(&r->whole, wire_offset(&r->whole), R_SMB_MESSAGE, "", r->cx->limit[SMB_LIMIT_MESSAGE], fixed);
		return step_refuse(m->left);
	}
	if ((more = wanting(r, m, fixed)))
		return step_more(more);
	if (!r->bulk)
		r->whole = wire_at(&r->whole, 0, (size_t)r->len, NULL);
	body(r, size);
	if (!r->cx->fault.why && r->len - r->end > SMB2_PADDING)
		wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_TRAILING, "", SMB2_PADDING, r->len - r->end);
	if (r->cx->fault.why)
		return step_refuse(m->left);
	if (r->asked && r->asked->level & SMB2_ASKED_INSTEAD && r->asked->command == SMB2_ECHO)
		smb2_error(r);
	if (r->cx->fault.why)
		return step_refuse(m->left);
	if (r->bulk && (more = wanting(r, m, r->payload ? r->payload : r->len)))
		return step_more(more);
	return done(r, m);
}

struct step smb2_next(const struct smb2_state *s, struct smb2_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx)
{
	struct smb2_read r = {.s = s, .u = u, .inner = inner, .cx = cx, .whole = *w};

	u->from = (uint8_t)m->from;
	if (m->first && wire_peek(w) == SMB_PROTOCOL_TRANSFORM)
		return smb2_sealed(s, u, w, m, cx);
	if (m->first && wire_peek(w) == SMB_PROTOCOL_COMPRESSED)
		return smb2_packed(s, u, w, m, cx);
	return command(&r, m);
}
