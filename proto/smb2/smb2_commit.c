/* What changes in a flow of SMB 2 once a message has been let through. */
#include "proto/smb2/smb2_int.h"

#include <string.h>

#include "base/utf16.h"

enum { SESSION_IS_GUEST = 1, SESSION_IS_NULL = 2 };

/* A name kept for facts, in lower case; empty when it does not fit. */
static uint8_t keep_name(char *out, size_t size, const struct smb2_unit *u)
{
	size_t n = utf16_to_utf8(u->name, u->name_len, false, (uint8_t *)out, size); /* UNSAFE: octets are octets, signed or not */

	if (n > size)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	return (uint8_t)n;
}

/* What related commands behind this one mean (3.3.5.2.7.2). */
static void leave_ids(struct smb2_state *s, const struct smb2_unit *u, struct cx *cx)
{
	struct smb2_request *before = u->related ? table_edit(cx, SMB_REQUESTS, smb2_request_key(s->last_id)) : NULL;

	if (before)
		before->link = u->id;
	s->session = u->mean_session;
	s->tree = u->mean_tree;
	s->last_id = u->id;
	/* What they would mean is in the answer to these, which has yet to come (3.3.5.2.7.2). */
	s->related = u->command != SMB2_SESSION_SETUP && u->command != SMB2_TREE_CONNECT;
	if (u->command == SMB2_CREATE) {
		s->file = s->failed_file = true;
	} else if (u->file) {
		s->file = true;
		s->failed_file = u->by_create;
		s->persistent = u->mean_persistent;
		s->volatile_ = u->mean_volatile;
	} else if (!u->related) {
		s->file = s->failed_file = false;
	}
}

static void ask_session(const struct smb2_unit *u, struct smb2_request *q, const struct smb_inner *inner, struct cx *cx)
{
	struct smb2_session *session = table_edit(cx, SMB_SESSIONS, u->mean_session);
	struct auth_state   *auth = session ? &session->auth : &q->auth;

	q->persistent = u->previous_session;
	if (session && !session->setting) {
		session->setting = true;
		session->auth = (struct auth_state){0};
	}
	if (u->token)
		auth_commit(auth, &inner->auth);
}

/* What the request ends may be another's id by the time the server reads the next one; `on` until its answer says. */
static void closing(const struct smb2_request *q, bool on, struct cx *cx)
{
	struct smb2_tree *t = q->command == SMB2_TREE_DISCONNECT ? table_edit(cx, SMB_TREES, smb2_key(q->session, q->tree)) : NULL;
	bool              file = q->command == SMB2_CLOSE && q->level & SMB2_ASKED_FILE && !(q->level & SMB2_ASKED_BY_CREATE);
	struct smb2_file *f = file ? table_edit(cx, SMB_FILES, smb2_file_key(q->session, q->persistent, q->volatile_)) : NULL;

	if (t)
		t->closing = on;
	if (f)
		f->closing = on;
}

/* Shares and pipes: their names are needed when the answer has come. */
static void ask_name(const struct smb2_unit *u, struct cx *cx)
{
	if (u->command == SMB2_TREE_CONNECT) {
		struct smb2_tree *t = table_add(cx, SMB_TREES, smb2_pending_key(u->id));

		t->name_len = keep_name(t->name, SMB2_SHARE_MAX, u);
	} else if (u->command == SMB2_CREATE && u->share == SMB_KIND_PIPE) {
		struct smb2_file *f = table_add(cx, SMB_FILES, smb2_pending_key(u->id));

		f->name_len = keep_name(f->name, SMB2_PIPE_MAX, u);
	}
}

static void ask_pipe(const struct smb2_state *s, const struct smb2_unit *u, struct smb2_request *q, const struct smb_inner *inner, struct cx *cx)
{
	struct smb2_file *f = u->file && !u->by_create ? table_edit(cx, SMB_FILES, smb2_file_key(u->mean_session, u->mean_persistent, u->mean_volatile)) : NULL;

	if (!f)
		return;
	f->reading += u->reads;
	if (u->reads)
		f->read_in = s->message;
	if (u->rpc)
		f->written_in = s->message;
	if (u->rpc && rpc_commit(&f->rpc, &inner->rpc, &smb_rpc_seat, cx))
		q->level |= SMB2_ASKED_PART;
}

static void commit_request(struct smb2_state *s, const struct smb2_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	struct smb2_request *q;

	if (u->command == SMB2_CANCEL)
		return;
	if (!s->granted)
		s->granted = 1;
	smb2_id_use(s, u->id, u->charge);
	q = table_add(cx, SMB_REQUESTS, smb2_request_key(u->id));
	q->session = u->mean_session;
	q->persistent = u->mean_persistent;
	q->volatile_ = u->mean_volatile;
	q->tree = u->mean_tree;
	q->code = u->code;
	q->space = u->space;
	q->command = (uint8_t)u->command;
	q->charge = u->charge;
	q->level = (uint8_t)((u->file ? SMB2_ASKED_FILE : 0) | (u->by_create ? SMB2_ASKED_BY_CREATE : 0) | (u->reads ? SMB2_ASKED_READS : 0) |
			     (u->share == SMB_KIND_PIPE ? SMB2_ASKED_PIPE : 0));
	leave_ids(s, u, cx);
	closing(q, true, cx);
	if (u->command == SMB2_NEGOTIATE)
		q->level = s->offered = u->offered;
	if (u->command == SMB2_SESSION_SETUP)
		ask_session(u, q, inner, cx);
	ask_name(u, cx);
	ask_pipe(s, u, q, inner, cx);
}

static void answered_setup(const struct smb2_unit *u, struct smb2_request *q, const struct smb_inner *inner, struct cx *cx)
{
	struct smb2_session *session = table_edit(cx, SMB_SESSIONS, u->error ? q->session : u->session);

	if (u->error) {
		if (session && session->up)
			session->setting = false;
		else if (session)
			smb2_remove_session(cx, q->session);
		return;
	}
	if (!session) {
		session = table_add(cx, SMB_SESSIONS, u->session);
		session->auth = q->auth;
		session->setting = true;
	}
	if (u->token)
		auth_commit(&session->auth, &inner->auth);
	if (u->status)
		return;
	session->up = true;
	session->setting = false;
	session->identity = u->session_flags & SESSION_IS_GUEST ? SMB_IDENTITY_GUEST :
			    u->session_flags & SESSION_IS_NULL ? SMB_IDENTITY_ANONYMOUS : SMB_IDENTITY_USER;
	if (q->persistent != u->session)
		smb2_remove_session(cx, q->persistent);
}

static void answered_tree(const struct smb2_unit *u, const struct smb2_request *q, struct cx *cx)
{
	struct smb2_tree    *asked = table_edit(cx, SMB_TREES, smb2_pending_key(u->id));
	struct smb2_session *session = table_edit(cx, SMB_SESSIONS, q->session);
	struct smb2_tree     kept = {0}, *t, *next;
	uint64_t             key = smb2_key(q->session, u->tree);

	if (asked) {
		kept = *asked;
		table_del(cx, SMB_TREES, smb2_pending_key(u->id));
	}
	if (u->error || !session)
		return;
	t = table_add(cx, SMB_TREES, key);
	*t = kept;
	t->session = q->session;
	t->id = u->tree;
	t->kind = u->share;
	t->next = session->first_tree;
	next = t->next ? table_edit(cx, SMB_TREES, t->next) : NULL;
	if (next)
		next->previous = key;
	session->first_tree = key;
}

/* Related commands behind a CREATE learn which file they mean. */
static void tell_related(const struct smb2_unit *u, const struct smb2_request *q, struct cx *cx)
{
	uint64_t id = q->link;

	for (unsigned i = 0; id && i < 256; i++) {
		struct smb2_request *behind = table_edit(cx, SMB_REQUESTS, smb2_request_key(id));

		if (!behind || behind->command == SMB2_CREATE)
			return;
		if (behind->level & SMB2_ASKED_BY_CREATE) {
			behind->persistent = u->persistent;
			behind->volatile_ = u->volatile_;
			behind->level &= (uint8_t)~SMB2_ASKED_BY_CREATE;
		}
		id = behind->link;
	}
}

static void answered_create(struct smb2_state *s, const struct smb2_unit *u, const struct smb2_request *q, struct cx *cx)
{
	struct smb2_file *asked = table_edit(cx, SMB_FILES, smb2_pending_key(u->id)), kept = {0}, *f, *next;
	uint64_t          key = smb2_file_key(q->session, u->persistent, u->volatile_);
	struct smb2_tree *tree;

	if (asked) {
		kept = *asked;
		table_del(cx, SMB_FILES, smb2_pending_key(u->id));
	}
	if (u->error)
		return;
	tell_related(u, q, cx);
	tree = table_edit(cx, SMB_TREES, smb2_key(q->session, q->tree));
	if (!tree)
		return;
	f = table_add(cx, SMB_FILES, key);
	*f = kept;
	f->persistent = u->persistent;
	f->volatile_ = u->volatile_;
	f->kind = tree->kind;
	f->tree_key = smb2_key(q->session, q->tree);
	f->rpc.key = ++s->next_assoc;
	f->next = tree->first_file;
	next = f->next ? table_edit(cx, SMB_FILES, f->next) : NULL;
	if (next)
		next->previous = key;
	tree->first_file = key;
}

/* How much of what was written did the server take? */
static enum rpc_take taken(const struct smb2_unit *u, const struct smb2_request *q)
{
	if (u->error || u->status >> 30 == 3)
		return RPC_TAKEN_NONE;
	return u->command != SMB2_WRITE || u->space >= q->space ? RPC_TAKEN_ALL : RPC_TAKEN_SOME;
}

static void answered_pipe(const struct smb2_unit *u, const struct smb2_request *q, const struct smb_inner *inner, struct cx *cx)
{
	struct smb2_file *f = q->level & SMB2_ASKED_FILE ? table_edit(cx, SMB_FILES, smb2_file_key(q->session, q->persistent, q->volatile_)) : NULL;

	if (!f)
		return;
	if (q->level & SMB2_ASKED_READS && f->reading)
		f->reading--;
	if (f->kind == SMB_KIND_PIPE && (u->command == SMB2_WRITE || q->level & SMB2_ASKED_PART))
		rpc_taken(&f->rpc, q->level & SMB2_ASKED_PART, taken(u, q));
	if (u->rpc)
		rpc_commit(&f->rpc, &inner->rpc, &smb_rpc_seat, cx);
}

static void answered_negotiate(struct smb2_state *s, const struct smb2_unit *u)
{
	s->offered = 0;
	if (u->error)
		return;
	s->dialect = u->dialect;
	s->flags |= u->agreed;
	s->compression = u->compression;
}

static void answered(struct smb2_state *s, const struct smb2_unit *u, struct smb2_request *q, const struct smb_inner *inner, struct cx *cx)
{
	switch (u->command) {
	case SMB2_NEGOTIATE:
		answered_negotiate(s, u);
		break;
	case SMB2_SESSION_SETUP:
		answered_setup(u, q, inner, cx);
		break;
	case SMB2_LOGOFF:
		if (!u->error)
			smb2_remove_session(cx, q->session);
		break;
	case SMB2_TREE_CONNECT:
		answered_tree(u, q, cx);
		break;
	case SMB2_TREE_DISCONNECT:
		if (!u->error)
			smb2_remove_tree(cx, smb2_key(q->session, q->tree));
		break;
	case SMB2_CREATE:
		answered_create(s, u, q, cx);
		break;
	case SMB2_CLOSE:
		if (!u->error && q->level & SMB2_ASKED_FILE && !(q->level & SMB2_ASKED_BY_CREATE))
			smb2_remove_file(cx, smb2_file_key(q->session, q->persistent, q->volatile_));
		break;
	default:
		answered_pipe(u, q, inner, cx);
		break;
	}
}

static void commit_answer(struct smb2_state *s, const struct smb2_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	struct smb2_request *q = u->unasked ? NULL : table_edit(cx, SMB_REQUESTS, smb2_request_key(u->id));

	if (u->id != SMB2_ANY_ID)
		s->granted += u->credits;
	if (!q) {
		if (u->command == SMB2_NEGOTIATE && !u->error)
			answered_negotiate(s, u);
		return;
	}
	if (u->pending) {
		q->async = u->async;
		return;
	}
	closing(q, false, cx);
	answered(s, u, q, inner, cx);
	table_del(cx, SMB_REQUESTS, smb2_request_key(u->id));
}

void smb2_commit(struct smb2_state *s, const struct smb2_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	if (u->kind != SMB2_COMMAND) {
		s->flags |= SMB2_HIDDEN;
		return;
	}
	if (u->from == SIDE_CLIENT)
		commit_request(s, u, inner, cx);
	else
		commit_answer(s, u, inner, cx);
	s->compound[u->from] = u->left ? (uint16_t)(s->compound[u->from] + 1) : 0;
	if (u->from == SIDE_CLIENT && !u->left) {
		s->related = false;
		s->message++;
	}
}
