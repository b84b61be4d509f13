/* Load for bench_server: many clients in one process, which cost the machine little themselves.
 *
 *     load tasks DATABASE WORKERS N OLD        N tasks are leased and finished, with OLD finished ones in the table
 *     load uploads SERVER BUILD CLIENTS N SIZE N files are uploaded and reported
 *
 * Prints how many a second. */
#include "base/random.h"
#include "db/migrate.h"
#include "queue/queue.h"

#include <dpxdt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_THREADS = 64, ROWS_AT_ONCE = 1000 };

static void end(const GError *error) {
    fprintf(stderr, "load: %s\n", error->message);
    exit(1);
}

static void run_threads(int n, void *(*work)(void *data), void *data) {
    pthread_t threads[MOST_THREADS];
    g_assert(n <= MOST_THREADS);
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, work, data);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* Tasks. */

typedef struct {
    DbPool *pool;
    int n; /* of this many, from the number first on, in this state */
    int first;
    const char *status;
    Task *leased;
} Tasks;

static bool add_tasks(Db *db, void *data, GError **error) {
    const Tasks *tasks = data;
    for (int i = 0; i < tasks->n; i++) {
        g_autofree char *name = g_strdup_printf("%d:%d", (int)getpid(), tasks->first + i);
        if (db_change(db, error,
                      "INSERT INTO tasks (queue, name, status, eta, payload, content_type, created, max_attempts) "
                      "VALUES ('capture', ?, ?, 1, '{\"build_id\": 1}', 'application/json', 1, 3)",
                      DB_TEXT(name), DB_TEXT(tasks->status)) != 1)
            return false;
    }
    return true;
}

static void fill(DbPool *pool, int n, int first, const char *status) {
    g_autoptr(GError) error = NULL;
    for (int done = 0; done < n; done += ROWS_AT_ONCE) {
        Tasks tasks = {.pool = pool, .n = MIN(n - done, ROWS_AT_ONCE), .first = first + done, .status = status};
        if (!db_transact(pool, add_tasks, &tasks, &error))
            end(error);
    }
}

static bool lease_task(Db *db, void *data, GError **error) {
    Tasks *tasks = data;
    const LeaseRequest request = {.owner = "load", .lease_ms = 60000, .most = 1};
    g_autoptr(GPtrArray) failed = NULL;
    g_autoptr(GPtrArray) leased = queue_lease(db, "capture", &request, g_get_real_time() / 1000, &failed, error);
    tasks->leased = leased && leased->len > 0 ? g_ptr_array_steal_index(leased, 0) : NULL;
    return leased != NULL;
}

static bool finish_task(Db *db, void *data, GError **error) {
    const Tasks *tasks = data;
    const LeaseHolder holder = {.queue = "capture", .name = tasks->leased->name, .lease = tasks->leased->lease};
    bool again;
    g_autoptr(Task) task = queue_finish(db, &holder, false, g_get_real_time() / 1000, &again, error);
    return task != NULL;
}

static void *work_tasks(void *pool) {
    for (;;) {
        g_autoptr(GError) error = NULL;
        Tasks tasks = {.pool = pool};
        if (!db_transact(pool, lease_task, &tasks, &error))
            end(error);
        if (!tasks.leased)
            return NULL;
        if (!db_transact(pool, finish_task, &tasks, &error))
            end(error);
        task_free(tasks.leased);
    }
}

static double seconds_since(gint64 us) {
    return (double)(g_get_monotonic_time() - us) / 1e6;
}

static void measure_tasks(const char *database, int workers, int n, int old) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbPool) pool = db_pool_new(database, (unsigned)workers, &error);
    if (!pool || migrate_run(pool, &error) < 0)
        end(error);
    fill(pool, old, 0, "done");
    fill(pool, n, old, "live");
    gint64 start = g_get_monotonic_time();
    run_threads(workers, work_tasks, pool);
    printf("%.0f\n", n / seconds_since(start));
}

/* Uploads. */

typedef struct {
    const char *server;
    DpxdtRelease release;
    size_t size;
    int left; /* atomic */
} Uploads;

static void check(const DpxdtClient *client, DpxdtStatus status) {
    if (status == DPXDT_OK)
        return;
    fprintf(stderr, "load: %s\n", dpxdt_message(client));
    exit(1);
}

static void *upload(void *data) {
    Uploads *uploads = data;
    DpxdtClient *client = dpxdt_new(uploads->server, NULL, NULL);
    g_autofree char *bytes = g_malloc(uploads->size);
    random_bytes(bytes, uploads->size);
    for (int number; (number = __atomic_sub_fetch(&uploads->left, 1, __ATOMIC_RELAXED)) >= 0;) {
        char sha1[DPXDT_SHA1_SIZE];
        g_autofree char *name = g_strdup_printf("/%d", number);
        memcpy(bytes, &number, sizeof number);
        check(client, dpxdt_upload(client, uploads->release.build_id, "a.png", bytes, uploads->size, sha1));
        const DpxdtReport report = {.image = sha1};
        check(client, dpxdt_report_run(client, &uploads->release, name, &report));
    }
    dpxdt_free(client);
    return NULL;
}

static void measure_uploads(const char *server, int64_t build, int clients, int n, size_t size) {
    DpxdtClient *client = dpxdt_new(server, NULL, NULL);
    Uploads uploads = {.server = server, .release = {.build_id = build, .name = "load"}, .size = size, .left = n};
    check(client, dpxdt_create_release(client, &uploads.release, NULL, NULL));
    gint64 start = g_get_monotonic_time();
    run_threads(clients, upload, &uploads);
    printf("%.0f\n", n / seconds_since(start));
    dpxdt_free(client);
}

int main(int argc, char **argv) {
    if (argc == 6 && strcmp(argv[1], "tasks") == 0)
        measure_tasks(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
    else if (argc == 7 && strcmp(argv[1], "uploads") == 0)
        measure_uploads(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]), (size_t)atoi(argv[6]));
    else
        return 2;
    return 0;
}
