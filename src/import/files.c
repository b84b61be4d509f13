/* Files: of each, by pieces, the bytes are hashed, held against the SHA-1 that is its name, and put into the blobs. What
 * it is called is found out anew: the old server believed the name with which it was uploaded first, to whichever build. */
#include "import/import_work.h"

#include "base/digest.h"
#include "base/hex.h"
#include "store/artifact.h"

#include <jansson.h>
#include <string.h>

enum {
    /* Of a file this much is in memory at once, and twice as much in hexadecimal, as no database is asked for bytes. SQLite
     * reads a file from its start for each piece; the old server took 16 MB at most. */
    PIECE_BYTES = 1024 * 1024,
    ROWS_AT_ONCE = 100, /* in a transaction */
    SHA1_DIGITS = 40,
};

/* A file that is in the blobs, and whose row is yet to be written. */
typedef struct {
    Artifact artifact;
} Brought;

static void brought_free(void *data) {
    Brought *brought = data;
    g_free(brought->artifact.sha1);
    g_free(brought->artifact.sha256);
    g_free(brought->artifact.content_sha256);
    g_free(brought->artifact.content_type);
    g_free(brought);
}

typedef struct {
    Import *import;
    ImportBuild *build;
    GPtrArray *brought;
} Batch;

static bool write_rows(Db *db, void *data, GError **error) {
    const Batch *batch = data;
    for (guint i = 0; i < batch->brought->len; i++) {
        const Brought *brought = g_ptr_array_index(batch->brought, i);
        const Known known = {0};
        /* As of now, so that it is left alone until the runs that name it are here. Its writer is gone. Should a gc have
         * removed it meanwhile, it fails, and is brought by the next import. */
        if (!artifact_add(db, batch->build->id, &brought->artifact, NULL, batch->import->options->now_ms, error) ||
            !known_put(db, "file", batch->build->id, brought->artifact.sha1, &known, error))
            return false;
    }
    return true;
}

static bool flush(Batch *batch, GError **error) {
    bool done = batch->brought->len == 0 || import_write(batch->import, write_rows, batch, error);
    g_ptr_array_set_size(batch->brought, 0);
    return done;
}

/* Bytes. */

typedef struct {
    int64_t size; /* of all of it, as its row says */
    Digest *digest;
    GBytes *first;      /* its first piece; NULL: it has none */
    const char *type;   /* as it begins */
    BlobWriter *writer; /* NULL: nothing is written, or it is a config, which comes as a whole */
} Copy;

static void copy_clear(Copy *copy) {
    digest_free(copy->digest);
    blob_writer_free(copy->writer);
    g_clear_pointer(&copy->first, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Copy, copy_clear)

/* NULL without an error if there are none any more. */
static GBytes *read_piece(Db *old, const char *sha1, int64_t offset, GError **error) {
    static const char hex[] = "SELECT HEX(SUBSTR(CAST(data AS BLOB), ?, ?)) FROM artifact WHERE id = ?";
    static const char mysql[] = "SELECT HEX(SUBSTRING(data, ?, ?)) FROM artifact WHERE id = ?";
    static const char postgres[] =
        "SELECT ENCODE(SUBSTRING(data FROM CAST(? AS INTEGER) FOR CAST(? AS INTEGER)), 'hex') "
        "FROM artifact WHERE id = ?";
    g_autoptr(DbQuery) query =
        db_query(old, db_pick(old, hex, postgres, mysql), DB_INT(offset + 1), DB_INT(PIECE_BYTES), DB_TEXT(sha1));
    const char *text = db_next(query) ? db_text(query, 0) : NULL;
    return db_end(query, error) && text ? hex_bytes(text) : NULL;
}

/* Configs are JSON, and workers are told so. Whatever else is no picture is text, be it HTML or SVG. */
#define CONFIG_TYPE "application/json"

static const char *type_of(GBytes *first, int64_t size) {
    gsize n = 0;
    const char *bytes = first ? g_bytes_get_data(first, &n) : NULL;
    const char *picture = bytes ? artifact_picture_type(bytes, n) : NULL;
    json_auto_t *json = !picture && bytes && (int64_t)n == size ? json_loadb(bytes, n, 0, NULL) : NULL;
    return picture ? picture : json ? CONFIG_TYPE : "text/plain";
}

/* A config may have passwords in it, so it is not written anywhere before it is encrypted. */
static bool begin(Import *import, const char *sha1, Copy *copy, GError **error) {
    g_autoptr(GError) cause = NULL;
    copy->first = copy->size > 0 ? read_piece(import->old, sha1, 0, &cause) : NULL;
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    copy->type = type_of(copy->first, copy->size);
    copy->digest = digest_new(error);
    bool writes = import->options->blobs && strcmp(copy->type, CONFIG_TYPE) != 0;
    copy->writer = copy->digest && writes ? blob_writer_new(import->options->blobs, error) : NULL;
    return copy->digest && (copy->writer || !writes);
}

static bool add(Copy *copy, GBytes *piece, GError **error) {
    gsize n;
    const void *bytes = g_bytes_get_data(piece, &n);
    digest_add(copy->digest, bytes, n);
    return !copy->writer || blob_writer_add(copy->writer, bytes, n, error);
}

/* One that has become shorter than its row said has another SHA-1, too. */
static bool copy_bytes(Import *import, const char *sha1, Copy *copy, GError **error) {
    if (!begin(import, sha1, copy, error) || (copy->first && !add(copy, copy->first, error)))
        return false;
    for (int64_t at = PIECE_BYTES; copy->first && at < copy->size; at += PIECE_BYTES) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(GBytes) piece = read_piece(import->old, sha1, at, &cause);
        if (piece ? !add(copy, piece, error) : cause != NULL) {
            if (cause)
                g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
    }
    return true;
}

static bool seal(Import *import, const Copy *copy, Artifact *artifact, GError **error) {
    g_auto(BlobFacts) facts = {0};
    gsize n;
    const void *bytes = g_bytes_get_data(copy->first, &n);
    artifact->content_sha256 = g_steal_pointer(&artifact->sha256);
    g_autoptr(BlobWriter) writer = blob_writer_new(import->options->blobs, error);
    return writer &&
           seal_put(writer, import->options->key, bytes, n, &facts, &artifact->sha256, &artifact->size, error);
}

/* Brings what was copied to the disk. */
static bool keep(Import *import, const Copy *copy, Artifact *artifact, GError **error) {
    if (!import->options->blobs)
        return true;
    return copy->writer ? blob_writer_end(copy->writer, error) != NULL : seal(import, copy, artifact, error);
}

/* One file. */

static bool is_sha1(const char *text) {
    return strlen(text) == SHA1_DIGITS && strspn(text, "0123456789abcdef") == SHA1_DIGITS;
}

/* The file as it is to be here, or NULL: with an error, or without for one that cannot come, which is told. */
static Brought *copy_file(Import *import, const char *sha1, int64_t size, GError **error) {
    g_auto(Copy) copy = {.size = size};
    if (!copy_bytes(import, sha1, &copy, error))
        return NULL;
    Brought *brought = g_new0(Brought, 1);
    Artifact *artifact = &brought->artifact;
    digest_end(copy.digest, &artifact->sha1, &artifact->sha256);
    artifact->size = size;
    artifact->content_type = g_strdup(copy.type);
    bool is_same = strcmp(artifact->sha1, sha1) == 0;
    if (!is_same)
        import_lose(import, IMPORT_FILES, OLD_NAMED_ROW("artifact", sha1),
                    "its %" G_GINT64_FORMAT " bytes have the SHA-1 %s", size, artifact->sha1);
    if (is_same && keep(import, &copy, artifact, error))
        return brought;
    brought_free(brought);
    return NULL;
}

/* Bytes that are kept as text are counted as bytes, too. */
#define IN_BYTES "SELECT OCTET_LENGTH(data), alternate FROM artifact WHERE id = ?"
#define IN_SQLITE "SELECT LENGTH(CAST(data AS BLOB)), alternate FROM artifact WHERE id = ?"

/* The same for what can be seen without its bytes. */
static Brought *bring_file(Import *import, const char *sha1, GError **error) {
    const OldRow *row = OLD_NAMED_ROW("artifact", sha1);
    g_autoptr(DbQuery) query =
        db_query(import->old, db_pick(import->old, IN_SQLITE, IN_BYTES, IN_BYTES), DB_TEXT(sha1));
    bool is_there = db_next(query);
    if (!db_end(query, error))
        return NULL;
    const char *elsewhere = is_there ? db_text(query, 1) : NULL;
    if (!is_sha1(sha1))
        import_lose(import, IMPORT_FILES, row, "this is no SHA-1");
    else if (!is_there)
        import_lose(import, IMPORT_FILES, row, "a build has it, and it is not there");
    else if (db_is_null(query, 0) && elsewhere && *elsewhere)
        import_lose(import, IMPORT_FILES, row, "its bytes are kept elsewhere: %s", elsewhere);
    else if (db_is_null(query, 0))
        import_lose(import, IMPORT_FILES, row, "it has no bytes");
    else
        return copy_file(import, sha1, db_int(query, 0), error);
    return NULL;
}

/* Another file here may have this SHA-1: whoever made two of them must not have one taken for the other. */
static bool has_twin(Import *import, const Brought *brought, bool *out_has, GError **error) {
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, error);
    if (!db)
        return false;
    const Artifact *artifact = &brought->artifact;
    const char *own = artifact->content_sha256 ? artifact->content_sha256 : artifact->sha256;
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT COALESCE(content_sha256, sha256) FROM artifacts WHERE sha1 = ?", DB_TEXT(artifact->sha1));
    *out_has = db_next(query) && strcmp(db_text(query, 0), own) != 0;
    if (!db_end(query, error))
        return false;
    if (*out_has)
        import_lose(import, IMPORT_FILES, OLD_NAMED_ROW("artifact", brought->artifact.sha1),
                    "another file has this SHA-1 here");
    return true;
}

/* *out_state is what became of it. */
static bool bring(Batch *batch, const char *sha1, FileState *out_state, GError **error) {
    g_autoptr(GError) cause = NULL;
    Brought *brought = bring_file(batch->import, sha1, &cause);
    bool has_twin_here = false;
    *out_state = FILE_LOST;
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!brought)
        return true;
    if (!has_twin(batch->import, brought, &has_twin_here, error) || has_twin_here) {
        brought_free(brought);
        return has_twin_here;
    }
    *out_state = FILE_HERE;
    g_ptr_array_add(batch->brought, brought);
    return batch->brought->len < ROWS_AT_ONCE || flush(batch, error);
}

/* All of a build. */

static void set_state(ImportBuild *build, const char *sha1, FileState state) {
    g_hash_table_replace(build->files, g_strdup(sha1), GINT_TO_POINTER(state));
}

FileState import_file_state(const ImportBuild *build, const char *sha1) {
    return GPOINTER_TO_INT(g_hash_table_lookup(build->files, sha1));
}

static GHashTable *find_here(Import *import, const ImportBuild *build, GError **error) {
    g_autoptr(Db) db = db_pool_take(import->options->to, 0, error);
    if (!db)
        return NULL;
    g_autoptr(DbQuery) query = db_query(db, "SELECT sha1 FROM build_artifacts WHERE build_id = ?", DB_INT(build->id));
    return old_texts(query, error);
}

static bool look_at(Batch *batch, const char *sha1, GHashTable *here, GHashTable *known, GError **error) {
    ImportCount *count = &batch->import->result->counts[IMPORT_FILES];
    FileState state = g_hash_table_contains(here, sha1)    ? FILE_HERE
                      : g_hash_table_contains(known, sha1) ? FILE_REMOVED
                                                           : FILE_FOREIGN;
    if (state != FILE_FOREIGN) {
        count->n_known++;
    } else {
        if (!bring(batch, sha1, &state, error))
            return false;
        count->n_new += state == FILE_HERE;
    }
    set_state(batch->build, sha1, state);
    return true;
}

bool import_files(Import *import, ImportBuild *build, GError **error) {
    g_autoptr(GHashTable) here = find_here(import, build, error);
    g_autoptr(GHashTable) known = here ? known_load(import, "file", build->id, error) : NULL;
    g_autoptr(GPtrArray) brought = g_ptr_array_new_with_free_func(brought_free);
    Batch batch = {import, build, brought};
    if (!known)
        return false;
    g_autoptr(DbQuery) query =
        db_query(import->old,
                 "SELECT artifact, COUNT(*) FROM artifact_ownership WHERE build_id = ? AND artifact IS NOT NULL "
                 "GROUP BY artifact ORDER BY artifact",
                 DB_INT(build->old_id));
    while (db_next(query))
        if (!look_at(&batch, old_text(query, 0), here, known, error) ||
            !import_go_on(import, (int)db_int(query, 1), error))
            return false;
    return db_end(query, error) && flush(&batch, error);
}

bool import_file_again(Import *import, ImportBuild *build, const char *sha1, GError **error) {
    g_autoptr(GPtrArray) brought = g_ptr_array_new_with_free_func(brought_free);
    Batch batch = {import, build, brought};
    FileState state;
    if (!bring(&batch, sha1, &state, error) || !flush(&batch, error))
        return false;
    set_state(build, sha1, state);
    return true;
}
