/* NEGOTIATE of SMB 2: dialects, negotiate contexts, and what the answer settles. */
/*
 * Spec: MS-SMB2 2.2.3, 2.2.4 and their contexts.
 * Input from: anybody, before anything else.
 * Limits: smb.token; 64 dialects, 16 contexts, 64 algorithms in each.
 */
#include "proto/smb2/smb2_int.h"

enum { DIALECTS_MAX = 64, CONTEXTS_MAX = 16, ALGORITHMS_MAX = 64 };
enum { PREAUTH = 1, ENCRYPTION, COMPRESSION, NETNAME = 5, TRANSPORT, RDMA, SIGNING };
enum { CAP_LARGE_MTU = 4, DIALECT_WILD = 0x2ff };

static uint8_t dialect_of(uint16_t revision)
{
	static const uint16_t revisions[] = {0x202, 0x210, 0x300, 0x302, 0x311};

	for (uint8_t i = 0; i < sizeof(revisions) / sizeof(revisions[0]); i++)
		if (revisions[i] == revision)
			return (uint8_t)(SMB_DIALECT_202 + i);
	return SMB_DIALECT_NONE;
}

/* `count` ids of two octets. Returns those below 8 as bits. */
static uint8_t algorithms(struct wire *w, uint16_t count, const char *field)
{
	uint8_t bits = 0;

	for (uint16_t i = 0; i < count && !w->fault->why; i++) {
		uint16_t id = wire_le16(w, field);

		if (id < 8)
			bits |= (uint8_t)(1u << id);
	}
	return bits;
}

static void compression(struct smb2_read *r, struct wire *c, uint16_t most)
{
	uint16_t count = wire_le16_range(c, 0, most, R_SMB2_CONTEXT, "compression_algorithm_count");
	uint32_t flags;

	wire_le16(c, "padding");
	flags = wire_le32_range(c, 0, 1, R_SMB2_CONTEXT, "flags");
	r->u->compression = (uint8_t)(algorithms(c, count, "compression_algorithms") & ~1u);
	if (r->u->compression)
		r->u->agreed |= (uint8_t)(SMB2_COMPRESSES | (flags ? SMB2_CHAINED : 0));
}

/* One context's data; an answer chooses one algorithm where the request offers some. */
static void context(struct smb2_read *r, uint16_t type, struct wire *c)
{
	bool     answer = r->u->from == SIDE_SERVER;
	uint16_t most = answer ? 1 : ALGORITHMS_MAX, count, salt;

	switch (type) {
	case PREAUTH:
		count = wire_le16_range(c, 1, most, R_SMB2_CONTEXT, "hash_algorithm_count");
		salt = wire_le16(c, "salt_length");
		algorithms(c, count, "hash_algorithms");
		wire_take(c, salt, "salt");
		break;
	case ENCRYPTION:
		algorithms(c, wire_le16_range(c, 1, most, R_SMB2_CONTEXT, "cipher_count"), "ciphers");
		break;
	case COMPRESSION:
		compression(r, c, ALGORITHMS_MAX);
		break;
	case RDMA:
		count = wire_le16_range(c, 1, ALGORITHMS_MAX, R_SMB2_CONTEXT, "transform_count");
		wire_take(c, 6, "reserved");
		algorithms(c, count, "rdma_transform_ids");
		break;
	case SIGNING:
		algorithms(c, wire_le16_range(c, 1, most, R_SMB2_CONTEXT, "signing_algorithm_count"), "signing_algorithms");
		break;
	case TRANSPORT:
		wire_le32(c, "flags");
		break;
	default: /* NETNAME and what servers ignore (2.2.3.1) */
		wire_take(c, wire_left(c), "data");
	}
	wire_end(c, R_SMB2_CONTEXT, "data");
}

/* The list: each begins at a multiple of 8 behind the one before (2.2.3.1). */
void smb2_contexts(struct smb2_read *r, struct wire *list, uint16_t count)
{
	uint32_t seen = 0;

	wire_list(list);
	for (uint16_t i = 0; i < count && !r->cx->fault.why; i++) {
		uint32_t    at;
		uint16_t    type, n;
		struct wire c;

		wire_element(list);
		at = wire_offset(list);
		type = wire_le16(list, "context_type");
		n = wire_le16(list, "data_length");
		wire_le32(list, "reserved");
		if (type <= SIGNING && seen >> type & 1)
			wire_fail_numbers(list, at, R_SMB2_CONTEXT, "context_type", 0, type);
		if (type <= SIGNING)
			seen |= 1u << type;
		c = wire_sub(list, n, "context");
		context(r, type, &c);
		if (i + 1 < count)
			wire_take(list, -n & 7u, "padding");
	}
	if (!r->cx->fault.why && !(seen >> PREAUTH & 1))
		wire_fail(list, wire_offset(list), R_SMB2_CONTEXT, "context_type");
	if (wire_left(list) > SMB2_PADDING)
		wire_fail_numbers(list, wire_offset(list), R_SMB2_CONTEXT, "", SMB2_PADDING, wire_left(list));
}

static void context_list(struct smb2_read *r, uint32_t off, uint16_t count)
{
	uint32_t    at = wire_offset(&r->w);
	struct wire list;

	if (r->cx->fault.why)
		return;
	if (!count || count > CONTEXTS_MAX || off % 8 || off < r->end || off >= r->len) {
		wire_fail_numbers(&r->w, at, R_SMB2_CONTEXT, "negotiate_context_offset", r->end, off);
		return;
	}
	list = smb2_field(r, off, (uint32_t)(r->len - off), "negotiate_contexts");
	smb2_contexts(r, &list, count);
}

void smb2_negotiate_request(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint16_t     count = wire_le16_range(w, 1, DIALECTS_MAX, R_SMB2_DIALECT, "dialect_count"), contexts;
	uint32_t     off;

	wire_le16(w, "security_mode");
	wire_le16(w, "reserved");
	wire_le32(w, "capabilities");
	wire_take(w, 16, "client_guid");
	off = wire_le32(w, "negotiate_context_offset");
	contexts = wire_le16(w, "negotiate_context_count");
	wire_le16(w, "reserved2");
	for (uint16_t i = 0; i < count && !r->cx->fault.why; i++) {
		uint8_t dialect = dialect_of(wire_le16(w, "dialects"));

		if (dialect)
			r->u->offered |= (uint8_t)(1u << (dialect - SMB_DIALECT_202));
	}
	r->end = SMB2_HEADER + 36 + (uint64_t)count * 2;
	if (!r->cx->fault.why && !r->u->offered)
		wire_fail(w, wire_offset(w), R_SMB2_DIALECT, "dialects");
	if (r->u->offered >> (SMB_DIALECT_311 - SMB_DIALECT_202) & 1)
		context_list(r, off, contexts);
}

/* The dialect counts from here on, and nothing that was merely offered (3.3.5.4). */
static void chosen(struct smb2_read *r, uint16_t revision)
{
	uint8_t dialect = dialect_of(revision), offered = r->u->unasked ? 1 : r->asked->level;

	if (r->u->unasked && revision == DIALECT_WILD)
		return;
	if (!dialect || !(offered >> (dialect - SMB_DIALECT_202) & 1))
		wire_fail_numbers(&r->w, wire_offset(&r->w), R_SMB2_DIALECT, "dialect_revision", offered, revision);
	r->u->dialect = dialect;
}

void smb2_negotiate_answer(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint16_t     contexts, off, n;
	uint32_t     capabilities, list;
	const struct auth_state none = {0};

	wire_le16(w, "security_mode");
	chosen(r, wire_le16(w, "dialect_revision"));
	contexts = wire_le16(w, "negotiate_context_count");
	wire_take(w, 16, "server_guid");
	capabilities = wire_le32(w, "capabilities");
	wire_take(w, 12, "max_sizes");
	wire_take(w, 16, "times");
	off = wire_le16(w, "security_buffer_offset");
	n = wire_le16(w, "security_buffer_length");
	list = wire_le32(w, "negotiate_context_offset");
	smb2_token(r, smb2_field(r, off, n, "security_buffer"), &none);
	r->u->token = false; /* a hint: each session negotiates anew */
	if (r->u->dialect >= SMB_DIALECT_210 && capabilities & CAP_LARGE_MTU)
		r->u->agreed |= SMB2_MULTI_CREDIT;
	if (r->u->dialect == SMB_DIALECT_311)
		context_list(r, list, contexts);
}
