/* `sallyport bulletin`: converts vendors' bulletins to CSAF or plain JSON, compares their languages, counts what was found. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advise/bulletin.h"
#include "advise/yields.h"
#include "assess/load.h"
#include "base/str.h"
#include "cmd/assess.h"
#include "cmd/whole.h"

enum { OPT_TO = 0, OPT_OUT, OPT_LANGUAGE, OPT_JSON };
enum { PATH_MOST = 4096, SHOWN = 512 };

static const struct option options[] = {
	[OPT_TO] = {"to", 't', "FORM", "convert: csaf or json"},
	[OPT_OUT] = {"out", 'o', "FOLDER", "convert: one file for each bulletin below FOLDER/LANGUAGE, instead of standard output"},
	[OPT_LANGUAGE] = {"language", 'l', "NAME", "the bulletins' language, ja or de, or a file with another language pack; without it their head says it"},
	[OPT_JSON] = {"json", 0, NULL, "compare and yields: one JSON object instead of text"},
	{0},
};

static const char *const verbs[] = {"convert", "compare", "yields"};

/* One reading of a bulletin that is compared; only what is compared is kept. */
struct kept {
	struct bulletin  bulletin;
	struct kept     *next;
};

struct job {
	enum { JOB_CONVERT = 0, JOB_COMPARE, JOB_YIELDS } verb;
	bool          json, csaf, compact, stopped;
	const char   *out, *language;
	size_t        contradictions, compared, differences, unused; /* compared: pairs; unused: nothing could be made of what was read */
	struct yields yields;
	struct kept  *kept;
	json_t       *list; /* of compare --json */
	bool          terminal, shown; /* shown, shown_ms: of the line of progress */
	uint64_t      shown_ms;
};

/* The line of progress makes room for another. */
static void clear_line(struct job *job)
{
	if (job->shown)
		fputs("\r\033[K", stderr);
	job->shown = false;
	job->shown_ms = 0;
}

/* FOLDER/LANGUAGE/ms04-011.json */
static bool write_file(struct job *job, const struct bulletin *b, json_t *document)
{
	char       path[PATH_MOST], name[16];
	struct str s = str_over(path, sizeof(path));
	bool       folders;

	str_fmt(&s, "%s", job->out);
	folders = mkdir(path, 0777) == 0 || errno == EEXIST;
	str_fmt(&s, "/%s", b->language);
	folders = folders && (mkdir(path, 0777) == 0 || errno == EEXIST);
	if (folders && access(path, W_OK | X_OK) != 0)
		folders = false;
	if (s.cut || !folders) {
		clear_line(job);
		complain("%s: %s", path, s.cut ? "the path is too long" : strerror(errno));
		job->stopped = true; /* the next bulletin would fare no better */
		return false;
	}
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char)(b->id[i] >= 'A' && b->id[i] <= 'Z' ? b->id[i] + 32 : b->id[i]), i = b->id[i] ? i : sizeof(name);
	str_fmt(&s, "/%s.json", name);
	return whole_file(path, whole_json, document);
}

static bool convert(struct job *job, const struct bulletin *b)
{
	json_t *document = job->csaf ? bulletin_csaf(b) : bulletin_json(b);
	bool    good;

	if (!document) {
		complain("%s: there is no memory for the document", b->source);
		return false;
	}
	good = job->out ? write_file(job, b, document) : json_dumpf(document, stdout, job->compact ? JSON_COMPACT : JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
	json_decref(document);
	return good;
}

static void differs(void *data, const char *what, const char *text)
{
	struct job *job = data;

	job->differences++;
	clear_line(job);
	if (job->json)
		json_array_append_new(job->list, json_pack("{s:s,s:s,s:s}", "bulletin", job->kept->bulletin.id, "what", what, "text", text));
	else
		printf("%s  %-14s  %s\n", job->kept->bulletin.id, what, text);
}

/* Keeps the reading; one of another language is compared with it. */
static bool compare(struct job *job, struct bulletin *b)
{
	struct kept *one = calloc(1, sizeof(*one));

	if (!one) {
		complain("%s: there is no memory to compare it", b->source);
		return false;
	}
	one->bulletin = *b;
	*b = (struct bulletin){0};
	one->next = job->kept;
	job->kept = one;
	for (const struct kept *k = one->next; k; k = k->next)
		if (strcmp(k->bulletin.id, one->bulletin.id) == 0 && strcmp(k->bulletin.language, one->bulletin.language) != 0) {
			bulletin_compare(&k->bulletin, &one->bulletin, differs, job);
			job->compared++;
		}
	return true;
}

/* What the job does with a bulletin. It goes on with the next one whatever becomes of this, while there is somewhere to write. */
static bool got(void *data, struct bulletin *b)
{
	struct job *job = data;
	bool        good;

	job->contradictions += b->contradiction_n;
	yields_add(&job->yields, b);
	good = job->verb == JOB_CONVERT ? convert(job, b) : job->verb == JOB_COMPARE ? compare(job, b) : true;
	job->unused += !good;
	bulletin_close(b);
	return !job->stopped;
}

static void said(void *data, const char *path, const char *sentence)
{
	char shown[SHOWN], words[SHOWN];

	clear_line(data);
	complain("%s: %s", assess_harmless(path, shown, sizeof(shown)), assess_harmless(sentence, words, sizeof(words)));
}

static void progress(void *data, size_t done, size_t total)
{
	struct job *job = data;

	if (job->terminal)
		assess_progress(&job->shown_ms, &job->shown, done, total, "bulletins");
}

static json_t *yields_json(const struct yields *y)
{
	json_t *eras = json_object();

	for (int era = 0; era < ERAS; era++) {
		json_t *one = json_object();

		json_object_set_new(one, "bulletins", json_integer(y->bulletins[era]));
		for (int i = 0; i < YIELDS; i++)
			json_object_set_new(one, yield_names[i], json_pack("{s:i,s:i}", "bulletins", (int)y->have[era][i], "facts", (int)y->facts[era][i]));
		json_object_set_new(eras, era_names[era], one);
	}
	return eras;
}

/* Percent of an era's bulletins; how many facts in all stands in the last column. */
static void yields_text(const struct yields *y)
{
	printf("%-20s", "% of bulletins");
	for (int era = 0; era < ERAS; era++)
		printf(" %9s", era_names[era]);
	printf("     facts\n%-20s", "bulletins");
	for (int era = 0; era < ERAS; era++)
		printf(" %9u", y->bulletins[era]);
	printf("\n");
	for (int i = 0; i < YIELDS; i++) {
		uint32_t facts = 0;

		printf("%-20s", yield_names[i]);
		for (int era = 0; era < ERAS; era++) {
			facts += y->facts[era][i];
			if (y->bulletins[era])
				printf(" %9.1f", 100.0 * y->have[era][i] / y->bulletins[era]);
			else
				printf(" %9s", "-");
		}
		printf(" %9u\n", facts);
	}
}

static int finish(struct job *job, const struct load_done *done)
{
	size_t failed = done->failed + job->unused, read = done->bulletins - job->unused;

	clear_line(job);
	if (!done->bulletins && !failed) {
		complain("there are no bulletins in what was named: a folder stands for the files in it and below whose name ends in .md");
		json_decref(job->list);
		return EXIT_USAGE;
	}
	if (job->verb == JOB_YIELDS && done->bulletins) {
		if (job->json)
			print_json(yields_json(&job->yields));
		else
			yields_text(&job->yields);
	}
	if (job->verb == JOB_COMPARE && job->json)
		print_json(json_pack("{s:i,s:o}", "bulletins", (int)read, "differences", job->list));
	if (job->verb != JOB_CONVERT || job->out || failed)
		fprintf(stderr, "%zu bulletin%s, %zu contradiction%s in %s%s", read, read == 1 ? "" : "s", job->contradictions, job->contradictions == 1 ? "" : "s", read == 1 ? "it" : "them",
			failed ? "" : "\n");
	if (failed)
		fprintf(stderr, ", %zu could not be read or written\n", failed);
	if (job->verb == JOB_COMPARE && !job->compared && !failed) {
		complain("nothing was compared: none of these bulletins is there in two languages");
		return EXIT_USAGE;
	}
	if (!output_ok() || failed)
		return EXIT_USAGE;
	return job->differences ? EXIT_FOUND : EXIT_CLEAN;
}

static bool verb_of(struct job *job, const char *word)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(verbs[i], word) == 0) {
			job->verb = i;
			return true;
		}
	complain_unknown("verb of bulletin", word, suggest(word, verbs, 3, sizeof(verbs[0])), "help bulletin");
	return false;
}

/* What is asked for; 0, or the exit code. The operands stay in argv, from *first. */
static int arguments(struct job *job, struct args *args, const char **operands, size_t *count)
{
	const char *to = NULL;
	bool        verb = false;
	unsigned    given = 0;

	for (int got; (got = args_next(args)) != ARGS_END;) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got) ? args_exit(got) : -1;
		given |= got >= 0 ? 1u << got : 0;
		if (got == OPT_JSON)
			job->json = true;
		else if (got == OPT_OUT)
			job->out = args->value;
		else if (got == OPT_LANGUAGE)
			job->language = args->value;
		else if (got == OPT_TO)
			to = args->value;
		else if (!verb && !verb_of(job, args->value))
			return EXIT_USAGE;
		else if (verb)
			operands[(*count)++] = args->value;
		else
			verb = true;
	}
	if (to && strcmp(to, "csaf") != 0 && strcmp(to, "json") != 0) {
		complain("--to is csaf or json, not \"%.40s\"", to);
		return EXIT_USAGE;
	}
	job->csaf = to && strcmp(to, "csaf") == 0;
	if (!verb || !*count || (job->verb == JOB_CONVERT && !to)) {
		complain(!verb ? "which: convert, compare or yields?" : !*count ? "which files or folders?" : "--to is missing: csaf or json");
		return EXIT_USAGE;
	}
	return args_fit(args->cmd, verbs[job->verb], given) ? 0 : EXIT_USAGE;
}

static int read_all(struct job *job, const char *const *operands, size_t count)
{
	struct load_wish wish = {.language = job->language, .markdown = true, .got = got, .said = said, .progress = progress, .data = job};
	struct load_done done;
	struct stat      st;

	job->terminal = job->out || job->verb != JOB_CONVERT;
	job->list = job->json && job->verb == JOB_COMPARE ? json_array() : NULL;
	job->compact = count > 1 || (stat(operands[0], &st) == 0 && S_ISDIR(st.st_mode));
	return load_bulletins(operands, count, &wish, &done) ? finish(job, &done) : EXIT_USAGE;
}

static int bulletin_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args  args = args_over(cmd, argc, argv);
	struct job   job = {0};
	const char **operands = calloc((size_t)argc + 1, sizeof(*operands));
	size_t       count = 0;
	int          code = EXIT_USAGE;

	if (operands)
		code = arguments(&job, &args, operands, &count);
	else
		complain("there is no memory");
	if (code == 0)
		code = read_all(&job, operands, count);
	for (struct kept *k = job.kept, *next; k; k = next) {
		next = k->next;
		bulletin_close(&k->bulletin);
		free(k);
	}
	free(operands);
	return code < 0 ? EXIT_CLEAN : code;
}

const struct cmd cmd_bulletin = {
	.name = "bulletin",
	.usage = "convert|compare|yields FILE|FOLDER...",
	.summary = "vendors' security bulletins as CSAF 2.0 or plain JSON",
	.about = "convert reads bulletins in Markdown, of 1999 to 2017 and in Japanese or German, and writes what they say as CSAF 2.0 or as plain JSON, each fact with the "
		 "line it came from and how sure it is; what does not agree is reported, not resolved. compare tells where two languages of one bulletin differ. yields counts, "
		 "by era, how many bulletins gave each kind of fact. A FOLDER stands for the .md files in it and below; a FILE may also "
		 "be a plain document.",
	.options = options,
	.run = bulletin_run,
};
