/* Files that builds have: screenshots, logs, configs, difference pictures. Their bytes are in the blob store, under their
 * SHA-256; the API speaks of them by their SHA-1. */
#pragma once

#include "blob/seal.h"
#include "store/store.h"

typedef struct {
    char *sha1;           /* of the file; lower-case hexadecimal, as all three */
    char *sha256;         /* under which its bytes are kept: its own, or, if it is encrypted, that of what is kept */
    char *content_sha256; /* its own, if it is encrypted; else NULL */
    int64_t size;         /* bytes that are kept */
    char *content_type;   /* what this build calls it; may be NULL */
} Artifact;

void artifact_free(Artifact *artifact);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Artifact, artifact_free)

/* Notes that a build has a file, whose bytes must be in the blob store already: the writer has kept them, and keeps them
 * once more if they were garbage, and removed (garbage.h). The same file again changes nothing but its content type,
 * when it came and, if it is encrypted now, where its bytes are. Fails with ERROR_INVALID if another file with this
 * SHA-1 is known: somebody has made two of them. In a transaction, which is to be begun again if it fails with
 * DB_ERROR_BUSY. */
bool artifact_add(Db *db, int64_t build_id, const Artifact *artifact, BlobWriter *writer, int64_t now_ms,
                  GError **error) MUST_CHECK;

/* What kind of picture begins with these bytes, of which ARTIFACT_TYPE_BYTES are enough, as browsers find it out (WHATWG MIME
 * Sniffing, 6.1): "image/png" and so on. NULL: it is no picture. Any thread. */
enum { ARTIFACT_TYPE_BYTES = 16 };
const char *artifact_picture_type(const void *bytes, size_t size);

/* How many files there are, of all builds, or -1. */
int64_t artifact_count(Db *db, GError **error);

/* A file of the build, which the caller frees, or NULL: with ERROR_NOT_FOUND if the build has none of this SHA-1, whoever
 * else may have it. */
Artifact *artifact_load(Db *db, int64_t build_id, const char *sha1, GError **error) MUST_CHECK;

/* Keeps a file that nobody may read from the disk, and notes that the build has it. Returns its SHA-1, which the caller
 * frees. Fails as seal_put() and artifact_add() do. */
char *artifact_add_secret(Db *db, Blobs *blobs, const SealKey *key, int64_t build_id, const char *text,
                          const char *content_type, int64_t now_ms, GError **error) MUST_CHECK;

/* The same with a file that the build has, of at most 16 MB; larger ones, and what it does not have, stay as they are. What was
 * kept before is garbage then. */
bool artifact_make_secret(Db *db, Blobs *blobs, const SealKey *key, int64_t build_id, const char *sha1, int64_t now_ms,
                          GError **error) MUST_CHECK;

/* Opens its bytes, as blobs_open_file() and seal_open_file() do. */
int artifact_open(const Artifact *artifact, Blobs *blobs, const SealKey *key, int64_t *out_size,
                  GError **error) MUST_CHECK;
