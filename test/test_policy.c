/* The policy compiler: golden diagnostics of test/policies, includes, caps, the canonical text. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/os.h"
#include "test/policy_help.h"

#define FOLDER "test/policies"

enum { BUFFER = 256 * 1024 };

static size_t slurp(const char *path, char *out)
{
	FILE  *f = fopen(path, "re");
	size_t n = 0;

	if (f) {
		n = fread(out, 1, BUFFER - 1, f);
		fclose(f);
	}
	out[n] = '\0';
	return n;
}

static void render(const struct policy_build *b, struct str *out)
{
	size_t errors, unshown, count = policy_diags(b, &errors, &unshown), len;

	for (size_t i = 0; i < count; i++)
		policy_diag_print(b, i, out);
	if (unshown)
		str_fmt(out, "and %zu more\n", unshown);
	str_fmt(out, "%zu errors, %s\n", errors, policy_build_blob(b, &len) ? "compiled" : "not compiled");
}

/* NAME.policy must give exactly NAME.expect; BLESS=1 writes what it gives. */
static void golden(int dir, const char *name)
{
	static char         got[BUFFER], want[BUFFER];
	struct policy_files files = policy_files_beneath;
	struct policy_world world = {.registry = toy_registry, .today = TODAY};
	struct str          s = str_over(got, sizeof(got));
	char                path[512];
	struct policy_build *b;

	files.user = &dir;
	b = policy_build(&files, name, &world);
	render(b, &s);
	snprintf(path, sizeof(path), FOLDER "/%.*s.expect", (int)(strlen(name) - 7), name);
	if (getenv("BLESS")) {
		FILE *f = fopen(path, "we");

		fputs(got, f);
		fclose(f);
	}
	slurp(path, want);
	if (!tap_ok(strcmp(got, want) == 0, "%s", name))
		tap_note("got:\n%s", got);
	policy_build_free(&b);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void goldens(void)
{
	static char    names[128][256];
	int            dir = open(FOLDER, O_RDONLY | O_DIRECTORY);
	DIR           *d = opendir(FOLDER);
	struct dirent *e;
	size_t         count = 0;

	while (d && count < 128 && (e = readdir(d)))
		if (strlen(e->d_name) > 7 && strcmp(e->d_name + strlen(e->d_name) - 7, ".policy") == 0)
			snprintf(names[count++], sizeof(names[0]), "%.255s", e->d_name);
	qsort(names, count, sizeof(names[0]), by_name);
	tap_ok(count > 10, "test/policies has its files");
	for (size_t i = 0; i < count; i++)
		golden(dir, names[i]);
	closedir(d);
	close(dir);
}

static bool same_blob(const struct policy_build *a, const struct policy_build *b)
{
	size_t         n, m;
	const uint8_t *x = policy_build_blob(a, &n), *y = policy_build_blob(b, &m);

	return (!x && !y) || (x && y && n == m && memcmp(x, y, n) == 0);
}

/* Canonical text: the same again when written again, and the same policy. */
static bool canonical(const char *name, const char *text)
{
	char                *once = NULL, *twice = NULL;
	bool                 ok = policy_format(text, strlen(text), &once) && policy_format(once, strlen(once), &twice);
	struct policy_build *a, *b;

	if (!ok) {
		free(once);
		return false;
	}
	a = compile(text);
	b = compile(once);
	ok = strcmp(once, twice) == 0 && same_blob(a, b);
	if (!ok)
		tap_note("%s: once:\n%s\ntwice:\n%s", name, once, twice);
	policy_build_free(&a);
	policy_build_free(&b);
	free(once);
	free(twice);
	return ok;
}

static void formats(void)
{
	static char    text[BUFFER];
	DIR           *d = opendir(FOLDER);
	struct dirent *e;
	unsigned       parsed = 0, wrong = 0;

	while (d && (e = readdir(d))) {
		char  path[512];
		char *out = NULL;

		snprintf(path, sizeof(path), FOLDER "/%.200s", e->d_name);
		if (!strstr(e->d_name, ".policy"))
			continue;
		slurp(path, text);
		if (!policy_format(text, strlen(text), &out))
			continue;
		free(out);
		parsed++;
		wrong += !canonical(e->d_name, text);
	}
	closedir(d);
	tap_ok(parsed > 5 && !wrong, "the canonical text is stable and means the same (%u texts)", parsed);
}

static void format_is(const char *text, const char *want, const char *name)
{
	char *out = NULL;

	policy_format(text, strlen(text), &out);
	tap_text(out, want, name);
	free(out);
}

static void format_cases(void)
{
	format_is("", "", "an empty text stays empty");
	format_is("# only\n\n\n# comments", "# only\n\n# comments\n", "comments and one blank line stay");
	format_is("zone a{10.0.0.0/8;10.1.0.0/16}", "zone a { 10.0.0.0/8 10.1.0.0/16 }\n", "a short block stays on its line");
	format_is("host h{address 10.0.0.1;os \"Linux\"}#x", "host h { address 10.0.0.1; os \"Linux\" }  #x\n", "a host on one line");
	format_is("policy p {\nblock   where (toy.depth>3   and\n toy.op=add)\nwatch until 2027-01-01 # why\n\n\npass\n}",
		  "policy p {\n\tblock where (toy.depth > 3 and\n\t\ttoy.op = add)\n\t\twatch until 2027-01-01  # why\n\n\tpass\n}\n",
		  "the author's line breaks stay, indented");
	format_is("service s {\nto h\nprotocol toy;policy p\n}\nzone z { 10.0.0.1 }",
		  "service s {\n\tto       h\n\tprotocol toy\n\tpolicy   p\n}\n\nzone z { 10.0.0.1 }\n", "values of a service stand below one another");
	format_is("policy p {#x\n\npass#y\n#z\n}#e", "policy p {  #x\n\n\tpass  #y\n\t#z\n}  #e\n", "comments stay where they stand");
	format_is("zone {", NULL, "what does not parse has no canonical text");
}

static size_t errors_of(struct policy_build *b, const char *part)
{
	size_t errors, unshown, count = policy_diags(b, &errors, &unshown);
	bool   found = false;

	for (size_t i = 0; i < count; i++)
		found = found || strstr(policy_diag_at(b, i)->text, part);
	if (!found)
		note_diags(b);
	policy_build_free(&b);
	return found ? errors : 0;
}

#define REST "host h { address 10.0.0.1 }\nservice s { listen 0.0.0.0:1 tcp; to h; protocol toy; policy p }\npolicy p { pass from z }\n"

static void includes(void)
{
	const struct text_of good[] = {{"m", "include \"d/*.z\"\n" REST}, {"d/a.z", "zone z { y }"}, {"d/b.z", "zone y { 10.0.0.0/8 }"},
				       {"d/.hidden.z", "nonsense"}, {"d/c.txt", "nonsense"}, {NULL, NULL}};
	const struct text_of cycle[] = {{"m", "include \"a\"\n" REST}, {"a", "include \"b\""}, {"b", "include \"a\""}, {NULL, NULL}};
	const struct text_of twice[] = {{"m", "include \"a\"\ninclude \"a\"\n" REST}, {"a", "zone z { 10.0.0.1 }"}, {NULL, NULL}};
	const struct text_of up[] = {{"m", "include \"../a\"\n" REST}, {NULL, NULL}};
	const struct text_of whole[] = {{"m", "include \"/etc/a\"\n" REST}, {NULL, NULL}};
	const struct text_of gone[] = {{"m", "include \"nowhere\"\n" REST}, {NULL, NULL}};
	const struct text_of deep[] = {{"m", "include \"1\"\n"}, {"1", "include \"2\""}, {"2", "include \"3\""}, {"3", "include \"4\""},
				       {"4", "include \"5\""}, {"5", "include \"6\""}, {"6", "include \"7\""}, {"7", "include \"8\""},
				       {"8", "# end"}, {NULL, NULL}};
	struct policy_build *b = compile_files(good, "m");
	size_t               len;

	if (!tap_ok(policy_build_blob(b, &len) != NULL, "includes by glob, hidden and other files left out"))
		note_diags(b);
	policy_build_free(&b);
	tap_ok(errors_of(compile_files(cycle, "m"), "would include itself"), "a cycle is an error");
	tap_ok(errors_of(compile_files(twice, "m"), "included already"), "a file included twice is an error");
	tap_ok(errors_of(compile_files(up, "m"), "below the policy's own folder"), "no include leads upward");
	tap_ok(errors_of(compile_files(whole, "m"), "below the policy's own folder"), "no include is absolute");
	tap_ok(errors_of(compile_files(gone, "m"), "No such file"), "a missing file is an error");
	tap_ok(errors_of(compile_files(deep, "m"), "more than 8 files deep"), "includes are not deeper than 8");
}

/* A link that leads out of the folder is not followed. */
static void beneath(void)
{
	const char          *parent = getenv("TMPDIR");
	char                 dir[4096];
	struct policy_files  files = policy_files_beneath;
	struct policy_world  world = {.registry = toy_registry, .today = TODAY};
	int                  fd, main_fd;
	struct policy_build *b;

	snprintf(dir, sizeof(dir), "%s/sallyport-policy-XXXXXX", parent ? parent : P_tmpdir);
	fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY) : -1;
	main_fd = openat(fd, "m", O_WRONLY | O_CREAT, 0600);
	if (main_fd < 0 || write(main_fd, "include \"out\"\n", 14) != 14 || symlinkat("/etc/passwd", fd, "out") != 0 || mkfifoat(fd, "pipe", 0600) != 0) {
		tap_skip("no temporary folder");
		return;
	}
	close(main_fd);
	files.user = &fd;
	b = policy_build(&files, "m", &world);
	tap_ok(errors_of(b, "out cannot be read"), "a link out of the folder is not followed");
	b = policy_build(&files, "pipe", &world);
	tap_ok(errors_of(b, "pipe cannot be read"), "a pipe does not hold the compiler up");
	unlinkat(fd, "m", 0);
	unlinkat(fd, "out", 0);
	unlinkat(fd, "pipe", 0);
	rmdir(dir);
	close(fd);
}

/* `times` copies of a text between two others. */
static struct policy_build *repeated(const char *head, const char *text, unsigned times, const char *tail)
{
	size_t               size = strlen(head) + strlen(text) * times + strlen(tail) + 1;
	char                *all = malloc(size);
	struct str           s = str_over(all, size);
	struct policy_build *b;

	str_add(&s, head);
	for (unsigned i = 0; i < times; i++)
		str_add(&s, text);
	str_add(&s, tail);
	b = compile(all);
	free(all);
	return b;
}

#define SERVICE "host h { address 10.0.0.1 }\nservice s { listen 0.0.0.0:1 tcp; to h; protocol toy; policy p }\n"

static void caps(void)
{
	struct policy_world  small = {.registry = toy_registry, .today = TODAY, .memory_cap = 20 * 1024};
	struct text_of       one[] = {{"t", SERVICE "policy p { pass }"}, {NULL, NULL}};
	struct policy_files  files = {.user = one, .read = text_read, .list = text_list};
	struct policy_build *b;

	b = repeated("zone z { 10.0.0.1 }\npolicy p {", "pass from z where toy.depth > 3\n", 300, "}\n" SERVICE);
	tap_ok(errors_of(b, "more than 256 rules"), "a policy has at most 256 rules");
	b = repeated("policy p {", "limit toy.depth 3\n", 1100, "}\n" SERVICE);
	tap_ok(errors_of(b, "more than 1024 sentences"), "a policy has at most 1024 sentences");
	b = repeated("policy p { pass where ", "not ", 20, "toy.depth > 3 }\n" SERVICE);
	tap_ok(errors_of(b, "more than 12 levels"), "conditions nest 12 deep");
	b = repeated("policy p { pass where toy.depth > 3", " and toy.depth > 3", 64, "}\n" SERVICE);
	tap_ok(errors_of(b, "more than 64 comparisons"), "conditions hold 64 comparisons");
	b = repeated("policy p { pass where toy.name = \"", "x", 256, "\" }\n" SERVICE);
	tap_ok(errors_of(b, "longer than 255"), "a string has at most 255 bytes");
	b = repeated("", "# a comment of no use at all\n", 20000, SERVICE);
	tap_ok(!errors_of(b, "larger than"), "half a megabyte of comments, as shields of one host have, is read");
	b = repeated("", "# a comment of no use at all, and of some length, so that not too many are needed\n", 450000, "");
	tap_ok(errors_of(b, "larger than 32 MiB"), "a file has at most 32 MiB");
	b = repeated("zone z {", " x", 100000, "}\n");
	tap_ok(errors_of(b, "there is no zone") > 50, "of many errors all are counted");
	b = policy_build(&files, "t", &small);
	tap_ok(errors_of(b, "more memory"), "without memory there is one error and no blob");
}

/* However little memory there is: a blob, or one error that says so. */
static void memory(void)
{
	struct text_of      one[] = {{"t", NULL}, {NULL, NULL}};
	struct policy_files files = {.user = one, .read = text_read, .list = text_list};
	static char         text[BUFFER];
	unsigned            good = 0, full = 0, wrong = 0;

	slurp(FOLDER "/mixed.policy", text);
	one[0].text = text;
	for (size_t cap = 1; cap < 512 * 1024; cap += 7777) {
		struct policy_world  world = {.registry = toy_registry, .today = TODAY, .memory_cap = cap};
		struct policy_build *b = policy_build(&files, "t", &world);
		size_t               errors, unshown, n = policy_diags(b, &errors, &unshown), len;

		if (policy_build_blob(b, &len))
			good++;
		else if (errors == 1 && n && strstr(policy_diag_at(b, 0)->text, "more memory"))
			full++;
		else
			wrong++;
		policy_build_free(&b);
	}
	tap_ok(good && full && !wrong, "with any memory: a policy (%u) or one error (%u)", good, full);
}

static void systems(void)
{
	static const struct {
		const char *name, *flaws, *found; /* found: NULL = none, "-" = no such system */
	} cases[] = {
		{"Windows 2000 Server SP4", "CAN-2003-0663 MS04-011", "CAN-2003-0663"},
		{"windows 2000 server sp4", "CVE-2003-0663", "CVE-2003-0663"},
		{"Windows 2000 Professional", "CAN-2003-0663", NULL},
		{"Windows NT 4.0 Server SP6a", "CAN-2003-0663 CAN-2004-0123", "CAN-2004-0123"},
		{"Windows XP SP1", "MS04-011", "MS04-011"},
		{"Windows XP SP2", "MS04-011", NULL},
		{"Windows Server 2003", "CAN-2004-0119", "CAN-2004-0119"},
		{"Windows Server 2003 SP1", "CAN-2004-0119", NULL},
		{"Windows 2000 Server SP4", "CAN-2003-0345", NULL},
		{"Windows 2000 Server SP3", "CAN-2003-0345", "CAN-2003-0345"},
		{"Windows Server 2022", "MS04-011", NULL},
		{"Linux", "CAN-2004-0123", NULL},
		{"Windows 2000 Server SP4", "", NULL},
		{"Windows 2000 Server SP5", "", "-"},
		{"Windows 2000 Server SP", "", "-"},
		{"Windows 2000 Server SP44", "", "-"},
		{"Windows", "", "-"},
		{"", "", "-"},
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct os   os;
		bool        known = os_parse(cases[i].name, &os), none = cases[i].found && cases[i].found[0] == '-';
		const char *flaw = known ? os_flaw(&os, cases[i].flaws) : NULL;
		bool        ok = known == !none;

		if (known && ok)
			ok = cases[i].found ? flaw && strncmp(flaw, cases[i].found, strlen(cases[i].found)) == 0 : !flaw;
		wrong += !ok;
		if (!ok)
			tap_note("%s: %s", cases[i].name, flaw ? flaw : "none");
	}
	tap_ok(!wrong, "%zu systems and their flaws", sizeof(cases) / sizeof(cases[0]));
	wrong = 0;
	for (size_t i = 0; os_name(i); i++) {
		struct os os;

		wrong += !os_parse(os_name(i), &os);
	}
	tap_ok(!wrong, "every system's name is one");
}

int main(void)
{
	memory();
	systems();
	goldens();
	formats();
	format_cases();
	includes();
	beneath();
	caps();
	return tap_done();
}
