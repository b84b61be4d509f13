/* What becomes a task of the outbox, and how such tasks end, on each of the databases. */
#include "tables.h"
#include "queue/queue.h"
#include "store/artifact.h"
#include "store/notice.h"
#include "store/overdue.h"
#include "store/owner.h"
#include "store/run.h"

#include <glib.h>
#include <string.h>

enum { CONNECTIONS = 4, MINUTE = 60 * 1000 };
#define NOW INT64_C(1764000000000)

typedef struct {
    DbPool *pool;
    Db *db;
    Build *build;
    int64_t now;
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    g_assert_cmpint(db_change(f->db, &error, "DELETE FROM tasks"), >=, 0);
    f->build = build_load(f->db, build_create(f->db, "a build", false, NOW, &error), &error);
    g_assert_no_error(error);
    g_autoptr(User) ann = user_log_in(f->db, "oidc:ann", "ann@example.com", NULL, NOW, &error);
    g_autoptr(User) too = user_log_in(f->db, "oidc:too", "ann@example.com", NULL, NOW, &error);
    g_autoptr(User) bob = user_log_in(f->db, "oidc:bob", "bob@example.com", NULL, NOW, &error);
    g_assert_true(owner_add(f->db, f->build->id, "oidc:ann", NOW, &error));
    f->now = NOW;
}

static void tear_down(Fixture *f, const void *unused) {
    build_free(f->build);
    db_release(f->db);
    db_pool_free(f->pool);
}

static void change_build(Fixture *f, bool send_email, const char *alias, const char *webhook, const char *prefix) {
    f->build->send_email = send_email;
    g_free(f->build->email_alias);
    f->build->email_alias = g_strdup(alias);
    f->build->webhook_url = g_strdup(webhook);
    f->build->status_prefix = g_strdup(prefix);
    g_assert_true(build_save(f->db, f->build, NOW, NULL));
}

static Release *begin_release(Fixture *f, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    Release *release = release_create(f->db, f->build->id, name, NULL, f->now, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
    return release;
}

static void add_run(Fixture *f, Release *release, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    g_autoptr(Run) run = run_find_or_create(f->db, release, name, f->now, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
}

static void fail_run(Fixture *f, Release *release, const char *name) {
    g_autoptr(GError) error = NULL;
    const RunFacts facts = {.run_failed = true};
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    g_autoptr(Run) run = run_find_or_create(f->db, release, name, f->now, &error);
    g_assert_true(run_report(f->db, release, run, &facts, f->now, &error));
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
}

static void runs_done(Fixture *f, Release *release) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(release_runs_done(f->db, release, f->now, NULL));
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
}

static void decide(Fixture *f, Release *release, ReleaseStatus status) {
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(release_decide(f->db, release, status, ++f->now, NULL));
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
}

static Release *make_ready(Fixture *f, const char *name) {
    Release *release = begin_release(f, name);
    fail_run(f, release, "/");
    runs_done(f, release);
    g_assert_cmpint(release->status, ==, RELEASE_REVIEWING);
    return release;
}

static guint n_tasks(Fixture *f, const char *queue, const char *status) {
    g_autoptr(GPtrArray) tasks = queue_list(f->db, queue, status, 100, NULL);
    return tasks->len;
}

static Task *lease(Fixture *f, const char *queue, GPtrArray **out_failed) {
    g_autoptr(GError) error = NULL;
    const LeaseRequest request = {.owner = "server", .lease_ms = MINUTE, .most = 1};
    g_autoptr(DbTransaction) transaction = db_begin(f->db, &error);
    g_autoptr(GPtrArray) leased = queue_lease(f->db, queue, &request, f->now, out_failed, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(g_steal_pointer(&transaction), &error));
    return leased->len > 0 ? g_ptr_array_steal_index(leased, 0) : NULL;
}

static Task *lease_one(Fixture *f, const char *queue) {
    g_autoptr(GPtrArray) failed = NULL;
    Task *task = lease(f, queue, &failed);
    g_assert_cmpuint(failed->len, ==, 0);
    return task;
}

static LeaseHolder holder_of(const Task *task) {
    return (LeaseHolder){.queue = task->queue, .name = task->name, .lease = task->lease};
}

static void finish(Fixture *f, const Task *task) {
    const LeaseHolder holder = holder_of(task);
    bool again;
    g_autoptr(Task) finished = queue_finish(f->db, &holder, false, f->now, &again, NULL);
    g_assert_nonnull(finished);
}

/* Mail. */

static void a_release_is_mailed_once_whatever_becomes_of_it(Fixture *f, const void *unused) {
    g_autoptr(Release) release = make_ready(f, "r");
    g_autofree char *name = g_strdup_printf("ready:%" G_GINT64_FORMAT, release->id);
    g_autoptr(Task) task = lease_one(f, NOTICE_MAIL_QUEUE);
    g_assert_cmpstr(task->name, ==, name);
    g_assert_cmpint(task->max_attempts, ==, NOTICE_MOST_ATTEMPTS);
    g_assert_null(strstr(task->payload, "@"));
    finish(f, task);
    decide(f, release, RELEASE_GOOD);
    decide(f, release, RELEASE_REVIEWING);
    runs_done(f, release);
    g_assert_true(notice_release_ready(f->db, release, f->now, NULL));
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, "done"), ==, 1);
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, NULL), ==, 1);
}

static void a_decision_cancels_no_mail(Fixture *f, const void *unused) {
    g_autoptr(Release) release = make_ready(f, "r");
    decide(f, release, RELEASE_BAD);
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, "live"), ==, 1);
}

static void mail_has_its_conditions(Fixture *f, const void *unused) {
    g_autoptr(Release) empty = begin_release(f, "empty");
    runs_done(f, empty);
    g_assert_cmpint(empty->status, ==, RELEASE_REVIEWING);
    change_build(f, false, NULL, NULL, NULL);
    g_autoptr(Release) unwanted = make_ready(f, "unwanted");
    change_build(f, true, NULL, NULL, NULL);
    g_assert_cmpint(db_change(f->db, NULL, "DELETE FROM build_owners WHERE build_id = ?", DB_INT(f->build->id)), ==, 1);
    g_autoptr(Release) nobodys = make_ready(f, "nobody's");
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, NULL), ==, 0);
    change_build(f, true, "team@example.com", NULL, NULL);
    g_autoptr(Release) wanted = make_ready(f, "wanted");
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, NULL), ==, 1);
}

static void mail_goes_to_owners_and_who_is_invited_once_or_to_the_alias_alone(Fixture *f, const void *unused) {
    g_assert_true(owner_add(f->db, f->build->id, "oidc:too", NOW + 1, NULL));
    g_assert_true(owner_add(f->db, f->build->id, "oidc:bob", NOW + 2, NULL));
    g_autofree char *token = NULL, *again = NULL;
    g_assert_true(invitation_create(f->db, f->build->id, "eve@example.com", "oidc:ann", NOW, &token, NULL));
    g_assert_true(invitation_create(f->db, f->build->id, "bob@example.com", "oidc:ann", NOW, &again, NULL));
    g_auto(GStrv) invited = notice_recipients(f->db, f->build, NOW, NULL);
    g_autofree char *three = g_strjoinv(" ", invited);
    g_assert_cmpstr(three, ==, "ann@example.com bob@example.com eve@example.com");
    g_auto(GStrv) owners = notice_recipients(f->db, f->build, NOW + INVITATION_MS, NULL);
    g_autofree char *all = g_strjoinv(" ", owners);
    g_assert_cmpstr(all, ==, "ann@example.com bob@example.com");
    change_build(f, true, "team@example.com", NULL, NULL);
    g_auto(GStrv) alias = notice_recipients(f->db, f->build, NOW, NULL);
    g_autofree char *one = g_strjoinv(" ", alias);
    g_assert_cmpstr(one, ==, "team@example.com");
}

static void a_release_that_is_overdue_is_mailed_too(Fixture *f, const void *unused) {
    g_autoptr(Release) release = begin_release(f, "slow");
    add_run(f, release, "/");
    runs_done(f, release);
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, NULL), ==, 0);
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_cmpint(overdue_settle(f->db, NOW + 2 * RELEASE_DEADLINE_MS, NULL), >=, 1);
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, "live"), ==, 1);
}

static void who_is_invited_again_gets_another_mail(Fixture *f, const void *unused) {
    g_assert_true(notice_invitation(f->db, f->build->id, "eve@example.com", f->now, NULL));
    g_autoptr(Task) first = lease_one(f, NOTICE_MAIL_QUEUE);
    f->now++;
    g_assert_true(notice_invitation(f->db, f->build->id, "eve@example.com", f->now, NULL));
    g_autoptr(Task) second = lease_one(f, NOTICE_MAIL_QUEUE);
    g_assert_cmpint(second->id, ==, first->id);
    g_assert_cmpstr(second->payload, !=, first->payload);
}

static void a_renewed_invitation_has_one_token(Fixture *f, const void *unused) {
    g_autofree char *shown = NULL, *mailed = NULL, *none = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(invitation_create(f->db, f->build->id, "eve@example.com", "oidc:ann", NOW, &shown, NULL));
    g_autoptr(Invitation) invitation = invitation_find(f->db, f->build->id, "eve@example.com", NOW, NULL);
    g_assert_cmpstr(invitation->invited_by, ==, "oidc:ann");
    g_assert_true(invitation_renew(f->db, invitation, &mailed, NULL));
    g_assert_null(invitation_accept(f->db, shown, "oidc:bob", NOW, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_autoptr(Invitation) accepted = invitation_accept(f->db, mailed, "oidc:bob", NOW, NULL);
    g_assert_nonnull(accepted);
    g_assert_false(invitation_renew(f->db, invitation, &none, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
}

/* Programs. */

static void a_webhook_is_told_each_event_once(Fixture *f, const void *unused) {
    g_autoptr(Release) silent = make_ready(f, "silent");
    change_build(f, true, NULL, "https://example.com/hook", NULL);
    g_autoptr(Release) release = make_ready(f, "r");
    decide(f, release, RELEASE_GOOD);
    decide(f, release, RELEASE_REVIEWING);
    decide(f, release, RELEASE_BAD);
    g_assert_true(notice_release_decided(f->db, release, f->now, NULL));
    g_assert_true(notice_release_ready(f->db, release, f->now, NULL));
    g_autoptr(GPtrArray) tasks = queue_list(f->db, NOTICE_WEBHOOK_QUEUE, NULL, 100, NULL);
    static const char *const events[] = {"release_bad", "release_good", "release_ready"};
    /* The last line tells of a release as ready that is decided by now, which nobody does. */
    g_assert_cmpuint(tasks->len, ==, 4);
    for (guint i = 1; i < tasks->len; i++)
        g_assert_nonnull(strstr(((Task *)g_ptr_array_index(tasks, i))->payload, events[i - 1]));
}

static void a_commit_has_one_task_that_begins_anew(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Release) release = begin_release(f, "r");
    g_assert_false(release_set_status_url(f->db, release, "https://example.com/api/1", f->now, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    change_build(f, true, NULL, NULL, "https://example.com/api/");
    g_assert_true(release_set_status_url(f->db, release, "https://example.com/api/1", f->now, NULL));
    g_autoptr(Release) kept = release_load(f->db, release->id, NULL);
    g_assert_cmpstr(kept->status_url, ==, "https://example.com/api/1");
    g_autoptr(Task) pending = lease_one(f, NOTICE_STATUS_QUEUE);
    fail_run(f, release, "/");
    runs_done(f, release);
    finish(f, pending); /* it stayed leased: who has it looks whether what it told is still true */
    g_assert_null(lease_one(f, NOTICE_STATUS_QUEUE));
    decide(f, release, RELEASE_GOOD);
    g_autoptr(Task) decided = lease_one(f, NOTICE_STATUS_QUEUE);
    g_assert_cmpint(decided->id, ==, pending->id);
}

static void who_is_overtaken_is_told_of(Fixture *f, const void *unused) {
    change_build(f, true, NULL, "https://example.com/hook", NULL);
    g_autoptr(Release) first = begin_release(f, "r");
    add_run(f, first, "/");
    runs_done(f, first);
    g_autoptr(Release) second = begin_release(f, "r");
    g_autoptr(Task) task = lease_one(f, NOTICE_WEBHOOK_QUEUE);
    g_assert_nonnull(strstr(task->payload, "release_bad"));
}

/* How tasks end. */

static void what_is_postponed_waits_and_its_attempts_count(Fixture *f, const void *unused) {
    g_autoptr(Release) release = make_ready(f, "r");
    for (int i = 1; i <= NOTICE_MOST_ATTEMPTS; i++) {
        g_autoptr(Task) task = lease_one(f, NOTICE_MAIL_QUEUE);
        g_assert_cmpint(task->attempts, ==, i);
        const LeaseHolder holder = holder_of(task);
        g_assert_true(queue_begin(f->db, &holder, "may have been sent", f->now, NULL));
        g_autoptr(Task) after = queue_postpone(f->db, &holder, "451 not now", f->now + 2 * MINUTE, f->now, NULL);
        g_assert_cmpint(after->status, ==, i < NOTICE_MOST_ATTEMPTS ? TASK_LIVE : TASK_ERROR);
        g_assert_null(queue_postpone(f->db, &holder, "again", f->now, f->now, NULL));
        f->now += 2 * MINUTE - 1;
        g_assert_null(lease_one(f, NOTICE_MAIL_QUEUE));
        f->now++;
    }
    g_autoptr(GPtrArray) failed = queue_list(f->db, NOTICE_MAIL_QUEUE, "error", 10, NULL);
    g_assert_cmpuint(failed->len, ==, 1);
    g_assert_cmpstr(((Task *)g_ptr_array_index(failed, 0))->message, ==, "451 not now");
}

static void what_was_begun_is_not_leased_again(Fixture *f, const void *unused) {
    g_autoptr(GPtrArray) failed = NULL;
    g_autoptr(Release) release = make_ready(f, "r");
    g_autoptr(Task) task = lease_one(f, NOTICE_MAIL_QUEUE);
    const LeaseHolder holder = holder_of(task);
    f->now += MINUTE / 2;
    g_assert_true(queue_begin(f->db, &holder, "may have been sent: who knows", f->now, NULL));
    f->now += MINUTE - 1;
    g_assert_null(lease_one(f, NOTICE_MAIL_QUEUE));
    f->now++;
    g_assert_null(lease(f, NOTICE_MAIL_QUEUE, &failed));
    g_assert_cmpuint(failed->len, ==, 1);
    g_autoptr(Task) after = queue_find(f->db, task->queue, task->name, NULL);
    g_assert_cmpint(after->status, ==, TASK_ERROR);
    g_assert_cmpstr(after->message, ==, "may have been sent: who knows");
    g_assert_true(queue_retry(f->db, task->queue, task->name, f->now, NULL));
    g_autoptr(Task) again = lease_one(f, NOTICE_MAIL_QUEUE);
    g_assert_cmpint(again->attempts, ==, 1);
}

static void what_was_begun_can_be_given_back(Fixture *f, const void *unused) {
    g_autoptr(Release) release = make_ready(f, "r");
    g_autoptr(Task) task = lease_one(f, NOTICE_MAIL_QUEUE);
    const LeaseHolder holder = holder_of(task);
    g_assert_true(queue_begin(f->db, &holder, "may have been sent", f->now, NULL));
    g_assert_true(queue_set_payload(f->db, &holder, "{\"left\": 1}", f->now, NULL));
    g_assert_true(queue_give_back(f->db, &holder, f->now, NULL));
    g_autoptr(Task) again = lease_one(f, NOTICE_MAIL_QUEUE);
    g_assert_cmpint(again->attempts, ==, 1);
    g_assert_false(again->is_begun);
    g_assert_cmpstr(again->payload, ==, "{\"left\": 1}");
    g_assert_false(queue_set_payload(f->db, &holder, "{}", f->now, NULL));
    g_assert_false(queue_begin(f->db, &holder, "late", f->now, NULL));
}

static void what_is_old_expires_unless_somebody_is_at_it(Fixture *f, const void *unused) {
    g_autoptr(Release) old = make_ready(f, "old");
    f->now++;
    g_autoptr(Release) leased = make_ready(f, "leased");
    f->now++;
    g_autoptr(Release) young = make_ready(f, "young");
    g_autoptr(Task) first = lease_one(f, NOTICE_MAIL_QUEUE);
    g_autoptr(Task) second = lease_one(f, NOTICE_MAIL_QUEUE);
    const LeaseHolder holder = holder_of(first);
    g_autoptr(Task) waits = queue_postpone(f->db, &holder, "451 not now", f->now + MINUTE, f->now, NULL);
    g_assert_cmpint(queue_expire(f->db, NOTICE_MAIL_QUEUE, f->now, "too old", f->now, NULL), ==, 1);
    g_autoptr(Task) expired = queue_find(f->db, NOTICE_MAIL_QUEUE, first->name, NULL);
    g_assert_cmpint(expired->status, ==, TASK_ERROR);
    g_assert_cmpstr(expired->message, ==, "451 not now");
    g_assert_true(queue_retry(f->db, NOTICE_MAIL_QUEUE, first->name, f->now, NULL));
    g_assert_cmpint(queue_expire(f->db, NOTICE_MAIL_QUEUE, f->now, "too old", f->now, NULL), ==, 0);
    g_assert_cmpint(queue_expire(f->db, NOTICE_MAIL_QUEUE, f->now + 1, "too old", f->now, NULL), ==, 2);
    g_autoptr(Task) silent = queue_find(f->db, NOTICE_MAIL_QUEUE, first->name, NULL);
    g_assert_cmpstr(silent->message, ==, "too old");
    g_assert_cmpuint(n_tasks(f, NOTICE_MAIL_QUEUE, "live"), ==, 1);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*test)(Fixture *f, const void *unused);
    } tests[] = {
        {"a-release-is-mailed-once-whatever-becomes-of-it", a_release_is_mailed_once_whatever_becomes_of_it},
        {"a-decision-cancels-no-mail", a_decision_cancels_no_mail},
        {"mail-has-its-conditions", mail_has_its_conditions},
        {"mail-goes-to-owners-and-who-is-invited-once-or-to-the-alias-alone",
         mail_goes_to_owners_and_who_is_invited_once_or_to_the_alias_alone},
        {"a-release-that-is-overdue-is-mailed-too", a_release_that_is_overdue_is_mailed_too},
        {"who-is-invited-again-gets-another-mail", who_is_invited_again_gets_another_mail},
        {"a-renewed-invitation-has-one-token", a_renewed_invitation_has_one_token},
        {"a-webhook-is-told-each-event-once", a_webhook_is_told_each_event_once},
        {"a-commit-has-one-task-that-begins-anew", a_commit_has_one_task_that_begins_anew},
        {"who-is-overtaken-is-told-of", who_is_overtaken_is_told_of},
        {"what-is-postponed-waits-and-its-attempts-count", what_is_postponed_waits_and_its_attempts_count},
        {"what-was-begun-is-not-leased-again", what_was_begun_is_not_leased_again},
        {"what-was-begun-can-be-given-back", what_was_begun_can_be_given_back},
        {"what-is-old-expires-unless-somebody-is-at-it", what_is_old_expires_unless_somebody_is_at_it},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/notice/", tests[i].name, NULL);
        g_test_add(path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
    return g_test_run();
}
