#include "tokens.h"

#include "base/base64url.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <string.h>

enum { EC_BYTES = 32, OTHER_SALT_BYTES = 20 };

struct TokenKey {
    EVP_PKEY *pair;
};

static TokenKey *take(EVP_PKEY *pair) {
    g_assert(pair);
    TokenKey *key = g_new0(TokenKey, 1);
    key->pair = pair;
    return key;
}

TokenKey *token_key_new_rsa(unsigned bits) {
    return take(EVP_RSA_gen(bits));
}

TokenKey *token_key_new_ec(const char *curve) {
    return take(EVP_EC_gen(curve));
}

void token_key_free(TokenKey *key) {
    if (!key)
        return;
    EVP_PKEY_free(key->pair);
    g_free(key);
}

/* The public key. */

static void add_number(json_t *jwk, const char *name, const TokenKey *key, const char *parameter) {
    BIGNUM *number = NULL;
    g_assert(EVP_PKEY_get_bn_param(key->pair, parameter, &number) == 1);
    bool is_coordinate = EVP_PKEY_is_a(key->pair, "EC");
    int size = is_coordinate ? (EVP_PKEY_get_bits(key->pair) + 7) / 8 : BN_num_bytes(number);
    g_autofree unsigned char *bytes = g_malloc((size_t)size);
    g_assert(BN_bn2binpad(number, bytes, size) == size);
    BN_free(number);
    g_autofree char *text = base64url_encode(bytes, (size_t)size);
    json_object_set_new(jwk, name, json_string(text));
}

static json_t *ec_jwk(const TokenKey *key) {
    char group[32];
    g_assert(EVP_PKEY_get_group_name(key->pair, group, sizeof group, NULL) == 1);
    const char *curve = strcmp(group, "prime256v1") == 0 ? "P-256" : "P-384";
    json_t *jwk = json_pack("{s:s, s:s}", "kty", "EC", "crv", curve);
    add_number(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X);
    add_number(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y);
    return jwk;
}

static json_t *rsa_jwk(const TokenKey *key) {
    json_t *jwk = json_pack("{s:s}", "kty", "RSA");
    add_number(jwk, "n", key, OSSL_PKEY_PARAM_RSA_N);
    add_number(jwk, "e", key, OSSL_PKEY_PARAM_RSA_E);
    return jwk;
}

json_t *token_key_jwk(const TokenKey *key, const char *kid) {
    json_t *jwk = EVP_PKEY_is_a(key->pair, "EC") ? ec_jwk(key) : rsa_jwk(key);
    if (kid)
        json_object_set_new(jwk, "kid", json_string(kid));
    return jwk;
}

char *token_key_pem(const TokenKey *key) {
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    g_assert(PEM_write_bio_PUBKEY(memory, key->pair) == 1);
    long size = BIO_get_mem_data(memory, &bytes);
    char *pem = g_strndup(bytes, (size_t)size);
    BIO_free(memory);
    return pem;
}

/* Signatures. */

static GBytes *sign(const TokenKey *key, const char *how, const char *text) {
    EVP_PKEY_CTX *signer = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *hash = strcmp(how, "RS512") == 0 ? EVP_sha512() : EVP_sha256();
    g_assert(EVP_DigestSignInit(context, &signer, hash, NULL, key->pair) == 1);
    if (g_str_has_prefix(how, "PS256")) {
        int salt = strcmp(how, "PS256") == 0 ? RSA_PSS_SALTLEN_DIGEST : OTHER_SALT_BYTES;
        g_assert(EVP_PKEY_CTX_set_rsa_padding(signer, RSA_PKCS1_PSS_PADDING) == 1);
        g_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(signer, salt) == 1);
    }
    size_t size = 0;
    g_assert(EVP_DigestSign(context, NULL, &size, (const unsigned char *)text, strlen(text)) == 1);
    unsigned char *bytes = g_malloc(size);
    g_assert(EVP_DigestSign(context, bytes, &size, (const unsigned char *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(context);
    return g_bytes_new_take(bytes, size);
}

/* Two numbers side by side, from what OpenSSL makes. */
static GBytes *side_by_side(GBytes *der) {
    gsize size;
    const unsigned char *next = g_bytes_get_data(der, &size);
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &next, (long)size);
    unsigned char *bytes = g_malloc(2 * EC_BYTES);
    g_assert(BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, EC_BYTES) == EC_BYTES);
    g_assert(BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + EC_BYTES, EC_BYTES) == EC_BYTES);
    ECDSA_SIG_free(signature);
    return g_bytes_new_take(bytes, 2 * EC_BYTES);
}

/* HEADER.CLAIMS. */
char *token_unsigned(const char *header, const char *claims) {
    g_autofree char *first = base64url_encode(header, strlen(header)),
                    *second = base64url_encode(claims, strlen(claims));
    return g_strdup_printf("%s.%s.", first, second);
}

/* Without the last dot. */
static char *signed_text(const char *header, const char *claims) {
    char *text = token_unsigned(header, claims);
    text[strlen(text) - 1] = '\0';
    return text;
}

char *token_sign(const TokenKey *key, const char *how, const char *header, const char *claims) {
    g_autofree char *text = signed_text(header, claims);
    g_autoptr(GBytes) made = sign(key, how, text);
    g_autoptr(GBytes) signature = strcmp(how, "ES256") == 0 ? side_by_side(made) : g_bytes_ref(made);
    g_autofree char *last = base64url_encode(g_bytes_get_data(signature, NULL), g_bytes_get_size(signature));
    return g_strdup_printf("%s.%s", text, last);
}

char *token_sign_shared(const char *secret, const char *header, const char *claims) {
    g_autofree char *text = signed_text(header, claims);
    guint8 digest[32];
    gsize size = sizeof digest;
    g_autoptr(GHmac) hash = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret));
    g_hmac_update(hash, (const guchar *)text, (gssize)strlen(text));
    g_hmac_get_digest(hash, digest, &size);
    g_autofree char *last = base64url_encode(digest, size);
    return g_strdup_printf("%s.%s", text, last);
}
