/* Fields that commands of SMB 2 share: what an offset and a length point at, names, file ids, bytes of pipes, tokens. */
#include "proto/smb2/smb2_int.h"

#include "base/utf16.h"

struct wire smb2_field(struct smb2_read *r, uint32_t off, uint32_t n, const char *field)
{
	/* Of nothing, but there are readers that look at the offset first. */
	if (r->cx->fault.why || (!n && off <= r->len))
		return wire_at(&r->whole, 0, 0, field);
	if (off < r->end || off > r->len || n > r->len - off) {
		wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_RANGE, field, r->end, off);
		return wire_at(&r->whole, 0, 0, field);
	}
	r->end = off + (uint64_t)n;
	return wire_at(&r->whole, off, n, field);
}

bool smb2_value(const struct smb2_read *r, bool lawful, const char *field, uint64_t got)
{
	return lawful || wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_VALUE, field, 0, got);
}

void smb2_path(struct smb2_read *r, const struct wire *text, const char *field)
{
	struct wire    w = *text;
	size_t         n = wire_left(&w);
	uint32_t       at = wire_offset(&w);
	const uint8_t *p = wire_take(&w, n, field);

	if (!p || !n)
		return;
	if (n / 2 > r->cx->limit[SMB_LIMIT_PATH])
		wire_fail_numbers(text, at, R_SMB2_PATH, field, r->cx->limit[SMB_LIMIT_PATH], n / 2);
	else if (utf16_bad(p, n, false) < n || utf16_nul(p, n) < n)
		wire_fail(text, at, R_SMB2_NAME, field);
}

void smb2_paid(const struct smb2_read *r, uint64_t bytes)
{
	uint64_t pays = r->s->flags & SMB2_MULTI_CREDIT ? (uint64_t)r->u->charge * 65536 : UINT64_MAX;

	if (bytes > pays)
		wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_CREDITS, "credit_charge", pays, bytes);
}

void smb2_file_id(struct smb2_read *r, bool none)
{
	struct smb2_unit *u = r->u;
	uint32_t          at = wire_offset(&r->w);

	u->persistent = wire_le64(&r->w, "persistent");
	u->volatile_ = wire_le64(&r->w, "volatile");
	if (r->cx->fault.why)
		return;
	/* Behind a command that has a file, servers take that one's, whatever this one says (3.3.5.2.7.2). */
	if (u->related && r->s->file && !(u->persistent == SMB2_ANY_ID && u->volatile_ == SMB2_ANY_ID) &&
	    (r->s->failed_file || u->persistent != r->s->persistent || u->volatile_ != r->s->volatile_)) {
		wire_fail(&r->w, at, R_SMB2_RELATED, "file_id");
		return;
	}
	u->mean_persistent = u->persistent;
	u->mean_volatile = u->volatile_;
	if (u->persistent == SMB2_ANY_ID && u->volatile_ == SMB2_ANY_ID) {
		if (u->related && r->s->file) {
			u->mean_persistent = r->s->persistent;
			u->mean_volatile = r->s->volatile_;
			u->by_create = r->s->failed_file;
		} else {
			if (!none)
				wire_fail(&r->w, at, R_SMB2_RELATED, "file_id");
			return;
		}
	}
	u->file = true;
	if (u->by_create)
		return;
	r->file = smb2_file_of(r->cx, u->mean_session, u->mean_persistent, u->mean_volatile);
	/* In the tree it was opened in: what kind of bytes a write holds goes by the tree. */
	if (!r->file || r->file->closing || r->file->tree_key != smb2_key(u->mean_session, u->mean_tree))
		wire_fail(&r->w, at, R_SMB2_FILE, "file_id");
	else if (r->file->kind == SMB_KIND_PIPE && r->file->name_len)
		smb_fact_utf8(r->cx, SMB_FACT_PIPE, r->file->name, r->file->name_len);
}

void smb2_pipe(struct smb2_read *r, struct wire data)
{
	size_t         n = wire_left(&data);
	struct wire    at = data;
	const uint8_t *p = wire_take(&data, n, "data");

	if (!n || !p)
		return;
	if (!r->file) {
		wire_fail(&at, wire_offset(&at), R_SMB2_PIPE, "data");
		return;
	}
	r->u->rpc = true;
	r->outcome = rpc_next(&r->file->rpc, &r->inner->rpc, &at, p, n, (enum side)r->u->from, &smb_rpc_seat, r->cx);
}

void smb2_token(struct smb2_read *r, struct wire token, const struct auth_state *auth)
{
	size_t n = wire_left(&token);

	if (!n)
		return;
	if (n > r->cx->limit[SMB_LIMIT_TOKEN]) {
		wire_fail_numbers(&token, wire_offset(&token), R_SMB2_TOKEN, "security_buffer", r->cx->limit[SMB_LIMIT_TOKEN], n);
		return;
	}
	r->u->token = true;
	auth_read(auth, &r->inner->auth, &token, (enum side)r->u->from, &smb_auth_seat, r->cx);
}

void smb2_room(struct smb2_read *r, uint8_t table)
{
	if (!r->cx->fault.why && !table_room(r->cx, table))
		wire_fail_numbers(&r->whole, wire_offset(&r->whole), R_SMB2_FULL, "", 0, table_count(r->cx, table));
}
