/* Fuzzes priv/channel: any packet, between any two processes, with any number of descriptors; what is admitted is what one would send. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "priv/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTIES = PARTY_CLIENT + 1, MAGIC = 0x5053, ROOM = CHANNEL_HEADER + CHANNEL_PAYLOAD_MAX + 16 };

static uint8_t           packet[ROOM];
static struct message_in in, again;

static void must(bool held)
{
	if (!held)
		abort();
}

/* The packet past the table, with as many descriptors. */
static void raw_send(int fd, size_t n, unsigned fds)
{
	struct iovec part = {packet, n};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {0};
	struct msghdr   m = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (fds) {
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (unsigned i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	}
	must(sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)n);
}

/* The bytes as they are, or behind a header that is right in everything but who sends what. */
static size_t pack(const uint8_t *data, size_t size, bool framed, uint8_t type)
{
	struct payload p = payload_over(packet, sizeof(packet));

	if (framed) {
		payload_le16(&p, MAGIC);
		payload_le16(&p, type);
		payload_le32(&p, (uint32_t)size);
	}
	payload_bytes(&p, data, size);
	must(p.over == (size + (framed ? CHANNEL_HEADER : 0) > ROOM));
	return p.len;
}

/* Read as texts to its end: each is bounded, and written again the payload is what it was. */
static void read_texts(void)
{
	static uint8_t back[CHANNEL_PAYLOAD_MAX];
	struct fault   f;
	struct wire    w = payload_read(&in, &f);
	struct payload p = payload_over(back, sizeof(back));

	while (wire_more(&w)) {
		struct wire    text = payload_read_text(&w, 300, "text");
		size_t         n = wire_left(&text);
		const uint8_t *bytes = wire_take(&text, n, "bytes");

		must(n <= 300);
		if (!f.why)
			payload_text(&p, (const char *)bytes, n, 300);
	}
	if (wire_end(&w, PAYLOAD_TRAILS, "payload"))
		must(!p.over && p.len == in.len && memcmp(back, in.bytes, in.len) == 0);
}

/* What came in may be sent the same way, and comes again unless it comes only once. */
static void send_again(struct channel *to, struct channel *from)
{
	uint32_t         once = to->once & 1u << in.type;
	enum channel_got got;

	must(channel_send(from, in.type, in.bytes, in.len, in.fd) == CHANNEL_SENT);
	got = channel_recv(to, &again);
	must(got == (once ? CHANNEL_BAD : CHANNEL_MESSAGE));
	if (once)
		return;
	must(again.type == in.type && again.len == in.len && memcmp(again.bytes, in.bytes, in.len) == 0 && (again.fd >= 0) == (in.fd >= 0));
	if (again.fd >= 0)
		close(again.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct channel   a, b;
	enum channel_got got;
	size_t           n;
	unsigned         fds;
	int              lowest, free_now;

	if (size < 4)
		return 0;
	lowest = dup(0);
	close(lowest);
	must(channel_pair(data[0] % PARTIES, data[0] / PARTIES % PARTIES, &a, &b));
	fds = data[1] & 3;
	b.once = data[1] & 4 ? 1u << MSG_HELLO : 0;
	n = pack(data + 4, size - 4, data[1] & 8, data[2]);
	must(channel_recv(&b, &in) == CHANNEL_AGAIN);
	raw_send(a.fd, n, fds);
	got = channel_recv(&b, &in);
	must(got == (n ? got : CHANNEL_ENDED) && got != CHANNEL_AGAIN);
	must(got == CHANNEL_MESSAGE || (in.fd < 0 && !in.len && !in.type));
	if (got == CHANNEL_MESSAGE) {
		must(in.type > MSG_NONE && in.type < MESSAGES && in.len == n - CHANNEL_HEADER && in.len <= CHANNEL_PAYLOAD_MAX &&
		     memcmp(in.bytes, packet + CHANNEL_HEADER, in.len) == 0 && (in.fd >= 0) == (fds == 1) && *message_name(in.type));
		read_texts();
		send_again(&b, &a);
		if (in.fd >= 0)
			close(in.fd);
	}
	channel_close(&a);
	must(channel_recv(&b, &in) == CHANNEL_ENDED);
	channel_close(&b);
	/* Nothing stays open. */
	free_now = dup(0);
	close(free_now);
	must(free_now == lowest);
	return 0;
}
