/* Signed tokens (JSON Web Token, RFC 7519, as a JWS in its compact form, RFC 7515). */
#pragma once

#include "base/error.h"

#include <jansson.h>

/* Verifies a token's signature with a list of keys (auth/jwks.h) and returns its claims, an object, which the caller gives
 * back by json_decref(). What they say is not looked at. ERROR_NOT_FOUND if no key of the list is for it, as of a service
 * that has got new ones; ERROR_DENIED for whatever else is wrong with it, as more than 16 KiB; ERROR_FAILED without OpenSSL.
 * Messages never have the token in them. Any thread. */
json_t *jwt_verify(const char *token, const json_t *jwks, GError **error) MUST_CHECK;
