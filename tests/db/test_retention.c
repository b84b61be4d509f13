/* What is removed, and what is about to be named at the same moment, on each of the databases. */
#include "store/artifact.h"
#include "store/audit.h"
#include "store/build.h"
#include "store/garbage.h"
#include "store/retention.h"
#include "store/run.h"

#include "base/file.h"
#include "tables.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { CONNECTIONS = 4, NOW = 1000 * 1000 * 1000, MOST = 10 };
static const int64_t LATER = NOW + GARBAGE_CLAIM_MS;

typedef struct {
    DbPool *pool;
    Db *db;
    char *folder;
    Blobs *blobs;
    int64_t build;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    f->folder = g_dir_make_tmp("dpxdt-retention-XXXXXX", &error);
    f->blobs = blobs_open(f->folder, &error);
    g_assert_no_error(error);
    g_assert_cmpint(db_change(f->db, &error, "DELETE FROM garbage"), >=, 0);
    f->build = build_create(f->db, "a build", false, NOW, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, const void *unused) {
    blobs_free(f->blobs);
    g_assert_true(file_remove_tree(f->folder, NULL));
    g_free(f->folder);
    db_release(f->db);
    db_pool_free(f->pool);
}

/* Bytes of the build alone, which are kept. */
typedef struct {
    BlobWriter *writer;
    const BlobFacts *facts;
} Bytes;

static void bytes_clear(Bytes *bytes) {
    blob_writer_free(bytes->writer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bytes, bytes_clear)

static Bytes bring(Fixture *f, const char *what) {
    g_autofree char *text = g_strdup_printf("%s of %" G_GINT64_FORMAT, what, f->build);
    Bytes bytes = {.writer = blob_writer_new(f->blobs, NULL)};
    g_assert_true(blob_writer_add(bytes.writer, text, strlen(text), NULL));
    bytes.facts = blob_writer_end(bytes.writer, NULL);
    g_assert_nonnull(bytes.facts);
    return bytes;
}

static bool is_there(Fixture *f, const Bytes *bytes) {
    return blobs_check(f->blobs, bytes->facts->sha256, bytes->facts->size, NULL);
}

static bool add_row(Fixture *f, Db *db, const Bytes *bytes, int64_t now_ms, GError **error) {
    const Artifact artifact = {.sha1 = bytes->facts->sha1, .sha256 = bytes->facts->sha256, .size = bytes->facts->size};
    return artifact_add(db, f->build, &artifact, bytes->writer, now_ms, error);
}

static bool name(Fixture *f, const Bytes *bytes, int64_t now_ms, GError **error) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    return add_row(f, f->db, bytes, now_ms, error) && db_commit(g_steal_pointer(&transaction), NULL);
}

static void notice(Fixture *f, const Bytes *bytes) {
    g_assert_true(garbage_notice(f->db, bytes->facts->sha256, bytes->facts->size, NOW, NULL));
}

static guint claim(Fixture *f, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    bool is_more;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(GPtrArray) items = garbage_claim(f->db, NOW, now_ms, MOST, &is_more, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    return items->len;
}

static void remove_bytes(Fixture *f, const Bytes *bytes) {
    g_assert_true(blobs_remove(f->blobs, bytes->facts->sha256, NULL));
    g_assert_false(is_there(f, bytes));
}

static void assert_is_named(Fixture *f, const Bytes *bytes) {
    bool is_named;
    g_assert_true(garbage_is_named(f->db, bytes->facts->sha256, &is_named, NULL) && is_named);
    g_assert_true(is_there(f, bytes));
    g_assert_cmpuint(claim(f, LATER), ==, 0);
}

/* Garbage. */

static void what_a_row_names_is_not_claimed(Fixture *f, const void *unused) {
    g_auto(Bytes) bytes = bring(f, "bytes");
    g_assert_true(name(f, &bytes, NOW, NULL));
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 0);
    assert_is_named(f, &bytes);
}

static void what_is_named_before_it_is_claimed_is_no_garbage_any_more(Fixture *f, const void *unused) {
    g_auto(Bytes) bytes = bring(f, "bytes");
    notice(f, &bytes);
    g_assert_true(name(f, &bytes, NOW, NULL));
    assert_is_named(f, &bytes);
}

static void what_is_claimed_is_named_later_and_kept_once_more(Fixture *f, const void *unused) {
    g_autoptr(GError) busy = NULL, error = NULL;
    g_auto(Bytes) bytes = bring(f, "bytes");
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 1);
    g_assert_false(name(f, &bytes, NOW, &busy));
    g_assert_error(busy, DB_ERROR, DB_ERROR_BUSY);
    remove_bytes(f, &bytes);
    g_assert_true(garbage_set_removed(f->db, bytes.facts->sha256, NOW, NOW, NULL));
    g_assert_true(name(f, &bytes, NOW, &error));
    g_assert_no_error(error);
    assert_is_named(f, &bytes);
}

static void what_cannot_be_kept_once_more_is_not_named(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_auto(Bytes) bytes = bring(f, "bytes");
    const Bytes without_writer = {NULL, bytes.facts};
    bool is_named;
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 1);
    g_assert_true(garbage_set_removed(f->db, bytes.facts->sha256, NOW, NOW, NULL));
    g_assert_false(name(f, &without_writer, NOW, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_BUSY);
    g_assert_true(garbage_is_named(f->db, bytes.facts->sha256, &is_named, NULL) && !is_named);
}

static void a_claim_lasts_for_a_while_and_is_of_one(Fixture *f, const void *unused) {
    g_autoptr(GError) busy = NULL;
    g_auto(Bytes) bytes = bring(f, "bytes");
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 1);
    g_assert_cmpuint(claim(f, LATER - 1), ==, 0);
    g_assert_false(name(f, &bytes, LATER - 1, &busy));
    g_assert_cmpuint(claim(f, LATER), ==, 1);
}

static void bytes_of_a_claim_that_is_over_are_kept_once_more(Fixture *f, const void *unused) {
    g_auto(Bytes) bytes = bring(f, "bytes");
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 1);
    remove_bytes(f, &bytes); /* and was killed before it could say so */
    g_assert_true(name(f, &bytes, LATER, NULL));
    assert_is_named(f, &bytes);
}

static void what_is_given_back_may_be_claimed_and_named(Fixture *f, const void *unused) {
    g_auto(Bytes) bytes = bring(f, "bytes");
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 1);
    g_assert_true(garbage_give_back(f->db, bytes.facts->sha256, NOW, NULL));
    g_assert_cmpuint(claim(f, NOW + 1), ==, 1);
    g_assert_true(garbage_give_back(f->db, bytes.facts->sha256, NOW, NULL)); /* it is another's by now */
    g_assert_cmpuint(claim(f, NOW + 2), ==, 0);
    g_assert_true(garbage_give_back(f->db, bytes.facts->sha256, NOW + 1, NULL));
    g_assert_true(name(f, &bytes, NOW, NULL));
    assert_is_named(f, &bytes);
}

static void what_was_removed_is_known_for_a_day(Fixture *f, const void *unused) {
    g_auto(Bytes) bytes = bring(f, "bytes");
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, NOW), ==, 1);
    g_assert_true(garbage_set_removed(f->db, bytes.facts->sha256, NOW, NOW, NULL));
    notice(f, &bytes); /* that somebody brings it says not whether before or behind the removal */
    g_assert_true(garbage_forget(f->db, NOW + GARBAGE_REMOVED_MS - 1, NULL));
    g_assert_cmpuint(claim(f, LATER), ==, 0);
    g_assert_true(garbage_forget(f->db, NOW + GARBAGE_REMOVED_MS, NULL));
    notice(f, &bytes);
    g_assert_cmpuint(claim(f, LATER), ==, 1);
}

/* Others at the same time. */

typedef struct {
    Fixture *f;
    DbWork work;
    int64_t result;
    pthread_t thread;
} Other;

static void *run_other(void *data) {
    Other *other = data;
    g_autoptr(GError) error = NULL;
    g_assert_true(db_transact(other->f->pool, other->work, other, &error));
    g_assert_no_error(error);
    return NULL;
}

/* Starts work, which has to wait for the transaction that is open. */
static void start(Other *other, Fixture *f, DbWork work) {
    struct timespec soon;
    *other = (Other){.f = f, .work = work, .result = -1};
    g_assert_cmpint(pthread_create(&other->thread, NULL, run_other, other), ==, 0);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec++;
    g_assert_cmpint(pthread_timedjoin_np(other->thread, NULL, &soon), ==, ETIMEDOUT);
}

static bool claim_all(Db *db, void *data, GError **error) {
    Other *other = data;
    bool is_more;
    g_autoptr(GPtrArray) items = garbage_claim(db, NOW, NOW, MOST, &is_more, error);
    other->result = items ? (int64_t)items->len : -1;
    return items != NULL;
}

static void who_claims_waits_for_who_has_named_and_not_committed(Fixture *f, const void *commits) {
    Other other;
    g_auto(Bytes) bytes = bring(f, "bytes");
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    if (db_kind(f->db) != DB_SQLITE) { /* there nobody else writes meanwhile */
        g_assert_true(add_row(f, f->db, &bytes, NOW, NULL));
        g_autoptr(Db) another = db_pool_take(f->pool, SOON_MS, NULL);
        g_assert_true(garbage_notice(another, bytes.facts->sha256, bytes.facts->size, NOW, NULL));
    } else {
        notice(f, &bytes);
        g_assert_true(add_row(f, f->db, &bytes, NOW, NULL));
    }
    start(&other, f, claim_all);
    if (commits)
        g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    else
        g_clear_pointer(&transaction, db_roll_back);
    pthread_join(other.thread, NULL);
    bool is_in_sqlite_again = !commits && db_kind(f->db) == DB_SQLITE; /* it was noticed in the same transaction */
    g_assert_cmpint(other.result, ==, commits || is_in_sqlite_again ? 0 : 1);
}

static bool remove_files(Db *db, void *data, GError **error) {
    Other *other = data;
    other->result = retention_remove_files(db, other->f->build, NOW, error);
    return other->result >= 0;
}

static bool report(Fixture *f, const char *image, GError **error) {
    const RunFacts facts = {.image = (char *)image};
    g_autoptr(Release) release = release_lock(f->db, f->build, "r", 1, error);
    g_autoptr(Run) run = release ? run_find_or_create(f->db, release, "/", NOW, error) : NULL;
    return run && run_report(f->db, release, run, &facts, NOW, error);
}

static void make_release(Fixture *f, const char *name) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_create(f->db, f->build, name, NULL, NOW, NULL);
    g_assert_true(release && db_commit(g_steal_pointer(&transaction), NULL));
}

static void a_file_stays_that_a_run_names_and_has_not_committed(Fixture *f, const void *unused) {
    Other other;
    g_autoptr(GError) error = NULL;
    g_auto(Bytes) named = bring(f, "named"), unnamed = bring(f, "unnamed");
    g_assert_true(name(f, &named, NOW, NULL) && name(f, &unnamed, NOW, NULL));
    make_release(f, "r");
    g_autoptr(DbTransaction) first = db_begin(f->db, NULL);
    g_assert_true(report(f, unnamed.facts->sha1, NULL) && db_commit(g_steal_pointer(&first), NULL));
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(report(f, named.facts->sha1, &error)); /* which changes no count, and so no row of the release */
    g_assert_no_error(error);
    start(&other, f, remove_files);
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    pthread_join(other.thread, NULL);
    g_assert_cmpint(other.result, ==, 1);
    g_autoptr(Artifact) kept = artifact_load(f->db, f->build, named.facts->sha1, NULL);
    g_autoptr(Artifact) gone = artifact_load(f->db, f->build, unnamed.facts->sha1, NULL);
    g_assert_true(kept && !gone);
}

static bool remove_unowned(Db *db, void *data, GError **error) {
    Other *other = data;
    g_autoptr(GPtrArray) files = retention_list_unowned(db, "", MOST, error);
    for (guint i = 0; files && i < files->len; i++)
        if (!retention_remove_unowned(db, g_ptr_array_index(files, i), error))
            return false;
    other->result = files ? (int64_t)files->len : -1;
    return files != NULL;
}

static void a_row_stays_that_a_build_gets_and_has_not_committed(Fixture *f, const void *unused) {
    Other other;
    g_auto(Bytes) bytes = bring(f, "bytes");
    g_assert_true(name(f, &bytes, NOW, NULL));
    g_assert_cmpint(db_change(f->db, NULL, "DELETE FROM build_artifacts WHERE sha1 = ?", DB_TEXT(bytes.facts->sha1)),
                    ==, 1);
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(add_row(f, f->db, &bytes, NOW, NULL));
    start(&other, f, remove_unowned);
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    pthread_join(other.thread, NULL);
    assert_is_named(f, &bytes);
}

/* What of a build may go. */

static void set_status(Fixture *f, const char *release, const char *status) {
    g_assert_cmpint(db_change(f->db, NULL,
                              "UPDATE releases SET status = ?, decided = ? WHERE build_id = ? AND name = ?",
                              DB_TEXT(status), DB_INT(NOW), DB_INT(f->build), DB_TEXT(release)),
                    ==, 1);
}

static void keep(Fixture *f, int n) {
    g_autoptr(Build) build = build_load(f->db, f->build, NULL);
    build->keep_releases = n;
    g_assert_true(build_save(f->db, build, NOW, NULL));
}

static void assert_may_go(Fixture *f, int64_t decided_before_ms, guint n) {
    g_autoptr(GArray) ids = retention_list(f->db, f->build, decided_before_ms, 0, NULL);
    g_assert_cmpuint(ids->len, ==, n);
}

static void assert_wait(Fixture *f, int64_t decided_before_ms, guint n) {
    RetentionWaiting waiting;
    g_assert_true(retention_count_waiting(f->db, f->build, decided_before_ms, &waiting, NULL));
    g_assert_cmpint(waiting.n, ==, n);
    g_assert_cmpint(waiting.first_ms, ==, n > 0 ? NOW : 0);
    g_assert_cmpint(waiting.last_ms, ==, n > 0 ? NOW : 0);
}

static void only_old_releases_that_are_bad_may_go(Fixture *f, const void *unused) {
    static const char *const statuses[] = {"bad", "good", "receiving", "processing", "reviewing", "bad", "good"};
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *name = g_strdup_printf("r%zu", i);
        make_release(f, name);
        set_status(f, name, statuses[i]);
    }
    assert_may_go(f, NOW, 0);
    static const guint expected[] = {2, 1, 1, 1, 1, 1, 0, 0}; /* of those that keep 1, 2, ... */
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        keep(f, (int)i + 1);
        assert_may_go(f, NOW, expected[i]);
        assert_may_go(f, NOW - 1, 0);
        assert_wait(f, NOW, 0);
        assert_wait(f, NOW - 1, expected[i]);
    }
}

static void a_release_that_was_reopened_meanwhile_stays(Fixture *f, const void *unused) {
    make_release(f, "r");
    set_status(f, "r", "bad");
    g_autoptr(Release) release = release_find(f->db, f->build, "r", 1, NULL);
    set_status(f, "r", "reviewing");
    int64_t n_runs;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(retention_remove(f->db, release->id, NOW, &n_runs, NULL));
    g_assert_cmpint(n_runs, ==, -1);
    g_assert_true(retention_remove(f->db, release->id + 1000, NOW, &n_runs, NULL)); /* another gc was faster */
    g_assert_cmpint(n_runs, ==, -1);
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    g_autoptr(Release) kept = release_find(f->db, f->build, "r", 1, NULL);
    g_assert_nonnull(kept);
}

static void what_was_done_to_a_release_that_was_removed_still_names_it(Fixture *f, const void *unused) {
    make_release(f, "r");
    set_status(f, "r", "bad");
    g_autoptr(Release) release = release_find(f->db, f->build, "r", 1, NULL);
    const AuditEntry entry = {.build_id = f->build, .release_id = release->id, .kind = AUDIT_RELEASE_BAD};
    g_assert_true(audit_add(f->db, &entry, NOW, NULL));
    int64_t n_runs;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(retention_remove(f->db, release->id, NOW, &n_runs, NULL));
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    g_autoptr(GPtrArray) lines = audit_list_lines(f->db, f->build, 0, MOST, NULL);
    g_assert_cmpuint(lines->len, ==, 2);
    const AuditLine *removal = g_ptr_array_index(lines, 0), *decision = g_ptr_array_index(lines, 1);
    g_assert_cmpint(removal->entry.kind, ==, AUDIT_REMOVED_RELEASE);
    g_assert_null(removal->removed_release);
    g_assert_null(decision->release_name);
    g_assert_cmpstr(decision->removed_release, ==, "r #1");
}

#define TEST(name, data, function) g_test_add("/retention/" name, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("what-a-row-names-is-not-claimed", NULL, what_a_row_names_is_not_claimed);
    TEST("what-is-named-before-it-is-claimed-is-no-garbage-any-more", NULL,
         what_is_named_before_it_is_claimed_is_no_garbage_any_more);
    TEST("what-is-claimed-is-named-later-and-kept-once-more", NULL, what_is_claimed_is_named_later_and_kept_once_more);
    TEST("what-cannot-be-kept-once-more-is-not-named", NULL, what_cannot_be_kept_once_more_is_not_named);
    TEST("a-claim-lasts-for-a-while-and-is-of-one", NULL, a_claim_lasts_for_a_while_and_is_of_one);
    TEST("bytes-of-a-claim-that-is-over-are-kept-once-more", NULL, bytes_of_a_claim_that_is_over_are_kept_once_more);
    TEST("what-is-given-back-may-be-claimed-and-named", NULL, what_is_given_back_may_be_claimed_and_named);
    TEST("what-was-removed-is-known-for-a-day", NULL, what_was_removed_is_known_for_a_day);
    TEST("who-claims-waits-for-who-has-named-and-not-committed", "commits",
         who_claims_waits_for_who_has_named_and_not_committed);
    TEST("who-claims-waits-for-who-rolls-back", NULL, who_claims_waits_for_who_has_named_and_not_committed);
    TEST("a-file-stays-that-a-run-names-and-has-not-committed", NULL,
         a_file_stays_that_a_run_names_and_has_not_committed);
    TEST("a-row-stays-that-a-build-gets-and-has-not-committed", NULL,
         a_row_stays_that_a_build_gets_and_has_not_committed);
    TEST("only-old-releases-that-are-bad-may-go", NULL, only_old_releases_that_are_bad_may_go);
    TEST("what-was-done-to-a-release-that-was-removed-still-names-it", NULL,
         what_was_done_to_a_release_that_was_removed_still_names_it);
    TEST("a-release-that-was-reopened-meanwhile-stays", NULL, a_release_that_was_reopened_meanwhile_stays);
    return g_test_run();
}
