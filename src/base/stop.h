/* The wish to end: SIGINT (Ctrl-C), SIGTERM and SIGHUP set a flag and make a descriptor readable; whoever waits for
 * long also waits for that. A second signal of the kind ends the program the system's way. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Takes over the signals. Called once, by main(), before the first thread starts. */
void stop_install(void);

/* Whether the end was asked for. Any thread. */
bool stop_requested(void);

/* The same for who is in the middle of something: false with ERROR_STOPPED. Any thread. */
bool stop_check(GError **error) MUST_CHECK;

/* A descriptor for poll(2), readable for ever once the end was asked for; -1 before stop_install(). Not to be read
 * or closed. Any thread. */
int stop_fd(void);

/* Sleeps until the deadline (clock_now_ms()) or the wish to end. False for the latter. Any thread. */
bool stop_sleep_until(int64_t deadline_ms);
