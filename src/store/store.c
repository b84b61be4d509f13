#include "store/store.h"

static bool has_control_characters(const char *text) {
    for (; *text; text = g_utf8_next_char(text))
        if (g_unichar_iscntrl(g_utf8_get_char(text)))
            return true;
    return false;
}

static bool is_invisible(const char *text) {
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        if (g_unichar_isgraph(c) && !g_unichar_iszerowidth(c))
            return false;
    }
    return true;
}

char *store_check_text(const char *text, size_t most, const char *what, GError **error) {
    g_autofree char *composed = g_utf8_validate(text, -1, NULL) ? g_utf8_normalize(text, -1, G_NORMALIZE_NFC) : NULL;
    size_t length = composed ? (size_t)g_utf8_strlen(composed, -1) : 0;
    if (!composed)
        error_set(error, ERROR_INVALID, "%s is no valid UTF-8", what);
    else if (length == 0)
        error_set(error, ERROR_INVALID, "%s is empty", what);
    else if (length > most)
        error_set(error, ERROR_INVALID, "%s has %zu characters, more than %zu", what, length, most);
    else if (has_control_characters(composed))
        error_set(error, ERROR_INVALID, "%s has control characters", what);
    else if (is_invisible(composed))
        error_set(error, ERROR_INVALID, "%s has nothing that can be seen", what);
    else
        return g_steal_pointer(&composed);
    return NULL;
}

#define BUILD "SELECT id FROM builds WHERE id = ?"

static bool lock(Db *db, const char *sql, int64_t build_id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, sql, DB_INT(build_id));
    bool is_there = db_next(query);
    if (db_end(query, error) && !is_there)
        error_set(error, ERROR_NOT_FOUND, "build must exist");
    return is_there;
}

bool store_lock_build(Db *db, int64_t build_id, GError **error) {
    return lock(db, db_pick(db, BUILD, BUILD " FOR UPDATE", BUILD " FOR UPDATE"), build_id, error);
}

bool store_share_build(Db *db, int64_t build_id, GError **error) {
    return lock(db, db_pick(db, BUILD, BUILD " FOR KEY SHARE", BUILD " LOCK IN SHARE MODE"), build_id, error);
}
