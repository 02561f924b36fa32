/* Records on their way from a worker to the scribe: every kind comes back as it was, and nothing else is a record. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/record.h"
#include "test/guard.h"
#include "test/tap.h"

static struct record_text text(const char *s)
{
	return (struct record_text){s, (uint16_t)strlen(s)};
}

static struct record common(enum record_kind kind)
{
	return (struct record){
		.kind = kind,
		.ts_us = 1795168140123456,
		.flow_id = (UINT64_C(1) << 53) - 1,
		.policy_rev = UINT64_MAX,
		.service = 3,
		.proto = 10,
		.ip_protocol = 6,
		.client = {.family = 4, .ip = {10, 1, 2, 3}, .port = 56598},
		.listener = {.family = 6, .ip = {0x20, 1, 0x0d, 0xb8, [15] = 9}, .port = 389},
		.why = 6,
	};
}

static struct record flow(void)
{
	struct record r = common(RECORD_FLOW);

	r.server = (struct address){.family = 4, .ip = {10, 9, 0, 10}, .port = 389};
	r.began_us = r.ts_us - 1200000;
	r.bytes[0] = 1;
	r.bytes[1] = 2;
	r.forwarded[0] = 3;
	r.forwarded[1] = 4;
	r.units[0] = 5;
	r.units[1] = 6;
	r.refusals = 7;
	r.watched = 8;
	r.end = END_REFUSED;
	r.tainted = true;
	r.probe = true;
	return r;
}

/* The fact at place 1 a text, at 3 a number, at 31 unknown. */
static const char facts[] = "\1\3\5\0admin" "\3\2\1\0\0\0\0\0\0\200" "\37\1";

static struct record refusal(void)
{
	struct record r = common(RECORD_REFUSAL);

	r.report = REPORT_UNANSWERED;
	r.from = SIDE_SERVER;
	r.has_offset = r.has_numbers = r.consequence = true;
	r.offset = UINT32_MAX;
	r.stream_offset = 9;
	r.unit_len = 10;
	r.expected = 11;
	r.got = 12;
	r.path = text("ldap/search/filter/and[3]");
	r.detail = text("a\033b");
	r.facts = (struct record_text){facts, sizeof(facts) - 1};
	r.policy = text("directory-use");
	r.rule = text("no-writes");
	r.rule_number = 2;
	r.watch_until = 20270131;
	return r;
}

static struct record rule(void)
{
	struct record r = refusal();

	r.kind = RECORD_RULE;
	r.report = 0;
	r.passed = true;
	r.has_offset = r.has_numbers = r.consequence = false;
	r.detail = r.rule = text("");
	return r;
}

static struct record repeated(void)
{
	struct record r = common(RECORD_REPEATED);

	r.report = REPORT_WATCHED;
	r.from = SIDE_SERVER;
	r.count = 1000;
	r.window_ms = 10000;
	return r;
}

static struct record gate(void)
{
	struct record r = common(RECORD_GATE);

	r.gate = GATE_WORKER_CRASHED;
	r.a = 11;
	r.b = 4711;
	r.c = UINT64_MAX;
	r.text = text("ldap");
	return r;
}

static bool same_address(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

static bool same_text(const struct record_text *a, const struct record_text *b)
{
	return a->len == b->len && memcmp(a->text ? a->text : "", b->text ? b->text : "", a->len) == 0;
}

static bool same_common(const struct record *a, const struct record *b)
{
	return a->kind == b->kind && a->ts_us == b->ts_us && a->flow_id == b->flow_id && a->policy_rev == b->policy_rev &&
	       a->service == b->service && a->proto == b->proto && a->ip_protocol == b->ip_protocol && a->probe == b->probe &&
	       same_address(&a->client, &b->client) && same_address(&a->listener, &b->listener) && same_address(&a->server, &b->server);
}

static bool same_unit(const struct record *a, const struct record *b)
{
	return a->report == b->report && a->from == b->from && a->has_offset == b->has_offset && a->has_numbers == b->has_numbers &&
	       a->consequence == b->consequence && a->passed == b->passed && a->offset == b->offset &&
	       a->stream_offset == b->stream_offset && a->unit_len == b->unit_len && a->expected == b->expected && a->got == b->got &&
	       same_text(&a->path, &b->path) && same_text(&a->detail, &b->detail) && same_text(&a->facts, &b->facts) && same_text(&a->policy, &b->policy) &&
	       same_text(&a->rule, &b->rule) && a->rule_number == b->rule_number && a->watch_until == b->watch_until;
}

static bool same_rest(const struct record *a, const struct record *b)
{
	return a->why == b->why && a->began_us == b->began_us && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0 &&
	       memcmp(a->forwarded, b->forwarded, sizeof(a->bytes)) == 0 && memcmp(a->units, b->units, sizeof(a->bytes)) == 0 &&
	       a->refusals == b->refusals && a->watched == b->watched && a->end == b->end && a->tainted == b->tainted &&
	       a->count == b->count && a->window_ms == b->window_ms && a->gate == b->gate && a->a == b->a && a->b == b->b &&
	       a->c == b->c && same_text(&a->text, &b->text);
}

/* Back as it was; no prefix is a record; one byte more is not part of it; no room is no room. */
static void round_trip(struct guard *guard, struct record r, const char *name)
{
	uint8_t       bytes[RECORD_MAX];
	size_t        n = record_write(&r, bytes, sizeof(bytes));
	struct record back;
	bool          ok = true;

	tap_ok(n > 0 && record_read(guard_place(guard, bytes, n), n, &back) == n && same_common(&r, &back) && same_unit(&r, &back) &&
		       same_rest(&r, &back),
	       "%s comes back as it was", name);
	for (size_t cut = 0; cut < n; cut++)
		ok = ok && record_read(guard_place(guard, bytes, cut), cut, &back) == 0 && record_write(&r, bytes, cut) == 0;
	tap_ok(ok, "%s: no prefix is a record, and none is written where it does not fit", name);
	ok = record_write(&r, bytes, sizeof(bytes)) == n;
	bytes[2]++;
	tap_ok(ok && record_read(bytes, n + 1, &back) == 0, "%s: nothing trails inside it", name);
}

static void refused(const struct record *r, size_t at, uint8_t value, const char *name)
{
	uint8_t       bytes[RECORD_MAX];
	size_t        n = record_write(r, bytes, sizeof(bytes));
	struct record back;
	bool          was = record_read(bytes, n, &back) == n;

	bytes[at] = value;
	tap_ok(was && record_read(bytes, n, &back) == 0, "%s", name);
}

/* Where the fields stand in a record with three IPv4 addresses. */
enum { AT_FLOW_ID = 12, AT_PROTOCOL = 34, AT_PROBE = 35, AT_CLIENT = 36, AT_FIELDS = 36 + 3 * 7 };

static void test_ranges(void)
{
	struct record r = refusal(), f = flow(), g = gate(), l = rule();

	r.listener = r.server = r.client;
	f.listener = g.listener = g.server = l.listener = l.server = r.client;
	refused(&r, 0, RECORD_KINDS, "an unknown kind is no record");
	refused(&r, 1, 3, "nor another version");
	refused(&r, 2, 3, "nor a length below the head");
	refused(&r, 3, 0x10, "nor a length above the largest record");
	refused(&r, AT_FLOW_ID + 6, 0x20, "a flow id of 2^53 is refused");
	refused(&r, AT_PROTOCOL, 1, "an IP protocol of 1 is refused");
	refused(&r, AT_PROBE, 2, "a truth value of 2 is refused");
	refused(&r, AT_CLIENT, 5, "an address of family 5 is refused");
	refused(&r, AT_FIELDS + 2, REPORT_UNANSWERED + 1, "an unknown report is refused");
	refused(&r, AT_FIELDS + 3, 2, "a third side is refused");
	refused(&r, AT_FIELDS + 4, 8, "a refusal that passed is refused");
	refused(&l, AT_FIELDS + 2, 1, "a rule that reports is refused");
	refused(&l, AT_FIELDS + 4, 16, "an unknown flag is refused");
	refused(&f, AT_FIELDS + 64, RECORD_ENDS, "an unknown end is refused");
	refused(&f, AT_FIELDS + 65, 2, "a taint of 2 is refused");
	refused(&g, AT_FIELDS + 2, RECORD_GATES, "an unknown happening is refused");
	refused(&r, AT_FIELDS + 42, 3, "a path of more than 512 bytes is refused");
}

static void test_dates(void)
{
	struct record r = refusal(), back;
	uint8_t       bytes[RECORD_MAX];
	size_t        n = record_write(&r, bytes, sizeof(bytes));
	const uint32_t bad[] = {20270132, 20271301, 20270100, 20270001, 31, 4294967295};
	bool          ok = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (int k = 0; k < 4; k++)
			bytes[n - 4 + (size_t)k] = (uint8_t)(bad[i] >> 8 * k);
		ok = ok && record_read(bytes, n, &back) == 0;
	}
	tap_ok(ok, "a day that cannot be is refused");
}

/* What is refused of facts, one byte away from what is lawful. */
static void test_facts(void)
{
	static const struct {
		const char *bytes;
		size_t      n;
		const char *name;
	} bad[] = {
		{"\1\3\5\0admi", 8, "a text that is cut"},
		{"\3\2\1\0\0\0\0\0\0", 9, "a number that is cut"},
		{"\1", 1, "a place alone"},
		{"\1\1\1\1", 4, "a place twice"},
		{"\2\1\1\1", 4, "places that descend"},
		{"\40\1", 2, "a place beyond the last"},
		{"\1\0", 2, "a fact that there is not"},
		{"\1\4", 2, "an unknown state"},
	};
	struct fact out[FACTS_MAX], in[FACTS_MAX] = {0};
	uint8_t     bytes[FACTS_BYTES_MAX], again[FACTS_BYTES_MAX], text[300];
	size_t      n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tap_ok(!facts_read((const uint8_t *)bad[i].bytes, bad[i].n, out), "%s is refused", bad[i].name);
	tap_ok(facts_read((const uint8_t *)facts, sizeof(facts) - 1, out) && out[1].len == 5 && memcmp(out[1].text, "admin", 5) == 0 &&
		       out[3].number == UINT64_C(0x8000000000000001) && out[31].state == FACT_UNKNOWN && out[0].state == FACT_NONE,
	       "facts are read at their places");
	tap_ok(facts_write(out, FACTS_MAX, bytes) == sizeof(facts) - 1 && memcmp(bytes, facts, sizeof(facts) - 1) == 0, "and write back to the same bytes");
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 6; i++)
		in[i] = (struct fact){.state = FACT_TEXT, .text = text, .len = sizeof(text)};
	in[6] = (struct fact){.state = FACT_UNKNOWN};
	n = facts_write(in, FACTS_MAX, bytes);
	tap_ok(n == 3 * 259 && facts_read(bytes, n, out) && out[2].len == FACT_TEXT_MAX && out[3].state == FACT_NONE &&
		       facts_write(out, FACTS_MAX, again) == n && memcmp(bytes, again, n) == 0,
	       "what does not fit is left out whole, and texts are cut at 255 bytes");
}

static void test_cut(void)
{
	static char   most[FACTS_BYTES_MAX];
	static char   longest[1000];
	struct record r = refusal(), back;
	uint8_t       bytes[RECORD_MAX];
	size_t        n;

	memset(longest, 'x', sizeof(longest));
	r.path = r.detail = r.policy = r.rule = (struct record_text){longest, sizeof(longest)};
	memset(most, 0, sizeof(most));
	for (unsigned i = 0; i < 3; i++)
		memcpy(most + i * 259, (uint8_t[]){(uint8_t)i, FACT_TEXT, 255, 0}, 4);
	memcpy(most + 3 * 259, (uint8_t[]){3, FACT_TEXT, FACTS_BYTES_MAX - 3 * 259 - 4, 0}, 4);
	r.facts = (struct record_text){most, sizeof(most)};
	r.server = r.client = r.listener;
	n = record_write(&r, bytes, sizeof(bytes));
	tap_ok(n && record_read(bytes, n, &back) == n, "the largest record fits RECORD_MAX (%zu bytes)", n);
	tap_ok(back.path.len == RECORD_PATH_MAX && back.detail.len == RECORD_TEXT_MAX && back.rule.len == RECORD_TEXT_MAX,
	       "its texts are cut to their maxima");
}

static void test_two(void)
{
	struct record a = flow(), b = repeated(), back;
	uint8_t       bytes[2 * RECORD_MAX];
	size_t        n = record_write(&a, bytes, sizeof(bytes)), m = record_write(&b, bytes + n, sizeof(bytes) - n);

	tap_ok(record_read(bytes, n + m, &back) == n && back.kind == RECORD_FLOW && record_read(bytes + n, m, &back) == m &&
		       back.kind == RECORD_REPEATED,
	       "one record behind the other");
}

static bool aborts(struct record r)
{
	pid_t pid = fork();
	int   status = 0;

	if (pid == 0) {
		uint8_t bytes[RECORD_MAX];

		record_write(&r, bytes, sizeof(bytes));
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_own_bugs(void)
{
	struct record r = refusal(), f = flow(), k = flow();

	r.flow_id = UINT64_C(1) << 53;
	f.end = RECORD_ENDS;
	k.kind = RECORD_KINDS;
	tap_ok(aborts(r) && aborts(f) && aborts(k), "writing what cannot be read is a bug of our own");
}

int main(void)
{
	struct guard guard;

	guard_open(&guard, RECORD_MAX);
	round_trip(&guard, flow(), "a flow");
	round_trip(&guard, refusal(), "a refusal");
	round_trip(&guard, rule(), "a rule");
	round_trip(&guard, repeated(), "a summary");
	round_trip(&guard, gate(), "a word of the gate");
	guard_close(&guard);
	test_ranges();
	test_dates();
	test_facts();
	test_cut();
	test_two();
	test_own_bugs();
	return tap_done();
}
