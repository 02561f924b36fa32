/* A worker's loop: one epoll set, a bounded share for each flow, records sent once per turn. Input from: strangers. */
#include "gate/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/day.h"
#include "gate/worker_int.h"

enum { DEFAULT_MEMORY = 256 * 1024 * 1024, TIMERS_PER_TURN = 1024, HEARD_MS = 2000 };

/* What holds where a service sets nothing (doc/policy.md). */
static const uint64_t defaults[POLICY_SETTINGS] = {
	[SETTING_IDLE_MS] = 30 * 60 * 1000,
	[SETTING_CONNECT_MS] = 5000,
	[SETTING_FIRST_MS] = 30 * 1000,
	[SETTING_AGE_MS] = 0,
	[SETTING_FLOWS] = 8000,
	[SETTING_FLOWS_PER_SOURCE] = 0, /* the same as max-flows */
	[SETTING_HELD_BYTES] = 16 * 1024 * 1024,
};

static void unfit(const struct worker_config *config, const char *why)
{
	channel_send(&config->keeper, MSG_UNFIT, why, strlen(why), -1);
}

static bool policy_map(struct worker *w, const char **error)
{
	struct stat st;
	void       *bytes;

	*error = "the policy cannot be mapped";
	if (fstat(w->config->blob, &st) != 0 || st.st_size <= 0 || st.st_size > POLICY_SIZE_MAX)
		return false;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, w->config->blob, 0);
	if (bytes == MAP_FAILED)
		return false;
	return policy_open(&w->policy, bytes, (size_t)st.st_size, w->config->registry, error);
}

/* ---- Services and listeners ---- */

static bool upstreams_make(struct worker *w, struct service *svc)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < svc->said.hosts; i++)
		total += policy_service_host(&w->policy, &svc->said, i).addresses;
	svc->upstream = calloc(total ? total : 1, sizeof(*svc->upstream));
	if (!svc->upstream)
		return false;
	for (uint32_t i = 0; i < svc->said.hosts; i++) {
		struct policy_host host = policy_service_host(&w->policy, &svc->said, i);

		for (uint32_t k = 0; k < host.addresses; k++) {
			struct upstream *up = &svc->upstream[svc->upstreams++];

			up->at = policy_host_address(&w->policy, &host, k);
			up->at.port = svc->said.to_port;
		}
	}
	return true;
}

static bool queues_make(struct worker *w, struct service *svc)
{
	const uint64_t *limit = svc->limit;
	uint64_t        udp = svc->said.setting[SETTING_IDLE_MS];

	svc->phase[PHASE_FIRST] = timer_queue_for(w, TIMER_PHASE, limit[SETTING_FIRST_MS]);
	svc->phase[PHASE_CONNECT] = timer_queue_for(w, TIMER_PHASE, limit[SETTING_CONNECT_MS]);
	svc->phase[PHASE_IDLE] = timer_queue_for(w, TIMER_PHASE, limit[SETTING_IDLE_MS]);
	svc->phase[PHASE_LINGER] = timer_queue_for(w, TIMER_PHASE, LINGER_MS);
	svc->udp_idle = timer_queue_for(w, TIMER_KINDS, udp && udp < UDP_IDLE_MS ? udp : UDP_IDLE_MS);
	svc->age = limit[SETTING_AGE_MS] ? timer_queue_for(w, TIMER_AGE, limit[SETTING_AGE_MS]) : NULL;
	return svc->phase[PHASE_FIRST] && svc->phase[PHASE_CONNECT] && svc->phase[PHASE_IDLE] && svc->phase[PHASE_LINGER] && svc->udp_idle;
}

static bool service_make(struct worker *w, uint32_t i)
{
	struct service *svc = &w->service[i];

	svc->said = policy_service_at(&w->policy, i);
	for (unsigned k = 0; k < POLICY_SETTINGS; k++)
		svc->limit[k] = svc->said.setting[k] ? svc->said.setting[k] : defaults[k];
	if (!svc->limit[SETTING_FLOWS_PER_SOURCE])
		svc->limit[SETTING_FLOWS_PER_SOURCE] = svc->limit[SETTING_FLOWS];
	if (svc->limit[SETTING_HELD_BYTES] > w->reserve_cap)
		svc->limit[SETTING_HELD_BYTES] = w->reserve_cap;
	return upstreams_make(w, svc) && queues_make(w, svc);
}

static bool listeners_make(struct worker *w)
{
	w->listeners = policy_listeners(&w->policy);
	w->listener = calloc(w->listeners + PINHOLES_MAX, sizeof(*w->listener));
	w->pinhole = calloc(PINHOLES_MAX, sizeof(*w->pinhole));
	if (!w->listener || !w->pinhole || w->listeners != w->config->listeners)
		return false;
	for (unsigned i = 0; i < PINHOLES_MAX; i++)
		w->listener[w->listeners + i].fd = -1;
	for (uint32_t i = 0; i < w->listeners; i++) {
		struct listener   *l = &w->listener[i];
		struct epoll_event event = {.events = EPOLLIN};

		l->said = policy_listener_at(&w->policy, i);
		l->w = w;
		l->fd = w->config->listener[i];
		event.data.u64 = (uint64_t)(uintptr_t)l | ABOUT_LISTENER;
		if (l->fd >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, l->fd, &event) != 0)
			return false;
	}
	return true;
}

/* ---- Time ---- */

static void read_clock(struct worker *w)
{
	struct timespec mono, wall;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	w->clock.now_ms = (uint64_t)mono.tv_sec * 1000 + (uint64_t)mono.tv_nsec / 1000000;
	if ((uint64_t)wall.tv_sec / 86400 != w->wall_us / 86400000000)
		w->today = day_of((uint64_t)wall.tv_sec);
	w->wall_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000;
}

/* ---- Opening and closing ---- */

static bool memory_make(struct worker *w)
{
	uint64_t all = w->config->memory ? w->config->memory : DEFAULT_MEMORY;

	/* Half for large units while they come, for on their way out they may be held once more; the drivers' memory of requests comes on top. */
	w->reserve_cap = all / 2;
	w->reserve_last = &w->reserve_first;
	slots_open(&w->slots, all);
	w->scratch = malloc(SCRATCH);
	w->copied = malloc(COPIED_MAX);
	w->journal = calloc(1, sizeof(*w->journal));
	w->sources = sources_open(&w->key);
	w->tick = timer_queue_for(w, TIMER_TICK, TICK_MS);
	if (!w->scratch || !w->copied || !w->journal || !w->sources || !w->tick)
		return false;
	journal_open(w->journal, &w->key);
	w->env = (struct driver_env){.recognisers = w->config->registry,
				     .ops = &gate_ops,
				     .clock = &w->clock,
				     .key = w->key,
				     .memory_cap = all / 8,
				     .turn_units = TURN_UNITS};
	return driver_env_open(&w->env);
}

static bool worker_open(struct worker *w, const char **error)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = ABOUT_KEEPER};

	w->key = hash_key_random();
	w->keeper = w->config->keeper;
	w->scribe = w->config->scribe;
	if (!policy_map(w, error))
		return false;
	read_clock(w);
	*error = "there is no memory to begin with";
	if (!memory_make(w))
		return false;
	*error = "no epoll set could be made";
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->reserve = w->epoll < 0 ? -1 : dup(w->epoll);
	if (w->epoll < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->keeper.fd, &event) != 0)
		return false;
	*error = "the services of the policy could not be set up";
	w->services = policy_services(&w->policy);
	w->service = calloc(w->services ? w->services : 1, sizeof(*w->service));
	for (uint32_t i = 0; w->service && i < w->services; i++)
		if (!service_make(w, i))
			return false;
	return w->service && listeners_make(w) && datagrams_open(w) && control_open(w, w->config->control);
}

/* The keeper ends us, so this is for the sanitizers, and for the sockets' sake. */
static void worker_close(struct worker *w)
{
	for (uint32_t i = 0; w->service && i < w->services; i++)
		free(w->service[i].upstream);
	free(w->service);
	pinholes_close(w);
	free(w->listener);
	free(w->pinhole);
	free(w->queue);
	sources_close(&w->sources);
	driver_env_close(&w->env);
	slots_close(&w->slots);
	free(w->scratch);
	free(w->copied);
	free(w->journal);
	close(w->epoll);
	if (w->reserve >= 0)
		close(w->reserve);
	munmap((void *)(uintptr_t)w->policy.bytes, w->policy.size);
}

/* ---- The loop ---- */

/* The keeper says where records go from now on, or has gone. */
static void keeper_event(struct worker *w)
{
	static struct message_in in;
	enum channel_got         got;

	while ((got = channel_recv(&w->keeper, &in)) == CHANNEL_MESSAGE)
		if (in.type == MSG_SCRIBE) {
			channel_close(&w->scribe);
			w->scribe = (struct channel){.fd = in.fd, .self = PARTY_WORKER, .peer = PARTY_SCRIBE};
		}
	if (got == CHANNEL_AGAIN || w->stopping)
		return;
	w->stopping = true;
	w->heard_until_ms = w->clock.now_ms + HEARD_MS;
}

static void dispatch(struct worker *w, const struct epoll_event *event)
{
	enum about about = (enum about)(event->data.u64 & ABOUT_MASK);
	/* UNSAFE: what we gave to epoll_ctl: a pointer aligned to 8 with its kind in the low bits. */
	void *what = (void *)(uintptr_t)(event->data.u64 & ~(uint64_t)ABOUT_MASK);

	switch (about) {
	case ABOUT_CLIENT:
		session_event(what, SIDE_CLIENT, event->events);
		break;
	case ABOUT_SERVER:
		session_event(what, SIDE_SERVER, event->events);
		break;
	case ABOUT_LISTENER:
		if (((struct listener *)what)->said.transport == POLICY_TCP)
			session_accept(w, what);
		else
			datagrams_receive(w, what);
		break;
	case ABOUT_ASSOCIATION:
		association_event(what, event->events);
		break;
	case ABOUT_KEEPER:
		keeper_event(w);
		break;
	default:
		control_event(w, about, what);
	}
}

/* Each flow's share is a step of its own: a turn with thousands of busy flows is long, and no hang. */
static void beat(const struct worker *w)
{
	atomic_fetch_add_explicit(&w->config->heart->turns, 1, memory_order_release);
}

/* The batch, to the scribe. Who serves never waits for that; who stops has nothing else to do. */
static enum channel_sent hand_over(struct worker *w)
{
	struct pollfd     scribe = {.fd = w->scribe.fd, .events = POLLOUT};
	enum channel_sent sent;

	while ((sent = journal_flush(w->journal, &w->scribe)) == CHANNEL_FULL && w->stopping) {
		read_clock(w);
		if (w->clock.now_ms >= w->heard_until_ms)
			break;
		poll(&scribe, 1, (int)(w->heard_until_ms - w->clock.now_ms));
	}
	w->unheard = sent != CHANNEL_SENT;
	return sent;
}

/* A turn, and the end still more so, can see more flows end than a batch has room for. */
void worker_note(struct worker *w, const struct record *r)
{
	if (!w->unheard && journal_crowded(w->journal, r->kind))
		hand_over(w);
	journal_add(w->journal, r, w->clock.now_ms);
}

/* Those that had more to do than their share in the last turn. */
static void run_queued(struct worker *w)
{
	struct session *s = w->run;

	w->run = NULL;
	while (s) {
		struct session *next = s->run_next;

		s->queued = false;
		beat(w);
		if (!s->dead)
			session_run(s);
		s = next;
	}
}

static int wait_ms(const struct worker *w)
{
	uint64_t due = journal_deadline(w->journal) < w->away_due_ms ? journal_deadline(w->journal) : w->away_due_ms;
	int      wait = w->run ? 0 : timers_wait(w), holes = pinholes_wait(w);

	if (holes >= 0 && (wait < 0 || wait > holes))
		wait = holes;
	if (journal_pending(w->journal) && (wait < 0 || wait > FLUSH_RETRY_MS))
		return FLUSH_RETRY_MS;
	if (due != UINT64_MAX && (wait < 0 || w->clock.now_ms + (uint64_t)wait > due))
		return due > w->clock.now_ms ? (int)(due - w->clock.now_ms) : 0;
	return wait;
}

static void turn(struct worker *w)
{
	struct epoll_event event[EVENTS];
	struct heart      *heart = w->config->heart;
	int                wait = wait_ms(w), n;

	/* Who waits looks at nobody's bytes: should it end now, no flow is to blame. */
	if (wait)
		atomic_store_explicit(&heart->flow_id, 0, memory_order_relaxed);
	atomic_store_explicit(&heart->idle, wait != 0, memory_order_release);
	n = epoll_wait(w->epoll, event, EVENTS, wait);
	atomic_store_explicit(&heart->idle, false, memory_order_release);
	beat(w);
	read_clock(w);
	if (w->reserve < 0)
		w->reserve = dup(w->epoll);
	for (int i = 0; i < n; i++) {
		beat(w);
		dispatch(w, &event[i]);
	}
	timers_run(w, TIMERS_PER_TURN);
	pinholes_sweep(w);
	run_queued(w);
	sessions_bury(w);
	datagrams_flush(w);
	turned_away_told(w, false);
	journal_tick(w->journal, w->clock.now_ms);
	hand_over(w);
}

static void last_words(struct worker *w)
{
	turned_away_told(w, true);
	journal_stop(w->journal);
	while (journal_pending(w->journal) && hand_over(w) == CHANNEL_SENT)
		;
}

enum worker_exit worker_main(const struct worker_config *config)
{
	static struct worker worker;
	struct worker       *w = &worker;
	const char          *error = NULL;
	uint8_t              revision[8];
	struct payload       payload = payload_over(revision, sizeof(revision));

	*w = (struct worker){.config = config, .epoll = -1, .reserve = -1, .away_due_ms = UINT64_MAX};
	if (!worker_open(w, &error)) {
		unfit(config, error);
		return WORKER_UNFIT;
	}
	payload_le64(&payload, w->policy.revision);
	channel_send(&w->keeper, MSG_READY, revision, payload.len, -1);
	while (!w->stopping)
		turn(w);
	sessions_stop(w);
	datagrams_close(w);
	control_close(w);
	pipes_close(w);
	last_words(w);
	worker_close(w);
	return WORKER_STOPPED;
}
