/* Who owns a build: may see it, decide on its releases, make its keys, and invite others. Invitations go by mail, are for two
 * weeks, and are used once. */
#pragma once

#include "store/build.h"
#include "store/user.h"

/* Makes somebody an owner; who is one already stays so. */
bool owner_add(Db *db, int64_t build_id, const char *user_id, int64_t now_ms, GError **error) MUST_CHECK;

/* Ends it. Fails with ERROR_NOT_FOUND for who is none, ERROR_INVALID for the last one. In a transaction. */
bool owner_remove(Db *db, int64_t build_id, const char *user_id, GError **error) MUST_CHECK;

bool owner_is(Db *db, int64_t build_id, const char *user_id, bool *out_is, GError **error) MUST_CHECK;

/* All owners of a build, the first one first. The caller frees the array of User. */
GPtrArray *owner_list(Db *db, int64_t build_id, GError **error) MUST_CHECK;

/* Builds that somebody owns, or, where user_id is NULL, that are public; newest first, with an id below before (0: all), at most
 * so many. The caller frees the array of Build. */
GPtrArray *owner_list_builds(Db *db, const char *user_id, int64_t before, int most, GError **error) MUST_CHECK;

/* Invitations. */

#define INVITATION_MS (INT64_C(14) * 24 * 60 * 60 * 1000)

typedef struct {
    int64_t build_id;
    char *email;
    char *invited_by; /* the id of a user; may be NULL */
    int64_t created_ms, expires_ms;
} Invitation;

void invitation_free(Invitation *invitation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Invitation, invitation_free)

/* Invites whoever has this address, in lower case. *out_token, which the caller frees, is for the link in the mail; nobody can
 * find it out again. An earlier one for the same address ends. In a transaction. */
bool invitation_create(Db *db, int64_t build_id, const char *email, const char *by, int64_t now_ms, char **out_token,
                       GError **error) MUST_CHECK;

/* Those that are open, the newest first. The caller frees the array of Invitation. */
GPtrArray *invitation_list(Db *db, int64_t build_id, int64_t now_ms, GError **error) MUST_CHECK;

/* The one for an address, which the caller frees; NULL with ERROR_NOT_FOUND if there is none, or it is too old. */
Invitation *invitation_find(Db *db, int64_t build_id, const char *email, int64_t now_ms, GError **error) MUST_CHECK;

/* Gives it another token, for the link in the mail; the one before ends. Fails with ERROR_NOT_FOUND if it has been used, taken
 * back, or made anew. The caller frees *out_token. */
bool invitation_renew(Db *db, const Invitation *invitation, char **out_token, GError **error) MUST_CHECK;

/* Takes one back. Fails with ERROR_NOT_FOUND. */
bool invitation_revoke(Db *db, int64_t build_id, const char *email, GError **error) MUST_CHECK;

/* Somebody has come with the link: he is an owner now, and the link is used up. Returns the invitation, which the caller frees;
 * NULL with ERROR_NOT_FOUND if there is none, or it is too old. In a transaction. */
Invitation *invitation_accept(Db *db, const char *token, const char *user_id, int64_t now_ms,
                              GError **error) MUST_CHECK;
