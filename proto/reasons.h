/* Reasons as data: every refusal Sallyport knows, its class, clause and flaws. */
#ifndef SALLYPORT_PROTO_REASONS_H
#define SALLYPORT_PROTO_REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault;

/* What kind of wrong. The class decides what a policy may do about it. */
enum reason_class {
	CLASS_UNSAFE = 0, /* would break memory or state of a server somewhere: never tolerated, not watchable by default */
	CLASS_DOCUMENT, /* breaks the specification; some are tolerable by name */
	CLASS_LIMIT, /* lawful but larger than this site allows */
	CLASS_STATE, /* not now, not from there */
	CLASS_POLICY, /* a rule said no */
	CLASS_OPAQUE, /* cannot be seen; policy must allow it by name */
	CLASS_UNSUPPORTED, /* lawful, and not built yet */
};

/* What a shield must be able to see for the reason to fire. */
enum reason_needs { NEEDS_FRAME = 0, NEEDS_OPERATION, NEEDS_ARGUMENTS };

/* How the reason is shown: RANGE = smallest and largest lawful and limit + 1; RULE = two lawful neighbours and one refused. */
enum reason_shown { SHOWN_RANGE = 0, SHOWN_RULE, SHOWN_SCENARIO };

struct reason {
	uint16_t    number; /* append-only, never reused */
	const char *id; /* "ldap.filter.depth": in events, policies, metrics */
	const char *protocol;
	uint8_t     class;
	uint8_t     needs;
	uint8_t     shown;
	const char *clause; /* where the rule stands; "" for our own limits */
	const char *sentence; /* for people; {got} and {expected} are filled in */
	const char *flaws; /* CVE and bulletin ids it stands for, separated by blanks */
};

enum {
	R_NONE = 0,
#define R(num, name, id, proto, class, needs, shown, clause, sentence, flaws) R_##name = num,
#include "proto/reasons.def"
#undef R
};

/* The table row of a reason number; never NULL (unknown numbers get a row that says so). */
const struct reason *reason_of(uint16_t number);
/* The row with this id, or NULL. */
const struct reason *reason_by_id(const char *id);
/* All rows in ascending number. */
const struct reason *reasons_all(size_t *count);
/* The reason is this protocol's own, or one of those it `reads` inside (struct recogniser). */
bool                 reason_is_of(const struct reason *reason, const char *protocol, const char *reads);
const char          *reason_class_name(uint8_t class);
const char          *reason_needs_name(uint8_t needs);
/* The sentence with the fault's numbers in it, always terminated; returns its length. */
size_t reason_sentence(const struct fault *fault, char *out, size_t size);

/* A flaw Sallyport was asked to shield, and what is true of it whatever is built. */
struct flaw {
	const char *id; /* "CAN-2003-0663" */
	const char *bulletin; /* "MS04-011" */
	const char *title;
	const char *carriers; /* protocols whose recognisers can see it, by name; "" = no network path */
	const char *host_only; /* why a gateway cannot help; "" when one can */
};

/* Founding flaws first, in the order of their bulletins. */
const struct flaw *flaws_all(size_t *count);

#endif
