/* Reads SMB 1 messages: header, chain of commands, and whether the message may come now. */
/*
 * Spec: MS-CIFS 2.2.3, 3.2.5.1, 3.3.5.2; MS-SMB 2.2.3.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: smb1.chain, smb.message, smb.requests.
 * Not done: signatures are neither checked nor made; signed messages pass as they are.
 */
#include "proto/smb1/smb1_int.h"

static uint8_t byte_at(const struct smb1_read *r, size_t off)
{
	return off < r->message->held ? r->head.p[off] : 0; /* UNSAFE: held bytes stand behind head */
}

/* A signature that says something: clients set the bit before they sign, over zeros or "BSRSPYL ". */
static bool signature(const uint8_t *p)
{
	static const uint8_t none[8];

	return memcmp(p, none, 8) && memcmp(p, "BSRSPYL ", 8);
}

/* The 32 octets of the header; leaves w behind them. */
static void header(struct smb1_read *r, struct wire *w)
{
	struct smb1_unit *u = r->unit;
	uint32_t          at;
	uint8_t           flags;
	const uint8_t    *sign;

	wire_le32(w, "protocol");
	u->command = wire_u8(w, "command");
	wire_le32(w, "status");
	at = wire_offset(w);
	flags = wire_u8(w, "flags");
	r->flags2 = wire_le16(w, "flags2");
	r->pid_high_at = wire_offset(w);
	r->pid_high = wire_le16(w, "pid_high");
	sign = wire_take(w, 8, "security_features");
	wire_le16(w, "reserved");
	u->tid = wire_le16(w, "tid");
	u->pid = wire_le16(w, "pid_low");
	u->uid = wire_le16(w, "uid");
	u->mid = wire_le16(w, "mid");
	u->key = KEY_REQUEST | (uint64_t)u->pid << 16 | u->mid;
	u->is_signed = r->flags2 & FLAGS2_SIGNED && sign && signature(sign);
	u->unicode = r->unicode = r->flags2 & FLAGS2_UNICODE;
	u->nt_status = r->flags2 & FLAGS2_NT_STATUS;
	u->notice = r->message->from == SIDE_SERVER && u->command == CMD_LOCKING && u->mid == 0xffff;
	if (!u->notice && !(flags & FLAG_REPLY) != (r->message->from == SIDE_CLIENT))
		wire_fail_numbers(w, at, R_SMB1_HEADER, "flags", r->message->from == SIDE_CLIENT ? 0 : FLAG_REPLY, flags);
	if (r->unicode && r->state->dialect && !r->state->unicode)
		wire_fail(w, at + 1, R_SMB1_UNICODE, "flags2");
}

static bool has_words(const uint8_t *list, uint8_t n)
{
	for (unsigned i = 0; i < 3; i++)
		if (list[i] == WORDS_ANY || (list[i] == n && n != WORDS_NO))
			return true;
	return false;
}

/* A session, a tree and a file exist once an answer gave out their numbers. */
static void handles(struct smb1_read *r, const struct smb1_row *row, const struct wire *words)
{
	struct smb1_unit *u = r->unit;
	bool              chained = u->links > 1;

	r->session = table_get(r->cx, SMB_SESSIONS, u->uid);
	if (r->session)
		smb_fact_number(r->cx, SMB_FACT_IDENTITY, r->session->identity);
	if (row->traits & T_USER && r->state->user_level && !chained && (!r->session || !r->session->established || r->session->closing)) {
		u->status = STATUS_SMB_BAD_UID;
		wire_fail_numbers(words, r->base + 28, R_SMB1_HANDLE, "uid", 0, u->uid);
		return;
	}
	if (!(row->traits & T_TREE) || (chained && u->connects))
		return;
	r->tree = table_get(r->cx, SMB_TREES, u->tid);
	if (!r->tree || r->tree->closing) {
		u->status = STATUS_SMB_BAD_TID;
		wire_fail_numbers(words, r->base + 24, R_SMB1_HANDLE, "tid", 0, u->tid);
		return;
	}
	smb_fact_number(r->cx, SMB_FACT_TREE, r->tree->kind);
	if (r->tree->len)
		smb_fact_name(r->cx, SMB_FACT_SHARE, r->tree->share, r->tree->len, false, false);
	else
		smb_fact_unknown(r->cx, SMB_FACT_SHARE);
}

static void ask(struct smb1_read *r, const struct smb1_row *row, struct wire *words, struct wire *bytes)
{
	struct smb1_unit *u = r->unit;
	bool              opened = u->opens;

	if (u->links == 1) {
		smb_fact_number(r->cx, SMB_FACT_OP, row->op);
		smb_fact_number(r->cx, SMB_FACT_ACCESS,
				row->traits & T_WRITE ? SMB_ACCESS_WRITE : row->traits & T_READ ? SMB_ACCESS_READ : SMB_ACCESS_NONE);
	} else if (row->traits & T_WRITE) {
		smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_WRITE);
	}
	handles(r, row, words);
	u->closes |= row->code == CMD_CLOSE || row->code == CMD_CLOSE_PRINT;
	u->disconnects |= row->code == CMD_TREE_DISCONNECT;
	u->logs_off |= row->code == CMD_LOGOFF;
	if (row->traits & T_OPENS) {
		u->opens = true;
		if (!smb1_room(r, words, SMB_FILES))
			return;
	}
	if (row->fid != NO_FID && !opened) {
		struct wire f = wire_at(words, (size_t)(row->fid - (row->traits & T_ANDX ? 2 : 0)) * 2, 2, "fid");
		uint32_t    at = wire_offset(&f);
		uint16_t    fid = wire_le16(&f, "fid");

		if (!(row->code == 0x05 && fid == 0xffff))
			smb1_find_file(r, &f, at, fid);
	}
	if (row->ask)
		row->ask(r, words, bytes);
	smb1_bytes(r, bytes, row->ask ? "*" : row->bytes);
}

static void answer(struct smb1_read *r, const struct smb1_row *row, struct wire *words, struct wire *bytes)
{
	if (row->traits & T_OPENS) {
		r->unit->opens = true;
		if (!smb1_room(r, words, SMB_FILES))
			return;
	}
	if (row->answer)
		row->answer(r, words, bytes);
	smb1_bytes(r, bytes, row->answer ? "*" : row->bytes_back);
}

/* The row of a command, if it may stand here. */
static const struct smb1_row *allowed(struct smb1_read *r, const struct wire *w, uint8_t code)
{
	const struct smb1_row *row = smb1_row(code);
	struct smb1_unit      *u = r->unit;
	bool                   client = r->message->from == SIDE_CLIENT;

	if (!row)
		wire_fail_numbers(w, r->base + 4, R_SMB1_COMMAND, "command", 0, code);
	else if (row->refused)
		wire_fail_numbers(w, r->base + 4, row->refused, "command", 0, code);
	else if (client && code == CMD_NEGOTIATE ? r->state->dialect || r->state->negotiating : client && !r->state->dialect)
		wire_fail_numbers(w, r->base + 4, R_SMB1_ORDER, "command", CMD_NEGOTIATE, code);
	else if (!client && !u->notice && (!r->asked || u->links > r->asked->links || r->asked->chain[u->links - 1] != code))
		wire_fail_numbers(w, r->base + 4, R_SMB1_ANSWER, "command", r->asked ? r->asked->chain[0] : 0, code);
	return w->fault->why ? NULL : row;
}

/* How large the data bytes are: ByteCount, but for READ_ANDX and WRITE_ANDX, whose data may be more than it can say. */
static struct wire data_bytes(struct smb1_read *r, struct wire *w, uint8_t code)
{
	uint32_t at = wire_offset(w);
	uint16_t count = wire_le16(w, "byte_count");
	uint64_t begin = wire_offset(w) - r->base, left = r->message->left;
	bool     large = code == (r->message->from == SIDE_CLIENT ? CMD_WRITE_ANDX : CMD_READ_ANDX);
	bool     loose = r->cx->tolerate >> (SMB_TOLERANCE_SMB1 + SMB1_TOLERATE_TRAILING) & 1;

	if (large && r->unit->links == 1 && (r->splits || left - begin > 0xffff)) {
		if (!w->fault->why && left - begin <= 0xffff && count != left - begin && !(loose && count < left - begin))
			wire_fail_numbers(w, at, R_SMB1_BYTES, "byte_count", left - begin, count);
		return wire_sub(w, r->splits ? 0 : wire_left(w), "bytes");
	}
	if (!w->fault->why && count > wire_left(w))
		wire_fail_numbers(w, at, R_SMB1_BYTES, "byte_count", wire_left(w), count);
	return wire_sub(w, count, "bytes");
}

/* One command: WordCount, words, ByteCount, bytes. Leaves the next one's code and offset; CMD_NONE for the last. */
static void command(struct smb1_read *r, struct wire *w, uint8_t code, uint8_t *next, uint32_t *offset)
{
	const struct smb1_row *row = allowed(r, w, code);
	bool                   client = r->message->from == SIDE_CLIENT || r->unit->notice;
	uint32_t               at = wire_offset(w);
	struct wire            words, bytes;

	*next = CMD_NONE;
	if (!row)
		return;
	wire_name(w, row->field);
	r->words = wire_u8(w, "word_count");
	if (!w->fault->why && !(client ? has_words(row->asks, r->words) : !r->words || has_words(row->answers, r->words))) {
		wire_fail_numbers(w, at, R_SMB1_WORDS, "word_count", 0, r->words);
		return;
	}
	if (code == CMD_NT_CREATE && r->words == 42) /* MS-SMB 2.2.4.9.2: servers say 42 where 50 stand */
		r->words = 50;
	words = wire_sub(w, (size_t)r->words * 2, "words");
	bytes = data_bytes(r, w, code);
	if (row->traits & T_ANDX && r->words) {
		*next = wire_u8(&words, "andx_command");
		wire_u8(&words, "andx_reserved");
		*offset = wire_le16(&words, "andx_offset");
	}
	if (!client && !r->words && row->answers[0]) {
		wire_end(&bytes, R_SMB1_BYTES, "byte_count");
		r->unit->failed = true;
	} else if (r->unit->notice) {
		smb1_locking(r, &words, &bytes);
	} else if (client) {
		ask(r, row, &words, &bytes);
	} else {
		answer(r, row, &words, &bytes);
	}
}

/* All commands of the message. Each stands behind the one before it. */
static void chain(struct smb1_read *r, struct wire *w)
{
	struct smb1_unit *u = r->unit;
	uint64_t          limit = r->cx->limit[SMB_LIMIT_SMB1 + SMB1_LIMIT_CHAIN];
	uint8_t           code = u->command, next = CMD_NONE;
	uint32_t          offset = 0;

	for (;;) {
		uint32_t end;

		if (u->links >= limit || u->links >= SMB1_CHAIN_MAX) {
			wire_fail_numbers(w, wire_offset(w), R_SMB1_CHAIN, "andx_command", limit, u->links + 1u);
			return;
		}
		u->chain[u->links++] = code;
		command(r, w, code, &next, &offset);
		end = wire_offset(w) - r->base;
		if (w->fault->why || next == CMD_NONE)
			return;
		if (offset < end || !smb1_may_follow(code, next)) {
			wire_fail_numbers(w, r->base + end, R_SMB1_CHAIN_ORDER, "andx_offset", end, offset);
			return;
		}
		wire_take(w, offset - end, "pad");
		code = next;
	}
}

static bool connects(uint8_t op)
{
	return op == SMB_OP_SESSION_SETUP || op == SMB_OP_TREE_CONNECT || op == SMB_OP_LOGOFF;
}

/*
 * What rules are told of a chain: what is done behind the connecting, by whoever is set up in front of it. Whether the server
 * will take a user for a guest is in its answer.
 */
static void chain_facts(struct smb1_read *r)
{
	struct smb1_unit *u = r->unit;
	uint8_t           op = SMB_OP_OTHER;
	bool              several = false, reads = false;

	for (uint8_t i = 0; i < u->links; i++) {
		const struct smb1_row *row = smb1_row(u->chain[i]);

		if (connects(row->op))
			continue;
		several |= op != SMB_OP_OTHER && row->op != op;
		reads |= row->traits & T_READ;
		op = row->op;
	}
	if (op == SMB_OP_OTHER)
		return;
	if (several)
		smb_fact_unknown(r->cx, SMB_FACT_OP);
	else if (op != SMB_OP_TRANS2 && op != SMB_OP_NT_TRANS && r->cx->fact[SMB_FACT_OP].state != FACT_UNKNOWN) /* those say themselves what they do */
		smb_fact_number(r->cx, SMB_FACT_OP, op);
	if (reads && r->cx->fact[SMB_FACT_ACCESS].number == SMB_ACCESS_NONE)
		smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_READ);
	if (u->sets_up && u->identity == SMB_IDENTITY_ANONYMOUS)
		smb_fact_number(r->cx, SMB_FACT_IDENTITY, SMB_IDENTITY_ANONYMOUS);
	else if (u->sets_up)
		smb_fact_unknown(r->cx, SMB_FACT_IDENTITY);
}

/* How many bytes must be here before the message can be read; all of it, but for the data of files. */
static uint64_t wanted(struct smb1_read *r)
{
	const struct smb_message *m = r->message;
	bool                      client = m->from == SIDE_CLIENT;
	uint8_t                   words;
	size_t                    fixed;
	uint64_t                  key;
	uint16_t                  fid;

	if (m->left < SMB1_SMALLEST || m->held < SMB1_SMALLEST)
		return m->left < SMB1_SMALLEST ? m->left : SMB1_SMALLEST;
	words = byte_at(r, SMB1_HEADER);
	fixed = SMB1_SMALLEST + (size_t)words * 2;
	if (byte_at(r, 4) != (client ? CMD_WRITE_ANDX : CMD_READ_ANDX) || words < 12 || words > 14 || byte_at(r, 33) != CMD_NONE || fixed > m->left)
		return m->left;
	if (m->held < fixed)
		return fixed;
	if (client) {
		const struct smb1_file *f;

		fid = (uint16_t)(byte_at(r, 37) | byte_at(r, 38) << 8);
		f = table_get(r->cx, SMB_FILES, fid);
		r->splits = f && f->kind != SMB_KIND_PIPE;
	} else {
		const struct smb1_request *q;

		key = KEY_REQUEST | (uint64_t)(byte_at(r, 26) | byte_at(r, 27) << 8) << 16 | (uint64_t)(byte_at(r, 30) | byte_at(r, 31) << 8);
		q = table_get(r->cx, SMB_REQUESTS, key);
		r->splits = q && q->links == 1 && q->chain[0] == CMD_READ_ANDX && q->kind != SMB_KIND_PIPE;
	}
	return r->splits ? fixed : m->left;
}

/* What remains behind the last command (3.3.5.2 lets servers skip it). Windows leaves some behind its errors. */
static void trailing(struct smb1_read *r, struct wire *w)
{
	if (r->message->from == SIDE_SERVER && r->unit->failed)
		return;
	if (r->splits || r->cx->tolerate >> (SMB_TOLERANCE_SMB1 + SMB1_TOLERATE_TRAILING) & 1)
		return;
	wire_end(w, R_SMB1_BYTES, "byte_count");
}

static void request_order(struct smb1_read *r, const struct wire *w)
{
	struct smb1_unit *u = r->unit;

	if (u->command == CMD_NT_CANCEL) {
		u->quiet = true;
		return;
	}
	/* An oplock given up has no answer, what is chained to it has: servers take neither. */
	if (u->quiet && u->links > 1)
		wire_fail_numbers(w, r->base + SMB1_HEADER, R_SMB1_CHAIN_ORDER, "andx_command", CMD_NONE, u->chain[1]);
	if (u->quiet || w->fault->why)
		return;
	if (table_get(r->cx, SMB_REQUESTS, u->key))
		wire_fail_numbers(w, r->base + 30, R_SMB1_MID, "mid", 0, u->mid);
	else if (!table_room(r->cx, SMB_REQUESTS))
		wire_fail_numbers(w, r->base + 30, R_SMB1_REQUESTS, "mid", r->cx->limit[SMB_LIMIT_REQUESTS], table_count(r->cx, SMB_REQUESTS));
}

/* The answer's request: what it was about holds for the answer too. */
static void find_request(struct smb1_read *r, const struct wire *w)
{
	struct smb1_unit *u = r->unit;

	if (u->notice) {
		smb_fact_number(r->cx, SMB_FACT_OP, SMB_OP_BREAK);
		return;
	}
	r->asked = table_get(r->cx, SMB_REQUESTS, u->key);
	if (!r->asked) {
		wire_fail_numbers(w, r->base + 30, R_SMB1_ANSWER, "mid", 0, u->mid);
		return;
	}
	u->final = true;
	r->tree = table_get(r->cx, SMB_TREES, r->asked->tid);
	r->session = table_get(r->cx, SMB_SESSIONS, u->uid);
}

/* Status of an answer: what failed commits nothing. */
static void status(struct smb1_read *r, uint32_t value)
{
	struct smb1_unit *u = r->unit;

	smb_fact_number(r->cx, SMB_FACT_STATUS, value);
	u->status = value;
	u->more = value == STATUS_MORE_PROCESSING;
	if (u->more)
		return;
	if (r->flags2 & FLAGS2_NT_STATUS ? value >> 30 == 3 : value & 0xff)
		u->failed = true;
}

static struct step outcome(struct smb1_read *r)
{
	struct step step = step_unit(r->message->left - r->opaque, r->message->from == SIDE_SERVER ? STEP_ANSWER : 0);

	if (r->why_wait)
		return (struct step){.verb = STEP_WAIT, .why = r->why_wait, .ms = r->wait_ms, .n = r->message->left};
	step.opaque = r->opaque;
	step.why = r->opaque_why;
	return step;
}

struct step smb1_next(const struct smb1_state *s, struct smb1_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx)
{
	struct smb1_read r = {.cx = cx, .state = s, .unit = u, .inner = inner, .message = m, .head = *w, .base = wire_offset(w)};
	uint64_t         need = wanted(&r);
	uint32_t         value;

	u->from = (uint8_t)m->from;
	u->status = STATUS_ACCESS_DENIED;
	if (m->left > cx->limit[SMB_LIMIT_SMB1 + SMB1_LIMIT_LENGTH])
		wire_fail_numbers(w, 1, R_SMB1_LENGTH, "length", cx->limit[SMB_LIMIT_SMB1 + SMB1_LIMIT_LENGTH], m->left);
	if (need > cx->limit[SMB_LIMIT_MESSAGE])
		wire_fail_numbers(w, 1, R_SMB_MESSAGE, "length", cx->limit[SMB_LIMIT_MESSAGE], need);
	if (cx->fault.why)
		return step_refuse(m->left);
	if (m->held < need)
		return step_more(need);
	value = (uint32_t)byte_at(&r, 5) | (uint32_t)byte_at(&r, 6) << 8 | (uint32_t)byte_at(&r, 7) << 16 | (uint32_t)byte_at(&r, 8) << 24;
	header(&r, w);
	smb_fact_number(cx, SMB_FACT_DIALECT, s->dialect);
	smb_fact_number(cx, SMB_FACT_SIGNED, u->is_signed);
	if (m->from == SIDE_SERVER && !cx->fault.why) {
		find_request(&r, w);
		status(&r, value);
	}
	if (!cx->fault.why)
		chain(&r, w);
	if (!cx->fault.why && m->from == SIDE_CLIENT && u->links > 1)
		chain_facts(&r);
	if (!cx->fault.why)
		trailing(&r, w);
	if (!cx->fault.why && m->from == SIDE_CLIENT)
		request_order(&r, w);
	return cx->fault.why ? step_refuse(m->left) : outcome(&r);
}

bool smb1_offers_smb2(const struct smb1_state *s)
{
	return s->negotiating && s->offers_smb2;
}
