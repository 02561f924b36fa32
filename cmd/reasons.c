/* `sallyport reasons`: every refusal this build knows, with its class, clause, flaws and vectors. */
#include <jansson.h>
#include <string.h>

#include "assess/known.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "event/event.h"

enum { OPT_JSON = 0, OPT_CLASS, OPT_PROTOCOL };

enum { CLASSES = CLASS_UNSUPPORTED + 1, REASONS_MAX = 4096 };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "one JSON array instead of text"},
	[OPT_CLASS] = {"class", 0, "CLASS", "only this class: unsafe, document, limit, state, policy, opaque or unsupported"},
	[OPT_PROTOCOL] = {"protocol", 0, "NAME", "only this protocol's; \"any\" are those of all"},
	{0},
};

struct choice {
	bool              json;
	int               class; /* -1 = every */
	const char       *protocol; /* NULL = every */
	struct line_style style;
};

static bool chosen(const struct choice *choice, const struct reason *r)
{
	return (choice->class < 0 || r->class == choice->class) && (!choice->protocol || strcmp(r->protocol, choice->protocol) == 0);
}

/* "3 vectors: 1 smallest, 1 largest, 1 refused" */
static void vectors_text(struct str *s, const struct reason *r)
{
	size_t total = known_vectors(r), listed = 0;

	if (r->shown == SHOWN_SCENARIO && !total) {
		str_add(s, "shown by scenarios");
		return;
	}
	str_fmt(s, "%zu vector%s", total, total == 1 ? "" : "s");
	for (int kind = VECTOR_SMALLEST; kind <= VECTOR_REFUSED; kind++) {
		size_t n = vector_count(r->number, (enum vector_kind)kind);

		if (n)
			str_fmt(s, "%s%zu %s", listed++ ? ", " : ": ", n, vector_kind_name((enum vector_kind)kind));
	}
}

static void print_reason(const struct choice *choice, const struct reason *r, unsigned width)
{
	const struct line_style *style = &choice->style;
	char                     buffer[512];
	struct str               s = str_over(buffer, sizeof(buffer));

	printf("%s%s%s  %s", line_ink(style, line_class_ink(r->class)), r->id, line_ink(style, INK_NONE), reason_class_name(r->class));
	vectors_text(&s, r);
	printf(", %s\n    ", s.text);
	s = str_over(buffer, sizeof(buffer));
	known_sentence(&s, r);
	print_wrapped(stdout, s.text, 4, width);
	s = str_over(buffer, sizeof(buffer));
	str_fmt(&s, "%s%s%s%s", r->clause, r->clause[0] ? "; " : "", r->flaws, r->flaws[0] ? "; " : "");
	str_fmt(&s, "needs to see the %s", reason_needs_name(r->needs));
	if (r->class == CLASS_OPAQUE)
		str_fmt(&s, "; a policy lets it through with \"allow %s\"", r->id);
	printf("    %s", line_ink(style, INK_DIM));
	print_wrapped(stdout, s.text, 4, width);
	printf("%s", line_ink(style, INK_NONE));
}

/* The vectors of one reason, by name. */
static void print_vectors(const struct reason *r, unsigned width)
{
	size_t               count;
	const struct vector *all = vectors_all(&count);

	for (size_t i = 0; i < count; i++) {
		char       buffer[512];
		struct str s = str_over(buffer, sizeof(buffer));

		if (all[i].reason != r->number)
			continue;
		str_fmt(&s, "%s (%s, %s): %s", all[i].name, vector_kind_name((enum vector_kind)all[i].kind), all[i].protocol, all[i].about);
		printf("      ");
		print_wrapped(stdout, s.text, 8, width);
	}
}

static json_t *vectors_json(const struct reason *r, bool names)
{
	json_t *object = json_object();

	for (int kind = VECTOR_SMALLEST; kind <= VECTOR_REFUSED; kind++)
		json_object_set_new(object, vector_kind_name((enum vector_kind)kind),
				    json_integer((json_int_t)vector_count(r->number, (enum vector_kind)kind)));
	if (names) {
		size_t               count;
		const struct vector *all = vectors_all(&count);
		json_t              *list = json_array();

		for (size_t i = 0; i < count; i++)
			if (all[i].reason == r->number)
				json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", all[i].name, "kind",
								      vector_kind_name((enum vector_kind)all[i].kind), "protocol",
								      all[i].protocol, "about", all[i].about));
		json_object_set_new(object, "list", list);
	}
	return object;
}

static json_t *reason_json(const struct reason *r, bool names)
{
	json_t     *object = json_object(), *flaws = json_array();
	const char *list = r->flaws;
	char        flaw[KNOWN_WORD];

	json_object_set_new(object, "number", json_integer(r->number));
	json_object_set_new(object, "id", json_string(r->id));
	json_object_set_new(object, "protocol", json_string(r->protocol));
	json_object_set_new(object, "class", json_string(reason_class_name(r->class)));
	json_object_set_new(object, "needs", json_string(reason_needs_name(r->needs)));
	json_object_set_new(object, "clause", json_string(r->clause));
	json_object_set_new(object, "sentence", json_string(r->sentence));
	while (known_word(&list, flaw))
		json_array_append_new(flaws, json_string(flaw));
	json_object_set_new(object, "flaws", flaws);
	json_object_set_new(object, "vectors", vectors_json(r, names));
	return object;
}

/* Every chosen reason, under a heading per protocol. */
static void print_all(const struct choice *choice)
{
	size_t               count, shown = 0;
	const struct reason *rows = reasons_all(&count);
	const char          *protocol = "";
	unsigned             width = columns_of(stdout);

	for (size_t i = 0; i < count; i++) {
		if (!chosen(choice, &rows[i]))
			continue;
		if (strcmp(rows[i].protocol, protocol) != 0)
			printf("%s%s%s%s\n", shown ? "\n" : "", line_ink(&choice->style, INK_BOLD), rows[i].protocol,
			       line_ink(&choice->style, INK_NONE));
		protocol = rows[i].protocol;
		shown++;
		print_reason(choice, &rows[i], width);
	}
	printf("\n%zu reason%s. sallyport reasons ID shows one with its vectors.\n", shown, shown == 1 ? "" : "s");
}

static const struct reason *wanted_reason(const char *id)
{
	size_t               count;
	const struct reason *rows = reasons_all(&count), *r = reason_by_id(id);

	if (!r)
		complain_unknown("reason", id, suggest(id, &rows->id, count, sizeof(*rows)), "reasons");
	return r;
}

/* The named ones, in full. */
static bool print_named(const struct choice *choice, int ids, char **id, json_t *array)
{
	unsigned width = columns_of(stdout);
	bool     ok = true;

	for (int i = 0; i < ids; i++) {
		const struct reason *r = wanted_reason(id[i]);

		if (!r) {
			ok = false;
		} else if (choice->json) {
			json_array_append_new(array, reason_json(r, true));
		} else {
			print_reason(choice, r, width);
			print_vectors(r, width);
		}
	}
	return ok;
}

static bool set_class(struct choice *choice, const char *name)
{
	const char *names[CLASSES];

	for (int i = 0; i < CLASSES; i++) {
		names[i] = reason_class_name((uint8_t)i);
		if (strcmp(names[i], name) == 0)
			choice->class = i;
	}
	if (choice->class < 0)
		complain_unknown("class", name, suggest(name, names, CLASSES, sizeof(names[0])), "reasons --help");
	return choice->class >= 0;
}

static bool set_protocol(struct choice *choice, const char *name)
{
	size_t               count;
	const struct reason *rows = reasons_all(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].protocol, name) == 0)
			choice->protocol = name;
	if (!choice->protocol)
		complain_unknown("protocol with reasons", name, suggest(name, &rows->protocol, count, sizeof(*rows)), "reasons");
	return choice->protocol != NULL;
}

static int reasons_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args   args = args_over(cmd, argc, argv);
	struct choice choice = {.class = -1};
	int           got, ids = 0;
	bool          ok = true;
	json_t       *array = NULL;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_OPERAND)
			argv[ids++] = argv[args.at - 1];
		else if (got < 0)
			return args_exit(got);
		choice.json |= got == OPT_JSON;
		if ((got == OPT_CLASS && !set_class(&choice, args.value)) || (got == OPT_PROTOCOL && !set_protocol(&choice, args.value)))
			return EXIT_USAGE;
	}
	choice.style.colour = !choice.json && colour_wanted(stdout);
	if (choice.json)
		array = json_array();
	if (ids) {
		ok = print_named(&choice, ids, argv, array);
	} else if (!choice.json) {
		print_all(&choice);
	} else {
		size_t               count;
		const struct reason *rows = reasons_all(&count);

		for (size_t i = 0; i < count; i++)
			if (chosen(&choice, &rows[i]))
				json_array_append_new(array, reason_json(&rows[i], false));
	}
	if (array && !print_json(array))
		ok = false;
	return output_ok() && ok ? EXIT_CLEAN : EXIT_USAGE;
}

const struct cmd cmd_reasons = {
	.name = "reasons",
	.usage = "[ID...]",
	.summary = "every refusal Sallyport knows: class, clause, flaws",
	.about = "Lists the reasons a message can be refused for. With one or more IDs: those in full, with the vectors that show them.",
	.options = options,
	.run = reasons_run,
};
