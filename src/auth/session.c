#include "auth/session.h"

#include "base/random.h"
#include "base/secret.h"
#include "auth/login.h"

#include <string.h>

/* seen is written so often at most: most page views change nothing. */
enum { TOKEN_BYTES = 32, MOST_COOKIE = 512, SEEN_MS = 10 * 60 * 1000 };

#define SESSION_COOKIE "dpxdt"

static bool is_secure(const HttpRequest *request) {
    return g_str_has_prefix(http_request_origin(request), "https://");
}

/* A browser takes a cookie with the prefix __Host- only over https, for this host and all of its paths, so that no other host of the
 * same domain can set it (RFC 6265bis, 4.1.3.2). The caller frees it. */
static char *cookie_name(const HttpRequest *request, const char *name) {
    return g_strconcat(is_secure(request) ? "__Host-" : "", name, NULL);
}

const char *session_cookie(const HttpRequest *request, const char *name) {
    g_autofree char *full_name = cookie_name(request, name);
    return http_request_cookie(request, full_name);
}

static char *hash_of(const char *text) {
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

/* Nobody can find the token out from it. */
static char *csrf_of(const char *token) {
    g_autofree char *text = g_strconcat("csrf:", token, NULL);
    return hash_of(text);
}

void session_free(Session *session) {
    if (!session)
        return;
    user_free(session->user);
    g_free(session->token);
    g_free(session->csrf);
    g_free(session);
}

char *session_begin(Db *db, const char *user_id, const char *address, int64_t now_ms, GError **error) {
    g_autofree char *token = random_base64(TOKEN_BYTES);
    g_autofree char *hash = hash_of(token);
    if (db_change(db, error,
                  "INSERT INTO sessions (token_sha256, user_id, address, created, seen) VALUES (?, ?, ?, ?, ?)",
                  DB_TEXT(hash), DB_TEXT(user_id), DB_TEXT(address), DB_INT(now_ms), DB_INT(now_ms)) != 1)
        return NULL;
    return g_steal_pointer(&token);
}

/* Finding. */

static bool note_seen(Db *db, const char *hash, int64_t seen_ms, int64_t now_ms, GError **error) {
    return now_ms - seen_ms < SEEN_MS || db_change(db, error, "UPDATE sessions SET seen = ? WHERE token_sha256 = ?",
                                                   DB_INT(now_ms), DB_TEXT(hash)) >= 0;
}

bool session_find(Db *db, const HttpRequest *request, int64_t now_ms, Session **out_session, GError **error) {
    const char *token = session_cookie(request, SESSION_COOKIE);
    *out_session = NULL;
    if (!token || !*token || strlen(token) > MOST_COOKIE)
        return true;
    g_autofree char *hash = hash_of(token);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT user_id, created, seen FROM sessions WHERE token_sha256 = ? AND seen > ? AND created > ?",
                 DB_TEXT(hash), DB_INT(now_ms - SESSION_IDLE_MS), DB_INT(now_ms - SESSION_MOST_MS));
    if (!db_next(query))
        return db_end(query, error);
    g_autoptr(User) user = user_load(db, db_text(query, 0), error);
    if (!user || !note_seen(db, hash, db_int(query, 2), now_ms, error))
        return false;
    *out_session = g_new0(Session, 1);
    **out_session = (Session){.user = g_steal_pointer(&user),
                              .token = g_strdup(token),
                              .csrf = csrf_of(token),
                              .created_ms = db_int(query, 1)};
    return db_end(query, error);
}

/* Ending. */

bool session_end(Db *db, const char *token, GError **error) {
    g_autofree char *hash = hash_of(token);
    return db_change(db, error, "DELETE FROM sessions WHERE token_sha256 = ?", DB_TEXT(hash)) >= 0;
}

bool session_end_all(Db *db, const char *user_id, GError **error) {
    return db_change(db, error, "DELETE FROM sessions WHERE user_id = ?", DB_TEXT(user_id)) >= 0;
}

int64_t session_sweep(Db *db, int64_t now_ms, GError **error) {
    int64_t idle = db_change(db, error, "DELETE FROM sessions WHERE seen <= ?", DB_INT(now_ms - SESSION_IDLE_MS));
    int64_t old =
        idle < 0 ? -1
                 : db_change(db, error, "DELETE FROM sessions WHERE created <= ?", DB_INT(now_ms - SESSION_MOST_MS));
    int64_t logins =
        old < 0 ? -1 : db_change(db, error, "DELETE FROM logins WHERE created <= ?", DB_INT(now_ms - LOGIN_MOST_MS));
    return logins < 0 ? -1 : idle + old + logins;
}

/* Cookies. */

static void add_cookie(const HttpRequest *request, HttpResponse *response, const char *name, const char *value,
                       int64_t seconds) {
    g_autofree char *full_name = cookie_name(request, name);
    g_autofree char *cookie = g_strdup_printf("%s=%s; Path=/; Max-Age=%" G_GINT64_FORMAT "; HttpOnly; SameSite=Lax%s",
                                              full_name, value, seconds, is_secure(request) ? "; Secure" : "");
    http_response_add_header(response, "Set-Cookie", cookie);
}

void session_set_cookie(const HttpRequest *request, HttpResponse *response, const char *token) {
    add_cookie(request, response, SESSION_COOKIE, token ? token : "", token ? SESSION_MOST_MS / 1000 : 0);
}

void session_set_short_cookie(const HttpRequest *request, HttpResponse *response, const char *name, const char *value,
                              int seconds) {
    add_cookie(request, response, name, value, seconds);
}

/* Forms. */

bool session_check_form(const Session *session, const HttpRequest *request, GError **error) {
    const char *header = http_request_header(request, "X-CSRF-Token");
    const char *said = header ? header : http_request_field(request, "csrf");
    if (!http_request_header(request, "Origin") ||
        http_request_is_from_elsewhere(request)) /* browsers say it of each form */
        error_set(error, ERROR_DENIED, "this was sent by a page of another site");
    else if (!said || !secret_equals(said, session->csrf))
        error_set(error, ERROR_DENIED,
                  "this form is of an older visit: go back, load the page anew, and send it once more");
    else
        return true;
    return false;
}
