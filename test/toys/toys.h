/* Toy recognisers: each a few lines of a made-up protocol, enough to try one corner of the contract. */
#ifndef SALLYPORT_TEST_TOYS_H
#define SALLYPORT_TEST_TOYS_H

#include "proto/protocols.h"
#include "proto/reasons.h"

/*
 * All are text as far as that goes, so that a scenario can be read. A length written as one digit
 * is '0' to '9'. Each file's head has its grammar.
 */

enum toy {
	TOY_LINE = PROTO_TOYS, /* requests and answers */
	TOY_CARRIER, /* RPC in writes of a file */
	TOY_TRANS, /* a transaction in several messages */
	TOY_COMPOUND, /* chained commands with payload */
	TOY_DIR, /* a directory: requests by id, long results */
	TOY_WEB, /* pipelined requests, answers in order */
	TOY_PLAIN, /* asks for another protocol in mid-flow */
	TOY_SEALED, /* nothing to be seen */
	TOY_PROXY, /* names its server */
	TOY_PACE, /* lock-step */
	TOY_CALL, /* announces a second flow */
	TOY_LEG, /* the flow it announces */
	TOY_STREAM, /* a pattern in a body of unknown length */
	TOY_DGRAM, /* one datagram, one unit */
};

/* X(number, NAME, "name a scenario uses") */
#define TOY_REASONS(X) \
	X(60001, SHORT, "toy.short") /* a read past the end of a unit */ \
	X(60002, FRAME, "toy.frame") /* framing is lost */ \
	X(60003, OP, "toy.op") /* no such operation */ \
	X(60004, BODY, "toy.body") /* a bad byte in a body */ \
	X(60005, UNASKED, "toy.unasked") /* an answer to nothing */ \
	X(60006, GLUED, "toy.glued") /* bytes where none may follow yet */ \
	X(60007, PACE, "toy.pace") /* waited too long for its turn */ \
	X(60008, FULL, "toy.full") /* a full table */ \
	X(60009, TWICE, "toy.twice") /* an id in use */ \
	X(60010, PATTERN, "toy.pattern") /* the forbidden word */ \
	X(60011, ORDER, "toy.order") /* not now */ \
	X(60012, LARGE, "toy.large") /* more than may be gathered */

enum toy_reason {
#define X(number, name, text) T_##name = number,
	TOY_REASONS(X)
#undef X
	/* Toys have no rows in reasons.def, so all of the above are of class state. Two borrow a row for its class. */
	T_UNSAFE = 101, /* "toy.unsafe" */
	T_LIMIT = 12, /* "toy.limit" */
};

/* "toy.op", "policy.denied"; "none" for R_NONE. */
const char *toy_reason_name(uint16_t number);
/* R_NONE when there is no such reason. */
uint16_t toy_reason_by_name(const char *name);

extern const struct recogniser toy_line, toy_carrier, toy_trans, toy_compound, toy_dir, toy_web, toy_plain, toy_sealed,
	toy_proxy, toy_pace, toy_call, toy_leg, toy_stream, toy_dgram;

/* All of them, NULL-terminated. */
extern const struct recogniser *const toys[];
const struct recogniser              *toy_by_name(const char *name);

/* An answer of our own, appended. */
void toy_answer(struct cx *cx, const char *text, size_t n);
/* A refusal at an offset of a unit of n bytes (0: framing is lost). */
struct step toy_refuse(struct cx *cx, const struct in *in, uint16_t why, uint32_t at, uint64_t n, const char *field);
/* A numeric fact. */
void toy_fact(struct cx *cx, unsigned which, uint64_t number);
/* '0' to '9', or -1. */
int toy_digit(uint8_t c);

/* What the flows of one call share. */
struct call_group {
	uint8_t open; /* the announced address was accepted */
	uint8_t legs_spoke;
};

/* The RPC inside TOY_CARRIER: be16 total length, operation, arguments. */
struct rpc_unit {
	uint16_t length;
	uint8_t  op;
};

/*
 * Is this a lawful prefix or a whole lawful message? Returns the length of the message, 0 when it is not known yet.
 * A fault is set in `w`'s.
 */
uint16_t rpc_check(struct wire *w, struct rpc_unit *out);

#endif
