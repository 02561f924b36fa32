/* SMB 1 (CIFS): the messages behind 0xFF "SMB". */
#ifndef SALLYPORT_PROTO_SMB1_SMB1_H
#define SALLYPORT_PROTO_SMB1_SMB1_H

#include "proto/smbcore/smbcore.h"

struct smb1_state {
	uint8_t spare[96];
};

/* What next found out about a message, for commit. */
struct smb1_unit {
	uint8_t spare[128];
};

/*
 * `w` stands on the head and reaches to the end of what is held of the message. Counts of the step are from the head.
 * A unit (with its opaque bytes) may end before the message does: the rest is the next call's, with `first` false.
 */
struct step smb1_next(const struct smb1_state *s, struct smb1_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx);
void        smb1_commit(struct smb1_state *s, const struct smb1_unit *u, const struct smb_inner *inner, struct cx *cx);
/*
 * A request was refused or denied: the protocol's own error into out, at most `size` octets and without the session
 * service's header; returns its length, 0 when none can be given (cx->no_answer says why when it is signed).
 * The flow lives on where an answer was given.
 */
size_t smb1_answer(struct smb1_state *s, const struct smb1_unit *u, struct cx *cx, uint8_t *out, size_t size);
/* The negotiate request that is outstanding offers "SMB 2.002" or "SMB 2.???": its answer may be one of SMB 2. */
bool   smb1_offers_smb2(const struct smb1_state *s);

#define SMB1_LIMIT_DEFS(at)     [(at) + SMB1_LIMIT_CHAIN] = {"smb1.chain", "commands", 4, 1, 16, "MS-CIFS 2.2.3.4; Windows chains two or three"}
#define SMB1_TOLERANCE_DEFS(at) [(at) + SMB1_TOLERATE_TRAILING] = {"smb1.trailing", "none yet", ""}

#endif
