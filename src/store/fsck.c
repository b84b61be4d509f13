#include "store/fsck.h"

#include "store/run.h"

#include <string.h>

enum { FILES_AT_ONCE = 1000 };

int64_t fsck_files(Db *db, const Fsck *fsck, GError **error) {
    g_autofree char *after = g_strdup("");
    for (int64_t n = 0;;) {
        bool any = false;
        g_autoptr(DbQuery) query =
            db_query(db, "SELECT sha1, sha256, size FROM artifacts WHERE sha1 > ? ORDER BY sha1 LIMIT ?",
                     DB_TEXT(after), DB_INT(FILES_AT_ONCE));
        for (; db_next(query); n++) {
            any = true;
            g_free(after);
            after = g_strdup(db_text(query, 0));
            if (!fsck->file(fsck->data, after, db_text(query, 1), db_int(query, 2), error))
                return -1;
        }
        if (!db_end(query, error))
            return -1;
        if (!any)
            return n;
    }
}

bool fsck_knows_file(Db *db, const char *sha1, bool *out_knows, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT sha1 FROM artifacts WHERE sha1 = ?", DB_TEXT(sha1));
    *out_knows = db_next(query);
    return db_end(query, error);
}

static void tell(const Fsck *fsck, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void tell(const Fsck *fsck, const char *format, ...) {
    va_list values;
    va_start(values, format);
    g_autofree char *problem = g_strdup_vprintf(format, values);
    va_end(values);
    fsck->tell(fsck->data, problem);
}

static bool is_file(const char *column) {
    return strcmp(column, "url") != 0 && strcmp(column, "ref_url") != 0 && strcmp(column, "findings") != 0;
}

/* Where a run names a file in this column. */
static bool check_files_of_runs(Db *db, const Fsck *fsck, const char *column, GError **error) {
    g_autofree char *sql = g_strdup_printf("SELECT r.id, r.name, r.%s FROM runs r LEFT JOIN build_artifacts b "
                                           "ON b.build_id = r.build_id AND b.sha1 = r.%s "
                                           "WHERE r.%s IS NOT NULL AND b.sha1 IS NULL ORDER BY r.id",
                                           column, column, column);
    g_autoptr(DbQuery) query = db_query(db, sql);
    while (db_next(query))
        tell(fsck, "run %" G_GINT64_FORMAT " (%s): its build has no file %s, which is its %s", db_int(query, 0),
             db_text(query, 1), db_text(query, 2), column);
    return db_end(query, error);
}

static bool check_counts(Db *db, const Fsck *fsck, GError **error) {
    static const char sql[] =
        "SELECT l.id, l.name, l.number, l.n_pending + l.n_failed + l.n_found + l.n_approved + l.n_same + l.n_new, "
        "COUNT(r.id), l.n_pending, COALESCE(SUM(CASE WHEN r.status IN ('data_pending', 'needs_diff') THEN 1 ELSE 0 "
        "END), 0), l.n_failed, COALESCE(SUM(CASE WHEN r.status = 'failed' THEN 1 ELSE 0 END), 0) "
        "FROM releases l LEFT JOIN runs r ON r.release_id = l.id "
        "GROUP BY l.id, l.name, l.number, l.n_pending, l.n_failed, l.n_found, l.n_approved, l.n_same, l.n_new "
        "ORDER BY l.id";
    g_autoptr(DbQuery) query = db_query(db, sql);
    while (db_next(query))
        for (size_t i = 3; i < 9; i += 2)
            if (db_int(query, i) != db_int(query, i + 1))
                tell(fsck,
                     "release %" G_GINT64_FORMAT " (%s, %d): counts %" G_GINT64_FORMAT
                     " runs%s, and has %" G_GINT64_FORMAT,
                     db_int(query, 0), db_text(query, 1), (int)db_int(query, 2), db_int(query, i),
                     (const char *const[]){"", " that wait", " that failed"}[(i - 3) / 2], db_int(query, i + 1));
    return db_end(query, error);
}

static bool check_idle_releases(Db *db, const Fsck *fsck, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT id, name, number FROM releases WHERE status = 'processing' AND n_pending = 0 ORDER BY id");
    while (db_next(query))
        tell(fsck, "release %" G_GINT64_FORMAT " (%s, %d): is processing, and nothing of it waits", db_int(query, 0),
             db_text(query, 1), (int)db_int(query, 2));
    return db_end(query, error);
}

static bool check_forgotten_runs(Db *db, const Fsck *fsck, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT r.id, r.name FROM runs r JOIN releases l ON l.id = r.release_id "
                     "WHERE r.status = 'needs_diff' AND l.status IN ('receiving', 'processing') AND NOT EXISTS "
                     "(SELECT 1 FROM tasks t WHERE t.run_id = r.id AND t.status = 'live') ORDER BY r.id");
    while (db_next(query))
        tell(fsck, "run %" G_GINT64_FORMAT " (%s): waits for a comparison, for which there is no task",
             db_int(query, 0), db_text(query, 1));
    return db_end(query, error);
}

bool fsck_rows(Db *db, const Fsck *fsck, GError **error) {
    for (size_t i = 0; i < RUN_N_TEXTS; i++)
        if (is_file(run_text_names[i]) && !check_files_of_runs(db, fsck, run_text_names[i], error))
            return false;
    return check_counts(db, fsck, error) && check_idle_releases(db, fsck, error) &&
           check_forgotten_runs(db, fsck, error);
}
