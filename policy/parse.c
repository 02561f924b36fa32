/* The parser's hands: tokens one by one, complaints with what was meant, recovery at the end of a sentence. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/parse_int.h"

void parser_next(struct parser *p)
{
	p->last = p->t.word.at;
	p->t = lexer_next(&p->lx);
}

struct token parser_peek(struct parser *p)
{
	struct lexer ahead = p->lx;

	ahead.quiet = true;
	return lexer_next(&ahead);
}

bool parser_at_end(const struct parser *p)
{
	return p->t.first || p->t.kind == TOKEN_END || p->t.kind == TOKEN_SEMICOLON || p->t.kind == TOKEN_CLOSE;
}

/* Where a complaint about the current token belongs: behind the last one when the sentence is over. */
static struct span fault_at(const struct parser *p)
{
	struct span at = p->t.word.at;

	if ((p->t.first || p->t.kind == TOKEN_END) && p->last.line) {
		at = p->last;
		at.col = at.end = at.end + 1;
	}
	return at;
}

bool parser_fail(struct parser *p, const char *format, ...)
{
	char    text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (p->t.kind != TOKEN_BAD)
		build_error(p->b, fault_at(p), "%s", text);
	return false;
}

bool parser_unknown(struct parser *p, const char *what, const char *const *words)
{
	struct nearest near = nearest_to(p->b, p->t.word.text);
	char           all[300];
	struct str     list = str_over(all, sizeof(all));

	for (size_t i = 0; words[i]; i++) {
		nearest_try(&near, words[i]);
		str_fmt(&list, "%s%s", i ? ", " : "", words[i]);
	}
	if (p->t.kind != TOKEN_WORD || parser_at_end(p))
		return parser_fail(p, "%s is missing here: %s", what, all);
	if (near.best)
		return parser_fail(p, "unknown word \"%s\"; did you mean \"%s\"?", p->t.word.text, near.best);
	return parser_fail(p, "unknown word \"%s\"; here may stand %s: %s", p->t.word.text, what, all);
}

void parser_skip(struct parser *p)
{
	unsigned braces = 0;

	for (;; parser_next(p)) {
		if (p->t.kind == TOKEN_END)
			return;
		if (!braces && (p->t.first || p->t.kind == TOKEN_SEMICOLON || p->t.kind == TOKEN_CLOSE))
			return;
		if (p->t.kind == TOKEN_OPEN)
			braces++;
		else if (p->t.kind == TOKEN_CLOSE)
			braces--;
	}
}

bool parser_is(const struct parser *p, const char *word)
{
	return p->t.kind == TOKEN_WORD && strcmp(p->t.word.text, word) == 0;
}

bool parser_word(struct parser *p, struct word *out, const char *what)
{
	if (p->t.kind != TOKEN_WORD || parser_at_end(p))
		return parser_fail(p, "%s is missing here", what);
	*out = p->t.word;
	parser_next(p);
	return true;
}

bool parser_string(struct parser *p, struct word *out, const char *what)
{
	if (p->t.kind != TOKEN_STRING || parser_at_end(p))
		return parser_fail(p, "%s is missing here, in quotation marks", what);
	*out = p->t.word;
	parser_next(p);
	return true;
}

bool parser_list(struct parser *p, struct words **out, const char *what)
{
	struct words **end = out;
	bool           braces = p->t.kind == TOKEN_OPEN && !parser_at_end(p);
	unsigned       count = 0;

	if (braces)
		parser_next(p);
	do {
		if (p->t.kind != TOKEN_WORD || (!braces && parser_at_end(p)))
			return parser_fail(p, "%s is missing here", what);
		if (count++ == POLICY_LIST_MAX)
			return parser_fail(p, "more than %u names in one list", (unsigned)POLICY_LIST_MAX);
		*end = pool_take(&p->b->pool, sizeof(**end));
		(*end)->word = p->t.word;
		end = &(*end)->next;
		parser_next(p);
	} while (braces && p->t.kind != TOKEN_CLOSE);
	if (braces)
		parser_next(p);
	return true;
}

bool parser_done(struct parser *p)
{
	if (!parser_at_end(p))
		return parser_fail(p, "the sentence should end before \"%s\"; write ; or a new line", p->t.word.text);
	return true;
}

bool parser_block(struct parser *p, bool (*one)(struct parser *p, void *arg), void *arg, bool *broken)
{
	struct span open = p->t.word.at;

	*broken = true;
	if (p->t.kind != TOKEN_OPEN)
		return parser_fail(p, "{ is missing here");
	parser_next(p);
	*broken = false;
	for (;;) {
		while (p->t.kind == TOKEN_SEMICOLON)
			parser_next(p);
		if (p->t.kind == TOKEN_CLOSE)
			break;
		if (p->t.kind == TOKEN_END) {
			build_error(p->b, open, "this { has no }");
			return true;
		}
		/* A first word is not the end of the sentence before it. */
		p->t.first = false;
		if (!one(p, arg) || !parser_done(p)) {
			*broken = true;
			p->t.first = p->t.first && p->t.kind != TOKEN_BAD;
			parser_skip(p);
		}
	}
	parser_next(p);
	return true;
}

int word_among(const struct word *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(word->text, words[i]) == 0)
			return i;
	return -1;
}
