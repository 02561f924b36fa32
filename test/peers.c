/* Two scripted peers around one flow of the real driver: queues, records, default answers to the driver's questions. */
#include "test/peers.h"

#include <stdlib.h>
#include <string.h>

static void bytes_add(struct peers_bytes *b, const uint8_t *p, size_t n)
{
	if (n > b->cap - b->len) {
		b->cap = (b->len + n) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
}

static const uint8_t *on_peek(void *user, enum side from, size_t *len, bool *fin)
{
	struct peers      *peers = user;
	struct peers_lane *lane = &peers->lane[from];

	*len = lane->held;
	*fin = false;
	return lane->held ? lane->guard.end - lane->held : NULL;
}

/* The next datagram becomes the head one. */
static void datagram_next(struct peers_lane *lane)
{
	lane->held = 0;
	if (!lane->datagrams || !--lane->datagrams)
		return;
	memmove(lane->datagram, lane->datagram + 1, lane->datagrams * sizeof(lane->datagram[0]));
	lane->held = lane->datagram[0];
	guard_place(&lane->guard, lane->waiting.p, lane->held);
	lane->waiting.len -= lane->held;
	memmove(lane->waiting.p, lane->waiting.p + lane->held, lane->waiting.len);
}

static void on_drop(void *user, enum side from, size_t n)
{
	struct peers      *peers = user;
	struct peers_lane *lane = &peers->lane[from];

	if (n > lane->held || (peers->datagram && n != lane->held))
		abort();
	if (peers->datagram)
		datagram_next(lane);
	else
		lane->held -= n;
}

static void on_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	struct peers *peers = user;

	bytes_add(&peers->lane[from].out, bytes, n);
}

static void on_answer(void *user, const uint8_t *bytes, size_t n)
{
	struct peers *peers = user;

	bytes_add(&peers->answer, bytes, n);
}

static enum verdict on_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	(void)user, (void)from, (void)step, (void)cx, (void)why;
	return VERDICT_PASS;
}

static bool on_watch(void *user, const struct report *report)
{
	(void)user, (void)report;
	return false;
}

static void on_report(void *user, const struct report *report)
{
	struct peers        *peers = user;
	struct peers_report *r = &peers->report[peers->reports];

	if (peers->reports++ >= PEERS_REPORTS_MAX) {
		peers->overrun = true;
		return;
	}
	*r = (struct peers_report){.kind = (uint8_t)report->kind,
				   .from = (uint8_t)report->from,
				   .why = report->fault->why,
				   .at = report->fault->at,
				   .unit_at = report->unit_at,
				   .unit_len = report->unit_len,
				   .follows_taint = report->follows_taint};
	fault_path(report->fault, r->path, sizeof(r->path));
}

static uint64_t mix(uint64_t sum, uint64_t v)
{
	return (sum ^ v) * 0x100000001b3u;
}

/* Equal facts give equal sums. */
static uint64_t facts_sum(const struct cx *cx, const struct recogniser *r)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (uint8_t i = 0; i < r->facts; i++) {
		const struct fact *fact = &cx->fact[i];

		if (!(cx->wanted >> i & 1))
			continue;
		sum = mix(mix(sum, i), fact->state);
		if (fact->state == FACT_NUMBER)
			sum = mix(sum, fact->number);
		for (uint32_t k = 0; fact->state == FACT_TEXT && k < fact->len; k++)
			sum = mix(sum, fact->text[k]);
	}
	return sum;
}

static void on_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct peers *peers = user;

	if (peers->units++ >= PEERS_UNITS_MAX) {
		peers->overrun = true;
		return;
	}
	peers->unit[peers->units - 1] = (struct peers_unit){.side = (uint8_t)from,
							    .verb = step->verb,
							    .flags = step->flags,
							    .patches = cx->patches,
							    .at = driver_offset(peers->flow, from),
							    .n = step->n,
							    .opaque = step->opaque,
							    .facts = facts_sum(cx, driver_protocol(peers->flow))};
}

static void on_dial(void *user, const struct route *route)
{
	struct peers *peers = user;

	(void)route;
	peers->dials++;
	peers->dialing = true;
}

static bool on_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	struct peers *peers = user;

	(void)group;
	for (uint8_t i = 0; i < n; i++)
		bound[i] = expect[i].to;
	peers->binds += n;
	return true;
}

static const struct profile *on_profile(void *user, uint16_t proto)
{
	const struct peers *peers = user;

	return proto == peers->proto ? peers->profile : NULL;
}

static void on_fin(void *user, enum side from)
{
	(void)user, (void)from;
}

static void on_end(void *user, const struct ending *ending)
{
	struct peers *peers = user;

	peers->ended = true;
	peers->ending = *ending;
}

static void on_wake(void *user)
{
	(void)user;
}

void peers_open(struct peers *peers, const struct recogniser *const *recognisers, size_t cap)
{
	*peers = (struct peers){.ops = {.peek = on_peek,
					.drop = on_drop,
					.emit = on_emit,
					.answer = on_answer,
					.judge = on_judge,
					.watch = on_watch,
					.report = on_report,
					.committed = on_committed,
					.dial = on_dial,
					.bind = on_bind,
					.profile = on_profile,
					.fin = on_fin,
					.end = on_end,
					.wake = on_wake},
				.clock = {.now_ms = 1000}};
	peers->env = (struct driver_env){.recognisers = recognisers, .ops = &peers->ops, .clock = &peers->clock};
	for (int side = 0; side < 2; side++)
		guard_open(&peers->lane[side].guard, cap);
	if (!driver_env_open(&peers->env))
		abort();
}

void peers_close(struct peers *peers)
{
	driver_close(&peers->flow);
	driver_env_close(&peers->env);
	for (int side = 0; side < 2; side++) {
		guard_close(&peers->lane[side].guard);
		free(peers->lane[side].out.p);
		free(peers->lane[side].waiting.p);
	}
	free(peers->answer.p);
	*peers = (struct peers){0};
}

void peers_start(struct peers *peers, uint16_t proto, const struct profile *profile)
{
	driver_close(&peers->flow);
	for (int side = 0; side < 2; side++) {
		struct peers_lane *lane = &peers->lane[side];

		lane->held = lane->out.len = lane->waiting.len = 0;
		lane->datagrams = 0;
		lane->sent = 0;
	}
	peers->answer.len = 0;
	peers->units = peers->reports = peers->dials = peers->binds = 0;
	peers->dialing = peers->ended = peers->overrun = false;
	peers->ending = (struct ending){0};
	peers->proto = proto;
	peers->profile = profile;
	peers->flow = driver_open(&peers->env, proto, NULL, peers);
	if (!peers->flow)
		abort();
	peers->datagram = driver_protocol(peers->flow)->datagram;
}

/* Until nothing moves: turns, and the dials they asked for. */
static void run(struct peers *peers, enum side side)
{
	while (driver_turn(peers->flow, side) == TURN_AGAIN)
		;
	while (peers->dialing && !peers->hold_dials && !peers->ended)
		peers_dialed(peers, true);
}

void peers_send(struct peers *peers, enum side side, const void *bytes, size_t n)
{
	struct peers_lane *lane = &peers->lane[side];

	lane->sent += n;
	if (peers->ended)
		return;
	if (peers->datagram && lane->datagrams) {
		if (lane->datagrams == PEERS_DATAGRAMS_MAX)
			abort();
		bytes_add(&lane->waiting, bytes, n);
	} else {
		if (n > lane->guard.cap - lane->held)
			abort();
		memmove(lane->guard.end - lane->held - n, lane->guard.end - lane->held, lane->held);
		guard_place(&lane->guard, bytes, n);
		lane->held += n;
	}
	if (peers->datagram)
		lane->datagram[lane->datagrams++] = n;
	run(peers, side);
}

bool peers_expire(struct peers *peers)
{
	uint64_t due = peers->ended ? UINT64_MAX : driver_deadline(peers->flow);

	if (due == UINT64_MAX)
		return false;
	if (peers->clock.now_ms < due)
		peers->clock.now_ms = due;
	driver_expire(peers->flow);
	return true;
}

void peers_dialed(struct peers *peers, bool ok)
{
	peers->dialing = false;
	driver_dialed(peers->flow, ok);
}

const struct peers_report *peers_refusal(const struct peers *peers)
{
	for (unsigned i = 0; i < peers->reports && i < PEERS_REPORTS_MAX; i++)
		if (peers->report[i].kind != REPORT_UNANSWERED)
			return &peers->report[i];
	return NULL;
}
