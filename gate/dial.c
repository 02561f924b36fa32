/* Dials a service's hosts in their order; one that could not be reached is left alone for a while. */
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "gate/worker_int.h"

static struct service *service_of(const struct session *s)
{
	return &s->c.w->service[s->c.policy.arrival.service];
}

static bool watch_server(struct session *s, int fd)
{
	struct epoll_event event = {.events = SOCKET_EVENTS,
				    .data.u64 = (uint64_t)(uintptr_t)s | ABOUT_SERVER};

	return epoll_ctl(s->c.w->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* 0: connected; EINPROGRESS; or why not. */
static int start(struct session *s, const struct address *to)
{
	struct half            *h = &s->side[SIDE_SERVER];
	struct sockaddr_storage at;
	socklen_t               n = address_to(to, &at);
	int                     one = 1;

	h->fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->fd < 0)
		return errno;
	setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(h->fd, (struct sockaddr *)&at, n) != 0 && errno != EINPROGRESS)
		return errno;
	h->connecting = true;
	return watch_server(s, h->fd) ? 0 : errno;
}

static void hang_up(struct session *s)
{
	struct half *h = &s->side[SIDE_SERVER];

	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->connecting = h->writable = h->readable = false;
}

/* The next address worth trying from s->target on: those not known to be down; if all are, the first. UINT16_MAX = no more. */
static uint16_t next_target(const struct session *s)
{
	const struct service *svc = service_of(s);
	const struct pinhole *hole = pinhole_of(s->c.w, s->c.listener);

	/* An announced port is one host's: the one policy judged this connection by, whoever has announced the port since. */
	for (uint32_t i = 0; hole && !s->tried && i < svc->upstreams; i++)
		if (address_same_host(&svc->upstream[i].at, &s->c.policy.arrival.target))
			return (uint16_t)i;
	if (hole)
		return UINT16_MAX;
	for (uint32_t i = s->target; i < svc->upstreams; i++)
		if (svc->upstream[i].health[POLICY_TCP].down_until <= s->c.w->clock.now_ms)
			return (uint16_t)i;
	return s->tried || !svc->upstreams ? UINT16_MAX : 0;
}

/* That an announced port is closed says nothing of the host: the announcement may be old. */
static void away(struct session *s, struct upstream *up, int error)
{
	if (!pinhole_of(s->c.w, s->c.listener))
		server_down(&s->c, up, error);
}

static void unreachable(struct session *s)
{
	struct half *h = &s->side[SIDE_SERVER];

	/* We may stand inside a turn of the driver: it hears of this in the next one. */
	slots_give(&s->c.w->slots, (void **)&h->out, h->out_cap);
	h->out_len = h->out_at = h->out_cap = 0;
	s->unreachable = true;
	session_queue(s);
}

static void dial_next(struct session *s)
{
	struct service *svc = service_of(s);
	struct address  to;
	uint16_t        i;
	int             error;
	bool            ours = false;

	while ((i = next_target(s)) != UINT16_MAX) {
		s->target = (uint16_t)(i + 1);
		s->tried = true;
		s->c.dialled_ms = s->c.w->clock.now_ms;
		s->c.upstream = (uint16_t)(i + 1);
		to = conversation_server(&s->c);
		error = start(s, &to);
		if (!error) {
			session_phase(s, PHASE_CONNECT);
			return;
		}
		hang_up(s);
		away(s, &svc->upstream[i], error);
		ours = error_is_ours(error);
		if (s->target >= svc->upstreams)
			break;
	}
	s->starved |= ours;
	unreachable(s);
}

void dial_begin(struct session *s)
{
	struct half *h = &s->side[SIDE_SERVER];

	s->dialed = true;
	if (s->c.probe < 0) {
		dial_next(s);
		return;
	}
	/* A probe's bytes never meet a host: behind it stands its own sink. */
	h->fd = probe_take_sink(s->c.w, s->c.probe);
	h->writable = true;
	if (h->fd < 0 || !watch_server(s, h->fd))
		unreachable(s);
	else
		session_queue(s);
}

void dial_ended(struct session *s, int error)
{
	struct half     *h = &s->side[SIDE_SERVER];
	struct upstream *up = &service_of(s)->upstream[s->target - 1];

	h->connecting = false;
	if (!error) {
		server_up(&s->c, up);
		h->writable = true;
		session_phase(s, s->ended ? PHASE_LINGER : PHASE_IDLE);
		return;
	}
	hang_up(s);
	away(s, up, error);
	if (s->target < service_of(s)->upstreams)
		dial_next(s);
	else
		unreachable(s);
}
