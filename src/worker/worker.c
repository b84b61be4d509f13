#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "capture/browser.h"
#include "client/client.h"
#include "worker/job.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
    /* A lease that is asked for must not be broken off, or it would be nobody's: so long it takes to end, then. */
    WAIT_S = 2,
    /* Where the server does not answer. */
    REST_MS = 2000,
};

typedef struct {
    const char *queue;
    bool (*run)(Job *job, GError **error);
} Kind;

static const Kind captures = {"capture", capture_task_run}, diffs = {"run-pdiff", diff_task_run};

typedef struct {
    Worker *worker;
    const Kind *kind;
    pthread_t id;
} Thread;

struct Worker {
    WorkerSetup setup;
    char *owner; /* "host:1234" */
    Browser *browser;
    Pulse *pulse;
    Thread *threads;
    int n_threads;
};

/* Jobs. */

DpxdtClient *job_connect(const WorkerSetup *setup) {
    DpxdtClient *client = dpxdt_new(setup->prefix, setup->key, setup->secret);
    if (setup->queue_prefix)
        client_set_queue_prefix(client, setup->queue_prefix);
    return client;
}

const char *job_text(const Job *job, const char *key, GError **error) {
    const char *text = json_string_value(json_object_get(job->payload, key));
    if (!text)
        error_set(error, ERROR_INVALID, "the task's payload has no %s", key);
    return text;
}

void job_say(Job *job, const char *message) {
    pulse_say(job->pulse, job->task, message);
}

GBytes *job_download(Job *job, const char *sha1, GError **error) {
    char *data;
    size_t size;
    DpxdtStatus status = dpxdt_download(job->client, job->release.build_id, sha1, &data, &size);
    return client_check(job->client, status, error) ? g_bytes_new_with_free_func(data, size, dpxdt_release_memory, data)
                                                    : NULL;
}

bool job_upload(Job *job, const char *name, const void *data, size_t size, char out_sha1[DPXDT_SHA1_SIZE],
                GError **error) {
    return client_check(job->client, dpxdt_upload(job->client, job->release.build_id, name, data, size, out_sha1),
                        error);
}

static void end_beats(Job *job) {
    if (job->beats)
        pulse_remove(job->pulse, job->task);
    job->beats = false;
}

/* A heartbeat after the report would be of a task that is over. */
bool job_report(Job *job, DpxdtReport *report, GError **error) {
    end_beats(job);
    report->task = job->task;
    return client_check(job->client, dpxdt_report_run(job->client, &job->release, job->run_name, report), error);
}

static bool read_payload(Job *job, GError **error) {
    job->payload = json_loads(job->task->payload, 0, NULL);
    job->release.build_id = json_integer_value(json_object_get(job->payload, "build_id"));
    job->release.number = (int)json_integer_value(json_object_get(job->payload, "release_number"));
    job->release.name = job_text(job, "release_name", error);
    job->run_name = job->release.name ? job_text(job, "run_name", error) : NULL;
    return job->run_name != NULL;
}

/* What is no fault of the task's is left to the next attempt, once the lease has run out; the server counts them. */
static void end_badly(const Job *job, const GError *error) {
    bool is_poison = error_is(error, ERROR_INVALID) || error_is(error, ERROR_BUSY); /* or the release is closed */
    if (error_is(error, ERROR_STOPPED))
        (void)dpxdt_give_back(job->client, job->task);
    else if (is_poison)
        (void)dpxdt_finish(job->client, job->task, true);
    log_event(error_is(error, ERROR_STOPPED) ? LOG_INFO : LOG_ERROR, "task", LOG_TEXT("queue", job->task->queue),
              LOG_TEXT("task", job->task->id), LOG_TEXT("result", is_poison ? "refused" : "given back"),
              LOG_TEXT("error", error->message));
}

static void do_task(const Thread *thread, DpxdtClient *client, const DpxdtTask *task) {
    Worker *worker = thread->worker;
    Job job = {.setup = &worker->setup,
               .browser = worker->browser,
               .client = client,
               .pulse = worker->pulse,
               .beats = true,
               .task = task};
    g_autoptr(GError) error = NULL;
    int64_t since_ms = clock_now_ms();
    pulse_add(worker->pulse, task);
    bool done = read_payload(&job, &error) && thread->kind->run(&job, &error);
    end_beats(&job);
    if (done)
        log_event(LOG_INFO, "task", LOG_TEXT("queue", task->queue), LOG_TEXT("task", task->id),
                  LOG_TEXT("run", job.run_name), LOG_TEXT("result", "done"),
                  LOG_NUMBER("ms", clock_now_ms() - since_ms));
    else
        end_badly(&job, error);
    json_decref(job.payload);
}

/* Threads. */

/* Told once, and again when the server has answered meanwhile. */
static void tell_of_trouble(const DpxdtClient *client, bool *is_told) {
    if (!*is_told)
        log_event(LOG_ERROR, "lease", LOG_TEXT("error", dpxdt_message(client)));
    *is_told = true;
}

static void *work(void *data) {
    const Thread *thread = data;
    const WorkerSetup *setup = &thread->worker->setup;
    DpxdtClient *client = job_connect(setup);
    bool is_told = false;
    while (!stop_requested()) {
        DpxdtTask task = {0};
        int64_t asked_ms = clock_now_ms();
        if (dpxdt_lease(client, thread->kind->queue, thread->worker->owner, setup->lease_s, WAIT_S, &task) !=
            DPXDT_OK) {
            tell_of_trouble(client, &is_told);
            stop_sleep_until(clock_now_ms() + REST_MS);
            continue;
        }
        is_told = false;
        if (task.id)
            do_task(thread, client, &task);
        else if (clock_now_ms() - asked_ms < WAIT_S * 1000 / 2) /* a server that lets nobody wait */
            stop_sleep_until(clock_now_ms() + REST_MS);
        dpxdt_task_clear(&task);
    }
    dpxdt_free(client);
    return NULL;
}

Worker *worker_start(const WorkerSetup *setup, GError **error) {
    const BrowserSetup wanted = {.program = setup->browser,
                                 .public_only = !setup->allow_private,
                                 .needs_sandbox = setup->needs_sandbox,
                                 .most_memory = (int64_t)setup->page_memory_mb * 1024 * 1024};
    Browser *browser = setup->capture_threads > 0 ? browser_new(&wanted, error) : NULL;
    if (setup->capture_threads > 0 && !browser)
        return NULL;
    Worker *worker = g_new0(Worker, 1);
    worker->setup = *setup;
    worker->browser = browser;
    worker->owner = g_strdup_printf("%s:%d", g_get_host_name(), (int)getpid());
    worker->pulse = pulse_start(&worker->setup);
    worker->n_threads = setup->capture_threads + setup->diff_threads;
    worker->threads = g_new0(Thread, (size_t)worker->n_threads);
    for (int i = 0; i < worker->n_threads; i++) {
        worker->threads[i] = (Thread){.worker = worker, .kind = i < setup->capture_threads ? &captures : &diffs};
        pthread_create(&worker->threads[i].id, NULL, work, &worker->threads[i]);
    }
    return worker;
}

void worker_join(Worker *worker) {
    if (!worker)
        return;
    for (int i = 0; i < worker->n_threads; i++)
        pthread_join(worker->threads[i].id, NULL);
    pulse_stop(worker->pulse);
    browser_free(worker->browser);
    g_free(worker->threads);
    g_free(worker->owner);
    g_free(worker);
}
