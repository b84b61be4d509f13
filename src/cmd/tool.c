#include "cmd/tool.h"

#include "base/clock.h"
#include "base/file.h"
#include "client/client.h"
#include "cmd/progress.h"
#include "config/criteria.h"
#include "config/spec.h"
#include "net/egress.h"
#include "report/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILE_BYTES = 64 * 1024 * 1024 };

/* The place of what is wrong with it, as in --release-server-prefix. */
#define STATUS_OPTION "--status-url: "

const char *tool_text(const json_t *test, const char *key) {
    return json_string_value(json_object_get(test, key));
}

/* Options. */

void tool_options_clear(ToolOptions *options) {
    client_options_clear(&options->client);
    g_clear_pointer(&options->release_name, g_free);
    g_clear_pointer(&options->release_url, g_free);
    g_clear_pointer(&options->status_url, g_free);
}

void page_options_clear(PageOptions *options) {
    g_clear_pointer(&options->user, g_free);
    g_clear_pointer(&options->password, g_free);
    g_clear_pointer(&options->css, g_free);
    g_clear_pointer(&options->js, g_free);
    g_clear_pointer(&options->cookies_path, g_free);
}

json_t *tool_read_json(const char *path, GError **error) {
    json_error_t where;
    gsize size;
    g_autoptr(GBytes) bytes = file_read(path, MOST_FILE_BYTES, error);
    if (!bytes)
        return NULL;
    const char *text = g_bytes_get_data(bytes, &size);
    json_t *json = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        error_set(error, ERROR_INVALID, "%s:%d:%d: %s", path, where.line, where.column, where.text);
    return json;
}

static bool add_cookies(json_t *config, const char *path, GError **error) {
    if (!path)
        return true;
    json_t *cookies = tool_read_json(path, error);
    bool is_list = json_is_array(cookies);
    if (cookies && !is_list)
        error_set(error, ERROR_INVALID, "%s: must be a list of cookies", path);
    if (is_list)
        json_object_set(config, "cookies", cookies);
    json_decref(cookies);
    return is_list;
}

bool tool_check_config(const char *name, json_t *config, GError **error) {
    Criteria criteria;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Document) document = document_from_json(name, config);
    g_autoptr(CaptureSpec) spec = spec_parse(document, config, "http://localhost/", warnings, error);
    for (guint i = 0; i < warnings->len; i++) {
        g_autofree char *warning = words_clean(g_ptr_array_index(warnings, i), false);
        fprintf(stderr, "%s\n", warning);
    }
    return spec && criteria_parse(document, config, &criteria, error);
}

char *page_options_config(const PageOptions *options, GError **error) {
    json_t *config = json_pack("{s:{s:i, s:i}, s:s*, s:s*, s:s*, s:s*}", "viewportSize", "width", options->width,
                               "height", options->height, "injectCss", options->css, "injectJs", options->js,
                               "httpUserName", options->user, "httpPassword", options->password);
    bool is_fine = add_cookies(config, options->cookies_path, error) &&
                   tool_check_config("the config of the pages", config, error);
    char *text = is_fine ? json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    char *owned = g_strdup(text);
    free(text);
    json_decref(config);
    return owned;
}

/* Releases. */

/* Not by the tool's own client: its calls end when the program is to end. */
static void give_up(const Tool *tool) {
    const ClientOptions *options = &tool->options->client;
    DpxdtClient *client = dpxdt_new(options->prefix, options->key, options->secret);
    client_try_once(client);
    if (client_decide_release(client, &tool->release, "bad") == DPXDT_OK)
        fprintf(stderr, "Gave up release %s, number %d\n", tool->release.name, tool->release.number);
    else
        fprintf(stderr, "Release %s, number %d, is left unfinished: %s\n", tool->release.name, tool->release.number,
                dpxdt_message(client));
    dpxdt_free(client);
}

void tool_clear(Tool *tool) {
    if (tool->is_open)
        give_up(tool);
    dpxdt_free(tool->client);
}

/* Two of one name would be two attempts at one release, of which the first is given up. */
static char *name_by_time(void) {
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *second = g_date_time_format(now, "%Y-%m-%d %H:%M:%S");
    return g_strdup_printf("%s.%06d", second, g_date_time_get_microsecond(now));
}

bool tool_init(Tool *tool, ToolOptions *options, const char *default_url, GError **error) {
    if (options->build_id <= 0) {
        error_set(error, ERROR_INVALID,
                  "--upload-build-id is missing: the number of the build, as in the address of "
                  "its page or printed by `dpxdt build list`");
        return false;
    }
    if (!client_options_complete(&options->client, error))
        return false;
    if (options->status_url && !tool_check_url(options->status_url, error)) {
        g_prefix_error(error, STATUS_OPTION);
        return false;
    }
    if (!options->release_name)
        options->release_name = name_by_time();
    if (!options->release_url)
        options->release_url = g_strdup(default_url);
    *tool = (Tool){.options = options,
                   .client = client_options_connect(&options->client),
                   .release = {.build_id = options->build_id, .name = options->release_name}};
    return true;
}

bool tool_check_url(const char *url, GError **error) {
    return egress_check(url, true, error);
}

static bool check_created(const Tool *tool, DpxdtStatus status, GError **error) {
    if (client_check(tool->client, status, error))
        return true;
    bool is_of_status = g_str_has_prefix(dpxdt_message(tool->client), "status_url ");
    g_prefix_error(error, "the release could not be created: %s", is_of_status ? STATUS_OPTION : "");
    return false;
}

bool tool_check_build(Tool *tool, GError **error) {
    return check_created(tool, client_check_build(tool->client, tool->release.build_id), error);
}

bool tool_begin(Tool *tool, GError **error) {
    if (tool->is_open)
        return true;
    DpxdtStatus status =
        dpxdt_create_release(tool->client, &tool->release, tool->options->release_url, tool->options->status_url);
    if (!check_created(tool, status, error))
        return false;
    fprintf(stderr, "Created release %s, number %d\n", tool->release.name, tool->release.number);
    tool->is_open = true;
    return true;
}

bool tool_request(Tool *tool, const DpxdtPage *page, GError **error) {
    if (client_check(tool->client, dpxdt_request_run(tool->client, &tool->release, page), error))
        return true;
    g_prefix_error(error, "%s could not be requested: ", page->name);
    return false;
}

/* Results. */

static int n_settled(const DpxdtState *state) {
    return state->failed + state->different + state->approved + state->same + state->new_runs;
}

/* A second at a time, so that there is something to see. */
static bool wait_for_results(Tool *tool, DpxdtState *out_state, GError **error) {
    Progress progress = progress_begin("pages are done");
    int64_t deadline_ms = clock_now_ms() + (int64_t)tool->options->wait_timeout_s * 1000;
    DpxdtStatus status;
    do {
        status = dpxdt_wait(tool->client, &tool->release, 1, out_state);
        if (status == DPXDT_OK || status == DPXDT_TIMEOUT)
            progress_show(&progress, n_settled(out_state), n_settled(out_state) + out_state->pending);
    } while (status == DPXDT_TIMEOUT && clock_now_ms() < deadline_ms);
    progress_end(&progress);
    return client_check(tool->client, status, error);
}

/* "1,254 pixels changed in 1 area, ..." of findings, which the caller frees, or NULL. */
static char *summary_of(const json_t *run) {
    const char *text = tool_text(run, "findings");
    json_auto_t *findings = text ? json_loads(text, 0, NULL) : NULL;
    const char *summary = tool_text(findings, "summary");
    return summary ? words_clean(summary, false) : NULL;
}

/* The last line of a log, which the caller frees; NULL if it cannot be had. */
static char *end_of_log(const Tool *tool, const json_t *run) {
    const char *diff_log = tool_text(run, "diff_log"), *log = tool_text(run, "log"),
               *ref_log = tool_text(run, "ref_log");
    const char *sha1 = diff_log ? diff_log : log ? log : ref_log;
    char *text = NULL;
    size_t size;
    if (!sha1 || dpxdt_download(tool->client, tool->release.build_id, sha1, &text, &size) != DPXDT_OK)
        return NULL;
    g_strchomp(text);
    const char *end = strrchr(text, '\n');
    end = end ? end + 1 : text;
    char *line = words_clean(g_str_has_prefix(end, "failed: ") ? end + strlen("failed: ") : end, false);
    dpxdt_release_memory(text);
    return line;
}

static void print_run(const Tool *tool, const json_t *run) {
    static const struct { const char *status, *word; } told[] = {{"diff_found", "different"}, {"failed", "failed"}};
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        if (g_strcmp0(tool_text(run, "status"), told[i].status) != 0)
            continue;
        g_autofree char *name = words_clean(tool_text(run, "run_name"), false);
        g_autofree char *why = i == 0 ? summary_of(run) : end_of_log(tool, run);
        printf("%s: %s%s%s\n", name, told[i].word, why ? ": " : "", why ? why : "");
    }
}

static void print_results(const Tool *tool, const json_t *runs, const DpxdtState *state) {
    size_t i;
    json_t *run;
    json_array_foreach (runs, i, run)
        print_run(tool, run);
    printf("%d different, %d failed, %d the same, %d new", state->different, state->failed, state->same,
           state->new_runs);
    if (state->approved > 0)
        printf(", %d approved before", state->approved);
    printf("; the release is %s\n", state->status);
}

static json_t *state_to_json(const DpxdtState *state) {
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "status", state->status, "pending", state->pending,
                     "failed", state->failed, "different", state->different, "approved", state->approved, "same",
                     state->same, "new", state->new_runs);
}

static void print_json(const Tool *tool, const char *url, const DpxdtState *state, json_t *runs, const json_t *extra) {
    json_t *json = state_to_json(state);
    json_object_set_new(json, "build_id", json_integer(tool->release.build_id));
    json_object_set_new(json, "release_name", json_string(tool->release.name));
    json_object_set_new(json, "release_number", json_integer(tool->release.number));
    json_object_set_new(json, "results_url", json_string(url));
    if (runs)
        json_object_set(json, "runs", runs);
    if (extra)
        json_object_update(json, (json_t *)extra);
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
    puts(text);
    free(text);
    json_decref(json);
}

static int tell_results(Tool *tool, const char *url, const json_t *extra, GError **error) {
    DpxdtState state = {0};
    bool is_fine = tool->options->wait
                       ? wait_for_results(tool, &state, error)
                       : client_check(tool->client, dpxdt_state(tool->client, &tool->release, &state), error);
    if (!is_fine)
        return 2;
    json_t *runs = tool->options->wait ? client_list_runs(tool->client, &tool->release, error) : NULL;
    if (tool->options->wait && !runs)
        return 2;
    if (tool->options->json)
        print_json(tool, url, &state, runs, extra);
    else if (runs)
        print_results(tool, runs, &state);
    json_decref(runs);
    if (!tool->options->wait)
        return 0;
    if (strcmp(state.status, "bad") == 0) {
        error_set(error, ERROR_FAILED,
                  "the release was given up meanwhile: another one of its name was begun, or "
                  "somebody said that it is bad");
        return 2;
    }
    return state.failed + state.pending > 0 ? 2 : state.different > 0 ? 1 : 0;
}

int tool_end(Tool *tool, const json_t *extra, GError **error) {
    char *url = NULL;
    if (!client_check(tool->client, dpxdt_runs_done(tool->client, &tool->release, &url), error))
        return 2;
    tool->is_open = false;
    fprintf(tool->options->json ? stderr : stdout, "Results viewable at: %s\n", url);
    fflush(stdout);
    int status = tool->options->wait || tool->options->json ? tell_results(tool, url, extra, error) : 0;
    dpxdt_release_memory(url);
    return status;
}
