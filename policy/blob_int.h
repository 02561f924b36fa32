/* The blob's layout: sections of fixed-size entries, little-endian, read byte by byte. */
#ifndef SALLYPORT_POLICY_BLOB_INT_H
#define SALLYPORT_POLICY_BLOB_INT_H

#include "base/hash.h"
#include "policy/policy.h"

/*
 * Header: magic (8), version u32, size u32, hash u64 of all that follows, then {offset u32, count u32} of each
 * section. Sections stand in this order, each aligned to 8, nothing between them but zeros, nothing behind.
 */
enum section {
	S_STRINGS = 0, /* bytes */
	S_NUMBERS, /* u64: sets of numbers, ascending */
	S_LIMITS, /* u64: whole arrays of limits */
	S_REGISTRY, /* the recognisers the blob was made for */
	S_SETS, /* addresses: ranges of v4, ranges of v6 */
	S_V4, /* lo u32, hi u32, ascending, disjoint */
	S_V6, /* lo, hi */
	S_ADDRESSES,
	S_TEXTS, /* a run of S_STRINGS */
	S_HOSTS,
	S_SERVICE_HOSTS, /* u32 */
	S_SERVICES,
	S_LISTENERS,
	S_PROGRAMS, /* a policy for one protocol */
	S_RULES,
	S_CODE,
	S_TOLERATED,
	S_WATCHED,
	S_SOURCES, /* u32: sets that choose among arrays of limits */
};

enum {
	BLOB_VERSION = 1,
	BLOB_HASHED_FROM = 24,
	BLOB_HEADER = BLOB_HASHED_FROM + POLICY_SECTIONS * 8,
	BLOB_ALIGN = 8,
};

#define BLOB_MAGIC "SALLYPOL"

/* Bytes of one entry. */
extern const uint8_t blob_entry_size[POLICY_SECTIONS];

/* Offsets within entries. */
enum registry_field { REG_ID = 0, REG_LIMITS = 2, REG_FACTS = 3, REG_TOLERANCES = 4, REG_DATAGRAM = 5, REG_PRINT = 8, REG_NAME = 16 };
enum set_field { SET_V4 = 0, SET_V4_COUNT = 4, SET_V6 = 8, SET_V6_COUNT = 12 };
enum address_field { ADDR_FAMILY = 0, ADDR_IP = 4 };
enum host_field { HOST_NAME = 0, HOST_OS = 8, HOST_ADDR = 16, HOST_ADDR_COUNT = 20, HOST_NAMES = 24, HOST_NAMES_COUNT = 28 };
enum service_field {
	SVC_NAME = 0,
	SVC_POLICY = 8,
	SVC_HOSTS = 16,
	SVC_HOST_COUNT = 20,
	SVC_PROGRAMS = 24,
	SVC_PROGRAM_COUNT = 28,
	SVC_TO_PORT = 32,
	SVC_SETTINGS = 40,
};
enum listener_field { LST_SERVICE = 0, LST_PROGRAM = 4, LST_PORT = 8, LST_FAMILY = 10, LST_TRANSPORT = 11, LST_PROTO = 12, LST_IP = 16 };
enum program_field {
	PRG_POLICY = 0,
	PRG_REGISTRY = 8,
	PRG_RULES = 12,
	PRG_RULE_COUNT = 16,
	PRG_LIMITS = 20,
	PRG_SOURCES = 24,
	PRG_SOURCE_COUNT = 28,
	PRG_TOLERATED = 32,
	PRG_TOLERATED_COUNT = 36,
	PRG_WATCHED = 40,
	PRG_WATCHED_COUNT = 44,
};
enum rule_field {
	RULE_KIND = 0,
	RULE_FLAGS = 1,
	RULE_REASON = 2,
	RULE_FROM = 4,
	RULE_TO = 8,
	RULE_UNTIL = 12,
	RULE_ID = 16,
	RULE_CODE = 24,
	RULE_CODE_COUNT = 28,
	RULE_WANTED = 32,
	RULE_NUMBER = 36,
};
enum rule_flag { RULE_LOG = 1, RULE_WATCH = 2 };
enum code_field { CODE_OP = 0, CODE_FACT = 1, CODE_FLAGS = 2, CODE_A = 4, CODE_B = 8 };
enum code_flag { CODE_NOCASE = 1, CODE_NEGATE = 2 };
/* Tolerated and watched entries: who, until when, what. */
enum grant_field { GRANT_SET = 0, GRANT_UNTIL = 4, GRANT_WHAT = 8 };

enum code_op {
	OP_AND = 0,
	OP_OR,
	OP_NOT,
	OP_UNKNOWN, /* a fact this protocol does not have */
	OP_EQUAL, /* numbers: b */
	OP_NOT_EQUAL,
	OP_LESS,
	OP_AT_MOST,
	OP_MORE,
	OP_AT_LEAST,
	OP_MASK, /* numbers below 64: bits of b */
	OP_NUMBERS, /* a = first of S_NUMBERS, b = how many */
	OP_TEXT, /* a = index of S_TEXTS */
	OP_PREFIX,
	OP_SUFFIX,
	OP_GLOB,
	OP_TEXTS, /* a = first of S_TEXTS, b = how many */
	OPS,
};

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* An entry of a section whose index has been proved. UNSAFE: policy_open proved section and count; callers keep i below it. */
static inline const uint8_t *blob_at(const struct policy *policy, enum section section, uint32_t i)
{
	return policy->bytes + policy->at[section] + (size_t)i * blob_entry_size[section];
}

static inline struct policy_text blob_text(const struct policy *policy, const uint8_t *ref)
{
	/* UNSAFE: policy_open proved that the run lies in S_STRINGS. */
	const void *text = policy->bytes + policy->at[S_STRINGS] + get32(ref);

	return (struct policy_text){.text = text, .len = get32(ref + 4)};
}

/* What makes two builds' recognisers the same to a policy: names, kinds, words and bounds in their order. */
uint64_t recogniser_print(const struct recogniser *r);
/* The checksum and revision of a blob: against accidents, not against liars (those meet the proof). */
uint64_t blob_hash(const uint8_t *bytes, size_t n);

#endif
