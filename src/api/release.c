#include "api/release.h"

#include "api/call.h"
#include "store/audit.h"
#include "store/release.h"

static bool create_release(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    const char *name = call_text(call, "release_name", error);
    g_autoptr(Release) release =
        name ? release_create(db, call->build_id, name, call_optional_text(call, "url"), call->now_ms, error) : NULL;
    if (!release)
        return false;
    const AuditEntry entry = {.build_id = call->build_id,
                              .release_id = release->id,
                              .kind = AUDIT_CREATED_RELEASE,
                              .actor = call->actor,
                              .address = (char *)http_request_address(call->request)};
    call_put_success(call);
    call_put_number(call, "build_id", call->build_id);
    call_put_text(call, "release_name", release->name);
    call_put_number(call, "release_number", release->number);
    call_put_text(call, "url", release->url);
    return audit_add(db, &entry, call->now_ms, error);
}

HttpResponse *api_create_release(HttpRequest *request, void *api) {
    return call_run(request, api, create_release);
}

/* Where its page is, on the host that was asked. */
static char *results_url(const Call *call, const Release *release) {
    const char *host = http_request_header(call->request, "Host");
    g_autofree char *name = g_uri_escape_string(release->name, NULL, false);
    return g_strdup_printf("http://%s/release?id=%" G_GINT64_FORMAT "&name=%s&number=%d", host ? host : "localhost",
                           call->build_id, name, release->number);
}

static bool runs_done(Db *db, void *data, GError **error) {
    Call *call = data;
    int number;
    if (!call_allow_build(call, db, error))
        return false;
    const char *name = call_text(call, "release_name", error);
    if (!name || !call_number(call, "release_number", &number, error))
        return false;
    g_autoptr(Release) release = release_lock(db, call->build_id, name, number, error);
    if (!release || !release_runs_done(db, release, call->now_ms, error))
        return false;
    g_autofree char *url = results_url(call, release);
    call_put_success(call);
    call_put_text(call, "results_url", url);
    return true;
}

HttpResponse *api_runs_done(HttpRequest *request, void *api) {
    return call_run(request, api, runs_done);
}
