/* What a client asks. Strings belong to the request, and are UTF-8; it is of the one thread that handles it. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HttpRequest HttpRequest;

/* "GET", "POST" and so on; the path, decoded, without the query. */
const char *http_request_method(const HttpRequest *request);
const char *http_request_path(const HttpRequest *request);

/* The path with the query, escaped: what leads here again. */
const char *http_request_target(const HttpRequest *request);

/* What stands for <name> in the path of the route; NULL if there is none. */
const char *http_request_segment(const HttpRequest *request, const char *name);

/* A parameter: of the query, or else of the form in the body; or of one of them. NULL if there is none. Of several with one
 * name it is the first. */
const char *http_request_parameter(const HttpRequest *request, const char *name);
const char *http_request_query(const HttpRequest *request, const char *name);
const char *http_request_field(const HttpRequest *request, const char *name);

/* A body that is no form, or NULL. */
GBytes *http_request_body(const HttpRequest *request);

/* The path of the route that it took, as in HttpRoute; NULL: none. */
const char *http_request_route(const HttpRequest *request);

/* Bytes of the body that have come. */
int64_t http_request_received(const HttpRequest *request);

/* Whether the client has gone: for those who answer late. */
bool http_request_is_given_up(const HttpRequest *request);

/* What the log is to say of it besides; NULL: nothing. The text is copied. */
void http_request_set_note(HttpRequest *request, const char *note);
const char *http_request_note(const HttpRequest *request);

/* A header. NULL if there is none, or if it is no valid UTF-8. */
const char *http_request_header(const HttpRequest *request, const char *name);

/* A cookie that came with it, in the same way: those of other programs below the same name may be anything. */
const char *http_request_cookie(const HttpRequest *request, const char *name);

/* How the client reaches the server: "https://dpxdt.example.com", without a path. */
const char *http_request_origin(const HttpRequest *request);

/* Whether a browser says that a page of another site made it, by Origin or Fetch Metadata; who is no browser says neither. */
bool http_request_is_from_elsewhere(const HttpRequest *request);

/* The address of the client, and what all log lines about the request have in common. */
const char *http_request_address(const HttpRequest *request);
const char *http_request_id(const HttpRequest *request);

/* The user and the password of Basic authentication. False if there are none. */
bool http_request_credentials(const HttpRequest *request, const char **out_user, const char **out_password);

/* A file in a form, as the uploads of the server took it in. */
typedef struct {
    char *field, *name; /* of the form; the client's own, maybe with its path */
    void *upload;       /* NULL: it was not to be taken in */
} HttpFile;

guint http_request_n_files(const HttpRequest *request);
HttpFile *http_request_file(const HttpRequest *request, guint index);
