#include "store/retention.h"

#include "store/audit.h"
#include "store/release.h"
#include "store/run.h"

#include <string.h>

/* Releases. */

/* The oldest of those that a build keeps because they are new; 0: it keeps all. */
static bool find_oldest_kept(Db *db, int64_t build_id, int64_t *out_id, GError **error) {
    g_autoptr(DbQuery) build = db_query(db, "SELECT keep_releases FROM builds WHERE id = ?", DB_INT(build_id));
    int64_t n = db_next(build) ? db_int(build, 0) : 0;
    *out_id = 0;
    if (!db_end(build, error))
        return false;
    if (n == 0)
        return true;
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT id FROM releases WHERE build_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?", DB_INT(build_id),
                 DB_INT(n - 1));
    *out_id = db_next(query) ? db_int(query, 0) : 0;
    return db_end(query, error);
}

GArray *retention_list(Db *db, int64_t build_id, int64_t decided_before_ms, int most, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t oldest;
    if (!find_oldest_kept(db, build_id, &oldest, error))
        return NULL;
    g_autoptr(DbQuery) query = db_query(
        db,
        "SELECT r.id FROM releases r WHERE r.build_id = ? AND r.status = 'bad' AND r.decided <= ? AND r.id < ? AND "
        "NOT EXISTS (SELECT 1 FROM tasks t WHERE t.release_id = r.id AND t.status = 'live') ORDER BY r.id LIMIT ?",
        DB_INT(build_id), DB_INT(decided_before_ms), DB_INT(oldest), DB_INT(most > 0 ? most : G_MAXINT32));
    while (db_next(query)) {
        int64_t id = db_int(query, 0);
        g_array_append_val(ids, id);
    }
    return db_end(query, error) ? g_steal_pointer(&ids) : NULL;
}

bool retention_count_waiting(Db *db, int64_t build_id, int64_t decided_before_ms, RetentionWaiting *out_waiting,
                             GError **error) {
    int64_t oldest;
    if (!find_oldest_kept(db, build_id, &oldest, error))
        return false;
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT COUNT(*), MIN(decided), MAX(decided) FROM releases WHERE build_id = ? "
                                        "AND status = 'bad' AND decided > ? AND id < ?",
                                        DB_INT(build_id), DB_INT(decided_before_ms), DB_INT(oldest));
    RetentionWaiting waiting = {0};
    if (db_next(query))
        waiting = (RetentionWaiting){db_int(query, 0), db_int(query, 1), db_int(query, 2)};
    if (!db_end(query, error))
        return false;
    *out_waiting = waiting;
    return true;
}

int64_t retention_count_runs(Db *db, int64_t release_id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT COUNT(*) FROM runs WHERE release_id = ?", DB_INT(release_id));
    int64_t n = db_next(query) ? db_int(query, 0) : 0;
    return db_end(query, error) ? n : -1;
}

/* Its number is not given again. */
static bool note_number(Db *db, const Release *release, int64_t now_ms, GError **error) {
    static const char sql[] =
        "INSERT INTO removed_releases (build_id, name, number, removed) VALUES (?, ?, ?, ?) ON CONFLICT (build_id, "
        "name) "
        "DO UPDATE SET removed = excluded.removed, number = CASE WHEN excluded.number > removed_releases.number THEN "
        "excluded.number ELSE removed_releases.number END";
    static const char mysql[] =
        "INSERT INTO removed_releases (build_id, name, number, removed) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
        "removed = VALUES(removed), number = GREATEST(number, VALUES(number))";
    return db_change(db, error, db_pick(db, sql, sql, mysql), DB_INT(release->build_id), DB_TEXT(release->name),
                     DB_INT(release->number), DB_INT(now_ms)) >= 0;
}

static bool note_removal(Db *db, const Release *release, int64_t now_ms, GError **error) {
    g_autofree char *what = g_strdup_printf("%s #%d", release->name, release->number);
    const AuditEntry entry = {
        .build_id = release->build_id, .release_id = release->id, .kind = AUDIT_REMOVED_RELEASE, .message = what};
    return audit_add(db, &entry, now_ms, error);
}

bool retention_remove(Db *db, int64_t release_id, int64_t now_ms, int64_t *out_n_runs, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(Release) release = release_lock_by_id(db, release_id, &cause);
    *out_n_runs = -1;
    if (error_is(cause, ERROR_NOT_FOUND) || (release && release->status != RELEASE_BAD))
        return true;
    if (!release) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (db_change(db, error, "DELETE FROM tasks WHERE release_id = ?", DB_INT(release_id)) < 0 ||
        db_change(db, error, "DELETE FROM batches WHERE release_id = ?", DB_INT(release_id)) < 0)
        return false;
    *out_n_runs = db_change(db, error, "DELETE FROM runs WHERE release_id = ?", DB_INT(release_id));
    return *out_n_runs >= 0 && note_number(db, release, now_ms, error) && note_removal(db, release, now_ms, error) &&
           db_change(db, error, "DELETE FROM releases WHERE id = ?", DB_INT(release_id)) == 1;
}

/* Files. */

/* A comparison whose pictures are gone. */
typedef struct {
    char *ref_image, *image;
} Pair;

/* What a build's runs and comparisons name. */
typedef struct {
    GHashTable *files; /* a set of SHA-1s */
    GArray *lost;      /* of Pair */
} Named;

static void pair_clear(void *data) {
    Pair *pair = data;
    g_free(pair->ref_image);
    g_free(pair->image);
}

static void named_init(Named *named) {
    named->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    named->lost = g_array_new(FALSE, FALSE, sizeof(Pair));
    g_array_set_clear_func(named->lost, pair_clear);
}

static void named_clear(Named *named) {
    g_hash_table_unref(named->files);
    g_array_unref(named->lost);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Named, named_clear)

static void add_name(Named *named, const char *sha1) {
    if (sha1 && !g_hash_table_contains(named->files, sha1))
        g_hash_table_add(named->files, g_strdup(sha1));
}

enum { FILES_OF_RUN = 9 };

static bool add_files_of_release(Db *db, int64_t release_id, Named *named, GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT image, log, config, ref_image, ref_log, ref_config, diff_image, "
                                        "diff_log, thumbnail FROM runs WHERE release_id = ?",
                                        DB_INT(release_id));
    while (db_next(query))
        for (size_t i = 0; i < FILES_OF_RUN; i++)
            add_name(named, db_text(query, i));
    return db_end(query, error);
}

static bool add_files_of_runs(Db *db, int64_t build_id, GHashTable *but_releases, Named *named, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT id FROM releases WHERE build_id = ?", DB_INT(build_id));
    while (db_next(query)) {
        int64_t id = db_int(query, 0);
        bool is_left_out = but_releases && g_hash_table_contains(but_releases, &id);
        if (!is_left_out && !add_files_of_release(db, id, named, error))
            return false;
    }
    return db_end(query, error);
}

/* What was found of two pictures is of use as long as both may come again without being brought anew. */
static bool add_files_of_comparisons(Db *db, int64_t build_id, Named *named, GError **error) {
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT ref_image, image, diff_image, diff_log, thumbnail FROM comparisons WHERE build_id = ?",
                 DB_INT(build_id));
    while (db_next(query)) {
        const char *ref_image = db_text(query, 0), *image = db_text(query, 1);
        if (g_hash_table_contains(named->files, ref_image) && g_hash_table_contains(named->files, image)) {
            for (size_t i = 2; i < 5; i++)
                g_ptr_array_add(found, g_strdup(db_text(query, i)));
        } else {
            const Pair pair = {g_strdup(ref_image), g_strdup(image)};
            g_array_append_val(named->lost, pair);
        }
    }
    for (guint i = 0; i < found->len; i++)
        add_name(named, g_ptr_array_index(found, i));
    return db_end(query, error);
}

static GPtrArray *list_unnamed(Db *db, int64_t build_id, const Named *named, int64_t came_before_ms, GError **error) {
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DbQuery) query = db_query(db, "SELECT sha1 FROM build_artifacts WHERE build_id = ? AND created <= ?",
                                        DB_INT(build_id), DB_INT(came_before_ms));
    while (db_next(query))
        if (!g_hash_table_contains(named->files, db_text(query, 0)))
            g_ptr_array_add(files, g_strdup(db_text(query, 0)));
    return db_end(query, error) ? g_steal_pointer(&files) : NULL;
}

static GPtrArray *find_unnamed(Db *db, int64_t build_id, GHashTable *but_releases, int64_t came_before_ms, Named *named,
                               GError **error) {
    if (!add_files_of_runs(db, build_id, but_releases, named, error) ||
        !add_files_of_comparisons(db, build_id, named, error))
        return NULL;
    return list_unnamed(db, build_id, named, came_before_ms, error);
}

GPtrArray *retention_list_files(Db *db, int64_t build_id, GHashTable *but_releases, int64_t came_before_ms,
                                GError **error) {
    g_auto(Named) named;
    named_init(&named);
    return find_unnamed(db, build_id, but_releases, came_before_ms, &named, error);
}

static bool remove_lost(Db *db, int64_t build_id, const Named *named, GError **error) {
    for (guint i = 0; i < named->lost->len; i++) {
        const Pair *pair = &g_array_index(named->lost, Pair, i);
        if (db_change(db, error, "DELETE FROM comparisons WHERE build_id = ? AND ref_image = ? AND image = ?",
                      DB_INT(build_id), DB_TEXT(pair->ref_image), DB_TEXT(pair->image)) < 0)
            return false;
    }
    return true;
}

/* One that came again since the list was read stays. */
static int64_t remove_unnamed(Db *db, int64_t build_id, const GPtrArray *files, int64_t came_before_ms,
                              GError **error) {
    int64_t n = 0;
    for (guint i = 0; i < files->len; i++) {
        int64_t removed =
            db_change(db, error, "DELETE FROM build_artifacts WHERE build_id = ? AND sha1 = ? AND created <= ?",
                      DB_INT(build_id), DB_TEXT(g_ptr_array_index(files, i)), DB_INT(came_before_ms));
        if (removed < 0)
            return -1;
        n += removed;
    }
    return n;
}

int64_t retention_remove_files(Db *db, int64_t build_id, int64_t came_before_ms, GError **error) {
    g_auto(Named) named;
    named_init(&named);
    if (!store_lock_build(db, build_id, error))
        return -1;
    g_autoptr(GPtrArray) files = find_unnamed(db, build_id, NULL, came_before_ms, &named, error);
    return files && remove_lost(db, build_id, &named, error)
               ? remove_unnamed(db, build_id, files, came_before_ms, error)
               : -1;
}

/* Rows that are nobody's. */

GPtrArray *retention_list_unowned(Db *db, const char *after, int most, GError **error) {
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT a.sha1 FROM artifacts a WHERE a.sha1 > ? AND NOT EXISTS (SELECT 1 FROM "
                                        "build_artifacts b WHERE b.sha1 = a.sha1) ORDER BY a.sha1 LIMIT ?",
                                        DB_TEXT(after), DB_INT(most));
    while (db_next(query))
        g_ptr_array_add(files, g_strdup(db_text(query, 0)));
    return db_end(query, error) ? g_steal_pointer(&files) : NULL;
}

/* Who brings the file at this moment shares the lock of the row (artifact.c). So it is locked first, and looked at by
 * the next statement, which sees what he has done by then. */
bool retention_remove_unowned(Db *db, const char *sha1, GError **error) {
    static const char sql[] = "SELECT sha1 FROM artifacts WHERE sha1 = ?";
    static const char locking_sql[] = "SELECT sha1 FROM artifacts WHERE sha1 = ? FOR UPDATE";
    g_autoptr(DbQuery) lock = db_query(db, db_pick(db, sql, locking_sql, locking_sql), DB_TEXT(sha1));
    return db_end(lock, error) && db_change(db, error,
                                            "DELETE FROM artifacts WHERE sha1 = ? AND NOT EXISTS (SELECT 1 FROM "
                                            "build_artifacts b WHERE b.sha1 = artifacts.sha1)",
                                            DB_TEXT(sha1)) >= 0;
}
