/* Who owns a build, and who is to. The old server had no list of invitations: who was invited was an owner whom nobody
 * could be yet. */
#include "import/import_work.h"

#include "store/owner.h"

typedef struct {
    Import *import;
    ImportBuild *build;
    const char *user_id, *email; /* the latter of who is invited */
} Claim;

static bool write_owner(Db *db, void *data, GError **error) {
    const Claim *claim = data;
    const Known known = {0};
    return owner_add(db, claim->build->id, claim->user_id, claim->import->options->now_ms, error) &&
           known_put(db, "owner", claim->build->id, claim->user_id, &known, error);
}

/* Its link would be in a mail, and is in none: an owner has it sent, or shown, by inviting once more. */
static bool write_invitation(Db *db, void *data, GError **error) {
    const Claim *claim = data;
    const Known known = {0};
    g_autofree char *unused = NULL;
    return invitation_create(db, claim->build->id, claim->email, NULL, claim->import->options->now_ms, &unused,
                             error) &&
           known_put(db, "invitation", claim->build->id, claim->user_id, &known, error);
}

static bool find_invitation(const Claim *claim, bool *out_there, GError **error) {
    const ImportOptions *options = claim->import->options;
    g_autoptr(GError) cause = NULL;
    g_autoptr(Db) db = db_pool_take(options->to, 0, &cause);
    g_autoptr(Invitation) there =
        db ? invitation_find(db, claim->build->id, claim->email, options->now_ms, &cause) : NULL;
    *out_there = there != NULL;
    if (!cause || error_is(cause, ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool invite(Claim *claim, GHashTable *known, GError **error) {
    ImportCount *count = &claim->import->result->counts[IMPORT_INVITATIONS];
    bool is_there = g_hash_table_contains(known, claim->user_id);
    if (!is_there && !find_invitation(claim, &is_there, error))
        return false;
    count->n_known += is_there;
    count->n_new += !is_there;
    if (is_there)
        return true;
    import_note(claim->import, OLD_NAMED_ROW("user", claim->user_id),
                "is invited to the build %" G_GINT64_FORMAT ", for two weeks; he has no link until an owner invites "
                "him once more",
                claim->build->id);
    return import_write(claim->import, write_invitation, claim, error);
}

static bool find_owner(const Claim *claim, bool *out_there, GError **error) {
    g_autoptr(Db) db = db_pool_take(claim->import->options->to, 0, error);
    return db && owner_is(db, claim->build->id, claim->user_id, out_there, error);
}

static bool own(Claim *claim, GHashTable *known, GError **error) {
    ImportCount *count = &claim->import->result->counts[IMPORT_OWNERS];
    bool is_there = g_hash_table_contains(known, claim->user_id);
    if (!is_there && !find_owner(claim, &is_there, error))
        return false;
    count->n_known += is_there;
    count->n_new += !is_there;
    return is_there || import_write(claim->import, write_owner, claim, error);
}

bool import_owners(Import *import, ImportBuild *build, GError **error) {
    g_autoptr(GHashTable) owners = known_load(import, "owner", build->id, error);
    g_autoptr(GHashTable) invitations = owners ? known_load(import, "invitation", build->id, error) : NULL;
    if (!invitations)
        return false;
    g_autoptr(DbQuery) query =
        db_query(import->old, "SELECT DISTINCT user_id FROM build_ownership WHERE build_id = ? ORDER BY user_id",
                 DB_INT(build->old_id));
    while (db_next(query)) {
        Claim claim = {import, build, db_text(query, 0), NULL};
        claim.email = claim.user_id ? g_hash_table_lookup(import->invited, claim.user_id) : NULL;
        bool is_here = claim.user_id && g_hash_table_contains(import->people, claim.user_id);
        if (claim.email ? !invite(&claim, invitations, error) : is_here && !own(&claim, owners, error))
            return false;
        if (!claim.email && !is_here)
            import_lose(import, IMPORT_OWNERS, OLD_ROW("build_ownership of build", build->old_id),
                        "there is no user %s here", claim.user_id ? claim.user_id : "NULL");
    }
    return db_end(query, error);
}
