/* What blob.c asks of a folder and of an S3-compatible store. */
#pragma once

#include "blob/blob.h"

typedef struct {
    /* As blobs_check_place(); NULL where anything is a place. */
    bool (*check)(const char *place, GError **error);

    /* As blobs_open(). */
    void *(*open)(const char *place, GError **error);
    void (*close)(void *place);

    /* The folder for files with bytes that are coming. */
    const char *(*coming)(const void *place);
    bool takes_files; /* keep() gives such a file another name; if not, it has none from the start */

    /* Keeps what is in such a file, whose path is NULL if it has none. After a failure it may be called again. */
    bool (*keep)(void *place, int file, const char *path, const BlobFacts *facts, GError **error);

    /* As blobs_open_file() and blobs_list(); sha256 is a hash. */
    int (*open_file)(void *place, const char *sha256, int64_t *out_size, GError **error);
    bool (*list)(void *place, BlobVisit *visit, void *data, GError **error);

    /* As blobs_remove() and blobs_hold(), which is NULL where there is no such thing. */
    bool (*remove)(void *place, const char *sha256, GError **error);
    int (*hold)(void *place, GError **error);
} BlobDriver;

extern const BlobDriver blob_disk, blob_s3;

/* Whether text is a SHA-256 as it is written here. Names of files and of objects come from these alone. */
bool blob_is_hash(const char *text);

/* "ab/abcd...", as bytes are called in any place; the caller frees it. */
char *blob_name(const char *sha256);

/* The hash in such a name, which points into it, or NULL if it is none. */
const char *blob_hash_of(const char *name);

/* Makes a file in a folder, to be read and written. It has no name, or, if out_path is not NULL, that one; the caller
 * frees it. -1 with ERROR_FAILED. */
int blob_new_file(const char *folder, char **out_path, GError **error) MUST_CHECK;

/* Writes all of the bytes. Fails with ERROR_FAILED, and a message that names the folder. */
bool blob_write(int file, const char *folder, const void *data, size_t size, GError **error) MUST_CHECK;

/* ERROR_NOT_FOUND for a hash. */
void blob_set_not_found(GError **error, const char *sha256);
