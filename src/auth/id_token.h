/* Who it is that a login service has let in: the rules for the claims of its token (OpenID Connect Core 1.0, 3.1.3.7). */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <stdint.h>

typedef struct OidcPerson OidcPerson; /* auth/oidc.h */

typedef struct {
    const char *issuer, *client_id, *nonce;
    const char *hosted_domain; /* NULL: any */
    int64_t now_s;             /* since 1970 */
} IdTokenRules;

/* The person of a token whose signature is good; the caller frees it. ERROR_DENIED, with the rule that was broken, for
 * whoever may not come in. Any thread. */
OidcPerson *id_token_read(const json_t *claims, const IdTokenRules *rules, GError **error) MUST_CHECK;
