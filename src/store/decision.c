#include "store/decision.h"

#include "store/run_row.h"

enum { MOST_BATCH = 64 };

/* Batches. */

/* A key is of its release: what others chose for theirs is nobody's business, and in nobody's way. */
static char *key_of(const Release *release, const char *batch) {
    g_autofree char *both = g_strdup_printf("%" G_GINT64_FORMAT " %s", release->id, batch);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);
}

/* How many runs a batch had, or -1 if there is none, which is no failure. */
static bool find_batch(Db *db, const char *key, int *out_n, bool *out_undone, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT n_runs, undone FROM batches WHERE batch = ?", DB_TEXT(key));
    bool is_there = db_next(query);
    *out_n = is_there ? (int)db_int(query, 0) : -1;
    *out_undone = is_there && !db_is_null(query, 1);
    return db_end(query, error);
}

static bool add_batch(Db *db, const Release *release, const Decider *decider, const char *key, int n, GError **error) {
    return !key ||
           db_change(
               db, error,
               "INSERT INTO batches (batch, build_id, release_id, actor, n_runs, created) VALUES (?, ?, ?, ?, ?, ?)",
               DB_TEXT(key), DB_INT(release->build_id), DB_INT(release->id), DB_TEXT(decider->actor), DB_INT(n),
               DB_INT(decider->now_ms)) == 1;
}

/* Of n runs that went from one status to another. */
static bool count(Db *db, Release *release, RunStatus from, RunStatus to, int n, int64_t now_ms, GError **error) {
    return release_count(db, release, run_row_count(from), run_row_count(to), n, now_ms, error);
}

/* Groups. */

/* Those of a group that are open and were so at a time; then what of them is approved. */
#define OPEN_OF_GROUP                                                                                                  \
    "release_id = ? AND sort_rank = 1 AND sort_weight = ? AND likeness = ? AND status = 'diff_found' AND modified <= " \
    "?"

#define VALUES_OF_GROUP(release, line, seen_ms) \
    DB_INT((release)->id), DB_INT((line)->weight), DB_TEXT((line)->likeness), DB_INT(seen_ms)

static bool approve_group(Db *db, Release *release, const RunLine *line, const Seen *seen, const Decider *decider,
                          const char *key, int *out_n, GError **error) {
    if (db_change_if_new(db, error,
                         "INSERT INTO decisions (build_id, run_name, ref_image, image, actor, created, batch) "
                         "SELECT build_id, name, ref_image, image, ?, ?, ? FROM runs WHERE " OPEN_OF_GROUP,
                         DB_TEXT(decider->actor), DB_INT(decider->now_ms), DB_TEXT(key),
                         VALUES_OF_GROUP(release, line, seen->at_ms)) < 0)
        return false;
    int64_t n = db_change(db, error, "UPDATE runs SET status = 'diff_approved', modified = ? WHERE " OPEN_OF_GROUP,
                          DB_INT(decider->now_ms), VALUES_OF_GROUP(release, line, seen->at_ms));
    *out_n = (int)n;
    if (n > seen->n_open) {
        error_set(error, ERROR_BUSY, "This change is on more pages than when you looked. Look again.");
        return false;
    }
    return n >= 0 && count(db, release, RUN_DIFF_FOUND, RUN_DIFF_APPROVED, (int)n, decider->now_ms, error);
}

/* The key of a batch; "" if there is none; NULL if it will not do. */
static char *check_batch(const Release *release, const Decider *decider, GError **error) {
    if (!decider->batch)
        return g_strdup("");
    g_autofree char *batch = store_check_text(decider->batch, MOST_BATCH, "batch", error);
    return batch ? key_of(release, batch) : NULL;
}

bool decision_approve_group(Db *db, Release *release, const RunLine *line, const Seen *seen, const Decider *decider,
                            int *out_n, bool *out_again, GError **error) {
    int before = -1;
    bool undone;
    g_autofree char *batch = check_batch(release, decider, error);
    const char *key = batch && *batch ? batch : NULL;
    if (!batch || (key && !find_batch(db, key, &before, &undone, error)))
        return false;
    *out_again = before >= 0;
    if (*out_again) {
        *out_n = before;
        return true;
    }
    return approve_group(db, release, line, seen, decider, key, out_n, error) &&
           add_batch(db, release, decider, key, *out_n, error);
}

/* Undoing. */

static bool undo(Db *db, Release *release, const char *key, int64_t now_ms, int *out_n, GError **error) {
    int64_t n =
        db_change(db, error,
                  "UPDATE runs SET status = 'diff_found', modified = ? WHERE release_id = ? AND sort_rank = 1 AND "
                  "status = 'diff_approved' AND EXISTS (SELECT 1 FROM decisions d WHERE d.build_id = runs.build_id "
                  "AND d.run_name = runs.name AND d.ref_image = runs.ref_image AND d.image = runs.image AND "
                  "d.batch = ?)",
                  DB_INT(now_ms), DB_INT(release->id), DB_TEXT(key));
    *out_n = (int)n;
    return n >= 0 &&
           db_change(db, error, "DELETE FROM decisions WHERE batch = ? AND build_id = ?", DB_TEXT(key),
                     DB_INT(release->build_id)) >= 0 &&
           db_change(db, error, "UPDATE batches SET undone = ? WHERE batch = ?", DB_INT(now_ms), DB_TEXT(key)) == 1 &&
           count(db, release, RUN_DIFF_APPROVED, RUN_DIFF_FOUND, (int)n, now_ms, error);
}

bool decision_undo(Db *db, Release *release, const Decider *decider, int *out_n, GError **error) {
    int n;
    bool undone;
    g_autofree char *key = key_of(release, decider->batch);
    if (!find_batch(db, key, &n, &undone, error))
        return false;
    *out_n = 0;
    if (n < 0)
        error_set(error, ERROR_NOT_FOUND, "there is no batch %s", decider->batch);
    return n >= 0 && (undone || undo(db, release, key, decider->now_ms, out_n, error));
}

bool decision_find(Db *db, const Run *run, char **out_actor, int64_t *out_created_ms, GError **error) {
    g_autoptr(DbQuery) query = db_query(
        db, "SELECT actor, created FROM decisions WHERE build_id = ? AND run_name = ? AND ref_image = ? AND image = ?",
        DB_INT(run->build_id), DB_TEXT(run->name), DB_TEXT(run->facts.ref_image), DB_TEXT(run->facts.image));
    bool is_there = db_next(query);
    *out_actor = is_there ? g_strdup(db_text(query, 0)) : NULL;
    *out_created_ms = is_there ? db_int(query, 1) : 0;
    return db_end(query, error);
}
