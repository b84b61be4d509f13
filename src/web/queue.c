#include "web/queue.h"

#include "store/run_task.h"

#include <string.h>

enum { MOST_TASKS = 100 };

static bool queues(View *view, GError **error) {
    if (!view_need_superuser(view, error))
        return false;
    g_autoptr(GPtrArray) counts = queue_count_all(view->db, error);
    if (!counts)
        return false;
    view_add_crumb(view, "Queues", NULL);
    queues_html(view->html, view, counts);
    return true;
}

HttpResponse *web_queues(HttpRequest *request, void *web) {
    return view_show(request, web, queues);
}

static bool queue(View *view, GError **error) {
    const char *name = http_request_segment(view->request, "queue"), *status = view_text(view, "status");
    if (!view_need_superuser(view, error))
        return false;
    g_autoptr(GPtrArray) tasks = queue_list(view->db, name, status, MOST_TASKS, error);
    if (!tasks)
        return false;
    view_add_crumb(view, "Queues", "/api/work_queue");
    view_add_crumb(view, name, NULL);
    queue_html(view->html, view, name, status, tasks);
    return true;
}

HttpResponse *web_queue(HttpRequest *request, void *web) {
    return view_show(request, web, queue);
}

static bool audit(View *view, AuditKind kind, const Task *task, GError **error) {
    const AuditEntry entry = {.build_id = task->build_id,
                              .release_id = task->release_id,
                              .run_id = task->run_id,
                              .kind = kind,
                              .actor = view_user(view)->id,
                              .address = (char *)http_request_address(view->request),
                              .message = task->queue};
    return task->build_id == 0 || audit_add(view->db, &entry, view->now_ms, error);
}

static bool retry(View *view, const char *name, const char *task_id, GError **error) {
    if (!queue_retry(view->db, name, task_id, view->now_ms, error))
        return false;
    g_autoptr(Task) task = queue_find(view->db, name, task_id, error);
    return task && run_task_again(view->db, task, view->now_ms, error) && audit(view, AUDIT_RETRIED_TASK, task, error);
}

static bool delete (View *view, const char *name, const char *task_id, GError **error) {
    g_autoptr(Task) task = queue_delete(view->db, name, task_id, error);
    return task && run_task_over(view->db, task, view->now_ms, error) && audit(view, AUDIT_DELETED_TASK, task, error);
}

static bool change_task(View *view, GError **error) {
    const char *name = http_request_segment(view->request, "queue"), *action = view_text(view, "action");
    const char *task_id = view_text(view, "task_id");
    if (!view_need_superuser(view, error))
        return false;
    bool retries = g_strcmp0(action, "retry") == 0;
    if (!task_id || (!retries && g_strcmp0(action, "delete") != 0))
        return view_refuse(view, 400, error, "Which task is to be retried, or deleted?");
    view_go(view, http_request_target(view->request));
    return retries ? retry(view, name, task_id, error) : delete (view, name, task_id, error);
}

HttpResponse *web_change_task(HttpRequest *request, void *web) {
    return view_change(request, web, change_task);
}
