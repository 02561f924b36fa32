/* What the parts of the SMB 2 recogniser share. Not for others. */
#ifndef SALLYPORT_PROTO_SMB2_SMB2_INT_H
#define SALLYPORT_PROTO_SMB2_SMB2_INT_H

#include "proto/reasons.h"
#include "proto/smb2/smb2.h"

enum {
	SMB2_HEADER = 64,
	SMB2_TRANSFORM = 52,
	SMB2_PACKED_HEADER = 16,
	SMB2_PADDING = 8, /* behind a command: the byte an odd StructureSize counts, and up to a multiple of 8 */
	SMB2_SHARE_MAX = 80,
	SMB2_PIPE_MAX = 40,
};

enum smb2_command {
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION_SETUP,
	SMB2_LOGOFF,
	SMB2_TREE_CONNECT,
	SMB2_TREE_DISCONNECT,
	SMB2_CREATE,
	SMB2_CLOSE,
	SMB2_FLUSH,
	SMB2_READ,
	SMB2_WRITE,
	SMB2_LOCK,
	SMB2_IOCTL,
	SMB2_CANCEL,
	SMB2_ECHO,
	SMB2_QUERY_DIRECTORY,
	SMB2_CHANGE_NOTIFY,
	SMB2_QUERY_INFO,
	SMB2_SET_INFO,
	SMB2_OPLOCK_BREAK,
	SMB2_COMMANDS
};

enum smb2_flag {
	SMB2_FLAG_ANSWER = 0x1,
	SMB2_FLAG_ASYNC = 0x2,
	SMB2_FLAG_RELATED = 0x4,
	SMB2_FLAG_SIGNED = 0x8,
	SMB2_FLAG_PRIORITY = 0x70,
	SMB2_FLAG_DFS = 0x10000000,
	SMB2_FLAG_REPLAY = 0x20000000,
};

enum smb2_status {
	STATUS_PENDING = 0x103,
	STATUS_NOTIFY_ENUM_DIR = 0x10c,
	STATUS_BUFFER_OVERFLOW = 0x80000005,
	STATUS_INVALID_PARAMETER = 0xc000000d,
	STATUS_MORE_PROCESSING_REQUIRED = 0xc0000016,
	STATUS_ACCESS_DENIED = 0xc0000022,
};

#define SMB2_ANY_ID 0xffffffffffffffffull
#define SMB2_ANY_TREE 0xffffffffu

struct smb2_request {
	uint64_t          session, persistent, volatile_, async;
	uint64_t          link; /* MessageId of the related command behind this one; 0 = none */
	uint32_t          tree, code, space;
	uint8_t           command, level; /* level: dialects offered, or bits of enum smb2_asked */
	uint16_t          charge;
	struct auth_state auth; /* of a session that has no id yet */
};

enum smb2_asked { SMB2_ASKED_FILE = 1, SMB2_ASKED_BY_CREATE = 2, SMB2_ASKED_READS = 4, SMB2_ASKED_PIPE = 8, SMB2_ASKED_INSTEAD = 16, SMB2_ASKED_PART = 32 };

struct smb2_session {
	uint64_t          first_tree;
	struct auth_state auth;
	bool              up, setting;
	uint8_t           identity;
};

struct smb2_tree {
	uint64_t session, next, previous, first_file; /* keys; 0 = none */
	uint32_t id;
	uint8_t  kind, name_len;
	bool     closing; /* its TREE_DISCONNECT is outstanding */
	char     name[SMB2_SHARE_MAX];
};

struct smb2_file {
	uint64_t         persistent, volatile_, tree_key, next, previous;
	uint8_t          kind, name_len, reading;
	bool             closing; /* its CLOSE is outstanding */
	uint32_t         read_in, written_in; /* the client's messages that did so last */
	char             name[SMB2_PIPE_MAX];
	struct rpc_assoc rpc;
};

_Static_assert(sizeof(struct smb2_request) <= SMB_REQUEST_MAX, "request");
_Static_assert(sizeof(struct smb2_session) <= SMB_SESSION_MAX, "session");
_Static_assert(sizeof(struct smb2_tree) <= SMB_TREE_MAX, "tree");
_Static_assert(sizeof(struct smb2_file) <= SMB_FILE_MAX, "file");

/* One command being read. */
struct smb2_read {
	const struct smb2_state   *s;
	struct smb2_unit          *u;
	struct smb_inner          *inner;
	struct cx                 *cx;
	const struct smb2_request *asked; /* of an answer; NULL for a break */
	const struct smb2_tree    *tree;
	const struct smb2_file    *file;
	struct wire                whole; /* stands on the command's header and reaches to the end of what is held of it */
	struct wire                w; /* stands behind StructureSize */
	uint64_t                   len; /* of the command; what is held may be less */
	uint64_t                   end; /* of its fields so far: the next may not begin before */
	uint64_t                   payload; /* where opaque bytes begin; 0 = none */
	bool                       bulk; /* file data: not held */
	enum rpc_outcome           outcome;
};

/* smb2_state.c */
uint64_t                   smb2_key(uint64_t session, uint64_t id);
uint64_t                   smb2_file_key(uint64_t session, uint64_t persistent, uint64_t volatile_);
uint64_t                   smb2_request_key(uint64_t id);
uint64_t                   smb2_pending_key(uint64_t id);
const struct smb2_tree    *smb2_tree_of(const struct cx *cx, uint64_t session, uint32_t id);
const struct smb2_file    *smb2_file_of(const struct cx *cx, uint64_t session, uint64_t persistent, uint64_t volatile_);
bool                       smb2_id_free(const struct smb2_state *s, uint64_t id, uint16_t charge);
void                       smb2_id_use(struct smb2_state *s, uint64_t id, uint16_t charge);
void                       smb2_remove_file(struct cx *cx, uint64_t key);
void                       smb2_remove_tree(struct cx *cx, uint64_t key);
void                       smb2_remove_session(struct cx *cx, uint64_t id);

/* smb2_field.c: faults are SMB2_RANGE, VALUE, NAME and PATH. */
struct wire smb2_field(struct smb2_read *r, uint32_t off, uint32_t n, const char *field);
bool        smb2_value(const struct smb2_read *r, bool lawful, const char *field, uint64_t got);
/* A path below a share: well formed, no NUL, no backslash at its head, not too long. */
void        smb2_path(struct smb2_read *r, const struct wire *text, const char *field);
/* The request's payload or what it asks for against what its credits pay. */
void        smb2_paid(const struct smb2_read *r, uint64_t bytes);
/* FileId: known, or related. `none`: all ones is lawful alone too. */
void        smb2_file_id(struct smb2_read *r, bool none);
/* Pipe bytes this message moves. */
void        smb2_pipe(struct smb2_read *r, struct wire data);
void        smb2_token(struct smb2_read *r, struct wire token, const struct auth_state *auth);
void        smb2_room(struct smb2_read *r, uint8_t table);

/* Parsers, from behind StructureSize on. */
void smb2_negotiate_request(struct smb2_read *r);
void smb2_negotiate_answer(struct smb2_read *r);
void smb2_setup_request(struct smb2_read *r);
void smb2_setup_answer(struct smb2_read *r);
void smb2_tree_request(struct smb2_read *r);
void smb2_tree_answer(struct smb2_read *r);
void smb2_create_request(struct smb2_read *r);
void smb2_create_answer(struct smb2_read *r);
void smb2_close_request(struct smb2_read *r);
void smb2_close_answer(struct smb2_read *r);
void smb2_flush_request(struct smb2_read *r);
void smb2_read_request(struct smb2_read *r);
void smb2_read_answer(struct smb2_read *r);
void smb2_write_request(struct smb2_read *r);
void smb2_write_answer(struct smb2_read *r);
void smb2_lock_request(struct smb2_read *r);
void smb2_ioctl_request(struct smb2_read *r);
void smb2_ioctl_answer(struct smb2_read *r);
void smb2_directory_request(struct smb2_read *r);
void smb2_notify_request(struct smb2_read *r);
void smb2_buffer_answer(struct smb2_read *r);
void smb2_query_request(struct smb2_read *r);
void smb2_set_request(struct smb2_read *r);
void smb2_break_request(struct smb2_read *r);
void smb2_break_answer(struct smb2_read *r);
void smb2_empty(struct smb2_read *r);
void smb2_nothing(struct smb2_read *r);
void smb2_contexts(struct smb2_read *r, struct wire *list, uint16_t count);

/* smb2_referral.c: the output of a DFS_GET_REFERRALS that succeeded. */
void smb2_referrals(struct smb2_read *r, struct wire list);

/* smb2_answer.c: the answer to the ECHO that stands for a request which was denied becomes that request's error. */
void smb2_error(struct smb2_read *r);

/* smb2_sealed.c */
struct step smb2_sealed(const struct smb2_state *s, struct smb2_unit *u, struct wire *w, const struct smb_message *m, struct cx *cx);
struct step smb2_packed(const struct smb2_state *s, struct smb2_unit *u, struct wire *w, const struct smb_message *m, struct cx *cx);

#endif
