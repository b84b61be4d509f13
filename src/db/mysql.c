#include "db/driver.h"

#include "base/library.h"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <string.h>

/* What we call of MariaDB's client library; as in its own manual. */
#define FUNCTIONS(F)                                                                                                \
    F(mysql_init)                                                                                                   \
    F(mysql_optionsv)                                                                                               \
    F(mysql_real_connect)                                                                                           \
    F(mysql_close)                                                                                                  \
    F(mysql_errno)                                                                                                  \
    F(mysql_error)                                                                                                  \
    F(mysql_real_query) F(mysql_stmt_init) F(mysql_stmt_prepare) F(mysql_stmt_close) F(mysql_stmt_bind_param)       \
        F(mysql_stmt_execute) F(mysql_stmt_errno) F(mysql_stmt_error) F(mysql_stmt_result_metadata)                 \
            F(mysql_stmt_bind_result) F(mysql_stmt_store_result) F(mysql_stmt_fetch) F(mysql_stmt_fetch_column)     \
                F(mysql_stmt_free_result) F(mysql_stmt_affected_rows) F(mysql_stmt_param_count) F(mysql_num_fields) \
                    F(mysql_fetch_fields) F(mysql_free_result) F(mysql_affected_rows)

static struct { FUNCTIONS(LIBRARY_POINTER) } my;
static LIBRARY(my, FUNCTIONS, "libmariadb.so.3", "libmariadb3");

enum { NETWORK_TIMEOUT_S = 60, CONNECT_TIMEOUT_S = 10, MOST_COLUMNS = 64 };

typedef struct {
    MYSQL *handle;
    GHashTable *statements; /* SQL -> MYSQL_STMT */
} Mysql;

static DbErrorCode code_of(unsigned number) {
    switch (number) {
    case ER_DUP_ENTRY:
        return DB_ERROR_UNIQUE;
    case ER_NO_REFERENCED_ROW_2:
    case ER_ROW_IS_REFERENCED_2:
        return DB_ERROR_FOREIGN_KEY;
    case ER_BAD_NULL_ERROR:
    case ER_NO_DEFAULT_FOR_FIELD:
        return DB_ERROR_NOT_NULL;
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
        return DB_ERROR_BUSY;
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
        return DB_ERROR_FULL;
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case ER_CONNECTION_KILLED:
    case ER_SERVER_SHUTDOWN:
        return DB_ERROR_LOST;
    default:
        return DB_ERROR_FAILED;
    }
}

static bool fail(unsigned number, const char *words, const char *sql, GError **error) {
    g_set_error(error, DB_ERROR, (gint)code_of(number), "MariaDB: %s (%u) in: %s", words, number, sql);
    return false;
}

static bool fail_statement(MYSQL_STMT *statement, const char *sql, GError **error) {
    return fail(my.mysql_stmt_errno(statement), my.mysql_stmt_error(statement), sql, error);
}

/* Opening. */

static void mysql_driver_close(void *connection) {
    Mysql *mysql = connection;
    if (!mysql)
        return;
    g_hash_table_unref(mysql->statements);
    my.mysql_close(mysql->handle);
    g_free(mysql);
}

static void close_statement(void *statement) {
    my.mysql_stmt_close(statement);
}

/* Text is compared byte by byte, as the others do, and what does not fit is refused. */
static void set_options(MYSQL *handle) {
    unsigned connect_s = CONNECT_TIMEOUT_S, network_s = NETWORK_TIMEOUT_S;
    my.mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    my.mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &network_s);
    my.mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &network_s);
    my.mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    my.mysql_optionsv(handle, MYSQL_INIT_COMMAND,
                      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,NO_BACKSLASH_ESCAPES', "
                      "SESSION tx_isolation = 'READ-COMMITTED', SESSION innodb_lock_wait_timeout = 10, "
                      "SESSION collation_connection = 'utf8mb4_nopad_bin'");
}

static bool connect_to(Mysql *mysql, const char *url, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, &cause);
    g_autoptr(GHashTable) parameters =
        uri && g_uri_get_query(uri) ? g_uri_parse_params(g_uri_get_query(uri), -1, "&", G_URI_PARAMS_NONE, &cause)
                                    : NULL;
    if (!uri || cause || strlen(g_uri_get_path(uri)) < 2) {
        error_set(error, ERROR_INVALID, "mysql://USER:PASSWORD@HOST:PORT/DATABASE is expected: %s",
                  cause ? cause->message : "the database is missing");
        return false;
    }
    const char *socket = parameters ? g_hash_table_lookup(parameters, "socket") : NULL;
    set_options(mysql->handle);
    /* Rows that an UPDATE finds are counted, changed or not, as the others do. */
    if (my.mysql_real_connect(mysql->handle, g_uri_get_host(uri), g_uri_get_user(uri), g_uri_get_password(uri),
                              g_uri_get_path(uri) + 1, (unsigned)MAX(g_uri_get_port(uri), 0), socket,
                              CLIENT_FOUND_ROWS))
        return true;
    error_set(error, ERROR_NO_DATABASE, "MariaDB: %s", my.mysql_error(mysql->handle));
    return false;
}

static bool only_read(Mysql *mysql, GError **error) {
    static const char sql[] = "SET SESSION TRANSACTION READ ONLY";
    return my.mysql_real_query(mysql->handle, sql, strlen(sql)) == 0 ||
           fail(my.mysql_errno(mysql->handle), my.mysql_error(mysql->handle), sql, error);
}

static void *mysql_driver_open(const char *url, DbOpening opening, GError **error) {
    if (!library_load(&my_library, error))
        return NULL;
    Mysql *mysql = g_new0(Mysql, 1);
    mysql->handle = my.mysql_init(NULL);
    mysql->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_statement);
    if (connect_to(mysql, url, error) && (opening != DB_OPEN_READ || only_read(mysql, error)))
        return mysql;
    mysql_driver_close(mysql);
    return NULL;
}

/* Statements. */

static MYSQL_STMT *prepare(Mysql *mysql, const char *sql, GError **error) {
    MYSQL_STMT *statement = g_hash_table_lookup(mysql->statements, sql);
    if (statement)
        return statement;
    if (g_hash_table_size(mysql->statements) >= DB_MOST_STATEMENTS)
        g_hash_table_remove_all(mysql->statements);
    statement = my.mysql_stmt_init(mysql->handle);
    if (my.mysql_stmt_prepare(statement, sql, strlen(sql)) != 0) {
        fail_statement(statement, sql, error);
        my.mysql_stmt_close(statement);
        return NULL;
    }
    g_hash_table_insert(mysql->statements, g_strdup(sql), statement);
    return statement;
}

static MYSQL_BIND bind(const DbValue *value) {
    switch (value->type) {
    case DB_TYPE_NULL:
        break;
    case DB_TYPE_INT:
        return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = (void *)&value->integer};
    case DB_TYPE_REAL:
        return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = (void *)&value->real};
    case DB_TYPE_TEXT:
        return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
                            .buffer = (void *)value->text,
                            .buffer_length = strlen(value->text),
                            .length_value = strlen(value->text)};
    }
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_NULL};
}

static bool bind_and_execute(MYSQL_STMT *statement, const DbValue *values, size_t n) {
    MYSQL_BIND binds[DB_MOST_VALUES];
    for (size_t i = 0; i < n; i++) {
        binds[i] = bind(&values[i]);
        binds[i].length = &binds[i].length_value;
    }
    return (n == 0 || !my.mysql_stmt_bind_param(statement, binds)) && my.mysql_stmt_execute(statement) == 0;
}

/* Where the columns of a row are fetched to. Texts are fetched one by one, when their length is known. */
typedef struct {
    unsigned n;
    MYSQL_BIND binds[MOST_COLUMNS];
    long long integers[MOST_COLUMNS];
    double reals[MOST_COLUMNS];
    unsigned long lengths[MOST_COLUMNS];
    my_bool nulls[MOST_COLUMNS];
} Columns;

static DbType type_of(enum enum_field_types type) {
    switch ((int)type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
        return DB_TYPE_INT;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
        return DB_TYPE_REAL;
    default:
        return DB_TYPE_TEXT;
    }
}

static void bind_columns(Columns *columns, MYSQL_RES *facts) {
    memset(columns, 0, sizeof *columns);
    columns->n = my.mysql_num_fields(facts);
    g_assert(columns->n <= MOST_COLUMNS);
    const MYSQL_FIELD *fields = my.mysql_fetch_fields(facts);
    for (unsigned i = 0; i < columns->n; i++) {
        MYSQL_BIND *out = &columns->binds[i];
        out->length = &columns->lengths[i];
        out->is_null = &columns->nulls[i];
        switch (type_of(fields[i].type)) {
        case DB_TYPE_INT:
            out->buffer_type = MYSQL_TYPE_LONGLONG;
            out->buffer = &columns->integers[i];
            break;
        case DB_TYPE_REAL:
            out->buffer_type = MYSQL_TYPE_DOUBLE;
            out->buffer = &columns->reals[i];
            break;
        case DB_TYPE_TEXT:
        case DB_TYPE_NULL:
            out->buffer_type = MYSQL_TYPE_STRING;
            break;
        }
    }
}

static void add_text(DbRows *rows, MYSQL_STMT *statement, const Columns *columns, unsigned i) {
    g_autofree char *text = g_malloc(columns->lengths[i] + 1);
    unsigned long length = columns->lengths[i];
    MYSQL_BIND out = {.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = length, .length = &length};
    if (length > 0)
        my.mysql_stmt_fetch_column(statement, &out, i, 0);
    db_rows_add_text(rows, text, length);
}

static void add_row(DbRows *rows, MYSQL_STMT *statement, const Columns *columns) {
    for (unsigned i = 0; i < columns->n; i++) {
        if (columns->nulls[i])
            db_rows_add(rows, DB_NULL);
        else if (columns->binds[i].buffer_type == MYSQL_TYPE_LONGLONG)
            db_rows_add(rows, DB_INT(columns->integers[i]));
        else if (columns->binds[i].buffer_type == MYSQL_TYPE_DOUBLE)
            db_rows_add(rows, DB_REAL(columns->reals[i]));
        else
            add_text(rows, statement, columns, i);
    }
}

static bool fetch_rows(MYSQL_STMT *statement, DbRows *rows) {
    MYSQL_RES *facts = my.mysql_stmt_result_metadata(statement);
    if (!facts)
        return true; /* a statement without rows */
    Columns columns;
    bind_columns(&columns, facts);
    my.mysql_free_result(facts);
    rows->n_columns = columns.n;
    if (my.mysql_stmt_bind_result(statement, columns.binds) || my.mysql_stmt_store_result(statement) != 0)
        return false;
    int result;
    while ((result = my.mysql_stmt_fetch(statement)) == 0 || result == MYSQL_DATA_TRUNCATED)
        add_row(rows, statement, &columns);
    return result == MYSQL_NO_DATA;
}

static bool run_prepared(Mysql *mysql, const char *sql, const DbValue *values, size_t n, DbRows *rows, GError **error) {
    MYSQL_STMT *statement = prepare(mysql, sql, error);
    if (!statement)
        return false;
    g_assert(n == my.mysql_stmt_param_count(statement));
    if (!bind_and_execute(statement, values, n) || !fetch_rows(statement, rows)) {
        fail_statement(statement, sql, error);
        /* With libmariadb 3.3 an INSERT ... RETURNING that failed once breaks the connection when it is run again. */
        g_hash_table_remove(mysql->statements, sql);
        return false;
    }
    rows->changed = (int64_t)my.mysql_stmt_affected_rows(statement);
    my.mysql_stmt_free_result(statement);
    return true;
}

/* Not all can be prepared: BEGIN, and what migrations have. */
static bool mysql_driver_run(void *connection, const char *sql, const DbValue *values, size_t n, DbRows *rows,
                             GError **error) {
    Mysql *mysql = connection;
    bool gives_rows = g_ascii_strncasecmp(sql, "SELECT", 6) == 0;
    if (n > 0 || gives_rows)
        return run_prepared(mysql, sql, values, n, rows, error);
    if (my.mysql_real_query(mysql->handle, sql, strlen(sql)) != 0)
        return fail(my.mysql_errno(mysql->handle), my.mysql_error(mysql->handle), sql, error);
    rows->changed = (int64_t)my.mysql_affected_rows(mysql->handle);
    return true;
}

const DbDriver db_mysql = {
    DB_MYSQL, "START TRANSACTION", mysql_driver_open, mysql_driver_close, mysql_driver_run, NULL,
};
