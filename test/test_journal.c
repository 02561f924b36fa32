/* The worker's journal: quotas, what is lost and told, what repeats and is summed up, full and broken channels. */
#include <stdlib.h>
#include <string.h>

#include "event/journal.h"
#include "test/tap.h"

static const struct hash_key key = {1, 2};

/* Too large for a stack. */
static struct journal    journal;
static struct message_in message;

static struct address client_of(uint32_t n)
{
	return (struct address){.family = 4, .ip = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}, .port = 1000};
}

static struct record make(enum record_kind kind, uint32_t client, uint16_t why)
{
	return (struct record){.kind = kind, .ts_us = 1000, .service = 1, .ip_protocol = 6, .client = client_of(client), .why = why};
}

static bool add(enum record_kind kind, uint32_t client, uint16_t why, uint64_t now_ms)
{
	struct record r = make(kind, client, why);

	return journal_add(&journal, &r, now_ms);
}

/* What the batch holds. */
struct holds {
	unsigned      of[RECORD_KINDS], lost;
	uint64_t      told_lost[3];
	struct record last[RECORD_KINDS];
	bool          whole;
};

static struct holds look(const uint8_t *bytes, size_t n)
{
	struct holds  h = {.whole = true};
	struct record r;

	while (n) {
		size_t took = record_read(bytes, n, &r);

		if (!took) {
			h.whole = false;
			break;
		}
		h.of[r.kind]++;
		h.last[r.kind] = r;
		if (r.kind == RECORD_GATE && r.gate == GATE_LOST) {
			h.lost++;
			h.told_lost[0] += r.a;
			h.told_lost[1] += r.b;
			h.told_lost[2] += r.c;
		}
		bytes += took;
		n -= took;
	}
	return h;
}

static struct holds batch(void)
{
	return look(journal.bytes, journal.used);
}

/* Send the batch and look at what arrives. */
static struct holds sent(const struct channel *from, struct channel *to)
{
	enum channel_sent done = journal_flush(&journal, from);

	if (done != CHANNEL_SENT || channel_recv(to, &message) != CHANNEL_MESSAGE)
		return (struct holds){0};
	return look(message.bytes, message.len);
}

static void fresh(struct channel *from, struct channel *to)
{
	journal_open(&journal, &key);
	channel_close(from);
	channel_close(to);
	if (!channel_pair(PARTY_WORKER, PARTY_SCRIBE, from, to))
		abort();
}

static void test_plain(struct channel *from, struct channel *to)
{
	struct holds h;

	fresh(from, to);
	tap_ok(!journal_pending(&journal) && journal_flush(&journal, from) == CHANNEL_SENT && channel_recv(to, &message) == CHANNEL_AGAIN,
	       "nothing to say, nothing sent");
	tap_ok(add(RECORD_FLOW, 1, 0, 0) && add(RECORD_REFUSAL, 1, 6, 0) && add(RECORD_RULE, 1, 0, 0), "three records are kept");
	tap_ok(journal_pending(&journal), "and wait");
	h = sent(from, to);
	tap_ok(h.whole && h.of[RECORD_FLOW] == 1 && h.of[RECORD_REFUSAL] == 1 && h.of[RECORD_RULE] == 1, "they arrive in one message");
	tap_ok(!journal_pending(&journal) && channel_recv(to, &message) == CHANNEL_AGAIN, "and once");
}

static void test_quotas(struct channel *from, struct channel *to)
{
	unsigned     flows = 0, refusals = 0;
	struct holds h;

	fresh(from, to);
	while (add(RECORD_FLOW, flows, 0, 0))
		flows++;
	for (int i = 0; i < 99; i++)
		add(RECORD_FLOW, 1, 0, 0);
	while (add(RECORD_REFUSAL, refusals, 6, 0))
		refusals++;
	tap_ok(flows > 100 && refusals > 100, "a flood of %u flows leaves room for %u refusals", flows, refusals);
	tap_ok(add(RECORD_RULE, 1, 0, 0) && add(RECORD_GATE, 1, 0, 0), "and both for rules and for the gate");
	h = sent(from, to);
	tap_ok(h.whole && h.of[RECORD_FLOW] == flows && h.of[RECORD_REFUSAL] == refusals, "all that was kept arrives");
	tap_ok(h.lost == 1 && h.told_lost[0] == 100 && h.told_lost[1] == 1 && h.told_lost[2] == 0, "with what was lost, by class");
	tap_ok(!journal_pending(&journal), "and nothing is told twice");
}

static void test_refusals_first(struct channel *from, struct channel *to)
{
	unsigned refusals = 0, flows = 0, gate = 0;

	fresh(from, to);
	while (add(RECORD_REFUSAL, refusals, 6, 0))
		refusals++;
	while (add(RECORD_FLOW, flows, 0, 0))
		flows++;
	while (add(RECORD_GATE, gate, 0, 0))
		gate++;
	tap_ok(flows > 50 && gate > 10, "a flood of %u refusals leaves room for %u flows and %u words of the gate", refusals, flows, gate);
	tap_ok(batch().whole && journal.used <= JOURNAL_BYTES, "the batch is whole");
	journal_flush(&journal, from);
	tap_ok(journal.lost[JOURNAL_GATE] == 1 && journal_pending(&journal), "where even the gate's part is full the losses wait");
	tap_ok(channel_recv(to, &message) == CHANNEL_MESSAGE && sent(from, to).lost == 1, "and lead the next batch");
}

/* Crowded is said before anything is lost, and a flush makes room. */
static void test_crowded(struct channel *from, struct channel *to)
{
	unsigned lost = 0, flushed = 0;

	fresh(from, to);
	for (unsigned i = 0; i < 1000; i++) {
		if (journal_crowded(&journal, RECORD_FLOW)) {
			flushed += journal_flush(&journal, from) == CHANNEL_SENT && channel_recv(to, &message) == CHANNEL_MESSAGE;
			lost += journal_crowded(&journal, RECORD_FLOW);
		}
		lost += !add(RECORD_FLOW, i, 0, 0);
	}
	tap_ok(!lost && flushed > 2 && flushed < 20, "who flushes a crowded batch loses nothing: %u batches", flushed);
}

/* The scribe does not read: the channel fills, the batch fills, and the losses are told when it reads again. */
static void test_full(struct channel *from, struct channel *to)
{
	uint64_t     kept = 0, lost = 0, arrived = 0, told = 0;
	unsigned     batches = 0;
	struct holds h;

	fresh(from, to);
	for (unsigned turn = 0; turn < 4000; turn++) {
		for (unsigned i = 0; i < 8; i++)
			*(add(RECORD_FLOW, turn, 0, turn) ? &kept : &lost) += 1;
		journal_flush(&journal, from);
	}
	tap_ok(lost > 0 && batch().lost <= 1, "with a full channel records are lost, and the batch says so at most once");
	while (channel_recv(to, &message) == CHANNEL_MESSAGE || (journal_pending(&journal) && journal_flush(&journal, from) == CHANNEL_SENT)) {
		h = look(message.bytes, message.len);
		message.len = 0;
		arrived += h.of[RECORD_FLOW];
		told += h.told_lost[0];
		batches++;
	}
	tap_ok(arrived == kept && told == lost && batches > 1, "later all that was kept arrives, and the number of the lost is exact");
}

static void test_gone(struct channel *from, struct channel *to)
{
	struct channel none = {.fd = -1};

	fresh(from, to);
	add(RECORD_FLOW, 1, 0, 0);
	channel_close(to);
	tap_ok(journal_flush(&journal, from) == CHANNEL_GONE && journal_flush(&journal, &none) == CHANNEL_GONE, "a scribe that is gone is told");
	channel_close(from);
	channel_pair(PARTY_WORKER, PARTY_SCRIBE, from, to);
	tap_ok(sent(from, to).of[RECORD_FLOW] == 1, "and the batch waits for the next one");
}

static void test_window(struct channel *from, struct channel *to)
{
	struct holds h;

	fresh(from, to);
	for (int i = 0; i < 5; i++)
		add(RECORD_REFUSAL, 1, 6, 1000 + (uint64_t)i);
	tap_ok(batch().of[RECORD_REFUSAL] == 5 && journal_deadline(&journal) == UINT64_MAX, "five of the same are told one by one");
	for (int i = 0; i < 7; i++)
		tap_ok(add(RECORD_REFUSAL, 1, 6, 10999), "the next is kept");
	tap_ok(batch().of[RECORD_REFUSAL] == 5 && journal_deadline(&journal) == 11000, "but only counted, until the window ends");
	journal_tick(&journal, 10999);
	tap_ok(batch().of[RECORD_REPEATED] == 0, "a millisecond before its end nothing is summed up");
	journal_tick(&journal, 11000);
	h = batch();
	tap_ok(h.of[RECORD_REPEATED] == 1 && h.last[RECORD_REPEATED].count == 7 && h.last[RECORD_REPEATED].window_ms == 10000,
	       "at its end one summary says seven");
	tap_ok(h.last[RECORD_REPEATED].why == 6 && h.last[RECORD_REPEATED].service == 1 && h.last[RECORD_REPEATED].client.ip[3] == 1,
	       "of which reason, from whom, to which service");
	tap_ok(journal_deadline(&journal) == UINT64_MAX, "and nothing more is due");
	add(RECORD_REFUSAL, 1, 6, 11000);
	tap_ok(batch().of[RECORD_REFUSAL] == 6, "after that it is told again");
}

static void test_late(struct channel *from, struct channel *to)
{
	fresh(from, to);
	for (int i = 0; i < 6; i++)
		add(RECORD_REFUSAL, 1, 6, 0);
	add(RECORD_REFUSAL, 1, 6, 10000);
	tap_ok(batch().of[RECORD_REPEATED] == 1 && batch().of[RECORD_REFUSAL] == 6, "a refusal after the end brings the summary itself");
	journal_tick(&journal, 99999);
	tap_ok(batch().of[RECORD_REPEATED] == 1, "which then is not due again");
	fresh(from, to);
	for (int i = 0; i < 8; i++)
		add(RECORD_REFUSAL, 1, 6, 0);
	journal_stop(&journal);
	tap_ok(batch().last[RECORD_REPEATED].count == 3, "at the stop every summary is told");
	journal_stop(&journal);
	tap_ok(batch().of[RECORD_REPEATED] == 1, "once");
}

static unsigned told_of(const struct address *clients, unsigned n, bool probe_differs)
{
	for (unsigned i = 0; i < n; i++) {
		struct record r = make(RECORD_REFUSAL, 1, 6);

		r.client = clients[i % 2];
		r.probe = probe_differs && i % 2;
		journal_add(&journal, &r, 0);
	}
	return batch().of[RECORD_REFUSAL];
}

static void test_sources(struct channel *from, struct channel *to)
{
	struct address near[2] = {{.family = 6, .ip = {0x20, 1, [7] = 1, [15] = 1}}, {.family = 6, .ip = {0x20, 1, [7] = 1, [8] = 9}}};
	struct address far[2] = {{.family = 6, .ip = {0x20, 1, [7] = 1}}, {.family = 6, .ip = {0x20, 1, [7] = 2}}};
	struct address ports[2] = {client_of(7), client_of(7)};

	ports[1].port = 2000;
	fresh(from, to);
	tap_number(told_of(near, 20, false), 5, "a /64 is one source");
	fresh(from, to);
	tap_number(told_of(far, 20, false), 10, "two of them are two");
	fresh(from, to);
	tap_number(told_of(ports, 20, false), 5, "ports do not make a source");
	fresh(from, to);
	tap_number(told_of(ports, 20, true), 10, "a probe and real traffic are told apart");
	fresh(from, to);
	for (int i = 0; i < 20; i++)
		add(RECORD_REFUSAL, 1, (uint16_t)(200 + i % 2), 0);
	tap_number(batch().of[RECORD_REFUSAL], 10, "each reason has its own window");
	fresh(from, to);
	for (int i = 0; i < 20; i++)
		add(RECORD_RULE, 1, 6, 0);
	tap_number(batch().of[RECORD_RULE], 20, "rules are never summed up");
}

/* More sources than there are entries: the oldest give way, and not one refusal is forgotten. */
static void test_evicted(struct channel *from, struct channel *to)
{
	uint64_t added = 0, told = 0, summed = 0, lost = 0;

	fresh(from, to);
	for (unsigned round = 0; round < 300; round++) {
		struct holds h;

		for (unsigned i = 0; i < 40; i++) {
			add(RECORD_REFUSAL, round * 4 + i % 4, 6, round);
			added++;
		}
		journal_flush(&journal, from);
		while (channel_recv(to, &message) == CHANNEL_MESSAGE) {
			h = look(message.bytes, message.len);
			for (size_t at = 0; at < message.len;) {
				struct record r;

				at += record_read(message.bytes + at, message.len - at, &r);
				summed += r.kind == RECORD_REPEATED ? r.count : 0;
			}
			told += h.of[RECORD_REFUSAL];
			lost += h.told_lost[1];
		}
	}
	tap_ok(told >= 300 * 20 && summed > 0, "1,200 sources in a table of 256: each is told of");
	journal_stop(&journal);
	for (size_t at = 0; at < journal.used;) {
		struct record r;

		at += record_read(journal.bytes + at, journal.used - at, &r);
		summed += r.kind == RECORD_REPEATED ? r.count : 0;
	}
	tap_number(told + summed + lost + journal.lost[JOURNAL_REFUSALS], added, "and the sum is exact");
}

/* A summary for which there is no room comes later. */
static void test_no_room(struct channel *from, struct channel *to)
{
	uint32_t n = 100;

	fresh(from, to);
	for (int i = 0; i < 9; i++)
		add(RECORD_REFUSAL, 1, 6, 0);
	while (add(RECORD_REPEATED, n, 6, 1))
		n++;
	journal_tick(&journal, 10000);
	tap_ok(journal_deadline(&journal) == 10000 + JOURNAL_RETRY_MS, "a summary without room is due again later");
	journal_flush(&journal, from);
	journal_tick(&journal, 10000 + JOURNAL_RETRY_MS);
	tap_ok(batch().of[RECORD_REPEATED] == 1 && batch().last[RECORD_REPEATED].count == 4, "and is told then");
}

int main(void)
{
	struct channel from = {.fd = -1}, to = {.fd = -1};

	test_plain(&from, &to);
	test_quotas(&from, &to);
	test_refusals_first(&from, &to);
	test_crowded(&from, &to);
	test_full(&from, &to);
	test_gone(&from, &to);
	test_window(&from, &to);
	test_late(&from, &to);
	test_sources(&from, &to);
	test_evicted(&from, &to);
	test_no_room(&from, &to);
	channel_close(&from);
	channel_close(&to);
	return tap_done();
}
