/* Cuts a policy text into words, strings and marks. Input from: whoever may write the policy; checked to be plain UTF-8 first. */
#include <string.h>

#include "policy/lex_int.h"

struct lexer lexer_over(struct policy_build *b, const struct text_file *file, uint16_t number)
{
	return (struct lexer){.b = b,
			      .p = file->text,
			      .end = file->text + file->len,
			      .head = file->text,
			      .line = 1,
			      .col = 1,
			      .file = number};
}

static struct span here(const struct lexer *lx)
{
	return (struct span){.head = lx->head, .line = lx->line, .col = lx->col, .end = lx->col, .file = lx->file};
}

/* One character on. UNSAFE: callers have seen p < end, and a UTF-8 sequence ends before `end`. */
static void step(struct lexer *lx)
{
	uint32_t point;
	size_t   n = utf8_one((const uint8_t *)lx->p, (size_t)(lx->end - lx->p), &point);

	if (*lx->p == '\n') {
		lx->line++;
		lx->col = 0;
		lx->head = lx->p + 1;
	}
	lx->p += n ? n : 1;
	lx->col++;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-.:/[]", c));
}

/* Blanks, and comments unless they are wanted. Returns how many lines ended. */
static unsigned skip(struct lexer *lx)
{
	unsigned lines = 0;

	while (lx->p < lx->end) {
		if (*lx->p == '#' && !lx->comments)
			while (lx->p < lx->end && *lx->p != '\n')
				step(lx);
		else if (strchr(" \t\r\n", *lx->p) && *lx->p) {
			lines += *lx->p == '\n';
			step(lx);
		} else
			break;
	}
	return lines;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * What stands behind a backslash; false when nothing known does. Leaves the lexer on its last character.
 * UNSAFE: three characters are looked at only where three are left.
 */
static bool escape(struct lexer *lx, char *out)
{
	if (lx->p == lx->end)
		return false;
	if (*lx->p == 'x' && lx->end - lx->p > 2 && hex(lx->p[1]) >= 0 && hex(lx->p[2]) >= 0) {
		*out = (char)(hex(lx->p[1]) << 4 | hex(lx->p[2]));
		step(lx);
		step(lx);
		return true;
	}
	*out = *lx->p;
	return *out == '"' || *out == '\\';
}

static void complain_at(struct lexer *lx, struct span at, const char *text)
{
	if (!lx->quiet)
		build_error(lx->b, at, "%s", text);
}

/* Behind the opening quotation mark. Sets the decoded text; false after a complaint. */
static bool string(struct lexer *lx, struct token *t)
{
	char     text[POLICY_WORD_MAX + 1];
	uint32_t n = 0;
	bool     good = true;

	for (; lx->p < lx->end && *lx->p != '"' && *lx->p != '\n'; step(lx)) {
		struct span at = here(lx);
		char        c = *lx->p;
		const char *from = lx->p;
		uint32_t    point;
		size_t      len = utf8_one((const uint8_t *)from, (size_t)(lx->end - from), &point);

		if (c == '\\') {
			step(lx);
			if (!escape(lx, &c)) {
				complain_at(lx, span_to(at, here(lx)), "only \\\", \\\\ and \\xHH may stand behind a backslash");
				good = false;
			}
			from = &c;
			len = 1;
			if (lx->p == lx->end || *lx->p == '\n')
				break;
		}
		for (size_t i = 0; i < len; i++, n++)
			if (n < POLICY_WORD_MAX)
				text[n] = from[i];
	}
	if (lx->p == lx->end || *lx->p != '"') {
		complain_at(lx, t->word.at, "this string does not end on its line");
		return false;
	}
	step(lx);
	if (n > POLICY_WORD_MAX) {
		complain_at(lx, t->word.at, "this string is longer than 255 bytes");
		return false;
	}
	t->word.text = pool_text(&lx->b->pool, text, n);
	t->word.len = n;
	return good;
}

/* UNSAFE: p only goes up to `end`, so p - from is what was read. */
static void word(struct lexer *lx, struct token *t)
{
	const char *from = lx->p;
	size_t      n;

	while (lx->p < lx->end && is_word(*lx->p))
		step(lx);
	n = (size_t)(lx->p - from);
	t->kind = TOKEN_WORD;
	t->word.at.end = lx->col - 1;
	if (n > POLICY_WORD_MAX) {
		complain_at(lx, t->word.at, "this word is longer than 255 bytes");
		t->kind = TOKEN_BAD;
		n = POLICY_WORD_MAX;
	}
	t->word.text = pool_text(&lx->b->pool, from, n);
	t->word.len = (uint32_t)n;
}

/* A mark of one or two characters; false when it is none. */
static bool mark(struct lexer *lx, struct token *t)
{
	static const struct {
		char    text[3];
		uint8_t kind, compare;
	} marks[] = {
		{"{", TOKEN_OPEN, 0},		{"}", TOKEN_CLOSE, 0},
		{"(", TOKEN_LEFT, 0},		{")", TOKEN_RIGHT, 0},
		{";", TOKEN_SEMICOLON, 0},	{"!=", TOKEN_COMPARE, IS_NOT},
		{"<=", TOKEN_COMPARE, IS_AT_MOST}, {">=", TOKEN_COMPARE, IS_AT_LEAST},
		{"=", TOKEN_COMPARE, IS_EQUAL}, {"<", TOKEN_COMPARE, IS_LESS},
		{">", TOKEN_COMPARE, IS_MORE},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i].text);

		if ((size_t)(lx->end - lx->p) >= n && memcmp(lx->p, marks[i].text, n) == 0) {
			for (size_t k = 0; k < n; k++)
				step(lx);
			t->kind = marks[i].kind;
			t->compare = marks[i].compare;
			t->word.text = marks[i].text;
			t->word.len = (uint32_t)n;
			return true;
		}
	}
	return false;
}

static void comment(struct lexer *lx, struct token *t)
{
	while (lx->p < lx->end && *lx->p != '\n')
		step(lx);
	t->kind = TOKEN_COMMENT;
}

struct token lexer_next(struct lexer *lx)
{
	unsigned     lines = skip(lx);
	struct token t = {.first = lines || !lx->begun, .gap = lx->begun && lines > 1, .word = {.text = "", .at = here(lx)}, .raw = lx->p};

	lx->begun = true;
	if (lx->p == lx->end)
		t.first = true;
	else if (*lx->p == '#')
		comment(lx, &t);
	else if (*lx->p == '"') {
		step(lx);
		t.kind = string(lx, &t) ? TOKEN_STRING : TOKEN_BAD;
	} else if (is_word(*lx->p))
		word(lx, &t);
	else if (!mark(lx, &t)) {
		complain_at(lx, t.word.at, "this character has no meaning here");
		step(lx);
		t.kind = TOKEN_BAD;
	}
	/* UNSAFE: t.raw is where p stood before this token. */
	t.raw_len = (size_t)(lx->p - t.raw);
	if (t.raw_len)
		t.word.at.end = lx->line == t.word.at.line ? lx->col - 1 : t.word.at.col;
	return t;
}
