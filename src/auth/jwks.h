/* The list of a login service's keys (JWK Set, RFC 7517, 5), as the JSON that it is. Any thread. */
#pragma once

#include "auth/jwk.h"

#include <jansson.h>

/* Whether it is such a list, of at most 100 keys. ERROR_FAILED if not. */
bool jwks_check(const json_t *jwks, GError **error) MUST_CHECK;

/* The key with this id, for such signatures; without an id (NULL) the only one for them, as otherwise an id is demanded
 * (OpenID Connect Core 1.0, 10.1). It belongs to the list. ERROR_NOT_FOUND if there is none: a newer list may have it. */
const json_t *jwks_find(const json_t *jwks, const JwkAlgorithm *algorithm, const char *id, GError **error) MUST_CHECK;
