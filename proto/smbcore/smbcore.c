/* Facts of SMB messages, whichever version carries them. */
#include "proto/smbcore/smbcore.h"

#include <string.h>

#include "base/utf16.h"

static const char *const dialects[] = {"none", "core", "lanman", "nt1", "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1", NULL};
static const char *const identities[] = {"none", "anonymous", "guest", "user", NULL};
static const char *const kinds[] = {"unknown", "disk", "pipe", "print", NULL};
static const char *const accesses[] = {"none", "read", "write", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const ops[] = {
	"other", "negotiate", "session-setup", "logoff", "tree-connect", "tree-disconnect", "create", "close", "flush", "read",
	"write", "lock", "ioctl", "cancel", "echo", "query-directory", "change-notify", "query-info", "set-info", "break",
	"delete", "rename", "mkdir", "rmdir", "trans", "trans2", "nt-trans", "seek", "print", "sealed", "netbios", NULL,
};
_Static_assert(sizeof(ops) / sizeof(ops[0]) == SMB_OPS + 1, "a word for each");

const struct fact_def smb_facts[SMB_FACTS] = {
	[SMB_FACT_DIALECT] = {"smb.dialect", FACT_OF_FLOW, false, dialects},
	[SMB_FACT_OP] = {"smb.op", FACT_OF_REQUEST, false, ops},
	[SMB_FACT_SIGNED] = {"smb.signed", FACT_OF_REQUEST, false, no_yes},
	[SMB_FACT_IDENTITY] = {"smb.identity", FACT_OF_REQUEST, false, identities},
	[SMB_FACT_SHARE] = {"smb.share", FACT_OF_REQUEST, true, NULL},
	[SMB_FACT_TREE] = {"smb.tree", FACT_OF_REQUEST, false, kinds},
	[SMB_FACT_PATH] = {"smb.path", FACT_OF_REQUEST, true, NULL},
	[SMB_FACT_NEW_PATH] = {"smb.new-path", FACT_OF_REQUEST, true, NULL},
	[SMB_FACT_PIPE] = {"smb.pipe", FACT_OF_REQUEST, true, NULL},
	[SMB_FACT_ACCESS] = {"smb.access", FACT_OF_REQUEST, false, accesses},
	[SMB_FACT_CODE] = {"smb.code", FACT_OF_REQUEST, false, NULL},
	[SMB_FACT_STATUS] = {"smb.status", FACT_OF_ANSWER, false, NULL},
	AUTH_FACT_DEFS(SMB_FACT_AUTH),
	RPC_FACT_DEFS(SMB_FACT_RPC),
};
_Static_assert((int)SMB_FACTS <= (int)FACTS_MAX, "facts");

const struct auth_seat smb_auth_seat = {.fact = SMB_FACT_AUTH, .long_length = 1u << SMB_TOLERANCE_TOKEN};
const struct rpc_seat  smb_rpc_seat = {
	 .limit = SMB_LIMIT_RPC,
	 .fact = SMB_FACT_RPC,
	 .tolerance = SMB_TOLERANCE_RPC,
	 .contexts = SMB_RPC_CONTEXTS,
	 .calls = SMB_RPC_CALLS,
	 .auth = {.fact = SMB_FACT_AUTH, .long_length = 1u << SMB_TOLERANCE_TOKEN},
	 .pipe = true,
};

static bool wanted(const struct cx *cx, unsigned fact)
{
	return cx->wanted >> fact & 1;
}

void smb_fact_number(struct cx *cx, unsigned fact, uint64_t value)
{
	if (wanted(cx, fact))
		cx->fact[fact] = (struct fact){.state = FACT_NUMBER, .number = value};
}

void smb_fact_unknown(struct cx *cx, unsigned fact)
{
	if (wanted(cx, fact))
		cx->fact[fact] = (struct fact){.state = FACT_UNKNOWN};
}

void smb_fact_utf8(struct cx *cx, unsigned fact, const char *text, size_t n)
{
	if (wanted(cx, fact))
		cx->fact[fact] = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)text, .len = (uint32_t)n}; /* UNSAFE: octets are octets, signed or not */
}

/* The text in UTF-8 in scratch; NULL where it does not fit. */
static uint8_t *in_scratch(struct cx *cx, const uint8_t *bytes, size_t n, bool utf16, size_t *len)
{
	size_t   size = utf16 ? n / 2 * 3 : n;
	uint8_t *room = n <= SCRATCH_MAX ? cx_scratch(cx, size) : NULL;

	*len = n;
	if (room && utf16)
		*len = utf16_to_utf8(bytes, n, false, room, size);
	else if (room && n)
		memcpy(room, bytes, n); /* UNSAFE: room was asked for n octets above */
	return *len == SIZE_MAX ? NULL : room;
}

void smb_fact_name(struct cx *cx, unsigned fact, const uint8_t *bytes, size_t n, bool utf16, bool lower)
{
	size_t   len;
	uint8_t *room;

	if (!wanted(cx, fact))
		return;
	room = in_scratch(cx, bytes, n, utf16, &len);
	if (!room) {
		smb_fact_unknown(cx, fact);
		return;
	}
	for (size_t i = 0; lower && i < len; i++)
		if (room[i] >= 'A' && room[i] <= 'Z')
			room[i] = (uint8_t)(room[i] - 'A' + 'a');
	smb_fact_utf8(cx, fact, (const char *)room, len); /* UNSAFE: as above */
}

void smb_fact_options(struct cx *cx, uint32_t options)
{
	if (options & SMB_DELETE_ON_CLOSE)
		smb_fact_unknown(cx, SMB_FACT_OP);
	if (options & SMB_OPEN_BY_ID)
		smb_fact_unknown(cx, SMB_FACT_PATH);
}

static bool separates(uint8_t c)
{
	return c == '\\' || c == '/';
}

/* Ends in this text of small letters, whatever the letters' case: the length without it, else n. */
static size_t without(const uint8_t *path, size_t n, const char *tail)
{
	size_t len = strlen(tail), i = 0;

	while (n >= len && i < len && (path[n - len + i] | (tail[i] >= 'a' ? 0x20 : 0)) == tail[i])
		i++;
	return i == len ? n - len : n;
}

/* Colons of the last component of what is written plain. */
static size_t colons(const uint8_t *path, size_t n)
{
	size_t count = 0;

	for (size_t i = n; i && path[i - 1] != '\\'; i--)
		count += path[i - 1] == ':';
	return count;
}

/*
 * The stream behind the last component: ::$DATA goes, and the type of a named one. What else has a type may be the folder
 * itself; an empty name is none. SIZE_MAX: not known.
 */
static size_t stream(const uint8_t *path, size_t n)
{
	size_t end = without(path, n, "::$data");

	if (end != n)
		return end && (path[end - 1] == '.' || path[end - 1] == ' ') ? SIZE_MAX : end;
	if (colons(path, n) == 2)
		end = without(path, n, ":$data");
	return colons(path, end) > 1 || (end && path[end - 1] == ':') ? SIZE_MAX : end;
}

/* A component that is not the name of a file or folder of now: the token of an earlier version, or a stream with something below it. */
static bool odd(const uint8_t *component, size_t len, bool last)
{
	static const char version[] = "@gmt-";

	return (len >= 5 && without(component, 5, version) == 0) || (!last && memchr(component, ':', len));
}

size_t smb_path_plain(uint8_t *path, size_t n)
{
	size_t out = 0, end;

	for (size_t at = 0; at < n; at = end + 1) {
		size_t len;
		bool   here, up;

		for (end = at; end < n && !separates(path[end]);)
			end++;
		len = end - at;
		here = len == 1 && path[at] == '.';
		up = len == 2 && path[at] == '.' && path[at + 1] == '.';
		if (!len || here)
			continue;
		if (up && !out)
			return SIZE_MAX;
		if (up) {
			while (out && path[--out] != '\\')
				;
			continue;
		}
		if (path[end - 1] == '.' || path[end - 1] == ' ' || odd(path + at, len, end == n)) /* UNSAFE: at is below n */
			return SIZE_MAX;
		if (out)
			path[out++] = '\\';
		memmove(path + out, path + at, len); /* UNSAFE: what is written never overtakes what is read */
		out += len;
	}
	return stream(path, out);
}

void smb_fact_path(struct cx *cx, unsigned fact, const uint8_t *bytes, size_t n, bool utf16, bool known)
{
	size_t   len;
	uint8_t *room;

	if (!wanted(cx, fact))
		return;
	room = known ? in_scratch(cx, bytes, n, utf16, &len) : NULL;
	if (room)
		len = smb_path_plain(room, len);
	if (!room || len == SIZE_MAX)
		smb_fact_unknown(cx, fact);
	else
		smb_fact_utf8(cx, fact, (const char *)room, len); /* UNSAFE: octets are octets, signed or not */
}
