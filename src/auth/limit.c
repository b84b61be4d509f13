#include "auth/limit.h"

#include "base/clock.h"

#include <glib.h>

/* Who has not been seen for so long that he may do all at once again is forgotten, when there are so many. */
enum { MOST_KNOWN = 20 * 1000, MINUTE_MS = 60 * 1000, SWEEP_MS = 1000 };

/* A bucket of tokens: what is left of it, as of a time. */
typedef struct {
    double left;
    int64_t at_ms;
} Bucket;

struct Limit {
    double per_ms, burst;

    pthread_mutex_t lock; /* guards all below */
    GHashTable *buckets;  /* name -> Bucket */
    int64_t swept_ms;
};

Limit *limit_new(int per_minute, int burst) {
    Limit *limit = g_new0(Limit, 1);
    limit->per_ms = (double)per_minute / MINUTE_MS;
    limit->burst = burst;
    limit->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    pthread_mutex_init(&limit->lock, NULL);
    return limit;
}

void limit_free(Limit *limit) {
    if (!limit)
        return;
    pthread_mutex_destroy(&limit->lock);
    g_hash_table_unref(limit->buckets);
    g_free(limit);
}

static void fill(const Limit *limit, Bucket *bucket, int64_t now_ms) {
    bucket->left = MIN(bucket->left + limit->per_ms * (double)(now_ms - bucket->at_ms), limit->burst);
    bucket->at_ms = now_ms;
}

static gboolean is_full(void *name, void *bucket, void *data) {
    const Limit *limit = data;
    fill(limit, bucket, clock_now_ms());
    return ((const Bucket *)bucket)->left >= limit->burst;
}

/* Looks through all, which takes its time: so not too often. */
static void sweep(Limit *limit, int64_t now_ms) {
    if (now_ms - limit->swept_ms < SWEEP_MS)
        return;
    limit->swept_ms = now_ms;
    g_hash_table_foreach_remove(limit->buckets, is_full, limit);
}

/* With the lock held. Where there is no room for one more, all who are not known are refused: they are too many. */
static Bucket *find(Limit *limit, const char *who, int64_t now_ms) {
    Bucket *bucket = g_hash_table_lookup(limit->buckets, who);
    if (bucket)
        return bucket;
    if (g_hash_table_size(limit->buckets) >= MOST_KNOWN)
        sweep(limit, now_ms);
    if (g_hash_table_size(limit->buckets) >= MOST_KNOWN)
        return NULL;
    bucket = g_new0(Bucket, 1);
    *bucket = (Bucket){limit->burst, now_ms};
    g_hash_table_insert(limit->buckets, g_strdup(who), bucket);
    return bucket;
}

bool limit_allow(Limit *limit, const char *who) {
    int64_t now_ms = clock_now_ms();
    pthread_mutex_lock(&limit->lock);
    Bucket *bucket = find(limit, who, now_ms);
    if (bucket)
        fill(limit, bucket, now_ms);
    bool is_allowed = bucket && bucket->left >= 1;
    if (is_allowed)
        bucket->left--;
    pthread_mutex_unlock(&limit->lock);
    return is_allowed;
}

bool limit_is_used_up(Limit *limit, const char *who) {
    pthread_mutex_lock(&limit->lock);
    Bucket *bucket = g_hash_table_lookup(limit->buckets, who);
    if (bucket)
        fill(limit, bucket, clock_now_ms());
    bool is_used_up = bucket && bucket->left < 1;
    pthread_mutex_unlock(&limit->lock);
    return is_used_up;
}
