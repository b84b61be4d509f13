#include "api/health.h"

#include "api/call.h"
#include "db/migrate.h"

static HttpResponse *plain(int status, const char *text) {
    HttpResponse *response = http_response_text(status, "text/plain; charset=utf-8", text);
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
    http_response_add_header(response, "Cache-Control", "no-store");
    return response;
}

HttpResponse *api_healthz(HttpRequest *request, void *api) {
    return plain(200, "ok\n");
}

static bool look_at_database(Db *db, void *data, GError **error) {
    return migrate_check(db, error);
}

/* A balancer then asks another server, and whoever looks after this one sees that it is to be started anew. */
static bool is_of_another_version(const GError *error) {
    return error_is(error, ERROR_OLD_TABLES) || error_is(error, ERROR_NEW_TABLES);
}

HttpResponse *api_readyz(HttpRequest *request, void *data) {
    Api *api = data;
    g_autoptr(GError) error = NULL;
    if (db_read(api->pool, look_at_database, NULL, &error))
        return plain(200, "ready\n");
    http_request_set_note(request, error->message);
    return plain(503, is_of_another_version(error) ? "the database has tables of another version\n"
                                                   : "the database does not answer\n");
}

static bool write_metrics(Db *db, void *data, GError **error) {
    Call *call = data;
    g_autofree char *text = metrics_write(&call->api->metrics, call->api->pool, db, call->now_ms, error);
    if (text)
        call->response = http_response_text(200, "text/plain; version=0.0.4; charset=utf-8", text);
    return text != NULL;
}

HttpResponse *api_metrics(HttpRequest *request, void *api) {
    return call_read(request, api, write_metrics);
}
