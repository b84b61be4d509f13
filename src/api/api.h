/* The HTTP API: parameters in, store and queue, JSON out. It speaks as the Python server of old did, so that its clients and
 * workers go on working: paths, parameters, keys of replies, and the SHA-1 as the name of a file. docs/http-api.md describes
 * it. */
#pragma once

#include "api/metrics.h"
#include "auth/limit.h"
#include "base/news.h"
#include "blob/seal.h"
#include "db/db.h"
#include "http/server.h"

/* The id of the key of the program itself, which is a superuser's and in no table. */
#define API_OWN_KEY "dpxdt-server"

typedef struct {
    /* Set by the caller, who owns them. */
    DbPool *pool;
    Blobs *blobs;
    const SealKey *key; /* of configs */
    bool ignore_auth;       /* everybody is a superuser */
    bool allow_private;     /* pages at private addresses may be captured */
    bool logs_requests;     /* a line for each */
    const char *own_secret; /* of API_OWN_KEY; NULL: there is no such key */

    News news;
    Metrics metrics;
    Limit *wrong_keys; /* by address and key */
    Limit *uploads;    /* by key */
} Api;

/* Before the first request, and behind the last one. */
void api_init(Api *api);
void api_clear(Api *api);

/* Those who wait for something are answered now, and nobody waits any more: for a server that is to end. */
void api_stop_waiting(Api *api);

/* Its routes, whose data is an Api; and what else an HttpConfig of them has. */
extern const HttpRoute api_routes[];
extern const size_t api_n_routes;
extern const HttpUploads api_uploads;
HttpResponse *api_refuse(const HttpRequest *request, int status, const char *why, void *api);
void api_answered(const HttpRequest *request, int status, int64_t sent, int64_t us, void *api);
