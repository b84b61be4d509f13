#include "base/stop.h"

#include "base/clock.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of a signal's handler, and of all threads: what has no lock may be used by both (C17, 7.14.1.1). */
static atomic_bool requested;
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a flag has no lock");
static int event = -1;

static void on_signal(int signal_number) {
    int saved = errno;
    uint64_t one = 1;
    requested = true;
    if (write(event, &one, sizeof one) < 0)
        _exit(128 + signal_number); /* cannot be: an eventfd takes 2^64 of these */
    errno = saved;
}

void stop_install(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    event = eventfd(0, EFD_CLOEXEC);
    g_assert(event >= 0);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        /* SA_RESETHAND: the second signal does what it always does. */
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow is an error of write() */
}

bool stop_requested(void) {
    return requested;
}

bool stop_check(GError **error) {
    if (requested)
        error_set(error, ERROR_STOPPED, "stopped");
    return !requested;
}

int stop_fd(void) {
    return event;
}

bool stop_sleep_until(int64_t deadline_ms) {
    struct pollfd wish = {.fd = event, .events = POLLIN};
    for (int left; !requested && (left = clock_left_ms(deadline_ms)) > 0;)
        poll(&wish, 1, left);
    return !requested;
}
