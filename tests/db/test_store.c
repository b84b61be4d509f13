/* The life of builds, releases and runs, on each of the databases. */
#include "store/api_key.h"
#include "store/artifact.h"
#include "store/audit.h"
#include "store/build.h"
#include "store/overdue.h"
#include "store/run.h"

#include "tables.h"
#include "queue/queue.h"

#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 10, NOW = 1000 * 1000 };

typedef struct {
    DbPool *pool;
    Db *db;
    int64_t build;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    f->build = build_create(f->db, "a build", false, NOW, &error);
    g_assert_no_error(error);
    g_assert_cmpint(db_change(f->db, &error, "DELETE FROM tasks"), >=, 0);
}

static void tear_down(Fixture *f, const void *unused) {
    db_release(f->db);
    db_pool_free(f->pool);
}

/* Each of these is a transaction. They are about the release "r", attempt 1, unless they say otherwise. */

static Release *begin_release(Fixture *f, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    Release *release = release_create(f->db, f->build, name, NULL, NOW, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
    return release;
}

/* A file of the build: its name is its SHA-1. */
static char *file(Fixture *f, const char *name) {
    g_autoptr(GError) error = NULL;
    const Artifact artifact = {.sha1 = (char *)name, .sha256 = (char *)name, .size = 3, .content_type = NULL};
    g_assert_true(artifact_add(f->db, f->build, &artifact, NULL, NOW, &error));
    g_assert_no_error(error);
    return (char *)name;
}

static Run *report(Fixture *f, const char *release_name, const char *run_name, const RunFacts *facts) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    g_autoptr(Release) release = release_lock(f->db, f->build, release_name, 1, &error);
    g_assert_no_error(error);
    Run *run = run_find_or_create(f->db, release, run_name, NOW, &error);
    g_assert_no_error(error);
    g_assert_true(run_report(f->db, release, run, facts, NOW, &error));
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
    return run;
}

static RunStatus status_after(Fixture *f, const char *run_name, const RunFacts *facts) {
    g_autoptr(Run) run = report(f, "r", run_name, facts);
    return run->status;
}

static void runs_done(Fixture *f, const char *name) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_lock(f->db, f->build, name, 1, NULL);
    g_assert_true(release_runs_done(f->db, release, NOW, NULL));
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
}

static bool decide(Fixture *f, const char *name, ReleaseStatus status, int64_t now) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_lock(f->db, f->build, name, 1, NULL);
    return release_decide(f->db, release, status, now, NULL) && db_commit(g_steal_pointer(&transaction), NULL);
}

static bool approve(Fixture *f, const char *release_name, const char *run_name, bool approved) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_lock(f->db, f->build, release_name, 1, NULL);
    g_autoptr(Run) run = run_find(f->db, release->id, run_name, NULL);
    return run_approve(f->db, release, run, approved, "somebody", NOW, NULL) &&
           db_commit(g_steal_pointer(&transaction), NULL);
}

static void assert_release(Fixture *f, const char *name, ReleaseStatus status) {
    g_autoptr(Release) release = release_lock(f->db, f->build, name, 1, NULL);
    g_assert_cmpstr(release_status_name(release->status), ==, release_status_name(status));
}

static void assert_status(RunStatus found, RunStatus expected) {
    g_assert_cmpstr(run_status_name(found), ==, run_status_name(expected));
}

static void end_tasks(Fixture *f) {
    g_assert_cmpint(db_change(f->db, NULL, "UPDATE tasks SET status = 'done' WHERE status = 'live'"), >=, 0);
}

static int64_t n_tasks(Fixture *f) {
    g_autoptr(DbQuery) query = db_query(f->db, "SELECT COUNT(*) FROM tasks WHERE status = 'live'");
    g_assert_true(db_next(query));
    return db_int(query, 0);
}

/* Releases. */

static void attempts_of_a_release_are_numbered(Fixture *f, const void *unused) {
    g_autoptr(Release) first = begin_release(f, "r"), second = begin_release(f, "r"), other = begin_release(f, "s");
    g_assert_cmpint(first->number, ==, 1);
    g_assert_cmpint(second->number, ==, 2);
    g_assert_cmpint(other->number, ==, 1);
}

static void a_new_attempt_ends_the_one_that_is_processed(Fixture *f, const void *unused) {
    g_autoptr(Release) first = begin_release(f, "r");
    RunFacts facts = {.image = file(f, "new"), .ref_image = file(f, "old")};
    g_autoptr(Run) run = report(f, "r", "page", &facts);
    runs_done(f, "r");
    g_assert_cmpint(n_tasks(f), ==, 1);
    g_autoptr(Release) second = begin_release(f, "r");
    assert_release(f, "r", RELEASE_BAD);
    g_assert_cmpint(n_tasks(f), ==, 0);
}

static void a_release_without_runs_goes_straight_to_review(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    runs_done(f, "r");
    assert_release(f, "r", RELEASE_REVIEWING);
}

static void a_release_is_reviewed_when_its_last_run_is_settled(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts pair = {.image = file(f, "new"), .ref_image = file(f, "old")};
    g_autoptr(Run) run = report(f, "r", "page", &pair);
    runs_done(f, "r");
    assert_release(f, "r", RELEASE_PROCESSING);
    RunFacts found = {.diff_image = file(f, "diff"), .has_distortion = true, .distortion = 0.5};
    assert_status(status_after(f, "page", &found), RUN_DIFF_FOUND);
    assert_release(f, "r", RELEASE_REVIEWING);
}

static void a_late_end_of_runs_does_not_open_a_decided_release(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    runs_done(f, "r");
    g_assert_true(decide(f, "r", RELEASE_GOOD, NOW));
    runs_done(f, "r");
    assert_release(f, "r", RELEASE_GOOD);
    g_autoptr(Release) closed = release_lock(f->db, f->build, "r", 1, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_false(release_check_open(closed, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_BUSY);
}

static void a_decision_can_be_taken_back_but_not_be_made_twice(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    g_assert_false(decide(f, "r", RELEASE_REVIEWING, NOW));
    g_assert_true(decide(f, "r", RELEASE_BAD, NOW));
    g_assert_false(decide(f, "r", RELEASE_GOOD, NOW));
    g_assert_true(decide(f, "r", RELEASE_REVIEWING, NOW));
    g_assert_true(decide(f, "r", RELEASE_GOOD, NOW));
}

/* Runs. */

static void a_first_picture_needs_no_diff(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts nothing = {0}, picture = {.image = file(f, "new"), .log = file(f, "log")};
    assert_status(status_after(f, "page", &nothing), RUN_DATA_PENDING);
    assert_status(status_after(f, "page", &picture), RUN_NO_DIFF_NEEDED);
    g_assert_cmpint(n_tasks(f), ==, 0);
}

static void a_picture_waits_for_the_baseline_that_is_captured(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts configs = {.config = file(f, "config"), .ref_config = file(f, "ref config")};
    RunFacts picture = {.image = file(f, "new")}, baseline = {.ref_image = file(f, "old")};
    assert_status(status_after(f, "page", &configs), RUN_DATA_PENDING);
    assert_status(status_after(f, "page", &picture), RUN_DATA_PENDING);
    assert_status(status_after(f, "page", &baseline), RUN_NEEDS_DIFF);
    g_assert_cmpint(n_tasks(f), ==, 1);
}

static void equal_pictures_are_the_same_at_once(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts same = {.image = file(f, "new"), .ref_image = file(f, "new")};
    assert_status(status_after(f, "page", &same), RUN_DIFF_NOT_FOUND);
    g_assert_cmpint(n_tasks(f), ==, 0);
}

static void a_diff_log_alone_says_that_nothing_was_found(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts pair = {.image = file(f, "new"), .ref_image = file(f, "old")}, same = {.diff_log = file(f, "diff log")};
    status_after(f, "page", &pair);
    assert_status(status_after(f, "page", &same), RUN_DIFF_NOT_FOUND);
}

static void what_failed_stays_so_until_it_succeeds(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts failed = {.log = file(f, "log"), .run_failed = true}, unrelated = {.url = (char *)"http://x/"};
    RunFacts pair = {.image = file(f, "new"), .ref_image = file(f, "old")}, broken = {.diff_failed = true};
    RunFacts found = {.diff_image = file(f, "diff")};
    assert_status(status_after(f, "page", &failed), RUN_FAILED);
    assert_status(status_after(f, "page", &unrelated), RUN_FAILED);
    assert_status(status_after(f, "page", &pair), RUN_NEEDS_DIFF);
    assert_status(status_after(f, "page", &broken), RUN_NEEDS_DIFF); /* its task may be tried again */
    end_tasks(f);
    assert_status(status_after(f, "page", &unrelated), RUN_FAILED);
    assert_status(status_after(f, "page", &found), RUN_DIFF_FOUND);
}

static void a_baseline_that_comes_does_not_mend_a_run_that_failed(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts asked = {.config = file(f, "config"), .ref_config = file(f, "ref config")};
    RunFacts failed = {.log = file(f, "log"), .run_failed = true}, baseline = {.ref_image = file(f, "old")};
    RunFacts image = {.image = file(f, "new")};
    assert_status(status_after(f, "page", &asked), RUN_DATA_PENDING);
    assert_status(status_after(f, "page", &failed), RUN_FAILED);
    assert_status(status_after(f, "page", &baseline), RUN_FAILED);
    assert_status(status_after(f, "page", &image), RUN_NEEDS_DIFF);
}

static void a_new_picture_forgets_what_was_found_of_the_old_one(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts found = {.image = file(f, "new"), .ref_image = file(f, "old"), .diff_image = file(f, "diff")};
    RunFacts newer = {.image = file(f, "newer")};
    assert_status(status_after(f, "page", &found), RUN_DIFF_FOUND);
    g_autoptr(Run) run = report(f, "r", "page", &newer);
    assert_status(run->status, RUN_NEEDS_DIFF);
    g_assert_null(run->facts.diff_image);
}

static void a_pair_is_compared_once_in_a_build(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r"), other = begin_release(f, "s");
    RunFacts pair = {.image = file(f, "new"), .ref_image = file(f, "old")};
    RunFacts found = {.diff_image = file(f, "diff"), .has_distortion = true, .distortion = 0.25};
    status_after(f, "page", &pair);
    status_after(f, "page", &found);
    g_autoptr(Run) again = report(f, "s", "another page", &pair);
    assert_status(again->status, RUN_DIFF_FOUND);
    g_assert_cmpstr(again->facts.diff_image, ==, "diff");
    g_assert_cmpfloat(again->facts.distortion, ==, 0.25);
}

static void an_approval_holds_for_its_pair_of_pictures(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r"), other = begin_release(f, "s");
    RunFacts found = {.image = file(f, "new"), .ref_image = file(f, "old"), .diff_image = file(f, "diff")};
    RunFacts late = {.log = file(f, "log"), .diff_image = file(f, "diff")}, newer = {.image = file(f, "newer")};
    status_after(f, "page", &found);
    g_assert_true(approve(f, "r", "page", true));
    g_assert_false(approve(f, "r", "page", true));
    assert_status(status_after(f, "page", &late), RUN_DIFF_APPROVED);
    g_autoptr(Run) again = report(f, "s", "page", &found);
    assert_status(again->status, RUN_DIFF_APPROVED);
    assert_status(status_after(f, "page", &newer), RUN_NEEDS_DIFF);
    g_assert_true(approve(f, "s", "page", false));
    g_autoptr(Run) undone = report(f, "s", "page", &late);
    assert_status(undone->status, RUN_DIFF_FOUND);
}

static void a_task_that_failed_fails_its_run_and_lets_the_release_go_on(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts pair = {.image = file(f, "new"), .ref_image = file(f, "old")};
    g_autoptr(Run) run = report(f, "r", "page", &pair);
    runs_done(f, "r");
    end_tasks(f);
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) locked = release_lock_by_id(f->db, release->id, NULL);
    g_assert_true(run_task_failed(f->db, locked, run, "run-pdiff", NOW, NULL));
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    assert_status(run->status, RUN_FAILED);
    assert_release(f, "r", RELEASE_REVIEWING);
}

/* With those of the other tests. */
static bool settle_overdue(Db *db, void *now, GError **error) {
    int64_t n;
    do
        n = overdue_settle(db, *(int64_t *)now, error);
    while (n > 0);
    return n == 0;
}

static void a_release_that_waits_for_too_long_goes_on(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts pair = {.image = file(f, "new"), .ref_image = file(f, "old")}, nothing = {.url = (char *)"http://x/"};
    int64_t early = NOW + RELEASE_DEADLINE_MS - 1, late = NOW + RELEASE_DEADLINE_MS;
    status_after(f, "a", &pair);
    status_after(f, "b", &nothing);
    runs_done(f, "r");
    g_assert_true(db_transact(f->pool, settle_overdue, &early, NULL));
    assert_release(f, "r", RELEASE_PROCESSING);
    g_assert_true(db_transact(f->pool, settle_overdue, &late, NULL));
    assert_release(f, "r", RELEASE_REVIEWING);
    g_assert_cmpint(n_tasks(f), ==, 0);
    assert_status(status_after(f, "a", &nothing), RUN_FAILED);
    assert_status(status_after(f, "b", &nothing), RUN_FAILED);
}

static void a_release_that_nobody_ends_is_given_up_a_day_after_its_last_run(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    int64_t day = NOW + RELEASE_DEADLINE_MS, next = NOW + 2 * RELEASE_DEADLINE_MS;
    g_assert_cmpint(db_change(f->db, NULL, "UPDATE releases SET modified = ? WHERE id = ?", DB_INT(NOW + 1),
                              DB_INT(release->id)),
                    ==, 1);
    g_assert_true(db_transact(f->pool, settle_overdue, &day, NULL));
    assert_release(f, "r", RELEASE_RECEIVING);
    g_assert_true(db_transact(f->pool, settle_overdue, &next, NULL));
    assert_release(f, "r", RELEASE_BAD);
}

static void a_file_of_another_build_cannot_be_reported(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Release) release = begin_release(f, "r");
    int64_t mine = f->build;
    f->build = build_create(f->db, "theirs", false, NOW, NULL);
    file(f, "theirs");
    f->build = mine;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Run) run = run_find_or_create(f->db, release, "page", NOW, NULL);
    RunFacts facts = {.image = (char *)"theirs"};
    g_assert_false(run_report(f->db, release, run, &facts, NOW, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
}

static void names_may_be_in_any_language_but_not_have_control_characters(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "r");
    RunFacts nothing = {0};
    g_autoptr(Run) composed = report(f, "r",
                                     "Gr\xc3\xbc\xc3\x9f"
                                     "e \xe6\x97\xa5\xe6\x9c\xac",
                                     &nothing);
    g_autoptr(Run) decomposed = report(f, "r",
                                       "Gru\xcc\x88\xc3\x9f"
                                       "e \xe6\x97\xa5\xe6\x9c\xac",
                                       &nothing);
    g_assert_cmpint(composed->id, ==, decomposed->id);
    static const char *const bad[] = {"", "two\nlines", "\xff", NULL};
    for (size_t i = 0; bad[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(run_find_or_create(f->db, release, bad[i], NOW, &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    }
}

/* Keys, and what was done. */

static void a_key_is_known_by_its_secret_until_it_is_revoked(Fixture *f, const void *unused) {
    g_autoptr(GError) wrong = NULL, revoked = NULL, unknown = NULL;
    g_autofree char *id = NULL, *secret = NULL;
    g_assert_true(api_key_create(f->db, f->build, "CI", NOW, &id, &secret, NULL));
    g_assert_cmpuint(strlen(id), ==, 32);
    g_autoptr(ApiKey) key = api_key_check(f->db, id, secret, NULL);
    g_assert_cmpint(key->build_id, ==, f->build);
    g_assert_false(key->is_superuser);
    g_assert_true(g_str_has_prefix(secret, key->secret_prefix));
    g_assert_null(api_key_check(f->db, id, "another", &wrong));
    g_assert_cmpstr(wrong->message, ==, "Must have good credentials");
    g_assert_null(api_key_check(f->db, "nobody", secret, &unknown));
    g_assert_cmpstr(unknown->message, ==, "API key must exist");
    g_assert_true(api_key_revoke(f->db, id, NOW, NULL));
    g_assert_null(api_key_check(f->db, id, secret, &revoked));
    g_assert_cmpstr(revoked->message, ==, "API key must be active");
}

static void the_secret_of_a_key_is_not_kept(Fixture *f, const void *unused) {
    g_autofree char *id = NULL, *secret = NULL;
    g_assert_true(api_key_create(f->db, 0, "workers", NOW, &id, &secret, NULL));
    g_autoptr(ApiKey) key = api_key_check(f->db, id, secret, NULL);
    g_assert_true(key->is_superuser);
    g_autoptr(DbQuery) query = db_query(f->db, "SELECT secret_sha256 FROM api_keys WHERE id = ?", DB_TEXT(id));
    g_assert_true(db_next(query));
    g_assert_null(strstr(db_text(query, 0), secret));
    g_autoptr(GPtrArray) keys = api_key_list(f->db, 0, 1, NULL);
    g_assert_cmpuint(keys->len, ==, 1);
}

static void what_was_done_is_listed_newest_first(Fixture *f, const void *unused) {
    for (int i = 1; i <= 5; i++) {
        const AuditEntry entry = {
            .build_id = f->build, .run_id = i, .kind = AUDIT_RUN_APPROVED, .actor = (char *)"somebody"};
        g_assert_true(audit_add(f->db, &entry, NOW + i, NULL));
    }
    g_autoptr(GPtrArray) newest = audit_list(f->db, f->build, 0, 2, NULL);
    const AuditEntry *last = g_ptr_array_index(newest, 1);
    g_assert_cmpuint(newest->len, ==, 2);
    g_assert_cmpint(last->run_id, ==, 4);
    g_assert_cmpstr(audit_kind_name(last->kind), ==, "run_approved");
    g_autoptr(GPtrArray) rest = audit_list(f->db, f->build, last->id, 100, NULL);
    g_assert_cmpuint(rest->len, ==, 3);
}

/* Baselines. */

static void make_good(Fixture *f, const char *name, const char *page, const char *picture, int64_t decided) {
    g_autoptr(Release) release = begin_release(f, name);
    RunFacts facts = {.image = picture ? file(f, picture) : NULL};
    g_autoptr(Run) run = report(f, name, page, &facts);
    g_assert_true(decide(f, name, RELEASE_GOOD, decided));
}

static void the_baseline_is_of_the_good_release_that_was_decided_last(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Release) none = NULL, release = NULL;
    g_assert_null(run_find_baseline(f->db, f->build, "page", &none, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    make_good(f, "later", "page", "of later", NOW + 2);
    make_good(f, "earlier", "page", "of earlier", NOW + 1);
    make_good(f, "without it", "another page", "of another", NOW + 3);
    make_good(f, "without a picture", "page", NULL, NOW + 4);
    g_autoptr(Run) run = run_find_baseline(f->db, f->build, "page", &release, NULL);
    g_assert_cmpstr(run->facts.image, ==, "of later");
    g_assert_cmpstr(release->name, ==, "later");
}

/* Many at once. */

enum { THREADS = 8, TIMES = 7 };

typedef struct {
    Fixture *f;
    int numbers[TIMES];
} Beginner;

typedef struct {
    int64_t build;
    int number;
} Begun;

static bool begin_one(Db *db, void *data, GError **error) {
    Begun *begun = data;
    g_autoptr(Release) release = release_create(db, begun->build, "r", NULL, NOW, error);
    if (release)
        begun->number = release->number;
    return release != NULL;
}

static void *begin_some(void *data) {
    Beginner *beginner = data;
    for (int i = 0; i < TIMES; i++) {
        g_autoptr(GError) error = NULL;
        Begun begun = {.build = beginner->f->build};
        if (!db_transact(beginner->f->pool, begin_one, &begun, &error))
            g_error("%s", error->message);
        beginner->numbers[i] = begun.number;
    }
    return NULL;
}

static void releases_that_begin_at_once_have_numbers_of_their_own(Fixture *f, const void *unused) {
    Beginner beginners[THREADS];
    pthread_t threads[THREADS];
    bool seen[THREADS * TIMES + 1] = {false};
    for (int i = 0; i < THREADS; i++) {
        beginners[i].f = f;
        pthread_create(&threads[i], NULL, begin_some, &beginners[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS * TIMES; i++) {
        int number = beginners[i / TIMES].numbers[i % TIMES];
        g_assert_cmpint(number, >=, 1);
        g_assert_cmpint(number, <=, THREADS * TIMES);
        g_assert_false(seen[number]);
        seen[number] = true;
    }
}

static bool report_one(Db *db, void *data, GError **error) {
    Fixture *f = data;
    RunFacts facts = {.image = (char *)"new", .ref_image = (char *)"old"};
    g_autoptr(Release) release = release_lock(db, f->build, "r", 1, error);
    g_autoptr(Run) run = release ? run_find_or_create(db, release, "page", NOW, error) : NULL;
    return run && run_report(db, release, run, &facts, NOW, error);
}

static void *report_some(void *data) {
    Fixture *f = data;
    for (int i = 0; i < TIMES; i++) {
        g_autoptr(GError) error = NULL;
        if (!db_transact(f->pool, report_one, f, &error))
            g_error("%s", error->message);
    }
    return NULL;
}

static void reports_of_one_run_at_once_make_one_run_and_one_task(Fixture *f, const void *unused) {
    pthread_t threads[THREADS];
    g_autoptr(Release) release = begin_release(f, "r");
    file(f, "new");
    file(f, "old");
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, report_some, f);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    g_autoptr(GPtrArray) runs = run_list(f->db, release->id, NULL, 100, NULL);
    g_assert_cmpuint(runs->len, ==, 1);
    g_assert_cmpint(n_tasks(f), ==, 1);
    g_autoptr(Release) counted = release_load(f->db, release->id, NULL);
    g_assert_cmpint(counted->n_pending, ==, 1);
}

#define TEST(name, function) g_test_add("/store/" name, Fixture, NULL, set_up, function, tear_down)

/* Of the same file, as it is and encrypted: under what its bytes are kept. */
static char *kept_as(Fixture *f, const char *sha1) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Artifact) artifact = artifact_load(f->db, f->build, sha1, &error);
    g_assert_no_error(error);
    return g_steal_pointer(&artifact->sha256);
}

static void a_file_that_comes_encrypted_is_kept_so_from_then_on(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    const Artifact plain = {.sha1 = (char *)"a-config", .sha256 = (char *)"plain", .size = 3};
    const Artifact hidden = {
        .sha1 = (char *)"a-config", .sha256 = (char *)"hidden", .content_sha256 = (char *)"plain", .size = 19};
    const Artifact anew = {
        .sha1 = (char *)"a-config", .sha256 = (char *)"anew", .content_sha256 = (char *)"plain", .size = 19};
    const Artifact other = {
        .sha1 = (char *)"a-config", .sha256 = (char *)"x", .content_sha256 = (char *)"other", .size = 19};
    g_assert_true(artifact_add(f->db, f->build, &plain, NULL, NOW, &error));
    g_assert_true(artifact_add(f->db, f->build, &hidden, NULL, NOW, &error));
    g_autofree char *first = kept_as(f, "a-config");
    g_assert_cmpstr(first, ==, "hidden");
    /* Who uploads the same file as it is finds it there. */
    g_assert_true(artifact_add(f->db, f->build, &plain, NULL, NOW, &error));
    g_autofree char *second = kept_as(f, "a-config");
    g_assert_cmpstr(second, ==, "hidden");
    g_assert_true(artifact_add(f->db, f->build, &anew, NULL, NOW, &error));
    g_autofree char *third = kept_as(f, "a-config");
    g_assert_cmpstr(third, ==, "anew");
    g_assert_no_error(error);
    g_assert_false(artifact_add(f->db, f->build, &other, NULL, NOW, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("a-file-that-comes-encrypted-is-kept-so-from-then-on", a_file_that_comes_encrypted_is_kept_so_from_then_on);
    TEST("attempts-of-a-release-are-numbered", attempts_of_a_release_are_numbered);
    TEST("a-new-attempt-ends-the-one-that-is-processed", a_new_attempt_ends_the_one_that_is_processed);
    TEST("a-release-without-runs-goes-straight-to-review", a_release_without_runs_goes_straight_to_review);
    TEST("a-release-is-reviewed-when-its-last-run-is-settled", a_release_is_reviewed_when_its_last_run_is_settled);
    TEST("a-late-end-of-runs-does-not-open-a-decided-release", a_late_end_of_runs_does_not_open_a_decided_release);
    TEST("a-decision-can-be-taken-back-but-not-be-made-twice", a_decision_can_be_taken_back_but_not_be_made_twice);
    TEST("a-first-picture-needs-no-diff", a_first_picture_needs_no_diff);
    TEST("a-picture-waits-for-the-baseline-that-is-captured", a_picture_waits_for_the_baseline_that_is_captured);
    TEST("equal-pictures-are-the-same-at-once", equal_pictures_are_the_same_at_once);
    TEST("a-diff-log-alone-says-that-nothing-was-found", a_diff_log_alone_says_that_nothing_was_found);
    TEST("what-failed-stays-so-until-it-succeeds", what_failed_stays_so_until_it_succeeds);
    TEST("a-baseline-that-comes-does-not-mend-a-run-that-failed",
         a_baseline_that_comes_does_not_mend_a_run_that_failed);
    TEST("a-new-picture-forgets-what-was-found-of-the-old-one", a_new_picture_forgets_what_was_found_of_the_old_one);
    TEST("a-pair-is-compared-once-in-a-build", a_pair_is_compared_once_in_a_build);
    TEST("an-approval-holds-for-its-pair-of-pictures", an_approval_holds_for_its_pair_of_pictures);
    TEST("a-release-that-waits-for-too-long-goes-on", a_release_that_waits_for_too_long_goes_on);
    TEST("a-release-that-nobody-ends-is-given-up-a-day-after-its-last-run",
         a_release_that_nobody_ends_is_given_up_a_day_after_its_last_run);
    TEST("a-task-that-failed-fails-its-run-and-lets-the-release-go-on",
         a_task_that_failed_fails_its_run_and_lets_the_release_go_on);
    TEST("a-file-of-another-build-cannot-be-reported", a_file_of_another_build_cannot_be_reported);
    TEST("names-may-be-in-any-language-but-not-have-control-characters",
         names_may_be_in_any_language_but_not_have_control_characters);
    TEST("a-key-is-known-by-its-secret-until-it-is-revoked", a_key_is_known_by_its_secret_until_it_is_revoked);
    TEST("the-secret-of-a-key-is-not-kept", the_secret_of_a_key_is_not_kept);
    TEST("what-was-done-is-listed-newest-first", what_was_done_is_listed_newest_first);
    TEST("the-baseline-is-of-the-good-release-that-was-decided-last",
         the_baseline_is_of_the_good_release_that_was_decided_last);
    TEST("releases-that-begin-at-once-have-numbers-of-their-own",
         releases_that_begin_at_once_have_numbers_of_their_own);
    TEST("reports-of-one-run-at-once-make-one-run-and-one-task", reports_of_one_run_at_once_make_one_run_and_one_task);
    return g_test_run();
}
