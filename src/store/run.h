/* Runs: one page of a release, what it looked like, what it was compared with, and what came of that.
 *
 *     data_pending     not all is there yet
 *     needs_diff       two pictures wait to be compared
 *     diff_not_found   they are the same
 *     diff_found       they are not: a person is to look at them
 *     diff_approved    a person said that it is as it should be
 *     no_diff_needed   there is nothing to compare it with
 *     failed           it could not be captured, or not be compared
 *
 * The status follows from the row alone, after each report. A new picture forgets what was found of the old one; a
 * decision is of a pair of pictures, and holds whenever that pair comes. A pair that was compared once is not compared
 * again. All functions but run_find_baseline() are for a transaction in which the release is locked. */
#pragma once

#include "store/release.h"

typedef enum {
    RUN_DATA_PENDING,
    RUN_NEEDS_DIFF,
    RUN_DIFF_NOT_FOUND,
    RUN_DIFF_FOUND,
    RUN_DIFF_APPROVED,
    RUN_NO_DIFF_NEEDED,
    RUN_FAILED,
} RunStatus;

/* "data_pending" and so on, as above. */
const char *run_status_name(RunStatus status);

/* What a report may say, and a row has. Artifacts are SHA-1s. NULL: nothing. */
typedef struct {
    char *url, *image, *log, *config;
    char *ref_url, *ref_image, *ref_log, *ref_config;
    char *diff_image, *diff_log;
    char *findings;  /* what changed, as JSON */
    char *thumbnail; /* of the largest change */
    bool has_distortion;
    double distortion; /* 0 to 1 */
    bool run_failed, diff_failed;
} RunFacts;

/* The texts among them, by the names that they have in reports and in the table. */
enum { RUN_N_TEXTS = 12 };
extern const char *const run_text_names[RUN_N_TEXTS];
char **run_text(RunFacts *facts, size_t index);

void run_facts_clear(RunFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunFacts, run_facts_clear)

typedef struct {
    int64_t id, release_id, build_id;
    char *name;
    RunStatus status;
    RunFacts facts;
    int64_t created_ms, modified_ms;
} Run;

void run_free(Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

/* Finds the run of that name, or makes it. Returns it, and the caller frees it; fails with ERROR_INVALID for a name that
 * store_check_text() refuses. */
Run *run_find_or_create(Db *db, Release *release, const char *name, int64_t now_ms, GError **error) MUST_CHECK;

/* The run of that name, or NULL: with ERROR_NOT_FOUND. */
Run *run_find(Db *db, int64_t release_id, const char *name, GError **error) MUST_CHECK;

Run *run_load(Db *db, int64_t id, GError **error) MUST_CHECK;

/* Takes over what is set in facts, and what follows from it: the status, a task to compare, the counts of the release and
 * its own status. Fails with ERROR_INVALID for an artifact that the build does not have. */
bool run_report(Db *db, Release *release, Run *run, const RunFacts *facts, int64_t now_ms, GError **error) MUST_CHECK;

/* A task for the run was given up or removed: what it was to bring is not going to come. queue is the task's. */
bool run_task_failed(Db *db, Release *release, Run *run, const char *queue, int64_t now_ms, GError **error) MUST_CHECK;

/* A person says that the difference is as it should be, or takes that back. Fails with ERROR_INVALID if there is none. */
bool run_approve(Db *db, Release *release, Run *run, bool approved, const char *actor, int64_t now_ms,
                 GError **error) MUST_CHECK;

/* Writes a run that was made elsewhere as it is, under its name: it is added, if its release has none of that name, and
 * gets its id. Nothing follows from it; when all of a release are written, run_recount() counts them. */
bool run_put(Db *db, Run *run, GError **error) MUST_CHECK;
bool run_recount(Db *db, int64_t release_id, GError **error) MUST_CHECK;

/* Keeps that somebody approved the pair of pictures of such a run, or that nobody did (actor is NULL). */
bool run_put_decision(Db *db, const Run *run, const char *actor, int64_t at_ms, GError **error) MUST_CHECK;

/* What a page is to be compared with: its run in the good release that was decided last among those which have a picture of
 * it. *out_release is that release. NULL with ERROR_NOT_FOUND if there is none. The caller frees both. */
Run *run_find_baseline(Db *db, int64_t build_id, const char *name, Release **out_release, GError **error) MUST_CHECK;

/* Runs of a release by name, at most so many, behind the name after (NULL: from the first on). The caller frees the array
 * of Run. */
GPtrArray *run_list(Db *db, int64_t release_id, const char *after, int most, GError **error) MUST_CHECK;
