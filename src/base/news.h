/* That something has changed, for those who wait for it: long polls. It tells of this process alone; what other servers
 * change in the same database is seen by looking again, so nobody waits long. Any thread. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t told;
    uint64_t count;
    bool closed;
} News;

void news_init(News *news);
void news_clear(News *news);

/* Something has changed. */
void news_tell(News *news);

/* Nobody waits any more, now or later: the server is to end. */
void news_close(News *news);

/* How often something has changed so far: asked for before looking. */
uint64_t news_count(News *news);

/* Waits until the deadline, whatever changes. False if the server is to end. */
bool news_sleep(News *news, int64_t deadline_ms);

/* Waits until something has changed since, but not past the deadline (clock_now_ms()), and at most a second, for what other
 * servers do. False if it is of no use to look again: the deadline has passed, or the server is to end. */
bool news_wait(News *news, uint64_t since, int64_t deadline_ms);
