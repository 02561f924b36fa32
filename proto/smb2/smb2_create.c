/* CREATE of SMB 2: names of files and pipes, what is asked of them, and create contexts. */
/*
 * Spec: MS-SMB2 2.2.13, 2.2.14; MS-RSVD, MS-SQOS and Apple's for the contexts of others.
 * Input from: clients with a session and a tree; answers of servers.
 * Limits: smb.path, smb.files; 32 create contexts.
 * Not done: handles of an earlier connection (durable reconnect) are refused unless tolerated.
 */
#include "proto/smb2/smb2_int.h"

#include <string.h>

#include "base/utf16.h"

enum { CONTEXTS_MAX = 32, OPEN = 1, DISPOSITION_MAX = 5, IMPERSONATION_MAX = 3, PIPE_UNITS_MAX = 256 };

/* Sizes a known context's data may have in a request: least, most, and in an answer; a name of 16 octets is a GUID. */
struct known {
	const char *name;
	uint32_t    least, most, answer_least, answer_most;
};

static const struct known knowns[] = {
	{"ExtA", 0, 65536, 0, 0},  {"SecD", 0, 65536, 0, 0},  {"DHnQ", 16, 16, 0, 8},  {"DHnC", 16, 16, 0, 8},
	{"AlSi", 8, 8, 0, 0},      {"MxAc", 0, 8, 8, 8},      {"TWrp", 8, 8, 0, 0},    {"QFid", 0, 0, 32, 32},
	{"RqLs", 32, 52, 32, 52},  {"DH2Q", 32, 32, 8, 8},    {"DH2C", 36, 36, 0, 8},  {"AAPL", 8, 4096, 8, 4096},
};

static const struct known *known_of(const uint8_t *name, size_t n)
{
	for (size_t i = 0; n == 4 && i < sizeof(knowns) / sizeof(knowns[0]); i++)
		if (memcmp(knowns[i].name, name, 4) == 0)
			return &knowns[i];
	return NULL;
}

static bool is_reconnect(const struct known *k)
{
	return memcmp(k->name, "DHnC", 4) == 0 || memcmp(k->name, "DH2C", 4) == 0;
}

static void known_context(struct smb2_read *r, const struct known *k, const struct wire *c, uint32_t n)
{
	bool     answer = r->u->from == SIDE_SERVER;
	uint32_t least = answer ? k->answer_least : k->least, most = answer ? k->answer_most : k->most;
	uint32_t tolerated = r->cx->tolerate >> (SMB_TOLERANCE_SMB2 + SMB2_TOLERATE_DURABLE) & 1;

	if (n < least || n > most)
		wire_fail_numbers(c, wire_offset(c), R_SMB2_CREATE_CONTEXT, "data_length", n < least ? least : most, n);
	else if (!answer && is_reconnect(k) && !tolerated)
		wire_fail(c, wire_offset(c), R_SMB2_DURABLE_RECONNECT, "name");
}

/* One context of `size` octets: name behind the 16 fixed ones, data behind the name (2.2.13.2). */
static void context(struct smb2_read *r, const struct wire *c, size_t size)
{
	struct wire    w = *c, n;
	uint32_t       name, length, data, data_length;
	const uint8_t *p;
	const struct known *k;

	wire_le32(&w, "next");
	name = wire_le16(&w, "name_offset");
	length = wire_le16(&w, "name_length");
	wire_le16(&w, "reserved");
	data = wire_le16(&w, "data_offset");
	data_length = wire_le32(&w, "data_length");
	if (r->cx->fault.why)
		return;
	if (name < 16 || length < 4 || name > size || length > size - name ||
	    (data_length && (data < name + length || data % 8 || data > size || data_length > size - data))) {
		wire_fail_numbers(c, wire_offset(c), R_SMB2_CREATE_CONTEXT, "data_offset", size, data);
		return;
	}
	n = wire_at(c, name, length, "name");
	p = wire_take(&n, length, "name");
	k = p ? known_of(p, length) : NULL;
	if (k)
		known_context(r, k, c, data_length);
}

/* The chain: each Next a multiple of 8 that leads to a whole context (2.2.13.2). */
static void contexts(struct smb2_read *r, struct wire list)
{
	uint16_t count = 0;

	wire_list(&list);
	while (wire_more(&list)) {
		struct wire head = list, one;
		uint32_t    next = wire_le32(&head, "next");
		size_t      left = wire_left(&list);

		wire_element(&list);
		if (next && (next % 8 || next < 16 || next > left - 4))
			wire_fail_numbers(&list, wire_offset(&list), R_SMB2_CREATE_CONTEXT, "next", left, next);
		if (++count > CONTEXTS_MAX)
			wire_fail_numbers(&list, wire_offset(&list), R_SMB2_CREATE_CONTEXT, "", CONTEXTS_MAX, count);
		one = wire_sub(&list, next ? next : left, "context");
		context(r, &one, next ? next : left);
	}
}

static void context_list(struct smb2_read *r, uint32_t off, uint32_t n)
{
	if (n && off % 8 && !r->cx->fault.why)
		wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_CREATE_CONTEXT, "create_contexts_offset", 8, off);
	contexts(r, smb2_field(r, off, n, "create_contexts"));
}

/* A pipe has no folders (CVE-2017-7494 loads a library named so), and no name as long as a path. */
static void pipe_name(struct smb2_read *r, const struct wire *name, const uint8_t *p, size_t n)
{
	size_t skip = n >= 2 && utf16_is_nocase(p, 2, "\\") ? 2 : 0;

	if (n >= 10 && utf16_is_nocase(p, 10, "PIPE\\"))
		skip = 10;
	for (size_t i = skip; i < n; i += 2)
		if (utf16_is_nocase(p + i, 2, "\\") || utf16_is_nocase(p + i, 2, "/"))
			wire_fail(name, wire_offset(name) + (uint32_t)i, R_SMB2_PIPE_NAME, "name");
	if (n == skip || n / 2 > PIPE_UNITS_MAX)
		wire_fail_numbers(name, wire_offset(name), R_SMB2_PIPE_NAME, "name", PIPE_UNITS_MAX, n / 2);
	r->u->name = p + skip;
	r->u->name_len = (uint32_t)(n - skip);
	smb_fact_name(r->cx, SMB_FACT_PIPE, p + skip, n - skip, true, true);
}

/* `known`: the name is all of the path. */
static void file_name(struct smb2_read *r, struct wire name, bool known)
{
	size_t         n = wire_left(&name);
	struct wire    w = name;
	const uint8_t *p;

	smb2_path(r, &name, "name");
	p = wire_take(&w, n, "name");
	if (!p)
		return;
	if (r->tree->kind == SMB_KIND_PIPE) {
		pipe_name(r, &name, p, n);
		return;
	}
	if (n >= 2 && utf16_is_nocase(p, 2, "\\"))
		wire_fail(&name, wire_offset(&name), R_SMB2_NAME, "name");
	smb_fact_path(r->cx, SMB_FACT_PATH, p, n, true, known);
}

void smb2_create_request(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint32_t     access, disposition, options, off, n;

	wire_u8(w, "security_flags");
	wire_u8(w, "requested_oplock_level");
	wire_le32_range(w, 0, IMPERSONATION_MAX, R_SMB2_VALUE, "impersonation_level");
	wire_take(w, 16, "flags");
	access = wire_le32(w, "desired_access");
	wire_le32(w, "file_attributes");
	wire_le32(w, "share_access");
	disposition = wire_le32_range(w, 0, DISPOSITION_MAX, R_SMB2_VALUE, "create_disposition");
	options = wire_le32(w, "create_options");
	off = wire_le16(w, "name_offset");
	n = wire_le16(w, "name_length");
	if (n % 2)
		wire_fail_numbers(w, wire_offset(w) - 2, R_SMB2_NAME, "name_length", 0, n);
	file_name(r, smb2_field(r, off, n, "name"), !(options & SMB_OPEN_BY_ID) && !(r->u->flags & SMB2_FLAG_DFS));
	smb_fact_options(r->cx, options);
	off = wire_le32(w, "create_contexts_offset");
	n = wire_le32(w, "create_contexts_length");
	context_list(r, off, n);
	if (r->tree->kind != SMB_KIND_PIPE)
		smb_fact_number(r->cx, SMB_FACT_ACCESS,
				access & SMB_CHANGING || disposition != OPEN || options & SMB_DELETE_ON_CLOSE ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
	smb2_room(r, SMB_FILES);
}

void smb2_create_answer(struct smb2_read *r)
{
	struct wire      *w = &r->w;
	struct smb2_unit *u = r->u;
	uint32_t          off, n;

	wire_u8(w, "oplock_level");
	wire_u8(w, "flags");
	wire_le32(w, "create_action");
	wire_take(w, 48, "times_and_sizes");
	wire_le32(w, "file_attributes");
	wire_le32(w, "reserved2");
	u->persistent = wire_le64(w, "persistent");
	u->volatile_ = wire_le64(w, "volatile");
	off = wire_le32(w, "create_contexts_offset");
	n = wire_le32(w, "create_contexts_length");
	context_list(r, off, n);
	if ((u->persistent == SMB2_ANY_ID && u->volatile_ == SMB2_ANY_ID) ||
	    table_get(r->cx, SMB_FILES, smb2_file_key(r->asked->session, u->persistent, u->volatile_)))
		wire_fail_numbers(w, wire_offset(w), R_SMB2_ANSWER, "file_id", 0, u->volatile_);
	smb2_room(r, SMB_FILES);
}
