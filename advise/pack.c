/* Reads language packs and finds the label that a text is. */
#include "advise/pack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "advise/text.h"

enum { RULES_MAX = 2048, LANGUAGE_MAX = 16 };

enum op { OP_EQUAL = 0, OP_PREFIX, OP_PART };

struct rule {
	uint8_t  kind, id, op;
	uint16_t n;
	char    *text; /* folded, owned */
};

struct pack {
	char        language[LANGUAGE_MAX];
	struct rule rules[RULES_MAX];
	size_t      count;
};

static const char *const section_names[] = {
	"none", "affected", "unaffected", "severity", "cve", "replaces", "workaround", "effect", "undo", "mitigation", "faq", "files",
	"verify", "restart", "removal", "switches", "install", "prerequisite", "future", "thanks", "revisions", "references", "caution",
	"summary", "impact", "maximum", "update", "other",
};
static const char *const column_names[] = {
	"none", "product", "component", "impact", "severity", "replaces", "cve", "kb", "file", "version", "size", "date", "time", "arch",
	"folder", "switch", "meaning", "title", "skip", "bulletin",
};
static const char *const severity_names[] = {"unknown", "none", "low", "moderate", "important", "critical"};
static const char *const impact_names[] = {
	"unknown", "remote-code-execution", "elevation-of-privilege", "information-disclosure", "denial-of-service", "spoofing",
	"security-feature-bypass", "tampering",
};
static const char *const answer_names[] = {"unknown", "yes", "no", "maybe", "not-applicable"};
static const char *const month_names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"};
static const char *const word_names[] = {
	"none", "port", "not-port", "tail", "service", "policy", "readonly", "firewall", "date", "above", "issue", "joiner", "version",
	"restart", "no-workaround", "steps", "english", "lead", "command", "overall", "not-replaced", "held", "update", "enter", "data",
	"caption",
};

static const struct {
	const char        *name;
	const char *const *ids;
	size_t             count;
} kinds[] = {
	[PACK_SECTION] = {"section", section_names, SECTIONS},
	[PACK_COLUMN] = {"column", column_names, COLUMNS},
	[PACK_SEVERITY] = {"severity", severity_names, SEVERITIES},
	[PACK_IMPACT] = {"impact", impact_names, IMPACTS},
	[PACK_ANSWER] = {"answer", answer_names, ANSWERS},
	[PACK_MONTH] = {"month", month_names, 13},
	[PACK_WORD] = {"word", word_names, WORDS},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

_Static_assert(sizeof(section_names) / sizeof(section_names[0]) == SECTIONS, "a name for each section");
_Static_assert(sizeof(column_names) / sizeof(column_names[0]) == COLUMNS, "a name for each column");
_Static_assert(sizeof(word_names) / sizeof(word_names[0]) == WORDS, "a name for each word");

const char *pack_name(enum pack_kind kind, int id)
{
	return id >= 0 && (size_t)id < kinds[kind].count ? kinds[kind].ids[id] : "unknown";
}

/* The next word of a line. */
static const char *word_of(const char **at, const char *end, size_t *out)
{
	const char *from;

	while (*at < end && (**at == ' ' || **at == '\t'))
		++*at;
	from = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		++*at;
	*out = (size_t)(*at - from);
	return from;
}

static int find_name(const char *const *names, size_t count, const char *word, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == n && memcmp(names[i], word, n) == 0)
			return (int)i;
	return -1;
}

/* "KIND ID = TEXT": the sentence that says what is wrong, or NULL. */
static const char *rule_line(struct pack *pack, const char *at, const char *end)
{
	size_t       n, folded_n;
	const char  *word = word_of(&at, end, &n);
	struct rule *rule = &pack->rules[pack->count];
	char         folded[FOLD_MAX];
	int          kind = -1, id;

	if (n == 8 && memcmp(word, "language", 8) == 0) {
		word = word_of(&at, end, &n);
		if (!n || n >= LANGUAGE_MAX)
			return "a language has a short name";
		memcpy(pack->language, word, n);
		pack->language[n] = '\0';
		return NULL;
	}
	for (int i = 0; i < KINDS; i++)
		if (strlen(kinds[i].name) == n && memcmp(kinds[i].name, word, n) == 0)
			kind = i;
	if (kind < 0)
		return "no such kind of rule";
	word = word_of(&at, end, &n);
	id = find_name(kinds[kind].ids, kinds[kind].count, word, n);
	if (id < 0)
		return "no such name of this kind";
	word = word_of(&at, end, &n);
	if (n != 1 || !strchr("=^~", *word))
		return "'=', '^' or '~' is missing";
	text_fold(at, (size_t)(end - at), folded);
	folded_n = strlen(folded);
	if (!folded_n || pack->count == RULES_MAX)
		return folded_n ? "too many rules" : "the text is missing";
	*rule = (struct rule){.kind = (uint8_t)kind, .id = (uint8_t)id, .op = *word == '=' ? OP_EQUAL : *word == '^' ? OP_PREFIX : OP_PART};
	rule->n = (uint16_t)folded_n;
	rule->text = strdup(folded);
	pack->count += rule->text != NULL;
	return rule->text ? NULL : "there is no memory";
}

struct pack *pack_read(const char *text, size_t n, unsigned *line, const char **why)
{
	struct pack *pack = calloc(1, sizeof(*pack));
	const char  *end = text + n;

	*why = pack ? NULL : "there is no memory";
	for (*line = 1; pack && !*why && text < end; ++*line) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop ? stop : end;
		while (text < stop && (*text == ' ' || *text == '\t'))
			text++;
		if (text < stop && *text != '#')
			*why = rule_line(pack, text, stop);
		if (*why)
			break;
		text = stop + (stop < end);
	}
	if (pack && !*why && !pack->language[0])
		*why = "the line with its language is missing";
	if (*why)
		pack_close(&pack);
	return pack;
}

void pack_close(struct pack **pack)
{
	if (!*pack)
		return;
	for (size_t i = 0; i < (*pack)->count; i++)
		free((*pack)->rules[i].text);
	free(*pack);
	*pack = NULL;
}

const char *pack_language(const struct pack *pack)
{
	return pack->language;
}

static bool fits(const struct rule *rule, const char *folded, size_t n)
{
	switch (rule->op) {
	case OP_EQUAL: return rule->n == n && memcmp(rule->text, folded, n) == 0;
	case OP_PREFIX: return rule->n <= n && memcmp(rule->text, folded, rule->n) == 0;
	default: return rule->n <= n && memmem(folded, n, rule->text, rule->n) != NULL;
	}
}

int pack_find(const struct pack *pack, enum pack_kind kind, const char *folded)
{
	size_t             n = strlen(folded);
	const struct rule *best = NULL;

	for (size_t i = 0; n && i < pack->count; i++) {
		const struct rule *rule = &pack->rules[i];

		if (rule->kind == kind && (!best || rule->op < best->op || (rule->op == best->op && rule->n > best->n)) && fits(rule, folded, n))
			best = rule;
	}
	return best ? best->id : 0;
}

int pack_find_head(const struct pack *pack, enum pack_kind kind, const char *folded, bool prefix)
{
	size_t n = strlen(folded);

	for (size_t i = 0; i < pack->count; i++)
		if (pack->rules[i].kind == kind && pack->rules[i].op <= (prefix ? OP_PREFIX : OP_EQUAL) && fits(&pack->rules[i], folded, n))
			return pack->rules[i].id;
	return 0;
}

int pack_find_text(const struct pack *pack, enum pack_kind kind, const char *text, size_t n)
{
	char folded[FOLD_MAX];

	text_fold(text, n, folded);
	return pack_find(pack, kind, folded);
}

size_t pack_word_at(const struct pack *pack, enum word word, const char *text)
{
	size_t best = 0;

	for (size_t i = 0; i < pack->count; i++) {
		const struct rule *rule = &pack->rules[i];

		if (rule->kind == PACK_WORD && rule->id == word && rule->n > best && strncasecmp(text, rule->text, rule->n) == 0)
			best = rule->n;
	}
	return best;
}

size_t pack_ends(const struct pack *pack, enum word word, const char *folded)
{
	size_t n = strlen(folded), best = 0;

	for (size_t i = 0; i < pack->count; i++) {
		const struct rule *rule = &pack->rules[i];

		if (rule->kind == PACK_WORD && rule->id == word && rule->n > best && rule->n <= n && memcmp(folded + n - rule->n, rule->text, rule->n) == 0)
			best = rule->n;
	}
	return best;
}

bool pack_says(const struct pack *pack, enum word word, const char *folded)
{
	size_t n = strlen(folded);

	for (size_t i = 0; i < pack->count; i++)
		if (pack->rules[i].kind == PACK_WORD && pack->rules[i].id == word && fits(&pack->rules[i], folded, n))
			return true;
	return false;
}
