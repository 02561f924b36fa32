/* Socket addresses as the rest of the program has them: an IPv4 address written in IPv6 is that IPv4 address. */
#include <string.h>

#include "gate/worker_int.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_of(const struct sockaddr_storage *from)
{
	struct address a = {0};

	if (from->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, from, sizeof(in));
		a.family = 4;
		a.port = ntohs(in.sin_port);
		memcpy(a.ip, &in.sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, from, sizeof(in));
		a.family = 6;
		a.port = ntohs(in.sin6_port);
		memcpy(a.ip, &in.sin6_addr, 16);
		if (memcmp(a.ip, mapped, sizeof(mapped)) == 0) {
			a.family = 4;
			memmove(a.ip, a.ip + 12, 4);
			memset(a.ip + 4, 0, 12);
		}
	}
	return a;
}

socklen_t address_to(const struct address *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == 4) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};

		memcpy(&in.sin_addr, a->ip, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};

	memcpy(&in.sin6_addr, a->ip, 16);
	memcpy(out, &in, sizeof(in));
	return sizeof(in);
}

socklen_t address_for(const struct address *a, uint8_t family, struct sockaddr_storage *out)
{
	struct address wide = *a;

	if (a->family == family)
		return address_to(a, out);
	wide.family = 6;
	memcpy(wide.ip, mapped, sizeof(mapped));
	memcpy(wide.ip + sizeof(mapped), a->ip, 4);
	return address_to(&wide, out);
}

struct address local_read(struct msghdr *msg)
{
	struct address a = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct in_pktinfo  v4;
		struct in6_pktinfo v6;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			a.family = 4;
			memcpy(a.ip, &v4.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			a.family = 6;
			memcpy(a.ip, &v6.ipi6_addr, 16);
		}
	}
	return a;
}

/* One control message around `n` bytes; what it takes. */
static size_t wrap(void *control, int level, int type, const void *bytes, size_t n)
{
	struct cmsghdr *c = control;

	memset(control, 0, CMSG_SPACE(n));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), bytes, n);
	return CMSG_SPACE(n);
}

size_t local_write(const struct address *local, uint8_t family, void *control)
{
	struct in_pktinfo  v4 = {0};
	struct in6_pktinfo v6 = {0};

	if (family == 4) {
		memcpy(&v4.ipi_spec_dst, local->ip, 4);
		return wrap(control, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
	}
	memcpy(&v6.ipi6_addr, local->ip, 16);
	return wrap(control, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
}

bool address_same_host(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}
