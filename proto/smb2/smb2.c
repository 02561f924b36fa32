/* The recogniser of SMB 2 messages. */
#include "proto/smb2/smb2.h"

#include "proto/reasons.h"

struct step smb2_next(const struct smb2_state *s, struct smb2_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx)
{
	(void)s;
	(void)u;
	(void)inner;
	(void)cx;
	wire_fail(w, wire_offset(w), R_SMB_VERSION, "protocol");
	return step_refuse(m->left);
}

void smb2_commit(struct smb2_state *s, const struct smb2_unit *u, const struct smb_inner *inner, struct cx *cx)
{
	(void)s;
	(void)u;
	(void)inner;
	(void)cx;
}

size_t smb2_answer(struct smb2_state *s, const struct smb2_unit *u, struct cx *cx, uint8_t *out, size_t size)
{
	(void)s;
	(void)u;
	(void)cx;
	(void)out;
	(void)size;
	return 0;
}

void smb2_begin(struct smb2_state *s)
{
	(void)s;
}
