/* Sockets on loopback, time, and the framing of LDAP, for the load and the backend of the bench. */
#include "bench/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

void die(const char *what)
{
	fprintf(stderr, "bench: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char              *end = NULL;
	unsigned long long n = strtoull(text, &end, 10);

	errno = 0;
	if (end == text || *end || n < least || n > most)
		die(text);
	return n;
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int net_connect(uint16_t port)
{
	struct sockaddr_in to = loopback(port);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int net_listen(uint16_t port)
{
	struct sockaddr_in at = loopback(port);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted sockets inherit it */
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) || listen(fd, SOMAXCONN))
		die("listen");
	return fd;
}

void net_send(int fd, const void *bytes, size_t n)
{
	if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("send");
}

/* The length behind the tag at `p`; *head is tag and length. False: not all there. */
static bool tlv(const uint8_t *p, size_t n, size_t *head, size_t *len)
{
	size_t octets;

	if (n < 2)
		return false;
	octets = p[1] & 0x80 ? p[1] & 0x7f : 0;
	if (octets > 4)
		die("a length of more than four octets");
	if (n < 2 + octets)
		return false;
	*head = 2 + octets;
	*len = octets ? 0 : p[1];
	for (size_t i = 0; i < octets; i++)
		*len = *len << 8 | p[2 + i];
	return true;
}

size_t ldap_frame(const uint8_t *p, size_t n, size_t *op_at)
{
	size_t head = 0, len = 0, id_head = 0, id_len = 0;

	errno = 0;
	if (n && p[0] != 0x30)
		die("the peer does not speak LDAP");
	if (!tlv(p, n, &head, &len) || !tlv(p + head, n - head, &id_head, &id_len))
		return 0;
	*op_at = head + id_head + id_len;
	return head + len;
}
