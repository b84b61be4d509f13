/* Connections are opened when they are needed and kept for the next who asks. Where one broke, the others that wait have
 * probably broken, too, and are closed. */
#include "db/db.h"

#include "base/clock.h"
#include "db/connection.h"

#include <pthread.h>
#include <string.h>

struct DbPool {
    char *url;
    const DbDriver *driver;
    unsigned max;
    bool only_reads;
    bool is_new; /* until there was a connection: a file that goes away later must not be made anew, and be empty */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t given_back;
    pthread_cond_t turn_ended;
    bool has_turn;   /* somebody */
    GPtrArray *idle; /* of Db, the one used last at the end */
    DbPoolFacts facts;
};

static const DbDriver *find_driver(const char *url, GError **error) {
    static const struct {
        const char *scheme;
        const DbDriver *driver;
    } drivers[] = {
        {"sqlite:", &db_sqlite}, {"postgresql://", &db_postgres}, {"postgres://", &db_postgres},
        {"mysql://", &db_mysql}, {"mariadb://", &db_mysql},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
        if (g_str_has_prefix(url, drivers[i].scheme))
            return drivers[i].driver;
    /* No more of it: there may be a password in it. */
    error_set(error, ERROR_INVALID, "%.*s...: sqlite:, postgresql:// or mysql:// is expected",
              (int)strcspn(url, ":= @"), url);
    return NULL;
}

/* Opens a connection, which counts among those of the pool already. */
static Db *open_connection(DbPool *pool, GError **error) {
    DbOpening opening = pool->only_reads ? DB_OPEN_READ : pool->is_new ? DB_OPEN_CREATE : DB_OPEN_WRITE;
    void *connection = pool->driver->open(pool->url, opening, error);
    if (!connection)
        return NULL;
    Db *db = g_new0(Db, 1);
    db->pool = pool;
    db->driver = pool->driver;
    db->connection = connection;
    return db;
}

static void close_connection(Db *db) {
    db->driver->close(db->connection);
    g_free(db);
}

enum { TURN_TIMEOUT_MS = 10 * 1000 };

bool pool_take_turn(DbPool *pool) {
    int64_t deadline_ms = clock_now_ms() + TURN_TIMEOUT_MS;
    bool in_time = true;
    if (pool->driver->kind != DB_SQLITE)
        return true;
    pthread_mutex_lock(&pool->lock);
    while (pool->has_turn && in_time)
        in_time = clock_cond_wait(&pool->turn_ended, &pool->lock, deadline_ms);
    bool is_mine = !pool->has_turn;
    pool->has_turn = true;
    pthread_mutex_unlock(&pool->lock);
    return is_mine;
}

void pool_end_turn(DbPool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->has_turn = false;
    pthread_cond_signal(&pool->turn_ended);
    pthread_mutex_unlock(&pool->lock);
}

bool db_check_url(const char *url, GError **error) {
    return find_driver(url, error) != NULL;
}

static DbPool *pool_new(const char *url, unsigned max_connections, bool only_reads, GError **error) {
    const DbDriver *driver = find_driver(url, error);
    if (!driver)
        return NULL;
    DbPool *pool = g_new0(DbPool, 1);
    pool->url = g_strdup(url);
    pool->driver = driver;
    pool->max = max_connections;
    pool->only_reads = only_reads;
    pool->is_new = true;
    pool->idle = g_ptr_array_new();
    pthread_mutex_init(&pool->lock, NULL);
    clock_cond_init(&pool->given_back);
    clock_cond_init(&pool->turn_ended);
    g_autoptr(Db) first = db_pool_take(pool, 0, error);
    pool->is_new = false;
    return first ? pool : (db_pool_free(pool), NULL);
}

DbPool *db_pool_new(const char *url, unsigned max_connections, GError **error) {
    return pool_new(url, max_connections, false, error);
}

DbPool *db_pool_new_reader(const char *url, unsigned max_connections, GError **error) {
    return pool_new(url, max_connections, true, error);
}

void db_pool_free(DbPool *pool) {
    if (!pool)
        return;
    g_assert(pool->facts.in_use == 0);
    for (guint i = 0; i < pool->idle->len; i++)
        close_connection(g_ptr_array_index(pool->idle, i));
    g_ptr_array_unref(pool->idle);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->given_back);
    pthread_cond_destroy(&pool->turn_ended);
    g_free(pool->url);
    g_free(pool);
}

/* Waits until a connection is at hand or may be opened, with the lock held. */
static bool wait_for_one(DbPool *pool, int timeout_ms) {
    int64_t since_us = g_get_monotonic_time(), deadline = clock_now_ms() + timeout_ms;
    bool came = true;
    pool->facts.n_waits++;
    while (came && pool->idle->len == 0 && pool->facts.open >= pool->max)
        came = clock_cond_wait(&pool->given_back, &pool->lock, deadline);
    pool->facts.waited_us += (uint64_t)(g_get_monotonic_time() - since_us);
    return pool->idle->len > 0 || pool->facts.open < pool->max;
}

/* Counts the caller in. *out_idle is a connection that was at hand, or NULL if one may be opened. */
static bool enter(DbPool *pool, int timeout_ms, Db **out_idle) {
    *out_idle = NULL;
    pthread_mutex_lock(&pool->lock);
    bool is_free = pool->idle->len > 0 || pool->facts.open < pool->max || wait_for_one(pool, timeout_ms);
    if (is_free && pool->idle->len > 0)
        *out_idle = g_ptr_array_steal_index(pool->idle, pool->idle->len - 1);
    pool->facts.in_use += is_free;
    pool->facts.open += is_free && !*out_idle;
    pthread_mutex_unlock(&pool->lock);
    return is_free;
}

/* Counts the caller out, with the connection that he has no more, if there was one. */
static void leave(DbPool *pool, Db *db) {
    g_autoptr(GPtrArray) closed = g_ptr_array_new();
    pthread_mutex_lock(&pool->lock);
    pool->facts.in_use--;
    if (db && !db->is_lost) {
        g_ptr_array_add(pool->idle, db);
    } else {
        pool->facts.open -= 1 + pool->idle->len;
        g_ptr_array_extend_and_steal(closed, g_ptr_array_copy(pool->idle, NULL, NULL));
        g_ptr_array_set_size(pool->idle, 0);
    }
    pthread_cond_broadcast(&pool->given_back);
    pthread_mutex_unlock(&pool->lock);
    for (guint i = 0; i < closed->len; i++)
        close_connection(g_ptr_array_index(closed, i));
    if (db && db->is_lost)
        close_connection(db);
}

Db *db_pool_take(DbPool *pool, int timeout_ms, GError **error) {
    Db *db;
    if (!enter(pool, timeout_ms, &db)) {
        error_set(error, ERROR_TIMEOUT, "all %u connections to the database were in use for %d ms", pool->max,
                  timeout_ms);
        return NULL;
    }
    if (!db)
        db = open_connection(pool, error);
    if (!db)
        leave(pool, NULL);
    return db;
}

void db_release(Db *db) {
    if (!db)
        return;
    g_assert(!db->in_transaction);
    leave(db->pool, db);
}

DbPoolFacts db_pool_facts(DbPool *pool) {
    pthread_mutex_lock(&pool->lock);
    DbPoolFacts facts = pool->facts;
    pthread_mutex_unlock(&pool->lock);
    return facts;
}
