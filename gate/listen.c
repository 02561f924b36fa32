/* Opens the listeners of the blob's table, and sorts them into groups by family of protocols. */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event/text.h"
#include "gate/keeper_int.h"
#include "gate/worker_int.h"
#include "proto/protocols.h"

enum { TCP_BACKLOG = 1024, UDP_BUFFER = 1024 * 1024 };

/* Protocols whose recognisers share a process. One that is not here has a process of its own. */
static const struct {
	uint16_t    proto;
	const char *family;
	bool        pinholes; /* its servers announce ports to their clients */
} families[] = {
	{PROTO_LDAP, "directory", false},
	{PROTO_CLDAP, "directory", false},
	{PROTO_SMB, "sharing", false},
	{PROTO_DCERPC, "rpc", true},
	{PROTO_DCERPC_CL, "rpc", false},
	{PROTO_KRB5, "kerberos", false},
	{PROTO_KRB5_UDP, "kerberos", false},
};

static bool has_pinholes(const struct policy_listener *l)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].proto == l->proto && l->transport == POLICY_TCP)
			return families[i].pinholes;
	return false;
}

static const char *family_of(const struct keeper *k, uint16_t proto)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].proto == proto)
			return families[i].family;
	for (size_t i = 0; k->options->registry[i]; i++)
		if (k->options->registry[i]->id == proto)
			return k->options->registry[i]->name;
	return "other";
}

/* The number of a family's group; made when it is the first of its kind. GROUPS_MAX: too many. */
static unsigned group_for(struct keeper *k, const char *family)
{
	unsigned i = 0;

	while (i < k->groups && strcmp(k->group[i].family, family) != 0)
		i++;
	if (i < k->groups || i == GROUPS_MAX)
		return i;
	k->group[i] = (struct group_of){.family = family, .control = -1, .channel = {.fd = -1}, .backoff_ms = BACKOFF_MS};
	k->group[i].heart = mmap(NULL, sizeof(struct heart), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (k->group[i].heart == MAP_FAILED)
		return GROUPS_MAX;
	k->groups++;
	return i;
}

static void name_of(const struct policy_listener *l, char *out, size_t size)
{
	struct str s = str_over(out, size);

	text_address(&s, &l->at);
	str_add(&s, l->transport == POLICY_TCP ? " tcp" : " udp");
}

/* [::] takes IPv4 along, unless IPv4 has a listener of its own on that port. */
static bool only_v6(const struct keeper *k, const struct policy_listener *l)
{
	for (uint32_t i = 0; i < k->listeners; i++) {
		struct policy_listener other = policy_listener_at(&k->policy, i);

		if (other.at.family == 4 && other.at.port == l->at.port && other.transport == l->transport)
			return true;
	}
	return false;
}

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static int listen_at(const struct keeper *k, const struct policy_listener *l)
{
	struct sockaddr_storage at;
	socklen_t               n = address_to(&l->at, &at);
	bool                    tcp = l->transport == POLICY_TCP, v6 = l->at.family == 6;
	int                     fd = socket(at.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool                    ok = fd >= 0;

	if (ok && v6)
		ok = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, only_v6(k, l)) && (tcp || set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
	if (ok && tcp)
		ok = set(fd, SOL_SOCKET, SO_REUSEADDR, 1) && set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	else if (ok)
		ok = (v6 || set(fd, IPPROTO_IP, IP_PKTINFO, 1)) && set(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER);
	ok = ok && bind(fd, (struct sockaddr *)&at, n) == 0 && (!tcp || listen(fd, TCP_BACKLOG) == 0);
	if (!ok && fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return ok ? fd : -1;
}

/* ---- A service must not lead back to the gate ---- */

static bool is_any(const struct address *a)
{
	static const uint8_t none[16];

	return memcmp(a->ip, none, sizeof(none)) == 0;
}

static bool is_own(const struct ifaddrs *own, const struct address *a)
{
	for (; own; own = own->ifa_next) {
		struct sockaddr_storage at = {0};
		struct address          mine;

		if (!own->ifa_addr || (own->ifa_addr->sa_family != AF_INET && own->ifa_addr->sa_family != AF_INET6))
			continue;
		memcpy(&at, own->ifa_addr, own->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		mine = address_of(&at);
		if (mine.family == a->family && memcmp(mine.ip, a->ip, sizeof(mine.ip)) == 0)
			return true;
	}
	/* All of 127/8 is ours, whatever the interface says. */
	return a->family == 4 && a->ip[0] == 127;
}

static bool leads_to(const struct ifaddrs *own, const struct policy_listener *l, const struct address *to)
{
	if (to->port != l->at.port)
		return false;
	if (is_any(&l->at))
		return is_own(own, to) && (to->family == l->at.family || l->at.family == 6);
	return to->family == l->at.family && memcmp(to->ip, l->at.ip, sizeof(to->ip)) == 0;
}

static bool loops(const struct keeper *k, const struct ifaddrs *own, const struct policy_listener *l)
{
	struct policy_service svc = policy_service_at(&k->policy, l->service);

	for (uint32_t i = 0; i < svc.hosts; i++) {
		struct policy_host host = policy_service_host(&k->policy, &svc, i);

		for (uint32_t n = 0; n < host.addresses; n++) {
			struct address to = policy_host_address(&k->policy, &host, n);

			to.port = svc.to_port ? svc.to_port : l->at.port;
			for (uint32_t m = 0; m < k->listeners; m++) {
				struct policy_listener other = policy_listener_at(&k->policy, m);

				if (other.transport == l->transport && leads_to(own, &other, &to)) {
					keeper_complain("service %.*s leads to host %.*s at an address and port where this gate listens itself", (int)svc.name.len,
							svc.name.text, (int)host.name.len, host.name.text);
					return true;
				}
			}
		}
	}
	return false;
}

/* A host known by name only: names are not resolved yet, and a service without a server would only refuse. */
static bool has_address(const struct keeper *k, const struct policy_listener *l)
{
	struct policy_service svc = policy_service_at(&k->policy, l->service);

	for (uint32_t i = 0; i < svc.hosts; i++)
		if (policy_service_host(&k->policy, &svc, i).addresses)
			return true;
	keeper_complain("service %.*s: none of its hosts has an address; names are not looked up by this version, so give one with \"address\"",
			(int)svc.name.len, svc.name.text);
	return false;
}

/* ---- All of them ---- */

static bool listen_one(struct keeper *k, const struct ifaddrs *own, uint32_t i)
{
	struct policy_listener l = policy_listener_at(&k->policy, i);
	struct policy_service  svc = policy_service_at(&k->policy, l.service);
	unsigned               group = group_for(k, family_of(k, l.proto));
	char                   name[96];

	name_of(&l, name, sizeof(name));
	if (group == GROUPS_MAX) {
		keeper_complain("more than %d families of protocols", GROUPS_MAX);
		return false;
	}
	if (!has_address(k, &l) || loops(k, own, &l))
		return false;
	k->group_of[i] = (uint8_t)group;
	k->group[group].pinholes |= has_pinholes(&l);
	k->listener[i] = listen_at(k, &l);
	if (k->listener[i] < 0) {
		keeper_complain("cannot listen on %s for service %.*s: %s%s", name, (int)svc.name.len, svc.name.text, strerror(errno),
				errno == EACCES ? " (ports below 1024 need root, or another port)" : "");
		return false;
	}
	keeper_say(k, "listening on %s: service %.*s, policy %.*s", name, (int)svc.name.len, svc.name.text, (int)svc.policy.len, svc.policy.text);
	return true;
}

bool keeper_listen(struct keeper *k)
{
	struct ifaddrs *own = NULL;
	bool            ok = true;

	k->listeners = policy_listeners(&k->policy);
	if (!k->listeners || k->listeners > LISTENERS_MAX) {
		keeper_complain(k->listeners ? "the policy has more listeners than %d" : "the policy has no service that listens (of at most %d)", LISTENERS_MAX);
		return false;
	}
	getifaddrs(&own);
	for (uint32_t i = 0; i < k->listeners; i++)
		k->listener[i] = -1;
	for (uint32_t i = 0; i < k->listeners && ok; i++)
		ok = listen_one(k, own, i);
	if (own)
		freeifaddrs(own);
	return ok;
}
