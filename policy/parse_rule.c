/* Parses a policy: its rules and what it says about limits, tolerances and watched reasons. */
#include <string.h>

#include "policy/parse_int.h"

enum clause { CLAUSE_FROM = 0, CLAUSE_TO, CLAUSE_WHERE, CLAUSE_LOG, CLAUSE_WATCH, CLAUSE_UNTIL, CLAUSE_ID, CLAUSES };

static const char *const clause_words[] = {"from", "to", "where", "log", "watch", "until", "id", NULL};

#define C(name) (1u << CLAUSE_##name)

/* Which clauses each sentence takes, and which it must have. */
static const struct {
	const char *word;
	unsigned    takes, needs;
} sentences[] = {
	[SAYS_BLOCK] = {"block", C(FROM) | C(TO) | C(WHERE) | C(LOG) | C(WATCH) | C(ID), 0},
	[SAYS_PASS] = {"pass", C(FROM) | C(TO) | C(WHERE) | C(LOG) | C(ID), 0},
	[SAYS_ALLOW] = {"allow", C(FROM) | C(TO) | C(WHERE) | C(LOG) | C(ID), 0},
	[SAYS_LIMIT] = {"limit", C(FROM), 0},
	[SAYS_TOLERATE] = {"tolerate", C(FROM) | C(UNTIL), C(UNTIL)},
	[SAYS_WATCH] = {"watch", C(FROM) | C(UNTIL), C(UNTIL)},
	[SAYS_DEFAULT] = {"default", 0, 0},
};

/* `from any`, or named zones. */
static bool place_list(struct parser *p, struct place_list *list, const char *what)
{
	struct span at = p->last;

	if (!parser_list(p, &list->names, what))
		return false;
	list->given = true;
	list->at = span_to(at, p->last);
	if (list->names && !list->names->next && strcmp(list->names->word.text, "any") == 0)
		list->names = NULL;
	return true;
}

static bool until(struct parser *p, struct until *until)
{
	struct word word;

	if (!parser_word(p, &word, "the last day, as 2027-01-31"))
		return false;
	until->at = word.at;
	if (!value_date(&word, &until->date)) {
		build_error(p->b, word.at, "this is not a day, as 2027-01-31: \"%s\"", word.text);
		until->date = 99991231;
	}
	return true;
}

static bool clause(struct parser *p, struct sentence *s, unsigned which)
{
	switch (which) {
	case CLAUSE_FROM:
		return place_list(p, &s->from, "a zone's name");
	case CLAUSE_TO:
		return place_list(p, &s->to, "a host's or a zone's name");
	case CLAUSE_WHERE:
		return parse_condition(p, &s->where);
	case CLAUSE_LOG:
		return s->log = true;
	case CLAUSE_WATCH:
		s->watch = true;
		if (!parser_is(p, "until") || parser_at_end(p))
			return parser_fail(p, "a watch needs its end, as in: watch until 2027-01-31");
		parser_next(p);
		return until(p, &s->until);
	case CLAUSE_UNTIL:
		return until(p, &s->until);
	default:
		return parser_string(p, &s->id, "the rule's id");
	}
}

/* Does the sentence go on with the current token? A clause may begin a line, a `watch` only before its `until`. */
static bool goes_on(struct parser *p)
{
	struct token behind;

	if (!parser_at_end(p))
		return true;
	if (p->t.kind != TOKEN_WORD || !p->t.first || word_among(&p->t.word, clause_words) < 0)
		return false;
	if (!parser_is(p, "watch"))
		return true;
	behind = parser_peek(p);
	return behind.kind == TOKEN_WORD && strcmp(behind.word.text, "until") == 0;
}

/* A word that is no clause of this sentence. */
static bool no_clause(struct parser *p, unsigned kind)
{
	const char *words[CLAUSES + 1];
	size_t      count = 0;

	if (p->t.kind == TOKEN_WORD && word_among(&p->t.word, clause_words) >= 0)
		return parser_fail(p, "%s does not take \"%s\"", sentences[kind].word, p->t.word.text);
	for (unsigned i = 0; i < CLAUSES; i++)
		if (sentences[kind].takes >> i & 1)
			words[count++] = clause_words[i];
	words[count] = NULL;
	if (!count)
		return parser_done(p);
	return parser_unknown(p, "a part of this sentence", words);
}

static bool clauses(struct parser *p, struct sentence *s)
{
	unsigned seen = 0, takes = sentences[s->kind].takes;

	while (goes_on(p)) {
		int which = p->t.kind == TOKEN_WORD ? word_among(&p->t.word, clause_words) : -1;

		if (which < 0 || !(takes >> which & 1)) {
			p->t.first = false;
			return no_clause(p, s->kind);
		}
		if (seen >> which & 1)
			return parser_fail(p, "\"%s\" is said twice", clause_words[which]);
		seen |= 1u << which;
		parser_next(p);
		if (!clause(p, s, (unsigned)which))
			return false;
	}
	if (sentences[s->kind].needs & ~seen)
		return parser_fail(p, "%s needs its end, as in: until 2027-01-31", sentences[s->kind].word);
	return true;
}

/* What stands between the first word and the clauses. */
static bool object(struct parser *p, struct sentence *s)
{
	static const char *const only_block[] = {"block", NULL};

	switch (s->kind) {
	case SAYS_ALLOW:
		return parser_word(p, &s->name, "what may pass unseen, as opaque.tls");
	case SAYS_LIMIT:
		if (!parser_word(p, &s->name, "the limit's name"))
			return false;
		s->value = pool_take(&p->b->pool, sizeof(*s->value));
		return parser_word(p, &s->value->word, "the limit's value");
	case SAYS_TOLERATE:
		return parser_word(p, &s->name, "the tolerance's name");
	case SAYS_WATCH:
		return parser_word(p, &s->name, "the reason's name, or all");
	case SAYS_DEFAULT:
		if (parser_is(p, "pass") && !parser_at_end(p))
			return parser_fail(p, "the default is always block; write \"pass\" as the last rule if you mean it");
		if (!parser_is(p, "block") || parser_at_end(p))
			return parser_unknown(p, "a verdict", only_block);
		parser_next(p);
		return true;
	default:
		return true;
	}
}

static bool policy_sentence(struct parser *p, void *arg)
{
	static const char *const words[] = {"block", "pass", "allow", "limit", "tolerate", "watch", "default", NULL};
	struct sentence       ***end = arg, *s;
	struct span              at = p->t.word.at;
	int                      which = p->t.kind == TOKEN_WORD ? word_among(&p->t.word, words) : -1;

	if (which < 0)
		return parser_unknown(p, "a word of a policy", words);
	parser_next(p);
	s = pool_take(&p->b->pool, sizeof(*s));
	s->kind = (uint8_t)which;
	if (!object(p, s) || !clauses(p, s))
		return false;
	s->at = span_to(at, p->last);
	if (p->last.line != at.line) {
		size_t n = strcspn(at.head, "\n");

		while (n > at.col && (at.head[n - 1] == ' ' || at.head[n - 1] == '\t' || at.head[n - 1] == '\r'))
			n--;
		s->at.end = n > at.col ? (uint32_t)n : at.end;
	}
	**end = s;
	*end = &s->next;
	return true;
}

bool parse_policy(struct parser *p)
{
	struct policy_text_ast *policy = pool_take(&p->b->pool, sizeof(*policy));
	struct sentence       **end = &policy->sentence;
	bool                    broken;

	if (!parser_word(p, &policy->name, "the policy's name"))
		return false;
	if (p->b->policy_count == POLICY_NAMES_MAX)
		return parser_fail(p, "more than %u policies", (unsigned)POLICY_NAMES_MAX);
	policy->number = p->b->policy_count++;
	*p->b->policy_end = policy;
	p->b->policy_end = &policy->next;
	return parser_block(p, policy_sentence, &end, &broken);
}
