/* People who have logged in. */
#pragma once

#include "store/store.h"

typedef struct {
    char *id;    /* "oidc:<subject>" */
    char *email; /* in lower case; its provider says that it is theirs */
    char *name;  /* may be NULL */
    bool is_superuser;
    int64_t created_ms, seen_ms;
} User;

void user_free(User *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(User, user_free)

/* Somebody has logged in: he is known from now on, under this address and name. Returns him, and the caller frees it. In a
 * transaction. */
User *user_log_in(Db *db, const char *id, const char *email, const char *name, int64_t now_ms,
                  GError **error) MUST_CHECK;

/* Adds somebody who has logged in elsewhere, as he is; who is there already stays as he is. */
bool user_add(Db *db, const User *user, GError **error) MUST_CHECK;

/* NULL with ERROR_NOT_FOUND if nobody has this id. The caller frees it. */
User *user_load(Db *db, const char *id, GError **error) MUST_CHECK;

/* All who have this address (NULL: any), those who came last first, at most so many. The caller frees the array of User. */
GPtrArray *user_list(Db *db, const char *email, int most, GError **error) MUST_CHECK;

/* Makes a user a superuser, or one like all others. Fails with ERROR_NOT_FOUND. */
bool user_set_superuser(Db *db, const char *id, bool is_superuser, GError **error) MUST_CHECK;

/* An address of mail in lower case, which the caller frees; NULL with ERROR_INVALID for what cannot be one. */
char *user_check_email(const char *text, GError **error) MUST_CHECK;
