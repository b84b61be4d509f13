#include "auth/jwt.h"

#include "base/base64url.h"
#include "auth/jwks.h"
#include "auth/signature.h"

#include <string.h>

/* Those of Google have 1 KB, those with a long list of groups some. */
enum { MOST_BYTES = 16 * 1024 };

typedef EVP_PKEY Key;

static void key_free(Key *key) {
    crypto.EVP_PKEY_free(key);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Key, key_free)

/* HEADER.CLAIMS.SIGNATURE */
typedef struct {
    const char *text;
    size_t header_size, signed_size; /* of the header; of all before the last dot */
} Parts;

/* Exactly two dots: what is encrypted has four (RFC 7516, 3.1). */
static bool split(const char *token, Parts *out_parts, GError **error) {
    if (strnlen(token, MOST_BYTES + 1) > MOST_BYTES) {
        error_set(error, ERROR_DENIED, "it has more than %d bytes", MOST_BYTES);
        return false;
    }
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.')) {
        error_set(error, ERROR_DENIED, "it has not three parts");
        return false;
    }
    *out_parts = (Parts){token, (size_t)(first - token), (size_t)(second - token)};
    return true;
}

/* A part that is Base64 of a JSON object, in which no name comes twice: which of both counts would be anybody's guess
 * (RFC 7515, 4; RFC 7519, 4). */
static json_t *read_object(const char *text, size_t n, GError **error) {
    g_autoptr(GBytes) bytes = base64url_decode(text, n);
    gsize size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    json_t *json = data ? json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    error_set(error, ERROR_DENIED, "a part of it is no JSON object in Base64");
    return NULL;
}

/* Another kind of token of the same service, as one for an API or one that logs out, says what it is (RFC 8725, 3.11). */
static bool is_id_token(const json_t *type) {
    const char *text = json_string_value(type);
    return !type ||
           (text && (g_ascii_strcasecmp(text, "JWT") == 0 || g_ascii_strcasecmp(text, "application/jwt") == 0));
}

/* What the header may say. The algorithm is one of ours, whatever the token says (RFC 8725, 3.1); nothing in it names a key
 * by itself (jwk, jku, x5c, x5u are not looked at; RFC 8725, 3.10). */
static const JwkAlgorithm *read_header(const json_t *header, GError **error) {
    const char *name = json_string_value(json_object_get(header, "alg"));
    const JwkAlgorithm *algorithm = name ? jwk_algorithm(name) : NULL;
    if (!algorithm)
        error_set(error, ERROR_DENIED, "it is not signed by RS256, PS256 or ES256");
    else if (json_object_get(header, "crit")) /* must be understood, and we understand none (RFC 7515, 4.1.11) */
        error_set(error, ERROR_DENIED, "it has an extension that we do not know");
    else if (!is_id_token(json_object_get(header, "typ")))
        error_set(error, ERROR_DENIED, "it is a token for something else");
    else
        return algorithm;
    return NULL;
}

/* A kid that is there is a text (RFC 7515, 4.1.4). */
static const json_t *find_key(const json_t *header, const JwkAlgorithm *algorithm, const json_t *jwks, GError **error) {
    const json_t *id = json_object_get(header, "kid");
    if (!id || json_is_string(id))
        return jwks_find(jwks, algorithm, json_string_value(id), error);
    error_set(error, ERROR_DENIED, "the id of its key is no text");
    return NULL;
}

static bool check_signature(const Parts *parts, const json_t *header, const json_t *jwks, GError **error) {
    const JwkAlgorithm *algorithm = read_header(header, error);
    const json_t *jwk = algorithm ? find_key(header, algorithm, jwks, error) : NULL;
    g_autoptr(Key) key = jwk ? jwk_key(jwk, algorithm, error) : NULL;
    if (!key)
        return false;
    const char *text = parts->text + parts->signed_size + 1;
    g_autoptr(GBytes) signature = base64url_decode(text, strlen(text));
    if (signature && signature_is_good(algorithm, key, parts->text, parts->signed_size, signature))
        return true;
    error_set(error, ERROR_DENIED, "its signature is wrong");
    return false;
}

json_t *jwt_verify(const char *token, const json_t *jwks, GError **error) {
    Parts parts;
    if (!crypto_load(error) || !split(token, &parts, error))
        return NULL;
    json_auto_t *header = read_object(token, parts.header_size, error);
    if (!header || !check_signature(&parts, header, jwks, error))
        return NULL;
    return read_object(token + parts.header_size + 1, parts.signed_size - parts.header_size - 1, error);
}
