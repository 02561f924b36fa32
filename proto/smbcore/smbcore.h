/* What both versions of SMB share: tables, facts, kinds of trees, names of pipes, texts. */
#ifndef SALLYPORT_PROTO_SMBCORE_SMBCORE_H
#define SALLYPORT_PROTO_SMBCORE_SMBCORE_H

#include "proto/dcerpc/rpc.h"
#include "proto/proto.h"
#include "proto/spnego/auth.h"

/* Contract tables of the recogniser `smb`. What an entry of the first five holds is each version's own. */
enum smb_table {
	SMB_REQUESTS = 0, /* by MID or MessageId */
	SMB_SESSIONS, /* by UID or SessionId */
	SMB_TREES, /* by TID or TreeId */
	SMB_FILES, /* by FID, or by the volatile half of the FileId */
	SMB_TRANSACTIONS, /* SMB 1: requests in several pieces, by PID and MID */
	SMB_RPC_CONTEXTS,
	SMB_RPC_CALLS,
	SMB_TABLES
};

/* Bytes of the largest entry of each of the first five, whichever version it is of (at most 240). */
enum { SMB_REQUEST_MAX = 80, SMB_SESSION_MAX = 64, SMB_TREE_MAX = 128, SMB_FILE_MAX = 224, SMB_TRANSACTION_MAX = 96 };

enum smb_limit {
	SMB_LIMIT_MESSAGE = 0, /* held whole */
	SMB_LIMIT_REQUESTS,
	SMB_LIMIT_SESSIONS,
	SMB_LIMIT_TREES,
	SMB_LIMIT_FILES,
	SMB_LIMIT_TRANSACTIONS,
	SMB_LIMIT_TOKEN,
	SMB_LIMIT_PATH,
	SMB_LIMIT_WAIT,
	SMB_LIMIT_OWN
};

/* Limits of each version, which stand behind RPC's (SMB1_LIMIT_DEFS, SMB2_LIMIT_DEFS). */
enum smb1_limit { SMB1_LIMIT_CHAIN = 0, SMB1_LIMIT_ECHO, SMB1_LIMIT_LENGTH, SMB1_LIMITS };
enum smb2_limit { SMB2_LIMIT_COMPOUND = 0, SMB2_LIMITS };
enum { SMB_LIMIT_RPC = SMB_LIMIT_OWN, SMB_LIMIT_SMB1 = SMB_LIMIT_RPC + RPC_LIMITS, SMB_LIMIT_SMB2 = SMB_LIMIT_SMB1 + SMB1_LIMITS, SMB_LIMITS = SMB_LIMIT_SMB2 + SMB2_LIMITS };

/* Bits of cx->tolerate, in the order RPC's, SMB 1's, SMB 2's (RPC_TOLERANCE_DEFS, ...), then that of tokens. */
enum smb1_tolerance { SMB1_TOLERATE_TRAILING = 0, SMB1_TOLERATE_OEM, SMB1_TOLERANCES };
enum smb2_tolerance { SMB2_TOLERATE_DURABLE = 0, SMB2_TOLERANCES };
enum { SMB_TOLERANCE_RPC = 0, SMB_TOLERANCE_SMB1 = RPC_TOLERANCES, SMB_TOLERANCE_SMB2 = SMB_TOLERANCE_SMB1 + SMB1_TOLERANCES, SMB_TOLERANCE_TOKEN = SMB_TOLERANCE_SMB2 + SMB2_TOLERANCES, SMB_TOLERANCES };

enum smb_fact {
	SMB_FACT_DIALECT = 0, /* enum smb_dialect */
	SMB_FACT_OP, /* enum smb_op */
	SMB_FACT_SIGNED, /* this message is signed */
	SMB_FACT_IDENTITY, /* enum smb_identity of the session */
	SMB_FACT_SHARE, /* of this tree, in lower case as UTF-8: "ipc$", "data" */
	SMB_FACT_TREE, /* enum smb_kind */
	SMB_FACT_PATH, /* create, delete, rename ...: as UTF-8, as smb_path_plain spells it */
	SMB_FACT_NEW_PATH, /* rename, link */
	SMB_FACT_PIPE, /* name of the pipe a message is about, lower case */
	SMB_FACT_ACCESS, /* enum smb_access: what the message would do */
	SMB_FACT_CODE, /* FSCTL code, transaction subcommand or information level */
	SMB_FACT_STATUS, /* of an answer */
	SMB_FACT_OWN
};
#define SMB_FACT_AUTH SMB_FACT_OWN
#define SMB_FACT_RPC  (SMB_FACT_AUTH + AUTH_FACTS)
#define SMB_FACTS     (SMB_FACT_RPC + RPC_FACTS)

enum smb_dialect { SMB_DIALECT_NONE = 0, SMB_DIALECT_CORE, SMB_DIALECT_LANMAN, SMB_DIALECT_NT1, SMB_DIALECT_202, SMB_DIALECT_210, SMB_DIALECT_300, SMB_DIALECT_302, SMB_DIALECT_311 };
enum smb_identity { SMB_IDENTITY_NONE = 0, SMB_IDENTITY_ANONYMOUS, SMB_IDENTITY_GUEST, SMB_IDENTITY_USER };
enum smb_kind { SMB_KIND_UNKNOWN = 0, SMB_KIND_DISK, SMB_KIND_PIPE, SMB_KIND_PRINT };
enum smb_access { SMB_ACCESS_NONE = 0, SMB_ACCESS_READ, SMB_ACCESS_WRITE };

/* Commands of both versions under one name each: the words of smb.op. */
enum smb_op {
	SMB_OP_OTHER = 0,
	SMB_OP_NEGOTIATE,
	SMB_OP_SESSION_SETUP,
	SMB_OP_LOGOFF,
	SMB_OP_TREE_CONNECT,
	SMB_OP_TREE_DISCONNECT,
	SMB_OP_CREATE, /* open too */
	SMB_OP_CLOSE,
	SMB_OP_FLUSH,
	SMB_OP_READ,
	SMB_OP_WRITE,
	SMB_OP_LOCK,
	SMB_OP_IOCTL,
	SMB_OP_CANCEL,
	SMB_OP_ECHO,
	SMB_OP_QUERY_DIRECTORY, /* SEARCH, FIND too */
	SMB_OP_CHANGE_NOTIFY,
	SMB_OP_QUERY_INFO,
	SMB_OP_SET_INFO,
	SMB_OP_BREAK, /* OPLOCK_BREAK */
	SMB_OP_DELETE,
	SMB_OP_RENAME,
	SMB_OP_MKDIR,
	SMB_OP_RMDIR,
	SMB_OP_TRANS, /* SMB 1: a named pipe, a mailslot, or RAP */
	SMB_OP_TRANS2,
	SMB_OP_NT_TRANS,
	SMB_OP_SEEK,
	SMB_OP_PRINT,
	SMB_OP_SEALED, /* an encrypted message */
	SMB_OP_NETBIOS, /* session service: request, keep-alive */
	SMB_OPS
};

/* The recogniser's limits, facts and tolerances are assembled in proto/smb. */
extern const struct rpc_seat smb_rpc_seat;
extern const struct auth_seat smb_auth_seat;
extern const struct fact_def smb_facts[];

void smb_fact_number(struct cx *cx, unsigned fact, uint64_t value);
void smb_fact_unknown(struct cx *cx, unsigned fact);
/* A text in UTF-16LE or ASCII as a fact in UTF-8; unknown where it does not fit the scratch. `lower`: letters of ASCII in lower case. */
void smb_fact_name(struct cx *cx, unsigned fact, const uint8_t *bytes, size_t n, bool utf16, bool lower);
/* Bits of a create's DesiredAccess that change something; MAXIMUM_ALLOWED is all that the server gives. */
enum { SMB_CHANGING = 0x520d0156 };
/* Options of a create that rules must know of, the same in SMB 1 and 2 (MS-CIFS 2.2.4.64.1, MS-SMB2 2.2.13): the name is a file's number. */
enum { SMB_DELETE_ON_CLOSE = 0x1000, SMB_OPEN_BY_ID = 0x2000 };
/* What a create's options mean for rules: one that deletes is both, so what it does is unknown. */
void smb_fact_options(struct cx *cx, uint32_t options);

/* A path in the one spelling rules are written in; unknown where there is none, or where `known` says that it is not all of the path. */
void smb_fact_path(struct cx *cx, unsigned fact, const uint8_t *bytes, size_t n, bool utf16, bool known);
/*
 * Servers take several spellings for one file. In place, UTF-8: slashes become backslashes, one between two components and
 * none at either end; `.` goes, `..` takes the component before it along, and the name of the unnamed stream goes.
 * SIZE_MAX: it leads above its root, a component ends in a dot or a blank, which some servers trim, it is of an earlier
 * version (@GMT-...), or it leads through a stream (d:$I30:$INDEX_ALLOCATION is the folder d).
 */
size_t smb_path_plain(uint8_t *path, size_t n);
void smb_fact_utf8(struct cx *cx, unsigned fact, const char *text, size_t n);

/* The first byte of a message; "SMB" follows. */
enum smb_protocol { SMB_PROTOCOL_1 = 0xff, SMB_PROTOCOL_2 = 0xfe, SMB_PROTOCOL_TRANSFORM = 0xfd, SMB_PROTOCOL_COMPRESSED = 0xfc };

/* The message at the head of a direction, as the session service frames it. */
struct smb_message {
	enum side from;
	uint64_t  left; /* bytes of the message from the head on, whether here or not */
	size_t    held; /* how many of them are here */
	bool      first; /* the head is the message's first byte, and no later unit of it */
};

/* What messages of both versions may hold: a security blob, bytes of a pipe. */
struct smb_inner {
	struct auth_token auth;
	struct rpc_unit   rpc;
};

#endif
