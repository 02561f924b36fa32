/* UDP: one datagram is one unit; an association per client address, with one connected socket behind the gate. Input from: any host that can forge an address. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gate/worker_int.h"

enum { BUCKETS = 1024, DATAGRAM_MAX = 64 * 1024, BATCH = SCRATCH / DATAGRAM_MAX, ROUNDS = 8, CONTROL_BYTES = 64 };

struct association {
	struct conversation c; /* first: the driver's `user` points here */
	struct association *bucket_next, *dead_next;
	struct association *next, *prev; /* in one of the two queues, the oldest first */
	struct timer        timer;
	struct address      local; /* what the client wrote to; family 0 = the listener's own */
	uint32_t            hash, scope; /* scope: the interface of a client that has its address on one link only; 0 = of any */
	uint16_t            target;
	int                 fd; /* connected to the server; -1 before the first unit was let through */
	bool                answered, dead;
};

struct datagrams {
	struct driver_env   env;
	struct association *bucket[BUCKETS];
	struct association *oldest[2], *newest[2]; /* by answered: those nobody answered go first when room is needed */
	struct association *dead;
	uint32_t            count, most;
	/* The datagram in hand. */
	const uint8_t *bytes;
	size_t         len;
	enum side      from;
	bool           there;
};

/* ---- Finding, keeping, forgetting ---- */

static void queue_leave(struct datagrams *d, struct association *a)
{
	*(a->prev ? &a->prev->next : &d->oldest[a->answered]) = a->next;
	*(a->next ? &a->next->prev : &d->newest[a->answered]) = a->prev;
	a->next = a->prev = NULL;
}

static void queue_join(struct datagrams *d, struct association *a)
{
	a->prev = d->newest[a->answered];
	*(a->prev ? &a->prev->next : &d->oldest[a->answered]) = a;
	d->newest[a->answered] = a;
}

static struct service *service_of(const struct association *a)
{
	return &a->c.w->service[a->c.policy.arrival.service];
}

static uint32_t hash_of(const struct worker *w, const struct address *client, uint32_t scope, uint32_t listener)
{
	return (uint32_t)hash_pair(&w->key, hash_bytes(&w->key, client, sizeof(*client)), (uint64_t)scope << 32 | listener);
}

static struct association *find(const struct worker *w, const struct address *client, uint32_t scope, uint32_t listener, uint32_t hash)
{
	for (struct association *a = w->datagrams->bucket[hash % BUCKETS]; a; a = a->bucket_next)
		if (a->hash == hash && a->scope == scope && a->c.listener == listener && memcmp(&a->c.source, client, sizeof(*client)) == 0)
			return a;
	return NULL;
}

static void association_close(struct association *a, enum record_end end, uint16_t why)
{
	struct worker       *w = a->c.w;
	struct association **link = &w->datagrams->bucket[a->hash % BUCKETS];

	if (a->dead)
		return;
	conversation_ended(&a->c, end, why);
	while (*link != a)
		link = &(*link)->bucket_next;
	*link = a->bucket_next;
	queue_leave(w->datagrams, a);
	timer_clear(&a->timer);
	driver_close(&a->c.flow);
	/* Whoever announced a probe may hold its sink too: closing ours does not end what epoll knows of it. */
	if (a->fd >= 0 && a->c.probe >= 0)
		epoll_ctl(w->epoll, EPOLL_CTL_DEL, a->fd, NULL);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	conversation_leave(w, a->c.policy.arrival.service, POLICY_UDP, &a->c.source);
	w->datagrams->count--;
	a->dead = true;
	a->dead_next = w->datagrams->dead;
	w->datagrams->dead = a;
}

void datagrams_flush(struct worker *w)
{
	while (w->datagrams->dead) {
		void *gone = w->datagrams->dead;

		w->datagrams->dead = w->datagrams->dead->dead_next;
		slots_give(&w->slots, &gone, sizeof(struct association));
	}
}

void association_timer(struct timer *t)
{
	/* UNSAFE: every timer of this kind stands at this place in an association. */
	struct association *a = (struct association *)(void *)((char *)t - offsetof(struct association, timer));

	association_close(a, END_CLOSED, R_NONE);
}

/* ---- What the driver calls ---- */

static const uint8_t *op_peek(void *user, enum side from, size_t *len, bool *fin)
{
	const struct association *a = user;
	const struct datagrams   *d = a->c.w->datagrams;
	bool                      there = d->there && d->from == from;

	*fin = false;
	*len = there ? d->len : 0;
	return there ? d->bytes : NULL;
}

static void op_drop(void *user, enum side from, size_t n)
{
	const struct association *a = user;

	(void)from, (void)n;
	a->c.w->datagrams->there = false;
}

/* The first host that is not known to be down. */
static uint16_t pick(const struct association *a)
{
	const struct service *svc = service_of(a);

	for (uint32_t i = 0; i < svc->upstreams; i++)
		if (svc->upstream[i].health[POLICY_UDP].down_until <= a->c.w->clock.now_ms)
			return (uint16_t)i;
	return 0;
}

static bool connect_server(struct association *a)
{
	struct sockaddr_storage at;
	struct address          to;
	struct epoll_event      event = {.events = EPOLLIN, .data.u64 = (uint64_t)(uintptr_t)a | ABOUT_ASSOCIATION};
	socklen_t               n;

	if (a->c.probe >= 0) {
		a->fd = probe_take_sink(a->c.w, a->c.probe);
	} else if (service_of(a)->upstreams) {
		a->target = pick(a);
		a->c.dialled_ms = a->c.w->clock.now_ms;
		a->c.upstream = (uint16_t)(a->target + 1);
		to = conversation_server(&a->c);
		n = address_to(&to, &at);
		a->fd = socket(at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (a->fd >= 0 && connect(a->fd, (struct sockaddr *)&at, n) != 0) {
			server_down(&a->c, &service_of(a)->upstream[a->target], errno);
			close(a->fd);
			a->fd = -1;
		}
	}
	if (a->fd >= 0 && epoll_ctl(a->c.w->epoll, EPOLL_CTL_ADD, a->fd, &event) != 0) {
		close(a->fd);
		a->fd = -1;
	}
	return a->fd >= 0;
}

/* From the address the client wrote to: with several addresses the kernel would pick its own. */
static void to_client(struct association *a, const uint8_t *bytes, size_t n)
{
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES];
	struct sockaddr_storage to;
	struct sockaddr_in6     in6;
	struct iovec            iov = {(void *)(uintptr_t)bytes, n};
	struct msghdr           msg = {.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1};
	const struct listener  *l = &a->c.w->listener[a->c.listener];

	msg.msg_namelen = address_for(&a->c.source, l->said.at.family, &to);
	if (a->local.family) {
		msg.msg_control = control;
		msg.msg_controllen = local_write(&a->local, l->said.at.family, control);
	}
	if (to.ss_family == AF_INET6) {
		memcpy(&in6, &to, sizeof(in6));
		in6.sin6_scope_id = a->scope;
		memcpy(&to, &in6, sizeof(in6));
	}
	if (sendmsg(l->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN || !a->local.family)
		return;
	/* A client that wrote to all hosts of a link: that is no address to answer from, and the kernel's choice is right. */
	msg.msg_control = NULL;
	msg.msg_controllen = 0;
	if (sendmsg(l->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		a->local.family = 0;
}

static void op_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	struct association *a = user;

	a->c.forwarded[from] += n;
	if (from == SIDE_SERVER) {
		if (!a->answered) {
			queue_leave(a->c.w->datagrams, a);
			a->answered = true;
			queue_join(a->c.w->datagrams, a);
		}
		to_client(a, bytes, n);
	} else if (a->fd >= 0 || connect_server(a)) {
		a->c.dialled_ms = a->c.w->clock.now_ms;
		send(a->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

static void op_answer(void *user, const uint8_t *bytes, size_t n)
{
	to_client(user, bytes, n);
}

static void op_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct association *a = user;

	(void)step, (void)cx;
	a->c.units[from]++;
}

/* No protocol over datagrams names its server, announces flows or ends one. */
static void op_dial(void *user, const struct route *route)
{
	(void)user, (void)route;
}

static bool op_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	(void)user, (void)expect, (void)n, (void)group, (void)bound;
	return false;
}

static void op_fin(void *user, enum side from)
{
	(void)user, (void)from;
}

static void op_end(void *user, const struct ending *ending)
{
	(void)user, (void)ending;
}

static void op_wake(void *user)
{
	(void)user;
}

static const struct driver_ops datagram_ops = {
	.peek = op_peek,
	.drop = op_drop,
	.emit = op_emit,
	.answer = op_answer,
	.judge = conversation_judge,
	.watch = conversation_watch,
	.report = conversation_report,
	.committed = op_committed,
	.dial = op_dial,
	.bind = op_bind,
	.profile = conversation_profile,
	.fin = op_fin,
	.end = op_end,
	.wake = op_wake,
};

/* ---- Arrival ---- */

static struct association *association_new(struct worker *w, const struct listener *l, const struct address *client, const struct address *local,
					   uint32_t hash)
{
	struct datagrams   *d = w->datagrams;
	struct association *a = slots_take(&w->slots, sizeof(*a));
	void               *gone = a;

	if (!a)
		return NULL;
	a->c.w = w;
	a->c.listener = (uint16_t)(l - w->listener);
	a->fd = -1;
	a->hash = hash;
	a->local = *local;
	if (!conversation_begin(&a->c, &d->env, client)) {
		slots_give(&w->slots, &gone, sizeof(*a));
		return NULL;
	}
	a->bucket_next = d->bucket[hash % BUCKETS];
	d->bucket[hash % BUCKETS] = a;
	d->count++;
	queue_join(d, a);
	return a;
}

/* The oldest of a service, of those that nobody answered or that somebody did; UINT32_MAX = of any. */
static struct association *oldest_of(const struct datagrams *d, uint32_t service, bool answered)
{
	struct association *a = d->oldest[answered];

	while (a && service != UINT32_MAX && a->c.policy.arrival.service != service)
		a = a->next;
	return a;
}

/* One that nobody answered gives way first: a forged source costs us only what is forged. A service that is full makes room of its own. */
static void make_room(struct datagrams *d, uint32_t service)
{
	struct association *a = oldest_of(d, service, false);

	if (!a)
		a = oldest_of(d, service, true);
	if (a)
		association_close(a, END_GATE, R_GATE_FLOWS);
}

static struct association *association_of(struct worker *w, struct listener *l, const struct address *client, uint32_t scope, const struct address *local)
{
	uint32_t            listener = (uint32_t)(l - w->listener), service = l->said.service;
	uint32_t            hash = hash_of(w, client, scope, listener);
	struct association *a = find(w, client, scope, listener, hash);
	uint16_t            why;

	if (a)
		return a;
	/* A vector that was still on its way when its probe had gone must not find a host. */
	if (probe_was(w, client))
		return NULL;
	if (w->service[service].flows[POLICY_UDP] >= w->service[service].limit[SETTING_FLOWS])
		make_room(w->datagrams, service);
	else if (w->datagrams->count >= w->datagrams->most)
		make_room(w->datagrams, UINT32_MAX);
	why = conversation_admit(w, service, POLICY_UDP, client);
	a = why ? NULL : association_new(w, l, client, local, hash);
	if (!why && !a) {
		why = R_LIMIT_MEMORY;
		conversation_leave(w, service, POLICY_UDP, client);
	}
	if (why)
		turned_away(w, service, why, IPPROTO_UDP, client);
	else
		a->scope = scope;
	if (a && a->c.probe >= 0)
		probe_says_taken(w, a->c.probe, a->c.id);
	return a;
}

/* What a listener of ours, or another gate's, could have sent: answering would go round for ever. */
static bool may_loop(const struct worker *w, const struct address *client, const struct listener *l)
{
	if (!client->port || client->port == l->said.at.port)
		return true;
	for (uint32_t i = 0; i < w->listeners; i++)
		if (w->listener[i].said.at.port == client->port && memcmp(w->listener[i].said.at.ip, client->ip, sizeof(client->ip)) == 0)
			return true;
	return false;
}

/* One datagram through the driver. */
static void drive(struct association *a, enum side from, const uint8_t *bytes, size_t n)
{
	struct worker    *w = a->c.w;
	struct datagrams *d = w->datagrams;

	a->c.bytes[from] += n;
	d->bytes = bytes;
	d->len = n;
	d->from = from;
	d->there = true;
	w->ruled = false;
	conversation_heart(&a->c);
	while (driver_turn(a->c.flow, from) == TURN_AGAIN)
		;
	if (a->c.probe >= 0)
		probe_says_turn(&a->c);
	timer_set(w, &a->timer, service_of(a)->udp_idle);
}

/* Kernels give one to addresses that need it. */
static uint32_t scope_of(const struct sockaddr_storage *from)
{
	struct sockaddr_in6 in6 = {0};

	if (from->ss_family == AF_INET6)
		memcpy(&in6, from, sizeof(in6));
	return in6.sin6_scope_id;
}

static void from_client(struct worker *w, struct listener *l, struct msghdr *msg, const struct sockaddr_storage *from, const uint8_t *bytes,
			size_t n)
{
	struct address      client = address_of(from), local = local_read(msg);
	struct association *a;

	if (may_loop(w, &client, l))
		return;
	a = association_of(w, l, &client, scope_of(from), &local);
	/* An empty datagram says nothing to any protocol; a probe asks by it whether we are there. */
	if (a && n)
		drive(a, SIDE_CLIENT, bytes, n);
	else if (a)
		timer_set(w, &a->timer, service_of(a)->udp_idle);
}

void datagrams_receive(struct worker *w, struct listener *l)
{
	struct sockaddr_storage from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_BYTES];
	struct iovec   iov[BATCH];
	struct mmsghdr msg[BATCH];
	int            n = BATCH;

	for (unsigned round = 0; round < ROUNDS && n == BATCH; round++) {
		for (unsigned i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){w->scratch + i * DATAGRAM_MAX, DATAGRAM_MAX};
			msg[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
							      .msg_namelen = sizeof(from[i]),
							      .msg_iov = &iov[i],
							      .msg_iovlen = 1,
							      .msg_control = control[i],
							      .msg_controllen = CONTROL_BYTES}};
		}
		n = recvmmsg(l->fd, msg, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			from_client(w, l, &msg[i].msg_hdr, &from[i], iov[i].iov_base, msg[i].msg_len);
	}
}

void association_event(struct association *a, uint32_t events)
{
	(void)events;
	for (unsigned i = 0; i < ROUNDS && !a->dead; i++) {
		ssize_t n = recv(a->fd, a->c.w->scratch, SCRATCH, MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR && a->c.probe < 0)
			server_down(&a->c, &service_of(a)->upstream[a->target], errno);
		/* A probe that hung up its sink, or a host that is not there: wait for the idle time no longer. */
		if ((n == 0 && a->c.probe >= 0) || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			association_close(a, END_SERVER_RESET, R_NONE);
			return;
		}
		if (n < 0)
			return;
		/* An empty datagram says nothing, and anybody may forge one. */
		if (!n)
			continue;
		if (a->c.probe < 0)
			server_up(&a->c, &service_of(a)->upstream[a->target]);
		drive(a, SIDE_SERVER, a->c.w->scratch, (size_t)n);
	}
}

void datagrams_end_probe(struct worker *w, int probe)
{
	for (int answered = 0; answered < 2; answered++)
		for (struct association *a = w->datagrams->oldest[answered], *next; a; a = next) {
			next = a->next;
			if (a->c.probe == probe)
				association_close(a, END_CLOSED, R_NONE);
		}
}

bool datagrams_open(struct worker *w)
{
	struct datagrams *d = calloc(1, sizeof(*d));

	w->datagrams = d;
	if (!d)
		return false;
	d->most = w->config->files && w->config->files / UDP_SHARE < UDP_MOST ? (uint32_t)(w->config->files / UDP_SHARE) : UDP_MOST;
	d->env = w->env;
	d->env.ops = &datagram_ops;
	d->env.private = NULL;
	return driver_env_open(&d->env);
}

void datagrams_close(struct worker *w)
{
	struct datagrams *d = w->datagrams;

	while (d->oldest[false] || d->oldest[true])
		association_close(d->oldest[false] ? d->oldest[false] : d->oldest[true], END_STOPPED, R_NONE);
	datagrams_flush(w);
	driver_env_close(&d->env);
	free(d);
	w->datagrams = NULL;
}
