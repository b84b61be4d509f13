/* What a server has done since it was started, as Prometheus reads it (text format 0.0.4). Any thread. */
#pragma once

#include "db/db.h"
#include "http/server.h"

#include <pthread.h>

typedef enum {
    METRIC_LEASES_EXPIRED,
    METRIC_CAPTURES,
    METRIC_CAPTURES_FAILED,
    METRIC_DIFFS,
    METRIC_DIFFS_FAILED,
    METRIC_UPLOADS,
    METRIC_UPLOADED_BYTES,
    METRIC_N_COUNTS,
} MetricCount;

typedef struct {
    pthread_mutex_t lock; /* guards all below */
    uint64_t counts[METRIC_N_COUNTS];
    uint64_t sent_bytes;
    GHashTable *routes; /* path of a route -> how often and how long */
} Metrics;

void metrics_init(Metrics *metrics);
void metrics_clear(Metrics *metrics);

void metrics_add(Metrics *metrics, MetricCount count, uint64_t n);

/* A request that was answered; status 0: the client gave it up. */
void metrics_add_request(Metrics *metrics, const char *route, int status, int64_t sent, int64_t us);

/* All of it, and what the pool and the queues are like now. The caller frees the text. */
char *metrics_write(Metrics *metrics, DbPool *pool, Db *db, int64_t now_ms, GError **error) MUST_CHECK;
