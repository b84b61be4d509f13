/* A build that has had hundreds of releases, on each of the databases: what is found in it, and how much of it is read for
 * that. */
#include "store/build.h"
#include "store/decision.h"

#include "tables.h"

#include <glib.h>

enum { CONNECTIONS = 4, NOW = 1000 * 1000, RELEASES = 3000, PLENTY = 500 };

typedef struct {
    DbPool *pool;
    Db *db;
    int64_t build;
} Fixture;

/* Of each page, in which releases it is, and in which of these it has no picture. 1: in each, 0: in none. The release that was decided
 * last among those of the first and the last one is bad, and that of the third has no picture of it. */
static const struct {
    const char *name;
    int in_each, without_each;
} pages[] = {
    {"/in-all", 1, 0}, {"/often-without", 1, 3}, {"/in-few", 100, 11}, {"/never-with", 1, 1}, {"/rare", 710, 0},
};

static bool is_each(int i, int each) {
    return each > 0 && i % each == 0;
}

/* A status and a time that follow no order: some are decided at the same time, and what was begun first is not decided
 * first. */
static int64_t add_release(Fixture *f, int i) {
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("r%d", i);
    bool is_good = i % 7 != 5;
    int64_t id = db_insert(f->db, &error,
                           "INSERT INTO releases (build_id, name, number, status, created, modified, decided) "
                           "VALUES (?, ?, 1, ?, ?, ?, ?) RETURNING id",
                           DB_INT(f->build), DB_TEXT(name), DB_TEXT(is_good ? "good" : "bad"), DB_INT(NOW), DB_INT(NOW),
                           DB_INT(NOW + i * 37 % 101));
    g_assert_no_error(error);
    return id;
}

/* What a person approved in it. */
static void add_run(Fixture *f, int64_t release_id, const char *name, bool has_picture) {
    g_autoptr(GError) error = NULL;
    g_autofree char *image = g_strdup_printf("%" G_GINT64_FORMAT " of %s", release_id, name);
    db_change(f->db, &error,
              "INSERT INTO runs (release_id, build_id, name, status, created, modified, image, ref_image) "
              "VALUES (?, ?, ?, 'diff_approved', ?, ?, ?, 'before')",
              DB_INT(release_id), DB_INT(f->build), DB_TEXT(name), DB_INT(NOW), DB_INT(NOW),
              DB_TEXT(has_picture ? image : NULL));
    g_assert_no_error(error);
}

static void fill(Fixture *f) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    for (int i = 0; i < RELEASES; i++) {
        int64_t id = add_release(f, i);
        for (size_t k = 0; k < G_N_ELEMENTS(pages); k++)
            if (is_each(i, pages[k].in_each))
                add_run(f, id, pages[k].name, !is_each(i / pages[k].in_each, pages[k].without_each));
    }
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
}

/* What autovacuum does in time. */
static void count_rows(Db *db) {
    if (db_kind(db) == DB_POSTGRES)
        g_assert_cmpint(db_change(db, NULL, "ANALYZE"), >=, 0);
}

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    f->build = build_create(f->db, "a build", false, NOW, &error);
    g_assert_no_error(error);
    fill(f);
    count_rows(f->db);
}

static void tear_down(Fixture *f, const void *unused) {
    db_release(f->db);
    db_pool_free(f->pool);
}

/* Baselines. */

/* 0: there is none. */
static int64_t baseline_of(Fixture *f, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Release) release = NULL;
    g_autoptr(Run) run = run_find_baseline(f->db, f->build, name, &release, &error);
    if (!run)
        g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    g_assert_cmpint(run ? run->release_id : 0, ==, release ? release->id : 0);
    return run ? run->id : 0;
}

/* As it is defined. */
static int64_t expected_of(Fixture *f, const char *name) {
    g_autoptr(DbQuery) query = db_query(f->db,
                                        "SELECT r.id FROM runs r JOIN releases l ON l.id = r.release_id "
                                        "WHERE r.build_id = ? AND r.name = ? AND r.image IS NOT NULL AND "
                                        "l.status = 'good' ORDER BY l.decided DESC, l.id DESC LIMIT 1",
                                        DB_INT(f->build), DB_TEXT(name));
    return db_next(query) ? db_int(query, 0) : 0;
}

static void a_page_of_many_runs_has_the_baseline_that_one_of_few_would_have(Fixture *f, const void *unused) {
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        bool has_one = pages[i].without_each != 1;
        g_assert_cmpint(baseline_of(f, pages[i].name), ==, expected_of(f, pages[i].name));
        g_assert_cmpint(baseline_of(f, pages[i].name) != 0, ==, has_one);
    }
}

static void a_release_that_is_good_no_more_has_no_baselines(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Run) first = run_load(f->db, baseline_of(f, "/in-all"), &error);
    g_assert_no_error(error);
    db_change(f->db, &error, "UPDATE releases SET status = 'reviewing', decided = NULL WHERE id = ?",
              DB_INT(first->release_id));
    g_assert_no_error(error);
    g_assert_cmpint(baseline_of(f, "/in-all"), !=, first->id);
    g_assert_cmpint(baseline_of(f, "/in-all"), ==, expected_of(f, "/in-all"));
}

/* How much is read, which SQLite does not tell. */

static int64_t read_counter(Db *db) {
    g_autoptr(DbQuery) query = db_query(
        db, db_pick(db, NULL, "SELECT CAST(SUM(seq_tup_read + idx_tup_fetch) AS BIGINT) FROM pg_stat_xact_user_tables",
                    "SELECT CAST(SUM(variable_value) AS SIGNED) FROM information_schema.session_status "
                    "WHERE variable_name LIKE 'Handler_read%'"));
    g_assert_true(db_next(query));
    return db_int(query, 0);
}

/* To look at MariaDB's counter counts, too: by as much each time. */
static int64_t n_read_since(Db *db, int64_t before) {
    int64_t after = read_counter(db);
    return after - before - (read_counter(db) - after);
}

static void a_baseline_is_found_without_reading_all_releases(Fixture *f, const void *unused) {
    static const char *const names[] = {"/in-all", "/in-few", "/rare", "/new"};
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        int64_t before = read_counter(f->db);
        baseline_of(f, names[i]);
        g_assert_cmpint(n_read_since(f->db, before), <, PLENTY);
    }
}

static int64_t add_open_release(Fixture *f) {
    g_autoptr(GError) error = NULL;
    int64_t id = add_release(f, RELEASES);
    add_run(f, id, "/in-all", true);
    db_change(f->db, &error, "UPDATE releases SET status = 'reviewing', decided = NULL, n_found = 1 WHERE id = ?",
              DB_INT(id));
    g_assert_no_error(error);
    db_change(f->db, &error, "UPDATE runs SET status = 'diff_found', sort_rank = 1 WHERE release_id = ?", DB_INT(id));
    g_assert_no_error(error);
    return id;
}

static void an_approval_is_taken_back_without_reading_all_runs_of_its_page(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_lock_by_id(f->db, add_open_release(f), NULL);
    g_autoptr(RunLine) line = run_list_find(f->db, release->id, "/in-all", &error);
    const Decider decider = {"somebody", "batch", NOW};
    const Seen seen = {NOW, 1};
    int n;
    bool again;
    g_assert_true(decision_approve_group(f->db, release, line, &seen, &decider, &n, &again, &error));
    g_assert_cmpint(n, ==, 1);
    int64_t before = read_counter(f->db);
    g_assert_true(decision_undo(f->db, release, &decider, &n, &error));
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(n_read_since(f->db, before), <, PLENTY);
}

#define TEST(name, function) g_test_add("/growth/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("a-page-of-many-runs-has-the-baseline-that-one-of-few-would-have",
         a_page_of_many_runs_has_the_baseline_that_one_of_few_would_have);
    TEST("a-release-that-is-good-no-more-has-no-baselines", a_release_that_is_good_no_more_has_no_baselines);
    if (!g_str_has_prefix(g_getenv("DPXDT_TEST_DATABASE"), "sqlite:")) {
        TEST("a-baseline-is-found-without-reading-all-releases", a_baseline_is_found_without_reading_all_releases);
        TEST("an-approval-is-taken-back-without-reading-all-runs-of-its-page",
             an_approval_is_taken_back_without_reading_all_runs_of_its_page);
    }
    return g_test_run();
}
