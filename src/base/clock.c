#include "base/clock.h"

#include <glib.h>
#include <limits.h>
#include <time.h>

int64_t clock_now_ms(void) {
    return g_get_monotonic_time() / 1000;
}

int clock_left_ms(int64_t deadline_ms) {
    return (int)CLAMP(deadline_ms - clock_now_ms(), 0, INT_MAX);
}

void clock_cond_init(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool clock_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_ms) {
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = (deadline_ms % 1000) * 1000000};
    return pthread_cond_timedwait(condition, mutex, &until) == 0;
}
