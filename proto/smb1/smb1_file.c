/* Reads what SMB 1 does with open files: open, read, write, lock, and the bytes of pipes. */
/*
 * Spec: MS-CIFS 2.2.4.3 to 2.2.4.43, 2.2.4.64; MS-SMB 2.2.4.
 * Input from: either peer.
 * Limits: smb.path, smb.files, smb.wait, smb1.echo; those of DCE/RPC for pipes.
 * Not done: the contents of files, which pass unread.
 */
#include "proto/smb1/smb1_int.h"

/* A tree that is connected by the same message is what the request asks for: its answer is held to that. */
uint8_t smb1_kind(const struct smb1_read *r)
{
	const struct smb1_unit *u = r->unit;

	if (r->file)
		return r->file->kind;
	if (r->tree)
		return r->tree->kind;
	if (u->tree_kind || !u->connects)
		return u->tree_kind;
	return u->name.len == 4 && !memcmp(u->name.utf8, "ipc$", 4) ? SMB_KIND_PIPE : SMB_KIND_DISK;
}

/*
 * What is asked for has an entry beside the one its answer makes of it, so a request leaves a second place free.
 */
bool smb1_room(struct smb1_read *r, const struct wire *w, enum smb_table table)
{
	static const uint8_t limit[SMB_TABLES] = {
		[SMB_SESSIONS] = SMB_LIMIT_SESSIONS,
		[SMB_TREES] = SMB_LIMIT_TREES,
		[SMB_FILES] = SMB_LIMIT_FILES,
		[SMB_TRANSACTIONS] = SMB_LIMIT_TRANSACTIONS,
	};
	bool second = r->message->from == SIDE_CLIENT && table != SMB_TRANSACTIONS;

	if (table_count(r->cx, (uint8_t)table) + second < r->cx->limit[limit[table]] && table_room(r->cx, (uint8_t)table))
		return true;
	return wire_fail_numbers(w, wire_offset(w), table == SMB_TRANSACTIONS ? R_SMB1_TRANSACTIONS : R_SMB1_HANDLES, "",
				 table_count(r->cx, (uint8_t)table), 0);
}

/* Bytes of a pipe go to RPC; those of a pipe whose opening is still unanswered cannot be followed. */
void smb1_pipe(struct smb1_read *r, const struct wire *at, const uint8_t *bytes, size_t n, bool final)
{
	(void)final;
	if (at->fault->why || !n)
		return;
	/* Of a chain, one command moves bytes of one pipe: a second would be read as if the first had not been. */
	if (!r->file || r->unit->writes_pipe) {
		wire_fail(at, wire_offset(at), R_SMB1_PIPE_PIECES, "data");
		return;
	}
	r->unit->writes_pipe = true;
	r->unit->written = (uint32_t)n; /* of one message */
	if (rpc_next(&r->file->rpc, &r->inner->rpc, at, bytes, n, r->message->from, &smb_rpc_seat, r->cx) == RPC_WAIT) {
		r->why_wait = r->inner->rpc.wait_why;
		r->wait_ms = r->inner->rpc.wait_ms;
	}
	r->opaque_why = r->inner->rpc.opaque_why;
}

void smb1_pipe_turn(struct smb1_read *r)
{
	if (!r->file)
		return; /* smb1_pipe or the caller refuses it */
	r->unit->reads_pipe = true;
	if (r->file->busy && !r->why_wait) {
		r->why_wait = R_SMB1_PIPE_BUSY;
		r->wait_ms = (uint32_t)r->cx->limit[SMB_LIMIT_WAIT];
	}
}

void smb1_find_file(struct smb1_read *r, const struct wire *w, uint32_t at, uint16_t fid)
{
	const struct smb1_file *f = table_get(r->cx, SMB_FILES, fid);

	if (w->fault->why)
		return;
	/* What a chain does to a pipe is kept by its last FID. */
	if ((r->unit->reads_pipe || r->unit->writes_pipe) && fid != r->unit->fid) {
		wire_fail_numbers(w, at, R_SMB1_PIPE_PIECES, "fid", r->unit->fid, fid);
		return;
	}
	r->unit->fid = fid;
	if (!f || f->tid != r->unit->tid || f->closing) {
		r->unit->status = STATUS_INVALID_HANDLE;
		wire_fail_numbers(w, at, R_SMB1_HANDLE, "fid", 0, fid);
		return;
	}
	r->file = f;
	if (f->kind == SMB_KIND_PIPE && !f->len)
		smb_fact_unknown(r->cx, SMB_FACT_PIPE);
	else if (f->kind == SMB_KIND_PIPE)
		smb_fact_name(r->cx, SMB_FACT_PIPE, f->pipe, f->len, false, false);
}

/* The name behind NT_CREATE_ANDX and OPEN_ANDX. */
static void open_name(struct smb1_read *r, struct wire *name, const struct wire *bytes, uint32_t at)
{
	struct smb1_text t = smb1_text_all(r, name, r->unicode, "file_name");

	if (!t.p)
		return;
	smb1_path(r, bytes, at, t, SMB_FACT_PATH);
	if (smb1_kind(r) == SMB_KIND_PIPE)
		smb1_pipe_name(r, bytes, at, t);
}

/* Dispositions of a create, and modes of an open, that are reading at most or more than that. */
enum { OPEN_EXISTING = 1, OPEN_TRUNCATES = 2, OPEN_CREATES = 0x10 };

static void rest_is_pad(struct wire *bytes)
{
	if (wire_left(bytes) > 8)
		wire_end(bytes, R_SMB1_BYTES, "byte_count");
	wire_take(bytes, wire_left(bytes), "pad");
}

void smb1_nt_create(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint32_t    at, access, root, disposition, options;
	uint16_t    n;
	struct wire name;

	wire_u8(words, "reserved");
	at = wire_offset(words);
	n = wire_le16(words, "name_length");
	wire_le32(words, "flags");
	root = wire_le32(words, "root_directory_fid");
	access = wire_le32(words, "desired_access");
	wire_take(words, 16, "allocation_size");
	disposition = wire_le32(words, "create_disposition");
	options = wire_le32(words, "create_options");
	smb_fact_number(r->cx, SMB_FACT_ACCESS,
			access & SMB_CHANGING || disposition != OPEN_EXISTING || options & SMB_DELETE_ON_CLOSE ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
	smb1_align(r, bytes);
	if (n > wire_left(bytes)) {
		wire_fail_numbers(words, at, R_SMB1_RANGE, "name_length", wire_left(bytes), n);
		return;
	}
	at = wire_offset(bytes);
	name = wire_sub(bytes, n, "file_name");
	open_name(r, &name, bytes, at);
	if (root)
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
	smb_fact_options(r->cx, options);
	rest_is_pad(bytes);
}

void smb1_nt_create_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	(void)bytes;
	wire_u8(words, "oplock_level");
	r->unit->fid = wire_le16(words, "fid");
}

/* OPEN, whose mode says what for. */
void smb1_open(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	smb_fact_number(r->cx, SMB_FACT_ACCESS, wire_le16(words, "access_mode") & 3 ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
	smb1_bytes(r, bytes, "p");
}

void smb1_open_andx(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint32_t         at;
	uint16_t         access, mode;
	struct smb1_text t;

	wire_le16(words, "flags");
	access = wire_le16(words, "access_mode");
	wire_take(words, 8, "search_attributes");
	mode = wire_le16(words, "open_mode");
	smb_fact_number(r->cx, SMB_FACT_ACCESS, access & 3 || mode & (OPEN_TRUNCATES | OPEN_CREATES) ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
	smb1_align(r, bytes);
	at = wire_offset(bytes);
	t = smb1_text(r, bytes, r->unicode, "file_name");
	smb1_path(r, bytes, at, t, SMB_FACT_PATH);
	if (smb1_kind(r) == SMB_KIND_PIPE)
		smb1_pipe_name(r, bytes, at, t);
	rest_is_pad(bytes);
}

void smb1_open_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	(void)bytes;
	r->unit->fid = wire_le16(words, "fid");
}

void smb1_open_andx_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	smb1_open_answer(r, words, bytes);
}

void smb1_read(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	smb1_read_andx(r, words, bytes);
}

static void pipe_answer(struct smb1_read *r, struct wire *data)
{
	const uint8_t *p;
	size_t         n = wire_left(data);
	struct wire    at = *data;

	r->file = table_get(r->cx, SMB_FILES, r->asked->fid);
	if (r->file)
		r->unit->fid = r->asked->fid;
	p = wire_take(data, n, "data");
	if (r->file)
		smb1_pipe(r, &at, p, n, false);
}

static struct wire data_block(struct wire *bytes)
{
	uint16_t n;

	wire_want_u8(bytes, 1, R_SMB1_BLOCK, "buffer_format");
	n = wire_le16(bytes, "data_length");
	return wire_sub(bytes, n, "data");
}

void smb1_read_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct wire data;

	(void)words;
	if (r->unit->chain[r->unit->links - 1] == CMD_LOCK_AND_READ && !wire_peek(bytes)) {
		wire_take(bytes, 1, "buffer_format"); /* Samba writes 0 here */
		data = wire_sub(bytes, wire_le16(bytes, "data_length"), "data");
	} else {
		data = data_block(bytes);
	}
	if (r->asked->kind == SMB_KIND_PIPE)
		pipe_answer(r, &data);
	wire_take(&data, wire_left(&data), "data");
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

void smb1_write(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct wire data, at;
	size_t      n;
	uint16_t    count;

	wire_le16(words, "fid");
	count = wire_le16(words, "count_of_bytes_to_write");
	data = data_block(bytes);
	at = data;
	n = wire_left(&data);
	/* Servers go by the word and by the block's length: a pipe's next bytes must not be another's last. */
	if (!words->fault->why && count != n)
		wire_fail_numbers(words, wire_offset(words) - 2, R_SMB1_RANGE, "count_of_bytes_to_write", n, count);
	if (smb1_kind(r) == SMB_KIND_PIPE)
		smb1_pipe(r, &at, wire_take(&data, n, "data"), n, false);
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

static void taken(struct smb1_read *r, uint32_t count)
{
	r->unit->taken = count < r->asked->written ? RPC_TAKEN_SOME : RPC_TAKEN_ALL;
}

void smb1_write_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	taken(r, wire_le16(words, "count_of_bytes_written"));
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

/* WRITE_AND_CLOSE: one octet of padding, then the data; no other framing. */
void smb1_write_close(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint16_t n;

	wire_le16(words, "fid");
	n = wire_le16(words, "count");
	if (smb1_kind(r) == SMB_KIND_PIPE)
		wire_fail(words, wire_offset(words), R_SMB1_PIPE_PIECES, "count");
	r->unit->closes = true;
	r->unit->keeps = !n;
	wire_u8(bytes, "pad");
	wire_take(bytes, n, "data");
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

void smb1_write_print(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct wire data = data_block(bytes);

	if (smb1_kind(r) == SMB_KIND_PIPE)
		wire_fail(words, wire_offset(words), R_SMB1_PIPE_PIECES, "fid");
	wire_take(&data, wire_left(&data), "data");
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

void smb1_read_andx(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	(void)bytes;
	if (smb1_kind(r) != SMB_KIND_PIPE)
		return;
	if (!r->file || r->unit->reads_pipe)
		wire_fail(words, wire_offset(words), R_SMB1_PIPE_PIECES, "fid");
	smb1_pipe_turn(r);
}

/*
 * DataOffset and DataLength of READ_ANDX's answer and WRITE_ANDX: from the header's beginning, in these bytes. Where the
 * bytes are not here (the file's data passes unread) they must be the message's last.
 */
static struct wire andx_data(struct smb1_read *r, const struct wire *words, uint32_t at, uint64_t off, uint64_t n, struct wire *bytes)
{
	uint64_t    begin = wire_offset(bytes) - r->base, left = r->message->left;
	struct wire here = *bytes, none = wire_sub(&here, 0, "data");

	if (words->fault->why)
		return none;
	if (n && (off < begin || off > left || n > left - off)) {
		wire_fail_numbers(words, at, R_SMB1_RANGE, "data_offset", left, off);
		return none;
	}
	if (r->splits) {
		r->opaque = left - begin;
		if (n && off - begin > 64)
			wire_fail_numbers(words, at, R_SMB1_RANGE, "data_offset", begin, off);
		if (n && left - off - n > 0 && !(r->cx->tolerate >> (SMB_TOLERANCE_SMB1 + SMB1_TOLERATE_TRAILING) & 1))
			wire_fail_numbers(words, at, R_SMB1_BYTES, "data_length", left - off, n);
		return none;
	}
	if (!n)
		return none;
	if (n > wire_left(bytes) || off - begin > wire_left(bytes) - n) {
		wire_fail_numbers(words, at, R_SMB1_RANGE, "data_offset", wire_left(bytes), off);
		return none;
	}
	return wire_at(bytes, (size_t)(off - begin), (size_t)n, "data");
}

void smb1_read_andx_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint32_t    at;
	uint16_t    low, offset, high;
	struct wire data;

	wire_take(words, 6, "available");
	at = wire_offset(words);
	low = wire_le16(words, "data_length");
	offset = wire_le16(words, "data_offset");
	high = wire_le16(words, "data_length_high");
	data = andx_data(r, words, at, offset, (uint64_t)high << 16 | low, bytes);
	if (r->asked->kind == SMB_KIND_PIPE)
		pipe_answer(r, &data);
	wire_take(bytes, wire_left(bytes), "data");
}

enum { WRITE_RAW_MODE = 4, WRITE_MESSAGE_START = 8 };

/*
 * A message in raw mode: its whole length comes first (MS-CIFS 2.2.4.43.1). CVE-2017-0145: its pieces are put behind those of
 * a transaction whose MID is the pipe's FID.
 */
static void raw_write(struct smb1_read *r, const struct wire *words, bool start, struct wire *data)
{
	uint16_t length = start ? wire_le16(data, "message_length") : r->file ? r->file->raw : 0;
	size_t   n = wire_left(data);

	if (table_get(r->cx, SMB_TRANSACTIONS, r->unit->fid))
		wire_fail_numbers(words, wire_offset(words), R_SMB1_FAMILY, "write_mode", CMD_WRITE_ANDX, CMD_TRANS);
	r->unit->raw_write = true;
	r->unit->raw = n < length ? (uint16_t)(length - n) : 0;
}

void smb1_write_andx(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint32_t       at;
	uint16_t       mode, low, high, offset;
	struct wire    data, piece;
	const uint8_t *p;
	size_t         n;

	wire_le16(words, "fid");
	wire_take(words, 8, "offset");
	mode = wire_le16(words, "write_mode");
	wire_le16(words, "remaining");
	high = wire_le16(words, "data_length_high");
	at = wire_offset(words);
	low = wire_le16(words, "data_length");
	offset = wire_le16(words, "data_offset");
	data = andx_data(r, words, at, offset, (uint64_t)high << 16 | low, bytes);
	if (smb1_kind(r) == SMB_KIND_PIPE) {
		if (high) /* not all servers look at it */
			wire_fail_numbers(words, at, R_SMB1_RANGE, "data_length_high", 0, high);
		if (mode & WRITE_RAW_MODE)
			raw_write(r, words, mode & WRITE_MESSAGE_START, &data);
		piece = data;
		n = wire_left(&data);
		p = wire_take(&data, n, "data");
		smb1_pipe(r, &piece, p, n, false);
	}
	wire_take(bytes, wire_left(bytes), "data");
}

void smb1_write_andx_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint16_t low = wire_le16(words, "count"), high;

	wire_le16(words, "available");
	high = wire_le16(words, "count_high");
	taken(r, (uint32_t)high << 16 | low);
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

enum { LOCK_OPLOCK = 2, LOCK_LARGE = 16 };

/* Also the server's notice that an oplock is broken, and the client's word that it gave it up. */
void smb1_locking(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint16_t unlocks, locks;
	uint8_t  type;
	uint32_t at;

	wire_le16(words, "fid");
	at = wire_offset(words);
	type = wire_u8(words, "type_of_lock");
	wire_u8(words, "new_oplock_level");
	wire_le32(words, "timeout");
	unlocks = wire_le16(words, "number_of_requested_unlocks");
	locks = wire_le16(words, "number_of_requested_locks");
	if (r->message->from == SIDE_SERVER && (!(type & LOCK_OPLOCK) || unlocks || locks))
		wire_fail(words, at, R_SMB1_ANSWER, "type_of_lock");
	if (type & LOCK_OPLOCK && !unlocks && !locks)
		r->unit->quiet = true;
	if (wire_left(bytes) != ((size_t)unlocks + locks) * (type & LOCK_LARGE ? 20 : 10))
		wire_fail_numbers(words, at, R_SMB1_LOCKS, "number_of_requested_locks", wire_left(bytes), (uint64_t)unlocks + locks);
	wire_take(bytes, wire_left(bytes), "ranges");
}

void smb1_echo(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint64_t limit = r->cx->limit[SMB_LIMIT_SMB1 + SMB1_LIMIT_ECHO];

	r->unit->count = wire_le16_range(words, 0, limit > 0xffff ? 0xffff : (uint16_t)limit, R_SMB1_ECHO, "echo_count");
	r->unit->quiet = !r->unit->count;
	wire_take(bytes, wire_left(bytes), "data");
}

void smb1_echo_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	(void)words;
	r->unit->final = r->asked->answers <= 1;
	wire_take(bytes, wire_left(bytes), "data");
}
