/* A task of the queue capture: a page, as a config says -> its picture and log, which become those of the run or, of a
 * baseline, its reference. */
#include "worker/job.h"

#include "capture/capture.h"
#include "net/egress.h"
#include "worker/criteria_note.h"

#include <string.h>

/* A page that fails is tried once more: networks do fail, and what fails twice is worth a person's look. */
enum { TRIES = 2 };

/* What a config says, for as long as it is needed. */
typedef struct {
    json_t *json;
    Document *document;
    CaptureSpec *spec;
    Criteria criteria;
} Plan;

static void plan_clear(Plan *plan) {
    spec_free(plan->spec);
    document_free(plan->document);
    json_decref(plan->json);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

/* What is wrong in it is the task's fault, and told in its log. */
static bool read_plan(const Job *job, GBytes *config, const char *url, Plan *out, GError **error) {
    gsize size;
    const char *text = g_bytes_get_data(config, &size);
    out->json = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(out->json)) {
        error_set(error, ERROR_INVALID, "the config is no JSON object");
        return false;
    }
    out->document = document_from_json("config", out->json);
    out->spec = spec_parse(out->document, out->json, url, NULL, error);
    if (!out->spec || !criteria_parse(out->document, out->json, &out->criteria, error))
        return false;
    out->spec->timeout_ms = MIN(out->spec->timeout_ms, job->setup->page_time_s * 1000);
    if (!json_object_get(out->json, "ignoreCertificateErrors"))
        out->spec->ignore_certificate_errors = false;
    return egress_check(url, job->setup->allow_private, error);
}

static Capture *capture_patiently(Job *job, const CaptureSpec *spec, GString *log, GError **error) {
    for (int left = TRIES;; left--) {
        g_autoptr(GError) cause = NULL;
        Capture *capture = capture_page(job->browser, spec, log, &cause);
        bool is_fleeting = error_is(cause, ERROR_FAILED) || error_is(cause, ERROR_TIMEOUT) ||
                           error_is(cause, ERROR_FULL) || error_is(cause, ERROR_NOT_NOW);
        if (capture || left == 1 || !is_fleeting) {
            if (!capture)
                g_propagate_error(error, g_steal_pointer(&cause));
            return capture;
        }
        g_string_append_printf(log, "failed: %s; once more\n", cause->message);
    }
}

static GBytes *look(Job *job, GBytes *config, const char *url, GString *log, GError **error) {
    g_auto(Plan) plan = {0};
    if (!read_plan(job, config, url, &plan, error))
        return NULL;
    job_say(job, "Running webpage capture process");
    g_autoptr(Capture) capture = capture_patiently(job, plan.spec, log, error);
    if (capture && *capture->remarks)
        g_string_append_printf(log, "%s\n", capture->remarks);
    return capture ? criteria_note_add(capture, &plan.criteria, error) : NULL;
}

static bool report(Job *job, bool is_baseline, GBytes *png, const GString *log, GError **error) {
    char image_sha1[DPXDT_SHA1_SIZE] = "", log_sha1[DPXDT_SHA1_SIZE] = "";
    gsize size = 0;
    const void *data = png ? g_bytes_get_data(png, &size) : NULL;
    job_say(job, "Reporting capture status to server");
    if (!job_upload(job, "log.txt", log->str, log->len, log_sha1, error) ||
        (png && !job_upload(job, "screenshot.png", data, size, image_sha1, error)))
        return false;
    const char *image = png ? image_sha1 : NULL;
    DpxdtReport result = {.run_failed = !png};
    *(is_baseline ? &result.ref_log : &result.log) = log_sha1;
    *(is_baseline ? &result.ref_image : &result.image) = image;
    return job_report(job, &result, error);
}

bool capture_task_run(Job *job, GError **error) {
    bool is_baseline = json_is_true(json_object_get(job->payload, "baseline"));
    const char *url = job_text(job, "url", error);
    const char *config_sha1 = url ? job_text(job, "config_sha1sum", error) : NULL;
    if (!config_sha1)
        return false;
    job_say(job, "Fetching webpage capture config");
    g_autoptr(GBytes) config = job_download(job, config_sha1, error);
    if (!config)
        return false;
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GBytes) png = look(job, config, url, log, &cause);
    if (!png && (error_is(cause, ERROR_STOPPED) || error_is(cause, ERROR_GONE))) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!png)
        g_string_append_printf(log, "failed: %s\n", cause->message);
    return report(job, is_baseline, png, log, error);
}
