#include "store/api_key.h"

#include "base/random.h"
#include "base/secret.h"

#include <string.h>

#define COLUMNS "id, secret_prefix, build_id, is_superuser, purpose, created, revoked, secret_sha256 "

enum { ID_BYTES = 20, SECRET_BYTES = 21, PREFIX_CHARACTERS = 4, COLUMN_OF_HASH = 7 };

void api_key_free(ApiKey *key) {
    if (!key)
        return;
    g_free(key->id);
    g_free(key->secret_prefix);
    g_free(key->purpose);
    g_free(key);
}

static ApiKey *read_key(const DbQuery *query) {
    ApiKey *key = g_new0(ApiKey, 1);
    key->id = g_strdup(db_text(query, 0));
    key->secret_prefix = g_strdup(db_text(query, 1));
    key->build_id = db_int(query, 2);
    key->is_superuser = db_int(query, 3) != 0;
    key->purpose = g_strdup(db_text(query, 4));
    key->created_ms = db_int(query, 5);
    key->revoked_ms = db_int(query, 6);
    return key;
}

bool api_key_add(Db *db, const ApiKey *key, const char *secret, GError **error) {
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
    g_autofree char *prefix = g_utf8_substring(secret, 0, MIN(g_utf8_strlen(secret, -1), PREFIX_CHARACTERS));
    return db_change_if_new(db, error,
                            "INSERT INTO api_keys (id, secret_sha256, secret_prefix, build_id, is_superuser, purpose, "
                            "created, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                            DB_TEXT(key->id), DB_TEXT(hash), DB_TEXT(prefix), DB_ID(key->build_id),
                            DB_INT(key->is_superuser), DB_TEXT(key->purpose), DB_INT(key->created_ms),
                            DB_ID(key->revoked_ms)) >= 0;
}

bool api_key_create(Db *db, int64_t build_id, const char *purpose, int64_t now_ms, char **out_id, char **out_secret,
                    GError **error) {
    g_autofree char *checked = store_check_text(purpose, STORE_MOST_NAME, "purpose", error);
    if (!checked || (build_id != 0 && !store_lock_build(db, build_id, error)))
        return false;
    g_autofree char *id = random_base32(ID_BYTES), *secret = random_base64(SECRET_BYTES);
    const ApiKey key = {
        .id = id, .build_id = build_id, .is_superuser = build_id == 0, .purpose = checked, .created_ms = now_ms};
    if (!api_key_add(db, &key, secret, error))
        return false;
    *out_id = g_steal_pointer(&id);
    *out_secret = g_steal_pointer(&secret);
    return true;
}

ApiKey *api_key_check(Db *db, const char *id, const char *secret, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " COLUMNS "FROM api_keys WHERE id = ?", DB_TEXT(id));
    g_autoptr(ApiKey) key = db_next(query) ? read_key(query) : NULL;
    if (!db_end(query, error))
        return NULL;
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
    if (!key)
        error_set(error, ERROR_DENIED, "API key must exist");
    else if (key->revoked_ms != 0)
        error_set(error, ERROR_DENIED, "API key must be active");
    else if (!secret_equals(hash, db_text(query, COLUMN_OF_HASH)))
        error_set(error, ERROR_DENIED, "Must have good credentials");
    else
        return g_steal_pointer(&key);
    return NULL;
}

ApiKey *api_key_load(Db *db, const char *id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " COLUMNS "FROM api_keys WHERE id = ?", DB_TEXT(id));
    g_autoptr(ApiKey) key = db_next(query) ? read_key(query) : NULL;
    if (db_end(query, error) && !key)
        error_set(error, ERROR_NOT_FOUND, "there is no API key %s", id);
    return g_steal_pointer(&key);
}

GPtrArray *api_key_list(Db *db, int64_t build_id, int most, GError **error) {
    static const char of_build[] =
        "SELECT " COLUMNS "FROM api_keys WHERE build_id = ? ORDER BY created DESC, id LIMIT ?";
    static const char of_superusers[] =
        "SELECT " COLUMNS "FROM api_keys WHERE is_superuser = ? ORDER BY created DESC, id LIMIT ?";
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)api_key_free);
    g_autoptr(DbQuery) query =
        db_query(db, build_id != 0 ? of_build : of_superusers, DB_INT(build_id != 0 ? build_id : 1), DB_INT(most));
    while (db_next(query))
        g_ptr_array_add(keys, read_key(query));
    return db_end(query, error) ? g_steal_pointer(&keys) : NULL;
}

bool api_key_revoke(Db *db, const char *id, int64_t now_ms, GError **error) {
    int64_t changed = db_change(db, error, "UPDATE api_keys SET revoked = COALESCE(revoked, ?) WHERE id = ?",
                                DB_INT(now_ms), DB_TEXT(id));
    if (changed == 0)
        error_set(error, ERROR_NOT_FOUND, "there is no API key %s", id);
    return changed > 0;
}
