#include "auth/crypto.h"

Crypto crypto;
static LIBRARY(crypto, CRYPTO_FUNCTIONS, "libcrypto.so.3", "libssl3");

bool crypto_load(GError **error) {
    return library_load(&crypto_library, error);
}
