#include "client/client.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "net/fetch.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* For one answer: an upload of 16 MB over a slow line. */
    TIMEOUT_MS = 120 * 1000,
    MOST_ANSWER_BYTES = 256 * 1024 * 1024,
    MOST_UPLOAD_BYTES = 1024 * 1024 * 1024,
    /* A server that is started again is away for some seconds. */
    MOST_TRIES = 6,
    FIRST_REST_MS = 200,
    /* At once in dpxdt_wait(): as long as a server lets anybody wait. */
    WAIT_S = 30,
};

struct DpxdtClient {
    char *prefix, *queue_prefix;
    char *key, *secret;
    Fetcher *fetcher; /* once something was sent */
    bool ends_on_stop, tries_once;
    DpxdtStatus status; /* of the last call, and why */
    GError *error;
};

const char *dpxdt_version(void) {
    return DPXDT_VERSION;
}

/* "http://host:5000/" -> "http://host:5000/api" */
static char *complete_prefix(const char *prefix) {
    g_autofree char *plain = g_strdup(prefix);
    for (size_t n = strlen(plain); n > 0 && plain[n - 1] == '/'; n--)
        plain[n - 1] = '\0';
    const char *host = strstr(plain, "://");
    bool has_path = host && strchr(host + 3, '/');
    return g_strconcat(plain, has_path ? "" : "/api", NULL);
}

DpxdtClient *dpxdt_new(const char *prefix, const char *key, const char *secret) {
    DpxdtClient *client = g_new0(DpxdtClient, 1);
    client->prefix = complete_prefix(prefix);
    client->queue_prefix = g_strconcat(client->prefix, "/work_queue", NULL);
    client->key = g_strdup(key);
    client->secret = g_strdup(secret);
    return client;
}

void dpxdt_free(DpxdtClient *client) {
    if (!client)
        return;
    fetcher_free(client->fetcher);
    g_clear_error(&client->error);
    g_free(client->prefix);
    g_free(client->queue_prefix);
    g_free(client->key);
    g_free(client->secret);
    g_free(client);
}

void dpxdt_release_memory(void *memory) {
    g_free(memory);
}

void client_end_on_stop(DpxdtClient *client) {
    client->ends_on_stop = true;
}

void client_try_once(DpxdtClient *client) {
    client->tries_once = true;
}

void client_set_queue_prefix(DpxdtClient *client, const char *prefix) {
    g_free(client->queue_prefix);
    client->queue_prefix = g_strdup(prefix);
}

/* Failing. */

const char *dpxdt_message(const DpxdtClient *client) {
    return client->error ? client->error->message : "";
}

static const struct {
    DpxdtStatus status;
    ErrorCode code;
} codes[] = {
    {DPXDT_INVALID, ERROR_INVALID}, {DPXDT_DENIED, ERROR_DENIED},   {DPXDT_NOT_FOUND, ERROR_NOT_FOUND},
    {DPXDT_CLOSED, ERROR_BUSY},     {DPXDT_TIMEOUT, ERROR_TIMEOUT}, {DPXDT_FAILED, ERROR_STOPPED},
};

/* Ends a call: takes the error, if there is one. */
static DpxdtStatus end(DpxdtClient *client, GError *error) {
    g_clear_error(&client->error);
    client->error = error;
    client->status = error ? DPXDT_FAILED : DPXDT_OK;
    for (size_t i = 0; error && i < G_N_ELEMENTS(codes); i++)
        if (error_is(error, codes[i].code))
            client->status = codes[i].status;
    return client->status;
}

bool client_check(const DpxdtClient *client, DpxdtStatus status, GError **error) {
    if (status == DPXDT_OK)
        return true;
    g_propagate_error(error, g_error_copy(client->error));
    return false;
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

/* Asking. */

/* Once. */
static FetchReply *ask(DpxdtClient *client, const FetchRequest *request, GError **error) {
    if (!client->fetcher)
        client->fetcher = fetcher_new(error);
    return client->fetcher ? fetcher_run(client->fetcher, request, error) : NULL;
}

/* Whether to ask again helps, and can do no harm: nobody was there to hear it, or it may be said twice. */
static bool is_worth_another(const FetchReply *reply, const GError *error, bool repeatable) {
    if (reply)
        return reply->status == 503 || (repeatable && (reply->status == 502 || reply->status == 504));
    return error_is(error, ERROR_NOT_FOUND) || (repeatable && error_is(error, ERROR_FAILED));
}

static FetchReply *ask_patiently(DpxdtClient *client, const FetchRequest *request, bool repeatable, GError **error) {
    int64_t rest_ms = FIRST_REST_MS;
    for (int left = client->tries_once ? 1 : MOST_TRIES;; left--, rest_ms *= 2) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(FetchReply) reply = ask(client, request, &cause);
        bool again =
            left > 1 && is_worth_another(reply, cause, repeatable) && !(client->ends_on_stop && stop_requested());
        if (again && (stop_sleep_until(clock_now_ms() + rest_ms) || !client->ends_on_stop))
            continue;
        if (!reply)
            g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", request->url);
        return g_steal_pointer(&reply);
    }
}

/* The object that was answered. NULL with an error, which is the server's own word where it has one. */
static json_t *read_answer(const char *url, const FetchReply *reply, GError **error) {
    gsize size;
    const char *text = g_bytes_get_data(reply->body, &size);
    json_t *json = json_loadb(text ? text : "", size, 0, NULL);
    const char *said = json_string_value(json_object_get(json, "error"));
    if (reply->status == 200 && json_is_object(json) && !said)
        return json;
    if (said)
        error_set(error, code_of(reply->status), "%s", said);
    else if (reply->status != 200)
        error_set(error, code_of(reply->status), "%s answered with status %d", url, reply->status);
    else
        error_set(error, ERROR_FAILED, "%s gave no answer as a dpxdt server does", url);
    json_decref(json);
    return NULL;
}

static json_t *post(DpxdtClient *client, const char *url, FetchRequest *request, bool repeatable, GError **error) {
    request->method = "POST";
    request->url = url;
    request->user = client->key;
    request->password = client->secret;
    request->timeout_ms = TIMEOUT_MS;
    request->max_bytes = MOST_ANSWER_BYTES;
    request->ends_on_stop = client->ends_on_stop;
    g_autoptr(FetchReply) reply = ask_patiently(client, request, repeatable, error);
    return reply ? read_answer(url, reply, error) : NULL;
}

/* Forms: "name=value&...", where what is NULL is left out. */

static void add(GString *form, const char *name, const char *value) {
    if (!value)
        return;
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
    g_string_append_printf(form, "%s%s=%s", form->len > 0 ? "&" : "", name, escaped);
}

static void add_number(GString *form, const char *name, int64_t number) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    add(form, name, text);
}

static GString *form_of_build(int64_t build_id) {
    GString *form = g_string_new(NULL);
    add_number(form, "build_id", build_id);
    return form;
}

static GString *form_of_release(const DpxdtRelease *release) {
    GString *form = form_of_build(release->build_id);
    add(form, "release_name", release->name);
    add_number(form, "release_number", release->number);
    return form;
}

/* Takes the form. */
static json_t *post_form(DpxdtClient *client, const char *url, GString *form, bool repeatable, GError **error) {
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    g_autoptr(GBytes) body = g_string_free_to_bytes(form);
    FetchRequest request = {.headers = headers, .body = body};
    return post(client, url, &request, repeatable, error);
}

static json_t *call(DpxdtClient *client, const char *endpoint, GString *form, GError **error) {
    g_autofree char *url = g_strdup_printf("%s/%s", client->prefix, endpoint);
    bool is_repeatable = strcmp(endpoint, "create_release") != 0;
    return post_form(client, url, form, is_repeatable, error);
}

static char *text_of(const json_t *json, const char *key) {
    return g_strdup(json_string_value(json_object_get(json, key)));
}

static int number_of(const json_t *json, const char *key) {
    return (int)json_integer_value(json_object_get(json, key));
}

/* Calls whose answer says no more than that it was fine. */
static DpxdtStatus tell(DpxdtClient *client, const char *endpoint, GString *form) {
    GError *error = NULL;
    json_decref(call(client, endpoint, form, &error));
    return end(client, error);
}

/* Releases. */

DpxdtStatus dpxdt_create_release(DpxdtClient *client, DpxdtRelease *release, const char *url) {
    GError *error = NULL;
    GString *form = form_of_build(release->build_id);
    add(form, "release_name", release->name);
    add(form, "url", url);
    json_t *answer = call(client, "create_release", form, &error);
    if (answer)
        release->number = number_of(answer, "release_number");
    json_decref(answer);
    return end(client, error);
}

DpxdtStatus dpxdt_runs_done(DpxdtClient *client, const DpxdtRelease *release, char **out_url) {
    GError *error = NULL;
    json_t *answer = call(client, "runs_done", form_of_release(release), &error);
    if (answer && out_url)
        *out_url = text_of(answer, "results_url");
    json_decref(answer);
    return end(client, error);
}

static DpxdtStatus ask_state(DpxdtClient *client, const DpxdtRelease *release, int wait_s, DpxdtState *out_state) {
    GError *error = NULL;
    GString *form = form_of_release(release);
    add_number(form, "wait", wait_s);
    json_t *answer = call(client, "release_status", form, &error);
    const char *status = json_string_value(json_object_get(answer, "status"));
    if (answer && !status)
        error_set(&error, ERROR_FAILED, "the server says nothing of the release's status");
    if (status) {
        *out_state = (DpxdtState){
            .pending = number_of(answer, "pending"),
            .failed = number_of(answer, "failed"),
            .different = number_of(answer, "different"),
            .approved = number_of(answer, "approved"),
            .same = number_of(answer, "same"),
            .new_runs = number_of(answer, "new"),
        };
        g_strlcpy(out_state->status, status, sizeof out_state->status);
    }
    json_decref(answer);
    return end(client, error);
}

DpxdtStatus dpxdt_state(DpxdtClient *client, const DpxdtRelease *release, DpxdtState *out_state) {
    return ask_state(client, release, 0, out_state);
}

static bool is_settled(const DpxdtState *state) {
    return strcmp(state->status, "receiving") != 0 && strcmp(state->status, "processing") != 0;
}

DpxdtStatus dpxdt_wait(DpxdtClient *client, const DpxdtRelease *release, int timeout_s, DpxdtState *out_state) {
    int64_t deadline_ms = clock_now_ms() + (int64_t)timeout_s * 1000;
    for (;;) {
        int left_s = clock_left_ms(deadline_ms) / 1000;
        DpxdtStatus status = ask_state(client, release, MIN(left_s, WAIT_S), out_state);
        if (status != DPXDT_OK || is_settled(out_state))
            return status;
        if (clock_now_ms() < deadline_ms && left_s > 0)
            continue;
        GError *error = NULL;
        error_set(&error, ERROR_TIMEOUT, "the release is %s still, after %d s: %d of its runs wait", out_state->status,
                  timeout_s, out_state->pending);
        return end(client, error);
    }
}

/* Runs. */

DpxdtStatus dpxdt_request_run(DpxdtClient *client, const DpxdtRelease *release, const DpxdtPage *page) {
    GString *form = form_of_release(release);
    add(form, "run_name", page->name);
    add(form, "url", page->url);
    add(form, "config", page->config ? page->config : "{}");
    add(form, "ref_url", page->ref_url);
    add(form, "ref_config", page->ref_config ? page->ref_config : page->ref_url ? "{}" : NULL);
    return tell(client, "request_run", form);
}

DpxdtStatus dpxdt_find_run(DpxdtClient *client, int64_t build_id, const char *name, DpxdtRun *out_run) {
    GError *error = NULL;
    GString *form = form_of_build(build_id);
    add(form, "run_name", name);
    json_t *answer = call(client, "find_run", form, &error);
    if (answer)
        *out_run = (DpxdtRun){
            .release_name = text_of(answer, "release_name"),
            .release_number = number_of(answer, "release_number"),
            .url = text_of(answer, "url"),
            .image = text_of(answer, "image"),
            .log = text_of(answer, "log"),
            .config = text_of(answer, "config"),
        };
    json_decref(answer);
    /* Its status is the same as that of a mistake, as in the server of old. */
    if (error && strcmp(error->message, "Run not found") == 0)
        error->code = ERROR_NOT_FOUND;
    return end(client, error);
}

void dpxdt_run_clear(DpxdtRun *run) {
    g_free(run->release_name);
    g_free(run->url);
    g_free(run->image);
    g_free(run->log);
    g_free(run->config);
    *run = (DpxdtRun){0};
}

static void add_task(GString *form, const DpxdtTask *task) {
    add(form, "task_id", task->id);
    add(form, "lease_id", task->lease);
}

DpxdtStatus dpxdt_report_run(DpxdtClient *client, const DpxdtRelease *release, const char *name,
                             const DpxdtReport *report) {
    const char *const fields[][2] = {
        {"url", report->url},
        {"image", report->image},
        {"log", report->log},
        {"config", report->config},
        {"ref_url", report->ref_url},
        {"ref_image", report->ref_image},
        {"ref_log", report->ref_log},
        {"ref_config", report->ref_config},
        {"diff_image", report->diff_image},
        {"diff_log", report->diff_log},
        {"findings", report->findings},
        {"distortion", report->distortion},
        {"run_failed", report->run_failed ? "yes" : NULL},
        {"diff_failed", report->diff_failed ? "yes" : NULL},
    };
    GString *form = form_of_release(release);
    add(form, "run_name", name);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        add(form, fields[i][0], fields[i][1]);
    if (report->task) {
        add(form, "queue_name", report->task->queue);
        add_task(form, report->task);
    }
    return tell(client, "report_run", form);
}

json_t *client_list_runs(DpxdtClient *client, const DpxdtRelease *release, GError **error) {
    json_t *all = json_array();
    for (g_autofree char *after = NULL;;) {
        GString *form = form_of_release(release);
        add(form, "after", after);
        json_t *answer = call(client, "list_runs", form, error);
        json_t *runs = json_object_get(answer, "runs");
        size_t n = json_array_size(runs);
        g_free(after);
        after = text_of(json_array_get(runs, n - 1), "run_name");
        json_array_extend(all, runs);
        json_decref(answer);
        if (answer && n > 0)
            continue;
        if (!answer)
            g_clear_pointer(&all, json_decref);
        return all;
    }
}

/* Files. */

static DpxdtStatus upload(DpxdtClient *client, int64_t build_id, const char *name, GBytes *bytes,
                          char out_sha1[DPXDT_SHA1_SIZE]) {
    GError *error = NULL;
    g_autofree char *url = g_strdup_printf("%s/upload", client->prefix);
    g_autofree char *build = g_strdup_printf("%" G_GINT64_FORMAT, build_id);
    g_autofree char *sha1 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA1, bytes);
    g_autoptr(GBytes) build_bytes = g_bytes_new(build, strlen(build));
    const FetchPart parts[] = {{"build_id", NULL, build_bytes}, {"file", name, bytes}};
    FetchRequest request = {.parts = parts, .n_parts = G_N_ELEMENTS(parts)};
    json_t *answer = post(client, url, &request, true, &error);
    if (answer && g_strcmp0(json_string_value(json_object_get(answer, "sha1sum")), sha1) != 0)
        error_set(&error, ERROR_FAILED, "%s: the server got other bytes than were sent", name);
    if (!error)
        g_strlcpy(out_sha1, sha1, DPXDT_SHA1_SIZE);
    json_decref(answer);
    return end(client, error);
}

DpxdtStatus dpxdt_upload(DpxdtClient *client, int64_t build_id, const char *name, const void *data, size_t size,
                         char out_sha1[DPXDT_SHA1_SIZE]) {
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    return upload(client, build_id, name, bytes, out_sha1);
}

DpxdtStatus dpxdt_upload_file(DpxdtClient *client, int64_t build_id, const char *path, char out_sha1[DPXDT_SHA1_SIZE]) {
    GError *error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, MOST_UPLOAD_BYTES, &error);
    g_autofree char *name = g_path_get_basename(path);
    return bytes ? upload(client, build_id, name, bytes, out_sha1) : end(client, error);
}

DpxdtStatus dpxdt_download(DpxdtClient *client, int64_t build_id, const char *sha1, char **out_data, size_t *out_size) {
    GError *error = NULL;
    g_autofree char *url =
        g_strdup_printf("%s/download?sha1sum=%s&build_id=%" G_GINT64_FORMAT, client->prefix, sha1, build_id);
    const FetchRequest request = {
        .method = "GET",
        .url = url,
        .user = client->key,
        .password = client->secret,
        .timeout_ms = TIMEOUT_MS,
        .max_bytes = MOST_ANSWER_BYTES,
        .ends_on_stop = client->ends_on_stop,
    };
    g_autoptr(FetchReply) reply = ask_patiently(client, &request, true, &error);
    if (reply && reply->status != 200) {
        json_decref(read_answer(url, reply, &error));
    } else if (reply) {
        const char *bytes = g_bytes_get_data(reply->body, out_size);
        *out_data = g_malloc(*out_size + 1);
        memcpy(*out_data, bytes ? bytes : "", *out_size);
        (*out_data)[*out_size] = '\0';
    }
    return end(client, error);
}

/* Tasks. */

/* The names of queues and tasks have characters that mean something in a URL. */
static json_t *call_queue(DpxdtClient *client, const char *queue, const char *verb, GString *form, GError **error) {
    g_autofree char *escaped = g_uri_escape_string(queue, NULL, FALSE);
    g_autofree char *url = g_strdup_printf("%s/%s/%s", client->queue_prefix, escaped, verb);
    bool is_repeatable = strcmp(verb, "lease") != 0 && strcmp(verb, "give_back") != 0;
    return post_form(client, url, form, is_repeatable, error);
}

DpxdtStatus dpxdt_lease(DpxdtClient *client, const char *queue, const char *owner, int lease_s, int wait_s,
                        DpxdtTask *out_task) {
    GError *error = NULL;
    GString *form = g_string_new(NULL);
    add(form, "owner", owner);
    add_number(form, "count", 1);
    add_number(form, "timeout", lease_s);
    add_number(form, "wait", wait_s);
    json_t *answer = call_queue(client, queue, "lease", form, &error);
    json_t *task = json_array_get(json_object_get(answer, "tasks"), 0);
    if (answer)
        *out_task = (DpxdtTask){0};
    if (task) {
        char *payload = json_dumps(json_object_get(task, "payload"), JSON_ENCODE_ANY);
        *out_task = (DpxdtTask){
            .queue = g_strdup(queue),
            .id = text_of(task, "task_id"),
            .lease = text_of(task, "lease_id"),
            .attempts = number_of(task, "lease_attempts"),
            .payload = g_strdup(payload),
        };
        free(payload);
    }
    json_decref(answer);
    return end(client, error);
}

void dpxdt_task_clear(DpxdtTask *task) {
    g_free(task->queue);
    g_free(task->id);
    g_free(task->lease);
    g_free(task->payload);
    *task = (DpxdtTask){0};
}

/* Takes the form, to which the task is added. */
static DpxdtStatus tell_of_task(DpxdtClient *client, const DpxdtTask *task, const char *verb, GString *form) {
    GError *error = NULL;
    add_task(form, task);
    json_decref(call_queue(client, task->queue, verb, form, &error));
    return end(client, error);
}

DpxdtStatus dpxdt_heartbeat(DpxdtClient *client, const DpxdtTask *task, const char *message, int index) {
    GString *form = g_string_new(NULL);
    add(form, "message", message);
    add_number(form, "index", index);
    return tell_of_task(client, task, "heartbeat", form);
}

DpxdtStatus dpxdt_finish(DpxdtClient *client, const DpxdtTask *task, int failed) {
    GString *form = g_string_new(NULL);
    add(form, "error", failed ? "1" : NULL);
    return tell_of_task(client, task, "finish", form);
}

DpxdtStatus dpxdt_give_back(DpxdtClient *client, const DpxdtTask *task) {
    return tell_of_task(client, task, "give_back", g_string_new(NULL));
}
