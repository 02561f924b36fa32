/* The reader of scenario files: a line is an action, a rule or an expectation (doc/scenarios.md). */
#include "test/scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/toys/toys.h"

/* One line being read. */
struct reader {
	struct scenario *s;
	unsigned         line;
	char            *p;
};

static bool wrong(struct reader *r, const char *what)
{
	if (!r->s->error[0])
		snprintf(r->s->error, sizeof(r->s->error), "%.200s:%u: %s", r->s->file, r->line, what);
	return false;
}

static void skip(struct reader *r)
{
	while (*r->p == ' ' || *r->p == '\t')
		r->p++;
	if (*r->p == '#')
		*r->p = '\0';
}

/* The next word into out; false at the end of the line. */
static bool word(struct reader *r, char *out, size_t size)
{
	size_t n = 0;

	skip(r);
	while (*r->p && !isspace((unsigned char)*r->p)) {
		if (n + 1 < size)
			out[n++] = *r->p;
		r->p++;
	}
	out[n] = '\0';
	return n > 0;
}

/* The next word must be this one. */
static bool want(struct reader *r, const char *text)
{
	char got[64];

	return (word(r, got, sizeof(got)) && strcmp(got, text) == 0) || wrong(r, text);
}

static bool number(struct reader *r, uint64_t *out)
{
	char  text[64], *end;
	char *digits = text;

	if (!word(r, text, sizeof(text)))
		return wrong(r, "a number is wanted");
	if (text[0] == '\'' && text[1] && text[2] == '\'') {
		*out = (uint8_t)text[1];
		return true;
	}
	if (*digits == '+')
		digits++;
	*out = strtoull(digits, &end, 0);
	return (end != digits && (!*end || strcmp(end, "ms") == 0)) || wrong(r, "a number is wanted");
}

static bool side(struct reader *r, uint8_t *out)
{
	char text[16];

	word(r, text, sizeof(text));
	*out = strcmp(text, "server") == 0 ? SIDE_SERVER : SIDE_CLIENT;
	return *out == SIDE_SERVER || strcmp(text, "client") == 0 || wrong(r, "client or server is wanted");
}

static bool ok_or_fail(struct reader *r, bool *out)
{
	char text[16];

	word(r, text, sizeof(text));
	*out = strcmp(text, "ok") == 0;
	return *out || strcmp(text, "fail") == 0 || wrong(r, "ok or fail is wanted");
}

static uint8_t escape(struct reader *r)
{
	char hex[3] = {0};

	r->p++;
	switch (*r->p) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '0':
		return 0;
	case 'x':
		hex[0] = r->p[1];
		hex[1] = hex[0] ? r->p[2] : 0;
		r->p += hex[1] ? 2 : 0;
		return (uint8_t)strtoul(hex, NULL, 16);
	default:
		return (uint8_t)*r->p;
	}
}

/* "text" "text"*40 ...: all strings to the end of the line. */
static bool strings(struct reader *r, struct growing *out)
{
	for (skip(r); *r->p == '"'; skip(r)) {
		size_t from = out->len, len;
		long   times = 1;

		for (r->p++; *r->p && *r->p != '"'; r->p++) {
			uint8_t c = *r->p == '\\' ? escape(r) : (uint8_t)*r->p;

			growing_add(out, &c, 1);
		}
		if (*r->p++ != '"')
			return wrong(r, "a string does not end");
		len = out->len - from;
		if (*r->p == '*')
			times = strtol(r->p + 1, &r->p, 10);
		while (--times > 0) {
			uint8_t *again = malloc(len + 1);

			memcpy(again, out->bytes + from, len);
			growing_add(out, again, len);
			free(again);
		}
	}
	return !*r->p || wrong(r, "a string is wanted");
}

/* The rest of the line with single blanks. */
static void rest(struct reader *r, const char *first, char *out, size_t size)
{
	char next[128];

	snprintf(out, size, "%s", first);
	while (word(r, next, sizeof(next))) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, " %s", next);
	}
}

static bool read_expect(struct reader *r, struct action *a)
{
	static const char *const words[] = {"", "to-server", "to-client", "answer", "nothing", "due"};
	char                     what[64];

	if (!word(r, a->flow, sizeof(a->flow)) || !word(r, what, sizeof(what)))
		return wrong(r, "expect FLOW WHAT");
	for (uint8_t i = 1; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(what, words[i]) == 0)
			a->expect = i;
	if (a->expect == EXPECT_NOTE) {
		rest(r, what, a->text, sizeof(a->text));
		return true;
	}
	if (a->expect == EXPECT_NOTHING)
		return true;
	if (a->expect != EXPECT_DUE)
		return strings(r, &a->bytes);
	skip(r);
	if (strncmp(r->p, "never", 5) != 0)
		return number(r, &a->number);
	a->number = UINT64_MAX;
	r->p += 5;
	return true;
}

static bool read_open(struct reader *r, struct action *a)
{
	char joins[16];

	if (!word(r, a->flow, sizeof(a->flow)) || !word(r, a->text, sizeof(a->text)) || !toy_by_name(a->text))
		return wrong(r, "flow NAME TOY");
	if (!word(r, joins, sizeof(joins)))
		return true;
	return strcmp(joins, "joins") == 0 && (word(r, a->joins, sizeof(a->joins)) || wrong(r, "joins FLOW"));
}

static bool read_action(struct reader *r, const char *verb, struct action *a)
{
	static const char *const verbs[] = {"flow", "limit", "client", "fin", "clock", "dial", "pinholes", "splice", "close", "memory-left", "expect"};

	a->side = strcmp(verb, "server") == 0 ? SIDE_SERVER : SIDE_CLIENT;
	if (a->side == SIDE_SERVER)
		verb = "client";
	for (a->kind = ACT_OPEN; a->kind <= ACT_EXPECT && strcmp(verb, verbs[a->kind]) != 0;)
		a->kind++;
	switch (a->kind) {
	case ACT_OPEN:
		return read_open(r, a);
	case ACT_LIMIT:
		return word(r, a->flow, sizeof(a->flow)) && word(r, a->text, sizeof(a->text)) && number(r, &a->number);
	case ACT_BYTES:
		return word(r, a->flow, sizeof(a->flow)) && strings(r, &a->bytes);
	case ACT_FIN:
		return side(r, &a->side) && word(r, a->flow, sizeof(a->flow));
	case ACT_CLOCK:
	case ACT_MEMORY:
		return number(r, &a->number);
	case ACT_DIAL:
		return word(r, a->flow, sizeof(a->flow)) && ok_or_fail(r, &a->yes);
	case ACT_PINHOLES:
		return ok_or_fail(r, &a->yes);
	case ACT_SPLICE:
		return side(r, &a->side) && word(r, a->flow, sizeof(a->flow)) && number(r, &a->number);
	case ACT_CLOSE:
		return word(r, a->flow, sizeof(a->flow)) || wrong(r, "close FLOW");
	case ACT_EXPECT:
		return read_expect(r, a);
	default:
		return wrong(r, "no such word");
	}
}

static bool reason(struct reader *r, uint16_t *out)
{
	char text[64];

	*out = word(r, text, sizeof(text)) ? toy_reason_by_name(text) : R_NONE;
	return *out || wrong(r, "no such reason");
}

/* deny REASON when FACT = VALUE | deny REASON when from client|server */
static bool read_denial(struct reader *r, struct denial *d)
{
	if (!reason(r, &d->why) || !want(r, "when") || !word(r, d->fact, sizeof(d->fact)))
		return false;
	if (strcmp(d->fact, "from") != 0)
		return want(r, "=") && number(r, &d->value);
	d->fact[0] = '\0';
	return side(r, &d->side);
}

/* Rules and settings; -1: the word is none of them. */
static int read_setting(struct reader *r, const char *verb)
{
	struct scenario *s = r->s;

	if (s->denials == SCENARIO_RULES || s->allows == SCENARIO_RULES || s->watches == SCENARIO_RULES)
		return wrong(r, "too many rules");
	if (strcmp(verb, "scenario") == 0)
		return word(r, s->name, sizeof(s->name));
	if (strcmp(verb, "about") == 0) {
		r->p += strlen(r->p);
		return true;
	}
	if (strcmp(verb, "deny") == 0)
		return read_denial(r, &s->deny[s->denials++]);
	if (strcmp(verb, "allow") == 0)
		return reason(r, &s->allow[s->allows++]);
	if (strcmp(verb, "watch") == 0)
		return reason(r, &s->watch[s->watches++]);
	if (strcmp(verb, "turn-units") == 0)
		return number(r, &s->turn_units);
	if (strcmp(verb, "watch-unsafe") == 0)
		return s->watch_unsafe = true;
	return -1;
}

static bool read_line(struct reader *r)
{
	struct scenario *s = r->s;
	char             verb[32];
	int              setting;

	if (!word(r, verb, sizeof(verb)))
		return true;
	setting = read_setting(r, verb);
	if (setting < 0) {
		if (s->actions == SCENARIO_ACTIONS)
			return wrong(r, "too many actions");
		s->action[s->actions].line = r->line;
		setting = read_action(r, verb, &s->action[s->actions++]);
	}
	if (!setting)
		return wrong(r, "not understood");
	skip(r);
	return !*r->p || wrong(r, "too much on this line");
}

bool scenario_read(struct scenario *s, const char *file)
{
	struct reader r = {.s = s};
	FILE         *f = fopen(file, "r");
	char         *text = NULL;
	size_t        size = 0;
	ssize_t       n;

	memset(s, 0, sizeof(*s));
	snprintf(s->file, sizeof(s->file), "%s", file);
	if (!f)
		return wrong(&r, strerror(errno));
	while (!s->error[0] && (n = getline(&text, &size, f)) > 0) {
		r.line++;
		r.p = text;
		if (text[n - 1] == '\n')
			text[n - 1] = '\0';
		read_line(&r);
	}
	free(text);
	fclose(f);
	if (!s->name[0])
		wrong(&r, "the scenario has no name");
	return !s->error[0];
}

void scenario_free(struct scenario *s)
{
	for (unsigned i = 0; i < s->actions; i++)
		growing_free(&s->action[i].bytes);
	s->actions = 0;
}
