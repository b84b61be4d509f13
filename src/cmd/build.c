/* `dpxdt build create|list|set`: builds, for scripts, and before there is anybody to log in. */
#include "cmd/data.h"
#include "store/audit.h"
#include "store/build.h"

#include <stdio.h>
#include <string.h>

enum { LISTED_AT_ONCE = 1000 };

/* What is asked for, and the build that comes of it. */
typedef struct {
    const char *name;
    bool is_public;
    int64_t id;
} NewBuild;

static bool create_build(Db *db, void *data, GError **error) {
    NewBuild *build = data;
    int64_t now_ms = g_get_real_time() / 1000;
    build->id = build_create(db, build->name, build->is_public, now_ms, error);
    const AuditEntry entry = {.build_id = build->id, .kind = AUDIT_CREATED_BUILD, .message = (char *)build->name};
    return build->id >= 0 && audit_add(db, &entry, now_ms, error);
}

static int create(DbPool *pool, NewBuild *build, GError **error) {
    if (!build->name) {
        error_set(error, ERROR_INVALID, "--name is missing: what is the build to be called?");
        return 2;
    }
    if (!db_transact(pool, create_build, build, error))
        return 2;
    printf("%" G_GINT64_FORMAT "\n", build->id);
    return 0;
}

static bool list_builds(Db *db, void *unused, GError **error) {
    for (int64_t before = 0;;) {
        g_autoptr(GPtrArray) builds = build_list(db, before, LISTED_AT_ONCE, error);
        if (!builds || builds->len == 0)
            return builds != NULL;
        for (guint i = 0; i < builds->len; i++) {
            const Build *build = g_ptr_array_index(builds, i);
            printf("%" G_GINT64_FORMAT "\t%s\t%s\n", build->id, build->is_public ? "public" : "private", build->name);
            before = build->id;
        }
    }
}

static int list(DbPool *pool, GError **error) {
    g_autoptr(Db) db = db_pool_take(pool, 0, error);
    return db && list_builds(db, NULL, error) ? 0 : 2;
}

/* What is to be changed of a build. */
typedef struct {
    int64_t id;
    int keep_releases;
} Change;

static bool change_build(Db *db, void *data, GError **error) {
    const Change *change = data;
    int64_t now_ms = g_get_real_time() / 1000;
    g_autofree char *what = build_keep_text(change->keep_releases);
    const AuditEntry entry = {.build_id = change->id, .kind = AUDIT_CHANGED_SETTINGS, .message = what};
    if (!store_lock_build(db, change->id, error))
        return false;
    g_autoptr(Build) build = build_load(db, change->id, error);
    if (!build || build->keep_releases == change->keep_releases)
        return build != NULL;
    build->keep_releases = change->keep_releases;
    return build_save(db, build, now_ms, error) && audit_add(db, &entry, now_ms, error);
}

/* "all", or how many. */
static bool read_keep(const char *text, int *out_n, GError **error) {
    *out_n = 0;
    if (strcmp(text, "all") == 0)
        return true;
    bool is_read = build_read_keep(text, out_n, error);
    if (!is_read)
        g_prefix_error(error, "--keep-releases: all or ");
    return is_read;
}

static int set(DbPool *pool, int64_t id, const char *keep_releases, GError **error) {
    Change change = {.id = id};
    if (id <= 0)
        error_set(error, ERROR_INVALID, "--build-id is missing: which build is to be changed?");
    else if (!keep_releases)
        error_set(error, ERROR_INVALID, "--keep-releases is missing: what is to be changed?");
    else if (read_keep(keep_releases, &change.keep_releases, error) && db_transact(pool, change_build, &change, error))
        return 0;
    return 2;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(DataOptions) options = {0};
    g_autofree char *name = NULL;
    g_autofree char *keep_releases = NULL;
    gboolean is_public = FALSE;
    gint64 build_id = 0;
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options),
        {"name", 0, 0, G_OPTION_ARG_STRING, &name, "Of the build that is created", "NAME"},
        {"public", 0, 0, G_OPTION_ARG_NONE, &is_public, "Anyone may look at its pages and pictures", NULL},
        {"build-id", 0, 0, G_OPTION_ARG_INT64, &build_id, "Of the build that is changed", "ID"},
        {"keep-releases", 0, 0, G_OPTION_ARG_STRING, &keep_releases,
         "How many of its newest releases it keeps, beside those that are good or not decided; or all", "N"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!data_parse(command, entries, &options, &argc, &argv, error) ||
        !command_check_arguments(command, argc, 1, 1, error))
        return 0;
    bool creates = strcmp(argv[1], "create") == 0, sets = strcmp(argv[1], "set") == 0;
    if (!creates && !sets && strcmp(argv[1], "list") != 0) {
        error_set(error, ERROR_INVALID, "'%s' is none of create, list and set", argv[1]);
        return 2;
    }
    NewBuild build = {.name = name, .is_public = is_public};
    g_autoptr(DbPool) pool = data_open_database(&options, 1, creates, error);
    if (!pool)
        return 2;
    return creates ? create(pool, &build, error) : sets ? set(pool, build_id, keep_releases, error) : list(pool, error);
}

const Command build_command = {
    "build",
    "create|list|set",
    "Create a build on a server's database, list them, or change one",
    "`create` prints the id of the new build, `list` a line for each, the newest first: its id, public or\n"
    "private, and its name, with tabs between them. `set` changes how many releases a build keeps, which\n"
    "`dpxdt gc` heeds. The server may be running.\n"
    "\n"
    "  dpxdt build create --data /var/lib/dpxdt --name 'My site'\n"
    "  dpxdt build list --data /var/lib/dpxdt\n"
    "  dpxdt build set --data /var/lib/dpxdt --build-id 1 --keep-releases 100",
    run,
};
