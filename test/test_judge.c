/* Verdicts of hand-made hosts (test/hosts/) on our own and on the founding bulletins: each by its rule, in its words. */
#include <stdlib.h>

#include "assess/flaws.h"
#include "test/hosts.h"
#include "test/tap.h"

struct seeing {
	const struct catalog   *catalog;
	const struct host_case *one;
	bool                    met[EXPECTS_MAX], print;
	const char             *file;
};

static bool print(const struct finding *f)
{
	printf("%s %s: %s by %s: %s%s%s\n", f->entry->id, f->cve, verdict_name(f->verdict), rule_name(f->rule), f->sentence, f->wanted ? " Wanted: " : "", f->wanted ? f->wanted : "");
	for (uint32_t i = 0; i < f->piece_n; i++)
		printf("    %s [%s:%u] line %u\n", f->pieces[i].text, f->pieces[i].seen.file ? f->pieces[i].seen.file : "", f->pieces[i].seen.line, f->pieces[i].line);
	return true;
}

static bool see(void *data, const struct finding *f)
{
	struct seeing *s = data;

	if (s->print)
		return print(f);
	for (unsigned i = 0; i < s->one->expect_n; i++) {
		const struct expect *e = &s->one->expects[i];
		bool                 good;

		if (strcmp(e->cve, f->cve) != 0)
			continue;
		good = strcmp(e->verdict, verdict_name(f->verdict)) == 0 && strcmp(e->rule, rule_name(f->rule)) == 0 && strstr(f->sentence, e->words) &&
			(f->verdict == VERDICT_CANNOT_TELL) == (f->wanted != NULL);
		tap_ok(good, "%s:%u: %s: %s is %s by %s", s->file, e->line, s->one->name, e->cve, e->verdict, e->rule);
		if (!good)
			tap_note("got %s by %s: %s%s%s", verdict_name(f->verdict), rule_name(f->rule), f->sentence, f->wanted ? " Wanted: " : "", f->wanted ? f->wanted : "");
		s->met[i] = true;
	}
	return true;
}

static void one_host(void *data, const struct host_case *one)
{
	struct seeing *s = data;
	struct host    host;
	const char    *bad = "";

	s->one = one;
	memset(s->met, 0, sizeof(s->met));
	if (!host_build(one, &host, &bad)) {
		tap_ok(false, "%s: %s can be built: %s", s->file, one->name, bad);
		host_close(&host);
		return;
	}
	if (s->print)
		printf("== %s\n", one->name);
	assess_host(s->catalog, &host, true, see, s);
	for (unsigned i = 0; i < one->expect_n && !s->print; i++)
		if (!s->met[i])
			tap_ok(false, "%s:%u: %s: %s is told of", s->file, one->expects[i].line, one->name, one->expects[i].cve);
	host_close(&host);
}

static void judge_file(struct catalog *catalog, const char *file)
{
	struct seeing seeing = {.catalog = catalog, .file = file};

	tap_ok(hosts_read(file, one_host, &seeing), "%s is read", file);
}

static void say(void *data, const char *sentence)
{
	(void)data;
	tap_note("%s", sentence);
}

static void founding(void)
{
	static const char *const bulletins[] = {"ja/2000/ms00-013.md", "ja/2003/ms03-012.md", "ja/2003/ms03-024.md", "ja/2004/ms04-001.md", "ja/2004/ms04-011.md",
		"ja/2005/ms05-027.md"};
	static const char *const files[] = {"test/hosts/ms00-013.hosts", "test/hosts/ms03-012.hosts", "test/hosts/ms03-024.hosts", "test/hosts/ms04-001.hosts",
		"test/hosts/ms04-011.hosts"};
	struct catalog *catalog = catalog_open();

	if (!bulletins_there()) {
		tap_ok(getenv("SHARED_REQUIRED") == NULL, "founding bulletins # SKIP the shared bulletins are absent: set SHARED, or put them at ../shared");
		catalog_close(&catalog);
		return;
	}
	for (size_t i = 0; i < sizeof(bulletins) / sizeof(bulletins[0]); i++)
		tap_ok(bulletin_load(catalog, bulletins[i]), "%s is read", bulletins[i]);
	tap_ok(catalog_ready(catalog, say, NULL), "the founding bulletins make a catalogue");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		judge_file(catalog, files[i]);
	catalog_close(&catalog);
}

struct heard {
	unsigned cycles, others;
	char     cycle[512];
};

static void hear(void *data, const char *sentence)
{
	struct heard *heard = data;

	if (strstr(sentence, " again, for ")) {
		heard->cycles++;
		snprintf(heard->cycle, sizeof(heard->cycle), "%s", sentence);
	} else {
		heard->others++;
		tap_note("%s", sentence);
	}
}

/* What replaces a bulletin, in order; "" when nothing does. */
static bool replacing(const struct catalog *catalog, const char *id, const char *product, const char *want)
{
	const struct catalog_entry *entry = catalog_find(catalog, id), *by;
	struct target               targets[TARGETS_MAX];
	char                        got[256] = "";
	size_t                      n = 0;

	targets_parse(product, targets);
	for (size_t i = 0; entry && (by = catalog_replacing(catalog, entry, &targets[0], i)); i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s", i ? " " : "", by->id);
	if (strcmp(got, want) == 0)
		return true;
	tap_note("got %s", got);
	return false;
}

static void engine(void)
{
	struct catalog *catalog = catalog_open(), *again = catalog_open();
	struct heard    heard = {0};
	char            digest[65], other[65];

	tap_ok(bulletins_make(catalog, "test/hosts/engine.bulletins"), "the made bulletins are read");
	tap_ok(catalog_ready(catalog, hear, &heard), "they make a catalogue");
	tap_ok(heard.cycles == 1 && strstr(heard.cycle, "that MS05-906 replaces MS05-907 (line "), "the cycle is told once, and the older bulletin's claim is left out");
	tap_ok(heard.others > 0, "what the languages say differently is told");
	tap_ok(replacing(catalog, "MS05-902", "Windows XP Service Pack 1", "MS05-903 MS05-904 MS05-905"), "what replaces through others, on Windows XP");
	tap_ok(replacing(catalog, "MS05-902", "Windows 2000 Service Pack 4", "MS05-903"), "what replaces on Windows 2000");
	tap_ok(replacing(catalog, "MS05-903", "Windows 2000 Service Pack 4", ""), "what is said not to replace does not");
	tap_ok(replacing(catalog, "MS05-907", "Windows 2000 Service Pack 4", "") && replacing(catalog, "MS05-906", "Windows 2000 Service Pack 4", "MS05-907"), "the broken cycle goes one way");
	tap_ok(catalog_wants_file(catalog, "WAVE.DLL") && catalog_wants_file(catalog, "lsasrv.dll") && !catalog_wants_file(catalog, "notepad.exe"), "files that are wanted");
	tap_ok(catalog_find(catalog, "MS03-908")->readings[1] && !catalog_find(catalog, "MS03-908")->readings[2] && !catalog_find(catalog, "MS99-001"), "two readings of one id");
	tap_ok(catalog_at(catalog, 0)->number == 0 && strcmp(catalog_at(catalog, 0)->id, "MS02-057") == 0 && !catalog_at(catalog, catalog_count(catalog)), "the order of the catalogue");
	judge_file(catalog, "test/hosts/engine.hosts");
	catalog_digest(catalog, digest);
	bulletins_make(again, "test/hosts/engine.bulletins");
	catalog_ready(again, NULL, NULL);
	catalog_digest(again, other);
	tap_ok(strlen(digest) == 64 && strcmp(digest, other) == 0, "the digest of the same catalogue is the same");
	catalog_close(&again);
	again = catalog_open();
	tap_ok(catalog_ready(again, NULL, NULL) && catalog_count(again) == 0, "an empty catalogue is one");
	catalog_digest(again, other);
	tap_ok(strcmp(digest, other) != 0, "the digest of another catalogue is another");
	catalog_close(&again);
	catalog_close(&catalog);
}

/* test_judge HOSTS BULLETIN|LANGUAGE...: prints every finding, for people. */
static int dump(int argc, char **argv)
{
	struct catalog *catalog = catalog_open();
	struct seeing   seeing = {.catalog = catalog, .file = argv[1], .print = true};

	for (int i = 2; i < argc; i++)
		if (strlen(argv[i]) == 2)
			printf("%zu bulletins\n", bulletins_load_all(catalog, argv[i]));
		else
			printf("%s: %s\n", argv[i], bulletin_load(catalog, argv[i]) ? "read" : "not read");
	catalog_ready(catalog, say, NULL);
	hosts_read(argv[1], one_host, &seeing);
	catalog_close(&catalog);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return dump(argc, argv);
	engine();
	founding();
	return tap_done();
}
