#include "db/driver.h"

#include "base/clock.h"
#include "base/library.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

/* What we call of libpq; as in its own manual. */
#define FUNCTIONS(F)                                                                                         \
    F(PQconnectdbParams)                                                                                     \
    F(PQfinish)                                                                                              \
    F(PQstatus)                                                                                              \
    F(PQerrorMessage)                                                                                        \
    F(PQsetNoticeProcessor)                                                                                  \
    F(PQsetnonblocking) F(PQsendQuery) F(PQsendPrepare) F(PQsendQueryPrepared) F(PQflush) F(PQsocket)        \
        F(PQconsumeInput) F(PQisBusy) F(PQgetResult) F(PQresultStatus) F(PQresultErrorField)                 \
            F(PQresultErrorMessage) F(PQclear) F(PQnfields) F(PQntuples) F(PQcmdTuples) F(PQftype)           \
                F(PQgetisnull) F(PQgetvalue) F(PQgetlength)

static struct { FUNCTIONS(LIBRARY_POINTER) } pq;
static LIBRARY(pq, FUNCTIONS, "libpq.so.5", "libpq5");

/* Types of columns, of pg_type.dat: an OID is what it was in every version. */
enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_FLOAT4 = 700, OID_FLOAT8 = 701 };

/* A statement that takes too long is ended by PostgreSQL itself; if it does not answer even then, it is out of reach, and
 * nobody tells us so: of a way that swallows what is sent the system learns nothing. */
#define STATEMENT_TIMEOUT "60s"
#define CONNECT_TIMEOUT_S "10"
enum { ANSWER_TIMEOUT_MS = 65 * 1000 };

typedef struct {
    PGconn *handle;
    GHashTable *statements; /* SQL -> the name under which it was prepared */
    bool is_silent;         /* no answer came in time: not to be used again */
} Postgres;

static const struct {
    const char *state; /* SQLSTATE, or how it begins */
    DbErrorCode code;
} codes[] = {
    {"23505", DB_ERROR_UNIQUE}, {"23503", DB_ERROR_FOREIGN_KEY}, {"23502", DB_ERROR_NOT_NULL}, {"40001", DB_ERROR_BUSY},
    {"40P01", DB_ERROR_BUSY},   {"55P03", DB_ERROR_BUSY},        {"08", DB_ERROR_LOST},        {"57P", DB_ERROR_LOST},
    {"53100", DB_ERROR_FULL},
};

static DbErrorCode code_of(const Postgres *postgres, const char *state) {
    if (postgres->is_silent || pq.PQstatus(postgres->handle) != CONNECTION_OK)
        return DB_ERROR_LOST;
    for (size_t i = 0; state && i < G_N_ELEMENTS(codes); i++)
        if (g_str_has_prefix(state, codes[i].state))
            return codes[i].code;
    return DB_ERROR_FAILED;
}

/* What went wrong; result may be NULL. The caller frees it. */
static char *words_of(const Postgres *postgres, const PGresult *result) {
    if (postgres->is_silent)
        return g_strdup_printf("no answer within %d s", ANSWER_TIMEOUT_MS / 1000);
    return g_strstrip(g_strdup(result ? pq.PQresultErrorMessage(result) : pq.PQerrorMessage(postgres->handle)));
}

static bool fail(const Postgres *postgres, const PGresult *result, const char *sql, GError **error) {
    const char *state = pq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
    g_autofree char *words = words_of(postgres, result);
    g_set_error(error, DB_ERROR, (gint)code_of(postgres, state), "PostgreSQL: %s in: %s", words, sql);
    return false;
}

static void result_clear(PGresult *result) {
    pq.PQclear(result);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGresult, result_clear)

static bool is_good(const PGresult *result) {
    ExecStatusType status = pq.PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Waiting. */

/* Until there is something to read, or to write if that is wanted. False if there was neither in time. */
static bool wait_for_socket(Postgres *postgres, bool wants_to_write, int64_t deadline_ms) {
    struct pollfd way = {.fd = pq.PQsocket(postgres->handle), .events = POLLIN};
    if (wants_to_write)
        way.events |= POLLOUT;
    int n;
    do
        n = poll(&way, 1, clock_left_ms(deadline_ms));
    while (n < 0 && errno == EINTR);
    return n > 0;
}

/* Sends what is left to be sent, and takes in what comes, until the next result is there. */
static bool wait_for_result(Postgres *postgres, int64_t deadline_ms) {
    int unsent = pq.PQflush(postgres->handle);
    while (unsent > 0 || (unsent == 0 && pq.PQisBusy(postgres->handle))) {
        if (!wait_for_socket(postgres, unsent > 0, deadline_ms))
            return false;
        if (!pq.PQconsumeInput(postgres->handle))
            return true; /* the next result says why */
        unsent = pq.PQflush(postgres->handle);
    }
    return true;
}

/* The last result of what was sent; NULL if it could not be sent, or nothing came in time. */
static PGresult *take_result(Postgres *postgres, bool is_sent) {
    int64_t deadline_ms = clock_now_ms() + ANSWER_TIMEOUT_MS;
    g_autoptr(PGresult) last = NULL;
    PGresult *next;
    while (is_sent) {
        postgres->is_silent = !wait_for_result(postgres, deadline_ms);
        if (postgres->is_silent)
            return NULL;
        if (!(next = pq.PQgetResult(postgres->handle)))
            break;
        pq.PQclear(last);
        last = next;
    }
    return g_steal_pointer(&last);
}

/* Runs what has no values, and may be several statements. */
static PGresult *run_plain(Postgres *postgres, const char *sql) {
    return take_result(postgres, pq.PQsendQuery(postgres->handle, sql));
}

/* Opening. */

static void postgres_close(void *connection) {
    Postgres *postgres = connection;
    if (!postgres)
        return;
    g_hash_table_unref(postgres->statements);
    pq.PQfinish(postgres->handle);
    g_free(postgres);
}

static void say_nothing(void *unused, const char *message) {
}

static bool configure(Postgres *postgres, DbOpening opening) {
    if (pq.PQstatus(postgres->handle) != CONNECTION_OK || pq.PQsetnonblocking(postgres->handle, 1) != 0)
        return false;
    g_autofree char *settings = g_strconcat(
        "SET client_encoding = 'UTF8'; SET statement_timeout = '" STATEMENT_TIMEOUT "'; SET lock_timeout = '10s'",
        opening == DB_OPEN_READ ? "; SET default_transaction_read_only = on" : "", NULL);
    g_autoptr(PGresult) set = run_plain(postgres, settings);
    return is_good(set);
}

static void *postgres_open(const char *url, DbOpening opening, GError **error) {
    /* What the URL says comes later, and counts. */
    const char *const keywords[] = {"connect_timeout", "dbname", NULL};
    const char *const values[] = {CONNECT_TIMEOUT_S, url, NULL};
    if (!library_load(&pq_library, error))
        return NULL;
    Postgres *postgres = g_new0(Postgres, 1);
    postgres->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    postgres->handle = pq.PQconnectdbParams(keywords, values, 1);
    pq.PQsetNoticeProcessor(postgres->handle, say_nothing, NULL);
    if (configure(postgres, opening))
        return postgres;
    g_autofree char *words = words_of(postgres, NULL);
    error_set(error, ERROR_NO_DATABASE, "PostgreSQL: %s", words);
    postgres_close(postgres);
    return NULL;
}

/* Each ? becomes $1, $2 ..., but in literals. */
static char *with_dollars(const char *sql) {
    GString *out = g_string_new(NULL);
    int n = 0;
    char quote = '\0';
    for (; *sql; sql++) {
        if (quote ? *sql == quote : *sql == '\'' || *sql == '"')
            quote = quote ? '\0' : *sql;
        if (*sql == '?' && !quote)
            g_string_append_printf(out, "$%d", ++n);
        else
            g_string_append_c(out, *sql);
    }
    return g_string_free(out, FALSE);
}

/* Returns the statement's name, or NULL. */
static const char *prepare(Postgres *postgres, const char *sql, GError **error) {
    const char *known = g_hash_table_lookup(postgres->statements, sql);
    if (known)
        return known;
    if (g_hash_table_size(postgres->statements) >= DB_MOST_STATEMENTS) {
        g_autoptr(PGresult) gone = run_plain(postgres, "DEALLOCATE ALL");
        g_hash_table_remove_all(postgres->statements);
    }
    g_autofree char *name = g_strdup_printf("s%u", g_hash_table_size(postgres->statements));
    g_autofree char *translated = with_dollars(sql);
    g_autoptr(PGresult) result = take_result(postgres, pq.PQsendPrepare(postgres->handle, name, translated, 0, NULL));
    if (!is_good(result)) {
        fail(postgres, result, sql, error);
        return NULL;
    }
    char *kept = g_steal_pointer(&name);
    g_hash_table_insert(postgres->statements, g_strdup(sql), kept);
    return kept;
}

static char *text_of(const DbValue *value) {
    switch (value->type) {
    case DB_TYPE_NULL:
        break;
    case DB_TYPE_INT:
        return g_strdup_printf("%" G_GINT64_FORMAT, value->integer);
    case DB_TYPE_REAL: {
        char digits[G_ASCII_DTOSTR_BUF_SIZE];
        return g_strdup(g_ascii_dtostr(digits, sizeof digits, value->real));
    }
    case DB_TYPE_TEXT:
        return g_strdup(value->text);
    }
    return NULL;
}

static void add_cell(DbRows *rows, const PGresult *result, int row, int column) {
    const char *text = pq.PQgetvalue(result, row, column);
    if (pq.PQgetisnull(result, row, column)) {
        db_rows_add(rows, DB_NULL);
        return;
    }
    switch (pq.PQftype(result, column)) {
    case OID_BOOL:
        db_rows_add(rows, DB_INT(text[0] == 't'));
        break;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        db_rows_add(rows, DB_INT(g_ascii_strtoll(text, NULL, 10)));
        break;
    case OID_FLOAT4:
    case OID_FLOAT8:
        db_rows_add(rows, DB_REAL(g_ascii_strtod(text, NULL)));
        break;
    default:
        db_rows_add_text(rows, text, (size_t)pq.PQgetlength(result, row, column));
    }
}

static void add_rows(DbRows *rows, const PGresult *result) {
    rows->n_columns = (size_t)pq.PQnfields(result);
    rows->changed = g_ascii_strtoll(pq.PQcmdTuples((PGresult *)result), NULL, 10);
    for (int row = 0; row < pq.PQntuples(result); row++)
        for (int column = 0; column < (int)rows->n_columns; column++)
            add_cell(rows, result, row, column);
}

/* What has no values is not prepared: BEGIN, and what migrations have. */
static PGresult *execute(Postgres *postgres, const char *sql, const DbValue *values, size_t n, GError **error) {
    if (n == 0)
        return run_plain(postgres, sql);
    const char *name = prepare(postgres, sql, error);
    if (!name)
        return NULL;
    char *texts[DB_MOST_VALUES] = {NULL};
    for (size_t i = 0; i < n; i++)
        texts[i] = text_of(&values[i]);
    bool is_sent = pq.PQsendQueryPrepared(postgres->handle, name, (int)n, (const char *const *)texts, NULL, NULL, 0);
    for (size_t i = 0; i < n; i++)
        g_free(texts[i]);
    return take_result(postgres, is_sent);
}

static bool postgres_run(void *connection, const char *sql, const DbValue *values, size_t n, DbRows *rows,
                         GError **error) {
    Postgres *postgres = connection;
    g_autoptr(GError) cause = NULL;
    g_autoptr(PGresult) result = execute(postgres, sql, values, n, &cause);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!is_good(result))
        return fail(postgres, result, sql, error);
    add_rows(rows, result);
    return true;
}

const DbDriver db_postgres = {DB_POSTGRES, "BEGIN", postgres_open, postgres_close, postgres_run, NULL};
