/* Reads the texts of SMB 1 messages: OEM or Unicode, paths, names of pipes, and data bytes by a command's rule. */
/*
 * Spec: MS-CIFS 2.2.1.1, 2.2.3.3; alignment of Unicode from 2.2.1.1.
 * Input from: either peer.
 * Limits: smb.path; every other text 1024 characters.
 * Not done: code pages: octets outside ASCII are refused unless smb1.oem is tolerated.
 */
#include "proto/smb1/smb1_int.h"

#include "base/utf16.h"

enum { TEXT_MAX = 1024 };

/* Texts in Unicode stand at even offsets from the header. */
void smb1_align(struct smb1_read *r, struct wire *w)
{
	if (r->unicode && (wire_offset(w) - r->base) % 2 && wire_left(w))
		wire_take(w, 1, "pad");
}

/* Well formed, without NUL, and ASCII where no code page is declared. */
static void check(struct smb1_read *r, const struct wire *w, uint32_t at, struct smb1_text t, const char *field)
{
	if (w->fault->why)
		return;
	if (t.utf16) {
		size_t bad = utf16_bad(t.p, t.n, false), nul = utf16_nul(t.p, t.n);

		if (bad < t.n || nul < t.n)
			wire_fail(w, at + (uint32_t)(bad < nul ? bad : nul), R_SMB1_STRING, field);
		return;
	}
	for (size_t i = 0; i < t.n; i++) {
		if (!smb1_character(t, i))
			wire_fail(w, at + (uint32_t)i, R_SMB1_STRING, field);
		else if (smb1_character(t, i) > 0x7e && !(r->cx->tolerate >> (SMB_TOLERANCE_SMB1 + SMB1_TOLERATE_OEM) & 1))
			wire_fail(w, at + (uint32_t)i, R_SMB1_OEM, field);
	}
}

/* Octets before the terminator; SIZE_MAX when there is none. */
static size_t length(const struct wire *w, bool utf16)
{
	size_t         left = wire_left(w), nul;
	const uint8_t *end;

	if (!left)
		return SIZE_MAX;
	if (utf16) {
		nul = utf16_nul(w->p, left & ~(size_t)1); /* UNSAFE: left bytes stand behind p */
		return nul < (left & ~(size_t)1) ? nul : SIZE_MAX;
	}
	end = memchr(w->p, 0, left); /* UNSAFE: left bytes stand behind p */
	return end ? (size_t)(end - w->p) : SIZE_MAX; /* UNSAFE: both in the view */
}

struct smb1_text smb1_text(struct smb1_read *r, struct wire *w, bool utf16, const char *field)
{
	size_t           n = length(w, utf16);
	uint32_t         at = wire_offset(w);
	struct smb1_text t = {NULL, 0, utf16};

	if (n == SIZE_MAX) {
		wire_fail(w, at, R_SMB1_STRING, field);
		return t;
	}
	t.p = wire_take(w, n, field);
	t.n = n;
	wire_take(w, utf16 ? 2 : 1, field);
	check(r, w, at, t, field);
	return t;
}

struct smb1_text smb1_text_all(struct smb1_read *r, struct wire *w, bool utf16, const char *field)
{
	uint32_t         at = wire_offset(w);
	struct smb1_text t = {NULL, wire_left(w), utf16};

	t.p = wire_take(w, t.n, field);
	if (utf16 && t.n % 2) /* OS/2 and Samba count one NUL too many, or half of one */
		t.n--;
	while (t.p && t.n && !smb1_character(t, t.n / (utf16 ? 2 : 1) - 1))
		t.n -= utf16 ? 2 : 1;
	check(r, w, at, t, field);
	return t;
}

void smb1_tail_texts(struct smb1_read *r, struct wire *w, unsigned most)
{
	for (unsigned i = 0; i < most && wire_more(w); i++) {
		size_t n = length(w, r->unicode), left = wire_left(w);

		if (n == SIZE_MAX)
			n = left;
		else
			n += r->unicode ? 2 : 1;
		if (n > (size_t)TEXT_MAX * (r->unicode ? 2 : 1))
			wire_fail(w, wire_offset(w), R_SMB1_STRING, "native_text");
		wire_take(w, n, "native_text");
	}
	if (wire_left(w) > 8)
		wire_fail_numbers(w, wire_offset(w), R_SMB1_BYTES, "bytes", 0, wire_left(w));
	wire_take(w, wire_left(w), "pad");
}

bool smb1_text_is(struct smb1_text t, const char *ascii)
{
	size_t n = strlen(ascii);

	if (!t.p)
		return false;
	if (t.utf16)
		return utf16_is_nocase(t.p, t.n, ascii);
	if (t.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t a = (uint8_t)smb1_character(t, i), b = (uint8_t)ascii[i];

		if ((a | (a >= 'A' && a <= 'Z' ? 0x20 : 0)) != (b | (b >= 'A' && b <= 'Z' ? 0x20 : 0)))
			return false;
	}
	return true;
}

uint16_t smb1_character(struct smb1_text t, size_t i)
{
	return t.utf16 ? (uint16_t)(t.p[2 * i] | t.p[2 * i + 1] << 8) : t.p[i]; /* UNSAFE: callers keep i below the count */
}

/* Starts with this ASCII text, without case. */
static bool begins(struct smb1_text t, const char *ascii)
{
	size_t           width = t.utf16 ? 2 : 1, n = strlen(ascii) * width;
	struct smb1_text head = {t.p, n, t.utf16};

	return t.n >= n && smb1_text_is(head, ascii);
}

static struct smb1_text without(struct smb1_text t, size_t characters)
{
	size_t n = characters * (t.utf16 ? 2 : 1);

	return (struct smb1_text){t.p + n, t.n - n, t.utf16}; /* UNSAFE: begins() has seen these characters */
}

/* A pipe is named by letters, digits and a few signs: no separators, so that no path can pass for one. */
void smb1_pipe_name(struct smb1_read *r, const struct wire *w, uint32_t at, struct smb1_text t)
{
	struct smb1_unit *u = r->unit;
	size_t            n;

	if (w->fault->why || !t.p)
		return;
	if (begins(t, "\\PIPE\\"))
		t = without(t, 6);
	else if (begins(t, "\\"))
		t = without(t, 1);
	n = t.n / (t.utf16 ? 2 : 1);
	if (n > 255)
		wire_fail_numbers(w, at, R_SMB1_PIPE_NAME, "name", 255, n);
	u->status = n > 255 ? STATUS_NAME_NOT_FOUND : u->status;
	u->name.len = 0;
	for (size_t i = 0; i < n && n <= 255; i++) {
		uint16_t c = smb1_character(t, i);

		if (c < 0x20 || c > 0x7e || strchr("\\/:*?\"<>|", c)) {
			u->status = STATUS_NAME_NOT_FOUND;
			wire_fail_numbers(w, at, R_SMB1_PIPE_NAME, "name", 0, c);
			return;
		}
		if (i < SMB1_PIPE_MAX)
			u->name.utf8[u->name.len++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	if (n > SMB1_PIPE_MAX)
		u->name.len = 0; /* later requests cannot say which: unknown */
	smb_fact_name(r->cx, SMB_FACT_PIPE, t.p, t.n, t.utf16, true);
}

void smb1_path(struct smb1_read *r, const struct wire *w, uint32_t at, struct smb1_text t, enum smb_fact fact)
{
	uint64_t limit = r->cx->limit[SMB_LIMIT_PATH], n = t.n / (t.utf16 ? 2 : 1);

	if (w->fault->why || !t.p)
		return;
	if (n > limit) {
		wire_fail_numbers(w, at, R_SMB1_PATH, "path", limit, n);
		return;
	}
	smb_fact_path(r->cx, fact, t.p, t.n, t.utf16, !(r->flags2 & FLAGS2_DFS)); /* DFS: a server and a share stand in front, or not */
}

/* Deleting and renaming take patterns (MS-CIFS 2.2.4.7, 2.2.4.8): which files those are, the server knows. */
static bool several(const struct smb1_read *r, struct smb1_text t)
{
	uint8_t code = r->unit->chain[r->unit->links - 1];

	if (code != CMD_DELETE && code != CMD_RENAME && code != CMD_NT_RENAME)
		return false;
	for (size_t i = 0; t.p && i < t.n / (t.utf16 ? 2 : 1); i++) {
		uint16_t c = smb1_character(t, i);

		if (c == '*' || c == '?' || c == '<' || c == '>' || c == '"')
			return true;
	}
	return false;
}

/* A text behind its format octet: paths and other names. */
static void formatted(struct smb1_read *r, struct wire *w, char rule)
{
	uint32_t         at;
	struct smb1_text t;

	wire_want_u8(w, 4, R_SMB1_BLOCK, "buffer_format");
	smb1_align(r, w);
	at = wire_offset(w);
	t = smb1_text(r, w, r->unicode, rule == 'q' ? "new_file_name" : "file_name");
	if (rule == 'p' || rule == 'q')
		smb1_path(r, w, at, t, rule == 'p' ? SMB_FACT_PATH : SMB_FACT_NEW_PATH);
	if ((rule == 'p' || rule == 'q') && several(r, t))
		smb_fact_unknown(r->cx, rule == 'p' ? SMB_FACT_PATH : SMB_FACT_NEW_PATH);
	if (rule == 'p' && r->unit->opens && smb1_kind(r) == SMB_KIND_PIPE)
		smb1_pipe_name(r, w, at, t);
}

static void block(struct wire *w, uint8_t format)
{
	uint16_t n;

	wire_want_u8(w, format, R_SMB1_BLOCK, "buffer_format");
	n = wire_le16(w, "data_length");
	wire_take(w, n, "data");
}

void smb1_bytes(struct smb1_read *r, struct wire *bytes, const char *rule)
{
	bool text = false;

	for (; *rule && !bytes->fault->why; rule++) {
		text = *rule == 'p' || *rule == 'q';
		if (*rule >= 'A' && *rule <= 'Z' && !wire_left(bytes))
			continue;
		switch (*rule | 0x20) {
		case 'p':
		case 'q':
		case 's':
			formatted(r, bytes, *rule);
			break;
		case 'v':
			block(bytes, 5);
			break;
		case 'd':
			block(bytes, 1);
			break;
		default:
			wire_take(bytes, wire_left(bytes), "bytes");
		}
	}
	if (text && wire_left(bytes) <= 2 && !wire_peek(bytes)) /* impacket ends a name twice */
		wire_take(bytes, wire_left(bytes), "pad");
	wire_end(bytes, R_SMB1_BYTES, "byte_count");
}
