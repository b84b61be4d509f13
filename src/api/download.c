#include "api/download.h"

#include "api/call.h"
#include "store/artifact.h"

#include <string.h>

/* What a browser may show as what it is; all else is text to it. */
static const char *safe_type(const char *content_type) {
    static const char *const safe[] = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/json"};
    for (size_t i = 0; content_type && i < G_N_ELEMENTS(safe); i++)
        if (strcmp(content_type, safe[i]) == 0)
            return safe[i];
    return "text/plain; charset=utf-8";
}

static bool not_found(Call *call, GError **error) {
    call->status = 404;
    error_set(error, ERROR_NOT_FOUND, "there is no such file");
    return false;
}

/* When the database is done with: an object store takes its time. */
static HttpResponse *send_file(const Call *call, void *data, GError **error) {
    const Artifact *artifact = data;
    int64_t size;
    g_autoptr(GError) cause = NULL;
    int file = blobs_open_file(call->api->blobs, artifact->sha256, &size, &cause);
    if (file < 0) {
        /* That bytes are lost is no fault of who asks for them. */
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return NULL;
    }
    HttpResponse *response = http_response_file(safe_type(artifact->content_type), file, size);
    g_autofree char *etag = g_strdup_printf("\"%s\"", artifact->sha1);
    http_response_add_header(response, "ETag", etag);
    http_response_add_header(response, "Cache-Control", "private, immutable, max-age=31536000");
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
    http_response_add_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
    return response;
}

static bool find_file(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    const char *sha1 = call_optional_text(call, "sha1sum");
    g_autoptr(GError) cause = NULL;
    g_autoptr(Artifact) artifact = sha1 ? artifact_load(db, call->build_id, sha1, &cause) : NULL;
    if (!artifact && (!cause || error_is(cause, ERROR_NOT_FOUND)))
        return not_found(call, error);
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    else
        call_answer_with(call, send_file, g_steal_pointer(&artifact), (GDestroyNotify)artifact_free);
    return call->answer != NULL;
}

HttpResponse *api_download(HttpRequest *request, void *api) {
    return call_read(request, api, find_file);
}
