/* A code for a token: what goes over the wire. */
#pragma once

#include "auth/oidc.h"

#include <jansson.h>

/* Changes the code for an id_token (OpenID Connect Core 1.0, 3.1.3.1), which is not looked at, and which the caller frees.
 * ERROR_DENIED if the code is not good any more; ERROR_TIMEOUT, ERROR_STOPPED or ERROR_FAILED if the service gives none for
 * another reason. Any thread. */
char *token_fetch(const OidcProvider *provider, const json_t *discovery, const OidcLogin *login, const char *code,
                  GError **error) MUST_CHECK;
