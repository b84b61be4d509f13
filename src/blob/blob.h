/* Bytes that are kept, each once, under their SHA-256. What is kept is never changed; whoever names a hash gets those
 * bytes or an error. A Blobs may be used by any number of threads, and its place by any number of processes. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Blobs Blobs;

/* Opens a place for bytes: a folder, which is made if it is not there, or
 *
 *     s3://BUCKET/PREFIX?endpoint=http(s)://HOST:PORT&region=REGION
 *
 * in a store that speaks S3. The prefix may be empty; the region is that of AWS_REGION, or else us-east-1; without an
 * endpoint it is Amazon's. Keys are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if it is set,
 * AWS_SESSION_TOKEN. Whether the bucket is there, and may be listed with these keys, is asked for now. What is left in
 * a folder's new/ for more than a day is removed.
 *
 * Fails with ERROR_INVALID for a place that is none, or if keys are missing; with ERROR_NOT_FOUND if there is no such
 * bucket, ERROR_DENIED if it does not take the keys, ERROR_TIMEOUT or ERROR_FAILED if it cannot be reached, and
 * ERROR_FAILED if the folder cannot be made. */
Blobs *blobs_open(const char *place, GError **error) MUST_CHECK;

/* Whether a place is written as above, without looking for it or for its keys: ERROR_INVALID. */
bool blobs_check_place(const char *place, GError **error) MUST_CHECK;

/* Whether a place is a folder of this machine. */
bool blobs_is_folder(const char *place);
void blobs_free(Blobs *blobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Blobs, blobs_free)

/* Bytes that are coming. Of one thread at a time. */
typedef struct BlobWriter BlobWriter;

/* Freed before its end, a writer leaves nothing behind. */
BlobWriter *blob_writer_new(Blobs *blobs, GError **error) MUST_CHECK;
void blob_writer_free(BlobWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlobWriter, blob_writer_free)

/* Adds bytes. Fails with ERROR_FULL on a full disk, and ERROR_FAILED. */
bool blob_writer_add(BlobWriter *writer, const void *data, size_t size, GError **error) MUST_CHECK;

/* What was written. */
typedef struct {
    char *sha1, *sha256;
    int64_t size;
} BlobFacts;

void blob_facts_clear(BlobFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BlobFacts, blob_facts_clear)

/* Keeps the bytes: when it returns they are on the disk, and stay there if the power fails, or the store has said that
 * it has them. Returns facts that belong to the writer; once more, the same. NULL if it failed, and may be tried
 * again. */
const BlobFacts *blob_writer_end(BlobWriter *writer, GError **error) MUST_CHECK;

/* Keeps the same bytes once more, as they may have been removed since blob_writer_end() kept them. */
bool blob_writer_renew(BlobWriter *writer, GError **error) MUST_CHECK;

/* The three of them for bytes that are all there. The caller clears the facts. */
bool blobs_put(Blobs *blobs, const void *data, size_t size, BlobFacts *out_facts, GError **error) MUST_CHECK;

/* Opens bytes to be read. Returns a descriptor, which the caller closes, at their beginning, or -1: ERROR_NOT_FOUND.
 * Bytes from a store are all there by then, in a file without a name; if they are not what their hash says, it is
 * ERROR_INVALID. */
int blobs_open_file(Blobs *blobs, const char *sha256, int64_t *out_size, GError **error) MUST_CHECK;

/* Whether bytes are there, in full: ERROR_NOT_FOUND if not, ERROR_INVALID if they are not what their hash says. Reads
 * all of them. */
bool blobs_check(Blobs *blobs, const char *sha256, int64_t size, GError **error) MUST_CHECK;

/* Keeps bytes of one place in another one, too. Fails as blobs_check() and blob_writer_end() do; what is not what its hash
 * says is not kept. */
bool blobs_copy(Blobs *from, Blobs *to, const char *sha256, GError **error) MUST_CHECK;

/* Removes bytes, for ever; those that are not there are no failure. Whether anybody needs them, or is bringing them anew
 * at this very moment, is for the caller to know: see store/garbage.h. It is tried once, and over after half a minute.
 * Fails with ERROR_BUSY while somebody holds what is there (blobs_hold()). */
bool blobs_remove(Blobs *blobs, const char *sha256, GError **error) MUST_CHECK;

/* Holds what is in a folder: until the descriptor is closed, or we have ended in any way, nobody removes bytes there, in
 * whatever process. Waits for who is about to. -1 with ERROR_BUSY if somebody else holds it, ERROR_INVALID if it is no
 * folder but a store. */
int blobs_hold(Blobs *blobs, GError **error) MUST_CHECK;

/* Is told of bytes that are kept. To break off it returns false, with error set. */
typedef bool BlobVisit(const char *sha256, int64_t size, void *data, GError **error);

/* Visits all bytes that are kept, in any order; those that come or go meanwhile, or not. visit() may use blobs. Fails
 * with ERROR_FAILED, ERROR_TIMEOUT, or as visit() did. */
bool blobs_list(Blobs *blobs, BlobVisit *visit, void *data, GError **error) MUST_CHECK;
