#include "cmd/local_options.h"

#include "local/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A terminal that is worth drawing on; NO_COLOR is a convention of many programs (https://no-color.org). */
static bool is_live(void) {
    const char *term = g_getenv("TERM");
    return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && g_strcmp0(term, "dumb") != 0;
}

static bool check_numbers(int jobs, int retries, GError **error) {
    if (jobs < 0 || jobs > 64)
        error_set(error, ERROR_INVALID, "--jobs must be from 1 to 64 (or 0 for the default), not %d", jobs);
    else if (retries < 0 || retries > 100)
        error_set(error, ERROR_INVALID, "--retries must be from 0 to 100, not %d", retries);
    else
        return true;
    return false;
}

int local_options_run(const Command *command, bool update, int argc, char **argv, GError **error) {
    g_autofree char *filter = NULL, *browser = NULL, *json = NULL, *junit = NULL, *report = NULL;
    gboolean list = FALSE, github = FALSE;
    int jobs = 0, retries = 0;
    const GOptionEntry entries[] = {
        {"test-filter", 0, 0, G_OPTION_ARG_STRING, &filter, "Only tests that match: a*:b*-c* is all of a and b but c",
         "PATTERNS"},
        {"list-tests", 0, 0, G_OPTION_ARG_NONE, &list, "Print the tests' names, and run none", NULL},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "Pages at once (default: three for two processors)", "N"},
        {"retries", 0, 0, G_OPTION_ARG_INT, &retries, "Try a test again that fails or differs, so often", "N"},
        {"browser", 0, 0, G_OPTION_ARG_FILENAME, &browser,
         "Chromium to use (default: chromium-headless-shell, else chromium)", "PATH"},
        {"report", 0, 0, G_OPTION_ARG_FILENAME, &report, "Write a gallery of the pictures there", "FOLDER"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &junit, "Write JUnit XML", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Write all results as JSON", "FILE"},
        {"github", 0, 0, G_OPTION_ARG_NONE, &github, "Print annotations for GitHub Actions", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 1, 1, error) ||
        !check_numbers(jobs, retries, error))
        return 0;
    const LocalOptions options = {
        .dir = argv[1],
        .update = update,
        .filter = filter,
        .browser = browser,
        .jobs = jobs,
        .retries = retries,
        .live = is_live(),
        .color = is_live() && !g_getenv("NO_COLOR"),
        .json_path = json,
        .junit_path = junit,
        .report_dir = report,
        .github = github,
    };
    if (!list)
        return local_run(&options, error);
    return local_list(&options, error) ? 0 : 2;
}
