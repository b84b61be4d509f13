/* Public keys as a login service lists them (JSON Web Key, RFC 7517), and the kinds of signatures that are made with them
 * (RFC 7518, 3.1). Any thread. */
#pragma once

#include "auth/crypto.h"

#include <jansson.h>

/* A kind of signature that we take. */
typedef struct {
    const char *name; /* as in the header of a token: "RS256" */
    const char *key_type;
    int rsa_padding; /* of OpenSSL; 0: not by RSA */
} JwkAlgorithm;

/* NULL for a name that is none of RS256, PS256 and ES256. "none" is not there, and nothing with a shared secret: to those
 * public keys were given as the secret (RFC 8725, 2.1). */
const JwkAlgorithm *jwk_algorithm(const char *name);

/* Whether a key is there for such signatures: by its type, its curve, and what it says of its use. */
bool jwk_fits(const json_t *jwk, const JwkAlgorithm *algorithm);

/* The key for OpenSSL, whose functions must be loaded; the caller frees it. ERROR_DENIED for one that is broken or weak:
 * RSA of less than 2048 bits (RFC 7518, 3.3), or of more than 8192, which would cost too much. */
EVP_PKEY *jwk_key(const json_t *jwk, const JwkAlgorithm *algorithm, GError **error) MUST_CHECK;
