#include "auth/signature.h"

enum { EC_BYTES = 32 };

/* Two numbers side by side (RFC 7518, 3.4) in the form that OpenSSL reads. NULL for what is not of their length: so no
 * signature has two forms. */
static GBytes *in_der(const guint8 *data, gsize size) {
    if (size != 2 * EC_BYTES)
        return NULL;
    ECDSA_SIG *signature = crypto.ECDSA_SIG_new();
    g_assert(crypto.ECDSA_SIG_set0(signature, crypto.BN_bin2bn(data, EC_BYTES, NULL),
                                   crypto.BN_bin2bn(data + EC_BYTES, EC_BYTES, NULL)) == 1);
    unsigned char *der = NULL;
    int length = crypto.i2d_ECDSA_SIG(signature, NULL);
    g_assert(length > 0);
    unsigned char *next = der = g_malloc((gsize)length);
    crypto.i2d_ECDSA_SIG(signature, &next);
    crypto.ECDSA_SIG_free(signature);
    return g_bytes_new_take(der, (gsize)length);
}

/* The salt of PS256 is as long as its hash (RFC 7518, 3.5). */
static bool set_padding(const JwkAlgorithm *algorithm, EVP_PKEY_CTX *verifier) {
    if (!algorithm->rsa_padding)
        return true;
    return crypto.EVP_PKEY_CTX_set_rsa_padding(verifier, algorithm->rsa_padding) == 1 &&
           (algorithm->rsa_padding != RSA_PKCS1_PSS_PADDING ||
            crypto.EVP_PKEY_CTX_set_rsa_pss_saltlen(verifier, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool signature_is_good(const JwkAlgorithm *algorithm, EVP_PKEY *key, const char *text, size_t size, GBytes *signature) {
    gsize n;
    const guint8 *data = g_bytes_get_data(signature, &n);
    g_autoptr(GBytes) form = algorithm->rsa_padding ? g_bytes_ref(signature) : in_der(data, n);
    if (!form)
        return false;
    data = g_bytes_get_data(form, &n);
    EVP_PKEY_CTX *verifier = NULL; /* of the context */
    EVP_MD_CTX *context = crypto.EVP_MD_CTX_new();
    bool is_good = crypto.EVP_DigestVerifyInit(context, &verifier, crypto.EVP_sha256(), NULL, key) == 1 &&
                   set_padding(algorithm, verifier) &&
                   crypto.EVP_DigestVerify(context, data, n, (const unsigned char *)text, size) == 1;
    crypto.EVP_MD_CTX_free(context);
    crypto.ERR_clear_error(); /* libcurl would take it for its own */
    return is_good;
}
