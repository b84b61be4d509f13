#include "db/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

/* So long a transaction waits for the one that writes. Each is short; one that waits longer is told so. */
enum { BUSY_TIMEOUT_MS = 10 * 1000 };

typedef struct {
    sqlite3 *handle;
    GHashTable *statements; /* SQL -> sqlite3_stmt */
} Sqlite;

/* What else there was no room for, as the memory that connections share, is an I/O error to it. */
static bool is_full(const Sqlite *sqlite, int result) {
    return (result & 0xff) == SQLITE_FULL ||
           ((result & 0xff) == SQLITE_IOERR && sqlite3_system_errno(sqlite->handle) == ENOSPC);
}

static DbErrorCode code_of(int result) {
    switch (result) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return DB_ERROR_UNIQUE;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return DB_ERROR_FOREIGN_KEY;
    case SQLITE_CONSTRAINT_NOTNULL:
        return DB_ERROR_NOT_NULL;
    default:
        break;
    }
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DB_ERROR_BUSY;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DB_ERROR_LOST;
    default:
        return DB_ERROR_FAILED;
    }
}

static bool fail(const Sqlite *sqlite, const char *sql, GError **error) {
    int result = sqlite3_extended_errcode(sqlite->handle);
    bool has_no_room = is_full(sqlite, result);
    g_set_error(error, DB_ERROR, has_no_room ? DB_ERROR_FULL : (gint)code_of(result), "SQLite: %s (%d) in: %s",
                has_no_room ? "the disk is full" : sqlite3_errmsg(sqlite->handle), result, sql);
    return false;
}

static void sqlite_close(void *connection) {
    Sqlite *sqlite = connection;
    if (!sqlite)
        return;
    g_hash_table_unref(sqlite->statements);
    sqlite3_close(sqlite->handle);
    g_free(sqlite);
}

static void finalize(void *statement) {
    sqlite3_finalize(statement);
}

/* What may stand behind the path, and what it means. */
static const struct {
    const char *option, *settings;
} durabilities[] = {
    {"?synchronous=full", "PRAGMA synchronous = FULL"},     /* what was committed stays, if the power fails, too */
    {"?synchronous=normal", "PRAGMA synchronous = NORMAL"}, /* it stays if the program or the machine's system ends */
};

/* Splits the path from its option. Returns the path, which the caller frees. */
static char *split(const char *url, const char **out_settings) {
    const char *path = url + strlen("sqlite:");
    *out_settings = durabilities[0].settings;
    for (size_t i = 0; i < G_N_ELEMENTS(durabilities); i++)
        if (g_str_has_suffix(path, durabilities[i].option)) {
            *out_settings = durabilities[i].settings;
            return g_strndup(path, strlen(path) - strlen(durabilities[i].option));
        }
    return g_strdup(path);
}

/* Who reads needs few pages at hand, and as many as there are connections may read. A transaction may change thousands
 * of runs, but there is one at a time: with more room it need not write, and read again, what it will change once more. */
#define READING "PRAGMA cache_size = -1024" /* KiB */
#define WRITING "PRAGMA cache_size = -16384"

enum { HEADER_BYTES = 20, AT_READ_VERSION = 19, VERSION_OF_WAL = 2 }; /* of its file format */

/* Whether a database has its journal in a WAL, and nobody has it open, as then there would be one. */
static bool is_wal_at_rest(const char *path) {
    unsigned char header[HEADER_BYTES] = {0};
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool is_wal = file >= 0 && pread(file, header, sizeof header, 0) == (ssize_t)sizeof header &&
                  header[AT_READ_VERSION] == VERSION_OF_WAL;
    if (file >= 0)
        close(file);
    return is_wal && !g_file_test(wal, G_FILE_TEST_EXISTS);
}

/* What is opened. Who only reads makes the files of a WAL, too, and may not remove them: they would stay, and be his, so
 * that the server could not write any more. Where nobody writes, it is read as it stands. */
static char *name_of(const char *path, DbOpening opening) {
    if (opening != DB_OPEN_READ || !is_wal_at_rest(path))
        return g_strdup(path);
    g_autofree char *escaped = g_uri_escape_string(path, "/", TRUE);
    return g_strdup_printf("file:%s?immutable=1", escaped);
}

static void *sqlite_open(const char *url, DbOpening opening, GError **error) {
    /* What a statement notes meanwhile, as which of 10,000 rows it is to change, is kept in memory, not in a file. The
     * kind of journal is kept in the database, so who only reads leaves it as it is. */
    static const char to_write[] =
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; " READING;
    static const char to_read[] = "PRAGMA temp_store = MEMORY; " READING;
    static const int flags_of[] = {
        [DB_OPEN_READ] = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, /* name_of() makes one */
        [DB_OPEN_WRITE] = SQLITE_OPEN_READWRITE,
        [DB_OPEN_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    const char *durability;
    g_autofree char *path = split(url, &durability), *name = name_of(path, opening);
    Sqlite *sqlite = g_new0(Sqlite, 1);
    sqlite->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    bool writes = opening != DB_OPEN_READ;
    if (*path == '\0')
        error_set(error, ERROR_INVALID, "%s: the path of a file is missing", url);
    else if (sqlite3_open_v2(name, &sqlite->handle, flags_of[opening] | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
             sqlite3_busy_timeout(sqlite->handle, BUSY_TIMEOUT_MS) != SQLITE_OK ||
             sqlite3_exec(sqlite->handle, writes ? to_write : to_read, NULL, NULL, NULL) != SQLITE_OK ||
             sqlite3_exec(sqlite->handle, durability, NULL, NULL, NULL) != SQLITE_OK)
        error_set(error, is_full(sqlite, sqlite3_errcode(sqlite->handle)) ? ERROR_FULL : ERROR_NO_DATABASE, "%s: %s",
                  path, sqlite3_errmsg(sqlite->handle));
    else if (writes && sqlite3_db_readonly(sqlite->handle, "main") == 1)
        error_set(error, ERROR_NO_DATABASE, "%s cannot be written to", path);
    else
        return sqlite;
    sqlite_close(sqlite);
    return NULL;
}

static sqlite3_stmt *prepare(Sqlite *sqlite, const char *sql, GError **error) {
    sqlite3_stmt *statement = g_hash_table_lookup(sqlite->statements, sql);
    if (statement)
        return statement;
    if (g_hash_table_size(sqlite->statements) >= DB_MOST_STATEMENTS)
        g_hash_table_remove_all(sqlite->statements);
    if (sqlite3_prepare_v3(sqlite->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        fail(sqlite, sql, error);
        return NULL;
    }
    g_hash_table_insert(sqlite->statements, g_strdup(sql), statement);
    return statement;
}

static void bind(sqlite3_stmt *statement, int index, const DbValue *value) {
    switch (value->type) {
    case DB_TYPE_NULL:
        sqlite3_bind_null(statement, index);
        break;
    case DB_TYPE_INT:
        sqlite3_bind_int64(statement, index, value->integer);
        break;
    case DB_TYPE_REAL:
        sqlite3_bind_double(statement, index, value->real);
        break;
    case DB_TYPE_TEXT:
        sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
        break;
    }
}

static void add_cell(DbRows *rows, sqlite3_stmt *statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        db_rows_add(rows, DB_NULL);
        break;
    case SQLITE_INTEGER:
        db_rows_add(rows, DB_INT(sqlite3_column_int64(statement, column)));
        break;
    case SQLITE_FLOAT:
        db_rows_add(rows, DB_REAL(sqlite3_column_double(statement, column)));
        break;
    default:
        db_rows_add_text(rows, (const char *)sqlite3_column_text(statement, column),
                         (size_t)sqlite3_column_bytes(statement, column));
    }
}

static bool sqlite_run(void *connection, const char *sql, const DbValue *values, size_t n, DbRows *rows,
                       GError **error) {
    Sqlite *sqlite = connection;
    sqlite3_stmt *statement = prepare(sqlite, sql, error);
    if (!statement)
        return false;
    g_assert((int)n == sqlite3_bind_parameter_count(statement));
    for (size_t i = 0; i < n; i++)
        bind(statement, (int)i + 1, &values[i]);
    rows->n_columns = (size_t)sqlite3_column_count(statement);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        for (int column = 0; column < (int)rows->n_columns; column++)
            add_cell(rows, statement, column);
    rows->changed = sqlite3_changes64(sqlite->handle);
    bool done = result == SQLITE_DONE || fail(sqlite, sql, error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return done;
}

static void sqlite_set_writing(void *connection, bool is_writing) {
    Sqlite *sqlite = connection;
    sqlite3_exec(sqlite->handle, is_writing ? WRITING : READING, NULL, NULL, NULL);
}

const DbDriver db_sqlite = {
    DB_SQLITE, "BEGIN IMMEDIATE", sqlite_open, sqlite_close, sqlite_run, sqlite_set_writing,
};
