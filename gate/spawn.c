/* Starts the keeper's children: each with its own descriptors, its own name, and no rights but its role's. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "event/scribe.h"
#include "gate/keeper_int.h"
#include "gate/worker.h"

enum { CHILD_FDS = LISTENERS_MAX + 8, PORTS_MAX = 1024 };

void child_begin(const struct keeper *k, const char *name, const int *fds, size_t n)
{
	sigset_t none;

	/* What a terminal sends to everyone is the keeper's to answer. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, name);
	dup2(k->null, STDIN_FILENO);
	if (strcmp(name, "sp-scribe") != 0)
		dup2(k->null, STDOUT_FILENO);
	sandbox_keep_fds(fds, n);
}

void child_confine(const struct keeper *k, struct sandbox_wish *wish)
{
	struct sandbox_got got;
	const char        *error = NULL;

	wish->drop_ids = k->drop_ids;
	wish->uid = k->uid;
	wish->gid = k->gid;
	if (sandbox_enter(wish, &got, &error))
		return;
	keeper_complain("a process could not give up its rights: %s", error);
	_exit(GATE_FAILED);
}

/* In the child: the pages of other groups go, or whoever takes this process over could make theirs look hung. */
static void forget_hearts(const struct keeper *k, const struct group_of *own)
{
	for (unsigned i = 0; i < k->groups; i++)
		if (&k->group[i] != own)
			munmap(k->group[i].heart, sizeof(struct heart));
}

/* ---- Workers ---- */

/* TCP ports that this group's services lead to: a worker that was taken over can reach no others. */
static size_t ports_of(const struct keeper *k, unsigned group, uint16_t *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < k->listeners && n < PORTS_MAX; i++) {
		struct policy_listener l = policy_listener_at(&k->policy, i);
		struct policy_service  svc = policy_service_at(&k->policy, l.service);

		if (k->group_of[i] == group && l.transport == POLICY_TCP)
			out[n++] = svc.to_port ? svc.to_port : l.at.port;
	}
	return n;
}

static _Noreturn void worker_child(struct keeper *k, unsigned group, const struct channel *keeper, const struct channel *scribe)
{
	static int      listener[LISTENERS_MAX], fds[CHILD_FDS];
	static uint16_t port[PORTS_MAX];
	struct group_of *g = &k->group[group];
	size_t          n = 0;
	struct worker_config config = {.registry = k->options->registry,
				       .blob = k->blob,
				       .listener = listener,
				       .listeners = k->listeners,
				       .control = g->control,
				       .group = group,
				       .keeper = *keeper,
				       .scribe = *scribe,
				       .heart = g->heart,
				       .memory = k->options->memory,
				       .files = k->files,
				       .pinholes = g->pinholes};
	struct sandbox_wish wish = {.role = PARTY_WORKER, .folder = -1, .run = -1, .ports = port, .port_count = ports_of(k, group, port),
				       .pinholes = g->pinholes};

	for (uint32_t i = 0; i < k->listeners; i++) {
		listener[i] = k->group_of[i] == group ? k->listener[i] : -1;
		if (listener[i] >= 0)
			fds[n++] = listener[i];
	}
	fds[n++] = k->blob;
	fds[n++] = keeper->fd;
	fds[n++] = g->control;
	if (scribe->fd >= 0)
		fds[n++] = scribe->fd;
	forget_hearts(k, g);
	child_begin(k, "sp-worker", fds, n);
	child_confine(k, &wish);
	_exit((int)worker_main(&config));
}

/* The scribe hears of one more sender; the worker's end comes back. fd -1 when there is no scribe: the worker is told later. */
static struct channel scribe_end(struct keeper *k, unsigned group)
{
	struct channel worker = {.fd = -1, .self = PARTY_WORKER, .peer = PARTY_SCRIBE}, scribe;
	uint8_t        bytes[4];
	struct payload p = payload_over(bytes, sizeof(bytes));

	if (k->scribe.fd < 0 || !channel_pair(PARTY_WORKER, PARTY_SCRIBE, &worker, &scribe))
		return worker;
	payload_le32(&p, group);
	if (channel_send(&k->scribe, MSG_SOURCE, bytes, p.len, scribe.fd) != CHANNEL_SENT)
		channel_close(&worker);
	channel_close(&scribe);
	return worker;
}

bool keeper_spawn_worker(struct keeper *k, unsigned group)
{
	struct group_of *g = &k->group[group];
	struct channel   its, scribe = scribe_end(k, group);
	pid_t            pid;

	*g->heart = (struct heart){0};
	g->ready = g->hung = false;
	g->turns = 0;
	g->still_ms = g->born_ms = keeper_now_ms();
	if (!channel_pair(PARTY_KEEPER, PARTY_WORKER, &g->channel, &its)) {
		channel_close(&scribe);
		return false;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		worker_child(k, group, &its, &scribe);
	channel_close(&its);
	channel_close(&scribe);
	if (pid < 0) {
		channel_close(&g->channel);
		return false;
	}
	g->pid = pid;
	return true;
}

/* ---- The scribe ---- */

static _Noreturn void scribe_child(struct keeper *k, const struct channel *keeper)
{
	const struct gate_options *o = k->options;
	const int                  fds[] = {keeper->fd, k->scribe_control, k->events};
	struct scribe_config       config = {.keeper = *keeper,
					     .policy = &k->policy,
					     .protocols = o->registry,
					     .control = k->scribe_control,
					     .out = o->quiet ? -1 : STDOUT_FILENO,
					     .events = k->events,
					     .json = o->json,
					     .colour = o->colour,
					     .time = !o->json};
	struct sandbox_wish        wish = {.role = PARTY_SCRIBE, .folder = -1, .run = -1};

	forget_hearts(k, NULL);
	child_begin(k, "sp-scribe", fds, k->events >= 0 ? 3 : 2);
	child_confine(k, &wish);
	_exit(scribe_main(&config));
}

/* Every worker gets a way to the new scribe. */
static void introduce(struct keeper *k)
{
	for (unsigned i = 0; i < k->groups; i++) {
		struct channel worker;

		if (k->group[i].channel.fd < 0)
			continue;
		worker = scribe_end(k, i);
		if (worker.fd >= 0)
			channel_send(&k->group[i].channel, MSG_SCRIBE, NULL, 0, worker.fd);
		channel_close(&worker);
	}
}

bool keeper_spawn_scribe(struct keeper *k)
{
	struct channel its;
	pid_t          pid;

	if (!channel_pair(PARTY_KEEPER, PARTY_SCRIBE, &k->scribe, &its))
		return false;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		scribe_child(k, &its);
	channel_close(&its);
	if (pid < 0) {
		channel_close(&k->scribe);
		return false;
	}
	k->scribe_pid = pid;
	k->scribe_born_ms = keeper_now_ms();
	introduce(k);
	return true;
}
