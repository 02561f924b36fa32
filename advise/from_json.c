/* Reads the plain document of doc/bulletin.md back into a bulletin: what a child answers, and what `bulletin convert --to json` has written. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "advise/read_int.h"
#include "advise/store.h"
#include "advise/text.h"

enum { TEXTS_MAX = 64 << 20 };

/* Where in the document the reader is, and the first thing that was wrong. */
struct reader {
	struct bulletin *b;
	const char      *list; /* of the root, or NULL for itself */
	size_t           at;
	enum topic       topic; /* of the list of statements */
	bool             verify; /* of the list of keys */
	uint32_t         workaround; /* whose keys they are, from 1; 0: nobody's */
	bool             bad;
	char             why[160];
};

static void blame(struct reader *r, const char *field, const char *what)
{
	if (!r->bad && r->list)
		snprintf(r->why, sizeof(r->why), "%s[%zu].%s: %s", r->list, r->at, field, what);
	else if (!r->bad)
		snprintf(r->why, sizeof(r->why), "%s: %s", field, what);
	r->bad = true;
}

/* The field's text, "" when there is none. */
static const char *text(struct reader *r, const json_t *object, const char *field)
{
	const json_t *value = json_object_get(object, field);

	if (!value)
		return "";
	if (!json_is_string(value)) {
		blame(r, field, "a text is wanted");
		return "";
	}
	return keep_n(r->b, json_string_value(value), json_string_length(value));
}

static bool flag(struct reader *r, const json_t *object, const char *field)
{
	const json_t *value = json_object_get(object, field);

	if (value && !json_is_boolean(value))
		blame(r, field, "true or false is wanted");
	return json_is_true(value);
}

static uint64_t number(struct reader *r, const json_t *object, const char *field, uint64_t most)
{
	const json_t *value = json_object_get(object, field);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > most) {
		blame(r, field, "it is no number that it can be");
		return 0;
	}
	return (uint64_t)json_integer_value(value);
}

static uint32_t day(struct reader *r, const json_t *object, const char *field)
{
	const json_t *value = json_object_get(object, field);
	const char   *s = json_string_value(value);
	uint32_t      got = 0;

	if (!value)
		return 0;
	if (s && strlen(s) == 10 && s[4] == '-' && s[7] == '-' && strspn(s, "0123456789-") == 10)
		for (int i = 0; i < 10; i++)
			got = s[i] == '-' ? got : got * 10 + (uint32_t)(s[i] - '0');
	if (got < 10000101 || got > 99991231 || strspn(s + 5, "0123456789") != 2 || strspn(s, "0123456789") != 4 || strlen(s + 8) != strspn(s + 8, "0123456789")) {
		blame(r, field, "a day as 2004-04-14 is wanted");
		return 0;
	}
	return got;
}

/* One of the words of a kind; those that mean "unknown" (id 0) are never written. */
static int word(struct reader *r, const json_t *object, const char *field, enum pack_kind kind, int count)
{
	const json_t *value = json_object_get(object, field);

	if (!value)
		return 0;
	for (int id = 1; json_is_string(value) && id < count; id++)
		if (strcmp(json_string_value(value), pack_name(kind, id)) == 0)
			return id;
	blame(r, field, "it is none of the words that it can be");
	return 0;
}

static enum severity severity_of(struct reader *r, const json_t *object, const char *field)
{
	return (enum severity)word(r, object, field, PACK_SEVERITY, SEVERITIES);
}

static enum impact impact_of(struct reader *r, const json_t *object)
{
	return (enum impact)word(r, object, "impact", PACK_IMPACT, IMPACTS);
}

static struct from from_of(struct reader *r, const json_t *object)
{
	const char *sure = json_string_value(json_object_get(object, "confidence"));
	struct from from = {.line = (uint32_t)number(r, object, "line", UINT32_MAX)};

	for (int i = SURE_LOW; sure && i <= SURE_HIGH; i++)
		if (strcmp(sure, sure_name((enum sure)i)) == 0) {
			from.sure = (enum sure)i;
			return from;
		}
	blame(r, "confidence", "low, medium or high is wanted");
	return from;
}

typedef void read_one(struct reader *r, const json_t *one);

/* Every element of a list; one that is not there is empty. */
static void each(struct reader *r, const json_t *object, const char *list, read_one *read)
{
	const json_t *array = json_object_get(object, list);
	const char   *outer = r->list;
	size_t        outer_at = r->at;

	if (array && !json_is_array(array))
		blame(r, list, "a list is wanted");
	r->list = list;
	for (r->at = 0; r->at < json_array_size(array) && !r->bad; r->at++) {
		const json_t *one = json_array_get(array, r->at);

		if (json_is_object(one))
			read(r, one);
		else
			blame(r, "", "an object is wanted");
	}
	r->list = outer;
	r->at = outer_at;
}

static void one_revision(struct reader *r, const json_t *one)
{
	struct revision *fact = FACT(r->b, revision);

	if (fact)
		*fact = (struct revision){day(r, one, "date"), text(r, one, "version"), text(r, one, "text"), from_of(r, one)};
}

static void one_cve(struct reader *r, const json_t *one)
{
	struct cve *fact = FACT(r->b, cve);

	if (!fact)
		return;
	*fact = (struct cve){.id = text(r, one, "id"), .title = text(r, one, "title"), .from = from_of(r, one)};
	fact->flags |= flag(r, one, "written_as_candidate") ? CVE_CANDIDATE : 0;
	fact->flags |= flag(r, one, "impossible") ? CVE_IMPOSSIBLE : 0;
	fact->flags |= flag(r, one, "newer_than_bulletin") ? CVE_NEWER : 0;
}

static void one_product(struct reader *r, const json_t *one)
{
	struct product *fact = FACT(r->b, product);

	if (fact)
		*fact = (struct product){.name = text(r, one, "name"), .group = text(r, one, "group"), .kb = text(r, one, "kb"), .url = text(r, one, "url"),
			.affected = flag(r, one, "affected"), .severity = severity_of(r, one, "severity"), .impact = impact_of(r, one), .from = from_of(r, one)};
}

static void one_rating(struct reader *r, const json_t *one)
{
	struct rating *fact = FACT(r->b, rating);

	if (fact)
		*fact = (struct rating){.product = text(r, one, "product"), .cve = text(r, one, "cve"), .flaw = text(r, one, "flaw"),
			.kb = text(r, one, "kb"), .scope = text(r, one, "scope"), .severity = severity_of(r, one, "severity"), .impact = impact_of(r, one), .from = from_of(r, one)};
}

static void one_replacement(struct reader *r, const json_t *one)
{
	struct replacement *fact = FACT(r->b, replacement);

	if (fact)
		*fact = (struct replacement){.bulletin = text(r, one, "bulletin"), .kb = text(r, one, "kb"), .product = text(r, one, "product"),
			.by = text(r, one, "by"), .holds = flag(r, one, "holds"), .from = from_of(r, one)};
}

static void one_file(struct reader *r, const json_t *one)
{
	struct file *fact = FACT(r->b, file);

	if (fact)
		*fact = (struct file){.name = text(r, one, "file"), .version = text(r, one, "version"), .arch = text(r, one, "architecture"),
			.branch = text(r, one, "branch"), .folder = text(r, one, "folder"), .product = text(r, one, "product"),
			.language = text(r, one, "language"), .size = number(r, one, "size", INT64_MAX), .day = day(r, one, "date"),
			.time = text(r, one, "time"), .from = from_of(r, one)};
}

static void one_key(struct reader *r, const json_t *one)
{
	struct key *fact = FACT(r->b, key);

	if (fact)
		*fact = (struct key){.path = text(r, one, "path"), .value = text(r, one, "value"), .data = text(r, one, "data"),
			.product = text(r, one, "product"), .verify = r->verify, .workaround = r->workaround, .from = from_of(r, one)};
}

static void one_statement(struct reader *r, const json_t *one)
{
	struct statement *fact = FACT(r->b, statement);

	if (fact)
		*fact = (struct statement){.topic = r->topic, .product = text(r, one, "product"), .text = text(r, one, "text"),
			.answer = (enum answer)word(r, one, "answer", PACK_ANSWER, ANSWERS), .from = from_of(r, one)};
}

static void one_installer(struct reader *r, const json_t *one)
{
	struct installer *fact = FACT(r->b, installer);

	if (fact)
		*fact = (struct installer){text(r, one, "file"), text(r, one, "switches"), text(r, one, "product"), from_of(r, one)};
}

static void one_switch(struct reader *r, const json_t *one)
{
	struct setup_switch *fact = fact_add(r->b, (void **)&r->b->switches, &r->b->switch_n, &r->b->switch_room, sizeof(*fact));

	if (fact)
		*fact = (struct setup_switch){text(r, one, "switch"), text(r, one, "meaning"), text(r, one, "product"), flag(r, one, "removal"), from_of(r, one)};
}

static unsigned kinds_of(struct reader *r, const json_t *one)
{
	const json_t *list = json_object_get(one, "kinds");
	unsigned      kinds = 0;

	if (list && !json_is_array(list))
		blame(r, "kinds", "a list is wanted");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i)), *known;
		unsigned    at = 0;

		while ((known = work_kind_next(~0u, &at)) && (!name || strcmp(known, name) != 0))
			;
		if (known)
			kinds |= 1u << (at - 1);
		else
			blame(r, "kinds", "one of them is not known");
	}
	return kinds;
}

static void ports_of(struct reader *r, const json_t *one, struct workaround *work)
{
	const json_t *list = json_object_get(one, "ports");

	if ((list && !json_is_array(list)) || json_array_size(list) > PORTS_MAX) {
		blame(r, "ports", "a list of at most 64 is wanted");
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *port = json_array_get(list, i);
		struct port  *out = &work->ports[work->port_n++];

		*out = (struct port){text(r, port, "transport"), (uint16_t)number(r, port, "port", UINT16_MAX), (uint16_t)number(r, port, "last", UINT16_MAX)};
		if (!json_object_get(port, "last"))
			out->last = out->first;
	}
}

static void one_workaround(struct reader *r, const json_t *one)
{
	struct workaround *fact = FACT(r->b, workaround);

	if (!fact)
		return;
	*fact = (struct workaround){.title = text(r, one, "title"), .cve = text(r, one, "cve"), .text = text(r, one, "text"),
		.effect = text(r, one, "effect"), .undo = text(r, one, "undo"), .kinds = kinds_of(r, one), .from = from_of(r, one)};
	ports_of(r, one, fact);
	r->workaround = r->b->workaround_n;
	each(r, one, "registry", one_key);
	r->workaround = 0;
}

static void one_credit(struct reader *r, const json_t *one)
{
	struct credit *fact = FACT(r->b, credit);

	if (fact)
		*fact = (struct credit){text(r, one, "text"), text(r, one, "cve"), from_of(r, one)};
}

static void one_reference(struct reader *r, const json_t *one)
{
	struct reference *fact = FACT(r->b, reference);

	if (fact)
		*fact = (struct reference){text(r, one, "kind"), text(r, one, "id"), text(r, one, "url"), text(r, one, "text"), from_of(r, one)};
}

static void one_contradiction(struct reader *r, const json_t *one)
{
	struct contradiction *fact = FACT(r->b, contradiction);

	if (fact)
		*fact = (struct contradiction){text(r, one, "what"), text(r, one, "text"), (uint32_t)number(r, one, "line", UINT32_MAX),
			(uint32_t)number(r, one, "other_line", UINT32_MAX)};
}

static bool is_id(const char *text)
{
	const char *at = text, *from;
	char        id[12];

	return text_next_bulletin(&at, id, &from) && strcmp(id, text) == 0;
}

static void head(struct reader *r, const json_t *root)
{
	struct bulletin *b = r->b;
	const json_t    *severity = json_object_get(root, "severity");

	b->id = text(r, root, "id");
	b->language = text(r, root, "language");
	b->source = text(r, root, "file");
	b->title = text(r, root, "title");
	b->kb = text(r, root, "kb");
	b->built = text(r, root, "built");
	b->published = day(r, root, "published");
	b->updated = day(r, root, "updated");
	b->impact = impact_of(r, root);
	b->title_severity = severity_of(r, severity, "title");
	b->maximum = severity_of(r, severity, "maximum");
	b->computed = severity_of(r, severity, "computed");
	b->maximum_from.line = (uint32_t)number(r, severity, "line", UINT32_MAX);
	b->says_replaces = flag(r, root, "says_replaces");
	b->says_none_replaced = flag(r, root, "says_none_replaced");
	b->says_workaround = flag(r, root, "says_workarounds");
	b->says_no_workaround = flag(r, root, "says_no_workaround");
	if (!b->id[0])
		blame(r, "id", "it is missing");
	else if (!is_id(b->id))
		blame(r, "id", "it is no bulletin's (MSyy-nnn)");
}

static void lists(struct reader *r, const json_t *root)
{
	each(r, root, "revisions", one_revision);
	each(r, root, "cves", one_cve);
	each(r, root, "products", one_product);
	each(r, root, "ratings", one_rating);
	each(r, root, "replaces", one_replacement);
	each(r, root, "files", one_file);
	r->verify = true;
	each(r, root, "verify_keys", one_key);
	r->verify = false;
	each(r, root, "other_keys", one_key);
	for (int topic = 0; topic < TOPICS; topic++) {
		r->topic = (enum topic)topic;
		each(r, root, topic_name(r->topic), one_statement);
	}
	each(r, root, "installers", one_installer);
	each(r, root, "switches", one_switch);
	each(r, root, "workarounds", one_workaround);
	each(r, root, "acknowledgements", one_credit);
	each(r, root, "references", one_reference);
	each(r, root, "contradictions", one_contradiction);
}

bool bulletin_from_json(const struct json_t *root, struct bulletin *out, const char **why)
{
	struct reader r = {.b = out};
	const char   *format = json_string_value(json_object_get(root, "format"));

	*out = (struct bulletin){.store = store_open(TEXTS_MAX), .id = "", .language = "", .source = "", .title = "", .kb = "", .built = ""};
	*why = "there is no memory for it";
	if (!out->store)
		return false;
	*why = "it is no plain document of a bulletin (\"format\" is not \"sallyport-bulletin-1\")";
	if (json_object_get(json_object_get(root, "document"), "csaf_version"))
		*why = "it is a CSAF document: bulletins are read as Markdown, or as \"bulletin convert --to json\" writes them";
	if (!format || strcmp(format, BULLETIN_FORMAT) != 0)
		return false;
	head(&r, root);
	lists(&r, root);
	*why = r.bad ? keep(out, r.why) : out->full ? "it has more facts than a bulletin has, or memory ran out" : NULL;
	return !*why;
}
