/* Where a server's data is: what server has in common with those commands which look at it, as build and fsck. */
#pragma once

#include "blob/seal.h"
#include "cmd/command.h"
#include "db/db.h"

typedef struct {
    char *data, *database, *blobs; /* NULL: not given */
    char *key_file;                /* with which secrets are encrypted; likewise */
} DataOptions;

void data_options_clear(DataOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DataOptions, data_options_clear)

/* Entries for data_parse(), settings_parse(). */
#define DATA_ENTRIES(options)                                                                         \
    {"data",                                                                                          \
     0,                                                                                               \
     0,                                                                                               \
     G_OPTION_ARG_FILENAME,                                                                           \
     &(options)->data,                                                                                \
     "Folder of the database and the pictures (default: dpxdt-data)",                                 \
     "DIR"},                                                                                          \
        {"database",                                                                                  \
         0,                                                                                           \
         0,                                                                                           \
         G_OPTION_ARG_STRING,                                                                         \
         &(options)->database,                                                                        \
         "postgresql://..., mysql://... or sqlite:PATH (default: DIR/dpxdt.db)",                      \
         "URL"},                                                                                      \
    {                                                                                                 \
        "blobs", 0, 0, G_OPTION_ARG_STRING, &(options)->blobs,                                        \
            "Folder or s3://BUCKET/PREFIX?endpoint=URL of the pictures (default: DIR/blobs)", "PLACE" \
    }

/* A file by which `dpxdt backup` knows its own folders: a server that goes on from one removes it. */
#define DATA_BACKUP_MANIFEST "backup.json"

/* An entry for those who need the key. */
#define KEY_ENTRY(options)                                                               \
    {                                                                                    \
        "key-file", 0, 0, G_OPTION_ARG_FILENAME, &(options)->key_file,                   \
            "The key with which configs are encrypted (default: DIR/secret.key)", "FILE" \
    }

/* Completes what was not given: dpxdt-data, and in that folder dpxdt.db, blobs and secret.key. */
void data_options_complete(DataOptions *options);

/* Whether complete options name places that there may be, before any is looked for: ERROR_INVALID. */
bool data_options_check(const DataOptions *options, GError **error) MUST_CHECK;

/* Whether the file of the key has one in it, if it is there and we may read it: ERROR_INVALID. */
bool data_check_key_file(const DataOptions *options, GError **error) MUST_CHECK;

/* As command_parse(), for commands that look at a server's data: options, whose entries are among those, are completed
 * from the environment and the server's settings, too, and checked. Fails also as settings_complete() and
 * data_options_check() do. */
bool data_parse(const Command *command, const GOptionEntry *entries, DataOptions *options, int *argc, char ***argv,
                GError **error) MUST_CHECK;

/* Opens the database. Its options must be complete. If it is to be created, one that is not there is made, and gets its
 * tables; else it is ERROR_NOT_FOUND: a path that was mistyped is no empty server. Older tables are refused
 * (ERROR_OLD_TABLES), as `dpxdt migrate` is to be run first, and newer ones, too (ERROR_NEW_TABLES). It is ERROR_DENIED for
 * root where the database's file, the folder of blobs or the key are another user's, or would come into a folder of such a
 * one: a server of that user could not write what root makes. Fails as db_pool_new() does, and with ERROR_NO_STORE for a
 * folder that cannot be made. */
DbPool *data_open_database(const DataOptions *options, unsigned max_connections, bool create,
                           GError **error) MUST_CHECK;

/* The same of one that is there, of the newest version, and is only read, whosever it is. */
DbPool *data_open_to_read(const DataOptions *options, GError **error) MUST_CHECK;

/* The same of one that is there, whatever its tables are. */
DbPool *data_open_any_database(const DataOptions *options, unsigned max_connections, GError **error) MUST_CHECK;

/* Makes the folder one that a server has used, and no backup any more, so that the next backup does not take its place. */
bool data_take_over(const DataOptions *options, GError **error) MUST_CHECK;

/* Fails as blobs_open() does, but with ERROR_NO_STORE for a place that does not answer, is not there or not ours. */
Blobs *data_open_blobs(const DataOptions *options, GError **error) MUST_CHECK;

/* Reads the key with which secrets are encrypted. It is made where the database has none yet. Fails with ERROR_NOT_FOUND or
 * ERROR_INVALID if it is not there, or is not that of the database. */
SealKey *data_open_key(const DataOptions *options, DbPool *pool, GError **error) MUST_CHECK;

/* The same for who only wants to know: *out_problem, which the caller frees, is what is wrong with it, or NULL. */
bool data_check_key(const DataOptions *options, Db *db, char **out_problem, GError **error) MUST_CHECK;
