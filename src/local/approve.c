/* `dpxdt approve`: the run of the last test becomes the reference. */
#include "local/local.h"

#include "base/file.h"
#include "base/suggest.h"
#include "image/png.h"
#include "local/filter.h"
#include "local/runs.h"

#include <stdio.h>

static bool can_be_approved(const Result *result) {
    return (result->status == RESULT_DIFFERENT || result->status == RESULT_MISSING) && result->run_path;
}

static bool refuse_name(const RunReport *report, const char *name, GError **error) {
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (unsigned i = 0; i < report->results->len; i++) {
        const Result *result = report->results->pdata[i];
        g_ptr_array_add(known, result->name);
        if (g_strcmp0(result->name, name) == 0) {
            error_set(error, ERROR_NOT_FOUND, "%s: there is nothing to approve, the last test of it %s", name,
                      result->status == RESULT_FAILED ? "failed" : "showed no difference");
            return false;
        }
    }
    const char *meant = suggest_name(name, (const char *const *)known->pdata, known->len);
    error_set(error, ERROR_NOT_FOUND, "the last test had no %s%s%s%s", name, meant ? "; did you mean " : "",
              meant ? meant : "", meant ? "?" : "");
    return false;
}

/* Adds the results that a name (NULL: every name) stands for; false if there is none. */
static bool choose(const RunReport *report, const char *name, GPtrArray *chosen) {
    bool any = false;
    for (unsigned i = 0; i < report->results->len; i++) {
        Result *result = report->results->pdata[i];
        if (!can_be_approved(result) || (name && !filter_matches(name, result->name)))
            continue;
        any = true;
        if (!g_ptr_array_find(chosen, result, NULL))
            g_ptr_array_add(chosen, result);
    }
    return any;
}

static GBytes *read_picture(const Result *result, GError **error) {
    PngHeader header;
    g_autoptr(GBytes) png = file_read(result->run_path, PNG_MAX_BYTES, error);
    if (!png || png_check(png, &header, error))
        return g_steal_pointer(&png);
    g_prefix_error(error, "%s: ", result->run_path);
    return NULL;
}

static bool check(const Result *result, GError **error) {
    g_autoptr(GBytes) png = read_picture(result, error);
    return png != NULL;
}

static bool approve(const Result *result, GError **error) {
    g_autoptr(GBytes) png = read_picture(result, error);
    if (!png || !file_write_bytes(result->reference_path, png, error))
        return false;
    printf("%s: Approved %s\n", result->name, result->reference_path);
    return true;
}

/* All pictures are looked at before the first is written, and not kept: together they may be larger than the memory. */
static bool approve_all(const GPtrArray *chosen, GError **error) {
    for (unsigned i = 0; i < chosen->len; i++)
        if (!check(chosen->pdata[i], error))
            return false;
    for (unsigned i = 0; i < chosen->len; i++)
        if (!approve(chosen->pdata[i], error))
            return false;
    return true;
}

bool local_approve(const char *dir, const char *const *names, int n_names, GError **error) {
    g_autoptr(RunReport) report = runs_read_last(dir, error);
    if (!report)
        return false;
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    if (n_names == 0)
        choose(report, NULL, chosen);
    for (int i = 0; i < n_names; i++)
        if (!choose(report, names[i], chosen))
            return refuse_name(report, names[i], error);
    if (chosen->len == 0)
        puts("Nothing to approve: the last test showed no difference.");
    return approve_all(chosen, error);
}
