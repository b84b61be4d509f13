#include "client/ask.h"

#include "base/clock.h"
#include "base/stop.h"

#include <string.h>

enum {
    /* For one answer: an upload of 16 MB over a slow line. */
    TIMEOUT_MS = 120 * 1000,
    MOST_ANSWER_BYTES = 256 * 1024 * 1024,
    /* A server that is started again is away for some seconds. */
    MOST_TRIES = 6,
    FIRST_REST_MS = 200,
};

/* Once. */
static FetchReply *ask(DpxdtClient *client, const FetchRequest *request, GError **error) {
    if (!client->fetcher)
        client->fetcher = fetcher_new(error);
    return client->fetcher ? fetcher_run(client->fetcher, request, error) : NULL;
}

/* Whether to ask again helps, and can do no harm: nobody was there to hear it, or it may be said twice. */
static bool is_worth_another(const FetchReply *reply, const GError *error, bool repeatable) {
    if (reply)
        return reply->status == 503 || reply->status == 429 ||
               (repeatable && (reply->status == 502 || reply->status == 504));
    return error_is(error, ERROR_NOT_FOUND) || (repeatable && error_is(error, ERROR_FAILED));
}

FetchReply *client_ask(DpxdtClient *client, FetchRequest *request, bool repeatable, GError **error) {
    request->user = client->key;
    request->password = client->secret;
    request->timeout_ms = TIMEOUT_MS;
    request->max_bytes = MOST_ANSWER_BYTES;
    request->ends_on_stop = client->ends_on_stop;
    int64_t rest_ms = FIRST_REST_MS;
    for (int left = client->tries_once ? 1 : MOST_TRIES;; left--, rest_ms *= 2) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(FetchReply) reply = ask(client, request, &cause);
        bool again = left > 1 && is_worth_another(reply, cause, repeatable);
        if (again && (stop_sleep_until(clock_now_ms() + rest_ms) || !client->ends_on_stop))
            continue;
        if (again)
            error_set(error, ERROR_STOPPED, "%s: stopped while the server was away", request->url);
        else if (!reply)
            g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", request->url);
        return again ? NULL : g_steal_pointer(&reply);
    }
}

/* What a status of HTTP means to a client. */
static ErrorCode code_of(int status) {
    switch (status) {
    case 400:
    case 413:
        return ERROR_INVALID;
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
        return ERROR_NOT_FOUND;
    case 409:
        return ERROR_BUSY;
    default:
        return ERROR_FAILED;
    }
}

json_t *client_read_answer(const char *url, const FetchReply *reply, GError **error) {
    gsize size;
    const char *text = g_bytes_get_data(reply->body, &size);
    json_t *json = json_loadb(text ? text : "", size, 0, NULL);
    const char *said = json_string_value(json_object_get(json, "error"));
    if (reply->status == 200 && json_is_object(json) && !said)
        return json;
    if (said && *said)
        error_set(error, code_of(reply->status), "%s", said);
    else if (reply->status != 200)
        error_set(error, code_of(reply->status), "%s answered with status %d", url, reply->status);
    else
        error_set(error, ERROR_FAILED, "%s gave no answer as a dpxdt server does", url);
    json_decref(json);
    return NULL;
}

json_t *client_post(DpxdtClient *client, const char *url, FetchRequest *request, bool repeatable, GError **error) {
    request->method = "POST";
    request->url = url;
    g_autoptr(FetchReply) reply = client_ask(client, request, repeatable, error);
    return reply ? client_read_answer(url, reply, error) : NULL;
}

/* Forms. */

GString *form_of_build(int64_t build_id) {
    GString *form = g_string_new(NULL);
    form_add_number(form, "build_id", build_id);
    return form;
}

GString *form_of_release(const DpxdtRelease *release) {
    GString *form = form_of_build(release->build_id);
    form_add(form, "release_name", release->name);
    form_add_number(form, "release_number", release->number);
    return form;
}

json_t *client_post_form(DpxdtClient *client, const char *url, GString *form, bool repeatable, GError **error) {
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    g_autoptr(GBytes) body = g_string_free_to_bytes(form);
    FetchRequest request = {.headers = headers, .body = body};
    return client_post(client, url, &request, repeatable, error);
}

json_t *client_call(DpxdtClient *client, const char *endpoint, GString *form, GError **error) {
    g_autofree char *url = g_strdup_printf("%s/%s", client->prefix, endpoint);
    bool is_repeatable = strcmp(endpoint, "create_release") != 0;
    return client_post_form(client, url, form, is_repeatable, error);
}

char *client_text(const json_t *json, const char *key) {
    return g_strdup(json_string_value(json_object_get(json, key)));
}

int client_number(const json_t *json, const char *key) {
    json_int_t number = json_integer_value(json_object_get(json, key));
    return number < 0 || number > G_MAXINT ? 0 : (int)number;
}

DpxdtStatus client_tell(DpxdtClient *client, const char *endpoint, GString *form) {
    GError *error = NULL;
    json_decref(client_call(client, endpoint, form, &error));
    return client_end(client, error);
}

void form_add_task(GString *form, const DpxdtTask *task) {
    form_add(form, "task_id", task->id);
    form_add(form, "lease_id", task->lease);
}
