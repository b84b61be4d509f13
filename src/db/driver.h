/* What db.c asks of SQLite, PostgreSQL and MariaDB. */
#pragma once

#include "db/db.h"

/* What a statement gave. Rows follow each other in cells; texts belong to the rows. */
typedef struct {
    size_t n_columns;
    GArray *cells; /* of DbValue */
    GStringChunk *texts;
    int64_t changed; /* rows */
} DbRows;

/* Adds a value of the row that is being read. */
void db_rows_add(DbRows *rows, DbValue value);
void db_rows_add_text(DbRows *rows, const char *text, size_t size);

/* What a connection is for. */
typedef enum {
    DB_OPEN_READ,   /* nothing is written, not even by the driver */
    DB_OPEN_WRITE,  /* a file must be there */
    DB_OPEN_CREATE, /* a database that is a file is made where there is none */
} DbOpening;

typedef struct {
    DbKind kind;
    const char *begin; /* the statement */

    /* Opens a connection. Fails with ERROR_INVALID for a URL that is none, ERROR_NO_DATABASE and
     * ERROR_NO_PROGRAM. */
    void *(*open)(const char *url, DbOpening opening, GError **error);
    void (*close)(void *connection);

    /* Runs a statement, which it prepares once. Errors are of DB_ERROR. */
    bool (*run)(void *connection, const char *sql, const DbValue *values, size_t n, DbRows *rows, GError **error);

    /* NULL, or is told before a transaction begins, and when it is over. */
    void (*set_writing)(void *connection, bool is_writing);
} DbDriver;

extern const DbDriver db_sqlite, db_postgres, db_mysql;

/* How many prepared statements a connection keeps: more than there are in the program, less than a database minds. All go
 * when there are more. */
enum { DB_MOST_STATEMENTS = 512 };

/* What a ? may not be bound to, and how many of them there may be. */
enum { DB_MOST_VALUES = 64 };
