/* `dpxdt diff-my-urls`: pages that a file lists, each alone or as a pair. */
#include "cmd/tool_list.h"

#include <stdlib.h>

/* The config of a page; NULL if there is none. */
static bool read_config(const ToolTest *test, const char *key, bool only_check, char **out, GError **error) {
    json_t *config = json_object_get(test->json, key);
    g_autofree char *place = g_strdup_printf("%s: test %zu: %s", test->path, test->index + 1, key);
    if (config && !json_is_null(config) && !json_is_object(config)) {
        error_set(error, ERROR_INVALID, "%s must be an object", place);
        return false;
    }
    if (only_check && json_is_object(config) && !tool_check_config(place, config, error))
        return false;
    char *text = json_is_object(config) ? json_dumps(config, JSON_COMPACT) : NULL;
    *out = g_strdup(text);
    free(text);
    return true;
}

static bool check_url(const ToolTest *test, const char *key, const char *url, GError **error) {
    if (tool_check_url(url, error))
        return true;
    g_prefix_error(error, "%s: test %zu: %s: ", test->path, test->index + 1, key);
    return false;
}

static bool request(Tool *tool, const ToolTest *test, bool only_check, GError **error) {
    g_autofree char *config = NULL, *ref_config = NULL;
    const char *url = tool_list_need(test, "run_url", error), *ref_url;
    if (!url || !tool_list_text(test, "ref_url", &ref_url, error) || !check_url(test, "run_url", url, error) ||
        (ref_url && !check_url(test, "ref_url", ref_url, error)) ||
        !read_config(test, "run_config", only_check, &config, error) ||
        !read_config(test, "ref_config", only_check, &ref_config, error))
        return false;
    const DpxdtPage page = {.name = tool_text(test->json, "name"),
                            .url = url,
                            .config = config,
                            .ref_url = ref_url,
                            .ref_config = ref_url ? ref_config : NULL};
    return only_check || tool_request(tool, &page, error);
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    const ToolList list = {"pages are requested", request};
    return tool_list_run(command, &list, argc, argv, error);
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
