#include "store/artifact.h"

#include "store/garbage.h"

#include <string.h>
#include <unistd.h>

/* What is larger is no config: it is more than a request may bring. */
enum { MOST_SECRET_BYTES = 16 * 1024 * 1024 };

void artifact_free(Artifact *artifact) {
    if (!artifact)
        return;
    g_free(artifact->sha1);
    g_free(artifact->sha256);
    g_free(artifact->content_sha256);
    g_free(artifact->content_type);
    g_free(artifact);
}

/* Two may bring the same file at once; one of them finds it there. */
static bool add_file(Db *db, const Artifact *artifact, int64_t now_ms, GError **error) {
    return db_change_if_new(
               db, error, "INSERT INTO artifacts (sha1, sha256, size, content_sha256, created) VALUES (?, ?, ?, ?, ?)",
               DB_TEXT(artifact->sha1), DB_TEXT(artifact->sha256), DB_INT(artifact->size),
               DB_TEXT(artifact->content_sha256), DB_INT(now_ms)) >= 0;
}

static const char *own_sha256(const Artifact *artifact) {
    return artifact->content_sha256 ? artifact->content_sha256 : artifact->sha256;
}

#define HASHES "SELECT COALESCE(content_sha256, sha256) FROM artifacts WHERE sha1 = ?"

/* The row stays from now on. If it was there, but nobody's, it may have gone since (retention.h): then all begins anew. */
static bool check_hashes(Db *db, const Artifact *artifact, GError **error) {
    const char *sql = db_pick(db, HASHES, HASHES " FOR KEY SHARE", HASHES " LOCK IN SHARE MODE");
    g_autoptr(DbQuery) query = db_query(db, sql, DB_TEXT(artifact->sha1));
    bool is_there = db_next(query), is_same = is_there && strcmp(db_text(query, 0), own_sha256(artifact)) == 0;
    if (!db_end(query, error))
        return false;
    if (!is_there)
        g_set_error(error, DB_ERROR, DB_ERROR_BUSY, "the file %s was removed just now", artifact->sha1);
    else if (!is_same)
        error_set(error, ERROR_INVALID, "another file has the SHA-1 %s, too", artifact->sha1);
    return is_same;
}

/* One that was kept as it is, or with a key that is lost, is kept encrypted from now on. */
static bool hide(Db *db, const Artifact *artifact, GError **error) {
    return !artifact->content_sha256 ||
           db_change(db, error,
                     "UPDATE artifacts SET sha256 = ?, size = ?, content_sha256 = ? WHERE sha1 = ? AND sha256 <> ?",
                     DB_TEXT(artifact->sha256), DB_INT(artifact->size), DB_TEXT(artifact->content_sha256),
                     DB_TEXT(artifact->sha1), DB_TEXT(artifact->sha256)) >= 0;
}

static bool add_owner(Db *db, int64_t build_id, const Artifact *artifact, int64_t now_ms, GError **error) {
    static const char sql[] = "INSERT INTO build_artifacts (build_id, sha1, content_type, created) VALUES (?, ?, ?, ?) "
                              "ON CONFLICT (build_id, sha1) DO UPDATE SET content_type = excluded.content_type, "
                              "created = excluded.created";
    static const char mysql[] = "INSERT INTO build_artifacts (build_id, sha1, content_type, created) VALUES "
                                "(?, ?, ?, ?) ON DUPLICATE KEY UPDATE content_type = VALUES(content_type), "
                                "created = VALUES(created)";
    return db_change(db, error, db_pick(db, sql, sql, mysql), DB_INT(build_id), DB_TEXT(artifact->sha1),
                     DB_TEXT(artifact->content_type), DB_INT(now_ms)) >= 0;
}

bool artifact_add(Db *db, int64_t build_id, const Artifact *artifact, BlobWriter *writer, int64_t now_ms,
                  GError **error) {
    return add_file(db, artifact, now_ms, error) && check_hashes(db, artifact, error) && hide(db, artifact, error) &&
           add_owner(db, build_id, artifact, now_ms, error) &&
           garbage_rescue(db, artifact->sha256, writer, now_ms, error);
}

int64_t artifact_count(Db *db, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT COUNT(*) FROM artifacts");
    int64_t n = db_next(query) ? db_int(query, 0) : 0;
    return db_end(query, error) ? n : -1;
}

Artifact *artifact_load(Db *db, int64_t build_id, const char *sha1, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db,
                 "SELECT a.sha1, a.sha256, a.size, b.content_type, a.content_sha256 FROM build_artifacts b "
                 "JOIN artifacts a ON a.sha1 = b.sha1 WHERE b.build_id = ? AND b.sha1 = ?",
                 DB_INT(build_id), DB_TEXT(sha1));
    g_autoptr(Artifact) artifact = NULL;
    if (db_next(query)) {
        artifact = g_new0(Artifact, 1);
        artifact->sha1 = g_strdup(db_text(query, 0));
        artifact->sha256 = g_strdup(db_text(query, 1));
        artifact->size = db_int(query, 2);
        artifact->content_type = g_strdup(db_text(query, 3));
        artifact->content_sha256 = g_strdup(db_text(query, 4));
    }
    if (db_end(query, error) && !artifact)
        error_set(error, ERROR_NOT_FOUND, "the build has no file %s", sha1);
    return g_steal_pointer(&artifact);
}

static char *add_secret(Db *db, Blobs *blobs, const SealKey *key, int64_t build_id, const void *data, size_t size,
                        const char *content_type, int64_t now_ms, GError **error) {
    g_auto(BlobFacts) facts = {0};
    Artifact artifact = {.content_type = (char *)content_type};
    g_autofree char *sha256 = NULL;
    g_autoptr(BlobWriter) writer = blob_writer_new(blobs, error);
    if (!writer || !seal_put(writer, key, data, size, &facts, &sha256, &artifact.size, error))
        return NULL;
    artifact.sha1 = facts.sha1;
    artifact.sha256 = sha256;
    artifact.content_sha256 = facts.sha256;
    return artifact_add(db, build_id, &artifact, writer, now_ms, error) ? g_strdup(facts.sha1) : NULL;
}

char *artifact_add_secret(Db *db, Blobs *blobs, const SealKey *key, int64_t build_id, const char *text,
                          const char *content_type, int64_t now_ms, GError **error) {
    return add_secret(db, blobs, key, build_id, text, strlen(text), content_type, now_ms, error);
}

/* All bytes of a file, or NULL. */
static GMappedFile *map_file(Blobs *blobs, const Artifact *artifact, GError **error) {
    int64_t size;
    int file = blobs_open_file(blobs, artifact->sha256, &size, error);
    GMappedFile *mapped = file >= 0 ? g_mapped_file_new_from_fd(file, FALSE, error) : NULL;
    if (file >= 0)
        close(file);
    return mapped;
}

bool artifact_make_secret(Db *db, Blobs *blobs, const SealKey *key, int64_t build_id, const char *sha1, int64_t now_ms,
                          GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Artifact) artifact = artifact_load(db, build_id, sha1, &cause);
    if (artifact && (artifact->content_sha256 || artifact->size == 0 || artifact->size > MOST_SECRET_BYTES))
        return true;
    g_autoptr(GMappedFile) mapped = artifact ? map_file(blobs, artifact, &cause) : NULL;
    if (!mapped && error_is(cause, ERROR_NOT_FOUND))
        return true;
    if (!mapped) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    g_autofree char *same = add_secret(db, blobs, key, build_id, g_mapped_file_get_contents(mapped),
                                       g_mapped_file_get_length(mapped), artifact->content_type, now_ms, error);
    return same != NULL;
}

int artifact_open(const Artifact *artifact, Blobs *blobs, const SealKey *key, int64_t *out_size, GError **error) {
    return artifact->content_sha256 ? seal_open_file(blobs, key, artifact->sha256, out_size, error)
                                    : blobs_open_file(blobs, artifact->sha256, out_size, error);
}

const char *artifact_picture_type(const void *bytes, size_t size) {
    static const struct {
        const char *bytes;
        size_t size, at;
        const char *type;
    } signatures[] = {
        {"\x89PNG\r\n\x1a\n", 8, 0, "image/png"},
        {"\xff\xd8\xff", 3, 0, "image/jpeg"},
        {"WEBPVP", 6, 8, "image/webp"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
        if (size >= signatures[i].at + signatures[i].size &&
            memcmp((const char *)bytes + signatures[i].at, signatures[i].bytes, signatures[i].size) == 0)
            return signatures[i].type;
    return NULL;
}
