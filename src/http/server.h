/* An HTTP server: routes, forms, files that come, parts of files that go, limits on all that a client can make long. Each
 * connection has a thread, so handlers block as they like.
 *
 * A request is answered with 400 if it can be taken for two (Content-Length twice, or together with Transfer-Encoding), or if its
 * body is no form or breaks off, 404 or 405 if there is no route for it, 413 if it is
 * larger than max_body, 431 for headers that are too long. Connections that do not get their request across in time are
 * closed. */
#pragma once

#include "base/ip_block.h"
#include "http/request.h"
#include "http/response.h"

/* Answers a request; never NULL. data is that of the part. Called on the connection's thread. */
typedef HttpResponse *HttpHandler(HttpRequest *request, void *data);

typedef struct {
    const char *method; /* a GET handler answers HEAD, too */
    const char *path;   /* "/api/work_queue/<queue>/lease": each <name> stands for one segment, which is not empty */
    HttpHandler *handle;
} HttpRoute;

/* What takes in the files of forms that are sent to a path, while they come. An upload is freed with its request. Files that are sent
 * to other paths, and those of which begin() says ERROR_DENIED, are read and forgotten: their upload is NULL. */
typedef struct {
    const char *path; /* of the route */
    void *(*begin)(HttpRequest *request, void *data, GError **error);
    bool (*add)(void *upload, const void *bytes, size_t size, GError **error);
    void (*free)(void *upload);
} HttpUploads;

/* Routes that have their data in common. */
typedef struct {
    const HttpRoute *routes;
    size_t n_routes;
    void *data;
} HttpPart;

typedef struct {
    const char *host; /* an address; NULL: all */
    int port;         /* 0: any that is free */
    const HttpPart *parts;
    size_t n_parts;
    void *data; /* of uploads, refuse, answered */
    HttpUploads uploads;
    int64_t max_body;       /* bytes */
    int request_timeout_ms; /* for a request to come in, from its first byte to its last */

    /* Proxies that are believed what they say of whom they ask for (X-Forwarded-For, X-Forwarded-Proto). */
    const IpBlock *proxies;
    size_t n_proxies;

    /* The names and addresses by which it may be asked (the Host header, without its port), the last one NULL; others are refused
     * with 421. NULL: any. */
    const char *const *hosts;

    const char *public_url; /* "https://dpxdt.example.com", how people reach it; NULL: as each request says */

    /* What is answered to a request that no handler sees, and to one whose upload failed. */
    HttpResponse *(*refuse)(const HttpRequest *request, int status, const char *why, void *data);

    /* Told of each request when it has been answered, or given up by the client; then status is 0. May be NULL. */
    void (*answered)(const HttpRequest *request, int status, int64_t sent, int64_t us, void *data);
} HttpConfig;

typedef struct HttpServer HttpServer;

/* Starts a server; what config points to must outlive it. Fails with ERROR_NOT_NOW for a port in use or an address that is
 * not there yet, ERROR_INVALID for a host that is no address, ERROR_NO_PROGRAM without its library, and ERROR_FAILED. */
HttpServer *http_server_start(const HttpConfig *config, GError **error) MUST_CHECK;

/* The port that it listens on. */
int http_server_port(const HttpServer *server);

/* Accepts no connection any more, waits until those requests are answered that have come, up to timeout_ms, and ends. Frees
 * the server. Returns whether all were answered. */
bool http_server_stop(HttpServer *server, int timeout_ms);
