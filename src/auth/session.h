/* Who is logged in. A session is known by a token in a cookie, of which the database has only the hash; it ends when it was not
 * used for a week, a month after it began, or when somebody ends it. Any server knows it. */
#pragma once

#include "http/request.h"
#include "http/response.h"
#include "store/user.h"

#define SESSION_IDLE_MS (INT64_C(7) * 24 * 60 * 60 * 1000)
#define SESSION_MOST_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/* So long one may do what could give others a build: make keys, invite. Then he is asked once more who he is. */
#define SESSION_FRESH_MS (INT64_C(12) * 60 * 60 * 1000)

typedef struct {
    User *user;
    char *token;
    char *csrf; /* what forms of this session must have in their field csrf; follows from the token */
    int64_t created_ms;
} Session;

void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* Begins one. Returns its token, which the caller frees. Never one that a client brought: who was given a cookie by somebody else
 * does not log in to it. */
char *session_begin(Db *db, const char *user_id, const char *address, int64_t now_ms, GError **error) MUST_CHECK;

/* The session of a request, *out_session, or NULL if it has none; the caller frees it. */
bool session_find(Db *db, const HttpRequest *request, int64_t now_ms, Session **out_session, GError **error) MUST_CHECK;

/* Ends a session, or all of a user. */
bool session_end(Db *db, const char *token, GError **error) MUST_CHECK;
bool session_end_all(Db *db, const char *user_id, GError **error) MUST_CHECK;

/* Removes those that are over, and logins that nobody came back from (login.h). Returns how many, or -1. */
int64_t session_sweep(Db *db, int64_t now_ms, GError **error);

/* Adds the cookie of a session to an answer; NULL takes it away. It is sent by the browser to us alone, not readable by scripts,
 * and, where we are reached by https, only there. */
void session_set_cookie(const HttpRequest *request, HttpResponse *response, const char *token);

/* A cookie of ours with another name, or NULL; and setting it, for a while. */
const char *session_cookie(const HttpRequest *request, const char *name);
void session_set_short_cookie(const HttpRequest *request, HttpResponse *response, const char *name, const char *value,
                              int seconds);

/* Whether a request that changes something comes from a form of ours: it has the session's csrf in the field csrf, or in the
 * header X-CSRF-Token, and no header says that another site sent it. Else ERROR_DENIED. */
bool session_check_form(const Session *session, const HttpRequest *request, GError **error) MUST_CHECK;
