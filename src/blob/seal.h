/* Bytes that are kept encrypted: who has no more than the disk, the bucket or a copy of them cannot read them. The cipher is
 * AES-256-SIV (RFC 5297), by OpenSSL: it needs no chance, so the same bytes are encrypted in the same way, and are kept
 * once; and what was changed does not open. */
#pragma once

#include "blob/blob.h"

/* What they are encrypted with. Any number of threads may use one. */
typedef struct SealKey SealKey;
void seal_key_free(SealKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SealKey, seal_key_free)

/* Reads a key from a file: 64 bytes in base64, as `openssl rand -base64 64` makes them. If make is true, one that is not
 * there is made, and the folders above it; nobody but its owner may read it, and if several make one at once, they all
 * get the same. Fails with ERROR_NOT_FOUND, ERROR_INVALID for a file with something else in it, ERROR_NO_PROGRAM without
 * OpenSSL, ERROR_FAILED and ERROR_FULL. */
SealKey *seal_key_load(const char *path, bool make, GError **error) MUST_CHECK;

/* How it can be told from others without telling what it is: 32 hexadecimal digits. Borrowed. */
const char *seal_key_name(const SealKey *key);

/* Keeps 1 to 67,108,864 bytes by a new writer. out_facts are theirs, *out_sha256 is under what they are kept, and
 * *out_size how many that are; the caller clears the one and frees the other. Fails as blob_writer_end() does. */
bool seal_put(BlobWriter *writer, const SealKey *key, const void *data, size_t size, BlobFacts *out_facts, char **out_sha256,
              int64_t *out_size, GError **error) MUST_CHECK;

/* As blobs_open_file(), of bytes that seal_put() has kept: the descriptor is of a file in memory. Fails with ERROR_INVALID
 * if they are not, or with another key. */
int seal_open_file(Blobs *blobs, const SealKey *key, const char *sha256, int64_t *out_size, GError **error) MUST_CHECK;
