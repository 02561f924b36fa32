/* Writes what was found on hosts: batches in transactions, texts once, and what differs from before as history. */
#include "assess/results.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assess/results_int.h"
#include "base/str.h"

enum { BATCH_ROWS = 20000, BATCH_HOSTS = 256, BATCH_SEEN = 4096, BATCH_SECONDS = 2, CACHE = 1 << 17, TEXT_SIZE = 4096, SOURCE_MAX = 2048, NUMBERS_MAX = 1 << 30 };

/* Numbers of texts and flaws, by their digests: a slot forgets one for another, and then the database is asked. */
struct text_cache {
	struct {
		uint64_t key[2];
		int64_t  id;
	} slots[CACHE];
};

/* A row on its way: host, flaw, verdict, rule, severity, text. */
struct pending {
	int64_t numbers[6];
};

bool db_run(struct db *db, const char *sql, const struct db_value *values, unsigned count)
{
	return db->kind->run(db, sql, values, count, NULL, NULL);
}

bool db_query(struct db *db, const char *sql, const struct db_value *values, unsigned count, db_row *row, void *data)
{
	return db->kind->run(db, sql, values, count, row, data);
}

static bool number_row(void *data, const struct db_value *row, unsigned columns)
{
	int64_t *out = data;

	if (columns && !row[0].null)
		*out = row[0].number;
	return false;
}

bool db_number(struct db *db, const char *sql, const struct db_value *values, unsigned count, int64_t otherwise, int64_t *out)
{
	*out = otherwise;
	return db_query(db, sql, values, count, number_row, out);
}

static bool is_postgresql(const char *where)
{
	size_t word = 0;

	if (strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0)
		return true;
	while (islower((unsigned char)where[word]) || where[word] == '_')
		word++;
	return word && where[word] == '=';
}

struct results *results_open(const char *where, bool make, char *why, size_t size)
{
	struct results *r = calloc(1, sizeof(*r));

	snprintf(why, size, "there is no memory for the results");
	if (r)
		r->texts = calloc(1, sizeof(*r->texts));
	if (r && r->texts) {
		if ((is_postgresql(where) ? db_open_postgresql(&r->db, where) : db_open_sqlite(&r->db, where, make)) && results_schema(r, make))
			return r;
		snprintf(why, size, "%s", r->db.why);
	}
	results_close(&r);
	return NULL;
}

void results_close(struct results **results)
{
	struct results *r = *results;

	if (!r)
		return;
	if (r->db.handle)
		r->db.kind->close(&r->db);
	free(r->texts);
	free(r->pending);
	free(r);
	*results = NULL;
}

const char *results_why(const struct results *r)
{
	return r->db.why;
}

const char *results_text(const char *text, char *out, size_t size)
{
	struct str s = str_over(out, size);
	size_t     n = strlen(text);
	uint32_t   point;

	for (size_t i = 0; i < n && !s.cut;) {
		size_t took = utf8_one((const uint8_t *)text + i, n - i, &point);

		if (took)
			str_bytes(&s, text + i, took);
		else
			str_fmt(&s, "%%%02X", (unsigned char)text[i]);
		i += took ? took : 1;
	}
	return out;
}

static bool hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/*
 * A host's path as text. Two paths are never one text, as one host's verdict would be taken for another's: so a percent sign that could be
 * read as an octet's is written as one itself, and what is too long for an index of PostgreSQL's ends in its digest behind "%#".
 */
const char *results_source(const char *path, char *out, size_t size)
{
	struct str    s = str_over(out, size < SOURCE_MAX ? size : SOURCE_MAX);
	size_t        n = strlen(path), left = s.size - 1;
	unsigned char sum[EVP_MAX_MD_SIZE] = {0};
	size_t        kept = 0; /* of the text, where a digest still has room behind it */
	uint32_t      point;

	for (size_t i = 0; i < n && !s.cut;) {
		size_t took = utf8_one((const uint8_t *)path + i, n - i, &point);

		if (!took || (path[i] == '%' && (path[i + 1] == '#' || (hex_digit(path[i + 1]) && hex_digit(path[i + 2])))))
			str_fmt(&s, "%%%02X", (unsigned char)path[i]);
		else
			str_bytes(&s, path + i, took);
		i += took ? took : 1;
		kept = s.len + 2 + 64 <= left ? s.len : kept;
	}
	if (!s.cut)
		return out;
	EVP_Digest(path, n, sum, NULL, EVP_sha256(), NULL);
	s.cut = false;
	s.len = kept;
	str_add(&s, "%#");
	for (int i = 0; i < 32; i++)
		str_fmt(&s, "%02x", sum[i]);
	return out;
}

/* Nothing of the batch is kept. Always false. */
static bool give_up(struct results *r)
{
	char why[sizeof(r->db.why)];

	memcpy(why, r->db.why, sizeof(why));
	if (r->open)
		r->db.kind->script(&r->db, "ROLLBACK");
	memcpy(r->db.why, why, sizeof(why));
	r->open = false;
	r->broken = true;
	r->batch_hosts = r->batch_rows = 0;
	return false;
}

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* A batch ends by its size, and soon: another program may wait for its turn. */
static bool batch_goes_on(struct results *r, uint32_t most)
{
	r->batch_hosts++;
	return (r->batch_hosts < most && r->batch_rows < BATCH_ROWS && now_s() - r->batch_began < BATCH_SECONDS) || results_commit(r);
}

static bool batch_open(struct results *r)
{
	struct db *db = &r->db;

	if (r->broken)
		return false;
	if (r->open)
		return true;
	if (!db->kind->script(db, db->kind->begin))
		return give_up(r);
	r->open = true;
	r->batch_began = now_s();
	if (!db_number(db, "SELECT coalesce(max(id), 0) + 1 FROM hosts", NULL, 0, 1, &r->host_next) ||
		!db_number(db, "SELECT coalesce(max(id), 0) + 1 FROM texts", NULL, 0, 1, &r->text_next))
		return give_up(r);
	/* Somebody else's numbers: ours count from 1, and the columns have 32 bits. */
	if (r->host_next > 0 && r->host_next <= NUMBERS_MAX && r->text_next > 0 && r->text_next <= NUMBERS_MAX)
		return true;
	snprintf(db->why, sizeof(db->why), "its hosts or texts are numbered beyond %d", NUMBERS_MAX);
	return give_up(r);
}

bool results_begin(struct results *r, const char *program, const char *catalogue, int64_t now)
{
	snprintf(r->program, sizeof(r->program), "%s", program);
	snprintf(r->catalogue, sizeof(r->catalogue), "%s", catalogue);
	r->now = now;
	r->done = r->committed = (struct results_done){0};
	if (!batch_open(r))
		return false;
	return (db_number(&r->db, "SELECT coalesce(max(id), 0) + 1 FROM runs", NULL, 0, 1, &r->run) &&
		db_run(&r->db, "INSERT INTO runs (id, started, program, catalogue) VALUES ($1, $2, $3, $4)",
			(struct db_value[]){DB_N(r->run), DB_N(now), DB_T(r->program), DB_T(r->catalogue)}, 4) &&
		results_commit(r)) ||
	       give_up(r);
}

struct known_host {
	struct results *results;
	const char     *digest;
	int64_t         id;
	bool            found, same, assessed;
};

static bool known_row(void *data, const struct db_value *row, unsigned columns)
{
	struct known_host *known = data;

	if (columns != 5)
		return false;
	known->found = true;
	known->id = row[0].number;
	known->assessed = row[1].text && row[1].text[0];
	known->same = known->digest && row[1].text && strcmp(row[1].text, known->digest) == 0 && row[2].number == 0 && row[3].text &&
		      strcmp(row[3].text, known->results->catalogue) == 0 && row[4].text && strcmp(row[4].text, known->results->program) == 0;
	return false;
}

static bool host_known(struct results *r, const char *source, const char *digest, struct known_host *out)
{
	*out = (struct known_host){.results = r, .digest = digest};
	return db_query(&r->db, "SELECT h.id, h.digest, h.state, r.catalogue, r.program FROM hosts h JOIN runs r ON r.id = h.run WHERE h.source = $1", &DB_T(source), 1,
		known_row, out);
}

bool results_unchanged(struct results *r, const char *source, const char *digest, bool *out)
{
	struct known_host known;
	char              path[TEXT_SIZE];

	*out = false;
	if (!batch_open(r) || !host_known(r, results_source(source, path, sizeof(path)), digest, &known))
		return give_up(r);
	if (!known.same)
		return true;
	if (!db_run(&r->db, "UPDATE hosts SET seen = $1 WHERE id = $2", (struct db_value[]){DB_N(r->run), DB_N(known.id)}, 2))
		return give_up(r);
	*out = true;
	r->done.unchanged++;
	return batch_goes_on(r, BATCH_SEEN);
}

static bool digest_of(const char *a, const char *b, uint64_t key[2])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	char          joined[TEXT_SIZE + 64];
	size_t        n = (size_t)snprintf(joined, sizeof(joined), "%s\n%s", a, b);

	if (EVP_Digest(joined, n < sizeof(joined) ? n : sizeof(joined) - 1, sum, NULL, EVP_sha256(), NULL) != 1)
		return false;
	memcpy(key, sum, 16);
	return true;
}

/* The text's number; a new text is stored. */
static bool text_number(struct results *r, const char *text, int64_t *out)
{
	uint64_t key[2];
	char     hex[33];

	if (!digest_of("", text, key)) {
		snprintf(r->db.why, sizeof(r->db.why), "a digest could not be made");
		return false;
	}
	if (r->texts->slots[key[0] % CACHE].id && memcmp(r->texts->slots[key[0] % CACHE].key, key, sizeof(key)) == 0) {
		*out = r->texts->slots[key[0] % CACHE].id;
		return true;
	}
	snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)key[0], (unsigned long long)key[1]);
	if (!db_number(&r->db, "SELECT id FROM texts WHERE digest = $1", &DB_T(hex), 1, 0, out))
		return false;
	if (!*out) {
		*out = r->text_next++;
		if (!db_run(&r->db, "INSERT INTO texts VALUES ($1, $2, $3)", (struct db_value[]){DB_N(*out), DB_T(hex), DB_T(text)}, 3))
			return false;
	}
	memcpy(r->texts->slots[key[0] % CACHE].key, key, sizeof(key));
	r->texts->slots[key[0] % CACHE].id = *out;
	return true;
}

/* The number of a row found by `select`, or of the one that `insert` makes; both take the same values behind the number. */
static bool row_number(struct db *db, const char *select, const char *next, const char *insert, struct db_value *values, unsigned count, int64_t *out)
{
	if (!db_number(db, select, values + 1, count, 0, out) || *out)
		return *out != 0;
	if (!db_number(db, next, NULL, 0, 1, out))
		return false;
	values[0] = DB_N(*out);
	return db_run(db, insert, values, count + 1);
}

static bool flaw_number(struct results *r, const char *bulletin, const char *cve, int64_t *out)
{
	uint64_t        key[2];
	int64_t         number;
	struct db_value names[2] = {DB_N(0), DB_T(bulletin)}, flaw[3];

	if (!digest_of(bulletin, cve, key)) {
		snprintf(r->db.why, sizeof(r->db.why), "a digest could not be made");
		return false;
	}
	if (r->texts->slots[key[0] % CACHE].id && memcmp(r->texts->slots[key[0] % CACHE].key, key, sizeof(key)) == 0) {
		*out = r->texts->slots[key[0] % CACHE].id;
		return true;
	}
	if (!row_number(&r->db, "SELECT id FROM bulletins WHERE name = $1", "SELECT coalesce(max(id), 0) + 1 FROM bulletins", "INSERT INTO bulletins VALUES ($1, $2)", names, 1, &number))
		return false;
	flaw[1] = DB_N(number);
	flaw[2] = DB_T(cve);
	if (!row_number(&r->db, "SELECT id FROM flaws WHERE bulletin = $1 AND cve = $2", "SELECT coalesce(max(id), 0) + 1 FROM flaws", "INSERT INTO flaws VALUES ($1, $2, $3)", flaw, 2, out))
		return false;
	memcpy(r->texts->slots[key[0] % CACHE].key, key, sizeof(key));
	r->texts->slots[key[0] % CACHE].id = *out;
	return true;
}

static int by_flaw(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	/* The worst of two verdicts on one flaw comes first: verdicts are in the order of how bad they are. */
	if (x->numbers[1] != y->numbers[1])
		return x->numbers[1] < y->numbers[1] ? -1 : 1;
	return x->numbers[2] > y->numbers[2] ? -1 : x->numbers[2] < y->numbers[2];
}

/* The findings as rows of the batch; a flaw that two rows speak of is one. */
static bool rows_add(struct results *r, int64_t host, const struct host_result *result)
{
	size_t          wanted = r->batch_rows + result->finding_n, from = r->batch_rows, kept = from;
	struct pending *grown = wanted > r->pending_room ? reallocarray(r->pending, wanted * 2, sizeof(*grown)) : r->pending;
	char            text[TEXT_SIZE];

	if (!grown && wanted) {
		snprintf(r->db.why, sizeof(r->db.why), "there is no memory for the findings");
		return false;
	}
	r->pending_room = wanted > r->pending_room ? wanted * 2 : r->pending_room;
	r->pending = grown;
	for (size_t i = 0; i < result->finding_n; i++) {
		const struct finding_result *f = &result->findings[i];
		int64_t                     *n = r->pending[from + i].numbers;

		n[0] = host;
		n[2] = f->verdict;
		n[3] = r->rules[f->rule];
		n[4] = r->severities[f->severity];
		if (!text_number(r, results_text(f->sentence, text, sizeof(text)), &n[5]) || !flaw_number(r, f->entry->id, f->cve, &n[1]))
			return false;
	}
	if (result->finding_n)
		qsort(r->pending + from, result->finding_n, sizeof(*r->pending), by_flaw);
	for (size_t i = from; i < from + result->finding_n; i++)
		if (kept == from || r->pending[kept - 1].numbers[1] != r->pending[i].numbers[1])
			r->pending[kept++] = r->pending[i];
	for (size_t i = from; i < kept; i++)
		r->pending[i].numbers[2] = r->verdicts[r->pending[i].numbers[2]];
	r->batch_rows = (uint32_t)kept;
	return true;
}

static const char host_put[] =
	"INSERT INTO hosts VALUES ($1, $2, $3, $4, $5, 0, NULL, $6, $6, $6, $6, $7, $8, $9, $10, $11) ON CONFLICT (source) DO UPDATE SET name = excluded.name,"
	" system = excluded.system, digest = excluded.digest, state = 0, fault = NULL, run = excluded.run, seen = excluded.seen,"
	" state_run = CASE WHEN hosts.state = 0 THEN hosts.state_run ELSE excluded.run END, not_affected = excluded.not_affected, fixed = excluded.fixed,"
	" mitigated = excluded.mitigated, cannot_tell = excluded.cannot_tell, missing = excluded.missing";

/* What was known of it before stays. */
static const char fault_put[] =
	"INSERT INTO hosts VALUES ($1, $2, $3, '', '', 1, $4, $5, $5, $5, $5, 0, 0, 0, 0, 0) ON CONFLICT (source) DO UPDATE SET state = 1, fault = excluded.fault,"
	" run = excluded.run, seen = excluded.seen, state_run = CASE WHEN hosts.state = 1 THEN hosts.state_run ELSE excluded.run END";

static bool host_row(struct results *r, int64_t id, const char *source, const struct host_result *host)
{
	char name[TEXT_SIZE], other[TEXT_SIZE];

	results_text(host->name, name, sizeof(name));
	results_text(host->fault ? host->fault : host->system, other, sizeof(other));
	if (host->fault)
		return db_run(&r->db, fault_put, (struct db_value[]){DB_N(id), DB_T(source), DB_T(name), DB_T(other), DB_N(r->run)}, 5);
	return db_run(&r->db, host_put,
		(struct db_value[]){DB_N(id), DB_T(source), DB_T(name), DB_T(other), DB_T(host->digest), DB_N(r->run), DB_N(host->counts[VERDICT_NOT_AFFECTED]),
			DB_N(host->counts[VERDICT_FIXED]), DB_N(host->counts[VERDICT_MITIGATED]), DB_N(host->counts[VERDICT_CANNOT_TELL]),
			DB_N(host->counts[VERDICT_MISSING])}, 11);
}

bool results_put(struct results *r, const struct host_result *host)
{
	struct known_host known;
	char              source[TEXT_SIZE];
	int64_t           id;

	results_source(host->source, source, sizeof(source));
	if (!batch_open(r) || !host_known(r, source, NULL, &known))
		return give_up(r);
	id = known.found ? known.id : r->host_next++;
	if (!host_row(r, id, source, host))
		return give_up(r);
	if (host->fault)
		r->done.unreadable++;
	else if (!rows_add(r, id, host) ||
		 !db_run(&r->db, "INSERT INTO incoming_hosts VALUES ($1, $2)", (struct db_value[]){DB_N(id), DB_N(known.assessed)}, 2))
		return give_up(r);
	else
		r->done.assessed++;
	return batch_goes_on(r, BATCH_HOSTS);
}

/*
 * CROSS JOIN has SQLite begin with the hosts of the batch instead of with all findings there are.
 * History first, then what is: other verdicts, flaws that are none any more, flaws that are new on a host known before.
 */
static const char *const merge[] = {
	"INSERT INTO changes SELECT f.host, f.flaw, CAST($1 AS INTEGER), f.verdict, i.verdict FROM incoming i JOIN findings f ON f.host = i.host AND f.flaw = i.flaw"
	" WHERE f.verdict <> i.verdict",
	"INSERT INTO changes SELECT f.host, f.flaw, CAST($1 AS INTEGER), f.verdict, NULL FROM incoming_hosts h CROSS JOIN findings f"
	" LEFT JOIN incoming i ON i.host = f.host AND i.flaw = f.flaw WHERE f.host = h.host AND h.known = 1 AND i.host IS NULL",
	"INSERT INTO changes SELECT i.host, i.flaw, CAST($1 AS INTEGER), NULL, i.verdict FROM incoming_hosts h JOIN incoming i ON i.host = h.host"
	" LEFT JOIN findings f ON f.host = i.host AND f.flaw = i.flaw WHERE h.known = 1 AND f.host IS NULL",
	"DELETE FROM findings WHERE EXISTS (SELECT 1 FROM changes c WHERE c.run = $1 AND c.host = findings.host AND c.flaw = findings.flaw AND c.became IS NULL)"
	" AND host IN (SELECT host FROM incoming_hosts WHERE known = 1)",
	"INSERT INTO findings SELECT host, flaw, verdict, rule, severity, text, CAST($1 AS INTEGER), CAST($1 AS INTEGER) FROM incoming WHERE true ON CONFLICT (host, flaw) DO UPDATE SET"
	" changed_run = CASE WHEN findings.verdict = excluded.verdict THEN findings.changed_run ELSE excluded.changed_run END,"
	" verdict = excluded.verdict, rule = excluded.rule, severity = excluded.severity, text = excluded.text",
};

static bool batch_write(struct results *r)
{
	struct db *db = &r->db;

	if (r->batch_rows) {
		bool good = db->kind->bulk_begin(db, "incoming", 6);

		if (!good)
			return false;
		for (uint32_t i = 0; i < r->batch_rows && good; i++)
			good = db->kind->bulk_row(db, r->pending[i].numbers);
		if (!db->kind->bulk_end(db) || !good)
			return false;
	}
	for (size_t i = 0; i < sizeof(merge) / sizeof(merge[0]); i++)
		if (!db_run(db, merge[i], &DB_N(r->run), 1))
			return false;
	return *db->kind->temporary || db->kind->script(db, "DELETE FROM incoming; DELETE FROM incoming_hosts");
}

bool results_commit(struct results *r)
{
	if (!r->open)
		return !r->broken;
	if (!batch_write(r) || !r->db.kind->script(&r->db, "COMMIT"))
		return give_up(r);
	r->open = false;
	r->batch_hosts = r->batch_rows = 0;
	r->committed = r->done;
	return true;
}

/* Hosts that were not seen. */
struct absent {
	const char *const *roots;
	size_t             root_n;
	int64_t           *ids;
	size_t             count, room;
	bool               full;
};

static bool below(const char *path, const char *root)
{
	size_t n = strlen(root);

	while (n > 1 && root[n - 1] == '/')
		n--;
	return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/' || n == 1);
}

static bool absent_row(void *data, const struct db_value *row, unsigned columns)
{
	struct absent *a = data;
	bool           is_below = false;
	char           root[TEXT_SIZE];

	for (size_t i = 0; i < a->root_n && columns == 2 && row[1].text; i++)
		is_below |= below(row[1].text, results_source(a->roots[i], root, sizeof(root)));
	if (is_below && a->count == a->room) {
		int64_t *grown = reallocarray(a->ids, a->room ? a->room * 2 : 256, sizeof(*grown));

		a->full = !grown;
		a->ids = grown ? grown : a->ids;
		a->room = grown ? (a->room ? a->room * 2 : 256) : a->room;
	}
	if (is_below && !a->full)
		a->ids[a->count++] = row[0].number;
	return !a->full;
}

static bool mark_gone(struct results *r, const char *const *roots, size_t root_n)
{
	struct absent a = {.roots = roots, .root_n = root_n};
	bool          good = batch_open(r) && db_query(&r->db, "SELECT id, source FROM hosts WHERE seen <> $1 AND state <> 2", &DB_N(r->run), 1, absent_row, &a);

	if (a.full)
		snprintf(r->db.why, sizeof(r->db.why), "there is no memory to mark the hosts that are gone");
	good = good && !a.full;
	for (size_t i = 0; i < a.count && good; i++)
		good = db_run(&r->db, "UPDATE hosts SET state = 2, state_run = $1 WHERE id = $2", (struct db_value[]){DB_N(r->run), DB_N(a.ids[i])}, 2);
	r->done.gone += good ? (uint32_t)a.count : 0;
	free(a.ids);
	return good;
}

bool results_end(struct results *r, const char *const *roots, size_t root_n, bool complete, struct results_done *out)
{
	int64_t changes = 0;
	bool    good = batch_open(r) && results_commit(r) && (!complete || mark_gone(r, roots, root_n)) && batch_open(r) &&
		db_number(&r->db, "SELECT count(*) FROM changes WHERE run = $1", &DB_N(r->run), 1, 0, &changes) &&
		db_run(&r->db, "UPDATE runs SET ended = CASE WHEN CAST($1 AS INTEGER) = 1 THEN CAST($2 AS BIGINT) ELSE NULL END, assessed = $3, unchanged = $4, unreadable = $5, gone = $6 WHERE id = $7",
			(struct db_value[]){DB_N(complete), DB_N(r->now), DB_N(r->done.assessed), DB_N(r->done.unchanged), DB_N(r->done.unreadable),
				DB_N(r->done.gone), DB_N(r->run)}, 7);

	r->done.changes = (uint32_t)changes;
	good = good && results_commit(r);
	if (!good && !r->broken)
		give_up(r);
	*out = r->committed;
	return good;
}
