/* OpenSSL's libcrypto, as base/library.h has it, for the signatures of a login service. */
#pragma once

#include "base/library.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

/* What we call of it; as in its own manual. */
#define CRYPTO_FUNCTIONS(F)             \
    F(BN_bin2bn)                        \
    F(BN_free)                          \
    F(ECDSA_SIG_free)                   \
    F(ECDSA_SIG_new)                    \
    F(ECDSA_SIG_set0)                   \
    F(ERR_clear_error)                  \
    F(EVP_DigestVerify)                 \
    F(EVP_DigestVerifyInit)             \
    F(EVP_MD_CTX_free)                  \
    F(EVP_MD_CTX_new)                   \
    F(EVP_PKEY_CTX_free)                \
    F(EVP_PKEY_CTX_new_from_name)       \
    F(EVP_PKEY_CTX_set_rsa_padding)     \
    F(EVP_PKEY_CTX_set_rsa_pss_saltlen) \
    F(EVP_PKEY_free)                    \
    F(EVP_PKEY_fromdata)                \
    F(EVP_PKEY_fromdata_init)           \
    F(EVP_PKEY_get_bits)                \
    F(EVP_sha256)                       \
    F(OSSL_PARAM_BLD_free)              \
    F(OSSL_PARAM_BLD_new)               \
    F(OSSL_PARAM_BLD_push_BN)           \
    F(OSSL_PARAM_BLD_push_octet_string) \
    F(OSSL_PARAM_BLD_push_utf8_string)  \
    F(OSSL_PARAM_BLD_to_param)          \
    F(OSSL_PARAM_free)                  \
    F(i2d_ECDSA_SIG)

typedef struct {
    CRYPTO_FUNCTIONS(LIBRARY_POINTER)
} Crypto;

/* Valid once crypto_load() has returned true. */
extern Crypto crypto;

/* Fails with ERROR_NO_PROGRAM if the library is not installed. Any thread. */
bool crypto_load(GError **error) MUST_CHECK;
