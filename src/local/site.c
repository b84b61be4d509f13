#include "local/site.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/stop.h"
#include "net/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A server that is asked to end has so long to do it nicely. */
enum { GRACE_MS = 1000 };
/* Between two questions to a server that does not answer yet. */
enum { ASK_EVERY_MS = 100 };
/* One question: a server that takes longer is asked again. */
enum { ANSWER_TIMEOUT_MS = 5000 };
/* Where somebody answers before setup has begun, setup may be about to find its port in use. It gets so long to say. */
enum { PORT_IN_USE_MS = 2000 };
/* As much of a log as fits an error message. */
enum { LOG_TAIL_LINES = 12, LOG_TAIL_BYTES = 4000 };

struct Site {
    const TestFile *file;
    char *log_path;
    Process *setup;       /* NULL if there is none */
    pthread_mutex_t lock; /* guards the waiting for setup, and what is below */
    bool setup_has_ended; /* with status 0 */
};

/* The last lines of the log, indented, or words for an empty one. */
static char *log_tail(const Site *site) {
    g_autofree char *text = file_tail(site->log_path, LOG_TAIL_BYTES);
    if (!*text)
        return g_strdup("  (it printed nothing)");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned n_lines = g_strv_length(lines);
    GString *tail = g_string_new(NULL);
    for (unsigned i = n_lines > LOG_TAIL_LINES ? n_lines - LOG_TAIL_LINES : 0; i < n_lines; i++)
        g_string_append_printf(tail, "%s  %s", tail->len ? "\n" : "", lines[i]);
    return g_string_free(tail, FALSE);
}

static Process *start_script(const Site *site, const char *name, const char *script, GError **error) {
    int log = open(site->log_path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0666);
    if (log < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "%s", site->log_path);
        return NULL;
    }
    const char *const argv[] = {"bash", "-c", script, name, NULL};
    const ProcessSetup setup = {.argv = argv, .output = log, .grace_ms = GRACE_MS};
    Process *process = process_start(&setup, error);
    close(log);
    if (!process)
        g_prefix_error(error, "%s: %s: ", site->file->path, name);
    return process;
}

static void say_how_it_ended(const Site *site, const char *name, int status, GError **error) {
    g_autofree char *tail = log_tail(site);
    if (WIFSIGNALED(status))
        error_set(error, ERROR_FAILED, "%s: %s was killed by signal %d; the end of its log:\n%s", site->file->path,
                  name, WTERMSIG(status), tail);
    else
        error_set(error, ERROR_FAILED, "%s: %s ended with status %d; the end of its log:\n%s", site->file->path, name,
                  WEXITSTATUS(status), tail);
}

/* Fails if setup ended badly before the deadline; returns at once if it ended well. */
static bool watch_setup(Site *site, int64_t deadline_ms, GError **error) {
    int status = 0;
    if (!site->setup)
        return true;
    pthread_mutex_lock(&site->lock);
    bool ended = process_wait(site->setup, deadline_ms, &status);
    site->setup_has_ended = ended && status == 0;
    pthread_mutex_unlock(&site->lock);
    if (!ended || status == 0)
        return true;
    say_how_it_ended(site, "setup", status, error);
    return false;
}

bool site_check(Site *site, GError **error) {
    return watch_setup(site, 0, error);
}

/* HEAD is cheap, but not every server knows it. */
static bool answers(const char *url, int timeout_ms, GError **error) {
    static const char *const methods[] = {"HEAD", "GET"};
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        g_clear_error(error);
        int status = fetch_status(methods[i], url, timeout_ms, error);
        if (status == 200)
            return true;
        if (status != 0)
            error_set(error, ERROR_FAILED, "it answers %d", status);
    }
    return false;
}

static void say_that_nobody_answers(const Site *site, const GError *cause, GError **error) {
    const WaitFor *wait = &site->file->wait_for;
    g_autofree char *tail = site->setup ? log_tail(site) : NULL;
    error_set(error, ERROR_TIMEOUT, "%s: waitFor: %s did not answer 200 within %g s (timeout_secs): %s%s%s%s",
              site->file->path, wait->url, wait->timeout_ms / 1000.0, cause->message,
              site->setup_has_ended ? "; setup had ended before, with status 0" : "",
              tail ? "; the end of setup's log:\n" : "", tail ? tail : "");
}

static bool wait_for_url(Site *site, GError **error) {
    const WaitFor *wait = &site->file->wait_for;
    int64_t deadline = clock_now_ms() + wait->timeout_ms;
    g_autoptr(GError) cause = NULL, latest = NULL;

    while (!answers(wait->url, MIN(ANSWER_TIMEOUT_MS, MAX(clock_left_ms(deadline), 1)), &latest)) {
        /* The last question is cut short by the deadline; what was answered before says more. */
        if (!cause || clock_now_ms() < deadline || !error_is(latest, ERROR_TIMEOUT)) {
            g_clear_error(&cause);
            cause = g_steal_pointer(&latest);
        }
        if (!site_check(site, error))
            return false;
        if (clock_now_ms() >= deadline) {
            say_that_nobody_answers(site, cause, error);
            return false;
        }
        if (!stop_sleep_until(MIN(clock_now_ms() + ASK_EVERY_MS, deadline)))
            break;
    }
    return stop_check(error);
}

static bool wait_for_script(Site *site, GError **error) {
    const WaitFor *wait = &site->file->wait_for;
    int status = 0;
    g_autoptr(Process) script = start_script(site, "waitFor", wait->script, error);
    if (!script)
        return false;
    if (!process_wait(script, clock_now_ms() + wait->timeout_ms, &status)) {
        if (!stop_check(error))
            return false;
        g_autofree char *tail = log_tail(site);
        error_set(error, ERROR_TIMEOUT, "%s: waitFor: the script did not end within %g s; the end of the log:\n%s",
                  site->file->path, wait->timeout_ms / 1000.0, tail);
        return false;
    }
    if (status == 0)
        return site_check(site, error);
    say_how_it_ended(site, "waitFor", status, error);
    return false;
}

/* Whether somebody answers at waitFor's URL already: another server than the one that setup is going to start? */
static bool is_answered_by_another(const TestFile *file) {
    g_autoptr(GError) error = NULL;
    return file->setup && file->wait_for.url && answers(file->wait_for.url, 500, &error);
}

/* bash ends at once after "server &", with status 0, whatever becomes of the server; its complaint comes into the log a
 * little later. */
static void warn_of_another(const Site *site) {
    int64_t deadline = clock_now_ms() + PORT_IN_USE_MS;
    g_autofree char *said = file_tail(site->log_path, LOG_TAIL_BYTES);
    while (!*said && clock_now_ms() < deadline && stop_sleep_until(clock_now_ms() + ASK_EVERY_MS)) {
        g_free(said);
        said = file_tail(site->log_path, LOG_TAIL_BYTES);
    }
    g_autofree char *tail = log_tail(site);
    g_printerr(
        "dpxdt: warning: %s: %s answered before setup began, and setup has ended with status 0: it may be another "
        "server that answers. Start the server without '&', and dpxdt sees why it ends; the end of its log:\n%s\n",
        site->file->path, site->file->wait_for.url, tail);
}

Site *site_start(const TestFile *file, const char *log_path, GError **error) {
    g_autoptr(Site) site = g_new0(Site, 1);
    site->file = file;
    site->log_path = g_strdup(log_path);
    pthread_mutex_init(&site->lock, NULL);

    bool is_suspicious = is_answered_by_another(file);
    if (file->setup && !(site->setup = start_script(site, "setup", file->setup, error)))
        return NULL;
    if (file->wait_for.url && !wait_for_url(site, error))
        return NULL;
    if (file->wait_for.script && !wait_for_script(site, error))
        return NULL;
    if (is_suspicious && !watch_setup(site, clock_now_ms() + PORT_IN_USE_MS, error)) {
        g_prefix_error(error, "something else answers at %s already, so its port is in use: ", file->wait_for.url);
        return NULL;
    }
    if (is_suspicious && site->setup_has_ended)
        warn_of_another(site);
    return g_steal_pointer(&site);
}

const char *site_hint(Site *site) {
    pthread_mutex_lock(&site->lock);
    bool setup_has_ended = site->setup_has_ended;
    pthread_mutex_unlock(&site->lock);
    if (site->file->setup && !site->file->wait_for.url && !site->file->wait_for.script)
        return "there is no waitFor: the server that setup starts may not be up yet";
    return setup_has_ended ? "setup has ended, with status 0" : NULL;
}

void site_free(Site *site) {
    if (!site)
        return;
    process_free(site->setup);
    pthread_mutex_destroy(&site->lock);
    g_free(site->log_path);
    g_free(site);
}
