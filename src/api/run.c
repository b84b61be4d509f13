#include "api/run.h"

#include "api/lease.h"
#include "net/egress.h"
#include "store/artifact.h"
#include "store/run_task.h"

#include <string.h>

enum { MOST_LISTED = 1000, MOST_FINDINGS_BYTES = 1024 * 1024 };

/* find_run */

static bool find_run(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    const char *name = call_name(call, "run_name", error);
    g_autoptr(Release) release = NULL;
    g_autoptr(Run) run = name ? run_find_baseline(db, call->build_id, name, &release, error) : NULL;
    if (!run)
        return false;
    call_put_success(call);
    call_put_number(call, "build_id", call->build_id);
    call_put_text(call, "release_name", release->name);
    call_put_number(call, "release_number", release->number);
    call_put_text(call, "run_name", run->name);
    call_put_text(call, "url", run->facts.url);
    call_put_text(call, "image", run->facts.image);
    call_put_text(call, "log", run->facts.log);
    call_put_text(call, "config", run->facts.config);
    return true;
}

HttpResponse *api_find_run(HttpRequest *request, void *api) {
    return call_read(request, api, find_run);
}

/* The release and the run that a request names; both open to reports. */
typedef struct {
    Release *release;
    Run *run;
} Target;

static void target_clear(Target *target) {
    release_free(target->release);
    run_free(target->run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

static bool find_target(Call *call, Db *db, Target *target, GError **error) {
    if (!call_allow_build(call, db, error))
        return false;
    target->release = call_lock_release(call, db, error);
    const char *run_name = target->release ? call_name(call, "run_name", error) : NULL;
    if (!run_name || !release_check_open(target->release, error))
        return false;
    target->run = run_find_or_create(db, target->release, run_name, call->now_ms, error);
    return target->run != NULL;
}

/* report_run */

static bool read_distortion(Call *call, RunFacts *facts, GError **error) {
    const char *text = call_optional_text(call, "distortion");
    char *end = NULL;
    if (!text)
        return true;
    facts->distortion = g_ascii_strtod(text, &end);
    facts->has_distortion = *end == '\0' && facts->distortion >= 0 && facts->distortion <= 1;
    if (!facts->has_distortion)
        error_set(error, ERROR_INVALID, "distortion must be a number from 0 to 1: %s", text);
    return facts->has_distortion;
}

/* What is said belongs to the request. */
static bool read_facts(Call *call, RunFacts *out, GError **error) {
    const char *findings = call_optional_text(call, "findings");
    if (findings && strlen(findings) > MOST_FINDINGS_BYTES) {
        error_set(error, ERROR_INVALID, "findings has more than %d bytes", MOST_FINDINGS_BYTES);
        return false;
    }
    for (size_t i = 0; i < RUN_N_TEXTS; i++)
        *run_text(out, i) = (char *)call_optional_text(call, run_text_names[i]);
    out->run_failed = call_optional_text(call, "run_failed") != NULL;
    out->diff_failed = call_optional_text(call, "diff_failed") != NULL;
    return read_distortion(call, out, error);
}

/* Whether a comparison was of pictures that the run has no longer: then it says nothing of those that it has. */
static bool is_overtaken(const Task *task, const Run *run) {
    const RunFacts *facts = &run->facts;
    g_autofree char *name = run_diff_task_name(run);
    return strcmp(task->queue, RUN_DIFF_QUEUE) == 0 && facts->image && facts->ref_image &&
           strcmp(task->name, name) != 0;
}

/* Workers of old do not say which comparison they report: of one that none of them was given, it cannot be. */
static bool is_of_another_pair(Db *db, const Run *run, const RunFacts *said, bool *out_is, GError **error) {
    const RunFacts *kept = &run->facts;
    bool is_diff_alone = (said->diff_image || said->diff_log || said->diff_failed) && !said->image && !said->ref_image;
    *out_is = false;
    if (!is_diff_alone || !kept->image || !kept->ref_image)
        return true;
    g_autofree char *name = run_diff_task_name(run);
    return queue_only_others_leased(db, run->id, RUN_DIFF_QUEUE, name, out_is, error);
}

/* A worker that names its lease reports what came of the task and is done with it, at once: so a task that was leased to two,
 * because the first was thought dead, has one result. *out_late: there is one already, by the same lease. */
static bool finish_task(Call *call, Db *db, const Run *run, const RunFacts *facts, bool *out_late, GError **error) {
    LeaseHolder holder;
    const char *queue = call_optional_text(call, "queue_name");
    if (!call_optional_text(call, "lease_id"))
        return is_of_another_pair(db, run, facts, out_late, error);
    if (!queue) {
        error_set(error, ERROR_INVALID, "queue_name required");
        return false;
    }
    if (!lease_read_holder(call, queue, &holder, error))
        return false;
    holder.run_id = run->id;
    bool failed = facts->run_failed || facts->diff_failed;
    g_autoptr(Task) task = queue_finish(db, &holder, failed, call->now_ms, out_late, error);
    if (!task)
        return lease_name_error(error);
    *out_late = *out_late || is_overtaken(task, run);
    return true;
}

/* What the page looked like in the last good release that has it. That there is none, NULL, is no failure. */
static bool load_baseline(Call *call, Db *db, const char *name, Run **out_baseline, GError **error) {
    g_autoptr(Release) release = NULL;
    g_autoptr(GError) cause = NULL;
    *out_baseline = run_find_baseline(db, call->build_id, name, &release, &cause);
    if (*out_baseline || error_is(cause, ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* baseline=auto: a run that has no baseline, and is told of none, gets its own, as by request_run. What is said is the
 * baseline's, which the caller frees. */
static bool find_baseline(Call *call, Db *db, const Run *run, RunFacts *facts, Run **out_baseline, GError **error) {
    const char *wish = call_optional_text(call, "baseline");
    *out_baseline = NULL;
    if (wish && strcmp(wish, "auto") != 0) {
        error_set(error, ERROR_INVALID, "baseline must be auto, not %s", wish);
        return false;
    }
    if (!wish || facts->ref_image || run->facts.ref_image || run->facts.ref_config)
        return true;
    if (!load_baseline(call, db, run->name, out_baseline, error))
        return false;
    if (*out_baseline) {
        const RunFacts *its = &(*out_baseline)->facts;
        facts->ref_url = its->url;
        facts->ref_image = its->image;
        facts->ref_log = its->log;
        facts->ref_config = its->config;
    }
    return true;
}

static void count_report(Call *call, const RunFacts *facts) {
    bool is_diff = facts->diff_image || facts->diff_log || facts->diff_failed;
    bool is_capture = facts->image || facts->ref_image || facts->run_failed;
    call->counts[METRIC_CAPTURES] = is_capture && !facts->run_failed;
    call->counts[METRIC_CAPTURES_FAILED] = facts->run_failed;
    call->counts[METRIC_DIFFS] = is_diff && !facts->diff_failed;
    call->counts[METRIC_DIFFS_FAILED] = facts->diff_failed;
}

/* A config that was uploaded as any file: clients of old do so. */
static bool hide_configs(Call *call, Db *db, const RunFacts *facts, GError **error) {
    const char *const configs[] = {facts->config, facts->ref_config};
    for (size_t i = 0; i < G_N_ELEMENTS(configs); i++)
        if (configs[i] && !artifact_make_secret(db, call->api->blobs, call->api->key, call->build_id, configs[i],
                                                call->now_ms, error))
            return false;
    return true;
}

static bool report_run(Db *db, void *data, GError **error) {
    Call *call = data;
    g_auto(Target) target = {0};
    RunFacts facts = {0};
    bool is_late;
    g_autoptr(Run) baseline = NULL;
    if (!find_target(call, db, &target, error) || !read_facts(call, &facts, error) ||
        !find_baseline(call, db, target.run, &facts, &baseline, error) ||
        !finish_task(call, db, target.run, &facts, &is_late, error))
        return false;
    call_put_success(call);
    if (is_late)
        return true;
    count_report(call, &facts);
    return hide_configs(call, db, &facts, error) &&
           run_report(db, target.release, target.run, &facts, call->now_ms, error);
}

HttpResponse *api_report_run(HttpRequest *request, void *api) {
    return call_run(request, api, report_run);
}

/* request_run */

/* A config with the address in it, kept as a file of the build, encrypted. Returns its SHA-1, which the caller frees. */
static char *keep_config(Call *call, Db *db, const char *name, const char *url, GError **error) {
    const char *text = http_request_parameter(call->request, name);
    json_error_t where;
    json_t *config = json_loads(text ? text : "{}", JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(config)) {
        error_set(error, ERROR_INVALID,
                  text && !*text ? "config document required" : "ValueError: %s is no JSON object: %s", name,
                  config ? "it is something else" : where.text);
        json_decref(config);
        return NULL;
    }
    json_object_set_new(config, "targetUrl", json_string(url));
    char *document = json_dumps(config, JSON_COMPACT);
    json_decref(config);
    char *sha1 = artifact_add_secret(db, call->api->blobs, call->api->key, call->build_id, document, "application/json",
                                     call->now_ms, error);
    free(document);
    return sha1;
}

/* What the page is compared with: another one that is captured, too, or its own baseline, if there is one. */
static bool request_reference(Call *call, Db *db, const Target *target, RunFacts *facts, GError **error) {
    const char *url = call_optional_text(call, "ref_url");
    if (url) {
        facts->ref_url = g_strdup(url);
        facts->ref_config = keep_config(call, db, "ref_config", url, error);
        return facts->ref_config && run_add_capture_task(db, target->release, target->run, url, facts->ref_config, true,
                                                         call->now_ms, error);
    }
    g_autoptr(Run) baseline = NULL;
    if (!load_baseline(call, db, target->run->name, &baseline, error))
        return false;
    if (baseline) {
        facts->ref_url = g_strdup(baseline->facts.url);
        facts->ref_image = g_strdup(baseline->facts.image);
        facts->ref_log = g_strdup(baseline->facts.log);
        facts->ref_config = g_strdup(baseline->facts.config);
    }
    return true;
}

static bool has_both_or_none(Call *call, GError **error) {
    bool has_url = call_optional_text(call, "ref_url"), has_config = call_optional_text(call, "ref_config");
    if (has_url != has_config)
        error_set(error, ERROR_INVALID, "ref_url and ref_config must both be specified or not specified");
    return has_url == has_config;
}

static bool request_run(Db *db, void *data, GError **error) {
    Call *call = data;
    g_auto(Target) target = {0};
    g_auto(RunFacts) facts = {0};
    if (!find_target(call, db, &target, error))
        return false;
    if (!call_optional_text(call, "url")) {
        error_set(error, ERROR_INVALID, "url to capture required");
        return false;
    }
    g_autofree char *url = store_check_text(call_optional_text(call, "url"), STORE_MOST_URL, "url", error);
    if (!url || !has_both_or_none(call, error))
        return false;
    facts.url = g_strdup(url);
    facts.config = keep_config(call, db, "config", url, error);
    if (!facts.config ||
        !run_add_capture_task(db, target.release, target.run, url, facts.config, false, call->now_ms, error) ||
        !request_reference(call, db, &target, &facts, error) ||
        !run_report(db, target.release, target.run, &facts, call->now_ms, error))
        return false;
    call_put_success(call);
    call_put_number(call, "build_id", call->build_id);
    call_put_text(call, "release_name", target.release->name);
    call_put_number(call, "release_number", target.release->number);
    call_put_text(call, "run_name", target.run->name);
    call_put_text(call, "url", facts.url);
    call_put_text(call, "config", facts.config);
    call_put_text(call, "ref_url", facts.ref_url);
    call_put_text(call, "ref_config", facts.ref_config);
    return true;
}

/* Before there is a transaction: a name is looked up, which takes its time. */
static bool check_egress(const HttpRequest *request, bool allow_private, GError **error) {
    static const char *const names[] = {"url", "ref_url"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *url = http_request_parameter(request, names[i]);
        if (url && *url && !egress_check(url, allow_private, error)) {
            g_prefix_error(error, "%s: ", names[i]);
            return false;
        }
    }
    return true;
}

HttpResponse *api_request_run(HttpRequest *request, void *data) {
    Api *api = data;
    g_autoptr(GError) error = NULL;
    HttpResponse *refusal = call_refuse_stranger(request, api);
    if (refusal)
        return refusal;
    if (check_egress(request, api->allow_private, &error))
        return call_run(request, api, request_run);
    http_request_set_note(request, error->message);
    return call_error_response(400, error->message);
}

/* list_runs */

static json_t *run_to_json(const Run *run) {
    json_t *json = json_pack("{s:s, s:s}", "run_name", run->name, "status", run_status_name(run->status));
    for (size_t i = 0; i < RUN_N_TEXTS; i++) {
        const char *text = *run_text((RunFacts *)&run->facts, i);
        json_object_set_new(json, run_text_names[i], text ? json_string(text) : json_null());
    }
    json_object_set_new(json, "distortion", run->facts.has_distortion ? json_real(run->facts.distortion) : json_null());
    return json;
}

static bool list_runs(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    g_autoptr(Release) release = call_find_release(call, db, error);
    int most = MIN(call_optional_number(call, "count", MOST_LISTED), MOST_LISTED);
    g_autoptr(GPtrArray) runs =
        release ? run_list(db, release->id, call_optional_text(call, "after"), most, error) : NULL;
    if (!runs)
        return false;
    json_t *list = json_array();
    for (guint i = 0; i < runs->len; i++)
        json_array_append_new(list, run_to_json(g_ptr_array_index(runs, i)));
    call_put_success(call);
    json_object_set_new(call->reply, "runs", list);
    return true;
}

HttpResponse *api_list_runs(HttpRequest *request, void *api) {
    return call_read(request, api, list_runs);
}

/* decide_run */

static bool read_approval(Call *call, bool *out_approved, GError **error) {
    const char *text = call_text(call, "decision", error);
    if (!text)
        return false;
    *out_approved = strcmp(text, "approve") == 0;
    bool is_valid = *out_approved || strcmp(text, "reject") == 0;
    if (!is_valid)
        error_set(error, ERROR_INVALID, "decision must be approve or reject, not %s", text);
    return is_valid;
}

static bool decide_run(Db *db, void *data, GError **error) {
    Call *call = data;
    bool approved;
    if (!call_allow_build(call, db, error))
        return false;
    g_autoptr(Release) release = call_lock_release(call, db, error);
    const char *name = release ? call_name(call, "run_name", error) : NULL;
    g_autoptr(Run) run = name ? run_find(db, release->id, name, error) : NULL;
    if (!run || !read_approval(call, &approved, error) ||
        !run_approve(db, release, run, approved, call->actor, call->now_ms, error))
        return false;
    call_put_success(call);
    call_put_text(call, "run_name", run->name);
    call_put_text(call, "status", run_status_name(run->status));
    return call_audit(call, db, approved ? AUDIT_RUN_APPROVED : AUDIT_RUN_REJECTED, release, run->id, error);
}

HttpResponse *api_decide_run(HttpRequest *request, void *api) {
    return call_run(request, api, decide_run);
}
