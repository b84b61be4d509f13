#include "api/queue.h"

#include "api/lease.h"
#include "store/run_task.h"

#include <string.h>

enum { MOST_LEASED = 100, LEASE_S = 60, MOST_LEASE_S = 24 * 60 * 60, MOST_TASK_NAME = 255, MS = 1000 };

static const char *queue_of(const Call *call) {
    return http_request_segment(call->request, "queue");
}

/* add */

static bool is_json(const char *text) {
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    json_decref(json);
    return json != NULL;
}

static bool add_task(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_superuser(call, db, error))
        return false;
    const char *payload = http_request_parameter(call->request, "payload");
    const char *type = call_optional_text(call, "content_type"), *name = call_optional_text(call, "task_id");
    const char *source = call_optional_text(call, "source");
    g_autofree char *new_name =
        name ? store_check_text(name, MOST_TASK_NAME, "task_id", error) : g_uuid_string_random();
    if (!new_name)
        return false;
    if (g_strcmp0(type, "application/json") == 0 && !is_json(payload ? payload : "")) {
        error_set(error, ERROR_INVALID, "the payload is not the JSON that its content_type says");
        return false;
    }
    const Task task = {
        .queue = (char *)queue_of(call),
        .name = new_name,
        .source = (char *)(source ? source : http_request_address(call->request)),
        .payload = (char *)(payload ? payload : ""),
        .content_type = (char *)(type ? type : ""),
    };
    bool added;
    call_put_text(call, "task_id", new_name);
    return queue_add(db, &task, call->now_ms, &added, error);
}

HttpResponse *api_queue_add(HttpRequest *request, void *api) {
    return call_run(request, api, add_task);
}

/* lease */

static json_t *task_to_json(const Task *task) {
    bool is_object = strcmp(task->content_type, "application/json") == 0;
    json_t *payload = is_object ? json_loads(task->payload, JSON_DECODE_ANY, NULL) : NULL;
    return json_pack("{s:s, s:s, s:I, s:s?, s:I, s:i, s:I, s:o, s:s, s:s}", "task_id", task->name, "queue_name",
                     task->queue, "eta", (json_int_t)(task->eta_ms / MS), "source", task->source, "created",
                     (json_int_t)(task->created_ms / MS), "lease_attempts", task->attempts, "last_lease",
                     (json_int_t)(task->leased_ms / MS), "payload", payload ? payload : json_string(task->payload),
                     "content_type", task->content_type, "lease_id", task->lease);
}

static bool lease_tasks(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_superuser(call, db, error))
        return false;
    const LeaseRequest request = {
        .owner = lease_owner(call),
        .lease_ms = (int64_t)MS * MIN(call_optional_number(call, "timeout", LEASE_S), MOST_LEASE_S),
        .most = MIN(call_optional_number(call, "count", 1), MOST_LEASED),
    };
    g_autoptr(GPtrArray) failed = NULL;
    g_autoptr(GPtrArray) leased = queue_lease(db, queue_of(call), &request, call->now_ms, &failed, error);
    if (!leased)
        return false;
    call->counts[METRIC_LEASES_EXPIRED] = failed->len;
    for (guint i = 0; i < failed->len; i++)
        if (!run_task_over(db, g_ptr_array_index(failed, i), call->now_ms, error))
            return false;
    call->nothing_yet = leased->len == 0 && failed->len == 0;
    json_t *tasks = json_array();
    for (guint i = 0; i < leased->len; i++) {
        const Task *task = g_ptr_array_index(leased, i);
        call->counts[METRIC_LEASES_EXPIRED] += task->attempts > 1;
        json_array_append_new(tasks, task_to_json(task));
    }
    json_object_set_new(call->reply, "tasks", tasks);
    return true;
}

HttpResponse *api_queue_lease(HttpRequest *request, void *api) {
    return call_wait_and_run(request, api, lease_tasks);
}

/* heartbeat, finish, give_back */

static bool read_holder(Call *call, Db *db, LeaseHolder *out, GError **error) {
    return call_allow_superuser(call, db, error) && lease_read_holder(call, queue_of(call), out, error);
}

static bool heartbeat(Db *db, void *data, GError **error) {
    Call *call = data;
    LeaseHolder holder;
    if (!read_holder(call, db, &holder, error))
        return false;
    const char *message = call_optional_text(call, "message");
    int index = call_optional_number(call, "index", 0);
    call_put_success(call);
    return queue_heartbeat(db, &holder, message ? message : "", index, call->now_ms, error) || lease_name_error(error);
}

HttpResponse *api_queue_heartbeat(HttpRequest *request, void *api) {
    return call_run(request, api, heartbeat);
}

/* A task that is done without its run having got anything from it has failed all the same. */
static bool finish(Db *db, void *data, GError **error) {
    Call *call = data;
    LeaseHolder holder;
    bool again;
    if (!read_holder(call, db, &holder, error))
        return false;
    bool failed = http_request_parameter(call->request, "error") != NULL;
    g_autoptr(Task) task = queue_finish(db, &holder, failed, call->now_ms, &again, error);
    if (!task)
        return lease_name_error(error);
    int64_t left = task->run_id ? queue_count_of_run(db, task->run_id, error) : 1;
    call_put_success(call);
    return left >= 0 && (again || (!failed && left > 0) || run_task_over(db, task, call->now_ms, error));
}

HttpResponse *api_queue_finish(HttpRequest *request, void *api) {
    return call_run(request, api, finish);
}

static bool give_back(Db *db, void *data, GError **error) {
    Call *call = data;
    LeaseHolder holder;
    if (!read_holder(call, db, &holder, error))
        return false;
    call_put_success(call);
    return queue_give_back(db, &holder, call->now_ms, error) || lease_name_error(error);
}

HttpResponse *api_queue_give_back(HttpRequest *request, void *api) {
    return call_run(request, api, give_back);
}
