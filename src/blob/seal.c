#include "blob/seal.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/library.h"
#include "base/random.h"
#include "blob/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    KEY_BYTES = 64,
    TAG_BYTES = 16,
    NAME_BYTES = 16,
    MOST_KEY_FILE_BYTES = 4096,
    /* Of what is opened in memory: more than a request may bring, unless --max-request lets it. */
    MOST_BYTES = 64 * 1024 * 1024,
};

/* What we call of libcrypto; as in its own manual. */
#define FUNCTIONS(F)       \
    F(EVP_CIPHER_fetch)    \
    F(EVP_CIPHER_free)     \
    F(EVP_CIPHER_CTX_new)  \
    F(EVP_CIPHER_CTX_free) \
    F(EVP_CIPHER_CTX_ctrl) \
    F(EVP_CipherInit_ex)   \
    F(EVP_CipherUpdate)

static struct { FUNCTIONS(LIBRARY_POINTER) } crypto;
static LIBRARY(crypto, FUNCTIONS, "libcrypto.so.3", "libssl3");

struct SealKey {
    unsigned char bytes[KEY_BYTES];
    char *name;
};

void seal_key_free(SealKey *key) {
    if (!key)
        return;
    explicit_bzero(key->bytes, sizeof key->bytes);
    g_free(key->name);
    g_free(key);
}

const char *seal_key_name(const SealKey *key) {
    return key->name;
}

/* -- The file of a key -- */

/* Linked into its place when it is whole, so that of several who make one, one does. */
static bool make_file(const char *path, GError **error) {
    unsigned char bytes[KEY_BYTES];
    random_bytes(bytes, sizeof bytes);
    g_autofree char *encoded = g_base64_encode(bytes, sizeof bytes), *text = g_strconcat(encoded, "\n", NULL);
    g_autofree char *coming = g_strconcat(path, ".XXXXXX", NULL), *folder = g_path_get_dirname(path);
    explicit_bzero(bytes, sizeof bytes);
    if (!file_make_folder(folder, error))
        return false;
    int file = g_mkstemp_full(coming, O_RDWR | O_CLOEXEC, 0600);
    bool is_made = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) && fsync(file) == 0 &&
                   (link(coming, path) == 0 || errno == EEXIST);
    if (!is_made)
        error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", path);
    if (file >= 0) {
        close(file);
        unlink(coming);
    }
    return is_made;
}

/* As name a hash of it: of 512 bits that nobody can guess it tells nothing. */
static SealKey *key_new(const guchar *bytes, GError **error) {
    g_autoptr(Digest) digest = digest_new(error);
    g_autofree char *sha1 = NULL, *sha256 = NULL;
    if (!digest || !library_load(&crypto_library, error))
        return NULL;
    SealKey *key = g_new0(SealKey, 1);
    memcpy(key->bytes, bytes, KEY_BYTES);
    digest_add(digest, bytes, KEY_BYTES);
    digest_end(digest, &sha1, &sha256);
    key->name = g_strndup(sha256, 2 * NAME_BYTES);
    return key;
}

SealKey *seal_key_load(const char *path, bool make, GError **error) {
    size_t size = 0;
    if (make && !g_file_test(path, G_FILE_TEST_EXISTS) && !make_file(path, error))
        return NULL;
    g_autoptr(GBytes) text = file_read(path, MOST_KEY_FILE_BYTES, error);
    if (!text)
        return NULL;
    g_autofree char *encoded = g_strndup(g_bytes_get_data(text, NULL), g_bytes_get_size(text));
    g_autofree guchar *bytes = g_base64_decode(encoded, &size);
    SealKey *key = size == KEY_BYTES ? key_new(bytes, error) : NULL;
    if (size != KEY_BYTES)
        error_set(error, ERROR_INVALID, "%s: a key is %d bytes in base64, and these are %zu", path, KEY_BYTES, size);
    explicit_bzero(bytes, size);
    explicit_bzero(encoded, strlen(encoded));
    return key;
}

/* -- The cipher -- */

static void cipher_free(EVP_CIPHER *cipher) {
    crypto.EVP_CIPHER_free(cipher);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER, cipher_free)

static void context_free(EVP_CIPHER_CTX *context) {
    crypto.EVP_CIPHER_CTX_free(context);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, context_free)

/* Encrypts or, given the tag, decrypts in one go, as SIV must. False if the tag is another's. */
static bool work(const SealKey *key, bool encrypts, unsigned char *tag, const void *in, size_t size,
                 unsigned char *out) {
    g_autoptr(EVP_CIPHER) cipher = crypto.EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
    g_autoptr(EVP_CIPHER_CTX) context = crypto.EVP_CIPHER_CTX_new();
    int n;
    g_assert(cipher && context && size <= MOST_BYTES);
    g_assert(crypto.EVP_CipherInit_ex(context, cipher, NULL, key->bytes, NULL, encrypts) == 1);
    if (!encrypts)
        g_assert(crypto.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1);
    bool is_done = crypto.EVP_CipherUpdate(context, out, &n, in, (int)size) == 1;
    if (encrypts)
        g_assert(is_done && crypto.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1);
    return is_done;
}

static bool find_facts(const void *data, size_t size, BlobFacts *out, GError **error) {
    g_autoptr(Digest) digest = digest_new(error);
    if (!digest)
        return false;
    digest_add(digest, data, size);
    digest_end(digest, &out->sha1, &out->sha256);
    out->size = (int64_t)size;
    return true;
}

bool seal_put(BlobWriter *writer, const SealKey *key, const void *data, size_t size, BlobFacts *out_facts,
              char **out_sha256, int64_t *out_size, GError **error) {
    if (size == 0 || size > MOST_BYTES) {
        error_set(error, ERROR_INVALID, "%zu bytes cannot be encrypted, only 1 to %d", size, MOST_BYTES);
        return false;
    }
    g_autofree unsigned char *sealed = g_malloc(TAG_BYTES + size);
    work(key, true, sealed, data, size, sealed + TAG_BYTES);
    bool is_written = blob_writer_add(writer, sealed, TAG_BYTES + size, error);
    const BlobFacts *kept = is_written ? blob_writer_end(writer, error) : NULL;
    if (!kept || !find_facts(data, size, out_facts, error))
        return false;
    *out_sha256 = g_strdup(kept->sha256);
    *out_size = kept->size;
    return true;
}

/* Reads all of a file, and closes it. NULL with ERROR_FAILED. */
static unsigned char *read_all(int file, size_t size, GError **error) {
    g_autofree unsigned char *bytes = g_malloc(size);
    ssize_t n = pread(file, bytes, size, 0);
    close(file);
    if (n == (ssize_t)size)
        return g_steal_pointer(&bytes);
    error_set(error, ERROR_FAILED, "cannot read what is kept encrypted");
    return NULL;
}

static int in_memory(const void *data, size_t size, GError **error) {
    int file = memfd_create("opened", MFD_CLOEXEC);
    if (file >= 0 && blob_write(file, "memory", data, size, error) && lseek(file, 0, SEEK_SET) == 0)
        return file;
    if (file < 0)
        error_set_errno(error, ERROR_FAILED, errno, "no memory for what is kept encrypted");
    else
        close(file);
    return -1;
}

int seal_open_file(Blobs *blobs, const SealKey *key, const char *sha256, int64_t *out_size, GError **error) {
    int64_t size = 0;
    int file = blobs_open_file(blobs, sha256, &size, error);
    if (file < 0)
        return -1;
    /* Of no bytes at all OpenSSL checks no tag. */
    if (size <= TAG_BYTES || size > TAG_BYTES + MOST_BYTES) {
        close(file);
        error_set(error, ERROR_INVALID, "the bytes kept as %s are not encrypted ones", sha256);
        return -1;
    }
    g_autofree unsigned char *sealed = read_all(file, (size_t)size, error);
    g_autofree unsigned char *opened = g_malloc((size_t)size);
    if (!sealed)
        return -1;
    if (!work(key, false, sealed, sealed + TAG_BYTES, (size_t)size - TAG_BYTES, opened)) {
        error_set(error, ERROR_INVALID, "the bytes kept as %s were encrypted with another key", sha256);
        return -1;
    }
    *out_size = size - TAG_BYTES;
    return in_memory(opened, (size_t)*out_size, error);
}
