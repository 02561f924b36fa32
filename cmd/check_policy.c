/* `check` with a policy: which service a captured flow goes to, and what that service's policy says of each message. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/day.h"
#include "cmd/check.h"
#include "cmd/cmd.h"
#include "cmd/policy_file.h"
#include "event/describe.h"
#include "event/render.h"
#include "policy/policy.h"

/* The deeds of one rule; more rules than these are counted without their names. */
enum { DEEDS_MAX = 256, TEXT_SIZE = 4 * POLICY_WORD_MAX + 32, ABOUT_MAX = 1024 };

struct deed {
	struct policy_rule rule;
	uint64_t           denied, watched;
};

struct check_policy {
	const char          *path;
	struct policy_build *build;
	struct policy        policy;
	uint32_t             only; /* the service that every flow of its protocols goes to, or UINT32_MAX */
	uint32_t             today;
	struct policy_ruling ruling; /* of the unit in hand */
	uint64_t             flows, strangers; /* of a service; of none, and read by the defaults */
	uint64_t             denied, watched;
	struct deed          deed[DEEDS_MAX];
	size_t               deeds;
};

/* A flow's place in the policy. */
struct judged {
	struct policy_flow flow;
	bool               blocked; /* the gate would have ended it: content that it may not let pass unseen */
};

/* ---- Which policy ---- */

bool policy_use(struct check *check, const char *path, const char *service)
{
	struct check_policy *p = calloc(1, sizeof(*p));
	size_t               n;
	const uint8_t       *blob;
	const char          *why = "";

	check->policy = p;
	if (!p) {
		complain("there is not enough memory for the policy");
		return false;
	}
	p->path = path;
	p->only = UINT32_MAX;
	p->today = day_of((uint64_t)time(NULL));
	p->build = policy_file_build(path, p->today);
	if (!p->build)
		return false;
	blob = policy_build_blob(p->build, &n);
	if (!blob) {
		policy_diags_print(p->build, stderr);
		return false;
	}
	if (!policy_open(&p->policy, blob, n, protocols, &why)) {
		complain("%s: %s", path, why);
		return false;
	}
	p->only = service ? policy_service_by_name(&p->policy, service) : UINT32_MAX;
	if (service && p->only == UINT32_MAX)
		complain("%s has no service \"%.100s\"", path, service);
	return !service || p->only != UINT32_MAX;
}

void policy_leave(struct check *check)
{
	if (check->policy)
		policy_build_free(&check->policy->build);
	free(check->policy);
	check->policy = NULL;
}

/* ---- Which service ---- */

static bool same_ip(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, a->family == 4 ? 4 : 16) == 0;
}

/* One of the service's hosts is there. */
static bool has_host(const struct policy *policy, uint32_t service, const struct address *at)
{
	struct policy_service said = policy_service_at(policy, service);

	for (uint32_t h = 0; h < said.hosts; h++) {
		struct policy_host host = policy_service_host(policy, &said, h);

		for (uint32_t k = 0; k < host.addresses; k++) {
			struct address one = policy_host_address(policy, &host, k);

			if (same_ip(&one, at))
				return true;
		}
	}
	return false;
}

/*
 * How well the listener fits a flow to `server`, which was captured before its server or before the gate: 3, its service goes to that
 * host and port; 2, it is that listener; 1, --service says so, or it is a port that a host's endpoint mapper may have announced; 0.
 */
static int fits(const struct check_policy *p, const struct policy_listener *l, const struct address *server, uint16_t guessed)
{
	struct policy_service said = policy_service_at(&p->policy, l->service);
	bool                  host = has_host(&p->policy, l->service, server);

	if (p->only != UINT32_MAX && l->service != p->only)
		return 0;
	if (host && server->port == (said.to_port ? said.to_port : l->at.port))
		return 3;
	if (same_ip(&l->at, server) && l->at.port == server->port)
		return 2;
	if (l->proto != guessed)
		return 0;
	return p->only != UINT32_MAX || (host && (guessed == PROTO_DCERPC || guessed == PROTO_DCERPC_CL));
}

bool policy_finds(struct check *check, const struct address *client, const struct address *server, bool udp, uint16_t guessed, struct policy_arrival *out)
{
	struct check_policy *p = check->policy;
	int                  best = 0;

	for (uint32_t i = 0; p && i < policy_listeners(&p->policy); i++) {
		struct policy_listener l = policy_listener_at(&p->policy, i);
		int                    fit = l.transport == (udp ? POLICY_UDP : POLICY_TCP) ? fits(p, &l, server, guessed) : 0;

		if (fit <= best)
			continue;
		best = fit;
		*out = (struct policy_arrival){.service = l.service, .proto = l.proto, .port = l.at.port, .transport = (uint8_t)l.transport,
					       .source = *client, .today = p->today};
		if (has_host(&p->policy, l.service, server))
			out->target = *server;
	}
	return best > 0;
}

/* ---- One flow ---- */

bool policy_flow_take(struct check_flow *f, const struct policy_arrival *arrival)
{
	struct check_policy *p = f->check->policy;

	f->judged = slots_take(&f->check->slots, sizeof(*f->judged));
	if (!f->judged)
		return false;
	*f->judged = (struct judged){0};
	if (policy_flow_begin(&f->judged->flow, &p->policy, arrival))
		return true;
	policy_flow_give(f);
	return false;
}

void policy_flow_give(struct check_flow *f)
{
	void *gone = f->judged;

	f->judged = NULL;
	if (gone)
		slots_give(&f->check->slots, &gone, sizeof(*f->judged));
}

void policy_flow_count(struct check *check, const struct check_flow *f)
{
	if (!check->policy)
		return;
	check->policy->flows += f->judged != NULL;
	check->policy->strangers += f->judged == NULL;
}

const struct profile *policy_flow_reads(struct check_flow *f, uint16_t proto)
{
	const struct profile *profile = f->judged ? policy_flow_profile(&f->judged->flow, proto) : NULL;

	if (profile)
		f->judged->flow.profile.wanted |= f->check->options.units ? UINT32_MAX : unit_operation(driver_find(&f->check->env, proto));
	return profile;
}

bool policy_flow_watches(const struct check_flow *f, uint16_t why)
{
	return f->judged && policy_refusal(&f->judged->flow, why);
}

/* ---- What it says of a message ---- */

static void escaped(const char *bytes, size_t n, char *out, size_t size)
{
	struct str s = str_over(out, size);

	text_escape(&s, (const uint8_t *)bytes, n, n);
}

static void note_deed(struct check_policy *p, const struct policy_rule *rule, bool watched)
{
	struct deed *d = p->deed;

	while (d < p->deed + p->deeds && !(d->rule.policy.text == rule->policy.text && d->rule.number == rule->number))
		d++;
	p->denied += !watched;
	p->watched += watched;
	if (d == p->deed + DEEDS_MAX)
		return;
	if (d == p->deed + p->deeds) {
		*d = (struct deed){.rule = *rule};
		p->deeds++;
	}
	d->denied += !watched;
	d->watched += watched;
}

/* One rule's no: shown as the gate would have told it. */
static void tell(struct check_flow *f, enum side from, int number, bool watched, const char *about)
{
	struct check_policy *p = f->check->policy;
	struct judged       *j = f->judged;
	struct policy_rule   rule = policy_rule_at(&j->flow, number);
	const struct reason *reason = reason_of(watched ? R_POLICY_DENIED : p->ruling.why);
	char                 policy[TEXT_SIZE], id[TEXT_SIZE], name[16], sentence[4 * TEXT_SIZE], service[TEXT_SIZE];
	struct str           s = str_over(sentence, sizeof(sentence));
	struct policy_service said = policy_service_at(&p->policy, j->flow.arrival.service);
	struct refusal       refusal = {.reason = reason, .sentence = sentence, .detail = about, .path = "", .action = "alert",
					.consequence = j->blocked && reason->class == CLASS_OPAQUE, .stream_offset = driver_offset(f->driver, from)};

	escaped(rule.policy.text, rule.policy.len, policy, sizeof(policy));
	escaped(rule.id.text, rule.id.len, id, sizeof(id));
	escaped(said.name.text, said.name.len, service, sizeof(service));
	snprintf(name, sizeof(name), "#%u", rule.number);
	if (reason->class == CLASS_OPAQUE)
		str_fmt(&s, "%s, and ", reason->sentence);
	say_denied(policy, id, rule.number, reason->class == CLASS_OPAQUE ? "that" : "this", &s);
	if (watched)
		str_add(&s, " once it is no longer watched");
	refusal.by = (struct decided){.policy_rev = p->policy.revision, .service = service, .policy = policy, .rule = id[0] ? id : rule.number ? name : "default", .mode = watched ? "watch" : "check",
				      .watch_until = rule.until};
	if (!refusal.consequence)
		note_deed(p, &rule, watched);
	if (!watched)
		count_refusal(f, &refusal, refusal.consequence);
	j->blocked |= reason->class == CLASS_OPAQUE && !watched;
	print_refusal(f, from, &refusal);
}

void policy_unit(struct check_flow *f, enum side from, const struct step *step, const struct cx *cx)
{
	struct policy_ruling *ruling = &f->check->policy->ruling;
	char                  raw[ABOUT_MAX], about[4 * ABOUT_MAX];
	struct str            s = str_over(raw, sizeof(raw));

	policy_judge(&f->judged->flow, f->r->id, step, cx, ruling);
	if (!ruling->watched && ruling->verdict == VERDICT_PASS)
		return;
	unit_describe(f->r, step, cx, &s);
	escaped(raw, s.len, about, sizeof(about));
	for (unsigned w = 0; ruling->watched && w < POLICY_RULES_MAX / 64; w++)
		for (uint64_t bits = ruling->watched_rules[w]; bits; bits &= bits - 1)
			tell(f, from, (int)(w * 64) + __builtin_ctzll(bits), true, about);
	if (ruling->verdict == VERDICT_DENY)
		tell(f, from, ruling->rule, false, about);
}

/* ---- The summary ---- */

static void deed_line(const struct deed *d, uint64_t n, const char *what)
{
	char       buffer[2 * TEXT_SIZE], name[TEXT_SIZE];
	struct str s = str_over(buffer, sizeof(buffer));

	if (!n)
		return;
	escaped(d->rule.policy.text, d->rule.policy.len, name, sizeof(name));
	str_fmt(&s, "  %8llu  %s: policy %s, ", (unsigned long long)n, what, name);
	escaped(d->rule.id.text, d->rule.id.len, name, sizeof(name));
	if (d->rule.id.len)
		str_fmt(&s, "rule \"%s\"", name);
	else if (d->rule.number)
		str_fmt(&s, "rule number %u", d->rule.number);
	else
		str_add(&s, "which no rule allows");
	printf("%s\n", buffer);
}

void policy_summary(const struct check *check)
{
	const struct check_policy *p = check->policy;

	if (!p)
		return;
	printf("policy %s: %llu of %llu flows went to its services", p->path, (unsigned long long)p->flows, (unsigned long long)(p->flows + p->strangers));
	if (p->strangers)
		printf("; the others were read by the defaults");
	if (!p->flows)
		printf(" (--service NAME judges by one whatever the addresses are)");
	printf("\n");
	for (size_t i = 0; i < p->deeds; i++) {
		deed_line(&p->deed[i], p->deed[i].denied, "would be stopped");
		deed_line(&p->deed[i], p->deed[i].watched, "watched, not stopped");
	}
}

json_t *policy_stats(const struct check *check)
{
	const struct check_policy *p = check->policy;
	json_t                    *rules = json_array();

	for (size_t i = 0; i < p->deeds; i++) {
		const struct deed *d = &p->deed[i];

		json_array_append_new(rules, json_pack("{s:o, s:o, s:i, s:I, s:I}", "policy", eve_text((const uint8_t *)d->rule.policy.text, d->rule.policy.len, POLICY_WORD_MAX),
						       "rule", eve_text((const uint8_t *)d->rule.id.text, d->rule.id.len, POLICY_WORD_MAX), "number", (int)d->rule.number,
						       "denied", (json_int_t)d->denied, "watched", (json_int_t)d->watched));
	}
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}", "file", eve_name(p->path), "flows", (json_int_t)p->flows, "flows_of_no_service",
			 (json_int_t)p->strangers, "denied", (json_int_t)p->denied, "watched", (json_int_t)p->watched, "rules", rules);
}
