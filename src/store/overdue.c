#include "store/overdue.h"

#include "queue/queue.h"
#include "store/run_task.h"

/* In one transaction: others wait meanwhile. */
enum { RELEASES_AT_ONCE = 10 };

static GArray *read_ids(DbQuery *query, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_next(query)) {
        const int64_t id = db_int(query, 0);
        g_array_append_val(ids, id);
    }
    return db_end(query, error) ? g_steal_pointer(&ids) : NULL;
}

static bool fail_run(Db *db, Release *release, int64_t run_id, int64_t now_ms, GError **error) {
    g_autoptr(Run) run = run_load(db, run_id, error);
    return run && run_task_failed(db, release, run, run->status == RUN_NEEDS_DIFF ? RUN_DIFF_QUEUE : RUN_CAPTURE_QUEUE,
                                  now_ms, error);
}

bool overdue_fail_pending(Db *db, Release *release, int64_t now_ms, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT id FROM runs WHERE release_id = ? AND status IN ('data_pending', 'needs_diff')",
                 DB_INT(release->id));
    g_autoptr(GArray) runs = read_ids(query, error);
    if (!runs || queue_cancel(db, release->id, now_ms, error) < 0)
        return false;
    for (guint i = 0; i < runs->len; i++)
        if (!fail_run(db, release, g_array_index(runs, int64_t, i), now_ms, error))
            return false;
    return true;
}

/* It may have gone on since it was found. */
static bool settle(Db *db, int64_t id, int64_t now_ms, GError **error) {
    g_autoptr(Release) release = release_lock_by_id(db, id, error);
    if (!release)
        return false;
    if (release->status == RELEASE_PROCESSING)
        return overdue_fail_pending(db, release, now_ms, error);
    return release->status != RELEASE_RECEIVING || release_give_up_if_silent(db, release, now_ms, error);
}

int64_t overdue_settle(Db *db, int64_t now_ms, GError **error) {
    g_autoptr(DbQuery) query = db_query(
        db, "SELECT id FROM releases WHERE status IN ('receiving', 'processing') AND deadline <= ? ORDER BY id LIMIT ?",
        DB_INT(now_ms), DB_INT(RELEASES_AT_ONCE));
    g_autoptr(GArray) releases = read_ids(query, error);
    for (guint i = 0; releases && i < releases->len; i++)
        if (!settle(db, g_array_index(releases, int64_t, i), now_ms, error))
            return -1;
    return releases ? (int64_t)releases->len : -1;
}
