/* `dpxdt approve`: the run of the last test becomes the reference. */
#include "local/local.h"

#include "base/file.h"
#include "config/suite.h"
#include "image/png.h"
#include "local/filter.h"
#include "local/hint.h"
#include "local/runs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool can_be_approved(const Result *result) {
    return (result->status == RESULT_DIFFERENT || result->status == RESULT_MISSING) && result->run_path;
}

static const Result *find(const RunReport *report, const char *name) {
    for (unsigned i = 0; i < report->results->len; i++) {
        const Result *result = report->results->pdata[i];
        if (strcmp(result->name, name) == 0)
            return result;
    }
    return NULL;
}

static void refuse_unknown(const char *dir, const char *name, GError **error) {
    g_autoptr(Suite) suite = suite_load(dir, NULL);
    g_autoptr(GPtrArray) names = suite ? hint_names(suite) : g_ptr_array_new();
    g_autofree char *hint = hint_for_name(name, names);
    g_autofree char *quoted = g_shell_quote(name);
    if (strpbrk(name, "*?"))
        error_set(error, ERROR_NOT_FOUND, "no picture of the last run that could be approved matches %s", name);
    else if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        error_set(error, ERROR_NOT_FOUND, "%s was not in the last run; `dpxdt test %s --test-filter %s` runs it", name,
                  dir, quoted);
    else
        error_set(error, ERROR_NOT_FOUND, "there is no test %s%s", name, hint);
}

static bool refuse_name(const RunReport *report, const char *name, GError **error) {
    const Result *result = find(report, name);
    if (report->update)
        error_set(error, ERROR_NOT_FOUND, "%s: the last run was an update: there is nothing to approve", name);
    else if (result)
        error_set(error, ERROR_NOT_FOUND, "%s: there is nothing to approve, the last test of it %s", name,
                  result->status == RESULT_FAILED ? "failed" : "showed no difference");
    else
        refuse_unknown(report->dir, name, error);
    return false;
}

static void say_that_there_is_nothing(const RunReport *report) {
    int failed = run_report_count(report, RESULT_FAILED);
    if (report->update)
        puts("Nothing to approve: the last run was an update.");
    else if (failed > 0)
        printf("Nothing to approve: the last test showed no difference, and %d test(s) failed.\n", failed);
    else
        puts("Nothing to approve: the last test showed no difference.");
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

static bool is_reference(const Result *result, GBytes *png) {
    g_autoptr(GBytes) reference = file_read(result->reference_path, PNG_MAX_BYTES, NULL);
    return reference && g_bytes_equal(png, reference);
}

/* Whether the reference was written after the run had ended. Nobody has seen that one beside the picture. */
static bool is_newer(const char *reference_path, const RunReport *report) {
    struct stat facts;
    int64_t ended_ms = report->started_ms + report->duration_ms;
    return stat(reference_path, &facts) == 0 &&
           (int64_t)facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000 > ended_ms;
}

static bool check(const RunReport *report, const Result *result, GError **error) {
    g_autoptr(GBytes) png = read_picture(result, error);
    if (!png || is_reference(result, png) || !is_newer(result->reference_path, report))
        return png != NULL;
    error_set(error, ERROR_INVALID, "%s: %s was changed after the last test; `dpxdt test %s` compares it again",
              result->name, result->reference_path, report->dir);
    return false;
}

static bool approve(const Result *result, GError **error) {
    g_autoptr(GBytes) png = read_picture(result, error);
    if (png && is_reference(result, png)) {
        printf("%s: Already approved, %s is this picture\n", result->name, result->reference_path);
        return true;
    }
    if (!png || !file_write_bytes(result->reference_path, png, error))
        return false;
    printf("%s: Approved %s\n", result->name, result->reference_path);
    return true;
}

/* All pictures are looked at before the first is written, and not kept: together they may be larger than the memory. */
static bool approve_all(const RunReport *report, const GPtrArray *chosen, GError **error) {
    for (unsigned i = 0; i < chosen->len; i++)
        if (!check(report, chosen->pdata[i], error))
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
        say_that_there_is_nothing(report);
    return approve_all(report, chosen, error);
}
