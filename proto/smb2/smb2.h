/* SMB 2 and 3: the messages behind 0xFE "SMB", encrypted (0xFD) and compressed (0xFC) ones. */
#ifndef SALLYPORT_PROTO_SMB2_SMB2_H
#define SALLYPORT_PROTO_SMB2_SMB2_H

#include "proto/smbcore/smbcore.h"

/* Message ids below the highest that have not been used: first id in the upper 48 bits, how many in the lower 16. */
enum { SMB2_HOLES = 4 };

struct smb2_state {
	uint64_t next_id; /* one above the highest id used */
	uint64_t granted; /* ids below are the client's to use */
	uint64_t hole[SMB2_HOLES];
	uint64_t session, persistent, volatile_; /* of the last request: what related ones mean */
	uint64_t last_id; /* its MessageId */
	uint32_t tree;
	uint32_t next_assoc; /* keys of rpc_assoc */
	uint32_t message; /* how many of the client's messages have gone */
	uint16_t compound[2]; /* commands of the message that is on its way */
	uint8_t  dialect; /* enum smb_dialect; NONE = not agreed */
	uint8_t  offered; /* bits of enum smb_dialect minus SMB_DIALECT_202; all zero = nothing is outstanding */
	uint8_t  flags; /* enum smb2_agreed */
	uint8_t  compression; /* bits of algorithms agreed on */
	bool     related; /* the last request left ids for a related one */
	bool     file; /* and those of a file */
	bool     failed_file; /* which the CREATE before has still to open */
};

_Static_assert(sizeof(struct smb2_state) <= 112, "one part of smb's state");

enum smb2_agreed { SMB2_MULTI_CREDIT = 1, SMB2_CHAINED = 2, SMB2_HIDDEN = 4, SMB2_COMPRESSES = 8, SMB2_WILD = 16 };

/* What next found out about a command, for commit. */
struct smb2_unit {
	uint64_t       id, session, async, persistent, volatile_;
	uint64_t       mean_session, mean_persistent, mean_volatile; /* with what related ones mean */
	uint64_t       left; /* of the message, behind this command */
	uint64_t       previous_session;
	const uint8_t *name; /* of a share or pipe: in the unit's bytes */
	uint32_t       name_len;
	uint32_t       tree, mean_tree, flags, status, code, space;
	uint16_t       command, charge, credits;
	uint8_t        from, kind; /* enum smb2_kind */
	uint8_t        dialect, offered, agreed, compression;
	uint8_t        share, session_flags;
	bool           headed; /* the header was read whole: an answer can be given */
	bool           alone; /* nothing compounded */
	bool           related, file, by_create;
	bool           rpc, reads, token, error, pending, unasked;
};

enum smb2_kind { SMB2_COMMAND = 0, SMB2_SEALED, SMB2_PACKED };

_Static_assert(sizeof(struct smb2_unit) <= 320, "one part of smb's unit");

/*
 * `w` stands on the head and reaches to the end of what is held of the message. Counts of the step are from the head.
 * A unit (with its opaque bytes) may end before the message does: the rest is the next call's, with `first` false.
 */
struct step smb2_next(const struct smb2_state *s, struct smb2_unit *u, struct smb_inner *inner, struct wire *w, const struct smb_message *m,
		      struct cx *cx);
void        smb2_commit(struct smb2_state *s, const struct smb2_unit *u, const struct smb_inner *inner, struct cx *cx);
/*
 * A request was refused or denied: cx->instead becomes what the server gets for it, and its answer will be made an error.
 * Whether the flow lives on: not where none can be given (cx->no_answer says why when it is signed).
 */
bool smb2_answer(struct smb2_state *s, const struct smb2_unit *u, struct cx *cx);
/* In commit: the first answer of SMB 2 came to a negotiate of SMB 1, so no request of SMB 2 is outstanding for it. */
void   smb2_begin(struct smb2_state *s);

#define SMB2_LIMIT_DEFS(at)     [(at) + SMB2_LIMIT_COMPOUND] = {"smb2.compound", "commands", 64, 1, 256, "ours: Samba and Windows compound three to five"}
#define SMB2_TOLERANCE_DEFS(at) [(at) + SMB2_TOLERATE_DURABLE] = {"smb2.durable", "Windows, after its connection broke", ""}

#endif
