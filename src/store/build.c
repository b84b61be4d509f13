#include "store/build.h"

#define COLUMNS "id, name, is_public, send_email, email_alias, created "

void build_free(Build *build) {
    if (!build)
        return;
    g_free(build->name);
    g_free(build->email_alias);
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
    return build;
}

int64_t build_create(Db *db, const char *name, bool is_public, int64_t now_ms, GError **error) {
    g_autofree char *checked = store_check_text(name, STORE_MOST_NAME, "name", error);
    if (!checked)
        return -1;
    return db_insert(db, error,
                     "INSERT INTO builds (name, is_public, created, modified) VALUES (?, ?, ?, ?) RETURNING id",
                     DB_TEXT(checked), DB_INT(is_public), DB_INT(now_ms), DB_INT(now_ms));
}

Build *build_load(Db *db, int64_t id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " COLUMNS "FROM builds WHERE id = ?", DB_INT(id));
    Build *build = db_next(query) ? read_build(query) : NULL;
    if (db_end(query, error) && !build)
        error_set(error, ERROR_NOT_FOUND, "build must exist");
    return build;
}

GPtrArray *build_list(Db *db, int64_t before, int most, GError **error) {
    g_autoptr(GPtrArray) builds = g_ptr_array_new_with_free_func((GDestroyNotify)build_free);
    g_autoptr(DbQuery) query = db_query(db, "SELECT " COLUMNS "FROM builds WHERE id < ? ORDER BY id DESC LIMIT ?",
                                        DB_INT(before > 0 ? before : G_MAXINT64), DB_INT(most));
    while (db_next(query))
        g_ptr_array_add(builds, read_build(query));
    return db_end(query, error) ? g_steal_pointer(&builds) : NULL;
}
