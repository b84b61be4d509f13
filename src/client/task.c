/* Tasks, for workers: dpxdt.h says what each function does. */
#include "client/ask.h"

#include <stdlib.h>
#include <string.h>

/* The names of queues and tasks have characters that mean something in a URL. */
static json_t *call_queue(DpxdtClient *client, const char *queue, const char *verb, GString *form, GError **error) {
    g_autofree char *escaped = g_uri_escape_string(queue, NULL, FALSE);
    g_autofree char *url = g_strdup_printf("%s/%s/%s", client->queue_prefix, escaped, verb);
    bool is_repeatable = strcmp(verb, "lease") != 0 && strcmp(verb, "give_back") != 0;
    return client_post_form(client, url, form, is_repeatable, error);
}

static bool is_whole(const json_t *task) {
    return json_is_string(json_object_get(task, "task_id")) && json_is_string(json_object_get(task, "lease_id")) &&
           json_object_get(task, "payload");
}

DpxdtStatus dpxdt_lease(DpxdtClient *client, const char *queue, const char *owner, int lease_s, int wait_s,
                        DpxdtTask *out_task) {
    GError *error = NULL;
    GString *form = g_string_new(NULL);
    form_add(form, "owner", owner);
    form_add_number(form, "count", 1);
    form_add_number(form, "timeout", lease_s);
    form_add_number(form, "wait", wait_s);
    json_t *answer = call_queue(client, queue, "lease", form, &error);
    json_t *task = json_array_get(json_object_get(answer, "tasks"), 0);
    if (task && !is_whole(task))
        error_set(&error, ERROR_FAILED, "the server gave a task without its id, its lease or its payload");
    else if (answer)
        *out_task = (DpxdtTask){0};
    if (task && !error) {
        char *payload = json_dumps(json_object_get(task, "payload"), JSON_ENCODE_ANY);
        *out_task = (DpxdtTask){
            .queue = g_strdup(queue),
            .id = client_text(task, "task_id"),
            .lease = client_text(task, "lease_id"),
            .attempts = client_number(task, "lease_attempts"),
            .payload = g_strdup(payload),
        };
        free(payload);
    }
    json_decref(answer);
    return client_end(client, error);
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
    form_add_task(form, task);
    json_decref(call_queue(client, task->queue, verb, form, &error));
    return client_end(client, error);
}

DpxdtStatus dpxdt_heartbeat(DpxdtClient *client, const DpxdtTask *task, const char *message, int index) {
    GString *form = g_string_new(NULL);
    form_add(form, "message", message);
    form_add_number(form, "index", index);
    return tell_of_task(client, task, "heartbeat", form);
}

DpxdtStatus dpxdt_finish(DpxdtClient *client, const DpxdtTask *task, int failed) {
    GString *form = g_string_new(NULL);
    form_add(form, "error", failed ? "1" : NULL);
    return tell_of_task(client, task, "finish", form);
}

DpxdtStatus dpxdt_give_back(DpxdtClient *client, const DpxdtTask *task) {
    return tell_of_task(client, task, "give_back", g_string_new(NULL));
}
