/* `sallyport shields`: every flaw and what is true of it today: shielded, host only, or not covered. */
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "assess/known.h"
#include "cmd/cmd.h"
#include "event/event.h"
#include "proto/protocols.h"

enum { OPT_JSON = 0 };

enum { TEXT_COLUMN = 15, TITLE_COLUMN = 25 };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "one JSON array instead of text"},
	{0},
};

struct shields {
	bool              json;
	struct line_style style;
	json_t           *array;
	int               ids;
	char            **id; /* the flaws asked for; none = all */
	bool             *found;
	struct known_alsos also;
};

/* Was this flaw asked for, by its id or its bulletin? */
static bool asked(struct shields *sh, const struct flaw *flaw)
{
	bool any = !sh->ids;

	for (int i = 0; i < sh->ids; i++)
		if (known_same_id(sh->id[i], strlen(sh->id[i]), flaw->id, strlen(flaw->id)) || strcasecmp(sh->id[i], flaw->bulletin) == 0)
			any = sh->found[i] = true;
	return any;
}

static json_t *names_json(const struct carrier_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->name[i]));
	return array;
}

static json_t *reasons_json(const char *flaw)
{
	size_t               count;
	const struct reason *rows = reasons_all(&count);
	json_t              *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (known_listed(rows[i].flaws, flaw))
			json_array_append_new(array, json_string(rows[i].id));
	return array;
}

static void add_json(struct shields *sh, const struct flaw *flaw, const struct shield *s, const char *text, bool is_founding)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", json_string(flaw->id));
	json_object_set_new(object, "bulletin", json_string(flaw->bulletin));
	json_object_set_new(object, "title", json_string(flaw->title));
	json_object_set_new(object, "founding", json_boolean(is_founding));
	json_object_set_new(object, "status", json_string(shield_status_name(s->status)));
	json_object_set_new(object, "text", json_string(text));
	json_object_set_new(object, "covered", names_json(&s->covered));
	json_object_set_new(object, "no_recogniser", names_json(&s->missing));
	json_object_set_new(object, "no_reason", names_json(&s->unnamed));
	json_object_set_new(object, "no_vectors", names_json(&s->unshown));
	json_object_set_new(object, "only_in_clear", names_json(&s->clear_only));
	json_object_set_new(object, "reasons", reasons_json(flaw->id));
	json_object_set_new(object, "vectors", json_integer((json_int_t)s->vectors));
	json_array_append_new(sh->array, object);
}

static enum ink status_ink(enum shield_status status)
{
	static const enum ink inks[] = {INK_GREEN, INK_YELLOW, INK_RED, INK_CYAN};

	return inks[status];
}

/* The reasons behind one flaw, when somebody asked for it by name. */
static void print_reasons(const char *flaw, unsigned width)
{
	size_t               count;
	const struct reason *rows = reasons_all(&count);

	for (size_t i = 0; i < count; i++) {
		char       buffer[512];
		struct str s = str_over(buffer, sizeof(buffer));

		if (!known_listed(rows[i].flaws, flaw))
			continue;
		str_fmt(&s, "%s (%zu vectors): ", rows[i].id, known_vectors(&rows[i]));
		known_sentence(&s, &rows[i]);
		printf("%*s", TEXT_COLUMN + 2, "");
		print_wrapped(stdout, s.text, TEXT_COLUMN + 4, width);
	}
}

static void show(struct shields *sh, const struct flaw *flaw, bool is_founding)
{
	struct shield s = known_shield(flaw);
	char          buffer[640];
	struct str    text = str_over(buffer, sizeof(buffer));
	unsigned      width = columns_of(stdout);

	if (!asked(sh, flaw))
		return;
	shield_text(&text, flaw, &s);
	if (sh->json) {
		add_json(sh, flaw, &s, text.text, is_founding);
		return;
	}
	if (s.reasons)
		str_fmt(&text, " (%zu reason%s, %zu vector%s)", s.reasons, s.reasons == 1 ? "" : "s", s.vectors, s.vectors == 1 ? "" : "s");
	printf("%s%-14s%s ", line_ink(&sh->style, INK_BOLD), flaw->id, line_ink(&sh->style, INK_NONE));
	printf("%-9s ", flaw->bulletin);
	if (flaw->title[0]) {
		print_wrapped(stdout, flaw->title, TITLE_COLUMN, width);
		printf("%*s", TEXT_COLUMN, "");
	}
	printf("%s", line_ink(&sh->style, status_ink(s.status)));
	print_wrapped(stdout, text.text, flaw->title[0] ? TEXT_COLUMN : TITLE_COLUMN, width);
	printf("%s", line_ink(&sh->style, INK_NONE));
	if (sh->ids)
		print_reasons(flaw->id, width);
}

static void show_all(struct shields *sh)
{
	size_t             count;
	const struct flaw *flaws = flaws_all(&count);

	for (size_t i = 0; i < count; i++)
		show(sh, &flaws[i], true);
	if (!sh->json && !sh->ids && sh->also.count)
		printf("\nalso named by reasons:\n");
	for (size_t i = 0; i < sh->also.count; i++)
		show(sh, &sh->also.row[i].flaw, false);
}

/* How many founding flaws stand where. */
static void print_totals(const struct shields *sh)
{
	size_t             count, n[SHIELD_HOST + 1] = {0};
	const struct flaw *flaws = flaws_all(&count);

	if (sh->json || sh->ids)
		return;
	for (size_t i = 0; i < count; i++)
		n[known_shield(&flaws[i]).status]++;
	printf("\n%zu founding flaws: %zu shielded, %zu partly, %zu not covered yet, %zu host only.\n", count, n[SHIELD_FULL],
	       n[SHIELD_PART], n[SHIELD_NONE], n[SHIELD_HOST]);
}

static bool all_found(const struct shields *sh)
{
	bool ok = true;

	for (int i = 0; i < sh->ids; i++)
		if (!sh->found[i]) {
			complain("no founding flaw and no reason has the name \"%.100s\"", sh->id[i]);
			fprintf(stderr, "sallyport shields lists what there is\n");
			ok = false;
		}
	return ok;
}

static int shields_run(const struct cmd *cmd, int argc, char **argv)
{
	static struct shields sh;
	static bool           found[1024];
	struct args           args = args_over(cmd, argc, argv);
	int                   got;
	bool                  ok;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_OPERAND && sh.ids < (int)(sizeof(found) / sizeof(found[0])))
			argv[sh.ids++] = argv[args.at - 1];
		else if (got < 0)
			return args_exit(got);
		sh.json |= got == OPT_JSON;
	}
	sh.id = argv;
	sh.found = found;
	sh.style.colour = !sh.json && colour_wanted(stdout);
	sh.array = sh.json ? json_array() : NULL;
	known_also_collect(&sh.also);
	show_all(&sh);
	print_totals(&sh);
	ok = all_found(&sh);
	if (sh.array && !print_json(sh.array))
		ok = false;
	return output_ok() && ok ? EXIT_CLEAN : EXIT_USAGE;
}

const struct cmd cmd_shields = {
	.name = "shields",
	.usage = "[FLAW...]",
	.summary = "every flaw (CVE, bulletin) and what is true of it today",
	.about = "Lists the flaws Sallyport was made for and others its reasons name: shielded, only in clear, host only, or not "
		 "covered yet. Computed from reasons and vectors. A FLAW is a CVE, CAN or bulletin id; it is shown with its reasons.",
	.options = options,
	.run = shields_run,
};
