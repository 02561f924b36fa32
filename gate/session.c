/* The life of a session: accepted, timed, ended in the way the protocol and TCP ask for. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gate/worker_int.h"

static struct service *service_of(const struct session *s)
{
	return &s->c.w->service[s->c.policy.arrival.service];
}

/* ---- Accepting ---- */

static struct session *session_new(struct worker *w, const struct listener *l, int fd, const struct address *source)
{
	struct session *s = slots_take(&w->slots, sizeof(*s));
	void           *gone = s;

	if (!s)
		return NULL;
	s->c.w = w;
	s->side[SIDE_CLIENT] = (struct half){.fd = fd, .writable = true};
	s->side[SIDE_SERVER].fd = -1;
	s->c.listener = (uint16_t)(l - w->listener);
	if (!conversation_begin(&s->c, &w->env, source)) {
		slots_give(&w->slots, &gone, sizeof(*s));
		return NULL;
	}
	pinhole_enter(w, s->c.listener);
	s->next = w->sessions;
	if (s->next)
		s->next->prev = s;
	w->sessions = s;
	return s;
}

static void abort_socket(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void session_open(struct worker *w, struct listener *l, int fd, const struct address *source)
{
	uint32_t           service = l->said.service;
	struct epoll_event event = {.events = SOCKET_EVENTS};
	uint16_t           why = conversation_admit(w, service, POLICY_TCP, source);
	struct session    *s = why ? NULL : session_new(w, l, fd, source);

	if (!why && !s) {
		why = R_LIMIT_MEMORY;
		conversation_leave(w, service, POLICY_TCP, source);
	}
	if (why) {
		turned_away(w, service, why, IPPROTO_TCP, source);
		abort_socket(fd);
		return;
	}
	event.data.u64 = (uint64_t)(uintptr_t)s | ABOUT_CLIENT;
	session_phase(s, PHASE_FIRST);
	if (service_of(s)->age)
		timer_set(w, &s->timer[TIMER_AGE], service_of(s)->age);
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		session_close(s, END_GATE, true);
	else if (s->c.probe >= 0)
		probe_says_taken(w, s->c.probe, s->c.id);
}

/* Without descriptors the one in reserve takes the connection, so that it does not stand in the queue for ever. */
static bool shed(struct worker *w, struct listener *l)
{
	int fd;

	if (w->reserve < 0)
		return false;
	close(w->reserve);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		abort_socket(fd);
	w->reserve = dup(w->epoll);
	turned_away(w, l->said.service, R_LIMIT_MEMORY, IPPROTO_TCP, &(struct address){0});
	return fd >= 0;
}

void session_accept(struct worker *w, struct listener *l)
{
	for (unsigned i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage from;
		struct address          source;
		socklen_t               n = sizeof(from);
		int                     fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE) && shed(w, l))
			continue;
		if (fd < 0 && errno != ECONNABORTED && errno != EINTR)
			return;
		if (fd < 0)
			continue;
		source = address_of(&from);
		session_open(w, l, fd, &source);
	}
}

/* ---- Events and timers ---- */

/* A connection that is being made stands or has failed. False: the socket the events are about is gone. */
static bool server_event(struct session *s, uint32_t events)
{
	struct half *h = &s->side[SIDE_SERVER];
	int          error = 0;
	socklen_t    n = sizeof(error);

	if (!h->connecting || !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return true;
	/* Writable and nothing else: it stands, and the kernel need not be asked. */
	if (events & (EPOLLERR | EPOLLHUP) && getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	dial_ended(s, error);
	return !error;
}

void session_event(struct session *s, enum side side, uint32_t events)
{
	struct half *h = &s->side[side];

	if (s->dead || h->fd < 0)
		return;
	if (side == SIDE_SERVER && !server_event(s, events)) {
		session_run(s);
		return;
	}
	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP))
		h->readable = true;
	/* A read stops at urgent data as well, with more behind it. */
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI))
		h->to_the_end = true;
	if (events & EPOLLOUT)
		h->writable = true;
	/* Even where nothing is read just now: who was reset waits for nothing any more. */
	if (events & EPOLLERR && !h->connecting)
		h->reset = true;
	session_run(s);
}

void session_phase(struct session *s, enum phase phase)
{
	s->phase = (uint8_t)phase;
	timer_set(s->c.w, &s->timer[TIMER_PHASE], service_of(s)->phase[phase]);
}

void session_moved(struct session *s)
{
	struct timer *t = &s->timer[TIMER_PHASE];
	uint64_t      ms = service_of(s)->phase[PHASE_IDLE]->ms;

	/* A sixteenth of exactness for not touching the list each time. */
	if (s->phase == PHASE_IDLE && t->due_ms < s->c.w->clock.now_ms + ms - ms / 16)
		timer_set(s->c.w, t, service_of(s)->phase[PHASE_IDLE]);
}

static bool incomplete(const struct session *s, enum side from)
{
	const struct half *h = &s->side[from];

	return h->hold_len && !h->reserving && !driver_waiting(s->c.flow, from) && !s->side[other_side(from)].out_len &&
	       driver_need(s->c.flow, from) > h->hold_len;
}

/* A message that trickles in keeps memory from others. */
static void check_pace(struct session *s, enum side from)
{
	struct half *h = &s->side[from];
	uint32_t     now = (uint32_t)s->c.w->clock.now_ms | 1, rate;

	if (s->ended || !incomplete(s, from)) {
		h->slow_ms = 0;
		return;
	}
	if (!h->slow_ms) {
		h->slow_ms = now;
		h->slow_len = 0;
		return;
	}
	if (now - h->slow_ms < SLOW_AFTER_MS)
		return;
	rate = (uint32_t)(h->slow_len * UINT64_C(1000) / (now - h->slow_ms));
	if (rate < SLOW_RATE)
		session_abort(s, from, R_GATE_SLOW, SLOW_RATE, rate);
	/* Each stretch of time for itself: what came fast before buys nothing. */
	h->slow_ms = now;
	h->slow_len = 0;
}

/* Four times a second while something is held: what has waited too long, what comes too slowly. */
static void tick(struct session *s)
{
	if (s->ended)
		return;
	if (driver_deadline(s->c.flow) <= s->c.w->clock.now_ms) {
		session_begin_turn(s);
		session_end_turn(s, driver_expire(s->c.flow));
	}
	check_pace(s, SIDE_CLIENT);
	check_pace(s, SIDE_SERVER);
	if (!s->ended && (s->side[SIDE_CLIENT].hold_len || s->side[SIDE_SERVER].hold_len))
		timer_set(s->c.w, &s->timer[TIMER_TICK], s->c.w->tick);
}

void session_timer(struct session *s, enum timer_kind kind)
{
	static const uint16_t why[] = {[PHASE_FIRST] = R_GATE_FIRST, [PHASE_IDLE] = R_GATE_IDLE};

	if (kind == TIMER_TICK)
		tick(s);
	else if (kind == TIMER_AGE)
		session_abort(s, SIDE_CLIENT, R_GATE_AGE, 0, 0);
	else if (s->phase == PHASE_LINGER)
		session_close(s, (enum record_end)s->end, false);
	else if (s->phase == PHASE_CONNECT)
		dial_ended(s, ETIMEDOUT);
	else
		session_abort(s, SIDE_CLIENT, why[s->phase], 0, 0);
	if (!s->dead)
		session_run(s);
}

void session_queue(struct session *s)
{
	if (s->queued || s->dead)
		return;
	s->queued = true;
	s->run_next = s->c.w->run;
	s->c.w->run = s;
}

/* ---- Ending ---- */

/* Times that pass and servers that are away end flows; what else the gate ends for is somebody's doing and told as a refusal. */
static bool is_refusal(uint16_t why)
{
	return why == R_GATE_SLOW || why == R_GATE_HELD || why == R_LIMIT_MEMORY;
}

void session_abort(struct session *s, enum side from, uint16_t why, uint64_t expected, uint64_t got)
{
	struct fault  fault = {.why = why, .node = WIRE_NO_NODE, .has_numbers = expected || got, .expected = expected, .got = got};
	struct report report = {.kind = REPORT_REFUSED, .from = from, .fault = &fault};

	if (s->ended || s->dead)
		return;
	if (is_refusal(why))
		conversation_report(&s->c, &report);
	s->aborted = true;
	session_begin_turn(s);
	driver_abort(s->c.flow, why);
	session_end_turn(s, TURN_ENDED);
	session_queue(s);
}

/* The server stands inside a message: a FIN would make it one, so it is reset. */
static void close_server(struct session *s)
{
	struct half *h = &s->side[SIDE_SERVER];

	if (s->closed_server)
		return;
	s->closed_server = true;
	pipe_drop(s, SIDE_CLIENT);
	pipe_drop(s, SIDE_SERVER);
	if (h->fd >= 0 && (s->server_inside || h->holed)) {
		abort_socket(h->fd);
		h->fd = -1;
		h->connecting = false; /* nobody waits for it any more, and it says nothing of the server */
		slots_give(&s->c.w->slots, (void **)&h->out, h->out_cap);
		h->out_len = 0;
	}
	h->fin_wanted = true;
}

/* Read and forget, so that what we said last is not lost to a reset. False: nothing more will come. */
static bool drain(struct session *s, enum side side)
{
	struct half *h = &s->side[side];
	ssize_t      n = 1;

	for (unsigned i = 0; i < 4 && h->fd >= 0 && h->readable && !h->fin_seen && n > 0; i++) {
		n = recv(h->fd, s->c.w->scratch, SCRATCH, MSG_DONTWAIT);
		if (n > 0)
			s->c.bytes[side] += (uint64_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			h->fin_seen = true;
		else
			h->readable = false;
	}
	if (h->readable && !h->fin_seen && h->fd >= 0)
		session_queue(s);
	return h->fd >= 0 && !h->fin_seen && !h->broken;
}

static enum record_end end_of(const struct session *s)
{
	if (s->c.w->stopping)
		return END_STOPPED;
	return s->why == R_NONE ? END_CLOSED : s->aborted ? END_GATE : END_REFUSED;
}

void session_wind_up(struct session *s)
{
	bool client, server;

	if (s->phase != PHASE_LINGER) {
		s->end = (uint8_t)end_of(s);
		close_server(s);
		if (!s->side[SIDE_SERVER].connecting)
			session_phase(s, PHASE_LINGER);
		s->side[SIDE_CLIENT].fin_wanted = true;
	}
	half_flush(s, SIDE_SERVER);
	half_flush(s, SIDE_CLIENT);
	client = drain(s, SIDE_CLIENT) || (s->side[SIDE_CLIENT].out_len && !s->side[SIDE_CLIENT].broken);
	server = drain(s, SIDE_SERVER) || (s->side[SIDE_SERVER].out_len && !s->side[SIDE_SERVER].broken && s->side[SIDE_SERVER].fd >= 0);
	if (!client && !server)
		session_close(s, (enum record_end)s->end, false);
}

static void half_close(struct session *s, enum side side, bool reset)
{
	struct half *h = &s->side[side];

	pipe_drop(s, side);
	half_release(s, side);
	slots_give(&s->c.w->slots, (void **)&h->out, h->out_cap);
	h->out_len = 0;
	/* Whoever announced a probe may hold its sink too: closing ours does not end what epoll knows of it. */
	if (h->fd >= 0 && side == SIDE_SERVER && s->c.probe >= 0)
		epoll_ctl(s->c.w->epoll, EPOLL_CTL_DEL, h->fd, NULL);
	if (h->fd >= 0 && (reset || h->holed))
		abort_socket(h->fd);
	else if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

void session_close(struct session *s, enum record_end end, bool reset)
{
	struct worker *w = s->c.w;

	if (s->dead)
		return;
	conversation_ended(&s->c, end, s->why);
	s->dead = true;
	reserve_leave(s);
	control_forget(w, s);
	half_close(s, SIDE_CLIENT, reset);
	half_close(s, SIDE_SERVER, reset);
	driver_close(&s->c.flow);
	for (int i = 0; i < TIMER_KINDS; i++)
		timer_clear(&s->timer[i]);
	conversation_leave(w, s->c.policy.arrival.service, POLICY_TCP, &s->c.source);
	pinhole_leave(w, s->c.listener);
	*(s->prev ? &s->prev->next : &w->sessions) = s->next;
	if (s->next)
		s->next->prev = s->prev;
	/* Events of this turn may still name it, and the list of those to run. */
	s->dead_next = w->dead;
	w->dead = s;
}

void sessions_bury(struct worker *w)
{
	struct session **link = &w->run;

	if (!w->dead)
		return;
	while (*link)
		if ((*link)->dead)
			*link = (*link)->run_next;
		else
			link = &(*link)->run_next;
	while (w->dead) {
		void *gone = w->dead;

		w->dead = w->dead->dead_next;
		slots_give(&w->slots, &gone, sizeof(struct session));
	}
}

void sessions_end_probe(struct worker *w, int probe)
{
	for (struct session *s = w->sessions, *next; s; s = next) {
		next = s->next;
		if (s->c.probe == probe)
			session_close(s, END_CLOSED, true);
	}
}

void sessions_stop(struct worker *w)
{
	while (w->sessions)
		session_close(w->sessions, END_STOPPED, !driver_between(w->sessions->c.flow));
	w->run = NULL;
	sessions_bury(w);
}
