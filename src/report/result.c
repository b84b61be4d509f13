/* Result and RunReport: what the local commands fill, and what every writer in this folder reads. */
#include "report/report.h"

#include <string.h>

static const char *const status_names[] = {
    [RESULT_PASSED] = "passed",       [RESULT_UPDATED] = "updated", [RESULT_UNCHANGED] = "unchanged",
    [RESULT_DIFFERENT] = "different", [RESULT_MISSING] = "missing", [RESULT_FAILED] = "failed",
};

Result *result_new(const char *name) {
    Result *result = g_new0(Result, 1);
    result->name = g_strdup(name);
    result->attempts = 1;
    return result;
}

void result_free(Result *result) {
    if (!result)
        return;
    g_free(result->name);
    g_free(result->description);
    g_free(result->file);
    g_free(result->url);
    g_free(result->message);
    g_free(result->remarks);
    g_clear_pointer(&result->regions, g_array_unref);
    g_clear_pointer(&result->bands, g_array_unref);
    g_free(result->reference_path);
    g_free(result->ref_path);
    g_free(result->whole_ref_path);
    g_free(result->run_path);
    g_free(result->diff_path);
    g_free(result->log_path);
    g_free(result->config_path);
    g_free(result->browser);
    g_free(result->reference_browser);
    g_free(result);
}

RunReport *run_report_new(const char *dir, bool update) {
    RunReport *report = g_new0(RunReport, 1);
    report->dir = g_strdup(dir);
    report->update = update;
    report->results = g_ptr_array_new_with_free_func((GDestroyNotify)result_free);
    return report;
}

void run_report_free(RunReport *report) {
    if (!report)
        return;
    g_free(report->dir);
    g_free(report->browser);
    g_ptr_array_unref(report->results);
    g_free(report);
}

bool result_is_bad(const Result *result) {
    return result->status == RESULT_DIFFERENT || result->status == RESULT_MISSING || result->status == RESULT_FAILED;
}

const char *result_status_name(ResultStatus status) {
    return status_names[status];
}

bool result_status_from_name(const char *name, ResultStatus *out_status) {
    for (size_t i = 0; i < G_N_ELEMENTS(status_names); i++) {
        if (strcmp(status_names[i], name) == 0) {
            *out_status = (ResultStatus)i;
            return true;
        }
    }
    return false;
}

int run_report_count(const RunReport *report, ResultStatus status) {
    int count = 0;
    for (guint i = 0; i < report->results->len; i++) {
        const Result *result = report->results->pdata[i];
        count += result->status == status;
    }
    return count;
}

int run_report_count_bad(const RunReport *report) {
    int count = 0;
    for (guint i = 0; i < report->results->len; i++)
        count += result_is_bad(report->results->pdata[i]);
    return count;
}

/* "tests/a/b.png" moved from "tests" to "/mnt/tests" is "/mnt/tests/a/b.png"; "tests-2/b.png" stays. */
static void move_path(char **path, const char *from, const char *to) {
    size_t n_from = strlen(from);
    while (n_from > 0 && from[n_from - 1] == '/')
        n_from--;
    if (!*path || n_from == 0 || strncmp(*path, from, n_from) != 0 || (*path)[n_from] != '/')
        return;
    char *moved = g_build_filename(to, *path + n_from + 1, NULL);
    g_free(*path);
    *path = moved;
}

void run_report_move(RunReport *report, const char *dir) {
    for (guint i = 0; i < report->results->len; i++) {
        Result *result = report->results->pdata[i];
        char **paths[] = {&result->file,     &result->reference_path, &result->ref_path, &result->whole_ref_path,
                          &result->run_path, &result->diff_path,      &result->log_path, &result->config_path};
        for (size_t p = 0; p < G_N_ELEMENTS(paths); p++)
            move_path(paths[p], report->dir, dir);
    }
    g_free(report->dir);
    report->dir = g_strdup(dir);
}
