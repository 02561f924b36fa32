/* What the parts of the parser share: the current token, complaints, and values with units. */
#ifndef SALLYPORT_POLICY_PARSE_INT_H
#define SALLYPORT_POLICY_PARSE_INT_H

#include "policy/lex_int.h"

struct parser {
	struct policy_build *b;
	struct text_file    *file;
	struct lexer         lx;
	struct token         t; /* the current one */
	struct span          last; /* the one before it */
	unsigned             depth, facts; /* of a condition */
};

void         parser_next(struct parser *p);
struct token parser_peek(struct parser *p);
/* No word of this sentence is left. */
bool parser_at_end(const struct parser *p);
/* Complains about the current token; always false. */
bool parser_fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Complains that the current token is none of these (NULL-terminated), with what was meant; always false. */
bool parser_unknown(struct parser *p, const char *what, const char *const *words);
/* Past the rest of a broken sentence and all its braces. */
void parser_skip(struct parser *p);
bool parser_is(const struct parser *p, const char *word);
/* The current token as a name or a string, and on. */
bool parser_word(struct parser *p, struct word *out, const char *what);
bool parser_string(struct parser *p, struct word *out, const char *what);
/* NAME or { NAME ... }; `what` is one of them in words. */
bool parser_list(struct parser *p, struct words **out, const char *what);
/* The end of a sentence, or a complaint about what follows it. */
bool parser_done(struct parser *p);
/* { sentence ... } with `one` called at the first word of each; *broken when one of them could not be read. */
bool parser_block(struct parser *p, bool (*one)(struct parser *p, void *arg), void *arg, bool *broken);

/* Which of the words (NULL-terminated) this is; -1 = none. */
int word_among(const struct word *word, const char *const *words);

/* Values. False = not one. */
bool value_number(const struct word *word, uint64_t *out);
bool value_size(const struct word *word, uint64_t *out); /* 16KiB */
bool value_duration(const struct word *word, uint64_t *out_ms); /* 500ms 10s 15m 2h 7d */
bool value_date(const struct word *word, uint32_t *out); /* 2027-01-31 as 20270131 */

bool parse_condition(struct parser *p, struct cond **out);
bool parse_policy(struct parser *p);

#endif
