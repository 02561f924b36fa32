/* Results in a database of PostgreSQL's, in a schema of their own. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/results_int.h"

enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, NUMBER = 24 };

/* libpq's sentences end with a newline, and may be several: the first one. */
static bool failed(struct db *db, const char *message)
{
	snprintf(db->why, sizeof(db->why), "%.*s", (int)strcspn(message, "\n"), message);
	return false;
}

static bool good_result(struct db *db, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	bool           good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!good)
		failed(db, PQerrorMessage(db->handle));
	return good;
}

/* The name of a statement that the server knows; "" when it could not be prepared. */
static const char *prepared(struct db *db, const char *sql, unsigned count, char name[16])
{
	unsigned  i = 0;
	PGresult *result;
	bool      good;

	while (i < db->statement_n && db->sql[i] != sql)
		i++;
	snprintf(name, 16, "s%u", i);
	if (i < db->statement_n)
		return name;
	if (i == DB_STATEMENTS_MAX) {
		failed(db, "there are too many statements");
		return "";
	}
	result = PQprepare(db->handle, name, sql, (int)count, NULL);
	good = good_result(db, result);
	PQclear(result);
	if (!good)
		return "";
	db->sql[db->statement_n++] = sql;
	return name;
}

static void columns_of(const PGresult *result, int row, struct db_value *out, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *text = PQgetvalue(result, row, (int)i);
		Oid         type = PQftype(result, (int)i);

		out[i] = (struct db_value){.null = PQgetisnull(result, row, (int)i)};
		if (type == OID_INT8 || type == OID_INT4 || type == OID_INT2)
			out[i].number = strtoll(text, NULL, 10);
		else if (!out[i].null)
			out[i].text = text;
	}
}

/* Rows come one by one: a list of all hosts is not held twice. */
static bool rows(struct db *db, db_row *row, void *data)
{
	struct db_value columns[DB_COLUMNS_MAX] = {0};
	bool            good = true, wanted = row != NULL;
	PGresult       *result;

	while ((result = PQgetResult(db->handle))) {
		ExecStatusType status = PQresultStatus(result);
		unsigned       n = (unsigned)PQnfields(result);

		if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
			good = failed(db, PQerrorMessage(db->handle));
		if (status == PGRES_SINGLE_TUPLE && wanted) {
			columns_of(result, 0, columns, n < DB_COLUMNS_MAX ? n : DB_COLUMNS_MAX);
			wanted = row(data, columns, n);
		}
		PQclear(result);
	}
	return good;
}

static bool run(struct db *db, const char *sql, const struct db_value *values, unsigned count, db_row *row, void *data)
{
	const char *texts[DB_COLUMNS_MAX];
	char        numbers[DB_COLUMNS_MAX][NUMBER], name[16];

	if (count > DB_COLUMNS_MAX)
		return failed(db, "there are too many values");
	for (unsigned i = 0; i < count; i++) {
		snprintf(numbers[i], NUMBER, "%" PRId64, values[i].number);
		texts[i] = values[i].null ? NULL : values[i].text ? values[i].text : numbers[i];
	}
	if (!*prepared(db, sql, count, name))
		return false;
	if (!PQsendQueryPrepared(db->handle, name, (int)count, texts, NULL, NULL, 0))
		return failed(db, PQerrorMessage(db->handle));
	PQsetSingleRowMode(db->handle);
	return rows(db, row, data);
}

static bool script(struct db *db, const char *sql)
{
	PGresult *result = PQexec(db->handle, sql);
	bool      good = good_result(db, result);

	PQclear(result);
	return good;
}

static bool bulk_begin(struct db *db, const char *table, unsigned columns)
{
	char      sql[128];
	PGresult *result;
	bool      good;

	snprintf(sql, sizeof(sql), "COPY %s FROM STDIN", table);
	result = PQexec(db->handle, sql);
	good = PQresultStatus(result) == PGRES_COPY_IN;
	if (!good)
		failed(db, PQerrorMessage(db->handle));
	PQclear(result);
	db->bulk_columns = columns;
	db->buffer_n = 0;
	return good;
}

static bool flush_buffer(struct db *db)
{
	bool good = !db->buffer_n || PQputCopyData(db->handle, db->buffer, (int)db->buffer_n) == 1;

	db->buffer_n = 0;
	return good || failed(db, PQerrorMessage(db->handle));
}

static bool bulk_row(struct db *db, const int64_t *numbers)
{
	if (sizeof(db->buffer) - db->buffer_n < (size_t)db->bulk_columns * NUMBER && !flush_buffer(db))
		return false;
	for (unsigned i = 0; i < db->bulk_columns; i++)
		db->buffer_n += (size_t)snprintf(db->buffer + db->buffer_n, sizeof(db->buffer) - db->buffer_n, "%" PRId64 "%c", numbers[i],
			i + 1 < db->bulk_columns ? '\t' : '\n');
	return true;
}

static bool bulk_end(struct db *db)
{
	bool good = flush_buffer(db);

	good = PQputCopyEnd(db->handle, good ? NULL : "stopped") == 1 && good;
	return rows(db, NULL, NULL) && good;
}

static void close_it(struct db *db)
{
	PQfinish(db->handle);
}

static void be_quiet(void *data, const char *message)
{
	(void)data;
	(void)message;
}

static const struct db_kind kind = {
	run, script, bulk_begin, bulk_row, bulk_end, close_it, "TEXT COLLATE \"C\"", "", "ON COMMIT DELETE ROWS",
	"BEGIN; LOCK TABLE meta IN SHARE ROW EXCLUSIVE MODE",
};

bool db_open_postgresql(struct db *db, const char *where)
{
	const char *const names[] = {"connect_timeout", "dbname", "fallback_application_name", "client_encoding", NULL};
	const char *const values[] = {"10", where, "sallyport", "UTF8", NULL};

	*db = (struct db){.kind = &kind};
	db->handle = PQconnectdbParams(names, values, 1);
	if (!db->handle || PQstatus(db->handle) != CONNECTION_OK) {
		failed(db, db->handle ? PQerrorMessage(db->handle) : "there is no memory to connect");
		PQfinish(db->handle);
		db->handle = NULL;
		return false;
	}
	PQsetNoticeProcessor(db->handle, be_quiet, NULL);
	/* Batches are small against what is stored: rows are found by their keys, whatever the planner has counted so far. */
	if (script(db, "SET search_path TO sallyport; SET enable_hashjoin TO off; SET enable_mergejoin TO off"))
		return true;
	PQfinish(db->handle);
	db->handle = NULL;
	return false;
}
