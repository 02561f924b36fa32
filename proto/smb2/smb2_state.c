/* What a flow of SMB 2 remembers: message ids, sessions, trees and open files. */
#include "proto/smb2/smb2_int.h"

/*
 * Sessions hang their trees in a list, trees their files, so that a LOGOFF or TREE_DISCONNECT takes what was below.
 * Trees and files have ids that are unique in a session only (MS-SMB2 3.3.1.9, 3.3.1.10): keys mix both.
 */

/* Of what has no id yet: a server that chooses its ids must not reach these. */
#define KEY_PENDING (1ull << 63)

uint64_t smb2_pending_key(uint64_t id)
{
	return id | KEY_PENDING;
}

uint64_t smb2_key(uint64_t session, uint64_t id)
{
	uint64_t x = session * 0x9e3779b97f4a7c15u ^ id;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	x = (x ^ x >> 31) & ~KEY_PENDING;
	return x ? x : 1;
}

/* Both halves: some servers give the same volatile half twice. */
uint64_t smb2_file_key(uint64_t session, uint64_t persistent, uint64_t volatile_)
{
	return smb2_key(smb2_key(session, persistent), volatile_);
}

/* Message ids of SMB 2 do not meet the MIDs of the SMB 1 negotiate before them. */
uint64_t smb2_request_key(uint64_t id)
{
	return id | 1ull << 63;
}

const struct smb2_tree *smb2_tree_of(const struct cx *cx, uint64_t session, uint32_t id)
{
	const struct smb2_tree *t = table_get(cx, SMB_TREES, smb2_key(session, id));

	return t && t->session == session && t->id == id ? t : NULL;
}

const struct smb2_file *smb2_file_of(const struct cx *cx, uint64_t session, uint64_t persistent, uint64_t volatile_)
{
	const struct smb2_file *f = table_get(cx, SMB_FILES, smb2_file_key(session, persistent, volatile_));

	return f && f->persistent == persistent && f->volatile_ == volatile_ ? f : NULL;
}

static uint64_t hole_first(uint64_t hole)
{
	return hole >> 16;
}

static uint64_t hole_end(uint64_t hole)
{
	return (hole >> 16) + (hole & 0xffff);
}

/* The hole these ids lie in; SMB2_HOLES = none. */
static unsigned hole_of(const struct smb2_state *s, uint64_t id, uint16_t charge)
{
	unsigned i = 0;

	while (i < SMB2_HOLES && (id < hole_first(s->hole[i]) || id + charge > hole_end(s->hole[i])))
		i++;
	return i;
}

/* May these ids be used (MS-SMB2 3.3.5.2.3)? How many were granted is not known once messages are hidden. */
bool smb2_id_free(const struct smb2_state *s, uint64_t id, uint16_t charge)
{
	if (id >> 47)
		return false;
	if (id < s->next_id)
		return hole_of(s, id, charge) < SMB2_HOLES;
	return s->flags & SMB2_HIDDEN || id + charge <= (s->granted ? s->granted : 1);
}

/* A new hole takes the place of an empty one, or of the oldest: its ids may not come any more. */
static void hole_add(struct smb2_state *s, uint64_t first, uint64_t end)
{
	uint64_t hole = first << 16 | (end - first < 0xffff ? end - first : 0xffff);
	unsigned at = 0;

	if (first >= end)
		return;
	for (unsigned i = 1; i < SMB2_HOLES; i++)
		if (s->hole[i] < s->hole[at])
			at = i;
	s->hole[at] = hole;
}

void smb2_id_use(struct smb2_state *s, uint64_t id, uint16_t charge)
{
	unsigned i = hole_of(s, id, charge);
	uint64_t end;

	if (id >= s->next_id) {
		hole_add(s, s->next_id, id);
		s->next_id = id + charge;
	} else if (i < SMB2_HOLES) {
		end = hole_end(s->hole[i]);
		uint64_t first = hole_first(s->hole[i]);

		s->hole[i] = 0;
		hole_add(s, first, id);
		hole_add(s, id + charge, end);
	}
}

void smb2_remove_file(struct cx *cx, uint64_t key)
{
	struct smb2_file *f = table_edit(cx, SMB_FILES, key);
	struct smb2_tree *tree;
	struct smb2_file *other;

	if (!f)
		return;
	tree = table_edit(cx, SMB_TREES, f->tree_key);
	if (tree && tree->first_file == key)
		tree->first_file = f->next;
	other = f->previous ? table_edit(cx, SMB_FILES, f->previous) : NULL;
	if (other)
		other->next = f->next;
	other = f->next ? table_edit(cx, SMB_FILES, f->next) : NULL;
	if (other)
		other->previous = f->previous;
	if (f->kind == SMB_KIND_PIPE)
		rpc_close(&f->rpc, &smb_rpc_seat, cx);
	table_del(cx, SMB_FILES, key);
}

void smb2_remove_tree(struct cx *cx, uint64_t key)
{
	struct smb2_tree    *t = table_edit(cx, SMB_TREES, key);
	struct smb2_session *session;
	struct smb2_tree    *other;

	if (!t)
		return;
	while (t->first_file) {
		uint64_t file = t->first_file;

		smb2_remove_file(cx, file);
		if (t->first_file == file)
			break;
	}
	session = table_edit(cx, SMB_SESSIONS, t->session);
	if (session && session->first_tree == key)
		session->first_tree = t->next;
	other = t->previous ? table_edit(cx, SMB_TREES, t->previous) : NULL;
	if (other)
		other->next = t->next;
	other = t->next ? table_edit(cx, SMB_TREES, t->next) : NULL;
	if (other)
		other->previous = t->previous;
	table_del(cx, SMB_TREES, key);
}

void smb2_remove_session(struct cx *cx, uint64_t id)
{
	struct smb2_session *session = table_edit(cx, SMB_SESSIONS, id);

	if (!session)
		return;
	while (session->first_tree) {
		uint64_t tree = session->first_tree;

		smb2_remove_tree(cx, tree);
		if (session->first_tree == tree)
			break;
	}
	table_del(cx, SMB_SESSIONS, id);
}

void smb2_begin(struct smb2_state *s)
{
	s->flags |= SMB2_WILD;
	s->granted = 1;
}
