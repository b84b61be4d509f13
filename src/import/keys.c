/* API keys: of a secret, which the old server kept in clear, the hash comes, so clients go on with what they have. */
#include "import/import_work.h"

#include "store/api_key.h"

#include <string.h>

enum { MOST_ID = 64 };

typedef struct {
    ApiKey key;
    const char *secret;
} Brought;

static bool write_key(Db *db, void *data, GError **error) {
    const Brought *brought = data;
    const Known known = {0};
    return api_key_add(db, &brought->key, brought->secret, error) &&
           known_put(db, "key", 0, brought->key.id, &known, error);
}

static bool write_revocation(Db *db, void *data, GError **error) {
    const Brought *brought = data;
    return api_key_revoke(db, brought->key.id, brought->key.revoked_ms, error);
}

static bool find_here(Import *import, const char *id, ApiKey **out_key, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, &cause);
    *out_key = db ? api_key_load(db, id, &cause) : NULL;
    if (!cause || error_is(cause, ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* A key that was revoked there since opens nothing here, either. */
static bool bring(Import *import, Brought *brought, bool was_known, GError **error) {
    ImportCount *count = &import->result->counts[IMPORT_KEYS];
    g_autoptr(ApiKey) here = NULL;
    if (!find_here(import, brought->key.id, &here, error))
        return false;
    if (here && !was_known) {
        import_lose(import, IMPORT_KEYS, OLD_NAMED_ROW("api_key", brought->key.id),
                    "there is another key of this id here");
        return true;
    }
    bool is_revoked = here && here->revoked_ms == 0 && brought->key.revoked_ms != 0;
    count->n_new += !was_known;
    count->n_changed += is_revoked;
    count->n_known += was_known && !is_revoked;
    return is_revoked ? import_write(import, write_revocation, brought, error)
                      : was_known || import_write(import, write_key, brought, error);
}

/* Why a key does not come; NULL if it does. */
static const char *find_fault(const Brought *brought, const ImportBuild *build, const char *secret) {
    if (strlen(brought->key.id) > MOST_ID)
        return "its id has more than 64 bytes";
    if (!secret || !*secret || !g_utf8_validate(secret, -1, NULL))
        return "it has no secret";
    if (!brought->key.is_superuser && (!build || build->is_gone))
        return "its build is not here";
    return NULL;
}

static bool look_at(Import *import, const DbQuery *query, GHashTable *known, GError **error) {
    const char *id = db_text(query, 0);
    const OldRow *row = OLD_NAMED_ROW("api_key", id ? id : "NULL");
    g_autoptr(GError) cause = NULL;
    g_autofree char *checked = store_check_text(id ? id : "", STORE_MOST_NAME, "its id", &cause);
    if (!checked) {
        import_lose(import, IMPORT_KEYS, row, "%s", cause->message);
        return true;
    }
    g_autofree char *purpose = store_check_text(db_text(query, 3) ? db_text(query, 3) : "", STORE_MOST_NAME, "", NULL);
    const ImportBuild *build = import_build(import, db_int(query, 6));
    Brought brought = {.secret = db_text(query, 1)};
    ApiKey *key = &brought.key;
    key->id = checked;
    key->is_superuser = db_int(query, 5) != 0;
    key->build_id = build && !key->is_superuser ? build->id : 0;
    key->purpose = purpose ? purpose : (char *)"imported";
    key->created_ms = old_time(query, 4);
    /* The old server never noted when. */
    int64_t changed_ms = MAX(MAX(old_time(query, 7), key->created_ms), 1);
    key->revoked_ms = db_int(query, 2) ? 0 : MAX(old_time(query, 8), changed_ms);
    const char *fault = find_fault(&brought, build, brought.secret);
    if (!fault)
        return bring(import, &brought, g_hash_table_contains(known, id), error);
    import_lose(import, IMPORT_KEYS, row, "%s", fault);
    return true;
}

bool import_keys(Import *import, GError **error) {
    g_autoptr(GHashTable) known = known_load(import, "key", 0, error);
    if (!known)
        return false;
    g_autofree char *sql =
        g_strdup_printf("SELECT id, secret, active, purpose, created, superuser, build_id, modified, %s "
                        "FROM api_key ORDER BY created, id",
                        old_column(import, "api_key", "revoked", "NULL"));
    g_autoptr(DbQuery) query = db_query(import->old, sql);
    while (db_next(query))
        if (!look_at(import, query, known, error))
            return false;
    return db_end(query, error);
}
