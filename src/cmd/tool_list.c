#include "cmd/tool_list.h"

#include "cmd/progress.h"

const char *tool_list_need(const ToolTest *test, const char *key, GError **error) {
    const char *text = tool_text(test->json, key);
    if (text && *text)
        return text;
    error_set(error, ERROR_INVALID, "%s: test %zu: %s %s", test->path, test->index + 1, key,
              json_object_get(test->json, key) ? "must be a text that is not empty" : "is missing");
    return NULL;
}

static bool refuse(const ToolTest *test, const char *key, const char *what, GError **error) {
    error_set(error, ERROR_INVALID, "%s: test %zu: %s must be %s", test->path, test->index + 1, key, what);
    return false;
}

bool tool_list_text(const ToolTest *test, const char *key, const char **out, GError **error) {
    const json_t *value = json_object_get(test->json, key);
    if (value && !json_is_null(value) && !json_is_string(value))
        return refuse(test, key, "a text", error);
    *out = json_string_value(value);
    return true;
}

bool tool_list_flag(const ToolTest *test, const char *key, bool *out, GError **error) {
    const json_t *value = json_object_get(test->json, key);
    if (value && !json_is_null(value) && !json_is_boolean(value))
        return refuse(test, key, "true or false", error);
    *out = json_is_true(value);
    return true;
}

/* Two of one name would be one run. */
static bool check_test(const char *path, size_t index, const json_t *test, GHashTable *names, GError **error) {
    if (!json_is_object(test)) {
        error_set(error, ERROR_INVALID, "%s: test %zu: must be an object", path, index + 1);
        return false;
    }
    const char *name = tool_list_need(&(const ToolTest){path, index, test}, "name", error);
    if (!name)
        return false;
    if (g_hash_table_add(names, (char *)name))
        return true;
    error_set(error, ERROR_INVALID, "%s: test %zu: there is a test named \"%s\" above", path, index + 1, name);
    return false;
}

static json_t *read_tests(const char *path, GError **error) {
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *tests = path ? tool_read_json(path, error) : NULL;
    if (!path)
        error_set(error, ERROR_INVALID, "--tests-json-path is missing: the file with the list of tests");
    bool is_fine = json_is_array(tests) && json_array_size(tests) > 0;
    if (tests && !is_fine)
        error_set(error, ERROR_INVALID, "%s: must be a list with at least one test", path);
    size_t i;
    json_t *test;
    json_array_foreach (tests, i, test)
        is_fine = is_fine && check_test(path, i, test, names, error);
    if (!is_fine)
        g_clear_pointer(&tests, json_decref);
    return tests;
}

static bool do_all(Tool *tool, const ToolList *list, const char *path, const json_t *tests, bool only_check,
                   GError **error) {
    Progress progress = progress_begin(list->progress);
    int n = (int)json_array_size(tests);
    bool is_fine = true;
    for (int i = 0; i < n && is_fine; i++) {
        const ToolTest test = {path, (size_t)i, json_array_get(tests, (size_t)i)};
        is_fine = list->each(tool, &test, only_check, error);
        if (is_fine && !only_check)
            progress_show(&progress, i + 1, n);
    }
    progress_end(&progress);
    return is_fine;
}

int tool_list_run(const Command *command, const ToolList *list, int argc, char **argv, GError **error) {
    g_auto(ToolOptions) options = TOOL_OPTIONS_USUAL;
    g_auto(Tool) tool = {0};
    g_autofree char *path = NULL;
    const GOptionEntry entries[] = {
        {"tests-json-path", 0, 0, G_OPTION_ARG_FILENAME, &path, "The list (needed)", "FILE"},
        TOOL_ENTRIES(&options),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!command_parse(command, entries, &argc, &argv, error) || !command_check_arguments(command, argc, 0, 0, error))
        return 0;
    json_auto_t *tests = read_tests(path, error);
    if (!tests || !tool_init(&tool, &options, NULL, error) || !do_all(&tool, list, path, tests, true, error) ||
        !tool_begin(&tool, error) || !do_all(&tool, list, path, tests, false, error))
        return 2;
    return tool_end(&tool, NULL, error);
}
