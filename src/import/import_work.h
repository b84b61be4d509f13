/* What the files of this folder share: an import that is at work, what it tells of, and the table imports. */
#pragma once

#include "import/import.h"

typedef struct {
    const ImportOptions *options;
    ImportResult *result;
    Db *old;           /* a connection to the old database */
    int n_done, n_all; /* rows */

    GHashTable *people;    /* ids of users who are here, or come */
    GHashTable *invited;   /* old id -> address of mail */
    GHashTable *builds;    /* old id (int64_t) -> ImportBuild */
    int64_t last_build_id; /* the highest that anybody has */
} Import;

/* A build that is here, or comes. */
typedef struct {
    int64_t old_id, id;
    bool is_gone;         /* it came, and was removed here */
    GHashTable *releases; /* old id -> what it is known as in imports; while the build is at work */
    GHashTable *files;    /* SHA-1 -> FileState, of all that the old one has; while the build is at work */
} ImportBuild;

typedef enum {
    FILE_FOREIGN, /* not in the table: the old build does not have it */
    FILE_HERE,    /* or it comes */
    FILE_REMOVED, /* it came before, and was removed here since; it can come again */
    FILE_LOST,    /* it cannot come, as was told */
} FileState;

ImportBuild *import_build(const Import *import, int64_t old_id); /* NULL: it does not come */

/* In the order in which they run. */
bool import_users(Import *import, GError **error) MUST_CHECK;
bool import_builds(Import *import, GError **error) MUST_CHECK; /* and all that is theirs: */
bool import_owners(Import *import, ImportBuild *build, GError **error) MUST_CHECK;
bool import_files(Import *import, ImportBuild *build, GError **error) MUST_CHECK;
bool import_releases(Import *import, ImportBuild *build, GError **error) MUST_CHECK;
bool import_audit(Import *import, ImportBuild *build, GError **error) MUST_CHECK;
bool import_keys(Import *import, GError **error) MUST_CHECK;
bool import_orphans(Import *import, GError **error) MUST_CHECK; /* tells of rows that belong to nothing */

FileState import_file_state(const ImportBuild *build, const char *sha1);
/* Has one come that was removed. */
bool import_file_again(Import *import, ImportBuild *build, const char *sha1, GError **error) MUST_CHECK;

/* Telling. */

/* A row of the old database: its table, and its id, which is a number or a text. */
typedef struct {
    const char *table;
    int64_t id;
    const char *name; /* NULL: the number is it */
} OldRow;

#define OLD_ROW(table, id) (&(const OldRow){table, id, NULL})
#define OLD_NAMED_ROW(table, name) (&(const OldRow){table, 0, name})

/* Something is otherwise, and nothing is missing. */
void import_note(Import *import, const OldRow *row, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* A row comes, but not all of it. */
void import_mend(Import *import, const OldRow *row, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* A row does not come. */
void import_lose(Import *import, ImportKind kind, const OldRow *row, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* So many rows more were looked at. False with ERROR_STOPPED if somebody wants it to end. */
bool import_go_on(Import *import, int n_rows, GError **error) MUST_CHECK;

/* Does work on our database, in a transaction; nothing, if nothing is to be written. */
bool import_write(Import *import, DbWork work, void *data, GError **error) MUST_CHECK;

/* What came before. */

typedef struct {
    int64_t new_id;      /* 0: none */
    char *state;         /* the SHA-1 of what the old one said; may be NULL */
    int64_t modified_ms; /* when it was changed last, as it was brought */
} Known;

/* All of a kind and a build (0: of none): old id -> Known. */
GHashTable *known_load(Import *import, const char *kind, int64_t build_id, GError **error) MUST_CHECK;
/* Notes one, or what is new of it. */
bool known_add(Db *db, const char *kind, int64_t build_id, const char *old_id, const Known *known,
               GError **error) MUST_CHECK; /* ERROR_BUSY: another import has, meanwhile */
bool known_put(Db *db, const char *kind, int64_t build_id, const char *old_id, const Known *known,
               GError **error) MUST_CHECK;
/* "31@1371404103327", which the caller frees. */
char *known_number(int64_t old_id, int64_t created_ms);

/* Reading. */

/* A time of the old database in milliseconds, and 0 for none: it has UTC without saying so. */
int64_t old_time(const DbQuery *query, size_t column);
/* Databases of older versions lack some columns: this one, or instead. */
const char *old_column(Import *import, const char *table, const char *column, const char *instead);
/* What an OldRow has as url, the caller's to free; NULL, which is told, for what nobody could go to. */
char *old_url(Import *import, const OldRow *row, const char *what, const char *text);
/* A text; "" for NULL, and for what is none, as a number in a column that should have texts. */
const char *old_text(const DbQuery *query, size_t column);
/* All whole numbers of a query's first column. */
GArray *old_ids(DbQuery *query, GError **error) MUST_CHECK;
/* All texts of it, in a set. */
GHashTable *old_texts(DbQuery *query, GError **error) MUST_CHECK;
/* A set or map whose keys are int64_t on the heap. */
GHashTable *old_table_by_id(GDestroyNotify free_value);
