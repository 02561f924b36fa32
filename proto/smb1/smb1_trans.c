/* Reads transactions of SMB 1: their words, their pieces, and their answers; whole ones go to the readers of each family. */
/*
 * Spec: MS-CIFS 2.2.4.33, 2.2.4.34, 2.2.4.46, 2.2.4.47, 2.2.4.62, 2.2.4.63, 3.2.4.1.5, 3.3.5.2.1; MS-CIFS 2.2.5 for pipes.
 * Input from: either peer.
 * Limits: smb.transactions, smb.message for what is gathered of one.
 * Not done: pieces of a pipe's transaction, pieces out of order, mailslots over TCP.
 */
#include "proto/smb1/smb1_int.h"

enum { PIPE_TRANSACT = 0x26, PIPE_WAIT = 0x53, PIPE_SET_STATE = 0x01, PIPE_QUERY_STATE = 0x21, PIPE_QUERY_INFO = 0x22, PIPE_PEEK = 0x23,
       PIPE_RAW_READ = 0x11, PIPE_RAW_WRITE = 0x31, PIPE_CALL = 0x54 };
enum { OPEN2 = 0, SET_PATH = 6, NT_CREATE = 1 }; /* transactions that may open */

/* Setup words; the first of them is the subcommand but in NT_TRANSACT. */
static void setup(struct smb1_parts *t, struct wire *words, bool nt)
{
	for (unsigned i = 0; i < t->setups && !words->fault->why; i++) {
		uint16_t w = wire_le16(words, "setup");

		if (i < 4)
			t->setup[i] = w;
	}
	if (!nt)
		t->function = t->setup[0];
}

/* True: the tree is over when it was answered. */
static bool words16(struct smb1_parts *t, struct wire *words)
{
	uint16_t flags;

	t->total_params = wire_le16(words, "total_parameter_count");
	t->total_data = wire_le16(words, "total_data_count");
	t->max_params = wire_le16(words, "max_parameter_count");
	t->max_data = wire_le16(words, "max_data_count");
	t->max_setup = wire_u8(words, "max_setup_count");
	wire_u8(words, "reserved1");
	flags = wire_le16(words, "flags");
	wire_take(words, 6, "timeout");
	t->params = wire_le16(words, "parameter_count");
	t->params_at = wire_le16(words, "parameter_offset");
	t->data = wire_le16(words, "data_count");
	t->data_at = wire_le16(words, "data_offset");
	t->setups = wire_u8(words, "setup_count");
	wire_u8(words, "reserved3");
	return flags & DISCONNECT_TID;
}

static void words32(struct smb1_parts *t, struct wire *words)
{
	t->max_setup = wire_u8(words, "max_setup_count");
	wire_le16(words, "reserved1");
	t->total_params = wire_le32(words, "total_parameter_count");
	t->total_data = wire_le32(words, "total_data_count");
	t->max_params = wire_le32(words, "max_parameter_count");
	t->max_data = wire_le32(words, "max_data_count");
	t->params = wire_le32(words, "parameter_count");
	t->params_at = wire_le32(words, "parameter_offset");
	t->data = wire_le32(words, "data_count");
	t->data_at = wire_le32(words, "data_offset");
	t->setups = wire_u8(words, "setup_count");
	t->function = wire_le16(words, "function");
}

/* Where a count and its offset point: behind the words, inside the data bytes. Empty where they do not. */
static struct wire region(struct smb1_read *r, const struct wire *bytes, uint32_t at, uint32_t off, uint32_t n, const char *field)
{
	uint64_t    begin = wire_offset(bytes) - r->base, left = wire_left(bytes);
	struct wire here = *bytes, none = wire_sub(&here, 0, field);

	if (bytes->fault->why || !n)
		return none;
	if (off < begin || n > left || off - begin > left - n) {
		wire_fail_numbers(bytes, at, R_SMB1_RANGE, field, begin, off);
		return none;
	}
	return wire_at(bytes, (size_t)(off - begin), n, field);
}

/* Both regions of a piece; they may not share a byte. */
static void regions(struct smb1_read *r, const struct smb1_parts *t, const struct wire *bytes, uint32_t at, struct wire *params, struct wire *data)
{
	uint64_t p = t->params_at, d = t->data_at;

	*params = region(r, bytes, at, t->params_at, t->params, "parameters");
	*data = region(r, bytes, at, t->data_at, t->data, "data");
	if (t->params && t->data && p < d + t->data && d < p + t->params)
		wire_fail_numbers(bytes, at, R_SMB1_RANGE, "data_offset", p, d);
}

/* What is open on the pipe, and how it is used (2.2.5). */
static void pipe_check(struct smb1_read *r, const struct smb1_parts *t, const struct wire *words, struct wire *params, struct wire *data)
{
	struct smb1_unit *u = r->unit;
	struct wire       at = *data;
	size_t            n = wire_left(data);

	if (t->setups != 2) {
		wire_fail_numbers(words, wire_offset(words), R_SMB1_SUBCOMMAND, "setup_count", 2, t->setups);
		return;
	}
	switch (t->function) {
	case PIPE_TRANSACT:
		smb1_find_file(r, words, wire_offset(words), t->setup[1]);
		if (wire_left(params)) /* a server that goes by the name would read them */
			wire_fail(params, wire_offset(params), R_SMB1_PARAMS, "parameters");
		if (words->fault->why)
			return;
		smb1_pipe(r, &at, wire_take(data, n, "data"), n, true);
		smb1_pipe_turn(r);
		return;
	case PIPE_SET_STATE:
	case PIPE_QUERY_STATE:
	case PIPE_QUERY_INFO:
		smb1_find_file(r, words, wire_offset(words), t->setup[1]);
		if (wire_left(params) > 2 || n)
			wire_fail(params, wire_offset(params), R_SMB1_PARAMS, "parameters");
		return;
	case PIPE_WAIT:
		if (wire_left(params) || n)
			wire_fail(params, wire_offset(params), R_SMB1_PARAMS, "parameters");
		return;
	case PIPE_PEEK:
	case PIPE_RAW_READ:
	case PIPE_RAW_WRITE:
	case PIPE_CALL:
		u->fid = t->setup[1];
		wire_fail_numbers(words, wire_offset(words), R_SMB1_PIPE_PIECES, "setup", PIPE_TRANSACT, t->function);
		return;
	default:
		wire_fail_numbers(words, wire_offset(words), R_SMB1_SUBCOMMAND, "setup", PIPE_TRANSACT, t->function);
	}
}

/* A transaction all of whose pieces are here. */
static void whole(struct smb1_read *r, const struct smb1_parts *t, bool rap, const struct wire *words, struct wire *params, struct wire *data)
{
	uint8_t family = r->unit->family;

	if (words->fault->why)
		return;
	if (family == CMD_TRANS2)
		smb1_trans2_check(r, t, params, data);
	else if (family == CMD_NT_TRANSACT)
		smb1_nt_check(r, t, params, data);
	else if (rap && t->setups) /* a server may go by the name or by the setup words */
		wire_fail_numbers(words, wire_offset(words), R_SMB1_SUBCOMMAND, "setup_count", 0, t->setups);
	else if (rap)
		smb1_rap_check(r, t, params);
	else
		pipe_check(r, t, words, params, data);
}

static bool below_pipe(struct smb1_text t)
{
	size_t           width = t.utf16 ? 2 : 1;
	struct smb1_text head = {t.p, 6 * width, t.utf16};

	return t.n > head.n && smb1_text_is(head, "\\PIPE\\");
}

/* The Name of TRANSACTION: RAP's, or a pipe's; mailslots belong into datagrams. */
static void name(struct smb1_read *r, struct wire *bytes, bool *rap)
{
	uint32_t         at;
	struct smb1_text t;

	smb1_align(r, bytes);
	at = wire_offset(bytes);
	t = smb1_text(r, bytes, r->unicode, "name");
	if (bytes->fault->why)
		return;
	*rap = smb1_text_is(t, "\\PIPE\\LANMAN");
	if (smb1_text_is(t, "\\PIPE\\") || smb1_text_is(t, "\\PIPE"))
		return;
	if (t.n && !below_pipe(t)) /* \PIPELANMAN is RAP's for some */
		wire_fail(bytes, at, R_SMB1_SUBCOMMAND, "name");
	smb1_pipe_name(r, bytes, at, t);
}

/* Keep a piece; true when the transaction is whole with it, and then the views are over all of it. */
static bool keep(struct smb1_read *r, const struct smb1_parts *t, const struct wire *at, struct wire *params, struct wire *data)
{
	struct smb1_unit *u = r->unit;
	uint64_t          cap = r->cx->limit[SMB_LIMIT_MESSAGE];
	size_t            np = wire_left(params), nd = wire_left(data), p_all = 0, d_all = 0;
	const uint8_t    *p, *d;

	if (at->fault->why)
		return false;
	u->of.trans.params = wire_take(params, np, "parameters");
	u->of.trans.data = wire_take(data, nd, "data");
	p = gather_view(r->cx, KEY_PARAMS | u->key, u->of.trans.params, np, cap, &p_all);
	d = gather_view(r->cx, KEY_DATA | u->key, u->of.trans.data, nd, cap, &d_all);
	if ((np && !p) || (nd && !d)) {
		wire_fail_numbers(at, wire_offset(at), R_SMB1_TRANSACTIONS, "data", cap, nd);
		return false;
	}
	if (p)
		*params = wire_over(p, p_all, at->fault, R_SMB1_PARAMS);
	if (d)
		*data = wire_over(d, d_all, at->fault, R_SMB1_PARAMS);
	return p_all == t->total_params && d_all == t->total_data;
}

static void count_totals(const struct smb1_parts *t, const struct wire *words, uint64_t limit)
{
	if (t->params > t->total_params || t->data > t->total_data)
		wire_fail_numbers(words, wire_offset(words), R_SMB1_TOTALS, "total_data_count", t->total_data, t->data);
	if (t->total_params > 0xffff || t->total_data > limit)
		wire_fail_numbers(words, wire_offset(words), R_SMB1_TOTALS, "total_data_count", limit, t->total_data);
}

/*
 * Servers look for what a piece belongs to by its MID, some by that alone; Windows puts the pieces of a pipe's message in
 * raw mode beside them, by FID, whatever they began with.
 */
static void one_of_its_number(struct smb1_read *r, const struct wire *w)
{
	uint16_t                mid = r->unit->mid;
	const struct smb1_file *f = table_get(r->cx, SMB_FILES, mid);

	if (table_get(r->cx, SMB_TRANSACTIONS, mid))
		wire_fail_numbers(w, r->base + 30, R_SMB1_MID, "mid", 0, mid);
	else if (f && f->raw)
		wire_fail_numbers(w, r->base + 30, R_SMB1_FAMILY, "mid", CMD_WRITE_ANDX, r->unit->command);
}

void smb1_trans(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit  *u = r->unit;
	struct smb1_parts *t = &u->of.trans.parts, parts = {0};
	bool               nt = u->chain[u->links - 1] == CMD_NT_TRANSACT, rap = false;
	uint8_t            fixed = nt ? 19 : 14;
	uint32_t           at = wire_offset(words);
	struct wire        params, data, setup_at, mark = *words;

	u->family = u->chain[u->links - 1];
	if (nt)
		words32(&parts, words);
	else
		u->leaves = words16(&parts, words);
	if (!words->fault->why && r->words != fixed + parts.setups) {
		wire_fail_numbers(words, at - 1, R_SMB1_WORDS, "word_count", fixed + parts.setups, r->words);
		return;
	}
	setup_at = *words;
	setup(&parts, words, nt);
	regions(r, &parts, bytes, at, &params, &data);
	count_totals(&parts, &mark, nt ? r->cx->limit[SMB_LIMIT_MESSAGE] : 0xffff);
	if (u->family == CMD_TRANS)
		name(r, bytes, &rap);
	wire_take(bytes, wire_left(bytes), "bytes");
	*t = parts;
	u->of.trans.rap = rap;
	smb_fact_number(r->cx, SMB_FACT_CODE, parts.function);
	if (parts.params == parts.total_params && parts.data == parts.total_data) {
		whole(r, &parts, rap, &setup_at, &params, &data);
		*t = parts;
		u->of.trans.rap = rap;
		return;
	}
	if (u->links > 1 || (u->family == CMD_TRANS && !rap)) {
		wire_fail(&mark, at, R_SMB1_PIPE_PIECES, "total_data_count");
		return;
	}
	u->piece = true;
	u->opens = nt ? parts.function == NT_CREATE : u->family == CMD_TRANS2 && parts.function == OPEN2;
	if (u->opens && !smb1_room(r, &mark, SMB_FILES))
		return;
	u->of.trans.params = NULL;
	one_of_its_number(r, &mark);
	if (smb1_room(r, &mark, SMB_TRANSACTIONS))
		keep(r, &parts, &mark, &params, &data);
}

static void secondary_words(struct smb1_parts *t, struct wire *words, uint8_t command)
{
	bool nt = command == CMD_NT_TRANSACT_SECONDARY;
	uint32_t (*count)(struct wire *w, const char *field) = wire_le32;

	if (nt) {
		wire_take(words, 3, "reserved1");
	}
	t->total_params = nt ? count(words, "total_parameter_count") : wire_le16(words, "total_parameter_count");
	t->total_data = nt ? count(words, "total_data_count") : wire_le16(words, "total_data_count");
	t->params = nt ? count(words, "parameter_count") : wire_le16(words, "parameter_count");
	t->params_at = nt ? count(words, "parameter_offset") : wire_le16(words, "parameter_offset");
	t->params_before = nt ? count(words, "parameter_displacement") : wire_le16(words, "parameter_displacement");
	t->data = nt ? count(words, "data_count") : wire_le16(words, "data_count");
	t->data_at = nt ? count(words, "data_offset") : wire_le16(words, "data_offset");
	t->data_before = nt ? count(words, "data_displacement") : wire_le16(words, "data_displacement");
}

/* Pieces come in order and fill exactly what was announced; totals may only shrink (3.2.4.1.5). */
static void adds_up(const struct smb1_transaction *x, const struct smb1_parts *t, const struct wire *at)
{
	uint64_t params = (uint64_t)x->params + t->params, data = (uint64_t)x->data + t->data;

	if (t->total_params > x->parts.total_params || t->total_data > x->parts.total_data || params > t->total_params ||
	    data > t->total_data)
		wire_fail_numbers(at, wire_offset(at), R_SMB1_TOTALS, "total_data_count", x->parts.total_data, t->total_data);
	if ((t->params && t->params_before != x->params) || (t->data && t->data_before != x->data))
		wire_fail_numbers(at, wire_offset(at), R_SMB1_TOTALS, "data_displacement", x->data, t->data_before);
}

void smb1_trans_secondary(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	static const uint8_t           first[] = {CMD_TRANS, CMD_TRANS2, CMD_NT_TRANSACT}, next[] = {CMD_TRANS_SECONDARY, CMD_TRANS2_SECONDARY, CMD_NT_TRANSACT_SECONDARY};
	struct smb1_unit              *u = r->unit;
	const struct smb1_transaction *x = table_get(r->cx, SMB_TRANSACTIONS, u->mid);
	const struct smb1_request     *q = table_get(r->cx, SMB_REQUESTS, u->key);
	struct smb1_parts              t = {0}, all;
	struct wire                    params, data, mark = *words;
	uint32_t                       at = wire_offset(words);

	u->quiet = true;
	if (!x || x->lost || x->tid != u->tid || x->uid != u->uid || x->pid != u->pid) {
		wire_fail(words, at, R_SMB1_SECONDARY, "mid");
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		if (u->command == next[i] && x->family != first[i])
			wire_fail_numbers(words, at, R_SMB1_FAMILY, "command", x->family, u->command);
	secondary_words(&t, words, u->command);
	regions(r, &t, bytes, at, &params, &data);
	adds_up(x, &t, &mark);
	wire_take(bytes, wire_left(bytes), "bytes");
	if (q && q->interim) { /* 3.2.4.1.5: a client waits until the server wants more; it might refuse the first piece */
		r->why_wait = R_SMB1_SECONDARY;
		r->wait_ms = (uint32_t)r->cx->limit[SMB_LIMIT_WAIT];
	}
	u->family = x->family;
	u->piece = true;
	all = x->parts;
	all.total_params = t.total_params;
	all.total_data = t.total_data;
	smb_fact_number(r->cx, SMB_FACT_CODE, all.function);
	u->completes = keep(r, &all, &mark, &params, &data);
	if (u->completes)
		whole(r, &all, x->rap, &mark, &params, &data);
	u->of.trans.parts = t;
}

static void answer_words(struct smb1_parts *t, struct wire *words, bool nt)
{
	uint32_t (*count)(struct wire *w, const char *field) = wire_le32;

	if (nt)
		wire_take(words, 3, "reserved1");
	t->total_params = nt ? count(words, "total_parameter_count") : wire_le16(words, "total_parameter_count");
	t->total_data = nt ? count(words, "total_data_count") : wire_le16(words, "total_data_count");
	if (!nt)
		wire_le16(words, "reserved1");
	t->params = nt ? count(words, "parameter_count") : wire_le16(words, "parameter_count");
	t->params_at = nt ? count(words, "parameter_offset") : wire_le16(words, "parameter_offset");
	t->params_before = nt ? count(words, "parameter_displacement") : wire_le16(words, "parameter_displacement");
	t->data = nt ? count(words, "data_count") : wire_le16(words, "data_count");
	t->data_at = nt ? count(words, "data_offset") : wire_le16(words, "data_offset");
	t->data_before = nt ? count(words, "data_displacement") : wire_le16(words, "data_displacement");
	t->setups = wire_u8(words, "setup_count");
}

/* What an opening transaction answers: the FID (2.2.6.1.2, 2.2.7.1.2; of POSIX_OPEN in its data, 0 for a directory it made). */
static void opened(struct smb1_read *r, const struct smb1_request *q, const struct smb1_parts *t, struct wire *params, struct wire *data)
{
	struct smb1_unit *u = r->unit;

	if (u->family == CMD_TRANS2 && q->function == SET_PATH && q->opens && t->data >= 4 && !t->data_before) {
		wire_le16(data, "oplock_level");
		u->fid = wire_le16(data, "fid");
		u->opens = u->fid;
	}
	if (t->params < 4 || t->params_before)
		return;
	if (u->family == CMD_TRANS2 && q->function == OPEN2) {
		u->fid = wire_le16(params, "fid");
		u->opens = true;
	} else if (u->family == CMD_NT_TRANSACT && q->function == NT_CREATE) {
		wire_le16(params, "oplock_level");
		u->fid = wire_le16(params, "fid");
		u->opens = true;
	}
}

void smb1_trans_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit          *u = r->unit;
	const struct smb1_request *q = r->asked;
	struct smb1_parts          t = {0};
	bool                       nt = u->chain[u->links - 1] == CMD_NT_TRANSACT;
	uint32_t                   at = wire_offset(words);
	struct wire                params, data, mark = *words;

	u->family = u->chain[u->links - 1];
	answer_words(&t, words, nt);
	if (!words->fault->why && r->words != (nt ? 18 : 10) + t.setups) {
		wire_fail_numbers(words, at - 1, R_SMB1_WORDS, "word_count", (nt ? 18 : 10) + t.setups, r->words);
		return;
	}
	wire_take(words, wire_left(words), "setup");
	regions(r, &t, bytes, at, &params, &data);
	if (t.total_params > q->max_params || t.total_data > q->max_data)
		wire_fail_numbers(&mark, at, R_SMB1_ANSWER_LARGER, "total_data_count", t.total_data > q->max_data ? q->max_data : q->max_params,
				  t.total_data > q->max_data ? t.total_data : t.total_params);
	if ((t.params && t.params_before != q->params) || (t.data && t.data_before != q->data) ||
	    (uint64_t)q->params + t.params > t.total_params || (uint64_t)q->data + t.data > t.total_data)
		wire_fail_numbers(&mark, at, R_SMB1_TOTALS, "data_displacement", q->data, t.data_before);
	wire_take(bytes, wire_left(bytes), "bytes");
	if (words->fault->why)
		return;
	u->answered_params = t.params;
	u->answered_data = t.data;
	u->taken = RPC_TAKEN_ALL;
	u->final = q->params + t.params == t.total_params && q->data + t.data == t.total_data;
	opened(r, q, &t, &params, &data);
	if (u->opens && !smb1_room(r, &mark, SMB_FILES))
		return;
	if (q->rpc && t.data) {
		struct wire    where = data;
		size_t         n = wire_left(&data);
		const uint8_t *p = wire_take(&data, n, "data");

		r->file = table_get(r->cx, SMB_FILES, q->fid);
		u->fid = q->fid;
		if (r->file)
			smb1_pipe(r, &where, p, n, false);
	}
}
