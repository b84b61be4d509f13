#include "store/run_task.h"

#include <jansson.h>

#define BASELINE ":baseline" /* at the end of a task's name */

/* What payloads of both queues begin with; the caller gives it to add(). */
static json_t *new_payload(const Release *release, const Run *run) {
    return json_pack("{s:I, s:s, s:i, s:s}", "build_id", (json_int_t)run->build_id, "release_name", release->name,
                     "release_number", release->number, "run_name", run->name);
}

static void put(json_t *payload, const char *key, const char *text) {
    json_object_set_new(payload, key, json_string(text));
}

/* Takes the payload. */
static bool add(Db *db, const Run *run, const char *queue, const char *name, const char *source, json_t *payload,
                int64_t now_ms, GError **error) {
    char *text = json_dumps(payload, JSON_COMPACT);
    const Task task = {
        .queue = (char *)queue,
        .name = (char *)name,
        .build_id = run->build_id,
        .release_id = run->release_id,
        .run_id = run->id,
        .source = (char *)source,
        .payload = text,
        .content_type = (char *)"application/json",
    };
    bool added, done = queue_add(db, &task, now_ms, &added, error);
    free(text);
    json_decref(payload);
    return done;
}

bool run_add_capture_task(Db *db, const Release *release, const Run *run, const char *url, const char *config,
                          bool is_baseline, int64_t now_ms, GError **error) {
    g_autofree char *of_url = g_compute_checksum_for_string(G_CHECKSUM_SHA1, url, -1);
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT ":%s%s", run->id, of_url, is_baseline ? BASELINE : "");
    json_t *payload = new_payload(release, run);
    put(payload, "url", url);
    put(payload, "config_sha1sum", config);
    json_object_set_new(payload, "baseline", json_boolean(is_baseline));
    /* Another address was asked for before: its picture must not come later than that of this one. */
    return add(db, run, RUN_CAPTURE_QUEUE, name, "request_run", payload, now_ms, error) &&
           queue_cancel_others(db, run->id, RUN_CAPTURE_QUEUE, name, BASELINE, is_baseline, now_ms, error) >= 0;
}

char *run_diff_task_name(const Run *run) {
    const char *image = run->facts.image, *ref_image = run->facts.ref_image;
    return g_strdup_printf("%" G_GINT64_FORMAT ":%s:%s", run->id, image, ref_image);
}

bool run_add_diff_task(Db *db, const Release *release, const Run *run, int64_t now_ms, GError **error) {
    const char *image = run->facts.image, *ref_image = run->facts.ref_image;
    g_autofree char *name = run_diff_task_name(run);
    json_t *payload = new_payload(release, run);
    put(payload, "run_sha1sum", image);
    put(payload, "reference_sha1sum", ref_image);
    return add(db, run, RUN_DIFF_QUEUE, name, "report_run", payload, now_ms, error);
}

bool run_task_over(Db *db, const Task *task, int64_t now_ms, GError **error) {
    if (task->run_id == 0)
        return true;
    g_autoptr(Release) release = release_lock_by_id(db, task->release_id, error);
    g_autoptr(Run) run = release ? run_load(db, task->run_id, error) : NULL;
    bool is_pending = run && (run->status == RUN_DATA_PENDING || run->status == RUN_NEEDS_DIFF);
    return run && (!is_pending || run_task_failed(db, release, run, task->queue, now_ms, error));
}

bool run_task_again(Db *db, const Task *task, int64_t now_ms, GError **error) {
    const RunFacts nothing = {0};
    if (task->run_id == 0)
        return true;
    g_autoptr(Release) release = release_lock_by_id(db, task->release_id, error);
    g_autoptr(Run) run = release ? run_load(db, task->run_id, error) : NULL;
    return run && run_report(db, release, run, &nothing, now_ms, error);
}
