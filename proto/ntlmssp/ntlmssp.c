/* Reads an NTLMSSP message: its fixed part, and the fields that point behind it. */
/*
 * Spec: MS-NLMP 2.2.1 (messages), 2.2.2.5 (flags), 3.1.5 (order).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: names of 256 characters; see ntlmssp_pairs.c for responses.
 * Not done: the messages of Windows 95 whose fixed part ends before the flags; datagrams, which begin with CHALLENGE.
 */
#include "proto/ntlmssp/ntlmssp.h"

#include <string.h>

#include "base/utf16.h"

enum { NEGOTIATE = 1, CHALLENGE, AUTHENTICATE };
enum { FIELDS_MAX = 6, NAME_CHARACTERS = 256, KEY_MAX = 16, SIGNATURE = 8, INFO_MAX = 4096 };
/* Ends of the fixed parts, by what stands in them. */
enum { NEGOTIATE_FIELDS = 32, CHALLENGE_BARE = 32, CHALLENGE_INFO = 48, AUTHENTICATE_FLAGS = 64 };

/* Len, MaxLen, Offset: where a field says it stands. */
struct field {
	uint16_t len;
	uint32_t offset;
	uint32_t at; /* of the descriptor, from the unit's start */
};

/* A message being read. */
struct message {
	struct auth_reader *r;
	struct wire         whole; /* never moves: offsets count from its start */
	struct wire         w;
	struct field        field[FIELDS_MAX];
	unsigned            fields;
};

static struct field *descriptor(struct message *m, const char *name)
{
	struct field *f = &m->field[m->fields++];

	f->at = wire_offset(&m->w);
	f->len = wire_le16(&m->w, name);
	wire_le16(&m->w, name); /* MaxLen is nobody's business (2.2.1.1) */
	f->offset = wire_le32(&m->w, name);
	return f;
}

/* Two fields share bytes. Both lie in the message already, so their ends are small numbers. */
static bool overlap(const struct field *a, const struct field *b)
{
	uint64_t a_end = (uint64_t)a->offset + a->len, b_end = (uint64_t)b->offset + b->len;

	return a->len && b->len && a->offset < b_end && b->offset < a_end;
}

/* A field's contents: behind the fixed part, within the message, and nobody else's. Empty ones stand anywhere. */
static struct wire contents(const struct message *m, const struct field *f, uint32_t fixed, const char *name)
{
	struct wire whole = m->whole;

	whole.short_why = R_NTLMSSP_FIELD;
	if (f->len && f->offset < fixed)
		wire_fail_numbers(&whole, f->at, R_NTLMSSP_FIELD, name, fixed, f->offset);
	for (const struct field *other = m->field; other < f; other++)
		if (overlap(other, f))
			wire_fail(&whole, f->at, R_NTLMSSP_OVERLAP, name);
	return wire_at(&whole, f->len ? f->offset : 0, f->len, name);
}

/* Text in the agreed character set: well formed, no NUL, at most 256 characters. */
static void name_check(struct wire *w, bool unicode, const char *name)
{
	size_t         n = wire_left(w), bad;
	uint32_t       at = wire_offset(w);
	const uint8_t *p;

	if (n > (unicode ? 2 * NAME_CHARACTERS : NAME_CHARACTERS))
		wire_fail_numbers(w, at, R_NTLMSSP_NAME_SIZE, name, unicode ? 2 * NAME_CHARACTERS : NAME_CHARACTERS, n);
	p = wire_take(w, n, name);
	if (!p || !n)
		return;
	if (unicode) {
		bad = utf16_bad(p, n, false);
		if (bad == n)
			bad = utf16_nul(p, n);
	} else {
		const uint8_t *nul = memchr(p, 0, n);

		bad = nul ? (size_t)(nul - p) : n;
	}
	if (bad < n)
		wire_fail(w, at + (uint32_t)bad, R_NTLMSSP_NAME, name);
}

/* A name, and the fact of it in UTF-8; what is not ASCII in an OEM character set cannot be told. */
static void name_fact(const struct auth_reader *r, struct wire w, bool unicode, enum auth_fact which, const char *name)
{
	size_t         n = wire_left(&w), room = 3 * n / 2, used = 0;
	struct wire    look = w;
	const uint8_t *p;
	uint8_t       *text;

	name_check(&w, unicode, name);
	p = wire_take(&look, n, name);
	if (!p || !n || !auth_fact_wanted(r, which))
		return;
	text = cx_scratch(r->cx, room + 1);
	if (text && unicode) {
		used = utf16_to_utf8(p, n, false, text, room + 1);
	} else if (text) {
		for (; used < n && p[used] < 0x80; used++)
			text[used] = p[used];
		if (used < n)
			used = SIZE_MAX;
	}
	auth_fact_text(r, which, used == SIZE_MAX ? NULL : text, used);
}

/* NEGOTIATE: names are always OEM. What is shorter than its fields comes from the oldest clients. */
static void negotiate(struct message *m)
{
	uint32_t flags = wire_le32(&m->w, "NegotiateFlags");

	m->r->token->flags = flags;
	if (!wire_more(&m->w))
		return;
	struct field *domain = descriptor(m, "DomainNameFields"), *host = descriptor(m, "WorkstationFields");
	struct wire   text = contents(m, domain, NEGOTIATE_FIELDS, "DomainName");

	name_check(&text, false, "DomainName");
	text = contents(m, host, NEGOTIATE_FIELDS, "WorkstationName");
	name_check(&text, false, "WorkstationName");
}

/* CHALLENGE: where the payload begins behind it there are Reserved and TargetInfoFields. */
static void challenge(struct message *m)
{
	struct field *target = descriptor(m, "TargetNameFields");
	uint32_t      flags = wire_le32(&m->w, "NegotiateFlags");
	bool          bare = target->len ? target->offset < CHALLENGE_INFO : wire_left(&m->whole) < CHALLENGE_INFO;
	struct wire   text;

	m->r->token->flags = flags;
	wire_take(&m->w, 8, "ServerChallenge");
	text = contents(m, target, bare ? CHALLENGE_BARE : CHALLENGE_INFO, "TargetName");
	name_check(&text, flags & NTLMSSP_UNICODE, "TargetName");
	if (bare)
		return;
	wire_take(&m->w, 8, "Reserved");
	struct field *info = descriptor(m, "TargetInfoFields");
	struct wire   list = contents(m, info, CHALLENGE_INFO, "TargetInfo");

	if (info->len > INFO_MAX)
		wire_fail_numbers(&list, wire_offset(&list), R_NTLMSSP_SIZE, "TargetInfo", INFO_MAX, info->len);
	if (info->len)
		ntlmssp_pairs(&list, false);
}

/* The payload of AUTHENTICATE, in the order of its descriptors. */
static void authenticate_fields(struct message *m, bool unicode)
{
	const struct field *f = m->field;
	struct wire         lm = contents(m, &f[0], AUTHENTICATE_FLAGS, "LmChallengeResponse");
	struct wire         nt = contents(m, &f[1], AUTHENTICATE_FLAGS, "NtChallengeResponse");
	struct wire         domain = contents(m, &f[2], AUTHENTICATE_FLAGS, "DomainName");
	struct wire         user = contents(m, &f[3], AUTHENTICATE_FLAGS, "UserName");
	struct wire         host = contents(m, &f[4], AUTHENTICATE_FLAGS, "Workstation");
	struct wire         key = contents(m, &f[5], AUTHENTICATE_FLAGS, "EncryptedRandomSessionKey");

	ntlmssp_lm_response(&lm);
	ntlmssp_nt_response(&nt);
	name_fact(m->r, domain, unicode, AUTH_FACT_DOMAIN, "DomainName");
	name_fact(m->r, user, unicode, AUTH_FACT_USER, "UserName");
	name_fact(m->r, host, unicode, AUTH_FACT_HOST, "Workstation");
	if (wire_left(&key) > KEY_MAX)
		wire_fail_numbers(&key, wire_offset(&key), R_NTLMSSP_KEY, "EncryptedRandomSessionKey", KEY_MAX, wire_left(&key));
}

/* AUTHENTICATE: in the character set that was agreed; without user and response it is a null session (3.2.5.1.2). */
static void authenticate(struct message *m)
{
	static const char *const names[FIELDS_MAX] = {"LmChallengeResponseFields", "NtChallengeResponseFields", "DomainNameFields",
						      "UserNameFields", "WorkstationFields", "EncryptedRandomSessionKeyFields"};
	uint32_t                 at, flags;
	bool                     unicode;

	for (size_t i = 0; i < FIELDS_MAX; i++)
		descriptor(m, names[i]);
	at = wire_offset(&m->w);
	flags = wire_le32(&m->w, "NegotiateFlags");
	unicode = flags & NTLMSSP_UNICODE;
	if (m->r->state->ntlm == CHALLENGE && unicode != (bool)(m->r->state->flags & NTLMSSP_UNICODE))
		wire_fail_numbers(&m->w, at, R_NTLMSSP_UNICODE, "NegotiateFlags", m->r->state->flags, flags);
	authenticate_fields(m, unicode);
	m->r->token->flags = flags;
	m->r->token->anonymous = !m->field[3].len && m->field[1].len <= 1;
	m->r->token->proves = !m->r->token->anonymous;
	m->r->token->signs = flags & NTLMSSP_SIGN;
	m->r->token->seals = flags & NTLMSSP_SEAL;
}

void ntlmssp_read(struct auth_reader *r, struct wire *w)
{
	struct message m = {.r = r, .whole = wire_sub(w, wire_left(w), "ntlmssp")};
	uint32_t       at, type;

	m.whole.short_why = R_NTLMSSP_SHORT;
	m.w = m.whole;
	wire_take(&m.w, SIGNATURE, "Signature");
	at = wire_offset(&m.w);
	type = wire_le32_range(&m.w, NEGOTIATE, AUTHENTICATE, R_NTLMSSP_TYPE, "MessageType");
	r->token->mechanism = AUTH_MECH_NTLMSSP;
	r->token->ntlm = (uint8_t)type;
	if (r->state->ntlm != type - 1 || (r->from == SIDE_SERVER) != (type == CHALLENGE))
		wire_fail_numbers(&m.w, at, R_NTLMSSP_ORDER, "MessageType", r->state->ntlm, type);
	if (w->fault->why)
		return;
	if (type == NEGOTIATE)
		negotiate(&m);
	else if (type == CHALLENGE)
		challenge(&m);
	else
		authenticate(&m);
}
