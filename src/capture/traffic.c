/* What a page requests: counted, logged, and where the spec wants it, changed, refused or given a password. */
#include "capture/page.h"

#include "base/clock.h"

#include <string.h>

/* What is never waited for: these stay open as long as their page. */
static const char *const endless_types[] = {"EventSource", "WebSocket", "Ping", "CSPViolationReport", "Preflight"};

/* Resources are named in the log up to this length: data: URLs can be megabytes. */
enum { LOGGED_URL_BYTES = 300 };

typedef struct {
    char *url;
    int64_t started_ms;
    bool endless;
    bool document; /* the main frame's */
} Request;

static void request_free(void *data) {
    Request *request = data;
    g_free(request->url);
    g_free(request);
}

static bool is_endless(const char *type) {
    for (size_t i = 0; i < G_N_ELEMENTS(endless_types); i++)
        if (g_strcmp0(type, endless_types[i]) == 0)
            return true;
    return false;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Nothing travels. */
static bool is_inline(const char *url) {
    return g_str_has_prefix(url, "data:") || g_str_has_prefix(url, "blob:");
}

static bool is_main_document(const Page *page, const json_t *params) {
    return strcmp(text_of(params, "type"), "Document") == 0 &&
           g_strcmp0(text_of(params, "frameId"), page->frame_id) == 0;
}

/* Notes. */

static void on_document_request(Page *page, bool is_redirected) {
    g_clear_pointer(&page->document_error, g_free);
    if (page->document_status > 0 && !page->will_go && !is_redirected)
        page->went_back = true;
    page->will_go = false;
}

static void on_request(Page *page, const json_t *params) {
    const json_t *request = json_object_get(params, "request");
    const char *url = text_of(request, "url");
    const json_t *redirect = json_object_get(params, "redirectResponse");

    if (is_inline(url))
        return;
    if (redirect)
        page_log(page, "%d redirects to:", (int)json_integer_value(json_object_get(redirect, "status")));
    page_log(page, "%s %.*s", text_of(request, "method"), LOGGED_URL_BYTES, url);
    Request *new = g_new0(Request, 1);
    new->url = g_strdup(url);
    new->started_ms = clock_now_ms();
    new->endless = is_endless(text_of(params, "type"));
    new->document = is_main_document(page, params);
    if (new->document)
        on_document_request(page, redirect != NULL);
    g_hash_table_replace(page->requests, g_strdup(text_of(params, "requestId")), new);
}

static void on_response(Page *page, const json_t *params) {
    const json_t *response = json_object_get(params, "response");
    int status = (int)json_integer_value(json_object_get(response, "status"));
    const char *url = text_of(response, "url");

    if (status >= 400)
        page_log(page, "%d %.*s", status, LOGGED_URL_BYTES, url);
    if (!is_main_document(page, params))
        return;
    page->document_status = status;
    page->is_download = false;
    g_free(page->document_url);
    page->document_url = g_strdup(url);
    if (g_str_has_prefix(url, "https:") && strcmp(text_of(response, "securityState"), "secure") != 0 &&
        !page->certificate_is_bad) {
        page->certificate_is_bad = true;
        page_log(page, "the certificate of %.*s is not valid; ignored", LOGGED_URL_BYTES, url);
    }
}

static void on_finished(Page *page, const json_t *params) {
    g_hash_table_remove(page->requests, text_of(params, "requestId"));
}

static void on_failed(Page *page, const json_t *params) {
    const char *id = text_of(params, "requestId");
    const char *why = text_of(params, "errorText"), *hint = page_hint(why);
    const Request *request = g_hash_table_lookup(page->requests, id);
    if (request)
        page_log(page, "failed: %s (%s) %.*s", why, hint ? hint : text_of(params, "blockedReason"), LOGGED_URL_BYTES,
                 request->url);
    /* One that is given up for another, or for a download, is "aborted". */
    if (request && request->document && strcmp(why, "net::ERR_ABORTED") != 0) {
        g_free(page->document_error);
        page->document_error =
            g_strdup_printf("%s does not load: %s%s%s", request->url, why, hint ? ", " : "", hint ? hint : "");
    }
    g_hash_table_remove(page->requests, id);
}

static void on_download(Page *page, const json_t *params) {
    page->is_download = true;
    page_log(page, "a download begins: %s", text_of(params, "suggestedFilename"));
}

/* Answers to requests that wait for us. */

/* A regex that takes too long on a URL (config/ gives each a limit) does not match it. */
static bool matches(const GRegex *regex, const char *url) {
    return g_regex_match_full(regex, url, -1, 0, 0, NULL, NULL);
}

static bool is_ignored(const Page *page, const char *url) {
    for (unsigned i = 0; i < page->spec->resources_to_ignore->len; i++)
        if (matches(page->spec->resources_to_ignore->pdata[i], url))
            return true;
    return false;
}

/* The request's own headers and those of every rule that matches its URL, in DevTools' form; NULL if none does. */
static json_t *headers_with_rules(const Page *page, const json_t *request) {
    json_t *headers = NULL, *merged = json_copy(json_object_get(request, "headers"));
    bool any = false;
    const char *name;
    json_t *value;

    for (unsigned i = 0; i < page->spec->header_rules->len; i++) {
        const HeaderRule *rule = page->spec->header_rules->pdata[i];
        if (!matches(rule->url, text_of(request, "url")))
            continue;
        json_object_update_new(merged, json_deep_copy(rule->headers)); /* shared with other threads */
        any = true;
    }
    if (any) {
        headers = json_array();
        json_object_foreach (merged, name, value)
            json_array_append_new(headers, json_pack("{s:s, s:O}", "name", name, "value", value));
    }
    json_decref(merged);
    return headers;
}

/* "https://host:port" of a URL, or NULL. */
static char *origin_of(const char *url) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
    if (!uri || !g_uri_get_host(uri))
        return NULL;
    return g_strdup_printf("%s://%s:%d", g_uri_get_scheme(uri), g_uri_get_host(uri), g_uri_get_port(uri));
}

static void on_paused(Page *page, const json_t *params) {
    const json_t *request = json_object_get(params, "request");
    const char *id = text_of(params, "requestId");
    const char *url = text_of(request, "url");

    if (is_ignored(page, url)) {
        page_log(page, "refused, as resourcesToIgnore says: %.*s", LOGGED_URL_BYTES, url);
        cdp_send(page->session, "Fetch.failRequest",
                 json_pack("{s:s, s:s}", "requestId", id, "errorReason", "BlockedByClient"));
        return;
    }
    cdp_send(page->session, "Fetch.continueRequest",
             json_pack("{s:s, s:o*}", "requestId", id, "headers", headers_with_rules(page, request)));
}

/* User and password go to the page's own origin, and once a request: who asks again has refused them. */
static void on_password_wanted(Page *page, const json_t *params) {
    const char *id = text_of(params, "requestId");
    const json_t *challenge = json_object_get(params, "authChallenge");
    g_autofree char *ours = origin_of(page->spec->target_url);
    g_autofree char *theirs = origin_of(text_of(challenge, "origin"));
    bool is_server = strcmp(text_of(challenge, "source"), "Proxy") != 0;
    json_t *answer;

    if (!page->spec->http_user_name || !is_server || g_strcmp0(ours, theirs) != 0) {
        page_log(page, "no user and password for %s", text_of(challenge, "origin"));
        answer = json_pack("{s:s}", "response", "CancelAuth");
    } else if (!g_hash_table_add(page->credentials_given, g_strdup(id))) {
        page_log(page, "user and password were refused");
        answer = json_pack("{s:s}", "response", "CancelAuth");
    } else {
        const char *password = page->spec->http_password;
        answer = json_pack("{s:s, s:s, s:s}", "response", "ProvideCredentials", "username", page->spec->http_user_name,
                           "password", password ? password : "");
    }
    cdp_send(page->session, "Fetch.continueWithAuth",
             json_pack("{s:s, s:o}", "requestId", id, "authChallengeResponse", answer));
}

static const struct {
    const char *name;
    void (*handle)(Page *page, const json_t *params);
} events[] = {
    {"Network.requestWillBeSent", on_request},  {"Network.responseReceived", on_response},
    {"Network.loadingFinished", on_finished},   {"Network.loadingFailed", on_failed},
    {"Page.downloadWillBegin", on_download},    {"Fetch.requestPaused", on_paused},
    {"Fetch.authRequired", on_password_wanted},
};

static bool handle(Page *page, const char *event, const json_t *params) {
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++)
        if (strcmp(event, events[i].name) == 0) {
            events[i].handle(page, params);
            return true;
        }
    return false;
}

/* Asking about every request costs a round trip each, so it is done only where an answer may differ. The one host that
 * is always refused needs no question. */
void traffic_start(Page *page) {
    const CaptureSpec *spec = page->spec;
    bool must_ask = spec->resources_to_ignore->len > 1 || spec->header_rules->len > 0 || spec->http_user_name;
    page_add_handler(page, handle);
    page->requests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, request_free);
    cdp_send(page->session, "Network.enable", json_pack("{s:i}", "maxPostDataSize", 0));
    if (must_ask)
        cdp_send(page->session, "Fetch.enable",
                 json_pack("{s:[{s:s}], s:b}", "patterns", "urlPattern", "*", "handleAuthRequests",
                           spec->http_user_name != NULL));
    else
        cdp_send(page->session, "Network.setBlockedURLs",
                 json_pack("{s:[{s:s, s:b}]}", "urlPatterns", "urlPattern", "*://www.google-analytics.com:*/*", "block",
                           1));
}

/* What has waited too long. */

int traffic_pending(Page *page) {
    GHashTableIter iter;
    void *request;
    int pending = 0;
    g_hash_table_iter_init(&iter, page->requests);
    while (g_hash_table_iter_next(&iter, NULL, &request))
        pending += !((Request *)request)->endless;
    return pending;
}

static gboolean is_for_url(void *id, void *request, void *url) {
    (void)id;
    return g_strcmp0(((Request *)request)->url, url) == 0;
}

void traffic_forget(Page *page, const char *url) {
    g_hash_table_foreach_remove(page->requests, is_for_url, (void *)url);
}

bool traffic_is_overdue(Page *page) {
    GHashTableIter iter;
    void *value;
    int64_t latest_start = clock_now_ms() - page->spec->resource_timeout_ms;
    bool any = false;

    g_hash_table_iter_init(&iter, page->requests);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Request *request = value;
        if (!request->endless && request->started_ms > latest_start)
            return false;
        any = any || !request->endless;
    }
    return any;
}

void traffic_cut_off(Page *page) {
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, page->requests);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Request *request = value;
        if (request->endless)
            continue;
        page->document_cut_off = page->document_cut_off || request->document;
        page_log(page, "aborted after %d ms (resourceTimeoutMs): %.*s", page->spec->resource_timeout_ms,
                 LOGGED_URL_BYTES, request->url);
    }
    g_hash_table_remove_all(page->requests);
    cdp_send(page->session, "Page.stopLoading", NULL);
}

bool traffic_check_document(Page *page, GError **error) {
    const char *url = page->document_url ? page->document_url : page->spec->target_url;
    if (page->is_download)
        error_set(error, ERROR_FAILED, "%s is a download, not a page", url);
    else if (page->document_cut_off)
        error_set(error, ERROR_TIMEOUT, "%s did not end within %d ms (resourceTimeoutMs)", url,
                  page->spec->resource_timeout_ms);
    else if (page->document_error)
        error_set(error, ERROR_FAILED, "%s", page->document_error);
    else if (page->document_status == 401 && page->spec->http_user_name)
        error_set(error, ERROR_FAILED, "%s answers 401: httpUserName and httpPassword were refused", url);
    else if (page->document_status >= 400)
        error_set(error, ERROR_FAILED, "%s answers %d", url, page->document_status);
    else
        return true;
    return false;
}
