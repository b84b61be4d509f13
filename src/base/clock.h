/* Deadlines: milliseconds of the monotonic clock, so that a wait survives a change of the wall clock.
 * All functions: any thread. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since some fixed moment in the past. */
int64_t clock_now_ms(void);

/* What is left until the deadline, at least 0, as poll(2) wants it. */
int clock_left_ms(int64_t deadline_ms);

/* Makes a condition whose waits are measured by the monotonic clock. */
void clock_cond_init(pthread_cond_t *condition);

/* Waits for a condition made by clock_cond_init(), with its mutex held. False once the deadline has passed. */
bool clock_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_ms);
