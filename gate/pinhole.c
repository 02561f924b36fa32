/* Ports that a server announces to its clients while the gate runs: a listener each, with the service's own policy. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gate/worker_int.h"

/*
 * Input from: a service's server, through its recogniser (an endpoint mapper's answer). The port is the server's choice, so it is
 * held against the policy: never a port that a service of the policy listens on or leads to, never one below PINHOLE_PORT_LEAST.
 * Limits: PINHOLES_MAX of a worker, PINHOLES_PER_SERVICE of a service; each closes when nobody asked for it or used it for its time.
 * The connections behind it go to the server that announced it, on the same port; the service's limits of flows count them.
 */

enum { BACKLOG = 128, SWEEP_MS = 1000, SLEEP_MS = 60 * 1000 };

static struct listener *listener_at(struct worker *w, unsigned place)
{
	return &w->listener[w->listeners + place];
}

struct pinhole *pinhole_of(const struct worker *w, uint16_t listener)
{
	return listener < w->listeners ? NULL : &w->pinhole[listener - w->listeners];
}

static bool is_any(const struct address *a)
{
	static const uint8_t none[16];

	return memcmp(a->ip, none, sizeof(none)) == 0;
}

/* ---- What policy has said of a port already ---- */

/* A listener of the policy that has this port where the client came to. */
static const struct listener *listens_at(const struct worker *w, const struct address *at)
{
	for (uint32_t i = 0; i < w->listeners; i++) {
		const struct policy_listener *l = &w->listener[i].said;

		if (l->transport == POLICY_TCP && l->at.port == at->port && (is_any(&l->at) || address_same_host(&l->at, at)))
			return &w->listener[i];
	}
	return NULL;
}

/* A listener whose service, another one, leads to this port of this host. */
static const struct listener *leads_to(const struct worker *w, uint32_t asking, const struct address *host)
{
	for (uint32_t i = 0; i < w->listeners; i++) {
		const struct policy_listener *l = &w->listener[i].said;
		const struct service         *svc = &w->service[l->service];

		if (l->service == asking || l->transport != POLICY_TCP || (svc->said.to_port ? svc->said.to_port : l->at.port) != host->port)
			continue;
		for (uint32_t k = 0; k < svc->upstreams; k++)
			if (address_same_host(&svc->upstream[k].at, host))
				return &w->listener[i];
	}
	return NULL;
}

/* The port is served by this very service already: whoever is told of it comes to the right place. */
static bool is_own(const struct conversation *c, const struct listener *l, const struct address *host)
{
	uint32_t service = c->policy.arrival.service;

	return l->said.service == service && (!c->w->service[service].said.to_port || c->w->service[service].said.to_port == host->port);
}

static void add_service(const struct worker *w, const struct listener *l, struct str *why)
{
	struct policy_text name = w->service[l->said.service].said.name;

	str_add(why, "service ");
	str_bytes(why, name.text, name.len);
}

/* False, and why not: the port is not the server's to give away. */
static bool may_announce(const struct conversation *c, const struct address *at, const struct address *host, struct str *why)
{
	const struct worker   *w = c->w;
	const struct listener *l = listens_at(w, at), *to = leads_to(w, c->policy.arrival.service, host);

	if (l) {
		str_fmt(why, "port %u is where the gate listens for ", at->port);
		add_service(w, l, why);
	} else if (to) {
		str_fmt(why, "port %u of this server is what the policy protects as ", at->port);
		add_service(w, to, why);
	} else if (at->port < PINHOLE_PORT_LEAST) {
		str_fmt(why, "port %u is not one for announcing: only those from %d on are opened", at->port, PINHOLE_PORT_LEAST);
	}
	return !why->len;
}

/* ---- What it is for ---- */

/* The name of an inner interface: a word of the fact "<protocol>.interface". */
static const char *interface_name(const struct worker *w, uint16_t proto, uint16_t id)
{
	const struct recogniser *r = driver_find(&w->env, proto);

	for (uint8_t i = 0; r && id && i < r->facts; i++) {
		const char *last = strrchr(r->fact[i].name, '.');

		if (!last || strcmp(last, ".interface") != 0 || !r->fact[i].words)
			continue;
		for (uint16_t k = 0; r->fact[i].words[k]; k++)
			if (k == id)
				return r->fact[i].words[k];
	}
	return "";
}

/* An id more; those that find no room make it free for any, as the server speaks all of them there. */
static void allow_interface(struct pinhole *hole, uint16_t id)
{
	struct interfaces *set = &hole->interfaces;

	for (uint8_t i = 0; i < set->count; i++)
		if (set->id[i] == id)
			return;
	if (!id || set->count == INTERFACES_MAX)
		hole->any = true;
	else
		set->id[set->count++] = id;
}

/* ---- Opening and closing ---- */

static void tell_opened(const struct conversation *c, const struct listener *l, const struct expect *e)
{
	struct worker *w = c->w;
	struct record  r = conversation_record(c, RECORD_GATE);
	const char    *name = interface_name(w, l->said.proto, e->interface_id);

	r.gate = GATE_PORT_OPENED;
	r.listener = l->said.at;
	r.server.port = l->said.at.port;
	r.a = l->said.at.port;
	r.text = (struct record_text){name, (uint16_t)strlen(name)};
	worker_note(w, &r);
}

static void hole_close(struct worker *w, unsigned place, bool evicted)
{
	struct listener *l = listener_at(w, place);
	struct pinhole  *hole = &w->pinhole[place];
	struct record    r = {.kind = RECORD_GATE, .gate = GATE_PORT_CLOSED, .ts_us = w->wall_us, .policy_rev = w->policy.revision,
			      .service = l->said.service, .proto = l->said.proto, .ip_protocol = IPPROTO_TCP, .listener = l->said.at};

	r.server = w->service[l->said.service].upstream[hole->upstream - 1].at;
	r.server.port = l->said.at.port;
	r.a = l->said.at.port;
	r.b = hole->connections;
	r.c = evicted;
	close(l->fd);
	l->fd = -1;
	hole->used = false;
	w->pinholes--;
	worker_note(w, &r);
}

/* Like a listener of the keeper's; the sandbox lets the workers of few families do this. */
static int listen_on(const struct address *at)
{
	struct sockaddr_storage to;
	socklen_t               n = address_to(at, &to);
	int                     fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, saved;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 && /* as the keeper's: what is accepted inherits it */
	    (at->family == 4 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, (struct sockaddr *)&to, n) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* A place for one more of this service's: a free one, or that of the longest unused. -1: all are in use. */
static int place_for(struct worker *w, uint32_t service)
{
	int      free = -1, idle = -1, idle_here = -1;
	unsigned here = 0;

	for (int i = 0; i < PINHOLES_MAX; i++) {
		const struct pinhole *hole = &w->pinhole[i];
		bool                  mine = hole->used && listener_at(w, (unsigned)i)->said.service == service;

		here += mine;
		if (!hole->used && !hole->flows && free < 0)
			free = i;
		if (!hole->used || hole->flows)
			continue;
		if (idle < 0 || hole->used_ms < w->pinhole[idle].used_ms)
			idle = i;
		if (mine && (idle_here < 0 || hole->used_ms < w->pinhole[idle_here].used_ms))
			idle_here = i;
	}
	if (here < PINHOLES_PER_SERVICE && free >= 0)
		return free;
	idle = here < PINHOLES_PER_SERVICE ? idle : idle_here;
	if (idle >= 0)
		hole_close(w, (unsigned)idle, true);
	return idle;
}

static int find(const struct worker *w, uint32_t service, const struct address *at)
{
	for (int i = 0; i < PINHOLES_MAX; i++) {
		const struct listener *l = &w->listener[w->listeners + (unsigned)i];

		if (w->pinhole[i].used && l->said.service == service && l->said.at.port == at->port && address_same_host(&l->said.at, at))
			return i;
	}
	return -1;
}

static int hole_open(struct conversation *c, const struct expect *e, const struct address *at, struct str *why)
{
	struct worker     *w = c->w;
	uint32_t           service = c->policy.arrival.service;
	int                fd = listen_on(at), place;
	struct listener   *l;
	struct epoll_event event = {.events = EPOLLIN};

	if (fd < 0) {
		str_fmt(why, "port %u cannot be opened: %s", at->port, strerror(errno));
		return -1;
	}
	place = place_for(w, service);
	if (place < 0) {
		str_fmt(why, "port %u is one too many: all %d that a service may have are in use", at->port, PINHOLES_PER_SERVICE);
		close(fd);
		return -1;
	}
	l = listener_at(w, (unsigned)place);
	*l = (struct listener){.said = {.at = *at, .transport = POLICY_TCP, .service = service, .proto = e->proto}, .w = w, .fd = fd};
	event.data.u64 = (uint64_t)(uintptr_t)l | ABOUT_LISTENER;
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		str_fmt(why, "port %u cannot be watched: %s", at->port, strerror(errno));
		close(fd);
		return -1;
	}
	w->pinhole[place] = (struct pinhole){.used = true, .upstream = c->upstream, .began_ms = w->clock.now_ms};
	w->pinholes++;
	tell_opened(c, l, e);
	return place;
}

/* ---- What the rest of the worker calls ---- */

/* One listener that is to be there afterwards; false, and why not. *fresh: it was not there before. */
static bool stay(struct conversation *c, const struct expect *e, const struct address *local, struct address *bound, struct str *why, int *fresh)
{
	struct worker         *w = c->w;
	struct address         at = *local, host = conversation_server(c);
	const struct listener *own;
	int                    place;

	at.port = host.port = e->port_low;
	*bound = at;
	*fresh = -1;
	own = listens_at(w, &at);
	if (own && is_own(c, own, &host))
		return true;
	if (!may_announce(c, &at, &host, why))
		return false;
	place = find(w, c->policy.arrival.service, &at);
	if (place < 0)
		*fresh = place = hole_open(c, e, &at, why);
	if (place < 0)
		return false;
	/* The last word counts: when another of the service's hosts has taken over, its clients ask it anew. */
	w->pinhole[place].upstream = c->upstream;
	w->pinhole[place].used_ms = w->clock.now_ms;
	w->pinhole[place].stay_ms = e->deadline_ms ? e->deadline_ms : PINHOLE_MS;
	allow_interface(&w->pinhole[place], e->interface_id);
	return true;
}

/* What such an expectation must look like: the gate opens no port of its own choice for it, and knows one protocol per service. */
static bool understood(const struct conversation *c, const struct expect *e, struct str *why)
{
	if (!e->stays || e->to.family || !e->port_low || e->port_low != e->port_high)
		str_add(why, "this version opens no ports for a single connection");
	else if (e->proto != c->w->listener[c->listener].said.proto)
		str_add(why, "the port is for another protocol than the service's");
	else if (!c->w->config->pinholes)
		str_add(why, "the service's protocol is not one whose ports are opened");
	else if (!c->upstream)
		str_add(why, "no server stands behind this connection");
	return !why->len;
}

bool pinholes_stay(struct conversation *c, const struct address *local, const struct expect *expect, uint8_t n, struct address *bound, struct str *why)
{
	int fresh[EXPECTS_MAX];

	/* A probe's server is the probe itself: what it announces is nowhere. */
	if (c->probe >= 0)
		return true;
	for (uint8_t i = 0; i < n; i++) {
		fresh[i] = -1;
		if (understood(c, &expect[i], why) && stay(c, &expect[i], local, &bound[i], why, &fresh[i]))
			continue;
		/* All or none: but what was there before is not this answer's to close. */
		for (uint8_t k = 0; k < i; k++)
			if (fresh[k] >= 0 && c->w->pinhole[fresh[k]].used)
				hole_close(c->w, (unsigned)fresh[k], false);
		return false;
	}
	return true;
}

void pinhole_enter(struct worker *w, uint16_t listener)
{
	struct pinhole *hole = pinhole_of(w, listener);

	if (!hole)
		return;
	hole->flows++;
	hole->connections++;
	hole->used_ms = w->clock.now_ms;
}

void pinhole_leave(struct worker *w, uint16_t listener)
{
	struct pinhole *hole = pinhole_of(w, listener);

	if (!hole)
		return;
	hole->flows--;
	hole->used_ms = w->clock.now_ms;
}

const struct interfaces *pinhole_interfaces(const struct worker *w, uint16_t listener)
{
	const struct pinhole *hole = pinhole_of(w, listener);

	return hole && !hole->any ? &hole->interfaces : NULL;
}

int pinholes_wait(const struct worker *w)
{
	return w->pinholes ? SLEEP_MS : -1;
}

void pinholes_sweep(struct worker *w)
{
	if (!w->pinholes || w->clock.now_ms < w->swept_ms + SWEEP_MS)
		return;
	w->swept_ms = w->clock.now_ms;
	for (unsigned i = 0; i < PINHOLES_MAX; i++) {
		const struct pinhole *hole = &w->pinhole[i];

		if (hole->used && !hole->flows && w->clock.now_ms - hole->used_ms >= hole->stay_ms)
			hole_close(w, i, false);
	}
}

void pinholes_close(struct worker *w)
{
	for (unsigned i = 0; w->pinhole && i < PINHOLES_MAX; i++)
		if (w->pinhole[i].used)
			close(listener_at(w, i)->fd);
}
