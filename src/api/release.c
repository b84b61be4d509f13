#include "api/release.h"

#include "api/call.h"

/* create_release */

static bool create_release(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    const char *name = call_text(call, "release_name", error), *status_url = call_optional_text(call, "status_url");
    g_autoptr(Release) release =
        name ? release_create(db, call->build_id, name, call_optional_text(call, "url"), call->now_ms, error) : NULL;
    if (!release || (status_url && !release_set_status_url(db, release, status_url, call->now_ms, error)))
        return false;
    call_put_success(call);
    call_put_number(call, "build_id", call->build_id);
    call_put_text(call, "release_name", release->name);
    call_put_number(call, "release_number", release->number);
    call_put_text(call, "url", release->url);
    return call_audit(call, db, AUDIT_CREATED_RELEASE, release, 0, error);
}

HttpResponse *api_create_release(HttpRequest *request, void *api) {
    return call_run(request, api, create_release);
}

/* runs_done */

static bool runs_done(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    g_autoptr(Release) release = call_lock_release(call, db, error);
    if (!release || !release_runs_done(db, release, call->now_ms, error))
        return false;
    g_autofree char *url = call_results_url(call, release);
    call_put_success(call);
    call_put_text(call, "results_url", url);
    return true;
}

HttpResponse *api_runs_done(HttpRequest *request, void *api) {
    return call_run(request, api, runs_done);
}

/* release_status */

static void put_release(Call *call, const Release *release) {
    g_autofree char *url = call_results_url(call, release);
    call_put_success(call);
    call_put_number(call, "build_id", call->build_id);
    call_put_text(call, "release_name", release->name);
    call_put_number(call, "release_number", release->number);
    call_put_text(call, "url", release->url);
    call_put_text(call, "status", release_status_name(release->status));
    call_put_text(call, "results_url", url);
    call_put_number(call, "pending", release->n_pending);
    call_put_number(call, "failed", release->n_failed);
    call_put_number(call, "different", release->n_found);
    call_put_number(call, "approved", release->n_approved);
    call_put_number(call, "same", release->n_same);
    call_put_number(call, "new", release->n_new);
}

static bool release_status(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    g_autoptr(Release) release = call_find_release(call, db, error);
    if (!release)
        return false;
    put_release(call, release);
    call->nothing_yet = release->status == RELEASE_RECEIVING || release->status == RELEASE_PROCESSING;
    return true;
}

HttpResponse *api_release_status(HttpRequest *request, void *api) {
    return call_wait_and_read(request, api, release_status);
}

/* decide_release */

static bool read_decision(Call *call, ReleaseStatus *out_status, AuditKind *out_kind, GError **error) {
    const char *name = call_text(call, "status", error);
    if (!name)
        return false;
    bool is_status = release_status_from_name(name, out_status);
    if (is_status && (*out_status == RELEASE_GOOD || *out_status == RELEASE_BAD || *out_status == RELEASE_REVIEWING)) {
        *out_kind = *out_status == RELEASE_GOOD  ? AUDIT_RELEASE_GOOD
                    : *out_status == RELEASE_BAD ? AUDIT_RELEASE_BAD
                                                 : AUDIT_RELEASE_REVIEWING;
        return true;
    }
    error_set(error, ERROR_INVALID, "status must be good, bad or reviewing, not %s", name);
    return false;
}

static bool decide_release(Db *db, void *data, GError **error) {
    Call *call = data;
    ReleaseStatus status;
    AuditKind kind;
    if (!call_allow_build(call, db, error))
        return false;
    g_autoptr(Release) release = call_lock_release(call, db, error);
    if (!release || !read_decision(call, &status, &kind, error) ||
        !release_decide(db, release, status, call->now_ms, error))
        return false;
    put_release(call, release);
    return call_audit(call, db, kind, release, 0, error);
}

HttpResponse *api_decide_release(HttpRequest *request, void *api) {
    return call_run(request, api, decide_release);
}
