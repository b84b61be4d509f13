#include "api/api.h"

#include "api/queue.h"
#include "api/release.h"
#include "api/run.h"
#include "api/upload.h"

const HttpRoute api_routes[] = {
    {"POST", "/api/create_release", api_create_release},
    {"POST", "/api/find_run", api_find_run},
    {"POST", "/api/request_run", api_request_run},
    {"POST", "/api/upload", api_upload},
    {"POST", "/api/report_run", api_report_run},
    {"POST", "/api/runs_done", api_runs_done},
    {"GET", "/api/download", api_download},
    {"POST", "/api/work_queue/<queue>/add", api_queue_add},
    {"POST", "/api/work_queue/<queue>/lease", api_queue_lease},
    {"POST", "/api/work_queue/<queue>/heartbeat", api_queue_heartbeat},
    {"POST", "/api/work_queue/<queue>/finish", api_queue_finish},
};
const size_t api_n_routes = G_N_ELEMENTS(api_routes);
