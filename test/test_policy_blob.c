/* The blob's proof: every byte changed, every length cut; whatever is accepted is safe to use, nothing is ever opened by damage alone. */
#include "policy/blob_check.h"
#include "test/policy_help.h"

static const char rules[] = "limit toy.depth 3 from office\nlimit toy.size 2KiB\ntolerate toy.boolean from office until 2027-01-01\n"
			    "watch state.truncated from office until 2027-01-01\n"
			    "block from guests where toy.depth in { 1 2 100 } or not (toy.name glob \"a*b\" and toy.op = add) id \"x\" log\n"
			    "block to one where toy.name in nocase { \"a\" \"cn=x\" } watch until 2027-01-01\n"
			    "pass from office where toy.depth <= 3 and toy.name suffix \"b\"\n"
			    "allow opaque.tls from all where flow.port = 389\n";

static void damaged(const uint8_t *blob, size_t n)
{
	uint8_t *copy = malloc(n);
	unsigned accepted = 0, unhashed = 0;

	for (size_t i = 0; i < n; i++)
		for (unsigned change = 0; change < 6; change++) {
			static const uint8_t flips[] = {1, 2, 4, 0x80, 0xff, 0x10};

			memcpy(copy, blob, n);
			copy[i] ^= flips[change];
			/* The hash does not cover itself and what stands before it, which is checked. */
			unhashed += blob_check(copy, n, toy_registry, i);
			blob_rehash(copy, n);
			accepted += blob_check(copy, n, toy_registry, i);
		}
	tap_ok(!unhashed, "every damaged byte is noticed by the hash");
	tap_ok(accepted > 0 && accepted < n * 6 / 2, "a liar's changes are refused or safe: %u of %zu accepted", accepted, n * 6);
	free(copy);
}

/* Two or three bytes at once. */
static void lies(const uint8_t *blob, size_t n)
{
	uint8_t *copy = malloc(n);
	unsigned accepted = 0;
	uint64_t r = 1;

	for (unsigned i = 0; i < 40000; i++) {
		memcpy(copy, blob, n);
		for (unsigned k = 0; k < 2 + i % 2; k++) {
			r = r * 6364136223846793005u + 1442695040888963407u;
			copy[176 + (r >> 33) % (n - 176)] = (uint8_t)(r >> 20);
		}
		blob_rehash(copy, n);
		accepted += blob_check(copy, n, toy_registry, i);
	}
	tap_ok(accepted < 20000, "a liar's several changes are refused or safe: %u of 40000 accepted", accepted);
	free(copy);
}

static void cut(const uint8_t *blob, size_t n)
{
	unsigned accepted = 0;
	uint8_t *more = calloc(1, n + 8);

	for (size_t i = 0; i < n; i++)
		accepted += blob_check(blob, i, toy_registry, i);
	memcpy(more, blob, n);
	for (size_t i = 1; i <= 8; i++)
		accepted += blob_check(more, n + i, toy_registry, i);
	tap_ok(!accepted, "no length but the whole is accepted");
	free(more);
}

static void openings(const uint8_t *blob, size_t n)
{
	static const struct recogniser *const fewer[] = {&toy, &toy_dgram, &toy_web, NULL};
	static const struct recogniser *const more[] = {&toy, &toy_dgram, &toy_web, &toy_alt, &toy_web, NULL};
	static const struct recogniser *const swapped[] = {&toy_dgram, &toy, &toy_web, &toy_alt, NULL};
	struct recogniser                     other = toy;
	struct limit_def                      limit[3];
	const struct recogniser *const        changed[] = {&other, &toy_dgram, &toy_web, &toy_alt, NULL};
	uint8_t                              *odd = malloc(n + 1);
	struct policy                         p;
	struct policy_flow                    flow;
	const char                           *error;

	memcpy(limit, toy_limits, sizeof(limit));
	limit[0].most = 65;
	other.limit = limit;
	tap_ok(policy_open(&p, blob, n, toy_registry, &error) && !error, "the blob opens");
	tap_ok(!policy_open(&p, blob, n, fewer, &error) && error, "not with fewer protocols");
	tap_ok(!policy_open(&p, blob, n, more, &error), "not with more");
	tap_ok(!policy_open(&p, blob, n, swapped, &error), "not with others");
	tap_ok(!policy_open(&p, blob, n, changed, &error), "not when a limit's bounds have changed");
	memcpy(odd + 1, blob, n);
	tap_ok(!policy_open(&p, odd + 1, n, toy_registry, &error), "not when misaligned");
	tap_ok(policy_open(&p, blob, n, NULL, &error) && policy_listeners(&p) == 3, "without protocols it shows its listeners");
	tap_ok(!begin(&flow, &p, "s", "10.1.0.1"), "and judges nothing");
	free(odd);
}

static void contents(const uint8_t *blob, size_t n)
{
	struct policy          p;
	const char            *error;
	struct policy_listener l;
	struct policy_service  s;
	struct policy_host     h;

	policy_open(&p, blob, n, toy_registry, &error);
	l = policy_listener_at(&p, 1);
	tap_ok(l.at.port == 389 && l.at.family == 4 && l.transport == POLICY_UDP && l.proto == PROTO_TOYS + 1 && l.service == 0, "a listener");
	s = policy_service_at(&p, policy_service_by_name(&p, "s"));
	tap_ok(s.hosts == 2 && s.policy.len == 1 && s.policy.text[0] == 'p', "a service");
	h = policy_service_host(&p, &s, 1);
	tap_ok(h.addresses == 1 && policy_host_address(&p, &h, 0).ip[3] == 2 && h.name.len == 3, "a host");
	tap_ok(policy_service_by_name(&p, "t") == UINT32_MAX && policy_listener_at(&p, 99).service == UINT32_MAX, "what is not there");
}

int main(void)
{
	struct policy_build *b = compile_rules(rules);
	size_t               n;
	const uint8_t       *blob = policy_build_blob(b, &n);

	note_diags(b);
	if (tap_ok(blob != NULL, "the policy compiles")) {
		tap_note("%zu bytes", n);
		openings(blob, n);
		contents(blob, n);
		cut(blob, n);
		damaged(blob, n);
		lies(blob, n);
	}
	policy_build_free(&b);
	return tap_done();
}
