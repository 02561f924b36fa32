/* SMB 2 and 3: the messages behind 0xFE "SMB", encrypted (0xFD) and compressed (0xFC) ones. */
#ifndef SALLYPORT_PROTO_SMB2_SMB2_H
#define SALLYPORT_PROTO_SMB2_SMB2_H

#include "proto/smbcore/smbcore.h"

struct smb2_state {
	uint8_t spare[96];
};

/* What next found out about a message, for commit. */
struct smb2_unit {
	uint8_t spare[128];
};

/*
 * `w` stands on the head and reaches to the end of what is held of the message. Counts of the step are from the head.
 * A unit (with its opaque bytes) may end before the message does: the rest is the next call's, with `first` false.
 */
struct step smb2_next(const struct smb2_state *s, struct smb2_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx);
void        smb2_commit(struct smb2_state *s, const struct smb2_unit *u, const struct smb_inner *inner, struct cx *cx);
/*
 * A request was refused or denied: the protocol's own error into out, at most `size` octets and without the session
 * service's header; returns its length, 0 when none can be given (cx->no_answer says why when it is signed).
 * The flow lives on where an answer was given.
 */
size_t smb2_answer(struct smb2_state *s, const struct smb2_unit *u, struct cx *cx, uint8_t *out, size_t size);
/* In commit: the first answer of SMB 2 came to a negotiate of SMB 1, so no request of SMB 2 is outstanding for it. */
void   smb2_begin(struct smb2_state *s);

#define SMB2_LIMIT_DEFS(at)     [(at) + SMB2_LIMIT_COMPOUND] = {"smb2.compound", "commands", 16, 1, 256, "ours"}
#define SMB2_TOLERANCE_DEFS(at) [(at) + SMB2_TOLERATE_DURABLE] = {"smb2.durable", "none yet", ""}

#endif
