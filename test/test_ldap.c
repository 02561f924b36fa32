/* LDAP through the driver, beside its vectors: the facts of each operation, and the answers of our own making. */
#include <stdlib.h>
#include <string.h>

#include "proto/ldap/ldap.h"
#include "proto/protocols.h"
#include "proto/reasons.h"
#include "test/peers.h"
#include "test/tap.h"

/* Messages, written by tools/vectorwords/ldap.py. */
#define SEARCH \
	"0c\x02\x01\x02" "c9\x04\x0a" \
	"dc=example\x0a\x01\x02\x0a\x01\x03\x02\x01\x07\x02\x01\x09\x01\x01\xff\xa0\x10\xa3\x08\x04\x03uid\x04\x01" \
	"a\xa2\x04\x87\x02" "cn0\x0a\x04\x04mail\x04\x02sn\xa0#0!\x04\x16" "1.2.840.113556.1.4.319\x04\x07" \
	"0\x05\x02\x01\x05\x04\x00"
#define BIND "0\x16\x02\x01\x01`\x11\x02\x01\x03\x04\x04" "cn=a\x80\x06secret"
#define AGAIN "0\x16\x02\x01\x02`\x11\x02\x01\x03\x04\x04" "cn=b\x80\x06secret"
#define ANONYMOUS "0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\x00\x80\x00"
#define NO_PASSWORD "0\x10\x02\x01\x01`\x0b\x02\x01\x03\x04\x04" "cn=a\x80\x00"
/* A ticket, as the token of Windows' own negotiation. */
#define SPNEGO \
	"0|\x02\x01\x01`w\x02\x01\x03\x04\x00\xa3p\x04\x0aGSS-SPNEGO\x04" "b``\x06\x09*\x86H\x86\xf7\x12\x01\x02" \
	"\x02\x01\x00nQ0O\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0e\xa2\x07\x03\x05\x00\x00\x00\x00\x00\xa3,a*0(" \
	"\xa0\x03\x02\x01\x05\xa1\x03\x1b\x01R\xa2\x0e" "0\x0c\xa0\x03\x02\x01\x01\xa1\x05" "0\x03\x1b\x01" "a" \
	"\xa3\x0c" "0\x0a\xa0\x03\x02\x01\x12\xa2\x03\x04\x01" "E\xa4\x0c" "0\x0a\xa0\x03\x02\x01\x12\xa2\x03\x04" \
	"\x01" "E"
#define BOUND "0\x0c\x02\x01\x01" "a\x07\x0a\x01\x00\x04\x00\x04\x00"
#define MODIFY \
	"0-\x02\x01\x03" "f(\x04\x04" "cn=a0 0\x11\x0a\x01\x02" "0\x0c\x04\x05title1\x03\x04\x01x0\x0b\x0a\x01\x01" \
	"0\x06\x04\x02sn1\x00"
#define ADD \
	"0#\x02\x01\x03h\x1e\x04\x04" "cn=a0\x16" "0\x09\x04\x02" "cn1\x03\x04\x01" "a0\x09\x04\x02sn1\x03\x04\x01" "b"
#define DELETE "0\x09\x02\x01\x03J\x04" "cn=a"
#define RENAME "0\x1a\x02\x01\x03l\x15\x04\x04" "cn=a\x04\x04" "cn=b\x01\x01\xff\x80\x04" "dc=x"
#define COMPARE "0\x14\x02\x01\x03n\x0f\x04\x04" "cn=a0\x07\x04\x02sn\x04\x01" "b"
#define WHOAMI "0\x1e\x02\x01\x03w\x19\x80\x17" "1.3.6.1.4.1.4203.1.11.3"
#define ABANDON "0\x06\x02\x01\x04P\x01\x02"
#define UNBIND "0\x05\x02\x01\x09" "B\x00"
#define REFERRED \
	"01\x02\x01\x02" "e,\x0a\x01\x0a\x04\x04" "dc=m\x04\x09" "elsewhere\xa3\x16\x04\x09ldap://b/\x04\x09ldap://c/"
#define ENTRY "0\x1c\x02\x01\x02" "d\x17\x04\x08" "cn=found0\x0b" "0\x09\x04\x02" "cn1\x03\x04\x01" "a"
#define UNKNOWN "0\x05\x02\x01\x06q\x00"
#define STRAY "0\x0c\x02\x01\x09" "e\x07\x0a\x01\x00\x04\x00\x04\x00"

struct bytes {
	const char *p;
	size_t      n;
};

#define BYTES(literal) {literal, sizeof(literal) - 1}

/* The facts of the last committed unit; texts as text. */
static struct {
	bool     there[FACTS_MAX];
	bool     unknown[FACTS_MAX];
	uint64_t number[FACTS_MAX];
	char     text[FACTS_MAX][64];
} seen;

static bool deny_all;
static void (*record)(void *user, enum side from, const struct step *step, const struct cx *cx);

static void on_committed(void *user, enum side from, const struct step *step, const struct cx *cx)
{
	memset(&seen, 0, sizeof(seen));
	for (uint8_t i = 0; i < ldap_recogniser.facts; i++) {
		const struct fact *fact = &cx->fact[i];

		seen.there[i] = cx->wanted >> i & 1 && fact->state != FACT_NONE;
		seen.number[i] = fact->number;
		seen.unknown[i] = seen.there[i] && fact->state == FACT_UNKNOWN;
		if (seen.there[i] && fact->state == FACT_TEXT)
			memcpy(seen.text[i], fact->text, fact->len < 63 ? fact->len : 63);
	}
	record(user, from, step, cx);
}

static enum verdict on_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	(void)user, (void)from, (void)step, (void)cx, (void)why;
	return deny_all ? VERDICT_DENY : VERDICT_PASS;
}

static struct peers peers;

static void start(uint32_t wanted)
{
	const struct profile profile = {.wanted = wanted};

	deny_all = false;
	peers_start(&peers, PROTO_LDAP, &profile);
}

static void client(const char *bytes, size_t n)
{
	peers_send(&peers, SIDE_CLIENT, bytes, n);
}

static void server(const char *bytes, size_t n)
{
	peers_send(&peers, SIDE_SERVER, bytes, n);
}

#define CLIENT(literal) client(literal, sizeof(literal) - 1)
#define SERVER(literal) server(literal, sizeof(literal) - 1)

static uint8_t fact(const char *name)
{
	for (uint8_t i = 0; i < ldap_recogniser.facts; i++)
		if (strcmp(ldap_recogniser.fact[i].name, name) == 0)
			return i;
	tap_ok(false, "there is a fact %s", name);
	return 0;
}

/* There are several, and the fact can tell no one of them. */
static void unknown(const char *name)
{
	uint8_t i = fact(name);

	tap_ok(seen.there[i] && seen.unknown[i], "%s is unknown", name);
}

/* A number, or the word that stands for it. */
static void number(const char *name, uint64_t want)
{
	uint8_t i = fact(name);

	if (!tap_ok(seen.there[i] && seen.number[i] == want, "%s is %llu", name, (unsigned long long)want))
		tap_note("got %llu%s", (unsigned long long)seen.number[i], seen.there[i] ? "" : ", or rather none");
}

static void word(const char *name, const char *want)
{
	uint8_t            i = fact(name);
	const char *const *words = ldap_recogniser.fact[i].words;
	uint64_t           k = 0;

	while (words && words[k] && k < seen.number[i])
		k++;
	tap_ok(seen.there[i] && words && words[k] && strcmp(words[k], want) == 0, "%s is %s", name, want);
}

static void text(const char *name, const char *want)
{
	uint8_t i = fact(name);

	if (!tap_ok(seen.there[i] && strcmp(seen.text[i], want) == 0, "%s is \"%s\"", name, want))
		tap_note("got \"%s\"", seen.text[i]);
}

static void none(const char *name)
{
	tap_ok(!seen.there[fact(name)], "%s is none", name);
}

static void search_has_facts(void)
{
	start(UINT32_MAX);
	CLIENT(SEARCH);
	word("ldap.op", "search");
	word("ldap.identity", "anonymous");
	word("ldap.sealed", "clear");
	number("ldap.message-id", 2);
	text("ldap.name", "dc=example");
	word("ldap.scope", "sub");
	word("ldap.deref", "always");
	number("ldap.size-limit", 7);
	number("ldap.time-limit", 9);
	word("ldap.types-only", "true");
	number("ldap.filter.depth", 2);
	number("ldap.filter.nodes", 4);
	unknown("ldap.filter.attribute");
	number("ldap.attribute.count", 2);
	unknown("ldap.attribute");
	number("ldap.controls", 1);
	number("ldap.page-size", 5);
	none("ldap.mechanism");
	none("ldap.result");
	SERVER(ENTRY);
	word("ldap.answer", "search-entry");
	text("ldap.matched-name", "cn=found");
	none("ldap.op");
	SERVER(REFERRED);
	word("ldap.answer", "search-done");
	number("ldap.result", 10);
	text("ldap.matched-name", "dc=m");
	text("ldap.diagnostic", "elsewhere");
	unknown("ldap.referral");
}

static void binds_have_facts(void)
{
	start(UINT32_MAX);
	CLIENT(BIND);
	word("ldap.op", "bind");
	number("ldap.version", 3);
	word("ldap.auth", "simple");
	text("ldap.name", "cn=a");
	SERVER(BOUND);
	word("ldap.answer", "bind-response");
	word("ldap.identity", "anonymous");
	CLIENT(DELETE);
	word("ldap.identity", "proved");
	start(UINT32_MAX);
	CLIENT(ANONYMOUS);
	word("ldap.auth", "anonymous");
	start(UINT32_MAX);
	CLIENT(NO_PASSWORD);
	word("ldap.auth", "unauthenticated");
	start(UINT32_MAX);
	CLIENT(SPNEGO);
	word("ldap.auth", "sasl");
	text("ldap.mechanism", "GSS-SPNEGO");
	SERVER(BOUND);
	CLIENT("\x00\x00\x00\x02SS\x00\x00\x00\x02SS");
	word("ldap.sealed", "sealed");
}

static void writes_have_facts(void)
{
	start(UINT32_MAX);
	CLIENT(MODIFY);
	word("ldap.op", "modify");
	number("ldap.changes", 2);
	unknown("ldap.attribute");
	start(UINT32_MAX);
	CLIENT(ADD);
	word("ldap.op", "add");
	text("ldap.name", "cn=a");
	number("ldap.attribute.count", 2);
	start(UINT32_MAX);
	CLIENT(RENAME);
	word("ldap.op", "moddn");
	text("ldap.new-name", "cn=b");
	text("ldap.new-superior", "dc=x");
	start(UINT32_MAX);
	CLIENT(DELETE);
	word("ldap.op", "del");
	text("ldap.name", "cn=a");
	start(UINT32_MAX);
	CLIENT(COMPARE);
	word("ldap.op", "compare");
	text("ldap.filter.attribute", "sn");
	start(UINT32_MAX);
	CLIENT(WHOAMI);
	word("ldap.op", "extended");
	text("ldap.oid", "1.3.6.1.4.1.4203.1.11.3");
	start(UINT32_MAX);
	CLIENT(ABANDON);
	word("ldap.op", "abandon");
	number("ldap.abandon-id", 2);
	CLIENT(UNBIND);
	word("ldap.op", "unbind");
}

static void facts_are_built_on_demand(void)
{
	start(1u << fact("ldap.scope"));
	CLIENT(SEARCH);
	word("ldap.scope", "sub");
	none("ldap.name");
	none("ldap.op");
}

static void answered(struct bytes want, bool lives, const char *what)
{
	tap_ok(peers.answer.len == want.n && (!want.n || memcmp(peers.answer.p, want.p, want.n) == 0), "%s: the answer", what);
	tap_ok(peers.ended != lives, "%s: the flow %s", what, lives ? "lives" : "ends");
}

/* What a policy denies: the response it would have got, and the flow lives. */
static const struct {
	const char  *what;
	struct bytes message, answer;
} denied[] = {
	{"search", BYTES(SEARCH), BYTES("01\x02\x01\x02" "e,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"modify", BYTES(MODIFY), BYTES("01\x02\x01\x03g,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"add", BYTES(ADD), BYTES("01\x02\x01\x03i,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"delete", BYTES(DELETE), BYTES("01\x02\x01\x03k,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"rename", BYTES(RENAME), BYTES("01\x02\x01\x03m,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"compare", BYTES(COMPARE), BYTES("01\x02\x01\x03o,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"extended operation", BYTES(WHOAMI),
	 BYTES("01\x02\x01\x03x,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"bind", BYTES(ANONYMOUS), BYTES("01\x02\x01\x01" "a,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{"goodbye", BYTES(UNBIND), BYTES("")},
	{"abandon", BYTES(ABANDON), BYTES("")},
};

/* Every width of an id. */
static const struct {
	uint32_t     id;
	struct bytes message, answer;
} widths[] = {
	{1, BYTES("0\x09\x02\x01\x01J\x04" "cn=a"),
	 BYTES("01\x02\x01\x01k,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{127, BYTES("0\x09\x02\x01\x7fJ\x04" "cn=a"),
	 BYTES("01\x02\x01\x7fk,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{128, BYTES("0\x0a\x02\x02\x00\x80J\x04" "cn=a"),
	 BYTES("02\x02\x02\x00\x80k,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{32767, BYTES("0\x0a\x02\x02\x7f\xffJ\x04" "cn=a"),
	 BYTES("02\x02\x02\x7f\xffk,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{32768, BYTES("0\x0b\x02\x03\x00\x80\x00J\x04" "cn=a"),
	 BYTES("03\x02\x03\x00\x80\x00k,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{8388608, BYTES("0\x0c\x02\x04\x00\x80\x00\x00J\x04" "cn=a"),
	 BYTES("04\x02\x04\x00\x80\x00\x00k,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
	{2147483647, BYTES("0\x0c\x02\x04\x7f\xff\xff\xffJ\x04" "cn=a"),
	 BYTES("04\x02\x04\x7f\xff\xff\xffk,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied")},
};

static void policy_denies_by_response(void)
{
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		start(0);
		deny_all = true;
		client(denied[i].message.p, denied[i].message.n);
		answered(denied[i].answer, true, denied[i].what);
		tap_ok(!peers.lane[SIDE_CLIENT].out.len, "%s: nothing is sent on", denied[i].what);
	}
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		start(0);
		deny_all = true;
		client(widths[i].message.p, widths[i].message.n);
		answered(widths[i].answer, true, "an id of this width");
	}
}

static void denied_bind_of_a_known_client_ends(void)
{
	start(0);
	CLIENT(BIND);
	SERVER(BOUND);
	deny_all = true;
	CLIENT(AGAIN);
	answered((struct bytes)BYTES("01\x02\x01\x02" "a,\x0a\x01" "5\x04\x00\x04%refused by the gateway: policy.denied"), false,
		 "a bind of a client the server knows by another name");
}

static void refusals_say_goodbye(void)
{
	start(0);
	CLIENT(UNKNOWN);
	answered((struct bytes)BYTES("0K\x02\x01\x00xF\x0a\x01\x02\x04\x00\x04'"
					"refused by the gateway: ldap.op.unknown\x8a\x16" "1.3.6.1.4.1.1466.20036"),
		 false, "an unknown operation");
	start(0);
	CLIENT("\x31");
	answered((struct bytes)BYTES("0H\x02\x01\x00xC\x0a\x01\x02\x04\x00\x04$"
					"refused by the gateway: ldap.framing\x8a\x16" "1.3.6.1.4.1.1466.20036"),
		 false, "lost framing");
	start(0);
	SERVER(STRAY);
	answered((struct bytes)BYTES("0O\x02\x01\x00xJ\x0a\x01" "4\x04\x00\x04+"
					"refused by the gateway: ldap.answer.unknown\x8a\x16" "1.3.6.1.4.1.1466.20036"),
		 false, "an answer of the server that nobody asked for");
	start(0);
	CLIENT(UNBIND);
	CLIENT(SEARCH);
	answered((struct bytes)BYTES(""), false, "words behind goodbye");
	start(0);
	CLIENT(SPNEGO);
	SERVER(BOUND);
	deny_all = true;
	CLIENT("\x00\x00\x00\x02SS");
	answered((struct bytes)BYTES(""), false, "a sealed frame");
	start(0);
	CLIENT(SPNEGO);
	SERVER(BOUND);
	CLIENT("\x00\x00\x00\x02SS");
	CLIENT(SEARCH);
	answered((struct bytes)BYTES(""), false, "clear bytes behind sealed ones");
	start(0);
	CLIENT(SPNEGO);
	SERVER(BOUND);
	SERVER("\x00\x00\x00\x02SS");
	CLIENT(UNKNOWN);
	answered((struct bytes)BYTES(""), false, "a refusal where the server has sealed");
}

/* Limits and waiting in vain: the message was understood, the flow goes on. */
static void limits_are_answered(void)
{
	char   message[4300];
	size_t n = sizeof(message);

	start(0);
	memset(message, 'A', n);
	memcpy(message, "\x30\x82\x10\xc8\x02\x01\x06\x4a\x82\x10\xc1", 11);
	client(message, n);
	answered((struct bytes)BYTES("00\x02\x01\x06k+\x0a\x01\x0b\x04\x00\x04$"
					"refused by the gateway: ldap.dn.size"), true, "too long a name");
	CLIENT(DELETE);
	tap_ok(peers.units == 1, "and the next request passes");
	start(0);
	CLIENT(ANONYMOUS);
	CLIENT(SEARCH);
	tap_ok(peers_expire(&peers), "a request waits for the answer to a bind");
	answered((struct bytes)BYTES("05\x02\x01\x02" "e0\x0a\x01" "3\x04\x00\x04)"
					"refused by the gateway: ldap.bind.pending"), true, "a request that waited in vain");
	start(0);
	CLIENT(SEARCH);
	CLIENT(ANONYMOUS);
	peers_expire(&peers);
	answered((struct bytes)BYTES("02\x02\x01\x01" "a-\x0a\x01" "3\x04\x00\x04&"
					"refused by the gateway: ldap.bind.busy"), true, "a bind that waited in vain");
	start(0);
	CLIENT(SEARCH);
	CLIENT("0\x1d\x02\x01\x03w\x18\x80\x16" "1.3.6.1.4.1.1466.20037");
	answered((struct bytes)BYTES("06\x02\x01\x03x1\x0a\x01\x01\x04\x00\x04*"
					"refused by the gateway: ldap.starttls.busy"), true, "TLS while a search goes on");
}

static void order_is_kept(void)
{
	start(0);
	SERVER("0$\x02\x01\x00x\x1f\x0a\x01" "4\x04\x00\x04\x00\x8a\x16" "1.3.6.1.4.1.1466.20036");
	tap_ok(peers.ended && peers.ending.why == R_NONE, "a notice of disconnection ends the flow in order");
	start(0);
	CLIENT(ABANDON);
	tap_ok(peers.units == 1 && !peers.lane[SIDE_CLIENT].out.len, "an abandon of nothing is swallowed");
	start(0);
	CLIENT(SEARCH ABANDON);
	tap_ok(peers.lane[SIDE_CLIENT].out.len == sizeof(SEARCH ABANDON) - 1, "an abandon of something is sent on");
	start(0);
	CLIENT(BIND SEARCH);
	SERVER(BOUND);
	tap_ok(peers.units == 3, "what waited for a bind goes on behind its answer");
}

static void tables_are_whole(void)
{
	const struct recogniser *r = &ldap_recogniser;
	bool                     ok = true;

	for (uint8_t i = 0; i < r->limits; i++) {
		const struct limit_def *l = &r->limit[i];

		if (!l->name || !l->unit || !l->source || l->least > l->safe || l->safe > l->most) {
			tap_note("limit %u", i);
			ok = false;
		}
	}
	tap_ok(ok, "every limit has a name, a unit, a source, and a default within its bounds");
	for (uint8_t i = 0; i < r->facts; i++)
		ok = ok && r->fact[i].name;
	for (uint8_t i = 0; i < r->tolerances; i++)
		ok = ok && r->tolerance[i].name && r->tolerance[i].client[0];
	tap_ok(ok, "every fact has a name, every tolerance a client");
}

/* What the first octets already refuse is refused by them: nobody makes us hold a message to be told that it is too large. */
static void nothing_is_held_for_a_refusal(void)
{
	start(0);
	CLIENT("\x30\x84\x00\x04\x00\x01");
	tap_ok(peers.reports == 1 && peers.report[0].why == R_LDAP_MESSAGE_SIZE, "a message that is too large is refused by its header");
	start(0);
	CLIENT("\x30\x05\x02\x01\x01\x42\x00");
	CLIENT("\x30\x7f");
	tap_ok(peers.reports == 1 && peers.report[0].why == R_LDAP_AFTER_UNBIND, "what follows an unbind is refused by its header");
}

int main(void)
{
	peers_open(&peers, protocols, 65536);
	record = peers.ops.committed;
	peers.ops.committed = on_committed;
	peers.ops.judge = on_judge;
	search_has_facts();
	binds_have_facts();
	writes_have_facts();
	facts_are_built_on_demand();
	policy_denies_by_response();
	denied_bind_of_a_known_client_ends();
	refusals_say_goodbye();
	limits_are_answered();
	order_is_kept();
	tables_are_whole();
	nothing_is_held_for_a_refusal();
	peers_close(&peers);
	return tap_done();
}
