/* `sallyport bulletin`: converts vendors' bulletins to CSAF or plain JSON, compares their languages, counts what was found. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advise/bulletin.h"
#include "advise/doc.h"
#include "advise/packs.h"
#include "advise/yields.h"
#include "base/str.h"
#include "cmd/cmd.h"

enum { OPT_TO = 0, OPT_OUT, OPT_LANGUAGE, OPT_JSON };
enum { PATH_MOST = 4096, DEPTH_MOST = 16, WHY = 512, SHOW_EVERY = 16 };

static const struct option options[] = {
	[OPT_TO] = {"to", 't', "FORM", "convert: csaf or json"},
	[OPT_OUT] = {"out", 'o', "FOLDER", "convert: one file for each bulletin below FOLDER/LANGUAGE, instead of standard output"},
	[OPT_LANGUAGE] = {"language", 'l', "NAME", "the bulletins' language, ja or de, or a file with another language pack; without it their head says it"},
	[OPT_JSON] = {"json", 0, NULL, "compare and yields: one JSON object instead of text"},
	{0},
};

/* One reading of a bulletin that is compared; only what is compared is kept. */
struct kept {
	struct bulletin  bulletin;
	struct kept     *next;
};

struct job {
	enum { JOB_CONVERT = 0, JOB_COMPARE, JOB_YIELDS } verb;
	bool          json, csaf, terminal;
	const char   *out;
	struct packs  packs;
	bool          bad, compact;
	uint32_t      done, failed, contradictions, differences;
	struct yields yields;
	struct kept  *kept;
	char         *bytes; /* DOC_BYTES_MAX + 1 */
	json_t       *list; /* of compare --json */
};

/* The whole file, or what goes wrong with it is told. */
static bool file_bytes(const char *path, char *bytes, size_t *out)
{
	int     fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t  n = 0;
	ssize_t got = 1;

	while (fd >= 0 && got > 0 && n <= DOC_BYTES_MAX) {
		got = read(fd, bytes + n, DOC_BYTES_MAX + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (fd < 0 || got < 0)
		complain("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	*out = n;
	return fd >= 0 && got >= 0;
}

/* Under another name until it is whole: an interruption leaves no half document that the next program would read. */
static bool write_file(const struct job *job, const struct bulletin *b, json_t *document)
{
	int        error;
	char       path[PATH_MOST], part[PATH_MOST + 8], name[16];
	struct str s = str_over(path, sizeof(path));

	str_fmt(&s, "%s", job->out);
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		goto failed;
	str_fmt(&s, "/%s", b->language);
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		goto failed;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char)(b->id[i] >= 'A' && b->id[i] <= 'Z' ? b->id[i] + 32 : b->id[i]), i = b->id[i] ? i : sizeof(name);
	str_fmt(&s, "/%s.json", name);
	snprintf(part, sizeof(part), "%s.part", path);
	errno = 0;
	if (!s.cut && json_dump_file(document, part, JSON_INDENT(2)) == 0 && rename(part, path) == 0)
		return true;
	error = errno;
	if (!s.cut)
		unlink(part);
	errno = error;
failed:
	complain("%s: %s", path, errno ? strerror(errno) : "it could not be written");
	return false;
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
		if (strcmp(k->bulletin.id, one->bulletin.id) == 0 && strcmp(k->bulletin.language, one->bulletin.language) != 0)
			bulletin_compare(&k->bulletin, &one->bulletin, differs, job);
	return true;
}

static void one_file(struct job *job, const char *path)
{
	const struct pack *pack;
	struct bulletin    b = {0};
	const char        *why = "its head does not say its language; --language does";
	size_t             n;
	bool               good = file_bytes(path, job->bytes, &n);

	if (!good) {
		job->failed++;
		return;
	}
	pack = packs_for(&job->packs, job->bytes, n);
	good = pack && bulletin_read(pack, path, job->bytes, n, &b, &why);
	if (!good)
		complain("%s: %s", path, why);
	if (good) {
		job->contradictions += b.contradiction_n;
		yields_add(&job->yields, &b);
		good = job->verb == JOB_CONVERT ? convert(job, &b) : job->verb == JOB_COMPARE ? compare(job, &b) : true;
	}
	bulletin_close(&b);
	job->done += good;
	job->failed += !good;
	if (job->terminal && job->done % SHOW_EVERY == 0)
		fprintf(stderr, "\r%u bulletins", job->done);
}

static bool is_bulletin(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && strcasecmp(name + n - 3, ".md") == 0;
}

static void one_folder(struct job *job, const char *path, unsigned depth)
{
	struct dirent **entries;
	int             n = scandir(path, &entries, NULL, alphasort);

	if (n < 0) {
		complain("%s: %s", path, strerror(errno));
		job->failed++;
		return;
	}
	for (int i = 0; i < n; i++) {
		char        inner[PATH_MOST];
		struct str  s = str_over(inner, sizeof(inner));
		struct stat st;

		str_fmt(&s, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && !s.cut && lstat(inner, &st) == 0) {
			if (S_ISDIR(st.st_mode) && depth < DEPTH_MOST)
				one_folder(job, inner, depth + 1);
			else if (S_ISREG(st.st_mode) && is_bulletin(entries[i]->d_name))
				one_file(job, inner);
		}
		free(entries[i]);
	}
	free(entries);
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

static int finish(struct job *job)
{
	if (job->terminal)
		fprintf(stderr, "\r");
	if (!job->done && !job->failed) {
		complain("there are no bulletins in what was named: a folder stands for the files in it and below whose name ends in .md");
		json_decref(job->list);
		return EXIT_USAGE;
	}
	if (job->verb == JOB_YIELDS) {
		if (job->json)
			print_json(yields_json(&job->yields));
		else
			yields_text(&job->yields);
	}
	if (job->verb == JOB_COMPARE && job->json)
		print_json(json_pack("{s:i,s:o}", "bulletins", (int)job->done, "differences", job->list));
	if (job->verb != JOB_CONVERT || job->out || job->failed)
		fprintf(stderr, "%u bulletins, %u contradictions in them%s", job->done, job->contradictions, job->failed ? "" : "\n");
	if (job->failed)
		fprintf(stderr, ", %u could not be read or written\n", job->failed);
	if (!output_ok() || job->failed || job->bad)
		return EXIT_USAGE;
	return job->differences ? EXIT_FOUND : EXIT_CLEAN;
}

static bool verb_of(struct job *job, const char *word)
{
	static const char *const verbs[] = {"convert", "compare", "yields"};

	for (int i = 0; i < 3; i++)
		if (strcmp(verbs[i], word) == 0) {
			job->verb = i;
			return true;
		}
	complain_unknown("verb of bulletin", word, suggest(word, verbs, 3, sizeof(verbs[0])), "help bulletin");
	return false;
}

/* What is asked for; 0, or the exit code. The operands stay in argv, from *first. */
static int arguments(struct job *job, struct args *args, char **operands, size_t *count, const char **language)
{
	const char *to = NULL;
	bool        verb = false;

	for (int got; (got = args_next(args)) != ARGS_END;) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got) ? args_exit(got) : -1;
		if (got == OPT_JSON)
			job->json = true;
		else if (got == OPT_OUT)
			job->out = args->value;
		else if (got == OPT_LANGUAGE)
			*language = args->value;
		else if (got == OPT_TO)
			to = args->value;
		else if (!verb && !verb_of(job, args->value))
			return EXIT_USAGE;
		else if (verb)
			operands[(*count)++] = (char *)(uintptr_t)args->value;
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
	return 0;
}

static void close_all(struct job *job)
{
	for (struct kept *k = job->kept, *next; k; k = next) {
		next = k->next;
		bulletin_close(&k->bulletin);
		free(k);
	}
	packs_close(&job->packs);
	free(job->bytes);
	free(job);
}

static int bulletin_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args args = args_over(cmd, argc, argv);
	struct job *job = calloc(1, sizeof(*job));
	char      **operands = calloc((size_t)argc + 1, sizeof(*operands));
	const char *language = NULL;
	size_t      count = 0;
	struct stat st;
	int         code = EXIT_USAGE;
	char        why[WHY];

	if (job)
		job->bytes = malloc(DOC_BYTES_MAX + 1);
	if (job && job->bytes && operands)
		code = arguments(job, &args, operands, &count, &language);
	else
		complain("there is no memory");
	if (code == 0 && !packs_open(language, &job->packs, why, sizeof(why))) {
		complain("%s", why);
		code = EXIT_USAGE;
	}
	if (code == 0) {
		job->terminal = isatty(STDERR_FILENO) && (job->out || job->verb != JOB_CONVERT);
		job->list = job->json && job->verb == JOB_COMPARE ? json_array() : NULL;
		job->compact = count > 1 || (stat(operands[0], &st) == 0 && S_ISDIR(st.st_mode));
		for (size_t i = 0; i < count; i++)
			if (stat(operands[i], &st) == 0 && S_ISDIR(st.st_mode))
				one_folder(job, operands[i], 0);
			else
				one_file(job, operands[i]);
		code = finish(job);
	}
	if (job)
		close_all(job);
	free(operands);
	return code < 0 ? EXIT_CLEAN : code;
}

const struct cmd cmd_bulletin = {
	.name = "bulletin",
	.usage = "convert|compare|yields FILE|FOLDER...",
	.summary = "vendors' security bulletins as CSAF 2.0 or plain JSON",
	.about = "convert reads bulletins in Markdown, of 1999 to 2017 and in Japanese or German, and writes what they say as CSAF 2.0 or as plain JSON, each fact with the "
		 "line it came from and how sure it is; what does not agree is reported, not resolved. compare tells where two languages of one bulletin differ. yields counts, "
		 "by era, how many bulletins gave each kind of fact. A FOLDER stands for the .md files in it and below.",
	.options = options,
	.run = bulletin_run,
};
