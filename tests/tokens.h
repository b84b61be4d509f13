/* A login service's side of tokens, for tests: keys, and what is signed with them, rightly or wrongly. By OpenSSL. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct TokenKey TokenKey;

/* A new key pair, of RSA with so many bits, or of a curve, as "P-256". */
TokenKey *token_key_new_rsa(unsigned bits);
TokenKey *token_key_new_ec(const char *curve);
void token_key_free(TokenKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenKey, token_key_free)

/* The public key as a login service lists it, with this kid; NULL: without. The caller gives it back by json_decref(). */
json_t *token_key_jwk(const TokenKey *key, const char *kid);

/* The public key as a PEM file has it. */
char *token_key_pem(const TokenKey *key);

/* HEADER.CLAIMS.SIGNATURE, where header and claims are any text. how: "RS256", "PS256", "ES256" as they should be; "ES256-DER"
 * as OpenSSL makes it; "PS256-SALT" with a salt of another length; "RS512" with another hash. */
char *token_sign(const TokenKey *key, const char *how, const char *header, const char *claims);

/* The same with a shared secret, as HS256 has it. */
char *token_sign_shared(const char *secret, const char *header, const char *claims);

/* Without a signature: it ends with the dot. */
char *token_unsigned(const char *header, const char *claims);
