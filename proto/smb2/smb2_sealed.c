/* Messages of SMB 3 whose content cannot be seen: encrypted, and compressed. */
/*
 * Spec: MS-SMB2 2.2.41, 2.2.42, 3.3.5.2.1.
 * Input from: either peer.
 * Limits: smb.message bounds what a message may be once it is decompressed.
 * Not done: nothing is decrypted or decompressed.
 */
#include "proto/smb2/smb2_int.h"

enum { SEALED_FLAG = 1, PACKED_CHAINED = 1 };

static struct step hidden(const struct smb_message *m, uint64_t head, uint16_t why)
{
	struct step step = step_unit(head, m->from == SIDE_SERVER ? STEP_ANSWER : 0);

	step.why = why;
	step.opaque = m->left - head;
	return step;
}

struct step smb2_sealed(const struct smb2_state *s, struct smb2_unit *u, struct wire *w, const struct smb_message *m, struct cx *cx)
{
	const struct smb2_session *session;
	struct wire                h = *w;
	uint32_t                   size;

	u->kind = SMB2_SEALED;
	smb_fact_number(cx, SMB_FACT_OP, SMB_OP_SEALED);
	smb_fact_number(cx, SMB_FACT_DIALECT, s->dialect);
	if (s->dialect < SMB_DIALECT_300 || m->left < SMB2_TRANSFORM + SMB2_HEADER + 2) {
		wire_fail(&h, wire_offset(&h), R_SMB2_TRANSFORM, "protocol_id");
		return step_refuse(m->left);
	}
	if (m->held < SMB2_TRANSFORM)
		return step_more(SMB2_TRANSFORM);
	wire_take(&h, 4, "protocol_id");
	wire_take(&h, 16, "signature");
	wire_take(&h, 16, "nonce");
	size = wire_le32(&h, "original_message_size");
	if (size != m->left - SMB2_TRANSFORM)
		wire_fail_numbers(&h, wire_offset(&h) - 4, R_SMB2_TRANSFORM, "original_message_size", m->left - SMB2_TRANSFORM, size);
	wire_le16(&h, "reserved");
	wire_want_le16(&h, SEALED_FLAG, R_SMB2_TRANSFORM, "flags");
	u->session = wire_le64(&h, "session_id");
	session = cx->fault.why ? NULL : table_get(cx, SMB_SESSIONS, u->session);
	if (!session || !session->up)
		wire_fail(&h, wire_offset(&h) - 8, R_SMB2_SESSION, "session_id");
	else
		smb_fact_number(cx, SMB_FACT_IDENTITY, session->identity);
	return cx->fault.why ? step_refuse(m->left) : hidden(m, SMB2_TRANSFORM, R_OPAQUE_SEALED);
}

/* CVE-2020-0796 adds Offset to OriginalCompressedSegmentSize: neither may be larger than a message, Offset not than what is here. */
struct step smb2_packed(const struct smb2_state *s, struct smb2_unit *u, struct wire *w, const struct smb_message *m, struct cx *cx)
{
	struct wire h = *w;
	uint32_t    limit = (uint32_t)cx->limit[SMB_LIMIT_MESSAGE], at;
	uint16_t    algorithm, flags;

	u->kind = SMB2_PACKED;
	smb_fact_number(cx, SMB_FACT_OP, SMB_OP_SEALED);
	smb_fact_number(cx, SMB_FACT_DIALECT, s->dialect);
	if (s->dialect < SMB_DIALECT_311 || !(s->flags & SMB2_COMPRESSES) || m->left <= SMB2_PACKED_HEADER) {
		wire_fail(&h, wire_offset(&h), R_SMB2_COMPRESSION, "protocol_id");
		return step_refuse(m->left);
	}
	if (m->held < SMB2_PACKED_HEADER)
		return step_more(SMB2_PACKED_HEADER);
	wire_take(&h, 4, "protocol_id");
	wire_le32_range(&h, 1, limit, R_SMB2_COMPRESSION, "original_compressed_segment_size");
	at = wire_offset(&h);
	algorithm = wire_le16(&h, "compression_algorithm");
	flags = wire_le16(&h, "flags");
	if (flags > PACKED_CHAINED || (flags && !(s->flags & SMB2_CHAINED)) ||
	    (algorithm || !flags ? algorithm > 7 || !(s->compression >> algorithm & 1) : false))
		wire_fail_numbers(&h, at, R_SMB2_COMPRESSION, "compression_algorithm", s->compression, algorithm);
	wire_le32_range(&h, 0, (uint32_t)(m->left - SMB2_PACKED_HEADER), R_SMB2_COMPRESSION, flags ? "length" : "offset");
	return cx->fault.why ? step_refuse(m->left) : hidden(m, SMB2_PACKED_HEADER, R_SMB2_COMPRESSED);
}
