/* SMB 1 (CIFS): the messages behind 0xFF "SMB". */
#ifndef SALLYPORT_PROTO_SMB1_SMB1_H
#define SALLYPORT_PROTO_SMB1_SMB1_H

#include "proto/smbcore/smbcore.h"

enum { SMB1_DIALECTS_MAX = 32, SMB1_CHAIN_MAX = 16, SMB1_SHARE_MAX = 80, SMB1_PIPE_MAX = 64 };

struct smb1_state {
	uint8_t  dialect; /* enum smb_dialect; NONE until the server chose one */
	bool     negotiating; /* the request is outstanding */
	bool     unicode, user_level, extended, signing;
	uint8_t  offers; /* dialects the client offered */
	bool     offers_smb2;
	uint32_t capabilities;
	uint32_t next_pipe; /* keys of RPC associations */
	uint32_t first_file; /* FID + 1 of the newest open file; 0 = none */
	uint8_t  offered[SMB1_DIALECTS_MAX]; /* enum smb_dialect each */
};

/* Words of a transaction or of one piece of it (MS-CIFS 2.2.4.33, 2.2.4.62). Counts in bytes. */
struct smb1_parts {
	uint32_t total_params, total_data, max_params, max_data;
	uint32_t params, params_at, params_before, data, data_at, data_before;
	uint8_t  max_setup, setups;
	uint16_t function; /* NT_TRANSACT's; the first setup word of the others */
	uint16_t setup[4];
};

/* What next found out about a message, for commit. */
struct smb1_unit {
	uint8_t  from, command; /* of the header */
	uint8_t  links, chain[SMB1_CHAIN_MAX];
	bool     quiet; /* a request nobody answers */
	bool     final; /* the last answer to its request */
	bool     notice; /* an oplock break */
	bool     is_signed, unicode, nt_status;
	bool     offers_smb2, user_level, extended, can_unicode, signing; /* NEGOTIATE */
	uint8_t  dialect, offers;
	uint8_t  identity, tree_kind;
	bool     has_token, more; /* SESSION_SETUP */
	bool     sets_up, connects, opens, closes, keeps, disconnects, leaves, logs_off, reads_pipe, writes_pipe;
	bool     failed; /* the answer says so */
	bool     piece, completes; /* of a transaction in pieces */
	uint8_t  taken; /* enum rpc_take: how much of what was written the answer says has been taken */
	uint8_t  family;
	uint16_t uid, tid, pid, mid, fid;
	uint32_t status; /* what smb1_answer says */
	uint32_t answered_params, answered_data;
	uint32_t count;
	uint32_t written; /* octets for a pipe */
	bool     raw_write; /* in raw mode ... */
	uint16_t raw; /* ... and what its message lacks behind it */
	uint32_t capabilities;
	uint64_t key;
	struct {
		uint8_t len, utf8[SMB1_SHARE_MAX];
	} name; /* of the share or the pipe */
	union {
		uint8_t offered[SMB1_DIALECTS_MAX];
		struct {
			struct smb1_parts parts;
			const uint8_t    *params, *data; /* of this piece; borrowed as rpc_unit's are */
			bool              rap;
		} trans;
	} of;
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

_Static_assert(sizeof(struct smb1_state) <= 110, "state");
_Static_assert(sizeof(struct smb1_unit) <= 320, "unit");

#define SMB1_LIMIT_DEFS(at) \
	[(at) + SMB1_LIMIT_CHAIN] = {"smb1.chain", "commands", 4, 1, 16, "MS-CIFS 2.2.3.4; Windows chains two or three"}, \
	[(at) + SMB1_LIMIT_ECHO] = {"smb1.echo", "answers", 16, 1, 65535, "ours: clients ask for one, test suites for five"}, \
	[(at) + SMB1_LIMIT_LENGTH] = {"smb1.length", "bytes", 0x1ffff, 4096, 0xffffff, "MS-SMB 2.1: older servers read 17 bits of the length on every port"}

#define SMB1_TOLERANCE_DEFS(at) \
	[(at) + SMB1_TOLERATE_TRAILING] = {"smb1.trailing", "bytes behind the last command, which MS-CIFS 3.3.5.2 lets servers skip", ""}, \
	[(at) + SMB1_TOLERATE_OEM] = {"smb1.oem", "clients without Unicode whose names are not English (DOS, OS/2, Windows 9x)", ""}

#endif
