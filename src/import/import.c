/* From the old database to ours: people first, then each build with all that is its own, then keys. */
#include "import/import_work.h"

#include "base/clock.h"
#include "base/stop.h"
#include "db/migrate.h"

#include <string.h>

static const char *const kind_names[IMPORT_N_KINDS] = {
    [IMPORT_USERS] = "users",       [IMPORT_BUILDS] = "builds",
    [IMPORT_OWNERS] = "owners",     [IMPORT_INVITATIONS] = "invitations",
    [IMPORT_KEYS] = "API keys",     [IMPORT_RELEASES] = "releases",
    [IMPORT_RUNS] = "runs",         [IMPORT_FILES] = "files",
    [IMPORT_AUDIT] = "log entries",
};

const char *import_kind_name(ImportKind kind) {
    return kind_names[kind];
}

/* Opening. */

/* "mysql+mysqldb://..." -> "mysql://...": how SQLAlchemy names its drivers. */
static char *without_driver(const char *url) {
    size_t scheme = strcspn(url, "+:");
    const char *rest = url[scheme] == '+' ? strstr(url, "://") : NULL;
    return rest ? g_strdup_printf("%.*s%s", (int)scheme, url, rest) : g_strdup(url);
}

/* In SQLAlchemy's URLs three slashes are in front of the path, and a relative one has no other. */
static char *without_slashes(const char *url) {
    static const char start[] = "sqlite:///";
    bool is_relative = g_str_has_prefix(url, start) && !g_file_test(url + strlen("sqlite:"), G_FILE_TEST_EXISTS);
    return is_relative ? g_strconcat("sqlite:", url + strlen(start), NULL) : g_strdup(url);
}

static bool is_missing(Db *db, const char *table, bool *out_is, GError **error) {
    static const char sqlite[] = "SELECT COUNT(*) FROM sqlite_master WHERE name = ?";
    static const char postgres[] = "SELECT COUNT(to_regclass(quote_ident(?)))";
    static const char mysql[] =
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
    g_autoptr(DbQuery) query = db_query(db, db_pick(db, sqlite, postgres, mysql), DB_TEXT(table));
    *out_is = db_next(query) && db_int(query, 0) == 0;
    return db_end(query, error);
}

static bool has_tables(Db *db, void *unused, GError **error) {
    static const char *const tables[] = {"user", "build",    "build_ownership",    "api_key",   "release",
                                         "run",  "artifact", "artifact_ownership", "admin_log", "work_queue"};
    g_autoptr(GString) missing = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        bool is;
        if (!is_missing(db, tables[i], &is, error))
            return false;
        if (is)
            g_string_append_printf(missing, "%s%s", missing->len > 0 ? ", " : "", tables[i]);
    }
    if (missing->len > 0)
        error_set(error, ERROR_INVALID, "this is no database of a Python dpxdt server: it has no table %s",
                  missing->str);
    return missing->len == 0;
}

/* What SQLAlchemy knows, and nobody else: a database that is found by other means than an address. */
static bool check_address(const char *url, GError **error) {
    static const char form[] = "mysql://USER:PASSWORD@HOST:PORT/DATABASE";
    g_autofree char *scheme = g_strndup(url, strcspn(url, ":"));
    if (g_str_has_suffix(scheme, "+gaerdbms"))
        error_set(error, ERROR_INVALID, "--from: %s is App Engine's own way to Cloud SQL; by its address it is %s",
                  scheme, form);
    else if (g_str_has_prefix(url, "mysql") && strstr(url, "unix_socket="))
        error_set(error, ERROR_INVALID, "--from: unix_socket=PATH is socket=PATH here");
    else
        return true;
    return false;
}

DbPool *import_open(const char *url, GError **error) {
    if (!check_address(url, error))
        return NULL;
    g_autofree char *plain = without_driver(url);
    g_autofree char *with_path = without_slashes(plain);
    g_autoptr(DbPool) pool = db_pool_new_reader(with_path, 1, error);
    return pool && db_read(pool, has_tables, NULL, error) ? g_steal_pointer(&pool) : NULL;
}

DbPool *import_open_nothing(GError **error) {
    g_autoptr(DbPool) pool = db_pool_new("sqlite::memory:", 1, error);
    return pool && migrate_run(pool, error) >= 0 ? g_steal_pointer(&pool) : NULL;
}

/* Telling. */

/* What strangers wrote must not move the cursor of who reads it. */
static char *printable(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *next = valid; *next; next = g_utf8_next_char(next)) {
        gunichar c = g_utf8_get_char(next);
        g_string_append_unichar(out, g_unichar_iscntrl(c) ? '?' : c);
    }
    return g_string_free(out, FALSE);
}

static void tell(Import *import, const char *kind, const OldRow *row, const char *what, const char *format,
                 va_list values) G_GNUC_PRINTF(5, 0);

static void tell(Import *import, const char *kind, const OldRow *row, const char *what, const char *format,
                 va_list values) {
    g_autofree char *id = row->name ? g_strdup(row->name) : g_strdup_printf("%" G_GINT64_FORMAT, row->id);
    g_autofree char *words = g_strdup_vprintf(format, values);
    g_autofree char *line = g_strdup_printf("%s%s %s: %s%s", kind, row->table, id, what, words);
    g_autofree char *shown = printable(line);
    import->options->tell(import->options->data, shown);
}

void import_note(Import *import, const OldRow *row, const char *format, ...) {
    va_list values;
    va_start(values, format);
    tell(import, "note: ", row, "", format, values);
    va_end(values);
}

void import_mend(Import *import, const OldRow *row, const char *format, ...) {
    va_list values;
    import->result->n_problems++;
    va_start(values, format);
    tell(import, "", row, "", format, values);
    va_end(values);
}

void import_lose(Import *import, ImportKind kind, const OldRow *row, const char *format, ...) {
    va_list values;
    import->result->n_problems++;
    import->result->counts[kind].n_lost++;
    va_start(values, format);
    tell(import, "", row, "left out: ", format, values);
    va_end(values);
}

bool import_go_on(Import *import, int n_rows, GError **error) {
    import->n_done += n_rows;
    if (import->n_all > 0)
        import->options->progress(import->options->data, MIN(import->n_done, import->n_all), import->n_all);
    return stop_check(error);
}

bool import_write(Import *import, DbWork work, void *data, GError **error) {
    return !import->options->blobs || db_transact(import->options->to, work, data, error);
}

/* All of it. */

/* What takes time: a bar of these is good enough. */
static bool count_rows(Import *import, GError **error) {
    g_autoptr(DbQuery) query = db_query(import->old, "SELECT (SELECT COUNT(*) FROM artifact_ownership) + "
                                                     "(SELECT COUNT(*) FROM run) + (SELECT COUNT(*) FROM admin_log)");
    import->n_all = db_next(query) ? (int)db_int(query, 0) : 0;
    return db_end(query, error);
}

static void build_free(void *data) {
    ImportBuild *build = data;
    g_clear_pointer(&build->files, g_hash_table_unref);
    g_clear_pointer(&build->releases, g_hash_table_unref);
    g_free(build);
}

ImportBuild *import_build(const Import *import, int64_t old_id) {
    return g_hash_table_lookup(import->builds, &old_id);
}

static void import_clear(Import *import) {
    g_hash_table_unref(import->people);
    g_hash_table_unref(import->invited);
    g_hash_table_unref(import->builds);
    db_release(import->old);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

bool import_run(const ImportOptions *options, ImportResult *out_result, GError **error) {
    *out_result = (ImportResult){0};
    g_auto(Import) import = {
        .options = options,
        .result = out_result,
        .people = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .invited = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .builds = old_table_by_id(build_free),
        .old = db_pool_take(options->from, 0, error),
    };
    return import.old && count_rows(&import, error) && import_users(&import, error) && import_builds(&import, error) &&
           import_keys(&import, error) && import_orphans(&import, error);
}
