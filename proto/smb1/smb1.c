/* The recogniser of SMB 1 messages. */
#include "proto/smb1/smb1.h"

#include "proto/reasons.h"

struct step smb1_next(const struct smb1_state *s, struct smb1_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx)
{
	(void)s;
	(void)u;
	(void)inner;
	(void)cx;
	wire_fail(w, wire_offset(w), R_SMB_VERSION, "protocol");
	return step_refuse(m->left);
}

void smb1_commit(struct smb1_state *s, const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	(void)s;
	(void)u;
	(void)inner;
	(void)cx;
}

size_t smb1_answer(struct smb1_state *s, const struct smb1_unit *u, struct cx *cx, uint8_t *out, size_t size)
{
	(void)s;
	(void)u;
	(void)cx;
	(void)out;
	(void)size;
	return 0;
}

bool smb1_offers_smb2(const struct smb1_state *s)
{
	(void)s;
	return false;
}
