/* The servers behind the relays of the bench: canned LDAP answers, and a sink. Usage: bench_backend ROLE:PORT... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/net.h"

/*
 * done    answers each search with a SearchResultDone of 64 bytes
 * entry   with an entry before that
 * close   like done, and closes
 * sink    reads and forgets everything, closes when the peer does
 * Each connection of the load has one question of 64 bytes out at a time; a relay that cuts one would be news, and ends the bench.
 */

enum role { ROLE_DONE = 0, ROLE_ENTRY, ROLE_CLOSE, ROLE_SINK, ROLES };
static const char *const role_names[ROLES] = {"done", "entry", "close", "sink"};

enum { LISTENERS_MAX = 8, FDS_MAX = 65536, BATCH = 64, CHUNK = 4096, SINK_CHUNK = 1 << 20 };

/* Two octets of message id at LDAP_ID, as everything this bench writes. */
static const uint8_t entry[] =
	"\x30\x41\x02\x02\x01\x00\x64\x3b\x04\x27uid=user123,ou=people,dc=example,dc=org\x30\x10\x30\x0e\x04\x02" "cn\x31\x08\x04\x06Number";
static const uint8_t done[] =
	"\x30\x3e\x02\x02\x01\x00\x65\x38\x0a\x01\x00\x04\x00\x04\x31" "forty-nine bytes of text make it sixty-four bytes";

struct backend {
	int     epoll;
	uint8_t role[FDS_MAX]; /* by descriptor */
	bool    listens[FDS_MAX];
};

static void watch(struct backend *b, int fd, enum role role, bool listens)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (fd >= FDS_MAX || epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
	b->role[fd] = (uint8_t)role;
	b->listens[fd] = listens;
}

static void welcome(struct backend *b, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(b, fd, b->role[listener], false);
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

static size_t put(uint8_t *out, const uint8_t *message, size_t n, const uint8_t *id)
{
	memcpy(out, message, n);
	memcpy(out + LDAP_ID, id, 2);
	return n;
}

/* Answers each of the messages in n bytes. False: the conversation is over. */
static bool answer(int fd, enum role role, const uint8_t *in, size_t n)
{
	static uint8_t out[CHUNK * 4];
	size_t         len = 0, op_at = 0, size;
	bool           lives = true;

	for (const uint8_t *m = in; m < in + n && lives; m += size) {
		size = ldap_frame(m, (size_t)(in + n - m), &op_at);
		if (!size || size > (size_t)(in + n - m))
			die("a message came in pieces");
		if (m[op_at] == OP_SEARCH && op_at == LDAP_OP) {
			if (role == ROLE_ENTRY)
				len += put(out + len, entry, sizeof(entry) - 1, m + LDAP_ID);
			len += put(out + len, done, sizeof(done) - 1, m + LDAP_ID);
		}
		lives = m[op_at] != OP_UNBIND && role != ROLE_CLOSE;
	}
	if (len)
		net_send(fd, out, len);
	return lives;
}

/* False: the connection is over. */
static bool converse(int fd, enum role role)
{
	uint8_t in[CHUNK];
	ssize_t n = recv(fd, in, sizeof(in), 0);

	return n > 0 ? answer(fd, role, in, (size_t)n) : n < 0 && errno == EAGAIN;
}

static bool swallow(int fd)
{
	ssize_t n = recv(fd, NULL, SINK_CHUNK, MSG_TRUNC);

	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void serve(struct backend *b)
{
	struct epoll_event events[BATCH];
	int                n = epoll_wait(b->epoll, events, BATCH, -1);

	for (int i = 0; i < n; i++) {
		int       fd = events[i].data.fd;
		enum role role = b->role[fd];

		if (b->listens[fd])
			welcome(b, fd);
		else if (role == ROLE_SINK ? !swallow(fd) : !converse(fd, role))
			close(fd);
	}
}

static void listen_as(struct backend *b, const char *argument)
{
	const char *colon = strchr(argument, ':');

	for (unsigned role = 0; colon && role < ROLES; role++) {
		size_t n = (size_t)(colon - argument);

		if (n == strlen(role_names[role]) && !strncmp(argument, role_names[role], n)) {
			watch(b, net_listen((uint16_t)number(colon + 1, 1, 65535)), role, true);
			return;
		}
	}
	errno = 0;
	die("usage: bench_backend done|entry|close|sink:PORT...");
}

int main(int argc, char **argv)
{
	static struct backend b;

	b.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (argc < 2 || argc > LISTENERS_MAX)
		die("usage: bench_backend done|entry|close|sink:PORT...");
	for (int i = 1; i < argc; i++)
		listen_as(&b, argv[i]);
	puts("ready");
	fflush(stdout);
	for (;;)
		serve(&b);
}
