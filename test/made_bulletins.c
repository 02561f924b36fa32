/* Bulletins of tests from text (test/hosts/README): facts as the reader of Markdown would leave them, without the Markdown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advise/store.h"
#include "test/hosts.h"

enum { TEXTS_MAX = 1 << 20, PARTS = 8 };

/* One more fact; tests may abort where memory is out. */
static void *more(void *array, uint32_t *count, size_t size)
{
	char *larger = realloc(array, size * (*count + 1));

	if (!larger)
		abort();
	memset(larger + size * (*count)++, 0, size);
	return larger;
}

#define MORE(b, what) ((b)->what##s = more((b)->what##s, &(b)->what##_n, sizeof(*(b)->what##s)), &(b)->what##s[(b)->what##_n - 1])

static const char *text(struct bulletin *b, const char *words)
{
	return store_text(b->store, words, strlen(words));
}

/* The parts between " | "; those that are not there are "". */
static void parts(char *rest, char *out[PARTS])
{
	for (size_t i = 0; i < PARTS; i++) {
		char *bar = strstr(rest, " | ");

		out[i] = rest;
		if (bar)
			*bar = '\0';
		rest = bar ? bar + 3 : rest + strlen(rest);
	}
}

static struct from here(unsigned line)
{
	return (struct from){line, SURE_HIGH};
}

/* bulletin ID | LANGUAGE | ARTICLE */
static bool say_bulletin(struct bulletin *b, char *p[PARTS], unsigned line)
{
	(void)line;
	*b = (struct bulletin){.store = store_open(TEXTS_MAX), .maximum = SEVERITY_CRITICAL};
	b->id = text(b, p[0]);
	b->language = text(b, p[1]);
	b->kb = text(b, p[2]);
	b->source = b->title = b->built = "";
	return p[2][0] != '\0';
}

static bool say_product(struct bulletin *b, char *p[PARTS], unsigned line, bool affected)
{
	*MORE(b, product) = (struct product){.name = text(b, p[0]), .group = text(b, p[2]), .kb = text(b, p[1]), .url = "", .affected = affected, .from = here(line)};
	return true;
}

static bool say_affected(struct bulletin *b, char *p[PARTS], unsigned line)
{
	return say_product(b, p, line, true);
}

static bool say_unaffected(struct bulletin *b, char *p[PARTS], unsigned line)
{
	return say_product(b, p, line, false);
}

static bool say_cve(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, cve) = (struct cve){.id = text(b, p[0]), .title = "", .from = here(line)};
	return true;
}

/* rating FLAW | PRODUCT | none|low|moderate|important|critical */
static bool say_rating(struct bulletin *b, char *p[PARTS], unsigned line)
{
	static const char *const names[] = {"", "none", "low", "moderate", "important", "critical"};

	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(p[2], names[i]) == 0) {
			*MORE(b, rating) = (struct rating){.product = text(b, p[1]), .cve = text(b, p[0]), .flaw = "", .kb = text(b, p[3]), .scope = "", .severity = (enum severity)i, .from = here(line)};
			return true;
		}
	return false;
}

/* table NAME | VERSION | ARCHITECTURE | BRANCH | FOLDER | PRODUCT | LANGUAGE */
static bool say_table(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, file) = (struct file){.name = text(b, p[0]), .version = text(b, p[1]), .arch = text(b, p[2]), .branch = text(b, p[3]), .folder = text(b, p[4]),
		.product = text(b, p[5]), .language = text(b, p[6][0] ? p[6] : b->language), .time = "", .from = here(line)};
	return true;
}

/* verify PATH | PRODUCT */
static bool say_verify(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, key) = (struct key){.path = text(b, p[0]), .value = "", .data = "", .product = text(b, p[1]), .verify = true, .from = here(line)};
	return true;
}

/* replaces ID | PRODUCT | article | not */
static bool say_replaces(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, replacement) = (struct replacement){.bulletin = text(b, p[0]), .product = text(b, p[1]), .kb = text(b, p[2]), .by = text(b, p[4]), .holds = strcmp(p[3], "not") != 0, .from = here(line)};
	return true;
}

/* workaround TITLE | FLAW | HOW TO UNDO IT */
static bool say_workaround(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, workaround) = (struct workaround){.title = text(b, p[0]), .cve = text(b, p[1]), .text = "", .effect = "", .undo = text(b, p[2]), .kinds = WORK_REGISTRY, .from = here(line)};
	return true;
}

/* sets PATH | VALUE | DATA: of the workaround before */
static bool say_sets(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, key) = (struct key){.path = text(b, p[0]), .value = text(b, p[1]), .data = text(b, p[2]), .product = "", .workaround = b->workaround_n, .from = here(line)};
	return b->workaround_n > 0;
}

/* future WORDS */
static bool say_future(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, statement) = (struct statement){.topic = TOPIC_FUTURE, .product = "", .text = text(b, p[0]), .from = here(line)};
	return true;
}

/* says TOPIC | PRODUCT | yes|no|maybe | WORDS */
static bool say_says(struct bulletin *b, char *p[PARTS], unsigned line)
{
	static const char *const answers[] = {"", "yes", "no", "maybe"};
	enum topic               topic = TOPIC_RESTART;
	size_t                   answer = 0;

	while (topic < TOPICS && strcmp(topic_name(topic), p[0]) != 0)
		topic++;
	while (answer < sizeof(answers) / sizeof(answers[0]) && strcmp(answers[answer], p[2]) != 0)
		answer++;
	if (topic == TOPICS || answer == sizeof(answers) / sizeof(answers[0]))
		return false;
	*MORE(b, statement) = (struct statement){.topic = topic, .product = text(b, p[1]), .answer = (enum answer)answer, .text = text(b, p[3]), .from = here(line)};
	return true;
}

/* installer FILE | SWITCHES | PRODUCT */
static bool say_installer(struct bulletin *b, char *p[PARTS], unsigned line)
{
	*MORE(b, installer) = (struct installer){.file = text(b, p[0]), .switches = text(b, p[1]), .product = text(b, p[2]), .from = here(line)};
	return true;
}

/* switch NAME | PRODUCT [| removal] */
static bool say_switch(struct bulletin *b, char *p[PARTS], unsigned line)
{
	b->switches = more(b->switches, &b->switch_n, sizeof(*b->switches));
	b->switches[b->switch_n - 1] = (struct setup_switch){.name = text(b, p[0]), .meaning = "", .product = text(b, p[1]), .removal = strcmp(p[2], "removal") == 0, .from = here(line)};
	return true;
}

/* published YYYYMMDD */
static bool say_published(struct bulletin *b, char *p[PARTS], unsigned line)
{
	(void)line;
	b->published = (uint32_t)strtoul(p[0], NULL, 10);
	return b->published != 0;
}

static bool say(struct bulletin *b, char *words, unsigned line)
{
	static const struct {
		const char *name;
		bool (*say)(struct bulletin *b, char *p[PARTS], unsigned line);
	} verbs[] = {{"affected", say_affected}, {"unaffected", say_unaffected}, {"cve", say_cve}, {"rating", say_rating}, {"table", say_table}, {"verify", say_verify},
		{"replaces", say_replaces}, {"workaround", say_workaround}, {"sets", say_sets}, {"future", say_future}, {"says", say_says}, {"installer", say_installer}, {"switch", say_switch}, {"published", say_published}, {"bulletin", say_bulletin}};
	char  *rest = words + strcspn(words, " "), *p[PARTS];
	size_t n = (size_t)(rest - words);

	parts(rest + (*rest == ' '), p);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].name) == n && strncmp(words, verbs[i].name, n) == 0)
			return verbs[i].say(b, p, line);
	return false;
}

bool bulletins_make(struct catalog *catalog, const char *name)
{
	struct bulletin b = {0};
	FILE           *file = fopen(name, "r");
	char            words[1024];
	unsigned        line = 0;
	bool            good = file != NULL, open = false;

	while (good && fgets(words, sizeof(words), file)) {
		line++;
		words[strcspn(words, "\n")] = '\0';
		if (!words[0] || words[0] == '#')
			continue;
		if (open && strncmp(words, "bulletin ", 9) == 0)
			good = catalog_add(catalog, &b);
		open = true;
		good = good && say(&b, words, line);
		if (!good)
			fprintf(stderr, "%s:%u: not understood\n", name, line);
	}
	if (file)
		fclose(file);
	if (good && open)
		return catalog_add(catalog, &b);
	bulletin_close(&b);
	return false;
}
