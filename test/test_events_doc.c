/* The examples of doc/events.md are what the renderer writes, line by line. */
#include <stdlib.h>
#include <string.h>

#include "event/render.h"
#include "proto/smbcore/smbcore.h"
#include "test/policy_help.h"

/* The revision changes with the compiler; the manual's does not. */
static const char *const revision = "6fc4b497eb1309b8";

static struct policy policy;
static char          manual[65536];

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

static void stands(const char *line, const char *name)
{
	size_t      n = strlen(line);
	const char *found = strstr(manual, line);

	if (!tap_ok(found && (found == manual || found[-1] == '\n') && found[n] == '\n', "%s", name))
		tap_note("%s", line);
}

static void example(const struct record *r, const char *name)
{
	const struct render     render = {.policy = &policy, .protocols = protocols};
	const struct line_style plain = {.colour = false};
	static char             buffer[EVE_LINE_MAX];
	struct str              line = str_over(buffer, sizeof(buffer));
	json_t                 *e = render_json(&render, r);
	size_t                  n;

	render_time(r, &line);
	render_line(&render, r, &plain, &line);
	stands(buffer, name);
	json_object_set_new(json_object_get(e, "sallyport"), "policy_rev", json_string(revision));
	n = eve_line(e, buffer);
	buffer[n ? n - 1 : 0] = '\0';
	stands(buffer, name);
}

static struct record make(enum record_kind kind)
{
	return (struct record){.kind = kind, .ts_us = 1795168140123456, .flow_id = 4711, .policy_rev = policy.revision, .proto = PROTO_LDAP,
			       .ip_protocol = 6, .client = at("10.1.2.3", 56598), .listener = at("10.9.0.1", 389),
			       .server = at("10.9.0.10", 389)};
}

static void examples_of_flows(void)
{
	struct record r = make(RECORD_FLOW);

	r.began_us = r.ts_us - 1234567;
	r.bytes[0] = 900;
	r.bytes[1] = r.forwarded[1] = 4000;
	r.forwarded[0] = 640;
	r.units[0] = 14;
	r.units[1] = 20;
	r.refusals = 2;
	example(&r, "a flow");
}

static void examples_of_units(void)
{
	struct record r = make(RECORD_REFUSAL);

	r.why = R_LDAP_HUGE_LENGTH;
	r.has_offset = r.has_numbers = true;
	r.offset = 143;
	r.got = 9;
	r.expected = 4;
	r.stream_offset = 21;
	r.unit_len = 300;
	r.path = text("ldap/search/filter");
	example(&r, "a refusal");
	r.report = REPORT_DENIED;
	r.why = R_POLICY_DENIED;
	r.has_offset = r.has_numbers = false;
	r.path = text("");
	r.detail = text("ldap op modify");
	r.policy = text("directory-use");
	r.rule = text("no-writes");
	r.rule_number = 2;
	example(&r, "a denial");
	r.kind = RECORD_RULE;
	r.report = 0;
	r.passed = true;
	r.watch_until = 20270131;
	r.rule = text("deep-filter");
	r.rule_number = 1;
	r.detail = text("ldap op search");
	example(&r, "a watched rule");
	r.watch_until = r.why = 0;
	r.rule = text("readers");
	r.rule_number = 3;
	example(&r, "a rule with log");
}

/* The facts of an SMB message, as a record has them. */
static void example_of_smb(void)
{
	static uint8_t bytes[FACTS_BYTES_MAX];
	struct record  r = make(RECORD_REFUSAL);
	struct fact    facts[FACTS_MAX] = {0};

	facts[SMB_FACT_DIALECT] = (struct fact){.state = FACT_NUMBER, .number = SMB_DIALECT_311};
	facts[SMB_FACT_OP] = (struct fact){.state = FACT_NUMBER, .number = SMB_OP_CREATE};
	facts[SMB_FACT_SHARE] = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)"ipc$", .len = 4};
	facts[SMB_FACT_TREE] = (struct fact){.state = FACT_NUMBER, .number = SMB_KIND_PIPE};
	facts[SMB_FACT_PIPE] = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)"spoolss", .len = 7};
	facts[SMB_FACT_ACCESS] = (struct fact){.state = FACT_NUMBER, .number = SMB_ACCESS_WRITE};
	facts[SMB_FACT_AUTH + AUTH_FACT_USER] = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)"anna", .len = 4};
	facts[SMB_FACT_AUTH + AUTH_FACT_DOMAIN] = (struct fact){.state = FACT_TEXT, .text = (const uint8_t *)"OFFICE", .len = 6};
	r.facts = (struct record_text){(const char *)bytes, (uint16_t)facts_write(facts, SMB_FACTS, bytes)};
	r.proto = PROTO_SMB;
	r.server.port = r.listener.port = 445;
	r.report = REPORT_DENIED;
	r.why = R_POLICY_DENIED;
	r.stream_offset = 1021;
	r.unit_len = 148;
	r.detail = text("smb op create, pipe spoolss");
	r.policy = text("file-use");
	r.rule = text("no-spoolss");
	r.rule_number = 2;
	example(&r, "a denied SMB message");
}

static void example_of_a_port(void)
{
	struct record r = make(RECORD_GATE);

	r.gate = GATE_PORT_OPENED;
	r.a = r.listener.port = r.server.port = 49152;
	r.proto = PROTO_DCERPC;
	r.text = text("netlogon");
	for (size_t i = 0; protocols[i]; i++)
		if (protocols[i]->id == PROTO_DCERPC) {
			example(&r, "an announced port");
			return;
		}
	tap_skip("an announced port: this build has no RPC");
}

static void examples_of_the_gate(void)
{
	struct record r = make(RECORD_REPEATED);

	r.why = R_LDAP_HUGE_LENGTH;
	r.count = 1034;
	r.window_ms = 10000;
	example(&r, "a summary");
	r = make(RECORD_GATE);
	r.gate = GATE_WORKER_CRASHED;
	r.a = 11;
	r.b = 3141;
	r.text = text("ldap");
	example(&r, "a word of the gate");
}

int main(void)
{
	struct text_of       one[] = {{"t", "host dc1 { address 10.9.0.10 }\n"
					    "service directory { listen 0.0.0.0:389 tcp\n to dc1\n protocol ldap\n policy directory-use }\n"
					    "policy directory-use { pass }\n"}, {NULL, NULL}};
	struct policy_files  files = {.user = one, .read = text_read, .list = text_list};
	struct policy_world  world = {.registry = protocols, .today = TODAY};
	struct policy_build *b = policy_build(&files, "t", &world);
	FILE                *file = fopen("doc/events.md", "r");
	const char          *error = NULL;
	size_t               n = 0;
	const void          *blob = policy_build_blob(b, &n);

	if (!tap_ok(file && blob && policy_open(&policy, blob, n, NULL, &error), "doc/events.md is there, and a policy"))
		return tap_done();
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	examples_of_flows();
	examples_of_units();
	examples_of_the_gate();
	example_of_smb();
	example_of_a_port();
	policy_build_free(&b);
	return tap_done();
}
