#include "store/decision.h"

#include "store/run_row.h"

#include <string.h>

enum { MOST_BATCH = 64, KEY_CHARACTERS = 32 };

/* Batches. */

typedef struct {
    char *key, *group;
    int n; /* runs that it had; -1: there is none */
    bool undone;
} Batch;

static void batch_clear(Batch *batch) {
    g_free(batch->key);
    g_free(batch->group);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

/* A key is of its release: what others chose for theirs is nobody's business, and in nobody's way. */
static char *key_of(const Release *release, const char *batch) {
    g_autofree char *both = g_strdup_printf("%" G_GINT64_FORMAT " %s", release->id, batch);
    char *key = g_compute_checksum_for_string(G_CHECKSUM_SHA256, both, -1);
    key[KEY_CHARACTERS] = '\0';
    return key;
}

static char *group_of(const RunLine *line) {
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", line->weight, line->likeness);
}

/* That there is none is no failure. */
static bool find_batch(Db *db, const Release *release, const char *batch, Batch *out, GError **error) {
    out->key = key_of(release, batch);
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT n_runs, undone, change_group FROM batches WHERE batch = ?", DB_TEXT(out->key));
    bool is_there = db_next(query);
    out->n = is_there ? (int)db_int(query, 0) : -1;
    out->undone = is_there && !db_is_null(query, 1);
    out->group = is_there ? g_strdup(db_text(query, 2)) : NULL;
    return db_end(query, error);
}

static bool add_batch(Db *db, const Release *release, const Decider *decider, const Batch *batch, int n,
                      GError **error) {
    return !batch->key ||
           db_change(db, error,
                     "INSERT INTO batches (batch, build_id, release_id, actor, n_runs, created, change_group) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?)",
                     DB_TEXT(batch->key), DB_INT(release->build_id), DB_INT(release->id), DB_TEXT(decider->actor),
                     DB_INT(n), DB_INT(decider->now_ms), DB_TEXT(batch->group)) == 1;
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
    int64_t n =
        db_change(db, error, "UPDATE runs SET status = 'diff_approved', modified = ?, batch = ? WHERE " OPEN_OF_GROUP,
                  DB_INT(decider->now_ms), DB_TEXT(key), VALUES_OF_GROUP(release, line, seen->at_ms));
    *out_n = (int)n;
    if (n > seen->n_open) {
        error_set(error, ERROR_BUSY, "This change is on more pages than when you looked. Look again.");
        return false;
    }
    return n >= 0 && count(db, release, RUN_DIFF_FOUND, RUN_DIFF_APPROVED, (int)n, decider->now_ms, error);
}

/* What came before under this key can be answered once more, if it holds, and was the same. */
static bool check_again(const Batch *batch, const char *group, GError **error) {
    if (batch->undone)
        error_set(error, ERROR_BUSY, "This was taken back. To approve anew takes a new batch.");
    else if (batch->group && strcmp(batch->group, group) != 0)
        error_set(error, ERROR_BUSY, "This batch was of another group.");
    else
        return true;
    return false;
}

static bool find_own_batch(Db *db, const Release *release, const Decider *decider, Batch *out, GError **error) {
    g_autofree char *name = decider->batch ? store_check_text(decider->batch, MOST_BATCH, "batch", error) : NULL;
    return !decider->batch || (name && find_batch(db, release, name, out, error));
}

bool decision_approve_group(Db *db, Release *release, const RunLine *line, const Seen *seen, const Decider *decider,
                            int *out_n, bool *out_again, GError **error) {
    g_auto(Batch) batch = {.n = -1};
    g_autofree char *group = group_of(line);
    if (!find_own_batch(db, release, decider, &batch, error))
        return false;
    *out_again = batch.n >= 0;
    if (*out_again) {
        *out_n = batch.n;
        return check_again(&batch, group, error);
    }
    batch.group = g_steal_pointer(&group);
    return approve_group(db, release, line, seen, decider, batch.key, out_n, error) &&
           add_batch(db, release, decider, &batch, *out_n, error);
}

/* Undoing. */

/* Decisions stay as far as the same pair is approved elsewhere. MariaDB, which knows late how many rows a table has, would go
 * through all runs of the page. */
#define DELETE_DECISIONS(hint)                                                                          \
    "DELETE FROM decisions WHERE batch = ? AND build_id = ? AND NOT EXISTS (SELECT 1 FROM runs r " hint \
    "WHERE r.build_id = decisions.build_id AND r.name = decisions.run_name AND "                        \
    "r.ref_image = decisions.ref_image AND r.image = decisions.image AND r.status = 'diff_approved')"

static bool delete_decisions(Db *db, const Release *release, const char *key, GError **error) {
    const char *sql =
        db_pick(db, DELETE_DECISIONS(""), DELETE_DECISIONS(""), DELETE_DECISIONS("FORCE INDEX (runs_approved) "));
    return db_change(db, error, sql, DB_TEXT(key), DB_INT(release->build_id)) >= 0;
}

static bool undo(Db *db, Release *release, const char *key, int64_t now_ms, int *out_n, GError **error) {
    int64_t n = db_change(db, error,
                          "UPDATE runs SET status = 'diff_found', modified = ?, batch = NULL WHERE release_id = ? AND "
                          "sort_rank = 1 AND status = 'diff_approved' AND batch = ?",
                          DB_INT(now_ms), DB_INT(release->id), DB_TEXT(key));
    *out_n = (int)n;
    return n >= 0 && delete_decisions(db, release, key, error) &&
           db_change(db, error, "UPDATE batches SET undone = ? WHERE batch = ?", DB_INT(now_ms), DB_TEXT(key)) == 1 &&
           count(db, release, RUN_DIFF_APPROVED, RUN_DIFF_FOUND, (int)n, now_ms, error);
}

bool decision_undo(Db *db, Release *release, const Decider *decider, int *out_n, GError **error) {
    g_auto(Batch) batch = {.n = -1};
    *out_n = 0;
    if (!find_batch(db, release, decider->batch, &batch, error))
        return false;
    if (batch.n < 0)
        error_set(error, ERROR_NOT_FOUND, "there is no batch %s", decider->batch);
    return batch.n >= 0 && (batch.undone || undo(db, release, batch.key, decider->now_ms, out_n, error));
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
