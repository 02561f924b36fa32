/* The table of SMB 1 commands: how many words and which bytes each has in either direction, and what may follow it. */
/*
 * Spec: MS-CIFS 2.2.2.1, 2.2.3.4, 2.2.4; MS-SMB 2.2.4.
 * Input from: either peer.
 * Limits: none of its own.
 * Not done: raw and multiplexed reads and writes, COPY, MOVE, commands the specification calls obsolete.
 */
#include "proto/smb1/smb1_int.h"

#define NO WORDS_NO
#define SESSION (T_USER | T_TREE)

static const struct smb1_row rows[] = {
	{0x00, "create_directory", SMB_OP_MKDIR, SESSION | T_WRITE, {0, NO, NO}, {0, NO, NO}, NO_FID, "p", "", 0, NULL, NULL},
	{0x01, "delete_directory", SMB_OP_RMDIR, SESSION | T_WRITE, {0, NO, NO}, {0, NO, NO}, NO_FID, "p", "", 0, NULL, NULL},
	{0x02, "open", SMB_OP_CREATE, SESSION | T_OPENS, {2, NO, NO}, {7, NO, NO}, NO_FID, "*", "", 0, smb1_open, smb1_open_answer},
	{0x03, "create", SMB_OP_CREATE, SESSION | T_OPENS | T_WRITE, {3, NO, NO}, {1, NO, NO}, NO_FID, "p", "", 0, NULL, smb1_open_answer},
	{0x04, "close", SMB_OP_CLOSE, SESSION, {3, NO, NO}, {0, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x05, "flush", SMB_OP_FLUSH, SESSION, {1, NO, NO}, {0, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x06, "delete", SMB_OP_DELETE, SESSION | T_WRITE, {1, NO, NO}, {0, NO, NO}, NO_FID, "p", "", 0, NULL, NULL},
	{0x07, "rename", SMB_OP_RENAME, SESSION | T_WRITE, {1, NO, NO}, {0, NO, NO}, NO_FID, "pq", "", 0, NULL, NULL},
	{0x08, "query_information", SMB_OP_QUERY_INFO, SESSION | T_READ, {0, NO, NO}, {10, NO, NO}, NO_FID, "p", "", 0, NULL, NULL},
	{0x09, "set_information", SMB_OP_SET_INFO, SESSION | T_WRITE, {8, NO, NO}, {0, NO, NO}, NO_FID, "pS", "", 0, NULL, NULL},
	{0x0a, "read", SMB_OP_READ, SESSION | T_READ, {5, NO, NO}, {5, NO, NO}, 0, "", "", 0, smb1_read, smb1_read_answer},
	{0x0b, "write", SMB_OP_WRITE, SESSION | T_WRITE, {5, NO, NO}, {1, NO, NO}, 0, "", "", 0, smb1_write, smb1_write_answer},
	{0x0c, "lock_byte_range", SMB_OP_LOCK, SESSION, {5, NO, NO}, {0, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x0d, "unlock_byte_range", SMB_OP_LOCK, SESSION, {5, NO, NO}, {0, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x0e, "create_temporary", SMB_OP_CREATE, SESSION | T_OPENS | T_WRITE, {3, NO, NO}, {1, NO, NO}, NO_FID, "p", "*", 0, NULL,
	 smb1_open_answer},
	{0x0f, "create_new", SMB_OP_CREATE, SESSION | T_OPENS | T_WRITE, {3, NO, NO}, {1, NO, NO}, NO_FID, "p", "", 0, NULL, smb1_open_answer},
	{0x10, "check_directory", SMB_OP_QUERY_INFO, SESSION | T_READ, {0, NO, NO}, {0, NO, NO}, NO_FID, "p", "", 0, NULL, NULL},
	{0x11, "process_exit", SMB_OP_CLOSE, 0, {0, NO, NO}, {0, NO, NO}, NO_FID, "", "", 0, NULL, NULL},
	{0x12, "seek", SMB_OP_SEEK, SESSION, {4, NO, NO}, {2, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x13, "lock_and_read", SMB_OP_READ, SESSION | T_READ, {5, NO, NO}, {5, NO, NO}, 0, "", "", 0, smb1_read, smb1_read_answer},
	{0x14, "write_and_unlock", SMB_OP_WRITE, SESSION | T_WRITE, {5, NO, NO}, {1, NO, NO}, 0, "", "", 0, smb1_write, smb1_write_answer},
	{0x1a, "read_raw", SMB_OP_READ, 0, {8, 10, NO}, {NO, NO, NO}, NO_FID, "", "", R_SMB1_RAW, NULL, NULL},
	{0x1b, "read_mpx", SMB_OP_READ, 0, {8, NO, NO}, {NO, NO, NO}, NO_FID, "", "", R_SMB1_RAW, NULL, NULL},
	{0x1d, "write_raw", SMB_OP_WRITE, 0, {12, 14, NO}, {NO, NO, NO}, NO_FID, "", "", R_SMB1_RAW, NULL, NULL},
	{0x1e, "write_mpx", SMB_OP_WRITE, 0, {12, NO, NO}, {NO, NO, NO}, NO_FID, "", "", R_SMB1_RAW, NULL, NULL},
	{0x22, "set_information2", SMB_OP_SET_INFO, SESSION | T_WRITE, {7, NO, NO}, {0, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x23, "query_information2", SMB_OP_QUERY_INFO, SESSION | T_READ, {1, NO, NO}, {11, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0x24, "locking_andx", SMB_OP_LOCK, SESSION | T_ANDX, {8, NO, NO}, {2, NO, NO}, 2, "*", "", 0, smb1_locking, NULL},
	{0x25, "transaction", SMB_OP_TRANS, SESSION, {WORDS_ANY, NO, NO}, {WORDS_ANY, NO, NO}, NO_FID, "*", "*", 0, smb1_trans, smb1_trans_answer},
	{0x26, "transaction_secondary", SMB_OP_TRANS, SESSION, {8, NO, NO}, {NO, NO, NO}, NO_FID, "*", "", 0, smb1_trans_secondary, NULL},
	{0x27, "ioctl", SMB_OP_IOCTL, 0, {14, NO, NO}, {NO, NO, NO}, NO_FID, "", "", R_SMB1_RAW, NULL, NULL},
	{0x28, "ioctl_secondary", SMB_OP_IOCTL, 0, {8, NO, NO}, {NO, NO, NO}, NO_FID, "", "", R_SMB1_RAW, NULL, NULL},
	{0x2b, "echo", SMB_OP_ECHO, 0, {1, NO, NO}, {1, NO, NO}, NO_FID, "*", "*", 0, smb1_echo, smb1_echo_answer},
	{0x2c, "write_and_close", SMB_OP_WRITE, SESSION | T_WRITE, {6, 12, NO}, {1, NO, NO}, 0, "*", "", 0, smb1_write_close, NULL},
	{0x2d, "open_andx", SMB_OP_CREATE, SESSION | T_ANDX | T_OPENS, {15, NO, NO}, {15, 19, NO}, NO_FID, "*", "", 0, smb1_open_andx,
	 smb1_open_andx_answer},
	{0x2e, "read_andx", SMB_OP_READ, SESSION | T_ANDX | T_READ, {10, 12, NO}, {12, NO, NO}, 2, "", "*", 0, smb1_read_andx,
	 smb1_read_andx_answer},
	{0x2f, "write_andx", SMB_OP_WRITE, SESSION | T_ANDX | T_WRITE, {12, 14, NO}, {6, NO, NO}, 2, "*", "", 0, smb1_write_andx,
	 smb1_write_andx_answer},
	{0x32, "transaction2", SMB_OP_TRANS2, SESSION, {WORDS_ANY, NO, NO}, {WORDS_ANY, NO, NO}, NO_FID, "*", "*", 0, smb1_trans,
	 smb1_trans_answer},
	{0x33, "transaction2_secondary", SMB_OP_TRANS2, SESSION, {9, NO, NO}, {NO, NO, NO}, NO_FID, "*", "", 0, smb1_trans_secondary, NULL},
	{0x34, "find_close2", SMB_OP_QUERY_DIRECTORY, SESSION, {1, NO, NO}, {0, NO, NO}, NO_FID, "", "", 0, NULL, NULL},
	{0x70, "tree_connect", SMB_OP_TREE_CONNECT, T_USER, {0, NO, NO}, {2, NO, NO}, NO_FID, "*", "", 0, smb1_tree_connect,
	 smb1_tree_connect_answer},
	{0x71, "tree_disconnect", SMB_OP_TREE_DISCONNECT, T_TREE, {0, NO, NO}, {0, NO, NO}, NO_FID, "", "", 0, NULL, NULL},
	{0x72, "negotiate", SMB_OP_NEGOTIATE, 0, {0, NO, NO}, {1, 13, 17}, NO_FID, "*", "*", 0, smb1_negotiate, smb1_negotiate_answer},
	{0x73, "session_setup_andx", SMB_OP_SESSION_SETUP, T_ANDX, {10, 12, 13}, {3, 4, NO}, NO_FID, "*", "*", 0, smb1_setup,
	 smb1_setup_answer},
	{0x74, "logoff_andx", SMB_OP_LOGOFF, T_ANDX | T_USER, {2, NO, NO}, {2, NO, NO}, NO_FID, "", "", 0, NULL, NULL},
	{0x75, "tree_connect_andx", SMB_OP_TREE_CONNECT, T_ANDX | T_USER, {4, NO, NO}, {2, 3, 7}, NO_FID, "*", "*", 0, smb1_tree_andx,
	 smb1_tree_andx_answer},
	{0x80, "query_information_disk", SMB_OP_QUERY_INFO, SESSION | T_READ, {0, NO, NO}, {5, NO, NO}, NO_FID, "", "", 0, NULL, NULL},
	{0x81, "search", SMB_OP_QUERY_DIRECTORY, SESSION | T_READ, {2, NO, NO}, {1, NO, NO}, NO_FID, "pv", "V", 0, NULL, NULL},
	{0x82, "find", SMB_OP_QUERY_DIRECTORY, SESSION | T_READ, {2, NO, NO}, {1, NO, NO}, NO_FID, "pv", "V", 0, NULL, NULL},
	{0x83, "find_unique", SMB_OP_QUERY_DIRECTORY, SESSION | T_READ, {2, NO, NO}, {1, NO, NO}, NO_FID, "pV", "V", 0, NULL, NULL},
	{0x84, "find_close", SMB_OP_QUERY_DIRECTORY, SESSION | T_READ, {2, NO, NO}, {1, NO, NO}, NO_FID, "pv", "V", 0, NULL, NULL},
	{0xa0, "nt_transact", SMB_OP_NT_TRANS, SESSION, {WORDS_ANY, NO, NO}, {WORDS_ANY, NO, NO}, NO_FID, "*", "*", 0, smb1_trans,
	 smb1_trans_answer},
	{0xa1, "nt_transact_secondary", SMB_OP_NT_TRANS, SESSION, {18, NO, NO}, {NO, NO, NO}, NO_FID, "*", "", 0, smb1_trans_secondary, NULL},
	{0xa2, "nt_create_andx", SMB_OP_CREATE, SESSION | T_ANDX | T_OPENS, {24, NO, NO}, {34, 42, 50}, NO_FID, "*", "*", 0, smb1_nt_create,
	 smb1_nt_create_answer},
	{0xa4, "nt_cancel", SMB_OP_CANCEL, 0, {0, NO, NO}, {NO, NO, NO}, NO_FID, "", "", 0, NULL, NULL},
	{0xa5, "nt_rename", SMB_OP_RENAME, SESSION | T_WRITE, {4, NO, NO}, {0, NO, NO}, NO_FID, "pq", "", 0, NULL, NULL},
	{0xc0, "open_print_file", SMB_OP_PRINT, SESSION | T_OPENS | T_WRITE, {2, NO, NO}, {1, NO, NO}, NO_FID, "p", "", 0, NULL,
	 smb1_open_answer},
	{0xc1, "write_print_file", SMB_OP_PRINT, SESSION | T_WRITE, {1, NO, NO}, {0, NO, NO}, 0, "*", "", 0, smb1_write_print, NULL},
	{0xc2, "close_print_file", SMB_OP_PRINT, SESSION, {1, 3, NO}, {0, NO, NO}, 0, "", "", 0, NULL, NULL},
	{0xc3, "get_print_queue", SMB_OP_PRINT, SESSION | T_READ, {2, NO, NO}, {2, NO, NO}, NO_FID, "", "D", 0, NULL, NULL},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct smb1_row *smb1_row(uint8_t code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

/* What MS-CIFS lists as AndXCommand of each chained command. */
bool smb1_may_follow(uint8_t first, uint8_t second)
{
	static const uint8_t tree[] = {0x00, 0x01, 0x02, 0x03, 0x06, 0x07, 0x08, 0x09, 0x0e, 0x0f, 0x10, 0x25, 0x2d,
				       0x32, 0x80, 0x81, 0x82, 0x83, 0xa0, 0xa2, 0xa5, 0xc0, 0xc3};
	static const uint8_t open[] = {0x0a, 0x23, 0x2e, 0x2f, 0x04};
	static const uint8_t lock[] = {0x0a, 0x0b, 0x05, 0x2e, 0x2f, 0x24, 0x04};
	static const uint8_t write[] = {0x0a, 0x0b, 0x13, 0x2e, 0x2f, 0x2c, 0x04};

	switch (first) {
	case CMD_SESSION_SETUP:
		return second == CMD_TREE_CONNECT_ANDX || second == CMD_TREE_CONNECT || memchr(tree, second, sizeof(tree));
	case CMD_TREE_CONNECT_ANDX:
		return memchr(tree, second, sizeof(tree));
	case CMD_LOGOFF:
		return second == CMD_SESSION_SETUP || second == CMD_TREE_CONNECT_ANDX;
	case CMD_OPEN_ANDX:
	case CMD_NT_CREATE:
		return memchr(open, second, sizeof(open));
	case CMD_LOCKING:
		return memchr(lock, second, sizeof(lock));
	case CMD_READ_ANDX:
		return second == CMD_CLOSE || second == CMD_READ_ANDX;
	case CMD_WRITE_ANDX:
		return memchr(write, second, sizeof(write));
	default:
		return false;
	}
}
