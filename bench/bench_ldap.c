/* Nanoseconds per LDAP search unit through the driver, with and without facts. Usage: bench_ldap [RUNS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/driver.h"
#include "proto/protocols.h"

enum { BATCH = 16, ROUNDS = 20000, RUNS_MAX = 99, RUNS_DEFAULT = 7, MESSAGE_MAX = 256 };

/* uid=someone below a base, five attributes wanted; the message id is the two bytes at SEARCH_ID. */
static const uint8_t search[] =
	"\x30\x81\xa9\x02\x02\x01\x00\x63\x81\xa2\x04\x1bou=people,dc=example,dc=org\x0a\x01\x02\x0a\x01\x00\x02\x02\x03\xe8\x02\x01"
	"\x1e\x01\x01\x00\xa0\x44\xa3\x1c\x04\x0bobjectClass\x04\x0dinetOrgPerson\xa1\x24\xa3\x10\x04\x03uid\x04\x09user12345\xa3\x10"
	"\x04\x04mail\x04\x08u@e.test\x30\x2d\x04\x02" "cn\x04\x02sn\x04\x04mail\x04\x08memberOf\x04\x0ftelephoneNumber\x04\x02ou";
static const uint8_t done[] = "\x30\x0d\x02\x02\x01\x00\x65\x07\x0a\x01\x00\x04\x00\x04\x00";
enum { SEARCH_ID = 5, DONE_ID = 4 };

/* Both directions as memory; what is sent on goes nowhere. */
struct bench {
	const uint8_t *bytes[2];
	size_t         len[2];
	uint64_t       committed, facts, refused;
	struct profile profile;
};

static const uint8_t *bench_peek(void *user, enum side from, size_t *len, bool *fin)
{
	struct bench *b = user;

	*len = b->len[from];
	*fin = false;
	return b->len[from] ? b->bytes[from] : NULL;
}

static void bench_drop(void *user, enum side from, size_t n)
{
	struct bench *b = user;

	b->bytes[from] += n;
	b->len[from] -= n;
}

static void bench_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	(void)user, (void)from, (void)bytes, (void)n;
}

static void bench_answer(void *user, const uint8_t *bytes, size_t n)
{
	(void)user, (void)bytes, (void)n;
}

static enum verdict bench_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	(void)user, (void)from, (void)step, (void)cx, (void)why;
	return VERDICT_PASS;
}

static bool bench_watch(void *user, const struct report *report)
{
	(void)user, (void)report;
	return false;
}

static void bench_report(void *user, const struct report *report)
{
	struct bench *b = user;

	(void)report;
	b->refused++;
}

static void bench_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	struct bench *b = user;

	(void)from, (void)step;
	b->committed++;
	for (unsigned i = 0; cx->wanted && i < FACTS_MAX; i++)
		b->facts += cx->fact[i].state != FACT_NONE;
}

static void bench_dial(void *user, const struct route *route)
{
	(void)user, (void)route;
}

static bool bench_bind(void *user, const struct expect *expect, uint8_t n, struct group *group, struct address *bound)
{
	(void)user, (void)expect, (void)n, (void)group, (void)bound;
	return false;
}

static const struct profile *bench_profile(void *user, uint16_t proto)
{
	(void)proto;
	return &((struct bench *)user)->profile;
}

static void bench_fin(void *user, enum side from)
{
	(void)user, (void)from;
}

static void bench_end(void *user, const struct ending *ending)
{
	(void)user, (void)ending;
}

static void bench_wake(void *user)
{
	(void)user;
}

static const struct driver_ops ops = {
	.peek = bench_peek, .drop = bench_drop, .emit = bench_emit, .answer = bench_answer, .judge = bench_judge,
	.watch = bench_watch, .report = bench_report, .committed = bench_committed, .dial = bench_dial, .bind = bench_bind,
	.profile = bench_profile, .fin = bench_fin, .end = bench_end, .wake = bench_wake,
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* BATCH messages with ascending ids; their length. */
static size_t fill(uint8_t *out, const uint8_t *message, size_t n, size_t id_at, unsigned first)
{
	for (unsigned i = 0; i < BATCH; i++) {
		uint8_t *p = out + i * n;

		memcpy(p, message, n);
		p[id_at] = (uint8_t)((first + i) >> 8 & 0x7f) | 1; /* two octets, minimal */
		p[id_at + 1] = (uint8_t)(first + i);
	}
	return BATCH * n;
}

/* One side's batch through the driver; its nanoseconds. */
static uint64_t turn(struct bench *b, struct flow *flow, enum side side, const uint8_t *bytes, size_t n)
{
	uint64_t start = now_ns();

	b->bytes[side] = bytes;
	b->len[side] = n;
	driver_turn(flow, side);
	return now_ns() - start;
}

/* Average nanoseconds of a search request [0] and of its answer [1]. False: the bench itself is wrong. */
static bool run(uint32_t wanted, double out[static 2])
{
	static uint8_t    requests[BATCH * MESSAGE_MAX], answers[BATCH * MESSAGE_MAX];
	struct clock      clock = {0};
	struct driver_env env = {.recognisers = protocols, .ops = &ops, .clock = &clock};
	struct bench      b = {.profile = {.wanted = wanted}};
	uint64_t          ns[2] = {0};
	struct flow      *flow = driver_env_open(&env) ? driver_open(&env, PROTO_LDAP, NULL, &b) : NULL;

	for (unsigned round = 0; flow && round < ROUNDS; round++) {
		size_t asked = fill(requests, search, sizeof(search) - 1, SEARCH_ID, round * BATCH);
		size_t told = fill(answers, done, sizeof(done) - 1, DONE_ID, round * BATCH);

		ns[0] += turn(&b, flow, SIDE_CLIENT, requests, asked);
		ns[1] += turn(&b, flow, SIDE_SERVER, answers, told);
	}
	out[0] = (double)ns[0] / ROUNDS / BATCH;
	out[1] = (double)ns[1] / ROUNDS / BATCH;
	if (b.refused || b.committed != 2ull * ROUNDS * BATCH || (wanted && !b.facts))
		fprintf(stderr, "bench_ldap: %llu units refused, %llu committed, %llu facts\n", (unsigned long long)b.refused,
			(unsigned long long)b.committed, (unsigned long long)b.facts);
	driver_close(&flow);
	driver_env_close(&env);
	return !b.refused && b.committed == 2ull * ROUNDS * BATCH;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void show(const char *what, double *values, unsigned runs)
{
	printf("%-34s each run:", what);
	for (unsigned i = 0; i < runs; i++)
		printf(" %.0f", values[i]);
	qsort(values, runs, sizeof(*values), ascending);
	printf("  median: %.0f ns\n", values[runs / 2]);
}

int main(int argc, char **argv)
{
	static double ns[4][RUNS_MAX];
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : RUNS_DEFAULT;

	if (!runs || runs > RUNS_MAX)
		return 2;
	for (unsigned i = 0; i < runs; i++)
		for (unsigned facts = 0; facts < 2; facts++) {
			double out[2];

			if (!run(facts ? UINT32_MAX : 0, out))
				return 1;
			ns[2 * facts][i] = out[0];
			ns[2 * facts + 1][i] = out[1];
		}
	show("search request, no facts", ns[0], (unsigned)runs);
	show("search request, all facts", ns[2], (unsigned)runs);
	show("search result done, no facts", ns[1], (unsigned)runs);
	show("search result done, all facts", ns[3], (unsigned)runs);
	return 0;
}
