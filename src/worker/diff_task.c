/* A task of the queue run-pdiff: two pictures -> what they differ in, as pictures, as numbers, and in words. */
#include "worker/job.h"

#include "diff/diff.h"
#include "diff/mark.h"
#include "diff/thumbnail.h"
#include "report/findings.h"
#include "worker/criteria_note.h"

#include <string.h>

/* The pictures of a task. */
typedef struct {
    GBytes *reference, *run;
} Pair;

static void pair_clear(Pair *pair) {
    g_clear_pointer(&pair->reference, g_bytes_unref);
    g_clear_pointer(&pair->run, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static Difference *compare(const Pair *pair, GError **error) {
    g_auto(CriteriaNote) note;
    criteria_note_read(pair->run, &note);
    DiffOptions options = {
        .ignored = (const Box *)(void *)note.ignored->data,
        .n_ignored = note.ignored->len,
        .tolerant_areas = (const TolerantArea *)(void *)note.tolerances->data,
        .n_tolerant_areas = note.tolerances->len,
    };
    criteria_apply(&note.criteria, &options);
    return diff_png(pair->reference, pair->run, &options, error);
}

static char *summary_of(const Difference *difference) {
    return findings_summary(difference->changed_pixels, difference->regions, difference->n_regions, difference->bands,
                            difference->width);
}

/* What the review site shows beside the pictures. The caller frees it. */
static char *findings_of(const Difference *difference, const char *summary) {
    g_autofree char *fingerprint = difference->fingerprint ? findings_fingerprint(difference->fingerprint) : NULL;
    json_t *json = json_pack("{s:b, s:f, s:I, s:i, s:i, s:i, s:i, s:I, s:s?, s:s?, s:o, s:o}", "same", difference->same,
                             "score", difference->score, "changed_pixels", (json_int_t)difference->changed_pixels,
                             "width", difference->width, "height", difference->height, "reference_width",
                             difference->reference_width, "reference_height", difference->reference_height, "n_regions",
                             (json_int_t)difference->n_regions, "fingerprint", fingerprint, "summary", summary,
                             "regions", findings_regions_to_json(difference->regions), "bands",
                             findings_bands_to_json(difference->bands, difference->width));
    char *text = json_dumps(json, JSON_COMPACT), *owned = g_strdup(text);
    free(text);
    json_decref(json);
    return owned;
}

static char *log_of(const Difference *difference, const char *distortion, const char *summary,
                    const GError *no_thumbnail) {
    GString *log = g_string_new(NULL);
    g_string_append(log, difference->same ? "same\n" : "different\n");
    if (difference_has_other_size(difference))
        g_string_append_printf(log, "size changed from %dx%d to %dx%d\n", difference->reference_width,
                               difference->reference_height, difference->width, difference->height);
    g_string_append_printf(log, "distortion %s\n%s%s", distortion, summary ? summary : "", summary ? "\n" : "");
    if (no_thumbnail)
        g_string_append_printf(log, "there is no thumbnail: %s\n", no_thumbnail->message);
    return g_string_free(log, FALSE);
}

static bool upload_png(Job *job, const char *name, GBytes *png, char out_sha1[DPXDT_SHA1_SIZE], GError **error) {
    gsize size = 0;
    const void *data = g_bytes_get_data(png, &size);
    return job_upload(job, name, data, size, out_sha1, error);
}

static bool upload_mark(Job *job, const Difference *difference, GBytes *run, char out_sha1[DPXDT_SHA1_SIZE],
                        GError **error) {
    g_autoptr(GBytes) marked = mark_png(difference, run, MARK_FADED, NULL, error);
    return marked && upload_png(job, "diff.png", marked, out_sha1, error);
}

/* Reports what differs, or that nothing does. A thumbnail that cannot be made is no failure. */
static bool report(Job *job, const Pair *pair, const Difference *difference, GError **error) {
    char log_sha1[DPXDT_SHA1_SIZE], image_sha1[DPXDT_SHA1_SIZE], thumbnail_sha1[DPXDT_SHA1_SIZE];
    g_autoptr(GError) no_thumbnail = NULL;
    g_autoptr(GBytes) thumbnail =
        difference->same ? NULL : thumbnail_png(difference, pair->reference, pair->run, &no_thumbnail);
    g_autofree char *distortion = diff_format_distortion(difference->distortion);
    g_autofree char *summary = summary_of(difference), *findings = findings_of(difference, summary);
    g_autofree char *log = log_of(difference, distortion, summary, no_thumbnail);
    job_say(job, "Reporting diff result to server");
    if (!job_upload(job, "log.txt", log, strlen(log), log_sha1, error) ||
        (!difference->same && !upload_mark(job, difference, pair->run, image_sha1, error)) ||
        (thumbnail && !upload_png(job, "thumbnail.png", thumbnail, thumbnail_sha1, error)))
        return false;
    DpxdtReport result = {.diff_log = log_sha1, .distortion = distortion, .findings = findings};
    if (!difference->same)
        result.diff_image = image_sha1;
    if (thumbnail)
        result.thumbnail = thumbnail_sha1;
    return job_report(job, &result, error);
}

static bool report_failure(Job *job, const GError *cause, GError **error) {
    char log_sha1[DPXDT_SHA1_SIZE];
    g_autofree char *log = g_strdup_printf("failed: %s\n", cause->message);
    if (!job_upload(job, "log.txt", log, strlen(log), log_sha1, error))
        return false;
    DpxdtReport result = {.diff_log = log_sha1, .diff_failed = true};
    return job_report(job, &result, error);
}

bool diff_task_run(Job *job, GError **error) {
    g_auto(Pair) pair = {0};
    g_autoptr(GError) cause = NULL;
    const char *reference = job_text(job, "reference_sha1sum", error);
    const char *run = reference ? job_text(job, "run_sha1sum", error) : NULL;
    if (!run)
        return false;
    job_say(job, "Fetching reference and run images");
    pair.reference = job_download(job, reference, error);
    pair.run = pair.reference ? job_download(job, run, error) : NULL;
    if (!pair.run)
        return false;
    job_say(job, "Running perceptual diff process");
    g_autoptr(Difference) difference = compare(&pair, &cause);
    return difference ? report(job, &pair, difference, error) : report_failure(job, cause, error);
}
