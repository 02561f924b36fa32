/* Reads what sets SMB 1 up: dialects, sessions, trees. */
/*
 * Spec: MS-CIFS 2.2.4.50 to 2.2.4.55, MS-SMB 2.2.4.5 to 2.2.4.7.
 * Input from: either peer, before anybody has proved who he is.
 * Limits: smb.token, smb.path, 32 dialects, password fields of 1024 bytes.
 * Not done: plaintext passwords are not told from hashes.
 */
#include "proto/smb1/smb1_int.h"

enum { PASSWORD_MAX = 1024, BUFFER_MIN = 1024, MODE_USER = 1, MODE_SIGNING_REQUIRED = 8 };
#define CAP_UNICODE           0x00000004u
#define CAP_EXTENDED_SECURITY 0x80000000u

/* VcNumber 0 tells a server that every other connection from this address is dead. */
static const uint8_t vc_one[2] = {1, 0};

static uint8_t dialect_of(struct smb1_text t)
{
	static const struct {
		const char *name;
		uint8_t     dialect;
	} known[] = {
		{"NT LM 0.12", SMB_DIALECT_NT1}, {"NT LANMAN 1.0", SMB_DIALECT_NT1}, {"SMB 2.002", SMB_DIALECT_202},
		{"SMB 2.???", SMB_DIALECT_210}, {"PC NETWORK PROGRAM 1.0", SMB_DIALECT_CORE}, {"PCLAN1.0", SMB_DIALECT_CORE},
		{"MICROSOFT NETWORKS 1.03", SMB_DIALECT_CORE}, {"XENIX CORE", SMB_DIALECT_CORE},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (smb1_text_is(t, known[i].name))
			return known[i].dialect;
	return SMB_DIALECT_LANMAN;
}

void smb1_negotiate(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit *u = r->unit;

	(void)words;
	wire_list(bytes);
	while (wire_more(bytes)) {
		uint32_t         at = wire_offset(bytes);
		struct smb1_text t;
		uint8_t          d;

		wire_element(bytes);
		wire_want_u8(bytes, 2, R_SMB1_DIALECT, "buffer_format");
		t = smb1_text(r, bytes, false, "dialect");
		d = dialect_of(t);
		if (u->offers == SMB1_DIALECTS_MAX || t.n > 64) {
			wire_fail(bytes, at, R_SMB1_DIALECT, "dialect");
			return;
		}
		u->of.offered[u->offers++] = d;
		u->offers_smb2 |= d == SMB_DIALECT_202 || d == SMB_DIALECT_210;
	}
	if (!bytes->fault->why && !u->offers)
		wire_fail(bytes, wire_offset(bytes), R_SMB1_DIALECT, "dialect");
	/* CVE-2009-3103: where it speaks SMB 2 the server takes these octets for a command's number. */
	if (!bytes->fault->why && u->offers_smb2 && r->pid_high)
		wire_fail_numbers(bytes, r->pid_high_at, R_SMB1_PID_HIGH, "pid_high", 0, r->pid_high);
}

static void nt_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit *u = r->unit;
	uint8_t           mode = wire_u8(words, "security_mode"), challenge;

	u->user_level = mode & MODE_USER;
	u->signing = mode & MODE_SIGNING_REQUIRED;
	wire_take(words, 4, "max_mpx_count");
	wire_take(words, 12, "max_buffer_size");
	u->capabilities = wire_le32(words, "capabilities");
	wire_take(words, 10, "system_time");
	challenge = wire_u8(words, "challenge_length");
	u->can_unicode = u->capabilities & CAP_UNICODE;
	u->extended = u->capabilities & CAP_EXTENDED_SECURITY;
	if (u->extended) {
		struct auth_state none = {0};
		struct wire       blob;

		wire_take(bytes, 16, "server_guid");
		blob = wire_sub(bytes, wire_left(bytes), "security_blob");
		if (wire_left(&blob))
			auth_read(&none, &r->inner->auth, &blob, SIDE_SERVER, &smb_auth_seat, r->cx);
		return;
	}
	wire_take(bytes, challenge, "challenge");
	wire_take(bytes, wire_left(bytes), "domain_name");
}

void smb1_negotiate_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit *u = r->unit;
	uint32_t          at = wire_offset(words);
	uint16_t          index = wire_le16(words, "dialect_index");

	if (words->fault->why)
		return;
	if (index == 0xffff) {
		u->failed = true;
		wire_take(bytes, wire_left(bytes), "bytes");
		return;
	}
	if (index >= r->state->offers) {
		wire_fail_numbers(words, at, R_SMB1_DIALECT, "dialect_index", r->state->offers, index);
		return;
	}
	u->dialect = r->state->offered[index];
	if ((u->dialect == SMB_DIALECT_NT1) != (r->words == 17) || u->dialect > SMB_DIALECT_NT1)
		wire_fail_numbers(words, at, R_SMB1_DIALECT, "dialect_index", r->words, index);
	else if (r->words == 17)
		nt_answer(r, words, bytes);
	else if (r->words == 13)
		u->user_level = wire_le16(words, "security_mode") & MODE_USER;
	wire_take(bytes, wire_left(bytes), "bytes");
}

/* MaxBufferSize and the words every form has; leaves the view behind SessionKey. */
static void setup_words(struct smb1_read *r, struct wire *words)
{
	uint32_t at = wire_offset(words);
	uint16_t size = wire_le16(words, "max_buffer_size"), vc;

	if (size < BUFFER_MIN)
		wire_fail_numbers(words, at, R_SMB1_BUFFER, "max_buffer_size", BUFFER_MIN, size);
	wire_take(words, 2, "max_mpx_count");
	at = wire_offset(words);
	vc = wire_le16(words, "vc_number");
	if (!vc && !r->unit->is_signed && !words->fault->why)
		r->cx->patch[r->cx->patches++] = (struct patch){.form = PATCH_BYTES, .offset = at, .old_len = 2, .bytes = vc_one, .len = 2};
	wire_take(words, 4, "session_key");
}

static uint16_t password_length(struct wire *words, const char *field)
{
	return wire_le16_range(words, 0, PASSWORD_MAX, R_SMB1_PASSWORD, field);
}

static void account(struct smb1_read *r, struct wire *bytes)
{
	struct smb1_text name, domain;

	smb1_align(r, bytes);
	if (!wire_left(bytes))
		return;
	name = smb1_text(r, bytes, r->unicode, "account_name");
	r->unit->identity = name.n ? SMB_IDENTITY_USER : SMB_IDENTITY_ANONYMOUS;
	smb_fact_name(r->cx, SMB_FACT_AUTH + AUTH_FACT_USER, name.p, name.p ? name.n : 0, name.utf16, false);
	if (!wire_more(bytes))
		return;
	domain = smb1_text(r, bytes, r->unicode, "primary_domain");
	smb_fact_name(r->cx, SMB_FACT_AUTH + AUTH_FACT_DOMAIN, domain.p, domain.p ? domain.n : 0, domain.utf16, false);
}

/* The blob of extended security, and the negotiation it belongs to. */
static void blob(struct smb1_read *r, struct wire *bytes, uint32_t at, uint16_t n, enum side from)
{
	struct auth_state        none = {0};
	const struct auth_state *auth = &none;
	uint64_t                 limit = r->cx->limit[SMB_LIMIT_TOKEN];
	struct wire              token;

	if (from == SIDE_SERVER)
		auth = &r->asked->auth;
	else if (r->session && (!r->session->established || r->session->setting))
		auth = &r->session->auth;
	if (n > limit)
		wire_fail_numbers(bytes, at, R_SMB1_TOKEN, "security_blob_length", limit, n);
	token = wire_sub(bytes, n, "security_blob");
	if (!n || bytes->fault->why)
		return;
	r->unit->has_token = true;
	auth_read(auth, &r->inner->auth, &token, from, &smb_auth_seat, r->cx);
	r->unit->identity = r->inner->auth.anonymous ? SMB_IDENTITY_ANONYMOUS : SMB_IDENTITY_USER;
}

void smb1_setup(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit *u = r->unit;
	uint32_t          at;

	u->sets_up = true;
	if (!smb1_room(r, words, SMB_SESSIONS))
		return;
	if ((r->words == 10) == (r->state->dialect == SMB_DIALECT_NT1)) /* servers read the words of the dialect that was agreed on */
		wire_fail(words, wire_offset(words), R_SMB1_WORDS, "word_count");
	setup_words(r, words);
	at = wire_offset(words);
	if (r->words == 12) {
		uint16_t n = wire_le16(words, "security_blob_length");
		uint32_t capabilities;

		u->extended = true;
		wire_le32(words, "reserved");
		capabilities = wire_le32(words, "capabilities");
		/* Servers take 12 words for 13 where the client does not say in both places what they are. */
		if (!r->state->extended || !(r->flags2 & FLAGS2_EXTENDED) || !(capabilities & CAP_EXTENDED_SECURITY))
			wire_fail(words, at, R_SMB1_WORDS, "word_count");
		blob(r, bytes, at, n, SIDE_CLIENT);
		smb1_align(r, bytes);
		smb1_tail_texts(r, bytes, 3);
		return;
	}
	if (r->words == 13) {
		uint16_t oem = password_length(words, "oem_password_length"), uni = password_length(words, "unicode_password_length");

		wire_take(words, 8, "capabilities");
		wire_take(bytes, oem, "oem_password");
		wire_take(bytes, uni, "unicode_password");
	} else {
		uint16_t oem = password_length(words, "password_length");

		wire_take(words, 4, "reserved");
		wire_take(bytes, oem, "password");
	}
	account(r, bytes);
	smb1_tail_texts(r, bytes, 3);
}

void smb1_setup_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	struct smb1_unit *u = r->unit;
	uint32_t          at;
	uint16_t          action = wire_le16(words, "action"), n;

	u->sets_up = true;
	u->identity = r->asked->identity;
	if (!table_get(r->cx, SMB_SESSIONS, u->uid) && !smb1_room(r, words, SMB_SESSIONS))
		return;
	if (r->words == 4) {
		at = wire_offset(words);
		n = wire_le16(words, "security_blob_length");
		u->extended = true;
		blob(r, bytes, at, n, SIDE_SERVER);
		u->identity = r->asked->identity;
		smb1_align(r, bytes);
	}
	if (action & 1)
		u->identity = SMB_IDENTITY_GUEST;
	smb1_align(r, bytes);
	smb1_tail_texts(r, bytes, 4);
}

/* The last component of \\server\share, in lower case. */
static void share(struct smb1_read *r, const struct wire *w, uint32_t at, struct smb1_text t)
{
	struct smb1_unit *u = r->unit;
	size_t            width = t.utf16 ? 2 : 1, n = t.n / width, from = 0;
	bool              plain = true;

	if (w->fault->why || !t.p)
		return;
	if (n > 1024)
		wire_fail_numbers(w, at, R_SMB1_PATH, "path", 1024, n);
	for (size_t i = 0; i < n; i++)
		if (smb1_character(t, i) == '\\')
			from = i + 1;
	t = (struct smb1_text){t.p + from * width, (n - from) * width, t.utf16}; /* UNSAFE: from is at most n */
	n -= from;
	smb_fact_name(r->cx, SMB_FACT_SHARE, t.p, t.n, t.utf16, true);
	u->name.len = 0;
	for (size_t i = 0; i < n && i < SMB1_SHARE_MAX; i++) {
		uint16_t c = smb1_character(t, i);

		plain &= c < 0x7f;
		u->name.utf8[u->name.len++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	if (!plain || n > SMB1_SHARE_MAX) /* later requests cannot say which: unknown */
		u->name.len = 0;
}

static uint8_t service_kind(struct smb1_text t)
{
	if (smb1_text_is(t, "A:"))
		return SMB_KIND_DISK;
	if (smb1_text_is(t, "IPC"))
		return SMB_KIND_PIPE;
	if (smb1_text_is(t, "LPT1:") || smb1_text_is(t, "COMM") || smb1_text_is(t, "LPT1"))
		return SMB_KIND_PRINT;
	return SMB_KIND_UNKNOWN;
}

static void service(struct smb1_read *r, struct wire *bytes)
{
	uint32_t         at = wire_offset(bytes);
	struct smb1_text t = smb1_text(r, bytes, false, "service");

	r->unit->tree_kind = service_kind(t);
	if (!bytes->fault->why && !r->unit->tree_kind && (r->message->from == SIDE_SERVER || !smb1_text_is(t, "?????"))) {
		r->unit->status = STATUS_BAD_DEVICE_TYPE;
		wire_fail(bytes, at, R_SMB1_SERVICE, "service");
	}
}

void smb1_tree_connect(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint32_t         at;
	struct smb1_text t;

	r->unit->connects = true;
	if (!smb1_room(r, words, SMB_TREES))
		return;
	wire_want_u8(bytes, 4, R_SMB1_BLOCK, "buffer_format");
	at = wire_offset(bytes);
	t = smb1_text(r, bytes, false, "path");
	share(r, bytes, at, t);
	wire_want_u8(bytes, 4, R_SMB1_BLOCK, "buffer_format");
	smb1_text(r, bytes, false, "password");
	wire_want_u8(bytes, 4, R_SMB1_BLOCK, "buffer_format");
	service(r, bytes);
	if (!r->unit->tree_kind) /* the answer will not say */
		r->unit->tree_kind = r->unit->name.len == 4 && !memcmp(r->unit->name.utf8, "ipc$", 4) ? SMB_KIND_PIPE : SMB_KIND_DISK;
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}

void smb1_tree_connect_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	(void)bytes;
	if (!smb1_room(r, words, SMB_TREES))
		return;
	wire_le16(words, "max_buffer_size");
	r->unit->tid = wire_le16(words, "tid");
	r->unit->connects = true;
	r->unit->tree_kind = r->asked->kind;
}

void smb1_tree_andx(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	uint16_t         password;
	uint32_t         at;
	struct smb1_text t;

	r->unit->connects = true;
	if (!smb1_room(r, words, SMB_TREES))
		return;
	r->unit->leaves = wire_le16(words, "flags") & DISCONNECT_TID;
	password = password_length(words, "password_length");
	wire_take(bytes, password, "password");
	smb1_align(r, bytes);
	at = wire_offset(bytes);
	t = smb1_text(r, bytes, r->unicode, "path");
	share(r, bytes, at, t);
	service(r, bytes);
	if (wire_left(bytes) > 8) /* several clients count what they pad with */
		wire_end(bytes, R_SMB1_BYTES, "byte_count");
	wire_take(bytes, wire_left(bytes), "pad");
}

void smb1_tree_andx_answer(struct smb1_read *r, struct wire *words, struct wire *bytes)
{
	r->unit->connects = true;
	if (!smb1_room(r, words, SMB_TREES))
		return;
	service(r, bytes);
	if (r->asked->opens && r->unit->tree_kind == SMB_KIND_PIPE && r->asked->kind != SMB_KIND_PIPE)
		wire_fail(words, wire_offset(words), R_SMB1_SERVICE, "service"); /* what was opened with it was read as a file's path */
	smb1_align(r, bytes);
	smb1_tail_texts(r, bytes, 1);
}
