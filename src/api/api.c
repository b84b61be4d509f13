#include "api/api.h"

#include "api/download.h"
#include "api/health.h"
#include "api/queue.h"
#include "api/release.h"
#include "api/run.h"
#include "api/upload.h"
#include "base/log.h"

#include <string.h>

const HttpRoute api_routes[] = {
    {"POST", "/api/create_release", api_create_release},
    {"POST", "/api/find_run", api_find_run},
    {"POST", "/api/request_run", api_request_run},
    {"POST", "/api/upload", api_upload},
    {"POST", "/api/report_run", api_report_run},
    {"POST", "/api/runs_done", api_runs_done},
    {"POST", "/api/release_status", api_release_status},
    {"POST", "/api/list_runs", api_list_runs},
    {"POST", "/api/decide_release", api_decide_release},
    {"POST", "/api/decide_run", api_decide_run},
    {"GET", "/api/download", api_download},
    {"POST", "/api/work_queue/<queue>/add", api_queue_add},
    {"POST", "/api/work_queue/<queue>/lease", api_queue_lease},
    {"POST", "/api/work_queue/<queue>/heartbeat", api_queue_heartbeat},
    {"POST", "/api/work_queue/<queue>/finish", api_queue_finish},
    {"POST", "/api/work_queue/<queue>/give_back", api_queue_give_back},
    {"GET", "/healthz", api_healthz},
    {"GET", "/readyz", api_readyz},
    {"GET", "/metrics", api_metrics},
};
const size_t api_n_routes = G_N_ELEMENTS(api_routes);

/* Whoever has a key that was revoked asks again and again, and learns of it; who guesses secrets does not get far. One key uploads
 * as fast as a server of two processors takes it, and ten thousand files before that counts. */
enum { WRONG_KEYS_A_MINUTE = 30, WRONG_KEYS_AT_ONCE = 60, UPLOADS_A_MINUTE = 60 * 1000, UPLOADS_AT_ONCE = 10 * 1000 };

void api_init(Api *api) {
    news_init(&api->news);
    metrics_init(&api->metrics);
    api->wrong_keys = limit_new(WRONG_KEYS_A_MINUTE, WRONG_KEYS_AT_ONCE);
    api->uploads = limit_new(UPLOADS_A_MINUTE, UPLOADS_AT_ONCE);
}

void api_clear(Api *api) {
    news_clear(&api->news);
    metrics_clear(&api->metrics);
    limit_free(api->wrong_keys);
    limit_free(api->uploads);
}

void api_stop_waiting(Api *api) {
    news_close(&api->news);
}

/* What is asked for every few seconds for ever, and is told of by the metrics. */
static bool is_routine(const char *route) {
    static const char *const routes[] = {"/healthz", "/readyz", "/metrics", "/api/work_queue/<queue>/lease",
                                         "/api/work_queue/<queue>/heartbeat"};
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        if (strcmp(route, routes[i]) == 0)
            return true;
    return false;
}

void api_answered(const HttpRequest *request, int status, int64_t sent, int64_t us, void *data) {
    Api *api = data;
    const char *route = http_request_route(request), *user = NULL, *password = NULL;
    metrics_add_request(&api->metrics, route ? route : "none", status, sent, us);
    if (!api->logs_requests || (status == 200 && is_routine(route)))
        return;
    (void)http_request_credentials(request, &user, &password);
    log_event(status >= 500 ? LOG_ERROR : LOG_INFO, "request", LOG_TEXT("id", http_request_id(request)),
              LOG_TEXT("address", http_request_address(request)), LOG_TEXT("method", http_request_method(request)),
              LOG_TEXT("path", http_request_path(request)), LOG_TEXT("key", user), LOG_NUMBER("status", status),
              LOG_NUMBER("received", http_request_received(request)), LOG_NUMBER("sent", sent), LOG_NUMBER("us", us),
              LOG_TEXT("error", http_request_note(request)));
}
