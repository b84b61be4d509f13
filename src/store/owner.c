#include "store/owner.h"

#include "base/random.h"
#include "store/build_row.h"
#include "store/user_row.h"

enum { TOKEN_BYTES = 24 };

/* Owners. */

bool owner_add(Db *db, int64_t build_id, const char *user_id, int64_t now_ms, GError **error) {
    return db_change_if_new(db, error, "INSERT INTO build_owners (build_id, user_id, created) VALUES (?, ?, ?)",
                            DB_INT(build_id), DB_TEXT(user_id), DB_INT(now_ms)) >= 0;
}

bool owner_is(Db *db, int64_t build_id, const char *user_id, bool *out_is, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT created FROM build_owners WHERE build_id = ? AND user_id = ?",
                                        DB_INT(build_id), DB_TEXT(user_id));
    *out_is = db_next(query);
    return db_end(query, error);
}

/* The build is locked, so that two who remove each other do not both go. */
bool owner_remove(Db *db, int64_t build_id, const char *user_id, GError **error) {
    if (!store_lock_build(db, build_id, error))
        return false;
    g_autoptr(GPtrArray) owners = owner_list(db, build_id, error);
    int64_t n = owners ? db_change(db, error, "DELETE FROM build_owners WHERE build_id = ? AND user_id = ?",
                                   DB_INT(build_id), DB_TEXT(user_id))
                       : -1;
    if (n == 0)
        error_set(error, ERROR_NOT_FOUND, "there is no such owner");
    else if (n > 0 && owners->len == 1)
        error_set(error, ERROR_INVALID, "the last owner cannot be removed: invite somebody first");
    return n > 0 && owners->len > 1;
}

GPtrArray *owner_list(Db *db, int64_t build_id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT " USER_COLUMNS "FROM build_owners o JOIN users u ON u.id = o.user_id "
                                        "WHERE o.build_id = ? ORDER BY o.created, u.id",
                                        DB_INT(build_id));
    return user_rows_read(query, error);
}

GPtrArray *owner_list_builds(Db *db, const char *user_id, int64_t before, int most, GError **error) {
    int64_t below = before > 0 ? before : G_MAXINT64;
    g_autoptr(DbQuery) query =
        user_id ? db_query(db,
                           "SELECT " BUILD_LIST_COLUMNS "FROM build_owners o JOIN builds b ON b.id = o.build_id "
                           "WHERE o.user_id = ? AND o.build_id < ? ORDER BY o.build_id DESC LIMIT ?",
                           DB_TEXT(user_id), DB_INT(below), DB_INT(most))
                : db_query(db,
                           "SELECT " BUILD_LIST_COLUMNS
                           "FROM builds b WHERE b.is_public = 1 AND b.id < ? ORDER BY b.id DESC LIMIT ?",
                           DB_INT(below), DB_INT(most));
    return build_rows_read(query, error);
}

/* Invitations. */

/* In this order read_invitation() has them. */
#define INVITATION_COLUMNS "build_id, email, created, expires, invited_by "

void invitation_free(Invitation *invitation) {
    if (!invitation)
        return;
    g_free(invitation->email);
    g_free(invitation->invited_by);
    g_free(invitation);
}

bool invitation_create(Db *db, int64_t build_id, const char *email, const char *by, int64_t now_ms, char **out_token,
                       GError **error) {
    g_autofree char *token = random_base64(TOKEN_BYTES);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
    if (db_change(db, error, "DELETE FROM invitations WHERE build_id = ? AND email = ?", DB_INT(build_id),
                  DB_TEXT(email)) < 0 ||
        db_change(db, error,
                  "INSERT INTO invitations (token_sha256, build_id, email, invited_by, created, expires) "
                  "VALUES (?, ?, ?, ?, ?, ?)",
                  DB_TEXT(hash), DB_INT(build_id), DB_TEXT(email), DB_TEXT(by), DB_INT(now_ms),
                  DB_INT(now_ms + INVITATION_MS)) != 1)
        return false;
    *out_token = g_steal_pointer(&token);
    return true;
}

static Invitation *read_invitation(const DbQuery *query) {
    Invitation *invitation = g_new0(Invitation, 1);
    invitation->build_id = db_int(query, 0);
    invitation->email = g_strdup(db_text(query, 1));
    invitation->created_ms = db_int(query, 2);
    invitation->expires_ms = db_int(query, 3);
    invitation->invited_by = g_strdup(db_text(query, 4));
    return invitation;
}

GPtrArray *invitation_list(Db *db, int64_t build_id, int64_t now_ms, GError **error) {
    g_autoptr(GPtrArray) invitations = g_ptr_array_new_with_free_func((GDestroyNotify)invitation_free);
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT " INVITATION_COLUMNS "FROM invitations "
                                        "WHERE build_id = ? AND expires > ? ORDER BY created DESC, email",
                                        DB_INT(build_id), DB_INT(now_ms));
    while (db_next(query))
        g_ptr_array_add(invitations, read_invitation(query));
    return db_end(query, error) ? g_steal_pointer(&invitations) : NULL;
}

Invitation *invitation_find(Db *db, int64_t build_id, const char *email, int64_t now_ms, GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT " INVITATION_COLUMNS "FROM invitations "
                                        "WHERE build_id = ? AND email = ? AND expires > ?",
                                        DB_INT(build_id), DB_TEXT(email), DB_INT(now_ms));
    g_autoptr(Invitation) invitation = db_next(query) ? read_invitation(query) : NULL;
    if (db_end(query, error) && !invitation)
        error_set(error, ERROR_NOT_FOUND, "nobody is invited under this address");
    return g_steal_pointer(&invitation);
}

bool invitation_renew(Db *db, const Invitation *invitation, char **out_token, GError **error) {
    g_autofree char *token = random_base64(TOKEN_BYTES);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
    int64_t n =
        db_change(db, error, "UPDATE invitations SET token_sha256 = ? WHERE build_id = ? AND email = ? AND created = ?",
                  DB_TEXT(hash), DB_INT(invitation->build_id), DB_TEXT(invitation->email),
                  DB_INT(invitation->created_ms));
    if (n == 0)
        error_set(error, ERROR_NOT_FOUND, "the invitation was used, taken back or made anew");
    if (n == 1)
        *out_token = g_steal_pointer(&token);
    return n == 1;
}

bool invitation_revoke(Db *db, int64_t build_id, const char *email, GError **error) {
    int64_t n = db_change(db, error, "DELETE FROM invitations WHERE build_id = ? AND email = ?", DB_INT(build_id),
                          DB_TEXT(email));
    if (n == 0)
        error_set(error, ERROR_NOT_FOUND, "nobody is invited under this address");
    return n > 0;
}

Invitation *invitation_accept(Db *db, const char *token, const char *user_id, int64_t now_ms, GError **error) {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT " INVITATION_COLUMNS "FROM invitations WHERE token_sha256 = ? AND expires > ?",
                 DB_TEXT(hash), DB_INT(now_ms));
    g_autoptr(Invitation) invitation = db_next(query) ? read_invitation(query) : NULL;
    if (!db_end(query, error))
        return NULL;
    int64_t n = invitation ? db_change(db, error, "DELETE FROM invitations WHERE token_sha256 = ?", DB_TEXT(hash)) : 0;
    if (n == 0)
        error_set(error, ERROR_NOT_FOUND, "this invitation is not valid any more: ask for a new one");
    if (n <= 0 || !owner_add(db, invitation->build_id, user_id, now_ms, error))
        return NULL;
    return g_steal_pointer(&invitation);
}
