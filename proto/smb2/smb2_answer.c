/* Our own answer to a request of SMB 2 that was refused or denied. */
/*
 * Spec: MS-SMB2 2.2.2, 2.2.28, 3.3.1.1, 3.3.4.4.
 * A server grants the use of ids and counts those that were used: one that never comes is a hole in its window, and each
 * costs the client a credit until it has none left. So an ECHO goes to the server in the request's place, with its id, and
 * the ECHO's answer becomes the request's error: order and credits are the server's own.
 */
#include "proto/smb2/smb2_int.h"

#include <string.h>

enum { FRAME = 4, ERROR_BODY = 9, ECHO_BODY = 4, ECHO_LEN = FRAME + SMB2_HEADER + ECHO_BODY, ERROR_LEN = FRAME + SMB2_HEADER + ERROR_BODY };

_Static_assert((int)ECHO_LEN <= (int)INSTEAD_MAX, "an echo");

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
	case R_SMB2_PIPE_NAME:
		return 0xc0000034; /* STATUS_OBJECT_NAME_NOT_FOUND */
	case R_SMB2_FSCTL:
		return 0xc0000010; /* STATUS_INVALID_DEVICE_REQUEST */
	default:
		return class == CLASS_POLICY || class == CLASS_OPAQUE ? STATUS_ACCESS_DENIED : STATUS_INVALID_PARAMETER;
	}
}

/* What a request and an answer of one command begin with, in `n` octets with the session service's header. */
static void message(uint8_t *out, size_t n, uint16_t command, uint16_t charge, uint16_t credits, uint64_t id)
{
	memset(out, 0, n); /* UNSAFE: callers have n octets */
	out[2] = (uint8_t)((n - FRAME) >> 8);
	out[3] = (uint8_t)(n - FRAME);
	out += FRAME;
	put(out, 4, 0x424d53fe);
	put(out + 4, 2, SMB2_HEADER);
	put(out + 6, 2, charge);
	put(out + 12, 2, command);
	put(out + 14, 2, credits);
	put(out + 24, 8, id);
}

bool smb2_answer(struct smb2_state *s, const struct smb2_unit *u, struct cx *cx)
{
	struct smb2_request *q;

	if (u->kind != SMB2_COMMAND || !u->headed || !u->alone || u->command == SMB2_NEGOTIATE || u->command == SMB2_CANCEL || !s->dialect ||
	    !smb2_id_free(s, u->id, u->charge) || table_get(cx, SMB_REQUESTS, smb2_request_key(u->id)))
		return false;
	if (u->flags & SMB2_FLAG_SIGNED) {
		cx->no_answer = R_ANSWER_SIGNED;
		return false;
	}
	if (!table_room(cx, SMB_REQUESTS))
		return false;
	smb2_id_use(s, u->id, u->charge);
	q = table_add(cx, SMB_REQUESTS, smb2_request_key(u->id));
	*q = (struct smb2_request){.session = u->session, .tree = u->tree, .code = u->command, .space = status_of(cx->fault.why), .command = SMB2_ECHO,
				   .level = SMB2_ASKED_INSTEAD, .charge = u->charge};
	cx->instead_len = ECHO_LEN;
	message(cx->instead, ECHO_LEN, SMB2_ECHO, s->flags & SMB2_MULTI_CREDIT ? u->charge : 0, u->credits, u->id);
	put(cx->instead + FRAME + SMB2_HEADER, 2, ECHO_BODY); /* UNSAFE: within ECHO_LEN */
	return true;
}

void smb2_error(struct smb2_read *r)
{
	const struct smb2_request *q = r->asked;
	struct smb2_unit          *u = r->u;
	uint8_t                   *out = cx_scratch(r->cx, ERROR_LEN);

	if (!out || !u->alone || u->pending) {
		wire_fail(&r->whole, wire_offset(&r->whole), R_SMB2_ANSWER, "next_command");
		return;
	}
	message(out, ERROR_LEN, (uint16_t)q->code, q->charge, u->credits, u->id);
	out += FRAME; /* UNSAFE: all within ERROR_LEN */
	put(out + 8, 4, q->space);
	put(out + 16, 4, SMB2_FLAG_ANSWER);
	put(out + 36, 4, q->tree);
	put(out + 40, 8, q->session);
	put(out + SMB2_HEADER, 2, ERROR_BODY);
	r->cx->patch[r->cx->patches++] = (struct patch){.form = PATCH_BYTES, .old_len = FRAME + (uint32_t)r->len, .bytes = out - FRAME, .len = ERROR_LEN};
}
