/* Runs: dpxdt.h says what each function does. */
#include "client/ask.h"

#include <string.h>

DpxdtStatus dpxdt_request_run(DpxdtClient *client, const DpxdtRelease *release, const DpxdtPage *page) {
    GString *form = form_of_release(release);
    form_add(form, "run_name", page->name);
    form_add(form, "url", page->url);
    form_add(form, "config", page->config ? page->config : "{}");
    form_add(form, "ref_url", page->ref_url);
    form_add(form, "ref_config", page->ref_config ? page->ref_config : page->ref_url ? "{}" : NULL);
    return client_tell(client, "request_run", form);
}

/* Its status is the same as that of a mistake, as in the server of old. */
static bool is_no_run(const GError *error) {
    return error && strcmp(error->message, "Run not found") == 0;
}

static json_t *find_run(DpxdtClient *client, int64_t build_id, const char *name, GError **error) {
    GString *form = form_of_build(build_id);
    form_add(form, "run_name", name);
    return client_call(client, "find_run", form, error);
}

DpxdtStatus dpxdt_find_run(DpxdtClient *client, int64_t build_id, const char *name, DpxdtRun *out_run) {
    GError *error = NULL;
    json_t *answer = find_run(client, build_id, name, &error);
    if (answer)
        *out_run = (DpxdtRun){
            .release_name = client_text(answer, "release_name"),
            .release_number = client_number(answer, "release_number"),
            .url = client_text(answer, "url"),
            .image = client_text(answer, "image"),
            .log = client_text(answer, "log"),
            .config = client_text(answer, "config"),
        };
    json_decref(answer);
    if (is_no_run(error))
        error->code = ERROR_NOT_FOUND;
    return client_end(client, error);
}

/* Any call looks at the key and the build first, and this one does nothing else: a run of any name will do, or none. */
DpxdtStatus client_check_build(DpxdtClient *client, int64_t build_id) {
    GError *error = NULL;
    json_decref(find_run(client, build_id, "/", &error));
    if (is_no_run(error))
        g_clear_error(&error);
    return client_end(client, error);
}

void dpxdt_run_clear(DpxdtRun *run) {
    g_free(run->release_name);
    g_free(run->url);
    g_free(run->image);
    g_free(run->log);
    g_free(run->config);
    *run = (DpxdtRun){0};
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
        {"thumbnail", report->thumbnail},
        {"findings", report->findings},
        {"distortion", report->distortion},
        {"run_failed", report->run_failed ? "yes" : NULL},
        {"diff_failed", report->diff_failed ? "yes" : NULL},
    };
    GString *form = form_of_release(release);
    form_add(form, "run_name", name);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        form_add(form, fields[i][0], fields[i][1]);
    if (report->task) {
        form_add(form, "queue_name", report->task->queue);
        form_add_task(form, report->task);
    }
    return client_tell(client, "report_run", form);
}

/* Adds a page of runs to all. *after is the name of the last one so far, which the next page begins behind; NULL: of none. */
static bool add_runs(json_t *all, const json_t *answer, char **after, GError **error) {
    json_t *runs = json_object_get(answer, "runs");
    g_autofree char *last = client_text(json_array_get(runs, json_array_size(runs) - 1), "run_name");
    /* Else this would go on for ever. */
    if (json_array_size(runs) > 0 && (!last || g_strcmp0(last, *after) == 0)) {
        error_set(error, ERROR_FAILED, "the server lists the release's runs without an end");
        return false;
    }
    json_array_extend(all, runs);
    g_free(*after);
    *after = g_steal_pointer(&last);
    return true;
}

json_t *client_list_runs(DpxdtClient *client, const DpxdtRelease *release, GError **error) {
    json_auto_t *all = json_array();
    g_autofree char *after = NULL;
    do {
        GString *form = form_of_release(release);
        form_add(form, "after", after);
        json_auto_t *answer = client_call(client, "list_runs", form, error);
        if (!answer || !add_runs(all, answer, &after, error))
            return NULL;
    } while (after);
    return g_steal_pointer(&all);
}
