#include "worker/pulse.h"

#include "base/clock.h"
#include "base/log.h"
#include "client/client.h"
#include "worker/job.h"

#include <pthread.h>

typedef struct {
    const DpxdtTask *task;
    const char *message;
    int index;
    int64_t next_ms; /* when it is to be told of */
} Beat;

struct Pulse {
    DpxdtClient *client;
    int beat_ms;
    pthread_t thread;

    pthread_mutex_t lock; /* guards all below; held while the server is told, so that no task goes meanwhile */
    pthread_cond_t changed;
    GArray *beats; /* of Beat */
    bool stopping;
};

static Beat *find(Pulse *pulse, const DpxdtTask *task) {
    for (guint i = 0; i < pulse->beats->len; i++)
        if (g_array_index(pulse->beats, Beat, i).task == task)
            return &g_array_index(pulse->beats, Beat, i);
    g_assert_not_reached();
}

/* A lease that is lost is found out by who reports. */
static void tell(Pulse *pulse, Beat *beat) {
    if (dpxdt_heartbeat(pulse->client, beat->task, beat->message, beat->index) != DPXDT_OK)
        log_event(LOG_WARNING, "heartbeat", LOG_TEXT("task", beat->task->id),
                  LOG_TEXT("error", dpxdt_message(pulse->client)));
    beat->next_ms = clock_now_ms() + pulse->beat_ms;
}

static void *beat(void *data) {
    Pulse *pulse = data;
    pthread_mutex_lock(&pulse->lock);
    while (!pulse->stopping) {
        int64_t wake_ms = clock_now_ms() + pulse->beat_ms;
        for (guint i = 0; i < pulse->beats->len; i++) {
            Beat *each = &g_array_index(pulse->beats, Beat, i);
            if (each->next_ms <= clock_now_ms())
                tell(pulse, each);
            wake_ms = MIN(wake_ms, each->next_ms);
        }
        clock_cond_wait(&pulse->changed, &pulse->lock, wake_ms);
    }
    pthread_mutex_unlock(&pulse->lock);
    return NULL;
}

Pulse *pulse_start(const WorkerSetup *setup) {
    Pulse *pulse = g_new0(Pulse, 1);
    pulse->client = job_connect(setup);
    client_try_once(pulse->client);
    pulse->beat_ms = setup->lease_s * 1000 / 3;
    pulse->beats = g_array_new(FALSE, FALSE, sizeof(Beat));
    pthread_mutex_init(&pulse->lock, NULL);
    clock_cond_init(&pulse->changed);
    pthread_create(&pulse->thread, NULL, beat, pulse);
    return pulse;
}

void pulse_stop(Pulse *pulse) {
    pthread_mutex_lock(&pulse->lock);
    pulse->stopping = true;
    pthread_cond_signal(&pulse->changed);
    pthread_mutex_unlock(&pulse->lock);
    pthread_join(pulse->thread, NULL);
    g_assert(pulse->beats->len == 0);
    pthread_mutex_destroy(&pulse->lock);
    pthread_cond_destroy(&pulse->changed);
    g_array_unref(pulse->beats);
    dpxdt_free(pulse->client);
    g_free(pulse);
}

void pulse_add(Pulse *pulse, const DpxdtTask *task) {
    const Beat new = {.task = task, .message = "", .next_ms = clock_now_ms() + pulse->beat_ms};
    pthread_mutex_lock(&pulse->lock);
    g_array_append_val(pulse->beats, new);
    pthread_mutex_unlock(&pulse->lock);
}

void pulse_remove(Pulse *pulse, const DpxdtTask *task) {
    pthread_mutex_lock(&pulse->lock);
    guint index = (guint)(find(pulse, task) - &g_array_index(pulse->beats, Beat, 0));
    g_array_remove_index_fast(pulse->beats, index);
    pthread_mutex_unlock(&pulse->lock);
}

void pulse_say(Pulse *pulse, const DpxdtTask *task, const char *message) {
    pthread_mutex_lock(&pulse->lock);
    Beat *beat = find(pulse, task);
    beat->message = message;
    beat->index++;
    beat->next_ms = 0;
    pthread_cond_signal(&pulse->changed);
    pthread_mutex_unlock(&pulse->lock);
}
