#include "mail/sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "mail/commit_status.h"
#include "mail/invitation.h"
#include "mail/ready.h"
#include "mail/webhook.h"
#include "store/notice.h"

#include <string.h>
#include <unistd.h>

#define MINUTE_MS (INT64_C(60) * 1000)

/* Times between tries: see NOTICE_MOST_ATTEMPTS. */
#define FIRST_PAUSE_MS MINUTE_MS
#define LONGEST_PAUSE_MS (6 * 60 * MINUTE_MS)

/* What waits for so long is not sent any more, as where no server sends mail. */
#define MOST_AGE_MS (3 * 24 * 60 * MINUTE_MS)

/* How long the database is left alone, if it fails, and how often what came of a try is told to it again. */
enum { DATABASE_PAUSE_MS = 10 * 1000, MOST_TELLING = 6, TELLING_PAUSE_MS = 2000 };

static const char *const queues[] = {NOTICE_STATUS_QUEUE, NOTICE_WEBHOOK_QUEUE, NOTICE_MAIL_QUEUE};

struct Sender {
    DeliveryMeans means;
    News *news;
    char *owner;
    size_t next; /* of queues: none is looked at only when the others are empty */
    int64_t expires_ms;
    pthread_t thread;
};

static int64_t now_ms(void) {
    return g_get_real_time() / 1000;
}

static bool is_to_end(Sender *sender) {
    return !news_sleep(sender->news, clock_now_ms());
}

/* What there is to do. */

typedef struct {
    const Sender *sender;
    const char *queue;
    Task *task;        /* NULL: there is none */
    GPtrArray *failed; /* of Task: those that were given up */
    bool is_waiting;
} Job;

static void job_clear(Job *job) {
    g_clear_pointer(&job->task, task_free);
    g_clear_pointer(&job->failed, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static bool look(Db *db, void *data, GError **error) {
    Job *job = data;
    QueueDepth depth;
    if (!queue_depth(db, job->queue, now_ms(), &depth, error))
        return false;
    job->is_waiting = depth.waiting > 0;
    return true;
}

static bool lease(Db *db, void *data, GError **error) {
    Job *job = data;
    const LeaseRequest request = {.owner = job->sender->owner, .lease_ms = DELIVERY_LEASE_MS, .most = 1};
    job_clear(job);
    g_autoptr(GPtrArray) leased = queue_lease(db, job->queue, &request, now_ms(), &job->failed, error);
    if (leased && leased->len > 0)
        job->task = g_ptr_array_steal_index(leased, 0);
    return leased != NULL;
}

static void log_given_up(const Job *job) {
    for (guint i = 0; i < job->failed->len; i++) {
        const Task *task = g_ptr_array_index(job->failed, i);
        log_event(LOG_ERROR, "notice", LOG_TEXT("queue", task->queue), LOG_TEXT("task", task->name),
                  LOG_TEXT("result", "failed"), LOG_TEXT("message", task->message));
    }
}

/* Doing it. */

static Deliver *find_deliver(const Task *task, const json_t *payload) {
    const char *kind = json_string_value(json_object_get(payload, "kind"));
    if (strcmp(task->queue, NOTICE_WEBHOOK_QUEUE) == 0)
        return webhook_deliver;
    if (strcmp(task->queue, NOTICE_STATUS_QUEUE) == 0)
        return commit_status_deliver;
    return g_strcmp0(kind, NOTICE_READY) == 0        ? ready_deliver
           : g_strcmp0(kind, NOTICE_INVITATION) == 0 ? invitation_deliver
                                                     : NULL;
}

/* Telling what came of it. */

typedef struct {
    const Task *task;
    const json_t *payload;
    const Delivery *delivery;
    const char *result; /* for the log */
} Outcome;

static int64_t pause_after(int attempts) {
    int64_t pause_ms = FIRST_PAUSE_MS;
    for (int i = 1; i < attempts && pause_ms < LONGEST_PAUSE_MS; i++)
        pause_ms *= 2;
    return MIN(pause_ms, LONGEST_PAUSE_MS);
}

static bool finish(Db *db, const LeaseHolder *holder, bool failed, Outcome *outcome, GError **error) {
    bool again;
    if (!queue_heartbeat(db, holder, outcome->delivery->message, 1, now_ms(), error))
        return false;
    g_autoptr(Task) task = queue_finish(db, holder, failed, now_ms(), &again, error);
    outcome->result = failed ? "failed" : "done";
    return task != NULL;
}

static bool give_back(Db *db, const LeaseHolder *holder, Outcome *outcome, GError **error) {
    outcome->result = "given back";
    return queue_give_back(db, holder, now_ms(), error);
}

static bool finish_if_current(Db *db, const LeaseHolder *holder, Outcome *outcome, GError **error) {
    bool is_current = true;
    const char *told = outcome->delivery->told;
    if (told && !commit_status_is_current(db, outcome->payload, told, &is_current, error))
        return false;
    return is_current ? finish(db, holder, false, outcome, error) : give_back(db, holder, outcome, error);
}

static bool postpone(Db *db, const LeaseHolder *holder, Outcome *outcome, GError **error) {
    const Delivery *delivery = outcome->delivery;
    if (delivery->payload && !queue_set_payload(db, holder, delivery->payload, now_ms(), error))
        return false;
    int64_t eta_ms = now_ms() + pause_after(outcome->task->attempts);
    g_autoptr(Task) task = queue_postpone(db, holder, delivery->message, eta_ms, now_ms(), error);
    outcome->result = task && task->status == TASK_LIVE ? "postponed" : "failed";
    return task != NULL;
}

static bool tell(Db *db, void *data, GError **error) {
    Outcome *outcome = data;
    const Task *task = outcome->task;
    const LeaseHolder holder = {.queue = task->queue, .name = task->name, .lease = task->lease};
    switch (outcome->delivery->result) {
    case DELIVERY_DONE:
        return finish_if_current(db, &holder, outcome, error);
    case DELIVERY_LATER:
        return postpone(db, &holder, outcome, error);
    case DELIVERY_FAILED:
        return finish(db, &holder, true, outcome, error);
    case DELIVERY_STOPPED:
        return give_back(db, &holder, outcome, error);
    }
    g_assert_not_reached();
}

/* If nobody can be told, a mail that was sent ends as one that may have been; so it is said several times. */
static void tell_of(Sender *sender, Outcome *outcome) {
    g_autoptr(GError) error = NULL;
    bool is_told = false;
    for (int i = 0; i < MOST_TELLING && !is_told; i++) {
        if (i > 0)
            news_sleep(sender->news, clock_now_ms() + TELLING_PAUSE_MS);
        g_clear_error(&error);
        is_told = db_transact(sender->means.pool, tell, outcome, &error);
        if (error && error->domain == DPXDT_ERROR)
            break; /* it is not ours any more */
    }
    bool is_bad = !is_told || outcome->delivery->result == DELIVERY_FAILED;
    log_event(is_bad                                        ? LOG_ERROR
              : outcome->delivery->result == DELIVERY_LATER ? LOG_WARNING
                                                            : LOG_INFO,
              "notice", LOG_TEXT("queue", outcome->task->queue), LOG_TEXT("task", outcome->task->name),
              LOG_TEXT("result", is_told ? outcome->result : "not noted"),
              LOG_TEXT("message", outcome->delivery->message), LOG_TEXT("error", error ? error->message : NULL));
    news_tell(sender->news);
}

static void deliver(Sender *sender, const Task *task) {
    g_auto(Delivery) delivery = {0};
    json_t *payload = json_loads(task->payload, 0, NULL);
    Deliver *how = json_is_object(payload) ? find_deliver(task, payload) : NULL;
    if (how)
        how(&sender->means, task, payload, &delivery);
    else
        delivery_set(&delivery, DELIVERY_FAILED, "nobody knows what this is to tell");
    Outcome outcome = {.task = task, .payload = payload, .delivery = &delivery};
    tell_of(sender, &outcome);
    json_decref(payload);
}

/* The loop. */

static bool do_one_of(Sender *sender, const char *queue, bool *out_did, GError **error) {
    g_auto(Job) job = {.sender = sender, .queue = queue};
    if (!db_read(sender->means.pool, look, &job, error) ||
        (job.is_waiting && !db_transact(sender->means.pool, lease, &job, error)))
        return false;
    *out_did = job.task || (job.failed && job.failed->len > 0);
    if (job.failed)
        log_given_up(&job);
    if (job.task)
        deliver(sender, job.task);
    return true;
}

static bool do_one(Sender *sender, bool *out_did, GError **error) {
    *out_did = false;
    for (size_t i = 0; i < G_N_ELEMENTS(queues) && !*out_did; i++) {
        const char *queue = queues[sender->next];
        sender->next = (sender->next + 1) % G_N_ELEMENTS(queues);
        bool is_for_others = !sender->means.smtp && strcmp(queue, NOTICE_MAIL_QUEUE) == 0;
        if (!is_for_others && !do_one_of(sender, queue, out_did, error))
            return false;
    }
    return true;
}

static bool expire(Db *db, void *data, GError **error) {
    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++)
        if (queue_expire(db, queues[i], now_ms() - MOST_AGE_MS, "nobody has sent it for three days", now_ms(), error) <
            0)
            return false;
    return true;
}

static bool expire_now_and_then(Sender *sender, GError **error) {
    if (clock_now_ms() < sender->expires_ms)
        return true;
    sender->expires_ms = clock_now_ms() + MINUTE_MS;
    return db_transact(sender->means.pool, expire, NULL, error);
}

static bool work(Sender *sender, GError **error) {
    bool did = true;
    if (!expire_now_and_then(sender, error))
        return false;
    while (did && !is_to_end(sender))
        if (!do_one(sender, &did, error))
            return false;
    return true;
}

static void *run(void *data) {
    Sender *sender = data;
    uint64_t seen;
    do {
        g_autoptr(GError) error = NULL;
        seen = news_count(sender->news);
        if (!work(sender, &error)) {
            log_event(LOG_ERROR, "notice", LOG_TEXT("error", error->message));
            news_sleep(sender->news, clock_now_ms() + DATABASE_PAUSE_MS);
        }
    } while (news_wait(sender->news, seen, G_MAXINT64));
    return NULL;
}

Sender *sender_start(const DeliveryMeans *means, News *news, GError **error) {
    Fetcher *fetcher = fetcher_new(error);
    if (!fetcher)
        return NULL;
    Sender *sender = g_new0(Sender, 1);
    sender->means = *means;
    sender->means.fetcher = fetcher;
    sender->news = news;
    sender->owner = g_strdup_printf("%s, process %d", g_get_host_name(), (int)getpid());
    pthread_create(&sender->thread, NULL, run, sender);
    return sender;
}

void sender_join(Sender *sender) {
    if (!sender)
        return;
    pthread_join(sender->thread, NULL);
    fetcher_free(sender->means.fetcher);
    g_free(sender->owner);
    g_free(sender);
}
