/* What the files of proto/smb1 share: commands, entries of tables, a message being read. */
#ifndef SALLYPORT_PROTO_SMB1_SMB1_INT_H
#define SALLYPORT_PROTO_SMB1_SMB1_INT_H

#include <string.h>

#include "proto/reasons.h"
#include "proto/smb1/smb1.h"

/* Commands (MS-CIFS 2.2.2.1) that code names; the table in smb1_commands.c has all. */
enum smb1_command {
	CMD_OPEN = 0x02,
	CMD_CREATE = 0x03,
	CMD_CLOSE = 0x04,
	CMD_DELETE = 0x06,
	CMD_RENAME = 0x07,
	CMD_READ = 0x0a,
	CMD_WRITE = 0x0b,
	CMD_CREATE_TEMPORARY = 0x0e,
	CMD_CREATE_NEW = 0x0f,
	CMD_PROCESS_EXIT = 0x11,
	CMD_LOCK_AND_READ = 0x13,
	CMD_LOCKING = 0x24,
	CMD_TRANS = 0x25,
	CMD_TRANS_SECONDARY = 0x26,
	CMD_ECHO = 0x2b,
	CMD_WRITE_AND_CLOSE = 0x2c,
	CMD_OPEN_ANDX = 0x2d,
	CMD_READ_ANDX = 0x2e,
	CMD_WRITE_ANDX = 0x2f,
	CMD_TRANS2 = 0x32,
	CMD_TRANS2_SECONDARY = 0x33,
	CMD_TREE_CONNECT = 0x70,
	CMD_TREE_DISCONNECT = 0x71,
	CMD_NEGOTIATE = 0x72,
	CMD_SESSION_SETUP = 0x73,
	CMD_LOGOFF = 0x74,
	CMD_TREE_CONNECT_ANDX = 0x75,
	CMD_NT_TRANSACT = 0xa0,
	CMD_NT_TRANSACT_SECONDARY = 0xa1,
	CMD_NT_CREATE = 0xa2,
	CMD_NT_CANCEL = 0xa4,
	CMD_NT_RENAME = 0xa5,
	CMD_OPEN_PRINT = 0xc0,
	CMD_CLOSE_PRINT = 0xc2,
	CMD_NONE = 0xff,
};

enum { SMB1_HEADER = 32, SMB1_SMALLEST = 35 };
enum { FLAG_REPLY = 0x80 };
enum { DISCONNECT_TID = 1 }; /* of TREE_CONNECT_ANDX and transactions: the header's tree is over */
enum { FLAGS2_SIGNED = 0x0004, FLAGS2_EXTENDED = 0x0800, FLAGS2_DFS = 0x1000, FLAGS2_NT_STATUS = 0x4000, FLAGS2_UNICODE = 0x8000 };

/* What the gateway answers, as NTSTATUS (MS-CIFS 2.2.2.4). */
#define STATUS_INVALID_HANDLE   0xc0000008u
#define STATUS_NAME_NOT_FOUND   0xc0000034u
#define STATUS_ACCESS_DENIED    0xc0000022u
#define STATUS_BUFFER_TOO_SMALL 0xc0000023u
#define STATUS_BAD_DEVICE_TYPE  0xc00000cbu
#define STATUS_SMB_BAD_TID      0x00050002u
#define STATUS_SMB_BAD_UID      0x005b0002u
#define STATUS_MORE_PROCESSING  0xc0000016u

/* Of SMB_REQUESTS, by PID and MID. */
struct smb1_request {
	uint8_t           links, chain[SMB1_CHAIN_MAX];
	uint8_t           kind, identity; /* enum smb_kind of what it is about; of a session being set up */
	bool              interim; /* a transaction in pieces: the server may say once that it wants more */
	bool              rpc, opens;
	bool              keeps; /* WRITE_AND_CLOSE of nothing: servers close no file then */
	bool              busy; /* it holds the pipe's turn */
	bool              leaves; /* by a flag of its own the tree is over with it */
	bool              part; /* of what is written to a pipe: the next bytes wait for the answer */
	uint16_t          uid, tid, fid, function;
	uint16_t          answers; /* echoes still owed */
	uint32_t          written;
	uint32_t          max_params, max_data, params, data; /* room and what has come */
	struct auth_state auth; /* of a session being set up */
};

struct smb1_session {
	bool              established;
	bool              closing; /* its LOGOFF is outstanding */
	bool              setting; /* an established one is being set up again */
	uint8_t           identity; /* enum smb_identity */
	struct auth_state auth;
};

struct smb1_tree {
	uint8_t  kind, len;
	uint8_t  share[SMB1_SHARE_MAX];
	bool     closing; /* its TREE_DISCONNECT is outstanding */
	uint16_t uid;
};

struct smb1_file {
	struct rpc_assoc rpc; /* pipes */
	uint8_t          kind;
	bool             busy, closing; /* closing: its CLOSE is outstanding, the number may be another file's already */
	uint16_t         tid, uid, pid;
	uint16_t         raw; /* octets a message in raw mode still lacks */
	uint32_t         older, newer; /* FID + 1 in the list of open files */
	uint8_t          len, pipe[SMB1_PIPE_MAX];
};

/* Of SMB_TRANSACTIONS, by MID: some servers look for a piece's first by nothing else. */
struct smb1_transaction {
	struct smb1_parts parts; /* of the first piece */
	uint32_t          params, data; /* gone so far */
	uint16_t          tid, uid, pid;
	uint8_t           family;
	bool              rap;
	bool              lost; /* a piece was refused: whether the server still has the others is not known */
};

_Static_assert(sizeof(struct smb1_request) <= SMB_REQUEST_MAX, "request");
_Static_assert(sizeof(struct smb1_session) <= SMB_SESSION_MAX, "session");
_Static_assert(sizeof(struct smb1_tree) <= SMB_TREE_MAX, "tree");
_Static_assert(sizeof(struct smb1_file) <= SMB_FILE_MAX, "file");
_Static_assert(sizeof(struct smb1_transaction) <= SMB_TRANSACTION_MAX, "transaction");

/* Keys of what waits for an answer stand beside those of what has a number. */
#define KEY_PENDING (1ull << 40)
#define KEY_REQUEST (1ull << 41) /* apart from the MessageIds of SMB 2, which share the table */
#define KEY_PARAMS  (1ull << 61)
#define KEY_DATA    (1ull << 62)

/* One message being read. */
struct smb1_read {
	struct cx                *cx;
	const struct smb1_state  *state;
	struct smb1_unit         *unit;
	struct smb_inner         *inner;
	const struct smb_message *message;
	struct wire               head; /* from the header's first byte on; stays unread */
	uint32_t                  base; /* where that is in the unit */
	bool                      unicode; /* texts of this message */
	uint16_t                  flags2, pid_high;
	uint32_t                  pid_high_at; /* in the unit */
	uint64_t                  opaque; /* file data that needs not be held */
	bool                      splits; /* ... stands at the end of what is held */
	uint8_t                   words; /* WordCount of the command being read */
	const struct smb1_request *asked; /* answers */
	const struct smb1_session *session;
	const struct smb1_tree    *tree;
	const struct smb1_file    *file;
	uint16_t                  why_wait;
	uint32_t                  wait_ms;
	uint16_t                  opaque_why;
	uint16_t                  level; /* transactions: the information level */
};

/* One row per command. */
enum smb1_trait {
	T_ANDX = 1 << 0,
	T_USER = 1 << 1, /* needs a session where the server asks users for theirs */
	T_TREE = 1 << 2,
	T_OPENS = 1 << 3, /* the answer holds a FID */
	T_READ = 1 << 4, /* smb.access */
	T_WRITE = 1 << 5,
	T_ANY_BYTES = 1 << 6, /* the answer's bytes are not looked at */
};
enum { WORDS_ANY = 0xfe, WORDS_NO = 0xff, NO_FID = 0xff };

struct smb1_row {
	uint8_t     code;
	const char *field;
	uint8_t     op; /* enum smb_op */
	uint8_t     traits;
	uint8_t     asks[3], answers[3]; /* WordCounts; WORDS_NO where fewer */
	uint8_t     fid; /* the word that holds a FID */
	/* Data bytes: p, q path and second path, v variable block, d data block, s other text, * anything; upper case: may be missing. */
	const char *bytes, *bytes_back;
	uint16_t    refused; /* reason, or 0 */
	void (*ask)(struct smb1_read *r, struct wire *words, struct wire *bytes);
	void (*answer)(struct smb1_read *r, struct wire *words, struct wire *bytes);
};

const struct smb1_row *smb1_row(uint8_t code);
bool                   smb1_may_follow(uint8_t first, uint8_t second);

/* smb1_text.c. A text as it stands at the head of w: bytes without their terminator. */
struct smb1_text {
	const uint8_t *p;
	size_t         n; /* octets */
	bool           utf16;
};
struct smb1_text smb1_text(struct smb1_read *r, struct wire *w, bool utf16, const char *field);
/* All of w is the text; a terminator at its end is dropped. */
struct smb1_text smb1_text_all(struct smb1_read *r, struct wire *w, bool utf16, const char *field);
/* Texts nobody compares: bounded, and the last of them may lack its end, as several clients have it. */
void             smb1_tail_texts(struct smb1_read *r, struct wire *w, unsigned most);
/* The path of a request as a fact; bounded. On a tree of pipes it must be a pipe's name. */
void             smb1_path(struct smb1_read *r, const struct wire *w, uint32_t at, struct smb1_text text, enum smb_fact fact);
void             smb1_align(struct smb1_read *r, struct wire *w);
void             smb1_pipe_name(struct smb1_read *r, const struct wire *w, uint32_t at, struct smb1_text text);
/* The character at this place, which must be below their count. */
uint16_t         smb1_character(struct smb1_text text, size_t i);
bool             smb1_text_is(struct smb1_text text, const char *ascii);
/* Data bytes by a row's rule. */
void             smb1_bytes(struct smb1_read *r, struct wire *bytes, const char *rule);

/* smb1_session.c, smb1_file.c, smb1_trans.c ...: requests and answers of single commands. */
#define HANDLER(name) void name(struct smb1_read *r, struct wire *words, struct wire *bytes)
HANDLER(smb1_negotiate);
HANDLER(smb1_negotiate_answer);
HANDLER(smb1_setup);
HANDLER(smb1_setup_answer);
HANDLER(smb1_tree_connect);
HANDLER(smb1_tree_connect_answer);
HANDLER(smb1_tree_andx);
HANDLER(smb1_tree_andx_answer);
HANDLER(smb1_nt_create);
HANDLER(smb1_nt_create_answer);
HANDLER(smb1_open);
HANDLER(smb1_open_andx);
HANDLER(smb1_open_answer);
HANDLER(smb1_open_andx_answer);
HANDLER(smb1_read);
HANDLER(smb1_read_answer);
HANDLER(smb1_read_andx);
HANDLER(smb1_read_andx_answer);
HANDLER(smb1_write);
HANDLER(smb1_write_answer);
HANDLER(smb1_write_andx);
HANDLER(smb1_write_andx_answer);
HANDLER(smb1_write_close);
HANDLER(smb1_write_print);
HANDLER(smb1_locking);
HANDLER(smb1_echo);
HANDLER(smb1_echo_answer);
HANDLER(smb1_nt_rename);
HANDLER(smb1_trans);
HANDLER(smb1_trans_secondary);
HANDLER(smb1_trans_answer);

/* Bytes of a pipe: false when refused. */
void smb1_pipe(struct smb1_read *r, const struct wire *at, const uint8_t *bytes, size_t n, bool final);
/* The request wants the pipe's next bytes: it waits while another one does. */
void smb1_pipe_turn(struct smb1_read *r);
/* The file a request names. */
void smb1_find_file(struct smb1_read *r, const struct wire *w, uint32_t at, uint16_t fid);
/* Kind of the file a request names, or of the tree by which one is opened. */
uint8_t smb1_kind(const struct smb1_read *r);
bool    smb1_room(struct smb1_read *r, const struct wire *w, enum smb_table table);

/* smb1_trans2.c, smb1_rap.c: whole transactions. */
void smb1_trans2_check(struct smb1_read *r, const struct smb1_parts *t, struct wire *params, struct wire *data);
void smb1_nt_check(struct smb1_read *r, const struct smb1_parts *t, struct wire *params, struct wire *data);
void smb1_rap_check(struct smb1_read *r, const struct smb1_parts *t, struct wire *params);
/* Fields of answer space, refused at `at`. */
void smb1_space(struct smb1_read *r, const struct wire *w, uint32_t at, uint32_t has, uint32_t needs, const char *field);

#endif
