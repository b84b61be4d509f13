/* A login service as auth/oidc.h has it: what was set up, and what it says of itself. For the files of this folder. */
#pragma once

#include "auth/oidc.h"

#include <jansson.h>

typedef struct CachedDocument CachedDocument; /* auth/cached.h */

struct OidcProvider {
    char *issuer, *client_id, *client_secret, *redirect_uri;
    char *hosted_domain; /* NULL: any */
    char *discovery_url;
    CachedDocument *discovery, *jwks;
};

/* The document of auth/discovery.h, which the caller gives back by json_decref(). ERROR_TIMEOUT, ERROR_STOPPED or
 * ERROR_FAILED if there is none. Any thread. */
json_t *provider_discovery(OidcProvider *provider, GError **error) MUST_CHECK;

/* The claims of a token that this service has signed, the same way. ERROR_DENIED for a wrong one, else as above. Any
 * thread. */
json_t *provider_verify(OidcProvider *provider, const json_t *discovery, const char *token, GError **error) MUST_CHECK;
