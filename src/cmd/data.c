#include "cmd/data.h"

#include "base/file.h"
#include "cmd/settings.h"
#include "db/migrate.h"
#include "store/secret_key.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void data_options_clear(DataOptions *options) {
    g_clear_pointer(&options->data, g_free);
    g_clear_pointer(&options->database, g_free);
    g_clear_pointer(&options->blobs, g_free);
    g_clear_pointer(&options->key_file, g_free);
}

void data_options_complete(DataOptions *options) {
    if (!options->data)
        options->data = g_strdup("dpxdt-data");
    if (!options->database)
        options->database = g_strdup_printf("sqlite:%s/dpxdt.db", options->data);
    if (!options->blobs)
        options->blobs = g_build_filename(options->data, "blobs", NULL);
    if (!options->key_file)
        options->key_file = g_build_filename(options->data, "secret.key", NULL);
}

bool data_options_check(const DataOptions *options, GError **error) {
    if (!db_check_url(options->database, error)) {
        g_prefix_error(error, "--database: ");
        return false;
    }
    if (!blobs_check_place(options->blobs, error)) {
        g_prefix_error(error, "--blobs: ");
        return false;
    }
    return true;
}

bool data_check_key_file(const DataOptions *options, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(SealKey) key = seal_key_load(options->key_file, false, &cause);
    if (key || !error_is(cause, ERROR_INVALID))
        return true;
    error_set(error, ERROR_INVALID, "--key-file: %s", cause->message);
    return false;
}

bool data_parse(const Command *command, const GOptionEntry *entries, DataOptions *options, int *argc, char ***argv,
                GError **error) {
    const GOptionEntry common[] = {DATA_ENTRIES(options), KEY_ENTRY(options), {NULL, 0, 0, 0, NULL, NULL, NULL}};
    if (!command_parse(command, entries, argc, argv, error))
        return false;
    g_autoptr(Settings) settings = settings_complete(command, common, error);
    if (!settings)
        return false;
    data_options_complete(options);
    bool are_right = data_options_check(options, error);
    if (!are_right)
        settings_name_place(settings, error);
    return are_right;
}

/* The file that the database is; NULL for one that is none. The caller frees it. */
static char *database_file(const DataOptions *options) {
    static const char scheme[] = "sqlite:";
    if (!g_str_has_prefix(options->database, scheme))
        return NULL;
    const char *path = options->database + strlen(scheme);
    return g_strndup(path, strcspn(path, "?"));
}

/* Whether the database is a file that is there, or none at all: a path that was mistyped is no empty server. */
static bool check_file(const DataOptions *options, GError **error) {
    g_autofree char *plain = database_file(options);
    bool is_there = !plain || g_file_test(plain, G_FILE_TEST_EXISTS);
    if (!is_there)
        error_set(error, ERROR_NOT_FOUND, "%s is not there: which folder does the server keep its data in (--data)?",
                  plain);
    return is_there;
}

/* What is there of a path: itself, or the folder in which it would be made. NULL if neither is; the caller frees it. */
static char *find_place(const char *path, struct stat *out_facts) {
    g_autofree char *above = g_path_get_dirname(path);
    if (stat(path, out_facts) == 0)
        return g_strdup(path);
    return stat(above, out_facts) == 0 ? g_steal_pointer(&above) : NULL;
}

static void set_anothers(const char *path, const struct stat *facts, GError **error) {
    const struct passwd *user = getpwuid(facts->st_uid);
    g_autofree char *words =
        user ? g_strdup_printf("runuser -u %s --", user->pw_name)
             : g_strdup_printf("setpriv --reuid=%u --regid=%u --clear-groups", facts->st_uid, facts->st_gid);
    g_autofree char *name = user ? g_strdup(user->pw_name) : g_strdup_printf("with the number %u", facts->st_uid);
    error_set(error, ERROR_DENIED,
              "%s belongs to the user %s, who cannot write what root makes there: as that user it is `%s dpxdt ...`",
              path, name, words);
}

/* Root may write anywhere, and a server with a user of its own cannot write what came of it: so root leaves data of somebody
 * else alone. What is in a database or a store is nobody's of this machine. */
static bool check_owner(const DataOptions *options, GError **error) {
    g_autofree char *database = database_file(options);
    const char *const paths[] = {database, blobs_is_folder(options->blobs) ? options->blobs : NULL, options->key_file};
    if (geteuid() != 0)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct stat facts;
        g_autofree char *place = paths[i] ? find_place(paths[i], &facts) : NULL;
        if (!place || facts.st_uid == 0)
            continue;
        set_anothers(place, &facts, error);
        return false;
    }
    return true;
}

/* A folder that is named is made, for a database and for files. */
static bool make_folder(const DataOptions *options, GError **error) {
    g_autofree char *own = g_strdup_printf("sqlite:%s/", options->data);
    g_autoptr(GError) cause = NULL;
    if (!g_str_has_prefix(options->database, own) || file_make_folder(options->data, &cause))
        return true;
    error_set(error, error_is(cause, ERROR_FULL) ? ERROR_FULL : ERROR_NO_STORE, "%s", cause->message);
    return false;
}

/* Only a database that is new gets its tables unasked: with an old one goes whoever must be told of it first. */
static bool check_tables(DbPool *pool, bool create, GError **error) {
    int version = migrate_version(pool, error);
    if (version == 0 && !create)
        error_set(error, ERROR_NOT_FOUND, "the database has no tables of dpxdt: `dpxdt server` makes them");
    if (version <= 0)
        return version == 0 && create && migrate_run(pool, error) >= 0;
    if (version == migrate_newest())
        return true;
    error_set(error, ERROR_OLD_TABLES,
              "the database has tables of version %d, and this program needs version %d: make a copy of it, and run "
              "`dpxdt migrate`",
              version, migrate_newest());
    return false;
}

DbPool *data_open_to_read(const DataOptions *options, GError **error) {
    g_autoptr(DbPool) pool = check_file(options, error) ? db_pool_new_reader(options->database, 1, error) : NULL;
    return pool && check_tables(pool, false, error) ? g_steal_pointer(&pool) : NULL;
}

DbPool *data_open_any_database(const DataOptions *options, unsigned max_connections, GError **error) {
    return check_file(options, error) && check_owner(options, error)
               ? db_pool_new(options->database, max_connections, error)
               : NULL;
}

DbPool *data_open_database(const DataOptions *options, unsigned max_connections, bool create, GError **error) {
    bool is_fine = (create || check_file(options, error)) && check_owner(options, error) &&
                   (!create || make_folder(options, error));
    g_autoptr(DbPool) pool = is_fine ? db_pool_new(options->database, max_connections, error) : NULL;
    if (is_fine && !pool && error && error_is(*error, ERROR_INVALID))
        g_prefix_error(error, "--database: ");
    return pool && check_tables(pool, create, error) ? g_steal_pointer(&pool) : NULL;
}

Blobs *data_open_blobs(const DataOptions *options, GError **error) {
    g_autoptr(GError) cause = NULL;
    Blobs *blobs = blobs_open(options->blobs, &cause);
    if (blobs)
        return blobs;
    /* A place that is none is a mistake on the line; one that is not there, or is not ours, is not. */
    bool is_told = error_is(cause, ERROR_INVALID) || error_is(cause, ERROR_FULL) || error_is(cause, ERROR_NO_PROGRAM);
    error_set(error, is_told ? error_code(cause) : ERROR_NO_STORE, "%s%s",
              error_is(cause, ERROR_INVALID) ? "--blobs: " : "", cause->message);
    return NULL;
}

/* A key, and where it was read. */
typedef struct {
    const char *path;
    SealKey *key;
} KeyFile;

/* The one of a database that has one is not made, as another would open nothing. */
static bool read_key(Db *db, void *data, GError **error) {
    KeyFile *file = data;
    bool is_noted;
    if (!secret_key_is_noted(db, &is_noted, error))
        return false;
    if (!file->key)
        file->key = seal_key_load(file->path, !is_noted, error);
    return file->key && secret_key_note(db, file->key, error);
}

SealKey *data_open_key(const DataOptions *options, DbPool *pool, GError **error) {
    KeyFile file = {options->key_file, NULL};
    if (db_transact(pool, read_key, &file, error))
        return file.key;
    if (error && (error_is(*error, ERROR_NOT_FOUND) || error_is(*error, ERROR_INVALID)))
        g_prefix_error(error,
                       "the configs of this database are encrypted with a key, which must be copied from where the "
                       "server ran before (secret.key), or be named by --key-file: ");
    seal_key_free(file.key);
    return NULL;
}

bool data_check_key(const DataOptions *options, Db *db, char **out_problem, GError **error) {
    bool is_noted;
    g_autoptr(GError) cause = NULL;
    *out_problem = NULL;
    if (!secret_key_is_noted(db, &is_noted, error))
        return false;
    g_autoptr(SealKey) key = is_noted ? seal_key_load(options->key_file, false, &cause) : NULL;
    if (is_noted && (!key || !secret_key_check(db, key, &cause)))
        *out_problem = g_strdup_printf("the key of configs: %s", cause->message);
    return true;
}

bool data_take_over(const DataOptions *options, GError **error) {
    g_autofree char *manifest = g_build_filename(options->data, DATA_BACKUP_MANIFEST, NULL);
    if (unlink(manifest) == 0 || errno == ENOENT)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", manifest);
    return false;
}
