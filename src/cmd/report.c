/* `dpxdt report DIR`: the gallery of the last `dpxdt test DIR` (or update). */
#include "cmd/command.h"

#include "local/runs.h"
#include "report/report.h"

#include <stdio.h>

/* The path is printed in any case; where no browser can be started, that is enough. */
static void open_in_browser(const char *path) {
    g_autofree char *full = g_canonicalize_filename(path, NULL);
    const char *argv[] = {"xdg-open", full, NULL};
    if (!g_getenv("DISPLAY") && !g_getenv("WAYLAND_DISPLAY"))
        return;
    g_spawn_async(NULL, (char **)argv, NULL,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                  NULL);
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_autofree char *output = NULL;
    gboolean no_open = FALSE;
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the gallery there, not to DIR/.dpxdt/last/gallery",
         "FOLDER"},
        {"no-open", 0, 0, G_OPTION_ARG_NONE, &no_open, "Do not open it in a browser", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 1, 1, error))
        return 0;

    g_autoptr(RunReport) report = runs_read_last(argv[1], error);
    if (!report)
        return 2;
    if (!output)
        output = g_build_filename(argv[1], ".dpxdt", "last", "gallery", NULL);
    if (!report_write_gallery(report, output, NULL, NULL, error))
        return 2;
    g_autofree char *index = g_build_filename(output, "index.html", NULL);
    puts(index);
    fflush(stdout);
    if (!no_open)
        open_in_browser(index);
    return 0;
}

const Command report_command = {"report", "DIR", "Show the last test's pictures: before, difference, after",
                                "Writes a page that needs nothing but the pictures beside it, so "
                                "that the folder can be copied,\n"
                                "kept by a CI job or put on a web server. It prints the page's "
                                "path, and opens it where there is\n"
                                "a display.",
                                run};
