/* A compiled policy: proving a blob, reading its listeners, and judging units by it. */
#ifndef SALLYPORT_POLICY_POLICY_H
#define SALLYPORT_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/driver.h"

/*
 * A blob is one position-independent run of bytes (doc/policy.md, "The blob"). policy_open proves every
 * offset, count, index and stack depth of it against the recognisers of this build; after that nothing
 * here checks again, allocates, or writes to it: map it read-only.
 */

enum {
	POLICY_RULES_MAX = 256, /* per policy */
	POLICY_STACK_MAX = 32, /* values of a condition held at once */
	POLICY_CODE_MAX = 256, /* instructions of a condition */
	POLICY_SOURCES_MAX = 6, /* different `from` of the limits of one policy */
	POLICY_WATCHES_MAX = 64, /* `watch` sentences of one policy */
	POLICY_SERVICES_MAX = 256,
	POLICY_LIST_MAX = 512, /* names or values in one { } */
	POLICY_HOST_MAX = 64, /* addresses of a host, its names, listeners of a service */
	POLICY_WORD_MAX = 255, /* bytes of a word or a string */
	POLICY_COMPARE_MAX = 4096, /* bytes of a text, or texts of a set, that a fact is compared with */
	POLICY_SIZE_MAX = 16 * 1024 * 1024,
	POLICY_SECTIONS = 19,
};

/* An opened blob: a plain value, borrows the bytes. */
struct policy {
	const uint8_t                  *bytes;
	size_t                          size;
	const struct recogniser *const *registry;
	uint32_t                        at[POLICY_SECTIONS]; /* where each section begins */
	uint32_t                        count[POLICY_SECTIONS];
	uint64_t                        revision;
};

/*
 * Prove and open n bytes, aligned to 8. `registry` (NULL-terminated) must be the build's recognisers; NULL
 * leaves only what the keeper needs (listeners, services, hosts) and refuses to judge. On false *error is
 * a static sentence.
 */
bool policy_open(struct policy *policy, const void *bytes, size_t n, const struct recogniser *const *registry, const char **error);

/* Text of the blob: not terminated. */
struct policy_text {
	const char *text;
	uint32_t    len;
};

enum policy_transport { POLICY_TCP = 0, POLICY_UDP };

/* What a service may set for the gate; 0 = not set, the gate's own default holds. */
enum policy_setting {
	SETTING_IDLE_MS = 0, /* a flow in which nothing moves ends */
	SETTING_CONNECT_MS, /* dialling the server */
	SETTING_FIRST_MS, /* until the client's first whole unit */
	SETTING_AGE_MS, /* a flow's whole life */
	SETTING_FLOWS, /* at once */
	SETTING_FLOWS_PER_SOURCE,
	SETTING_HELD_BYTES, /* per flow */
	POLICY_SETTINGS,
};

struct policy_listener {
	struct address        at;
	enum policy_transport transport;
	uint32_t              service;
	uint16_t              proto; /* enum protocol */
};

struct policy_service {
	struct policy_text name, policy;
	uint32_t           hosts, first_host; /* into policy_service_host */
	uint16_t           to_port; /* 0 = the port the client asked for */
	uint64_t           setting[POLICY_SETTINGS];
};

struct policy_host {
	struct policy_text name, os; /* os.len 0 = not said */
	uint32_t           addresses, first_address;
	uint32_t           names, first_name;
};

uint32_t               policy_listeners(const struct policy *policy);
struct policy_listener policy_listener_at(const struct policy *policy, uint32_t i);
uint32_t               policy_services(const struct policy *policy);
struct policy_service  policy_service_at(const struct policy *policy, uint32_t i);
/* UINT32_MAX when there is none. */
uint32_t               policy_service_by_name(const struct policy *policy, const char *name);
/* The k-th host of a service, in the order of failover. */
struct policy_host     policy_service_host(const struct policy *policy, const struct policy_service *service, uint32_t k);
struct address         policy_host_address(const struct policy *policy, const struct policy_host *host, uint32_t k);
struct policy_text     policy_host_name(const struct policy *policy, const struct policy_host *host, uint32_t k);

/* What is known of a flow when it is accepted. */
struct policy_arrival {
	uint32_t       service;
	uint16_t       proto; /* what is spoken: the listener's at first */
	uint16_t       port; /* the listener's */
	uint8_t        transport; /* enum policy_transport */
	struct address source;
	struct address target; /* where the flow goes, when that is known; family 0: one of the service's hosts */
	uint32_t       today; /* 20270131; what has expired by then falls back to block */
};

/* One flow's share of its policy: a plain value, embedded by the caller; about 150 bytes. */
struct policy_flow {
	const struct policy *policy;
	struct profile       profile; /* policy_flow_profile hands it out */
	uint64_t             rules[POLICY_RULES_MAX / 64]; /* the rules this flow can still meet */
	uint64_t             watches; /* the `watch` sentences that hold for it */
	uint32_t             program, first_rule;
	uint16_t             words; /* of `rules` that have any bit */
	struct policy_arrival arrival;
};

/* False: the service has no such protocol; refuse the flow. */
bool policy_flow_begin(struct policy_flow *flow, const struct policy *policy, const struct policy_arrival *arrival);

/*
 * For driver_ops.profile, when the flow opens and after each SWITCH: from then on the flow is judged by its
 * service's policy for `proto`. NULL when the service does not name that protocol: safe defaults then, and
 * conditions about facts are unknown.
 */
const struct profile *policy_flow_profile(struct policy_flow *flow, uint16_t proto);

enum { POLICY_BY_DEFAULT = -1 };

/* What became of one unit. */
struct policy_ruling {
	enum verdict verdict;
	uint16_t     why; /* DENY: policy.denied, or the opaque reason nobody allowed */
	int          rule; /* which rule of the flow's program decided, or POLICY_BY_DEFAULT */
	bool         log;
	bool         watched; /* some watched rule would have blocked it: */
	uint64_t     watched_rules[POLICY_RULES_MAX / 64];
};

/*
 * Judge one unit spoken in `proto` (driver_protocol(flow)->id). Facts the recogniser was not asked for
 * (cx->wanted), and every fact when another protocol speaks than the service names, are unknown.
 */
void policy_judge(const struct policy_flow *flow, uint16_t proto, const struct step *step, const struct cx *cx,
		  struct policy_ruling *out);
/* May this refusal be watched instead of blocked? Never for `unsafe` reasons. */
bool policy_refusal(const struct policy_flow *flow, uint16_t reason);

/* A rule of a flow's program, for events. */
struct policy_rule {
	struct policy_text id; /* as written; len 0 = none */
	struct policy_text policy;
	uint16_t           number; /* which rule of its policy, from 1 */
	uint32_t           until; /* its watch ends; 0 = not watched */
	uint8_t            kind; /* enum policy_kind */
};

enum policy_kind { POLICY_BLOCK = 0, POLICY_PASS, POLICY_ALLOW };

struct policy_rule policy_rule_at(const struct policy_flow *flow, int rule);

/* Kleene's three values; the order makes `and` the lesser and `or` the greater. */
enum policy_truth { TRUTH_FALSE = 0, TRUTH_UNKNOWN, TRUTH_TRUE };

/* For `explain`: a rule's condition as a whole, and its k-th comparison. */
enum policy_truth policy_condition(const struct policy_flow *flow, int rule, uint16_t proto, const struct cx *cx);
enum policy_truth policy_comparison(const struct policy_flow *flow, int rule, unsigned k, uint16_t proto, const struct cx *cx);

#endif
