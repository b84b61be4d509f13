/* People. Who logged in with Google has the id under which he will log in here; who was only invited has no id here, and
 * becomes an invitation of each build (owners.c). */
#include "import/import_work.h"

#include "store/user.h"

#define INVITED "email_invitation:"

static bool write_user(Db *db, void *data, GError **error) {
    const User *user = data;
    const Known known = {0};
    return user_add(db, user, error) && known_put(db, "user", 0, user->id, &known, error);
}

/* Whether somebody has his id here, and may do there what he may here. NULL if nobody has. */
static bool find_here(Import *import, const char *id, User **out_user, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, &cause);
    *out_user = db ? user_load(db, id, &cause) : NULL;
    if (!cause || error_is(cause, ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool bring(Import *import, User *user, bool was_known, GError **error) {
    ImportCount *count = &import->result->counts[IMPORT_USERS];
    const OldRow *row = OLD_NAMED_ROW("user", user->id);
    g_autoptr(User) here = NULL;
    if (!find_here(import, user->id, &here, error))
        return false;
    if (here && !was_known && user->is_superuser && !here->is_superuser)
        import_note(import, row, "is no superuser here, where he has logged in before: `dpxdt user promote`");
    if (here || !was_known)
        g_hash_table_add(import->people, g_strdup(user->id));
    count->n_known += here || was_known;
    count->n_new += !here && !was_known;
    return was_known || import_write(import, write_user, user, error);
}

static bool look_at(Import *import, const DbQuery *query, GHashTable *known, GError **error) {
    const char *id = db_text(query, 0);
    const OldRow *row = OLD_NAMED_ROW("user", id ? id : "NULL");
    const char *address = db_text(query, 1);
    g_autoptr(GError) cause = NULL;
    g_autofree char *checked = store_check_text(id ? id : "", STORE_MOST_NAME, "the id", &cause);
    g_autofree char *email = checked ? user_check_email(address ? address : "", &cause) : NULL;
    if (!email) {
        import_lose(import, IMPORT_USERS, row, "%s", cause->message);
        return true;
    }
    if (g_str_has_prefix(id, INVITED)) {
        g_hash_table_replace(import->invited, g_strdup(id), g_steal_pointer(&email));
        return true;
    }
    User user = {
        .id = checked, .email = email, .is_superuser = db_int(query, 2) != 0, .created_ms = old_time(query, 3)};
    user.seen_ms = MAX(old_time(query, 4), user.created_ms);
    return bring(import, &user, g_hash_table_contains(known, id), error);
}

bool import_users(Import *import, GError **error) {
    g_autoptr(GHashTable) known = known_load(import, "user", 0, error);
    if (!known)
        return false;
    g_autoptr(DbQuery) query =
        db_query(import->old,
                 "SELECT id, email_address, superuser, created, last_seen FROM \"user\" ORDER BY created, id");
    while (db_next(query))
        if (!look_at(import, query, known, error))
            return false;
    return db_end(query, error);
}
