#include "api/download.h"

#include "api/call.h"
#include "auth/access.h"
#include "auth/session.h"
#include "store/artifact.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CONFIG_BYTES = 16 * 1024 * 1024 };

/* A file that may be sent. */
typedef struct {
    Artifact *artifact;
    bool only_pictures; /* to somebody who may see nothing else of the build */
    bool no_configs;    /* to a browser: web/redact.h shows them */
    bool is_public;
} Sent;

static void sent_free(void *data) {
    Sent *sent = data;
    artifact_free(sent->artifact);
    g_free(sent);
}

static bool not_found(Call *call, GError **error) {
    call->status = 404;
    error_set(error, ERROR_NOT_FOUND, "there is no such file");
    return false;
}

/* What it is. */

/* What it was called by who uploaded it does not count: it may be a page with a script. */
static const char *picture_type(int file) {
    char start[ARTIFACT_TYPE_BYTES];
    ssize_t n = pread(file, start, sizeof start, 0);
    return n > 0 ? artifact_picture_type(start, (size_t)n) : NULL;
}

/* Of what is no picture: nothing that a browser runs. */
static const char *text_type(const Artifact *artifact) {
    bool is_json = g_strcmp0(artifact->content_type, "application/json") == 0;
    return is_json ? "application/json" : "text/plain; charset=utf-8";
}

/* Whatever it is called: it is JSON, and no larger than what a request may have. */
static bool may_be_config(int file, int64_t size) {
    json_auto_t *json = size <= MOST_CONFIG_BYTES ? json_loadfd(file, JSON_DECODE_ANY, NULL) : NULL;
    lseek(file, 0, SEEK_SET);
    return json != NULL;
}

static void add_headers(HttpResponse *response, const Sent *sent, bool is_picture) {
    g_autofree char *etag = g_strdup_printf("\"%s\"", sent->artifact->sha1);
    g_autofree char *name = g_strdup_printf("attachment; filename=\"%s.txt\"", sent->artifact->sha1);
    http_response_add_header(response, "ETag", etag);
    http_response_add_header(response, "Cache-Control",
                             sent->is_public && is_picture ? "public, immutable, max-age=31536000"
                                                           : "private, immutable, max-age=31536000");
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
    http_response_add_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
    http_response_add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    if (!is_picture)
        http_response_add_header(response, "Content-Disposition", name);
}

/* When the database is done with: an object store takes its time. */
static HttpResponse *send_file(Call *call, void *data, GError **error) {
    const Sent *sent = data;
    int64_t size;
    g_autoptr(GError) cause = NULL;
    int file = artifact_open(sent->artifact, call->api->blobs, call->api->key, &size, &cause);
    if (file < 0) {
        /* That bytes are lost is no fault of who asks for them. */
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return NULL;
    }
    const char *picture = picture_type(file);
    if ((sent->only_pictures && !picture) || (sent->no_configs && may_be_config(file, size))) {
        close(file);
        not_found(call, error);
        return NULL;
    }
    HttpResponse *response = http_response_file(picture ? picture : text_type(sent->artifact), file, size);
    add_headers(response, sent, picture != NULL);
    return response;
}

/* Who may have it. */

/* Somebody who is logged in, or a stranger, to whom pictures of public builds are shown. *out_access is NONE if he may
 * not. */
static bool find_access(Call *call, Db *db, Access *out_access, bool *out_public, GError **error) {
    g_autoptr(Session) session = NULL;
    g_autoptr(GError) cause = NULL;
    g_autoptr(Build) build = build_load(db, call->build_id, &cause);
    *out_access = ACCESS_NONE;
    *out_public = build && build->is_public;
    if (error_is(cause, ERROR_NOT_FOUND))
        return true;
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return session_find(db, call->request, call->now_ms, &session, error) &&
           access_find(db, session ? session->user : NULL, build, out_access, error);
}

/* A key is asked for where there is one, and where nothing else lets him in. */
static bool allow_reader(Call *call, Db *db, Sent *sent, GError **error) {
    const char *id, *secret;
    Access access = ACCESS_NONE;
    call->build_id = call_optional_number(call, "build_id", 0);
    bool has_key = call->api->ignore_auth || http_request_credentials(call->request, &id, &secret);
    if (!has_key && call->build_id != 0 && !find_access(call, db, &access, &sent->is_public, error))
        return false;
    sent->only_pictures = access == ACCESS_PUBLIC;
    sent->no_configs = access != ACCESS_NONE;
    return access != ACCESS_NONE || call_allow_build(call, db, error);
}

static bool find_file(Db *db, void *data, GError **error) {
    Call *call = data;
    Sent sent = {0};
    if (!allow_reader(call, db, &sent, error))
        return false;
    const char *sha1 = call_optional_text(call, "sha1sum");
    g_autoptr(GError) cause = NULL;
    sent.artifact = sha1 ? artifact_load(db, call->build_id, sha1, &cause) : NULL;
    if (!sent.artifact && (!cause || error_is(cause, ERROR_NOT_FOUND)))
        return not_found(call, error);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    call_answer_with(call, send_file, g_memdup2(&sent, sizeof sent), sent_free);
    return true;
}

HttpResponse *api_download(HttpRequest *request, void *api) {
    return call_read(request, api, find_file);
}
