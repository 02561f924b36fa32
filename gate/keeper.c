/* The keeper: opens, starts, watches and ends; it parses nothing that comes from the network, and no policy. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event/record.h"
#include "event/scribe.h"
#include "gate/keeper_int.h"

uint64_t keeper_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void keeper_say(const struct keeper *k, const char *format, ...)
{
	FILE   *out = k->options->json || k->options->quiet ? stderr : stdout;
	va_list ap;

	va_start(ap, format);
	vfprintf(out, format, ap);
	va_end(ap);
	fputc('\n', out);
	fflush(out);
}

void keeper_complain(const char *format, ...)
{
	va_list ap;

	fputs("sallyport: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- What the keeper has to tell ---- */

static void tell(const struct keeper *k, struct record *r)
{
	uint8_t         bytes[RECORD_MAX];
	struct timespec now;
	size_t          n;

	clock_gettime(CLOCK_REALTIME, &now);
	r->kind = RECORD_GATE;
	r->ts_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	r->policy_rev = k->policy.revision;
	n = record_write(r, bytes, sizeof(bytes));
	if (n && k->scribe.fd >= 0)
		channel_send(&k->scribe, MSG_RECORDS, bytes, n, -1);
}

static struct record about(enum record_gate what, const char *text)
{
	return (struct record){.gate = (uint8_t)what, .service = UINT32_MAX, .text = {text, (uint16_t)strlen(text)}};
}

/* What the worker noted in its page before it died: its word, so nothing but a hint. */
static void tell_death(struct keeper *k, struct group_of *g, int status)
{
	struct record r = about(g->hung ? GATE_WORKER_HUNG : GATE_WORKER_CRASHED, g->family);
	uint64_t      service = atomic_load(&g->heart->service), flow = atomic_load(&g->heart->flow_id);

	r.a = (uint64_t)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	r.b = (uint64_t)g->pid;
	r.c = WIFEXITED(status); /* then `a` is an exit code */
	if (flow && flow < UINT64_C(1) << 53 && service < policy_services(&k->policy)) {
		r.flow_id = flow;
		r.service = (uint32_t)service;
		r.client = g->heart->source;
		r.client.family = r.client.family == 4 || r.client.family == 6 ? r.client.family : 0;
	}
	tell(k, &r);
}

/* ---- Children ---- */

static void buried_worker(struct keeper *k, struct group_of *g, int status)
{
	uint64_t now = keeper_now_ms();

	channel_close(&g->channel);
	if (!k->stopping)
		tell_death(k, g, status);
	g->pid = 0;
	g->deaths++;
	g->died_ms = now;
	if (now - g->born_ms > HEALTHY_MS)
		g->backoff_ms = BACKOFF_MS;
	g->again_ms = now + g->backoff_ms;
	g->backoff_ms = g->backoff_ms * 2 < BACKOFF_MOST_MS ? g->backoff_ms * 2 : BACKOFF_MOST_MS;
}

static void buried_scribe(struct keeper *k)
{
	uint64_t now = keeper_now_ms();

	channel_close(&k->scribe);
	k->scribe_pid = 0;
	k->scribe_deaths++;
	if (now - k->scribe_born_ms > HEALTHY_MS)
		k->scribe_backoff_ms = BACKOFF_MS;
	k->scribe_again_ms = now + k->scribe_backoff_ms;
	k->scribe_backoff_ms = k->scribe_backoff_ms * 2 < BACKOFF_MOST_MS ? k->scribe_backoff_ms * 2 : BACKOFF_MOST_MS;
	if (!k->stopping)
		keeper_complain("the process that writes events has died; it is started again");
}

static void reap(struct keeper *k)
{
	int   status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == k->scribe_pid)
			buried_scribe(k);
		for (unsigned i = 0; i < k->groups; i++)
			if (pid == k->group[i].pid)
				buried_worker(k, &k->group[i], status);
	}
}

/* What must run and does not. */
static void restart(struct keeper *k)
{
	uint64_t now = keeper_now_ms();

	if (!k->scribe_pid && now >= k->scribe_again_ms && keeper_spawn_scribe(k)) {
		struct record r = about(GATE_SCRIBE_BACK, "");

		r.a = k->scribe_deaths;
		tell(k, &r);
	}
	for (unsigned i = 0; i < k->groups; i++)
		if (!k->group[i].pid && now >= k->group[i].again_ms && !keeper_spawn_worker(k, i))
			k->group[i].again_ms = now + BACKOFF_MOST_MS;
}

/* A loop that stands still and does not wait hangs; one that waits may wait for ever. */
static void check_heart(struct group_of *g)
{
	uint64_t now = keeper_now_ms(), turns = atomic_load(&g->heart->turns);
	bool     idle = atomic_load(&g->heart->idle), unready = !g->ready && now - g->born_ms > READY_MS;

	if (!g->pid || g->hung)
		return;
	if (turns != g->turns || idle || !g->ready) {
		g->turns = turns;
		g->still_ms = now;
	}
	if (now - g->still_ms < HANG_MS && !unready)
		return;
	g->hung = true;
	kill(g->pid, SIGKILL);
}

/* What a worker says goes to a terminal: no control characters. */
static void printable(struct message_in *in)
{
	for (size_t i = 0; i < in->len; i++)
		if (in->bytes[i] < ' ' || in->bytes[i] > '~')
			in->bytes[i] = '?';
}

static void worker_said(struct keeper *k, struct group_of *g)
{
	static struct message_in in;
	enum channel_got         got;
	struct record            r;

	while ((got = channel_recv(&g->channel, &in)) == CHANNEL_MESSAGE) {
		if (in.type == MSG_READY) {
			g->ready = g->served = true;
			if (!g->died_ms)
				continue;
			r = about(GATE_WORKER_BACK, g->family);
			r.a = keeper_now_ms() - g->died_ms;
			tell(k, &r);
		} else if (in.type == MSG_UNFIT && g->ready) {
			/* It has served: whatever speaks now is not the worker we started. One group's word must not stop the others. */
			break;
		} else if (in.type == MSG_UNFIT) {
			printable(&in);
			keeper_complain("the worker for %s cannot work%s: %.*s", g->family, g->served ? " now" : "", (int)in.len, (const char *)in.bytes);
			/* One like it has served this policy: what is short now comes back, and the other groups have what they need. */
			if (g->served)
				break;
			/* No restart helps: the whole gate stops, and says why. */
			k->failed = k->stopping = true;
		}
	}
	if (got == CHANNEL_AGAIN)
		return;
	/* Gone, or saying what it may not say: either way it is not one of ours any more. */
	channel_close(&g->channel);
	if (g->pid)
		kill(g->pid, SIGKILL);
}

/* ---- The loop ---- */

static void signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD && !k->stopping) {
			k->stopping = true;
			k->signal = (int)info.ssi_signo;
		}
	reap(k);
}

static void wait_for_news(struct keeper *k, int ms)
{
	struct pollfd p[GROUPS_MAX + 1];

	p[0] = (struct pollfd){.fd = k->signals, .events = POLLIN};
	for (unsigned i = 0; i < k->groups; i++)
		p[i + 1] = (struct pollfd){.fd = k->group[i].channel.fd, .events = POLLIN};
	if (poll(p, k->groups + 1, ms) <= 0)
		return;
	for (unsigned i = 0; i < k->groups; i++)
		if (p[i + 1].revents && k->group[i].channel.fd >= 0)
			worker_said(k, &k->group[i]);
	if (p[0].revents)
		signals(k);
}

static bool all_ready(const struct keeper *k)
{
	for (unsigned i = 0; i < k->groups; i++)
		if (!k->group[i].ready)
			return false;
	return true;
}

static void started(struct keeper *k)
{
	char          text[RECORD_TEXT_MAX];
	struct record r;

	snprintf(text, sizeof(text), "%u listener%s%s%s", k->listeners, k->listeners == 1 ? "" : "s", k->got.missing ? "; " : "",
		 k->got.missing ? k->got.missing : "");
	r = about(GATE_STARTED, text);
	tell(k, &r);
	if (k->got.missing)
		keeper_say(k, "without: %s", k->got.missing);
	keeper_say(k, "ready");
}

static void watch(struct keeper *k)
{
	bool told = false;

	while (!k->stopping) {
		wait_for_news(k, SAMPLE_MS);
		for (unsigned i = 0; i < k->groups; i++)
			check_heart(&k->group[i]);
		if (!k->stopping)
			restart(k);
		if (!told && all_ready(k) && !k->stopping) {
			started(k);
			told = true;
		}
	}
}

/* Children end when their channel does; who does not is ended. */
static void wait_for_end(struct keeper *k, bool scribe)
{
	uint64_t until = keeper_now_ms() + STOP_MS;
	bool     left = true;

	while (left && keeper_now_ms() < until) {
		signals(k); /* read, or poll would return at once for as long as this lasts */
		left = scribe && k->scribe_pid;
		for (unsigned i = 0; i < k->groups; i++)
			left |= k->group[i].pid != 0;
		if (left)
			poll(&(struct pollfd){.fd = k->signals, .events = POLLIN}, 1, 50);
	}
	for (unsigned i = 0; i < k->groups; i++)
		if (k->group[i].pid)
			kill(k->group[i].pid, SIGKILL);
	if (scribe && k->scribe_pid)
		kill(k->scribe_pid, SIGKILL);
}

static void stop(struct keeper *k)
{
	struct record r = about(GATE_STOPPED, k->signal == SIGHUP ? "by SIGHUP" : k->signal == SIGINT ? "by SIGINT" : k->signal == SIGTERM ? "by SIGTERM" : "");

	k->stopping = true;
	for (unsigned i = 0; i < k->groups; i++)
		channel_close(&k->group[i].channel);
	wait_for_end(k, false);
	tell(k, &r);
	channel_close(&k->scribe);
	wait_for_end(k, true);
	keeper_close(k);
}

/* ---- From the beginning ---- */

static bool block_signals(struct keeper *k)
{
	struct sigaction hup;
	sigset_t         set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	/* nohup: whoever started us does not want us to end with the terminal. */
	if (sigaction(SIGHUP, NULL, &hup) != 0 || hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	k->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return k->signals >= 0;
}

static bool confine(struct keeper *k)
{
	struct sandbox_wish wish = {.role = PARTY_KEEPER, .uid = k->uid, .gid = k->gid, .folder = -1, .run = k->run_dir};
	const char         *error = NULL;

	for (unsigned i = 0; i < k->groups; i++)
		wish.pinholes |= k->group[i].pinholes;
	if (sandbox_enter(&wish, &k->got, &error))
		return true;
	keeper_complain("the keeper could not give up its rights: %s", error);
	return false;
}

/* Confined first: Landlock lets a process signal only those it has forked since. */
static bool begin(struct keeper *k)
{
	if (!confine(k))
		return false;
	if (!keeper_spawn_scribe(k)) {
		keeper_complain("no process for the events: %s", strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < k->groups; i++)
		if (!keeper_spawn_worker(k, i)) {
			keeper_complain("no process for %s: %s", k->group[i].family, strerror(errno));
			return false;
		}
	return true;
}

enum gate_exit gate_run(const struct gate_options *options)
{
	static struct keeper keeper;
	struct keeper       *k = &keeper;
	enum gate_exit       result;

	*k = (struct keeper){.options = options, .scribe_control = -1, .scribe = {.fd = -1}, .blob = -1, .scribe_backoff_ms = BACKOFF_MS};
	/* Libraries read files of theirs when they are first used; later there are no files, for us and all that we fork. */
	tzset();
	scribe_prepare(options->registry);
	if (!block_signals(k) || !keeper_open(k))
		return GATE_FAILED;
	result = keeper_compile(k);
	if (result != GATE_OK)
		return result;
	keeper_say(k, "policy %s, revision %016llx", options->policy, (unsigned long long)k->policy.revision);
	if (!keeper_listen(k))
		return GATE_FAILED;
	if (options->check_only) {
		keeper_say(k, "good: nothing was started");
		return GATE_OK;
	}
	if (!keeper_open_controls(k))
		return GATE_FAILED;
	if (begin(k))
		watch(k);
	else
		k->failed = true;
	stop(k);
	return k->failed ? GATE_FAILED : GATE_OK;
}
