/* One way to two databases: the same SQL, with values by number, to SQLite and PostgreSQL. */
#ifndef SALLYPORT_ASSESS_RESULTS_INT_H
#define SALLYPORT_ASSESS_RESULTS_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "assess/results.h"

enum { DB_STATEMENTS_MAX = 64, DB_COLUMNS_MAX = 16 };

/* NULL, a number, or a text: text is NULL unless it is one. */
struct db_value {
	bool        null;
	int64_t     number;
	const char *text;
};

#define DB_N(n) ((struct db_value){false, (int64_t)(n), NULL})
#define DB_T(t) ((struct db_value){(t) == NULL, 0, (t)})

/* One row of an answer; the texts live until it returns. False: no more rows are wanted. */
typedef bool db_row(void *data, const struct db_value *row, unsigned columns);

struct db;

struct db_kind {
	bool (*run)(struct db *db, const char *sql, const struct db_value *values, unsigned count, db_row *row, void *data);
	bool (*script)(struct db *db, const char *sql);
	bool (*bulk_begin)(struct db *db, const char *table, unsigned columns);
	bool (*bulk_row)(struct db *db, const int64_t *numbers);
	bool (*bulk_end)(struct db *db);
	void (*close)(struct db *db);
	const char *text, *rows, *temporary; /* words of the schema: type of texts, options of tables with a primary key, and of temporary ones */
	const char *begin; /* a transaction that nobody else's writing mixes with */
};

struct db {
	const struct db_kind *kind;
	void                 *handle; /* sqlite3 or PGconn */
	const char           *sql[DB_STATEMENTS_MAX]; /* prepared ones, by their address */
	void                 *statements[DB_STATEMENTS_MAX]; /* of sqlite3 */
	unsigned              statement_n;
	void                 *bulk;
	unsigned              bulk_columns;
	char                  buffer[16 << 10]; /* of rows on their way */
	size_t                buffer_n;
	char                  why[512]; /* what the database said last */
};

/* False, with a sentence in db->why. `make`: it may be created. */
bool db_open_sqlite(struct db *db, const char *file, bool make);
bool db_open_postgresql(struct db *db, const char *where);

/* `sql` must be static: it is known by its address. $1, $2 ... in order of their first use. */
bool db_run(struct db *db, const char *sql, const struct db_value *values, unsigned count);
bool db_query(struct db *db, const char *sql, const struct db_value *values, unsigned count, db_row *row, void *data);
/* The number in the first row's first column; `otherwise` when there is no row. False: db->why. */
bool db_number(struct db *db, const char *sql, const struct db_value *values, unsigned count, int64_t otherwise, int64_t *out);

struct results {
	struct db db;
	bool      open; /* a transaction */
	bool      broken; /* the connection or the disk is gone: nothing more is tried */
	int64_t   run, now, host_next, text_next;
	int64_t   rules[RULES], verdicts[VERDICTS], severities[SEVERITIES]; /* numbers by which the database knows them */
	char      catalogue[65], program[64];
	uint32_t  batch_hosts, batch_rows; /* not yet committed */
	time_t    batch_began; /* seconds, of the clock that only goes forward */
	struct results_done done, committed;
	struct text_cache  *texts; /* numbers of texts and flaws that are known already */
	struct pending     *pending; /* rows of the batch */
	size_t              pending_room;
};

/* Text that any database takes: what is no UTF-8 becomes %XX, and what is too long is cut. */
const char *results_text(const char *text, char *out, size_t size);
/* A host's path in the form by which the database knows it: well-formed UTF-8, and of no other path. */
const char *results_source(const char *path, char *out, size_t size);
/* Tables of this version, made when there are none. False: db.why. */
bool results_schema(struct results *results, bool make);
extern const char *const results_states[];

#endif
