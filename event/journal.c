/* Gathers a worker's records into batches with quotas, sums up what repeats, and counts what found no room. */
#include "event/journal.h"

#include <string.h>

_Static_assert((int)JOURNAL_BYTES <= (int)CHANNEL_PAYLOAD_MAX, "a batch is one message");

/* Bytes of the batch that are a class's own; RECORD_MAX is less than each. */
static const size_t own[JOURNAL_CLASSES] = {
	[JOURNAL_FLOWS] = 12 * 1024,
	[JOURNAL_REFUSALS] = 20 * 1024,
	[JOURNAL_RULES] = 8 * 1024,
	[JOURNAL_GATE] = 4 * 1024,
};

void journal_open(struct journal *j, const struct hash_key *key)
{
	*j = (struct journal){.key = *key, .due_ms = UINT64_MAX};
}

static enum journal_class class_of(enum record_kind kind)
{
	switch (kind) {
	case RECORD_FLOW:
		return JOURNAL_FLOWS;
	case RECORD_RULE:
		return JOURNAL_RULES;
	case RECORD_GATE:
		return JOURNAL_GATE;
	default:
		return JOURNAL_REFUSALS;
	}
}

/* Bytes this class may still use: all that is free but what the others have not used of their own. */
static size_t room_for(const struct journal *j, enum journal_class class)
{
	size_t kept = 0, left = sizeof(j->bytes) - j->used;

	for (int other = 0; other < JOURNAL_CLASSES; other++)
		if (other != (int)class && j->used_by[other] < own[other])
			kept += own[other] - j->used_by[other];
	return left > kept ? left - kept : 0;
}

static bool put(struct journal *j, const struct record *r)
{
	enum journal_class class = class_of(r->kind);
	/* UNSAFE: used never exceeds the array, and room_for never what is left of it. */
	size_t n = record_write(r, j->bytes + j->used, room_for(j, class));

	j->used += n;
	j->used_by[class] += n;
	return n > 0;
}

static void without_texts(struct record *r)
{
	r->path = r->detail = r->facts = r->policy = r->rule = r->text = (struct record_text){"", 0};
}

static void lose(struct journal *j, const struct record *r, uint64_t n)
{
	j->lost[class_of(r->kind)] += n;
	j->lost_last = *r;
	without_texts(&j->lost_last);
}

/* The address that stands for a source. */
static struct address source_of(const struct address *client)
{
	struct address source = *client;

	source.port = 0;
	if (source.family == 6)
		memset(source.ip + 8, 0, 8); /* UNSAFE: the lower half of the 16 bytes */
	else
		memset(source.ip + 4, 0, 12); /* UNSAFE: what IPv4 does not use of them */
	return source;
}

static bool is_same(const struct journal_repeat *e, const struct record *r, const struct address *source)
{
	return e->used && e->why == r->why && e->last.report == r->report && e->last.probe == r->probe && e->source.family == source->family &&
	       memcmp(e->source.ip, source->ip, sizeof(source->ip)) == 0;
}

/* The window's summary into the batch; false when it finds no room. */
static bool sum_up(struct journal *j, struct journal_repeat *e, uint64_t now_ms)
{
	struct record r = e->last;
	uint64_t      window = now_ms - e->begun_ms;

	r.kind = RECORD_REPEATED;
	r.count = e->more;
	r.window_ms = window < JOURNAL_WINDOW_MS ? (uint32_t)window : JOURNAL_WINDOW_MS;
	return !e->more || put(j, &r);
}

/* The entry goes away: what it counted is told now, or lost. */
static void forget(struct journal *j, struct journal_repeat *e, uint64_t now_ms)
{
	if (e->used && !sum_up(j, e, now_ms))
		lose(j, &e->last, e->more);
	e->used = false;
}

/* Its entry; a new one takes a free place or that of the oldest of its set. */
static struct journal_repeat *entry_of(struct journal *j, const struct record *r, uint64_t now_ms)
{
	struct address         source = source_of(&r->client);
	uint64_t               high, low;
	struct journal_repeat *set, *e;

	memcpy(&high, source.ip, sizeof(high));
	low = hash_pair(&j->key, high, (uint64_t)r->why << 24 | (uint64_t)source.family << 16 | (uint64_t)r->report << 8 | r->probe);
	set = e = j->repeat[low % JOURNAL_SETS];
	for (int i = 0; i < JOURNAL_WAYS; i++) {
		if (is_same(&set[i], r, &source))
			return &set[i];
		if (e->used && (!set[i].used || set[i].begun_ms < e->begun_ms))
			e = &set[i];
	}
	forget(j, e, now_ms);
	*e = (struct journal_repeat){.used = true, .why = r->why, .source = source, .begun_ms = now_ms, .last = *r};
	without_texts(&e->last);
	return e;
}

/* Only counted, because enough of the same was told? */
static bool is_repeat(struct journal *j, const struct record *r, uint64_t now_ms)
{
	struct journal_repeat *e = entry_of(j, r, now_ms);

	if (now_ms - e->begun_ms >= JOURNAL_WINDOW_MS) {
		forget(j, e, now_ms);
		e = entry_of(j, r, now_ms);
	}
	if (e->told < JOURNAL_TOLD) {
		e->told++;
		return false;
	}
	if (!e->more++) {
		e->due_ms = e->begun_ms + JOURNAL_WINDOW_MS;
		j->due_ms = e->due_ms < j->due_ms ? e->due_ms : j->due_ms;
	}
	e->last = *r;
	without_texts(&e->last);
	return true;
}

bool journal_crowded(const struct journal *j, enum record_kind kind)
{
	return room_for(j, class_of(kind)) < RECORD_MAX;
}

bool journal_add(struct journal *j, const struct record *r, uint64_t now_ms)
{
	if (r->kind == RECORD_REFUSAL && r->client.family && is_repeat(j, r, now_ms))
		return true;
	if (put(j, r))
		return true;
	lose(j, r, 1);
	return false;
}

void journal_tick(struct journal *j, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	if (now_ms < j->due_ms)
		return;
	for (int i = 0; i < JOURNAL_SETS * JOURNAL_WAYS; i++) {
		struct journal_repeat *e = &j->repeat[i / JOURNAL_WAYS][i % JOURNAL_WAYS];

		if (!e->used || !e->more)
			continue;
		if (now_ms >= e->due_ms && sum_up(j, e, now_ms)) {
			e->used = false;
			continue;
		}
		if (now_ms >= e->due_ms)
			e->due_ms = now_ms + JOURNAL_RETRY_MS;
		next = e->due_ms < next ? e->due_ms : next;
	}
	j->due_ms = next;
}

uint64_t journal_deadline(const struct journal *j)
{
	return j->due_ms;
}

void journal_stop(struct journal *j)
{
	for (int i = 0; i < JOURNAL_SETS * JOURNAL_WAYS; i++) {
		struct journal_repeat *e = &j->repeat[i / JOURNAL_WAYS][i % JOURNAL_WAYS];

		forget(j, e, e->begun_ms + JOURNAL_WINDOW_MS);
	}
	j->due_ms = UINT64_MAX;
}

static bool has_lost(const struct journal *j)
{
	return j->lost[JOURNAL_FLOWS] || j->lost[JOURNAL_REFUSALS] || j->lost[JOURNAL_RULES] || j->lost[JOURNAL_GATE];
}

/* Losses are told once a batch, so that a channel that stays full does not fill up with them. */
static void tell_lost(struct journal *j)
{
	struct record r = {
		.kind = RECORD_GATE,
		.gate = GATE_LOST,
		.ts_us = j->lost_last.ts_us,
		.policy_rev = j->lost_last.policy_rev,
		.service = UINT32_MAX,
		.a = j->lost[JOURNAL_FLOWS],
		.b = j->lost[JOURNAL_REFUSALS],
		.c = j->lost[JOURNAL_RULES] + j->lost[JOURNAL_GATE],
	};

	if (j->lost_told || !has_lost(j) || !put(j, &r))
		return;
	j->lost_told = true;
	memset(j->lost, 0, sizeof(j->lost));
}

enum channel_sent journal_flush(struct journal *j, const struct channel *channel)
{
	enum channel_sent sent;

	tell_lost(j);
	if (!j->used)
		return CHANNEL_SENT;
	sent = channel->fd < 0 ? CHANNEL_GONE : channel_send(channel, MSG_RECORDS, j->bytes, j->used, -1);
	if (sent != CHANNEL_SENT)
		return sent;
	j->used = 0;
	memset(j->used_by, 0, sizeof(j->used_by));
	j->lost_told = false;
	return CHANNEL_SENT;
}

bool journal_pending(const struct journal *j)
{
	return j->used || has_lost(j);
}
