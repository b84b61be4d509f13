/* What reviewers see of a release, in which order, and what they decide, on each of the databases. */
#include "store/build.h"
#include "store/decision.h"
#include "store/artifact.h"

#include "tables.h"

#include <glib.h>
#include <string.h>

enum { MOST_SEEN = 100, CONNECTIONS = 4, NOW = 1000 * 1000, LATER = NOW + 10 };

typedef struct {
    DbPool *pool;
    Db *db;
    int64_t build;
    Release *release;
} Fixture;

/* What one is to show: findings with this fingerprint (NULL: none) and so many pixels, or something else than a
 * difference. */
typedef struct {
    const char *name, *fingerprint;
    int pixels;
    RunStatus status;
} Page;

static const char *file(Fixture *f, const char *name) {
    const Artifact artifact = {.sha1 = (char *)name, .sha256 = (char *)name, .size = 3};
    g_assert_true(artifact_add(f->db, f->build, &artifact, NULL, NOW, NULL));
    return name;
}

static void report(Fixture *f, const Page *page, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    g_autofree char *image = g_strdup_printf("image of %s", page->name);
    g_autofree char *quoted = page->fingerprint ? g_strdup_printf("\"%s\"", page->fingerprint) : g_strdup("null");
    g_autofree char *findings =
        g_strdup_printf("{\"fingerprint\": %s, \"changed_pixels\": %d, \"summary\": \"changed\"}", quoted,
                        page->pixels);
    bool differs = page->status == RUN_DIFF_FOUND, is_new = page->status == RUN_NO_DIFF_NEEDED;
    bool failed = page->status == RUN_FAILED;
    RunFacts facts = {
        .image = failed ? NULL : (char *)file(f, image),
        .ref_image = failed || is_new ? NULL : (char *)file(f, differs ? "old" : image),
        .diff_image = differs ? (char *)file(f, "diff") : NULL,
        .findings = differs ? findings : NULL,
        .run_failed = failed,
    };
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    g_autoptr(Release) release = release_lock_by_id(f->db, f->release->id, &error);
    g_autoptr(Run) run = run_find_or_create(f->db, release, page->name, now_ms, &error);
    g_assert_no_error(error);
    g_assert_true(run_report(f->db, release, run, &facts, now_ms, &error));
    g_assert_no_error(error);
    g_assert_cmpint(run->status, ==, page->status);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
}

static const Page pages[] = {
    {"/same", NULL, 0, RUN_DIFF_NOT_FOUND},     {"/banner/b", "bbbb", 500, RUN_DIFF_FOUND},
    {"/alone", NULL, 70, RUN_DIFF_FOUND},       {"/new", NULL, 0, RUN_NO_DIFF_NEEDED},
    {"/broken", NULL, 0, RUN_FAILED},           {"/big", "aaaa", 9000, RUN_DIFF_FOUND},
    {"/banner/a", "bbbb", 500, RUN_DIFF_FOUND}, {"/single", NULL, 60, RUN_DIFF_FOUND},
    {"/banner/c", "bbbb", 500, RUN_DIFF_FOUND},
};

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    f->build = build_create(f->db, "a build", false, NOW, &error);
    g_assert_no_error(error);
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    f->release = release_create(f->db, f->build, "r", NULL, NOW, &error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        report(f, &pages[i], NOW);
}

static void tear_down(Fixture *f, const void *unused) {
    release_free(f->release);
    db_release(f->db);
    db_pool_free(f->pool);
}

/* Order. */

static char *names_of(GPtrArray *lines) {
    GString *names = g_string_new(NULL);
    g_assert_nonnull(lines);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(names, "%s%s", i ? " " : "", ((RunLine *)g_ptr_array_index(lines, i))->name);
    return g_string_free(names, FALSE);
}

static void assert_lines(Fixture *f, OrderRank rank, const RunLine *after, const char *words, const char *expected) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = run_list_lines(f->db, f->release->id, rank, after, words, 10, &error);
    g_assert_no_error(error);
    g_autofree char *names = names_of(lines);
    g_assert_cmpstr(names, ==, expected);
}

static RunLine *line_of(Fixture *f, const char *name) {
    g_autoptr(GError) error = NULL;
    RunLine *line = run_list_find(f->db, f->release->id, name, &error);
    g_assert_no_error(error);
    return line;
}

static void failures_come_first_and_then_the_biggest_change(Fixture *f, const void *unused) {
    assert_lines(f, ORDER_FAILED, NULL, NULL, "/broken");
    assert_lines(f, ORDER_DIFFERENT, NULL, NULL, "/big /banner/a /banner/b /banner/c /alone /single");
    assert_lines(f, ORDER_NEW, NULL, NULL, "/new");
    assert_lines(f, ORDER_SAME, NULL, NULL, "/same");
    g_autoptr(RunLine) b = line_of(f, "/banner/b");
    assert_lines(f, ORDER_DIFFERENT, b, NULL, "/banner/c /alone /single");
    assert_lines(f, ORDER_DIFFERENT, NULL, "banner/", "/banner/a /banner/b /banner/c");
    assert_lines(f, ORDER_DIFFERENT, NULL, "%", "");
}

static void one_goes_from_the_first_to_the_last_and_back(Fixture *f, const void *unused) {
    static const char *const order[] = {"/broken", "/big",    "/banner/a", "/banner/b", "/banner/c",
                                        "/alone",  "/single", "/new",      "/same"};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        g_autoptr(RunLine) line = line_of(f, order[i]), next = NULL, previous = NULL;
        g_assert_true(run_list_neighbour(f->db, f->release->id, line, NEIGHBOUR_NEXT, &next, NULL));
        g_assert_true(run_list_neighbour(f->db, f->release->id, line, NEIGHBOUR_PREVIOUS, &previous, NULL));
        g_assert_cmpstr(next ? next->name : NULL, ==, i + 1 < G_N_ELEMENTS(order) ? order[i + 1] : NULL);
        g_assert_cmpstr(previous ? previous->name : NULL, ==, i > 0 ? order[i - 1] : NULL);
    }
}

static GPtrArray *groups_of(Fixture *f) {
    g_autoptr(GError) error = NULL;
    GPtrArray *groups = run_list_groups(f->db, f->release->id, NULL, 10, &error);
    g_assert_no_error(error);
    return groups;
}

static void runs_with_the_same_change_are_a_group(Fixture *f, const void *unused) {
    static const struct {
        const char *first;
        int n;
    } expected[] = {{"/big", 1}, {"/banner/a", 3}, {"/alone", 1}, {"/single", 1}};
    g_autoptr(GPtrArray) groups = groups_of(f);
    g_assert_cmpuint(groups->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < groups->len; i++) {
        const RunGroup *group = g_ptr_array_index(groups, i);
        g_assert_cmpstr(group->first->name, ==, expected[i].first);
        g_assert_cmpint(group->n, ==, expected[i].n);
        g_assert_cmpint(group->n_open, ==, expected[i].n);
    }
    g_autoptr(RunLine) b = line_of(f, "/banner/b");
    g_autoptr(GPtrArray) lines = run_list_group(f->db, f->release->id, b, NULL, 10, NULL);
    g_autofree char *names = names_of(lines);
    g_assert_cmpstr(names, ==, "/banner/a /banner/b /banner/c");
}

/* Decisions. */

static int approve_group(Fixture *f, const char *name, int64_t seen_ms, const char *batch, GError **error) {
    int n = -1;
    bool again;
    g_autoptr(RunLine) line = line_of(f, name);
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_lock_by_id(f->db, f->release->id, NULL);
    const Decider decider = {"somebody", batch, LATER};
    const Seen seen = {seen_ms, MOST_SEEN};
    if (!decision_approve_group(f->db, release, line, &seen, &decider, &n, &again, error))
        return -1;
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    return n;
}

static int undo(Fixture *f, const char *batch, GError **error) {
    int n = -1;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_autoptr(Release) release = release_lock_by_id(f->db, f->release->id, NULL);
    const Decider decider = {"somebody", batch, LATER};
    if (!decision_undo(f->db, release, &decider, &n, error))
        return -1;
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    return n;
}

static void assert_counts(Fixture *f, int n_found, int n_approved) {
    g_autoptr(Release) release = release_load(f->db, f->release->id, NULL);
    g_assert_cmpint(release->n_found, ==, n_found);
    g_assert_cmpint(release->n_approved, ==, n_approved);
}

static void a_group_is_approved_and_undone_as_one(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(approve_group(f, "/banner/b", NOW, "key-1", &error), ==, 3);
    g_assert_no_error(error);
    assert_counts(f, 3, 3);
    g_assert_cmpint(approve_group(f, "/banner/b", NOW, "key-1", &error), ==,
                    3); /* once more, as a client that heard nothing */
    assert_counts(f, 3, 3);
    assert_lines(f, ORDER_DIFFERENT, NULL, NULL, "/big /banner/a /banner/b /banner/c /alone /single");
    g_assert_cmpint(undo(f, "key-1", &error), ==, 3);
    g_assert_no_error(error);
    assert_counts(f, 6, 0);
    g_assert_cmpint(undo(f, "key-1", &error), ==, 0);
    g_assert_cmpint(approve_group(f, "/banner/b", NOW, "key-1", &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_BUSY);
    g_clear_error(&error);
    assert_counts(f, 6, 0);
    g_assert_cmpint(undo(f, "none", &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
}

static void what_came_after_one_looked_is_not_approved(Fixture *f, const void *unused) {
    report(f, &(const Page){"/banner/d", "bbbb", 500, RUN_DIFF_FOUND}, NOW + 5);
    g_assert_cmpint(approve_group(f, "/banner/a", NOW, "key-2", NULL), ==, 3);
    g_autoptr(RunLine) late = line_of(f, "/banner/d");
    g_assert_cmpint(late->status, ==, RUN_DIFF_FOUND);
}

static void more_than_one_saw_are_not_approved(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    int n;
    bool again;
    g_autoptr(RunLine) line = line_of(f, "/banner/a");
    {
        g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
        g_autoptr(Release) release = release_lock_by_id(f->db, f->release->id, NULL);
        const Decider decider = {"somebody", NULL, LATER};
        const Seen two = {LATER, 2};
        g_assert_false(decision_approve_group(f->db, release, line, &two, &decider, &n, &again, &error));
    }
    g_assert_error(error, DPXDT_ERROR, ERROR_BUSY);
    assert_counts(f, 6, 0);
}

static void undoing_a_batch_leaves_alone_what_was_approved_before(Fixture *f, const void *unused) {
    {
        g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
        g_autoptr(Release) release = release_lock_by_id(f->db, f->release->id, NULL);
        g_autoptr(Run) run = run_find(f->db, release->id, "/banner/a", NULL);
        g_assert_true(run_approve(f->db, release, run, true, "somebody else", NOW, NULL));
        g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    }
    g_assert_cmpint(approve_group(f, "/banner/a", NOW, "key-3", NULL), ==, 2);
    g_assert_cmpint(undo(f, "key-3", NULL), ==, 2);
    g_autoptr(RunLine) first = line_of(f, "/banner/a");
    g_assert_cmpint(first->status, ==, RUN_DIFF_APPROVED);
}

static void a_batch_is_of_its_release(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autofree char *key = g_strdup_printf("of %" G_GINT64_FORMAT, f->build);
    g_assert_cmpint(approve_group(f, "/big", NOW, key, &error), ==, 1);
    g_autoptr(Release) mine = g_steal_pointer(&f->release);
    {
        g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
        f->release = release_create(f->db, f->build, "other", NULL, NOW, NULL);
        g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    }
    report(f, &(const Page){"/other", NULL, 5, RUN_DIFF_FOUND}, NOW);
    g_assert_cmpint(undo(f, key, &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    g_assert_cmpint(approve_group(f, "/other", NOW, key, NULL), ==, 1);
    g_assert_cmpint(undo(f, key, NULL), ==, 1);
    g_autoptr(Release) untouched = release_load(f->db, mine->id, NULL);
    g_assert_cmpint(untouched->n_approved, ==, 1);
}

static void a_key_is_of_one_group(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(approve_group(f, "/big", NOW, "key-6", &error), ==, 1);
    g_assert_cmpint(approve_group(f, "/banner/a", NOW, "key-6", &error), ==, -1);
    g_assert_error(error, DPXDT_ERROR, ERROR_BUSY);
    assert_counts(f, 5, 1);
}

static bool is_decided(Fixture *f, const char *name) {
    g_autofree char *actor = NULL;
    int64_t when_ms;
    g_autoptr(Run) run = run_find(f->db, f->release->id, name, NULL);
    g_assert_true(decision_find(f->db, run, &actor, &when_ms, NULL));
    return actor != NULL;
}

/* Both releases were compared before the pair was approved in one of them. */
static void undoing_a_batch_counts_in_its_release_only(Fixture *f, const void *unused) {
    g_autoptr(Release) first = g_steal_pointer(&f->release);
    {
        g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
        f->release = release_create(f->db, f->build, "second", NULL, NOW, NULL);
        g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    }
    report(f, &(const Page){"/big", NULL, 5, RUN_DIFF_FOUND}, NOW);
    g_autoptr(Release) second = g_steal_pointer(&f->release);
    f->release = release_load(f->db, second->id, NULL);
    g_assert_cmpint(approve_group(f, "/big", NOW, "key-2nd", NULL), ==, 1);
    release_free(f->release);
    f->release = release_load(f->db, first->id, NULL);
    g_assert_cmpint(approve_group(f, "/big", NOW, "key-1st", NULL), ==, 1);
    g_assert_cmpint(undo(f, "key-1st", NULL), ==, 1);
    assert_counts(f, 6, 0);
    g_assert_true(is_decided(f, "/big")); /* in the second */
    release_free(f->release);
    f->release = release_load(f->db, second->id, NULL);
    assert_counts(f, 0, 1);
    g_assert_cmpint(undo(f, "key-2nd", NULL), ==, 1);
    assert_counts(f, 1, 0);
    g_assert_false(is_decided(f, "/big"));
}

static RunLine *neighbour(Fixture *f, const char *name, Neighbour which) {
    RunLine *found = NULL;
    g_autoptr(RunLine) line = line_of(f, name);
    g_assert_true(run_list_neighbour(f->db, f->release->id, line, which, &found, NULL));
    return found;
}

static void one_is_led_to_what_is_open(Fixture *f, const void *unused) {
    g_autoptr(RunLine) inside = neighbour(f, "/banner/a", NEIGHBOUR_NEXT_OPEN);
    g_assert_cmpstr(inside->name, ==, "/banner/b");
    g_autoptr(RunLine) group = neighbour(f, "/banner/a", NEIGHBOUR_NEXT_GROUP_OPEN);
    g_assert_cmpstr(group->name, ==, "/alone");
    g_assert_cmpint(approve_group(f, "/banner/a", NOW, NULL, NULL), ==, 3);
    g_autoptr(RunLine) behind = neighbour(f, "/big", NEIGHBOUR_NEXT_OPEN);
    g_assert_cmpstr(behind->name, ==, "/alone");
    g_autoptr(RunLine) around = neighbour(f, "/single", NEIGHBOUR_NEXT_OPEN);
    g_assert_cmpstr(around->name, ==, "/big");
    static const char *const rest[] = {"/big", "/alone", "/single"};
    for (size_t i = 0; i < G_N_ELEMENTS(rest); i++)
        approve_group(f, rest[i], NOW, NULL, NULL);
    g_assert_null(neighbour(f, "/big", NEIGHBOUR_NEXT_OPEN));
}

static void what_came_late_is_open_in_its_group(Fixture *f, const void *unused) {
    approve_group(f, "/banner/a", NOW, NULL, NULL);
    report(f, &(const Page){"/banner/d", "bbbb", 500, RUN_DIFF_FOUND}, LATER);
    report(f, &(const Page){"/begins/alike", "bbbbb", 500, RUN_DIFF_FOUND}, LATER);
    g_autoptr(RunLine) inside = neighbour(f, "/banner/a", NEIGHBOUR_NEXT_OPEN);
    g_assert_cmpstr(inside->name, ==, "/banner/d");
    g_autoptr(RunLine) behind = neighbour(f, "/big", NEIGHBOUR_NEXT_GROUP_OPEN);
    g_assert_cmpstr(behind->name, ==, "/banner/d");
    g_autoptr(RunLine) other = neighbour(f, "/banner/a", NEIGHBOUR_NEXT_GROUP_OPEN);
    g_assert_cmpstr(other->name, ==, "/begins/alike");
    g_autoptr(GPtrArray) groups = groups_of(f);
    const RunGroup *banner = g_ptr_array_index(groups, 1);
    g_assert_cmpstr(banner->first->name, ==, "/banner/a");
    g_assert_cmpint(banner->n, ==, 4);
    g_assert_cmpint(banner->n_open, ==, 1);
}

static void who_approved_is_told(Fixture *f, const void *unused) {
    g_autofree char *actor = NULL, *nobody = NULL;
    int64_t created_ms;
    approve_group(f, "/banner/a", NOW, NULL, NULL);
    g_autoptr(Run) run = run_find(f->db, f->release->id, "/banner/c", NULL),
                   open = run_find(f->db, f->release->id, "/big", NULL);
    g_assert_true(decision_find(f->db, run, &actor, &created_ms, NULL));
    g_assert_cmpstr(actor, ==, "somebody");
    g_assert_cmpint(created_ms, ==, LATER);
    g_assert_true(decision_find(f->db, open, &nobody, &created_ms, NULL));
    g_assert_null(nobody);
}

static void a_page_has_a_history(Fixture *f, const void *unused) {
    g_autoptr(GPtrArray) pasts = run_list_history(f->db, f->build, "/banner/a", 10, NULL);
    g_assert_cmpuint(pasts->len, ==, 1);
    const RunPast *past = g_ptr_array_index(pasts, 0);
    g_assert_cmpstr(past->release_name, ==, "r");
    g_assert_cmpstr(past->image, ==, "image of /banner/a");
}

#define TEST(name, function) g_test_add("/review/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("failures-come-first-and-then-the-biggest-change", failures_come_first_and_then_the_biggest_change);
    TEST("one-goes-from-the-first-to-the-last-and-back", one_goes_from_the_first_to_the_last_and_back);
    TEST("runs-with-the-same-change-are-a-group", runs_with_the_same_change_are_a_group);
    TEST("a-group-is-approved-and-undone-as-one", a_group_is_approved_and_undone_as_one);
    TEST("what-came-after-one-looked-is-not-approved", what_came_after_one_looked_is_not_approved);
    TEST("more-than-one-saw-are-not-approved", more_than_one_saw_are_not_approved);
    TEST("a-key-is-of-one-group", a_key_is_of_one_group);
    TEST("undoing-a-batch-counts-in-its-release-only", undoing_a_batch_counts_in_its_release_only);
    TEST("undoing-a-batch-leaves-alone-what-was-approved-before",
         undoing_a_batch_leaves_alone_what_was_approved_before);
    TEST("a-batch-is-of-its-release", a_batch_is_of_its_release);
    TEST("one-is-led-to-what-is-open", one_is_led_to_what_is_open);
    TEST("what-came-late-is-open-in-its-group", what_came_late_is_open_in_its_group);
    TEST("who-approved-is-told", who_approved_is_told);
    TEST("a-page-has-a-history", a_page_has_a_history);
    return g_test_run();
}
