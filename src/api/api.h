/* The HTTP API: parameters in, store and queue, JSON out. It speaks as the Python server of old did, so that its clients and
 * workers go on working: paths, parameters, keys of replies, and the SHA-1 as the name of a file. */
#pragma once

#include "blob/blob.h"
#include "db/db.h"
#include "http/server.h"

typedef struct {
    DbPool *pool;
    Blobs *blobs;
    bool ignore_auth; /* everybody is a superuser */
} Api;

/* Its routes, whose data is an Api; and what else an HttpConfig of them has. */
extern const HttpRoute api_routes[];
extern const size_t api_n_routes;
extern const HttpUploads api_uploads;
HttpResponse *api_refuse(const HttpRequest *request, int status, const char *why, void *api);
