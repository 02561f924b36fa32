/* Our own answer to a request of SMB 2 that was refused or denied. */
/*
 * Spec: MS-SMB2 2.2.2, 3.3.4.4.
 * The client used up ids that the server never sees. It is given as many credits as it spent, so that it does not run
 * dry; the server's window keeps a hole, which costs it the credits of one request.
 */
#include "proto/smb2/smb2_int.h"

#include <string.h>

enum { ERROR_BODY = 9 };

static void put(uint8_t *out, unsigned n, uint64_t value)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

/* What the server would have said (3.3.5.2.9, 3.3.5.2.11, 3.3.5.10), so that clients go on as they would without us. */
static uint32_t status_of(uint16_t why)
{
	uint8_t class = reason_of(why)->class;

	switch (why) {
	case R_SMB2_SESSION:
		return 0xc0000203; /* STATUS_USER_SESSION_DELETED */
	case R_SMB2_TREE:
		return 0xc00000c9; /* STATUS_NETWORK_NAME_DELETED */
	case R_SMB2_FILE:
		return 0xc0000128; /* STATUS_FILE_CLOSED */
	case R_SMB2_BINDING:
		return 0xc00000bb; /* STATUS_NOT_SUPPORTED */
	case R_SMB2_DURABLE_RECONNECT:
		return 0xc0000034; /* STATUS_OBJECT_NAME_NOT_FOUND */
	case R_SMB2_FSCTL:
		return 0xc0000010; /* STATUS_INVALID_DEVICE_REQUEST */
	default:
		return class == CLASS_POLICY || class == CLASS_OPAQUE ? STATUS_ACCESS_DENIED : STATUS_INVALID_PARAMETER;
	}
}

size_t smb2_answer(struct smb2_state *s, const struct smb2_unit *u, struct cx *cx, uint8_t *out, size_t size)
{
	if (u->kind != SMB2_COMMAND || !u->headed || !u->alone || u->command == SMB2_NEGOTIATE || u->command == SMB2_CANCEL ||
	    size < SMB2_HEADER + ERROR_BODY || !s->dialect || !smb2_id_free(s, u->id, u->charge))
		return 0;
	if (u->flags & SMB2_FLAG_SIGNED) {
		cx->no_answer = R_ANSWER_SIGNED;
		return 0;
	}
	smb2_id_use(s, u->id, u->charge);
	s->granted += u->charge;
	memset(out, 0, SMB2_HEADER + ERROR_BODY); /* UNSAFE: size was compared above */
	put(out, 4, 0x424d53fe);
	put(out + 4, 2, SMB2_HEADER);
	put(out + 6, 2, u->charge);
	put(out + 8, 4, status_of(cx->fault.why));
	put(out + 12, 2, u->command);
	put(out + 14, 2, u->charge);
	put(out + 16, 4, SMB2_FLAG_ANSWER);
	put(out + 24, 8, u->id);
	put(out + 36, 4, u->tree);
	put(out + 40, 8, u->session);
	put(out + SMB2_HEADER, 2, ERROR_BODY);
	return SMB2_HEADER + ERROR_BODY;
}
