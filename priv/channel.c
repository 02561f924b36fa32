/* Messages between our processes over SOCK_SEQPACKET: one table says who may send what; nothing else is let in or out. */
#include "priv/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Input from: every other process of ours, each of which may have been taken over by a peer, and clients of the control socket.
 * Limits: one packet of CHANNEL_HEADER + CHANNEL_PAYLOAD_MAX bytes and one descriptor; no memory is taken.
 */

enum { MAGIC = 0x5053, BUFFER_WISHED = 4 * (CHANNEL_HEADER + CHANNEL_PAYLOAD_MAX) };

/* One row per message. `after`: what must have come first on this channel. */
struct rule {
	const char  *name;
	uint8_t      from, to; /* a bit per party */
	bool         fd, once;
	enum message after;
	uint32_t     max; /* bytes of payload */
};

enum {
	KEEPER = 1 << PARTY_KEEPER,
	COMPILER = 1 << PARTY_COMPILER,
	WORKER = 1 << PARTY_WORKER,
	SCRIBE = 1 << PARTY_SCRIBE,
	CLIENT = 1 << PARTY_CLIENT,
};

static const struct rule rules[MESSAGES] = {
	[MSG_NONE] = {"none", 0, 0, false, false, MSG_NONE, 0},
	[MSG_BLOB] = {"blob", COMPILER, KEEPER, true, true, MSG_NONE, 0},
	[MSG_UNCOMPILED] = {"uncompiled", COMPILER, KEEPER, false, true, MSG_NONE, 4},
	[MSG_READY] = {"ready", WORKER, KEEPER, false, true, MSG_NONE, 8},
	[MSG_UNFIT] = {"unfit", WORKER, KEEPER, false, true, MSG_NONE, 512},
	[MSG_SCRIBE] = {"scribe", KEEPER, WORKER, true, false, MSG_NONE, 0},
	[MSG_SOURCE] = {"source", KEEPER, SCRIBE, true, false, MSG_NONE, 4},
	[MSG_RECORDS] = {"records", KEEPER | WORKER, SCRIBE, false, false, MSG_NONE, CHANNEL_PAYLOAD_MAX},
	[MSG_HELLO] = {"hello", WORKER | SCRIBE, CLIENT, false, true, MSG_NONE, 32},
	[MSG_TAIL] = {"tail", CLIENT, SCRIBE, false, true, MSG_NONE, 1},
	[MSG_LINE] = {"line", SCRIBE, CLIENT, false, false, MSG_HELLO, CHANNEL_PAYLOAD_MAX},
	[MSG_LIST] = {"list", CLIENT, WORKER, false, false, MSG_NONE, 0},
	[MSG_SESSION] = {"session", WORKER, CLIENT, false, false, MSG_HELLO, 4096},
	[MSG_LIST_END] = {"list end", WORKER, CLIENT, false, false, MSG_HELLO, 4},
	[MSG_PROBE] = {"probe", CLIENT, WORKER, true, false, MSG_NONE, 1024},
	[MSG_PROBE_SAYS] = {"probe says", WORKER, CLIENT, false, false, MSG_HELLO, 4096},
};

_Static_assert(MESSAGES <= 32, "struct channel.once has a bit per message");

/* The row, if this message may travel this way with or without a descriptor; else NULL. */
static const struct rule *rule_of(enum party from, enum party to, uint32_t type, size_t len, bool fd)
{
	const struct rule *r = type < MESSAGES ? &rules[type] : &rules[MSG_NONE];

	if (!(r->from >> from & 1) || !(r->to >> to & 1) || len > r->max || fd != r->fd)
		return NULL;
	return r;
}

const char *message_name(enum message type)
{
	return (unsigned)type < MESSAGES ? rules[type].name : "unknown";
}

/* Takes the one descriptor a packet may bring and closes every other. False: more came than one, or something else. */
static bool take_fd(struct msghdr *packet, int *out)
{
	bool alone = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(packet); c; c = CMSG_NXTHDR(packet, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			alone = false;
			continue;
		}
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			alone = alone && *out < 0;
			if (*out < 0)
				*out = fd;
			else
				close(fd);
		}
	}
	return alone;
}

/* The header of a packet that brought n bytes. */
static bool decode(const uint8_t *header, size_t n, uint16_t *type, size_t *len)
{
	struct fault f = {0};
	struct wire  w = wire_over(header, n < CHANNEL_HEADER ? n : CHANNEL_HEADER, &f, PAYLOAD_SHORT);

	wire_want_le16(&w, MAGIC, PAYLOAD_VALUE, "magic");
	*type = wire_le16(&w, "type");
	*len = wire_le32(&w, "length");
	return wire_end(&w, PAYLOAD_TRAILS, "header") && *len == n - CHANNEL_HEADER;
}

/* Is what came allowed here and now? */
static bool admit(struct channel *c, const uint8_t *header, size_t n, struct message_in *out)
{
	const struct rule *r;
	uint16_t           type;
	size_t             len;

	if (!decode(header, n, &type, &len))
		return false;
	r = rule_of(c->peer, c->self, type, len, out->fd >= 0);
	if (!r || (r->once && c->once >> type & 1) || (r->after && !(c->once >> r->after & 1)))
		return false;
	if (r->once)
		c->once |= 1u << type;
	out->type = (enum message)type;
	out->len = len;
	return true;
}

enum channel_got channel_recv(struct channel *c, struct message_in *out)
{
	uint8_t       header[CHANNEL_HEADER];
	struct iovec  parts[2] = {{header, sizeof(header)}, {out->bytes, sizeof(out->bytes)}};
	/* Room for exactly one: of more the kernel says MSG_CTRUNC and hands none of the rest over. */
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr packet = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = control, .msg_controllen = CMSG_LEN(sizeof(int))};
	enum channel_got got;
	ssize_t          n;

	out->type = MSG_NONE;
	out->len = 0;
	out->fd = -1;
	do
		n = recvmsg(c->fd, &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? CHANNEL_AGAIN : CHANNEL_ENDED;
	/* Also an empty packet, which looks like the end, may have brought a descriptor. */
	bool alone = take_fd(&packet, &out->fd);
	if (n == 0)
		got = CHANNEL_ENDED;
	else if (!alone || packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !admit(c, header, (size_t)n, out))
		got = CHANNEL_BAD;
	else
		return CHANNEL_MESSAGE;
	if (out->fd >= 0)
		close(out->fd);
	out->fd = -1;
	return got;
}

static enum channel_sent failed(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
	case ETOOMANYREFS: /* more descriptors are under way than this user may have; they will arrive or be dropped */
		return CHANNEL_FULL;
	default:
		return CHANNEL_GONE;
	}
}

enum channel_sent channel_send(const struct channel *c, enum message type, const void *payload, size_t n, int fd)
{
	uint8_t        header[CHANNEL_HEADER];
	struct payload head = payload_over(header, sizeof(header));
	/* UNSAFE: sendmsg takes what it only reads through a pointer without const. */
	struct iovec   parts[2] = {{header, sizeof(header)}, {(void *)(uintptr_t)payload, n}};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr   packet = {.msg_iov = parts, .msg_iovlen = n ? 2 : 1};
	struct cmsghdr *c_fd;
	ssize_t         sent;

	if (!rule_of(c->self, c->peer, (uint32_t)type, n, fd >= 0))
		abort();
	payload_le16(&head, MAGIC);
	payload_le16(&head, (uint16_t)type);
	payload_le32(&head, (uint32_t)n);
	if (fd >= 0) {
		packet.msg_control = control;
		packet.msg_controllen = sizeof(control);
		c_fd = CMSG_FIRSTHDR(&packet);
		c_fd->cmsg_level = SOL_SOCKET;
		c_fd->cmsg_type = SCM_RIGHTS;
		c_fd->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c_fd), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(c->fd, &packet, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0 ? CHANNEL_SENT : failed(errno);
}

struct channel channel_over(int fd, enum party self, enum party peer)
{
	return (struct channel){.fd = fd, .self = self, .peer = peer};
}

bool channel_pair(enum party a, enum party b, struct channel *a_end, struct channel *b_end)
{
	int fds[2], size = BUFFER_WISHED;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return false;
	/* The largest packet must fit whatever the system's default is; what the kernel does not give shows when it is sent. */
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*a_end = channel_over(fds[0], a, b);
	*b_end = channel_over(fds[1], b, a);
	return true;
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
