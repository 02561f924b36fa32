/* The tables of the results (doc/results.md), and the numbers by which a database knows our words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/results_int.h"
#include "base/str.h"

#define VERSION "1"

enum { SCRIPT_MAX = 8192 };

const char *const results_states[] = {"assessed", "unreadable", "gone"};

/*
 * '@' is the type of texts, '#' what follows tables whose rows stand in their key's order. The two tables of millions of rows refer to
 * others without REFERENCES: a server would look up five keys for each row that this program has just taken from there.
 */
static const char tables[] =
	"CREATE TABLE meta (name @ PRIMARY KEY, value @ NOT NULL);"
	"CREATE TABLE words (kind @ NOT NULL, id SMALLINT NOT NULL, name @ NOT NULL, PRIMARY KEY (kind, id)) #;"
	"CREATE TABLE runs (id INTEGER PRIMARY KEY, started BIGINT NOT NULL, ended BIGINT, program @ NOT NULL, catalogue @ NOT NULL,"
	" assessed INTEGER, unchanged INTEGER, unreadable INTEGER, gone INTEGER);"
	"CREATE TABLE bulletins (id INTEGER PRIMARY KEY, name @ NOT NULL UNIQUE);"
	"CREATE TABLE flaws (id INTEGER PRIMARY KEY, bulletin INTEGER NOT NULL REFERENCES bulletins, cve @ NOT NULL, UNIQUE (bulletin, cve));"
	"CREATE TABLE texts (id INTEGER PRIMARY KEY, digest @ NOT NULL UNIQUE, text @ NOT NULL);"
	"CREATE TABLE hosts (id INTEGER PRIMARY KEY, source @ NOT NULL UNIQUE, name @ NOT NULL, system @ NOT NULL, digest @ NOT NULL,"
	" state SMALLINT NOT NULL, fault @, run INTEGER NOT NULL REFERENCES runs, seen INTEGER NOT NULL REFERENCES runs,"
	" first_run INTEGER NOT NULL REFERENCES runs, state_run INTEGER NOT NULL REFERENCES runs,"
	" not_affected INTEGER NOT NULL, fixed INTEGER NOT NULL, mitigated INTEGER NOT NULL, cannot_tell INTEGER NOT NULL, missing INTEGER NOT NULL);"
	"CREATE TABLE findings (host INTEGER NOT NULL, flaw INTEGER NOT NULL, verdict SMALLINT NOT NULL, rule SMALLINT NOT NULL,"
	" severity SMALLINT NOT NULL, text INTEGER NOT NULL, first_run INTEGER NOT NULL, changed_run INTEGER NOT NULL, PRIMARY KEY (host, flaw)) #;"
	"CREATE TABLE changes (host INTEGER NOT NULL, flaw INTEGER NOT NULL, run INTEGER NOT NULL, was SMALLINT, became SMALLINT,"
	" PRIMARY KEY (run, host, flaw)) #;"
	"CREATE VIEW report AS SELECT h.name AS host, h.system, h.source, h.state, b.name AS bulletin, l.cve, v.name AS verdict, r.name AS rule,"
	" s.name AS severity, t.text AS sentence, a.started AS first_seen, c.started AS since"
	" FROM findings f JOIN hosts h ON h.id = f.host JOIN flaws l ON l.id = f.flaw JOIN bulletins b ON b.id = l.bulletin"
	" JOIN words v ON v.kind = 'verdict' AND v.id = f.verdict JOIN words r ON r.kind = 'rule' AND r.id = f.rule"
	" JOIN words s ON s.kind = 'severity' AND s.id = f.severity JOIN texts t ON t.id = f.text"
	" JOIN runs a ON a.id = f.first_run JOIN runs c ON c.id = f.changed_run;"
	"INSERT INTO meta VALUES ('schema', '" VERSION "');"
	"INSERT INTO words VALUES ('state', 0, 'assessed'), ('state', 1, 'unreadable'), ('state', 2, 'gone')";

/* '~' is what follows temporary tables. */
static const char incoming[] =
	"CREATE TEMPORARY TABLE incoming (host INTEGER NOT NULL, flaw INTEGER NOT NULL, verdict SMALLINT NOT NULL, rule SMALLINT NOT NULL,"
	" severity SMALLINT NOT NULL, text INTEGER NOT NULL, PRIMARY KEY (host, flaw)) ~;"
	"CREATE TEMPORARY TABLE incoming_hosts (host INTEGER PRIMARY KEY, known INTEGER NOT NULL) ~";

/* The kind's words in the places of the signs. */
static bool script(struct db *db, const char *template)
{
	char       text[SCRIPT_MAX];
	struct str s = str_over(text, sizeof(text));

	for (const char *c = template; *c; c++)
		if (*c == '@')
			str_add(&s, db->kind->text);
		else if (*c == '#')
			str_add(&s, db->kind->rows);
		else if (*c == '~')
			str_add(&s, db->kind->temporary);
		else
			str_char(&s, *c);
	if (s.cut)
		abort();
	return db->kind->script(db, text);
}

static bool is_postgresql(const struct db *db)
{
	return *db->kind->temporary;
}

/* How many tables there are, and whether one of them is ours. */
static bool look(struct db *db, int64_t *all, int64_t *ours)
{
	if (is_postgresql(db)) {
		*all = 0; /* a schema of its own has no others */
		return db_number(db, "SELECT CASE WHEN to_regclass('sallyport.meta') IS NULL THEN 0 ELSE 1 END", NULL, 0, 0, ours);
	}
	return db_number(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", NULL, 0, 0, all) &&
	       db_number(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('meta', 'findings')", NULL, 0, 0, ours);
}

struct words {
	const char *const *names;
	int64_t           *numbers;
	int                count;
	int64_t            most;
};

static bool word_row(void *data, const struct db_value *row, unsigned columns)
{
	struct words *words = data;

	words->most = row[0].number > words->most ? row[0].number : words->most;
	for (int i = 0; columns == 2 && row[1].text && i < words->count; i++)
		if (strcmp(words->names[i], row[1].text) == 0)
			words->numbers[i] = row[0].number;
	return true;
}

/* Programs may number their words otherwise, and know more: the database's numbers stay. */
static bool words_known(struct db *db, const char *kind, const char *const *names, int count, int64_t *numbers, bool make)
{
	struct words words = {names, numbers, count, -1};

	for (int i = 0; i < count; i++)
		numbers[i] = -1;
	if (!db_query(db, "SELECT id, name FROM words WHERE kind = $1", &DB_T(kind), 1, word_row, &words))
		return false;
	for (int i = 0; i < count; i++)
		if (numbers[i] < 0 && make) {
			if (words.most < -1 || words.most >= INT16_MAX) {
				snprintf(db->why, sizeof(db->why), "its words are numbered as this program numbers none");
				return false;
			}
			numbers[i] = ++words.most;
			if (!db_run(db, "INSERT INTO words VALUES ($1, $2, $3)", (struct db_value[]){DB_T(kind), DB_N(numbers[i]), DB_T(names[i])}, 3))
				return false;
		}
	return true;
}

static bool all_words(struct results *r, bool make)
{
	const char *verdicts[VERDICTS], *rules[RULES], *severities[SEVERITIES];

	for (int i = 0; i < VERDICTS; i++)
		verdicts[i] = verdict_name((enum verdict)i);
	for (int i = 0; i < RULES; i++)
		rules[i] = rule_name((enum rule)i);
	for (int i = 0; i < SEVERITIES; i++)
		severities[i] = pack_name(PACK_SEVERITY, i);
	return words_known(&r->db, "verdict", verdicts, VERDICTS, r->verdicts, make) && words_known(&r->db, "rule", rules, RULES, r->rules, make) &&
	       words_known(&r->db, "severity", severities, SEVERITIES, r->severities, make);
}

static bool version_row(void *data, const struct db_value *row, unsigned columns)
{
	char *version = data;

	snprintf(version, 16, "%s", columns && row[0].text ? row[0].text : "");
	return true;
}

static bool make_tables(struct db *db)
{
	if (is_postgresql(db) && !db->kind->script(db, "CREATE SCHEMA IF NOT EXISTS sallyport"))
		return false;
	if (db->kind->script(db, is_postgresql(db) ? "BEGIN" : "BEGIN IMMEDIATE") && script(db, tables) && db->kind->script(db, "COMMIT"))
		return true;
	char why[sizeof(db->why)];

	memcpy(why, db->why, sizeof(why));
	db->kind->script(db, "ROLLBACK");
	memcpy(db->why, why, sizeof(why));
	return false;
}

bool results_schema(struct results *r, bool make)
{
	struct db *db = &r->db;
	int64_t    all, ours;
	char       version[16] = "";

	if (!look(db, &all, &ours))
		return false;
	if (!ours && (all || !make)) {
		snprintf(db->why, sizeof(db->why), all ? "it is a database of something else" : "there are no results in it yet");
		return false;
	}
	if (!ours && !make_tables(db))
		return false;
	if (!db_query(db, "SELECT value FROM meta WHERE name = 'schema'", NULL, 0, version_row, version))
		return false;
	if (strcmp(version, VERSION) != 0) {
		snprintf(db->why, sizeof(db->why), "its tables are of version %s, this program knows version " VERSION, *version ? version : "(none)");
		return false;
	}
	return all_words(r, make) && (!make || script(db, incoming));
}
