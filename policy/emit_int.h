/* Sections under construction. */
#ifndef SALLYPORT_POLICY_EMIT_INT_H
#define SALLYPORT_POLICY_EMIT_INT_H

#include "policy/ast_int.h"
#include "policy/blob_int.h"

struct emit {
	struct policy_build *b;
	struct vec           section[POLICY_SECTIONS]; /* of bytes, whole entries */
};

/* One more zeroed entry; its index in *at. The pointer dies with the next one. */
uint8_t *emit_entry(struct emit *e, enum section section, uint32_t *at);
uint32_t emit_count(const struct emit *e, enum section section);
void     put16(uint8_t *p, uint16_t v);
void     put32(uint8_t *p, uint32_t v);
void     put64(uint8_t *p, uint64_t v);
/* A run of S_STRINGS: {offset, length}. */
uint64_t emit_string(struct emit *e, const char *text, size_t n);
uint32_t emit_set(struct emit *e, const struct address_set *set);
/* A condition as code: its first instruction, how many, and which facts it asks for. */
uint32_t emit_condition(struct emit *e, const struct cond *c, const struct recogniser *r, uint32_t *count, uint32_t *wanted);
/* The programs of a policy, one per protocol; *first and *count. */
void emit_programs(struct emit *e, const struct policy_text_ast *policy);

#endif
