/* What changes once an SMB 1 message has gone through, and the protocol's own error for one that may not. */
/*
 * Spec: MS-CIFS 3.3.5, 2.2.3.1 (errors), 3.2.5.1.
 * Input from: our own reading.
 * Limits: tables bounded by smb.requests, smb.sessions, smb.trees, smb.files, smb.transactions.
 * Not done: what PROCESS_EXIT closes is known by the PID and UID it was opened with.
 */
#include "proto/smb1/smb1_int.h"

static void *fresh(struct cx *cx, enum smb_table table, uint64_t key)
{
	if (table_get(cx, (uint8_t)table, key))
		table_del(cx, (uint8_t)table, key);
	return table_add(cx, (uint8_t)table, key);
}

/* An open file leaves the list, RPC and the table. */
static void close_file(struct smb1_state *s, struct cx *cx, uint16_t fid)
{
	struct smb1_file *f = table_edit(cx, SMB_FILES, fid), *older, *newer;

	if (!f)
		return;
	if (f->kind == SMB_KIND_PIPE)
		rpc_close(&f->rpc, &smb_rpc_seat, cx);
	older = f->older ? table_edit(cx, SMB_FILES, f->older - 1) : NULL;
	newer = f->newer ? table_edit(cx, SMB_FILES, f->newer - 1) : NULL;
	if (older)
		older->newer = f->newer;
	*(newer ? &newer->older : &s->first_file) = f->older;
	table_del(cx, SMB_FILES, fid);
}

/* A tree or a session is over, and with it what was opened in it. */
static void close_files(struct smb1_state *s, struct cx *cx, bool tree, uint16_t number)
{
	uint32_t next = s->first_file;

	while (next) {
		const struct smb1_file *f = table_get(cx, SMB_FILES, next - 1);
		uint16_t                fid = (uint16_t)(next - 1);

		next = f->older;
		if ((tree ? f->tid : f->uid) == number)
			close_file(s, cx, fid);
	}
}

static void close_process(struct smb1_state *s, struct cx *cx, uint16_t pid, uint16_t uid)
{
	uint32_t next = s->first_file;

	while (next) {
		const struct smb1_file *f = table_get(cx, SMB_FILES, next - 1);
		uint16_t                fid = (uint16_t)(next - 1);

		next = f->older;
		if (f->pid == pid && f->uid == uid)
			close_file(s, cx, fid);
	}
}

static void open_file(struct smb1_state *s, const struct smb1_unit *u, struct cx *cx)
{
	const struct smb1_file *pending = table_get(cx, SMB_FILES, KEY_PENDING | u->key);
	struct smb1_file        copy, *f, *older;
	const struct smb1_tree *t = table_get(cx, SMB_TREES, u->tid);

	if (!pending)
		return;
	copy = *pending;
	table_del(cx, SMB_FILES, KEY_PENDING | u->key);
	if (!u->opens)
		return;
	close_file(s, cx, u->fid);
	f = table_add(cx, SMB_FILES, u->fid);
	*f = copy;
	f->kind = t ? t->kind : (uint8_t)SMB_KIND_DISK;
	f->tid = u->tid;
	f->rpc.key = ++s->next_pipe;
	f->newer = 0;
	f->older = s->first_file;
	older = f->older ? table_edit(cx, SMB_FILES, f->older - 1) : NULL;
	if (older)
		older->newer = (uint32_t)u->fid + 1;
	s->first_file = (uint32_t)u->fid + 1;
}

static void ask_open(const struct smb1_unit *u, struct cx *cx)
{
	struct smb1_file *f = fresh(cx, SMB_FILES, KEY_PENDING | u->key);

	f->uid = u->uid;
	f->pid = u->pid;
	if (u->connects)
		return; /* the name is the share's */
	f->len = u->name.len < SMB1_PIPE_MAX ? u->name.len : SMB1_PIPE_MAX;
	memcpy(f->pipe, u->name.utf8, f->len); /* UNSAFE: len is bounded by both */
}

static void ask_tree(const struct smb1_unit *u, struct cx *cx)
{
	struct smb1_tree *t = fresh(cx, SMB_TREES, KEY_PENDING | u->key);

	t->kind = u->tree_kind;
	t->len = u->name.len;
	memcpy(t->share, u->name.utf8, t->len); /* UNSAFE: len is at most SMB1_SHARE_MAX */
}

static void connect_tree(struct smb1_state *s, const struct smb1_unit *u, struct cx *cx)
{
	const struct smb1_tree *pending = table_get(cx, SMB_TREES, KEY_PENDING | u->key);
	struct smb1_tree        copy, *t;

	if (!pending)
		return;
	copy = *pending;
	table_del(cx, SMB_TREES, KEY_PENDING | u->key);
	if (!u->connects)
		return;
	close_files(s, cx, true, u->tid); /* of a tree that had this number and that nobody ended */
	t = fresh(cx, SMB_TREES, u->tid);
	*t = copy;
	t->kind = u->tree_kind;
	t->uid = u->uid;
}

static void ask_session(struct smb1_request *q, const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	const struct smb1_session *old = table_get(cx, SMB_SESSIONS, u->uid);

	fresh(cx, SMB_SESSIONS, KEY_PENDING | u->key);
	q->identity = u->identity;
	if (old && (!old->established || old->setting))
		q->auth = old->auth;
	if (u->has_token)
		auth_commit(&q->auth, &inner->auth);
}

static void set_up(const struct smb1_unit *u, const struct smb1_request *q, const struct smb_inner *inner, struct cx *cx)
{
	struct smb1_session *n;

	table_del(cx, SMB_SESSIONS, KEY_PENDING | u->key);
	n = table_edit(cx, SMB_SESSIONS, u->uid);
	if (n)
		n->setting = n->established && u->more;
	if (!u->sets_up || (u->failed && u->links == 1))
		return;
	if (!n)
		n = table_add(cx, SMB_SESSIONS, u->uid);
	n->auth = q->auth;
	if (u->has_token)
		auth_commit(&n->auth, &inner->auth);
	if (u->more)
		return;
	n->established = true;
	n->identity = u->identity;
}

static bool is_trans(uint8_t c)
{
	return c == CMD_TRANS || c == CMD_TRANS2 || c == CMD_NT_TRANSACT;
}

/* The first piece of a transaction, or another one. */
static void keep_piece(const struct smb1_unit *u, struct cx *cx)
{
	const struct smb1_parts *t = &u->of.trans.parts;
	struct smb1_transaction *x = table_edit(cx, SMB_TRANSACTIONS, u->mid);

	if (!x) {
		x = table_add(cx, SMB_TRANSACTIONS, u->mid);
		*x = (struct smb1_transaction){.parts = *t, .tid = u->tid, .uid = u->uid, .pid = u->pid, .family = u->family, .rap = u->of.trans.rap};
	}
	x->parts.total_params = t->total_params;
	x->parts.total_data = t->total_data;
	x->params += t->params; /* adds_up() or count_totals() has bounded both */
	x->data += t->data;
	if (u->completes) {
		gather_drop(cx, KEY_PARAMS | u->key);
		gather_drop(cx, KEY_DATA | u->key);
		table_del(cx, SMB_TRANSACTIONS, u->mid);
		return;
	}
	if (t->params)
		gather_add(cx, KEY_PARAMS | u->key, u->of.trans.params, t->params);
	if (t->data)
		gather_add(cx, KEY_DATA | u->key, u->of.trans.data, t->data);
}

/* Answered. A server that refused a later piece may still have those before it, and would put others behind them. */
static void drop_pieces(const struct smb1_unit *u, const struct smb1_request *q, struct cx *cx)
{
	struct smb1_transaction *x = table_edit(cx, SMB_TRANSACTIONS, u->mid);

	if (!x || x->pid != u->pid)
		return;
	gather_drop(cx, KEY_PARAMS | u->key);
	gather_drop(cx, KEY_DATA | u->key);
	x->lost = u->failed && !q->interim;
	if (!x->lost)
		table_del(cx, SMB_TRANSACTIONS, u->mid);
}

/* Whether it was a part. */
static bool pipe_asked(const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	bool              part = false;
	struct smb1_file *f = u->writes_pipe || u->reads_pipe ? table_edit(cx, SMB_FILES, u->fid) : NULL;

	if (!f)
		return false;
	if (u->writes_pipe)
		part = rpc_commit(&f->rpc, &inner->rpc, &smb_rpc_seat, cx);
	if (u->reads_pipe)
		f->busy = true;
	if (u->raw_write)
		f->raw = u->raw;
	return part;
}

static bool is_ipc(const struct smb1_unit *u)
{
	return u->name.len == 4 && !memcmp(u->name.utf8, "ipc$", 4);
}

/* Of the file the request is about; a chain that opens one names no other. */
static uint8_t kind_of(const struct smb1_unit *u, struct cx *cx)
{
	const struct smb1_file *f = table_get(cx, SMB_FILES, u->fid);
	const struct smb1_tree *t = table_get(cx, SMB_TREES, u->tid);

	if (u->opens)
		return t ? t->kind : (uint8_t)SMB_KIND_UNKNOWN;
	return f ? f->kind : (uint8_t)SMB_KIND_UNKNOWN;
}

/* What the request ends may be somebody else's number by the time the server reads the next one; `on` until its answer says. */
static void closing(struct smb1_state *s, struct cx *cx, uint8_t command, const struct smb1_request *q, uint16_t pid, bool on)
{
	struct smb1_tree    *t = command == CMD_TREE_DISCONNECT ? table_edit(cx, SMB_TREES, q->tid) : NULL;
	struct smb1_session *n = command == CMD_LOGOFF ? table_edit(cx, SMB_SESSIONS, q->uid) : NULL;
	struct smb1_file    *f = command == CMD_CLOSE || command == CMD_CLOSE_PRINT || command == CMD_WRITE_AND_CLOSE ? table_edit(cx, SMB_FILES, q->fid) : NULL;
	uint32_t             next = command == CMD_PROCESS_EXIT ? s->first_file : 0;

	if (t)
		t->closing = on;
	if (n)
		n->closing = on;
	if (f)
		f->closing = on;
	while (next) {
		f = table_edit(cx, SMB_FILES, next - 1);
		next = f->older;
		if (f->pid == pid && f->uid == q->uid)
			f->closing = on;
	}
}

static void commit_request(struct smb1_state *s, const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	struct smb1_request *q;
	bool                 part = pipe_asked(u, inner, cx);

	if (u->piece)
		keep_piece(u, cx);
	if (u->command == CMD_NEGOTIATE) {
		s->negotiating = true;
		s->offers = u->offers;
		s->offers_smb2 = u->offers_smb2;
		memcpy(s->offered, u->of.offered, sizeof(s->offered)); /* UNSAFE: two arrays of one size */
	}
	if (u->quiet) {
		if (u->opens) /* the last piece: now the name is known */
			ask_open(u, cx);
		return;
	}
	q = table_add(cx, SMB_REQUESTS, u->key);
	*q = (struct smb1_request){.links = u->links, .uid = u->uid, .tid = u->tid, .fid = u->fid, .answers = (uint16_t)u->count,
				   .rpc = u->writes_pipe, .part = part, .written = u->written, .opens = u->opens, .keeps = u->keeps, .busy = u->reads_pipe, .interim = u->piece, .leaves = u->leaves};
	memcpy(q->chain, u->chain, sizeof(q->chain)); /* UNSAFE: two arrays of one size */
	q->kind = kind_of(u, cx);
	for (unsigned i = 0; i < u->links && !u->opens; i++)
		closing(s, cx, u->chain[i], q, u->pid, true);
	if (u->leaves)
		closing(s, cx, CMD_TREE_DISCONNECT, q, u->pid, true);
	if (is_trans(u->command)) {
		q->function = u->of.trans.parts.function;
		q->max_params = u->of.trans.parts.max_params;
		q->max_data = u->of.trans.parts.max_data;
	}
	if (u->sets_up)
		ask_session(q, u, inner, cx);
	if (u->connects) {
		ask_tree(u, cx);
		q->kind = u->tree_kind ? u->tree_kind : is_ipc(u) ? SMB_KIND_PIPE : SMB_KIND_DISK;
	}
	if (u->opens)
		ask_open(u, cx);
}

static void negotiated(struct smb1_state *s, const struct smb1_unit *u)
{
	s->negotiating = false;
	if (u->failed)
		return;
	s->dialect = u->dialect;
	s->unicode = u->can_unicode;
	s->user_level = u->user_level;
	s->extended = u->extended;
	s->signing = u->signing;
	s->capabilities = u->capabilities;
}

/* A command that ended something has been answered. */
static void ended(struct smb1_state *s, const struct smb1_unit *u, const struct smb1_request *q, uint8_t command, struct cx *cx)
{
	if (command == CMD_CLOSE || command == CMD_CLOSE_PRINT || command == CMD_WRITE_AND_CLOSE) {
		if (!q->keeps)
			close_file(s, cx, q->links > 1 && u->opens ? u->fid : q->fid);
	} else if (command == CMD_TREE_DISCONNECT) {
		close_files(s, cx, true, q->tid);
		table_del(cx, SMB_TREES, q->tid);
	} else if (command == CMD_LOGOFF) {
		close_files(s, cx, false, q->uid);
		table_del(cx, SMB_SESSIONS, q->uid);
	} else if (command == CMD_PROCESS_EXIT) {
		close_process(s, cx, u->pid, q->uid);
	}
}

/* Servers leave the tree whatever became of the rest; what was connected may have its number. */
static void tree_left(struct smb1_state *s, const struct smb1_unit *u, const struct smb1_request *q, struct cx *cx)
{
	if (!q->leaves || !table_get(cx, SMB_TREES, q->tid) || (u->connects && u->tid == q->tid))
		return;
	close_files(s, cx, true, q->tid);
	table_del(cx, SMB_TREES, q->tid);
}

/* What the request held while it was outstanding. */
static void done(struct smb1_state *s, const struct smb1_unit *u, const struct smb1_request *q, struct cx *cx)
{
	struct smb1_file *f = q->busy || q->rpc ? table_edit(cx, SMB_FILES, q->fid) : NULL;
	bool              ok = !u->failed;

	if (f && q->busy)
		f->busy = false;
	if (f && q->rpc)
		rpc_taken(&f->rpc, q->part, (enum rpc_take)u->taken);
	for (unsigned i = 0; i < q->links; i++) {
		uint8_t c = q->chain[i];

		if (!q->opens)
			closing(s, cx, c, q, u->pid, false);
		if (!ok || ((c == CMD_CLOSE || c == CMD_CLOSE_PRINT || c == CMD_WRITE_AND_CLOSE) && (q->links != u->links || q->keeps)))
			continue;
		ended(s, u, q, c, cx);
	}
	tree_left(s, u, q, cx);
	drop_pieces(u, q, cx);
	table_del(cx, SMB_REQUESTS, u->key);
}

static void commit_answer(struct smb1_state *s, const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	struct smb1_request *q = u->notice ? NULL : table_edit(cx, SMB_REQUESTS, u->key);
	struct smb1_request  was;

	if (!q)
		return;
	if (u->writes_pipe) {
		struct smb1_file *f = table_edit(cx, SMB_FILES, u->fid);

		if (f)
			rpc_commit(&f->rpc, &inner->rpc, &smb_rpc_seat, cx);
	}
	q->params += u->answered_params; /* bounded by the answer's totals */
	q->data += u->answered_data;
	if (q->answers)
		q->answers--;
	if (!u->final && !u->failed)
		return;
	if (q->interim && u->failed && !u->status) {
		q->interim = false;
		return;
	}
	was = *q;
	if (u->chain[0] == CMD_NEGOTIATE)
		negotiated(s, u);
	if (was.chain[0] == CMD_SESSION_SETUP)
		set_up(u, &was, inner, cx);
	connect_tree(s, u, cx);
	open_file(s, u, cx);
	done(s, u, &was, cx);
}

void smb1_commit(struct smb1_state *s, const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	if (u->from == SIDE_CLIENT)
		commit_request(s, u, inner, cx);
	else
		commit_answer(s, u, inner, cx);
}

static void put16(uint8_t *out, uint16_t v)
{
	out[0] = (uint8_t)v;
	out[1] = (uint8_t)(v >> 8);
}

/* Some have no number of their own among those of NT: clients that are told 0x00050002 take it for a success. */
static bool as_nt_status(const struct smb1_unit *u)
{
	return u->nt_status && u->status >> 30 == 3;
}

/* Class and code for clients that know no NTSTATUS (MS-CIFS 2.2.2.4). */
static uint32_t dos_error(uint32_t status)
{
	switch (status) {
	case STATUS_INVALID_HANDLE:
		return 1 | 6u << 16; /* ERRDOS, ERRbadfid */
	case STATUS_NAME_NOT_FOUND:
		return 1 | 2u << 16; /* ERRDOS, ERRbadfile */
	case STATUS_BUFFER_TOO_SMALL:
		return 1 | 2123u << 16; /* ERRDOS, NERR_BufTooSmall */
	case STATUS_SMB_BAD_TID:
		return 2 | 5u << 16; /* ERRSRV, ERRinvtid */
	case STATUS_SMB_BAD_UID:
		return 2 | 91u << 16; /* ERRSRV, ERRbaduid */
	default:
		return 1 | 5u << 16; /* ERRDOS, ERRnoaccess */
	}
}

/* What every answer of ours begins with. */
static void answer_header(const struct smb1_unit *u, uint32_t status, uint8_t *out)
{
	memcpy(out, "\xffSMB", 4); /* UNSAFE: smb1_answer has seen that there is room */
	out[4] = u->command;
	put16(out + 5, (uint16_t)status);
	put16(out + 7, (uint16_t)(status >> 16));
	out[9] = FLAG_REPLY;
	put16(out + 10, (uint16_t)((as_nt_status(u) ? FLAGS2_NT_STATUS : 0) | (u->unicode ? FLAGS2_UNICODE : 0)));
	put16(out + 24, u->tid);
	put16(out + 26, u->pid);
	put16(out + 28, u->uid);
	put16(out + 30, u->mid);
}

/* RAP says in its own parameters that the buffer is too small: Win32ErrorCode, Converter, and counts (MS-RAP 2.5.4). */
static size_t rap_answer(const struct smb1_unit *u, uint8_t *out, size_t size)
{
	enum { WORDS = 10, BEGIN = SMB1_SMALLEST + 2 * WORDS + 1, NERR_BUF_TOO_SMALL = 2123 };
	uint32_t room = u->of.trans.parts.max_params;
	uint8_t  n = room < 8 ? (uint8_t)room : 8;

	if (n < 2 || size < BEGIN + 8)
		return 0;
	memset(out, 0, BEGIN + 8);
	answer_header(u, 0, out);
	out[32] = WORDS;
	put16(out + 33, n);
	put16(out + 39, n);
	put16(out + 41, BEGIN);
	put16(out + 47, BEGIN);
	put16(out + 53, (uint16_t)(n + 1)); /* ByteCount: one octet of padding */
	put16(out + BEGIN, NERR_BUF_TOO_SMALL);
	return (size_t)BEGIN + n;
}

size_t smb1_answer(struct smb1_state *s, const struct smb1_unit *u, struct cx *cx, uint8_t *out, size_t size)
{
	uint32_t status = as_nt_status(u) ? u->status : dos_error(u->status);

	(void)s;
	if (u->is_signed) {
		cx->no_answer = R_ANSWER_SIGNED;
		return 0;
	}
	if (size < SMB1_SMALLEST || u->from != SIDE_CLIENT || u->quiet || u->command == CMD_NT_CANCEL || u->command == CMD_NEGOTIATE ||
	    table_get(cx, SMB_REQUESTS, u->key))
		return 0;
	if (u->family == CMD_TRANS && u->of.trans.rap && u->status == STATUS_BUFFER_TOO_SMALL && u->links == 1)
		return rap_answer(u, out, size);
	memset(out, 0, SMB1_SMALLEST);
	answer_header(u, status, out);
	return SMB1_SMALLEST;
}
