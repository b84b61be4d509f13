/* Keys with which programs use the API: a name and a secret, of which only a hash is kept. A key is for one build or, a
 * superuser's, for all of them and for the queue. */
#pragma once

#include "store/store.h"

typedef struct {
    char *id;            /* 32 characters */
    char *secret_prefix; /* the secret's first characters, by which a person knows it */
    int64_t build_id;    /* 0: none */
    bool is_superuser;
    char *purpose;
    int64_t created_ms, revoked_ms; /* the latter 0: it is valid */
} ApiKey;

void api_key_free(ApiKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ApiKey, api_key_free)

/* Makes a key; build_id is 0 for a superuser's. *out_id and *out_secret are the caller's to free; nobody can find the secret
 * out again. Fails with ERROR_NOT_FOUND if there is no such build, ERROR_INVALID for a purpose that store_check_text()
 * refuses. In a transaction. */
bool api_key_create(Db *db, int64_t build_id, const char *purpose, int64_t now_ms, char **out_id, char **out_secret,
                    GError **error) MUST_CHECK;

/* Adds a key that was made elsewhere, as it is but for its prefix, which is that of its secret; one with this id stays
 * as it is. */
bool api_key_add(Db *db, const ApiKey *key, const char *secret, GError **error) MUST_CHECK;

/* The key, if this is its secret and it was not revoked; else NULL with ERROR_DENIED. The caller frees it. */
ApiKey *api_key_check(Db *db, const char *id, const char *secret, GError **error) MUST_CHECK;

/* The key, or NULL with ERROR_NOT_FOUND. The caller frees it. */
ApiKey *api_key_load(Db *db, const char *id, GError **error) MUST_CHECK;

/* Keys of a build (0: superusers'), newest first, at most so many. The caller frees the array of ApiKey. */
GPtrArray *api_key_list(Db *db, int64_t build_id, int most, GError **error) MUST_CHECK;

/* Makes a key invalid from now on; one that is already stays so. Fails with ERROR_NOT_FOUND. */
bool api_key_revoke(Db *db, const char *id, int64_t now_ms, GError **error) MUST_CHECK;
