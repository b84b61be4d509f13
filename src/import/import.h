/* Takes over what a server of the Python dpxdt keeps in its database: people, builds, owners, keys, releases with their runs,
 * files, and what was done. The old database is only read; its rows go into ours by what store/ offers, its files into the
 * blobs, one at a time.
 *
 * It can be repeated: the table imports knows what came, so nothing comes twice, what is new or has changed in the old
 * database since comes, too, and what was changed or removed here stays as it is here. A release comes whole or not at all,
 * so one that was killed is simply begun again. What the old server let in and ours does not is told, with its table and
 * id, and stops nothing else. */
#pragma once

#include "blob/seal.h"
#include "db/db.h"

/* Opens the database of an old server to be read. url is as that of db_pool_new(), or what was SQLALCHEMY_DATABASE_URI there:
 * sqlite:////PATH, mysql+DRIVER://... Fails with ERROR_INVALID if it has not the tables of that server, and as
 * db_pool_new_reader(). */
DbPool *import_open(const char *url, GError **error) MUST_CHECK;

/* A database in memory with our tables, which stands for one that is not there yet. */
DbPool *import_open_nothing(GError **error) MUST_CHECK;

typedef struct {
    DbPool *from;       /* of import_open() */
    DbPool *to;         /* ours */
    Blobs *blobs;       /* NULL: nothing is written, and all is told as if it were */
    const SealKey *key; /* with which configs are encrypted; only where blobs is */
    int64_t now_ms;
    void (*tell)(void *data, const char *line);          /* of what does not come, or comes otherwise */
    void (*progress)(void *data, int n_rows, int n_all); /* so many were looked at */
    void *data;
} ImportOptions;

typedef enum {
    IMPORT_USERS,
    IMPORT_BUILDS,
    IMPORT_OWNERS,
    IMPORT_INVITATIONS,
    IMPORT_KEYS,
    IMPORT_RELEASES,
    IMPORT_RUNS,
    IMPORT_FILES,
    IMPORT_AUDIT,
    IMPORT_N_KINDS,
} ImportKind;

/* What of a kind came of the rows of the old database; merged ones count once. */
typedef struct {
    int n_new;     /* are here now */
    int n_changed; /* came before, and have changed in the old database since */
    int n_known;   /* came before, or are here anyway */
    int n_lost;    /* cannot come */
} ImportCount;

typedef struct {
    ImportCount counts[IMPORT_N_KINDS];
    int n_problems; /* lines that told of something that did not come, or not as it was */
} ImportResult;

/* "users" and so on. */
const char *import_kind_name(ImportKind kind);

/* Imports. Fails with ERROR_STOPPED, ERROR_BUSY if somebody else makes builds meanwhile, and as the databases and blobs
 * do; what came by then stays, and is known the next time. */
bool import_run(const ImportOptions *options, ImportResult *out_result, GError **error) MUST_CHECK;
