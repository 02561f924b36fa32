/* Records as sentences and as EVE: exact lines, every kind, names from the blob, and nothing of a peer unescaped. */
#include <string.h>

#include "event/render.h"
#include "event/text.h"
#include "proto/ldap/ldap_int.h"
#include "proto/smbcore/smbcore.h"
#include "test/policy_help.h"

static struct policy          policy;
static struct render          render = {.policy = &policy, .protocols = protocols};
static const struct line_style plain = {.colour = false};

static struct record_text text(const char *s)
{
	return (struct record_text){s, (uint16_t)strlen(s)};
}

static struct address at(const char *host, uint16_t port)
{
	struct address a = ip(host);

	a.port = port;
	return a;
}

static struct record make(enum record_kind kind)
{
	return (struct record){
		.kind = kind,
		.ts_us = 1795168140123456,
		.flow_id = 4711,
		.policy_rev = policy.revision,
		.proto = PROTO_LDAP,
		.ip_protocol = 6,
		.client = at("10.1.2.3", 56598),
		.listener = at("10.0.0.1", 389),
		.server = at("10.9.0.10", 390),
	};
}

static const char *line_of(const struct record *r)
{
	static char buffer[8192];
	struct str  s = str_over(buffer, sizeof(buffer));

	render_line(&render, r, &plain, &s);
	return buffer;
}

static json_t *json_of(const struct record *r)
{
	static char line[EVE_LINE_MAX];
	size_t      n = eve_line(render_json(&render, r), line);

	return n && line[n - 1] == '\n' && !memchr(line, '\n', n - 1) ? json_loadb(line, n, 0, NULL) : NULL;
}

static json_t *member(json_t *object, const char *outer, const char *inner)
{
	return json_object_get(outer ? json_object_get(object, outer) : object, inner);
}

static void text_is(json_t *object, const char *outer, const char *inner, const char *want)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", outer ? outer : "", outer ? "." : "", inner);
	tap_text(json_string_value(member(object, outer, inner)), want, name);
}

static void number_is(json_t *object, const char *outer, const char *inner, uint64_t want)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", outer ? outer : "", outer ? "." : "", inner);
	tap_number((uint64_t)json_integer_value(member(object, outer, inner)), want, name);
}

static struct record flow(void)
{
	struct record r = make(RECORD_FLOW);

	r.began_us = r.ts_us - 1234567;
	r.bytes[0] = 900;
	r.bytes[1] = 4000;
	r.forwarded[0] = 800;
	r.forwarded[1] = 4000;
	r.units[0] = 14;
	r.units[1] = 20;
	r.refusals = 2;
	return r;
}

static void test_flow_lines(void)
{
	struct record r = flow();

	tap_text(line_of(&r), "10.1.2.3:56598 -> 10.9.0.10:390 via s: closed after 1.2 s, 14 messages in, 20 out, 2 refused", "a flow that closed");
	r.end = END_GATE;
	r.why = R_ROUTE_FAILED;
	r.refusals = r.units[1] = 0;
	r.units[0] = 1;
	r.watched = 1000;
	r.probe = true;
	r.server.family = 0;
	r.began_us = r.ts_us + 1;
	tap_text(line_of(&r),
		 "10.1.2.3:56598 -> 10.0.0.1:389 via s (a probe): ended by the gate after 0 ms, 1 message in, 0 out, 1,000 watched: "
		 "gate.route: the server this message asks for could not be reached",
		 "a probe that never reached a server, by a clock that went back");
	r = flow();
	r.end = END_GATE;
	r.why = R_GATE_HELD;
	tap_text(line_of(&r),
		 "10.1.2.3:56598 -> 10.9.0.10:390 via s: ended by the gate after 1.2 s, 14 messages in, 20 out, 2 refused: gate.held",
		 "a reason with numbers, which a flow's record has not");
	r = flow();
	r.end = END_SERVER_RESET;
	r.refusals = 0;
	r.service = 99;
	tap_ok(strstr(line_of(&r), "via service 99: reset by the server after") != NULL, "a service that is not in the blob is a number");
	r.service = 0;
	r.policy_rev++;
	tap_ok(strstr(line_of(&r), "via service 0:") != NULL, "and so is one of another revision");
}

static void test_flow_json(void)
{
	struct record r = flow();
	json_t       *e = json_of(&r);
	char          id[COMMUNITY_ID_MAX];

	text_is(e, NULL, "event_type", "flow");
	text_is(e, NULL, "timestamp", "2026-11-20T09:49:00.123456+0000");
	number_is(e, NULL, "flow_id", 4711);
	text_is(e, NULL, "src_ip", "10.1.2.3");
	text_is(e, NULL, "dest_ip", "10.9.0.10");
	text_is(e, NULL, "app_proto", "ldap");
	community_id(6, &r.client, &r.listener, id);
	text_is(e, NULL, "community_id", id);
	number_is(e, "flow", "bytes_toserver", 900);
	number_is(e, "flow", "bytes_toclient", 4000);
	text_is(e, "flow", "start", "2026-11-20T09:48:58.888889+0000");
	text_is(e, "flow", "end", "2026-11-20T09:49:00.123456+0000");
	number_is(e, "flow", "age", 1);
	text_is(e, "flow", "state", "closed");
	text_is(e, "flow", "reason", "ended");
	tap_ok(json_is_true(member(e, "flow", "alerted")), "flow.alerted");
	text_is(e, "sallyport", "service", "s");
	text_is(e, "sallyport", "ended", "closed");
	text_is(e, "sallyport", "sentence", "closed after 1.2 s, 14 messages in, 20 out, 2 refused");
	number_is(e, "sallyport", "messages_toclient", 20);
	number_is(e, "sallyport", "forwarded_toserver", 800);
	tap_number(strlen(json_string_value(member(e, "sallyport", "policy_rev"))), 16, "sallyport.policy_rev is 16 digits");
	json_decref(e);
}

static struct record refusal(uint16_t why)
{
	struct record r = make(RECORD_REFUSAL);

	r.why = why;
	r.stream_offset = 21;
	r.unit_len = 300;
	return r;
}

static void test_refusal(void)
{
	struct record r = refusal(R_LDAP_HUGE_LENGTH);
	json_t       *e;

	r.has_offset = r.has_numbers = true;
	r.offset = 143;
	r.got = 9;
	r.path = text("ldap/search/filter");
	tap_text(line_of(&r),
		 "10.1.2.3:56598 -> 10.9.0.10:390 via s  ldap.ber.length.huge: a length is written in 9 octets; no message is that long "
		 "(at ldap/search/filter, byte 143 of the message; X.690 8.1.3.5; CAN-2003-0663 CAN-2004-0123 MS04-011 CVE-2003-0818 MS04-007)",
		 "a refusal");
	e = json_of(&r);
	text_is(e, NULL, "event_type", "alert");
	text_is(e, "verdict", "action", "drop");
	text_is(e, "alert", "action", "blocked");
	text_is(e, "sallyport", "rule", "built-in");
	text_is(e, "sallyport", "mode", "enforce");
	text_is(e, "sallyport", "sentence", "a length is written in 9 octets; no message is that long");
	number_is(e, "sallyport", "length", 300);
	json_decref(e);
	r.report = REPORT_WATCHED;
	r.watch_until = 20270131;
	r.from = SIDE_SERVER;
	r.consequence = r.probe = true;
	r.path = text("");
	r.has_offset = false;
	tap_text(line_of(&r),
		 "10.9.0.10:390 -> 10.1.2.3:56598 via s  ldap.ber.length.huge: a length is written in 9 octets; no message is that long "
		 "(a probe; only watched until 2027-01-31; X.690 8.1.3.5; CAN-2003-0663 CAN-2004-0123 MS04-011 CVE-2003-0818 MS04-007; "
		 "follows from what came before)",
		 "one that is only watched, of a probe, from the server");
	e = json_of(&r);
	text_is(e, "verdict", "action", "alert");
	text_is(e, "alert", "action", "allowed");
	text_is(e, "sallyport", "mode", "watch");
	text_is(e, "sallyport", "watch_until", "2027-01-31");
	text_is(e, NULL, "src_ip", "10.9.0.10");
	text_is(e, NULL, "direction", "to_client");
	tap_ok(json_is_true(member(e, "sallyport", "probe")), "sallyport.probe");
	json_decref(e);
}

/* What stands behind "via s  ". */
static const char *words_of(const struct record *r)
{
	const char *words = strstr(line_of(r), " via s  ");

	return words ? words + 8 : line_of(r);
}

static void test_denied(void)
{
	struct record r = refusal(R_POLICY_DENIED);
	json_t       *e;

	r.report = REPORT_DENIED;
	r.policy = text("directory-use");
	r.rule = text("no-writes");
	r.rule_number = 2;
	r.detail = text("ldap modify");
	tap_text(words_of(&r), "policy.denied: policy directory-use, rule \"no-writes\" (the 2nd) does not allow this: ldap modify", "a rule with a name");
	e = json_of(&r);
	text_is(e, "sallyport", "policy", "directory-use");
	text_is(e, "sallyport", "rule", "no-writes");
	text_is(e, "sallyport", "sentence", "policy directory-use, rule \"no-writes\" (the 2nd) does not allow this");
	text_is(e, "sallyport", "detail", "ldap modify");
	json_decref(e);
	r.rule = r.detail = text("");
	r.rule_number = 13;
	tap_text(words_of(&r), "policy.denied: the 13th rule of policy directory-use does not allow this", "a rule without one");
	e = json_of(&r);
	text_is(e, "sallyport", "rule", "#13");
	json_decref(e);
	r.rule_number = 0;
	tap_text(words_of(&r), "policy.denied: no rule of policy directory-use allows this", "no rule");
	e = json_of(&r);
	text_is(e, "sallyport", "rule", "default");
	json_decref(e);
	r.why = R_OPAQUE_TLS;
	tap_text(words_of(&r), "opaque.tls: the content is inside TLS and cannot be read here, and no rule of policy directory-use allows that",
		 "content that cannot be seen");
	r.detail = text("smb op sealed");
	tap_text(words_of(&r), "opaque.tls: the content is inside TLS and cannot be read here, and no rule of policy directory-use allows that: smb op sealed",
		 "content that cannot be seen, and what is known of it");
	r.detail = text("");
	r.policy = text("");
	r.why = R_POLICY_DENIED;
	tap_text(words_of(&r), "policy.denied: policy does not allow this", "nothing known but the reason");
}

static void test_rule(void)
{
	struct record r = make(RECORD_RULE);
	json_t       *e;

	r.policy = text("directory-use");
	r.rule = text("readers");
	r.rule_number = 1;
	r.passed = true;
	r.detail = text("ldap search");
	tap_text(words_of(&r), "pass: policy directory-use, rule \"readers\" (the 1st) allows this: ldap search", "a pass with log");
	e = json_of(&r);
	text_is(e, NULL, "event_type", "sallyport");
	text_is(e, "sallyport", "kind", "rule");
	text_is(e, "verdict", "action", "pass");
	json_decref(e);
	r.watch_until = 20270131;
	tap_text(words_of(&r), "policy.denied: policy directory-use, rule \"readers\" (the 1st) would not allow this: ldap search "
			       "(only watched until 2027-01-31)", "a rule that is watched");
	e = json_of(&r);
	text_is(e, NULL, "event_type", "alert");
	text_is(e, "verdict", "action", "alert");
	json_decref(e);
	r.watch_until = 0;
	r.passed = false;
	r.rule_number = 0;
	r.rule = r.detail = text("");
	r.why = R_POLICY_DENIED;
	tap_text(words_of(&r), "policy.denied: the default of policy directory-use does not allow this", "the default with log");
	e = json_of(&r);
	text_is(e, "verdict", "action", "drop");
	json_decref(e);
}

static void test_repeated(void)
{
	struct record r = make(RECORD_REPEATED);
	json_t       *e;

	r.why = R_LDAP_ID_ZERO;
	r.count = 1000;
	r.window_ms = 10000;
	tap_text(words_of(&r), "ldap.id.zero: 1,000 more of the same from this source in 10.0 s (RFC 4511 4.1.1.1)", "a summary");
	e = json_of(&r);
	text_is(e, NULL, "event_type", "alert");
	number_is(e, "sallyport", "count", 1000);
	number_is(e, "sallyport", "window_ms", 10000);
	json_decref(e);
}

static void gate_says(struct record r, const char *want, const char *kind)
{
	json_t *e = json_of(&r);

	tap_text(line_of(&r), want, kind);
	text_is(e, NULL, "event_type", "sallyport");
	text_is(e, "sallyport", "kind", kind);
	tap_ok(!member(e, NULL, "flow_id") && json_string_value(member(e, "sallyport", "sentence")), "%s: no flow, one sentence", kind);
	json_decref(e);
}

/* Facts as a record has them, and the objects they become. */
static void facts_say(uint16_t proto, const struct fact *facts, const char *wanted, const char *name)
{
	uint8_t            bytes[FACTS_BYTES_MAX];
	static char        line[EVE_LINE_MAX];
	struct record      r = {.kind = RECORD_RULE, .passed = true, .service = UINT32_MAX, .proto = proto};
	size_t             n;

	r.facts = (struct record_text){(const char *)bytes, (uint16_t)facts_write(facts, FACTS_MAX, bytes)};
	n = eve_line(render_json(&render, &r), line);
	line[n ? n - 1 : 0] = '\0';
	if (!tap_ok(n && strstr(line, wanted), "%s", name))
		tap_note("%s", line);
}

#define NUMBER(n)  {.state = FACT_NUMBER, .number = n}
#define TEXT(t)    {.state = FACT_TEXT, .text = (const uint8_t *)t, .len = sizeof(t) - 1}
#define UNKNOWN    {.state = FACT_UNKNOWN}

static void test_facts(void)
{
	static const struct fact ldap[FACTS_MAX] = {[FACT_OP] = NUMBER(3), [FACT_MESSAGE_ID] = NUMBER(7), [FACT_NAME] = TEXT("dc=a\x1b"), [FACT_FILTER_DEPTH] = NUMBER(2),
						    [FACT_FILTER_ATTRIBUTE] = UNKNOWN};
	static const struct fact answer[FACTS_MAX] = {[FACT_IDENTITY] = NUMBER(1), [FACT_RESULT] = NUMBER(49), [FACT_ANSWER] = NUMBER(11)};
	static const struct fact old[FACTS_MAX] = {[SMB_FACT_DIALECT] = NUMBER(SMB_DIALECT_NT1), [SMB_FACT_OP] = NUMBER(SMB_OP_TRANS2), [SMB_FACT_CODE] = NUMBER(14)};
	static const struct fact rename[FACTS_MAX] = {[SMB_FACT_OP] = NUMBER(SMB_OP_RENAME), [SMB_FACT_PATH] = TEXT("a"), [SMB_FACT_NEW_PATH] = TEXT("b"),
						      [SMB_FACT_STATUS] = NUMBER(0xc0000022)};
	static const struct fact inner[FACTS_MAX] = {[SMB_FACT_AUTH + AUTH_FACT_REALM] = TEXT("A.B"), [SMB_FACT_AUTH + AUTH_FACT_SERVICE] = TEXT("cifs/x"),
						     [SMB_FACT_RPC + RPC_FACT_UUID] = TEXT("u"), [SMB_FACT_RPC + RPC_FACT_OPNUM] = NUMBER(70000)};

	facts_say(PROTO_LDAP, ldap, ",\"ldap\":{\"request\":{\"operation\":\"search_request\",\"message_id\":7,\"name\":\"dc=a\\\\x1b\",\"filter_depth\":2,\"filter_attribute\":null}}}", "an LDAP request");
	facts_say(PROTO_CLDAP, ldap, ",\"ldap\":{\"request\":{\"operation\":\"search_request\"", "the same in a datagram");
	facts_say(PROTO_LDAP, answer, ",\"ldap\":{\"identity\":\"proved\",\"response\":{\"answer\":\"bind-response\",\"result\":49}}}", "an LDAP answer");
	facts_say(PROTO_SMB, old, ",\"smb\":{\"dialect\":\"NT LM 0.12\",\"command\":\"SMB1_COMMAND_TRANS2\",\"function\":14}}", "a message of SMB 1");
	facts_say(PROTO_SMB, rename, ",\"smb\":{\"command\":\"RENAME\",\"filename\":\"a\",\"rename\":{\"to\":\"b\"},\"status_code\":\"0xc0000022\"}}", "a renaming");
	facts_say(PROTO_SMB, inner, ",\"smb\":{\"kerberos\":{\"realm\":\"A.B\",\"snames\":[\"cifs/x\"]},\"dcerpc\":{\"interface\":{\"uuid\":\"u\"},\"opnum\":70000}}}", "what SMB carries stands in it");
	facts_say(65535, ldap, "\"stream_offset\":0}}", "facts of a protocol this build does not know are left out");
}

static struct record gate(enum record_gate what, uint64_t a, uint64_t b, uint64_t c, const char *words)
{
	return (struct record){.kind = RECORD_GATE, .gate = (uint8_t)what, .a = a, .b = b, .c = c, .text = text(words),
			       .service = UINT32_MAX, .policy_rev = policy.revision};
}

static void test_gate(void)
{
	struct record r = gate(GATE_WORKER_CRASHED, 11, 4711, 0, "ldap");

	gate_says(gate(GATE_STARTED, 0, 0, 0, "2 listeners"), "started: the gate started: 2 listeners", "started");
	gate_says(gate(GATE_STOPPED, 0, 0, 0, ""), "stopped: the gate stopped", "stopped");
	r.client = at("10.1.2.3", 5);
	r.service = 0;
	gate_says(r, "worker-crashed: the worker of ldap (process 4711) was ended by signal 11; it was at a message of 10.1.2.3:5 to s",
		  "worker-crashed");
	gate_says(gate(GATE_WORKER_CRASHED, 3, 1, 1, "ldap"), "worker-crashed: the worker of ldap (process 1) ended with exit code 3",
		  "worker-crashed");
	gate_says(gate(GATE_WORKER_HUNG, 0, 1, 0, "ldap"), "worker-hung: the worker of ldap (process 1) hung and was ended", "worker-hung");
	gate_says(gate(GATE_WORKER_BACK, 90000, 0, 0, "ldap"), "worker-back: the worker of ldap is back after 1 min 30 s", "worker-back");
	gate_says(gate(GATE_SCRIBE_BACK, 1, 0, 0, ""),
		  "scribe-back: the writer of events was started again, 1 time so far; events in between are lost", "scribe-back");
	r = gate(GATE_SERVER_DOWN, 111, 12, 0, "");
	r.server = at("2001:db8::9", 389);
	gate_says(r, "server-down: [2001:db8::9]:389 could not be reached: Connection refused after 12 ms", "server-down");
	r.gate = GATE_SERVER_BACK;
	r.a = UINT64_MAX;
	gate_says(r, "server-back: [2001:db8::9]:389 answers again after 213503982 d 8 h", "server-back");
	r = gate(GATE_FULL, 12, 0, 0, "");
	r.why = R_LIMIT_MEMORY;
	gate_says(r, "full: the memory set aside for flows is used up: 12 connections turned away", "full");
	r = gate(GATE_PORT_OPENED, 49152, 0, 0, "netlogon");
	r.client = ip("10.1.2.3");
	r.server = ip("10.9.0.10");
	gate_says(r, "port-opened: opened port 49152 of 10.9.0.10 for netlogon, asked for by 10.1.2.3", "port-opened");
	r = gate(GATE_PORT_CLOSED, 49152, 1, 0, "");
	r.server = ip("10.9.0.10");
	gate_says(r, "port-closed: closed port 49152 of 10.9.0.10, as nobody asked for it or used it any more: 1 connection", "port-closed");
	r.c = 1;
	gate_says(r, "port-closed: closed port 49152 of 10.9.0.10, as another port needed its place: 1 connection", "port-closed");
	gate_says(gate(GATE_LOST, 1, 2, 3, ""), "lost: events found no room and are lost: 1 flow, 2 refusals, 3 others", "lost");
	gate_says(gate(GATE_LIAR, 3, 0, 0, "no record"), "liar: the sender of events of group 3 broke the rules and is no longer heard: no record",
		  "liar");
	gate_says(gate(GATE_UNWRITTEN, 1, 28, 0, "the events file"),
		  "unwritten: 1 line could not be written to the events file: No space left on device", "unwritten");
	gate_says(gate(GATE_UNWRITTEN, 2, UINT64_MAX, 0, "x"), "unwritten: 2 lines could not be written to x: error 18446744073709551615", "unwritten");
}

static bool harmless(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/* Whatever a sender writes into texts and numbers, a line is one line and JSON is JSON. */
static void test_hostile(void)
{
	static char evil[RECORD_PATH_MAX];
	bool        ok = true;

	for (size_t i = 0; i < sizeof(evil); i++)
		evil[i] = "\n\033]0;x\a\0\xe2\x80\xae\xff\"\\%s{"[i % 18];
	for (int kind = 0; kind < RECORD_KINDS; kind++) {
		for (uint8_t gate = 0; gate < RECORD_GATES; gate++) {
			struct record r = make((enum record_kind)kind);
			json_t       *e;

			r.gate = gate;
			r.path = (struct record_text){evil, RECORD_PATH_MAX};
			r.detail = r.policy = r.rule = r.text = (struct record_text){evil, RECORD_TEXT_MAX};
			r.why = gate & 1 ? UINT16_MAX : R_POLICY_DENIED;
			r.proto = r.rule_number = UINT16_MAX;
			r.service = UINT32_MAX - 1;
			r.a = r.b = r.c = r.ts_us = r.began_us = r.unit_len = r.got = r.bytes[0] = UINT64_MAX;
			r.client.family = gate & 2 ? 6 : 4;
			r.server.family = gate & 4 ? 6 : 0;
			r.listener.family = gate & 8 ? 6 : 0;
			ok = ok && harmless(line_of(&r)) && !strstr(line_of(&r), "\xe2\x80\xae");
			e = json_of(&r);
			ok = ok && e && json_string_value(member(e, NULL, "event_type"));
			json_decref(e);
		}
	}
	tap_ok(ok, "hostile texts and numbers give whole and harmless lines");
}

static void test_time(void)
{
	char          buffer[32];
	struct str    s = str_over(buffer, sizeof(buffer));
	struct record r = make(RECORD_FLOW);

	render_time(&r, &s);
	tap_text(buffer, "2026-11-20 09:49:00 ", "the time before a line");
}

int main(void)
{
	struct policy_build *b = compile_rules("pass");
	const char          *error = NULL;
	size_t               n;
	const void          *blob = policy_build_blob(b, &n);

	note_diags(b);
	if (!tap_ok(blob && policy_open(&policy, blob, n, NULL, &error), "a policy without recognisers"))
		return tap_done();
	test_flow_lines();
	test_flow_json();
	test_refusal();
	test_denied();
	test_rule();
	test_repeated();
	test_facts();
	test_gate();
	test_hostile();
	test_time();
	policy_build_free(&b);
	return tap_done();
}
