/* Who has gone to his provider to log in, and is to come back. What was agreed on before is kept under the hash of the state, is
 * good for a quarter of an hour, and for one return, of the same browser. */
#pragma once

#include "store/store.h"

#define LOGIN_MOST_MS (INT64_C(15) * 60 * 1000)

typedef struct {
    char *nonce, *verifier;
    char *next_path; /* where he wanted to go: a path of ours */
} PendingLogin;

void pending_login_clear(PendingLogin *login);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PendingLogin, pending_login_clear)

bool login_keep(Db *db, const char *state, const PendingLogin *login, int64_t now_ms, GError **error) MUST_CHECK;

/* Takes it out. Fails with ERROR_DENIED if there is none of this state: it was used, is too old, or somebody made it up. In a
 * transaction. */
bool login_take(Db *db, const char *state, int64_t now_ms, PendingLogin *out_login, GError **error) MUST_CHECK;

/* Where one may be sent after he has logged in: text, if it is a path of ours, else "/". */
const char *login_safe_path(const char *text);
