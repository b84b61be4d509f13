/* Files that builds have: screenshots, logs, configs, difference pictures. Their bytes are in the blob store, under their
 * SHA-256; the API speaks of them by their SHA-1. */
#pragma once

#include "store/store.h"

typedef struct {
    char *sha1, *sha256; /* lower-case hexadecimal */
    int64_t size;        /* bytes */
    char *content_type;  /* what this build calls it; may be NULL */
} Artifact;

void artifact_free(Artifact *artifact);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Artifact, artifact_free)

/* Notes that a build has a file, whose bytes must be in the blob store already. The same file again changes nothing but its
 * content type. Fails with ERROR_INVALID if another file with this SHA-1 is known: somebody has made two of them. In a
 * transaction. */
bool artifact_add(Db *db, int64_t build_id, const Artifact *artifact, int64_t now_ms, GError **error) MUST_CHECK;

/* A file of the build, which the caller frees, or NULL: with ERROR_NOT_FOUND if the build has none of this SHA-1, whoever
 * else may have it. */
Artifact *artifact_load(Db *db, int64_t build_id, const char *sha1, GError **error) MUST_CHECK;
