/* What SMB 2 does with an open file: close, flush, read, write, lock, and breaks of oplocks and leases. */
/*
 * Spec: MS-SMB2 2.2.15 to 2.2.27.
 * Input from: clients with an open file; answers of servers.
 * Limits: smb.message for bytes of pipes; 64 locks.
 * Not done: what a file holds is passed on unread; data over RDMA is refused.
 */
#include "proto/smb2/smb2_int.h"

enum { LOCKS_MAX = 64, LOCK_ELEMENT = 24, CHANNEL_RDMA = 3 };

void smb2_close_request(struct smb2_read *r)
{
	wire_le16(&r->w, "flags");
	wire_le32(&r->w, "reserved");
	smb2_file_id(r, false);
}

void smb2_close_answer(struct smb2_read *r)
{
	wire_take(&r->w, 58, "attributes");
}

void smb2_flush_request(struct smb2_read *r)
{
	wire_take(&r->w, 6, "reserved");
	smb2_file_id(r, false);
}

static bool is_pipe(const struct smb2_read *r)
{
	return r->tree->kind == SMB_KIND_PIPE;
}

/* No channel information: it describes memory for RDMA, which a TCP connection has not. */
static void channel(struct smb2_read *r, uint32_t channel_)
{
	if (channel_ && !r->cx->fault.why)
		wire_fail_numbers(&r->w, wire_offset(&r->w) - 4, R_SMB2_UNSUPPORTED, "channel", 0, channel_);
}

void smb2_read_request(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint32_t     n, off, length;

	wire_u8(w, "padding");
	wire_u8(w, "flags");
	n = wire_le32(w, "length");
	wire_le64(w, "offset");
	smb2_file_id(r, false);
	wire_le32(w, "minimum_count");
	channel(r, wire_le32(w, "channel"));
	wire_le32(w, "remaining_bytes");
	off = wire_le16(w, "channel_info_offset");
	length = wire_le16(w, "channel_info_length");
	smb2_field(r, off, length, "channel_info");
	smb2_paid(r, n);
	r->u->space = n;
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_READ);
	if (!is_pipe(r) || r->cx->fault.why)
		return;
	r->u->reads = true;
	if (!r->file)
		wire_fail(w, wire_offset(w), R_SMB2_PIPE, "file_id");
}

/* The data of a file stays unread; only where it lies is checked. Zero octets may lie anywhere. */
static void bulk(struct smb2_read *r, uint64_t off, uint64_t n, const char *field)
{
	if (!n || r->cx->fault.why)
		return;
	if (off < r->end || off > r->len || n > r->len - off) {
		wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_RANGE, field, r->end, off);
		return;
	}
	r->payload = off;
	r->end = off + n;
}

void smb2_read_answer(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint8_t      off = wire_u8(w, "data_offset");
	uint32_t     n;

	wire_u8(w, "reserved");
	n = wire_le32(w, "data_length");
	if (n > r->asked->space)
		wire_fail_numbers(w, wire_offset(w) - 4, R_SMB2_SPACE, "data_length", r->asked->space, n);
	wire_le32(w, "data_remaining");
	wire_le32(w, "flags");
	if (r->bulk) {
		bulk(r, off, n, "data");
		return;
	}
	r->file = smb2_file_of(r->cx, r->asked->session, r->asked->persistent, r->asked->volatile_);
	smb2_pipe(r, smb2_field(r, off, n, "data"));
}

void smb2_write_request(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint16_t     off = wire_le16(w, "data_offset"), at, length;
	uint32_t     n = wire_le32(w, "length");

	wire_le64(w, "offset");
	smb2_file_id(r, false);
	channel(r, wire_le32(w, "channel"));
	wire_le32(w, "remaining_bytes");
	at = wire_le16(w, "channel_info_offset");
	length = wire_le16(w, "channel_info_length");
	if (length && !r->cx->fault.why)
		wire_fail_numbers(w, wire_offset(w) - 2, R_SMB2_UNSUPPORTED, "channel_info_length", at, length);
	smb2_field(r, at, 0, "channel_info");
	wire_le32(w, "flags");
	smb2_paid(r, n);
	r->u->space = n;
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_WRITE);
	if (r->bulk)
		bulk(r, off, n, "data");
	else
		smb2_pipe(r, smb2_field(r, off, n, "data"));
}

void smb2_write_answer(struct smb2_read *r)
{
	wire_le16(&r->w, "reserved");
	r->u->space = wire_le32(&r->w, "count");
	wire_take(&r->w, 8, "remaining");
}

void smb2_lock_request(struct smb2_read *r)
{
	struct wire *w = &r->w, all = r->whole, locks;
	uint16_t     count = wire_le16_range(w, 1, LOCKS_MAX, R_SMB2_LOCKS, "lock_count");

	wire_le32(w, "lock_sequence");
	smb2_file_id(r, false);
	wire_take(&all, SMB2_HEADER + 24, "");
	locks = wire_sub(&all, (size_t)count * LOCK_ELEMENT, "locks");
	for (uint16_t i = 0; i < count && !r->cx->fault.why; i++) {
		wire_take(&locks, 16, "range");
		wire_le32_range(&locks, 0, 0x17, R_SMB2_VALUE, "flags");
		wire_le32(&locks, "reserved");
	}
	r->end = SMB2_HEADER + 24 + (uint64_t)count * LOCK_ELEMENT;
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_WRITE);
}

/* Acknowledgement of a broken oplock (24), whose file is named, or of a lease (36), whose key is. */
void smb2_break_request(struct smb2_read *r)
{
	struct wire *w = &r->w;

	if (r->u->code == 36) {
		wire_take(w, 34, "lease");
		return;
	}
	wire_u8(w, "oplock_level");
	wire_u8(w, "reserved");
	wire_le32(w, "reserved2");
	smb2_file_id(r, false);
}

void smb2_break_answer(struct smb2_read *r)
{
	wire_take(&r->w, r->u->code - 2, "break");
}
