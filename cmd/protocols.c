/* `sallyport protocols`: what can be set, tolerated and asked about in each protocol this build recognises. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "event/event.h"
#include "proto/protocols.h"

enum { OPT_JSON = 0 };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "one JSON array instead of text"},
	{0},
};

static const char *scope_name(uint8_t scope)
{
	static const char *const names[] = {"flow", "request", "answer"};

	return names[scope];
}

static void print_limits(const struct recogniser *r, unsigned width)
{
	char       buffer[512];
	struct str s;

	printf("  limits (sallyport check --limit NAME=NUMBER)\n");
	for (size_t i = 0; i < r->limits; i++) {
		const struct limit_def *l = &r->limit[i];

		s = str_over(buffer, sizeof(buffer));
		str_fmt(&s, "%s: %" PRIu64 " %s, may be set from %" PRIu64 " to %" PRIu64 "; %s", l->name, l->safe, l->unit, l->least, l->most, l->source);
		printf("    ");
		print_wrapped(stdout, s.text, 8, width);
	}
}

static void print_tolerances(const struct recogniser *r, unsigned width)
{
	char       buffer[512];
	struct str s;

	printf("  tolerances (sallyport check --tolerate NAME)\n");
	for (size_t i = 0; i < r->tolerances; i++) {
		const struct tolerance_def *t = &r->tolerance[i];

		s = str_over(buffer, sizeof(buffer));
		str_fmt(&s, "%s: for %s%s%s", t->name, t->client, t->flaws[0] ? "; weakens the shield of " : "", t->flaws);
		printf("    ");
		print_wrapped(stdout, s.text, 8, width);
	}
}

/* A fact's type for people: "text", "number", or its words. */
static void fact_type(struct str *s, const struct fact_def *f)
{
	bool first = true;

	str_add(s, f->words ? "" : f->text ? "text" : "number");
	for (const char *const *word = f->words; word && *word; word++)
		if (**word) {
			str_fmt(s, "%s%s", first ? "" : " ", *word);
			first = false;
		}
}

static void print_facts(const struct recogniser *r, unsigned width)
{
	char       buffer[1024];
	struct str s;

	printf("  facts\n");
	for (size_t i = 0; i < r->facts; i++) {
		s = str_over(buffer, sizeof(buffer));
		str_fmt(&s, "%s: of the %s, ", r->fact[i].name, scope_name(r->fact[i].scope));
		fact_type(&s, &r->fact[i]);
		printf("    ");
		print_wrapped(stdout, s.text, 8, width);
	}
}

static void print_protocol(const struct recogniser *r, const struct line_style *style, unsigned width)
{
	printf("%s%s%s  %s\n", line_ink(style, INK_BOLD), r->name, line_ink(style, INK_NONE), r->datagram ? "datagrams" : "stream");
	if (r->limits)
		print_limits(r, width);
	if (r->tolerances)
		print_tolerances(r, width);
	if (r->facts)
		print_facts(r, width);
	printf("\n");
}

static json_t *limits_json(const struct recogniser *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->limits; i++) {
		const struct limit_def *l = &r->limit[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "name", l->name, "unit", l->unit, "default",
						      (json_int_t)l->safe, "least", (json_int_t)l->least, "most", (json_int_t)l->most,
						      "source", l->source));
	}
	return list;
}

static json_t *tolerances_json(const struct recogniser *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->tolerances; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", r->tolerance[i].name, "client", r->tolerance[i].client,
						      "weakens", r->tolerance[i].flaws));
	return list;
}

static json_t *facts_json(const struct recogniser *r)
{
	json_t *list = json_array();
	char    buffer[1024];

	for (size_t i = 0; i < r->facts; i++) {
		struct str s = str_over(buffer, sizeof(buffer));

		fact_type(&s, &r->fact[i]);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", r->fact[i].name, "scope", scope_name(r->fact[i].scope),
						      "type", s.text));
	}
	return list;
}

static json_t *protocol_json(const struct recogniser *r)
{
	return json_pack("{s:s, s:b, s:o, s:o, s:o}", "name", r->name, "datagrams", r->datagram, "limits", limits_json(r), "tolerances",
			 tolerances_json(r), "facts", facts_json(r));
}

static bool is_wanted(const struct recogniser *r, int names, char **name)
{
	for (int i = 0; i < names; i++)
		if (strcmp(name[i], r->name) == 0)
			return true;
	return !names;
}

/* Every name given is one of ours. */
static bool all_known(int names, char **name)
{
	const char *known[64];
	size_t      count = 0;
	bool        ok = true;

	while (protocols[count] && count < sizeof(known) / sizeof(known[0])) {
		known[count] = protocols[count]->name;
		count++;
	}
	for (int i = 0; i < names; i++)
		if (!protocol_by_name(name[i])) {
			complain_unknown("protocol", name[i], suggest(name[i], known, count, sizeof(known[0])), "protocols");
			ok = false;
		}
	return ok;
}

static int protocols_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args       args = args_over(cmd, argc, argv);
	struct line_style style = {0};
	json_t           *array = NULL;
	int               got, names = 0;
	bool              json = false, ok;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_OPERAND)
			argv[names++] = argv[args.at - 1];
		else if (got < 0)
			return args_exit(got);
		json |= got == OPT_JSON;
	}
	ok = all_known(names, argv);
	style.colour = !json && colour_wanted(stdout);
	if (json)
		array = json_array();
	for (size_t i = 0; protocols[i]; i++) {
		if (!is_wanted(protocols[i], names, argv))
			continue;
		if (array)
			json_array_append_new(array, protocol_json(protocols[i]));
		else
			print_protocol(protocols[i], &style, columns_of(stdout));
	}
	if (array && !print_json(array))
		ok = false;
	return output_ok() && ok ? EXIT_CLEAN : EXIT_USAGE;
}

const struct cmd cmd_protocols = {
	.name = "protocols",
	.usage = "[NAME...]",
	.summary = "what can be set, tolerated and asked about in each protocol",
	.about = "Lists the limits, tolerances and facts of every protocol this build recognises, or of those named.",
	.options = options,
	.run = protocols_run,
};
