#include "local/trial.h"

#include "base/clock.h"
#include "base/file.h"
#include "capture/capture.h"
#include "diff/diff.h"
#include "diff/mark.h"
#include "image/png.h"

#include <string.h>

static Result *new_result(const TestCase *test, const CaptureSpec *spec) {
    Result *result = result_new(test->name);
    result->description = g_strdup(test->description);
    result->line = test->place.line;
    result->url = g_strdup(spec->target_url);
    result->reference_path = g_strdup(test->reference_path);
    result->attempts = 1;
    return result;
}

/* Writes a file of the trial's folder and returns its path, or NULL with error. */
static char *keep(const Trial *trial, const char *name, const void *data, size_t size, GError **error) {
    g_autofree char *path = g_build_filename(trial->folder, name, NULL);
    return file_write_scratch(path, data, size, error) ? g_steal_pointer(&path) : NULL;
}

static char *keep_bytes(const Trial *trial, const char *name, GBytes *bytes, GError **error) {
    size_t size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    return keep(trial, name, data, size, error);
}

static bool keep_story(const Trial *trial, const CaptureSpec *spec, const GString *log, Result *result,
                       GError **error) {
    g_autofree char *config = json_dumps(spec->config, JSON_INDENT(2) | JSON_SORT_KEYS);
    result->log_path = keep(trial, "log.txt", log->str, log->len, error);
    if (!result->log_path)
        return false;
    result->config_path = keep(trial, "config.json", config, strlen(config), error);
    return result->config_path != NULL;
}

/* update */

static bool write_reference(const Trial *trial, const Capture *capture, Result *result, GError **error) {
    g_autoptr(GBytes) old = file_read(result->reference_path, PNG_MAX_BYTES, NULL);
    result->status = old && g_bytes_equal(old, capture->png) ? RESULT_UNCHANGED : RESULT_UPDATED;
    if (result->status == RESULT_UNCHANGED)
        return true;
    if (!site_check(trial->site, error))
        return false;
    return file_write_bytes(result->reference_path, capture->png, error);
}

/* test */

static char *keep_resized_reference(const Trial *trial, GBytes *reference, const Capture *capture,
                                    const Difference *difference, GError **error) {
    static const char name[] = "ref_resized";
    if (!difference_has_other_size(difference))
        return keep_bytes(trial, name, reference, error);
    g_autoptr(GBytes) resized = mark_place_reference(difference, reference, capture->png, error);
    return resized ? keep_bytes(trial, name, resized, error) : NULL;
}

static char *keep_marked(const Trial *trial, const Capture *capture, const Difference *difference, GError **error) {
    g_autoptr(GBytes) marked = mark_png(difference, capture->png, MARK_FADED, NULL, error);
    return marked ? keep_bytes(trial, "diff.png", marked, error) : NULL;
}

/* Rows face those that they came from only if none was cut off. */
static bool keep_whole_reference(const Trial *trial, GBytes *reference, const Difference *difference, Result *result,
                                 GError **error) {
    if (!difference->bands || !difference_has_other_size(difference))
        return true;
    result->whole_ref_path = keep_bytes(trial, "reference.png", reference, error);
    return result->whole_ref_path != NULL;
}

static bool keep_pictures(const Trial *trial, GBytes *reference, const Capture *capture, const Difference *difference,
                          Result *result, GError **error) {
    result->run_path = keep_bytes(trial, "screenshot.png", capture->png, error);
    result->ref_path = result->run_path ? keep_resized_reference(trial, reference, capture, difference, error) : NULL;
    result->diff_path = result->ref_path ? keep_marked(trial, capture, difference, error) : NULL;
    return result->diff_path && keep_whole_reference(trial, reference, difference, result, error);
}

static void take_over(Difference *difference, Result *result) {
    result->status = difference->same ? RESULT_PASSED : RESULT_DIFFERENT;
    result->distortion = difference->distortion;
    result->changed_pixels = difference->changed_pixels;
    result->width = difference->width;
    result->height = difference->height;
    result->reference_width = difference->reference_width;
    result->reference_height = difference->reference_height;
    result->regions = g_array_ref(difference->regions);
    result->n_regions = difference->n_regions;
    result->bands = difference->bands ? g_array_ref(difference->bands) : NULL;
    result->fingerprint = difference->fingerprint;
    if (difference_has_other_size(difference))
        result->message = g_strdup_printf("size changed from %dx%d to %dx%d", difference->reference_width,
                                          difference->reference_height, difference->width, difference->height);
}

/* The areas with tolerances of their own, as diff.h has them: a GArray of TolerantArea. */
static GArray *tolerant_areas(const Capture *capture) {
    GArray *areas = g_array_new(FALSE, FALSE, sizeof(TolerantArea));
    for (guint i = 0; i < capture->tolerances->len; i++) {
        const BoxTolerance *found = &g_array_index(capture->tolerances, BoxTolerance, i);
        const TolerantArea area = {found->box, found->tolerance};
        g_array_append_val(areas, area);
    }
    return areas;
}

static bool compare(const Trial *trial, const TestCase *test, const Capture *capture, GBytes *reference, Result *result,
                    GError **error) {
    g_autoptr(GArray) areas = tolerant_areas(capture);
    DiffOptions options = {
        .ignored = (const Box *)capture->ignored->data,
        .n_ignored = capture->ignored->len,
        .tolerant_areas = (const TolerantArea *)(void *)areas->data,
        .n_tolerant_areas = areas->len,
        .reference_name = result->reference_path,
        .run_name = "the picture just taken",
    };
    criteria_apply(&test->criteria, &options);
    g_autoptr(Difference) difference = diff_png(reference, capture->png, &options, error);
    if (!difference)
        return false;
    if (difference_has_any(difference) && !keep_pictures(trial, reference, capture, difference, result, error))
        return false;
    take_over(difference, result);
    return true;
}

static bool judge(const Trial *trial, const TestCase *test, const Capture *capture, Result *result, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GBytes) reference = file_read(result->reference_path, PNG_MAX_BYTES, &cause);
    if (reference) {
        result->reference_browser = png_find_note(reference, CAPTURE_NOTE);
        if (compare(trial, test, capture, reference, result, error))
            return true;
    } else if (error_is(cause, ERROR_NOT_FOUND)) {
        result->status = RESULT_MISSING;
        result->message =
            g_strdup_printf("Reference image %s does not exist. Try running in update mode.", result->reference_path);
    } else {
        g_propagate_error(error, g_steal_pointer(&cause));
    }
    /* So that it can be looked at, and approved. */
    bool is_missing = result->status == RESULT_MISSING;
    if (!result->run_path)
        result->run_path = keep_bytes(trial, "screenshot.png", capture->png, is_missing ? error : NULL);
    return is_missing && result->run_path;
}

static void note_size(GBytes *png, Result *result) {
    PngHeader header;
    if (!png_read_header(png, &header, NULL))
        return;
    result->width = header.width;
    result->height = header.height;
}

static bool look(const Trial *trial, const TestCase *test, const CaptureSpec *spec, GString *log, Result *result,
                 GError **error) {
    g_autoptr(Capture) capture = capture_page(trial->browser, spec, log, error);
    if (!capture)
        return false;
    note_size(capture->png, result);
    result->remarks = *capture->remarks ? g_strdup(capture->remarks) : NULL;
    result->browser = png_find_note(capture->png, CAPTURE_NOTE);
    return trial->update ? write_reference(trial, capture, result, error) : judge(trial, test, capture, result, error);
}

static void fail(const Trial *trial, Result *result, const GError *cause) {
    bool is_refused = strstr(cause->message, "net::ERR_CONNECTION_REFUSED") != NULL;
    const char *hint = is_refused ? site_hint(trial->site) : NULL;
    result->status = RESULT_FAILED;
    g_free(result->message);
    result->message = g_strdup_printf("%s%s%s", cause->message, hint ? "; " : "", hint ? hint : "");
}

Result *trial_run(const Trial *trial, const TestCase *test, GError **error) {
    const CaptureSpec *spec = test->arms[trial->update ? ARM_REFERENCE : ARM_RUN];
    g_autoptr(Result) result = new_result(test, spec);
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GError) cause = NULL;
    int64_t started = clock_now_ms();

    bool fine = look(trial, test, spec, log, result, &cause);
    if (error_is(cause, ERROR_STOPPED)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (!site_check(trial->site, error))
        return NULL;
    if (!fine)
        fail(trial, result, cause);
    if (!keep_story(trial, spec, log, result, error))
        return NULL;
    result->duration_ms = clock_now_ms() - started;
    return g_steal_pointer(&result);
}
