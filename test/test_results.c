/* The results store, the same deeds to SQLite and to a real PostgreSQL: what is kept, skipped, changed, gone, and what faults leave behind. */
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assess/results.h"
#include "test/tap.h"

enum { TEXT = 512, MANY_HOSTS = 700, MANY_FINDINGS = 60 };

#define CATALOGUE "1111111111111111111111111111111111111111111111111111111111111111"
#define NEWER "2222222222222222222222222222222222222222222222222222222222222222"

static char folder[] = "/tmp/sallyport-results-XXXXXX";

static const struct catalog_entry ms04_011 = {.id = "MS04-011"}, ms08_067 = {.id = "MS08-067"};

/* A host in few words: verdicts of CVE-2003-0533, CVE-2004-0120 and CVE-2008-4250, '.' for not affected. */
struct deed {
	const char *source, *name, *verdicts, *fault;
	char        digest;
};

static enum verdict verdict_of(char c)
{
	return c == 'M' ? VERDICT_MISSING : c == 'F' ? VERDICT_FIXED : c == 'W' ? VERDICT_MITIGATED : c == '?' ? VERDICT_CANNOT_TELL : VERDICT_NOT_AFFECTED;
}

static void digest(char c, char out[65])
{
	memset(out, c, 64);
	out[64] = '\0';
}

static bool put(struct results *r, const struct deed *deed)
{
	static const char *const   cves[] = {"CVE-2003-0533", "CVE-2004-0120", "CVE-2008-4250"};
	static const char *const   words[] = {"not affected", "the key is there", "dcpromo.log is read-only", "nobody looked", "lsasrv.dll is older"};
	struct finding_result      findings[3];
	struct host_result         host = {.source = deed->source, .name = deed->name, .system = deed->fault ? "" : "Windows 2000 SP4", .fault = deed->fault, .findings = findings};

	digest(deed->digest, host.digest);
	for (int i = 0; deed->verdicts[i]; i++) {
		enum verdict v = verdict_of(deed->verdicts[i]);

		host.counts[v]++;
		if (v != VERDICT_NOT_AFFECTED)
			findings[host.finding_n++] = (struct finding_result){i == 2 ? &ms08_067 : &ms04_011, cves[i], v, RULE_KEY, SEVERITY_CRITICAL, words[v]};
	}
	return results_put(r, &host);
}

static bool run_of(struct results *r, const char *catalogue, int64_t now, const struct deed *deeds, size_t n, bool complete, struct results_done *done)
{
	const char *roots[] = {"/fleet"};

	if (!results_begin(r, "0.1.0", catalogue, now))
		return false;
	for (size_t i = 0; i < n; i++) {
		char hex[65];
		bool same = false;

		digest(deeds[i].digest, hex);
		if (!deeds[i].fault && !results_unchanged(r, deeds[i].source, hex, &same))
			return false;
		if (!same && !put(r, &deeds[i]))
			return false;
	}
	return results_end(r, roots, 1, complete, done);
}

static bool ran(const struct results_done *d, unsigned assessed, unsigned unchanged, unsigned unreadable, unsigned gone, unsigned changes)
{
	bool good = d->assessed == assessed && d->unchanged == unchanged && d->unreadable == unreadable && d->gone == gone && d->changes == changes;

	if (!good)
		tap_note("assessed %u, unchanged %u, unreadable %u, gone %u, changes %u", d->assessed, d->unchanged, d->unreadable, d->gone, d->changes);
	return good;
}

/* Everything there is to read, as one text. */
static char *all_of(struct results *r)
{
	json_t *all = json_object();
	char   *text;

	json_object_set_new(all, "runs", results_runs(r));
	json_object_set_new(all, "hosts", results_hosts(r));
	json_object_set_new(all, "worst", results_worst(r, 10));
	json_object_set_new(all, "changes", results_changes(r, 0));
	json_object_set_new(all, "recent", results_changes(r, 4000));
	json_object_set_new(all, "dc1", results_host(r, "DC1"));
	json_object_set_new(all, "source", results_host(r, "/fleet/w2.json"));
	text = json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	return text;
}

static const char *field(const json_t *list, size_t i, const char *name)
{
	const char *text = json_string_value(json_object_get(json_array_get(list, i), name));

	return text ? text : "(none)";
}

static void check_history(struct results *r, const char *where)
{
	json_t *dc1 = results_host(r, "DC1"), *hosts = results_hosts(r), *changes = results_changes(r, 2000), *worst = results_worst(r, 1);
	json_t *verdicts = json_object_get(changes, "verdicts"), *states = json_object_get(changes, "hosts");

	tap_ok(json_array_size(dc1) == 2 && strcmp(field(dc1, 0, "verdict"), "missing") == 0 && strcmp(field(dc1, 1, "verdict"), "fixed") == 0, "%s: findings of a host, the worst first", where);
	tap_ok(json_integer_value(json_object_get(json_array_get(dc1, 0), "since")) == 1000 && json_integer_value(json_object_get(json_array_get(dc1, 1), "since")) == 3000 &&
		json_integer_value(json_object_get(json_array_get(dc1, 1), "first_seen")) == 1000, "%s: since when, and first seen", where);
	tap_ok(json_array_size(hosts) == 5 && strcmp(field(hosts, 4, "state"), "gone") == 0 && strcmp(field(hosts, 3, "state"), "unreadable") == 0, "%s: all hosts are listed, gone ones too", where);
	tap_ok(strcmp(field(hosts, 3, "fault"), "its reader was ended by signal 11 (\xc3\xa4%FF)") == 0, "%s: a fault is kept, with octets of no text written out", where);
	tap_ok(strcmp(field(hosts, 3, "system"), "Windows 2000 SP4") == 0, "%s: what was known of a host that cannot be read now stays", where);
	tap_ok(strcmp(field(worst, 0, "cve"), "CVE-2003-0533") == 0 && json_integer_value(json_object_get(json_array_get(worst, 0), "missing")) == 1, "%s: the worst flaw; a host that is gone does not count", where);
	tap_ok(json_array_size(verdicts) == 3 && strcmp(field(verdicts, 0, "was"), "(none)") == 0 && strcmp(field(verdicts, 0, "became"), "cannot-tell") == 0, "%s: a flaw that is new on a host", where);
	tap_ok(strcmp(field(verdicts, 1, "was"), "missing") == 0 && strcmp(field(verdicts, 1, "became"), "fixed") == 0, "%s: a verdict that changed", where);
	tap_ok(strcmp(field(verdicts, 2, "was"), "missing") == 0 && strcmp(field(verdicts, 2, "became"), "(none)") == 0, "%s: a flaw that is none any more", where);
	tap_ok(json_array_size(states) == 2 && strcmp(field(states, 0, "state"), "unreadable") == 0 && strcmp(field(states, 1, "state"), "gone") == 0, "%s: hosts that changed", where);
	json_decref(dc1);
	json_decref(hosts);
	json_decref(changes);
	json_decref(worst);
}

/* Five runs; what can be read at their end. */
static char *history(const char *where, const char *what)
{
	static const struct deed first[] = {{"/fleet/dc1.json", "DC1", "MM.", NULL, 'a'}, {"/fleet/w2.json", "W2", "M.?", NULL, 'b'}, {"/fleet/w3.json", "W3", "", "it is damaged", 'c'},
				       {"/other/x.json", "X", "F..", NULL, 'd'}, {"/fleet/w4.json", "W4", "M.M", NULL, 'e'}};
	static const struct deed second[] = {{"/fleet/dc1.json", "DC1", "MM.", NULL, 'a'}, {"/fleet/w2.json", "W2", "M??", NULL, 'B'}, {"/fleet/w3.json", "W3", "W..", NULL, 'C'}};
	static const struct deed third[] = {{"/fleet/dc1.json", "DC1", "MF.", NULL, 'A'}, {"/fleet/w2.json", "W2", ".??", NULL, 'Z'}};
	static const struct deed fourth[] = {{"/fleet/w3.json", "W3", "", "its reader was ended by signal 11 (\xc3\xa4\xff)", 'q'}};
	char                     why[TEXT] = "";
	struct results          *r = results_open(where, true, why, sizeof(why));
	struct results_done      done;
	char                    *all = NULL;

	if (!tap_ok(r != NULL, "%s: it is made%s%s", what, r ? "" : ": ", r ? "" : why))
		return NULL;
	tap_ok(run_of(r, CATALOGUE, 1000, first, 5, true, &done) && ran(&done, 4, 0, 1, 0, 0), "%s: five hosts are put, one cannot be read", what);
	tap_ok(run_of(r, CATALOGUE, 2000, second, 3, false, &done) && ran(&done, 2, 1, 0, 0, 1), "%s: one is unchanged; a part of the fleet makes none gone", what);
	results_close(&r);
	r = results_open(where, true, why, sizeof(why));
	tap_ok(r && run_of(r, CATALOGUE, 3000, third, 2, false, &done) && ran(&done, 2, 0, 0, 0, 2), "%s: opened again, verdicts change", what);
	tap_ok(r && run_of(r, CATALOGUE, 4000, fourth, 1, false, &done) && ran(&done, 0, 0, 1, 0, 0), "%s: a host that was good cannot be read", what);
	struct deed rest[] = {third[0], third[1], fourth[0]};

	tap_ok(r && run_of(r, CATALOGUE, 5000, rest, 3, true, &done) && ran(&done, 0, 2, 1, 1, 0), "%s: a complete run marks the one that is gone, and none from elsewhere", what);
	tap_ok(r && run_of(r, NEWER, 6000, rest, 2, false, &done) && ran(&done, 2, 0, 0, 0, 0), "%s: with another catalogue none is unchanged", what);
	if (r) {
		check_history(r, what);
		all = all_of(r);
	}
	results_close(&r);
	return all;
}

/* Hosts enough for several batches, from a number on. */
static bool many(struct results *r, int64_t now, int from, int count, struct results_done *done)
{
	static char           sentences[MANY_FINDINGS][64], cves[MANY_FINDINGS][24];
	struct finding_result findings[MANY_FINDINGS];
	const char           *roots[] = {"/many"};
	bool                  good = results_begin(r, "0.1.0", CATALOGUE, now);

	for (int i = 0; i < MANY_FINDINGS; i++) {
		snprintf(sentences[i], sizeof(sentences[i]), "file%d.dll is older", i % 7);
		snprintf(cves[i], sizeof(cves[i]), "CVE-2004-%04d", i);
		findings[i] = (struct finding_result){i % 2 ? &ms04_011 : &ms08_067, cves[i], i % 3 ? VERDICT_FIXED : VERDICT_MISSING, RULE_FILE, SEVERITY_IMPORTANT, sentences[i]};
	}
	for (int i = from; i < from + count && good; i++) {
		char               source[64];
		struct host_result host = {.source = source, .name = source + 6, .system = "Windows XP", .findings = findings, .finding_n = MANY_FINDINGS, .counts = {0, 40, 0, 0, 20}};

		snprintf(source, sizeof(source), "/many/h%d", i);
		digest('m', host.digest);
		good = results_put(r, &host);
	}
	bool ended = results_end(r, roots, 1, false, done);

	return good && ended;
}

static int64_t hosts_in(const char *where, int64_t *missing)
{
	char            why[TEXT];
	struct results *r = results_open(where, false, why, sizeof(why));
	json_t         *hosts = r ? results_hosts(r) : NULL, *worst = r ? results_worst(r, 1) : NULL;
	int64_t         count = hosts ? (int64_t)json_array_size(hosts) : -1;

	*missing = json_integer_value(json_object_get(json_array_get(worst, 0), "missing"));
	json_decref(hosts);
	json_decref(worst);
	results_close(&r);
	return count;
}

/* Paths that look alike once they are text, and long ones that differ at their end, are hosts of their own. */
static void alike(const char *where, const char *what)
{
	static char          paths[5][4000] = {"/fleet/h\xff.json", "/fleet/h%FF.json", "/fleet/h%25FF.json", "/fleet/long-", "/fleet/long-"};
	char                 why[TEXT];
	struct results_done  done = {0};
	struct results      *r = results_open(where, true, why, sizeof(why));
	struct deed          deeds[5];
	bool                 good;

	for (int i = 3; i < 5; i++) {
		for (size_t at = strlen(paths[i]); at < sizeof(paths[i]) - 1; at++)
			paths[i][at] = (char)('a' + at * at / 7 % 26 * (at + 11) % 26);
		paths[i][sizeof(paths[i]) - 2] = (char)('0' + i);
	}
	for (int i = 0; i < 5; i++)
		deeds[i] = (struct deed){paths[i], "TWIN", i % 2 ? "M.." : "F..", NULL, (char)('a' + i)};
	good = r && run_of(r, CATALOGUE, 20000, deeds, 5, true, &done);
	if (!good)
		tap_note("%s", r ? results_why(r) : why);
	tap_ok(good && ran(&done, 5, 0, 0, 0, 0), "%s: five hosts whose paths are nearly one", what);
	tap_ok(good && run_of(r, CATALOGUE, 21000, deeds, 5, true, &done) && ran(&done, 0, 5, 0, 0, 0), "none of them is taken for another");
	for (int i = 0; i < 5 && good; i++) {
		json_t *one = results_host(r, paths[i]);

		tap_ok(json_array_size(one) == 1 && strcmp(field(one, 0, "verdict"), i % 2 ? "missing" : "fixed") == 0, "%s: path %d has its own verdict", what, i);
		json_decref(one);
	}
	results_close(&r);
}

/* Two programs write at once: nobody's hosts are lost or doubled. */
static void together(const char *where, const char *what)
{
	char            why[TEXT];
	struct results_done done;
	struct results *r;
	int64_t         missing;
	int             status = -1;
	pid_t           pid;

	r = results_open(where, true, why, sizeof(why)); /* the tables are made once */
	results_close(&r);
	fflush(NULL);
	pid = fork();
	r = results_open(where, true, why, sizeof(why));
	if (pid == 0)
		_exit(r && many(r, 10, 0, MANY_HOSTS, &done) ? 0 : 1);
	bool mine = r && many(r, 11, MANY_HOSTS, MANY_HOSTS, &done);

	if (!mine)
		tap_note("%s", r ? results_why(r) : why);
	waitpid(pid, &status, 0);
	results_close(&r);
	tap_ok(mine && status == 0, "%s: two programs write at once", what);
	tap_number((uint64_t)hosts_in(where, &missing), 2 * MANY_HOSTS, "all their hosts are there");
	tap_number((uint64_t)missing, 2 * MANY_HOSTS, "and the findings of all");
}

/* A write that fails in the middle: what the run says was committed is what is there. */
static void full_disk(void)
{
	char  where[TEXT];
	pid_t pid;
	int   status = 0, pipes[2];
	struct {
		struct results_done done;
		char                why[TEXT];
		bool                good;
	} got = {.good = true};
	int64_t missing = -1;

	snprintf(where, sizeof(where), "%s/full.db", folder);
	fflush(NULL);
	if (pipe(pipes) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		struct rlimit   limit = {1 << 20, 1 << 20};
		struct results *r;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		r = results_open(where, true, got.why, sizeof(got.why));
		got.good = r && many(r, 10, 0, 4000, &got.done);
		if (r)
			snprintf(got.why, sizeof(got.why), "%s", results_why(r));
		_exit(write(pipes[1], &got, sizeof(got)) != sizeof(got));
	}
	close(pipes[1]);
	tap_ok(read(pipes[0], &got, sizeof(got)) == sizeof(got) && waitpid(pid, &status, 0) == pid && status == 0 && !got.good, "a disk that gets full is told: %s", got.why);
	close(pipes[0]);
	tap_ok(got.done.assessed > 0 && got.done.assessed < 4000 && hosts_in(where, &missing) == got.done.assessed, "the %u hosts it says it stored are there", got.done.assessed);
	tap_ok(missing == got.done.assessed, "with their findings");
}

static void faults(void)
{
	char            where[TEXT], why[TEXT], command[TEXT * 2];
	struct results *r;

	snprintf(where, sizeof(where), "%s/none.db", folder);
	tap_ok(!results_open(where, false, why, sizeof(why)) && strcmp(why, "No such file or directory") == 0 && access(where, F_OK) < 0, "reading makes no database");
	snprintf(where, sizeof(where), "%s/text.db", folder);
	snprintf(command, sizeof(command), "yes 'no database' | head -c 4096 >%s", where);
	tap_ok(system(command) == 0 && !results_open(where, true, why, sizeof(why)) && strcmp(why, "file is not a database") == 0, "a file of something else: %s", why);
	snprintf(where, sizeof(where), "%s/absent/x.db", folder);
	tap_ok(!results_open(where, true, why, sizeof(why)) && strncmp(why, "unable to open database file", 28) == 0, "a folder that is not there: %s", why);
	tap_ok(!results_open("host=/nowhere dbname=x", true, why, sizeof(why)) && strstr(why, "/nowhere"), "a server that is not there: %s", why);
	tap_ok(!results_open("hots=/nowhere", true, why, sizeof(why)) && strstr(why, "hots"), "a word that is none: %s", why);
	tap_ok(!results_open("postgresql://[/", true, why, sizeof(why)) && *why, "an address that is none: %s", why);
	snprintf(where, sizeof(where), "%s/empty.db", folder);
	snprintf(command, sizeof(command), ">%s", where);
	tap_ok(system(command) == 0 && !results_open(where, false, why, sizeof(why)) && strcmp(why, "there are no results in it yet") == 0, "an empty file has no results");
	r = results_open(where, true, why, sizeof(why));
	tap_ok(r != NULL, "but they can be put into it");
	results_close(&r);
}

/* Statements that a newer or an older program, or another one, would have left. */
static void versions(const char *sqlite, const char *head, const char *tail)
{
	char            command[TEXT * 4], why[TEXT];
	struct results *r;

	snprintf(command, sizeof(command), "%sUPDATE meta SET value = '99' WHERE name = 'schema'%s", head, tail);
	tap_ok(system(command) == 0 && !results_open(sqlite, true, why, sizeof(why)) && strcmp(why, "its tables are of version 99, this program knows version 1") == 0, "tables of another version: %s", why);
	snprintf(command, sizeof(command), "%sUPDATE meta SET value = '1' WHERE name = 'schema'%s", head, tail);
	tap_ok(system(command) == 0 && (r = results_open(sqlite, false, why, sizeof(why))), "and of this one");
	results_close(&r);
}

static void with_postgresql(const char *sqlite_all)
{
	char  command[TEXT * 2], where[TEXT] = "", server[TEXT], words[TEXT * 2];
	FILE *started;
	int   status;

	snprintf(server, sizeof(server), "%s/server", folder);
	snprintf(command, sizeof(command), "test/cluster start %s", server);
	started = popen(command, "r");
	if (!started || !fgets(where, sizeof(where), started))
		where[0] = '\0';
	where[strcspn(where, "\n")] = '\0';
	status = started ? pclose(started) : -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		tap_skip("%s", where);
		return;
	}
	if (!tap_ok(status == 0, "a server of PostgreSQL's is started: %s", where))
		return;
	char *all = history(where, "PostgreSQL");

	tap_ok(all && sqlite_all && strcmp(all, sqlite_all) == 0, "PostgreSQL answers what SQLite answers");
	free(all);
	snprintf(words, sizeof(words), "psql -q '%s' -c \"SET search_path TO sallyport; ", where);
	versions(where, words, "\"");

	struct results     *r = results_open(where, true, words, sizeof(words));
	struct results_done done = {0};
	static const struct deed one = {"/lost/h.json", "H", "M..", NULL, 'a'};

	snprintf(words, sizeof(words), "psql -q '%s' -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sallyport'\" >/dev/null", where);
	tap_ok(r && results_begin(r, "0.1.0", CATALOGUE, 9000) && put(r, &one) && results_commit(r) && put(r, &one) && system(words) == 0, "a connection that is lost");
	tap_ok(r && !put(r, &one) && *results_why(r), "is told: %s", r ? results_why(r) : "");
	tap_ok(r && !put(r, &one) && !results_end(r, NULL, 0, false, &done) && done.assessed == 1, "and what was committed stays known");
	results_close(&r);
	snprintf(words, sizeof(words), "psql -q '%s' -c 'DROP SCHEMA sallyport CASCADE' 2>&1 | grep -v 'drop cascades'; true", where);
	tap_ok(system(words) == 0, "the tables can be dropped");
	together(where, "PostgreSQL");
	tap_ok(system(words) == 0, "the tables can be dropped again");
	alike(where, "PostgreSQL");
	snprintf(command, sizeof(command), "test/cluster stop %s", server);
	if (system(command) != 0)
		tap_note("the server could not be stopped");
}

/* "make WHERE" leaves the history there, for test_results_cmd.py. */
int main(int argc, char **argv)
{
	char  where[TEXT], command[TEXT], words[TEXT * 2];
	char *all;

	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		free(history(argv[2], "made"));
		return tap_done();
	}
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		abort();
	snprintf(where, sizeof(where), "%s/a.db", folder);
	all = history(where, "SQLite");
	snprintf(words, sizeof(words), "/usr/bin/python3 -c \"import sqlite3,sys; c=sqlite3.connect('%s'); c.execute(sys.argv[1]); c.commit()\" \"", where);
	versions(where, words, "\"");
	faults();
	full_disk();
	snprintf(where, sizeof(where), "%s/together.db", folder);
	together(where, "SQLite");
	snprintf(where, sizeof(where), "%s/alike.db", folder);
	alike(where, "SQLite");
	with_postgresql(all);
	free(all);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		tap_note("%s is left behind", folder);
	return tap_done();
}
