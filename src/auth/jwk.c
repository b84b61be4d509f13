#include "auth/jwk.h"

#include "base/base64url.h"

#include <string.h>

enum {
    LEAST_RSA_BITS = 2048,
    MOST_RSA_BITS = 8192,
    MOST_EXPONENT_BYTES = 8, /* what OpenSSL takes of large keys; in use are 3 and 65537 */
    EC_BYTES = 32,           /* of a coordinate of P-256 (RFC 7518, 6.2.1.2) */
};

static const JwkAlgorithm algorithms[] = {
    {"RS256", "RSA", RSA_PKCS1_PADDING},
    {"PS256", "RSA", RSA_PKCS1_PSS_PADDING},
    {"ES256", "EC", 0},
};

typedef BIGNUM Number;
typedef OSSL_PARAM_BLD Parameters;
typedef EVP_PKEY_CTX Maker;

static void number_free(Number *number) {
    crypto.BN_free(number);
}

static void parameters_free(Parameters *parameters) {
    crypto.OSSL_PARAM_BLD_free(parameters);
}

static void maker_free(Maker *maker) {
    crypto.EVP_PKEY_CTX_free(maker);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Number, number_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parameters, parameters_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Maker, maker_free)

const JwkAlgorithm *jwk_algorithm(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++)
        if (strcmp(name, algorithms[i].name) == 0)
            return &algorithms[i];
    return NULL;
}

/* What a key says. */

static const char *text_of(const json_t *jwk, const char *name) {
    return json_string_value(json_object_get(jwk, name));
}

static bool is_absent_or(const json_t *jwk, const char *name, const char *expected) {
    const json_t *value = json_object_get(jwk, name);
    return !value || g_strcmp0(json_string_value(value), expected) == 0;
}

/* key_ops (RFC 7517, 4.3). */
static bool may_verify(const json_t *jwk) {
    const json_t *uses = json_object_get(jwk, "key_ops"), *use;
    size_t i;
    json_array_foreach (uses, i, use)
        if (g_strcmp0(json_string_value(use), "verify") == 0)
            return true;
    return !uses;
}

bool jwk_fits(const json_t *jwk, const JwkAlgorithm *algorithm) {
    bool is_curve = algorithm->rsa_padding || g_strcmp0(text_of(jwk, "crv"), "P-256") == 0;
    return g_strcmp0(text_of(jwk, "kty"), algorithm->key_type) == 0 && is_curve && may_verify(jwk) &&
           is_absent_or(jwk, "alg", algorithm->name) && is_absent_or(jwk, "use", "sig");
}

/* A member that is Base64 of 1 to most bytes; NULL if it is not. */
static GBytes *bytes_of(const json_t *jwk, const char *name, size_t most) {
    const char *text = text_of(jwk, name);
    g_autoptr(GBytes) bytes = text ? base64url_decode(text, strlen(text)) : NULL;
    if (!bytes || g_bytes_get_size(bytes) == 0 || g_bytes_get_size(bytes) > most)
        return NULL;
    return g_steal_pointer(&bytes);
}

/* The key. */

static void add_number(OSSL_PARAM_BLD *parameters, const char *name, const BIGNUM *number) {
    g_assert(crypto.OSSL_PARAM_BLD_push_BN(parameters, name, number) == 1);
}

static Number *number_of(GBytes *bytes) {
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    Number *number = crypto.BN_bin2bn(data, (int)size, NULL);
    g_assert(number);
    return number;
}

/* NULL if OpenSSL does not like it, as a point that is not on the curve. */
static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *parameters) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *built = crypto.OSSL_PARAM_BLD_to_param(parameters);
    g_autoptr(Maker) maker = crypto.EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    g_assert(built && maker && crypto.EVP_PKEY_fromdata_init(maker) == 1);
    if (crypto.EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, built) != 1)
        key = NULL;
    crypto.OSSL_PARAM_free(built);
    return key;
}

/* An exponent of 1 would make each message its own signature, and an even one none. */
static bool is_exponent(GBytes *bytes) {
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    gsize zeros = 0;
    while (zeros < size && data[zeros] == 0)
        zeros++;
    return zeros < size && data[size - 1] % 2 == 1 && (size - zeros > 1 || data[zeros] > 1);
}

static EVP_PKEY *rsa_key(const json_t *jwk) {
    g_autoptr(GBytes) n = bytes_of(jwk, "n", MOST_RSA_BITS / 8), e = bytes_of(jwk, "e", MOST_EXPONENT_BYTES);
    if (!n || !e || !is_exponent(e))
        return NULL;
    g_autoptr(Parameters) parameters = crypto.OSSL_PARAM_BLD_new();
    g_autoptr(Number) modulus = number_of(n), exponent = number_of(e);
    add_number(parameters, OSSL_PKEY_PARAM_RSA_N, modulus);
    add_number(parameters, OSSL_PKEY_PARAM_RSA_E, exponent);
    return make("RSA", parameters);
}

/* Two coordinates, as an uncompressed point (SEC 1, 2.3.3). */
static EVP_PKEY *ec_key(const json_t *jwk) {
    g_autoptr(GBytes) x = bytes_of(jwk, "x", EC_BYTES), y = bytes_of(jwk, "y", EC_BYTES);
    if (!x || !y || g_bytes_get_size(x) != EC_BYTES || g_bytes_get_size(y) != EC_BYTES)
        return NULL;
    guint8 point[1 + 2 * EC_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    memcpy(point + 1, g_bytes_get_data(x, NULL), EC_BYTES);
    memcpy(point + 1 + EC_BYTES, g_bytes_get_data(y, NULL), EC_BYTES);
    g_autoptr(Parameters) parameters = crypto.OSSL_PARAM_BLD_new();
    g_assert(crypto.OSSL_PARAM_BLD_push_utf8_string(parameters, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1);
    g_assert(crypto.OSSL_PARAM_BLD_push_octet_string(parameters, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1);
    return make("EC", parameters);
}

EVP_PKEY *jwk_key(const json_t *jwk, const JwkAlgorithm *algorithm, GError **error) {
    EVP_PKEY *key = algorithm->rsa_padding ? rsa_key(jwk) : ec_key(jwk);
    if (key && algorithm->rsa_padding && crypto.EVP_PKEY_get_bits(key) < LEAST_RSA_BITS) {
        crypto.EVP_PKEY_free(key);
        error_set(error, ERROR_DENIED, "the login service's key has less than %d bits", LEAST_RSA_BITS);
        return NULL;
    }
    if (!key)
        error_set(error, ERROR_DENIED, "the login service's key is broken");
    crypto.ERR_clear_error(); /* libcurl would take it for its own */
    return key;
}
