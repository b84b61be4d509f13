/* RunReport <-> JSON: for programs (`dpxdt test --json FILE`), and for our own later commands (results.json).
 *
 * The tables below are the format. Keys may be added; a reader must do without those that it does not know. */
#include "report/report.h"

#include "base/file.h"
#include "report/findings.h"
#include "report/member.h"

#include <stddef.h>

/* 10,000 tests with 200 changed areas each make about 200 MB. */
static const size_t MAX_BYTES = 512u << 20;

static const char FORMAT[] = "dpxdt-results-1";

typedef struct {
    const char *key;
    size_t offset;
} Field;

static const Field text_fields[] = {
    {"name", offsetof(Result, name)},
    {"description", offsetof(Result, description)},
    {"file", offsetof(Result, file)},
    {"url", offsetof(Result, url)},
    {"message", offsetof(Result, message)},
    {"remarks", offsetof(Result, remarks)},
    {"reference_path", offsetof(Result, reference_path)},
    {"ref_path", offsetof(Result, ref_path)},
    {"whole_ref_path", offsetof(Result, whole_ref_path)},
    {"run_path", offsetof(Result, run_path)},
    {"diff_path", offsetof(Result, diff_path)},
    {"log_path", offsetof(Result, log_path)},
    {"config_path", offsetof(Result, config_path)},
    {"browser", offsetof(Result, browser)},
    {"reference_browser", offsetof(Result, reference_browser)},
};

static const Field int_fields[] = {
    {"line", offsetof(Result, line)},
    {"width", offsetof(Result, width)},
    {"height", offsetof(Result, height)},
    {"reference_width", offsetof(Result, reference_width)},
    {"reference_height", offsetof(Result, reference_height)},
    {"attempts", offsetof(Result, attempts)},
};

/* JSON is UTF-8. A path that is not (only a folder given on the command line can be such) loses those bytes here. */
static json_t *text_to_json(const char *text) {
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    return valid ? json_string(valid) : json_null();
}

/* No change has no fingerprint. */
static json_t *fingerprint_to_json(uint64_t fingerprint) {
    g_autofree char *digits = fingerprint ? findings_fingerprint(fingerprint) : NULL;
    return text_to_json(digits);
}

static json_t *result_to_json(const Result *result) {
    json_t *json = json_pack("{s:s, s:f, s:I, s:I, s:I}", "status", result_status_name(result->status), "distortion",
                             result->distortion, "changed_pixels", (json_int_t)result->changed_pixels, "duration_ms",
                             (json_int_t)result->duration_ms, "n_regions", (json_int_t)result->n_regions);
    json_object_set_new(json, "regions", findings_regions_to_json(result->regions));
    json_object_set_new(json, "bands", findings_bands_to_json(result->bands, result->width));
    json_object_set_new(json, "fingerprint", fingerprint_to_json(result->fingerprint));
    for (size_t i = 0; i < G_N_ELEMENTS(text_fields); i++) {
        const char *text = G_STRUCT_MEMBER(char *, result, text_fields[i].offset);
        json_object_set_new(json, text_fields[i].key, text_to_json(text));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(int_fields); i++) {
        int number = G_STRUCT_MEMBER(int, result, int_fields[i].offset);
        json_object_set_new(json, int_fields[i].key, json_integer(number));
    }
    return json;
}

static json_t *counts_to_json(const RunReport *report) {
    json_t *counts = json_object();
    for (ResultStatus status = RESULT_PASSED; status <= RESULT_FAILED; status++)
        json_object_set_new(counts, result_status_name(status), json_integer(run_report_count(report, status)));
    return counts;
}

json_t *report_to_json(const RunReport *report) {
    json_t *results = json_array();
    for (guint i = 0; i < report->results->len; i++)
        json_array_append_new(results, result_to_json(report->results->pdata[i]));
    return json_pack("{s:s, s:o, s:b, s:I, s:I, s:o, s:o, s:o}", "format", FORMAT, "dir", text_to_json(report->dir),
                     "update", (int)report->update, "started_ms", (json_int_t)report->started_ms, "duration_ms",
                     (json_int_t)report->duration_ms, "browser", text_to_json(report->browser), "counts",
                     counts_to_json(report), "results", results);
}

static bool read_fields(const json_t *json, Result *result, GError **error) {
    int64_t changed_pixels = 0;
    if (!member_number(json, "changed_pixels", G_MAXINT64, &changed_pixels, error) ||
        !member_number(json, "duration_ms", G_MAXINT64, &result->duration_ms, error) ||
        !member_real(json, "distortion", &result->distortion, error) ||
        !findings_read_fingerprint(json, "fingerprint", &result->fingerprint, error))
        return false;
    result->changed_pixels = (uint64_t)changed_pixels;
    for (size_t i = 0; i < G_N_ELEMENTS(text_fields); i++)
        if (!member_text(json, text_fields[i].key, &G_STRUCT_MEMBER(char *, result, text_fields[i].offset), error))
            return false;
    for (size_t i = 0; i < G_N_ELEMENTS(int_fields); i++)
        if (!member_int(json, int_fields[i].key, 0, &G_STRUCT_MEMBER(int, result, int_fields[i].offset), error))
            return false;
    return true;
}

/* An older dpxdt did not tell how many were left out. */
static bool read_regions(const json_t *json, Result *result, GError **error) {
    const json_t *list = NULL;
    int64_t n_regions = 0;
    if (!member_list(json, "regions", &list, error) || !member_number(json, "n_regions", G_MAXINT64, &n_regions, error))
        return false;
    result->regions = findings_regions_from_json(list, error);
    if (!result->regions)
        return false;
    result->n_regions = MAX((uint64_t)n_regions, result->regions->len);
    return true;
}

static bool read_bands(const json_t *json, Result *result, GError **error) {
    const json_t *list = NULL;
    return member_list(json, "bands", &list, error) && findings_bands_from_json(list, &result->bands, error);
}

static Result *result_from_json(const json_t *json, GError **error) {
    const char *status = json_string_value(json_object_get(json, "status"));
    g_autoptr(Result) result = result_new(NULL);
    if (!status || !result_status_from_name(status, &result->status)) {
        error_set(error, ERROR_INVALID, "status is none of ours");
        return NULL;
    }
    if (!read_fields(json, result, error))
        return NULL;
    if (!result->name) {
        error_set(error, ERROR_INVALID, "there is no name");
        return NULL;
    }
    if (!read_regions(json, result, error) || !read_bands(json, result, error))
        return NULL;
    return g_steal_pointer(&result);
}

static bool read_results(const json_t *object, RunReport *report, GError **error) {
    size_t i = 0;
    const json_t *list = NULL, *json = NULL;
    if (!member_list(object, "results", &list, error))
        return false;
    json_array_foreach (list, i, json) {
        Result *result = result_from_json(json, error);
        if (!result) {
            g_prefix_error(error, "result %zu: ", i + 1);
            return false;
        }
        g_ptr_array_add(report->results, result);
    }
    return true;
}

RunReport *report_from_json(const json_t *json, GError **error) {
    const char *format = json_string_value(json_object_get(json, "format"));
    if (g_strcmp0(format, FORMAT) != 0) {
        error_set(error, ERROR_INVALID, "not a report of dpxdt (its format is %s, not %s)", format ? format : "missing",
                  FORMAT);
        return NULL;
    }
    bool update = json_is_true(json_object_get(json, "update"));
    g_autoptr(RunReport) report = run_report_new(NULL, update);
    if (!member_text(json, "dir", &report->dir, error) || !member_text(json, "browser", &report->browser, error) ||
        !member_number(json, "started_ms", G_MAXINT64, &report->started_ms, error) ||
        !member_number(json, "duration_ms", G_MAXINT64, &report->duration_ms, error) ||
        !read_results(json, report, error))
        return NULL;
    if (!report->dir)
        report->dir = g_strdup(".");
    return g_steal_pointer(&report);
}

bool report_write_json(const RunReport *report, const char *path, GError **error) {
    json_auto_t *json = report_to_json(report);
    char *text = json_dumps(json, JSON_INDENT(2));
    bool written = file_write_text(path, text, error);
    free(text);
    return written;
}

RunReport *report_read_json(const char *path, GError **error) {
    g_autoptr(GBytes) bytes = file_read(path, MAX_BYTES, error);
    if (!bytes)
        return NULL;
    json_error_t cause;
    size_t size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    json_auto_t *json = json_loadb(data ? data : "", size, 0, &cause);
    if (!json) {
        error_set(error, ERROR_INVALID, "%s:%d:%d: %s", path, cause.line, cause.column, cause.text);
        return NULL;
    }
    RunReport *report = report_from_json(json, error);
    if (!report)
        g_prefix_error(error, "%s: ", path);
    return report;
}
