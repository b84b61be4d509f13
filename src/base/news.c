#include "base/news.h"

#include "base/clock.h"

#include <glib.h>

/* So often somebody who waits looks again at least, and at most: a busy server has news all the time. */
enum { LOOK_MS = 1000, REST_MS = 50 };

void news_init(News *news) {
    *news = (News){0};
    pthread_mutex_init(&news->lock, NULL);
    clock_cond_init(&news->told);
}

void news_clear(News *news) {
    pthread_mutex_destroy(&news->lock);
    pthread_cond_destroy(&news->told);
}

void news_tell(News *news) {
    pthread_mutex_lock(&news->lock);
    news->count++;
    pthread_cond_broadcast(&news->told);
    pthread_mutex_unlock(&news->lock);
}

void news_close(News *news) {
    pthread_mutex_lock(&news->lock);
    news->closed = true;
    pthread_cond_broadcast(&news->told);
    pthread_mutex_unlock(&news->lock);
}

uint64_t news_count(News *news) {
    pthread_mutex_lock(&news->lock);
    uint64_t count = news->count;
    pthread_mutex_unlock(&news->lock);
    return count;
}

bool news_sleep(News *news, int64_t deadline_ms) {
    pthread_mutex_lock(&news->lock);
    while (!news->closed && clock_cond_wait(&news->told, &news->lock, deadline_ms))
        ;
    bool closed = news->closed;
    pthread_mutex_unlock(&news->lock);
    return !closed;
}

bool news_wait(News *news, uint64_t since, int64_t deadline_ms) {
    int64_t now_ms = clock_now_ms(), rest_ms = MIN(now_ms + REST_MS, deadline_ms);
    int64_t look_ms = MIN(now_ms + LOOK_MS, deadline_ms);
    news_sleep(news, rest_ms);
    pthread_mutex_lock(&news->lock);
    while (!news->closed && news->count == since && clock_cond_wait(&news->told, &news->lock, look_ms))
        ;
    bool closed = news->closed;
    pthread_mutex_unlock(&news->lock);
    return !closed && clock_now_ms() < deadline_ms;
}
