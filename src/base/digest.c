#include "base/digest.h"

#include "base/hex.h"
#include "base/library.h"

#include <openssl/evp.h>

/* What we call of libcrypto; as in its own manual. */
#define FUNCTIONS(F)  \
    F(EVP_MD_CTX_new) \
    F(EVP_MD_CTX_free) F(EVP_DigestInit_ex) F(EVP_DigestUpdate) F(EVP_DigestFinal_ex) F(EVP_sha1) F(EVP_sha256)

static struct { FUNCTIONS(LIBRARY_POINTER) } crypto;
static LIBRARY(crypto, FUNCTIONS, "libcrypto.so.3", "libssl3");

enum { SHA1, SHA256, HASHES };

struct Digest {
    EVP_MD_CTX *hashes[HASHES];
};

Digest *digest_new(GError **error) {
    if (!library_load(&crypto_library, error))
        return NULL;
    Digest *digest = g_new0(Digest, 1);
    const EVP_MD *const kinds[HASHES] = {[SHA1] = crypto.EVP_sha1(), [SHA256] = crypto.EVP_sha256()};
    for (int i = 0; i < HASHES; i++) {
        digest->hashes[i] = crypto.EVP_MD_CTX_new();
        g_assert(crypto.EVP_DigestInit_ex(digest->hashes[i], kinds[i], NULL) == 1);
    }
    return digest;
}

void digest_free(Digest *digest) {
    if (!digest)
        return;
    for (int i = 0; i < HASHES; i++)
        crypto.EVP_MD_CTX_free(digest->hashes[i]);
    g_free(digest);
}

void digest_add(Digest *digest, const void *data, size_t size) {
    for (int i = 0; i < HASHES; i++)
        g_assert(crypto.EVP_DigestUpdate(digest->hashes[i], data, size) == 1);
}

static char *end(EVP_MD_CTX *hash) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    g_assert(crypto.EVP_DigestFinal_ex(hash, bytes, &n) == 1);
    return hex_text(bytes, n);
}

void digest_end(Digest *digest, char **out_sha1, char **out_sha256) {
    *out_sha1 = end(digest->hashes[SHA1]);
    *out_sha256 = end(digest->hashes[SHA256]);
}
