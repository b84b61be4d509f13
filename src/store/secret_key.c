#include "store/secret_key.h"

#include <string.h>

static bool find_name(Db *db, char **out_name, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT name FROM secret_keys ORDER BY name");
    *out_name = db_next(query) ? g_strdup(db_text(query, 0)) : NULL;
    return db_end(query, error);
}

bool secret_key_is_noted(Db *db, bool *out_is, GError **error) {
    g_autofree char *name = NULL;
    bool is_known = find_name(db, &name, error);
    *out_is = name != NULL;
    return is_known;
}

bool secret_key_check(Db *db, const SealKey *key, GError **error) {
    g_autofree char *name = NULL;
    if (!find_name(db, &name, error))
        return false;
    bool is_other = name && strcmp(name, seal_key_name(key)) != 0;
    if (is_other)
        error_set(error, ERROR_INVALID,
                  "the database has its configs encrypted with the key %.8s, and this one is %.8s", name,
                  seal_key_name(key));
    return !is_other;
}

/* The row is there once: of two that come at once, the other finds it. */
bool secret_key_note(Db *db, const SealKey *key, GError **error) {
    int64_t n =
        db_change_if_new(db, error, "INSERT INTO secret_keys (id, name) VALUES (1, ?)", DB_TEXT(seal_key_name(key)));
    return n >= 0 && secret_key_check(db, key, error);
}
