/* SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT and ECHO of SMB 2. */
/*
 * Spec: MS-SMB2 2.2.5 to 2.2.12, 3.3.5.5, 3.3.5.7.
 * Input from: clients without and with a session.
 * Limits: smb.token, smb.sessions, smb.trees, smb.path.
 * Not done: a session of another connection cannot be bound to this one.
 */
#include "proto/smb2/smb2_int.h"

#include "base/utf16.h"

enum { SETUP_BINDING = 1, TREE_EXTENSION = 4 };

void smb2_setup_request(struct smb2_read *r)
{
	struct smb2_unit          *u = r->u;
	const struct smb2_session *session = u->mean_session ? table_get(r->cx, SMB_SESSIONS, u->mean_session) : NULL;
	const struct auth_state    none = {0};
	struct wire               *w = &r->w;
	uint32_t                   at = wire_offset(w);
	uint8_t                    flags = wire_u8(w, "flags");
	uint16_t                   off, n;

	if (flags & SETUP_BINDING)
		wire_fail(w, at, R_SMB2_BINDING, "flags");
	else if (u->mean_session && !session)
		wire_fail(w, at, R_SMB2_SESSION, "session_id");
	smb2_value(r, !(flags & ~SETUP_BINDING), "flags", flags);
	wire_u8(w, "security_mode");
	wire_le32(w, "capabilities");
	smb2_value(r, !wire_le32(w, "channel"), "channel", 1);
	off = wire_le16(w, "security_buffer_offset");
	n = wire_le16(w, "security_buffer_length");
	u->previous_session = wire_le64(w, "previous_session_id");
	smb2_token(r, smb2_field(r, off, n, "security_buffer"), session && session->setting ? &session->auth : &none);
	if (!session)
		smb2_room(r, SMB_SESSIONS);
}

void smb2_setup_answer(struct smb2_read *r)
{
	struct smb2_unit          *u = r->u;
	const struct smb2_session *session = table_get(r->cx, SMB_SESSIONS, u->session);
	struct wire               *w = &r->w;
	uint16_t                   flags, off, n;

	if (!r->asked || !u->session) {
		wire_fail(w, wire_offset(w), R_SMB2_ANSWER, "session_id");
		return;
	}
	flags = wire_le16_range(w, 0, 7, R_SMB2_VALUE, "session_flags");
	off = wire_le16(w, "security_buffer_offset");
	n = wire_le16(w, "security_buffer_length");
	u->session_flags = (uint8_t)flags;
	if (!r->asked->session && session)
		wire_fail(w, wire_offset(w), R_SMB2_ANSWER, "session_id");
	smb2_token(r, smb2_field(r, off, n, "security_buffer"), session ? &session->auth : &r->asked->auth);
	if (!session)
		smb2_room(r, SMB_SESSIONS);
}

/* \\server\share, in this shape and no other. Returns where the share's name begins, in octets; 0 = not so. */
static size_t share_at(const uint8_t *p, size_t n)
{
	size_t at = 4;

	if (n < 10 || utf16_bad(p, n, false) < n || utf16_nul(p, n) < n || !utf16_is_nocase(p, 4, "\\\\"))
		return 0;
	while (at < n && !utf16_is_nocase(p + at, 2, "\\"))
		at += 2;
	if (at == 4 || n - at < 4)
		return 0;
	for (size_t i = at + 2; i < n; i += 2)
		if (utf16_is_nocase(p + i, 2, "\\"))
			return 0;
	return at + 2;
}

void smb2_tree_request(struct smb2_read *r)
{
	struct wire   *w = &r->w, path;
	uint16_t       flags = wire_le16(w, "flags"), off, n;
	const uint8_t *p;
	size_t         share;

	off = wire_le16(w, "path_offset");
	n = wire_le16(w, "path_length");
	if (r->s->dialect == SMB_DIALECT_311 && flags & TREE_EXTENSION)
		wire_fail(w, wire_offset(w), R_SMB2_UNSUPPORTED, "flags");
	path = smb2_field(r, off, n, "path");
	smb2_path(r, &path, "path");
	p = wire_take(&path, n, "path");
	share = p ? share_at(p, n) : 0;
	if (!share) {
		wire_fail(&path, wire_offset(&path), R_SMB2_SHARE, "path");
		return;
	}
	r->u->name = p + share;
	r->u->name_len = (uint32_t)(n - share);
	smb_fact_name(r->cx, SMB_FACT_SHARE, r->u->name, r->u->name_len, true, true);
	smb2_room(r, SMB_TREES);
}

void smb2_tree_answer(struct smb2_read *r)
{
	static const uint8_t kinds[] = {SMB_KIND_UNKNOWN, SMB_KIND_DISK, SMB_KIND_PIPE, SMB_KIND_PRINT};
	struct wire         *w = &r->w;
	uint32_t             at = wire_offset(w);
	uint8_t              type = wire_u8(w, "share_type");

	if (type < 1 || type > 3)
		wire_fail_numbers(w, at, R_SMB2_VALUE, "share_type", 3, type);
	else
		r->u->share = kinds[type];
	wire_u8(w, "reserved");
	wire_le32(w, "share_flags");
	wire_le32(w, "capabilities");
	wire_le32(w, "maximal_access");
	if (r->u->tree == SMB2_ANY_TREE || r->u->flags & SMB2_FLAG_ASYNC || table_get(r->cx, SMB_TREES, smb2_key(r->asked->session, r->u->tree)))
		wire_fail_numbers(w, at, R_SMB2_ANSWER, "tree_id", 0, r->u->tree);
	smb2_room(r, SMB_TREES);
}

void smb2_empty(struct smb2_read *r)
{
	wire_le16(&r->w, "reserved");
}

void smb2_nothing(struct smb2_read *r)
{
	(void)r;
}
