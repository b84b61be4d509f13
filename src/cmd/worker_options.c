#include "cmd/worker_options.h"

enum { MOST_THREADS = 64 };

void worker_options_clear(WorkerOptions *options) {
    g_clear_pointer(&options->browser, g_free);
}

bool worker_options_apply(const WorkerOptions *options, WorkerSetup *out_setup, GError **error) {
    const struct {
        const char *name;
        int value;
    } numbers[] = {{"--capture-threads", options->capture_threads}, {"--diff-threads", options->diff_threads}};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].value < 0 || numbers[i].value > MOST_THREADS) {
            error_set(error, ERROR_INVALID, "%s must be from 0 to %d, not %d", numbers[i].name, MOST_THREADS,
                      numbers[i].value);
            return false;
        }
    if (options->capture_threads + options->diff_threads == 0) {
        error_set(error, ERROR_INVALID, "--capture-threads and --diff-threads are both 0: there is nothing to do");
        return false;
    }
    out_setup->capture_threads = options->capture_threads;
    out_setup->diff_threads = options->diff_threads;
    out_setup->browser = options->browser;
    out_setup->allow_private = options->allow_private;
    return true;
}
