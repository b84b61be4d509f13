#include "api/metrics.h"

#include "queue/queue.h"
#include "store/notice.h"
#include "store/run_task.h"

#include <string.h>

static const struct {
    const char *name, *help;
} counts[METRIC_N_COUNTS] = {
    [METRIC_LEASES_EXPIRED] = {"leases_expired", "Leases that ran out before their task was finished."},
    [METRIC_CAPTURES] = {"captures", "Pictures that were reported for runs."},
    [METRIC_CAPTURES_FAILED] = {"captures_failed", "Captures that were reported as failed."},
    [METRIC_DIFFS] = {"diffs", "Comparisons that were reported."},
    [METRIC_DIFFS_FAILED] = {"diffs_failed", "Comparisons that were reported as failed."},
    [METRIC_UPLOADS] = {"uploads", "Files that were uploaded."},
    [METRIC_UPLOADED_BYTES] = {"uploaded_bytes", "Their bytes."},
};

/* Upper bounds of the buckets, in milliseconds: from a page out of memory to a long poll. */
static const int bounds_ms[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000};

enum { CLASSES = 6 }; /* of statuses, by their first digit */

typedef struct {
    uint64_t by_class[CLASSES];
    uint64_t buckets[G_N_ELEMENTS(bounds_ms)];
    uint64_t total, total_us;
} RouteFacts;

void metrics_init(Metrics *metrics) {
    *metrics = (Metrics){.routes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    pthread_mutex_init(&metrics->lock, NULL);
}

void metrics_clear(Metrics *metrics) {
    pthread_mutex_destroy(&metrics->lock);
    g_hash_table_unref(metrics->routes);
}

void metrics_add(Metrics *metrics, MetricCount count, uint64_t n) {
    pthread_mutex_lock(&metrics->lock);
    metrics->counts[count] += n;
    pthread_mutex_unlock(&metrics->lock);
}

static RouteFacts *facts_of(Metrics *metrics, const char *route) {
    RouteFacts *facts = g_hash_table_lookup(metrics->routes, route);
    if (facts)
        return facts;
    facts = g_new0(RouteFacts, 1);
    g_hash_table_insert(metrics->routes, g_strdup(route), facts);
    return facts;
}

void metrics_add_request(Metrics *metrics, const char *route, int status, int64_t sent, int64_t us) {
    pthread_mutex_lock(&metrics->lock);
    RouteFacts *facts = facts_of(metrics, route);
    facts->by_class[CLAMP(status / 100, 0, CLASSES - 1)]++;
    for (size_t i = 0; i < G_N_ELEMENTS(bounds_ms); i++)
        facts->buckets[i] += us <= bounds_ms[i] * 1000;
    facts->total++;
    facts->total_us += (uint64_t)us;
    metrics->sent_bytes += (uint64_t)sent;
    pthread_mutex_unlock(&metrics->lock);
}

/* Writing. */

static void write_head(GString *out, const char *name, const char *type, const char *help) {
    g_string_append_printf(out, "# HELP dpxdt_%s %s\n# TYPE dpxdt_%s %s\n", name, help, name, type);
}

static void write_seconds(GString *out, uint64_t us) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(out, g_ascii_formatd(number, sizeof number, "%.6f", (double)us / 1e6));
}

static void write_requests(GString *out, const char *route, const RouteFacts *facts) {
    for (int i = 0; i < CLASSES; i++)
        if (facts->by_class[i] > 0)
            g_string_append_printf(out, "dpxdt_requests_total{route=\"%s\",status=\"%s\"} %" G_GUINT64_FORMAT "\n",
                                   route, (const char *const[]){"given up", "1xx", "2xx", "3xx", "4xx", "5xx"}[i],
                                   facts->by_class[i]);
}

static void write_latency(GString *out, const char *route, const RouteFacts *facts) {
    for (size_t i = 0; i < G_N_ELEMENTS(bounds_ms); i++) {
        g_string_append_printf(out, "dpxdt_request_seconds_bucket{route=\"%s\",le=\"", route);
        g_string_append_printf(out, "%d.%03d", bounds_ms[i] / 1000, bounds_ms[i] % 1000);
        g_string_append_printf(out, "\"} %" G_GUINT64_FORMAT "\n", facts->buckets[i]);
    }
    g_string_append_printf(out, "dpxdt_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", route,
                           facts->total);
    g_string_append_printf(out, "dpxdt_request_seconds_sum{route=\"%s\"} ", route);
    write_seconds(out, facts->total_us);
    g_string_append_printf(out, "\ndpxdt_request_seconds_count{route=\"%s\"} %" G_GUINT64_FORMAT "\n", route,
                           facts->total);
}

static void write_routes(Metrics *metrics, GString *out, void (*write)(GString *, const char *, const RouteFacts *)) {
    g_autoptr(GList) routes = g_list_sort(g_hash_table_get_keys(metrics->routes), (GCompareFunc)strcmp);
    for (GList *route = routes; route; route = route->next)
        write(out, route->data, g_hash_table_lookup(metrics->routes, route->data));
}

static void write_counted(Metrics *metrics, GString *out) {
    pthread_mutex_lock(&metrics->lock);
    write_head(out, "requests_total", "counter", "Requests that were answered, by route and status.");
    write_routes(metrics, out, write_requests);
    write_head(out, "request_seconds", "histogram", "How long they took.");
    write_routes(metrics, out, write_latency);
    write_head(out, "sent_bytes_total", "counter", "Bytes of answers.");
    g_string_append_printf(out, "dpxdt_sent_bytes_total %" G_GUINT64_FORMAT "\n", metrics->sent_bytes);
    for (size_t i = 0; i < METRIC_N_COUNTS; i++) {
        g_autofree char *name = g_strconcat(counts[i].name, "_total", NULL);
        write_head(out, name, "counter", counts[i].help);
        g_string_append_printf(out, "dpxdt_%s %" G_GUINT64_FORMAT "\n", name, metrics->counts[i]);
    }
    pthread_mutex_unlock(&metrics->lock);
}

static void write_pool(GString *out, DbPool *pool) {
    DbPoolFacts facts = db_pool_facts(pool);
    write_head(out, "db_connections", "gauge", "Connections to the database.");
    g_string_append_printf(out, "dpxdt_db_connections{state=\"open\"} %u\n", facts.open);
    g_string_append_printf(out, "dpxdt_db_connections{state=\"in use\"} %u\n", facts.in_use);
    write_head(out, "db_waits_total", "counter", "How often all of them were in use.");
    g_string_append_printf(out, "dpxdt_db_waits_total %" G_GUINT64_FORMAT "\n", facts.n_waits);
    write_head(out, "db_wait_seconds_total", "counter", "How long requests waited for one.");
    g_string_append(out, "dpxdt_db_wait_seconds_total ");
    write_seconds(out, facts.waited_us);
    g_string_append_c(out, '\n');
}

static bool write_queues(GString *out, Db *db, int64_t now_ms, GError **error) {
    static const char *const queues[] = {RUN_CAPTURE_QUEUE, RUN_DIFF_QUEUE, NOTICE_MAIL_QUEUE, NOTICE_WEBHOOK_QUEUE,
                                         NOTICE_STATUS_QUEUE};
    g_autoptr(GString) ages = g_string_new(NULL);
    write_head(out, "tasks", "gauge", "Tasks that wait, and that are leased.");
    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++) {
        QueueDepth depth;
        if (!queue_depth(db, queues[i], now_ms, &depth, error))
            return false;
        g_string_append_printf(out, "dpxdt_tasks{queue=\"%s\",state=\"waiting\"} %" G_GINT64_FORMAT "\n", queues[i],
                               depth.waiting);
        g_string_append_printf(out, "dpxdt_tasks{queue=\"%s\",state=\"leased\"} %" G_GINT64_FORMAT "\n", queues[i],
                               depth.leased);
        g_string_append_printf(ages, "dpxdt_oldest_task_seconds{queue=\"%s\"} ", queues[i]);
        write_seconds(ages, (uint64_t)depth.oldest_ms * 1000);
        g_string_append_c(ages, '\n');
    }
    write_head(out, "oldest_task_seconds", "gauge", "How long ago the oldest task that is not finished was added.");
    g_string_append(out, ages->str);
    return true;
}

char *metrics_write(Metrics *metrics, DbPool *pool, Db *db, int64_t now_ms, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    write_counted(metrics, out);
    write_pool(out, pool);
    return write_queues(out, db, now_ms, error) ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
