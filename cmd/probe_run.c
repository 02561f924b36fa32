/* Plays one vector: the client's side over the real connection, the server's side at the gate's own far end, which is ours. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/probe.h"
#include "gate/socket.h"
#include "policy/policy.h"
#include "proto/driver.h"
#include "proto/reasons.h"

enum { STEP_MS = 2000, GOODBYE_MS = 300, CHUNK = 64 * 1024, STAND_IN = 72, NEXT_COMMAND = 24 };

/* A probe that runs: the client's end, the server's end, and what the gate says of it. */
struct probe_run {
	const struct probe_way *way;
	int                     client, sink, theirs; /* theirs: the end of the sink that the gate gets */
	uint64_t                out[2]; /* bytes that came out: [SIDE_CLIENT] at the sink, [SIDE_SERVER] at the client */
	uint8_t                 last[STAND_IN]; /* the last of them at the sink */
	uint64_t                sent[2];
	bool                    closed[2];
	bool                    taken, ended, not_here, denied, gone;
	struct probe_said       expected, report, turn;
};

/* ---- What the gate says ---- */

static void said(struct probe_run *r, const struct probe_said *s)
{
	/* What comes before our announcement is answered is about the probe before. */
	if (!r->expected.at.family && s->what != PROBE_EXPECTED && s->what != PROBE_NOT_HERE && s->what != PROBE_DENIED)
		return;
	switch (s->what) {
	case PROBE_EXPECTED:
		r->expected = *s;
		break;
	case PROBE_NOT_HERE:
		r->not_here = true;
		break;
	case PROBE_DENIED:
		r->denied = true;
		break;
	case PROBE_TAKEN:
		r->taken = true;
		break;
	case PROBE_REPORT:
		/* The first is the finding; what follows is its consequence. */
		if (!r->report.why && s->report != REPORT_UNANSWERED)
			r->report = *s;
		break;
	case PROBE_TURN:
		r->turn = *s;
		break;
	default:
		r->ended = true;
	}
}

static void hear(struct probe_run *r)
{
	static struct message_in in;
	struct probe_said        s;
	enum channel_got         got;

	while ((got = channel_recv(r->way->worker, &in)) == CHANNEL_MESSAGE)
		if (in.type == MSG_PROBE_SAYS && probe_said_read(&in, &s))
			said(r, &s);
	if (got != CHANNEL_AGAIN)
		r->gone = true;
}

static void remember(struct probe_run *r, const uint8_t *bytes, size_t n)
{
	size_t fresh = n < STAND_IN ? n : STAND_IN;

	memmove(r->last, r->last + fresh, STAND_IN - fresh);
	memcpy(r->last + STAND_IN - fresh, bytes + n - fresh, fresh);
}

/* Count what comes out, and throw it away but for the end. */
static void count(struct probe_run *r, int fd, enum side from)
{
	uint8_t bytes[CHUNK];
	ssize_t n = 1;

	while (fd >= 0 && !r->closed[from] && n > 0) {
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n > 0)
			r->out[from] += (uint64_t)n;
		if (n > 0 && from == SIDE_CLIENT)
			remember(r, bytes, (size_t)n);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			r->closed[from] = true;
	}
}

/* Wait for anything, at most `ms`; false when nothing came. */
static bool wait_any(struct probe_run *r, int ms)
{
	struct pollfd p[3] = {{.fd = r->way->worker->fd, .events = POLLIN},
			      {.fd = r->closed[SIDE_CLIENT] ? -1 : r->sink, .events = POLLIN},
			      {.fd = r->closed[SIDE_SERVER] || !r->taken ? -1 : r->client, .events = POLLIN}};

	if (poll(p, 3, ms) <= 0)
		return false;
	if (p[1].revents)
		count(r, r->sink, SIDE_CLIENT);
	if (p[2].revents)
		count(r, r->client, SIDE_SERVER);
	hear(r);
	return !r->gone;
}

/* ---- Getting there ---- */

/* Our address as the gate will see it: bound before we connect, so that it can be announced. */
static bool bind_source(struct probe_run *r, struct address *source)
{
	struct sockaddr_storage at, mine;
	socklen_t               n = address_to(&r->way->at, &at), len = sizeof(mine);
	int                     type = r->way->transport == POLICY_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int                     seek = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool                    ok = seek >= 0 && connect(seek, (struct sockaddr *)&at, n) == 0 && getsockname(seek, (struct sockaddr *)&mine, &len) == 0;

	if (seek >= 0)
		close(seek);
	if (!ok)
		return false;
	*source = address_of(&mine);
	source->port = 0;
	n = address_to(source, &mine);
	r->client = socket(at.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	len = sizeof(mine);
	if (r->client < 0 || bind(r->client, (struct sockaddr *)&mine, n) != 0 || getsockname(r->client, (struct sockaddr *)&mine, &len) != 0)
		return false;
	*source = address_of(&mine);
	return true;
}

static bool announce(struct probe_run *r, const struct address *source)
{
	struct probe_ask ask = {.transport = r->way->transport, .source = *source, .as = r->way->as};
	uint8_t          bytes[1024];
	struct payload   p = payload_over(bytes, sizeof(bytes));
	int              pair[2], type = r->way->transport == POLICY_TCP ? SOCK_STREAM : SOCK_SEQPACKET;

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	r->sink = pair[0];
	memcpy(ask.service, r->way->service, strlen(r->way->service)); /* the verb saw that it fits */
	probe_ask_write(&ask, &p);
	channel_send(r->way->worker, MSG_PROBE, bytes, p.len, pair[1]);
	close(pair[1]);
	for (int i = 0; i < 10 && !r->expected.at.family && !r->not_here && !r->denied; i++)
		if (!wait_any(r, STEP_MS))
			return false;
	return r->expected.at.family != 0;
}

/* Connect, and wait until the gate says that it holds our end: only then is this its path and nobody else's. */
static bool arrive(struct probe_run *r)
{
	struct sockaddr_storage at;
	socklen_t               n = address_to(&r->way->at, &at);

	if (connect(r->client, (struct sockaddr *)&at, n) != 0 && errno != EINPROGRESS)
		return false;
	/* UDP has no handshake: an empty datagram says nothing to any server. */
	if (r->way->transport == POLICY_UDP && send(r->client, "", 0, 0) != 0)
		return false;
	while (!r->taken && wait_any(r, STEP_MS))
		;
	return r->taken;
}

static void leave(struct probe_run *r)
{
	if (r->client >= 0)
		close(r->client);
	if (r->sink >= 0)
		close(r->sink);
	r->client = r->sink = -1;
	r->closed[SIDE_CLIENT] = r->closed[SIDE_SERVER] = true;
}

/* ---- Playing ---- */

static bool send_whole(struct probe_run *r, int fd, const uint8_t *bytes, size_t n)
{
	while (n) {
		ssize_t done = send(fd, bytes, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EAGAIN) {
			if (!wait_any(r, STEP_MS) && r->gone)
				return false;
			if (r->report.why || r->ended)
				return true;
			continue;
		}
		if (done < 0)
			return false;
		/* UNSAFE: send takes no more than it was given. */
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* Everything we sent was looked at, and what was let through has come out. A unit that waits for the other side is settled too. */
static bool settled(const struct probe_run *r)
{
	for (int i = 0; i < 2; i++)
		if (r->turn.received[i] < r->sent[i] || r->out[i] < r->turn.forwarded[i])
			return false;
	return true;
}

/* One message; then until the gate has made up its mind. */
static bool play(struct probe_run *r, const struct vector_step *step)
{
	enum side side = (enum side)step->side;
	uint8_t  *bytes = malloc(step->len ? step->len : 1);
	bool      ok;

	if (!bytes)
		return false;
	vector_step_bytes(step, bytes);
	r->sent[side] += step->len;
	ok = send_whole(r, side == SIDE_CLIENT ? r->client : r->sink, bytes, step->len);
	free(bytes);
	while (ok && !settled(r) && !r->report.why && !r->ended)
		ok = wait_any(r, STEP_MS);
	return ok && !r->report.why && !r->ended;
}

/* Both ends say goodbye, and everything that was on its way is counted. */
static void finish(struct probe_run *r)
{
	if (r->way->transport == POLICY_TCP)
		shutdown(r->client, SHUT_WR);
	/* An association does not end, but what became of its datagrams is settled. */
	if (r->way->transport == POLICY_UDP)
		return;
	while (!r->closed[SIDE_CLIENT] && !r->ended && wait_any(r, GOODBYE_MS))
		;
	/* A unit that still waits keeps the flow open: what came out is counted, so the gate may cut it off when we ask for the next. */
	count(r, r->sink, SIDE_CLIENT);
	count(r, r->client, SIDE_SERVER);
	leave(r);
}

/* Bytes of the messages before the last one, by side. */
static void sum_before(const struct vector *v, uint64_t out[2])
{
	out[SIDE_CLIENT] = out[SIDE_SERVER] = 0;
	for (uint16_t i = 0; i + 1 < v->steps; i++)
		out[v->step[i].side] += v->step[i].len;
}

/*
 * Of several commands of SMB 2 in one message those before the refused one are units of their own: they pass, and the message stays
 * incomplete. NextCommand (MS-SMB2 2.2.1.2) says that there is more than one.
 */
static bool compounded(const struct vector *v)
{
	const struct vector_step *last = &v->step[v->steps - 1];
	uint8_t                  *bytes = strcmp(v->protocol, "smb") == 0 && last->len > NEXT_COMMAND + 4 ? malloc(last->len) : NULL;
	bool                      more = false;

	if (bytes) {
		vector_step_bytes(last, bytes);
		more = memcmp(bytes + 4, "\xfeSMB", 4) == 0 && memcmp(bytes + NEXT_COMMAND, "\0\0\0\0", 4) != 0;
	}
	free(bytes);
	return more;
}

/* What the gate sent of its own in place of a denied request of SMB 2: an ECHO (MS-SMB2 2.2.28) with nothing of the request but its MessageId. */
static bool stand_in(const struct probe_run *r, const struct vector *v)
{
	static const uint8_t head[] = {0, 0, 0, STAND_IN - 4, 0xfe, 'S', 'M', 'B', 64, 0}, body[] = {4, 0, 0, 0};
	uint8_t              request[STAND_IN];

	if (strcmp(v->protocol, "smb") != 0 || memcmp(r->last, head, sizeof(head)) != 0 || r->last[16] != 0x0d ||
	    memcmp(r->last + STAND_IN - sizeof(body), body, sizeof(body)) != 0)
		return false;
	if (v->step[v->steps - 1].len != STAND_IN)
		return true;
	vector_step_bytes(&v->step[v->steps - 1], request);
	return memcmp(request, r->last, STAND_IN) != 0;
}

static enum probe_outcome judge(const struct probe_run *r, const struct vector *v)
{
	uint8_t  class = r->report.why ? reason_of(r->report.why)->class : CLASS_DOCUMENT;
	bool     policy = class == CLASS_POLICY || class == CLASS_OPAQUE;
	bool     all = r->turn.taken[SIDE_CLIENT] == r->sent[SIDE_CLIENT] && r->turn.taken[SIDE_SERVER] == r->sent[SIDE_SERVER];
	uint64_t before[2];

	if (!v->refuse && policy)
		return PROBE_BY_POLICY;
	if (!v->refuse)
		return all && !r->report.why ? PROBE_PASSED : PROBE_REFUSED;
	/* Of a refused message not one byte comes out behind the gate. In front of it the gate's own answer may. */
	sum_before(v, before);
	if (r->out[SIDE_CLIENT] == before[SIDE_CLIENT] + STAND_IN && stand_in(r, v))
		before[SIDE_CLIENT] += STAND_IN;
	if (v->step[v->steps - 1].side == SIDE_CLIENT && compounded(v))
		before[SIDE_CLIENT] += v->step[v->steps - 1].len - 1;
	if (r->out[SIDE_CLIENT] > before[SIDE_CLIENT] || r->turn.forwarded[SIDE_SERVER] > before[SIDE_SERVER])
		return PROBE_LEAKED;
	return r->report.why == v->refuse ? PROBE_STOPPED : PROBE_STOPPED_OTHERWISE;
}

static void play_all(struct probe_run *r, const struct vector *v, struct probe_result *out)
{
	for (uint16_t i = 0; i < v->steps && play(r, &v->step[i]); i++)
		;
	finish(r);
	out->outcome = judge(r, v);
	out->report = r->report;
}

enum probe_trouble probe_vector(const struct probe_way *way, const struct vector *v, struct probe_result *out)
{
	struct probe_run   r = {.way = way, .client = -1, .sink = -1};
	struct address     source;
	enum probe_trouble trouble = PROBE_FINE;

	*out = (struct probe_result){.outcome = PROBE_LEFT_OUT};
	/* The gate dials when the client has spoken, so that no server can speak first. */
	if (v->limits || v->tolerances || v->step[0].side == SIDE_SERVER)
		return PROBE_FINE;
	if (!bind_source(&r, &source))
		trouble = PROBE_SYSTEM;
	else if (!announce(&r, &source))
		trouble = r.not_here ? PROBE_NO_SERVICE : r.denied ? PROBE_BUSY : PROBE_NO_GATE;
	else if (!arrive(&r))
		trouble = r.gone ? PROBE_NO_GATE : PROBE_NOT_TAKEN;
	else
		play_all(&r, v, out);
	leave(&r);
	return trouble;
}

enum probe_trouble probe_ask_where(const struct probe_way *way, struct probe_said *out)
{
	struct probe_run     r = {.way = way, .client = -1, .sink = -1, .closed = {true, true}};
	const struct address nobody = {.family = 4, .ip = {127, 0, 0, 1}, .port = 1};
	bool                 ok = announce(&r, &nobody);

	*out = r.expected;
	leave(&r);
	return ok ? PROBE_FINE : r.not_here ? PROBE_NO_SERVICE : PROBE_NO_GATE;
}
