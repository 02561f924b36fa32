/* Writes a policy's canonical text: one sentence per line, tabs, single blanks, comments and the author's line breaks kept. */
#include <stdlib.h>
#include <string.h>

#include "policy/parse_int.h"

enum { INLINE_MAX = 100 };

enum block_kind { BLOCK_NONE = 0, BLOCK_ZONE, BLOCK_HOST, BLOCK_SERVICE, BLOCK_POLICY };

struct printer {
	struct policy_build *b;
	struct vec           tokens; /* struct token */
	struct vec           out; /* char */
	size_t               line_at; /* where the line begins in out */
	unsigned             sets, parens; /* open ones */
	uint8_t              block; /* enum block_kind: what stands open */
	bool                 on_one_line; /* the open block */
	bool                 blank_due; /* a definition of several lines has just closed */
	bool                 fresh; /* nothing has been written behind the opening brace */
};

static const struct token *token_at(const struct printer *pr, size_t i)
{
	return i < pr->tokens.count ? AT(pr->tokens, struct token, i) : NULL;
}

static void put(struct printer *pr, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(char *)vec_add(&pr->b->pool, &pr->out, 1) = text[i];
}

static bool at_line_start(const struct printer *pr)
{
	return pr->out.count == pr->line_at;
}

static void new_line(struct printer *pr)
{
	if (at_line_start(pr))
		return;
	put(pr, "\n", 1);
	pr->line_at = pr->out.count;
}

static void blank_line(struct printer *pr)
{
	new_line(pr);
	if (pr->out.count && !pr->fresh) {
		put(pr, "\n", 1);
		pr->line_at = pr->out.count;
	}
}

static void indent(struct printer *pr, unsigned depth)
{
	while (depth--)
		put(pr, "\t", 1);
}

static bool is(const struct token *t, const char *word)
{
	return t && t->kind == TOKEN_WORD && strcmp(t->word.text, word) == 0;
}

/* In a policy, a line may go on with the last sentence. */
static bool goes_on(const struct printer *pr, size_t i)
{
	static const char *const words[] = {"from", "to", "where", "log", "until", "id", "and", "or"};
	const struct token      *t = token_at(pr, i), *before = i ? token_at(pr, i - 1) : NULL;

	while (before && before->kind == TOKEN_COMMENT)
		before = i-- > 1 ? token_at(pr, i - 1) : NULL;
	if (pr->sets || pr->parens || t->kind == TOKEN_RIGHT)
		return true;
	if (pr->block != BLOCK_POLICY || !before || before->kind == TOKEN_OPEN || before->kind == TOKEN_SEMICOLON)
		return false;
	if (is(before, "and") || is(before, "or"))
		return true;
	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		if (is(t, words[k]))
			return true;
	return false;
}

static bool begins(const struct printer *pr, size_t i)
{
	const struct token *t = token_at(pr, i), *before = i ? token_at(pr, i - 1) : NULL, *behind = token_at(pr, i + 1);

	if (!before || pr->fresh)
		return true;
	if (pr->sets || pr->parens)
		return false;
	if (before->kind == TOKEN_SEMICOLON)
		return pr->block != BLOCK_ZONE;
	if (!t->first)
		return false;
	while (behind && behind->kind == TOKEN_COMMENT)
		behind = token_at(pr, (size_t)(++i) + 1);
	if (pr->block == BLOCK_POLICY && is(t, "watch") && is(behind, "until"))
		return false;
	return true;
}

/* Does the block that opens at token i close on the same line, without comments, and stay short? */
static bool fits_one_line(const struct printer *pr, size_t i)
{
	const struct token *open = token_at(pr, i), *t;
	size_t              n = pr->out.count - pr->line_at + 2;
	unsigned            braces = 0;

	for (; (t = token_at(pr, i)); i++) {
		if (t->kind == TOKEN_COMMENT || t->word.at.line != open->word.at.line)
			return false;
		n += t->raw_len + 1;
		braces += t->kind == TOKEN_OPEN;
		braces -= t->kind == TOKEN_CLOSE;
		if (!braces)
			return n <= INLINE_MAX;
	}
	return false;
}

static void put_token(struct printer *pr, const struct token *t)
{
	size_t n = t->raw_len;

	while (t->kind == TOKEN_COMMENT && n && strchr(" \t\r", t->raw[n - 1]))
		n--;
	put(pr, t->raw, n);
}

static void comment(struct printer *pr, const struct token *t)
{
	if (t->first) {
		if (t->gap || (pr->blank_due && !pr->block))
			blank_line(pr);
		pr->blank_due = false;
		new_line(pr);
		indent(pr, pr->block ? 1 : 0);
	} else if (!at_line_start(pr)) {
		put(pr, "  ", 2);
	}
	put_token(pr, t);
	new_line(pr);
	pr->fresh = false;
}

/* Values of a service and a host stand below one another. */
static void pad(struct printer *pr, const struct token *t)
{
	size_t wide = pr->on_one_line ? 0 : pr->block == BLOCK_SERVICE ? 8 : pr->block == BLOCK_HOST ? 7 : 0;

	for (size_t n = t->raw_len; n < wide; n++)
		put(pr, " ", 1);
}

static void sentence_start(struct printer *pr, const struct token *t)
{
	if (pr->on_one_line) {
		if (pr->fresh)
			put(pr, " ", 1);
		else
			put(pr, pr->block == BLOCK_ZONE ? " " : "; ", pr->block == BLOCK_ZONE ? 1 : 2);
	} else {
		if (t->gap || (!pr->block && pr->blank_due))
			blank_line(pr);
		new_line(pr);
		indent(pr, pr->block ? 1 : 0);
	}
	pr->blank_due = false;
	pr->fresh = false;
}

static void open_block(struct printer *pr, size_t i)
{
	static const char *const kinds[] = {"zone", "host", "service", "policy", NULL};

	pr->on_one_line = fits_one_line(pr, i);
	put(pr, " {", 2);
	pr->block = BLOCK_ZONE;
	while (i-- > 0)
		if (token_at(pr, i)->kind == TOKEN_WORD && word_among(&token_at(pr, i)->word, kinds) >= 0 && token_at(pr, i)->kind == TOKEN_WORD) {
			pr->block = (uint8_t)(BLOCK_ZONE + word_among(&token_at(pr, i)->word, kinds));
			/* NAME may be such a word too: the one before it counts. */
			if (i && word_among(&token_at(pr, i - 1)->word, kinds) >= 0 && !token_at(pr, i)->first)
				continue;
			break;
		}
	pr->fresh = true;
}

static void close_block(struct printer *pr)
{
	if (pr->on_one_line) {
		put(pr, " }", 2);
	} else {
		new_line(pr);
		put(pr, "}", 1);
		pr->blank_due = true;
	}
	pr->block = BLOCK_NONE;
	pr->on_one_line = pr->fresh = false;
}

/* A word or mark inside a sentence. */
static void inside(struct printer *pr, size_t i)
{
	const struct token *t = token_at(pr, i), *before = token_at(pr, i - 1);
	bool                tight = before->kind == TOKEN_LEFT || t->kind == TOKEN_RIGHT;

	if (at_line_start(pr) || (t->first && !pr->on_one_line)) {
		new_line(pr);
		indent(pr, (pr->block ? 1 : 0) + (t->kind == TOKEN_CLOSE && pr->sets == 1 ? 0 : 1));
	} else if (!tight) {
		put(pr, " ", 1);
	}
	put_token(pr, t);
}

static void count(struct printer *pr, const struct token *t)
{
	pr->sets += t->kind == TOKEN_OPEN;
	pr->parens += t->kind == TOKEN_LEFT;
	pr->sets -= t->kind == TOKEN_CLOSE;
	pr->parens -= t->kind == TOKEN_RIGHT;
}

static void one(struct printer *pr, size_t i)
{
	const struct token *t = token_at(pr, i), *behind = token_at(pr, i + 1);

	if (t->kind == TOKEN_COMMENT) {
		comment(pr, t);
	} else if (t->kind == TOKEN_SEMICOLON) {
		return;
	} else if (!pr->block && t->kind == TOKEN_OPEN) {
		open_block(pr, i);
	} else if (pr->block && !pr->sets && t->kind == TOKEN_CLOSE) {
		close_block(pr);
	} else if (begins(pr, i) && !goes_on(pr, i)) {
		sentence_start(pr, t);
		put_token(pr, t);
		if (behind && !behind->first && behind->kind != TOKEN_SEMICOLON && behind->kind != TOKEN_CLOSE && behind->kind != TOKEN_COMMENT)
			pad(pr, t);
		count(pr, t);
	} else {
		inside(pr, i);
		count(pr, t);
	}
}

struct format_job {
	const char *text;
	size_t      n;
	struct vec  out;
};

static void format_stage(struct policy_build *b, void *arg)
{
	struct format_job *job = arg;
	struct printer     pr = {.b = b};
	struct text_file  *file = file_given(b, job->text, job->n);
	struct lexer       lx;

	if (!file)
		return;
	parse_file(b, file);
	if (b->errors)
		return;
	lx = lexer_over(b, file, 0);
	lx.comments = true;
	for (;;) {
		struct token t = lexer_next(&lx);

		if (t.kind == TOKEN_END)
			break;
		*(struct token *)vec_add(&b->pool, &pr.tokens, sizeof(t)) = t;
	}
	for (size_t i = 0; i < pr.tokens.count; i++)
		one(&pr, i);
	new_line(&pr);
	job->out = pr.out;
}

bool policy_format(const char *text, size_t n, char **out)
{
	struct policy_build *b = n <= POLICY_FILE_MAX ? build_open(NULL, 0) : NULL;
	struct format_job    job = {.text = text, .n = n};

	*out = NULL;
	if (!b)
		return false;
	b->one_file = true;
	if (build_run(b, format_stage, &job) && !b->errors)
		*out = malloc((size_t)job.out.count + 1);
	if (*out) {
		if (job.out.count)
			memcpy(*out, job.out.items, job.out.count);
		(*out)[job.out.count] = '\0';
	}
	policy_build_free(&b);
	return *out != NULL;
}
