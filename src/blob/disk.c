/* Bytes in a folder: ab/abcd..., by the hash, and new/ for those that are coming. They are written there, synced, and
 * then get their name by a rename, so that what has a name is whole. Folders are synced as well, or the name could be lost
 * with the power. */
#include "blob/blob.h"

#include "base/digest.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH_LENGTH = 64, READ_BYTES = 64 * 1024 };

struct Blobs {
    char *folder;
};

struct BlobWriter {
    Blobs *blobs;
    Digest *digest;
    char *path; /* in new/; NULL once it has its name */
    int file;
    int64_t size;
    BlobFacts facts; /* once it has ended */
};

Blobs *blobs_open(const char *place, GError **error) {
    g_autofree char *coming = g_build_filename(place, "new", NULL);
    if (!file_make_folder(coming, error))
        return NULL;
    Blobs *blobs = g_new0(Blobs, 1);
    blobs->folder = g_strdup(place);
    return blobs;
}

void blobs_free(Blobs *blobs) {
    if (!blobs)
        return;
    g_free(blobs->folder);
    g_free(blobs);
}

/* Paths come from hashes alone. */
static bool is_hash(const char *sha256) {
    return strlen(sha256) == HASH_LENGTH && strspn(sha256, "0123456789abcdef") == HASH_LENGTH;
}

static char *folder_of(const Blobs *blobs, const char *sha256) {
    return g_strdup_printf("%s/%.2s", blobs->folder, sha256);
}

/* Writing. */

BlobWriter *blob_writer_new(Blobs *blobs, GError **error) {
    g_autoptr(BlobWriter) writer = g_new0(BlobWriter, 1);
    writer->blobs = blobs;
    writer->file = -1;
    writer->digest = digest_new(error);
    if (!writer->digest)
        return NULL;
    g_autofree char *template = g_build_filename(blobs->folder, "new", "XXXXXX", NULL);
    writer->file = g_mkstemp_full(template, O_WRONLY | O_CLOEXEC, 0644);
    if (writer->file < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", blobs->folder);
        return NULL;
    }
    writer->path = g_steal_pointer(&template);
    return g_steal_pointer(&writer);
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
    const char *next = data;
    digest_add(writer->digest, data, size);
    writer->size += (int64_t)size;
    while (size > 0) {
        ssize_t written = write(writer->file, next, size);
        if (written < 0 && errno != EINTR) {
            error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", writer->blobs->folder);
            return false;
        }
        next += MAX(written, 0);
        size -= (size_t)MAX(written, 0);
    }
    return true;
}

void blob_facts_clear(BlobFacts *facts) {
    g_clear_pointer(&facts->sha1, g_free);
    g_clear_pointer(&facts->sha256, g_free);
}

static bool sync_folder(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        close(folder);
    return done;
}

/* New folders are synced into those above them. */
static bool make_folders(const Blobs *blobs, const char *folder, GError **error) {
    if (access(folder, F_OK) == 0)
        return true;
    g_autofree char *above = g_path_get_dirname(folder);
    if (!file_make_folder(folder, error))
        return false;
    if (sync_folder(above) && sync_folder(blobs->folder))
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", blobs->folder);
    return false;
}

/* The same bytes under the same name a second time are no harm: one of the two stays. */
static bool give_name(BlobWriter *writer, const char *sha256, GError **error) {
    g_autofree char *folder = folder_of(writer->blobs, sha256);
    g_autofree char *path = g_build_filename(folder, sha256, NULL);
    if (!make_folders(writer->blobs, folder, error))
        return false;
    if (fsync(writer->file) != 0 || rename(writer->path, path) != 0 || !sync_folder(folder)) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", path);
        return false;
    }
    g_clear_pointer(&writer->path, g_free);
    return true;
}

const BlobFacts *blob_writer_end(BlobWriter *writer, GError **error) {
    if (!writer->facts.sha1) {
        writer->facts.size = writer->size;
        digest_end(writer->digest, &writer->facts.sha1, &writer->facts.sha256);
    }
    return !writer->path || give_name(writer, writer->facts.sha256, error) ? &writer->facts : NULL;
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
    g_autofree char *folder = is_hash(sha256) ? folder_of(blobs, sha256) : NULL;
    g_autofree char *path = folder ? g_build_filename(folder, sha256, NULL) : NULL;
    struct stat facts;
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0 && fstat(file, &facts) == 0) {
        *out_size = facts.st_size;
        return file;
    }
    if (!path || errno == ENOENT)
        error_set(error, ERROR_NOT_FOUND, "there are no bytes with the SHA-256 %s", sha256);
    else
        error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    if (file >= 0)
        close(file);
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
        error_set(error, ERROR_INVALID, "the bytes kept as %s are others", sha256);
    return is_right;
}
