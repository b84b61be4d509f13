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

/* Of each courier. Webhooks and statuses are of as many owners as there are builds, and the server of one may hang. */
static const char *const queues[] = {
    NOTICE_MAIL_QUEUE,    NOTICE_WEBHOOK_QUEUE, NOTICE_WEBHOOK_QUEUE, NOTICE_WEBHOOK_QUEUE,
    NOTICE_WEBHOOK_QUEUE, NOTICE_STATUS_QUEUE,  NOTICE_STATUS_QUEUE,
};

/* Who sends what one queue has. */
typedef struct {
    const char *queue;
    DeliveryMeans means; /* with a fetcher of its own */
    News *news;
    const char *owner;
    int64_t expires_ms;
    pthread_t thread;
} Courier;

struct Sender {
    char *owner;
    Courier couriers[G_N_ELEMENTS(queues)];
};

static int64_t now_ms(void) {
    return g_get_real_time() / 1000;
}

static bool is_to_end(Courier *courier) {
    return !news_sleep(courier->news, clock_now_ms());
}

/* What there is to do. */

typedef struct {
    const Courier *courier;
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
    if (!queue_depth(db, job->courier->queue, now_ms(), &depth, error))
        return false;
    job->is_waiting = depth.waiting > 0;
    return true;
}

static bool lease(Db *db, void *data, GError **error) {
    Job *job = data;
    const LeaseRequest request = {.owner = job->courier->owner, .lease_ms = DELIVERY_LEASE_MS, .most = 1};
    job_clear(job);
    g_autoptr(GPtrArray) leased = queue_lease(db, job->courier->queue, &request, now_ms(), &job->failed, error);
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
static void tell_of(Courier *courier, Outcome *outcome) {
    g_autoptr(GError) error = NULL;
    bool is_told = false;
    for (int i = 0; i < MOST_TELLING && !is_told; i++) {
        if (i > 0)
            news_sleep(courier->news, clock_now_ms() + TELLING_PAUSE_MS);
        g_clear_error(&error);
        is_told = db_transact(courier->means.pool, tell, outcome, &error);
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
    news_tell(courier->news);
}

static void deliver(Courier *courier, const Task *task) {
    g_auto(Delivery) delivery = {0};
    json_t *payload = json_loads(task->payload, 0, NULL);
    Deliver *how = json_is_object(payload) ? find_deliver(task, payload) : NULL;
    if (how)
        how(&courier->means, task, payload, &delivery);
    else
        delivery_set(&delivery, DELIVERY_FAILED, "nobody knows what this is to tell");
    Outcome outcome = {.task = task, .payload = payload, .delivery = &delivery};
    tell_of(courier, &outcome);
    json_decref(payload);
}

/* The loop. */

static bool do_one(Courier *courier, bool *out_did, GError **error) {
    g_auto(Job) job = {.courier = courier};
    if (!db_read(courier->means.pool, look, &job, error) ||
        (job.is_waiting && !db_transact(courier->means.pool, lease, &job, error)))
        return false;
    *out_did = job.task || (job.failed && job.failed->len > 0);
    if (job.failed)
        log_given_up(&job);
    if (job.task)
        deliver(courier, job.task);
    return true;
}

static bool expire(Db *db, void *data, GError **error) {
    const Courier *courier = data;
    return queue_expire(db, courier->queue, now_ms() - MOST_AGE_MS, "nobody has sent it for three days", now_ms(),
                        error) >= 0;
}

static bool expire_now_and_then(Courier *courier, GError **error) {
    if (clock_now_ms() < courier->expires_ms)
        return true;
    courier->expires_ms = clock_now_ms() + MINUTE_MS;
    return db_transact(courier->means.pool, expire, courier, error);
}

static bool work(Courier *courier, GError **error) {
    bool is_for_others = !courier->means.smtp && strcmp(courier->queue, NOTICE_MAIL_QUEUE) == 0;
    bool did = !is_for_others;
    if (!expire_now_and_then(courier, error))
        return false;
    while (did && !is_to_end(courier))
        if (!do_one(courier, &did, error))
            return false;
    return true;
}

static void *run(void *data) {
    Courier *courier = data;
    uint64_t seen;
    do {
        g_autoptr(GError) error = NULL;
        seen = news_count(courier->news);
        if (!work(courier, &error)) {
            log_event(LOG_ERROR, "notice", LOG_TEXT("queue", courier->queue), LOG_TEXT("error", error->message));
            news_sleep(courier->news, clock_now_ms() + DATABASE_PAUSE_MS);
        }
    } while (news_wait(courier->news, seen, G_MAXINT64));
    return NULL;
}

static void sender_free(Sender *sender) {
    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++)
        fetcher_free(sender->couriers[i].means.fetcher);
    g_free(sender->owner);
    g_free(sender);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sender, sender_free)

Sender *sender_start(const DeliveryMeans *means, News *news, GError **error) {
    g_autoptr(Sender) sender = g_new0(Sender, 1);
    sender->owner = g_strdup_printf("%s, process %d", g_get_host_name(), (int)getpid());
    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++) {
        Courier *courier = &sender->couriers[i];
        *courier = (Courier){.queue = queues[i], .means = *means, .news = news, .owner = sender->owner};
        courier->means.fetcher = fetcher_new(error);
        if (!courier->means.fetcher)
            return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++)
        pthread_create(&sender->couriers[i].thread, NULL, run, &sender->couriers[i]);
    return g_steal_pointer(&sender);
}

void sender_join(Sender *sender) {
    if (!sender)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++)
        pthread_join(sender->couriers[i].thread, NULL);
    sender_free(sender);
}
