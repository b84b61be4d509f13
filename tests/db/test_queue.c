/* Tasks and leases, on each of the databases. */
#include "queue/queue.h"

#include "tables.h"

#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

enum { CONNECTIONS = 10, MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

typedef struct {
    DbPool *pool;
    Db *db;
    int64_t now; /* ms: the tests' own clock */
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    db_change(f->db, &error, "DELETE FROM tasks");
    g_assert_no_error(error);
    f->now = 1000 * 1000;
}

static void tear_down(Fixture *f, const void *unused) {
    db_release(f->db);
    db_pool_free(f->pool);
}

static bool add(Fixture *f, const char *name) {
    g_autoptr(GError) error = NULL;
    bool added;
    const Task task = {.queue = (char *)"capture",
                       .name = (char *)name,
                       .release_id = 7,
                       .run_id = 3,
                       .payload = (char *)"{}",
                       .content_type = (char *)"application/json"};
    g_assert_true(queue_add(f->db, &task, f->now, &added, &error));
    return added;
}

/* What was leased, and what was given up. The caller frees both. */
typedef struct {
    GPtrArray *leased, *failed;
} Leased;

static void leased_clear(Leased *leased) {
    g_ptr_array_unref(leased->leased);
    g_ptr_array_unref(leased->failed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Leased, leased_clear)

static Leased lease(Fixture *f, const char *owner, int most) {
    g_autoptr(GError) error = NULL;
    const LeaseRequest request = {.owner = owner, .lease_ms = MINUTE, .most = most};
    Leased out = {0};
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    out.leased = queue_lease(f->db, "capture", &request, f->now, &out.failed, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
    return out;
}

static const Task *first_of(const Leased *leased) {
    g_assert_cmpuint(leased->leased->len, >=, 1);
    return g_ptr_array_index(leased->leased, 0);
}

static LeaseHolder holder_of(const Task *task) {
    return (LeaseHolder){.queue = "capture", .name = task->name, .lease = task->lease};
}

static void assert_finishes(Fixture *f, const LeaseHolder *holder, bool failed) {
    g_autoptr(GError) error = NULL;
    bool again;
    g_autoptr(Task) task = queue_finish(f->db, holder, failed, f->now, &again, &error);
    g_assert_no_error(error);
    g_assert_false(again);
    g_assert_cmpint(task->status, ==, failed ? TASK_ERROR : TASK_DONE);
}

static void assert_cannot_finish(Fixture *f, const LeaseHolder *holder, ErrorCode code) {
    g_autoptr(GError) error = NULL;
    bool again;
    g_assert_null(queue_finish(f->db, holder, false, f->now, &again, &error));
    g_assert_error(error, DPXDT_ERROR, (gint)code);
}

static void a_task_is_leased_once_and_the_oldest_first(Fixture *f, const void *unused) {
    add(f, "first");
    f->now++;
    add(f, "second");
    g_auto(Leased) one = lease(f, "worker", 1);
    g_assert_cmpstr(first_of(&one)->name, ==, "first");
    g_assert_cmpint(first_of(&one)->attempts, ==, 1);
    g_assert_cmpint(first_of(&one)->release_id, ==, 7);
    g_assert_cmpint(first_of(&one)->build_id, ==, 0);
    g_auto(Leased) other = lease(f, "worker", 10);
    g_assert_cmpuint(other.leased->len, ==, 1);
    g_assert_cmpstr(first_of(&other)->name, ==, "second");
    g_auto(Leased) none = lease(f, "worker", 10);
    g_assert_cmpuint(none.leased->len, ==, 0);
}

static void an_expired_lease_is_given_to_the_next_worker(Fixture *f, const void *unused) {
    add(f, "task");
    g_auto(Leased) first = lease(f, "same address", 1);
    f->now += MINUTE;
    g_auto(Leased) second = lease(f, "same address", 1);
    g_assert_cmpstr(first_of(&second)->lease, !=, first_of(&first)->lease);
    LeaseHolder late = holder_of(first_of(&first)), now = holder_of(first_of(&second));
    assert_cannot_finish(f, &late, ERROR_DENIED);
    assert_finishes(f, &now, false);
}

static void when_the_clock_is_set_back_what_waits_is_leased_and_what_is_worked_on_is_left(Fixture *f,
                                                                                          const void *unused) {
    f->now = 48 * HOUR;
    add(f, "left");
    add(f, "worked on");
    g_auto(Leased) before = lease(f, "worker", 2);
    add(f, "waits");
    f->now = 24 * HOUR;
    g_autoptr(GError) error = NULL;
    const LeaseHolder alive = holder_of(g_ptr_array_index(before.leased, 1));
    g_assert_true(queue_heartbeat(f->db, &alive, "going on", 1, f->now, &error));
    g_auto(Leased) after = lease(f, "another", 10);
    g_assert_cmpuint(after.leased->len, ==, 2);
    g_assert_cmpstr(first_of(&after)->name, ==, "waits");
    g_assert_cmpstr(((const Task *)g_ptr_array_index(after.leased, 1))->name, ==, "left");
    assert_finishes(f, &alive, false);
    const LeaseHolder taken = holder_of(first_of(&before));
    assert_cannot_finish(f, &taken, ERROR_DENIED);
    g_auto(Leased) none = lease(f, "another", 10);
    g_assert_cmpuint(none.leased->len, ==, 0);
}

static void a_server_whose_clock_is_late_by_minutes_leaves_the_leases_of_another(Fixture *f, const void *unused) {
    add(f, "task");
    f->now += 10 * MINUTE;
    g_auto(Leased) one = lease(f, "worker", 1);
    f->now -= 10 * MINUTE;
    g_auto(Leased) none = lease(f, "another", 1);
    g_assert_cmpuint(one.leased->len, ==, 1);
    g_assert_cmpuint(none.leased->len, ==, 0);
}

/* It was postponed, and is due when it was said. */
static void what_is_postponed_is_no_task_of_another_time(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    add(f, "task");
    g_auto(Leased) one = lease(f, "worker", 1);
    const LeaseHolder holder = holder_of(first_of(&one));
    g_autoptr(Task) later = queue_postpone(f->db, &holder, "not now", f->now + 6 * HOUR, f->now, &error);
    g_assert_no_error(error);
    g_assert_cmpint(later->status, ==, TASK_LIVE);
    g_auto(Leased) none = lease(f, "worker", 1);
    g_assert_cmpuint(none.leased->len, ==, 0);
}

static void a_worker_without_a_token_is_known_by_its_address(Fixture *f, const void *unused) {
    add(f, "task");
    g_auto(Leased) leased = lease(f, "10.0.0.1", 1);
    const LeaseHolder other = {.queue = "capture", .name = "task", .owner = "10.0.0.2"};
    const LeaseHolder same = {.queue = "capture", .name = "task", .owner = "10.0.0.1"};
    const LeaseHolder nobody = {.queue = "capture", .name = "task"};
    assert_cannot_finish(f, &other, ERROR_DENIED);
    assert_cannot_finish(f, &nobody, ERROR_DENIED);
    assert_finishes(f, &same, true);
}

static void who_comes_too_late_is_told(Fixture *f, const void *unused) {
    add(f, "task");
    g_auto(Leased) leased = lease(f, "worker", 1);
    LeaseHolder holder = holder_of(first_of(&leased));
    f->now += MINUTE;
    assert_cannot_finish(f, &holder, ERROR_TIMEOUT);
    g_autoptr(GError) error = NULL;
    g_assert_false(queue_heartbeat(f->db, &holder, "late", 1, f->now, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_TIMEOUT);
    holder.name = "another";
    assert_cannot_finish(f, &holder, ERROR_NOT_FOUND);
}

static void a_heartbeat_keeps_the_lease_and_late_words_are_left_out(Fixture *f, const void *unused) {
    add(f, "task");
    g_auto(Leased) leased = lease(f, "worker", 1);
    LeaseHolder holder = holder_of(first_of(&leased));
    for (int i = 1; i <= 5; i++) {
        f->now += MINUTE - 1;
        g_assert_true(queue_heartbeat(f->db, &holder, i < 5 ? "newest" : "late", i < 5 ? i : 2, f->now, NULL));
    }
    bool again;
    g_autoptr(Task) task = queue_finish(f->db, &holder, false, f->now, &again, NULL);
    g_assert_cmpstr(task->message, ==, "newest");
}

static void finishing_twice_changes_nothing(Fixture *f, const void *unused) {
    add(f, "task");
    g_auto(Leased) leased = lease(f, "worker", 1);
    LeaseHolder holder = holder_of(first_of(&leased));
    assert_finishes(f, &holder, true);
    bool again;
    g_autoptr(Task) task = queue_finish(f->db, &holder, false, f->now, &again, NULL);
    g_assert_true(again);
    g_assert_cmpint(task->status, ==, TASK_ERROR);
    g_autoptr(GError) error = NULL;
    g_assert_false(queue_heartbeat(f->db, &holder, "still", 9, f->now, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_GONE);
}

static void after_its_last_attempt_a_task_is_an_error(Fixture *f, const void *unused) {
    add(f, "poison");
    for (int i = 0; i < QUEUE_MAX_ATTEMPTS; i++) {
        g_auto(Leased) leased = lease(f, "worker", 1);
        g_assert_cmpint(first_of(&leased)->attempts, ==, i + 1);
        f->now += MINUTE;
    }
    add(f, "next");
    g_auto(Leased) leased = lease(f, "worker", 10);
    g_assert_cmpuint(leased.leased->len, ==, 1);
    g_assert_cmpuint(leased.failed->len, ==, 1);
    const Task *failed = g_ptr_array_index(leased.failed, 0);
    g_assert_cmpstr(failed->name, ==, "poison");
    g_assert_cmpint(failed->run_id, ==, 3);
    g_assert_cmpint(queue_count_of_run(f->db, 3, NULL), ==, 1);
}

static void what_is_live_is_not_added_twice_and_what_is_over_begins_anew(Fixture *f, const void *unused) {
    g_assert_true(add(f, "task"));
    g_assert_false(add(f, "task"));
    g_auto(Leased) first = lease(f, "worker", 10);
    g_assert_cmpuint(first.leased->len, ==, 1);
    g_assert_false(add(f, "task"));
    LeaseHolder holder = holder_of(first_of(&first));
    assert_finishes(f, &holder, false);
    g_assert_true(add(f, "task"));
    g_auto(Leased) second = lease(f, "worker", 10);
    g_assert_cmpint(first_of(&second)->attempts, ==, 1);
}

static void only_live_tasks_are_canceled(Fixture *f, const void *unused) {
    add(f, "done");
    g_auto(Leased) done = lease(f, "worker", 1);
    LeaseHolder holder = holder_of(first_of(&done));
    assert_finishes(f, &holder, false);
    add(f, "waiting");
    f->now++;
    add(f, "leased");
    g_auto(Leased) leased = lease(f, "worker", 2);
    g_assert_cmpint(queue_cancel(f->db, 7, f->now, NULL), ==, 2);
    g_assert_cmpint(queue_cancel(f->db, 8, f->now, NULL), ==, 0);
    LeaseHolder canceled = holder_of(first_of(&leased));
    g_autoptr(GError) error = NULL;
    g_assert_false(queue_heartbeat(f->db, &canceled, "working", 1, f->now, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_GONE);
    f->now += MINUTE;
    g_auto(Leased) none = lease(f, "worker", 10);
    g_assert_cmpuint(none.leased->len, ==, 0);
}

static void what_is_given_back_waits_again_and_does_not_count(Fixture *f, const void *unused) {
    add(f, "task");
    g_auto(Leased) first = lease(f, "worker", 1);
    LeaseHolder holder = holder_of(first_of(&first));
    g_assert_true(queue_give_back(f->db, &holder, f->now, NULL));
    g_auto(Leased) second = lease(f, "worker", 1);
    g_assert_cmpint(first_of(&second)->attempts, ==, 1);
    assert_cannot_finish(f, &holder, ERROR_DENIED);
}

static void a_retry_begins_anew_and_a_deleted_task_is_gone(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    add(f, "task");
    g_auto(Leased) first = lease(f, "worker", 1);
    g_assert_true(queue_retry(f->db, "capture", "task", f->now, NULL));
    g_auto(Leased) second = lease(f, "worker", 1);
    g_assert_cmpint(first_of(&second)->attempts, ==, 1);
    g_autoptr(Task) deleted = queue_delete(f->db, "capture", "task", NULL);
    g_assert_cmpint(deleted->run_id, ==, 3);
    g_assert_false(queue_retry(f->db, "capture", "task", f->now, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
}

/* Many at once. */

enum { WORKERS = 6, TASKS = 300 };

typedef struct {
    DbPool *pool;
    int64_t now;
    int times[TASKS]; /* how often this worker got each */
    Leased last;
} Worker;

static bool lease_some(Db *db, void *data, GError **error) {
    Worker *worker = data;
    const LeaseRequest request = {.owner = "worker", .lease_ms = MINUTE, .most = 4};
    g_autoptr(GPtrArray) failed = NULL;
    g_clear_pointer(&worker->last.leased, g_ptr_array_unref);
    worker->last.leased = queue_lease(db, "capture", &request, worker->now, &failed, error);
    return worker->last.leased != NULL;
}

static void *work(void *data) {
    Worker *worker = data;
    do {
        g_autoptr(GError) error = NULL;
        if (!db_transact(worker->pool, lease_some, worker, &error))
            g_error("%s", error->message);
        for (guint i = 0; i < worker->last.leased->len; i++)
            worker->times[atoi(((Task *)g_ptr_array_index(worker->last.leased, i))->name)]++;
    } while (worker->last.leased->len > 0);
    g_clear_pointer(&worker->last.leased, g_ptr_array_unref);
    return NULL;
}

static void no_task_is_leased_twice_and_none_is_lost(Fixture *f, const void *unused) {
    static Worker workers[WORKERS];
    pthread_t threads[WORKERS];
    for (int i = 0; i < TASKS; i++) {
        g_autofree char *name = g_strdup_printf("%d", i);
        add(f, name);
    }
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (Worker){.pool = f->pool, .now = f->now};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (int task = 0; task < TASKS; task++) {
        int times = 0;
        for (int i = 0; i < WORKERS; i++)
            times += workers[i].times[task];
        g_assert_cmpint(times, ==, 1);
    }
}

#define TEST(name, function) g_test_add("/queue/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("a-task-is-leased-once-and-the-oldest-first", a_task_is_leased_once_and_the_oldest_first);
    TEST("an-expired-lease-is-given-to-the-next-worker", an_expired_lease_is_given_to_the_next_worker);
    TEST("when-the-clock-is-set-back-what-waits-is-leased-and-what-is-worked-on-is-left",
         when_the_clock_is_set_back_what_waits_is_leased_and_what_is_worked_on_is_left);
    TEST("a-server-whose-clock-is-late-by-minutes-leaves-the-leases-of-another",
         a_server_whose_clock_is_late_by_minutes_leaves_the_leases_of_another);
    TEST("what-is-postponed-is-no-task-of-another-time", what_is_postponed_is_no_task_of_another_time);
    TEST("a-worker-without-a-token-is-known-by-its-address", a_worker_without_a_token_is_known_by_its_address);
    TEST("who-comes-too-late-is-told", who_comes_too_late_is_told);
    TEST("a-heartbeat-keeps-the-lease-and-late-words-are-left-out",
         a_heartbeat_keeps_the_lease_and_late_words_are_left_out);
    TEST("finishing-twice-changes-nothing", finishing_twice_changes_nothing);
    TEST("after-its-last-attempt-a-task-is-an-error", after_its_last_attempt_a_task_is_an_error);
    TEST("what-is-live-is-not-added-twice-and-what-is-over-begins-anew",
         what_is_live_is_not_added_twice_and_what_is_over_begins_anew);
    TEST("only-live-tasks-are-canceled", only_live_tasks_are_canceled);
    TEST("what-is-given-back-waits-again-and-does-not-count", what_is_given_back_waits_again_and_does_not_count);
    TEST("a-retry-begins-anew-and-a-deleted-task-is-gone", a_retry_begins_anew_and_a_deleted_task_is_gone);
    TEST("no-task-is-leased-twice-and-none-is-lost", no_task_is_leased_twice_and_none_is_lost);
    return g_test_run();
}
