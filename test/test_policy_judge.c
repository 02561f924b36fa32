/* Judging by a compiled policy: tables of rules and facts, and the generated law that removing knowledge never opens anything. */
#include "policy/eval_int.h"
#include "test/policy_help.h"

/* A context in which nothing is known. */
static void blank(struct cx *cx)
{
	memset(cx, 0, sizeof(*cx));
	cx->wanted = UINT32_MAX;
	for (unsigned i = 0; i < FACTS_MAX; i++)
		cx->fact[i].state = FACT_UNKNOWN;
}

static void number(struct cx *cx, unsigned fact, uint64_t v)
{
	cx->fact[fact] = (struct fact){.state = FACT_NUMBER, .number = v};
}

static void text(struct cx *cx, unsigned fact, const char *v)
{
	cx->fact[fact] = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)v, .len = (uint32_t)strlen(v)};
}

/* Facts as in "op=3 depth=17 name=cn none:size ?sealed": what is not named is none. */
static void facts_set(struct cx *cx, const char *facts)
{
	static char              buffer[8][64];
	static const char *const names[] = {"op", "depth", "name", "sealed", "code", "size"};
	unsigned                 used = 0;

	blank(cx);
	for (unsigned i = 0; i < 6; i++)
		cx->fact[i].state = FACT_NONE;
	for (const char *p = facts; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " "), eq = strcspn(p, "= ");

		for (unsigned i = 0; i < 6; i++) {
			if (p[0] == '?' && strlen(names[i]) == n - 1 && strncmp(p + 1, names[i], n - 1) == 0)
				cx->fact[i].state = FACT_UNKNOWN;
			if (p[0] == '?' || strlen(names[i]) != eq || strncmp(p, names[i], eq) != 0)
				continue;
			snprintf(buffer[used], sizeof(buffer[0]), "%.*s", (int)(n - eq - 1), p + eq + 1);
			if (i == TOY_NAME)
				text(cx, i, buffer[used++ % 8]);
			else
				number(cx, i, strtoull(buffer[used], NULL, 10));
		}
		p += n;
	}
}

/* One condition as a pass rule and as a block rule. */
static const struct {
	const char *where, *facts;
	int         truth; /* enum policy_truth */
} conditions[] = {
	{"toy.depth = 3", "depth=3", 2},
	{"toy.depth = 3", "depth=4", 0},
	{"toy.depth = 3", "", 0},
	{"toy.depth = 3", "?depth", 1},
	{"toy.depth != 3", "depth=4", 2},
	{"toy.depth != 3", "depth=3", 0},
	{"toy.depth != 3", "", 0},
	{"toy.depth != 3", "?depth", 1},
	{"not toy.depth = 3", "", 2},
	{"not toy.depth = 3", "?depth", 1},
	{"toy.depth < 3", "depth=2", 2},
	{"toy.depth < 3", "depth=3", 0},
	{"toy.depth <= 3", "depth=3", 2},
	{"toy.depth > 3", "depth=3", 0},
	{"toy.depth >= 3", "depth=3", 2},
	{"toy.depth >= 3", "depth=18446744073709551615", 2},
	{"toy.size > 1KiB", "size=1025", 2},
	{"toy.size > 1KiB", "size=1024", 0},
	{"toy.depth in { 1 3 63 }", "depth=63", 2},
	{"toy.depth in { 1 3 63 }", "depth=64", 0},
	{"toy.depth in { 1 3 63 }", "depth=2", 0},
	{"toy.depth in { 1000 3 64 }", "depth=3", 2},
	{"toy.depth in { 1000 3 64 }", "depth=64", 2},
	{"toy.depth in { 1000 3 64 }", "depth=1000", 2},
	{"toy.depth in { 1000 3 64 }", "depth=65", 0},
	{"toy.depth in { 1000 3 64 }", "depth=1001", 0},
	{"toy.op = search", "op=3", 2},
	{"toy.op in { bind search }", "op=1", 2},
	{"toy.op in { bind search }", "op=2", 0},
	{"toy.op != none", "op=99", 2},
	{"toy.sealed = yes", "sealed=1", 2},
	{"toy.name = \"cn\"", "name=cn", 2},
	{"toy.name = \"cn\"", "name=cnx", 0},
	{"toy.name = \"cn\"", "name=CN", 0},
	{"toy.name = nocase \"cn\"", "name=CN", 2},
	{"toy.name != \"cn\"", "name=CN", 2},
	{"toy.name != nocase \"cn\"", "name=CN", 0},
	{"toy.name != \"cn\"", "", 0},
	{"toy.name = \"\"", "name=", 2},
	{"toy.name prefix \"cn=\"", "name=cn=x", 2},
	{"toy.name prefix \"cn=\"", "name=cn", 0},
	{"toy.name prefix nocase \"cn=\"", "name=Cn=x", 2},
	{"toy.name suffix \"=x\"", "name=cn=x", 2},
	{"toy.name suffix \"=x\"", "name=x", 0},
	{"toy.name suffix \"=X\"", "name=cn=x", 0},
	{"toy.name in { \"a\" \"b\" }", "name=b", 2},
	{"toy.name in { \"a\" \"b\" }", "name=c", 0},
	{"toy.name in nocase { \"a\" \"b\" }", "name=B", 2},
	{"toy.name glob \"a*c\"", "name=abbc", 2},
	{"toy.name glob \"a*c\"", "name=ac", 2},
	{"toy.name glob \"a*c\"", "name=abcd", 0},
	{"toy.name glob \"*\"", "name=", 2},
	{"toy.name glob \"*b*b*\"", "name=abab", 2},
	{"toy.name glob \"*b*b*\"", "name=ab", 0},
	{"toy.name glob nocase \"*B\"", "name=aab", 2},
	{"toy.name = \"a\\x00\"", "name=a", 0},
	{"toy.depth = 3 and toy.op = bind", "depth=3 op=1", 2},
	{"toy.depth = 3 and toy.op = bind", "depth=3 ?op", 1},
	{"toy.depth = 3 and toy.op = bind", "depth=4 ?op", 0},
	{"toy.depth = 3 or toy.op = bind", "depth=3 ?op", 2},
	{"toy.depth = 3 or toy.op = bind", "depth=4 ?op", 1},
	{"toy.depth = 3 or toy.op = bind", "depth=4", 0},
	{"not (toy.depth = 3 and toy.op = bind)", "depth=3 ?op", 1},
	{"toy.depth = 1 or toy.depth = 3 and toy.op = bind", "depth=1 op=2", 2},
	{"(toy.depth = 1 or toy.depth = 3) and toy.op = bind", "depth=1 op=2", 0},
	{"not not toy.depth = 3", "depth=3", 2},
	{"flow.transport = tcp", "", 2},
	{"flow.transport = udp", "", 0},
	{"flow.port = 389 and toy.depth = 1", "depth=1", 2},
	{"flow.port in { 389 636 } and not flow.port = 389", "", 0},
};

static struct policy_ruling judge(const struct policy_build *b, const char *from, uint16_t proto, uint16_t why, const struct cx *cx)
{
	static struct policy policy;
	struct policy_flow   flow;
	struct policy_ruling out = {.rule = -9};
	struct step          step = {.verb = STEP_UNIT, .why = why};
	const char          *error;
	size_t               n;
	const uint8_t       *blob = policy_build_blob(b, &n);

	if (!blob) {
		note_diags(b);
		return out;
	}
	if (!policy_open(&policy, blob, n, toy_registry, &error) || !begin(&flow, &policy, "s", from))
		return out;
	policy_judge(&flow, proto, &step, cx, &out);
	return out;
}

static bool condition_case(size_t i)
{
	static const char *const truths[] = {"false", "unknown", "true"};
	char                     pass[300], block[300];
	struct policy_build     *p, *b;
	struct cx                cx;
	bool                     passes, blocks;

	snprintf(pass, sizeof(pass), "pass where %s", conditions[i].where);
	snprintf(block, sizeof(block), "block where %s\npass", conditions[i].where);
	p = compile_rules(pass);
	b = compile_rules(block);
	facts_set(&cx, conditions[i].facts);
	passes = judge(p, "10.1.1.1", PROTO_TOYS, 0, &cx).verdict == VERDICT_PASS;
	blocks = judge(b, "10.1.1.1", PROTO_TOYS, 0, &cx).verdict == VERDICT_DENY;
	policy_build_free(&p);
	policy_build_free(&b);
	if (passes == (conditions[i].truth == 2) && blocks == (conditions[i].truth != 0))
		return true;
	tap_note("%s with \"%s\" is not %s: pass %d, block %d", conditions[i].where, conditions[i].facts, truths[conditions[i].truth], passes, blocks);
	return false;
}

static void conditions_table(void)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		wrong += !condition_case(i);
	tap_ok(!wrong, "%zu conditions come to what they should", sizeof(conditions) / sizeof(conditions[0]));
}

static const struct {
	const char *name, *rules, *from, *facts;
	uint16_t    opaque;
	int         pass, rule; /* rule from 0, -1 the default */
	const char *watched; /* as "101": which rules were */
} rulings[] = {
	{"no rule", "default block", "10.1.1.1", "", 0, 0, -1, ""},
	{"the first match wins", "block where toy.depth > 3\npass", "10.1.1.1", "depth=4", 0, 0, 0, ""},
	{"then the next", "block where toy.depth > 3\npass", "10.1.1.1", "depth=3", 0, 1, 1, ""},
	{"from a zone", "pass from office", "10.1.255.255", "", 0, 1, 0, ""},
	{"from outside it", "pass from office", "10.2.0.0", "", 0, 0, -1, ""},
	{"from several", "pass from { office guests }", "10.2.0.0", "", 0, 1, 0, ""},
	{"from a zone of zones", "pass from all", "10.2.0.0", "", 0, 1, 0, ""},
	{"from v6", "pass from guests", "2001:db8:2::1", "", 0, 1, 0, ""},
	{"from v6 outside", "pass from guests", "2001:db8:3::1", "", 0, 0, -1, ""},
	{"from v4 in v6", "pass from office", "::ffff:10.1.0.1", "", 0, 1, 0, ""},
	{"a way around a block by v4 in v6", "block from office\npass", "::ffff:10.1.0.1", "", 0, 0, 0, ""},
	{"to one of two hosts: pass does not know", "pass to one", "10.1.1.1", "", 0, 0, -1, ""},
	{"to one of two hosts: block does", "block to one\npass", "10.1.1.1", "", 0, 0, 0, ""},
	{"to both", "pass to { one two }", "10.1.1.1", "", 0, 1, 0, ""},
	{"watch goes on", "block where toy.depth > 3 watch until 2027-01-01\npass", "10.1.1.1", "depth=4", 0, 1, 1, "1"},
	{"watch that does not hold", "block where toy.depth > 3 watch until 2027-01-01\npass", "10.1.1.1", "depth=3", 0, 1, 1, ""},
	{"watch on its last day", "block watch until 2026-11-20\npass", "10.1.1.1", "", 0, 1, 1, "1"},
	{"watch that has ended", "block watch until 2026-11-19\npass", "10.1.1.1", "", 0, 0, 0, ""},
	{"unseen content does not pass", "pass", "10.1.1.1", "", R_OPAQUE_TLS, 0, -1, ""},
	{"unseen content allowed by name", "pass\nallow opaque.tls", "10.1.1.1", "", R_OPAQUE_TLS, 1, 1, ""},
	{"another unseen content", "pass\nallow opaque.sealed", "10.1.1.1", "", R_OPAQUE_TLS, 0, -1, ""},
	{"allow is about unseen content only", "allow opaque.tls", "10.1.1.1", "", 0, 0, -1, ""},
	{"allow from a zone", "allow opaque.tls from guests", "10.1.1.1", "", R_OPAQUE_TLS, 0, -1, ""},
	{"a block before allow blocks what is unknown", "block where toy.depth > 3\nallow opaque.tls", "10.1.1.1", "?depth", R_OPAQUE_TLS, 0, 0, ""},
	{"allow before it does not", "allow opaque.tls\nblock where toy.depth > 3", "10.1.1.1", "?depth", R_OPAQUE_TLS, 1, 0, ""},
};

static void rulings_table(void)
{
	for (size_t i = 0; i < sizeof(rulings) / sizeof(rulings[0]); i++) {
		struct policy_build *b = compile_rules(rulings[i].rules);
		struct policy_ruling r;
		struct cx            cx;
		uint64_t             watched = 0;

		facts_set(&cx, rulings[i].facts);
		r = judge(b, rulings[i].from, PROTO_TOYS, rulings[i].opaque, &cx);
		for (size_t k = 0; rulings[i].watched[k]; k++)
			watched |= (uint64_t)(rulings[i].watched[k] == '1') << k;
		if (!tap_ok((r.verdict == VERDICT_PASS) == rulings[i].pass && r.rule == rulings[i].rule && r.watched_rules[0] == watched &&
				    r.watched == !!watched && (r.verdict == VERDICT_PASS) == (r.why == R_NONE),
			    "%s", rulings[i].name))
			tap_note("verdict %d rule %d why %u watched %llx", r.verdict, r.rule, r.why, (unsigned long long)r.watched_rules[0]);
		policy_build_free(&b);
	}
}

static void whys(void)
{
	struct policy_build *b = compile_rules("block where toy.depth > 3 log\npass log");
	struct cx            cx;
	struct policy_ruling r;

	facts_set(&cx, "depth=4");
	r = judge(b, "10.1.1.1", PROTO_TOYS, 0, &cx);
	tap_ok(r.why == R_POLICY_DENIED && r.log, "a block says policy.denied, and is logged");
	facts_set(&cx, "depth=3");
	r = judge(b, "10.1.1.1", PROTO_TOYS, R_OPAQUE_SEALED, &cx);
	tap_ok(r.why == R_OPAQUE_SEALED, "unseen content nobody allowed says so");
	r = judge(b, "10.1.1.1", PROTO_TOYS, 0, &cx);
	tap_ok(r.verdict == VERDICT_PASS && r.log, "a pass is logged");
	cx.wanted = 0;
	r = judge(b, "10.1.1.1", PROTO_TOYS, 0, &cx);
	tap_ok(r.verdict == VERDICT_DENY, "a fact nobody asked for is unknown");
	cx.wanted = UINT32_MAX;
	r = judge(b, "10.1.1.1", PROTO_OPAQUE_TLS, 0, &cx);
	tap_ok(r.verdict == VERDICT_DENY, "facts of another protocol are unknown");
	text(&cx, TOY_DEPTH, "3");
	r = judge(b, "10.1.1.1", PROTO_TOYS, 0, &cx);
	tap_ok(r.verdict == VERDICT_DENY, "a number given as text is unknown");
	policy_build_free(&b);
}

/* Limits, tolerances, wanted facts and watched reasons of a flow. */
static void profiles(void)
{
	struct policy_build *b = compile_rules("limit toy.depth 3 from office\nlimit toy.depth 9\nlimit toy.size 2KiB from guests\n"
					       "tolerate toy.boolean from office until 2027-01-01\ntolerate toy.boolean until 2020-01-01\n"
					       "watch state.truncated from office until 2026-11-20\nwatch limit.memory until 2020-01-01\n"
					       "watch all from guests until 2027-01-01\n"
					       "block from office where toy.depth > 3\nblock from guests where toy.name = \"x\"\n");
	struct policy        p;
	struct policy_flow   office, guests, other;
	size_t               n;
	const char          *error;
	const uint8_t       *blob = policy_build_blob(b, &n);

	if (!blob)
		note_diags(b);
	tap_ok(blob && policy_open(&p, blob, n, toy_registry, &error) && begin(&office, &p, "s", "10.1.0.1") && begin(&guests, &p, "s", "10.2.0.1") &&
		       begin(&other, &p, "s", "10.3.0.1"),
	       "flows begin");
	tap_ok(office.profile.limit[0] == 3 && office.profile.limit[1] == 65536 && office.profile.limit[2] == 5000, "limits of one zone");
	tap_ok(guests.profile.limit[0] == 9 && guests.profile.limit[1] == 2048, "limits of another");
	tap_ok(other.profile.limit[0] == 9 && other.profile.limit[1] == 65536, "limits of everybody");
	tap_ok(office.profile.tolerate == 2 && !guests.profile.tolerate && !other.profile.tolerate, "tolerances by source, until they end");
	tap_ok(office.profile.wanted == 1u << TOY_DEPTH && guests.profile.wanted == 1u << TOY_NAME && !other.profile.wanted,
	       "facts are asked for where a rule can ask");
	tap_ok(policy_refusal(&office, R_STATE_TRUNCATED) && !policy_refusal(&office, R_LIMIT_MEMORY) && !policy_refusal(&other, R_STATE_TRUNCATED),
	       "watched reasons by source, until they end");
	tap_ok(policy_refusal(&guests, R_LIMIT_MEMORY) && !policy_refusal(&guests, R_CAPTURE_AMBIGUOUS), "all watches all but what is unsafe");
	policy_build_free(&b);
}

/* A flow that changes its protocol is judged by its service's policy for the new one. */
static void switches(void)
{
	struct policy_build *b = compile("host h { address 10.9.0.1 }\nservice s { listen 0.0.0.0:1 tcp; to h; protocol toy web; policy p }\n"
					 "policy p {\nlimit toy.depth 3\nlimit web.head 2KiB\nblock where web.method = \"PUT\"\n"
					 "block where toy.depth > 3\npass\n}\n");
	struct policy        p;
	struct policy_flow   flow;
	struct policy_ruling r;
	struct step          step = {.verb = STEP_UNIT};
	struct cx            cx;
	size_t               n;
	const char          *error;
	const uint8_t       *blob = policy_build_blob(b, &n);
	const struct profile *profile;

	if (!tap_ok(blob && policy_open(&p, blob, n, toy_registry, &error) && begin(&flow, &p, "s", "10.1.0.1"), "a service of two protocols"))
		note_diags(b);
	profile = policy_flow_profile(&flow, PROTO_TOYS);
	tap_ok(profile && profile->limit[0] == 3 && profile->wanted == 1u << TOY_DEPTH, "the first protocol's profile");
	profile = policy_flow_profile(&flow, PROTO_TOYS + 2);
	tap_ok(profile && profile->limit[0] == 2048 && profile->wanted == 1, "the second's");
	blank(&cx);
	text(&cx, 0, "GET");
	policy_judge(&flow, PROTO_TOYS + 2, &step, &cx, &r);
	tap_ok(r.verdict == VERDICT_DENY && r.rule == 1, "a fact of the first is unknown in the second");
	tap_ok(!policy_flow_profile(&flow, PROTO_OPAQUE_TLS), "a protocol the service does not name has no profile");
	policy_build_free(&b);
}

/* ---- The generated law ---- */

struct random {
	uint64_t state;
};

static uint32_t pick(struct random *r, uint32_t below)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->state >> 33) % below;
}

static void gen_fact(struct random *r, struct str *s)
{
	static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">="};
	static const char *const words[] = {"bind", "search", "add", "none"};
	static const char *const texts[] = {"\"a\"", "\"ab\"", "\"b\"", "\"\""};
	static const char *const how[] = {"=", "!=", "prefix", "suffix", "= nocase"};

	switch (pick(r, 6)) {
	case 0:
		str_fmt(s, "toy.depth %s %u", ops[pick(r, 6)], pick(r, 4));
		break;
	case 1:
		str_fmt(s, "toy.op %s %s", ops[pick(r, 2)], words[pick(r, 4)]);
		break;
	case 2:
		str_fmt(s, "toy.name %s %s", how[pick(r, 5)], texts[pick(r, 4)]);
		break;
	case 3:
		str_fmt(s, "toy.sealed = %s", pick(r, 2) ? "yes" : "no");
		break;
	case 4:
		str_fmt(s, "flow.port %s %u", ops[pick(r, 6)], 388 + pick(r, 3));
		break;
	default:
		str_fmt(s, "toy.size in { %u %u }", pick(r, 3), 3 + pick(r, 100));
	}
}

static void gen_condition(struct random *r, struct str *s, unsigned depth)
{
	uint32_t what = depth ? pick(r, 5) : 0;

	if (what < 2) {
		gen_fact(r, s);
	} else if (what == 2) {
		str_add(s, "not ");
		str_char(s, '(');
		gen_condition(r, s, depth - 1);
		str_char(s, ')');
	} else {
		str_char(s, '(');
		gen_condition(r, s, depth - 1);
		str_add(s, what == 3 ? " and " : " or ");
		gen_condition(r, s, depth - 1);
		str_char(s, ')');
	}
}

static void gen_rules(struct random *r, struct str *s)
{
	static const char *const kinds[] = {"block", "pass", "allow opaque.tls", "block", "pass"};

	for (uint32_t n = 1 + pick(r, 6); n; n--) {
		uint32_t kind = pick(r, 5);

		str_add(s, kinds[kind]);
		if (pick(r, 3) == 0)
			str_add(s, pick(r, 2) ? " from office" : " to one");
		str_add(s, " where ");
		gen_condition(r, s, 3);
		if (kind % 3 == 0 && pick(r, 4) == 0)
			str_add(s, " watch until 2027-01-01");
		str_char(s, '\n');
	}
}

static void gen_facts(struct random *r, struct cx *cx)
{
	static const char *const texts[] = {"", "a", "ab", "b", "B"};

	blank(cx);
	for (unsigned i = 0; i < 6; i++)
		switch (pick(r, 4)) {
		case 0:
			cx->fact[i].state = FACT_NONE;
			break;
		case 1:
			break;
		default:
			if (i == TOY_NAME)
				text(cx, i, texts[pick(r, 5)]);
			else
				number(cx, i, pick(r, 4));
		}
}

/* Every way to forget some of what is known. */
static bool forgetting_opens(const struct policy_flow *flow, const struct step *step, const struct cx *cx)
{
	struct policy_ruling all, some;

	policy_judge(flow, PROTO_TOYS, step, cx, &all);
	if (all.verdict == VERDICT_PASS)
		return false;
	for (uint32_t mask = 1; mask < 64; mask++) {
		struct cx less = *cx;

		for (unsigned i = 0; i < 6; i++)
			if (mask >> i & 1)
				less.fact[i].state = FACT_UNKNOWN;
		policy_judge(flow, PROTO_TOYS, step, &less, &some);
		if (some.verdict == VERDICT_PASS)
			return true;
	}
	return false;
}

/* A flow whose server is known, and the same before it is. */
static bool forgetting_server_opens(const struct policy_flow *flow, const struct step *step, const struct cx *cx)
{
	struct policy_arrival a = flow->arrival;
	struct policy_flow    known;
	struct policy_ruling  all, some;

	a.target = ip("10.9.0.1");
	if (!policy_flow_begin(&known, flow->policy, &a))
		return false;
	policy_judge(&known, PROTO_TOYS, step, cx, &all);
	policy_judge(flow, PROTO_TOYS, step, cx, &some);
	return all.verdict == VERDICT_DENY && some.verdict == VERDICT_PASS;
}

/* A rule dropped at accept is false whatever the unit says. */
static unsigned dropped_wrongly(const struct policy_flow *flow, const struct cx *cx, unsigned *dropped)
{
	unsigned wrong = 0;

	for (int i = 0; policy_rule_at(flow, i).number; i++)
		if (rule_miss(flow, (uint32_t)i) == MISS_WHERE) {
			++*dropped;
			wrong += policy_condition(flow, i, PROTO_TOYS, cx) != TRUTH_FALSE;
		}
	return wrong;
}

static void generated(void)
{
	struct random r = {20261120};
	unsigned      policies = 0, cases = 0, opened = 0, refused = 0, dropped = 0, wrong = 0;
	char          rules[8192];

	while (policies < 400) {
		struct str           s = str_over(rules, sizeof(rules));
		struct policy_build *b;
		struct policy        p;
		struct policy_flow   flow;
		const char          *error;
		const uint8_t       *blob;
		size_t               n;

		gen_rules(&r, &s);
		b = compile_rules(rules);
		blob = policy_build_blob(b, &n);
		policies++;
		refused += !blob;
		for (unsigned k = 0; blob && k < 60; k++) {
			struct cx   cx;
			struct step step = {.verb = STEP_UNIT, .why = pick(&r, 4) ? 0 : R_OPAQUE_TLS};

			if (!policy_open(&p, blob, n, toy_registry, &error) || !begin(&flow, &p, "s", pick(&r, 2) ? "10.1.0.1" : "10.2.0.1"))
				break;
			gen_facts(&r, &cx);
			cases++;
			wrong += dropped_wrongly(&flow, &cx, &dropped);
			if ((forgetting_opens(&flow, &step, &cx) || forgetting_server_opens(&flow, &step, &cx)) && !opened++)
				tap_note("opened by forgetting:\n%s", rules);
		}
		policy_build_free(&b);
	}
	tap_ok(!wrong && dropped > 100, "what is dropped at accept never holds (%u rules and units)", dropped);
	tap_ok(!opened && cases > 10000, "forgetting never opens: %u policies (%u had unreachable rules), %u units, 63 ways each", policies, refused, cases);
}

/* What stays after accept decides as all rules would: reduction changes no verdict. */
static void reduction(void)
{
	struct policy_build *b = compile_rules("pass from guests where toy.depth = 1\nblock where flow.port = 636\n"
					       "block from office where toy.depth > 3\npass from office");
	struct policy        p;
	struct policy_flow   flow;
	size_t               n;
	const char          *error;
	const uint8_t       *blob = policy_build_blob(b, &n);

	tap_ok(blob && policy_open(&p, blob, n, toy_registry, &error) && begin(&flow, &p, "s", "10.1.0.1") && flow.rules[0] == 0xc,
	       "rules of other sources and ports are not run");
	policy_build_free(&b);
}

/* Explain names the rule that judging finds. */
static void explains(void)
{
	const char *const      facts[] = {"toy.depth=17", "toy.op=search"};
	struct policy_question q = {.service = "s", .from = "10.1.0.1", .facts = facts, .fact_count = 2};
	struct policy_build   *b = compile_rules("pass from guests\nblock where toy.depth > 16 id \"deep\"\npass where toy.op = search");
	char                   out[4096];
	struct str             s = str_over(out, sizeof(out));
	struct policy_ruling   r;

	tap_ok(policy_explain(b, &q, &s, &r) && r.rule == 1 && r.verdict == VERDICT_DENY, "explain finds the rule");
	tap_text(out, "t:20: pass is for other sources\nt:21: block deep decides\n      true: toy.depth > 16 (it is 17)\nblock\n"
		      "the event says policy.denied, and the rule\n", "explain says why");
	q.service = "z";
	s = str_over(out, sizeof(out));
	tap_ok(!policy_explain(b, &q, &s, &r) && strstr(out, "did you mean \"s\""), "explain of an unknown service");
	policy_build_free(&b);
}

int main(void)
{
	conditions_table();
	rulings_table();
	whys();
	profiles();
	switches();
	reduction();
	explains();
	generated();
	return tap_done();
}
