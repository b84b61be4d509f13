#include "auth/jwks.h"

/* Services have two or three, and some of them one a customer. */
enum { MOST_KEYS = 100 };

bool jwks_check(const json_t *jwks, GError **error) {
    const json_t *keys = json_object_get(jwks, "keys");
    if (json_is_array(keys) && json_array_size(keys) <= MOST_KEYS)
        return true;
    error_set(error, ERROR_FAILED, "this is no list of at most %d keys", MOST_KEYS);
    return false;
}

const json_t *jwks_find(const json_t *jwks, const JwkAlgorithm *algorithm, const char *id, GError **error) {
    const json_t *found = NULL, *key;
    size_t i, n = 0;
    json_array_foreach (json_object_get(jwks, "keys"), i, key) {
        bool is_named = !id || g_strcmp0(json_string_value(json_object_get(key, "kid")), id) == 0;
        if (!is_named || !jwk_fits(key, algorithm))
            continue;
        found = key;
        n++;
    }
    if (n == 1)
        return found;
    error_set(error, ERROR_NOT_FOUND,
              n == 0 ? "it is signed with a key that the login service does not list"
                     : "it does not say which of the login service's keys it is signed with");
    return NULL;
}
