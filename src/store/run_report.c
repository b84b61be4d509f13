/* What a report does to a run: facts are taken over, the status follows from them. */
#include "store/run.h"

#include "queue/queue.h"
#include "store/artifact.h"
#include "store/run_row.h"
#include "store/run_task.h"

#include <string.h>

/* Taking over. */

static void take(char **kept, const char *said) {
    if (!said)
        return;
    g_free(*kept);
    *kept = g_strdup(said);
}

/* What was found of a pair of pictures is of no other pair. */
static void forget_diff(RunFacts *facts) {
    g_clear_pointer(&facts->diff_image, g_free);
    g_clear_pointer(&facts->diff_log, g_free);
    g_clear_pointer(&facts->findings, g_free);
    g_clear_pointer(&facts->thumbnail, g_free);
    facts->has_distortion = facts->diff_failed = false;
    facts->distortion = 0;
}

static bool is_another(const char *kept, const char *said) {
    return said && g_strcmp0(kept, said) != 0;
}

/* Whether all is there that was to be captured. */
static bool is_captured(const RunFacts *facts) {
    return facts->image && (facts->ref_image || !facts->ref_config);
}

/* Pictures that come after all are no failure any more; a comparison that succeeds neither. */
static void merge(RunFacts *facts, const RunFacts *said) {
    if (is_another(facts->image, said->image) || is_another(facts->ref_image, said->ref_image))
        forget_diff(facts);
    for (size_t i = 0; i < RUN_N_TEXTS; i++)
        take(run_text(facts, i), *run_text((RunFacts *)said, i));
    if (said->has_distortion) {
        facts->has_distortion = true;
        facts->distortion = said->distortion;
    }
    bool brings_picture = said->image || said->ref_image, brings_diff = said->diff_image || said->diff_log;
    facts->run_failed = said->run_failed || (facts->run_failed && !(brings_picture && is_captured(facts)));
    facts->diff_failed = said->diff_failed || (facts->diff_failed && !brings_diff);
}

static bool check_artifacts(Db *db, int64_t build_id, const RunFacts *said, GError **error) {
    const char *const hashes[] = {said->image,      said->log,        said->config,   said->ref_image, said->ref_log,
                                  said->ref_config, said->diff_image, said->diff_log, said->thumbnail};
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(Artifact) artifact = hashes[i] ? artifact_load(db, build_id, hashes[i], &cause) : NULL;
        if (!cause)
            continue;
        if (error_is(cause, ERROR_NOT_FOUND))
            error_set(error, ERROR_INVALID, "%s", cause->message);
        else
            g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return true;
}

/* What is known of a pair of pictures. */

/* Takes what was found when the same two were compared before. */
static bool recall_comparison(Db *db, Run *run, GError **error) {
    RunFacts *facts = &run->facts;
    if (facts->diff_image || facts->diff_log || facts->diff_failed)
        return true;
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT diff_image, diff_log, findings, distortion, thumbnail FROM comparisons "
                                        "WHERE build_id = ? AND ref_image = ? AND image = ?",
                                        DB_INT(run->build_id), DB_TEXT(facts->ref_image), DB_TEXT(facts->image));
    if (db_next(query)) {
        take(&facts->diff_image, db_text(query, 0));
        take(&facts->diff_log, db_text(query, 1));
        take(&facts->findings, db_text(query, 2));
        take(&facts->thumbnail, db_text(query, 4));
        facts->has_distortion = !db_is_null(query, 3);
        facts->distortion = db_real(query, 3);
    }
    return db_end(query, error);
}

static bool keep_comparison(Db *db, const Run *run, int64_t now_ms, GError **error) {
    const RunFacts *facts = &run->facts;
    return db_change_if_new(db, error,
                            "INSERT INTO comparisons (build_id, ref_image, image, diff_image, diff_log, findings, "
                            "distortion, thumbnail, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            DB_INT(run->build_id), DB_TEXT(facts->ref_image), DB_TEXT(facts->image),
                            DB_TEXT(facts->diff_image), DB_TEXT(facts->diff_log), DB_TEXT(facts->findings),
                            facts->has_distortion ? DB_REAL(facts->distortion) : DB_NULL, DB_TEXT(facts->thumbnail),
                            DB_INT(now_ms)) >= 0;
}

static bool find_decision(Db *db, const Run *run, bool *out_approved, GError **error) {
    g_autoptr(DbQuery) query =
        db_query(db, "SELECT actor FROM decisions WHERE build_id = ? AND run_name = ? AND ref_image = ? AND image = ?",
                 DB_INT(run->build_id), DB_TEXT(run->name), DB_TEXT(run->facts.ref_image), DB_TEXT(run->facts.image));
    *out_approved = db_next(query);
    return db_end(query, error);
}

/* The status. */

static bool is_compared(const RunFacts *facts) {
    return facts->diff_image || facts->diff_log;
}

static bool has_pair(const RunFacts *facts) {
    return facts->image && facts->ref_image;
}

static bool is_same_picture(const RunFacts *facts) {
    return has_pair(facts) && strcmp(facts->image, facts->ref_image) == 0;
}

static RunStatus status_of(const RunFacts *facts, bool approved) {
    if (facts->run_failed)
        return RUN_FAILED;
    if (is_same_picture(facts))
        return RUN_DIFF_NOT_FOUND;
    if (facts->diff_failed)
        return RUN_FAILED;
    if (has_pair(facts) && facts->diff_image)
        return approved ? RUN_DIFF_APPROVED : RUN_DIFF_FOUND;
    if (has_pair(facts))
        return facts->diff_log ? RUN_DIFF_NOT_FOUND : RUN_NEEDS_DIFF;
    /* A baseline that is going to be captured is waited for. */
    return facts->image && !facts->ref_config ? RUN_NO_DIFF_NEEDED : RUN_DATA_PENDING;
}

/* Sets the status that its facts have. What has failed is tried again as long as there is a task for it. */
static bool set_status(Db *db, Run *run, bool approved, GError **error) {
    run->status = status_of(&run->facts, approved);
    if (run->status != RUN_FAILED)
        return true;
    int64_t n_tasks = queue_count_of_run(db, run->id, error);
    if (n_tasks > 0)
        run->status = has_pair(&run->facts) ? RUN_NEEDS_DIFF : RUN_DATA_PENDING;
    return n_tasks >= 0;
}

/* Writes the run with its status, and all that follows. */
static bool settle(Db *db, Release *release, Run *run, int64_t now_ms, GError **error) {
    RunStatus before = run->status;
    bool approved = false;
    if (has_pair(&run->facts) && (!recall_comparison(db, run, error) || !find_decision(db, run, &approved, error)))
        return false;
    if (!set_status(db, run, approved, error))
        return false;
    run->modified_ms = now_ms;
    bool keeps = has_pair(&run->facts) && is_compared(&run->facts) && !run->facts.diff_failed;
    return run_row_write(db, run, error) && (!keeps || keep_comparison(db, run, now_ms, error)) &&
           (run->status != RUN_NEEDS_DIFF || run->facts.diff_failed ||
            run_add_diff_task(db, release, run, now_ms, error)) &&
           release_count(db, release, run_row_count(before), run_row_count(run->status), 1, now_ms, error);
}

/* The files that a run names, those of a comparison that was made before among them, are not removed from here on: the build
 * is shared. */
bool run_report(Db *db, Release *release, Run *run, const RunFacts *facts, int64_t now_ms, GError **error) {
    if (!store_share_build(db, run->build_id, error) || !check_artifacts(db, run->build_id, facts, error))
        return false;
    merge(&run->facts, facts);
    return settle(db, release, run, now_ms, error);
}

bool run_task_failed(Db *db, Release *release, Run *run, const char *queue, int64_t now_ms, GError **error) {
    const RunFacts failed = {.run_failed = strcmp(queue, RUN_CAPTURE_QUEUE) == 0,
                             .diff_failed = strcmp(queue, RUN_DIFF_QUEUE) == 0};
    merge(&run->facts, &failed);
    return store_share_build(db, run->build_id, error) && settle(db, release, run, now_ms, error);
}

/* Decisions. */

static bool write_decision(Db *db, const Run *run, const char *actor, int64_t now_ms, GError **error) {
    return db_change_if_new(db, error,
                            "INSERT INTO decisions (build_id, run_name, ref_image, image, actor, created) "
                            "VALUES (?, ?, ?, ?, ?, ?)",
                            DB_INT(run->build_id), DB_TEXT(run->name), DB_TEXT(run->facts.ref_image),
                            DB_TEXT(run->facts.image), DB_TEXT(actor), DB_INT(now_ms)) >= 0;
}

static bool remove_decision(Db *db, const Run *run, GError **error) {
    return db_change(db, error,
                     "DELETE FROM decisions WHERE build_id = ? AND run_name = ? AND ref_image = ? AND image = ?",
                     DB_INT(run->build_id), DB_TEXT(run->name), DB_TEXT(run->facts.ref_image),
                     DB_TEXT(run->facts.image)) >= 0;
}

bool run_approve(Db *db, Release *release, Run *run, bool approved, const char *actor, int64_t now_ms, GError **error) {
    if (run->status != (approved ? RUN_DIFF_FOUND : RUN_DIFF_APPROVED)) {
        error_set(error, ERROR_INVALID, "a run that is %s cannot be %s", run_status_name(run->status),
                  approved ? "approved" : "rejected");
        return false;
    }
    return (approved ? write_decision(db, run, actor, now_ms, error) : remove_decision(db, run, error)) &&
           settle(db, release, run, now_ms, error);
}

bool run_put_decision(Db *db, const Run *run, const char *actor, int64_t at_ms, GError **error) {
    return actor ? write_decision(db, run, actor, at_ms, error) : remove_decision(db, run, error);
}
