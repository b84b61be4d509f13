/* What all places for bytes have in common: bytes that come are written to a file, and hashed on the way; when all are
 * there, the place keeps the file. It does so under a name that comes from the hash: ab/abcd... */
#include "blob/blob.h"

#include "base/digest.h"
#include "blob/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HASH_LENGTH = 64, READ_BYTES = 64 * 1024 };

struct Blobs {
    const BlobDriver *driver;
    void *place;
};

struct BlobWriter {
    Blobs *blobs;
    Digest *digest;
    char *path; /* NULL: it has none, or another name by now */
    int file;
    int64_t size;
    bool is_kept;
    BlobFacts facts; /* once it has ended */
};

/* Another scheme is a mistake, and not a folder of that name. */
static const BlobDriver *find_driver(const char *place, GError **error) {
    if (g_str_has_prefix(place, "s3:"))
        return &blob_s3;
    if (!strstr(place, "://"))
        return &blob_disk;
    error_set(error, ERROR_INVALID, "%s: a folder or s3://BUCKET/PREFIX is expected", place);
    return NULL;
}

bool blobs_check_place(const char *place, GError **error) {
    const BlobDriver *driver = find_driver(place, error);
    return driver && (!driver->check || driver->check(place, error));
}

bool blobs_is_folder(const char *place) {
    return find_driver(place, NULL) == &blob_disk;
}

Blobs *blobs_open(const char *place, GError **error) {
    const BlobDriver *driver = find_driver(place, error);
    void *opened = driver ? driver->open(place, error) : NULL;
    if (!opened)
        return NULL;
    Blobs *blobs = g_new0(Blobs, 1);
    blobs->driver = driver;
    blobs->place = opened;
    return blobs;
}

void blobs_free(Blobs *blobs) {
    if (!blobs)
        return;
    blobs->driver->close(blobs->place);
    g_free(blobs);
}

/* For the places. */

bool blob_is_hash(const char *text) {
    return strlen(text) == HASH_LENGTH && strspn(text, "0123456789abcdef") == HASH_LENGTH;
}

char *blob_name(const char *sha256) {
    return g_strdup_printf("%.2s/%s", sha256, sha256);
}

const char *blob_hash_of(const char *name) {
    const char *hash = strrchr(name, '/');
    if (!hash || !blob_is_hash(hash + 1))
        return NULL;
    g_autofree char *right = blob_name(hash + 1);
    return strcmp(right, name) == 0 ? hash + 1 : NULL;
}

void blob_set_not_found(GError **error, const char *sha256) {
    error_set(error, ERROR_NOT_FOUND, "there are no bytes with the SHA-256 %s", sha256);
}

int blob_new_file(const char *folder, char **out_path, GError **error) {
    g_autofree char *path = g_build_filename(folder, "dpxdt-XXXXXX", NULL);
    int file = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0644);
    if (file < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", folder);
        return -1;
    }
    if (out_path)
        *out_path = g_steal_pointer(&path);
    else
        unlink(path);
    return file;
}

bool blob_write(int file, const char *folder, const void *data, size_t size, GError **error) {
    const char *next = data;
    while (size > 0) {
        ssize_t written = write(file, next, size);
        if (written < 0 && errno != EINTR) {
            error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", folder);
            return false;
        }
        next += MAX(written, 0);
        size -= (size_t)MAX(written, 0);
    }
    return true;
}

/* Writing. */

BlobWriter *blob_writer_new(Blobs *blobs, GError **error) {
    g_autoptr(BlobWriter) writer = g_new0(BlobWriter, 1);
    const BlobDriver *driver = blobs->driver;
    writer->blobs = blobs;
    writer->file = -1;
    writer->digest = digest_new(error);
    if (!writer->digest)
        return NULL;
    writer->file = blob_new_file(driver->coming(blobs->place), driver->takes_files ? &writer->path : NULL, error);
    return writer->file >= 0 ? g_steal_pointer(&writer) : NULL;
}

void blob_writer_free(BlobWriter *writer) {
    if (!writer)
        return;
    if (writer->file >= 0)
        close(writer->file);
    if (writer->path)
        unlink(writer->path);
    digest_free(writer->digest);
    blob_facts_clear(&writer->facts);
    g_free(writer->path);
    g_free(writer);
}

bool blob_writer_add(BlobWriter *writer, const void *data, size_t size, GError **error) {
    Blobs *blobs = writer->blobs;
    digest_add(writer->digest, data, size);
    writer->size += (int64_t)size;
    return blob_write(writer->file, blobs->driver->coming(blobs->place), data, size, error);
}

void blob_facts_clear(BlobFacts *facts) {
    g_clear_pointer(&facts->sha1, g_free);
    g_clear_pointer(&facts->sha256, g_free);
}

static void find_facts(BlobWriter *writer) {
    if (writer->facts.sha1)
        return;
    writer->facts.size = writer->size;
    digest_end(writer->digest, &writer->facts.sha1, &writer->facts.sha256);
}

const BlobFacts *blob_writer_end(BlobWriter *writer, GError **error) {
    Blobs *blobs = writer->blobs;
    find_facts(writer);
    if (writer->is_kept)
        return &writer->facts;
    if (!blobs->driver->keep(blobs->place, writer->file, writer->path, &writer->facts, error))
        return NULL;
    g_clear_pointer(&writer->path, g_free);
    writer->is_kept = true;
    return &writer->facts;
}

/* All bytes of a file, from its beginning. */
static bool add_all(BlobWriter *writer, int file, GError **error) {
    g_autofree char *bytes = g_malloc(READ_BYTES);
    for (off_t at = 0;;) {
        ssize_t n = pread(file, bytes, READ_BYTES, at);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR) {
            error_set_errno(error, ERROR_FAILED, errno, "cannot read");
            return false;
        }
        if (n > 0 && !blob_writer_add(writer, bytes, (size_t)n, error))
            return false;
        at += MAX(n, 0);
    }
}

/* From the file in which they came: whatever became of its names, its bytes are there as long as it is open. */
bool blob_writer_renew(BlobWriter *writer, GError **error) {
    g_autoptr(BlobWriter) again = blob_writer_new(writer->blobs, error);
    return again && add_all(again, writer->file, error) && blob_writer_end(again, error);
}

bool blobs_put(Blobs *blobs, const void *data, size_t size, BlobFacts *out_facts, GError **error) {
    g_autoptr(BlobWriter) writer = blob_writer_new(blobs, error);
    const BlobFacts *facts =
        writer && blob_writer_add(writer, data, size, error) ? blob_writer_end(writer, error) : NULL;
    if (!facts)
        return false;
    *out_facts = writer->facts;
    writer->facts = (BlobFacts){0};
    return true;
}

/* Reading. */

int blobs_open_file(Blobs *blobs, const char *sha256, int64_t *out_size, GError **error) {
    if (blob_is_hash(sha256))
        return blobs->driver->open_file(blobs->place, sha256, out_size, error);
    blob_set_not_found(error, sha256);
    return -1;
}

static bool add_file(Digest *digest, int file, GError **error) {
    g_autofree char *bytes = g_malloc(READ_BYTES);
    for (;;) {
        ssize_t n = read(file, bytes, READ_BYTES);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR) {
            error_set_errno(error, ERROR_FAILED, errno, "cannot read");
            return false;
        }
        digest_add(digest, bytes, (size_t)MAX(n, 0));
    }
}

static void set_others(GError **error, const char *sha256) {
    error_set(error, ERROR_INVALID, "the bytes kept as %s are others", sha256);
}

bool blobs_check(Blobs *blobs, const char *sha256, int64_t size, GError **error) {
    int64_t found_size = 0;
    g_autoptr(Digest) digest = digest_new(error);
    int file = digest ? blobs_open_file(blobs, sha256, &found_size, error) : -1;
    if (file < 0)
        return false;
    bool is_read = add_file(digest, file, error);
    close(file);
    if (!is_read)
        return false;
    g_autofree char *sha1 = NULL, *found = NULL;
    digest_end(digest, &sha1, &found);
    bool is_right = found_size == size && strcmp(found, sha256) == 0;
    if (!is_right)
        set_others(error, sha256);
    return is_right;
}

bool blobs_list(Blobs *blobs, BlobVisit *visit, void *data, GError **error) {
    return blobs->driver->list(blobs->place, visit, data, error);
}

bool blobs_copy(Blobs *from, Blobs *to, const char *sha256, GError **error) {
    int64_t size;
    g_autoptr(BlobWriter) writer = blob_writer_new(to, error);
    int file = writer ? blobs_open_file(from, sha256, &size, error) : -1;
    bool is_read = file >= 0 && add_all(writer, file, error);
    if (file >= 0)
        close(file);
    if (!is_read)
        return false;
    /* What has another hash is not kept at all. */
    find_facts(writer);
    if (strcmp(writer->facts.sha256, sha256) == 0)
        return blob_writer_end(writer, error) != NULL;
    set_others(error, sha256);
    return false;
}

/* Removing. */

bool blobs_remove(Blobs *blobs, const char *sha256, GError **error) {
    return !blob_is_hash(sha256) || blobs->driver->remove(blobs->place, sha256, error);
}

int blobs_hold(Blobs *blobs, GError **error) {
    if (blobs->driver->hold)
        return blobs->driver->hold(blobs->place, error);
    error_set(error, ERROR_INVALID, "what is in a store cannot be held");
    return -1;
}
