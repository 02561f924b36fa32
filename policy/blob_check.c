/* Uses an accepted blob in every way there is; bounds are the sanitizers' to watch, the law is checked here. */
#include "policy/blob_check.h"

#include <stdlib.h>
#include <string.h>

#include "policy/blob_int.h"

static uint32_t pick(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

/* Something read from the blob that must not be optimised away. */
static uint64_t touch(uint64_t sum, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + p[i];
	return sum;
}

static uint64_t walk(const struct policy *p)
{
	uint64_t sum = p->revision;

	for (uint32_t i = 0; i < policy_listeners(p); i++) {
		struct policy_listener l = policy_listener_at(p, i);

		sum = touch(sum, &l.at, sizeof(l.at)) + l.service + l.proto;
	}
	for (uint32_t i = 0; i < policy_services(p); i++) {
		struct policy_service s = policy_service_at(p, i);

		sum = touch(touch(sum, s.name.text, s.name.len), s.policy.text, s.policy.len);
		for (uint32_t k = 0; k < s.hosts; k++) {
			struct policy_host h = policy_service_host(p, &s, k);

			sum = touch(touch(sum, h.name.text, h.name.len), h.os.text, h.os.len);
			for (uint32_t a = 0; a < h.addresses; a++)
				sum += policy_host_address(p, &h, a).family;
			for (uint32_t a = 0; a < h.names; a++)
				sum = touch(sum, policy_host_name(p, &h, a).text, policy_host_name(p, &h, a).len);
		}
	}
	return sum;
}

/* Values that stand near those a policy compares with. */
static void facts(struct cx *cx, const struct recogniser *r, uint64_t *seed)
{
	static const char *const texts[] = {"", "a", "ab", "cn=x", "abcabcabcabc", "B"};

	memset(cx, 0, sizeof(*cx));
	cx->wanted = UINT32_MAX;
	for (unsigned i = 0; i < r->facts; i++) {
		struct fact *f = &cx->fact[i];

		f->state = (uint8_t)pick(seed, 2);
		if (pick(seed, 3) == 0)
			continue;
		f->state = r->fact[i].text ? FACT_TEXT : FACT_NUMBER;
		f->number = pick(seed, 8) ? pick(seed, 20) : pick(seed, 100000);
		f->text = (const uint8_t *)texts[pick(seed, 6)];
		f->len = (uint32_t)strlen((const char *)f->text);
	}
}

static void judge(const struct policy_flow *flow, const struct recogniser *r, uint64_t *seed)
{
	struct policy_ruling all, less;
	struct cx            cx;
	struct step          step = {.verb = STEP_UNIT, .why = (uint16_t)(pick(seed, 3) ? 0 : 4 + pick(seed, 2))};

	facts(&cx, r, seed);
	policy_judge(flow, r->id, &step, &cx, &all);
	for (unsigned i = 0; i < r->facts; i++)
		if (pick(seed, 2))
			cx.fact[i].state = FACT_UNKNOWN;
	policy_judge(flow, r->id, &step, &cx, &less);
	if (all.verdict == VERDICT_DENY && less.verdict == VERDICT_PASS)
		abort();
	if (all.rule >= 0)
		policy_rule_at(flow, all.rule);
	policy_refusal(flow, (uint16_t)pick(seed, 400));
}

static void flows(const struct policy *p, uint64_t *seed)
{
	static const struct address sources[] = {{.family = 4, .ip = {10, 1, 2, 3}},
						 {.family = 4, .ip = {192, 0, 2, 1}},
						 {.family = 6, .ip = {0x20, 0x01, 0x0d, 0xb8}},
						 {.family = 6, .ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 0, 1}}};

	for (uint32_t s = 0; s < policy_services(p) && s < 8; s++)
		for (unsigned i = 0; p->registry[i]; i++)
			for (unsigned k = 0; k < 4; k++) {
				const struct recogniser *r = p->registry[i];
				struct policy_arrival    a = {.service = s, .proto = r->id, .port = 389, .source = sources[k], .today = 20261120};
				struct policy_flow       flow;
				uint64_t                 sum = 0;

				if (!policy_flow_begin(&flow, p, &a))
					continue;
				for (unsigned l = 0; l < r->limits; l++) {
					if (flow.profile.limit[l] < r->limit[l].least || flow.profile.limit[l] > r->limit[l].most)
						abort();
					sum += flow.profile.limit[l];
				}
				for (unsigned l = 0; l < 4 + sum % 2; l++)
					judge(&flow, r, seed);
			}
}

bool blob_check(const void *bytes, size_t n, const struct recogniser *const *registry, uint64_t seed)
{
	void         *copy = malloc(n ? n : 1);
	struct policy p;
	const char   *error;
	bool          ok;

	if (!copy)
		return false;
	memcpy(copy, bytes, n);
	/* The keeper's way, then a worker's. */
	if (policy_open(&p, copy, n, NULL, &error))
		seed += walk(&p);
	ok = policy_open(&p, copy, n, registry, &error);
	if (ok) {
		seed += walk(&p);
		flows(&p, &seed);
	} else if (!error) {
		abort();
	}
	free(copy);
	return ok;
}

void blob_rehash(void *bytes, size_t n)
{
	uint8_t *p = bytes;
	uint64_t hash;

	if (n < BLOB_HEADER)
		return;
	hash = blob_hash(p, n);
	for (unsigned i = 0; i < 8; i++)
		p[16 + i] = (uint8_t)(hash >> 8 * i);
}
