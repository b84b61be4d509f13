/* HTTP requests of our own, by libcurl. Certificates are those that the system trusts, or those in the file (PEM) that SSL_CERT_FILE
 * in the environment names. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdint.h>

struct sockaddr;

/* A field of a form, or a file in it, which has a file_name. */
typedef struct {
    const char *name, *file_name;
    GBytes *data;
} FetchPart;

typedef struct {
    const char *method;          /* "GET", "POST" and so on */
    const char *url;             /* http or https */
    const char *user, *password; /* of Basic authentication; NULL: none */
    const char *const *headers;  /* "Name: value", the last one NULL; or NULL */
    GBytes *body;                /* may be NULL */
    const FetchPart *parts;      /* instead of it: a form with files */
    size_t n_parts;
    int timeout_ms;    /* until all of the answer is there; 0: none but for the connection */
    int stall_s;       /* for how long nothing may come or go, else it is ERROR_TIMEOUT; 0: any time */
    int64_t max_bytes; /* of the answer's body: a longer one is ERROR_INVALID */
    /* Is told of an answer when its headers (as in FetchReply) are there, before its body; false breaks it off, with the
     * error. Also told of those that redirect. May be NULL. */
    bool (*begin)(void *data, int status, GHashTable *headers, GError **error);
    void *begin_data;
    /* Is given the body of an answer whose status is 200 to 299, piece by piece, instead of the reply. May be NULL. */
    bool (*take)(void *data, const void *bytes, size_t size, GError **error);
    void *take_data;
    /* Whether an address may be connected to, be it that of a proxy; else it is ERROR_DENIED. NULL: any may. */
    bool (*may_connect)(const struct sockaddr *address);
    bool follows_redirects;
    bool trusts_any_certificate; /* only for asking whether a server is up */
    bool ends_on_stop;           /* with ERROR_STOPPED, once the program is to end */
} FetchRequest;

typedef struct {
    int status;
    char *url;          /* which answered, behind all redirects */
    char *content_type; /* "" if there was none */
    GBytes *body;
    GHashTable *headers; /* of char *: names in lower case -> values; of the last answer */
} FetchReply;

void fetch_reply_free(FetchReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FetchReply, fetch_reply_free)

/* Makes requests one after another, and keeps its connections open between them. Of one thread at a time. */
typedef struct Fetcher Fetcher;

/* Fails with ERROR_NO_PROGRAM if libcurl is not installed. */
Fetcher *fetcher_new(GError **error) MUST_CHECK;
void fetcher_free(Fetcher *fetcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fetcher, fetcher_free)

/* Asks, and returns the answer, whatever its status is; the caller frees it. NULL if there was none: ERROR_TIMEOUT,
 * ERROR_STOPPED, ERROR_NOT_FOUND if nobody listens there, ERROR_INVALID for one that is too long, what begin() or take()
 * said, ERROR_FAILED with libcurl's words for all else. */
FetchReply *fetcher_run(Fetcher *fetcher, const FetchRequest *request, GError **error) MUST_CHECK;

/* Asks for a URL (http or https) with a method ("HEAD", "GET"), follows redirects, throws the body away, and returns
 * the status of the last answer. Certificates are not checked: this is for asking whether a server is up, not for what
 * it says. 0 with error if there was no answer, as above: ERROR_TIMEOUT after timeout_ms. Any thread. */
int fetch_status(const char *method, const char *url, int timeout_ms, GError **error) MUST_CHECK;
