/* The table imports: what came before. */
#include "import/import_work.h"

static void known_free(void *data) {
    Known *known = data;
    g_free(known->state);
    g_free(known);
}

GHashTable *known_load(Import *import, const char *kind, int64_t build_id, GError **error) {
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, error);
    if (!db)
        return NULL;
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT old_id, new_id, state, modified FROM imports WHERE kind = ? AND build_id = ?",
                 DB_TEXT(kind), DB_INT(build_id));
    while (db_next(query)) {
        Known *known = g_new0(Known, 1);
        *known = (Known){db_int(query, 1), g_strdup(db_text(query, 2)), db_int(query, 3)};
        g_hash_table_replace(all, g_strdup(db_text(query, 0)), known);
    }
    return db_end(query, error) ? g_steal_pointer(&all) : NULL;
}

bool known_add(Db *db, const char *kind, int64_t build_id, const char *old_id, const Known *known, GError **error) {
    int64_t n = db_change_if_new(
        db, error, "INSERT INTO imports (kind, build_id, old_id, new_id, state, modified) VALUES (?, ?, ?, ?, ?, ?)",
        DB_TEXT(kind), DB_INT(build_id), DB_TEXT(old_id), DB_INT(known->new_id), DB_TEXT(known->state),
        DB_ID(known->modified_ms));
    if (n == 0)
        error_set(error, ERROR_BUSY, "another import is at work here: wait until it has ended, and import once more");
    return n == 1;
}

bool known_put(Db *db, const char *kind, int64_t build_id, const char *old_id, const Known *known, GError **error) {
    return db_change(db, error, "DELETE FROM imports WHERE kind = ? AND build_id = ? AND old_id = ?", DB_TEXT(kind),
                     DB_INT(build_id), DB_TEXT(old_id)) >= 0 &&
           db_change(db, error,
                     "INSERT INTO imports (kind, build_id, old_id, new_id, state, modified) VALUES (?, ?, ?, ?, ?, ?)",
                     DB_TEXT(kind), DB_INT(build_id), DB_TEXT(old_id), DB_INT(known->new_id), DB_TEXT(known->state),
                     DB_ID(known->modified_ms)) == 1;
}

char *known_number(int64_t old_id, int64_t created_ms) {
    return g_strdup_printf("%" G_GINT64_FORMAT "@%" G_GINT64_FORMAT, old_id, created_ms);
}
