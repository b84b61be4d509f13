#include "auth/login.h"

#include <string.h>

void pending_login_clear(PendingLogin *login) {
    g_clear_pointer(&login->nonce, g_free);
    g_clear_pointer(&login->verifier, g_free);
    g_clear_pointer(&login->next_path, g_free);
}

bool login_keep(Db *db, const char *state, const PendingLogin *login, int64_t now_ms, GError **error) {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, state, -1);
    return db_change(db, error,
                     "INSERT INTO logins (state_sha256, nonce, verifier, next_path, created) VALUES (?, ?, ?, ?, ?)",
                     DB_TEXT(hash), DB_TEXT(login->nonce), DB_TEXT(login->verifier), DB_TEXT(login->next_path),
                     DB_INT(now_ms)) == 1;
}

bool login_take(Db *db, const char *state, int64_t now_ms, PendingLogin *out_login, GError **error) {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, state, -1);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT nonce, verifier, next_path FROM logins WHERE state_sha256 = ? AND created > ?",
                 DB_TEXT(hash), DB_INT(now_ms - LOGIN_MOST_MS));
    g_auto(PendingLogin) login = {0};
    if (db_next(query))
        login = (PendingLogin){g_strdup(db_text(query, 0)), g_strdup(db_text(query, 1)), g_strdup(db_text(query, 2))};
    if (!db_end(query, error))
        return false;
    int64_t n = db_change(db, error, "DELETE FROM logins WHERE state_sha256 = ?", DB_TEXT(hash));
    if (n == 0 || (n > 0 && !login.nonce))
        error_set(error, ERROR_DENIED, "this login was used already, or took too long: log in once more");
    if (n <= 0 || !login.nonce)
        return false;
    *out_login = login;
    login = (PendingLogin){0};
    return true;
}

/* A browser takes "//host", and "/\host", for another host's, and drops tabs and line ends before it looks (WHATWG URL, 4.4). */
const char *login_safe_path(const char *text) {
    bool is_ours = text && text[0] == '/' && text[1] != '/' && text[1] != '\\' && strlen(text) <= STORE_MOST_URL;
    for (const char *at = text; is_ours && *at; at++)
        is_ours = (unsigned char)*at > ' ' && *at != '\\' && *at != 0x7f;
    return is_ours ? text : "/";
}
