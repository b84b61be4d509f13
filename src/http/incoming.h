/* A request while it comes in: what server.c, request.c and form.c share. */
#pragma once

#include "http/server.h"

#include "http/microhttpd.h"

struct HttpRequest {
    const HttpConfig *config;
    struct MHD_Connection *connection;
    char *method, *path, *target, *id, *address, *origin;
    GHashTable *segments, *query, *fields; /* name -> value */
    GPtrArray *files;                      /* of HttpFile */
    GByteArray *raw;                       /* a body that is no form */
    GBytes *body;
    char *user, *password;
    int64_t received; /* bytes of the body */
    int64_t since_us;

    int refused; /* with this status, and why; 0: not */
    char *why;
    bool is_last; /* of its connection: where the next one begins cannot be known */

    const HttpRoute *route; /* NULL: there is none, but for the methods of allowed, which may be NULL, too */
    void *route_data;
    char *allowed;
    char *note; /* for the log; may be NULL */

    int answered_status; /* for the log; 0: not yet */
    int64_t answered_size;

    /* The form that comes in. */
    struct MHD_PostProcessor *post;
    char *field; /* the one at hand, and what is known of its value; NULL: none, or a file */
    GString *value;
    size_t part_size; /* of the part at hand, a field or a file: what has come of it */
    char *end_mark;   /* of a form with parts; NULL: another one */
    GString *behind;  /* the last bytes of the body, in which the mark may have begun */
    bool has_ended;   /* the mark was seen: what comes behind it does not count (RFC 2046, 5.1.1) */
};

HttpRequest *http_incoming_new(const HttpConfig *config, struct MHD_Connection *connection, const char *method,
                               const char *path);
void http_incoming_free(HttpRequest *request);

/* Notes that the request is to be refused; the first reason counts. */
void http_incoming_refuse(HttpRequest *request, int status, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Takes a piece of the body, and its end. */
void http_incoming_add(HttpRequest *request, const char *bytes, size_t size);
void http_incoming_end(HttpRequest *request);
