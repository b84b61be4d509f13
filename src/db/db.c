/* Statements and transactions, the same for all databases. */
#include "db/db.h"

#include "db/connection.h"

#include <string.h>

G_DEFINE_QUARK(dpxdt - db - error, db_error)

ErrorCode db_error_code(const GError *error) {
    if (error->domain != DB_ERROR)
        return error_code(error);
    switch ((DbErrorCode)error->code) {
    case DB_ERROR_BUSY:
        return ERROR_TIMEOUT;
    case DB_ERROR_LOST:
        return ERROR_NO_DATABASE;
    case DB_ERROR_FULL:
        return ERROR_FULL;
    case DB_ERROR_FAILED:
    case DB_ERROR_UNIQUE:
    case DB_ERROR_FOREIGN_KEY:
    case DB_ERROR_NOT_NULL:
        break;
    }
    return ERROR_FAILED;
}

const char *db_error_told(const GError *error) {
    switch (db_error_code(error)) {
    case ERROR_INVALID:
    case ERROR_NOT_FOUND:
    case ERROR_DENIED:
    case ERROR_BUSY:
    case ERROR_GONE:
    case ERROR_STOPPED:
        return error->message;
    case ERROR_TIMEOUT:
        return error->domain == DB_ERROR ? "the database is busy; try again" : error->message;
    case ERROR_NO_DATABASE:
        return "the database does not answer; try again";
    case ERROR_NO_STORE:
        return "the files of this server cannot be reached; try again";
    case ERROR_DOUBTFUL:
        return "the database broke off, and it is not known whether this was done";
    case ERROR_FULL:
        return "there is no room left on the server";
    case ERROR_FAILED:
    case ERROR_NO_PROGRAM:
    case ERROR_OLD_TABLES:
    case ERROR_NEW_TABLES:
    case ERROR_NOT_NOW:
        break;
    }
    return "the server failed";
}

enum {
    /* How long work waits for a connection, and how often it is begun again. Who was in the way of whom is decided by
     * chance, so it waits a moment before that: up to twice as long each time. */
    TAKE_TIMEOUT_MS = 10 * 1000,
    MOST_TRIES = 10,
    FIRST_WAIT_US = 2 * 1000,
};

struct DbQuery {
    DbRows rows;
    size_t row; /* the one at hand, counted from 1; 0 before the first */
    GError *error;
};

struct DbTransaction {
    Db *db;
};

/* Values and rows. */

DbValue db_text_value(const char *text) {
    return text ? (DbValue){.type = DB_TYPE_TEXT, .text = text} : DB_NULL;
}

DbValue db_id_value(int64_t id) {
    return id ? DB_INT(id) : DB_NULL;
}

static void rows_init(DbRows *rows) {
    *rows = (DbRows){.cells = g_array_new(FALSE, FALSE, sizeof(DbValue)), .texts = g_string_chunk_new(256)};
}

static void rows_clear(DbRows *rows) {
    g_array_unref(rows->cells);
    g_string_chunk_free(rows->texts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DbRows, rows_clear)

void db_rows_add(DbRows *rows, DbValue value) {
    g_array_append_val(rows->cells, value);
}

void db_rows_add_text(DbRows *rows, const char *text, size_t size) {
    db_rows_add(rows, DB_TEXT(g_string_chunk_insert_len(rows->texts, size > 0 ? text : "", (gssize)size)));
}

static bool run(Db *db, const char *sql, const DbValue *values, size_t n, DbRows *rows, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_assert(n <= DB_MOST_VALUES);
    if (db->driver->run(db->connection, sql, values, n, rows, &cause))
        return true;
    db->is_lost = db->is_lost || g_error_matches(cause, DB_ERROR, DB_ERROR_LOST);
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

DbKind db_kind(const Db *db) {
    return db->driver->kind;
}

const char *db_pick(const Db *db, const char *sqlite, const char *postgres, const char *mysql) {
    const char *const statements[] = {[DB_SQLITE] = sqlite, [DB_POSTGRES] = postgres, [DB_MYSQL] = mysql};
    return statements[db_kind(db)];
}

/* Queries. */

DbQuery *db_query_values(Db *db, const char *sql, const DbValue *values, size_t n) {
    DbQuery *query = g_new0(DbQuery, 1);
    rows_init(&query->rows);
    if (!run(db, sql, values, n, &query->rows, &query->error))
        g_array_set_size(query->rows.cells, 0);
    return query;
}

void db_query_free(DbQuery *query) {
    if (!query)
        return;
    rows_clear(&query->rows);
    g_clear_error(&query->error);
    g_free(query);
}

bool db_next(DbQuery *query) {
    if (query->row * query->rows.n_columns >= query->rows.cells->len)
        return false;
    query->row++;
    return true;
}

static const DbValue *cell(const DbQuery *query, size_t column) {
    g_assert(query->row > 0 && column < query->rows.n_columns);
    return &g_array_index(query->rows.cells, DbValue, (query->row - 1) * query->rows.n_columns + column);
}

/* Sums of whole numbers come as text where the database has them in decimals of any length. */
int64_t db_int(const DbQuery *query, size_t column) {
    const DbValue *value = cell(query, column);
    return value->type == DB_TYPE_TEXT ? g_ascii_strtoll(value->text, NULL, 10) : value->integer;
}

double db_real(const DbQuery *query, size_t column) {
    const DbValue *value = cell(query, column);
    return value->type == DB_TYPE_INT ? (double)value->integer : value->real;
}

const char *db_text(const DbQuery *query, size_t column) {
    return cell(query, column)->text;
}

bool db_is_null(const DbQuery *query, size_t column) {
    return cell(query, column)->type == DB_TYPE_NULL;
}

bool db_end(DbQuery *query, GError **error) {
    if (!query->error)
        return true;
    g_propagate_error(error, g_steal_pointer(&query->error));
    return false;
}

int64_t db_change_values(Db *db, GError **error, const char *sql, const DbValue *values, size_t n) {
    g_auto(DbRows) rows;
    rows_init(&rows);
    return run(db, sql, values, n, &rows, error) ? rows.changed : -1;
}

int64_t db_change_if_new_values(Db *db, GError **error, const char *sql, const DbValue *values, size_t n) {
    static const char start[] = "INSERT INTO";
    g_assert(g_str_has_prefix(sql, start));
    g_autofree char *statement = db_kind(db) == DB_MYSQL ? g_strconcat("INSERT IGNORE INTO", sql + strlen(start), NULL)
                                                         : g_strconcat(sql, " ON CONFLICT DO NOTHING", NULL);
    return db_change_values(db, error, statement, values, n);
}

int64_t db_insert_values(Db *db, GError **error, const char *sql, const DbValue *values, size_t n) {
    g_autoptr(DbQuery) query = db_query_values(db, sql, values, n);
    bool has_row = db_next(query);
    return db_end(query, error) && has_row ? db_int(query, 0) : -1;
}

/* Transactions. */

static void set_writing(Db *db, bool is_writing) {
    if (db->driver->set_writing)
        db->driver->set_writing(db->connection, is_writing);
}

DbTransaction *db_begin(Db *db, GError **error) {
    g_assert(!db->in_transaction);
    if (!pool_take_turn(db->pool)) {
        g_set_error(error, DB_ERROR, DB_ERROR_BUSY, "others write for too long");
        return NULL;
    }
    set_writing(db, true);
    if (db_change(db, error, db->driver->begin) < 0) {
        set_writing(db, false);
        pool_end_turn(db->pool);
        return NULL;
    }
    db->in_transaction = true;
    DbTransaction *transaction = g_new0(DbTransaction, 1);
    transaction->db = db;
    return transaction;
}

/* Whatever happens, a transaction is over after this. A connection that cannot tell is lost. */
static bool end(DbTransaction *transaction, const char *how, GError **error) {
    Db *db = transaction->db;
    bool done = db_change(db, error, how) >= 0;
    db->in_transaction = false;
    set_writing(db, false);
    pool_end_turn(db->pool);
    g_free(transaction);
    return done;
}

bool db_commit(DbTransaction *transaction, GError **error) {
    Db *db = transaction->db;
    g_autoptr(GError) cause = NULL;
    if (end(transaction, "COMMIT", &cause))
        return true;
    if (!db->is_lost && db_change(db, NULL, "ROLLBACK") < 0)
        db->is_lost = true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

void db_roll_back(DbTransaction *transaction) {
    if (!transaction)
        return;
    Db *db = transaction->db;
    if (!end(transaction, "ROLLBACK", NULL))
        db->is_lost = true;
}

/* Tries once. *out_again is whether trying again may help. */
typedef bool (*Try)(Db *db, DbWork work, void *data, bool *out_again, GError **error);

static bool is_worth_another(const GError *cause, bool is_committing) {
    bool was_lost = g_error_matches(cause, DB_ERROR, DB_ERROR_LOST);
    return g_error_matches(cause, DB_ERROR, DB_ERROR_BUSY) || (was_lost && !is_committing);
}

static bool try_transaction(Db *db, DbWork work, void *data, bool *out_again, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(DbTransaction) transaction = db_begin(db, &cause);
    bool is_committing = transaction && work(db, data, &cause);
    if (is_committing && db_commit(g_steal_pointer(&transaction), &cause))
        return true;
    *out_again = is_worth_another(cause, is_committing);
    if (is_committing && g_error_matches(cause, DB_ERROR, DB_ERROR_LOST))
        error_set(error, ERROR_DOUBTFUL, "it is not known whether this was done: %s", cause->message);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool try_reading(Db *db, DbWork work, void *data, bool *out_again, GError **error) {
    g_autoptr(GError) cause = NULL;
    if (work(db, data, &cause))
        return true;
    *out_again = is_worth_another(cause, false);
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool run_work(DbPool *pool, Try try, DbWork work, void *data, GError **error) {
    guint64 wait_us = FIRST_WAIT_US;
    for (int left = MOST_TRIES; left > 0; left--, wait_us *= 2) {
        g_autoptr(GError) cause = NULL;
        bool again = false;
        {
            g_autoptr(Db) db = db_pool_take(pool, TAKE_TIMEOUT_MS, &cause);
            if (db && try(db, work, data, &again, &cause))
                return true;
        }
        if (!again || left == 1) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        g_usleep(wait_us / 2 + (guint64)g_random_int_range(0, (gint32)wait_us));
    }
    g_assert_not_reached();
}

bool db_transact(DbPool *pool, DbWork work, void *data, GError **error) {
    return run_work(pool, try_transaction, work, data, error);
}

bool db_read(DbPool *pool, DbWork work, void *data, GError **error) {
    return run_work(pool, try_reading, work, data, error);
}
