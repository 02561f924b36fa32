/* The channel between processes: each row of the table passes, everything else is refused, and no descriptor is ever left over. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "priv/channel.h"
#include "test/tap.h"

/* The table once more, by hand: what channel.c allows must be exactly this. */
static const struct want {
	enum party   from, to;
	enum message type;
	size_t       max;
	bool         fd, once, after_hello;
} wanted[] = {
	{PARTY_COMPILER, PARTY_KEEPER, MSG_BLOB, 0, true, true, false},
	{PARTY_COMPILER, PARTY_KEEPER, MSG_UNCOMPILED, 4, false, true, false},
	{PARTY_WORKER, PARTY_KEEPER, MSG_READY, 8, false, true, false},
	{PARTY_WORKER, PARTY_KEEPER, MSG_UNFIT, 512, false, true, false},
	{PARTY_KEEPER, PARTY_WORKER, MSG_SCRIBE, 0, true, false, false},
	{PARTY_KEEPER, PARTY_SCRIBE, MSG_SOURCE, 4, true, false, false},
	{PARTY_WORKER, PARTY_SCRIBE, MSG_RECORDS, CHANNEL_PAYLOAD_MAX, false, false, false},
	{PARTY_KEEPER, PARTY_SCRIBE, MSG_RECORDS, CHANNEL_PAYLOAD_MAX, false, false, false},
	{PARTY_WORKER, PARTY_CLIENT, MSG_HELLO, 32, false, true, false},
	{PARTY_SCRIBE, PARTY_CLIENT, MSG_HELLO, 32, false, true, false},
	{PARTY_CLIENT, PARTY_SCRIBE, MSG_TAIL, 1, false, true, false},
	{PARTY_SCRIBE, PARTY_CLIENT, MSG_LINE, CHANNEL_PAYLOAD_MAX, false, false, true},
	{PARTY_CLIENT, PARTY_WORKER, MSG_LIST, 0, false, false, false},
	{PARTY_WORKER, PARTY_CLIENT, MSG_SESSION, 4096, false, false, true},
	{PARTY_WORKER, PARTY_CLIENT, MSG_LIST_END, 4, false, false, true},
	{PARTY_CLIENT, PARTY_WORKER, MSG_PROBE, 1024, true, false, false},
	{PARTY_WORKER, PARTY_CLIENT, MSG_PROBE_SAYS, 4096, false, false, true},
};

enum { WANTED = sizeof(wanted) / sizeof(wanted[0]), ROOM = CHANNEL_HEADER + CHANNEL_PAYLOAD_MAX + 64 };

static struct message_in in;
static uint8_t           packet[ROOM];

static unsigned open_fds(void)
{
	DIR     *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* A header by hand, so that it can be wrong. */
static size_t header(uint16_t magic, uint32_t type, uint32_t len)
{
	struct payload p = payload_over(packet, sizeof(packet));

	payload_le16(&p, magic);
	payload_le16(&p, (uint16_t)type);
	payload_le32(&p, len);
	return p.len;
}

enum { GOOD_MAGIC = 0x5053 };

/* n bytes of `packet` with `fds` descriptors, past the table. */
static bool raw_send(int fd, size_t n, unsigned fds)
{
	struct iovec part = {packet, n};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {0};
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
			memcpy(CMSG_DATA(c) + i * sizeof(int), &(int){2}, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)n;
}

static const struct want *find(enum party from, enum party to, uint32_t type)
{
	for (size_t i = 0; i < WANTED; i++)
		if (wanted[i].from == from && wanted[i].to == to && wanted[i].type == type)
			return &wanted[i];
	return NULL;
}

/* One packet from `from`, as it comes out at `to`, which has seen `once` before. */
static enum channel_got one(enum party from, enum party to, size_t n, unsigned fds, uint32_t once)
{
	struct channel   a, b;
	enum channel_got got;

	if (!channel_pair(from, to, &a, &b) || !raw_send(a.fd, n, fds)) {
		tap_note("cannot send %zu bytes: %s", n, strerror(errno));
		exit(1);
	}
	b.once = once;
	got = channel_recv(&b, &in);
	if (got == CHANNEL_MESSAGE && in.fd >= 0)
		close(in.fd);
	channel_close(&a);
	channel_close(&b);
	return got;
}

static void only_the_rows_of_the_table_pass(void)
{
	unsigned before = open_fds(), bad = 0, passed = 0;

	for (unsigned from = 0; from <= PARTY_CLIENT; from++)
		for (unsigned to = 0; to <= PARTY_CLIENT; to++)
			for (uint32_t type = 0; type <= MESSAGES + 1; type++)
				for (unsigned fds = 0; fds < 2; fds++) {
					const struct want *w = find(from, to, type);
					bool               want = w && w->fd == (fds == 1);
					uint32_t           seen = type == MSG_HELLO ? 0 : 1u << MSG_HELLO;
					enum channel_got   got = one(from, to, header(GOOD_MAGIC, type, 0), fds, seen);

					passed += got == CHANNEL_MESSAGE;
					bad += got != (want ? CHANNEL_MESSAGE : CHANNEL_BAD);
					if (got == CHANNEL_MESSAGE ? in.type != type || in.len : in.type || in.len || in.fd != -1)
						bad++;
				}
	tap_number(passed, WANTED, "each row of the table passes, empty, with its descriptor or without");
	tap_number(bad, 0, "every other sender, receiver, type or number of descriptors is refused");
	tap_number(open_fds(), before, "no descriptor is left over");
}

static void sizes_are_bounded_by_the_row(void)
{
	unsigned before = open_fds(), bad = 0;

	for (size_t i = 0; i < WANTED; i++) {
		const struct want *w = &wanted[i];
		uint32_t           seen = w->after_hello ? 1u << MSG_HELLO : 0;
		uint32_t           max = (uint32_t)w->max;

		header(GOOD_MAGIC, w->type, max);
		bad += one(w->from, w->to, CHANNEL_HEADER + w->max, w->fd, seen) != CHANNEL_MESSAGE || in.len != w->max;
		header(GOOD_MAGIC, w->type, max + 1);
		bad += one(w->from, w->to, CHANNEL_HEADER + w->max + 1, w->fd, seen) != CHANNEL_BAD;
		/* The length says less, or more, than came. */
		header(GOOD_MAGIC, w->type, max);
		bad += one(w->from, w->to, CHANNEL_HEADER + w->max + 1, w->fd, seen) != CHANNEL_BAD;
		header(GOOD_MAGIC, w->type, max + 1);
		bad += one(w->from, w->to, CHANNEL_HEADER + w->max, w->fd, seen) != CHANNEL_BAD;
		header(GOOD_MAGIC, w->type, 0xffffffffu);
		bad += one(w->from, w->to, CHANNEL_HEADER + w->max, w->fd, seen) != CHANNEL_BAD;
		for (size_t n = 1; n < CHANNEL_HEADER; n++) {
			header(GOOD_MAGIC, w->type, 0);
			bad += one(w->from, w->to, n, w->fd, seen) != CHANNEL_BAD;
		}
		for (unsigned bit = 0; bit < 16; bit++)
			bad += one(w->from, w->to, header((uint16_t)(GOOD_MAGIC ^ 1u << bit), w->type, 0), w->fd, seen) != CHANNEL_BAD;
		bad += one(w->from, w->to, header(GOOD_MAGIC, w->type, 0), w->fd ? 2 : 1, seen) != CHANNEL_BAD;
		bad += one(w->from, w->to, header(GOOD_MAGIC, w->type, 0), 4, seen) != CHANNEL_BAD;
		bad += one(w->from, w->to, header(GOOD_MAGIC, w->type, 0), w->fd, 0) != (w->after_hello ? CHANNEL_BAD : CHANNEL_MESSAGE);
	}
	tap_number(bad, 0, "the largest payload of each row passes; longer, cut, wrongly measured, unmarked or unannounced ones do not");
	tap_number(open_fds(), before, "no descriptor is left over by them");
	tap_ok(one(PARTY_KEEPER, PARTY_WORKER, 0, 1, 0) == CHANNEL_ENDED && open_fds() == before,
	       "an empty packet is the end, and its descriptor is closed");
}

static void once_is_once(void)
{
	unsigned bad = 0, before = open_fds();

	for (size_t i = 0; i < WANTED; i++) {
		const struct want *w = &wanted[i];
		struct channel     a, b;
		enum channel_got   got[2];

		if (!channel_pair(w->from, w->to, &a, &b))
			exit(1);
		b.once = w->after_hello ? 1u << MSG_HELLO : 0;
		for (int k = 0; k < 2; k++) {
			bad += channel_send(&a, w->type, NULL, 0, w->fd ? 2 : -1) != CHANNEL_SENT;
			got[k] = channel_recv(&b, &in);
			if (in.fd >= 0)
				close(in.fd);
		}
		bad += got[0] != CHANNEL_MESSAGE || got[1] != (w->once ? CHANNEL_BAD : CHANNEL_MESSAGE);
		channel_close(&a);
		channel_close(&b);
	}
	tap_number(bad, 0, "what may come once is refused the second time");
	tap_number(open_fds(), before, "and its second descriptor is closed");
}

static void full_and_gone_are_told_apart(void)
{
	static const uint8_t big[CHANNEL_PAYLOAD_MAX];
	struct channel       a, b;
	enum channel_sent    sent = CHANNEL_SENT;
	unsigned             n = 0, got = 0;

	if (!channel_pair(PARTY_WORKER, PARTY_SCRIBE, &a, &b))
		exit(1);
	tap_ok(channel_recv(&b, &in) == CHANNEL_AGAIN && in.fd == -1, "nothing there");
	while (n < 100000 && (sent = channel_send(&a, MSG_RECORDS, big, sizeof(big), -1)) == CHANNEL_SENT)
		n++;
	tap_ok(n >= 1 && sent == CHANNEL_FULL, "a full channel says so, after at least one of the largest packets (%u)", n);
	while (channel_recv(&b, &in) == CHANNEL_MESSAGE)
		got++;
	tap_number(got, n, "what was sent comes");
	tap_ok(channel_send(&a, MSG_RECORDS, big, 1, -1) == CHANNEL_SENT, "there is room again");
	channel_close(&a);
	tap_ok(channel_recv(&b, &in) == CHANNEL_MESSAGE && channel_recv(&b, &in) == CHANNEL_ENDED,
	       "what was sent before the end comes before it");
	channel_close(&b);
	tap_ok(b.fd == -1 && channel_recv(&b, &in) == CHANNEL_ENDED, "a closed channel has ended");
	if (!channel_pair(PARTY_WORKER, PARTY_SCRIBE, &a, &b))
		exit(1);
	channel_close(&b);
	tap_ok(channel_send(&a, MSG_RECORDS, big, 1, -1) == CHANNEL_GONE, "sending to nobody says so, without a signal");
	channel_close(&a);
}

static void a_descriptor_arrives_and_is_closed_on_exec(void)
{
	struct channel a, b;
	int            pipe_fds[2];
	char           byte = 0;

	if (!channel_pair(PARTY_KEEPER, PARTY_WORKER, &a, &b) || pipe2(pipe_fds, 0) < 0)
		exit(1);
	channel_send(&a, MSG_SCRIBE, NULL, 0, pipe_fds[1]);
	tap_ok(channel_recv(&b, &in) == CHANNEL_MESSAGE && in.type == MSG_SCRIBE && in.fd >= 0 && fcntl(in.fd, F_GETFD) == FD_CLOEXEC,
	       "a descriptor arrives, to be closed on exec");
	tap_ok(write(in.fd, "x", 1) == 1 && read(pipe_fds[0], &byte, 1) == 1 && byte == 'x', "it is the one that was sent");
	tap_ok(fcntl(a.fd, F_GETFD) == FD_CLOEXEC && fcntl(b.fd, F_GETFL) & O_NONBLOCK, "a pair is close-on-exec and non-blocking");
	close(in.fd);
	/* No room for it: the kernel cuts it off, and half a message is none. */
	struct rlimit old, low;
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = (rlim_t)b.fd + 1;
	for (int fd; (fd = dup(2)) >= 0;)
		if ((rlim_t)fd >= low.rlim_cur) {
			close(fd);
			break;
		}
	setrlimit(RLIMIT_NOFILE, &low);
	channel_send(&a, MSG_SCRIBE, NULL, 0, 2);
	tap_ok(channel_recv(&b, &in) == CHANNEL_BAD && in.fd == -1, "a descriptor for which there is no room makes the message bad");
	setrlimit(RLIMIT_NOFILE, &old);
}

/* Does sending this abort? */
static bool aborts(enum party from, enum party to, enum message type, size_t n, int fd)
{
	static const uint8_t bytes[CHANNEL_PAYLOAD_MAX + 1];
	int                  status = 0;
	pid_t                pid = fork();

	if (!pid) {
		struct channel a, b;

		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		if (channel_pair(from, to, &a, &b))
			channel_send(&a, type, bytes, n, fd);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void our_own_bugs_abort(void)
{
	tap_ok(!aborts(PARTY_WORKER, PARTY_KEEPER, MSG_READY, 8, -1), "what the table allows is sent");
	tap_ok(aborts(PARTY_WORKER, PARTY_KEEPER, MSG_READY, 9, -1) && aborts(PARTY_WORKER, PARTY_KEEPER, MSG_READY, 8, 2) &&
		       aborts(PARTY_COMPILER, PARTY_KEEPER, MSG_BLOB, 0, -1) && aborts(PARTY_SCRIBE, PARTY_KEEPER, MSG_READY, 8, -1) &&
		       aborts(PARTY_WORKER, PARTY_SCRIBE, MSG_RECORDS, CHANNEL_PAYLOAD_MAX + 1, -1) &&
		       aborts(PARTY_WORKER, PARTY_KEEPER, MESSAGES, 0, -1) && aborts(PARTY_WORKER, PARTY_KEEPER, MSG_NONE, 0, -1),
	       "sending what it forbids aborts");
	tap_text(message_name(MSG_PROBE_SAYS), "probe says", "messages have names");
	tap_text(message_name(MESSAGES), "unknown", "what is no message has none");
}

static void payloads_are_bounded_and_come_back(void)
{
	uint8_t        room[40];
	struct payload p = payload_over(room, sizeof(room));
	struct fault   f;

	payload_u8(&p, 0x12);
	payload_le16(&p, 0x3456);
	payload_le32(&p, 0x789abcde);
	payload_le64(&p, 0x0102030405060708u);
	payload_text(&p, "sallyport 1", 11, 9);
	payload_bytes(&p, "zz", 2);
	tap_ok(!p.over && p.len == 15 + 11 + 2, "fields fit");
	memcpy(in.bytes, room, p.len);
	in.len = p.len;
	struct wire w = payload_read(&in, &f), text;
	tap_ok(wire_u8(&w, "a") == 0x12 && wire_le16(&w, "b") == 0x3456 && wire_le32(&w, "c") == 0x789abcde &&
		       wire_le64(&w, "d") == 0x0102030405060708u,
	       "numbers come back");
	text = payload_read_text(&w, 9, "text");
	tap_ok(wire_left(&text) == 9 && memcmp(text.p, "sallyport", 9) == 0 && wire_left(&w) == 2, "a text comes back, cut at its most");
	tap_ok(!wire_end(&w, PAYLOAD_TRAILS, "end") && f.why == PAYLOAD_TRAILS, "what trails is a fault");
	w = payload_read(&in, &f);
	wire_take(&w, 15, "head");
	text = payload_read_text(&w, 8, "text");
	tap_ok(f.why == PAYLOAD_VALUE && !wire_left(&text), "a text longer than its most is a fault");
	in.len = 20;
	w = payload_read(&in, &f);
	wire_take(&w, 15, "head");
	payload_read_text(&w, 9, "text");
	tap_ok(f.why == PAYLOAD_SHORT, "a text longer than its payload is a fault");
	payload_text(&p, "twelve bytes", 12, 100);
	tap_ok(p.over && p.len == 28, "a text that does not fit leaves nothing behind");
	payload_u8(&p, 1);
	tap_ok(p.over && p.len == 28, "and nothing is added after it");
}

int main(void)
{
	only_the_rows_of_the_table_pass();
	sizes_are_bounded_by_the_row();
	once_is_once();
	full_and_gone_are_told_apart();
	a_descriptor_arrives_and_is_closed_on_exec();
	our_own_bugs_abort();
	payloads_are_bounded_and_come_back();
	return tap_done();
}
