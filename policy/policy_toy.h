/* Toy recognisers for the tests and fuzzers of policies: facts of every kind and scope, limits with each unit, tolerances. They recognise nothing. */
#ifndef SALLYPORT_POLICY_POLICY_TOY_H
#define SALLYPORT_POLICY_POLICY_TOY_H

#include "proto/protocols.h"
#include "proto/reasons.h"

enum toy_fact { TOY_OP = 0, TOY_DEPTH, TOY_NAME, TOY_SEALED, TOY_ANSWER_CODE, TOY_SIZE };

static const char *const toy_ops[] = {"none", "bind", "unbind", "search", "modify", "add", "delete", NULL};
static const char *const toy_yes[] = {"no", "yes", NULL};

static const struct fact_def toy_facts[] = {
	{"toy.op", FACT_OF_REQUEST, false, toy_ops},
	{"toy.depth", FACT_OF_REQUEST, false, NULL},
	{"toy.name", FACT_OF_REQUEST, true, NULL},
	{"toy.sealed", FACT_OF_FLOW, false, toy_yes},
	{"toy.answer.code", FACT_OF_ANSWER, false, NULL},
	{"toy.size", FACT_OF_REQUEST, false, NULL},
};

static const struct limit_def toy_limits[] = {
	{"toy.depth", "levels", 16, 1, 64, "a toy's server stops at 70"},
	{"toy.size", "bytes", 65536, 256, 1048576, "a toy's server stops at 2 MiB"},
	{"toy.pace", "ms", 5000, 100, 60000, "a toy's patience"},
};

static const struct tolerance_def toy_tolerances[] = {
	{"toy.long-length", "Toy 1.0", "CAN-2003-0663 MS04-011"},
	{"toy.boolean", "Toy 2.0", ""},
};

static struct step toy_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return step_unit(in->len, 0);
}

static void toy_commit(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
}

static bool toy_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return false;
}

#define TOY(sym, text, number, dgram, nfacts, nlimits, ntol) \
	static const struct recogniser sym = {.name = (text), .id = (number), .short_why = R_STATE_TRUNCATED, .datagram = (dgram), \
		.facts = (nfacts), .limits = (nlimits), .tolerances = (ntol), .fact = toy_facts, .limit = toy_limits, \
		.tolerance = toy_tolerances, .next = toy_next, .commit = toy_commit, .deny = toy_deny}

TOY(toy, "toy", PROTO_TOYS, false, 6, 3, 2);
TOY(toy_dgram, "ctoy", PROTO_TOYS + 1, true, 3, 2, 1);

static const struct fact_def web_facts[] = {{"web.method", FACT_OF_REQUEST, true, NULL}};
static const struct limit_def web_limits[] = {{"web.head", "bytes", 8192, 1024, 65536, "a web server's own"}};
static const struct recogniser toy_web = {.name = "web", .id = PROTO_TOYS + 2, .short_why = R_STATE_TRUNCATED, .facts = 1, .limits = 1,
					  .fact = web_facts, .limit = web_limits, .next = toy_next, .commit = toy_commit, .deny = toy_deny};

/* The same names with other meanings. */
static const char *const alt_ops[] = {"none", "search", "bind", NULL};
static const struct fact_def alt_facts[] = {{"toy.op", FACT_OF_REQUEST, false, alt_ops}, {"toy.depth", FACT_OF_REQUEST, false, NULL}};
static const struct limit_def alt_limits[] = {
	{"toy.depth", "levels", 4, 1, 8, "a smaller toy's server"},
	{"toy.size", "pieces", 4, 1, 1048576, "a smaller toy's server"},
};
static const struct tolerance_def alt_tolerances[] = {{"toy.boolean", "Toy 3.0", "CAN-2004-0123"}};
static const struct recogniser toy_alt = {.name = "alt", .id = PROTO_TOYS + 3, .short_why = R_STATE_TRUNCATED, .facts = 2, .limits = 2,
					  .tolerances = 1, .fact = alt_facts, .limit = alt_limits, .tolerance = alt_tolerances,
					  .next = toy_next, .commit = toy_commit, .deny = toy_deny};

static const struct recogniser *const toy_registry[] = {&toy, &toy_dgram, &toy_web, &toy_alt, NULL};

#endif
