/* SQL in one way for SQLite, PostgreSQL and MariaDB: a pool of connections, queries whose values are bound, transactions.
 *
 *     g_autoptr(DbQuery) query = db_query(db, "SELECT id, name FROM run WHERE release_id = ?", DB_INT(release_id));
 *     while (db_next(query))
 *         add_run(runs, db_int(query, 0), db_text(query, 1));
 *     return db_end(query, error);
 *
 * Statements are SQL that all three have in common, with ? for values; where they must differ, db_kind() tells which it
 * is. They are prepared once a connection. Text is UTF-8 without NUL. A Db, and all that comes from it, is of one thread
 * at a time; a DbPool of any. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { DB_SQLITE, DB_POSTGRES, DB_MYSQL } DbKind;

/* What went wrong, for the caller to decide. The message is the database's, with the statement. */
typedef enum {
    DB_ERROR_FAILED,      /* anything else: a mistake of ours */
    DB_ERROR_UNIQUE,      /* there is such a row already */
    DB_ERROR_FOREIGN_KEY, /* what it refers to is not there, or is referred to */
    DB_ERROR_NOT_NULL,    /* a value is missing */
    DB_ERROR_BUSY,        /* another transaction was in the way: this one is over, and may be begun again */
    DB_ERROR_LOST,        /* the connection broke, and the transaction with it */
    DB_ERROR_FULL,        /* its disk is full */
} DbErrorCode;

#define DB_ERROR (db_error_quark())
GQuark db_error_quark(void);

/* What an error means to whoever asked, be it of DB_ERROR or not. */
ErrorCode db_error_code(const GError *error);

/* What of it may be told to strangers: what they did wrong, but not what failed here, as that names hosts, paths and
 * statements. Borrowed from error, or constant. */
const char *db_error_told(const GError *error);

/* Values. */

typedef enum { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_REAL, DB_TYPE_TEXT } DbType;

typedef struct {
    DbType type;
    int64_t integer;
    double real;
    const char *text;
} DbValue;

#define DB_NULL ((DbValue){.type = DB_TYPE_NULL})
#define DB_INT(value) ((DbValue){.type = DB_TYPE_INT, .integer = (value)})
#define DB_REAL(value) ((DbValue){.type = DB_TYPE_REAL, .real = (value)})
#define DB_TEXT(value) (db_text_value(value))

/* What refers to another row: 0 is none, and NULL in the table. */
#define DB_ID(value) (db_id_value(value))
DbValue db_id_value(int64_t id);

/* NULL is DB_NULL. The text must outlive the call that it is given to. */
DbValue db_text_value(const char *text);

/* Connections. */

typedef struct DbPool DbPool;
typedef struct Db Db;

/* Whether a URL is of a database that we know, without opening it: ERROR_INVALID. The message has no password. */
bool db_check_url(const char *url, GError **error) MUST_CHECK;

/* url is one of
 *
 *     sqlite:PATH                             a file, which is made if it is not there; with ?synchronous=normal behind it,
 *                                             the last transactions may be lost if the power fails, but nothing else
 *     postgresql://USER:PASSWORD@HOST:PORT/DATABASE?...      as libpq has it
 *     mysql://USER:PASSWORD@HOST:PORT/DATABASE?socket=PATH   escaped with %XX
 *
 * At most so many connections are open at once. One is opened now, to see that it works: fails with ERROR_INVALID for a
 * URL that is none, ERROR_NO_DATABASE if it cannot be reached, ERROR_NO_PROGRAM if its library is not installed. */
DbPool *db_pool_new(const char *url, unsigned max_connections, GError **error) MUST_CHECK;

/* The same of a database that is only read: one of somebody else's, which must stay as it is. Whatever would change it
 * fails, and a file that is not there is not made. */
DbPool *db_pool_new_reader(const char *url, unsigned max_connections, GError **error) MUST_CHECK;

/* All connections must have been given back. */
void db_pool_free(DbPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPool, db_pool_free)

/* Takes a connection, waiting for one up to timeout_ms. The caller gives it back with db_release(), which g_autoptr(Db)
 * does. Fails with ERROR_TIMEOUT if none came back in time, and as db_pool_new(). */
Db *db_pool_take(DbPool *pool, int timeout_ms, GError **error) MUST_CHECK;
void db_release(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_release)

DbKind db_kind(const Db *db);

/* The statement for the database that it is. */
const char *db_pick(const Db *db, const char *sqlite, const char *postgres, const char *mysql);

/* What a pool did so far, for the metrics. */
typedef struct {
    unsigned open, in_use;
    uint64_t n_waits;   /* how often none was at hand */
    uint64_t waited_us; /* and how long it took in all until one was */
} DbPoolFacts;

DbPoolFacts db_pool_facts(DbPool *pool);

/* Statements. Values are those of the ? in order. */

typedef struct DbQuery DbQuery;

/* Runs a statement that gives rows, all of which are fetched. Never NULL: it keeps its failure until db_end(). */
#define db_query(db, ...) db_query_values(db, DB_SPLIT(__VA_ARGS__))
DbQuery *db_query_values(Db *db, const char *sql, const DbValue *values, size_t n);
void db_query_free(DbQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbQuery, db_query_free)

/* Goes to the next row, or returns false. */
bool db_next(DbQuery *query);

/* Columns of the row at hand, counted from 0; 0 or NULL where there is no value. Text is valid as long as the query. */
int64_t db_int(const DbQuery *query, size_t column);
double db_real(const DbQuery *query, size_t column);
const char *db_text(const DbQuery *query, size_t column);
bool db_is_null(const DbQuery *query, size_t column);

/* Whether the statement worked; an error of DB_ERROR. */
bool db_end(DbQuery *query, GError **error) MUST_CHECK;

/* Runs a statement that gives none. Returns how many rows it changed, or -1 with an error of DB_ERROR. */
#define db_change(db, error, ...) db_change_values(db, error, DB_SPLIT(__VA_ARGS__))
int64_t db_change_values(Db *db, GError **error, const char *sql, const DbValue *values, size_t n);

/* The same for "INSERT INTO ...", of rows that may be there already: these are left as they are. */
#define db_change_if_new(db, error, ...) db_change_if_new_values(db, error, DB_SPLIT(__VA_ARGS__))
int64_t db_change_if_new_values(Db *db, GError **error, const char *sql, const DbValue *values, size_t n);

/* The same for a row that is inserted into a table with a column id: returns that of the new row, or -1. */
#define db_insert(db, error, ...) db_insert_values(db, error, DB_SPLIT(__VA_ARGS__))
int64_t db_insert_values(Db *db, GError **error, const char *sql, const DbValue *values, size_t n);

/* (sql, a, b, c) -> sql, values, 3 */
#define DB_SPLIT(...) \
    DB_FIRST(__VA_ARGS__, DB_NULL), DB_VALUES(__VA_ARGS__), sizeof(DB_VALUES(__VA_ARGS__)) / sizeof(DbValue) - 1
#define DB_VALUES(...) ((const DbValue[]){DB_REST(__VA_ARGS__, DB_NULL)})
#define DB_FIRST(sql, ...) (sql)
#define DB_REST(sql, ...) __VA_ARGS__

/* Transactions. Outside of one, each statement is one of its own. */

typedef struct DbTransaction DbTransaction;

/* In SQLite it is the only one that writes from now on. Not within another one. */
DbTransaction *db_begin(Db *db, GError **error) MUST_CHECK;

/* Takes the transaction. If it fails with DB_ERROR_LOST, it is not known whether it took place. */
bool db_commit(DbTransaction *transaction, GError **error) MUST_CHECK;

/* Undoes all that was not committed; g_autoptr(DbTransaction) does so. */
void db_roll_back(DbTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbTransaction, db_roll_back)

/* Work that is done as a whole or not at all: in a transaction on a connection of the pool, and again, some times, where
 * another one was in the way or the connection broke. It may be called several times, so what it gives back it sets.
 * Fails as work does, or, if the connection broke while it was to be kept, with ERROR_DOUBTFUL. */
typedef bool (*DbWork)(Db *db, void *data, GError **error);
bool db_transact(DbPool *pool, DbWork work, void *data, GError **error) MUST_CHECK;

/* The same for work that only reads, each statement for itself: it keeps nobody from writing. */
bool db_read(DbPool *pool, DbWork work, void *data, GError **error) MUST_CHECK;
