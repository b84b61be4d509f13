/* `dpxdt pair-diff BEFORE AFTER`: two pages that are both there now, as live and staging. */
#include "cmd/tool.h"

static char *path_of(const char *url) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
    const char *path = uri ? g_uri_get_path(uri) : NULL;
    return g_strdup(path && *path ? path : "/");
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(ToolOptions) options = TOOL_OPTIONS_USUAL;
    g_auto(PageOptions) page = PAGE_OPTIONS_USUAL;
    g_auto(Tool) tool = {0};
    const GOptionEntry entries[] = {
        TOOL_ENTRIES(&options),
        PAGE_ENTRIES(&page),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 2, 2, error))
        return 0;
    g_autofree char *config = page_options_config(&page, error);
    if (!config || !tool_check_url(argv[1], error) || !tool_check_url(argv[2], error) ||
        !tool_init(&tool, &options, argv[2], error) || !tool_begin(&tool, error))
        return 2;
    g_autofree char *name = path_of(argv[2]);
    const DpxdtPage pair = {.name = name, .url = argv[2], .config = config, .ref_url = argv[1], .ref_config = config};
    if (!tool_request(&tool, &pair, error))
        return 2;
    return tool_end(&tool, NULL, error);
}

const Command pair_diff_command = {
    "pair-diff",
    "BEFORE-URL AFTER-URL",
    "Have two pages captured and compared by a server",
    "Makes a release of one run, for which the server's workers capture both pages.\n"
    "\n"
    "  dpxdt pair-diff --upload-build-id 1 https://www.example.com/ https://staging.example.com/ --wait\n"
    "\n"
    "Without --wait it ends when the run is requested. With it, the exit status is 0 if the pages are the\n"
    "same, 1 if they differ, and 2 if that could not be found out.",
    run,
};
