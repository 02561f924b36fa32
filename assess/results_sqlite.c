/* Results in a file of SQLite's. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assess/results_int.h"

enum { BUSY_MS = 60000 };

static bool failed(struct db *db)
{
	sqlite3 *handle = db->handle;

	snprintf(db->why, sizeof(db->why), "%s%s%s", sqlite3_errmsg(handle), sqlite3_system_errno(handle) ? ": " : "",
		sqlite3_system_errno(handle) ? strerror(sqlite3_system_errno(handle)) : "");
	return false;
}

static sqlite3_stmt *prepared(struct db *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	for (unsigned i = 0; i < db->statement_n; i++)
		if (db->sql[i] == sql)
			return db->statements[i];
	if (db->statement_n == DB_STATEMENTS_MAX || sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
		return NULL;
	db->sql[db->statement_n] = sql;
	db->statements[db->statement_n++] = statement;
	return statement;
}

static void columns_of(sqlite3_stmt *statement, struct db_value *out, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int type = sqlite3_column_type(statement, (int)i);

		out[i] = (struct db_value){.null = type == SQLITE_NULL};
		if (type == SQLITE_TEXT)
			out[i].text = (const char *)sqlite3_column_text(statement, (int)i);
		else
			out[i].number = sqlite3_column_int64(statement, (int)i);
	}
}

static bool run(struct db *db, const char *sql, const struct db_value *values, unsigned count, db_row *row, void *data)
{
	sqlite3_stmt   *statement = prepared(db, sql);
	struct db_value columns[DB_COLUMNS_MAX] = {0};
	int             got = SQLITE_OK;

	if (!statement)
		return failed(db);
	for (unsigned i = 0; i < count && got == SQLITE_OK; i++)
		got = values[i].null   ? sqlite3_bind_null(statement, (int)i + 1)
		      : values[i].text ? sqlite3_bind_text(statement, (int)i + 1, values[i].text, -1, SQLITE_TRANSIENT)
				       : sqlite3_bind_int64(statement, (int)i + 1, values[i].number);
	while (got == SQLITE_OK || got == SQLITE_ROW) {
		unsigned n = (unsigned)sqlite3_column_count(statement);

		got = sqlite3_step(statement);
		if (got != SQLITE_ROW)
			break;
		columns_of(statement, columns, n < DB_COLUMNS_MAX ? n : DB_COLUMNS_MAX);
		if (row && !row(data, columns, n)) {
			got = SQLITE_DONE;
			break;
		}
	}
	if (got != SQLITE_DONE)
		failed(db);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return got == SQLITE_DONE;
}

static bool script(struct db *db, const char *sql)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || failed(db);
}

static bool bulk_begin(struct db *db, const char *table, unsigned columns)
{
	char sql[256];
	int  n = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (?", table);

	for (unsigned i = 1; i < columns; i++)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, ",?");
	snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
	db->bulk_columns = columns;
	return sqlite3_prepare_v2(db->handle, sql, -1, (sqlite3_stmt **)&db->bulk, NULL) == SQLITE_OK || failed(db);
}

static bool bulk_row(struct db *db, const int64_t *numbers)
{
	sqlite3_stmt *statement = db->bulk;
	bool          good;

	for (unsigned i = 0; i < db->bulk_columns; i++)
		sqlite3_bind_int64(statement, (int)i + 1, numbers[i]);
	good = sqlite3_step(statement) == SQLITE_DONE || failed(db);
	sqlite3_reset(statement);
	return good;
}

static bool bulk_end(struct db *db)
{
	sqlite3_finalize(db->bulk);
	db->bulk = NULL;
	return true;
}

static void close_it(struct db *db)
{
	sqlite3_finalize(db->bulk);
	for (unsigned i = 0; i < db->statement_n; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
}

static const struct db_kind kind = {run, script, bulk_begin, bulk_row, bulk_end, close_it, "TEXT", "WITHOUT ROWID", "", "BEGIN IMMEDIATE"};

bool db_open_sqlite(struct db *db, const char *file, bool make)
{
	sqlite3    *handle = NULL;
	struct stat st;
	int         flags = make ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

	*db = (struct db){.kind = &kind};
	if (!make && access(file, R_OK) < 0) {
		snprintf(db->why, sizeof(db->why), "%s", strerror(errno));
		return false;
	}
	/* Whoever reads a pipe waits for somebody who writes, and of no name at all SQLite makes a database that it forgets. */
	if (!*file || (stat(file, &st) == 0 && !S_ISREG(st.st_mode))) {
		snprintf(db->why, sizeof(db->why), "it is no plain file");
		return false;
	}
	if (sqlite3_open_v2(file, &handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		db->handle = handle;
		failed(db);
		sqlite3_close(handle);
		db->handle = NULL;
		return false;
	}
	db->handle = handle;
	sqlite3_busy_timeout(handle, BUSY_MS);
	sqlite3_extended_result_codes(handle, 1);
	if (script(db, make ? "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536"
			    : "PRAGMA query_only=1; PRAGMA cache_size=-65536"))
		return true;
	sqlite3_close(handle);
	db->handle = NULL;
	return false;
}
