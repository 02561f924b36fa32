/* Words, strings and marks of a policy text, each with its place. */
#ifndef SALLYPORT_POLICY_LEX_INT_H
#define SALLYPORT_POLICY_LEX_INT_H

#include "policy/ast_int.h"

enum token_kind {
	TOKEN_END = 0,
	TOKEN_WORD, /* also numbers, addresses, dates */
	TOKEN_STRING,
	TOKEN_OPEN, /* { */
	TOKEN_CLOSE,
	TOKEN_LEFT, /* ( */
	TOKEN_RIGHT,
	TOKEN_SEMICOLON,
	TOKEN_COMPARE, /* = != < <= > >= : `compare` says which */
	TOKEN_COMMENT, /* only when asked for */
	TOKEN_BAD, /* complained about already */
};

struct token {
	uint8_t     kind, compare;
	bool        first; /* on its line */
	bool        gap; /* a blank line stands before it */
	struct word word; /* of a string: decoded */
	const char *raw; /* as written */
	size_t      raw_len;
};

struct lexer {
	struct policy_build *b;
	const char          *p, *end, *head;
	uint32_t             line, col;
	uint16_t             file;
	bool                 comments; /* wanted as tokens */
	bool                 quiet; /* looking ahead: complaints will come when it is read */
	bool                 begun;
};

struct lexer lexer_over(struct policy_build *b, const struct text_file *file, uint16_t number);
struct token lexer_next(struct lexer *lx);

#endif
