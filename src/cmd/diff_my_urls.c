/* `dpxdt diff-my-urls`: pages that a file lists, each alone or as a pair. */
#include "cmd/progress.h"
#include "cmd/tool.h"

#include <stdlib.h>

/* The config of a page; NULL if there is none. */
static bool read_config(const char *path, size_t index, const json_t *test, const char *key, char **out,
                        GError **error) {
    const json_t *config = json_object_get(test, key);
    if (config && !json_is_null(config) && !json_is_object(config)) {
        error_set(error, ERROR_INVALID, "%s: test %zu: %s must be an object", path, index + 1, key);
        return false;
    }
    char *text = json_is_object(config) ? json_dumps(config, JSON_COMPACT) : NULL;
    *out = g_strdup(text);
    free(text);
    return true;
}

static bool request(Tool *tool, const char *path, size_t index, const json_t *test, bool only_check, GError **error) {
    g_autofree char *config = NULL, *ref_config = NULL;
    const char *url = tool_need_text(path, index, test, "run_url", error);
    if (!url || !read_config(path, index, test, "run_config", &config, error) ||
        !read_config(path, index, test, "ref_config", &ref_config, error))
        return false;
    const DpxdtPage page = {.name = tool_text(test, "name"),
                            .url = url,
                            .config = config,
                            .ref_url = tool_text(test, "ref_url"),
                            .ref_config = tool_text(test, "ref_url") ? ref_config : NULL};
    return only_check || tool_request(tool, &page, error);
}

/* All are checked before the first is requested. */
static bool request_all(Tool *tool, const char *path, const json_t *tests, bool only_check, GError **error) {
    Progress progress = progress_begin("pages are requested");
    bool is_fine = true;
    for (size_t i = 0; i < json_array_size(tests) && is_fine; i++) {
        is_fine = request(tool, path, i, json_array_get(tests, i), only_check, error);
        if (!only_check)
            progress_show(&progress, (int)i + 1, (int)json_array_size(tests));
    }
    progress_end(&progress);
    return is_fine;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(ToolOptions) options = TOOL_OPTIONS_USUAL;
    g_auto(Tool) tool = {0};
    g_autofree char *path = NULL;
    const GOptionEntry entries[] = {
        {"tests-json-path", 0, 0, G_OPTION_ARG_FILENAME, &path, "List of pages (needed)", "FILE"},
        TOOL_ENTRIES(&options),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    json_auto_t *tests = tool_read_tests(path, error);
    if (!tests || !tool_init(&tool, &options, NULL, error) || !request_all(&tool, path, tests, true, error) ||
        !tool_begin(&tool, error) || !request_all(&tool, path, tests, false, error))
        return 2;
    return tool_end(&tool, NULL, error);
}

const Command diff_my_urls_command = {
    "diff-my-urls",
    "",
    "Have the pages of a list captured and compared by a server",
    "The file is a JSON list of objects with name, run_url, and if wanted run_config, ref_url and\n"
    "ref_config. A page without ref_url is compared with its picture in the last good release.\n"
    "\n"
    "  dpxdt diff-my-urls --upload-build-id 1 --upload-release-name 'cut 7' --tests-json-path urls.json\n"
    "\n"
    "With --wait the exit status is 0 if all are the same, 1 if some differ, 2 if any failed.",
    run,
};
