#include "cmd/data.h"

#include "base/file.h"
#include "db/migrate.h"

void data_options_clear(DataOptions *options) {
    g_clear_pointer(&options->data, g_free);
    g_clear_pointer(&options->database, g_free);
    g_clear_pointer(&options->blobs, g_free);
}

/* What was given, or else the variable of the environment, or else NULL. */
static const char *given(const char *option, const char *variable) {
    const char *value = option ? option : g_getenv(variable);
    return value && *value ? value : NULL;
}

static const char *folder_of(const DataOptions *options) {
    const char *folder = given(options->data, "DPXDT_DATA");
    return folder ? folder : "dpxdt-data";
}

/* A path below the folder of data, which is made. */
static char *in_data(const DataOptions *options, const char *name, GError **error) {
    const char *folder = folder_of(options);
    return file_make_folder(folder, error) ? g_build_filename(folder, name, NULL) : NULL;
}

static DbPool *open_database(const DataOptions *options, unsigned max_connections, bool create, GError **error) {
    const char *url = given(options->database, "DPXDT_DATABASE");
    if (url)
        return db_pool_new(url, max_connections, error);
    g_autofree char *there = g_build_filename(folder_of(options), "dpxdt.db", NULL);
    if (!create && !g_file_test(there, G_FILE_TEST_EXISTS)) {
        error_set(error, ERROR_NOT_FOUND, "%s is not there: which folder does the server keep its data in (--data)?",
                  there);
        return NULL;
    }
    g_autofree char *path = in_data(options, "dpxdt.db", error);
    g_autofree char *sqlite = path ? g_strconcat("sqlite:", path, NULL) : NULL;
    return sqlite ? db_pool_new(sqlite, max_connections, error) : NULL;
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
    error_set(error, ERROR_INVALID,
              "the database has tables of version %d, and this program needs version %d: make a copy of it, and run "
              "`dpxdt migrate`",
              version, migrate_newest());
    return false;
}

DbPool *data_open_any_database(const DataOptions *options, unsigned max_connections, GError **error) {
    return open_database(options, max_connections, false, error);
}

DbPool *data_open_database(const DataOptions *options, unsigned max_connections, bool create, GError **error) {
    g_autoptr(DbPool) pool = open_database(options, max_connections, create, error);
    return pool && check_tables(pool, create, error) ? g_steal_pointer(&pool) : NULL;
}

Blobs *data_open_blobs(const DataOptions *options, GError **error) {
    const char *place = given(options->blobs, "DPXDT_BLOBS");
    if (place)
        return blobs_open(place, error);
    g_autofree char *path = in_data(options, "blobs", error);
    return path ? blobs_open(path, error) : NULL;
}
