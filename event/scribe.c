/* The scribe's loop: hears the keeper and every worker out, gives up who breaks the rules, and never waits for anyone. */
#include "event/scribe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "event/scribe_int.h"

/*
 * Input from: workers, each of which may have been taken over by a peer; the keeper; whoever may connect to the control socket.
 * Limits: MESSAGES_A_TURN messages of one sender before the next has its turn.
 */

enum { MESSAGES_A_TURN = 8, KEEPER_AT = 0, CONTROL_AT, OUT_AT, EVENTS_AT, WATCHERS_AT, SENDERS_AT = WATCHERS_AT + SCRIBE_CLIENTS,
       PLACES = SENDERS_AT + SCRIBE_SENDERS };

uint64_t scribe_clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void liar(struct scribe *s, struct sender *from, const char *what)
{
	scribe_note(s, GATE_LIAR, from->group, 0, what);
	channel_close(&from->channel);
}

/* Records one behind the other. Returns what is wrong with them, or NULL. */
static const char *read_records(struct scribe *s, bool of_worker)
{
	const uint8_t *at = s->in.bytes;

	for (size_t left = s->in.len, took; left; at += took, left -= took) { /* UNSAFE: took <= left */
		struct record r;

		took = record_read(at, left, &r);
		if (!took)
			return "it sent something that is no record";
		if (of_worker && r.kind == RECORD_GATE && !record_gate_of_worker(r.gate))
			return "it said what only the keeper may say";
		scribe_publish(s, &r);
	}
	return NULL;
}

/* False: nothing more to read now. */
static bool read_sender(struct scribe *s, struct sender *from)
{
	const char *wrong = NULL;

	switch (channel_recv(&from->channel, &s->in)) {
	case CHANNEL_AGAIN:
		return false;
	case CHANNEL_ENDED:
		channel_close(&from->channel);
		return false;
	case CHANNEL_BAD:
		wrong = "it sent a message that is not allowed";
		break;
	case CHANNEL_MESSAGE:
		wrong = read_records(s, true);
		break;
	}
	if (wrong)
		liar(s, from, wrong);
	return !wrong;
}

/* One more worker. Its descriptor came with the message. */
static bool add_sender(struct scribe *s)
{
	struct fault f;
	struct wire  p = payload_read(&s->in, &f);
	uint32_t     group = wire_le32(&p, "group");
	bool         ok = wire_end(&p, PAYLOAD_TRAILS, "source");

	for (int i = 0; ok && i < SCRIBE_SENDERS; i++) {
		if (s->sender[i].channel.fd >= 0)
			continue;
		s->sender[i] = (struct sender){channel_over(s->in.fd, PARTY_SCRIBE, PARTY_WORKER), group};
		return true;
	}
	close(s->in.fd);
	if (ok)
		scribe_note(s, GATE_LIAR, group, 0, "there are more senders than the scribe can hear");
	return ok;
}

/* False: nothing more to read now, or for ever. */
static bool read_keeper(struct scribe *s)
{
	bool ok = true;

	switch (channel_recv(&s->keeper, &s->in)) {
	case CHANNEL_AGAIN:
		return false;
	case CHANNEL_MESSAGE:
		ok = s->in.type == MSG_SOURCE ? add_sender(s) : read_records(s, false) == NULL;
		break;
	case CHANNEL_BAD:
		ok = false;
		break;
	case CHANNEL_ENDED:
		s->stopping = true;
		break;
	}
	s->bad = s->bad || !ok;
	s->stopping = s->stopping || !ok;
	if (!s->stopping)
		return true;
	channel_close(&s->keeper);
	s->stop_ms = s->now_ms + SCRIBE_DRAIN_MS;
	return false;
}

static void watch_for(struct pollfd *p, int fd, short events, bool wanted)
{
	*p = (struct pollfd){.fd = wanted ? fd : -1, .events = events};
}

static void prepare(const struct scribe *s, struct pollfd *p)
{
	watch_for(&p[KEEPER_AT], s->keeper.fd, POLLIN, true);
	watch_for(&p[CONTROL_AT], s->config->control, POLLIN, s->now_ms >= s->control_ms && !s->stopping);
	watch_for(&p[OUT_AT], s->out.sink.fd, POLLOUT, sink_polls(&s->out.sink));
	watch_for(&p[EVENTS_AT], s->events.sink.fd, POLLOUT, sink_polls(&s->events.sink));
	for (int i = 0; i < SCRIBE_CLIENTS; i++)
		watch_for(&p[WATCHERS_AT + i], s->watcher[i].channel.fd, POLLIN, true);
	for (int i = 0; i < SCRIBE_SENDERS; i++)
		watch_for(&p[SENDERS_AT + i], s->sender[i].channel.fd, POLLIN, true);
}

/* How long poll may sleep; -1 = until something comes. */
static int patience(const struct scribe *s)
{
	if (s->stopping)
		return s->stop_ms > s->now_ms ? (int)(s->stop_ms - s->now_ms) : 0;
	if (sink_pending(&s->out.sink) || sink_pending(&s->events.sink) || s->control_ms > s->now_ms)
		return SINK_RETRY_MS;
	/* What nobody was told yet waits for its minute. */
	if (s->out.sink.lost > s->out.told || s->events.sink.lost > s->events.told)
		return SINK_RETRY_MS;
	return -1;
}

static void obey(struct scribe *s, const struct pollfd *p)
{
	for (int n = 0; n < MESSAGES_A_TURN && p[KEEPER_AT].revents && !s->stopping && read_keeper(s); n++)
		;
	for (int i = 0; i < SCRIBE_SENDERS; i++)
		for (int n = 0; n < MESSAGES_A_TURN && p[SENDERS_AT + i].revents && read_sender(s, &s->sender[i]); n++)
			;
	for (int i = 0; i < SCRIBE_CLIENTS; i++)
		if (p[WATCHERS_AT + i].revents && s->watcher[i].channel.fd == p[WATCHERS_AT + i].fd)
			watch_read(s, &s->watcher[i]);
	if (p[CONTROL_AT].revents)
		watch_accept(s);
	scribe_write(s);
}

static bool has_senders(const struct scribe *s)
{
	for (int i = 0; i < SCRIBE_SENDERS; i++)
		if (s->sender[i].channel.fd >= 0)
			return true;
	return false;
}

static void run(struct scribe *s)
{
	struct pollfd p[PLACES];

	while (!s->stopping || (has_senders(s) && s->now_ms < s->stop_ms)) {
		nfds_t used = PLACES;

		prepare(s, p);
		/* More places than one may have descriptors are an error, even empty ones. */
		while (used > SENDERS_AT && p[used - 1].fd < 0)
			used--;
		if (poll(p, used, patience(s)) < 0 && errno != EINTR)
			abort();
		s->now_ms = scribe_clock_ms();
		obey(s, p);
	}
}

static struct scribe *begin(const struct scribe_config *config)
{
	struct scribe *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = config;
	s->render = (struct render){config->policy, config->protocols};
	s->keeper = config->keeper;
	for (int i = 0; i < SCRIBE_SENDERS; i++)
		s->sender[i].channel.fd = -1;
	for (int i = 0; i < SCRIBE_CLIENTS; i++)
		s->watcher[i].channel.fd = -1;
	sink_open(&s->out.sink, config->out, "standard output");
	sink_open(&s->events.sink, config->events, "the events file");
	s->now_ms = scribe_clock_ms();
	return s;
}

static void end(struct scribe *s)
{
	for (int i = 0; i < SCRIBE_SENDERS; i++)
		channel_close(&s->sender[i].channel);
	scribe_finish(s);
	for (int i = 0; i < SCRIBE_CLIENTS; i++)
		channel_close(&s->watcher[i].channel);
	free(s);
}

/* OpenSSL reads its settings, jansson a seed and gmtime_r the time zone when they are first used. */
void scribe_prepare(const struct recogniser *const *protocols)
{
	static const struct record r = {.kind = RECORD_FLOW, .ip_protocol = 6, .client.family = 4, .listener.family = 4};
	struct render              render = {.protocols = protocols};
	char                       line[EVE_LINE_MAX];

	eve_line(render_json(&render, &r), line);
}

int scribe_main(const struct scribe_config *config)
{
	struct scribe *s = begin(config);
	bool           bad;

	if (!s)
		return 1;
	/* The end of the keeper's channel is the only sign to stop, so that the last records of all are heard. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	run(s);
	bad = s->bad;
	end(s);
	return bad ? 1 : 0;
}
