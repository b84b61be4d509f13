/* What people did: the log of a build. */
#include "import/import_work.h"

#include "store/audit.h"
#include "store/run.h"

enum { ROWS_AT_ONCE = 500, MOST_MESSAGE = 2048 /* characters */ };

typedef struct {
    AuditEntry entry; /* without the ids of what it is about: those here are not known before it is written */
    int64_t old_id;
    char *known_as;
    char *release_known_as, *run_name; /* NULL: it is about none */
} Brought;

static void brought_free(void *data) {
    Brought *brought = data;
    g_free(brought->entry.actor);
    g_free(brought->entry.message);
    g_free(brought->known_as);
    g_free(brought->release_known_as);
    g_free(brought->run_name);
    g_free(brought);
}

typedef struct {
    Import *import;
    ImportBuild *build;
    GHashTable *releases, *known; /* what came of them */
    GPtrArray *brought;
    int64_t last_id; /* of the old table, that was read */
} Log;

/* Writing. */

/* Who was removed here, or never came, is no more than a name. */
static bool find_run(Db *db, const Brought *brought, int64_t release_id, int64_t *out_id, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Run) run = brought->run_name && release_id ? run_find(db, release_id, brought->run_name, &cause) : NULL;
    *out_id = run ? run->id : 0;
    if (!cause || error_is(cause, ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool write_entry(Db *db, const Log *log, const Brought *brought, GError **error) {
    AuditEntry entry = brought->entry;
    const Known known = {0};
    const Known *release =
        brought->release_known_as ? g_hash_table_lookup(log->releases, brought->release_known_as) : NULL;
    entry.build_id = log->build->id;
    entry.release_id = release ? release->new_id : 0;
    return find_run(db, brought, entry.release_id, &entry.run_id, error) &&
           audit_add(db, &entry, entry.created_ms, error) &&
           known_put(db, "audit", log->build->id, brought->known_as, &known, error);
}

static bool write_entries(Db *db, void *data, GError **error) {
    const Log *log = data;
    for (guint i = 0; i < log->brought->len; i++)
        if (!write_entry(db, log, g_ptr_array_index(log->brought, i), error))
            return false;
    return true;
}

/* Reading. */

static char *shortened(const char *text) {
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    return valid ? g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), MOST_MESSAGE)) : NULL;
}

static void look_at(Log *log, const DbQuery *query) {
    ImportCount *count = &log->import->result->counts[IMPORT_AUDIT];
    const OldRow *row = OLD_ROW("admin_log", db_int(query, 0));
    const char *kind_name = db_text(query, 1), *user_id = db_text(query, 2), *run_name = db_text(query, 6);
    int64_t release_id = db_int(query, 3);
    AuditKind kind;
    log->last_id = row->id;
    if (!audit_kind_from_name(kind_name ? kind_name : "", &kind)) {
        import_lose(log->import, IMPORT_AUDIT, row, "its log_type is %s, which is none",
                    kind_name ? kind_name : "NULL");
        return;
    }
    int64_t created_ms = old_time(query, 5);
    g_autofree char *known_as = known_number(row->id, created_ms);
    bool is_known = g_hash_table_contains(log->known, known_as);
    count->n_known += is_known;
    count->n_new += !is_known;
    if (is_known)
        return;
    Brought *brought = g_new0(Brought, 1);
    brought->entry = (AuditEntry){.kind = kind, .created_ms = created_ms, .message = shortened(db_text(query, 4))};
    brought->entry.actor = user_id ? store_check_text(user_id, STORE_MOST_NAME, "", NULL) : NULL;
    brought->known_as = g_steal_pointer(&known_as);
    brought->release_known_as = g_strdup(g_hash_table_lookup(log->build->releases, &release_id));
    brought->run_name = run_name ? store_check_text(run_name, STORE_MOST_NAME, "", NULL) : NULL;
    g_ptr_array_add(log->brought, brought);
}

/* The next entries, at most ROWS_AT_ONCE. *out_n is how many there were. */
static bool bring_some(Log *log, int *out_n, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(log->import->old,
                 "SELECT l.id, l.log_type, l.user_id, l.release_id, l.message, l.created, r.name "
                 "FROM admin_log l LEFT JOIN run r ON r.id = l.run_id WHERE l.build_id = ? AND l.id > ? "
                 "ORDER BY l.id LIMIT ?",
                 DB_INT(log->build->old_id), DB_INT(log->last_id), DB_INT(ROWS_AT_ONCE));
    for (*out_n = 0; db_next(query); (*out_n)++)
        look_at(log, query);
    bool done = db_end(query, error) &&
                (log->brought->len == 0 || import_write(log->import, write_entries, log, error)) &&
                import_go_on(log->import, *out_n, error);
    g_ptr_array_set_size(log->brought, 0);
    return done;
}

bool import_audit(Import *import, ImportBuild *build, GError **error) {
    g_autoptr(GHashTable) releases = known_load(import, "release", build->id, error);
    g_autoptr(GHashTable) known = releases ? known_load(import, "audit", build->id, error) : NULL;
    g_autoptr(GPtrArray) brought = g_ptr_array_new_with_free_func(brought_free);
    Log log = {import, build, releases, known, brought, 0};
    int n = known ? ROWS_AT_ONCE : 0;
    while (n == ROWS_AT_ONCE)
        if (!bring_some(&log, &n, error))
            return false;
    return known != NULL;
}
