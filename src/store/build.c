#include "store/build.h"

#include "store/build_row.h"

#include <string.h>

void build_free(Build *build) {
    if (!build)
        return;
    g_free(build->name);
    g_free(build->email_alias);
    g_free(build->webhook_url);
    g_free(build->webhook_secret);
    g_free(build->status_prefix);
    g_free(build->status_token);
    g_free(build);
}

static Build *read_build(const DbQuery *query) {
    Build *build = g_new0(Build, 1);
    build->id = db_int(query, 0);
    build->name = g_strdup(db_text(query, 1));
    build->is_public = db_int(query, 2) != 0;
    build->send_email = db_int(query, 3) != 0;
    build->email_alias = g_strdup(db_text(query, 4));
    build->created_ms = db_int(query, 5);
    build->webhook_url = g_strdup(db_text(query, 6));
    build->webhook_secret = g_strdup(db_text(query, 7));
    build->status_prefix = g_strdup(db_text(query, 8));
    build->status_token = g_strdup(db_text(query, 9));
    build->keep_releases = (int)db_int(query, 10);
    return build;
}

GPtrArray *build_rows_read(DbQuery *query, GError **error) {
    g_autoptr(GPtrArray) builds = g_ptr_array_new_with_free_func((GDestroyNotify)build_free);
    while (db_next(query)) {
        Build *build = read_build(query);
        build->n_reviewing = (int)db_int(query, 11);
        build->n_open = (int)db_int(query, 12);
        g_ptr_array_add(builds, build);
    }
    return db_end(query, error) ? g_steal_pointer(&builds) : NULL;
}

int64_t build_create(Db *db, const char *name, bool is_public, int64_t now_ms, GError **error) {
    g_autofree char *checked = store_check_text(name, STORE_MOST_NAME, "name", error);
    if (!checked)
        return -1;
    return db_insert(db, error,
                     "INSERT INTO builds (name, is_public, created, modified) VALUES (?, ?, ?, ?) RETURNING id",
                     DB_TEXT(checked), DB_INT(is_public), DB_INT(now_ms), DB_INT(now_ms));
}

/* PostgreSQL does not look at ids that it has not given itself: it goes on behind them only if it is told. */
static bool go_on_behind_ids(Db *db, GError **error) {
    static const char sql[] =
        "SELECT setval(pg_get_serial_sequence('builds', 'id'), GREATEST((SELECT MAX(id) FROM builds), "
        "pg_sequence_last_value(pg_get_serial_sequence('builds', 'id')::regclass)))";
    g_autoptr(DbQuery) query = db_kind(db) == DB_POSTGRES ? db_query(db, sql) : NULL;
    return !query || db_end(query, error);
}

bool build_add(Db *db, const Build *build, int64_t modified_ms, bool *out_added, GError **error) {
    int64_t n =
        db_change_if_new(db, error,
                         "INSERT INTO builds (id, name, is_public, send_email, email_alias, created, modified) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?)",
                         DB_INT(build->id), DB_TEXT(build->name), DB_INT(build->is_public), DB_INT(build->send_email),
                         DB_TEXT(build->email_alias), DB_INT(build->created_ms), DB_INT(modified_ms));
    *out_added = n > 0;
    return n == 0 || (n > 0 && go_on_behind_ids(db, error));
}

Build *build_load(Db *db, int64_t id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " BUILD_COLUMNS "FROM builds b WHERE b.id = ?", DB_INT(id));
    Build *build = db_next(query) ? read_build(query) : NULL;
    if (db_end(query, error) && !build)
        error_set(error, ERROR_NOT_FOUND, "build must exist");
    return build;
}

GPtrArray *build_list(Db *db, int64_t before, int most, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT " BUILD_LIST_COLUMNS "FROM builds b WHERE b.id < ? ORDER BY b.id DESC LIMIT ?",
                 DB_INT(before > 0 ? before : G_MAXINT64), DB_INT(most));
    return build_rows_read(query, error);
}

bool build_read_keep(const char *text, int *out_n, GError **error) {
    guint64 n;
    if (g_ascii_string_to_unsigned(text, 10, 1, BUILD_MOST_KEPT, &n, NULL)) {
        *out_n = (int)n;
        return true;
    }
    error_set(error, ERROR_INVALID, "a number from 1 to %d is expected, not %s", BUILD_MOST_KEPT, text);
    return false;
}

char *build_keep_text(int keep_releases) {
    if (keep_releases == 0)
        return g_strdup("keeps all releases");
    return g_strdup_printf(keep_releases == 1 ? "keeps %d release" : "keeps %d releases", keep_releases);
}

bool build_save(Db *db, const Build *build, int64_t now_ms, GError **error) {
    return db_change(
               db, error,
               "UPDATE builds SET name = ?, is_public = ?, send_email = ?, email_alias = ?, webhook_url = ?, "
               "webhook_secret = ?, status_prefix = ?, status_token = ?, keep_releases = ?, modified = ? WHERE id = ?",
               DB_TEXT(build->name), DB_INT(build->is_public), DB_INT(build->send_email), DB_TEXT(build->email_alias),
               DB_TEXT(build->webhook_url), DB_TEXT(build->webhook_secret), DB_TEXT(build->status_prefix),
               DB_TEXT(build->status_token), DB_ID(build->keep_releases), DB_INT(now_ms), DB_INT(build->id)) == 1;
}

/* "." or "..", which lead away from the prefix when they are resolved, by us or behind us, however they are written. */
static bool has_dot_segment(const char *url) {
    g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
    g_autofree char *plain = g_uri_unescape_string(path, NULL);
    g_auto(GStrv) segments = g_strsplit_set(plain ? plain : "..", "/\\", -1);
    return g_strv_contains((const char *const *)segments, ".") || g_strv_contains((const char *const *)segments, "..");
}

/* So no other host, and no other account there, begins like it: "https://api.example.com" and
 * "https://api.example.com.evil". */
static bool ends_behind(const char *prefix, const char *url) {
    size_t size = strlen(prefix);
    return g_str_has_prefix(url, prefix) && (g_str_has_suffix(prefix, "/") || strchr("/?", url[size]));
}

bool build_check_status_url(const Build *build, const char *url, GError **error) {
    g_autofree char *checked = store_check_text(url, STORE_MOST_URL, "status_url", error);
    g_autoptr(GUri) uri = checked ? g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL) : NULL;
    if (!checked)
        return false;
    if (!build->status_prefix)
        error_set(error, ERROR_INVALID, "status_url must begin with the build's prefix for statuses, and it has none");
    else if (!uri || !ends_behind(build->status_prefix, url) || has_dot_segment(url))
        error_set(error, ERROR_INVALID, "status_url must begin with %s", build->status_prefix);
    else
        return true;
    return false;
}
