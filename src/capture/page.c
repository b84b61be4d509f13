#include "capture/page.h"

#include "base/clock.h"
#include "base/embedded.h"

#include <math.h>
#include <string.h>

/* The moment at which a frozen clock stands: 2020-01-01 12:00 UTC, a day without surprises (no leap day, no change to
 * summer time), in milliseconds since 1970. */
static const double FROZEN_NOW = 1577880000000.0;

/* What a page says for ever must fill neither memory nor disk. */
enum { MAX_LOG_LINE_BYTES = 4096, MAX_LOG_BYTES = 1 << 20 };

/* The name of the world in which page.js runs. */
static const char OWN_WORLD[] = "dpxdt";

void page_log(Page *page, const char *format, ...) {
    va_list arguments;
    if (page->log->len > MAX_LOG_BYTES)
        return;
    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *text = g_utf8_make_valid(raw, (gssize)strnlen(raw, MAX_LOG_LINE_BYTES));
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    g_string_append_printf(page->log, "%7" G_GINT64_FORMAT " ms  %s\n", clock_now_ms() - page->started_ms, text);
    if (page->log->len > MAX_LOG_BYTES)
        g_string_append(page->log, "            the log is full; what follows is left out\n");
}

void page_remark(Page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    page_log(page, "%s", text);
    g_string_append_printf(page->remarks, "%s%s", page->remarks->len > 0 ? "\n" : "", text);
}

/* Events. */

static void on_context_created(Page *page, const json_t *params) {
    const json_t *context = json_object_get(params, "context");
    const json_t *about = json_object_get(context, "auxData");
    int64_t id = json_integer_value(json_object_get(context, "id"));
    bool is_main_frame = g_strcmp0(json_string_value(json_object_get(about, "frameId")), page->frame_id) == 0;

    if (is_main_frame && json_is_true(json_object_get(about, "isDefault")))
        page->page_world = id;
    if (g_strcmp0(json_string_value(json_object_get(context, "name")), OWN_WORLD) != 0)
        return;
    g_hash_table_add(page->worlds, GINT_TO_POINTER((int)id));
    if (is_main_frame)
        page->own_world = id;
}

static void on_context_destroyed(Page *page, const json_t *params) {
    int64_t id = json_integer_value(json_object_get(params, "executionContextId"));
    g_hash_table_remove(page->worlds, GINT_TO_POINTER((int)id));
    if (page->own_world == id)
        page->own_world = 0;
    if (page->page_world == id)
        page->page_world = 0;
}

static void on_contexts_cleared(Page *page, const json_t *params) {
    (void)params;
    g_hash_table_remove_all(page->worlds);
    page->own_world = page->page_world = 0;
}

static void on_started_loading(Page *page, const json_t *params) {
    const char *frame = json_string_value(json_object_get(params, "frameId"));
    if (frame)
        g_hash_table_add(page->loading, g_strdup(frame));
}

static void on_navigation_wanted(Page *page, const json_t *params) {
    on_started_loading(page, params);
    if (g_strcmp0(json_string_value(json_object_get(params, "frameId")), page->frame_id) == 0)
        page->will_go = true;
}

static void on_stopped_loading(Page *page, const json_t *params) {
    const char *frame = json_string_value(json_object_get(params, "frameId"));
    if (frame)
        g_hash_table_remove(page->loading, frame);
}

/* Without an answer the page would stand still for ever. */
static void on_dialog(Page *page, const json_t *params) {
    const char *type = json_string_value(json_object_get(params, "type"));
    const char *message = json_string_value(json_object_get(params, "message"));
    const char *prompt = json_string_value(json_object_get(params, "defaultPrompt"));
    page_log(page, "dialog accepted: %s(\"%s\")", type ? type : "?", message ? message : "");
    cdp_send(page->session, "Page.handleJavaScriptDialog",
             json_pack("{s:b, s:s}", "accept", 1, "promptText", prompt ? prompt : ""));
}

static void on_console(Page *page, const json_t *params) {
    g_autoptr(GString) line = g_string_new(NULL);
    size_t i;
    const json_t *argument;
    json_array_foreach (json_object_get(params, "args"), i, argument) {
        const json_t *value = json_object_get(argument, "value");
        const char *text = json_string_value(value ? value : json_object_get(argument, "description"));
        char *encoded = text || !value ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        g_string_append_printf(line, " %s", text ? text : encoded ? encoded : "?");
        free(encoded);
    }
    const char *type = json_string_value(json_object_get(params, "type"));
    page_log(page, "console.%s:%s", type ? type : "log", line->str);
}

/* The text of an exception, borrowed from its details. */
static const char *exception_text(const json_t *details) {
    const json_t *exception = json_object_get(details, "exception");
    const char *description = json_string_value(json_object_get(exception, "description"));
    const char *value = json_string_value(json_object_get(exception, "value"));
    const char *text = json_string_value(json_object_get(details, "text"));
    return description ? description : value ? value : text ? text : "an exception";
}

static void on_exception(Page *page, const json_t *params) {
    page_log(page, "the page's script threw: %s", exception_text(json_object_get(params, "exceptionDetails")));
}

/* Scripts of ours. */

/* JSON that tells still.js and page.js what to take away. */
static char *still_config(const CaptureSpec *spec) {
    const Still *still = &spec->still;
    bool on = still->mode != STILL_OFF;
    json_t *config =
        json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:f}", "timers", still->mode == STILL_STRICT, "clock",
                  on && still->clock, "random", on && still->random, "frames", on && still->frames, "animations",
                  on && still->animations, "images", on && still->images, "caret", on && still->caret, "fonts",
                  on && still->fonts, "now", FROZEN_NOW);
    char *text = json_dumps(config, JSON_COMPACT);
    json_decref(config);
    return text;
}

static char *script_with_config(const Page *page, const char *path) {
    char *config = still_config(page->spec);
    char *script = g_strdup_printf("(%s)(%s)", embedded_text(path), config);
    free(config);
    return script;
}

char *page_still_script(const Page *page) {
    return script_with_config(page, "capture/still.js");
}

static const struct {
    const char *name;
    void (*handle)(Page *page, const json_t *params);
} events[] = {
    {"Runtime.executionContextCreated", on_context_created},
    {"Runtime.executionContextDestroyed", on_context_destroyed},
    {"Runtime.executionContextsCleared", on_contexts_cleared},
    {"Runtime.consoleAPICalled", on_console},
    {"Runtime.exceptionThrown", on_exception},
    {"Page.frameStartedLoading", on_started_loading},
    {"Page.frameRequestedNavigation", on_navigation_wanted},
    {"Page.frameStoppedLoading", on_stopped_loading},
    {"Page.frameDetached", on_stopped_loading},
    {"Page.javascriptDialogOpening", on_dialog},
};

static void on_event(const char *event, const json_t *params, void *data) {
    Page *page = data;
    for (size_t i = 0; i < G_N_ELEMENTS(page->handlers); i++)
        if (page->handlers[i] && page->handlers[i](page, event, params))
            return;
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++)
        if (strcmp(event, events[i].name) == 0)
            events[i].handle(page, params);
}

/* Opening. */

/* At which a page is painted while it is not shown. */
static const double HIDDEN_SCALE = 0.25;

void page_show(Page *page) {
    if (page->scale == 1)
        return;
    page->scale = 1;
    page_set_viewport(page, page->spec->width, page->spec->height);
}

void page_set_viewport(Page *page, int width, int height) {
    cdp_send(page->session, "Emulation.setDeviceMetricsOverride",
             json_pack("{s:i, s:i, s:f, s:b, s:f}", "width", width, "height", height, "deviceScaleFactor",
                       page->spec->device_scale_factor, "mobile", page->spec->mobile, "scale", page->scale));
}

static bool set_cookies(Page *page, GError **error) {
    size_t i;
    json_t *cookie;
    json_t *cookies = json_array();
    json_array_foreach (page->spec->cookies, i, cookie) {
        json_t *copy = json_deep_copy(cookie); /* the spec's may be shared with other threads */
        if (!json_object_get(copy, "domain"))
            json_object_set_new(copy, "url", json_string(page->spec->target_url));
        json_array_append_new(cookies, copy);
    }
    json_t *result = cdp_call(page->session, "Network.setCookies", json_pack("{s:o}", "cookies", cookies), error);
    if (!result)
        g_prefix_error(error, "cookies: ");
    json_decref(result);
    return result != NULL;
}

static void set_looks(Page *page) {
    const CaptureSpec *spec = page->spec;
    page->scale = spec->still.mode == STILL_OFF ? 1 : HIDDEN_SCALE;
    page_set_viewport(page, spec->width, spec->height);
    if (spec->user_agent)
        cdp_send(page->session, "Emulation.setUserAgentOverride", json_pack("{s:s}", "userAgent", spec->user_agent));
    if (spec->transparent)
        cdp_send(page->session, "Emulation.setDefaultBackgroundColorOverride",
                 json_pack("{s:{s:i, s:i, s:i, s:i}}", "color", "r", 0, "g", 0, "b", 0, "a", 0));
}

/* Its answer is waited for: half of the pages which were asked for at once saw no touch screen. */
static bool set_touch(Page *page, GError **error) {
    json_t *result =
        cdp_call(page->session, "Emulation.setTouchEmulationEnabled", json_pack("{s:b}", "enabled", 1), error);
    json_decref(result);
    return result != NULL;
}

/* Waits until all commands so far were obeyed. Those that are still on their way when the page is asked for are obeyed
 * by its process whenever it gets to them: after its first requests and scripts. */
static bool have_been_obeyed(Page *page, GError **error) {
    json_t *zero = page_end_evaluation(page_begin_evaluation(page, page->page_world, "0"), error);
    json_decref(zero);
    return zero != NULL;
}

static bool find_main_frame(Page *page, GError **error) {
    json_t *tree = cdp_call(page->session, "Page.getFrameTree", NULL, error);
    const json_t *frame = json_object_get(json_object_get(tree, "frameTree"), "frame");
    page->frame_id = g_strdup(json_string_value(json_object_get(frame, "id")));
    json_decref(tree);
    return page->frame_id != NULL;
}

static bool set_up(Page *page, GError **error) {
    cdp_send(page->session, "Page.enable", NULL);
    if (!find_main_frame(page, error))
        return false;
    cdp_send(page->session, "Runtime.enable", NULL);
    cdp_send(page->session, "Security.setIgnoreCertificateErrors",
             json_pack("{s:b}", "ignore", page->spec->ignore_certificate_errors));
    g_autofree char *still = page_still_script(page);
    g_autofree char *own = script_with_config(page, "capture/page.js");
    cdp_send(page->session, "Page.addScriptToEvaluateOnNewDocument", json_pack("{s:s}", "source", still));
    cdp_send(page->session, "Page.addScriptToEvaluateOnNewDocument",
             json_pack("{s:s, s:s}", "source", own, "worldName", OWN_WORLD));
    set_looks(page);
    return true;
}

Page *page_open(Browser *browser, const CaptureSpec *spec, GString *log, GError **error) {
    g_autoptr(Page) page = g_new0(Page, 1);
    page->spec = spec;
    page->log = log;
    page->started_ms = clock_now_ms();
    page->remarks = g_string_new(NULL);
    page->worlds = g_hash_table_new(NULL, NULL);
    page->loading = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    page->workers = g_ptr_array_new_with_free_func(g_free);
    page->credentials_given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    page->tab = browser_open_tab(browser, spec->still.mode != STILL_OFF && spec->still.images, on_event, page,
                                 page->started_ms + spec->timeout_ms, error);
    if (!page->tab)
        return NULL;
    page->session = tab_session(page->tab);
    g_autoptr(GError) cause = NULL;
    if (set_up(page, &cause)) {
        cdp_set_deadline(page->session, page->started_ms + spec->timeout_ms);
        return g_steal_pointer(&page);
    }
    tab_blame_empty(page->tab, &cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

void page_add_handler(Page *page, PageHandler handler) {
    size_t i = page->handlers[0] != NULL;
    g_assert(!page->handlers[i]);
    page->handlers[i] = handler;
}

bool page_get_ready(Page *page, GError **error) {
    if ((page->spec->touch && !set_touch(page, error)) || !have_been_obeyed(page, error))
        return false;
    return json_array_size(page->spec->cookies) == 0 || set_cookies(page, error);
}

void page_free(Page *page) {
    if (!page)
        return;
    tab_free(page->tab);
    g_string_free(page->remarks, TRUE);
    g_hash_table_unref(page->worlds);
    g_hash_table_unref(page->loading);
    g_clear_pointer(&page->requests, g_hash_table_unref);
    g_ptr_array_unref(page->workers);
    g_hash_table_unref(page->credentials_given);
    g_free(page->frame_id);
    g_free(page->document_url);
    g_free(page->document_error);
    g_free(page);
}

/* Navigation. */

static const struct {
    const char *code, *hint;
} net_errors[] = {
    {"net::ERR_SOCKS_CONNECTION_FAILED", "it leads to a private address, which is not allowed here"},
    {"net::ERR_SOCKS_CONNECTION_HOST_UNREACHABLE", "there is no host of that name, or nothing listens there"},
    {"net::ERR_CONNECTION_REFUSED", "nothing listens there; is the server running?"},
    {"net::ERR_NAME_NOT_RESOLVED", "there is no host of that name"},
    {"net::ERR_TOO_MANY_REDIRECTS", "the server redirects in a circle"},
    {"net::ERR_EMPTY_RESPONSE", "the server hung up without an answer"},
    {"net::ERR_CONNECTION_RESET", "the server hung up"},
    {"net::ERR_CERT_", "its certificate is not valid; ignoreCertificateErrors: true takes it as it is"},
    {"net::ERR_UNSAFE_REDIRECT", "it redirects to something that is no web page"},
    {"net::ERR_INVALID_AUTH_CREDENTIALS", "httpUserName and httpPassword were refused"},
};

const char *page_hint(const char *code) {
    for (size_t i = 0; i < G_N_ELEMENTS(net_errors); i++)
        if (g_str_has_prefix(code, net_errors[i].code))
            return net_errors[i].hint;
    return NULL;
}

static bool navigation_failed(Page *page, const char *code, GError **error) {
    const char *hint = page_hint(code);
    if (page->is_download)
        error_set(error, ERROR_FAILED, "%s is a download, not a page", page->spec->target_url);
    else if (strcmp(code, "net::ERR_ABORTED") == 0)
        error_set(error, ERROR_FAILED, "%s gave no page (a download, or an answer without content)",
                  page->spec->target_url);
    else
        error_set(error, ERROR_FAILED, "%s does not load: %s%s%s", page->spec->target_url, code, hint ? ", " : "",
                  hint ? hint : "");
    return false;
}

static bool is_answered(void *call) {
    return call_is_done(call);
}

bool page_navigate(Page *page, GError **error) {
    page_log(page, "going to %s", page->spec->target_url);
    g_autoptr(Call) call = cdp_begin(page->session, "Page.navigate", json_pack("{s:s}", "url", page->spec->target_url));
    g_autoptr(GError) cause = NULL;
    int64_t until = clock_now_ms() + page->spec->resource_timeout_ms;
    if (!cdp_wait(page->session, is_answered, call, until, 1000, &cause)) {
        if (error_is(cause, ERROR_TIMEOUT))
            error_set(error, ERROR_TIMEOUT, "%s did not answer within %d ms (resourceTimeoutMs)",
                      page->spec->target_url, page->spec->resource_timeout_ms);
        else
            g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    json_t *result = call_end(g_steal_pointer(&call), error);
    if (!result)
        return false;
    const char *code = json_string_value(json_object_get(result, "errorText"));
    bool fine = !code || !*code || navigation_failed(page, code, error);
    json_decref(result);
    return fine;
}

/* Script. */

static json_t *evaluation_params(int64_t world, const char *expression, bool await, bool want_value) {
    json_t *params = json_pack("{s:s, s:b, s:b, s:b}", "expression", expression, "returnByValue", want_value,
                               "awaitPromise", await, "userGesture", 1);
    if (world)
        json_object_set_new(params, "contextId", json_integer(world));
    return params;
}

Call *page_begin_evaluation(Page *page, int64_t world, const char *expression) {
    return cdp_begin(page->session, "Runtime.evaluate", evaluation_params(world, expression, true, true));
}

/* Not by value: it may be what JSON cannot say, a circle or the document. */
Call *page_begin_injection(Page *page, const char *source) {
    return cdp_begin(page->session, "Runtime.evaluate", evaluation_params(page->page_world, source, true, false));
}

json_t *page_end_evaluation(Call *call, GError **error) {
    json_t *result = call_end(call, error);
    if (!result)
        return NULL;
    const json_t *details = json_object_get(result, "exceptionDetails");
    json_t *value = json_incref(json_object_get(json_object_get(result, "result"), "value"));
    if (details) /* without the call stack behind it */
        error_set(error, ERROR_FAILED, "%.*s", (int)strcspn(exception_text(details), "\n"), exception_text(details));
    json_decref(result);
    if (!details)
        return value ? value : json_null();
    json_decref(value);
    return NULL;
}

json_t *page_ask(Page *page, GError **error, const char *function, const char *format, ...) {
    va_list values;
    va_start(values, format);
    json_t *arguments = json_vpack_ex(NULL, 0, format, values);
    va_end(values);
    char *text = json_dumps(arguments, JSON_ENSURE_ASCII);
    json_decref(arguments);
    g_autofree char *expression = g_strdup_printf("__dpxdt.%s(...%s)", function, text);
    free(text);
    return page_end_evaluation(page_begin_evaluation(page, page->own_world, expression), error);
}

/* Style sheets and pictures. */

bool page_set_style(Page *page, const char *css, GError **error) {
    cdp_send(page->session, "DOM.enable", NULL);
    /* Its answer has to be waited for: until then there is no sheet to be found. */
    json_t *enabled = cdp_call(page->session, "CSS.enable", NULL, error);
    json_decref(enabled);
    if (!enabled)
        return false;
    json_t *sheet =
        cdp_call(page->session, "CSS.createStyleSheet", json_pack("{s:s}", "frameId", page->frame_id), error);
    const char *id = json_string_value(json_object_get(sheet, "styleSheetId"));
    json_t *done = id ? cdp_call(page->session, "CSS.setStyleSheetText",
                                 json_pack("{s:s, s:s}", "styleSheetId", id, "text", css), error)
                      : NULL;
    json_decref(sheet);
    json_decref(done);
    return done != NULL;
}

bool page_document_size(Page *page, int *out_width, int *out_height, GError **error) {
    json_t *metrics = cdp_call(page->session, "Page.getLayoutMetrics", NULL, error);
    if (!metrics)
        return false;
    const json_t *size = json_object_get(metrics, "cssContentSize");
    *out_width = (int)ceil(json_number_value(json_object_get(size, "width")));
    *out_height = (int)ceil(json_number_value(json_object_get(size, "height")));
    json_decref(metrics);
    return true;
}

void page_end_scripts(Page *page) {
    if (page->spec->still.mode != STILL_OFF)
        cdp_send(page->session, "Emulation.setScriptExecutionDisabled", json_pack("{s:b}", "value", 1));
    cdp_send(page->session, "Page.stopLoading", NULL);
}

GBytes *page_picture(Page *page, double x, double y, double width, double height, GError **error) {
    json_t *clip =
        json_pack("{s:f, s:f, s:f, s:f, s:f}", "x", x, "y", y, "width", width, "height", height, "scale", 1.0);
    return cdp_call_data(page->session, "Page.captureScreenshot",
                         json_pack("{s:s, s:b, s:b, s:o}", "format", "png", "optimizeForSpeed", 1,
                                   "captureBeyondViewport", 1, "clip", clip),
                         error);
}
