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
