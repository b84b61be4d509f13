#include "cmd/worker_options.h"

#include <string.h>

enum {
    MOST_THREADS = 64,
    LEAST_LEASE_S = 3,
    MOST_LEASE_S = 3600,
    LEAST_MEMORY_MB = 256,
    MOST_MEMORY_MB = 1024 * 1024,
    MOST_TIME_S = 3600
};

void worker_options_clear(WorkerOptions *options) {
    g_clear_pointer(&options->browser, g_free);
    g_clear_pointer(&options->sandbox, g_free);
}

bool worker_options_apply(const WorkerOptions *options, WorkerSetup *out_setup, GError **error) {
    const struct {
        const char *name;
        int value, least, most;
    } numbers[] = {
        {"--capture-threads", options->capture_threads, 0, MOST_THREADS},
        {"--diff-threads", options->diff_threads, 0, MOST_THREADS},
        {"--lease", options->lease_s, LEAST_LEASE_S, MOST_LEASE_S},
        {"--page-memory", options->page_memory_mb, options->page_memory_mb ? LEAST_MEMORY_MB : 0, MOST_MEMORY_MB},
        {"--page-time", options->page_time_s, 1, MOST_TIME_S},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most) {
            error_set(error, ERROR_INVALID, "%s must be from %d to %d, not %d", numbers[i].name, numbers[i].least,
                      numbers[i].most, numbers[i].value);
            return false;
        }
    if (options->capture_threads + options->diff_threads == 0) {
        error_set(error, ERROR_INVALID, "--capture-threads and --diff-threads are both 0: there is nothing to do");
        return false;
    }
    if (options->sandbox && strcmp(options->sandbox, "required") != 0 && strcmp(options->sandbox, "preferred") != 0) {
        error_set(error, ERROR_INVALID, "--sandbox must be required or preferred, not %s", options->sandbox);
        return false;
    }
    out_setup->needs_sandbox = g_strcmp0(options->sandbox, "preferred") != 0;
    out_setup->capture_threads = options->capture_threads;
    out_setup->diff_threads = options->diff_threads;
    out_setup->lease_s = options->lease_s;
    out_setup->page_memory_mb = options->page_memory_mb;
    out_setup->page_time_s = options->page_time_s;
    out_setup->browser = options->browser;
    out_setup->allow_private = options->allow_private;
    return true;
}
