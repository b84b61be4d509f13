#include "api/upload.h"

#include "api/call.h"
#include "store/artifact.h"

#include <string.h>

/* Nothing is kept of a stranger, not even until he is told that he is one. */
static void *begin(HttpRequest *request, void *api, GError **error) {
    if (call_has_key(request, api))
        return blob_writer_new(((Api *)api)->blobs, error);
    error_set(error, ERROR_DENIED, "API key required");
    return NULL;
}

static bool add(void *upload, const void *bytes, size_t size, GError **error) {
    return blob_writer_add(upload, bytes, size, error);
}

static void give_up(void *upload) {
    blob_writer_free(upload);
}

const HttpUploads api_uploads = {"/api/upload", begin, add, give_up};

/* By the name, as the old server did it; what a browser makes of a file is decided when it is sent. */
static const char *type_of(const char *name) {
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".png", "image/png"},   {".jpg", "image/jpeg"},    {".jpeg", "image/jpeg"}, {".gif", "image/gif"},
        {".webp", "image/webp"}, {".txt", "text/plain"},    {".log", "text/plain"},  {".json", "application/json"},
        {".html", "text/html"},  {".svg", "image/svg+xml"},
    };
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(lower, types[i].ending))
            return types[i].type;
    return NULL;
}

static bool keep(Db *db, void *data, GError **error) {
    Call *call = data;
    if (!call_allow_build(call, db, error))
        return false;
    if (http_request_n_files(call->request) != 1) {
        error_set(error, ERROR_INVALID, "Need exactly one uploaded file");
        return false;
    }
    HttpFile *file = http_request_file(call->request, 0);
    const BlobFacts *facts = file->upload ? blob_writer_end(file->upload, error) : NULL;
    if (!file->upload) /* he was a stranger yet when it came, or the database was away, and nobody knew him */
        error_set(error, ERROR_TIMEOUT, "the key was not known when the file came; send it again");
    if (!facts)
        return false;
    const Artifact artifact = {
        .sha1 = facts->sha1, .sha256 = facts->sha256, .size = facts->size, .content_type = (char *)type_of(file->name)};
    call_put_success(call);
    call_put_number(call, "build_id", call->build_id);
    call_put_text(call, "sha1sum", facts->sha1);
    call_put_text(call, "content_type", artifact.content_type);
    call->counts[METRIC_UPLOADS] = 1;
    call->counts[METRIC_UPLOADED_BYTES] = (uint64_t)facts->size;
    return artifact_add(db, call->build_id, &artifact, file->upload, call->now_ms, error);
}

/* Bytes are brought to the disk before there is a transaction, which others would wait for meanwhile; but not those of
 * somebody who may not. What goes wrong is told by keep(), which does it again. */
HttpResponse *api_upload(HttpRequest *request, void *api) {
    const char *key = "", *secret;
    HttpResponse *refusal = call_refuse_stranger(request, api);
    if (refusal)
        return refusal;
    (void)http_request_credentials(request, &key, &secret);
    if (!limit_allow(((Api *)api)->uploads, key))
        return call_error_response(429, "this key uploads too much; wait a minute");
    for (guint i = 0; i < http_request_n_files(request) && http_request_file(request, i)->upload; i++)
        (void)!blob_writer_end(http_request_file(request, i)->upload, NULL);
    return call_run(request, api, keep);
}
